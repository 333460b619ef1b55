/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DTMF on its way through a transcoder (spec media 4): digits in audio found and sent as
 * events, digits put in, delayed and hidden.
 */
#include "media/transcoder.h"

#include <errno.h>
#include <string.h>

#include <glib.h>

#include "codec/registry.h"
#include "media/generator.h"
#include "media/outlet.h"
#include "media/packet.h"
#include "media/transcoder_priv.h"
#include "rtp/seq.h"

enum {
	ENDS = 3,              /* how often the end of an event is sent */
	FRAME_MS_MAX = 200,    /* two packets further apart are no neighbours */
	LATE_PAUSE_MS = 40,    /* at least, between digits that come late */
	LATE_LOST_US = 200000, /* an event without an end was over then */
};

/* Samples on their way, of whatever this worker transcodes now. */
static _Thread_local int16_t frame[CODEC_MAX_SAMPLES * CODEC_MAX_CHANNELS];
static _Thread_local int16_t probe[CODEC_MAX_SAMPLES];

/* ---- made by control ---- */

static int open_resampler(struct transcoder *t, unsigned i, struct err *err)
{
	static const struct codec_audio wanted = { DSP_DTMF_HZ, 1 };
	const struct codec_audio *in = &t->decoders[i].audio;

	if (!t->decoders[i].state || (in->sample_hz == wanted.sample_hz && in->channels == 1))
		return 0;
	if (t->resampler && t->resampler->open(in, &wanted, &t->dtmf.resamplers[i]) == 0)
		return 0;
	t->dtmf.resamplers[i] = NULL;
	return err_set(err, ENOTSUP, "No resampler from %u Hz for DTMF", in->sample_hz);
}

int dtmf_open(struct transcoder *t, struct err *err)
{
	struct dtmf *d = &t->dtmf;
	int ret = 0;

	d->heard = -1;
	if (!t->plan->detect)
		return 0;
	d->detector = codec_dtmf();
	if (!d->detector || d->detector->open(&d->detector_state) < 0) {
		d->detector_state = NULL;
		return err_set(err, ENOTSUP, "DTMF in audio cannot be found: no detector");
	}
	for (unsigned i = 0; !ret && i < t->plan->decoder_count; i++)
		ret = open_resampler(t, i, err);
	return ret;
}

void dtmf_close(struct transcoder *t)
{
	if (t->dtmf.detector_state)
		t->dtmf.detector->close(t->dtmf.detector_state);
	for (unsigned i = 0; i < PLAN_MAX_FORMATS; i++)
		if (t->dtmf.resamplers[i])
			t->resampler->close(t->dtmf.resamplers[i]);
}

/* ---- digits in audio ---- */

static void tell(
	const struct turn *turn, uint8_t code, uint8_t volume, uint32_t duration_ms, bool injected)
{
	struct media_dtmf dtmf = { code, volume, injected, duration_ms };

	media_dtmf_tell(turn->packet->in, &dtmf, turn->packet->now_us);
}

/* ---- later ---- */

static bool delays(const struct transcoder *t)
{
	return t->plan->dtmf_delay_ms && t->dtmf.block.mode == PLAN_DTMF_OFF;
}

static void put_late(const struct turn *turn, struct digit digit, int64_t due_us)
{
	digit.pause_ms = LATE_PAUSE_MS;
	if (digit.duration_ms && telephone_event_digit(digit.code) &&
		!digits_put_late(&turn->outlet->digits, &digit, due_us))
		reason_count(REASON_DIGITS_FULL);
}

/* Found in audio, and over: it began so long ago. */
static void delay_heard(const struct turn *turn, uint32_t duration_ms)
{
	const struct dtmf *d = &turn->t->dtmf;
	struct digit digit = {
		.code = (uint8_t)d->heard,
		.volume = d->volume,
		.duration_ms = (uint16_t)MIN(duration_ms, UINT16_MAX),
	};

	put_late(turn, digit,
		turn->packet->now_us +
			((int64_t)turn->t->plan->dtmf_delay_ms - duration_ms) * 1000);
}

static void end_late_event(const struct turn *turn)
{
	struct dtmf *d = &turn->t->dtmf;

	if (d->has_late)
		put_late(turn, d->late, d->late_due_us);
	d->has_late = false;
}

/* It is put in once its end is known, when the delay is over. */
static void delay_event(
	const struct turn *turn, const struct rtp_header *h, const struct telephone_event *event)
{
	struct dtmf *d = &turn->t->dtmf;
	uint32_t clock_hz = stream_clock_hz(turn->packet->in, h->payload_type);
	int64_t now_us = turn->packet->now_us;

	if (d->has_late && d->late.code == event->code &&
		telephone_event_follows(d->late_start, h->timestamp)) {
		d->late_start = h->timestamp;
		d->late_before += UINT16_MAX;
	} else if (d->late_start != h->timestamp || d->late.code != event->code ||
		   !d->late_due_us) {
		end_late_event(turn);
		d->has_late = true;
		d->late_start = h->timestamp;
		d->late_before = 0;
		d->late_due_us = now_us + (int64_t)turn->t->plan->dtmf_delay_ms * 1000;
	}
	if (!d->has_late) /* its end is sent more than once */
		return;
	d->late = (struct digit){
		.code = event->code,
		.volume = event->volume,
		.duration_ms = (uint16_t)MIN(((uint64_t)d->late_before + event->duration) * 1000 /
						     (clock_hz ? clock_hz : 8000),
			UINT16_MAX),
	};
	d->late_seen_us = now_us;
	if (event->end)
		end_late_event(turn);
}

/* With each frame of audio. What is blocked by now is not heard any more. */
static void release_late(const struct turn *turn)
{
	struct dtmf *d = &turn->t->dtmf;
	int as = d->block.mode == PLAN_DTMF_OFF ? DIGITS_AS_THEY_ARE
		 : d->block.mode == PLAN_DTMF_ZERO || d->block.mode == PLAN_DTMF_DIGIT
			 ? media_dtmf_replaced(&d->block)
			 : DIGITS_LOST;

	if (d->has_late && turn->packet->now_us - d->late_seen_us > LATE_LOST_US)
		end_late_event(turn);
	if (turn->outlet->digits.late_count)
		digits_release(&turn->outlet->digits, turn->packet->now_us, as);
}

static void hear_change(const struct turn *turn, int code, uint8_t volume)
{
	struct dtmf *d = &turn->t->dtmf;

	uint32_t duration_ms = (uint32_t)((uint64_t)d->heard_samples * 1000 / DSP_DTMF_HZ);

	if (d->heard >= 0 && turn->t->plan->tells)
		tell(turn, (uint8_t)d->heard, d->volume, duration_ms, false);
	if (d->heard >= 0 && delays(turn->t))
		delay_heard(turn, duration_ms);
	d->heard = code;
	d->volume = volume;
	d->heard_samples = 0;
}

static void look_for_digits(const struct turn *turn, const int16_t *samples, size_t count)
{
	struct dtmf *d = &turn->t->dtmf;
	void *resampler = d->resamplers[turn->decoder_index];
	int n = (int)count;

	if (resampler) {
		n = turn->t->resampler->run(resampler, samples, count, probe, CODEC_MAX_SAMPLES);
		samples = probe;
	}
	d->heard_lately = d->heard >= 0;
	for (int at = 0; at < n; at += DSP_DTMF_PIECE) {
		size_t piece = (size_t)MIN(n - at, (int)DSP_DTMF_PIECE);
		uint8_t volume;
		int code = d->detector->run(d->detector_state, samples + at, piece, &volume);

		if (code != d->heard)
			hear_change(turn, code, volume);
		d->heard_samples += (uint32_t)piece;
		d->heard_lately |= code >= 0;
	}
}

void dtmf_miss(const struct turn *turn, size_t count)
{
	struct dtmf *d = &turn->t->dtmf;

	if (d->detector_state)
		d->detector->fill(
			d->detector_state, count * DSP_DTMF_HZ / turn->decoder->audio.sample_hz);
}

/* ---- hidden ---- */

static uint8_t other_digit(const struct turn *turn)
{
	return outlet_random(turn->outlet) % TELEPHONE_EVENT_DIGITS;
}

struct tone dtmf_mask(const struct turn *turn, unsigned nth)
{
	const struct plan_dtmf *b = &turn->t->dtmf.block;

	switch ((enum plan_dtmf_mode)b->mode) {
	case PLAN_DTMF_TONE:
		return (struct tone){ { b->tones_hz[nth % b->tone_count] }, b->volume };
	case PLAN_DTMF_RANDOM:
		return tone_of_digit(other_digit(turn), b->volume);
	case PLAN_DTMF_ZERO:
	case PLAN_DTMF_DIGIT:
		return tone_of_digit(media_dtmf_replaced(b), b->volume);
	case PLAN_DTMF_OFF:
	case PLAN_DTMF_DROP:
	case PLAN_DTMF_SILENCE:
	case PLAN_DTMF_MODES:
		break;
	}
	return (struct tone){ .volume = b->volume };
}

/* Digits that would have become events are not left in the audio when events are left out. */
static bool is_hidden(const struct turn *turn)
{
	const struct dtmf *d = &turn->t->dtmf;

	switch ((enum plan_dtmf_mode)d->block.mode) {
	case PLAN_DTMF_OFF:
		return delays(turn->t) && (d->heard_lately || media_dtmf_is_on(turn->packet->in,
								      turn->packet->now_us));
	case PLAN_DTMF_DROP:
		return d->heard_lately && turn->t->plan->to_events;
	default:
		return d->heard_lately || media_dtmf_is_on(turn->packet->in, turn->packet->now_us);
	}
}

void dtmf_hear(const struct turn *turn, int16_t *samples, size_t count)
{
	struct dtmf *d = &turn->t->dtmf;

	if (d->detector_state && count)
		look_for_digits(turn, samples, count);
	if (!is_hidden(turn)) {
		d->masking = false;
		return;
	}
	if (!d->masking) {
		d->masking = true;
		d->mask = dtmf_mask(turn, d->masked++);
		d->mask_offset = 0;
	}
	tone_make(&d->mask, &turn->decoder->audio, d->mask_offset, samples, count);
	d->mask_offset += count;
}

/* ---- sent as events ---- */

static void send_event(const struct turn *turn, bool end)
{
	struct digits *d = &turn->outlet->digits;
	const struct event_out out = {
		.encoder = &turn->t->encoders[turn->t->plan->event_encoder],
		.event = { .code = d->now.code, .end = end, .volume = d->now.volume },
		.start = d->start,
		.ticks = d->sent,
		.marker = d->frames == 1,
	};

	transcoder_send_event(turn, &out, &d->told);
}

static void send_ends(const struct turn *turn)
{
	for (unsigned i = 0; i < ENDS; i++)
		send_event(turn, true);
}

static void tell_injected(const struct turn *turn, uint32_t duration_ms)
{
	const struct digit *d = &turn->outlet->digits.now;

	if (!d->late)
		tell(turn, d->code, d->volume, duration_ms, true);
}

/* Of a sink that takes events. True: they were sent instead of the audio. */
static bool put_events(const struct turn *turn, enum digits_step step)
{
	switch (step) {
	case DIGITS_ON:
		send_event(turn, false);
		return true;
	case DIGITS_LAST:
		send_ends(turn);
		tell_injected(turn, turn->outlet->digits.now.duration_ms);
		return true;
	case DIGITS_OVER:
		send_ends(turn);
		break;
	case DIGITS_PAUSE:
	case DIGITS_NONE:
		break;
	}
	return false;
}

/* Of a sink that hears them. */
static const int16_t *put_tones(
	const struct turn *turn, enum digits_step step, const int16_t *samples)
{
	const struct digits *d = &turn->outlet->digits;
	const struct encoder *e = turn->encoder;
	struct tone tone = { .volume = 0 };
	uint64_t offset = 0;

	if (step == DIGITS_NONE || step == DIGITS_OVER)
		return samples;
	if (step != DIGITS_PAUSE) {
		tone = tone_of_digit(d->now.code, d->now.volume);
		offset = (uint64_t)(d->frames - 1) * e->packet_samples;
	}
	if (step == DIGITS_LAST)
		tell_injected(turn, d->now.duration_ms);
	tone_make(&tone, &e->audio, offset, frame, e->packet_samples);
	return frame;
}

/* The digit in audio that is to become an event; -1: none. */
static int found_digit(const struct turn *turn)
{
	const struct dtmf *d = &turn->t->dtmf;

	if (!turn->t->plan->to_events || d->heard < 0 || delays(turn->t))
		return -1;
	switch ((enum plan_dtmf_mode)d->block.mode) {
	case PLAN_DTMF_OFF:
		return d->heard;
	case PLAN_DTMF_ZERO:
	case PLAN_DTMF_DIGIT:
		return media_dtmf_replaced(&d->block);
	default:
		return -1;
	}
}

bool dtmf_leads(const struct turn *turn)
{
	struct outlet *o = turn->outlet;
	const struct digits *d = &o->digits;

	if (!turn->leads && !d->active && !d->count && !d->pause && found_digit(turn) >= 0)
		o->lead = turn->ssrc->in;
	return o->lead == turn->ssrc->in;
}

bool dtmf_replace(const struct turn *turn, const int16_t **samples)
{
	const struct plan_transcode *plan = turn->t->plan;
	const struct encoder *e = turn->encoder;
	uint32_t ticks = (uint32_t)((uint64_t)e->packet_samples * e->clock_hz / e->audio.sample_hz);
	bool as_events = plan->has_event_encoder &&
			 turn->t->encoders[plan->event_encoder].clock_hz == e->clock_hz;
	enum digits_step step;

	if (plan->dtmf_delay_ms)
		release_late(turn);
	step = digits_next(&turn->outlet->digits, as_events ? found_digit(turn) : -1,
		turn->t->dtmf.volume, turn->ssrc->next_timestamp, ticks, e->clock_hz);

	if (as_events)
		return put_events(turn, step);
	if (e->packet_samples <= CODEC_MAX_SAMPLES)
		*samples = put_tones(turn, step, *samples);
	return false;
}

void dtmf_forget(const struct turn *turn)
{
	struct dtmf *d = &turn->t->dtmf;

	if (d->heard >= 0)
		hear_change(turn, -1, 0);
	d->has_event = d->masking = false;
}

void dtmf_leave(const struct turn *turn)
{
	struct digits *d = &turn->outlet->digits;
	const struct encoder *e = &turn->t->encoders[turn->t->plan->event_encoder];

	if (!d->active || !turn->t->plan->has_event_encoder)
		return;
	d->active = false;
	send_ends(turn);
	turn->ssrc->relays = false; /* what it sends next has numbers after these */
	if (!d->heard)
		tell_injected(turn, (uint32_t)((uint64_t)d->sent * 1000 / e->clock_hz));
}

/* ---- events that came ---- */

bool dtmf_take_event(
	const struct turn *turn, const struct rtp_header *h, struct telephone_event *event)
{
	struct transcoder *t = turn->t;
	bool is_tone = t->handler[h->payload_type].handling == PLAN_TONE;
	unsigned mode = t->dtmf.block.mode;

	if (delays(t)) {
		delay_event(turn, h, event);
		return true;
	}
	if (mode == PLAN_DTMF_OFF || (is_tone && mode >= PLAN_DTMF_TONE))
		return false;
	if (mode == PLAN_DTMF_ZERO || mode == PLAN_DTMF_DIGIT) {
		if (telephone_event_digit(event->code))
			event->code = media_dtmf_replaced(&t->dtmf.block);
		return false;
	}
	media_count_drop(turn->packet, turn->packet->in, REASON_DTMF_BLOCKED);
	/* The sink sees that something is missing. */
	turn->ssrc->next_seq += !is_tone;
	t->event.on = false;
	return true;
}

/* ---- relayed ---- */

/* What comes next goes on behind what was sent. */
static void shift_anew(struct outlet_ssrc *s, uint16_t seq)
{
	s->shift = (uint16_t)(s->next_seq - seq);
	s->spent = (uint16_t)(s->next_seq - (s->packets ? 0 : SEQUENCER_WINDOW));
}

static void begin_relay(const struct turn *turn, const uint8_t *rtp)
{
	struct transcoder *t = turn->t;
	struct outlet_ssrc *s = turn->ssrc;
	uint16_t seq = rtp_seq(rtp);
	uint32_t timestamp = rtp_timestamp(rtp);

	if (!s->relays) {
		s->anchor_out = outlet_timestamp(s, timestamp);
		s->anchor_in = timestamp;
		s->clock_in = s->clock_out = 0; /* the same */
		shift_anew(s, seq);
	} else if (seq_diff((uint16_t)(seq + s->shift), s->next_seq) < -SEQUENCER_WINDOW) {
		shift_anew(s, seq); /* its numbers begin anew */
	}
	if ((uint16_t)(s->next_seq - s->spent) > SEQUENCER_WINDOW)
		s->spent = (uint16_t)(s->next_seq - SEQUENCER_WINDOW);
	s->relays = true;
	if (!t->has_ssrc || t->ssrc != rtp_ssrc(rtp))
		t->has_expected = false;
	t->has_ssrc = true;
	t->ssrc = rtp_ssrc(rtp);
}

/* From the last packet of audio to this one is what one packet holds. */
static uint32_t frame_ticks(struct transcoder *t, uint32_t timestamp, uint32_t clock_hz)
{
	uint32_t apart = timestamp - t->expected;

	if (t->has_expected && apart && apart <= clock_hz / 1000 * FRAME_MS_MAX)
		t->frame_ticks = apart;
	else if (!t->has_expected)
		t->frame_ticks = clock_hz / 50;
	t->expected = timestamp;
	t->has_expected = true;
	return t->frame_ticks;
}

/* True: events were sent in this packet's place. */
static bool put_into_relay(const struct turn *turn, uint16_t seq, uint32_t timestamp)
{
	struct transcoder *t = turn->t;
	struct digits *d = &turn->outlet->digits;
	uint32_t clock_hz = t->encoders[t->plan->event_encoder].clock_hz;
	uint32_t ticks = frame_ticks(t, timestamp, clock_hz);
	struct outlet_ssrc *s = turn->ssrc;
	uint16_t out = (uint16_t)(seq + s->shift);
	bool put;

	if (turn->leads && t->plan->dtmf_delay_ms)
		release_late(turn);
	if (!turn->leads || (!d->active && !d->count && !d->pause))
		return false;
	s->next_seq = out;
	put = put_events(
		turn, digits_next(d, -1, 0, outlet_timestamp(s, timestamp), ticks, clock_hz));
	if (s->next_seq != out) { /* ends of one that is over already may have gone out beside it */
		s->shift = (uint16_t)(s->next_seq - seq - put);
		s->spent = s->next_seq;
	}
	return put;
}

static bool delay_relayed_event(const struct turn *turn)
{
	const struct buf *buf = turn->packet->buf;
	struct telephone_event event;
	struct rtp_header h;

	if (!media_is_event(turn->packet->in, buf->data[1] & 0x7f) ||
		rtp_parse(buf->data, buf->len, &h) < 0 ||
		!telephone_event_parse(buf->data + h.payload_offset, h.payload_len, &event))
		return false;
	delay_event(turn, &h, &event);
	return true;
}

void dtmf_relay(const struct turn *turn)
{
	struct transcoder *t = turn->t;
	struct packet *packet = turn->packet;
	struct outlet_ssrc *s = turn->ssrc;
	const uint8_t *data = packet->buf->data;
	uint32_t timestamp = rtp_timestamp(data);
	uint16_t seq = rtp_seq(data), out;

	begin_relay(turn, data);
	if (delays(t) && delay_relayed_event(turn)) {
		buf_put(packet->buf);
		return;
	}
	out = (uint16_t)(seq + s->shift);
	/* No number is used twice: with SRTP that were the same keystream (RFC 3711 9.1). */
	if (seq_diff(out, s->next_seq) < 0 && seq_diff(out, s->spent) < 0) {
		media_drop(packet, REASON_TOO_LATE);
		return;
	}
	if (seq_diff(out, s->next_seq) >= 0 && !media_is_event(packet->in, data[1] & 0x7f) &&
		put_into_relay(turn, seq, timestamp)) {
		buf_put(packet->buf);
		return;
	}
	outlet_relay(
		turn->outlet, packet, (uint16_t)(seq + s->shift), outlet_timestamp(s, timestamp));
}

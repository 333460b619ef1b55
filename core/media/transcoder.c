/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * From one codec to another. Time is kept by what was heard: samples decoded, made up or left out
 * move the sink's timestamps by as much as the source's moved, whatever their clocks.
 */
#include "media/transcoder.h"

#include <stdlib.h>
#include <string.h>

#include <glib.h>

#include "media/flow.h"
#include "media/generator.h"
#include "media/outlet.h"
#include "media/packet.h"
#include "media/transcoder_priv.h"
#include "rtp/seq.h"
#include "stats/chain.h"

enum {
	JUMP_MAX_S = 5,      /* timestamps that go further ahead are taken for a new reckoning */
	EVENT_TICKS = 80000, /* an event whose end never came is over by then */
	EVENT_EARLY_TICKS = 8000,   /* what is from so long before it has another reckoning */
	HEAR_MS = 20,               /* digits begin and end no more often */
	FORGET_MS = CONCEAL_MAX_MS, /* more than concealment and resampling look back */
	LEAD_US = 200000,           /* a source that is silent for so long leads no more */
};

/* Samples on their way, of whatever this worker transcodes now. */
static _Thread_local int16_t heard[CODEC_MAX_SAMPLES * CODEC_MAX_CHANNELS];
static _Thread_local int16_t resampled[CODEC_MAX_SAMPLES * CODEC_MAX_CHANNELS];

static const struct plan_dtmf no_block;

bool transcoder_relays(const struct transcoder *t)
{
	return t->plan->relay;
}

void transcoder_follow(struct transcoder *t, const struct plan_transcode *plan)
{
	t->plan = plan;
}

/* ---- what is sent ---- */

/* `count` samples of the decoder's kind. */
static void send_heard(const struct turn *turn, const int16_t *samples, size_t count)
{
	void *resampler = turn->encoder->resamplers[turn->decoder_index];
	int n;

	if (!resampler) {
		transcoder_send_samples(turn, samples, count);
		return;
	}
	n = turn->t->resampler->run(resampler, samples, count, resampled, CODEC_MAX_SAMPLES);
	if (n > 0)
		transcoder_send_samples(turn, resampled, (size_t)n);
}

/* ---- gaps ---- */

/*
 * In place of what was lost; the sink gets it as if it had come. `next`: the payload right behind
 * it, or NULL.
 */
static void make_up(struct turn *turn, size_t samples, const uint8_t *next, size_t next_len)
{
	struct decoder *d = turn->decoder;
	size_t most = (size_t)d->audio.sample_hz * CONCEAL_MAX_MS / 1000;
	int made = 0;

	samples = MIN(samples, most);
	if (d->ops->conceal)
		made = d->ops->conceal(d->state, samples, next, next_len, heard);
	made = CLAMP(made, 0, (int)samples);
	if (made)
		conceal_hear(d->conceal, heard, (size_t)made);
	if ((size_t)made < samples)
		conceal_fill(d->conceal, heard + (size_t)made * d->audio.channels,
			samples - (size_t)made);
	if (turn->t->silent)
		memset(heard, 0, samples * d->audio.channels * sizeof(int16_t));
	dtmf_miss(turn, samples);
	turn->making_up = true;
	send_heard(turn, heard, samples);
	turn->making_up = false;
}

/* Of those lost that were not made up the sink has to see that they are missing (spec media 3.2). */
static void skip_lost(const struct turn *turn, unsigned lost, uint32_t gap, uint32_t made)
{
	const struct encoder *e = turn->encoder;
	uint64_t packet = (uint64_t)e->packet_samples * turn->decoder->clock_hz;
	uint64_t missing = (uint64_t)(gap - made) * e->audio.sample_hz / packet;
	uint64_t there = (uint64_t)made * e->audio.sample_hz / packet;

	if (lost > there)
		turn->ssrc->next_seq += (uint16_t)MIN(missing, lost - there);
}

/*
 * Where audio is that does not go on from what was heard. After an event it is behind that, unless
 * its own timestamps tell.
 */
static void go_on_after_event(const struct turn *turn, uint32_t timestamp, bool anew)
{
	const struct transcoder *t = turn->t;
	const struct event_in *e = &t->event;
	struct outlet_ssrc *s = turn->ssrc;
	uint32_t next = e->over, mapped = outlet_timestamp(s, timestamp);
	bool tells = timestamp_diff(timestamp, e->start) > 0;

	if (!e->has_over || e->on || (tells && !anew && t->has_expected))
		return;
	if (tells && !t->has_expected &&
		mapped - s->next_timestamp <= JUMP_MAX_S * turn->encoder->clock_hz)
		next = mapped;
	if (timestamp_diff(next, s->next_timestamp) > 0)
		s->next_timestamp = next;
}

/* Ticks of this audio in whose place silence was sent. */
static uint32_t is_filled(const struct transcoder *t, uint32_t timestamp)
{
	uint32_t filled = t->has_expected ? t->expected - timestamp : 0;
	bool frozen = t->event.has_over && timestamp_diff(timestamp, t->event.start) <= 0;

	return filled <= t->filled && !frozen ? filled : 0;
}

/* From what was heard last to this packet. */
static void bridge(
	struct turn *turn, unsigned lost, const struct rtp_header *h, const uint8_t *payload)
{
	struct transcoder *t = turn->t;
	uint32_t clock_hz = turn->decoder->clock_hz, most, made;
	int32_t gap = timestamp_diff(h->timestamp, t->expected);
	bool anew = !t->has_expected || llabs(gap) > (int64_t)JUMP_MAX_S * clock_hz;

	if (anew || gap <= 0) {
		turn->ssrc->next_seq += (uint16_t)lost;
		go_on_after_event(turn, h->timestamp, anew);
		return;
	}
	/* Nothing is made up for audio beside an event. */
	most = (lost || t->broken) && !t->event.has_over ? clock_hz / 1000 * CONCEAL_MAX_MS : 0;
	made = MIN((uint32_t)gap, most);
	if (made)
		make_up(turn, (uint64_t)made * turn->decoder->audio.sample_hz / clock_hz,
			made == (uint32_t)gap ? payload : NULL, h->payload_len);
	if ((uint32_t)gap > made)
		transcoder_leave_out(turn, (uint32_t)gap - made);
	skip_lost(turn, lost, (uint32_t)gap, made);
}

/* ---- packets, in order ---- */

static bool event_hides(struct transcoder *t, uint32_t timestamp)
{
	int32_t since = timestamp_diff(timestamp, t->event.start);

	if (since > EVENT_TICKS || since < -EVENT_EARLY_TICKS)
		t->event.on = false;
	return t->event.on;
}

/* What the source asks for is for the encoder of what is sent to it. */
static void pass_request(const struct turn *turn)
{
	const struct codec *codec = turn->t->plan->decoders[turn->decoder_index].codec;
	const struct flow *back = flow_find(turn->outlet->sink, turn->outlet->source);
	int request = turn->decoder->ops->request(turn->decoder->state);

	if (request >= 0 && back && back->outlet.mixed)
		generator_obey(turn->outlet->source, codec, request);
	else if (request >= 0 && back)
		flow_obey(back, codec, request);
}

/* What waits in another encoder for a whole packet was heard before what goes into this one. */
static void use_encoder(const struct turn *turn, unsigned index)
{
	struct transcoder *t = turn->t;
	struct encoder *before = &t->encoders[t->encoder], *e = turn->encoder;
	size_t held = before->held;

	t->decoder = turn->decoder_index;
	t->encoder = index;
	if (before == e || !held)
		return;
	before->held = 0;
	if (before->audio.sample_hz == e->audio.sample_hz &&
		before->audio.channels == e->audio.channels)
		transcoder_send_samples(turn, before->fifo, held);
	else
		turn->ssrc->next_timestamp += transcoder_ticks(before, held);
}

/*
 * Decoded audio on its way. Where digits in it become events, in pieces: a long packet may hold
 * the beginning of one, or all of it.
 */
static void send_decoded(const struct turn *turn, int16_t *at, size_t count)
{
	struct transcoder *t = turn->t;
	const struct codec_audio *audio = &turn->decoder->audio;
	bool apart = t->plan->to_events && t->dtmf.block.mode == PLAN_DTMF_OFF;
	size_t piece = apart ? audio->sample_hz / 1000 * HEAR_MS : count, n;

	do {
		n = MIN(piece, count);
		dtmf_hear(turn, at, n);
		if (t->silent)
			memset(at, 0, n * audio->channels * sizeof(*at));
		send_heard(turn, at, n);
		at += n * audio->channels;
		count -= n;
	} while (count);
}

/* As far as the timestamp goes on from what was passed; else it is a new reckoning. */
static void go_on_after_passed(struct turn *turn, uint32_t timestamp, unsigned lost)
{
	struct outlet_ssrc *s = turn->ssrc;
	const struct encoder *e = turn->encoder;
	uint32_t next = outlet_timestamp(s, timestamp) - transcoder_ticks(e, e->held);
	int32_t ahead = timestamp_diff(next, s->next_timestamp);

	if (ahead >= 0 && (uint32_t)ahead <= JUMP_MAX_S * e->clock_hz)
		s->next_timestamp = next;
	s->next_seq += (uint16_t)lost;
}

static void take_audio(
	struct turn *turn, const struct rtp_header *h, const uint8_t *payload, unsigned lost)
{
	struct transcoder *t = turn->t;
	struct decoder *d = turn->decoder;
	uint32_t filled;
	size_t skip;
	int count;

	/* Tones are in the audio's place, so that there is never both. */
	if ((!t->plan->no_suppress || t->dtmf.has_event) && event_hides(t, h->timestamp))
		return;
	if (t->passed)
		go_on_after_passed(turn, h->timestamp, lost);
	else
		bridge(turn, lost, h, payload);
	filled = is_filled(t, h->timestamp);
	t->passed = t->event.has_over = false;
	t->filled = 0;
	d->used = true;
	turn->encoder->used = !t->plan->mix; /* it has none */
	transcoder_drop_anchor(turn, h->timestamp + filled);
	count = d->ops->decode(d->state, payload, h->payload_len, heard,
		(size_t)d->audio.sample_hz * CODEC_MAX_PACKET_MS / 1000);
	t->broken = count < 0;
	if (t->broken) {
		media_count_drop(turn->packet, turn->packet->in, REASON_DECODE_FAILED);
		count = 0;
	}
	if (d->ops->request)
		pass_request(turn);
	t->expected = h->timestamp + (uint32_t)((uint64_t)count * d->clock_hz / d->audio.sample_hz);
	t->expected_hz = d->clock_hz;
	t->has_expected = true;
	if (count)
		conceal_hear(d->conceal, heard, (size_t)count);
	skip = MIN((size_t)((uint64_t)filled * d->audio.sample_hz / d->clock_hz), (size_t)count);
	send_decoded(turn, heard + skip * d->audio.channels, (size_t)count - skip);
}

static void take_event(
	struct turn *turn, const struct rtp_header *h, const uint8_t *payload, unsigned lost)
{
	bool play = turn->t->handler[h->payload_type].handling == PLAN_TONE;
	struct telephone_event event;

	if (!telephone_event_parse(payload, h->payload_len, &event)) {
		media_count_drop(turn->packet, turn->packet->in, REASON_DECODE_FAILED);
		return;
	}
	if (dtmf_take_event(turn, h, &event))
		turn->ssrc->next_seq += (uint16_t)lost;
	else if (play) /* as long as the event, whichever of its packets were lost */
		dtmf_play_event(turn, h, &event);
	else
		transcoder_convert_event(turn, h, &event, lost);
}

static void take_in_order(struct turn *turn, const struct buf *buf, unsigned lost)
{
	struct transcoder *t = turn->t;
	const struct plan_handler *h;
	struct rtp_header header;
	const uint8_t *payload;

	if (rtp_parse(buf->data, buf->len, &header) < 0) {
		media_count_drop(turn->packet, turn->packet->in, REASON_RTP_MALFORMED);
		return;
	}
	payload = buf->data + header.payload_offset;
	h = &t->handler[header.payload_type];
	turn->decoder_index = h->decoder;
	turn->decoder = &t->decoders[h->decoder];
	turn->encoder = &t->encoders[h->encoder];
	switch ((enum plan_handling)h->handling) {
	case PLAN_PASS:
		transcoder_pass(turn, &header, payload, lost);
		break;
	case PLAN_NOISE:
		transcoder_pass_noise(turn, header, payload, lost);
		break;
	case PLAN_TRANSCODE:
		use_encoder(turn, h->encoder);
		take_audio(turn, &header, payload, lost);
		break;
	case PLAN_EVENT:
		take_event(turn, &header, payload, lost);
		break;
	case PLAN_TONE:
		use_encoder(turn, h->encoder);
		take_event(turn, &header, payload, lost);
		break;
	case PLAN_DISCARD:
		media_count_drop(turn->packet, turn->packet->in, REASON_NO_CODEC);
		break;
	}
}

/* Silence goes through what has no other way to forget; nobody hears what comes out. */
static void forget_heard(struct transcoder *t, unsigned decoder)
{
	struct decoder *d = &t->decoders[decoder];
	size_t count = (size_t)d->audio.sample_hz * FORGET_MS / 1000;

	if (d->ops->reset)
		d->ops->reset(d->state);
	memset(heard, 0, count * d->audio.channels * sizeof(int16_t));
	conceal_hear(d->conceal, heard, count);
	for (unsigned i = 0; i < t->plan->encoder_count; i++)
		if (t->encoders[i].resamplers[decoder])
			t->resampler->run(t->encoders[i].resamplers[decoder], heard, count,
				resampled, CODEC_MAX_SAMPLES);
	d->used = false;
}

/* What it has looked ahead at leaves with a packet that nobody gets. */
static void forget_sent(struct encoder *e)
{
	uint8_t unsent[CODEC_MAX_PAYLOAD];

	if (e->ops->reset) {
		e->ops->reset(e->state);
	} else {
		memset(heard, 0, e->packet_samples * e->audio.channels * sizeof(int16_t));
		e->ops->encode(e->state, heard, unsent);
	}
	e->used = false;
}

/* A source of another SSRC: its audio does not go on where the last one's was. */
static void begin_ssrc(const struct turn *turn, uint32_t ssrc, uint32_t timestamp)
{
	struct transcoder *t = turn->t;

	sequencer_clear(&t->sequencer);
	dtmf_forget(turn);
	if (turn->ssrc->relays)
		turn->ssrc->next_timestamp = outlet_timestamp(turn->ssrc, timestamp);
	turn->ssrc->relays = false;
	turn->ssrc->pace.running = false;
	t->ssrc = ssrc;
	t->has_ssrc = true;
	t->has_expected = t->passed = t->broken = false;
	t->filled = 0;
	t->event = (struct event_in){ .known = false };
	for (unsigned i = 0; i < t->plan->decoder_count; i++)
		if (t->decoders[i].used)
			forget_heard(t, i);
	for (unsigned i = 0; i < t->plan->encoder_count; i++) {
		if (t->encoders[i].used)
			forget_sent(&t->encoders[i]);
		t->encoders[i].held = 0;
	}
}

/*
 * Of several sources at once, digits take the place of one's audio, which leads. Another one does
 * when it is silent: an event that goes on ends then.
 */
static bool take_lead(const struct turn *turn, uint32_t ssrc)
{
	struct outlet *o = turn->outlet;
	bool leads = o->has_lead && o->lead == ssrc;
	const struct outlet_ssrc *led_by = o->has_lead ? outlet_find_in(o, o->lead) : NULL;
	struct turn before = *turn;

	if (!leads && led_by) {
		if (turn->packet->now_us - led_by->heard_us < LEAD_US)
			return false;
		before.ssrc = outlet_select(o, o->lead, 0, 0);
		dtmf_leave(&before);
	}
	o->has_lead = true;
	o->lead = ssrc;
	return true;
}

/* Clock of what is waited for; that of the latest packet will do. */
static uint32_t clock_of(const struct transcoder *t, const uint8_t *rtp)
{
	const struct plan_handler *h = &t->handler[rtp[1] & 0x7f];
	uint32_t clock_hz = t->plan->decoders[h->decoder].params.clock_hz;

	return clock_hz ? clock_hz : 8000;
}

static void take_what_is_due(struct turn *turn, uint32_t clock_hz)
{
	struct transcoder *t = turn->t;
	struct sequencer_packet next;
	unsigned lost;
	bool waits = t->sequencer.held > 1;

	while (sequencer_get(&t->sequencer, clock_hz, &next, &lost)) {
		take_in_order(turn, next.buf, lost);
		buf_put(next.buf);
		waits = false;
	}
	if (!waits)
		t->waits_us = turn->packet->now_us;
}

bool transcoder_waits(const struct transcoder *t, int64_t *ret_since_us)
{
	*ret_since_us = t->waits_us;
	return t->sequencer.held > 0;
}

void transcoder_flush(struct transcoder *t, struct outlet *outlet, struct packet *packet)
{
	struct turn turn = {
		.t = t,
		.outlet = outlet,
		.packet = packet,
		.leads = outlet->has_lead && outlet->lead == t->ssrc,
	};
	struct buf *buf;
	unsigned lost;

	while ((buf = sequencer_pop(&t->sequencer, &lost)) != NULL) {
		turn.pool = buf->pool;
		if (!turn.ssrc && outlet_find_in(outlet, t->ssrc))
			turn.ssrc = outlet_select(outlet, t->ssrc, 0, 0);
		if (turn.ssrc)
			take_in_order(&turn, buf, lost);
		buf_put(buf);
	}
}

static struct turn begin_turn(struct transcoder *t, struct packet *packet, struct outlet *outlet,
	const struct plan_dtmf *block)
{
	const uint8_t *rtp = packet->buf->data;
	struct turn turn = {
		.t = t,
		.outlet = outlet,
		.packet = packet,
		.pool = packet->buf->pool,
	};

	t->dtmf.block = block ? *block : no_block;
	turn.leads = take_lead(&turn, rtp_ssrc(rtp));
	turn.ssrc = outlet_select(outlet, rtp_ssrc(rtp), rtp_seq(rtp), rtp_timestamp(rtp));
	turn.ssrc->heard_us = packet->now_us;
	return turn;
}

void transcoder_relay(struct transcoder *t, struct packet *packet, struct outlet *outlet,
	const struct plan_dtmf *block)
{
	struct turn turn = begin_turn(t, packet, outlet, block);

	dtmf_relay(&turn);
}

void transcoder_take(struct transcoder *t, struct packet *packet, struct outlet *outlet,
	bool silent, const struct plan_dtmf *block)
{
	const uint8_t *rtp = packet->buf->data;
	uint32_t ssrc = rtp_ssrc(rtp), clock_hz = clock_of(t, rtp);
	bool goes_over = !t->has_ssrc || ssrc != t->ssrc;
	struct packet rest = *packet;
	struct turn turn;

	t->silent = silent;
	if (goes_over)
		transcoder_flush(t, outlet, &rest);
	turn = begin_turn(t, packet, outlet, block);
	if (goes_over)
		begin_ssrc(&turn, ssrc, rtp_timestamp(rtp));
	switch (sequencer_put(&t->sequencer, packet->buf)) {
	case SEQUENCER_LATE:
		media_drop(packet, REASON_TOO_LATE);
		return;
	case SEQUENCER_RESET:
		t->has_expected = t->passed = t->event.on = false;
		break;
	case SEQUENCER_TAKEN:
		break;
	}
	take_what_is_due(&turn, clock_hz);
}

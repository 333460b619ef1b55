/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Events that came: sent on under one timestamp, or heard as tones by a sink that takes no events
 * (spec media 4.3), of each packet what is new of its event.
 */
#include <glib.h>

#include "media/outlet.h"
#include "media/packet.h"
#include "media/transcoder.h"
#include "media/transcoder_priv.h"
#include "rtp/seq.h"

/* Samples on their way, of whatever this worker transcodes now. */
static _Thread_local int16_t frame[CODEC_MAX_SAMPLES * CODEC_MAX_CHANNELS];

/* ---- sent on ---- */

/* The clocks of audio that has not come yet: it will be in what its sender likes best. */
static void suppose_clocks(const struct turn *turn)
{
	const struct transcoder *t = turn->t;
	struct outlet_ssrc *s = turn->ssrc;

	if (s->clock_in)
		return;
	s->clock_in = t->decoders[t->decoder].clock_hz;
	s->clock_out = t->encoders[t->encoder].clock_hz;
}

void transcoder_note_event(const struct turn *turn, const struct rtp_header *h,
	const struct telephone_event *event, uint32_t clock_hz, unsigned lost)
{
	struct transcoder *t = turn->t;
	struct event_in *e = &t->event;

	if (e->known && e->on && e->code == event->code &&
		telephone_event_follows(e->start, h->timestamp)) {
		e->before += UINT16_MAX;
	} else if (!e->known || e->start != h->timestamp) {
		transcoder_finish_packet(turn);
		suppose_clocks(turn);
		e->before = e->told = 0;
		e->sent = outlet_timestamp(turn->ssrc, h->timestamp);
	}
	turn->ssrc->next_seq += (uint16_t)lost;
	e->known = e->has_over = true;
	e->on = !event->end;
	e->code = event->code;
	e->start = h->timestamp;
	e->over = e->sent + transcoder_rescale(e->before + event->duration, clock_hz,
				    t->encoders[t->encoder].clock_hz);
}

void transcoder_convert_event(const struct turn *turn, const struct rtp_header *h,
	const struct telephone_event *event, unsigned lost)
{
	struct event_in *e = &turn->t->event;
	uint32_t clock_hz = turn->decoder->clock_hz;
	struct event_out out = {
		.encoder = turn->encoder,
		.event = *event,
		.marker = h->marker,
	};

	transcoder_note_event(turn, h, event, clock_hz, lost);
	out.start = e->sent;
	out.ticks = transcoder_rescale(
		e->before + event->duration, clock_hz, turn->encoder->clock_hz);
	transcoder_send_event(turn, &out, &e->told);
}

/* ---- heard ---- */

/*
 * Timestamps of events go on from those of the audio beside them, also where the two have different
 * clocks (opus with telephone-event/8000); durations are of the events' own.
 */
static uint32_t stamp_hz(const struct turn *turn)
{
	return turn->t->has_expected ? turn->t->expected_hz : turn->decoder->clock_hz;
}

static uint32_t stamps_of(const struct turn *turn, uint32_t ticks)
{
	return (uint32_t)((uint64_t)ticks * stamp_hz(turn) / turn->decoder->clock_hz);
}

static uint32_t ticks_of(const struct turn *turn, uint32_t stamps)
{
	return (uint32_t)((uint64_t)stamps * turn->decoder->clock_hz / stamp_hz(turn));
}

static void begin_event(
	const struct turn *turn, const struct rtp_header *h, const struct telephone_event *event)
{
	struct transcoder *t = turn->t;
	struct dtmf *d = &t->dtmf;
	int32_t gap = timestamp_diff(h->timestamp, t->expected);

	d->has_event = true;
	d->event_code = event->code;
	d->event_ticks = 0;
	d->tone = d->block.mode == PLAN_DTMF_OFF ? tone_of_digit(event->code, event->volume)
						 : dtmf_mask(turn, d->masked++);
	d->mask_offset = 0;
	t->event.start = h->timestamp;
	if (t->has_expected && gap > 0 && (uint32_t)gap <= stamp_hz(turn))
		transcoder_leave_out(turn, ticks_of(turn, (uint32_t)gap));
}

/* `count` samples of the event's tone. */
static void send_tone(const struct turn *turn, size_t count)
{
	struct dtmf *d = &turn->t->dtmf;

	while (count) {
		size_t n = MIN(count, (size_t)CODEC_MAX_SAMPLES);

		tone_make(&d->tone, &turn->encoder->audio, d->mask_offset, frame, n);
		d->mask_offset += n;
		count -= n;
		transcoder_send_samples(turn, frame, n);
	}
}

/* What is heard cannot be longer than what passes of time, but for a second or so. */
static bool is_paid(const struct turn *turn, uint32_t ticks)
{
	const int64_t most_us = 1500000;
	struct dtmf *d = &turn->t->dtmf;
	int64_t cost_us = (int64_t)ticks * 1000000 / turn->decoder->clock_hz;

	d->credit_us += turn->packet->now_us - d->credit_at_us;
	d->credit_us = MIN(d->credit_us, most_us);
	d->credit_at_us = turn->packet->now_us;
	if (cost_us > d->credit_us)
		return false;
	d->credit_us -= cost_us;
	return true;
}

/* Audio that was sent before the event was known of is not sent again as a tone. */
static uint32_t heard_already(const struct turn *turn, uint32_t from, uint32_t most)
{
	int32_t ahead = timestamp_diff(turn->t->expected, from);

	return turn->t->has_expected && ahead > 0 ? MIN(ticks_of(turn, (uint32_t)ahead), most) : 0;
}

void dtmf_play_event(
	const struct turn *turn, const struct rtp_header *h, const struct telephone_event *event)
{
	struct transcoder *t = turn->t;
	struct dtmf *d = &t->dtmf;
	uint32_t clock_hz = turn->decoder->clock_hz, from, ticks, skip;

	if (d->has_event && t->event.on && d->event_code == event->code &&
		telephone_event_follows(t->event.start, h->timestamp)) {
		t->event.start = h->timestamp;
		d->event_ticks = 0;
	} else if (!d->has_event || t->event.start != h->timestamp ||
		   d->event_code != event->code) {
		begin_event(turn, h, event);
	}
	t->event.on = !event->end;
	if (event->duration <= d->event_ticks)
		return;
	ticks = event->duration - d->event_ticks;
	if (ticks > clock_hz || !is_paid(turn, ticks)) {
		media_count_drop(turn->packet, turn->packet->in, REASON_DECODE_FAILED);
		return;
	}
	from = h->timestamp + stamps_of(turn, d->event_ticks);
	skip = heard_already(turn, from, ticks);
	transcoder_drop_anchor(turn, from + stamps_of(turn, skip));
	turn->ssrc->clock_in = stamp_hz(turn);
	send_tone(turn, (uint64_t)(ticks - skip) * turn->encoder->audio.sample_hz / clock_hz);
	d->event_ticks = event->duration;
	if (skip < ticks) {
		t->expected = h->timestamp + stamps_of(turn, event->duration);
		t->expected_hz = stamp_hz(turn);
		t->has_expected = true;
	}
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Events of RFC 4733 in what comes in: followed from packet to packet, and told to control when
 * they are over, whatever becomes of their packets.
 */
#include "media/packet.h"

enum { TOLD_PER_SECOND = 25 }; /* of a stream; digits by hand or machine are at most 10 or so */

static bool may_tell(struct stream *stream, int64_t now_us)
{
	const int64_t second_us = 1000000;

	if (now_us - stream->event_second_us >= second_us) {
		stream->event_second_us = now_us;
		stream->event_count = 0;
	}
	return stream->event_count++ < TOLD_PER_SECOND;
}

void media_dtmf_tell(struct stream *in, const struct media_dtmf *dtmf, int64_t now_us)
{
	struct media_event event = {
		.type = MEDIA_EVENT_DTMF,
		.session_id = in->set->state->id,
		.stream_id = in->plan->id,
		.endpoint_gen = in->plan->endpoint_gen,
		.source = addr_of_sock(&in->source),
		.dtmf = *dtmf,
	};

	if (may_tell(in, now_us))
		media_worker_event(in->set->state->worker, &event);
	else
		reason_count(REASON_EVENT_LOST);
}

static void tell(const struct packet *packet, const struct event_track *track)
{
	struct media_dtmf dtmf = {
		.code = track->event.code,
		.volume = track->event.volume,
		.duration_ms = event_track_ms(track),
	};

	media_dtmf_tell(packet->in, &dtmf, packet->now_us);
}

/* Events are seen when they come, the audio beside them perhaps after a delay. */
static void end_digit(const struct packet *packet)
{
	packet->in->digit_until_us = packet->now_us + packet->in->plan->delay_us;
}

bool media_dtmf_is_on(const struct stream *stream, int64_t now_us)
{
	return stream->event.active || now_us < stream->digit_until_us;
}

void media_dtmf_in(const struct packet *packet, bool is_event)
{
	const uint8_t *data = packet->buf->data;
	struct event_track *track = &packet->in->event, before;
	struct telephone_event event;
	struct rtp_header header;
	enum event_step step;

	if (event_track_expire(track, packet->now_us)) {
		end_digit(packet);
		tell(packet, track);
	}
	if (!is_event || rtp_parse(data, packet->buf->len, &header) < 0 ||
		!telephone_event_parse(data + header.payload_offset, header.payload_len, &event))
		return;
	before = *track;
	step = event_track_take(track, &header, &event,
		stream_clock_hz(packet->in, header.payload_type), packet->now_us);
	if (before.active && (step == EVENT_STEP_BEGIN || step == EVENT_STEP_BOTH))
		tell(packet, &before);
	if (step == EVENT_STEP_END || step == EVENT_STEP_BOTH) {
		end_digit(packet);
		tell(packet, track);
	}
}

void media_dtmf_inherit(struct stream *stream, const struct stream *before)
{
	if (!before)
		return;
	stream->event = before->event;
	stream->digit_until_us = before->digit_until_us;
	stream->event_second_us = before->event_second_us;
	stream->event_count = before->event_count;
}

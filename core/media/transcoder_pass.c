/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What passes beside transcoded audio: under the outlet's numbers, else as it is. */
#include "media/transcoder_priv.h"

#include <string.h>

#include <glib.h>

#include "media/generator.h"
#include "media/outlet.h"
#include "media/packet.h"
#include "rtp/seq.h"

/* From here on timestamps move as the payload's own, which is not made anew, do. */
static uint32_t anchor_passed(const struct turn *turn, const struct rtp_header *h)
{
	struct outlet_ssrc *s = turn->ssrc;
	uint32_t timestamp = outlet_timestamp(s, h->timestamp);
	uint32_t clock_hz = stream_clock_hz(turn->packet->in, h->payload_type);

	if (clock_hz && s->clock_in && !stream_is_noise(turn->packet->in, h->payload_type)) {
		s->anchor_in = h->timestamp;
		s->anchor_out = timestamp;
		s->clock_in = s->clock_out = clock_hz;
	}
	return timestamp;
}

/* True: it goes on, as `packet` says. */
static bool pass_event(struct turn *turn, const struct rtp_header *h, struct telephone_event *event,
	unsigned lost, struct outlet_packet *packet)
{
	struct transcoder *t = turn->t;
	uint32_t clock_hz = stream_clock_hz(turn->packet->in, h->payload_type);

	if (dtmf_take_event(turn, h, event)) {
		turn->ssrc->next_seq += (uint16_t)lost;
		return false;
	}
	transcoder_note_event(turn, h, event, clock_hz ? clock_hz : 8000, lost);
	packet->timestamp = t->event.sent + t->event.before;
	return true;
}

static void pass_other(
	struct turn *turn, const struct rtp_header *h, unsigned lost, struct outlet_packet *packet)
{
	struct transcoder *t = turn->t;

	if (t->has_expected && timestamp_diff(h->timestamp, t->expected) >= 0)
		transcoder_finish_packet(turn);
	turn->ssrc->next_seq += (uint16_t)lost;
	packet->timestamp = anchor_passed(turn, h);
	t->passed = true;
	if (timestamp_diff(packet->timestamp, turn->ssrc->next_timestamp) > 0)
		turn->ssrc->next_timestamp = packet->timestamp;
}

void transcoder_pass(
	struct turn *turn, const struct rtp_header *h, const uint8_t *payload, unsigned lost)
{
	struct telephone_event event;
	bool is_event = media_is_event(turn->packet->in, h->payload_type) &&
			telephone_event_parse(payload, h->payload_len, &event);
	struct outlet_packet packet = {
		.payload_type = h->payload_type,
		.marker = h->marker,
		.at_once = true,
	};

	if (!is_event)
		pass_other(turn, h, lost, &packet);
	else if (!pass_event(turn, h, &event, lost, &packet))
		return;
	packet.buf = buf_get(turn->pool);
	if (!packet.buf) {
		media_count_drop(turn->packet, turn->outlet->sink, REASON_NO_BUFFER);
		return;
	}
	memcpy(packet.buf->data + RTP_HEADER_BYTES, payload, h->payload_len);
	if (is_event)
		telephone_event_write(packet.buf->data + RTP_HEADER_BYTES, &event);
	packet.buf->len = RTP_HEADER_BYTES + (uint32_t)h->payload_len;
	generator_send(turn->outlet, &packet, turn->packet->now_us);
}

/* How noise sounds is told by the clock (RFC 3389 3.2), but for its level. */
void transcoder_pass_noise(
	struct turn *turn, struct rtp_header h, const uint8_t *payload, unsigned lost)
{
	const struct transcoder *t = turn->t;
	const struct plan_handler *handler = &t->handler[h.payload_type];
	const struct plan_format *from = &t->plan->decoders[handler->decoder];
	const struct plan_format *to = &t->plan->encoders[handler->encoder];

	h.payload_type = to->payload_type;
	if (from->params.clock_hz != to->params.clock_hz)
		h.payload_len = MIN(h.payload_len, 1);
	transcoder_pass(turn, &h, payload, lost);
}

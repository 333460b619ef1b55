/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Events on their way out of a transcoder, whether they came as such or were made (RFC 4733). */
#include "media/transcoder_priv.h"

#include "media/generator.h"
#include "media/outlet.h"
#include "media/packet.h"

static void send_segment(const struct turn *turn, const struct event_out *out, uint32_t timestamp,
	const struct telephone_event *event, bool marker)
{
	struct outlet_packet packet = {
		.buf = buf_get(turn->pool),
		.payload_type = out->encoder->payload_type,
		.marker = marker,
		.at_once = true,
		.timestamp = timestamp,
		.clock_hz = out->encoder->clock_hz,
	};

	if (!packet.buf) {
		media_count_drop(turn->packet, turn->outlet->sink, REASON_NO_BUFFER);
		return;
	}
	telephone_event_write(packet.buf->data + RTP_HEADER_BYTES, event);
	packet.buf->len = RTP_HEADER_BYTES + TELEPHONE_EVENT_BYTES;
	generator_send(turn->outlet, &packet, turn->packet->now_us);
}

void transcoder_send_event(const struct turn *turn, const struct event_out *out, uint32_t *told)
{
	uint32_t whole = out->ticks ? (out->ticks - 1) / UINT16_MAX * UINT16_MAX : 0;
	struct telephone_event event = out->event;

	if (whole > *told) {
		event.end = false;
		event.duration = UINT16_MAX;
		send_segment(turn, out, out->start + whole - UINT16_MAX, &event, false);
	}
	*told = whole;
	event.end = out->event.end;
	event.duration = (uint16_t)(out->ticks - whole);
	send_segment(turn, out, out->start + whole, &event, out->marker);
}

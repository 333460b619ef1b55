/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Deliveries that are not plain: RTP blocked, silenced or sent back as the plan's filter says, sink
 * by sink. Blocked packets leave a gap in the sequence numbers, as lost ones do.
 */
#include "media/flow.h"
#include "media/packet.h"
#include "rtp/extension.h"

/* Silence as its encoders write it; -1: the payload has none. */
static int silence_of(enum plan_payload payload)
{
	switch (payload) {
	case PLAN_PAYLOAD_PCMU:
		return 0xff;
	case PLAN_PAYLOAD_PCMA:
		return 0xd5;
	case PLAN_PAYLOAD_G722:
		return 0xfa;
	case PLAN_PAYLOAD_DTMF:
	case PLAN_PAYLOAD_OTHER:
		break;
	}
	return -1;
}

static enum plan_payload payload_of(const struct packet *packet, const struct plan_filter *filter)
{
	return packet->kind == DATAGRAM_RTP ? filter->payload[packet->buf->data[1] & 0x7f]
					    : PLAN_PAYLOAD_OTHER;
}

/* What the shortest packet in use holds: 10 ms of the codecs whose rate is known, else a byte. */
static size_t least_bytes(enum plan_payload payload)
{
	switch (payload) {
	case PLAN_PAYLOAD_PCMU:
	case PLAN_PAYLOAD_PCMA:
	case PLAN_PAYLOAD_G722:
		return 80;
	case PLAN_PAYLOAD_DTMF:
		return 4;
	case PLAN_PAYLOAD_OTHER:
		break;
	}
	return 1;
}

static bool is_short(const struct packet *packet, enum plan_payload payload)
{
	struct rtp_header header;

	return packet->kind == DATAGRAM_RTP &&
	       (rtp_parse(packet->buf->data, packet->buf->len, &header) < 0 ||
		       header.payload_len < least_bytes(payload));
}

static int check(const struct packet *packet, enum plan_payload payload, unsigned action)
{
	if (action & PLAN_DROP)
		return REASON_MEDIA_BLOCKED;
	if (action & PLAN_NO_SHORT && is_short(packet, payload))
		return REASON_RUNT;
	if (payload == PLAN_PAYLOAD_DTMF)
		return action & PLAN_BLOCK_DTMF ? REASON_DTMF_BLOCKED : PACKET_OK;
	return action & PLAN_BLOCK ? REASON_MEDIA_BLOCKED : PACKET_OK;
}

static bool is_masked(const struct plan_filter *filter, unsigned id)
{
	return filter->masked[id / 64] >> id % 64 & 1;
}

/* What is masked becomes padding (RFC 8285). */
static void mask_extensions(struct buf *buf, const struct plan_filter *filter)
{
	struct rtp_extensions walk;
	struct rtp_extension e;

	if (!rtp_extensions_begin(buf->data, buf->len, &walk))
		return;
	while (rtp_extensions_next(&walk, &e))
		if (is_masked(filter, e.id))
			memset(e.element, 0, e.element_len);
}

/* False: where its payload is cannot be told, so it must not pass. */
static bool silence(struct buf *buf, enum plan_payload payload)
{
	struct rtp_header header;
	int byte = silence_of(payload);

	if (byte < 0)
		return true;
	if (rtp_parse(buf->data, buf->len, &header) < 0)
		return false;
	memset(buf->data + header.payload_offset, byte, header.payload_len);
	return true;
}

/* Its sender must not take it for a packet of its own (RFC 3550, 8.2: a loop). */
static void change_ssrc(struct buf *buf)
{
	buf->data[8] ^= 0x5a;
	buf->data[11] ^= 0xa5;
}

/* To a sink whose packets are made anew. */
static void deliver_by_flow(struct packet *packet, struct flow *flow, unsigned action)
{
	if (packet->buf->len < RTP_HEADER_BYTES) {
		media_drop(packet, REASON_RUNT);
		return;
	}
	flow_take(flow, packet, action & PLAN_SILENCE);
}

/* Takes packet->buf. */
static void deliver_one(struct packet *packet, unsigned place, enum plan_payload payload)
{
	const struct plan_filter *filter = packet->in->plan->filter;
	unsigned action = filter ? filter->action[place] : 0;
	struct flow *flow = packet->in->flows ? packet->in->flows[place] : NULL;
	int verdict = check(packet, payload, action);

	if (verdict != PACKET_OK) {
		media_count_drop(packet, packet->in, (enum reason)verdict);
		buf_put(packet->buf);
		return;
	}
	if (flow && flow->transcoder && packet->kind == DATAGRAM_RTP) {
		deliver_by_flow(packet, flow, action);
		return;
	}
	if (action & PLAN_SILENCE && !silence(packet->buf, payload)) {
		media_count_drop(packet, packet->in, REASON_RTP_MALFORMED);
		buf_put(packet->buf);
		return;
	}
	if (action & PLAN_MASK && packet->kind == DATAGRAM_RTP)
		mask_extensions(packet->buf, filter);
	if (action & PLAN_ECHO && packet->kind == DATAGRAM_RTP)
		change_ssrc(packet->buf);
	media_send(packet, packet->in->rtp_sinks[place]);
}

void media_deliver_filtered(struct packet *packet)
{
	const struct stream *in = packet->in;
	const struct plan_filter *filter = in->plan->filter;
	enum plan_payload payload = filter ? payload_of(packet, filter) : PLAN_PAYLOAD_OTHER;

	if (!in->rtp_sink_count) {
		media_drop(packet, REASON_NO_SINK);
		return;
	}
	for (unsigned i = 0; i + 1 < in->rtp_sink_count; i++) {
		struct packet copy = *packet;

		copy.buf = media_copy(packet->buf);
		if (copy.buf)
			deliver_one(&copy, i, payload);
	}
	deliver_one(packet, in->rtp_sink_count - 1u, payload);
}

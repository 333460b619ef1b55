/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Deliveries that are not plain: RTP blocked, silenced or sent back as the plan's filter says, sink
 * by sink. Blocked packets leave a gap in the sequence numbers, as lost ones do.
 */
#include "media/deliver.h"
#include "media/flow.h"
#include "media/packet.h"
#include "media/secure.h"
#include "media/transcoder.h"
#include "rtp/extension.h"

enum { ECHO_SSRC = 0x5a0000a5 }; /* what an echo's differs by */

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

/* Events that another digit takes the place of go on; others are left out. */
static bool leaves_out_events(const struct plan_dtmf *dtmf)
{
	return dtmf->mode != PLAN_DTMF_ZERO && dtmf->mode != PLAN_DTMF_DIGIT;
}

static bool is_heard(const struct packet *packet, const struct plan_dtmf *dtmf)
{
	return dtmf->mode != PLAN_DTMF_DROP && media_dtmf_is_on(packet->in, packet->now_us);
}

/* Of a sink whose packets are not made anew. */
static int check_dtmf(const struct packet *packet, enum plan_payload payload)
{
	const struct plan_dtmf *dtmf = &packet->in->plan->filter->dtmf;

	if (payload == PLAN_PAYLOAD_DTMF)
		return leaves_out_events(dtmf) ? REASON_DTMF_BLOCKED : PACKET_OK;
	/* Audio that cannot be made silent might be the digit's. */
	return is_heard(packet, dtmf) && silence_of(payload) < 0 ? REASON_DTMF_BLOCKED : PACKET_OK;
}

static int check(const struct packet *packet, enum plan_payload payload, unsigned action)
{
	if (action & PLAN_DROP)
		return REASON_MEDIA_BLOCKED;
	if (action & PLAN_NO_SHORT && is_short(packet, payload))
		return REASON_RUNT;
	if (payload == PLAN_PAYLOAD_DTMF)
		return PACKET_OK;
	return action & PLAN_BLOCK ? REASON_MEDIA_BLOCKED : PACKET_OK;
}

static bool is_masked(const struct plan_filter *filter, unsigned id)
{
	return filter->masked[id / 64] >> id % 64 & 1;
}

/* What is masked becomes padding (RFC 8285). Was there any? */
static bool mask_extensions(struct buf *buf, const struct plan_filter *filter)
{
	struct rtp_extensions walk;
	struct rtp_extension e;
	bool any = false;

	if (!rtp_extensions_begin(buf->data, buf->len, &walk))
		return false;
	while (rtp_extensions_next(&walk, &e)) {
		if (!is_masked(filter, e.id))
			continue;
		memset(e.element, 0, e.element_len);
		any = true;
	}
	return any;
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

/* Digits alone: other events mean something else. */
static void change_digit(struct buf *buf, const struct plan_dtmf *dtmf)
{
	struct telephone_event event;
	struct rtp_header header;
	uint8_t *payload;

	if (rtp_parse(buf->data, buf->len, &header) < 0)
		return;
	payload = buf->data + header.payload_offset;
	if (!telephone_event_parse(payload, header.payload_len, &event) ||
		!telephone_event_digit(event.code))
		return;
	event.code = media_dtmf_replaced(dtmf);
	telephone_event_write(payload, &event);
}

/* What the mode asks for of a packet that is sent on; false: it must not be. */
static bool mask_dtmf(struct packet *packet, enum plan_payload payload)
{
	const struct plan_dtmf *dtmf = &packet->in->plan->filter->dtmf;

	if (payload == PLAN_PAYLOAD_DTMF)
		change_digit(packet->buf, dtmf);
	else if (!is_heard(packet, dtmf))
		return true;
	packet->changed = true;
	return payload == PLAN_PAYLOAD_DTMF || silence(packet->buf, payload);
}

static void change_ssrc(struct packet *packet, uint32_t by)
{
	for (unsigned i = 0; i < 4; i++)
		packet->buf->data[8 + i] ^= (uint8_t)(by >> (24 - 8 * i));
	media_forget_sealed(packet);
}

/* To a sink whose packets are made anew. */
static void deliver_by_flow(struct packet *packet, struct flow *flow, unsigned action)
{
	if (packet->buf->len < RTP_HEADER_BYTES) {
		media_drop(packet, REASON_RUNT);
		return;
	}
	flow_take(flow, packet, action & PLAN_SILENCE,
		action & PLAN_BLOCK_DTMF ? &packet->in->plan->filter->dtmf : NULL);
}

static void leave_out(struct packet *packet, enum reason reason)
{
	media_count_drop(packet, packet->in, reason);
	buf_put(packet->buf);
}

/* To a sink that gets the packet itself, by way of `flow`, if any. Takes packet->buf. */
static void deliver_changed(struct packet *packet, unsigned place, enum plan_payload payload,
	unsigned action, struct flow *flow)
{
	int verdict = action & PLAN_BLOCK_DTMF ? check_dtmf(packet, payload) : PACKET_OK;
	struct stream *sink = packet->in->rtp_sinks[place];

	if (verdict != PACKET_OK) {
		leave_out(packet, (enum reason)verdict);
		return;
	}
	if ((action & PLAN_SILENCE && !silence(packet->buf, payload)) ||
		(action & PLAN_BLOCK_DTMF && !mask_dtmf(packet, payload))) {
		leave_out(packet, REASON_RTP_MALFORMED);
		return;
	}
	/* The key is its sender's, who has protected something else with it under this number. */
	if (action & PLAN_SILENCE && payload != PLAN_PAYLOAD_OTHER &&
		media_is_sealed_for(packet, sink))
		change_ssrc(packet, packet->in->disguise);
	if (action & PLAN_MASK && packet->kind == DATAGRAM_RTP)
		packet->changed |= mask_extensions(packet->buf, packet->in->plan->filter);
	/* Its sender must not take it for a packet of its own (RFC 3550, 8.2: a loop). */
	if (action & PLAN_ECHO && packet->kind == DATAGRAM_RTP)
		change_ssrc(packet, ECHO_SSRC);
	loop_hurry(media_worker_loop(packet->in->set->state->worker));
	if (flow && packet->kind == DATAGRAM_RTP && packet->buf->len >= RTP_HEADER_BYTES)
		flow_relay(flow, packet,
			action & PLAN_BLOCK_DTMF ? &packet->in->plan->filter->dtmf : NULL);
	else
		media_send(packet, sink);
}

/* Takes packet->buf. */
static void deliver_one(struct packet *packet, unsigned place, enum plan_payload payload)
{
	const struct plan_filter *filter = packet->in->plan->filter;
	unsigned action = filter ? filter->action[place] : 0;
	struct flow *flow = packet->in->flows ? packet->in->flows[place] : NULL;
	int verdict = check(packet, payload, action);

	if (flow && !flow->transcoder_count)
		flow = NULL;
	if (verdict != PACKET_OK)
		leave_out(packet, (enum reason)verdict);
	else if (flow && packet->kind == DATAGRAM_RTP && !transcoder_relays(flow->transcoders[0]))
		deliver_by_flow(packet, flow, action);
	else
		deliver_changed(packet, place, payload, action, flow);
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

void media_deliver(struct packet *packet)
{
	if ((packet->in->plan->filter || packet->in->flows) && packet->kind != DATAGRAM_RTCP)
		media_deliver_filtered(packet);
	else
		media_deliver_plain(packet);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * RTCP between parties that see other SSRCs and numbers of each other than those sent (spec media
 * 3.9). Who sends a compound is named as its receiver knows it; reports about the receiver get
 * back the receiver's own SSRC, and as losses those on its way to us: what the other party lost
 * after that, the receiver can do nothing about. Jitter is told in the receiver's clock, round
 * trips stay as reported.
 */
#include "media/flow.h"
#include "media/packet.h"
#include "media/secure.h"
#include "media/transcoder.h"
#include "rtp/rtcp.h"

enum { SSRC_AT = 4, SR_BYTES = 28, RR_BYTES = 8, REPORT_BYTES = 24 };

struct translation {
	struct outlet *forward; /* of the sender's RTP to the receiver; NULL: passed on as it is */
	struct flow *back;      /* of the receiver's RTP to the sender; NULL */
	const struct stream *receiver; /* its RTP */
};

static void put_u32(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 24);
	at[1] = (uint8_t)(value >> 16);
	at[2] = (uint8_t)(value >> 8);
	at[3] = (uint8_t)value;
}

/* An SSRC of the sender's. */
static struct outlet_ssrc *translate_own(const struct translation *t, uint8_t *at)
{
	struct outlet_ssrc *s = t->forward ? outlet_find_in(t->forward, rtcp_number(at, 4)) : NULL;

	if (s)
		put_u32(at, s->out);
	return s;
}

/* An SSRC of the receiver's as the sender sees it. */
static struct outlet_ssrc *translate_other(const struct translation *t, uint8_t *at)
{
	struct outlet_ssrc *s = t->back ? outlet_find_out(&t->back->outlet, rtcp_number(at, 4))
					: NULL;

	if (s)
		put_u32(at, s->in);
	return s;
}

static void translate_sender_info(uint8_t *data, const struct outlet_ssrc *s)
{
	if (!s)
		return;
	put_u32(data + 16, outlet_timestamp(s, rtcp_number(data + 16, 4)));
	put_u32(data + 20, s->packets);
	put_u32(data + 24, s->octets);
}

static const struct reception *reception_of(const struct stream *stream, uint32_t ssrc)
{
	const struct stream_counts *counts = &stream->stats->counts;

	for (unsigned i = 0; i < STREAM_SSRC_MAX; i++)
		if (counts->ssrc[i].used && counts->ssrc[i].ssrc == ssrc)
			return &counts->ssrc[i].reception;
	return NULL;
}

/* Since the report before. */
static uint8_t fraction_lost(struct outlet_ssrc *s, uint32_t expected, uint32_t lost)
{
	uint32_t more = expected - s->reported_expected;
	int32_t more_lost = (int32_t)(lost - s->reported_lost);

	s->reported_expected = expected;
	s->reported_lost = lost;
	return rtcp_fraction_lost(more, more_lost);
}

/* In the source's clock; what does not fit is the most there can be. */
static uint32_t rescaled_jitter(const struct outlet_ssrc *s, uint32_t jitter)
{
	return (uint32_t)MIN((uint64_t)jitter * s->clock_in / s->clock_out, UINT32_MAX);
}

static void translate_report(const struct translation *t, uint8_t *block)
{
	struct outlet_ssrc *s = translate_other(t, block);
	const struct reception *r = s ? reception_of(t->receiver, s->in) : NULL;
	uint32_t lost;

	if (s)
		flow_loss(t->back, s->out, block[4] * 100u / 256);
	if (!r)
		return;
	lost = r->counts.lost < 0x7fffff ? r->counts.lost : 0x7fffff;
	block[4] = fraction_lost(s, r->highest - r->first + 1, r->counts.lost);
	block[5] = (uint8_t)(lost >> 16);
	block[6] = (uint8_t)(lost >> 8);
	block[7] = (uint8_t)lost;
	put_u32(block + 8, r->highest);
	if (s->clock_out && s->clock_in != s->clock_out)
		put_u32(block + 12, rescaled_jitter(s, rtcp_number(block + 12, 4)));
}

static void translate_reports(
	const struct translation *t, const struct rtcp_packet *p, uint8_t *data, size_t first)
{
	for (size_t i = 0; i < p->count && first + (i + 1) * REPORT_BYTES <= p->len; i++)
		translate_report(t, data + first + i * REPORT_BYTES);
}

/* Chunks: an SSRC, items, and zeros up to the next word. */
static void translate_sdes(const struct translation *t, const struct rtcp_packet *p, uint8_t *data)
{
	size_t at = SSRC_AT;

	for (unsigned i = 0; i < p->count && at + 4 <= p->len; i++) {
		translate_own(t, data + at);
		at += 4;
		while (at < p->len && data[at])
			at += at + 1 < p->len ? 2u + data[at + 1] : 1;
		at = (at / 4 + 1) * 4;
	}
}

static void translate_xr(const struct translation *t, const struct rtcp_packet *p, uint8_t *data)
{
	struct rtcp_xr_block block;
	size_t offset = 0;

	translate_own(t, data + SSRC_AT);
	while (rtcp_xr_next(p, &offset, &block)) {
		uint8_t *at = data + (block.data - p->data) + 4;

		if (block.type == RTCP_XR_DLRR)
			for (size_t i = 0; 4 + i + 12 <= block.len; i += 12)
				translate_other(t, at + i);
		else if (block.type != RTCP_XR_REFERENCE_TIME && block.len >= 8)
			translate_other(t, at);
	}
}

static void translate(const struct translation *t, const struct rtcp_packet *p, uint8_t *data)
{
	switch (p->type) {
	case RTCP_SR:
		translate_sender_info(data, translate_own(t, data + SSRC_AT));
		translate_reports(t, p, data, SR_BYTES);
		break;
	case RTCP_RR:
		translate_own(t, data + SSRC_AT);
		translate_reports(t, p, data, RR_BYTES);
		break;
	case RTCP_SDES:
		translate_sdes(t, p, data);
		break;
	case RTCP_BYE:
		for (size_t i = 0; i < p->count && SSRC_AT + (i + 1) * 4 <= p->len; i++)
			translate_own(t, data + SSRC_AT + i * 4);
		break;
	case RTCP_RTPFB:
	case RTCP_PSFB:
		translate_own(t, data + SSRC_AT);
		if (p->len >= 12)
			translate_other(t, data + 8);
		break;
	case RTCP_XR:
		translate_xr(t, p, data);
		break;
	default:
		if (p->len >= 8)
			translate_own(t, data + SSRC_AT);
	}
}

/*
 * A sender report about what the receiver was not sent any packet of would be of an SSRC and a clock
 * that it knows nothing of: what is left is a receiver report. *offset: behind it.
 */
static void leave_out_sender_info(struct buf *buf, struct rtcp_packet *p, size_t *offset)
{
	uint8_t *data = buf->data + (p->data - buf->data);
	size_t words;

	memmove(data + RR_BYTES, data + SR_BYTES, buf->len - (size_t)(data - buf->data) - SR_BYTES);
	buf->len -= SR_BYTES - RR_BYTES;
	*offset -= SR_BYTES - RR_BYTES;
	p->len -= SR_BYTES - RR_BYTES;
	p->type = data[1] = RTCP_RR;
	words = p->len / 4 - 1;
	data[2] = (uint8_t)(words >> 8);
	data[3] = (uint8_t)words;
}

static bool has_sent(struct outlet *o, uint32_t ssrc)
{
	const struct outlet_ssrc *s = outlet_find_in(o, ssrc);

	return s && s->packets;
}

void media_translate_rtcp(struct packet *packet, struct stream *sink)
{
	struct stream *from = packet->in->rtp_of, *to = sink->rtp_of;
	struct flow *forward = flow_find(from, to), *back = flow_find(to, from);
	struct translation t = {
		.forward = forward ? &forward->outlet : NULL,
		.back = back,
		.receiver = to,
	};
	struct rtcp_packet p;
	size_t offset = 0;

	if (!forward && !back)
		return;
	packet->changed = true;
	/* SRTCP counts by the SSRC that comes first. */
	if (forward && packet->buf->len >= SSRC_AT + 4 &&
		outlet_find_in(&forward->outlet, rtcp_number(packet->buf->data + SSRC_AT, 4)))
		media_forget_sealed(packet);
	while (rtcp_next(packet->buf->data, packet->buf->len, &offset, &p) > 0) {
		if (p.type == RTCP_SR && forward && !has_sent(&forward->outlet, p.ssrc))
			leave_out_sender_info(packet->buf, &p, &offset);
		translate(&t, &p, packet->buf->data + (p.data - packet->buf->data));
	}
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reports on their way through: round trips, jitter and loss out of SR, RR and XR (RFC 3550 6.4,
 * RFC 3611), and a score from them. Nothing is changed; the compound is known to be sound.
 *
 * A report block that B sends about A's stream answers an SR of A that came through here: its
 * round trip is that between us and B. With what A's answers to B showed, that gives the round
 * trip from end to end, which the score needs.
 */
#include "media/flow.h"
#include "media/packet.h"

#include "media/quality.h"
#include "rtp/rtcp.h"
#include "stats/mos.h"

enum {
	BLOCKS_PER_DATAGRAM = 4,   /* that are rated: finding what is reported on takes longest */
	BLOCK_EVERY_US = 1000000,  /* of one SSRC */
	RTT_MAX_US = 10 * 1000000, /* more is a mistake */
	NTP_FRACTION = 65536,      /* units of delays per second */
};

/* One datagram being looked at. */
struct looking {
	const struct packet *packet;
	struct session_quality *quality;
	int64_t now_us;
	unsigned rated;
	unsigned sought; /* by the SSRC that they are sent as */
};

/* Written only by the worker that has the session: relaxed loads see its own stores. */
static struct ssrc_quality *at(const struct session_quality *q, unsigned i)
{
	return atomic_load_explicit(&q->ssrc[i], memory_order_relaxed);
}

static struct ssrc_quality *add(struct session_quality *q, unsigned i)
{
	struct ssrc_quality *s = g_new0(struct ssrc_quality, 1);

	atomic_store_explicit(&q->ssrc[i], s, memory_order_release);
	return s;
}

/* The record of an SSRC; of too many, the one not heard of for longest makes room. */
static struct ssrc_quality *find_or_add(struct session_quality *q, uint32_t ssrc)
{
	struct ssrc_quality *oldest = NULL, *s;

	for (unsigned i = 0; i < QUALITY_SSRC_MAX; i++) {
		s = at(q, i);
		if (!s) {
			oldest = add(q, i);
			break;
		}
		if (s->counts.ssrc == ssrc)
			return s;
		if (!oldest || s->last_us < oldest->last_us)
			oldest = s;
	}
	*oldest = (struct ssrc_quality){ .counts.ssrc = ssrc };
	return oldest;
}

static struct ssrc_quality *find(const struct session_quality *q, uint32_t ssrc)
{
	for (unsigned i = 0; i < QUALITY_SSRC_MAX && at(q, i); i++)
		if (at(q, i)->counts.ssrc == ssrc)
			return at(q, i);
	return NULL;
}

static void note_sent(struct quality_sent *sent, uint32_t ntp_mid, int64_t now_us)
{
	sent->ntp_mid[sent->next] = ntp_mid;
	sent->at_us[sent->next] = now_us;
	sent->next = (sent->next + 1) % QUALITY_SENT_MAX;
}

/* Time since the report that is referred to came, without the answerer's delay; 0: not known. */
static uint32_t round_trip_us(
	const struct quality_sent *sent, uint32_t ntp_mid, uint32_t delay, int64_t now_us)
{
	if (!ntp_mid || !delay)
		return 0;
	for (unsigned i = 0; i < QUALITY_SENT_MAX; i++) {
		int64_t rtt_us;

		if (!sent->at_us[i] || sent->ntp_mid[i] != ntp_mid)
			continue;
		rtt_us = now_us - sent->at_us[i] - (int64_t)delay * 1000000 / NTP_FRACTION;
		return rtt_us > 0 && rtt_us <= RTT_MAX_US ? (uint32_t)rtt_us : 0;
	}
	return 0;
}

/* The clock of what is sent under this SSRC; 0: no RTP of it was seen, or it is not known. */
static uint32_t clock_of_ssrc(const struct stream_set *set, uint32_t ssrc)
{
	for (unsigned i = 0; i < set->plan->stream_count; i++) {
		const struct stream_counts *counts = &set->streams[i].stats->counts;

		for (unsigned n = 0; set->streams[i].rtp && n < STREAM_SSRC_MAX; n++)
			if (counts->ssrc[n].used && counts->ssrc[n].ssrc == ssrc)
				return stream_clock_hz(
					&set->streams[i], counts->ssrc[n].payload_type);
	}
	return 0;
}

static void add_step(struct quality_counts *c, const struct quality_block *block)
{
	const int64_t second_us = 1000000;

	if (!c->interval_s)
		c->interval_s = 1;
	if (c->steps && block->at_us - c->step[c->steps - 1].at_us < c->interval_s * second_us)
		return;
	if (c->steps == QUALITY_STEPS_MAX) {
		for (unsigned i = 0; i < QUALITY_STEPS_MAX / 2; i++)
			c->step[i] = c->step[2 * i];
		c->steps /= 2;
		c->interval_s *= 2;
	}
	c->step[c->steps++] = *block;
}

static uint64_t square(uint64_t n)
{
	return n * n;
}

static void add_to_total(struct quality_total *total, uint64_t value)
{
	total->samples++;
	total->sum += value;
	total->sum_of_squares += square(value);
}

/* However often they come. */
static void add_to_totals(struct quality_counts *c, const struct quality_block *block)
{
	add_to_total(&c->all_jitter_ms, block->jitter_ms);
	add_to_total(&c->all_loss_percent, block->loss_percent);
	if (block->leg_rtt_us)
		add_to_total(&c->all_leg_rtt_us, block->leg_rtt_us);
}

static void add_block(struct quality_counts *c, const struct quality_block *block)
{
	if (!block->mos) {
		c->unrated++;
		return;
	}
	if (!c->samples || block->mos < c->lowest.mos)
		c->lowest = *block;
	if (!c->samples || block->mos > c->highest.mos)
		c->highest = *block;
	c->samples++;
	c->sum_mos += block->mos;
	c->sum_rtt_us += block->rtt_us;
	c->sum_leg_rtt_us += block->leg_rtt_us;
	c->sum_jitter_ms += block->jitter_ms;
	c->sum_loss_percent += block->loss_percent;
	c->square_mos += square(block->mos);
	c->square_rtt_us += square(block->rtt_us);
	c->square_leg_rtt_us += square(block->leg_rtt_us);
	c->square_jitter_ms += square(block->jitter_ms);
	c->square_loss_percent += square(block->loss_percent);
	add_step(c, block);
}

/* `clock_hz`: of the numbers in the report. */
static void rate(struct looking *l, struct ssrc_quality *reporter, uint32_t leg_rtt_us,
	const struct rtcp_report *report, uint32_t clock_hz)
{
	struct quality_block block = {
		.at_us = l->now_us,
		.leg_rtt_us = leg_rtt_us,
		.loss_percent = (uint8_t)(report->fraction_lost * 100 / 256),
	};
	uint64_t jitter_ms;

	l->rated++;
	if (!clock_hz)
		return;
	jitter_ms = (uint64_t)report->jitter * 1000 / clock_hz;
	block.jitter_ms = (uint16_t)MIN(jitter_ms, UINT16_MAX);
	if (reporter->voip_rtt_us)
		block.rtt_us = reporter->voip_rtt_us;
	else if (leg_rtt_us && reporter->last_rtt_us)
		block.rtt_us = leg_rtt_us + reporter->last_rtt_us;
	if (block.rtt_us)
		block.mos = (uint8_t)mos_g107(block.rtt_us, block.jitter_ms, block.loss_percent);
	reporter->counts.lost = report->cumulative_lost;
	add_to_totals(&reporter->counts, &block);
	if (reporter->last_block_us && l->now_us - reporter->last_block_us < BLOCK_EVERY_US)
		return;
	reporter->last_block_us = l->now_us;
	add_block(&reporter->counts, &block);
}

/*
 * Of what is transcoded the reporter knows another SSRC, which counts in another clock. So many
 * are looked for in a datagram.
 */
static const struct outlet_ssrc *sent_as(struct looking *l, uint32_t ssrc)
{
	const struct stream *in = l->packet->in;

	if (!in->translated || l->sought == BLOCKS_PER_DATAGRAM)
		return NULL;
	l->sought++;
	return flow_sent_as(in->rtp_of, ssrc);
}

static void take_report(
	struct looking *l, struct ssrc_quality *reporter, const struct rtcp_report *report)
{
	const struct stream *in = l->packet->in;
	const struct outlet_ssrc *sent = sent_as(l, report->ssrc);
	struct ssrc_quality *about = find(l->quality, sent ? sent->in : report->ssrc);
	uint32_t leg_rtt_us = 0, clock_hz;

	if (about) {
		leg_rtt_us = round_trip_us(
			&about->own, report->last_sr, report->delay_since_last_sr, l->now_us);
		if (!leg_rtt_us)
			leg_rtt_us = round_trip_us(&about->sr, report->last_sr,
				report->delay_since_last_sr, l->now_us);
		if (leg_rtt_us)
			about->last_rtt_us = leg_rtt_us;
	}
	if (l->rated == BLOCKS_PER_DATAGRAM)
		return;
	if (sent && sent->clock_out)
		clock_hz = sent->clock_out;
	else
		clock_hz = clock_of_ssrc(in->set, sent ? sent->in : report->ssrc);
	rate(l, reporter, leg_rtt_us, report, clock_hz);
}

static uint32_t ntp_mid(uint32_t sec, uint32_t frac)
{
	return sec << 16 | frac >> 16;
}

/*
 * Answers to receiver reference times: round trips of those who send no SR, and who may be known by
 * an SSRC of ours to who answers.
 */
static void take_dlrr(struct looking *l, const struct rtcp_xr_block *block)
{
	const size_t header = 4, item = 12;

	for (size_t o = header; o + item <= block->len; o += item) {
		uint32_t ssrc = rtcp_number(block->data + o, 4), rtt_us;
		const struct outlet_ssrc *sent = sent_as(l, ssrc);
		struct ssrc_quality *about = find(l->quality, sent ? sent->in : ssrc);

		if (!about)
			continue;
		rtt_us = round_trip_us(&about->rrtr, rtcp_number(block->data + o + 4, 4),
			rtcp_number(block->data + o + 8, 4), l->now_us);
		if (rtt_us)
			about->last_rtt_us = rtt_us;
	}
}

static void take_extended(
	struct looking *l, struct ssrc_quality *sender, const struct rtcp_packet *packet)
{
	struct rtcp_xr_block block;
	size_t offset = 0;

	while (rtcp_xr_next(packet, &offset, &block))
		switch (block.type) {
		case RTCP_XR_REFERENCE_TIME:
			note_sent(&sender->rrtr,
				ntp_mid(rtcp_number(block.data + 4, 4),
					rtcp_number(block.data + 8, 4)),
				l->now_us);
			break;
		case RTCP_XR_DLRR:
			take_dlrr(l, &block);
			break;
		case RTCP_XR_VOIP_METRICS:
			sender->voip_rtt_us = rtcp_number(block.data + 16, 2) * 1000;
			break;
		default:
			break;
		}
}

/* What reports refer to; before the reports, whose place in the compound is not certain. */
static void take_times(struct looking *l, const struct rtcp_packet *packet)
{
	struct rtcp_sender_info info;
	struct ssrc_quality *sender;

	if (packet->type != RTCP_SR && packet->type != RTCP_RR && packet->type != RTCP_XR)
		return;
	sender = find_or_add(l->quality, packet->ssrc);
	sender->last_us = l->now_us;
	if (rtcp_sender_info(packet, &info))
		note_sent(&sender->sr, ntp_mid(info.ntp_sec, info.ntp_frac), l->now_us);
	else if (packet->type == RTCP_XR)
		take_extended(l, sender, packet);
}

static void take_reports(struct looking *l, const struct rtcp_packet *packet)
{
	struct ssrc_quality *reporter = find(l->quality, packet->ssrc);
	struct rtcp_report report;

	for (unsigned i = 0; reporter && rtcp_report(packet, i, &report); i++)
		take_report(l, reporter, &report);
}

static void each_packet(
	struct looking *l, void (*fn)(struct looking *l, const struct rtcp_packet *packet))
{
	const struct buf *buf = l->packet->buf;
	struct rtcp_packet packet;
	size_t offset = 0;

	while (rtcp_next(buf->data, buf->len, &offset, &packet) > 0)
		fn(l, &packet);
}

static struct session_quality *quality_of(struct session_state *state)
{
	struct session_quality *q = atomic_load_explicit(&state->quality, memory_order_relaxed);

	if (!q) {
		q = g_new0(struct session_quality, 1);
		atomic_store_explicit(&state->quality, q, memory_order_release);
	}
	return q;
}

void media_rtcp_in(const struct packet *packet)
{
	struct session_state *state = packet->in->set->state;
	struct looking l = {
		.packet = packet,
		.quality = quality_of(state),
		.now_us = packet->now_us,
	};

	stats_begin(&l.quality->seq);
	each_packet(&l, take_times);
	l.sought = 0;
	each_packet(&l, take_reports);
	stats_end(&l.quality->seq);
	media_worker_rtcp(state->worker, state->id, packet->buf->data, packet->buf->len);
}

void media_note_report(const struct stream_set *set, uint32_t ssrc, uint32_t mid, int64_t now_us)
{
	struct session_quality *q = quality_of(set->state);
	struct ssrc_quality *s;

	stats_begin(&q->seq);
	s = find_or_add(q, ssrc);
	s->last_us = now_us;
	note_sent(&s->own, mid, now_us);
	stats_end(&q->seq);
}

bool media_last_report(
	const struct stream_set *set, uint32_t ssrc, uint32_t *ret_mid, int64_t *ret_came_us)
{
	const struct session_quality *q = atomic_load_explicit(
		&set->state->quality, memory_order_relaxed);
	const struct ssrc_quality *s = q ? find(q, ssrc) : NULL;
	unsigned latest = s ? (s->sr.next + QUALITY_SENT_MAX - 1) % QUALITY_SENT_MAX : 0;

	if (!s || !s->sr.at_us[latest])
		return false;
	*ret_mid = s->sr.ntp_mid[latest];
	*ret_came_us = s->sr.at_us[latest];
	return true;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reports of ours. Each SSRC that the peer is sent gets a sender report, the first of them with
 * what was received from the peer; where nothing was sent, that is a receiver report. What they
 * say is in the statistics already, but for what was lost since the report before.
 */
#include "media/reporter.h"

#include <glib.h>

#include "base/clock.h"
#include "base/loop.h"
#include "media/flow.h"
#include "media/packet.h"
#include "media/report.h"
#include "media/transcoder.h"
#include "rtp/rtcp.h"
#include "sdp/sdp.h"

enum {
	SPREAD_US = 1000000, /* that much later at most, by chance */
	DELAY_SECOND = 65536,
};

_Static_assert(RTCP_REPORT_BYTES + RTCP_SDES_BYTES <= BUF_PAYLOAD, "a compound fits");
_Static_assert((int)STREAM_SSRC_MAX <= (int)RTCP_MAX_REPORTS, "all of a stream's in one report");

/* What the peer was told last of an SSRC of its (RFC 3550 A.3), by its place in the statistics. */
struct reported {
	uint32_t ssrc, expected, lost;
};

struct reporter {
	struct wheel_timer timer; /* set while it is on a worker */
	struct stream *stream;
	uint32_t ssrc; /* of who reports, while nothing is sent */
	int64_t wall_minus_mono_us;
	int64_t last_us, due_us;
	uint64_t packets_out; /* to the peer, by then */
	struct reported reported[STREAM_SSRC_MAX];
};

/* One round of reports. */
struct round {
	struct reporter *r;
	struct stream *way;
	int64_t now_us;
	struct rtcp_report reports[STREAM_SSRC_MAX];
	unsigned count; /* that are still to be told */
	bool any;       /* was sent */
};

/* ---- what is said of what was received ---- */

/* Of those expected since the report before. */
static uint8_t fraction_lost(struct reported *told, uint32_t expected, uint32_t lost)
{
	uint32_t more = expected - told->expected;
	int32_t more_lost = (int32_t)(lost - told->lost);

	told->expected = expected;
	told->lost = lost;
	return rtcp_fraction_lost(more, more_lost);
}

static void add_report(struct round *round, const struct ssrc_stats *s, unsigned place)
{
	const struct reception *rx = &s->reception;
	struct reported *told = &round->r->reported[place];
	struct rtcp_report *report = &round->reports[round->count++];
	int64_t came_us;

	if (told->ssrc != s->ssrc)
		*told = (struct reported){ .ssrc = s->ssrc };
	*report = (struct rtcp_report){
		.ssrc = s->ssrc,
		.fraction_lost = fraction_lost(told, rx->highest - rx->first + 1, rx->counts.lost),
		.cumulative_lost = (int32_t)MIN(rx->counts.lost, 0x7fffffu),
		.highest_seq = rx->highest,
		.jitter = rx->jitter >> 4,
	};
	if (media_last_report(round->r->stream->set, s->ssrc, &report->last_sr, &came_us))
		report->delay_since_last_sr = (uint32_t)((round->now_us - came_us) * DELAY_SECOND /
							 1000000);
}

/* All that was heard since the last time. */
static void collect_reports(struct round *round)
{
	const struct stream_counts *counts = &round->r->stream->stats->counts;

	for (unsigned i = 0; i < STREAM_SSRC_MAX; i++)
		if (counts->ssrc[i].used && counts->ssrc[i].last_us > round->r->last_us)
			add_report(round, &counts->ssrc[i], i);
}

/* ---- what is said of what was sent ---- */

/* Where sections share a transport, it tells of which of them this is. */
static struct str mid_of(const struct stream *stream)
{
	bool shared = stream->bundle || stream->carrier != stream;

	return shared && stream->plan->in ? stream->plan->in->mid : STR_NULL;
}

/* `info` NULL: nothing was sent under this SSRC. */
static void send_report(struct round *round, uint32_t ssrc, const struct rtcp_sender_info *info)
{
	static const union sock nobody;
	const struct stream *stream = round->r->stream;
	struct packet packet = {
		.buf = buf_get(media_worker_pool(stream->set->state->worker)),
		.in = round->way,
		.from = &nobody,
		.now_us = round->now_us,
		.kind = DATAGRAM_RTCP,
	};
	size_t len;

	round->any = true;
	if (!packet.buf) {
		reason_count(REASON_NO_BUFFER);
		return;
	}
	len = rtcp_write_report(packet.buf->data, ssrc, info, round->reports, round->count);
	len += rtcp_write_sdes(packet.buf->data + len, ssrc, report_cname(), mid_of(stream));
	packet.buf->len = (uint32_t)len;
	round->count = 0;
	media_send(&packet, round->way);
}

/* `in`: what it is called by its source, whose round trips answers to this report tell. */
static void send_sender_report(
	struct round *round, uint32_t in, uint32_t out, struct rtcp_sender_info *info)
{
	rtcp_set_time(info, round->now_us + round->r->wall_minus_mono_us);
	media_note_report(round->r->stream->set, in, info->ntp_sec << 16 | info->ntp_frac >> 16,
		round->now_us);
	send_report(round, out, info);
}

/* What its clock shows now, of `hz`. */
static uint32_t timestamp_now(
	const struct round *round, const struct ssrc_stats *s, uint32_t timestamp, uint32_t hz)
{
	return timestamp + (uint32_t)((round->now_us - s->last_us) * hz / 1000000);
}

/* Under its own SSRC; the octets are those of payloads, as far as headers have 12. */
static void report_relayed(
	struct round *round, const struct stream *source, const struct ssrc_stats *s)
{
	uint32_t hz = stream_clock_hz(source, s->payload_type);
	struct rtcp_sender_info info = {
		.rtp_timestamp = timestamp_now(round, s, s->last_timestamp, hz),
		.packets = (uint32_t)s->packets,
		.octets = (uint32_t)(s->bytes - s->packets * RTP_HEADER_BYTES),
	};

	send_sender_report(round, s->ssrc, s->ssrc, &info);
}

static void report_transcoded(struct round *round, struct flow *flow, const struct ssrc_stats *s)
{
	const struct outlet_ssrc *sent = outlet_find_in(&flow->outlet, s->ssrc);
	struct rtcp_sender_info info;
	uint32_t hz;

	if (!sent || !sent->packets)
		return;
	/* Of what passes under other numbers it is the source's. */
	hz = sent->clock_out ? sent->clock_out
			     : stream_clock_hz(flow->outlet.source, s->payload_type);
	info = (struct rtcp_sender_info){
		.rtp_timestamp = timestamp_now(
			round, s, outlet_timestamp(sent, s->last_timestamp), hz),
		.packets = sent->packets,
		.octets = sent->octets,
	};
	send_sender_report(round, s->ssrc, sent->out, &info);
}

static void report_source(struct round *round, struct stream *source)
{
	const struct stream_counts *counts = &source->stats->counts;
	struct flow *flow = flow_find(source, round->r->stream);

	for (unsigned i = 0; i < STREAM_SSRC_MAX; i++) {
		const struct ssrc_stats *s = &counts->ssrc[i];

		if (!s->used || s->last_us <= round->r->last_us)
			continue;
		if (!flow)
			report_relayed(round, source, s);
		else if (!flow->outlet.mixed) /* the generator reports on those that are */
			report_transcoded(round, flow, s);
	}
}

static bool sends_to(const struct stream *source, const struct stream *sink)
{
	for (unsigned p = 0; p < source->rtp_sink_count; p++)
		if (source->rtp_sinks[p] == sink && source != sink)
			return true;
	return false;
}

static void report_all(struct reporter *r, int64_t now_us)
{
	struct stream_set *set = r->stream->set;
	uint64_t packets_out = r->stream->stats->counts.packets_out;
	struct round round = { .r = r, .way = report_way(r->stream), .now_us = now_us };

	if (!round.way || !round.way->carrier->dest_len)
		return;
	collect_reports(&round);
	for (unsigned i = 0; packets_out != r->packets_out && i < set->plan->stream_count; i++)
		if (sends_to(&set->streams[i], r->stream))
			report_source(&round, &set->streams[i]);
	if (!round.any)
		send_report(&round, r->ssrc, NULL);
	r->packets_out = r->stream->stats->counts.packets_out;
}

/* ---- its timer ---- */

static struct wheel *wheel_of(const struct reporter *r)
{
	return loop_wheel(media_worker_loop(r->stream->set->state->worker));
}

/* The same chance every time would do as well; it is there so that calls do not agree. */
static void set_timer(struct reporter *r, int64_t now_us)
{
	r->due_us = now_us + r->stream->plan->report_us +
		    (int64_t)((r->ssrc ^ (uint64_t)now_us) % SPREAD_US);
	wheel_set(wheel_of(r), &r->timer, r->due_us);
}

static void on_due(struct wheel_timer *timer, int64_t now_us)
{
	struct reporter *r = container_of(timer, struct reporter, timer);

	report_all(r, now_us);
	r->last_us = now_us;
	set_timer(r, now_us);
}

/* ---- plans come and go ---- */

void reporters_open(struct stream_set *set)
{
	for (unsigned i = 0; i < set->plan->stream_count; i++) {
		struct stream *s = &set->streams[i];

		if (!s->rtp || !s->plan->report_us)
			continue;
		s->reporter = g_new0(struct reporter, 1);
		s->reporter->stream = s;
		s->reporter->ssrc = g_random_int() | 1;
		s->reporter->wall_minus_mono_us = clock_wall_us() - clock_mono_us();
		wheel_timer_init(&s->reporter->timer, on_due);
		report_cname();
	}
}

void reporters_free(struct stream_set *set)
{
	for (unsigned i = 0; i < set->plan->stream_count; i++)
		g_free(set->streams[i].reporter);
}

static void inherit(struct reporter *r, const struct reporter *before)
{
	r->ssrc = before->ssrc;
	r->last_us = before->last_us;
	r->due_us = before->due_us;
	r->packets_out = before->packets_out;
	memcpy(r->reported, before->reported, sizeof(r->reported));
	wheel_set(wheel_of(r), &r->timer, r->due_us);
}

void reporters_inherit(struct stream_set *before, struct stream_set *next, int64_t now_us)
{
	if (before)
		reporters_stop(before);
	for (unsigned i = 0; i < next->plan->stream_count; i++) {
		struct stream *s = &next->streams[i];
		const struct stream *old = s->reporter ? stream_set_find(before, s->plan->id)
						       : NULL;

		if (old && old->reporter)
			inherit(s->reporter, old->reporter);
		else if (s->reporter)
			set_timer(s->reporter, now_us);
	}
}

void reporters_stop(struct stream_set *set)
{
	for (unsigned i = 0; i < set->plan->stream_count; i++)
		if (set->streams[i].reporter)
			wheel_clear(wheel_of(set->streams[i].reporter),
				&set->streams[i].reporter->timer);
}

void reporters_start(struct stream_set *set)
{
	for (unsigned i = 0; i < set->plan->stream_count; i++) {
		struct reporter *r = set->streams[i].reporter;

		if (r)
			wheel_set(wheel_of(r), &r->timer, r->due_us);
	}
}

/* ---- what comes from the peer ---- */

/* How the peer receives: the encoder of what it gets may be able to do something about it. */
static void hear_reports(const struct stream *rtp, const struct rtcp_packet *packet)
{
	struct rtcp_report report;

	for (unsigned i = 0; rtcp_report(packet, i, &report); i++) {
		struct flow *flow = flow_sending(rtp, report.ssrc);

		if (flow)
			flow_loss(flow, report.ssrc, report.fraction_lost * 100u / 256);
	}
}

void reporter_take(struct packet *packet)
{
	const struct buf *buf = packet->buf;
	struct rtcp_packet p;
	size_t offset = 0;

	while (packet->in->translated && rtcp_next(buf->data, buf->len, &offset, &p) > 0)
		hear_reports(packet->in->rtp_of, &p);
	buf_put(packet->buf);
}

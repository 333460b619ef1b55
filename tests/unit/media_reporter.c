/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reports of ours to two parties whose RTP is relayed, with the clock moved by milliseconds. */
#include "media/reporter.h"

#include <string.h>

#include <glib.h>

#include "../mock/media.h"
#include "../mock/network.h"
#include "base/clock.h"
#include "rtp/rtcp.h"
#include "rtp/rtp.h"
#include "sdp/sdp.h"

enum { HZ = 8000, FRAME = 160, FRAME_US = 20000, INTERVAL_US = 5000000, SSRC_X = 0x11223344 };

static const int64_t WALL_US = 1700000000000000;

static struct mock_media m;
static int64_t now_us;
static struct sdp_format pcmu = { .payload_type = 0, .clock_hz = HZ };
static struct sdp_media section = { .formats = &pcmu, .format_count = 1 };

/* The latest compound of ours. */
struct got {
	unsigned count; /* compounds */
	uint32_t ssrc;
	bool is_sender;
	struct rtcp_sender_info info;
	unsigned report_count;
	struct rtcp_report report;
	char cname[16];
};

static void apply(uint32_t report_us)
{
	struct plan *plan = mock_media_plan(&m);

	for (unsigned i = 0; i < 2; i++) {
		plan->streams[i].rtcp = true;
		plan->streams[i].in = &section;
		plan->streams[i].report_us = report_us;
	}
	mock_media_apply(&m, plan, NULL);
}

static void advance(int64_t us)
{
	for (; us > 0; us -= 1000) {
		now_us += 1000;
		clock_set_mock(now_us, WALL_US + now_us);
		media_worker_turn(m.worker);
	}
	mailbox_run(m.control);
}

static void open_all(void)
{
	now_us = 1000000;
	clock_set_mock(now_us, WALL_US + now_us);
	mock_media_open(&m);
	apply(INTERVAL_US);
}

static void close_all(void)
{
	mock_media_close(&m);
	clock_set_mock(-1, 0);
}

/* 20 ms of audio from X. */
static void say(uint16_t seq)
{
	struct rtp_header h = { .seq = seq, .ssrc = SSRC_X, .timestamp = seq * FRAME };
	uint8_t bytes[RTP_HEADER_BYTES + FRAME] = { 0 };

	rtp_write(bytes, &h);
	advance(FRAME_US);
	mock_media_send(&m, &mock_peer_x, 0, bytes, sizeof(bytes));
}

static void read_compound(const struct mock_datagram *d, struct got *got)
{
	struct rtcp_packet p;
	size_t offset = 0;

	g_assert_true(rtcp_valid(d->bytes, d->len));
	*got = (struct got){ .count = got->count + 1 };
	g_assert_cmpint(rtcp_next(d->bytes, d->len, &offset, &p), ==, 1);
	got->ssrc = p.ssrc;
	got->is_sender = rtcp_sender_info(&p, &got->info);
	got->report_count = p.count;
	rtcp_report(&p, 0, &got->report);
	g_assert_cmpint(rtcp_next(d->bytes, d->len, &offset, &p), ==, 1);
	g_assert_cmpuint(p.type, ==, RTCP_SDES);
	g_assert_cmpuint(p.ssrc, ==, got->ssrc);
	g_assert_cmpuint(p.data[8], ==, 1);
	g_assert_cmpuint(p.data[9], ==, 12);
	memcpy(got->cname, p.data + 10, 12);
	g_assert_cmpint(rtcp_next(d->bytes, d->len, &offset, &p), ==, 0);
}

/* All that this peer was sent; what is not RTCP is passed over. */
static struct got take(const struct addr *peer)
{
	struct mock_datagram *d;
	struct got got = { 0 };

	while ((d = mock_pop_to(peer))) {
		if (datagram_kind(d->bytes, d->len) == DATAGRAM_RTCP)
			read_compound(d, &got);
		g_free(d);
	}
	return got;
}

/* An SR, or with a report about X an RR. */
static void report_from(const struct addr *peer, unsigned lease, uint32_t ssrc, uint32_t ntp_mid,
	const struct rtcp_report *report)
{
	struct rtcp_sender_info info = { .ntp_sec = ntp_mid >> 16, .ntp_frac = ntp_mid << 16 };
	uint8_t bytes[RTCP_REPORT_BYTES];
	size_t len = report ? rtcp_write_report(bytes, ssrc, NULL, report, 1)
			    : rtcp_write_report(bytes, ssrc, &info, NULL, 0);

	mock_media_send(&m, peer, lease, bytes, len);
}

static void test_what_is_relayed(void)
{
	struct got x, y;
	int64_t said_us;

	open_all();
	for (unsigned seq = 1; seq <= 6; seq++)
		if (seq != 3)
			say((uint16_t)seq);
	said_us = now_us;
	advance(INTERVAL_US + 1000000);
	x = take(&mock_peer_x);
	y = take(&mock_peer_y);
	g_assert_cmpuint(y.count, ==, 1);
	g_assert_true(y.is_sender);
	g_assert_cmpuint(y.ssrc, ==, SSRC_X);
	g_assert_cmpuint(y.info.packets, ==, 5);
	g_assert_cmpuint(y.info.octets, ==, 5 * FRAME);
	g_assert_cmpuint(y.report_count, ==, 0);
	/* By both clocks of it the same time has gone by. */
	g_assert_cmpuint(y.info.ntp_sec - 0x83aa7e80, >=, (WALL_US + said_us) / 1000000 + 4);
	g_assert_cmpuint(y.info.rtp_timestamp, ==,
		6 * FRAME +
			(uint32_t)((((int64_t)y.info.ntp_sec - 0x83aa7e80) * 1000000 +
					   (int64_t)((uint64_t)y.info.ntp_frac * 1000000 >> 32) +
					   1 - WALL_US - said_us) *
				   HZ / 1000000));
	g_assert_cmpuint(x.count, ==, 1);
	g_assert_false(x.is_sender);
	g_assert_cmpuint(x.report_count, ==, 1);
	g_assert_cmpuint(x.report.ssrc, ==, SSRC_X);
	g_assert_cmpint(x.report.cumulative_lost, ==, 1);
	g_assert_cmpuint(x.report.fraction_lost, ==, 256 / 6);
	g_assert_cmpuint(x.report.highest_seq, ==, 6);
	g_assert_cmpuint(x.report.last_sr, ==, 0);
	g_assert_cmpstr(x.cname, ==, y.cname);
	close_all();
}

/* Losses are of the time since the report before; who was silent is not reported on. */
static void test_later_reports(void)
{
	struct got x, y;

	open_all();
	say(1);
	say(3);
	advance(INTERVAL_US + 1000000);
	take(&mock_peer_x);
	take(&mock_peer_y);
	say(4);
	say(5);
	advance(INTERVAL_US + 1000000);
	x = take(&mock_peer_x);
	y = take(&mock_peer_y);
	g_assert_cmpuint(x.report_count, ==, 1);
	g_assert_cmpuint(x.report.fraction_lost, ==, 0);
	g_assert_cmpint(x.report.cumulative_lost, ==, 1);
	g_assert_cmpuint(y.info.packets, ==, 4);
	advance(INTERVAL_US + 1000000);
	x = take(&mock_peer_x);
	y = take(&mock_peer_y);
	g_assert_cmpuint(x.count, ==, 1);
	g_assert_cmpuint(x.report_count, ==, 0);
	g_assert_cmpuint(y.count, ==, 1);
	g_assert_false(y.is_sender);
	close_all();
}

/* What comes ends here; our next report says when it came. */
static void test_what_comes(void)
{
	struct got x;

	open_all();
	say(1);
	report_from(&mock_peer_x, 0, SSRC_X, 0xabcd1234, NULL);
	g_assert_cmpuint(take(&mock_peer_y).count, ==, 0);
	g_assert_cmpuint(m.stats[0]->counts.errors_in, ==, 0);
	advance(INTERVAL_US + 1000000);
	x = take(&mock_peer_x);
	g_assert_cmpuint(x.report.last_sr, ==, 0xabcd1234);
	g_assert_cmpuint(x.report.delay_since_last_sr, >=, 5 * 65536 - 65536 / 10);
	g_assert_cmpuint(x.report.delay_since_last_sr, <=, 6 * 65536);
	close_all();
}

static void test_round_trip(void)
{
	struct quality_counts counts;
	struct rtcp_report about = { .ssrc = SSRC_X };
	struct got y;
	unsigned i;

	open_all();
	do {
		say((uint16_t)(now_us / FRAME_US));
		y = take(&mock_peer_y);
	} while (!y.count);
	about.last_sr = y.info.ntp_sec << 16 | y.info.ntp_frac >> 16;
	about.delay_since_last_sr = 65536 / 2;
	advance(530000);
	report_from(&mock_peer_y, 2, 0xb, 0, &about);
	for (i = 0; quality_read(m.state->quality, i, &counts) && counts.ssrc != 0xb; i++)
		;
	g_assert_cmpuint(counts.ssrc, ==, 0xb);
	g_assert_cmpuint(counts.all_leg_rtt_us.samples, ==, 1);
	g_assert_cmpuint(counts.all_leg_rtt_us.sum, >=, 29000);
	g_assert_cmpuint(counts.all_leg_rtt_us.sum, <=, 50000);
	close_all();
}

static void test_over_plans(void)
{
	struct got x;

	open_all();
	say(1);
	say(3);
	advance(INTERVAL_US - 1000000);
	apply(INTERVAL_US);
	advance(2000000);
	x = take(&mock_peer_x);
	g_assert_cmpuint(x.count, ==, 1);
	g_assert_cmpint(x.report.cumulative_lost, ==, 1);
	/* Nothing is told twice. */
	apply(INTERVAL_US);
	say(4);
	advance(INTERVAL_US + 1000000);
	x = take(&mock_peer_x);
	g_assert_cmpuint(x.report.fraction_lost, ==, 0);
	g_assert_cmpint(x.report.cumulative_lost, ==, 1);
	/* And no more of ours, but theirs. */
	apply(0);
	take(&mock_peer_y);
	advance(3 * INTERVAL_US);
	g_assert_cmpuint(take(&mock_peer_x).count, ==, 0);
	report_from(&mock_peer_x, 0, SSRC_X, 1, NULL);
	g_assert_cmpuint(mock_sent(), ==, 1);
	close_all();
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/reporter/relayed", test_what_is_relayed);
	g_test_add_func("/reporter/later", test_later_reports);
	g_test_add_func("/reporter/comes", test_what_comes);
	g_test_add_func("/reporter/round-trip", test_round_trip);
	g_test_add_func("/reporter/over-plans", test_over_plans);
	return g_test_run();
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* media/outlet.c: when packets that were made anew leave, and how many samples each has. */
#include "media/outlet.h"

#include <glib.h>

#include "../mock/flow.h"
#include "media/flow.h"
#include "media/transcoder.h"

static void test_longer_packets(void)
{
	mock_flow_begin(30);
	mock_flow_send_audio(1, 160);
	mock_flow_expect_nothing();
	mock_flow_advance(20000);
	mock_flow_send_audio(2, 320);
	mock_flow_expect_audio(1, 160, 160, 240);
	mock_flow_expect_nothing();
	mock_flow_advance(20000);
	mock_flow_send_audio(3, 480);
	mock_flow_expect_nothing(); /* there is enough for it, but its time is in 10 ms */
	mock_flow_advance(10000);
	mock_flow_expect_audio(2, 400, 400, 240);
	mock_flow_end();
}

static void test_shorter_packets_leave_one_by_one(void)
{
	mock_flow_begin(10);
	mock_flow_send_audio(1, 160);
	mock_flow_expect_audio(1, 160, 160, 80);
	mock_flow_expect_nothing();
	mock_flow_advance(9000);
	mock_flow_expect_nothing();
	mock_flow_advance(1000);
	mock_flow_expect_audio(2, 240, 240, 80);
	mock_flow_advance(10000);
	mock_flow_send_audio(2, 320);
	mock_flow_expect_audio(3, 320, 320, 80);
	mock_flow_expect_nothing();
	mock_flow_end();
}

/* Each of two sources at once has its own pace; both have to wait for a half. */
static void test_paces_of_two_sources(void)
{
	enum { OTHER = MOCK_FLOW_SSRC + 1 };
	struct transcoder *second;
	struct stream_set *set;
	const struct plan_transcode *t;
	struct err err;

	mock_flow_begin(10);
	set = mock_flow.media.state->set;
	t = set->plan->streams[0].transcodes[0];
	g_assert_cmpint(transcoder_new(t, &second, &err), ==, 0);
	g_assert_true(flow_add_transcoder(set, 1, 2, t, second));
	for (uint16_t nth = 0; nth < 4; nth++) {
		uint32_t one = 160u * nth, two = 5000 + 160u * nth;

		mock_flow_send_audio((uint16_t)(1 + nth), one);
		mock_flow_expect_audio((uint16_t)(1 + 2 * nth), one, one, 80);
		mock_flow_expect_nothing();
		mock_flow_advance(4000);
		mock_flow_send_as(OTHER, MOCK_FLOW_IN, (uint16_t)(7 + nth), two);
		mock_flow_expect_audio((uint16_t)(7 + 2 * nth), two, two, 80);
		mock_flow_expect_nothing();
		mock_flow_advance(6000);
		mock_flow_expect_audio((uint16_t)(2 + 2 * nth), one + 80, one + 80, 80);
		mock_flow_expect_nothing();
		mock_flow_advance(4000);
		mock_flow_expect_audio((uint16_t)(8 + 2 * nth), two + 80, two + 80, 80);
		mock_flow_expect_nothing();
		mock_flow_advance(6000);
	}
	mock_flow_end();
}

/* What is due earlier leaves before what another source has sent earlier. */
static void test_order_of_two_sources(void)
{
	struct outlet_packet packet = { .clock_hz = 8000 };
	static const uint32_t ssrcs[] = { 1, 2, 1, 2 };
	static const uint32_t timestamps[] = { 0, 0, 800, 160 }; /* 100 ms; 20 ms */
	struct mock_flow_packet got;
	struct outlet o;
	uint32_t out[2];

	mock_flow_begin(20);
	outlet_init(&o, 1);
	o.source = mock_media_stream(&mock_flow.media, 0);
	o.sink = mock_media_stream(&mock_flow.media, 1);
	stream_stats_make_sent(o.sink->stats);
	for (unsigned i = 0; i < 4; i++) {
		out[ssrcs[i] - 1] = outlet_select(&o, ssrcs[i], 1, 0)->out;
		packet.buf = buf_get(media_worker_pool(mock_flow.media.worker));
		packet.buf->len = RTP_HEADER_BYTES;
		packet.timestamp = timestamps[i];
		outlet_send(&o, &packet, mock_flow.now_us);
	}
	for (unsigned i = 0; i < 4; i++) {
		mock_flow_advance(i == 2 ? 20000 : i == 3 ? 80000 : 0);
		g_assert_true(mock_flow_receive(&got));
		g_assert_cmpuint(got.h.ssrc, ==, out[i == 1 || i == 2]);
		g_free(got.datagram);
	}
	mock_flow_expect_nothing();
	mock_flow_end();
}

/* `ms` whose samples count on from the timestamp. */
static void send_length(uint16_t seq, uint32_t timestamp, unsigned ms)
{
	uint8_t packet[RTP_HEADER_BYTES + 2 * 8 * 120];
	struct rtp_header h = { .payload_type = MOCK_FLOW_IN,
		.seq = seq,
		.timestamp = timestamp,
		.ssrc = MOCK_FLOW_SSRC };

	rtp_write(packet, &h);
	for (uint32_t i = 0; i < ms * 8; i++) {
		packet[RTP_HEADER_BYTES + 2 * i] = (uint8_t)((timestamp + i) >> 8);
		packet[RTP_HEADER_BYTES + 2 * i + 1] = (uint8_t)(timestamp + i);
	}
	mock_media_send(&mock_flow.media, &mock_peer_x, 0, packet, RTP_HEADER_BYTES + 2 * 8 * ms);
}

/* Two seconds of packets that change from `first_ms` to `then_ms` in the middle: all is there. */
static void check_lengths(unsigned first_ms, unsigned then_ms, uint16_t out_ms)
{
	enum { TOTAL_MS = 2000 };
	uint32_t sent_ms = 0, count = out_ms * 8u;
	uint16_t seq = 0, got = 0;

	mock_flow_begin(out_ms);
	while (sent_ms < TOTAL_MS) {
		unsigned ms = sent_ms < TOTAL_MS / 2 ? first_ms : then_ms;

		send_length(seq++, sent_ms * 8, ms);
		sent_ms += ms;
		for (unsigned i = 0; i < ms; i++) {
			struct mock_flow_packet packet;

			while (mock_flow_receive(&packet)) {
				g_assert_cmpuint(packet.h.seq, ==, got);
				g_assert_cmpuint(packet.h.timestamp, ==, got * count);
				mock_flow_assert_samples(&packet, got * count, count);
				g_free(packet.datagram);
				got++;
			}
			mock_flow_advance(1000);
		}
	}
	g_assert_cmpuint(got + 1u, >=, sent_ms / out_ms);
	mock_flow_end();
}

static void test_packets_of_all_lengths(void)
{
	for (unsigned in = 10; in <= 120; in += 10)
		for (uint16_t out = 10; out <= 120; out += 10) {
			check_lengths(in, in, out);
			check_lengths(in, 130 - in, out);
		}
}

/* One packet is late: all after it wait a little, but not for good. */
static void test_waiting_ends(void)
{
	int64_t start_us, delay_us = 0, longest_us = 0;
	uint16_t next = 1;
	struct mock_flow_packet got;

	mock_flow_begin(20);
	for (start_us = mock_flow.now_us; mock_flow.now_us < start_us + 5000000;
		mock_flow_advance(1000)) {
		while (mock_flow.now_us - start_us >= next * 20000 + (next == 2) * 30000) {
			mock_flow_send_audio(next, 160u * next);
			next++;
		}
		while (mock_flow_receive(&got)) {
			delay_us = mock_flow.now_us - start_us - got.h.seq * 20000;
			longest_us = MAX(longest_us, delay_us);
			g_free(got.datagram);
		}
	}
	g_assert_cmpint(longest_us, ==, 30000);
	g_assert_cmpint(delay_us, <=, 5000);
	mock_flow_end();
}

/*
 * Ten minutes of a source whose clock is off by so much (spec media 3.7): every packet comes out, in
 * order and with its timestamp, at most `most_us` after the source had what is in it.
 */
static void drift(int ppm, uint16_t ptime_ms, int64_t most_us)
{
	enum { SECONDS = 600, PACKETS = SECONDS * 50, STEP_US = 1000 };
	uint32_t ticks = ptime_ms * 8u, got_count = 0, sent = 0;
	int64_t start_us, packet_us = 20000 - 20000 * ppm / 1000000, worst_us = 0, last_us = 0;
	struct mock_flow_packet got;

	mock_flow_begin(ptime_ms);
	for (start_us = mock_flow.now_us; sent < PACKETS; mock_flow_advance(STEP_US)) {
		for (; sent < PACKETS && mock_flow.now_us - start_us >= sent * packet_us; sent++)
			mock_flow_send_audio((uint16_t)sent, 160 * sent);
		for (; mock_flow_receive(&got); got_count++) {
			/* The source's packet that has its last sample. */
			int64_t whole = ((got_count + 1) * ticks - 1) / 160;

			g_assert_cmpuint(got.h.seq, ==, got_count & 0xffff);
			g_assert_cmpuint(got.h.timestamp, ==, got_count * ticks);
			last_us = mock_flow.now_us - start_us - whole * packet_us;
			worst_us = MAX(worst_us, last_us);
			g_free(got.datagram);
		}
	}
	g_test_message("%d ppm, %u ms: at most %d us", ppm, ptime_ms, (int)worst_us);
	g_assert_cmpint(worst_us, <=, most_us);
	g_assert_cmpuint(got_count, >=, (PACKETS - 2) * 160 / ticks);
	g_assert_cmpuint(mock_flow.media.stats[0]->counts.packets_in, ==, PACKETS);
	g_assert_cmpuint(mock_flow.media.stats[1]->counts.packets_out, ==, got_count);
	mock_flow_end();
}

static void test_clocks_that_drift(void)
{
	drift(200, 20, 7000);
	drift(-200, 20, 7000);
}

/* What is cut anew waits for its time. */
static void test_clocks_that_drift_anew(void)
{
	drift(200, 10, 17000);
	drift(-200, 10, 17000);
	drift(200, 30, 17000);
	drift(-200, 30, 17000);
}

/* Of `count` packets the `late` ones, as bits, come `late_us` late: when do they all leave? */
struct lateness {
	uint64_t late;
	int64_t late_us;
	unsigned moved_from; /* the first one behind which all is put off … */
	int64_t moved_us;    /* … by so much */
	unsigned count;
};

static void check_lateness(const struct lateness *l)
{
	int64_t start_us;
	unsigned next = 1;
	struct mock_flow_packet got;

	mock_flow_begin(20);
	for (start_us = mock_flow.now_us; next < l->count; mock_flow_advance(1000)) {
		int64_t late_us = l->late >> next & 1 ? l->late_us : 0;

		if (mock_flow.now_us - start_us >= next * 20000 + late_us) {
			mock_flow_send_audio((uint16_t)next, 160u * next);
			next++;
		}
		while (mock_flow_receive(&got)) {
			int64_t delay_us = mock_flow.now_us - start_us - got.h.seq * 20000;
			bool moved = got.h.seq > l->moved_from;
			int64_t late = l->late >> got.h.seq & 1 ? l->late_us : 0;

			g_assert_cmpint(delay_us, ==, moved ? MAX(l->moved_us, late) : late);
			g_free(got.datagram);
		}
	}
	mock_flow_end();
}

#define BIT(n) (UINT64_C(1) << (n))

/* Now and then, as when this process had to wait: the others keep their pace. */
static void test_few_late(void)
{
	const struct lateness one = { BIT(52), 8000, 64, 0, 64 };
	const struct lateness very = { BIT(52), 15000, 64, 0, 64 };
	const struct lateness some = { BIT(50) | BIT(56) | BIT(62), 2000, 64, 0, 64 };
	const struct lateness in_a_row = { BIT(52) | BIT(53) | BIT(54), 3000, 64, 0, 64 };

	check_lateness(&one);
	check_lateness(&very);
	check_lateness(&some);
	check_lateness(&in_a_row);
}

/* Again and again: what follows waits as long, and then none is late. */
static void test_many_late(void)
{
	const struct lateness in_a_row = { ~UINT64_C(0) << 52, 3000, 55, 3000, 64 };
	const struct lateness every_third = { UINT64_C(0x1249) << 49, 4000, 61, 4000, 64 };

	check_lateness(&in_a_row);
	check_lateness(&every_third);
}

/* A source that stands still for longer, as networks do. */
static void test_very_late_again(void)
{
	const struct lateness twice = { BIT(50) | BIT(54), 12000, 54, 12000, 64 };
	const struct lateness seldom = { BIT(50) | BIT(60), 12000, 64, 0, 64 };

	check_lateness(&twice);
	check_lateness(&seldom);
}

/* The first packet says little of when those to come will be there. */
static void test_late_at_first(void)
{
	const struct lateness second = { BIT(2), 2000, 2, 2000, 48 };
	const struct lateness later = { BIT(24), 2000, 24, 2000, 48 };
	const struct lateness very = { BIT(10), 100000, 10, 100000, 32 };
	const struct lateness after = { BIT(26), 2000, 64, 0, 48 };

	check_lateness(&second);
	check_lateness(&later);
	check_lateness(&very);
	check_lateness(&after);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/media/outlet/longer", test_longer_packets);
	g_test_add_func("/media/outlet/shorter", test_shorter_packets_leave_one_by_one);
	g_test_add_func("/media/outlet/lengths", test_packets_of_all_lengths);
	g_test_add_func("/media/outlet/waiting", test_waiting_ends);
	g_test_add_func("/media/outlet/drift", test_clocks_that_drift);
	g_test_add_func("/media/outlet/drift-anew", test_clocks_that_drift_anew);
	g_test_add_func("/media/outlet/late/few", test_few_late);
	g_test_add_func("/media/outlet/late/many", test_many_late);
	g_test_add_func("/media/outlet/late/very", test_very_late_again);
	g_test_add_func("/media/outlet/late/first", test_late_at_first);
	g_test_add_func("/media/outlet/two/pace", test_paces_of_two_sources);
	g_test_add_func("/media/outlet/two/order", test_order_of_two_sources);
	return g_test_run();
}

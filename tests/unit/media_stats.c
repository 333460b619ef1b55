/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A stream's counts as its reader sees them. */
#include "media/stats.h"

#include <sched.h>

#include <glib.h>

#include "../mock/media.h"
#include "../mock/network.h"
#include "base/clock.h"
#include "base/ref.h"
#include "rtp/rtp.h"

enum {
	WRITES = 100000,
	ROUNDS = 100,
	RTP_BYTES = 172,
};

static struct stream_counts counts_of(struct mock_media *m, unsigned stream)
{
	struct stream_counts counts;

	stream_stats_read(m->stats[stream], &counts);
	return counts;
}

static void send_rtp(struct mock_media *m, uint32_t ssrc, uint16_t seq, size_t len)
{
	struct rtp_header h = { .seq = seq, .ssrc = ssrc, .payload_type = 8, .timestamp = 5 };
	uint8_t bytes[200] = { 0 };

	rtp_write(bytes, &h);
	mock_media_send(m, &mock_peer_x, 0, bytes, len);
}

static void test_new_record_is_empty(void)
{
	struct stream_stats *stats = stream_stats_new();
	struct stream_counts counts, none = { 0 };

	memset(&counts, 0xff, sizeof(counts));
	stream_stats_read(stats, &counts);
	g_assert_cmpmem(&counts, sizeof(counts), &none, sizeof(none));
	ref_drop(stats);
}

static void test_packets_and_bytes_in_and_out(void)
{
	struct stream_counts x, y;
	struct mock_media m;

	clock_set_mock(5000000, 0);
	mock_media_open(&m);
	mock_media_apply(&m, mock_media_plan(&m), NULL);
	send_rtp(&m, 1, 1, 172);
	send_rtp(&m, 1, 2, 100);
	x = counts_of(&m, 0);
	y = counts_of(&m, 1);
	g_assert_cmpuint(x.packets_in, ==, 2);
	g_assert_cmpuint(x.bytes_in, ==, 272);
	g_assert_cmpuint(x.packets_out, ==, 0);
	g_assert_cmpint(x.last_in_us, ==, 5000000);
	g_assert_cmpuint(y.packets_out, ==, 2);
	g_assert_cmpuint(y.bytes_out, ==, 272);
	g_assert_cmpuint(y.packets_in, ==, 0);
	g_assert_cmpint(y.last_in_us, ==, 0);
	mock_media_close(&m);
	clock_set_mock(-1, 0);
}

static void test_dropped_packets_are_errors_and_no_sign_of_life(void)
{
	struct stream_counts x;
	struct mock_media m;

	mock_media_open(&m);
	mock_media_apply(&m, mock_media_plan(&m), NULL);
	mock_media_send(&m, &mock_peer_x, 0, "nonsense", 8);
	x = counts_of(&m, 0);
	g_assert_cmpuint(x.errors_in, ==, 1);
	g_assert_cmpuint(x.packets_in, ==, 0);
	g_assert_cmpint(x.last_in_us, ==, 0);
	mock_media_close(&m);
}

static void test_ssrc_has_latest_of_its_packets(void)
{
	struct stream_counts x;
	struct mock_media m;

	mock_media_open(&m);
	mock_media_apply(&m, mock_media_plan(&m), NULL);
	send_rtp(&m, 77, 10, 20);
	send_rtp(&m, 77, 11, 30);
	x = counts_of(&m, 0);
	g_assert_true(x.ssrc[0].used);
	g_assert_cmpuint(x.ssrc[0].ssrc, ==, 77);
	g_assert_cmpuint(x.ssrc[0].packets, ==, 2);
	g_assert_cmpuint(x.ssrc[0].bytes, ==, 50);
	g_assert_cmpuint(x.ssrc[0].last_seq, ==, 11);
	g_assert_cmpuint(x.ssrc[0].last_timestamp, ==, 5);
	g_assert_cmpuint(x.ssrc[0].payload_type, ==, 8);
	g_assert_false(x.ssrc[1].used);
	mock_media_close(&m);
}

static bool has_ssrc(const struct stream_counts *counts, uint32_t ssrc)
{
	for (unsigned i = 0; i < STREAM_SSRC_MAX; i++)
		if (counts->ssrc[i].used && counts->ssrc[i].ssrc == ssrc)
			return true;
	return false;
}

static void test_ssrc_unused_for_longest_is_forgotten(void)
{
	struct stream_counts x;
	struct mock_media m;

	clock_set_mock(1000, 0);
	mock_media_open(&m);
	mock_media_apply(&m, mock_media_plan(&m), NULL);
	for (uint32_t i = 1; i <= STREAM_SSRC_MAX; i++) {
		clock_set_mock(1000 * i, 0);
		send_rtp(&m, i, 1, 12);
	}
	clock_set_mock(100000, 0);
	send_rtp(&m, 1, 2, 12);
	send_rtp(&m, 99, 1, 12);
	x = counts_of(&m, 0);
	g_assert_cmpuint(x.ssrcs_forgotten, ==, 1);
	g_assert_true(has_ssrc(&x, 1));
	g_assert_true(has_ssrc(&x, 99));
	g_assert_false(has_ssrc(&x, 2));
	mock_media_close(&m);
	clock_set_mock(-1, 0);
}

static void test_sequences_are_kept_of_all_ssrcs(void)
{
	struct sequence_counts sum;
	struct stream_counts x;
	struct mock_media m;

	mock_media_open(&m);
	mock_media_apply(&m, mock_media_plan(&m), NULL);
	/* One more than there is room for. */
	for (uint32_t i = 1; i <= STREAM_SSRC_MAX + 1; i++) {
		send_rtp(&m, i, 1, 12);
		send_rtp(&m, i, 4, 12);
		send_rtp(&m, i, 2, 12);
		send_rtp(&m, i, 2, 12);
		send_rtp(&m, i, 1000, 12);
	}
	x = counts_of(&m, 0);
	sum = stream_counts_sequence(&x);
	g_assert_cmpuint(x.ssrcs_forgotten, ==, 1);
	g_assert_cmpuint(sum.lost, ==, STREAM_SSRC_MAX + 1);
	g_assert_cmpuint(sum.duplicates, ==, STREAM_SSRC_MAX + 1);
	g_assert_cmpuint(sum.skips, ==, STREAM_SSRC_MAX + 1);
	g_assert_cmpuint(sum.reordered, ==, STREAM_SSRC_MAX + 1);
	g_assert_cmpuint(sum.resets, ==, STREAM_SSRC_MAX + 1);
	mock_media_close(&m);
}

/* --- threads --- */

/* A packet in two steps, so that the writer can be held up between them. */
static void write_first(struct stream_stats *stats)
{
	stream_stats_begin(stats);
	stats->counts.packets_in++;
	atomic_signal_fence(memory_order_seq_cst);
}

static void write_rest(struct stream_stats *stats)
{
	atomic_signal_fence(memory_order_seq_cst);
	stats->counts.bytes_in += RTP_BYTES;
	stats->counts.errors_in++;
	stream_stats_end(stats);
}

/* What both steps together keep true, near the begin of the record and far from it. */
static void assert_whole(const struct stream_counts *counts)
{
	g_assert_cmpuint(counts->bytes_in, ==, counts->packets_in * RTP_BYTES);
	g_assert_cmpuint(counts->errors_in, ==, counts->packets_in);
}

struct held_write {
	struct stream_stats *stats;
	atomic_bool reader_comes;
};

static gpointer end_held_write(gpointer arg)
{
	struct held_write *held = arg;

	while (!atomic_load(&held->reader_comes))
		sched_yield();
	for (int i = 0; i < 10; i++)
		sched_yield();
	write_rest(held->stats);
	return NULL;
}

static void test_reader_waits_for_the_end_of_a_write(void)
{
	struct stream_stats *stats = stream_stats_new();

	for (unsigned i = 1; i <= ROUNDS; i++) {
		struct held_write held = { .stats = stats };
		struct stream_counts counts;

		write_first(stats);
		GThread *thread = g_thread_new("writer", end_held_write, &held);
		atomic_store(&held.reader_comes, true);
		stream_stats_read(stats, &counts);
		g_thread_join(thread);
		g_assert_cmpuint(counts.packets_in, ==, i);
		assert_whole(&counts);
	}
	ref_drop(stats);
}

/* Now and then it yields, in a write and between two, so that they meet on one CPU as well. */
static gpointer write_all(gpointer arg)
{
	struct stream_stats *stats = arg;

	for (int i = 0; i < WRITES; i++) {
		write_first(stats);
		if (i % 1024 == 0)
			sched_yield();
		write_rest(stats);
		if (i % 1024 == 512)
			sched_yield();
	}
	return NULL;
}

static void test_copies_are_whole_while_it_is_written(void)
{
	struct stream_stats *stats = stream_stats_new();
	GThread *thread = g_thread_new("writer", write_all, stats);
	struct stream_counts counts;
	uint64_t last = 0;

	do {
		stream_stats_read(stats, &counts);
		assert_whole(&counts);
		g_assert_cmpuint(counts.packets_in, >=, last);
		last = counts.packets_in;
	} while (last < WRITES);
	g_thread_join(thread);
	ref_drop(stats);
}

static void send_of(struct stream_stats *stats, uint32_t in, int64_t now_us)
{
	const struct sent_packet packet = { .in = in,
		.out = in + 100,
		.bytes = 172,
		.seq = 7,
		.timestamp = 160,
		.now_us = now_us };

	stream_stats_sent(stats, &packet);
}

/* Only where there is room made for them; the one unused for longest gives way. */
static void test_sent_ssrcs(void)
{
	struct stream_stats *stats = stream_stats_new();
	struct sent_counts sent;

	send_of(stats, 1, 1);
	g_assert_false(stream_stats_read_sent(stats, &sent));
	stream_stats_make_sent(stats);
	g_assert_true(stream_stats_read_sent(stats, &sent));
	g_assert_false(sent.ssrc[0].used);
	for (uint32_t in = 1; in <= STREAM_SSRC_MAX; in++)
		send_of(stats, in, in);
	send_of(stats, 1, 10);
	send_of(stats, 9, 11);
	stream_stats_make_sent(stats); /* again: what is there stays */
	g_assert_true(stream_stats_read_sent(stats, &sent));
	g_assert_cmpuint(sent.in[0], ==, 1);
	g_assert_cmpuint(sent.ssrc[0].packets, ==, 2);
	g_assert_cmpuint(sent.ssrc[0].bytes, ==, 344);
	g_assert_cmpuint(sent.in[1], ==, 9);
	g_assert_cmpuint(sent.ssrc[1].ssrc, ==, 109);
	g_assert_cmpuint(sent.ssrc[1].packets, ==, 1);
	ref_drop(stats);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/media/stats/empty", test_new_record_is_empty);
	g_test_add_func("/media/stats/in-out", test_packets_and_bytes_in_and_out);
	g_test_add_func("/media/stats/errors", test_dropped_packets_are_errors_and_no_sign_of_life);
	g_test_add_func("/media/stats/ssrc", test_ssrc_has_latest_of_its_packets);
	g_test_add_func("/media/stats/forgotten", test_ssrc_unused_for_longest_is_forgotten);
	g_test_add_func("/media/stats/sequences", test_sequences_are_kept_of_all_ssrcs);
	g_test_add_func("/media/stats/held-write", test_reader_waits_for_the_end_of_a_write);
	g_test_add_func("/media/stats/race", test_copies_are_whole_while_it_is_written);
	g_test_add_func("/media/stats/sent", test_sent_ssrcs);
	return g_test_run();
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A stream's counts as its reader sees them. */
#include "media/stats.h"

#include <glib.h>

#include "../mock/media.h"
#include "../mock/network.h"
#include "base/clock.h"
#include "base/ref.h"
#include "rtp/rtp.h"

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

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/media/stats/empty", test_new_record_is_empty);
	g_test_add_func("/media/stats/in-out", test_packets_and_bytes_in_and_out);
	g_test_add_func("/media/stats/errors", test_dropped_packets_are_errors_and_no_sign_of_life);
	g_test_add_func("/media/stats/ssrc", test_ssrc_has_latest_of_its_packets);
	g_test_add_func("/media/stats/forgotten", test_ssrc_unused_for_longest_is_forgotten);
	return g_test_run();
}

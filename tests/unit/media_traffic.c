/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sums of stream records: while they are there, when they move and when they are gone. */
#include "media/traffic.h"

#include <glib.h>

#include "base/ref.h"

static struct traffic_counts sum_of(const struct traffic *traffic)
{
	struct traffic_counts sum = { 0 };

	traffic_add(traffic, &sum);
	return sum;
}

static void count(struct stream_stats *stats, unsigned packets)
{
	stats->counts.packets_in += packets;
	stats->counts.bytes_in += 100 * packets;
	stats->counts.packets_out += 2 * packets;
	stats->counts.errors_in += 1;
	stats->counts.drops[REASON_NO_PEER] += 3;
	stats->counts.drops[REASON_RUNT] += 4;
}

static void test_live_and_ended(void)
{
	struct traffic *traffic = traffic_new();
	struct stream_stats *a = stream_stats_new(), *b = stream_stats_new();
	struct traffic_counts sum;

	traffic_take(traffic, a);
	traffic_take(traffic, b);
	count(a, 10);
	count(b, 5);
	sum = sum_of(traffic);
	g_assert_cmpuint(sum.packets_in, ==, 15);
	g_assert_cmpuint(sum.bytes_in, ==, 1500);
	g_assert_cmpuint(sum.errors_in, ==, 2);
	g_assert_cmpuint(sum.packets_out, ==, 30);
	g_assert_cmpuint(sum.errors_out, ==, 6);
	g_assert_cmpuint(sum.drops[REASON_NO_PEER], ==, 6);
	g_assert_cmpuint(sum.drops[REASON_RUNT], ==, 8);
	ref_drop(a);
	g_assert_cmpuint(sum_of(traffic).packets_in, ==, 15);
	count(b, 1);
	ref_drop(b);
	g_assert_cmpuint(sum_of(traffic).packets_in, ==, 16);
	g_assert_true(list_empty(&traffic->records));
	g_assert_cmpuint(ref_count(traffic), ==, 1);
	ref_drop(traffic);
}

static void test_each_address_has_its_own_part(void)
{
	struct traffic *here = traffic_new(), *there = traffic_new();
	struct stream_stats *stats = stream_stats_new();

	traffic_take(here, stats);
	traffic_take(here, stats);
	count(stats, 10);
	traffic_take(there, stats);
	g_assert_cmpuint(sum_of(here).packets_in, ==, 10);
	g_assert_cmpuint(sum_of(there).packets_in, ==, 0);
	count(stats, 7);
	traffic_take(here, stats);
	count(stats, 1);
	ref_drop(stats);
	g_assert_cmpuint(sum_of(here).packets_in, ==, 11);
	g_assert_cmpuint(sum_of(there).packets_in, ==, 7);
	g_assert_cmpuint(sum_of(there).drops[REASON_RUNT], ==, 4);
	ref_drop(here);
	ref_drop(there);
}

static void test_records_hold_what_they_add_to(void)
{
	struct traffic *traffic = traffic_new();
	struct stream_stats *stats = stream_stats_new(), *nowhere = stream_stats_new();

	traffic_take(traffic, stats);
	ref_drop(traffic);
	count(stats, 1);
	ref_drop(stats);
	ref_drop(nowhere);
}

static void test_jitter_is_sampled_at_the_end(void)
{
	struct traffic *traffic = traffic_new();
	struct stream_stats *stats = stream_stats_new();
	struct ssrc_stats *s = stats->counts.ssrc;

	metric_reset();
	traffic_take(traffic, stats);
	for (unsigned i = 0; i < 3; i++) {
		s[i].used = true;
		s[i].packets = i + 1; /* the first: too few */
		reception_begin(&s[i].reception, 1);
		reception_set_clock(&s[i].reception, 8, 8000);
		s[i].reception.jitter = 16 * 8 * 20 * i; /* ms */
	}
	ref_drop(stats);
	g_assert_cmpuint(metric_sum(METRIC_JITTER_MEASURED)->samples, ==, 2);
	g_assert_cmpfloat(metric_sum(METRIC_JITTER_MEASURED)->sum, >, 59.9);
	g_assert_cmpfloat(metric_sum(METRIC_JITTER_MEASURED)->sum, <, 60.1);
	g_assert_cmpuint(traffic->metrics[METRIC_JITTER_MEASURED].samples, ==, 2);
	ref_drop(traffic);
	metric_reset();
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/media/traffic/live-ended", test_live_and_ended);
	g_test_add_func("/media/traffic/moved", test_each_address_has_its_own_part);
	g_test_add_func("/media/traffic/held", test_records_hold_what_they_add_to);
	g_test_add_func("/media/traffic/jitter", test_jitter_is_sampled_at_the_end);
	return g_test_run();
}

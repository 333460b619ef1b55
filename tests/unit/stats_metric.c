/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sums, averages and deviation of sampled values. */
#include "stats/metric.h"

#include <glib.h>

static void test_nothing(void)
{
	const struct metric_sum *s = metric_sum(METRIC_MOS);

	metric_reset();
	g_assert_cmpuint(s->samples, ==, 0);
	g_assert_cmpfloat(metric_average(s), ==, 0);
	g_assert_cmpfloat(metric_deviation(s), ==, 0);
}

static void test_sums(void)
{
	const struct metric_sum *s = metric_sum(METRIC_CALL_DURATION);

	metric_reset();
	metric_add(METRIC_CALL_DURATION, 2);
	metric_add_sums(METRIC_CALL_DURATION, 2, 4, 80);
	g_assert_cmpuint(s->samples, ==, 3);
	g_assert_cmpfloat(s->sum, ==, 6);
	g_assert_cmpfloat(s->sum_of_squares, ==, 84);
	g_assert_cmpfloat(metric_average(s), ==, 2);
	g_assert_cmpfloat_with_epsilon(metric_deviation(s), 4.898979, 1e-5);
}

static void test_rounding(void)
{
	metric_reset();
	for (int i = 0; i < 3; i++)
		metric_add(METRIC_JITTER, 0.1);
	g_assert_cmpfloat_with_epsilon(metric_deviation(metric_sum(METRIC_JITTER)), 0, 1e-6);
	g_assert_cmpuint(metric_sum(METRIC_MOS)->samples, ==, 0);
}

static void test_names(void)
{
	g_assert_cmpstr(metric_stem(METRIC_RTT_DISCRETE), ==, "rtt_dsct");
	g_assert_cmpstr(metric_text(METRIC_PACKET_LOSS), ==, "packet loss");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/metric/nothing", test_nothing);
	g_test_add_func("/metric/sums", test_sums);
	g_test_add_func("/metric/rounding", test_rounding);
	g_test_add_func("/metric/names", test_names);
	return g_test_run();
}

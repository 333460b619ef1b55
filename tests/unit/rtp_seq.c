/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Distances between numbers that wrap. */
#include "rtp/seq.h"

#include <glib.h>

static void test_seq_distance_has_a_sign(void)
{
	g_assert_cmpint(seq_diff(10, 7), ==, 3);
	g_assert_cmpint(seq_diff(7, 10), ==, -3);
	g_assert_cmpint(seq_diff(7, 7), ==, 0);
}

static void test_seq_distance_goes_over_the_wrap(void)
{
	g_assert_cmpint(seq_diff(1, 65534), ==, 3);
	g_assert_cmpint(seq_diff(65534, 1), ==, -3);
	g_assert_cmpint(seq_diff(32767, 0), ==, 32767);
	g_assert_cmpint(seq_diff(32768, 0), ==, -32768);
}

static void test_timestamp_distance_goes_over_the_wrap(void)
{
	g_assert_cmpint(timestamp_diff(320, 160), ==, 160);
	g_assert_cmpint(timestamp_diff(60, UINT32_MAX - 99), ==, 160);
	g_assert_cmpint(timestamp_diff(UINT32_MAX - 99, 60), ==, -160);
	g_assert_cmpint(timestamp_diff(0x80000000, 0), ==, INT32_MIN);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/rtp/seq/sign", test_seq_distance_has_a_sign);
	g_test_add_func("/rtp/seq/wrap", test_seq_distance_goes_over_the_wrap);
	g_test_add_func("/rtp/seq/timestamp", test_timestamp_distance_goes_over_the_wrap);
	return g_test_run();
}

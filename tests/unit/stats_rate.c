/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rates: by the time that really passed. */
#include "stats/rate.h"

#include <glib.h>

static void test_rates(void)
{
	counter_add(COUNTER_PACKETS_OUT, 1000);
	rate_tick(5000000);
	g_assert_cmpuint(rate_per_second(RATE_PACKETS), ==, 0);
	counter_add(COUNTER_PACKETS_OUT, 300);
	counter_add(COUNTER_BYTES_OUT, 3000);
	rate_tick(7000000);
	g_assert_cmpuint(rate_per_second(RATE_PACKETS), ==, 150);
	g_assert_cmpuint(rate_per_second(RATE_BYTES), ==, 1500);
	g_assert_cmpuint(rate_per_second(RATE_ERRORS), ==, 0);
	rate_tick(7000000);
	g_assert_cmpuint(rate_per_second(RATE_PACKETS), ==, 150);
	rate_tick(8000000);
	g_assert_cmpuint(rate_per_second(RATE_PACKETS), ==, 0);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/rate/rates", test_rates);
	return g_test_run();
}

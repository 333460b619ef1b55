/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Intervals: what is told of the last whole one, and that the running one starts anew. */
#include "stats/interval.h"

#include <glib.h>

static const int64_t SECOND_US = 1000000;
static const int64_t START_US = 5 * 1000000;

/* A second with so many requests of kind 3, each taking so long, and so many calls at its end. */
static void pass_second(int second, unsigned requests, int64_t duration_us, unsigned calls)
{
	for (unsigned i = 0; i < requests; i++)
		interval_note_request(3, duration_us);
	interval_tick(START_US + second * SECOND_US, calls);
}

static void begin(unsigned calls)
{
	interval_reset();
	interval_tick(START_US, calls);
}

static void assert_range(const struct interval_range *r, double min, double max, double average)
{
	g_assert_cmpfloat_with_epsilon(r->min, min, 1e-9);
	g_assert_cmpfloat_with_epsilon(r->max, max, 1e-9);
	g_assert_cmpfloat_with_epsilon(r->average, average, 1e-9);
}

static void test_nothing_before_the_first_has_ended(void)
{
	begin(9);
	for (int i = 1; i < INTERVAL_S; i++)
		pass_second(i, 1, 1000, 9);
	g_assert_cmpuint(interval_last()->requests[3], ==, 0);
	g_assert_cmpuint(interval_last()->max_calls, ==, 0);
	assert_range(&interval_last()->delay_s[3], 0, 0, 0);
}

static void test_delays_and_rates(void)
{
	begin(0);
	pass_second(1, 10, 2000, 0);
	pass_second(2, 2, 500, 0);
	for (int i = 3; i <= INTERVAL_S; i++)
		pass_second(i, 4, 1000, 0);
	g_assert_cmpuint(interval_last()->requests[3], ==, 12 + 58 * 4);
	assert_range(&interval_last()->per_second[3], 2, 10, (12 + 58 * 4) / 60.0);
	assert_range(&interval_last()->delay_s[3], 0.0005, 0.002,
		(10 * 0.002 + 2 * 0.0005 + 58 * 4 * 0.001) / (12 + 58 * 4));
	assert_range(&interval_last()->per_second[2], 0, 0, 0);
}

static void test_seconds_without_requests_count(void)
{
	begin(0);
	for (int i = 1; i <= INTERVAL_S; i++)
		pass_second(i, i == 30 ? 6 : 0, 1000, 0);
	assert_range(&interval_last()->per_second[3], 0, 6, 0.1);
	assert_range(&interval_last()->delay_s[3], 0.001, 0.001, 0.001);
}

static void test_rates_are_of_the_real_time(void)
{
	begin(0);
	for (int i = 2; i <= INTERVAL_S; i += 2)
		pass_second(i, 10, 1000, 0);
	assert_range(&interval_last()->per_second[3], 5, 5, 5);
}

static void test_calls(void)
{
	begin(5);
	for (int i = 1; i <= INTERVAL_S; i++) {
		if (i == 20)
			interval_note_calls(40); /* between two ticks */
		if (i == 21)
			interval_note_calls(2);
		pass_second(i, 0, 0, 10);
	}
	g_assert_cmpuint(interval_last()->min_calls, ==, 2);
	g_assert_cmpuint(interval_last()->max_calls, ==, 40);
	g_assert_cmpfloat_with_epsilon(interval_last()->call_seconds, 600, 1e-6);
}

static void test_each_interval_starts_anew(void)
{
	begin(100);
	for (int i = 1; i <= INTERVAL_S; i++)
		pass_second(i, 7, 9000, 100);
	for (int i = 1; i < INTERVAL_S; i++)
		pass_second(INTERVAL_S + i, 1, 1000, 3);
	g_assert_cmpuint(interval_last()->requests[3], ==, 7 * INTERVAL_S);
	pass_second(2 * INTERVAL_S, 1, 1000, 3);
	g_assert_cmpuint(interval_last()->requests[3], ==, INTERVAL_S);
	assert_range(&interval_last()->delay_s[3], 0.001, 0.001, 0.001);
	assert_range(&interval_last()->per_second[3], 1, 1, 1);
	g_assert_cmpuint(interval_last()->min_calls, ==, 3);
	g_assert_cmpuint(interval_last()->max_calls, ==, 100); /* as it began */
}

static void test_odd_input(void)
{
	begin(0);
	interval_note_request(INTERVAL_KINDS, 5);
	interval_note_request((unsigned)-1, 5);
	interval_tick(START_US, 1);
	interval_tick(START_US - SECOND_US, 1);
	g_assert_cmpuint(interval_last()->max_calls, ==, 0);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/stats/interval/none", test_nothing_before_the_first_has_ended);
	g_test_add_func("/stats/interval/requests", test_delays_and_rates);
	g_test_add_func("/stats/interval/gaps", test_seconds_without_requests_count);
	g_test_add_func("/stats/interval/real-time", test_rates_are_of_the_real_time);
	g_test_add_func("/stats/interval/calls", test_calls);
	g_test_add_func("/stats/interval/anew", test_each_interval_starts_anew);
	g_test_add_func("/stats/interval/odd", test_odd_input);
	return g_test_run();
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The texts of the system's load, and rates out of readings. */
#include "stats/load.h"

#include <glib.h>

static const int64_t HALF_SECOND_US = 500000;

static void assert_average(const char *text, unsigned hundredths)
{
	unsigned got;

	g_assert_true(load_parse_average(text, &got));
	g_assert_cmpuint(got, ==, hundredths);
}

static void test_average_has_two_decimals(void)
{
	assert_average("0.00 0.01 0.05 1/123 4567\n", 0);
	assert_average("12.34 9.00 8.00 1/2 3", 1234);
	assert_average("0.07", 7);
	assert_average("3.5", 350);
}

static void test_other_texts_have_no_average(void)
{
	unsigned got = 4711;

	g_assert_false(load_parse_average("", &got));
	g_assert_false(load_parse_average("nothing", &got));
	g_assert_false(load_parse_average("12", &got));
	g_assert_false(load_parse_average("1.x", &got));
	g_assert_cmpuint(got, ==, 4711);
}

static void test_cpu_is_user_nice_and_system_against_idle(void)
{
	uint64_t busy, idle;

	g_assert_true(
		load_parse_cpu("cpu  100 20 3 5000 600 7 8 9 0 0\ncpu0 1 2 3 4\n", &busy, &idle));
	g_assert_cmpuint(busy, ==, 123);
	g_assert_cmpuint(idle, ==, 5000);
}

static void test_other_lines_have_no_cpu(void)
{
	uint64_t busy, idle;

	g_assert_false(load_parse_cpu("", &busy, &idle));
	g_assert_false(load_parse_cpu("cpu0 1 2 3 4\n", &busy, &idle));
	g_assert_false(load_parse_cpu("cpu  1 2 3\n", &busy, &idle));
	g_assert_false(load_parse_cpu("intr 1 2 3 4\n", &busy, &idle));
}

static void test_first_reading_gives_no_rates(void)
{
	struct load_sampler sampler = { 0 };
	struct load_reading now = { 1000, 150, 900, 100, 1000000 };
	struct load load;

	load_sample(&sampler, &now, &load);
	g_assert_cmpuint(load.average_hundredths, ==, 150);
	g_assert_cmpfloat(load.cpu_percent, ==, 0);
	g_assert_cmpuint(load.bytes_per_s, ==, 0);
}

static void test_cpu_is_that_of_the_time_between_two_readings(void)
{
	struct load_sampler sampler = { 0 };
	struct load_reading now = { .at_us = HALF_SECOND_US, .cpu_busy = 1000, .cpu_idle = 1000 };
	struct load load;

	load_sample(&sampler, &now, &load);
	now.cpu_busy += 30;
	now.cpu_idle += 70;
	load_sample(&sampler, &now, &load);
	g_assert_cmpfloat(load.cpu_percent, ==, 30);
	now.cpu_idle += 100;
	load_sample(&sampler, &now, &load);
	g_assert_cmpfloat(load.cpu_percent, ==, 0);
}

static void test_idle_time_that_goes_back_is_none(void)
{
	struct load_sampler sampler = { 0 };
	struct load_reading now = { .cpu_busy = 1000, .cpu_idle = 1000 };
	struct load load;

	load_sample(&sampler, &now, &load);
	now.cpu_busy += 10;
	now.cpu_idle -= 5;
	load_sample(&sampler, &now, &load);
	g_assert_cmpfloat(load.cpu_percent, ==, 100);
}

/* With a reading every half second. */
static void test_bytes_are_those_of_the_last_second(void)
{
	struct load_sampler sampler = { 0 };
	struct load_reading now = { 0 };
	struct load load;
	static const struct {
		uint64_t more, expected;
	} steps[] = { { 0, 0 }, { 1000, 2000 }, { 500, 1500 }, { 500, 1000 }, { 0, 500 },
		{ 0, 0 } };

	for (unsigned i = 0; i < G_N_ELEMENTS(steps); i++) {
		now.at_us += HALF_SECOND_US;
		now.bytes_in += steps[i].more;
		load_sample(&sampler, &now, &load);
		g_assert_cmpuint(load.bytes_per_s, ==, steps[i].expected);
	}
}

static void test_this_machine_can_be_read(void)
{
	struct load_reading now;

	load_read(&now);
	g_assert_cmpint(now.at_us, >, 0);
	if (g_file_test("/proc/stat", G_FILE_TEST_EXISTS))
		g_assert_cmpuint(now.cpu_busy, >, 0);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/load/average", test_average_has_two_decimals);
	g_test_add_func("/load/average-other", test_other_texts_have_no_average);
	g_test_add_func("/load/cpu", test_cpu_is_user_nice_and_system_against_idle);
	g_test_add_func("/load/cpu-other", test_other_lines_have_no_cpu);
	g_test_add_func("/load/first", test_first_reading_gives_no_rates);
	g_test_add_func("/load/cpu-percent", test_cpu_is_that_of_the_time_between_two_readings);
	g_test_add_func("/load/cpu-back", test_idle_time_that_goes_back_is_none);
	g_test_add_func("/load/bytes", test_bytes_are_those_of_the_last_second);
	g_test_add_func("/load/system", test_this_machine_can_be_read);
	return g_test_run();
}

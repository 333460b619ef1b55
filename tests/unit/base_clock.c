/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The clock follows the system until a test sets it. */
#include "base/clock.h"

#include <time.h>

#include <glib.h>

static int64_t system_us(clockid_t id)
{
	struct timespec now;

	clock_gettime(id, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void test_monotonic_is_the_systems(void)
{
	int64_t before_us = system_us(CLOCK_MONOTONIC);
	int64_t now_us = clock_mono_us();

	g_assert_cmpint(now_us, >=, before_us);
	g_assert_cmpint(now_us, <=, system_us(CLOCK_MONOTONIC));
}

/* The wall clock may be set meanwhile; by more than a minute it will not. */
static void test_wall_is_the_systems(void)
{
	int64_t off_us = clock_wall_us() - system_us(CLOCK_REALTIME);

	g_assert_cmpint(ABS(off_us), <, 60 * 1000000);
}

static void test_mock_stands_still(void)
{
	clock_set_mock(5000, 1700000000000000);
	g_assert_cmpint(clock_mono_us(), ==, 5000);
	g_assert_cmpint(clock_mono_us(), ==, 5000);
	g_assert_cmpint(clock_wall_us(), ==, 1700000000000000);
	clock_set_mock(6000, 1700000000001000);
	g_assert_cmpint(clock_mono_us(), ==, 6000);
	g_assert_cmpint(clock_wall_us(), ==, 1700000000001000);
	clock_set_mock(-1, 0);
}

static void test_mock_may_be_zero(void)
{
	clock_set_mock(0, 0);
	g_assert_cmpint(clock_mono_us(), ==, 0);
	g_assert_cmpint(clock_wall_us(), ==, 0);
	clock_set_mock(-1, 0);
}

static void test_negative_goes_back_to_the_system(void)
{
	int64_t before_us = system_us(CLOCK_MONOTONIC);

	clock_set_mock(1, 1);
	clock_set_mock(-1, 1);
	g_assert_cmpint(clock_mono_us(), >=, before_us);
	g_assert_cmpint(clock_wall_us(), >, 1);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/base/clock/mono", test_monotonic_is_the_systems);
	g_test_add_func("/base/clock/wall", test_wall_is_the_systems);
	g_test_add_func("/base/clock/mock", test_mock_stands_still);
	g_test_add_func("/base/clock/mock-zero", test_mock_may_be_zero);
	g_test_add_func("/base/clock/mock-off", test_negative_goes_back_to_the_system);
	return g_test_run();
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The timer wheel: when timers run, in which order, and what they may do meanwhile. */
#include "base/wheel.h"

#include <glib.h>

enum { START_US = 5000000, MANY = 3000 };

struct alarm {
	struct wheel_timer timer;
	struct wheel *wheel;
	struct wheel_timer *clears; /* when it runs; NULL: none */
	int64_t repeat_us;          /* sets itself again; 0: not */
	unsigned runs;
	int64_t ran_at_us;
	unsigned place;
};

static unsigned run_count;

static void on_alarm(struct wheel_timer *timer, int64_t now_us)
{
	struct alarm *a = container_of(timer, struct alarm, timer);

	a->runs++;
	a->ran_at_us = now_us;
	a->place = ++run_count;
	if (a->clears)
		wheel_clear(a->wheel, a->clears);
	if (a->repeat_us)
		wheel_set(a->wheel, timer, now_us + a->repeat_us);
}

static void alarm_at(struct alarm *a, struct wheel *wheel, int64_t us)
{
	*a = (struct alarm){ .wheel = wheel };
	wheel_timer_init(&a->timer, on_alarm);
	wheel_set(wheel, &a->timer, us);
}

static void test_runs_at_its_time_and_once(void)
{
	struct wheel wheel;
	struct alarm a;

	wheel_init(&wheel, START_US);
	g_assert_cmpint(wheel_next_us(&wheel), ==, -1);
	alarm_at(&a, &wheel, START_US + 20500);
	g_assert_cmpint(wheel_next_us(&wheel), ==, START_US + 21000);
	wheel_run(&wheel, START_US + 20999);
	g_assert_cmpuint(a.runs, ==, 0);
	wheel_run(&wheel, START_US + 21000);
	g_assert_cmpuint(a.runs, ==, 1);
	g_assert_cmpint(wheel_next_us(&wheel), ==, -1);
	wheel_run(&wheel, START_US + 9999999);
	g_assert_cmpuint(a.runs, ==, 1);
}

static void test_order(void)
{
	struct wheel wheel;
	struct alarm a[4];

	wheel_init(&wheel, START_US);
	alarm_at(&a[0], &wheel, START_US + 30000);
	alarm_at(&a[1], &wheel, START_US + 10000);
	alarm_at(&a[2], &wheel, START_US + 30000);
	alarm_at(&a[3], &wheel, START_US + 20000);
	run_count = 0;
	wheel_run(&wheel, START_US + 100000);
	g_assert_cmpuint(a[1].place, ==, 1);
	g_assert_cmpuint(a[3].place, ==, 2);
	g_assert_cmpuint(a[0].place, ==, 3);
	g_assert_cmpuint(a[2].place, ==, 4);
}

static void test_later_rounds_wait(void)
{
	const int64_t round_us = (int64_t)WHEEL_SLOTS * WHEEL_TICK_US;
	struct wheel wheel;
	struct alarm near, far;

	wheel_init(&wheel, START_US);
	alarm_at(&near, &wheel, START_US + 5000);
	alarm_at(&far, &wheel, START_US + 5000 + 3 * round_us);
	for (int64_t us = START_US; us < START_US + 5000 + 3 * round_us; us += 1000)
		wheel_run(&wheel, us);
	g_assert_cmpuint(near.runs, ==, 1);
	g_assert_cmpuint(far.runs, ==, 0);
	g_assert_cmpint(wheel_next_us(&wheel), <=, START_US + 5000 + 3 * round_us);
	wheel_run(&wheel, START_US + 5000 + 3 * round_us);
	g_assert_cmpuint(far.runs, ==, 1);
}

static void test_after_a_long_rest(void)
{
	struct wheel wheel;
	struct alarm a[3];

	wheel_init(&wheel, START_US);
	alarm_at(&a[0], &wheel, START_US + 1000);
	alarm_at(&a[1], &wheel, START_US + 700000);
	alarm_at(&a[2], &wheel, START_US + INT64_C(86400000000));
	wheel_run(&wheel, START_US + 60000000);
	g_assert_cmpuint(a[0].runs, ==, 1);
	g_assert_cmpuint(a[1].runs, ==, 1);
	g_assert_cmpuint(a[2].runs, ==, 0);
	wheel_run(&wheel, START_US + INT64_C(86400000000));
	g_assert_cmpuint(a[2].runs, ==, 1);
}

static void test_what_is_over_runs_next(void)
{
	struct wheel wheel;
	struct alarm a;

	wheel_init(&wheel, START_US);
	alarm_at(&a, &wheel, START_US - 1000000);
	wheel_run(&wheel, START_US);
	g_assert_cmpuint(a.runs, ==, 0);
	wheel_run(&wheel, START_US + WHEEL_TICK_US);
	g_assert_cmpuint(a.runs, ==, 1);
}

static void test_set_anew_and_cleared(void)
{
	struct wheel wheel;
	struct alarm a, b;

	wheel_init(&wheel, START_US);
	alarm_at(&a, &wheel, START_US + 5000);
	alarm_at(&b, &wheel, START_US + 5000);
	wheel_set(&wheel, &a.timer, START_US + 9000);
	wheel_clear(&wheel, &b.timer);
	wheel_clear(&wheel, &b.timer);
	wheel_run(&wheel, START_US + 8000);
	g_assert_cmpuint(a.runs, ==, 0);
	wheel_run(&wheel, START_US + 9000);
	g_assert_cmpuint(a.runs, ==, 1);
	g_assert_cmpuint(b.runs, ==, 0);
	g_assert_cmpuint(wheel.count, ==, 0);
}

static void test_one_clears_another_of_its_tick(void)
{
	struct wheel wheel;
	struct alarm a, b;

	wheel_init(&wheel, START_US);
	alarm_at(&a, &wheel, START_US + 5000);
	alarm_at(&b, &wheel, START_US + 5000);
	a.clears = &b.timer;
	wheel_run(&wheel, START_US + 5000);
	g_assert_cmpuint(a.runs, ==, 1);
	g_assert_cmpuint(b.runs, ==, 0);
	g_assert_cmpint(wheel_next_us(&wheel), ==, -1);
}

static void test_repeated_ones_keep_their_pace(void)
{
	struct wheel wheel;
	struct alarm a;

	wheel_init(&wheel, START_US);
	alarm_at(&a, &wheel, START_US + 20000);
	a.repeat_us = 20000;
	for (int64_t us = START_US; us <= START_US + 1000000; us += 500)
		wheel_run(&wheel, us);
	g_assert_cmpuint(a.runs, ==, 50);
	/* Set for what is over, it does not run again in the same call. */
	a.repeat_us = -1;
	a.runs = 0;
	wheel_run(&wheel, START_US + 1020000);
	g_assert_cmpuint(a.runs, ==, 1);
}

static void test_many_at_random(void)
{
	g_autofree struct alarm *a = g_new0(struct alarm, MANY);
	g_autofree int64_t *due_us = g_new0(int64_t, MANY);
	GRand *random = g_rand_new_with_seed(7);
	struct wheel wheel;
	int64_t now_us = START_US;

	wheel_init(&wheel, now_us);
	for (unsigned i = 0; i < MANY; i++) {
		due_us[i] = START_US + g_rand_int_range(random, 1, 3000000);
		alarm_at(&a[i], &wheel, due_us[i]);
	}
	while (wheel.count) {
		int64_t next_us = wheel_next_us(&wheel);

		now_us = MAX(now_us + 1, next_us + g_rand_int_range(random, 0, 3000));
		wheel_run(&wheel, now_us);
	}
	for (unsigned i = 0; i < MANY; i++) {
		g_assert_cmpuint(a[i].runs, ==, 1);
		g_assert_cmpint(a[i].ran_at_us, >=, due_us[i]);
		g_assert_cmpint(a[i].ran_at_us, <, due_us[i] + 3000 + 2 * WHEEL_TICK_US);
	}
	g_rand_free(random);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/base/wheel/once", test_runs_at_its_time_and_once);
	g_test_add_func("/base/wheel/order", test_order);
	g_test_add_func("/base/wheel/rounds", test_later_rounds_wait);
	g_test_add_func("/base/wheel/rest", test_after_a_long_rest);
	g_test_add_func("/base/wheel/over", test_what_is_over_runs_next);
	g_test_add_func("/base/wheel/anew", test_set_anew_and_cleared);
	g_test_add_func("/base/wheel/clear", test_one_clears_another_of_its_tick);
	g_test_add_func("/base/wheel/pace", test_repeated_ones_keep_their_pace);
	g_test_add_func("/base/wheel/random", test_many_at_random);
	return g_test_run();
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The counters' table, and sums over live and ended threads. */
#include "stats/counter.h"

#include <stdbool.h>
#include <string.h>

#include <glib.h>

enum { THREADS = 4, LATE_THREADS = 100, ROUNDS = 10000 };

static bool is_name(const char *name)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789-";

	return g_ascii_islower(name[0]) && strspn(name, allowed) == strlen(name) &&
	       !strstr(name, "--") && !g_str_has_suffix(name, "-");
}

static void test_names_are_lower_case_and_unique(void)
{
	for (int i = 0; i < COUNTER_COUNT; i++) {
		const char *name = counter_row(i)->name;

		g_assert_true(is_name(name));
		for (int k = 0; k < i; k++)
			g_assert_cmpstr(name, !=, counter_row(k)->name);
	}
}

/* No capital first letter, but for abbreviations; no full stop. */
static void test_texts_can_stand_within_a_sentence(void)
{
	for (int i = 0; i < COUNTER_COUNT; i++) {
		const struct counter_row *row = counter_row(i);

		g_assert_cmpuint(strlen(row->unit), >, 0);
		g_assert_cmpuint(strlen(row->text), >, 1);
		g_assert_false(g_ascii_isupper(row->text[0]) && !g_ascii_isupper(row->text[1]));
		g_assert_false(g_str_has_suffix(row->text, "."));
	}
}

static void test_row_is_the_counters_own(void)
{
	g_assert_cmpstr(counter_row(COUNTER_PACKETS_IN)->name, ==, "packets-in");
	g_assert_cmpstr(counter_row(COUNTER_LEASE_CONFLICTS)->unit, ==, "ports");
}

static void test_added_is_in_the_total_of_that_counter_alone(void)
{
	uint64_t in = counter_total(COUNTER_PACKETS_IN);
	uint64_t before = counter_total(COUNTER_BYTES_IN);
	uint64_t out = counter_total(COUNTER_PACKETS_OUT);

	counter_add(COUNTER_BYTES_IN, 172);
	counter_add(COUNTER_BYTES_IN, UINT64_C(1) << 40);
	g_assert_cmpuint(counter_total(COUNTER_BYTES_IN), ==, before + 172 + (UINT64_C(1) << 40));
	g_assert_cmpuint(counter_total(COUNTER_PACKETS_IN), ==, in);
	g_assert_cmpuint(counter_total(COUNTER_PACKETS_OUT), ==, out);
}

static gpointer count_rounds(gpointer arg)
{
	(void)arg;
	for (int i = 0; i < ROUNDS; i++)
		counter_add(COUNTER_NG_REQUESTS, 1);
	return NULL;
}

static void test_all_threads_are_summed(void)
{
	uint64_t before = counter_total(COUNTER_NG_REQUESTS);
	GThread *threads[THREADS];

	for (int i = 0; i < THREADS; i++)
		threads[i] = g_thread_new("count", count_rounds, NULL);
	count_rounds(NULL);
	for (int i = 0; i < THREADS; i++)
		g_thread_join(threads[i]);
	g_assert_cmpuint(counter_total(COUNTER_NG_REQUESTS), ==, before + (THREADS + 1) * ROUNDS);
}

static void test_totals_never_fall_while_threads_come_and_go(void)
{
	uint64_t before = counter_total(COUNTER_NG_REQUESTS), last = before;

	for (int i = 1; i <= 50; i++) {
		GThread *thread = g_thread_new("count", count_rounds, NULL);

		for (int k = 0; k < 100; k++) {
			uint64_t total = counter_total(COUNTER_NG_REQUESTS);

			g_assert_cmpuint(total, >=, last);
			last = total;
		}
		g_thread_join(thread);
		g_assert_cmpuint(
			counter_total(COUNTER_NG_REQUESTS), ==, before + (uint64_t)i * ROUNDS);
	}
}

static void count_late(gpointer arg)
{
	(void)arg;
	for (int i = 0; i < ROUNDS; i++)
		counter_add(COUNTER_NG_ERRORS, 1);
}

static GPrivate late = G_PRIVATE_INIT(count_late);

static gpointer end_with_a_count(gpointer arg)
{
	g_private_set(&late, arg);
	counter_add(COUNTER_NG_ERRORS, 1);
	return NULL;
}

/* Other destructors of a thread may run after ours; its numbers may be another thread's by then. */
static void test_counting_in_a_threads_last_moments_is_kept(void)
{
	uint64_t before = counter_total(COUNTER_NG_ERRORS);

	GThread *threads[LATE_THREADS];

	for (int i = 0; i < LATE_THREADS; i++)
		threads[i] = g_thread_new("late", end_with_a_count, &late);
	for (int i = 0; i < LATE_THREADS; i++)
		g_thread_join(threads[i]);
	g_assert_cmpuint(
		counter_total(COUNTER_NG_ERRORS), ==, before + LATE_THREADS * (1 + ROUNDS));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/stats/counter/names", test_names_are_lower_case_and_unique);
	g_test_add_func("/stats/counter/texts", test_texts_can_stand_within_a_sentence);
	g_test_add_func("/stats/counter/row", test_row_is_the_counters_own);
	g_test_add_func("/stats/counter/add", test_added_is_in_the_total_of_that_counter_alone);
	g_test_add_func("/stats/counter/threads", test_all_threads_are_summed);
	g_test_add_func("/stats/counter/ended", test_totals_never_fall_while_threads_come_and_go);
	g_test_add_func("/stats/counter/late", test_counting_in_a_threads_last_moments_is_kept);
	return g_test_run();
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The reasons' table, and their numbers. */
#include "stats/reason.h"

#include <stdbool.h>
#include <string.h>

#include <glib.h>

#include "stats/counter.h"

enum { THREADS = 4, ROUNDS = 10000 };

static bool is_name(const char *name)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789-";

	return g_ascii_islower(name[0]) && strspn(name, allowed) == strlen(name) &&
	       !strstr(name, "--") && !g_str_has_suffix(name, "-");
}

static void test_names_are_lower_case_and_unique(void)
{
	for (int i = 0; i < REASON_COUNT; i++) {
		const char *name = reason_row(i)->name;

		g_assert_true(is_name(name));
		for (int k = 0; k < i; k++)
			g_assert_cmpstr(name, !=, reason_row(k)->name);
	}
}

static void test_drops_come_first(void)
{
	for (int i = 0; i < REASON_COUNT; i++)
		g_assert_cmpint(reason_row(i)->kind == REASON_DROP, ==, i < REASON_DROPS);
}

/* No capital first letter, but for abbreviations (STUN, ICE); no full stop. */
static void test_texts_can_stand_within_a_sentence(void)
{
	for (int i = 0; i < REASON_COUNT; i++) {
		const char *text = reason_row(i)->text;

		g_assert_cmpuint(strlen(text), >, 1);
		g_assert_false(g_ascii_isupper(text[0]) && !g_ascii_isupper(text[1]));
		g_assert_false(g_str_has_suffix(text, "."));
	}
}

static void test_row_is_the_reasons_own(void)
{
	g_assert_cmpstr(reason_row(REASON_RUNT)->name, ==, "runt");
	g_assert_cmpint(reason_row(REASON_RUNT)->kind, ==, REASON_DROP);
	g_assert_cmpint(reason_row(REASON_NO_PORTS)->kind, ==, REASON_REFUSE);
	g_assert_cmpstr(reason_row(REASON_DELETED)->name, ==, "deleted");
	g_assert_cmpint(reason_row(REASON_DELETED)->kind, ==, REASON_CHANGE);
}

static void test_count_is_in_the_total_of_that_reason_alone(void)
{
	uint64_t before[REASON_COUNT];
	uint64_t last_counter = counter_total(COUNTER_COUNT - 1);

	for (int i = 0; i < REASON_COUNT; i++)
		before[i] = reason_total(i);
	reason_count(0);
	reason_count(REASON_WRONG_SOURCE);
	reason_count(REASON_WRONG_SOURCE);
	for (int i = 0; i < REASON_COUNT; i++) {
		uint64_t added = i == 0 ? 1 : i == REASON_WRONG_SOURCE ? 2 : 0;

		g_assert_cmpuint(reason_total(i), ==, before[i] + added);
	}
	g_assert_cmpuint(counter_total(COUNTER_COUNT - 1), ==, last_counter);
}

static gpointer count_rounds(gpointer arg)
{
	(void)arg;
	for (int i = 0; i < ROUNDS; i++)
		reason_count(REASON_NO_BUFFER);
	return NULL;
}

static void test_live_and_ended_threads_are_summed(void)
{
	uint64_t before = reason_total(REASON_NO_BUFFER);
	GThread *threads[THREADS];

	for (int i = 0; i < THREADS; i++)
		threads[i] = g_thread_new("count", count_rounds, NULL);
	for (int i = 0; i < THREADS; i++)
		g_thread_join(threads[i]);
	count_rounds(NULL);
	g_assert_cmpuint(reason_total(REASON_NO_BUFFER), ==, before + (THREADS + 1) * ROUNDS);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/stats/reason/drops-come-first", test_drops_come_first);
	g_test_add_func("/stats/reason/names", test_names_are_lower_case_and_unique);
	g_test_add_func("/stats/reason/texts", test_texts_can_stand_within_a_sentence);
	g_test_add_func("/stats/reason/row", test_row_is_the_reasons_own);
	g_test_add_func("/stats/reason/count", test_count_is_in_the_total_of_that_reason_alone);
	g_test_add_func("/stats/reason/threads", test_live_and_ended_threads_are_summed);
	return g_test_run();
}

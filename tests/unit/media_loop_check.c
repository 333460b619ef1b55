/* SPDX-License-Identifier: GPL-3.0-or-later */
/* media/loop_check.c: what comes again, and how often. */
#include "media/loop_check.h"

#include <string.h>

#include <glib.h>

static const int64_t SECOND_US = 1000000;

static bool take(struct loop_check *c, const char *text, int64_t now_us)
{
	return loop_check_take(c, (const uint8_t *)text, strlen(text), now_us);
}

/* Two that go round beside each other: each may come 30 times more. */
static void test_what_comes_again(void)
{
	struct loop_check c = { 0 };

	for (unsigned i = 0; i <= LOOP_CHECK_MOST; i++) {
		g_assert_false(take(&c, "the first", i));
		g_assert_false(take(&c, "another", i));
	}
	g_assert_true(take(&c, "the first", 100));
	g_assert_true(take(&c, "another", 100));
	g_assert_false(take(&c, "the first one", 100));
}

static void test_what_comes_again_later(void)
{
	struct loop_check c = { 0 };
	int64_t now_us = 0;

	for (unsigned i = 0; i < 3 * LOOP_CHECK_MOST; i++, now_us += SECOND_US)
		g_assert_false(take(&c, "the first", now_us));
	for (unsigned i = 0; i < LOOP_CHECK_MOST; i++)
		g_assert_false(take(&c, "the first", now_us - 1));
	g_assert_true(take(&c, "the first", now_us));
	g_assert_false(take(&c, "the first", now_us + SECOND_US));
}

/* Only the first bytes are compared. */
static void test_what_begins_alike(void)
{
	char text[] = "0123456789012345678901234567,and so on";
	struct loop_check c = { 0 };

	g_assert_false(take(&c, text, 0));
	for (unsigned i = 0; i < LOOP_CHECK_MOST; i++) {
		text[LOOP_CHECK_BYTES]++;
		g_assert_false(take(&c, text, 0));
	}
	g_assert_true(take(&c, text, 0));
	text[LOOP_CHECK_BYTES - 1]++;
	g_assert_false(take(&c, text, 0));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/media/loop-check/again", test_what_comes_again);
	g_test_add_func("/media/loop-check/later", test_what_comes_again_later);
	g_test_add_func("/media/loop-check/alike", test_what_begins_alike);
	return g_test_run();
}

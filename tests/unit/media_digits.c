/* SPDX-License-Identifier: GPL-3.0-or-later */
/* media/digits.c: which frames are of digits that are put in, or heard. */
#include "media/digits.h"

#include <glib.h>

enum { HZ = 8000, FRAME = 160 };

static struct digits d;
static uint32_t timestamp;

static enum digits_step next(int heard)
{
	enum digits_step step = digits_next(&d, heard, 12, timestamp, FRAME, HZ);

	timestamp += FRAME;
	return step;
}

static void begin(void)
{
	d = (struct digits){ 0 };
	timestamp = 1000;
}

static void put(uint8_t code, uint16_t duration_ms, uint16_t pause_ms)
{
	struct digit digit = { code, 8, duration_ms, pause_ms, false };

	g_assert_true(digits_put(&d, &digit));
}

static void test_one_that_is_put_in(void)
{
	begin();
	g_assert_cmpint(next(-1), ==, DIGITS_NONE);
	put(5, 100, 100);
	for (unsigned i = 1; i <= 4; i++) {
		g_assert_cmpint(next(-1), ==, DIGITS_ON);
		g_assert_cmpuint(d.sent, ==, i * FRAME);
		g_assert_cmpuint(d.start, ==, 1160);
	}
	g_assert_cmpint(next(-1), ==, DIGITS_LAST);
	g_assert_cmpuint(d.sent, ==, 800);
	for (unsigned i = 0; i < 5; i++)
		g_assert_cmpint(next(-1), ==, DIGITS_PAUSE);
	g_assert_cmpint(next(-1), ==, DIGITS_NONE);
}

static void test_two_with_a_pause(void)
{
	begin();
	put(1, 20, 40);
	put(2, 20, 40);
	g_assert_cmpint(next(-1), ==, DIGITS_LAST);
	g_assert_cmpint(next(-1), ==, DIGITS_PAUSE);
	g_assert_cmpint(next(-1), ==, DIGITS_PAUSE);
	g_assert_cmpint(next(-1), ==, DIGITS_LAST);
	g_assert_cmpuint(d.now.code, ==, 2);
}

static void test_one_that_is_heard(void)
{
	begin();
	g_assert_cmpint(next(7), ==, DIGITS_ON);
	g_assert_cmpint(next(7), ==, DIGITS_ON);
	g_assert_cmpuint(d.now.volume, ==, 12);
	g_assert_cmpint(next(-1), ==, DIGITS_OVER);
	g_assert_cmpuint(d.sent, ==, 2 * FRAME);
	g_assert_cmpint(next(-1), ==, DIGITS_NONE);
	g_assert_cmpint(next(7), ==, DIGITS_ON);
	g_assert_cmpint(next(8), ==, DIGITS_OVER);
	g_assert_cmpint(next(8), ==, DIGITS_ON);
}

static void test_too_many(void)
{
	struct digit digit = { 1, 8, 100, 100, false };

	begin();
	for (unsigned i = 0; i < DIGITS_QUEUE; i++)
		g_assert_true(digits_put(&d, &digit));
	g_assert_false(digits_put(&d, &digit));
	next(-1);
	g_assert_true(digits_put(&d, &digit));
}

/* In the order of their times; what is due becomes what it is to become by then. */
static void test_late(void)
{
	struct digits w = { .count = 0 };
	struct digit digit = { 1, 8, 100, 40, false };

	g_assert_true(digits_put_late(&w, &digit, 300));
	digit.code = 2;
	g_assert_true(digits_put_late(&w, &digit, 100));
	digit.code = 3;
	g_assert_true(digits_put_late(&w, &digit, 200));
	digits_release(&w, 99, DIGITS_AS_THEY_ARE);
	g_assert_cmpuint(w.count, ==, 0);
	digits_release(&w, 100, DIGITS_AS_THEY_ARE);
	g_assert_cmpuint(w.count, ==, 1);
	g_assert_cmpuint(w.queue[0].code, ==, 2);
	g_assert_true(w.queue[0].late);
	digits_release(&w, 250, DIGITS_LOST);
	g_assert_cmpuint(w.count, ==, 1);
	digits_release(&w, 1000, 0);
	g_assert_cmpuint(w.count, ==, 2);
	g_assert_cmpuint(w.queue[1].code, ==, 0);
	g_assert_cmpuint(w.late_count, ==, 0);
	for (unsigned i = 0; i < DIGITS_LATE; i++)
		g_assert_true(digits_put_late(&w, &digit, i));
	g_assert_false(digits_put_late(&w, &digit, 0));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/media/digits/put-in", test_one_that_is_put_in);
	g_test_add_func("/media/digits/two", test_two_with_a_pause);
	g_test_add_func("/media/digits/heard", test_one_that_is_heard);
	g_test_add_func("/media/digits/too-many", test_too_many);
	g_test_add_func("/digits/late", test_late);
	return g_test_run();
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rtp/telephone_event.c: payloads, and packets of one event put together. */
#include "rtp/telephone_event.h"

#include <glib.h>

enum { MS = 1000 };

static struct event_track track;
static int64_t now_us;

static enum event_step take(uint32_t timestamp, uint8_t code, uint16_t duration, bool end)
{
	struct rtp_header h = { .ssrc = 1, .timestamp = timestamp };
	struct telephone_event e = { code, end, 10, duration };

	now_us += 20 * MS;
	return event_track_take(&track, &h, &e, 8000, now_us);
}

static void begin(void)
{
	track = (struct event_track){ 0 };
	now_us = 0;
}

static void test_payload(void)
{
	const uint8_t bytes[] = { 11, 0x8a, 0x03, 0x20 };
	uint8_t written[TELEPHONE_EVENT_BYTES];
	struct telephone_event e;

	g_assert_false(telephone_event_parse(bytes, 3, &e));
	g_assert_true(telephone_event_parse(bytes, 4, &e));
	g_assert_cmpuint(e.code, ==, 11);
	g_assert_true(e.end);
	g_assert_cmpuint(e.volume, ==, 10);
	g_assert_cmpuint(e.duration, ==, 800);
	telephone_event_write(written, &e);
	g_assert_cmpmem(written, 4, bytes, 4);
}

static void test_digits(void)
{
	for (uint8_t code = 0; code < TELEPHONE_EVENT_DIGITS; code++)
		g_assert_cmpint(telephone_event_code(telephone_event_digit(code)), ==, (int)code);
	g_assert_cmpint(telephone_event_digit(16), ==, 0);
	g_assert_cmpint(telephone_event_code('d'), ==, 15);
	g_assert_cmpint(telephone_event_code('e'), <, 0);
	g_assert_cmpint(telephone_event_code('\0'), <, 0);
}

static void test_whole_event(void)
{
	begin();
	g_assert_cmpint(take(1000, 5, 160, false), ==, EVENT_STEP_BEGIN);
	g_assert_cmpint(take(1000, 5, 320, false), ==, EVENT_STEP_NONE);
	g_assert_cmpint(take(1000, 5, 480, true), ==, EVENT_STEP_END);
	g_assert_cmpint(take(1000, 5, 480, true), ==, EVENT_STEP_NONE);
	g_assert_cmpuint(event_track_ms(&track), ==, 60);
	g_assert_false(event_track_expire(&track, now_us + 10000 * MS));
}

static void test_only_the_end_came(void)
{
	begin();
	g_assert_cmpint(take(1000, 5, 480, true), ==, EVENT_STEP_BOTH);
	g_assert_cmpint(take(1000, 5, 480, true), ==, EVENT_STEP_NONE);
}

static void test_end_lost_then_another(void)
{
	begin();
	take(1000, 5, 160, false);
	g_assert_true(track.active);
	g_assert_cmpint(take(9000, 5, 160, false), ==, EVENT_STEP_BEGIN);
	/* What comes late of the one before is nothing new. */
	g_assert_cmpint(take(1000, 5, 480, true), ==, EVENT_STEP_OLD);
	g_assert_cmpint(take(9000, 5, 320, true), ==, EVENT_STEP_END);
}

static void test_end_lost_for_good(void)
{
	begin();
	take(1000, 5, 160, false);
	g_assert_false(event_track_expire(&track, now_us + 499 * MS));
	g_assert_true(event_track_expire(&track, now_us + 500 * MS));
	g_assert_false(event_track_expire(&track, now_us + 501 * MS));
	g_assert_cmpint(take(1000, 5, 480, true), ==, EVENT_STEP_NONE);
}

/* Timestamps that went back for good are a new reckoning, not late packets. */
static void test_new_reckoning(void)
{
	begin();
	take(90000, 5, 480, true);
	now_us += 600 * MS;
	g_assert_cmpint(take(1000, 6, 160, false), ==, EVENT_STEP_BEGIN);
}

static void test_order_within(void)
{
	begin();
	take(1000, 5, 480, false);
	g_assert_cmpint(take(1000, 5, 320, false), ==, EVENT_STEP_NONE);
	g_assert_cmpuint(event_track_ms(&track), ==, 60);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/rtp/telephone-event/payload", test_payload);
	g_test_add_func("/rtp/telephone-event/digits", test_digits);
	g_test_add_func("/rtp/telephone-event/whole", test_whole_event);
	g_test_add_func("/rtp/telephone-event/only-the-end", test_only_the_end_came);
	g_test_add_func("/rtp/telephone-event/end-lost-then-another", test_end_lost_then_another);
	g_test_add_func("/rtp/telephone-event/end-lost-for-good", test_end_lost_for_good);
	g_test_add_func("/rtp/telephone-event/new-reckoning", test_new_reckoning);
	g_test_add_func("/rtp/telephone-event/order-within", test_order_within);
	return g_test_run();
}

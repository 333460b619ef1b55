/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Packets that wait: their order and content, how many there may be, and what plans do to them. */
#include "media/delay.h"

#include <glib.h>

#include "../mock/media.h"
#include "../mock/network.h"
#include "base/clock.h"
#include "rtp/rtp.h"

enum { MS = 1000, START_US = 5000000, ROOM = 1500 };

struct bench {
	struct mock_media m;
	int64_t now_us;
	unsigned next_sent, next_expected;
};

static struct plan *plan_with(struct mock_media *m, unsigned delay_ms)
{
	struct plan *plan = mock_media_plan(m);

	plan->streams[0].delay_us = delay_ms * MS;
	return plan;
}

static void move_clock(struct bench *b, int64_t us)
{
	b->now_us += us;
	clock_set_mock(b->now_us, 0);
	media_worker_turn(b->m.worker);
}

static void bench_open(struct bench *b, unsigned delay_ms)
{
	*b = (struct bench){ .now_us = START_US };
	clock_set_mock(b->now_us, 0);
	mock_media_open(&b->m);
	mock_media_apply(&b->m, plan_with(&b->m, delay_ms), NULL);
	move_clock(b, 0);
}

static void bench_close(struct bench *b)
{
	mock_media_close(&b->m);
	clock_set_mock(-1, 0);
}

/* Its length and bytes follow from its number. */
static size_t make(unsigned number, uint8_t *bytes)
{
	struct rtp_header h = { .seq = (uint16_t)number, .ssrc = 5 };
	size_t len = RTP_HEADER_BYTES + number * 37 % (ROOM - RTP_HEADER_BYTES);

	rtp_write(bytes, &h);
	for (size_t i = RTP_HEADER_BYTES; i < len; i++)
		bytes[i] = (uint8_t)(number + i);
	return len;
}

static void send_next(struct bench *b)
{
	uint8_t bytes[ROOM];
	size_t len = make(b->next_sent++, bytes);

	mock_media_send(&b->m, &mock_peer_x, 0, bytes, len);
}

static bool arrived(struct bench *b)
{
	struct mock_datagram *d = mock_pop_to(&mock_peer_y);
	uint8_t bytes[ROOM];

	if (!d)
		return false;
	g_assert_cmpmem(d->bytes, d->len, bytes, make(b->next_expected, bytes));
	b->next_expected++;
	g_free(d);
	return true;
}

static unsigned all_arrived(struct bench *b)
{
	unsigned count = 0;

	while (arrived(b))
		count++;
	return count;
}

static uint32_t full_drops(struct bench *b)
{
	struct stream_counts counts;

	stream_stats_read(b->m.stats[0], &counts);
	return counts.drops[REASON_DELAY_FULL];
}

static void test_each_waits_as_long(void)
{
	struct bench b;

	bench_open(&b, 50);
	for (unsigned i = 0; i < 2000; i++) {
		send_next(&b);
		if (i >= 50)
			g_assert_true(arrived(&b));
		g_assert_false(arrived(&b));
		move_clock(&b, MS);
	}
	move_clock(&b, 49 * MS);
	g_assert_cmpuint(all_arrived(&b), ==, 50);
	g_assert_cmpuint(b.next_expected, ==, 2000);
	g_assert_cmpuint(full_drops(&b), ==, 0);
	bench_close(&b);
}

/* The ring is filled to the brim and emptied, again and again, at ever other places. */
static void test_what_does_not_fit_is_dropped(void)
{
	struct bench b;

	bench_open(&b, 20);
	for (unsigned round = 0; round < 20; round++) {
		uint32_t drops = full_drops(&b);

		while (full_drops(&b) == drops)
			send_next(&b);
		b.next_sent--;
		g_assert_cmpuint(b.next_sent - b.next_expected, >, 20);
		g_assert_cmpuint(b.next_sent - b.next_expected, <, 400);
		move_clock(&b, 20 * MS);
		all_arrived(&b);
		g_assert_cmpuint(b.next_expected, ==, b.next_sent);
		b.next_sent += round;
		b.next_expected = b.next_sent;
	}
	bench_close(&b);
}

static void test_number_of_packets_is_bounded(void)
{
	struct bench b;
	uint8_t bytes[RTP_HEADER_BYTES];
	struct rtp_header h = { .ssrc = 5 };

	bench_open(&b, DELAY_MAX_MS);
	rtp_write(bytes, &h);
	for (unsigned i = 0; i < DELAY_MAX_PACKETS + 7; i++)
		mock_media_send(&b.m, &mock_peer_x, 0, bytes, sizeof(bytes));
	g_assert_cmpuint(full_drops(&b), ==, 7);
	bench_close(&b);
}

static void test_next_plan_with_the_same_time_changes_nothing(void)
{
	struct bench b;

	bench_open(&b, 100);
	send_next(&b);
	move_clock(&b, 60 * MS);
	mock_media_apply(&b.m, plan_with(&b.m, 100), NULL);
	send_next(&b);
	move_clock(&b, 39 * MS);
	g_assert_false(arrived(&b));
	move_clock(&b, 1 * MS);
	g_assert_cmpuint(all_arrived(&b), ==, 1);
	move_clock(&b, 60 * MS);
	g_assert_cmpuint(all_arrived(&b), ==, 1);
	bench_close(&b);
}

static void test_another_time_lets_them_go(void)
{
	struct bench b;

	bench_open(&b, 100);
	send_next(&b);
	mock_media_apply(&b.m, plan_with(&b.m, 200), NULL);
	g_assert_cmpuint(all_arrived(&b), ==, 1);
	send_next(&b);
	move_clock(&b, 199 * MS);
	g_assert_false(arrived(&b));
	mock_media_apply(&b.m, plan_with(&b.m, 0), NULL);
	g_assert_cmpuint(all_arrived(&b), ==, 1);
	send_next(&b);
	g_assert_cmpuint(all_arrived(&b), ==, 1);
	mock_media_apply(&b.m, plan_with(&b.m, 10), NULL);
	send_next(&b);
	g_assert_false(arrived(&b));
	move_clock(&b, 10 * MS);
	g_assert_cmpuint(all_arrived(&b), ==, 1);
	bench_close(&b);
}

static void test_stream_that_went_takes_them_along(void)
{
	struct plan *plan;
	struct bench b;

	bench_open(&b, 100);
	send_next(&b);
	plan = plan_with(&b.m, 100);
	plan->streams[0].id = 9;
	mock_media_apply(&b.m, plan, NULL);
	move_clock(&b, 200 * MS);
	g_assert_false(arrived(&b));
	bench_close(&b);
}

static void test_closed_while_some_wait(void)
{
	struct bench b;

	bench_open(&b, 100);
	send_next(&b);
	send_next(&b);
	bench_close(&b);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/media/delay/waits", test_each_waits_as_long);
	g_test_add_func("/media/delay/full", test_what_does_not_fit_is_dropped);
	g_test_add_func("/media/delay/many", test_number_of_packets_is_bounded);
	g_test_add_func("/media/delay/plan", test_next_plan_with_the_same_time_changes_nothing);
	g_test_add_func("/media/delay/changed", test_another_time_lets_them_go);
	g_test_add_func("/media/delay/gone", test_stream_that_went_takes_them_along);
	g_test_add_func("/media/delay/closed", test_closed_while_some_wait);
	return g_test_run();
}

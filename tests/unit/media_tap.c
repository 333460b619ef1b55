/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copies of packets: what is in them, order over the ring's end, and what does not fit. */
#include "media/tap.h"

#include <glib.h>

#include "../mock/media.h"
#include "base/clock.h"
#include "base/ref.h"
#include "rtp/rtp.h"

enum { RING = 4096, START_US = 7000000, RECEIVED_US = 1700000123 };

struct bench {
	struct mock_media m;
	struct tap *tap;
};

static void bench_open(struct bench *b, size_t ring)
{
	struct plan *plan;

	clock_set_mock(START_US, 0);
	mock_media_open(&b->m);
	b->tap = tap_new(ring);
	plan = mock_media_plan(&b->m);
	plan->streams[0].tap = ref_take(b->tap);
	plan->streams[0].tap_layout = 3;
	mock_media_apply(&b->m, plan, NULL);
}

static void bench_close(struct bench *b)
{
	mock_media_close(&b->m);
	ref_drop(b->tap);
	clock_set_mock(-1, 0);
}

static void send_rtp(struct bench *b, uint16_t seq, size_t len)
{
	struct rtp_header h = { .seq = seq, .ssrc = 9 };
	uint8_t bytes[2048];

	memset(bytes, (uint8_t)seq, sizeof(bytes));
	rtp_write(bytes, &h);
	mock_media_send(&b->m, &mock_peer_x, 0, bytes, len);
}

static void test_content(void)
{
	struct bench b;
	const struct tap_packet *p;

	bench_open(&b, RING);
	g_assert_null(tap_peek(b.tap));
	b.m.leases[0]->port->received_us = RECEIVED_US;
	send_rtp(&b, 5, 172);
	mock_media_rtp(&b.m, &mock_peer_y, 1, 6); /* the other stream has no tap */
	p = tap_peek(b.tap);
	g_assert_nonnull(p);
	g_assert_cmpuint(p->len, ==, 172);
	g_assert_cmpuint(rtp_seq(p->data), ==, 5);
	g_assert_cmpuint(p->stream_id, ==, 1);
	g_assert_cmpuint(p->layout, ==, 3);
	g_assert_cmpint(p->now_us, ==, START_US);
	g_assert_cmpint(p->received_us, ==, RECEIVED_US);
	g_assert_true(addr_equal(&p->from, &mock_peer_x));
	g_assert_true(addr_equal(&p->to, mock_media_local(&b.m, 0)));
	g_assert_false(p->rtcp);
	tap_next(b.tap);
	g_assert_null(tap_peek(b.tap));
	bench_close(&b);
}

/* Lengths that never divide the ring. */
static void test_wraps(void)
{
	struct bench b;

	bench_open(&b, RING);
	for (unsigned i = 0; i < 500; i++) {
		const struct tap_packet *p;

		send_rtp(&b, (uint16_t)i, 12 + i * 37 % 1400);
		p = tap_peek(b.tap);
		g_assert_nonnull(p);
		g_assert_cmpuint(rtp_seq(p->data), ==, i);
		g_assert_cmpuint(p->len, ==, 12 + i * 37 % 1400);
		g_assert_cmpuint(p->lost_before, ==, 0);
		tap_next(b.tap);
	}
	g_assert_cmpuint(tap_dropped(b.tap), ==, 0);
	bench_close(&b);
}

static void test_full(void)
{
	struct bench b;
	unsigned kept = 0;

	bench_open(&b, RING);
	for (unsigned i = 0; i < 20; i++)
		send_rtp(&b, (uint16_t)i, 700);
	for (; tap_peek(b.tap); tap_next(b.tap))
		g_assert_cmpuint(rtp_seq(tap_peek(b.tap)->data), ==, kept++);
	g_assert_cmpuint(kept, ==, 5);
	g_assert_cmpuint(tap_dropped(b.tap), ==, 15);
	send_rtp(&b, 20, 700);
	g_assert_cmpuint(tap_peek(b.tap)->lost_before, ==, 15);
	tap_close(b.tap);
	for (unsigned i = 0; i < 20; i++)
		send_rtp(&b, (uint16_t)i, 700);
	g_assert_cmpuint(tap_dropped(b.tap), ==, 15);
	bench_close(&b);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/media/tap/content", test_content);
	g_test_add_func("/media/tap/wraps", test_wraps);
	g_test_add_func("/media/tap/full", test_full);
	return g_test_run();
}

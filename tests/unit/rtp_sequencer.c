/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Order, waiting, late ones and numbers that begin anew. */
#include "rtp/sequencer.h"

#include <string.h>

#include <glib.h>

#include "rtp/rtp.h"

enum { CLOCK_HZ = 8000, TICKS = 160 };

static struct buf_pool *pool;
static struct sequencer s;

static enum sequencer_verdict put(uint16_t seq)
{
	struct rtp_header h = { .seq = seq, .timestamp = seq * (uint32_t)TICKS, .ssrc = 1 };
	struct buf *buf = buf_get(pool);
	enum sequencer_verdict verdict;

	rtp_write(buf->data, &h);
	buf->len = RTP_HEADER_BYTES;
	verdict = sequencer_put(&s, buf);
	if (verdict == SEQUENCER_LATE)
		buf_put(buf);
	return verdict;
}

/* What comes out now, as "1 2 +3 7": three were lost before 7. */
static void expect(const char *want)
{
	GString *got = g_string_new(NULL);
	struct sequencer_packet packet;
	unsigned lost;

	while (sequencer_get(&s, CLOCK_HZ, &packet, &lost)) {
		if (lost)
			g_string_append_printf(got, " +%u", lost);
		g_string_append_printf(got, " %u", packet.seq);
		buf_put(packet.buf);
	}
	g_assert_cmpstr(got->len ? got->str + 1 : "", ==, want);
	g_string_free(got, TRUE);
}

static void begin(uint16_t seq)
{
	char want[8];

	pool = buf_pool_new(64);
	memset(&s, 0, sizeof(s));
	g_assert_cmpint(put(seq), ==, SEQUENCER_TAKEN);
	g_snprintf(want, sizeof(want), "%u", seq);
	expect(want);
}

static void end(void)
{
	sequencer_clear(&s);
	g_assert_cmpuint(buf_pool_out(pool), ==, 0);
	buf_pool_free(pool);
}

static void test_in_order(void)
{
	begin(65534);
	for (unsigned i = 65535; i < 65540; i++) {
		char want[8];

		g_assert_cmpint(put((uint16_t)i), ==, SEQUENCER_TAKEN);
		g_snprintf(want, sizeof(want), "%u", (uint16_t)i);
		expect(want);
	}
	end();
}

static void test_swapped(void)
{
	begin(10);
	put(12);
	expect("");
	put(11);
	expect("11 12");
	put(14);
	expect("");
	put(13);
	expect("13 14");
	end();
}

static void test_missing_is_given_up_after_its_time(void)
{
	begin(10);
	put(12);
	expect("");
	put(13); /* 60 ms behind 10 */
	expect("+1 12 13");
	g_assert_cmpint(put(11), ==, SEQUENCER_LATE);
	expect("");
	end();
}

static void test_missing_is_given_up_when_too_many_wait(void)
{
	begin(10);
	/* all of one frame: no time passes between them */
	for (unsigned i = 0; i < SEQUENCER_HELD; i++) {
		struct rtp_header h = { .seq = (uint16_t)(12 + i), .timestamp = 1600 };
		struct buf *buf = buf_get(pool);

		expect("");
		rtp_write(buf->data, &h);
		buf->len = RTP_HEADER_BYTES;
		g_assert_cmpint(sequencer_put(&s, buf), ==, SEQUENCER_TAKEN);
	}
	expect("+1 12 13 14 15 16 17 18 19 20 21");
	end();
}

static void test_twice(void)
{
	begin(10);
	g_assert_cmpint(put(10), ==, SEQUENCER_LATE);
	put(12);
	g_assert_cmpint(put(12), ==, SEQUENCER_LATE);
	put(11);
	expect("11 12");
	end();
}

static void test_far_away_begins_anew(void)
{
	begin(1000);
	put(1002);
	g_assert_cmpint(put(1001 + SEQUENCER_WINDOW), ==, SEQUENCER_RESET);
	expect("1129");
	g_assert_cmpint(put(1130 - SEQUENCER_WINDOW), ==, SEQUENCER_RESET);
	expect("1002");
	g_assert_cmpint(put(1003 - SEQUENCER_WINDOW + 1), ==, SEQUENCER_LATE);
	end();
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/rtp/sequencer/in-order", test_in_order);
	g_test_add_func("/rtp/sequencer/swapped", test_swapped);
	g_test_add_func("/rtp/sequencer/missing", test_missing_is_given_up_after_its_time);
	g_test_add_func("/rtp/sequencer/too-many", test_missing_is_given_up_when_too_many_wait);
	g_test_add_func("/rtp/sequencer/twice", test_twice);
	g_test_add_func("/rtp/sequencer/far-away", test_far_away_begins_anew);
	return g_test_run();
}

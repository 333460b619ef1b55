/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The path out: to one or several, without feedback where it is not spoken, and failing. */
#include "media/packet.h"

#include <errno.h>
#include <glib.h>

#include "../mock/media.h"
#include "../mock/network.h"
#include "base/ref.h"

static uint64_t since(enum reason reason)
{
	static uint64_t seen[REASON_COUNT];
	uint64_t now = reason_total(reason), n = now - seen[reason];

	seen[reason] = now;
	return n;
}

static void open_plan(struct mock_media *m)
{
	mock_media_open(m);
	mock_media_apply(m, mock_media_plan(m), NULL);
	for (unsigned i = 0; i < REASON_COUNT; i++)
		since(i);
}

static void test_failures_are_counted_by_their_kind(void)
{
	struct stream_counts x, y;
	struct mock_media m;

	open_plan(&m);
	mock_fail_send(EAGAIN, 1);
	mock_media_rtp(&m, &mock_peer_x, 0, 1);
	g_assert_cmpuint(since(REASON_SEND_QUEUE_FULL), ==, 1);
	mock_fail_send(ECONNREFUSED, 1);
	mock_media_rtp(&m, &mock_peer_x, 0, 2);
	g_assert_cmpuint(since(REASON_SEND_FAILED), ==, 1);
	stream_stats_read(m.stats[0], &x);
	stream_stats_read(m.stats[1], &y);
	g_assert_cmpuint(x.packets_in, ==, 2);
	g_assert_cmpuint(y.packets_out, ==, 0);
	mock_media_close(&m);
}

/* What an engine tells when `send` has long returned. */
static void test_late_failures_are_counted_by_their_kind(void)
{
	struct stream_counts y;
	struct mock_media m;
	struct port *port;

	open_plan(&m);
	port = m.leases[2]->port;
	port->unsent(port, -EAGAIN);
	port->unsent(port, -EPERM);
	g_assert_cmpuint(since(REASON_SEND_QUEUE_FULL), ==, 1);
	g_assert_cmpuint(since(REASON_SEND_FAILED), ==, 1);
	stream_stats_read(m.stats[1], &y);
	g_assert_cmpuint(y.drops[REASON_SEND_QUEUE_FULL], ==, 1);
	g_assert_cmpuint(y.drops[REASON_SEND_FAILED], ==, 1);
	mock_media_close(&m);
}

/* Fetching ahead changes nothing, whatever there is to fetch. */
static void test_expecting_is_harmless(void)
{
	struct mock_media m;
	struct plan *plan;

	open_plan(&m);
	for (unsigned sinks = 0; sinks < 2; sinks++) {
		const struct port *port = m.leases[0]->port;

		for (unsigned pass = 0; pass <= PORT_EXPECT_PASSES; pass++)
			port->expect(port, pass);
		plan = mock_media_plan(&m);
		plan->streams[0].rtp_sink_count = 0;
		mock_media_apply(&m, plan, NULL);
	}
	g_assert_cmpuint(mock_sent(), ==, 0);
	mock_media_close(&m);
}

static void test_without_sink_the_packet_is_dropped(void)
{
	struct mock_media m;
	struct plan *plan;

	open_plan(&m);
	plan = mock_media_plan(&m);
	plan->streams[0].rtp_sink_count = 0;
	mock_media_apply(&m, plan, NULL);
	mock_media_rtp(&m, &mock_peer_x, 0, 1);
	g_assert_cmpuint(since(REASON_NO_SINK), ==, 1);
	g_assert_cmpuint(mock_sent(), ==, 0);
	mock_media_close(&m);
}

/* Y twice: as if there were a third party at the same address. */
static struct plan *plan_with_two_sinks(struct mock_media *m)
{
	struct plan *plan = plan_new(STR_LIT("mock"), 2, 8);
	struct plan *from = mock_media_plan(m);
	uint16_t *slots = plan->streams[0].rtp_sinks;

	for (unsigned i = 0; i < 2; i++) {
		struct plan_stream *s = &plan->streams[i];

		*s = from->streams[i];
		ref_take(s->ports[0]);
		ref_take(s->stats);
		s->rtp_sinks = slots + 4 * i;
		s->rtcp_sinks = slots + 4 * i + 2;
		s->rtp_sinks[0] = s->rtcp_sinks[0] = !i;
	}
	plan->streams[0].rtp_sinks[1] = 1;
	plan->streams[0].rtp_sink_count = 2;
	plan_free(from);
	return plan;
}

static void test_each_sink_gets_a_copy(void)
{
	struct mock_media m;

	open_plan(&m);
	mock_media_apply(&m, plan_with_two_sinks(&m), NULL);
	mock_media_rtp(&m, &mock_peer_x, 0, 7);
	g_assert_cmpuint(mock_sent(), ==, 2);
	for (unsigned i = 0; i < 2; i++) {
		struct mock_datagram *d = mock_pop_to(&mock_peer_y);

		g_assert_nonnull(d);
		g_assert_cmpuint(d->len, ==, 12);
		g_assert_cmpuint(rtp_seq(d->bytes), ==, 7);
		g_free(d);
	}
	mock_media_close(&m);
}

static struct plan *plan_with_rtcp(struct mock_media *m, bool strip)
{
	struct plan *plan = mock_media_plan(m);

	plan->streams[0].rtcp = plan->streams[1].rtcp = true;
	plan->streams[1].strip_feedback = strip;
	return plan;
}

static const uint8_t rr_and_feedback[] = {
	0x80,
	201,
	0,
	1,
	0,
	0,
	0,
	1,
	0x81,
	206,
	0,
	2,
	0,
	0,
	0,
	1,
	0,
	0,
	0,
	2,
};

static void test_feedback_is_taken_out_where_asked(void)
{
	struct mock_datagram *d;
	struct mock_media m;

	open_plan(&m);
	mock_media_apply(&m, plan_with_rtcp(&m, true), NULL);
	mock_media_send(&m, &mock_peer_x, 0, rr_and_feedback, sizeof(rr_and_feedback));
	d = mock_pop_to(&mock_peer_y);
	g_assert_nonnull(d);
	g_assert_cmpmem(d->bytes, d->len, rr_and_feedback, 8);
	g_free(d);
	mock_media_send(&m, &mock_peer_x, 0, rr_and_feedback + 8, 12);
	g_assert_cmpuint(since(REASON_FEEDBACK_REMOVED), ==, 1);
	g_assert_cmpuint(mock_sent(), ==, 0);
	mock_media_close(&m);
}

static void test_feedback_passes_otherwise(void)
{
	struct mock_datagram *d;
	struct mock_media m;

	open_plan(&m);
	mock_media_apply(&m, plan_with_rtcp(&m, false), NULL);
	mock_media_send(&m, &mock_peer_x, 0, rr_and_feedback, sizeof(rr_and_feedback));
	d = mock_pop_to(&mock_peer_y);
	g_assert_nonnull(d);
	g_assert_cmpmem(d->bytes, d->len, rr_and_feedback, sizeof(rr_and_feedback));
	g_free(d);
	mock_media_close(&m);
}

static void test_copy_is_of_the_same_pool_or_none(void)
{
	struct buf_pool *pool = buf_pool_new(2);
	struct buf *one = buf_get(pool), *two;

	memcpy(one->data, "abc", 3);
	one->len = 3;
	two = media_copy(one);
	g_assert_nonnull(two);
	g_assert_cmpmem(two->data, two->len, "abc", 3);
	since(REASON_NO_BUFFER);
	g_assert_null(media_copy(one));
	g_assert_cmpuint(since(REASON_NO_BUFFER), ==, 1);
	buf_put(one);
	buf_put(two);
	buf_pool_free(pool);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/media/send/failures", test_failures_are_counted_by_their_kind);
	g_test_add_func("/media/send/late", test_late_failures_are_counted_by_their_kind);
	g_test_add_func("/media/send/expect", test_expecting_is_harmless);
	g_test_add_func("/media/send/no-sink", test_without_sink_the_packet_is_dropped);
	g_test_add_func("/media/send/copies", test_each_sink_gets_a_copy);
	g_test_add_func("/media/send/strip", test_feedback_is_taken_out_where_asked);
	g_test_add_func("/media/send/keep", test_feedback_passes_otherwise);
	g_test_add_func("/media/send/copy", test_copy_is_of_the_same_pool_or_none);
	return g_test_run();
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where a stream's peer is believed to be, and what may change that. */
#include "media/packet.h"

#include <glib.h>

#include "../mock/media.h"
#include "../mock/network.h"

static const struct addr nat = { ADDR_IP4, 7777, { 192, 0, 2, 200 } };
static const struct addr stranger = { ADDR_IP4, 9999, { 203, 0, 113, 99 } };

static uint64_t seen;

static uint64_t dropped(void)
{
	uint64_t now = reason_total(REASON_WRONG_SOURCE), since = now - seen;

	seen = now;
	return since;
}

static void assert_dest(struct mock_media *m, unsigned stream, const struct addr *addr)
{
	struct stream *s = mock_media_stream(m, stream);
	struct addr dest = addr_of_sock(&s->dest);

	g_assert_cmpuint(s->dest_len, >, 0);
	g_assert_true(addr_equal(&dest, addr));
}

static void open_with(struct mock_media *m, void (*change)(struct plan *))
{
	struct plan *plan;

	mock_media_open(m);
	plan = mock_media_plan(m);
	if (change)
		change(plan);
	mock_media_apply(m, plan, NULL);
	dropped();
}

static void test_begins_with_signalled_address(void)
{
	struct mock_media m;
	struct stream_counts counts;

	open_with(&m, NULL);
	assert_dest(&m, 0, &mock_peer_x);
	stream_stats_read(m.stats[0], &counts);
	g_assert_true(addr_equal(&counts.peer, &mock_peer_x));
	g_assert_false(counts.confirmed);
	mock_media_close(&m);
}

static void test_packet_from_it_confirms(void)
{
	struct mock_media m;
	struct stream_counts counts;

	open_with(&m, NULL);
	mock_media_rtp(&m, &mock_peer_x, 0, 1);
	g_assert_cmpuint(m.event_count, ==, 1);
	g_assert_cmpint(m.events[0].type, ==, MEDIA_EVENT_FIRST_PACKET);
	g_assert_cmpuint(m.events[0].stream_id, ==, 1);
	g_assert_cmpuint(m.events[0].endpoint_gen, ==, 1);
	stream_stats_read(m.stats[0], &counts);
	g_assert_true(counts.confirmed);
	mock_media_rtp(&m, &mock_peer_x, 0, 2);
	g_assert_cmpuint(m.event_count, ==, 1);
	mock_media_close(&m);
}

static void test_another_source_is_learned_once(void)
{
	struct mock_media m;

	open_with(&m, NULL);
	mock_media_rtp(&m, &nat, 0, 1);
	assert_dest(&m, 0, &nat);
	g_assert_cmpint(m.events[0].type, ==, MEDIA_EVENT_PEER_LEARNED);
	g_assert_true(addr_equal(&m.events[0].peer, &nat));
	mock_media_rtp(&m, &stranger, 0, 2);
	g_assert_cmpuint(dropped(), ==, 1);
	assert_dest(&m, 0, &nat);
	g_assert_cmpuint(m.event_count, ==, 1);
	mock_media_close(&m);
}

static void test_signalled_source_wins(void)
{
	struct mock_media m;

	open_with(&m, NULL);
	mock_media_rtp(&m, &nat, 0, 1);
	mock_media_rtp(&m, &mock_peer_x, 0, 2);
	g_assert_cmpuint(dropped(), ==, 0);
	assert_dest(&m, 0, &mock_peer_x);
	mock_media_rtp(&m, &nat, 0, 3);
	g_assert_cmpuint(dropped(), ==, 1);
	assert_dest(&m, 0, &mock_peer_x);
	mock_media_close(&m);
}

static void not_answered(struct plan *plan)
{
	plan->streams[0].answered = false;
}

static void test_nothing_is_learned_before_the_answer(void)
{
	struct mock_media m;

	open_with(&m, not_answered);
	mock_media_rtp(&m, &nat, 0, 1);
	mock_media_rtp(&m, &stranger, 0, 2);
	g_assert_cmpuint(dropped(), ==, 0);
	g_assert_cmpuint(m.event_count, ==, 0);
	assert_dest(&m, 0, &mock_peer_x);
	mock_media_close(&m);
}

static void without_peer(struct plan *plan)
{
	plan->streams[0].peer = (struct addr){ 0 };
}

static void test_without_signalled_peer_nothing_is_sent(void)
{
	struct mock_media m;
	uint64_t before = reason_total(REASON_NO_PEER);

	open_with(&m, without_peer);
	mock_media_rtp(&m, &nat, 0, 1);
	g_assert_cmpuint(mock_media_stream(&m, 0)->dest_len, ==, 0);
	mock_media_rtp(&m, &mock_peer_y, 1, 1);
	g_assert_cmpuint(reason_total(REASON_NO_PEER) - before, ==, 1);
	mock_media_close(&m);
}

static void learning_off(struct plan *plan)
{
	plan->streams[0].learn = PLAN_LEARN_OFF;
}

static void test_learning_off_takes_all_and_sends_to_signalled(void)
{
	struct mock_media m;

	open_with(&m, learning_off);
	mock_media_rtp(&m, &nat, 0, 1);
	mock_media_rtp(&m, &stranger, 0, 2);
	g_assert_cmpuint(dropped(), ==, 0);
	assert_dest(&m, 0, &mock_peer_x);
	for (unsigned i = 0; i < m.event_count; i++)
		g_assert_cmpint(m.events[i].type, !=, MEDIA_EVENT_PEER_LEARNED);
	mock_media_close(&m);
}

static void muxed(struct plan *plan)
{
	plan->streams[0].rtcp = true;
}

static void test_muxed_rtcp_teaches_nothing(void)
{
	static const uint8_t rr[8] = { 0x80, 201, 0, 1 };
	struct mock_media m;

	open_with(&m, muxed);
	mock_media_send(&m, &nat, 0, rr, sizeof(rr));
	assert_dest(&m, 0, &mock_peer_x);
	g_assert_cmpuint(m.event_count, ==, 0);
	mock_media_rtp(&m, &mock_peer_x, 0, 1);
	assert_dest(&m, 0, &mock_peer_x);
	mock_media_close(&m);
}

static void other_family(struct plan *plan)
{
	addr_parse_ip(STR_LIT("2001:db8::1"), &plan->streams[0].peer);
	plan->streams[0].peer.port = 41000;
}

static void test_peer_of_another_family_is_as_none(void)
{
	struct mock_media m;

	open_with(&m, other_family);
	g_assert_cmpuint(mock_media_stream(&m, 0)->dest_len, ==, 0);
	mock_media_close(&m);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/media/learn/signalled", test_begins_with_signalled_address);
	g_test_add_func("/media/learn/confirms", test_packet_from_it_confirms);
	g_test_add_func("/media/learn/once", test_another_source_is_learned_once);
	g_test_add_func("/media/learn/signalled-wins", test_signalled_source_wins);
	g_test_add_func("/media/learn/answered", test_nothing_is_learned_before_the_answer);
	g_test_add_func("/media/learn/no-peer", test_without_signalled_peer_nothing_is_sent);
	g_test_add_func("/media/learn/off", test_learning_off_takes_all_and_sends_to_signalled);
	g_test_add_func("/media/learn/muxed-rtcp", test_muxed_rtcp_teaches_nothing);
	g_test_add_func("/media/learn/other-family", test_peer_of_another_family_is_as_none);
	return g_test_run();
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One plan after another: what running streams keep, which ports are on the loop. */
#include "media/stream.h"

#include <glib.h>

#include "../mock/media.h"
#include "../mock/network.h"
#include "base/ref.h"

static const struct addr nat = { ADDR_IP4, 7777, { 192, 0, 2, 200 } };

static void ignore_event(const struct media_event *event, void *arg)
{
	(void)event;
	(void)arg;
}

static void open_learned(struct mock_media *m)
{
	mock_media_open(m);
	mock_media_apply(m, mock_media_plan(m), NULL);
	mock_media_rtp(m, &nat, 0, 1);
}

static void assert_dest(struct mock_media *m, unsigned stream, const struct addr *addr)
{
	struct addr dest = addr_of_sock(&mock_media_stream(m, stream)->dest);

	g_assert_true(addr_equal(&dest, addr));
}

static void test_sinks_lead_to_streams_of_the_set(void)
{
	struct mock_media m;

	mock_media_open(&m);
	mock_media_apply(&m, mock_media_plan(&m), NULL);
	for (unsigned i = 0; i < 2; i++) {
		g_assert_true(mock_media_stream(&m, i)->rtp_sinks[0] == mock_media_stream(&m, !i));
		g_assert_true(mock_media_stream(&m, i)->rtcp_sinks[0] == mock_media_stream(&m, !i));
		g_assert_true(m.leases[2 * i]->port->owner == mock_media_stream(&m, i));
	}
	mock_media_close(&m);
}

static void test_same_generation_keeps_the_learned_peer(void)
{
	struct stream_set *before;
	struct mock_media m;

	open_learned(&m);
	mock_media_apply(&m, mock_media_plan(&m), &before);
	g_assert_nonnull(before);
	stream_set_free(before);
	assert_dest(&m, 0, &nat);
	g_assert_cmpint(mock_media_stream(&m, 0)->source_state, ==, SOURCE_LEARNING);
	assert_dest(&m, 1, &mock_peer_y);
	/* and packets go through the new set */
	mock_media_rtp(&m, &nat, 0, 2);
	g_assert_cmpuint(m.event_count, ==, 1);
	mock_media_close(&m);
}

static void test_new_generation_begins_again(void)
{
	struct plan *plan;
	struct mock_media m;

	open_learned(&m);
	plan = mock_media_plan(&m);
	plan->streams[0].endpoint_gen = 2;
	mock_media_apply(&m, plan, NULL);
	assert_dest(&m, 0, &mock_peer_x);
	g_assert_cmpint(mock_media_stream(&m, 0)->source_state, ==, SOURCE_STALE);
	mock_media_rtp(&m, &nat, 0, 2);
	g_assert_cmpuint(m.event_count, ==, 2);
	g_assert_cmpuint(m.events[1].endpoint_gen, ==, 2);
	mock_media_close(&m);
}

static void test_streams_are_found_by_id_not_by_place(void)
{
	struct plan *plan;
	struct mock_media m;

	open_learned(&m);
	plan = mock_media_plan(&m);
	plan->streams[0].id = 2;
	plan->streams[1].id = 1;
	mock_media_apply(&m, plan, NULL);
	assert_dest(&m, 1, &nat);
	assert_dest(&m, 0, &mock_peer_y);
	mock_media_close(&m);
}

static void test_a_new_stream_inherits_nothing(void)
{
	struct plan *plan;
	struct mock_media m;

	open_learned(&m);
	plan = mock_media_plan(&m);
	plan->streams[0].id = 9;
	mock_media_apply(&m, plan, NULL);
	assert_dest(&m, 0, &mock_peer_x);
	mock_media_close(&m);
}

static void test_ports_not_used_any_more_leave_the_loop(void)
{
	struct plan *plan;
	struct mock_media m;

	mock_media_open(&m);
	mock_media_apply(&m, mock_media_plan(&m), NULL);
	plan = mock_media_plan(&m);
	ref_drop(plan->streams[0].ports[0]);
	plan->streams[0].ports[0] = ref_take(m.leases[4]);
	mock_media_apply(&m, plan, NULL);
	g_assert_null(m.leases[0]->port->loop);
	g_assert_null(m.leases[0]->port->recv);
	g_assert_nonnull(m.leases[2]->port->loop);
	g_assert_true(m.leases[4]->port->owner == mock_media_stream(&m, 0));
	g_assert_true(mock_media_stream(&m, 0)->port == m.leases[4]->port);
	mock_media_close(&m);
}

static void test_older_ports_lead_to_the_stream(void)
{
	struct mock_datagram *d;
	struct plan *plan;
	struct mock_media m;

	mock_media_open(&m);
	plan = mock_media_plan(&m);
	plan->streams[0].ports[plan->streams[0].port_count++] = ref_take(m.leases[4]);
	mock_media_apply(&m, plan, NULL);
	mock_media_send(&m, &mock_peer_x, 4, "\x80\0\0\1\0\0\0\0\0\0\0\1", 12);
	d = mock_pop_to(&mock_peer_y);
	g_assert_nonnull(d);
	g_assert_true(addr_equal(&d->from, mock_media_local(&m, 2)));
	g_free(d);
	mock_media_close(&m);
}

static void test_detached_ports_wait_and_go_on_elsewhere(void)
{
	struct media_worker *other;
	struct mock_media m;

	mock_media_open(&m);
	other = media_worker_new(1, m.control, ignore_event, NULL);
	mock_media_apply(&m, mock_media_plan(&m), NULL);
	stream_set_detach_ports(m.state->set);
	mock_media_rtp(&m, &mock_peer_x, 0, 1);
	g_assert_cmpuint(mock_sent(), ==, 0);
	m.state->worker = other;
	stream_set_attach_ports(m.state->set, other);
	mock_run();
	g_assert_cmpuint(mock_sent(), ==, 1);
	g_assert_true(m.leases[0]->port->loop == media_worker_loop(other));
	/* from here on it is the only one */
	mailbox_run(m.control);
	media_worker_free(m.worker);
	m.worker = other;
	mock_media_close(&m);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/media/stream-set/sinks", test_sinks_lead_to_streams_of_the_set);
	g_test_add_func("/media/stream-set/keeps", test_same_generation_keeps_the_learned_peer);
	g_test_add_func("/media/stream-set/generation", test_new_generation_begins_again);
	g_test_add_func("/media/stream-set/by-id", test_streams_are_found_by_id_not_by_place);
	g_test_add_func("/media/stream-set/new", test_a_new_stream_inherits_nothing);
	g_test_add_func("/media/stream-set/ports", test_ports_not_used_any_more_leave_the_loop);
	g_test_add_func("/media/stream-set/older-ports", test_older_ports_lead_to_the_stream);
	g_test_add_func("/media/stream-set/move", test_detached_ports_wait_and_go_on_elsewhere);
	return g_test_run();
}

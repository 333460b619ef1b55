/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Control's side of a session: what travels between it and the workers, and who frees it. */
#include "media/session.h"

#include <glib.h>

#include "../mock/media.h"
#include "../mock/network.h"
#include "base/ref.h"

/* The mock's worker, control mailbox and ports; its own session state is not used. */
struct fixture {
	struct mock_media m;
	struct media_worker *other;
	struct session *session;
	unsigned dropped;
};

static void ignore_event(const struct media_event *event, void *arg)
{
	(void)event;
	(void)arg;
}

static void open_fixture(struct fixture *f)
{
	*f = (struct fixture){ 0 };
	mock_media_open(&f->m);
	f->other = media_worker_new(1, f->m.control, ignore_event, NULL);
	f->session = session_new(7, f->m.worker, f->m.control);
}

static void run(struct fixture *f)
{
	for (unsigned i = 0; i < 4; i++) {
		media_worker_turn(f->m.worker);
		media_worker_turn(f->other);
		mock_run();
		mailbox_run(f->m.control);
	}
}

static void on_dropped(void *arg)
{
	(*(unsigned *)arg)++;
}

static void close_fixture(struct fixture *f)
{
	session_drop(f->session, on_dropped, &f->dropped);
	run(f);
	g_assert_cmpuint(f->dropped, ==, 1);
	for (unsigned i = 0; i < MOCK_MEDIA_PORTS; i++)
		g_assert_cmpuint(ref_count(f->m.leases[i]), ==, 1);
	media_worker_free(f->other);
	while (mock_sent())
		g_free(mock_pop());
	mock_media_close(&f->m);
}

static struct stream_set *prepare(struct fixture *f)
{
	struct stream_set *set = NULL;
	struct err err;

	g_assert_cmpint(session_prepare(f->session, mock_media_plan(&f->m), &set, &err), ==, 0);
	return set;
}

static void send_from_x(struct fixture *f)
{
	g_assert_true(mock_send(
		&mock_peer_x, mock_media_local(&f->m, 0), "\x80\0\0\1\0\0\0\0\0\0\0\1", 12));
}

static void test_applied_plan_relays(void)
{
	struct fixture f;

	open_fixture(&f);
	g_assert_cmpuint(session_id(f.session), ==, 7);
	session_apply(f.session, prepare(&f));
	run(&f);
	send_from_x(&f);
	run(&f);
	g_assert_cmpuint(mock_sent(), ==, 1);
	close_fixture(&f);
}

static void test_replaced_plan_comes_back_and_is_freed(void)
{
	struct fixture f;

	open_fixture(&f);
	session_apply(f.session, prepare(&f));
	session_apply(f.session, prepare(&f));
	g_assert_cmpuint(ref_count(f.m.leases[0]), ==, 3);
	run(&f);
	g_assert_cmpuint(ref_count(f.m.leases[0]), ==, 2);
	close_fixture(&f);
}

static void test_lease_is_held_until_the_worker_let_go(void)
{
	struct fixture f;

	open_fixture(&f);
	session_apply(f.session, prepare(&f));
	run(&f);
	session_drop(f.session, on_dropped, &f.dropped);
	g_assert_cmpuint(ref_count(f.m.leases[0]), ==, 2);
	media_worker_turn(f.m.worker);
	g_assert_cmpuint(f.dropped, ==, 0);
	mailbox_run(f.m.control);
	g_assert_cmpuint(f.dropped, ==, 1);
	g_assert_cmpuint(ref_count(f.m.leases[0]), ==, 1);
	f.dropped = 0;
	f.session = session_new(8, f.m.worker, f.m.control);
	close_fixture(&f);
}

static void test_discarded_set_leaves_the_running_one(void)
{
	struct stream_set *set;
	struct plan *plan;
	struct fixture f;
	struct err err;

	open_fixture(&f);
	session_apply(f.session, prepare(&f));
	run(&f);
	plan = mock_media_plan(&f.m);
	plan->streams[0].ports[plan->streams[0].port_count++] = ref_take(f.m.leases[4]);
	g_assert_cmpint(session_prepare(f.session, plan, &set, &err), ==, 0);
	g_assert_nonnull(f.m.leases[4]->port->loop);
	session_discard(f.session, set);
	run(&f);
	g_assert_null(f.m.leases[4]->port->loop);
	g_assert_cmpuint(ref_count(f.m.leases[4]), ==, 1);
	send_from_x(&f);
	run(&f);
	g_assert_cmpuint(mock_sent(), ==, 1);
	close_fixture(&f);
}

static void test_moves_with_its_ports(void)
{
	struct fixture f;

	open_fixture(&f);
	session_apply(f.session, prepare(&f));
	run(&f);
	session_move(f.session, f.other);
	g_assert_true(session_worker(f.session) == f.other);
	send_from_x(&f);
	run(&f);
	g_assert_true(f.m.leases[0]->port->loop == media_worker_loop(f.other));
	g_assert_cmpuint(mock_sent(), ==, 1);
	close_fixture(&f);
}

static void test_what_is_applied_while_it_moves_follows(void)
{
	struct stream_set *set;
	struct plan *plan;
	struct fixture f;
	struct err err;

	open_fixture(&f);
	session_apply(f.session, prepare(&f));
	run(&f);
	session_move(f.session, f.other);
	plan = mock_media_plan(&f.m);
	ref_drop(plan->streams[0].ports[0]);
	plan->streams[0].ports[0] = ref_take(f.m.leases[4]);
	g_assert_cmpint(session_prepare(f.session, plan, &set, &err), ==, 0);
	session_apply(f.session, set);
	run(&f);
	g_assert_true(f.m.leases[4]->port->loop == media_worker_loop(f.other));
	g_assert_null(f.m.leases[0]->port->loop);
	g_assert_cmpuint(ref_count(f.m.leases[0]), ==, 1);
	close_fixture(&f);
}

static void test_dropped_while_it_moves(void)
{
	struct fixture f;

	open_fixture(&f);
	session_apply(f.session, prepare(&f));
	run(&f);
	session_move(f.session, f.other);
	session_apply(f.session, prepare(&f));
	close_fixture(&f);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/media/session/applied", test_applied_plan_relays);
	g_test_add_func("/media/session/replaced", test_replaced_plan_comes_back_and_is_freed);
	g_test_add_func("/media/session/lease", test_lease_is_held_until_the_worker_let_go);
	g_test_add_func("/media/session/discard", test_discarded_set_leaves_the_running_one);
	g_test_add_func("/media/session/move", test_moves_with_its_ports);
	g_test_add_func("/media/session/held", test_what_is_applied_while_it_moves_follows);
	g_test_add_func("/media/session/drop-moving", test_dropped_while_it_moves);
	return g_test_run();
}

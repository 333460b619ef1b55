/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Workers without a thread: what they send to control, how much of it, and when it is woken. */
#include "media/worker.h"

#include <glib.h>
#include <poll.h>

#include "base/clock.h"
#include "stats/reason.h"

static unsigned events;
static uint32_t last_stream;

static void on_event(const struct media_event *event, void *arg)
{
	(void)arg;
	events++;
	last_stream = event->stream_id;
}

static void post(struct media_worker *worker, uint32_t stream)
{
	struct media_event event = { .type = MEDIA_EVENT_FIRST_PACKET, .stream_id = stream };

	media_worker_event(worker, &event);
}

static bool is_readable(struct mailbox *box)
{
	struct pollfd p = { .fd = mailbox_fd(box), .events = POLLIN };

	return poll(&p, 1, 0) == 1;
}

static void test_knows_its_own(void)
{
	struct mailbox *control = mailbox_new();
	struct media_worker *worker = media_worker_new(3, control, on_event, NULL);

	g_assert_cmpuint(media_worker_index(worker), ==, 3);
	g_assert_true(media_worker_control(worker) == control);
	g_assert_true(media_worker_mailbox(worker) == loop_mailbox(media_worker_loop(worker)));
	g_assert_cmpuint(buf_pool_out(media_worker_pool(worker)), ==, 0);
	media_worker_free(worker);
	mailbox_free(control);
}

static void test_events_arrive_in_order(void)
{
	struct mailbox *control = mailbox_new();
	struct media_worker *worker = media_worker_new(0, control, on_event, NULL);

	events = 0;
	post(worker, 1);
	post(worker, 2);
	g_assert_cmpuint(events, ==, 0);
	mailbox_run(control);
	g_assert_cmpuint(events, ==, 2);
	g_assert_cmpuint(last_stream, ==, 2);
	media_worker_free(worker);
	mailbox_free(control);
}

static void test_too_many_events_are_lost_and_counted(void)
{
	struct mailbox *control = mailbox_new();
	struct media_worker *worker = media_worker_new(0, control, on_event, NULL);
	uint64_t lost = reason_total(REASON_EVENT_LOST);
	unsigned sent = 100000;

	events = 0;
	for (unsigned i = 0; i < sent; i++)
		post(worker, i);
	mailbox_run(control);
	lost = reason_total(REASON_EVENT_LOST) - lost;
	g_assert_cmpuint(lost, >, 0);
	g_assert_cmpuint(events + lost, ==, sent);
	/* there is room again */
	post(worker, 7);
	mailbox_run(control);
	g_assert_cmpuint(last_stream, ==, 7);
	media_worker_free(worker);
	mailbox_free(control);
}

static void test_control_is_woken_in_time(void)
{
	struct mailbox *control = mailbox_new();
	struct media_worker *worker;

	clock_set_mock(1000000, 0);
	worker = media_worker_new(0, control, on_event, NULL);
	media_worker_turn(worker);
	post(worker, 1);
	media_worker_turn(worker);
	g_assert_false(is_readable(control));
	clock_set_mock(1000000 + MAILBOX_LATER_US, 0);
	media_worker_turn(worker);
	g_assert_true(is_readable(control));
	mailbox_run(control); /* events know their worker, so they go before it */
	media_worker_free(worker);
	mailbox_free(control);
	clock_set_mock(-1, 0);
}

static void test_thread_starts_and_stops(void)
{
	struct mailbox *control = mailbox_new();
	struct media_worker *worker = media_worker_new(0, control, on_event, NULL);

	media_worker_stop(worker);
	g_assert_cmpint(media_worker_start(worker), ==, 0);
	media_worker_stop(worker);
	g_assert_cmpint(media_worker_start(worker), ==, 0);
	media_worker_stop(worker);
	media_worker_free(worker);
	mailbox_free(control);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/media/worker/own", test_knows_its_own);
	g_test_add_func("/media/worker/events", test_events_arrive_in_order);
	g_test_add_func("/media/worker/events-lost", test_too_many_events_are_lost_and_counted);
	g_test_add_func("/media/worker/woken", test_control_is_woken_in_time);
	g_test_add_func("/media/worker/thread", test_thread_starts_and_stops);
	return g_test_run();
}

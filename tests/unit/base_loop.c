/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Turns of a loop: what is served, in which order, and how long it waits. */
#include "base/loop.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <glib.h>

#include "base/clock.h"
#include "base/list.h"

/* A watched descriptor that writes its letter down when it is served, and may unwatch another. */
struct spy {
	struct loop_source source;
	int fd;
	GString *seen;
	char letter;
	struct spy *unwatch;
	uint32_t events;
};

static void spy_ready(struct loop_source *source, struct loop *loop, uint32_t epoll_events)
{
	struct spy *spy = container_of(source, struct spy, source);
	uint64_t count;

	g_assert_cmpint(read(spy->fd, &count, sizeof(count)), ==, sizeof(count));
	g_string_append_c(spy->seen, spy->letter);
	spy->events = epoll_events;
	if (spy->unwatch)
		loop_unwatch(loop, spy->unwatch->fd);
}

static void spy_open(struct spy *spy, struct loop *loop, GString *seen, char letter)
{
	*spy = (struct spy){ .source.ready = spy_ready, .seen = seen, .letter = letter };
	spy->fd = eventfd(0, EFD_NONBLOCK);
	g_assert_cmpint(spy->fd, >=, 0);
	g_assert_cmpint(loop_watch(loop, spy->fd, &spy->source), ==, 0);
}

static void spy_fire(const struct spy *spy)
{
	const uint64_t one = 1;

	g_assert_cmpint(write(spy->fd, &one, sizeof(one)), ==, sizeof(one));
}

/* A message that does the same. */
struct spy_message {
	struct message message;
	struct loop *loop;
	GString *seen;
	struct spy *unwatch;
};

static void spy_message_run(struct message *message)
{
	struct spy_message *spy = container_of(message, struct spy_message, message);

	g_string_append_c(spy->seen, 'm');
	if (spy->unwatch)
		loop_unwatch(spy->loop, spy->unwatch->fd);
}

static void note_turn_end(struct loop *loop, void *arg)
{
	(void)loop;
	g_string_append_c(arg, '.');
}

/* --- descriptors --- */

static void test_ready_descriptor_is_served(void)
{
	struct loop *loop = loop_new();
	GString *seen = g_string_new(NULL);
	struct spy a;

	spy_open(&a, loop, seen, 'a');
	loop_turn(loop, 0);
	g_assert_cmpstr(seen->str, ==, "");
	spy_fire(&a);
	loop_turn(loop, -1);
	g_assert_cmpstr(seen->str, ==, "a");
	g_assert_cmpuint(a.events, ==, EPOLLIN);
	loop_turn(loop, 0);
	g_assert_cmpstr(seen->str, ==, "a");
	loop_free(loop);
	close(a.fd);
	g_string_free(seen, TRUE);
}

static void test_more_ready_than_one_turn_serves(void)
{
	enum { COUNT = 300 };
	struct loop *loop = loop_new();
	GString *seen = g_string_new(NULL);
	struct spy *spies = g_new0(struct spy, COUNT);

	for (int i = 0; i < COUNT; i++) {
		spy_open(&spies[i], loop, seen, 'x');
		spy_fire(&spies[i]);
	}
	for (int i = 0; i < COUNT && seen->len < COUNT; i++)
		loop_turn(loop, 0);
	g_assert_cmpuint(seen->len, ==, COUNT);
	loop_free(loop);
	for (int i = 0; i < COUNT; i++)
		close(spies[i].fd);
	g_free(spies);
	g_string_free(seen, TRUE);
}

static void test_watching_what_cannot_be_watched_fails(void)
{
	struct loop *loop = loop_new();
	struct loop_source source = { .ready = spy_ready };

	g_assert_cmpint(loop_watch(loop, -1, &source), ==, -EBADF);
	loop_free(loop);
}

static void test_unwatched_is_not_served(void)
{
	struct loop *loop = loop_new();
	GString *seen = g_string_new(NULL);
	struct spy a;

	spy_open(&a, loop, seen, 'a');
	spy_fire(&a);
	loop_unwatch(loop, a.fd);
	loop_turn(loop, 0);
	g_assert_cmpstr(seen->str, ==, "");
	loop_free(loop);
	close(a.fd);
	g_string_free(seen, TRUE);
}

static void test_unwatched_by_a_message_is_not_served_in_that_turn(void)
{
	struct loop *loop = loop_new();
	GString *seen = g_string_new(NULL);
	struct spy a, b;

	spy_open(&a, loop, seen, 'a');
	spy_open(&b, loop, seen, 'b');
	struct spy_message message = {
		.message.run = spy_message_run, .loop = loop, .seen = seen, .unwatch = &a
	};
	spy_fire(&a);
	spy_fire(&b);
	mailbox_post(loop_mailbox(loop), &message.message, WAKE_NOW);
	loop_turn(loop, -1);
	g_assert_cmpstr(seen->str, ==, "mb");
	loop_free(loop);
	close(a.fd);
	close(b.fd);
	g_string_free(seen, TRUE);
}

static void test_unwatched_by_another_is_not_served_in_that_turn(void)
{
	struct loop *loop = loop_new();
	GString *seen = g_string_new(NULL);
	struct spy a, b;

	spy_open(&a, loop, seen, 'x');
	spy_open(&b, loop, seen, 'x');
	a.unwatch = &b;
	b.unwatch = &a;
	spy_fire(&a);
	spy_fire(&b);
	loop_turn(loop, -1);
	loop_turn(loop, 0);
	g_assert_cmpstr(seen->str, ==, "x");
	loop_free(loop);
	close(a.fd);
	close(b.fd);
	g_string_free(seen, TRUE);
}

static gpointer watch_spy(gpointer arg)
{
	struct spy_message *spy = arg;

	spy_open(spy->unwatch, spy->loop, spy->seen, 't');
	spy_fire(spy->unwatch);
	return NULL;
}

static void test_another_thread_may_watch(void)
{
	struct loop *loop = loop_new();
	GString *seen = g_string_new(NULL);
	struct spy a;
	struct spy_message arg = { .loop = loop, .seen = seen, .unwatch = &a };
	GThread *thread = g_thread_new("watch", watch_spy, &arg);

	loop_turn(loop, -1);
	g_assert_cmpstr(seen->str, ==, "t");
	g_thread_join(thread);
	loop_free(loop);
	close(a.fd);
	g_string_free(seen, TRUE);
}

/* --- order of a turn --- */

static void test_messages_then_descriptors_then_turn_end(void)
{
	struct loop *loop = loop_new();
	GString *seen = g_string_new(NULL);
	struct spy a;
	struct spy_message message = { .message.run = spy_message_run, .loop = loop, .seen = seen };

	loop_on_turn_end(loop, note_turn_end, seen);
	spy_open(&a, loop, seen, 'a');
	spy_fire(&a);
	mailbox_post(loop_mailbox(loop), &message.message, WAKE_NOW);
	loop_turn(loop, -1);
	loop_turn(loop, 0);
	g_assert_cmpstr(seen->str, ==, "ma..");
	loop_free(loop);
	close(a.fd);
	g_string_free(seen, TRUE);
}

struct spy_end {
	struct loop_end end;
	GString *seen;
	char letter;
};

static void note_end(struct loop_end *end, struct loop *loop)
{
	struct spy_end *spy = container_of(end, struct spy_end, end);

	(void)loop;
	g_string_append_c(spy->seen, spy->letter);
}

static void test_ends_of_others_come_before_the_turn_end(void)
{
	struct loop *loop = loop_new();
	GString *seen = g_string_new(NULL);
	struct spy_end e = { .end.run = note_end, .seen = seen, .letter = 'e' };
	struct spy_end f = { .end.run = note_end, .seen = seen, .letter = 'f' };

	loop_on_turn_end(loop, note_turn_end, seen);
	loop_add_end(loop, &e.end);
	loop_turn(loop, 0);
	loop_add_end(loop, &f.end);
	loop_remove_end(loop, &e.end);
	loop_turn(loop, 0);
	loop_remove_end(loop, &f.end);
	loop_remove_end(loop, &f.end);
	loop_turn(loop, 0);
	g_assert_cmpstr(seen->str, ==, "e.f..");
	loop_free(loop);
	g_string_free(seen, TRUE);
}

static void test_message_for_later_runs_at_the_next_wake_up(void)
{
	struct loop *loop = loop_new();
	GString *seen = g_string_new(NULL);
	struct spy_message message = { .message.run = spy_message_run, .loop = loop, .seen = seen };

	mailbox_post(loop_mailbox(loop), &message.message, WAKE_LATER);
	loop_turn(loop, 0);
	g_assert_cmpstr(seen->str, ==, "m");
	loop_free(loop);
	g_string_free(seen, TRUE);
}

static void test_free_runs_messages_that_still_unwatch(void)
{
	struct loop *loop = loop_new();
	GString *seen = g_string_new(NULL);
	struct spy a;

	spy_open(&a, loop, seen, 'a');
	struct spy_message message = {
		.message.run = spy_message_run, .loop = loop, .seen = seen, .unwatch = &a
	};
	mailbox_post(loop_mailbox(loop), &message.message, WAKE_LATER);
	loop_free(loop);
	g_assert_cmpstr(seen->str, ==, "m");
	close(a.fd);
	g_string_free(seen, TRUE);
}

/* --- time --- */

static int64_t real_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void test_time_is_read_once_a_turn(void)
{
	clock_set_mock(1000000, 0);
	struct loop *loop = loop_new();

	clock_set_mock(2000000, 0);
	g_assert_cmpint(loop_now_us(loop), ==, 1000000);
	loop_turn(loop, 0);
	g_assert_cmpint(loop_now_us(loop), ==, 2000000);
	loop_free(loop);
	clock_set_mock(-1, 0);
}

/* The waits below are infinite but for the deadline: a lost one hangs the test. */
static void test_passed_deadline_does_not_wait(void)
{
	struct loop *loop = loop_new();

	loop_wake_at(loop, loop_now_us(loop) - 1);
	loop_turn(loop, -1);
	loop_wake_at(loop, loop_now_us(loop));
	loop_turn(loop, -1);
	loop_free(loop);
}

static void test_earliest_deadline_counts(void)
{
	struct loop *loop = loop_new();

	loop_wake_at(loop, loop_now_us(loop) + 3600 * INT64_C(1000000));
	loop_wake_at(loop, loop_now_us(loop));
	loop_wake_at(loop, INT64_MAX);
	loop_turn(loop, -1);
	loop_free(loop);
}

struct bell {
	struct wheel_timer timer;
	unsigned rings;
	GString *seen; /* NULL: not written down */
};

static void ring(struct wheel_timer *timer, int64_t now_us)
{
	struct bell *bell = container_of(timer, struct bell, timer);

	(void)now_us;
	bell->rings++;
	if (bell->seen)
		g_string_append_c(bell->seen, 't');
}

static void test_timer_wakes_the_loop(void)
{
	struct loop *loop = loop_new();
	struct bell bell = { 0 };
	int64_t due_us = loop_now_us(loop) + 3000;

	wheel_timer_init(&bell.timer, ring);
	wheel_set(loop_wheel(loop), &bell.timer, due_us);
	while (!bell.rings)
		loop_turn(loop, -1);
	g_assert_cmpint(loop_now_us(loop), >=, due_us);
	loop_turn(loop, 0);
	g_assert_cmpuint(bell.rings, ==, 1);
	loop_free(loop);
}

static int interrupted_fd;

/* The system has other things to do, while a packet comes. */
static void interrupt(int signal)
{
	const uint64_t one = 1;
	struct timespec rest = { .tv_nsec = 30 * 1000 * 1000 };

	(void)signal;
	while (nanosleep(&rest, &rest) < 0 && errno == EINTR)
		;
	if (write(interrupted_fd, &one, sizeof(one)) < 0)
		abort();
}

static void test_late_timers_come_after_what_is_ready(void)
{
	const struct itimerval soon = { .it_value.tv_usec = 2000 };
	GString *seen = g_string_new(NULL);
	struct loop *loop = loop_new();
	struct bell bell = { .seen = seen };
	struct spy spy;

	spy_open(&spy, loop, seen, 's');
	interrupted_fd = spy.fd;
	signal(SIGALRM, interrupt);
	wheel_timer_init(&bell.timer, ring);
	wheel_set(loop_wheel(loop), &bell.timer, loop_now_us(loop) + 10000);
	setitimer(ITIMER_REAL, &soon, NULL);
	while (seen->len < 2)
		loop_turn(loop, -1);
	g_assert_cmpstr(seen->str, ==, "st");
	signal(SIGALRM, SIG_DFL);
	loop_free(loop);
	close(spy.fd);
	g_string_free(seen, TRUE);
}

/* One of several at a time, as of packets in a socket. */
static void test_all_that_piled_up_comes_before_late_timers(void)
{
	GString *seen = g_string_new(NULL);
	struct loop *loop = loop_new();
	struct bell bell = { .seen = seen };
	struct timespec rest = { .tv_nsec = 20 * 1000 * 1000 };
	const uint64_t packets = 5;
	struct spy spy;
	int fd = eventfd(0, EFD_NONBLOCK | EFD_SEMAPHORE);

	spy_open(&spy, loop, seen, 's');
	g_assert_cmpint(dup2(fd, spy.fd), ==, spy.fd);
	g_assert_cmpint(loop_watch(loop, spy.fd, &spy.source), ==, 0);
	wheel_timer_init(&bell.timer, ring);
	wheel_set(loop_wheel(loop), &bell.timer, loop_now_us(loop) + 1000);
	g_assert_cmpint(write(fd, &packets, sizeof(packets)), ==, sizeof(packets));
	nanosleep(&rest, NULL);
	loop_turn(loop, -1);
	g_assert_cmpstr(seen->str, ==, "ssssst");
	loop_free(loop);
	close(spy.fd);
	close(fd);
	g_string_free(seen, TRUE);
}

static void test_max_wait_bounds_a_far_deadline(void)
{
	struct loop *loop = loop_new();

	loop_wake_at(loop, loop_now_us(loop) + 3600 * INT64_C(1000000));
	loop_turn(loop, 0);
	loop_free(loop);
}

/* Had it been kept, the second turn would not wait for its millisecond. */
static void test_deadline_is_for_one_turn(void)
{
	struct loop *loop = loop_new();

	loop_wake_at(loop, 0);
	loop_turn(loop, -1);
	int64_t before_us = real_us();
	loop_turn(loop, 1000);
	g_assert_cmpint(real_us() - before_us, >=, 900);
	loop_free(loop);
}

static void test_part_of_a_millisecond_is_waited_for(void)
{
	struct loop *loop = loop_new();
	int64_t before_us = real_us();

	loop_turn(loop, 300);
	g_assert_cmpint(real_us() - before_us, >=, 300);
	loop_free(loop);
}

/* --- gathering --- */

/* A descriptor that is always ready, with so many packets a turn. */
struct flood {
	struct loop_source source;
	struct wheel_timer end;
	struct loop *loop;
	unsigned packets;
	bool urgent;
	unsigned turns; /* once it is known how dense they are */
	int64_t count_from_us;
};

static void flood_ready(struct loop_source *source, struct loop *loop, uint32_t epoll_events)
{
	struct flood *f = container_of(source, struct flood, source);

	(void)epoll_events;
	for (unsigned i = 0; i < f->packets; i++)
		loop_gather(loop);
	if (f->urgent)
		loop_hurry(loop);
	f->turns += loop_now_us(loop) >= f->count_from_us;
}

static void flood_end(struct wheel_timer *timer, int64_t now_us)
{
	(void)now_us;
	loop_stop(container_of(timer, struct flood, end)->loop);
}

enum { FLOOD_MS = 30 };

static unsigned flood_turns(unsigned packets, bool urgent)
{
	struct flood f = {
		.source.ready = flood_ready,
		.loop = loop_new(),
		.packets = packets,
		.urgent = urgent,
	};
	int fd = eventfd(1, EFD_NONBLOCK);

	wheel_timer_init(&f.end, flood_end);
	f.count_from_us = loop_now_us(f.loop) + 20000;
	wheel_set(loop_wheel(f.loop), &f.end, f.count_from_us + FLOOD_MS * 1000);
	g_assert_cmpint(loop_watch(f.loop, fd, &f.source), ==, 0);
	loop_run(f.loop);
	loop_free(f.loop);
	close(fd);
	return f.turns;
}

/* Where this process is kept from running packets are not dense: then it is tried again. */
static void test_what_is_not_urgent_waits_for_a_tick(void)
{
	enum { TRIES = 20 };
	unsigned least = UINT_MAX;

	for (unsigned i = 0; i < TRIES && least > FLOOD_MS + 2; i++)
		least = MIN(least, flood_turns(3, false));
	g_assert_cmpuint(least, <=, FLOOD_MS + 2);
}

static void test_what_is_urgent_does_not_wait(void)
{
	g_assert_cmpuint(flood_turns(3, true), >, FLOOD_MS * 2);
	g_assert_cmpuint(flood_turns(0, false), >, FLOOD_MS * 2);
}

/* --- stopping --- */

static gpointer stop_loop(gpointer loop)
{
	loop_stop(loop);
	return NULL;
}

static void test_another_thread_may_stop_a_sleeping_loop(void)
{
	struct loop *loop = loop_new();

	for (int i = 0; i < 100; i++) {
		GThread *thread = g_thread_new("stop", stop_loop, loop);

		loop_run(loop);
		g_thread_join(thread);
	}
	loop_free(loop);
}

static void test_stopping_twice_is_stopping_once(void)
{
	struct loop *loop = loop_new();
	GString *seen = g_string_new(NULL);

	loop_on_turn_end(loop, note_turn_end, seen);
	loop_stop(loop);
	loop_stop(loop);
	loop_run(loop);
	g_assert_cmpstr(seen->str, ==, ".");
	loop_free(loop);
	g_string_free(seen, TRUE);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/base/loop/ready", test_ready_descriptor_is_served);
	g_test_add_func("/base/loop/many-ready", test_more_ready_than_one_turn_serves);
	g_test_add_func("/base/loop/watch-error", test_watching_what_cannot_be_watched_fails);
	g_test_add_func("/base/loop/unwatch", test_unwatched_is_not_served);
	g_test_add_func("/base/loop/unwatch-by-message",
		test_unwatched_by_a_message_is_not_served_in_that_turn);
	g_test_add_func("/base/loop/unwatch-by-source",
		test_unwatched_by_another_is_not_served_in_that_turn);
	g_test_add_func("/base/loop/watch-from-thread", test_another_thread_may_watch);
	g_test_add_func("/base/loop/ends", test_ends_of_others_come_before_the_turn_end);
	g_test_add_func("/base/loop/order", test_messages_then_descriptors_then_turn_end);
	g_test_add_func("/base/loop/later", test_message_for_later_runs_at_the_next_wake_up);
	g_test_add_func("/base/loop/free", test_free_runs_messages_that_still_unwatch);
	g_test_add_func("/base/loop/now", test_time_is_read_once_a_turn);
	g_test_add_func("/base/loop/deadline-passed", test_passed_deadline_does_not_wait);
	g_test_add_func("/base/loop/deadline-earliest", test_earliest_deadline_counts);
	g_test_add_func("/base/loop/timer", test_timer_wakes_the_loop);
	g_test_add_func("/base/loop/timer-late", test_late_timers_come_after_what_is_ready);
	g_test_add_func("/base/loop/piled-up", test_all_that_piled_up_comes_before_late_timers);
	g_test_add_func("/base/loop/max-wait", test_max_wait_bounds_a_far_deadline);
	g_test_add_func("/base/loop/deadline-once", test_deadline_is_for_one_turn);
	g_test_add_func("/base/loop/round-up", test_part_of_a_millisecond_is_waited_for);
	g_test_add_func("/base/loop/gather", test_what_is_not_urgent_waits_for_a_tick);
	g_test_add_func("/base/loop/hurry", test_what_is_urgent_does_not_wait);
	g_test_add_func("/base/loop/stop", test_another_thread_may_stop_a_sleeping_loop);
	g_test_add_func("/base/loop/stop-twice", test_stopping_twice_is_stopping_once);
	return g_test_run();
}

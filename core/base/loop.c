/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A media worker's loop. It owns the epoll set and the mailbox that others post to; what is to be
 * done with a descriptor is its source's business.
 */
#include "base/loop.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <glib.h>

#include "base/clock.h"
#include "base/list.h"

enum {
	EVENTS_PER_TURN = 128,
	DENSE_US = 16 * WHEEL_TICK_US, /* what loop_gather counts is looked at so often */
	DENSE_PER_TICK = 2,
	BEHIND_ROUNDS = 16, /* how often descriptors are served in a turn that is late */
};

static const int64_t BEHIND_US = 10000; /* so late, packets may have piled up in sockets */

static const int64_t NEVER_US = INT64_MAX;

/* Owner: the thread that turns it. */
struct loop {
	int epoll_fd; /* [any] */
	struct mailbox *mailbox;
	struct loop_end *ends;
	loop_turn_end_fn turn_end;
	void *turn_end_arg;
	struct wheel wheel;
	int64_t now_us;
	int64_t wake_at_us; /* of the next turn, NEVER_US: nobody asked */
	int64_t hurried_us;
	int64_t gathers_since_us;
	unsigned gathers; /* since then */
	bool gathering;   /* asked for in the last turn */
	bool dense;       /* often enough to be worth it */
	bool behind;      /* this turn should have been long ago */
	bool stopped;
	atomic_bool stop_posted; /* [any]: `stop` is in the mailbox */
	struct message stop;
	int event_count;
	struct epoll_event events[EVENTS_PER_TURN]; /* NULL pointer: the mailbox, or not wanted */
};

/* The loop this thread is turning: tells loop_unwatch whether `events` is its to change. */
static _Thread_local struct loop *turning;

static void run_stop(struct message *message)
{
	struct loop *loop = container_of(message, struct loop, stop);

	loop->stopped = true;
	atomic_store_explicit(&loop->stop_posted, false, memory_order_release);
}

static int epoll_add(struct loop *loop, int fd, struct loop_source *source)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = source };

	return epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

struct loop *loop_new(void)
{
	struct loop *loop = g_new0(struct loop, 1);

	loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	loop->mailbox = mailbox_new();
	if (loop->epoll_fd < 0 || !loop->mailbox ||
		epoll_add(loop, mailbox_fd(loop->mailbox), NULL) < 0) {
		loop_free(loop);
		return NULL;
	}
	loop->stop.run = run_stop;
	loop->wake_at_us = NEVER_US;
	loop->now_us = clock_mono_us();
	loop->hurried_us = -LOOP_HURRY_US;
	wheel_init(&loop->wheel, loop->now_us);
	return loop;
}

/* The mailbox goes first: its last messages may still unwatch descriptors. */
void loop_free(struct loop *loop)
{
	if (!loop)
		return;
	mailbox_free(loop->mailbox);
	if (loop->epoll_fd >= 0)
		close(loop->epoll_fd);
	g_free(loop);
}

struct mailbox *loop_mailbox(struct loop *loop)
{
	return loop->mailbox;
}

void loop_on_turn_end(struct loop *loop, loop_turn_end_fn fn, void *arg)
{
	loop->turn_end = fn;
	loop->turn_end_arg = arg;
}

void loop_add_end(struct loop *loop, struct loop_end *end)
{
	end->next = loop->ends;
	loop->ends = end;
}

void loop_remove_end(struct loop *loop, struct loop_end *end)
{
	struct loop_end **at = &loop->ends;

	while (*at && *at != end)
		at = &(*at)->next;
	if (*at)
		*at = end->next;
}

int loop_watch(struct loop *loop, int fd, struct loop_source *source)
{
	source->fd = fd;
	return epoll_add(loop, fd, source);
}

/*
 * Events of the running turn that wait to be served are taken back too. Looked for by descriptor,
 * because that is what the caller has; served ones are NULL already and not looked into.
 */
void loop_unwatch(struct loop *loop, int fd)
{
	epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
	if (turning != loop)
		return;
	for (int i = 0; i < loop->event_count; i++) {
		const struct loop_source *source = loop->events[i].data.ptr;

		if (source && source->fd == fd)
			loop->events[i].data.ptr = NULL;
	}
}

int64_t loop_now_us(const struct loop *loop)
{
	return loop->now_us;
}

struct wheel *loop_wheel(struct loop *loop)
{
	return &loop->wheel;
}

void loop_wake_at(struct loop *loop, int64_t mono_us)
{
	loop->wake_at_us = MIN(loop->wake_at_us, mono_us);
}

void loop_gather(struct loop *loop)
{
	loop->gathers++;
	loop->gathering = true;
}

void loop_hurry(struct loop *loop)
{
	loop->hurried_us = loop->now_us;
}

static void look_how_dense(struct loop *loop)
{
	int64_t past_us = loop->now_us - loop->gathers_since_us;

	if (past_us < DENSE_US)
		return;
	loop->dense = loop->gathers * (int64_t)WHEEL_TICK_US >= DENSE_PER_TICK * past_us;
	loop->gathers = 0;
	loop->gathers_since_us = loop->now_us;
}

static void let_gather(struct loop *loop)
{
	bool hurried = loop->now_us - loop->hurried_us <= LOOP_HURRY_US;

	look_how_dense(loop);
	if (loop->gathering && loop->dense && !hurried) {
		clock_sleep_until_us((loop->now_us / WHEEL_TICK_US + 1) * WHEEL_TICK_US);
		loop->now_us = clock_mono_us();
	}
	loop->gathering = false;
}

/*
 * For epoll_wait: rounded up, so that the last part of a millisecond is not spent spinning. The
 * time is the last turn's: what that turn took is either nothing much, or there is so much to do
 * that epoll_wait does not wait.
 */
static int wait_ms(const struct loop *loop, int64_t max_wait_us)
{
	int64_t wait_us = max_wait_us;

	if (loop->wake_at_us != NEVER_US) {
		int64_t left_us = 0;

		if (loop->wake_at_us > loop->now_us)
			left_us = loop->wake_at_us - loop->now_us;
		if (wait_us < 0 || left_us < wait_us)
			wait_us = left_us;
	}
	if (wait_us < 0)
		return -1;
	int64_t ms = wait_us / 1000 + (wait_us % 1000 != 0);
	return ms < INT_MAX ? (int)ms : INT_MAX;
}

static void poll_events(struct loop *loop, int timeout_ms)
{
	int n = epoll_wait(loop->epoll_fd, loop->events, EVENTS_PER_TURN, timeout_ms);

	assert(n >= 0 || errno == EINTR);
	loop->event_count = n > 0 ? n : 0;
	loop->now_us = clock_mono_us();
}

static void wait_for_events(struct loop *loop, int64_t max_wait_us)
{
	int64_t due_us;
	int timeout_ms;

	if (max_wait_us < 0)
		let_gather(loop);
	if (loop->wheel.count)
		loop_wake_at(loop, wheel_next_us(&loop->wheel));
	timeout_ms = wait_ms(loop, max_wait_us);
	due_us = loop->wake_at_us;
	loop->wake_at_us = NEVER_US;
	poll_events(loop, timeout_ms);
	/* The system kept us waiting: timers are not to run before what has come meanwhile. */
	if (!loop->event_count && loop->now_us - WHEEL_TICK_US > due_us)
		poll_events(loop, 0);
	loop->behind = loop->now_us - BEHIND_US > due_us;
}

static void serve_events(struct loop *loop)
{
	for (int i = 0; i < loop->event_count; i++) {
		struct epoll_event *event = &loop->events[i];
		struct loop_source *source = event->data.ptr;

		if (!source)
			continue;
		event->data.ptr = NULL;
		source->ready(source, loop, event->events);
	}
	loop->event_count = 0;
}

/*
 * What waits behind the first packet of a socket should have been served before timers that are due
 * by now, such as those of who mixes it.
 */
static void catch_up(struct loop *loop)
{
	for (int i = 1; i < BEHIND_ROUNDS; i++) {
		poll_events(loop, 0);
		if (!loop->event_count)
			return;
		serve_events(loop);
	}
}

/* Messages are looked for even when their descriptor did not fire: WAKE_LATER does not write it. */
void loop_turn(struct loop *loop, int64_t max_wait_us)
{
	struct loop *outer = turning;

	turning = loop;
	wait_for_events(loop, max_wait_us);
	mailbox_run(loop->mailbox);
	serve_events(loop);
	if (loop->behind)
		catch_up(loop);
	if (loop->wheel.count)
		wheel_run(&loop->wheel, loop->now_us);
	for (struct loop_end *end = loop->ends; end; end = end->next)
		end->run(end, loop);
	if (loop->turn_end)
		loop->turn_end(loop, loop->turn_end_arg);
	turning = outer;
}

void loop_run(struct loop *loop)
{
	loop->now_us = clock_mono_us();
	while (!loop->stopped)
		loop_turn(loop, -1);
	loop->stopped = false;
}

void loop_stop(struct loop *loop)
{
	if (!atomic_exchange_explicit(&loop->stop_posted, true, memory_order_acq_rel))
		mailbox_post(loop->mailbox, &loop->stop, WAKE_NOW);
}

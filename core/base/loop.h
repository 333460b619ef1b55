/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A media worker's loop: epoll, a mailbox, timers and one clock reading per turn. A turn is:
 * wait, read the clock, run messages, serve descriptors (more than once where the turn is late),
 * run due timers, call the turn's end (which sends what was gathered and wakes whom WAKE_LATER
 * messages went to).
 */
#ifndef BASE_LOOP_H
#define BASE_LOOP_H

#include "base/mailbox.h"
#include "base/wheel.h"

#include <stdbool.h>
#include <stdint.h>

enum { LOOP_HURRY_US = 100000 }; /* see loop_gather */

struct loop;

/* What epoll watches. Embedded in the object it stands for. */
struct loop_source {
	void (*ready)(struct loop_source *source, struct loop *loop, uint32_t epoll_events);
	int fd; /* written by loop_watch */
};

/* Called at the end of every turn with the loop's `turn_end_arg`. */
typedef void (*loop_turn_end_fn)(struct loop *loop, void *arg);

/* Somebody's work at the end of every turn. Embedded in the object whose work it is. */
struct loop_end {
	void (*run)(struct loop_end *end, struct loop *loop);
	struct loop_end *next;
};

struct loop *loop_new(void); /* NULL: no descriptors left */
void loop_free(struct loop *loop);
struct mailbox *loop_mailbox(struct loop *loop);
/* Runs after all loop_ends. */
void loop_on_turn_end(struct loop *loop, loop_turn_end_fn fn, void *arg);
/* Before the loop runs, and after. */
void loop_add_end(struct loop *loop, struct loop_end *end);
void loop_remove_end(struct loop *loop, struct loop_end *end);
/*
 * Watches `fd` for input. Epoll may be told by any thread, so that whoever opens a descriptor
 * can put it here without waking the loop; `source` must live until loop_unwatch and until the
 * turn in which that was called is over. Returns 0 or -errno. [any]
 */
int loop_watch(struct loop *loop, int fd, struct loop_source *source);
void loop_unwatch(struct loop *loop, int fd);
/* Monotonic time of this turn, in microseconds. [loop's thread] */
int64_t loop_now_us(const struct loop *loop);
/* Its timers; they run with loop_now_us of the turn. [loop's thread] */
struct wheel *loop_wheel(struct loop *loop);
/* The turn after this one comes at `mono_us` at the latest. [loop's thread] */
void loop_wake_at(struct loop *loop, int64_t mono_us);
/*
 * A packet that is not urgent, once for each. Where there are several in a millisecond, the next
 * turn comes at the next tick of the wheel and has all that came until then: fewer turns, and the
 * same code for many packets in a row. Not within LOOP_HURRY_US of a loop_hurry. [loop's thread]
 */
void loop_gather(struct loop *loop);
/* One that is. [loop's thread] */
void loop_hurry(struct loop *loop);
/* One turn; waits at most `max_wait_us` (negative: as long as it takes). [loop's thread] */
void loop_turn(struct loop *loop, int64_t max_wait_us);
/* Turns until loop_stop. [loop's thread] */
void loop_run(struct loop *loop);
/* [any] */
void loop_stop(struct loop *loop);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Timers of one thread in a wheel of milliseconds: setting, clearing and running one takes the
 * same short time however many there are. For what happens all the time, such as packets that
 * leave every 20 ms; each worker's loop has one (loop_wheel). No clock inside.
 */
#ifndef BASE_WHEEL_H
#define BASE_WHEEL_H

#include "base/list.h"

#include <stdint.h>

enum {
	WHEEL_TICK_US = 1000, /* timers run at most this late, never early */
	WHEEL_SLOTS = 512, /* those due later than so many ticks are looked at once a turn of it */
};

struct wheel_timer;
/* The timer is not set any more and may be set again, or freed. */
typedef void (*wheel_timer_fn)(struct wheel_timer *timer, int64_t now_us);

/* Embedded in what it stands for; wheel_timer_init before anything else. */
struct wheel_timer {
	struct list link;
	int64_t due_tick; /* 0: not set */
	wheel_timer_fn fn;
};

struct wheel {
	struct list slots[WHEEL_SLOTS];
	uint64_t used[WHEEL_SLOTS / 64]; /* bit per slot: timers may be in it */
	int64_t tick;                    /* all up to this one were run */
	unsigned count;
};

void wheel_init(struct wheel *wheel, int64_t now_us);
void wheel_timer_init(struct wheel_timer *timer, wheel_timer_fn fn);
/* Due at `due_us`, at the next tick if that is over. Sets one that is set anew. */
void wheel_set(struct wheel *wheel, struct wheel_timer *timer, int64_t due_us);
/* Nothing when it is not set. */
void wheel_clear(struct wheel *wheel, struct wheel_timer *timer);
/*
 * Runs what is due, earlier ticks first, in one tick in the order they were set. They may set and
 * clear any timer, themselves too; none runs twice in a tick.
 */
void wheel_run(struct wheel *wheel, int64_t now_us);
/* When to call wheel_run next: nothing is due before. -1: no timer is set. */
int64_t wheel_next_us(const struct wheel *wheel);

#endif

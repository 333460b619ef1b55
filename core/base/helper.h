/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Work that may block, files above all, on threads that nobody waits for. A job is done once:
 * `work` on a helper, then `done` on the thread that reads the pool's mailbox (control).
 *
 * Jobs run side by side and in no order. Whoever needs an order keeps one job under way and
 * starts the next one from `done`.
 */
#ifndef BASE_HELPER_H
#define BASE_HELPER_H

#include "base/mailbox.h"

/* Embedded in what it is about, which belongs to the job from helper_run until `done`. */
struct job {
	void (*work)(struct job *job); /* [helper] */
	void (*done)(struct job *job); /* owns it again [home] */
	struct message message;        /* the way home */
	struct helper_pool *pool;      /* written by helper_run */
};

struct helper_pool;

/* At most `threads` at a time, made when needed. `home` is borrowed and outlives the pool. */
struct helper_pool *helper_pool_new(unsigned threads, struct mailbox *home);
/*
 * Waits for all jobs, also those not begun: their `done` is in the mailbox then. What is run later
 * is worked on by whoever runs it. NULL is fine. [home, its reader has ended]
 */
void helper_pool_stop(struct helper_pool *pool);
/* Stopped, or nothing was run. NULL is fine. */
void helper_pool_free(struct helper_pool *pool);
unsigned helper_threads(const struct helper_pool *pool); /* at most; of a stopped one too [any] */
/* [any] */
void helper_run(struct helper_pool *pool, struct job *job);
/* Jobs that no helper has begun. [any] */
unsigned helper_waiting(const struct helper_pool *pool);

#endif

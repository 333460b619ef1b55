/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Jobs on GLib's pool of threads; the way back is the mailbox. */
#include "base/helper.h"

#include "base/list.h"

#include <glib.h>
#include <stdatomic.h>

struct helper_pool {
	GThreadPool *threads; /* NULL: stopped */
	struct mailbox *home;
	unsigned most; /* threads */
	/*
	 * They order a job's making before its work, and that before the pool's end, for checkers
	 * that cannot see GLib's own locks.
	 */
	atomic_uint handed_over, worked_on;
};

static void come_home(struct message *message)
{
	struct job *job = container_of(message, struct job, message);

	job->done(job);
}

static void run_job(void *data, void *pool_data)
{
	struct helper_pool *pool = pool_data;
	struct job *job = data;

	(void)atomic_load_explicit(&pool->handed_over, memory_order_acquire);
	job->work(job);
	atomic_fetch_add_explicit(&pool->worked_on, 1, memory_order_release);
	job->message.run = come_home;
	mailbox_post(pool->home, &job->message, WAKE_NOW);
}

struct helper_pool *helper_pool_new(unsigned threads, struct mailbox *home)
{
	struct helper_pool *pool = g_new0(struct helper_pool, 1);

	pool->home = home;
	pool->most = MAX(threads, 1);
	pool->threads = g_thread_pool_new(run_job, pool, (int)pool->most, FALSE, NULL);
	return pool;
}

void helper_pool_stop(struct helper_pool *pool)
{
	if (!pool || !pool->threads)
		return;
	g_thread_pool_free(pool->threads, FALSE, TRUE);
	(void)atomic_load_explicit(&pool->worked_on, memory_order_acquire);
	pool->threads = NULL;
}

void helper_pool_free(struct helper_pool *pool)
{
	if (!pool)
		return;
	helper_pool_stop(pool);
	g_free(pool);
}

void helper_run(struct helper_pool *pool, struct job *job)
{
	job->pool = pool;
	atomic_fetch_add_explicit(&pool->handed_over, 1, memory_order_release);
	if (pool->threads)
		g_thread_pool_push(pool->threads, job, NULL);
	else
		run_job(job, pool);
}

unsigned helper_threads(const struct helper_pool *pool)
{
	return pool->most;
}

unsigned helper_waiting(const struct helper_pool *pool)
{
	return pool->threads ? g_thread_pool_unprocessed(pool->threads) : 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Jobs: worked on elsewhere, done at home, none forgotten. */
#include "base/helper.h"
#include "base/list.h"

#include <poll.h>

#include <glib.h>

enum { JOBS = 500, THREADS = 3, LOST_MS = 20000 };

struct sum {
	struct job job;
	GThread *home, *worked;
	int number, square;
	unsigned rounds, *done;
	bool stops, stopped; /* is the pool stopped after the first round; now */
};

static void square(struct job *job)
{
	struct sum *sum = container_of(job, struct sum, job);

	sum->worked = g_thread_self();
	sum->square = sum->number * sum->number;
}

static void count(struct job *job)
{
	struct sum *sum = container_of(job, struct sum, job);

	g_assert_true(sum->home == g_thread_self());
	g_assert_true((sum->worked == sum->home) == sum->stopped);
	g_assert_cmpint(sum->square, ==, sum->number * sum->number);
	++*sum->done;
	if (sum->rounds-- <= 1)
		return;
	sum->stopped = sum->stops;
	helper_run(job->pool, job);
}

static void start(struct helper_pool *pool, struct sum *sum, int number, unsigned *done)
{
	*sum = (struct sum){ .job = { .work = square, .done = count },
		.home = g_thread_self(),
		.number = number,
		.rounds = 1,
		.done = done };
	helper_run(pool, &sum->job);
}

static void test_comes_home(void)
{
	struct mailbox *home = mailbox_new();
	struct helper_pool *pool = helper_pool_new(THREADS, home);
	struct pollfd fd = { .fd = mailbox_fd(home), .events = POLLIN };
	struct sum sum;
	unsigned done = 0;

	start(pool, &sum, 7, &done);
	sum.rounds = 3; /* from `done` again, which runs here */
	while (done < 3) {
		g_assert_cmpint(poll(&fd, 1, LOST_MS), ==, 1);
		mailbox_run(home);
	}
	g_assert_cmpuint(helper_waiting(pool), ==, 0);
	helper_pool_free(pool);
	mailbox_free(home);
}

static void test_end_waits_for_all(void)
{
	struct mailbox *home = mailbox_new();
	struct helper_pool *pool = helper_pool_new(THREADS, home);
	static struct sum sums[JOBS];
	unsigned done = 0;

	for (int i = 0; i < JOBS; i++)
		start(pool, &sums[i], i, &done);
	sums[0].stops = true;
	sums[0].rounds = 2; /* begun again when there are no helpers any more */
	helper_pool_stop(pool);
	g_assert_cmpuint(done, ==, 0);
	while (mailbox_run(home) > 0)
		;
	g_assert_cmpuint(done, ==, JOBS + 1);
	helper_pool_free(pool);
	mailbox_free(home);
	helper_pool_free(NULL);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/helper/comes-home", test_comes_home);
	g_test_add_func("/helper/end-waits-for-all", test_end_waits_for_all);
	return g_test_run();
}

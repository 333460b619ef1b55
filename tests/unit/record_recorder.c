/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From a recording's beginning to its end, and when its files go. */
#include "record/recorder.h"

#include <glib.h>

#include "../mock/recorder.h"
#include "base/clock.h"
#include "base/mailbox.h"
#include "base/ref.h"

static const int64_t START_US = 5000000, WALL_US = 1700000000000000;

/* Jobs are done at once, by who gives them. */
struct bench {
	struct mailbox *control;
	struct helper_pool *helpers;
	struct mock_recorder mock;
	int64_t now_us;
};

static void bench_open(struct bench *b)
{
	b->now_us = START_US;
	clock_set_mock(b->now_us, WALL_US);
	b->control = mailbox_new();
	b->helpers = helper_pool_new(1, b->control);
	helper_pool_stop(b->helpers);
	mock_recorder_open(&b->mock, b->helpers);
}

static void bench_close(struct bench *b)
{
	mock_recorder_close(&b->mock);
	helper_pool_free(b->helpers);
	mailbox_free(b->control);
	clock_set_mock(-1, 0);
}

static void pass(struct bench *b, int64_t us)
{
	b->now_us += us;
	clock_set_mock(b->now_us, WALL_US + b->now_us - START_US);
	recorder_tick(b->mock.recorder);
}

static struct recording *begin(struct bench *b)
{
	const struct recording_request request = { .call_id = STR_LIT("id") };
	const struct log_context log = { .call_id = STR_LIT("id") };
	struct recording *r;
	struct err err;

	g_assert_cmpint(recording_new(b->mock.recorder, &request, &r, &err), ==, 0);
	recording_begin(r, &log);
	pass(b, 0);
	mailbox_run(b->control);
	return r;
}

static enum recording_state state_of(const struct recording *r)
{
	struct recording_status status;

	recording_read_status(r, &status);
	return status.state;
}

static void check_files(const struct bench *b, unsigned files, unsigned tmp, unsigned metadata)
{
	g_assert_cmpuint(mock_recorder_files(&b->mock, "pcaps"), ==, files);
	g_assert_cmpuint(mock_recorder_files(&b->mock, "tmp"), ==, tmp);
	g_assert_cmpuint(mock_recorder_files(&b->mock, "metadata"), ==, metadata);
}

static void end(struct bench *b, struct recording *r)
{
	recording_end(r);
	g_assert_cmpint(state_of(r), ==, RECORDING_ENDING);
	pass(b, 300000);
	mailbox_run(b->control);
}

static void test_plain(void)
{
	struct recording *r;
	struct bench b;

	bench_open(&b);
	r = begin(&b);
	g_assert_cmpint(state_of(r), ==, RECORDING_RUNNING);
	check_files(&b, 1, 1, 0);
	end(&b, r);
	g_assert_cmpint(state_of(r), ==, RECORDING_COMPLETE);
	g_assert_cmpuint(recorder_busy(b.mock.recorder), ==, 0);
	check_files(&b, 1, 0, 1);
	ref_drop(r);
	check_files(&b, 1, 0, 1);
	bench_close(&b);
}

static void test_discard_while_running(void)
{
	struct recording *r;
	struct bench b;

	bench_open(&b);
	r = begin(&b);
	recording_discard(r);
	end(&b, r);
	g_assert_cmpint(state_of(r), ==, RECORDING_DISCARDED);
	check_files(&b, 0, 0, 0);
	ref_drop(r);
	bench_close(&b);
}

/* With its end written, and that told or not. */
static void check_discard_ended(bool told)
{
	struct recording *r;
	struct bench b;

	bench_open(&b);
	r = begin(&b);
	recording_end(r);
	pass(&b, 300000);
	if (told)
		mailbox_run(b.control);
	check_files(&b, 1, 0, 1);
	recording_discard(r);
	mailbox_run(b.control);
	g_assert_cmpuint(recorder_busy(b.mock.recorder), ==, 1);
	pass(&b, 250000);
	mailbox_run(b.control);
	g_assert_cmpint(state_of(r), ==, RECORDING_DISCARDED);
	g_assert_cmpuint(recorder_busy(b.mock.recorder), ==, 0);
	check_files(&b, 0, 0, 0);
	/* Once more changes nothing. */
	recording_discard(r);
	pass(&b, 250000);
	mailbox_run(b.control);
	g_assert_cmpint(state_of(r), ==, RECORDING_DISCARDED);
	g_assert_cmpuint(recorder_busy(b.mock.recorder), ==, 0);
	ref_drop(r);
	bench_close(&b);
}

static void test_discard_afterwards(void)
{
	check_discard_ended(true);
	check_discard_ended(false);
}

/* The daemon ends before the job could be given: it is done all the same. */
static void test_discard_and_stop(void)
{
	struct recording *r;
	struct bench b;

	bench_open(&b);
	r = begin(&b);
	end(&b, r);
	recording_discard(r);
	ref_drop(r);
	recorder_stop(b.mock.recorder);
	check_files(&b, 0, 0, 0);
	bench_close(&b);
}

static void test_stop(void)
{
	struct recording *r;
	struct bench b;

	bench_open(&b);
	r = begin(&b);
	recorder_stop(b.mock.recorder);
	g_assert_cmpint(state_of(r), ==, RECORDING_COMPLETE);
	check_files(&b, 1, 0, 1);
	ref_drop(r);
	bench_close(&b);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/record/recorder/plain", test_plain);
	g_test_add_func("/record/recorder/discard-while-running", test_discard_while_running);
	g_test_add_func("/record/recorder/discard-afterwards", test_discard_afterwards);
	g_test_add_func("/record/recorder/discard-and-stop", test_discard_and_stop);
	g_test_add_func("/record/recorder/stop", test_stop);
	return g_test_run();
}

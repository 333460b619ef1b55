/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Media workers: thread, loop, buffers, and the way back to control. */
#include "media/worker.h"

#include "base/clock.h"
#include "base/list.h"
#include "media/dtls_work.h"
#include "stats/reason.h"

#include <errno.h>
#include <glib.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

enum {
	MAX_BUFFERS = 4096, /* a worker's packets in flight; relay alone needs a handful */
	MAX_EVENTS = 1024,  /* on their way to control, per worker */
};

struct media_worker {
	unsigned index;
	struct loop *loop;
	struct buf_pool *pool;
	struct dtls_work dtls;
	struct offload *offload;          /* NULL: streams stay here */
	const struct port_engine *engine; /* that knows the loop; NULL: none need to */
	struct mailbox *control;
	media_event_fn on_event;
	void *event_arg;
	media_rtcp_fn on_rtcp; /* NULL: nobody wants it */
	void *rtcp_arg;
	pthread_t thread;
	bool running;
	int64_t flush_at_us; /* when control is to be woken for WAKE_LATER messages; 0: none */
	atomic_uint events_out;
};

struct event_message {
	struct message message;
	struct media_worker *worker;
	struct media_event event;
};

/* RTCP on its way to control, as it came. */
struct rtcp_message {
	struct message message;
	struct media_worker *worker;
	uint64_t session_id;
	size_t len;
	uint8_t data[];
};

/* Control is woken once for all that was posted within MAILBOX_LATER_US. */
static void turn_end(struct loop *loop, void *arg)
{
	struct media_worker *worker = arg;

	if (!worker->flush_at_us)
		return;
	if (loop_now_us(loop) >= worker->flush_at_us) {
		worker->flush_at_us = 0;
		mailbox_flush(worker->control);
		return;
	}
	loop_wake_at(loop, worker->flush_at_us);
}

struct media_worker *media_worker_new(
	unsigned index, struct mailbox *control, media_event_fn on_event, void *event_arg)
{
	struct media_worker *worker = g_new0(struct media_worker, 1);

	worker->index = index;
	worker->control = control;
	worker->on_event = on_event;
	worker->event_arg = event_arg;
	worker->loop = loop_new();
	if (!worker->loop) {
		g_free(worker);
		return NULL;
	}
	worker->pool = buf_pool_new(MAX_BUFFERS);
	worker->dtls.worker = worker;
	worker->dtls.turn_us = -1;
	list_init(&worker->dtls.waiting);
	wheel_timer_init(&worker->dtls.timer, NULL);
	loop_on_turn_end(worker->loop, turn_end, worker);
	return worker;
}

int media_worker_use_engine(struct media_worker *worker, const struct port_engine *engine)
{
	int rc = engine->join ? engine->join(worker->loop, worker->pool) : 0;

	if (!rc && engine->join)
		worker->engine = engine;
	return rc;
}

void media_worker_free(struct media_worker *worker)
{
	if (!worker)
		return;
	if (worker->engine)
		worker->engine->leave(worker->loop);
	loop_free(worker->loop);
	buf_pool_free(worker->pool);
	g_free(worker);
}

static void *worker_main(void *arg)
{
	struct media_worker *worker = arg;

	loop_run(worker->loop);
	return NULL;
}

int media_worker_start(struct media_worker *worker)
{
	char name[16];
	int ret = pthread_create(&worker->thread, NULL, worker_main, worker);

	if (ret)
		return -ret;
	snprintf(name, sizeof(name), "media-%u", worker->index);
	pthread_setname_np(worker->thread, name);
	worker->running = true;
	return 0;
}

void media_worker_stop(struct media_worker *worker)
{
	if (!worker->running)
		return;
	loop_stop(worker->loop);
	pthread_join(worker->thread, NULL);
	worker->running = false;
}

void media_worker_turn(struct media_worker *worker)
{
	loop_turn(worker->loop, 0);
}

unsigned media_worker_index(const struct media_worker *worker)
{
	return worker->index;
}

struct loop *media_worker_loop(struct media_worker *worker)
{
	return worker->loop;
}

struct buf_pool *media_worker_pool(struct media_worker *worker)
{
	return worker->pool;
}

struct dtls_work *media_worker_dtls(struct media_worker *worker)
{
	return &worker->dtls;
}

void media_worker_use_offload(struct media_worker *worker, struct offload *offload)
{
	worker->offload = offload;
}

struct offload *media_worker_offload(const struct media_worker *worker)
{
	return worker->offload;
}

struct mailbox *media_worker_mailbox(struct media_worker *worker)
{
	return loop_mailbox(worker->loop);
}

struct mailbox *media_worker_control(struct media_worker *worker)
{
	return worker->control;
}

void media_worker_post_control(struct media_worker *worker, struct message *message)
{
	mailbox_post(worker->control, message, WAKE_LATER);
	if (!worker->flush_at_us)
		worker->flush_at_us = loop_now_us(worker->loop) + MAILBOX_LATER_US;
}

static void event_on_control(struct message *message)
{
	struct event_message *m = container_of(message, struct event_message, message);

	atomic_fetch_sub(&m->worker->events_out, 1);
	if (m->worker->on_event)
		m->worker->on_event(&m->event, m->worker->event_arg);
	g_free(m);
}

/* May one more be on its way? If not, that is counted. */
static bool take_event_slot(struct media_worker *worker)
{
	if (atomic_fetch_add(&worker->events_out, 1) < MAX_EVENTS)
		return true;
	atomic_fetch_sub(&worker->events_out, 1);
	reason_count(REASON_EVENT_LOST);
	return false;
}

void media_worker_event(struct media_worker *worker, const struct media_event *event)
{
	struct event_message *m;

	if (!take_event_slot(worker))
		return;
	m = g_new0(struct event_message, 1);
	m->message.run = event_on_control;
	m->worker = worker;
	m->event = *event;
	media_worker_post_control(worker, &m->message);
}

void media_worker_hush(struct media_worker *worker)
{
	worker->on_event = NULL;
	worker->on_rtcp = NULL;
}

void media_worker_on_rtcp(struct media_worker *worker, media_rtcp_fn fn, void *arg)
{
	worker->on_rtcp = fn;
	worker->rtcp_arg = arg;
}

static void rtcp_on_control(struct message *message)
{
	struct rtcp_message *m = container_of(message, struct rtcp_message, message);

	atomic_fetch_sub(&m->worker->events_out, 1);
	if (m->worker->on_rtcp)
		m->worker->on_rtcp(m->session_id, m->data, m->len, m->worker->rtcp_arg);
	g_free(m);
}

void media_worker_rtcp(
	struct media_worker *worker, uint64_t session_id, const uint8_t *data, size_t len)
{
	struct rtcp_message *m;

	if (!worker->on_rtcp || !take_event_slot(worker))
		return;
	m = g_malloc0(sizeof(*m) + len);
	m->message.run = rtcp_on_control;
	m->worker = worker;
	m->session_id = session_id;
	m->len = len;
	memcpy(m->data, data, len);
	media_worker_post_control(worker, &m->message);
}

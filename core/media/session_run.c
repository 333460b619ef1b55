/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Control's side of sessions: plans become stream sets, travel to the worker as messages, and
 * what they replace comes back to be freed. [control], but for the functions marked otherwise.
 */
#include "media/session_priv.h"

#include "base/log.h"
#include "media/dtls.h"
#include "media/flow.h"
#include "media/generator.h"
#include "media/offload.h"
#include "media/packet.h"
#include "media/secure.h"
#include "media/stream.h"
#include "stats/reason.h"

#include <glib.h>

/* The journeys of a session itself; sets travel in their own envelope. */
struct journey {
	struct message message;
	struct session_state *state;
	struct media_worker *to;
};

static struct journey *journey_new(struct session_state *state, void (*run)(struct message *))
{
	struct journey *j = g_new0(struct journey, 1);

	j->message.run = run;
	j->state = state;
	return j;
}

static bool plan_has_port(const struct plan *plan, const struct port *port)
{
	for (unsigned i = 0; plan && i < plan->stream_count; i++)
		for (unsigned p = 0; p < plan->streams[i].port_count; p++)
			if (plan->streams[i].ports[p]->port == port)
				return true;
	return false;
}

/*
 * Ports put on a loop that will not be used after all: only the worker may take them off, since
 * it may be about to serve them.
 */
static void discarded_on_control(struct message *message)
{
	stream_set_free(container_of(message, struct stream_set, message));
}

static void discard_on_worker(struct message *message)
{
	struct stream_set *set = container_of(message, struct stream_set, message);
	struct media_worker *worker = set->state->worker;

	for (unsigned i = 0; i < set->plan->stream_count; i++)
		for (unsigned p = 0; p < set->plan->streams[i].port_count; p++) {
			struct port *port = set->plan->streams[i].ports[p]->port;

			if (!plan_has_port(set->state->set ? set->state->set->plan : NULL, port))
				port->engine->detach(port);
		}
	message->run = discarded_on_control;
	media_worker_post_control(worker, message);
}

void session_discard(struct session *session, struct stream_set *set)
{
	if (session->moving) { /* its ports are on no loop yet */
		stream_set_free(set);
		return;
	}
	set->message.run = discard_on_worker;
	mailbox_post(media_worker_mailbox(session->worker), &set->message, WAKE_LATER);
}

int session_prepare(
	struct session *session, struct plan *plan, struct stream_set **ret_set, struct err *err)
{
	struct stream_set *set = stream_set_new(session->state, plan);
	int opened = flows_open(set, session->latest, err);

	if (!opened)
		opened = generators_open(set, session->latest, err);
	if (!opened)
		opened = secure_open(set, session->latest, err);

	if (opened < 0) { /* no port of it is on a loop yet */
		stream_set_free(set);
		return opened;
	}
	/* While it moves, whoever gets it puts all its ports on the loop. */
	for (unsigned i = 0; !session->moving && i < plan->stream_count; i++)
		for (unsigned p = 0; p < plan->streams[i].port_count; p++) {
			struct port *port = plan->streams[i].ports[p]->port;
			int ret;

			if (plan_has_port(session->latest ? session->latest->plan : NULL, port))
				continue;
			ret = port->engine->attach(port, media_worker_loop(session->worker),
				media_worker_pool(session->worker));
			if (ret < 0) {
				session_discard(session, set);
				return err_set(err, -ret, "Failed to receive on a port (%s)",
					g_strerror(-ret));
			}
		}
	*ret_set = set;
	return 0;
}

static void applied_on_control(struct message *message)
{
	stream_set_free(container_of(message, struct stream_set, message));
}

static void apply_on_worker(struct message *message)
{
	struct stream_set *set = container_of(message, struct stream_set, message);
	struct stream_set *before = stream_set_apply(set->state, set);

	if (!before)
		return;
	before->message.run = applied_on_control;
	media_worker_post_control(set->state->worker, &before->message);
}

static void post_set(struct session *session, struct stream_set *set)
{
	set->message.run = apply_on_worker;
	mailbox_post(media_worker_mailbox(session->worker), &set->message, WAKE_LATER);
}

/*
 * Recorded packets have the system's times, where the engine can tell them. Sections that share
 * ports are one party's, so all of them are recorded or none.
 */
static void set_times(const struct plan *plan)
{
	for (unsigned i = 0; i < plan->stream_count; i++)
		for (unsigned p = 0; p < plan->streams[i].port_count; p++) {
			struct port *port = plan->streams[i].ports[p]->port;
			bool on = plan->streams[i].tap;

			if (port->times == on || !port->engine->set_times)
				continue;
			port->times = on;
			port->engine->set_times(port, on);
		}
}

void session_apply(struct session *session, struct stream_set *set)
{
	set_times(set->plan);
	session->latest = set;
	if (session->moving)
		g_queue_push_tail(&session->held, set);
	else
		post_set(session, set);
}

static void start_drop(struct session *session);

static void attach_on_worker(struct message *message)
{
	struct journey *j = container_of(message, struct journey, message);

	j->state->worker = j->to;
	if (j->state->set)
		stream_set_attach_ports(j->state->set, j->to);
	g_free(j);
}

/*
 * A set that was prepared while the session travelled: its new ports are on no loop yet, so the
 * worker puts them there.
 */
static void attach_new_ports(
	struct session *session, struct stream_set *set, const struct plan *before)
{
	for (unsigned i = 0; i < set->plan->stream_count; i++)
		for (unsigned p = 0; p < set->plan->streams[i].port_count; p++) {
			struct port *port = set->plan->streams[i].ports[p]->port;
			int ret = 0;

			if (!plan_has_port(before, port))
				ret = port->engine->attach(port, media_worker_loop(session->worker),
					media_worker_pool(session->worker));
			if (ret < 0) {
				reason_count(REASON_PORT_DEAF);
				log_err("Failed to receive on a port (%s)", g_strerror(-ret));
			}
		}
}

/* A digit on its way to a session. */
struct digit_message {
	struct message message;
	struct session_state *state;
	uint32_t stream_id;
	struct digit digit;
};

static void detached_on_control(struct message *message)
{
	struct journey *j = container_of(message, struct journey, message);
	struct session *session = j->state->owner;
	const struct plan *before = j->state->set ? j->state->set->plan : NULL;
	struct message *held;
	struct stream_set *set;

	session->moving = false;
	message->run = attach_on_worker;
	mailbox_post(media_worker_mailbox(j->to), message, WAKE_NOW);
	while ((set = g_queue_pop_head(&session->held))) {
		attach_new_ports(session, set, before);
		before = set->plan;
		post_set(session, set);
	}
	while ((held = g_queue_pop_head(&session->held_messages)))
		session_post(session, held);
	if (session->dropping)
		start_drop(session);
}

static void detach_on_worker(struct message *message)
{
	struct journey *j = container_of(message, struct journey, message);
	struct media_worker *from = j->state->worker;

	if (j->state->set) {
		stream_set_hold_ports(j->state->set);
		stream_set_detach_ports(j->state->set);
	}
	j->state->worker = NULL;
	message->run = detached_on_control;
	media_worker_post_control(from, message);
	mailbox_flush(media_worker_control(from)); /* packets wait meanwhile */
}

bool session_move(struct session *session, struct media_worker *to)
{
	struct journey *j;

	if (session->worker == to || session->moving)
		return false;
	j = journey_new(session->state, detach_on_worker);
	j->to = to;
	session->moving = true;
	mailbox_post(media_worker_mailbox(session->worker), &j->message, WAKE_NOW);
	session->worker = to;
	return true;
}

static void pierce_on_worker(struct message *message)
{
	struct journey *j = container_of(message, struct journey, message);

	if (j->state->set && j->state->worker)
		media_pierce(j->state->set);
	g_free(j);
}

void session_pierce(struct session *session)
{
	struct journey *j;

	if (session->moving)
		return;
	j = journey_new(session->state, pierce_on_worker);
	mailbox_post(media_worker_mailbox(session->worker), &j->message, WAKE_LATER);
}

static void put_digit_on_worker(struct message *message)
{
	struct digit_message *m = container_of(message, struct digit_message, message);
	struct stream *stream = stream_set_find(m->state->set, m->stream_id);

	if (stream)
		flows_put_digit(stream, &m->digit);
	g_free(m);
}

void session_put_digit(struct session *session, uint32_t stream_id, const struct digit *digit)
{
	struct digit_message *m = g_new0(struct digit_message, 1);

	m->message.run = put_digit_on_worker;
	m->state = session->state;
	m->stream_id = stream_id;
	m->digit = *digit;
	session_post(session, &m->message);
}

static void recall_on_worker(struct message *message)
{
	struct journey *j = container_of(message, struct journey, message);

	if (j->state->worker)
		media_offload_recall(j->state);
	g_free(j);
}

bool session_recall(struct session *session, session_recalled_fn fn, void *arg)
{
	struct journey *j;

	if (list_empty(&session->offloaded) || session->on_recalled)
		return false;
	session->on_recalled = fn;
	session->recalled_arg = arg;
	j = journey_new(session->state, recall_on_worker);
	session_post(session, &j->message);
	return true;
}

/* They outlive it, with who had it last. */
static void let_go_of_offloaded(struct session *session)
{
	list_each_safe(l, &session->offloaded)
	{
		struct offloaded *o = container_of(l, struct offloaded, of_session);

		list_remove(l);
		o->worker = session->worker;
		o->session = NULL;
	}
	session_lost_offloaded(session);
}

static void dropped_on_control(struct message *message)
{
	struct journey *j = container_of(message, struct journey, message);
	struct session *session = j->state->owner;

	stream_set_free(j->state->set);
	let_go_of_offloaded(session);
	if (session->on_dropped)
		session->on_dropped(session->dropped_arg);
	quality_free(atomic_load_explicit(&j->state->quality, memory_order_relaxed));
	g_free(j->state);
	g_free(session);
	g_free(j);
}

static void drop_on_worker(struct message *message)
{
	struct journey *j = container_of(message, struct journey, message);

	if (j->state->set) {
		media_dtls_close(j->state->set);
		media_offload_end(j->state);
		stream_set_detach_ports(j->state->set);
	}
	message->run = dropped_on_control;
	media_worker_post_control(j->state->worker, message);
}

static void start_drop(struct session *session)
{
	struct journey *j = journey_new(session->state, drop_on_worker);

	mailbox_post(media_worker_mailbox(session->worker), &j->message, WAKE_LATER);
}

void session_drop(struct session *session, session_dropped_fn on_dropped, void *arg)
{
	session->on_dropped = on_dropped;
	session->dropped_arg = arg;
	if (session->moving)
		session->dropping = true;
	else
		start_drop(session);
}

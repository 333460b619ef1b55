/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Control's side of sessions: where one is, and messages to that place. What happens to it is in
 * session_run.c. [control], but for the functions marked otherwise.
 */
#include "media/session_priv.h"

#include "media/offload.h"
#include "media/quality.h"
#include "media/stream.h"

struct session *session_new(uint64_t id, struct media_worker *worker, struct mailbox *control)
{
	struct session *session = g_new0(struct session, 1);

	session->state = g_new0(struct session_state, 1);
	session->state->id = id;
	session->state->worker = worker;
	session->state->owner = session;
	session->control = control;
	session->worker = worker;
	g_queue_init(&session->held);
	g_queue_init(&session->held_messages);
	list_init(&session->offloaded);
	return session;
}

uint64_t session_id(const struct session *session)
{
	return session->state->id;
}

struct media_worker *session_worker(const struct session *session)
{
	return session->worker;
}

bool session_quality_read(const struct session *session, unsigned index, struct quality_counts *ret)
{
	return quality_read(
		atomic_load_explicit(&session->state->quality, memory_order_acquire), index, ret);
}

void session_post(struct session *session, struct message *message)
{
	if (session->moving)
		g_queue_push_tail(&session->held_messages, message);
	else
		mailbox_post(media_worker_mailbox(session->worker), message, WAKE_LATER);
}

bool session_is_moving(const struct session *session)
{
	return session->moving;
}

void session_has_offloaded(struct session *session, struct offloaded *offloaded)
{
	offloaded->session = session;
	list_append(&session->offloaded, &offloaded->of_session);
}

void session_lost_offloaded(struct session *session)
{
	session_recalled_fn fn = session->on_recalled;

	if (!fn || !list_empty(&session->offloaded))
		return;
	session->on_recalled = NULL;
	fn(session->recalled_arg);
}

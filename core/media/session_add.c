/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Codecs that are added to a running plan: opened here, taken in by the worker, or sent back. */
#include "media/session_priv.h"

#include "base/log.h"
#include "media/flow.h"
#include "media/stream.h"
#include "media/transcoder.h"

struct addition {
	struct message message;
	struct session_state *state;
	uint32_t source_id, sink_id;
	/* A copy: the plan that it was taken from may be gone when the worker has this. */
	struct plan_transcode *transcode;
	struct transcoder *transcoder; /* NULL: a flow has it */
};

static void free_addition(struct message *message)
{
	struct addition *a = container_of(message, struct addition, message);

	transcoder_free(a->transcoder);
	plan_transcode_free(a->transcode);
	g_free(a);
}

static void add_on_worker(struct message *message)
{
	struct addition *a = container_of(message, struct addition, message);

	if (flow_add_transcoder(
		    a->state->set, a->source_id, a->sink_id, a->transcode, a->transcoder))
		a->transcoder = NULL;
	message->run = free_addition;
	media_worker_post_control(a->state->worker, message);
}

void session_add_transcoder(struct session *session, uint32_t source_id, uint32_t sink_id)
{
	const struct plan_transcode *wanted = session->latest
						      ? plan_find_transcode(session->latest->plan,
								source_id, sink_id)
						      : NULL;
	struct addition *a;
	struct err err;

	if (!wanted)
		return;
	a = g_new0(struct addition, 1);
	a->message.run = add_on_worker;
	a->state = session->state;
	a->source_id = source_id;
	a->sink_id = sink_id;
	a->transcode = plan_transcode_new(wanted);
	if (transcoder_new_beside(a->transcode, &a->transcoder, &err) < 0) {
		log_warn("No codecs for a second SSRC at the same time: %s", err.text);
		free_addition(&a->message);
		return;
	}
	session_post(session, &a->message);
}

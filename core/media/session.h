/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A session is a call's media on a worker: what its plans made of it. This is control's side;
 * what the worker keeps is in stream.h.
 *
 * Order on the wire between the two threads:
 *   session_prepare (all that can fail: ports are put on the worker's loop)
 *   session_apply   → the worker swaps its stream set between two turns, keeping what the
 *                     identities in the plan say, → the old set comes back and is freed here
 *   session_move    → detached, comes back, attached to the other worker; what is applied
 *                     meanwhile waits here and follows
 *   session_drop    → the set comes back, then `on_dropped`
 * A port's lease is held by the set that uses it, so it returns to its pool only when the
 * worker has let go of it.
 */
#ifndef MEDIA_SESSION_H
#define MEDIA_SESSION_H

#include "base/err.h"
#include "media/digits.h"
#include "media/plan.h"
#include "media/quality.h"
#include "media/worker.h"

struct session;
struct stream_set;

/* The worker has let go of everything; the session is freed right after. [control] */
typedef void (*session_dropped_fn)(void *arg);
typedef void (*session_recalled_fn)(void *arg);

/* On `worker`, without streams. [control] */
struct session *session_new(uint64_t id, struct media_worker *worker, struct mailbox *control);
uint64_t session_id(const struct session *session);
struct media_worker *session_worker(const struct session *session);
/*
 * What reports say of quality; false when there are not so many records. Those that one sees are
 * numbered from 0, in order of their first report. [control]
 */
bool session_quality_read(
	const struct session *session, unsigned index, struct quality_counts *ret);
/*
 * Makes a plan ready to be applied; takes `plan` in any case. Ports the running plan does not
 * have are put on the worker's loop. 0 and *ret_set, or -errno and `err`; nothing has changed
 * then. [control]
 */
int session_prepare(
	struct session *session, struct plan *plan, struct stream_set **ret_set, struct err *err);
/* A prepared set that is not applied after all. [control] */
void session_discard(struct session *session, struct stream_set *set);
/* Cannot fail. Takes `set`. [control] */
void session_apply(struct session *session, struct stream_set *set);
/* Empty packets once more to peers that ask for them (pierce.c). [control] */
void session_pierce(struct session *session);
/*
 * A digit for all receivers of a stream that the plan has prepared for it; beyond DIGITS_QUEUE
 * they are dropped (REASON_DIGITS_FULL). [control]
 */
void session_put_digit(struct session *session, uint32_t stream_id, const struct digit *digit);
/*
 * Codecs for one more SSRC at the same time on the way from one stream to another, as the running
 * plan has them; if it does not any more, or that cannot be opened (logged), nothing happens.
 * [control]
 */
void session_add_transcoder(struct session *session, uint32_t source_id, uint32_t sink_id);
/*
 * To another worker, running state and all. False: it is there already, or still on its way
 * somewhere; nothing happens then. [control]
 */
bool session_move(struct session *session, struct media_worker *to);
/* To its worker, after all that it was sent before; waits while it moves. [control] */
void session_post(struct session *session, struct message *message);
bool session_is_moving(const struct session *session); /* [control] */
struct offloaded;
/* Until it is dropped, or the other one freed, which is told by the second. [control] */
void session_has_offloaded(struct session *session, struct offloaded *offloaded);
void session_lost_offloaded(struct session *session);
/*
 * Takes back what is forwarded below us for it (offload.h), for a second; `fn` is called once, when
 * all that was counted there is in the records, or the session was dropped. False: nothing is
 * forwarded, or that has been asked for already; it is not called. [control]
 */
bool session_recall(struct session *session, session_recalled_fn fn, void *arg);
/* The session must not be used after this. `on_dropped` may be NULL. [control] */
void session_drop(struct session *session, session_dropped_fn on_dropped, void *arg);

#endif

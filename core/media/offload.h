/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Streams whose RTP is forwarded below us (offload/offload.h) while it is plain relay.
 *
 *   eligible.c       may it be, by the plan and by what was learned; and as what target
 *   offload.c        the worker: streams are looked at when something about them changed, handed
 *                    over, and taken back for any reason there is
 *   offload_merge.c  counters that come back become part of the stream's record
 *
 * Each time a stream is handed over there is one struct offloaded, until its target is gone and
 * its last counters have been merged:
 *
 *   worker: made, stream->offloaded → control: queued → set → worker: `away`
 *   worker: a reason against it     → control: queued → gone → worker: merged → control: freed
 *
 * It holds the leases of its ports and the records of its streams, so that a port is not used
 * again before the target is gone, and what was counted is not lost when the call has ended.
 */
#ifndef MEDIA_OFFLOAD_H
#define MEDIA_OFFLOAD_H

#include "media/plan.h"
#include "media/worker.h"
#include "offload/offload.h"

struct packet;
struct session;
struct session_state;
struct ssrc_stats;
struct stream;
struct stream_set;

enum { OFFLOAD_HEARD = 128 };

struct offloaded {
	struct offload_item item;
	struct offload *queue;
	struct session_state *state; /* good until the session has been dropped */
	struct message add, remove, release;
	/* References. */
	struct stream_stats *stats, *sink_stats[OFFLOAD_MAX_SINKS];
	struct lease *leases[1 + OFFLOAD_MAX_SINKS]; /* its own port, then its sinks' */
	/* Control's. `worker`: who has its session, or had it last. */
	struct session *session; /* NULL: not known yet, or dropped */
	struct list of_session;
	struct media_worker *worker;
	/* The worker's. */
	struct stream *stream; /* NULL: there is none any more */
	bool leaving;
	bool told;       /* control of its being set */
	enum reason why; /* … that */
	int64_t since_us;
	int64_t read_us;              /* its record is that of then, at least */
	struct offload_counts before; /* merged already */
	/* Packets that came up all the same while it was away, in order. */
	unsigned heard_count;
	struct {
		uint32_t ssrc;
		uint16_t seq;
	} heard[OFFLOAD_HEARD];
};

/* eligible.c: -1, or the reason why RTP of a stream of the plan cannot be forwarded below. [any] */
int plan_offloads(const struct plan *plan, unsigned index);
/* The same with what was learned; `ret` is written if it can. [media] */
int media_offload_check(const struct stream *stream, struct offload_target *ret);

/* offload.c. Something about the session's streams has changed. [media] */
void media_offload_look(struct session_state *state);
/* RTP came up of a type that nobody named, or an event. [media] */
void media_offload_saw(const struct packet *packet, bool event);
/* RTP of a stream that is away. False: of an SSRC that the target does not have. [media] */
bool media_offload_heard(const struct packet *packet, const struct ssrc_stats *ssrc);
/* After `next` took the place of `before` (NULL: none). [media] */
void media_offload_inherit(
	struct session_state *state, struct stream_set *before, struct stream_set *next);
/* The session leaves this worker / has come to another. [media] */
void media_offload_stop(struct session_state *state);
/* All of it is taken back, and stays here for a second. [media] */
void media_offload_recall(struct session_state *state);
/* The session ends: all of it is taken back. [media] */
void media_offload_end(struct session_state *state);
/* Until when is it known what has come to the stream? [media] */
int64_t media_offload_known_us(const struct stream *stream, int64_t now_us);
/* What the queue tells (offload_news_fn). [control] */
void media_offload_news(GArray *news, void *arg);

/* offload_merge.c: `counts` are later than those merged before. [who may write the record] */
void offload_merge(struct offloaded *o, const struct offload_counts *counts);
/* The last were merged: what came up meanwhile takes its place among them. */
void offload_merge_heard(struct offloaded *o);

#endif

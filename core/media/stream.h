/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A plan being carried out: the worker's side of a session. Packet path code works on these;
 * control makes and frees them but does not look inside while a worker has them.
 */
#ifndef MEDIA_STREAM_H
#define MEDIA_STREAM_H

#include "base/mailbox.h"
#include "media/plan.h"
#include "media/quality.h"
#include "media/worker.h"
#include "rtp/telephone_event.h"

struct loop_check;
struct offloaded;
struct session_state;

/* What is known of where a stream's packets come from (learn.c). */
enum source_state {
	SOURCE_NONE,
	SOURCE_STALE,    /* believed before the endpoint changed, and not heard since */
	SOURCE_CARRIED,  /* believed before the latest signalling, and not heard since */
	SOURCE_LEARNING, /* the best seen so far */
	SOURCE_COMMITTED,
};

/*
 * One flow: a port, a peer, statistics, and where its packets go. What every packet needs comes
 * first and is copied out of the plan: with thousands of streams, memory that is touched is what
 * a packet costs.
 */
struct stream {
	struct stream_stats *stats;    /* held by the plan */
	struct port *port;             /* the one it sends from: plan->ports[0], unless ICE chose */
	const struct port *heard_port; /* where its latest RTP came: for comparison only */
	struct stream **rtp_sinks, **rtcp_sinks;
	uint16_t rtp_sink_count, rtcp_sink_count;
	bool rtp, rtcp, opaque, strip_feedback; /* as in struct plan_stream */
	bool filtered;                          /* it has a filter, a delay or flows */
	bool secured;                           /* as in struct plan_stream, for RTP */
	bool away;     /* RTP of it is forwarded below us, or was until just now (offload.h) */
	bool special;  /* secured, of ICE, carrying others, next to us: not for the short way in */
	bool own_peer; /* as in struct plan_stream: it has `loops` */
	bool translated;      /* its RTCP is about flows */
	bool checked;         /* ICE says whose packets count */
	bool no_consent;      /* ICE says that nothing may be sent */
	uint8_t source_state; /* enum source_state */

	/* Where its peer is. Kept over plans as media_learn_inherit says. */
	uint8_t dest_len;     /* 0: not known */
	bool source_stale;    /* its place is that of a source of the endpoint before */
	uint8_t source_rank;  /* enum media_rank */
	uint8_t source_place; /* rank and port in one: the less, the better */
	union sock source;    /* where packets are believed to come from */
	union sock dest;      /* where to send */
	/* By the turn's clock. */
	int64_t since_us;     /* when the latest signalling reached the worker */
	int64_t until_us;     /* when learning ends */
	int64_t moved_us;     /* when it was last followed to another source */
	int64_t refused_us;   /* when control was last told of a refused one; 0: never */
	int64_t undecoded_us; /* … of a payload that cannot be decoded */

	struct event_track event; /* the one it is in; kept over plans */
	int64_t digit_until_us;   /* that long what leaves is of the event that is over */
	/* How many events were told to control in the second that began at event_second_us. */
	int64_t event_second_us;
	unsigned event_count;

	struct tap *tap; /* the plan's; NULL: not recorded */
	const struct plan_stream *plan;
	struct delay *delay;      /* owned; NULL: packets do not wait */
	struct loop_check *loops; /* owned; NULL: its peer is none of our ports */
	/* By place in rtp_sinks, each owned and possibly NULL; NULL: no sink has one. Owned. */
	struct flow **flows;
	struct reporter *reporter;   /* owned, with the stream of RTP; NULL: no reports of ours */
	struct generator *generator; /* owned; NULL: nothing was ever played to its peer */
	/* Owned, with the stream of RTP; of an association, with its own. NULL: no keys here. */
	struct stream_srtp *srtp;
	struct stream_dtls *dtls;     /* owned; NULL: no DTLS */
	struct stream_ice *ice;       /* owned, with the stream of RTP; NULL: no ICE */
	struct stream *rtp_of;        /* the one with its RTP, which may be itself */
	struct stream *carrier;       /* whose port and peer are its own, too: mostly itself */
	struct stream_bundle *bundle; /* owned; NULL: it carries no other */
	struct offloaded *offloaded;  /* it is to be away, or has to come back; NULL: neither */
	int64_t offload_after_us;     /* not to be handed over before */
	uint8_t offload_why;          /* … for this reason: enum reason */
	uint16_t offload_hold_s;      /* it was taken back this long, as often as it did not last */
	uint32_t disguise; /* random: what SSRCs differ by of what must not keep its own */
	struct stream_set *set;
};

/* All of a session's streams; swapped as a whole. */
struct stream_set {
	struct message message; /* the envelope in which it travels */
	struct session_state *state;
	struct plan *plan; /* owned */
	struct stream *streams;
	struct stream **sinks; /* what the streams' lists are made of */
};

/* What a worker has of a session. Made and freed by control. */
struct session_state {
	uint64_t id;
	struct media_worker *worker; /* who has it now; NULL while it travels */
	struct stream_set *set;      /* NULL before the first plan */
	struct session *owner;       /* control's side: not for the worker to look into */
	unsigned dtls_half_open;     /* handshakes that peers began; the worker's */
	_Atomic(struct session_quality *) quality; /* NULL before the first report */
	/* The worker's: its streams may have to be offloaded, or taken back. */
	struct wheel_timer look;
};

/* A new set carrying out `plan` (owned by it from then on). [control] */
struct stream_set *stream_set_new(struct session_state *state, struct plan *plan);
/* [control] */
void stream_set_free(struct stream_set *set);
/*
 * `next` takes the place of `state->set` (which may be NULL) and is returned: streams with
 * equal id keep their peer as media_learn_inherit says; ports that `next` does not use are taken
 * off the loop, the others lead to `next` from now on. [media]
 */
struct stream_set *stream_set_apply(struct session_state *state, struct stream_set *next);
/* By its id in the plan; NULL. `set` may be NULL. [media] */
struct stream *stream_set_find(struct stream_set *set, uint32_t id);
/*
 * The clock of a payload type as its own description has it, or else a receiver's; 0: none has
 * it. [media]
 */
uint32_t stream_clock_hz(const struct stream *stream, uint8_t payload_type);
/* Is it comfort noise (RFC 3389), described likewise, or by its static number? [media] */
bool stream_is_noise(const struct stream *stream, uint8_t payload_type);
/* Has its party named it, or a receiver? True where the party has not said anything. [media] */
bool stream_knows_type(const struct stream *stream, uint8_t payload_type);
/*
 * Takes all ports off the worker's loop / puts them on. Holding them first, packets that come in
 * between wait. [media]
 */
void stream_set_hold_ports(struct stream_set *set);
void stream_set_detach_ports(struct stream_set *set);
void stream_set_attach_ports(struct stream_set *set, struct media_worker *worker);

#endif

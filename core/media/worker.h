/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A media worker: the thread that owns sessions and their packets. Control places sessions on
 * workers and talks to them by messages only.
 */
#ifndef MEDIA_WORKER_H
#define MEDIA_WORKER_H

#include "base/buf.h"
#include "base/loop.h"
#include "base/mailbox.h"
#include "net/addr.h"
#include "net/socket.h"
#include "stats/reason.h"

#include <stddef.h>

struct media_worker;

/* How well a source fits what was signalled, best first (spec media 8.2). */
enum media_rank {
	RANK_SIGNALLED,     /* the signalled address and port */
	RANK_RECEIVED_FROM, /* the address that the signalling came from */
	RANK_SAME_IP,       /* the signalled address, another port */
	RANK_SAME_PORT,     /* the signalled port, another address */
	RANK_ANY,
	RANK_COUNT
};

/* "signalled", "received-from", "same-address", "same-port", "any". [any] */
const char *media_rank_name(enum media_rank rank);

/* What a worker tells control, other than that a message was carried out. */
enum media_event_type {
	MEDIA_EVENT_FIRST_PACKET,     /* of a stream since the latest signalling about it */
	MEDIA_EVENT_PEER_LEARNED,     /* the same; it came from elsewhere, packets go there now */
	MEDIA_EVENT_SOURCE_CHANGED,   /* `source` took the place of `before`, by `reason` */
	MEDIA_EVENT_SOURCE_COMMITTED, /* learning is over; not told when `committed` told it */
	MEDIA_EVENT_SOURCE_REFUSED,   /* packets dropped by `reason`: at most once a second */
	MEDIA_EVENT_ICE_PAIR,         /* nominated: packets go to `peer` */
	MEDIA_EVENT_ICE_COMPLETED,    /* of the section of this stream, which is its RTP's */
	MEDIA_EVENT_ICE_FAILED,       /* the same */
	MEDIA_EVENT_ICE_CONSENT_LOST, /* by `peer`: nothing is sent there any more */
	MEDIA_EVENT_ICE_ROLE,    /* of the section, as above: `controlling` or not from now on */
	MEDIA_EVENT_PLAY_ENDED,  /* playback `play_id` has come to its end */
	MEDIA_EVENT_WRONG_KEY,   /* SRTP that no key fits: the first since one did */
	MEDIA_EVENT_DTLS_UP,     /* with `peer`: there are keys */
	MEDIA_EVENT_DTLS_FAILED, /* by `reason` */
	MEDIA_EVENT_DTLS_CLOSED, /* by the peer */
	MEDIA_EVENT_OFFLOADED,   /* its RTP is forwarded below us, to `peer` first of all */
	MEDIA_EVENT_TAKEN_BACK,  /* … not any more, by `reason` */
	MEDIA_EVENT_DTMF,        /* `source` has sent `dtmf`, which is over now */
	/* More SSRCs at once on the way to `sink_id` than transcoders (session_add_transcoder). */
	MEDIA_EVENT_SOURCES_TOGETHER,
	MEDIA_EVENT_UNDECODED, /* by `reason`: at most once in 15 s */
};

struct media_dtmf {
	uint8_t code;   /* RFC 4733; 0 to 15 are digits */
	uint8_t volume; /* dB below 0 dBm0 */
	bool injected;  /* by the client, towards a receiver of the stream */
	uint32_t duration_ms;
};

struct media_event {
	enum media_event_type type;
	uint64_t session_id;
	uint32_t stream_id;
	uint32_t endpoint_gen;   /* an event of an older generation is stale */
	uint32_t ice_generation; /* of ICE_*: an older one is stale */
	enum reason reason;      /* of SOURCE_CHANGED, SOURCE_REFUSED, DTLS_FAILED */
	enum media_rank rank;    /* of `source` */
	bool committed;          /* the source believed stays: no learning any more */
	bool controlling;        /* of ICE_ROLE: we are */
	struct addr local;       /* of ICE_PAIR: of the port, as that is bound */
	struct addr peer;        /* where packets go now; ADDR_NONE: nowhere */
	struct addr source;      /* what the event is about */
	struct addr before;      /* believed until now, or still (REFUSED); ADDR_NONE: none */
	uint32_t play_id;        /* of PLAY_ENDED, which no generation makes stale */
	uint32_t sink_id;        /* of SOURCES_TOGETHER */
	struct media_dtmf dtmf;  /* of DTMF */
};

/* Called on control's thread for each event, in the order of each worker. */
typedef void (*media_event_fn)(const struct media_event *event, void *arg);
/* A whole RTCP datagram of a session, once it was believed. On control's thread. */
typedef void (*media_rtcp_fn)(uint64_t session_id, const uint8_t *data, size_t len, void *arg);

/*
 * `control`: where its answers and events go. Events waiting to be read are bounded; beyond,
 * they are dropped and counted (REASON_EVENT_LOST). NULL: no descriptors left. [control]
 */
struct media_worker *media_worker_new(
	unsigned index, struct mailbox *control, media_event_fn on_event, void *event_arg);
/*
 * Ports of this engine will be put on its loop. Before the worker runs; it lets go when it is
 * freed. 0 or -errno. [main]
 */
int media_worker_use_engine(struct media_worker *worker, const struct port_engine *engine);
/* RTCP goes to control from now on, bounded like events. Before the worker runs. [main] */
void media_worker_on_rtcp(struct media_worker *worker, media_rtcp_fn fn, void *arg);
/*
 * Nobody hears of events and RTCP from here on, those on their way included: packets that wait in
 * sockets still make some while sessions end. Stopped. [main]
 */
void media_worker_hush(struct media_worker *worker);
/* Stopped, without sessions, and with control's mailbox run: its events point to the worker. */
void media_worker_free(struct media_worker *worker);
/* Makes the thread / ends and joins it. Without a thread, tests call media_worker_turn. */
int media_worker_start(struct media_worker *worker);
void media_worker_stop(struct media_worker *worker);
void media_worker_turn(struct media_worker *worker);

unsigned media_worker_index(const struct media_worker *worker);
struct loop *media_worker_loop(struct media_worker *worker);
struct buf_pool *media_worker_pool(struct media_worker *worker); /* [media] */
struct offload;
/* Streams may be offloaded from now on. Before the worker runs; borrowed. [main] */
void media_worker_use_offload(struct media_worker *worker, struct offload *offload);
/* NULL: none. For messages to control only, whose it is. [media] */
struct offload *media_worker_offload(const struct media_worker *worker);
struct dtls_work;
struct dtls_work *media_worker_dtls(struct media_worker *worker); /* [media] */
struct mailbox *media_worker_mailbox(struct media_worker *worker);
struct mailbox *media_worker_control(struct media_worker *worker);
/* To control. WAKE_LATER ones reach it within MAILBOX_LATER_US. [media] */
void media_worker_post_control(struct media_worker *worker, struct message *message);
void media_worker_event(struct media_worker *worker, const struct media_event *event);
/* Does nothing unless somebody wants it. [media] */
void media_worker_rtcp(
	struct media_worker *worker, uint64_t session_id, const uint8_t *data, size_t len);

#endif

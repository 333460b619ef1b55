/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the files of DTLS on a worker share: dtls.c (an association, its datagrams and turns),
 * dtls_set.c (over plans) and dtls_rival.c (several that want to be the peer). [media]
 */
#ifndef MEDIA_DTLS_PRIV_H
#define MEDIA_DTLS_PRIV_H

#include "media/dtls.h"
#include "media/packet.h"

enum {
	RANDOM_AT = 13 + 12 + 2, /* of a ClientHello: behind both headers and the version */
	RANDOM_BYTES = 32,
};

/* Owned by its stream, and goes to the stream that takes its place; or by whom it competes with. */
struct stream_dtls {
	struct stream *stream;
	struct plan_dtls *plan; /* a reference: what it was begun by */
	struct dtls *dtls;      /* NULL: not begun */
	union sock peer;        /* whom it is with, as far as that is known */
	uint8_t peer_len;
	struct port *port;        /* where the peer was heard; NULL: the stream's own */
	struct list turn;         /* in the work's list, while something is to be done: */
	struct buf *first, *last; /* datagrams that wait */
	unsigned waiting;
	bool due; /* its timer ran out */
	struct wheel_timer timer;
	int64_t began_us;             /* the latest attempt; 0: none */
	int64_t up_us;                /* since when, while it is */
	bool half_open;               /* counts as such */
	uint8_t random[RANDOM_BYTES]; /* of the hello that it began with, as a server */
	struct stream_dtls *rivals[DTLS_MAX_RIVALS]; /* owned; NULL: a free place */
	struct stream_dtls *rival_of;                /* NULL: it is its stream's */
};

static inline struct wheel *stream_dtls_wheel(const struct stream_dtls *d)
{
	return loop_wheel(media_worker_loop(d->stream->set->state->worker));
}

/* ---- dtls.c ---- */

/* Takes a reference to `plan`. [any] */
struct stream_dtls *stream_dtls_new(struct stream *stream, struct plan_dtls *plan);
/* Nothing of it is with a worker. NULL is fine. */
void stream_dtls_free(struct stream_dtls *d);
/* Nothing of it stays with the worker. */
void stream_dtls_stop(struct stream_dtls *d);
/* A dtls_send_fn whose argument is a struct stream_dtls. */
void stream_dtls_send(void *arg, const uint8_t *data, size_t len);
/* Does the peer begin with it, or begin anew without having come to an end? */
bool stream_dtls_begins(const struct stream_dtls *d, const struct buf *buf);
/* A server for that hello, in place of what it had: PACKET_OK, or why not. */
int stream_dtls_accept(struct stream_dtls *d, const struct packet *packet);
/* No association, or one that failed or was closed. */
bool stream_dtls_is_over(const struct stream_dtls *d);
/* What follows from its state being another than `before`. */
void stream_dtls_note_state(struct stream_dtls *d, enum dtls_state before, int64_t now_us);
/* For `explain`; values as in stats.h. */
void stream_dtls_note_stats(const struct stream_dtls *d, unsigned state, enum reason reason);
void stream_dtls_set_half_open(struct stream_dtls *d, bool half_open);
void stream_dtls_set_timer(struct stream_dtls *d);
/* It goes to where its stream is sent to. */
void stream_dtls_aim(struct stream_dtls *d);
void stream_dtls_drop_waiting(struct stream_dtls *d);
void stream_dtls_tell(const struct stream_dtls *d, enum media_event_type type, enum reason reason);

/* ---- dtls_rival.c ---- */

/*
 * Whose is the datagram? *ret_rival: one that competes with `d`, perhaps from now on; NULL: it is
 * not of any. PACKET_OK, or why it is dropped.
 */
int rivals_take(struct stream_dtls *d, const struct packet *packet, struct stream_dtls **ret_rival);
/* It has come to `state`. If it has won, `d` has its association then. */
void rival_note_state(struct stream_dtls *rival, enum dtls_state state, int64_t now_us);
/* Frees it if it is over. */
bool rival_reap(struct stream_dtls *rival);
/* `d` has its peer. What has just become that is left to rival_reap. */
void rivals_lose(struct stream_dtls *d);
/* All of them go. Not from within a step of one. */
void rivals_drop(struct stream_dtls *d);
/* `d` has another stream and plan of the same association. `moved`: another endpoint is signalled. */
void rivals_carry_on(struct stream_dtls *d, bool moved, int64_t now_us);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DTLS-SRTP of a stream on its worker: which datagrams its association gets, when it is given
 * time, and what becomes of its keys. The one of a section's RTP serves muxed RTCP as well; RTCP
 * on a port of its own has an association, and keys, of its own.
 *
 * A handshake costs as much as a thousand packets. So a worker gives them DTLS_TURN_US of each
 * turn of its loop; what is left over waits, in order, and what would wait too long is dropped,
 * since peers send again. Hellos are listened to from sources that learn.c believes, as long as
 * not too many handshakes are unfinished. Until one of them has shown the signalled certificate, a
 * few sources that fit the signalling equally well have one each, unless ICE tells which it is.
 *
 * One that has been up for DTLS_LINGER_US is retired (dtls/dtls.h), since the library keeps 60 kB
 * for each. Then a hello begins another, as when the peer has lost its state without a word; the
 * keys there are serve until that one has its own.
 */
#ifndef MEDIA_DTLS_H
#define MEDIA_DTLS_H

#include "dtls/dtls.h"

struct media_worker;
struct packet;
struct stream;
struct stream_set;

enum {
	DTLS_TURN_US = 1000,
	DTLS_MAX_WAITING = 8,         /* datagrams of one association, for their turn */
	DTLS_MAX_HALF_OPEN = 512,     /* handshakes that peers began, of a worker … */
	DTLS_MAX_HALF_OPEN_CALL = 32, /* … and of a session */
	DTLS_MAX_RIVALS = 3,          /* of an association: others that may be the peer */
};

/* A failed one is not begun anew before, by us or by a peer. */
static const int64_t DTLS_RESTART_US = 1000000;
static const int64_t DTLS_ANEW_US = 200000;
/* So long a rival keeps its place from the next one; it goes on until then. */
static const int64_t DTLS_RIVAL_US = 3000000;
/* After it, nobody asks for the last flight of a handshake any more. */
static const int64_t DTLS_LINGER_US = 30000000;

struct stream_dtls;
/* What waits for its turn on one worker. */
struct dtls_work;

/* Tests: this turn of the loop has no time left. */
void dtls_work_spend(struct dtls_work *work);

/* Places for the associations that the plan of `set` asks for. [control] */
void media_dtls_open(struct stream_set *set);
/* On no worker any more. [control] */
void media_dtls_free(struct stream_set *set);
/*
 * After `next` took the place of `before` (NULL: none), and secure_inherit: associations of equal
 * generation go on, others end (and are closed, unless another takes their place), and those begun
 * that are ours to begin. Ports of `before`
 * may be on no loop any more, but are still open. [media]
 */
void media_dtls_inherit(struct stream_set *before, struct stream_set *next, int64_t now_us);
/* The session leaves this worker / has come to it. [media] */
void media_dtls_stop(struct stream_set *set);
void media_dtls_resume(struct stream_set *set);
/* Peers are told that it is over: the session ends. [media] */
void media_dtls_close(struct stream_set *set);
/* The stream's peer can be reached now: the hello is sent, if that is ours. [media] */
void media_dtls_start(struct stream *stream);
/* A DTLS datagram. Takes packet->buf. [media] */
void media_dtls_in(struct packet *packet);

#endif

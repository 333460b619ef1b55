/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DTLS-SRTP (RFC 5763, 5764): one association with a peer, as a machine of datagrams in,
 * datagrams out and time. Which sources it is fed from, and how many associations there may be,
 * is for who uses it; what a fed one can cost is bounded here. Used by one thread at a time.
 *
 * The peer is whoever shows the certificate whose fingerprint was signalled; nothing else of a
 * certificate counts. While fingerprints are not known yet a handshake may go on to its end, but
 * gives no keys before they are.
 *
 * Retransmissions follow OpenSSL's clock, which is the system's wall clock: `now_us` is what its
 * deadlines are told in. When the wall clock is set back meanwhile, ours stay away until the
 * handshake is given up.
 */
#ifndef DTLS_DTLS_H
#define DTLS_DTLS_H

#include "dtls/cert.h"
#include "srtp/suite.h"
#include "stats/reason.h"

enum {
	DTLS_MIN_MTU = 576,
	DTLS_HEADER_BYTES = 48, /* of a datagram's IP and UDP, in an MTU */
	/* Bounds of one handshake, several times what it takes; what is more fails it. */
	DTLS_MAX_DATAGRAMS = 250,
	DTLS_MAX_BYTES = 128 * 1024,
	DTLS_MAX_EARLY = 16, /* encrypted ones that come before their keys: OpenSSL keeps them */
};

static const int64_t DTLS_HANDSHAKE_US = 30000000; /* then it is given up */
static const int64_t DTLS_FIRST_RETRY_US = 400000; /* doubled each time … */
static const int64_t DTLS_LAST_RETRY_US = 3200000; /* … up to this */

enum dtls_role {
	DTLS_CLIENT, /* a=setup:active */
	DTLS_SERVER, /* passive */
};

enum dtls_state {
	DTLS_WAITING, /* a server, for a hello; a client, for dtls_start */
	DTLS_HANDSHAKING,
	DTLS_UNVERIFIED, /* handshake done, but no fingerprint is known */
	DTLS_UP,         /* dtls_keys */
	DTLS_CLOSED,     /* by the peer, after it was up */
	DTLS_FAILED,     /* dtls_failure */
};

/* A datagram for the peer; valid during the call, which must not use the association. */
typedef void (*dtls_send_fn)(void *arg, const uint8_t *data, size_t len);

struct dtls;

/*
 * Nothing is sent yet. Takes a reference of `cert`. `mtu`: of the path, headers included, at least
 * DTLS_MIN_MTU. NULL: the library failed. [any]
 */
struct dtls *dtls_new(
	struct dtls_cert *cert, enum dtls_role role, unsigned mtu, dtls_send_fn send, void *arg);
/* Says nothing to the peer. Wipes its keys. NULL is fine. */
void dtls_free(struct dtls *dtls);
/* Another receiver of datagrams from now on. */
void dtls_set_send(struct dtls *dtls, dtls_send_fn send, void *arg);
/*
 * What the peer's certificate must be, copied. When the handshake is over already, it is decided
 * by that; another set than the one it was decided by is for a new association.
 */
enum dtls_state dtls_set_peer(struct dtls *dtls, const struct fingerprint_set *peer);
enum dtls_role dtls_role(const struct dtls *dtls);
enum dtls_state dtls_state(const struct dtls *dtls);
/* Of DTLS_FAILED: why, one of REASON_DTLS_…. */
enum reason dtls_failure(const struct dtls *dtls);
/* Its certificate was found to be the signalled one. */
bool dtls_verified(const struct dtls *dtls);

/* Is this datagram whole, and a ClientHello, or a part of one? */
bool dtls_is_hello(const uint8_t *data, size_t len);
/* Could it begin an association with a server? Current browsers' hellos take two datagrams. */
bool dtls_begins_hello(const uint8_t *data, size_t len);

/* Each returns the state after it. A client sends its hello; nothing for others. */
enum dtls_state dtls_start(struct dtls *dtls, int64_t now_us);
/*
 * A datagram of the peer's: answered by sending what is due. A waiting server begins with a hello
 * and ignores anything else. What is malformed is ignored.
 */
enum dtls_state dtls_receive(struct dtls *dtls, const uint8_t *data, size_t len, int64_t now_us);
/* When to call dtls_timeout; -1: nothing is waited for. */
int64_t dtls_due_us(const struct dtls *dtls);
enum dtls_state dtls_timeout(struct dtls *dtls, int64_t now_us);
/* Tells the peer that it is over, if it was up. */
void dtls_close(struct dtls *dtls);

/*
 * It is up, its keys are taken, and the peer has had time to ask for the last flight again: from
 * now on it takes no more than some bytes. What the peer sends is ignored, even that it is over;
 * dtls_close still tells that. Nothing in other states.
 */
void dtls_retire(struct dtls *dtls);
bool dtls_is_retired(const struct dtls *dtls);

/*
 * What the peer sends with, and what it is to be sent with; false unless DTLS_UP and not retired. The caller wipes
 * them (srtp_wipe).
 */
bool dtls_keys(const struct dtls *dtls, struct srtp_params *ret_in, struct srtp_params *ret_out);

#endif

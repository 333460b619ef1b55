/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * SRTP and SRTCP (RFC 3711, 6188, 7714): packets protected and unprotected in place, both with one
 * context per direction of a stream. A context is made and freed by control and used by one
 * thread at a time; using it allocates nothing and sets up no keys.
 */
/* SRTP_SRTP_H is the one of libsrtp2. */
#ifndef SRTP_OWN_SRTP_H
#define SRTP_OWN_SRTP_H

#include "base/err.h"
#include "srtp/suite.h"

#include <stddef.h>

enum {
	SRTP_WINDOW = 128,   /* how far behind the highest index a packet may come */
	SRTP_MAX_SSRCS = 16, /* with state of their own in a context; the longest unused one goes */
};

enum srtp_direction { SRTP_PROTECT, SRTP_UNPROTECT };

enum srtp_result {
	SRTP_OK,
	SRTP_AUTH_FAILED, /* another key or index, or changed on its way */
	SRTP_REPLAYED,    /* authentic, but came before, or too far behind to know */
	SRTP_TOO_SHORT,   /* for header, tag and MKI */
	SRTP_MALFORMED,   /* header that contradicts the length */
	SRTP_NO_ROOM,     /* what is added does not fit behind the packet */
	SRTP_BAD_INDEX,   /* comes before the first packet, or the key's indexes are used up */
	SRTP_LIBRARY,     /* the crypto library failed */
	SRTP_RESULT_COUNT
};

/* In words, for logs. */
const char *srtp_result_text(enum srtp_result result);

enum srtp_ssrc_flag {
	SRTP_SSRC_RTP = 1 << 0,  /* roc, seq and replay mean something */
	SRTP_SSRC_RTCP = 1 << 1, /* so do rtcp_index and rtcp_replay */
};

/*
 * Where a source stands: what must follow it when its packets are handled elsewhere. Bit n of a
 * window, counted from bit 0 of [0]: the packet n before the highest one has come.
 */
struct srtp_ssrc_state {
	uint32_t ssrc;
	uint32_t roc;        /* rollovers of seq */
	uint16_t seq;        /* of the highest index */
	uint16_t flags;      /* enum srtp_ssrc_flag */
	uint32_t rtcp_index; /* protecting: the next one; unprotecting: the highest one received */
	uint64_t replay[2];  /* unused when protecting, as is the next */
	uint64_t rtcp_replay[2];
};

/*
 * One implementation. All do the same, but libsrtp2 has no F8 and no AES-192 that follows its RFC,
 * cannot take state over, does not look for lost rollovers, and calls what is too far behind a
 * replay without looking at its tag.
 */
struct srtp_backend;
const struct srtp_backend *srtp_backend_openssl(void);
const struct srtp_backend *srtp_backend_libsrtp2(void);
/* The one that srtp_context_new is to use, OpenSSL at first. [main, before there are threads] */
void srtp_use_backend(const struct srtp_backend *backend);
/* As --srtp-backend says it. */
const char *srtp_backend_name(const struct srtp_backend *backend);
/* Can the one in use do this suite? What cannot be done should not be offered. [any] */
bool srtp_suite_usable(enum srtp_suite_id suite);

struct srtp_context;

/* Copies what it needs of `params`. NULL with `err` (ENOTSUP: suite not with this back end). */
struct srtp_context *srtp_context_new(
	const struct srtp_params *params, enum srtp_direction direction, struct err *err);
struct srtp_context *srtp_context_new_with(const struct srtp_backend *backend,
	const struct srtp_params *params, enum srtp_direction direction, struct err *err);
/* Wipes the keys. NULL is fine. */
void srtp_context_free(struct srtp_context *ctx);

/* By how much protecting can make a packet longer, at most SRTP_MAX_TRAILER. */
size_t srtp_context_overhead(const struct srtp_context *ctx);

/*
 * The packet of *len bytes at `data` becomes the other one, *len its length; protecting uses up
 * to `room` bytes in all. Nothing but SRTP_OK changes *len or the packet's first *len bytes
 * (after SRTP_LIBRARY they may be anything). An unprotecting context must not protect, or the
 * other way round.
 *
 * Protecting takes indexes as they come, repeated ones too: who sends the same packet twice has
 * his reasons. Unprotecting learns nothing from a packet that is not authentic. When one is not
 * under the rollover counter that follows from its number, the next one, the one before and 0
 * are tried; the latter two only bring an imported state back that has not been used yet, and
 * elsewhere tell a replay from a forgery.
 */
enum srtp_result srtp_context_rtp(
	struct srtp_context *ctx, uint8_t *data, size_t *len, size_t room);
enum srtp_result srtp_context_rtcp(
	struct srtp_context *ctx, uint8_t *data, size_t *len, size_t room);

/*
 * State of at most `room` sources, those used last first; returns their number (0 from libsrtp2).
 * [who uses the context]
 */
unsigned srtp_context_export(
	const struct srtp_context *ctx, struct srtp_ssrc_state *states, unsigned room);
/*
 * Replaces the state of all sources; count 0 forgets them. Of too many, the first ones are taken.
 * A protecting context that goes on with its key must not get less than it had: an index used
 * twice gives away what it protects.
 * 0, -EINVAL (no such state can be; nothing has changed) or -ENOTSUP (libsrtp2, count over 0).
 */
int srtp_context_import(
	struct srtp_context *ctx, const struct srtp_ssrc_state *states, unsigned count);
/* How many sources lost their state to newer ones. */
uint64_t srtp_context_evicted(const struct srtp_context *ctx);

#endif

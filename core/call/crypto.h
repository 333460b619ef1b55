/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Keys of a media section as SDES has them (RFC 4568; spec NG 4.11): lists of a=crypto lines, and
 * which of them are in use. Lists and keys are counted, never changed once they are made, and
 * wiped with their last reference. [control]
 */
#ifndef CALL_CRYPTO_H
#define CALL_CRYPTO_H

#include "media/plan.h"
#include "srtp/sdes.h"

enum {
	CRYPTO_MAX_SAID = 20,                                  /* of a peer; further lines: no */
	CRYPTO_MAX_LINES = CRYPTO_MAX_SAID + SRTP_SUITE_COUNT, /* shown to one */
};

struct crypto_list {
	unsigned count; /* at least 1 */
	struct sdes_crypto lines[];
};

/* A reference; NULL for no lines. */
struct crypto_list *crypto_list_new(const struct sdes_crypto *lines, unsigned count);
/* NULL: not there. */
const struct sdes_crypto *crypto_list_find_suite(const struct crypto_list *list, unsigned suite);

/* Of one section; lists and keys are references, NULL: none. */
struct media_crypto {
	struct crypto_list *said;   /* what its party offered, as that is to be answered */
	struct crypto_list *shown;  /* to its party, in the latest body */
	struct plan_srtp *in, *out; /* in use: what its party sends with, what it is sent with */
	uint32_t in_gen, out_gen;   /* bumped when another key takes its place */
	bool secure;                /* SRTP alone is spoken with it, if there are no keys yet */
	bool agreed;                /* there was an answer: what is in use stays until the next */
	bool own;                   /* `out` was made here, nobody else has it */
	bool recrypt;               /* its latest offer, or that to it, was to share no keys */
	bool preferred;             /* `said` is in an order that goes before the answerer's */
	bool osrtp_passed;          /* its latest offer was opportunistic as that it came from */
};

void media_crypto_take(struct media_crypto *c); /* after a copy: its references are two now */
void media_crypto_release(struct media_crypto *c);
/* Give the reference of `list`, or NULL. */
void media_crypto_set_said(struct media_crypto *c, struct crypto_list *list);
void media_crypto_set_shown(struct media_crypto *c, struct crypto_list *list);
/* NULL: plain. Generations go on only where a key is another one than the latest. */
void media_crypto_set_keys(
	struct media_crypto *c, const struct srtp_params *in, const struct srtp_params *out);

#endif

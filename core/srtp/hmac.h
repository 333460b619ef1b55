/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * HMAC-SHA1 whose key is hashed once. The state behind the packet can be kept, so that several
 * rollover counters are tried without hashing the packet again.
 */
#ifndef SRTP_HMAC_H
#define SRTP_HMAC_H

#include <stddef.h>
#include <stdint.h>

#include <openssl/sha.h>

/* Behind the key: the inner and the outer one's beginnings. Holds what a key is worth. */
struct srtp_hmac {
	SHA_CTX inner, outer;
};

void srtp_hmac_init(struct srtp_hmac *hmac, const uint8_t *key, size_t key_bytes);

/* Of `data`; more may follow. */
void srtp_hmac_begin(
	const struct srtp_hmac *hmac, const uint8_t *data, size_t bytes, SHA_CTX *ret_state);
/* Of what `state` has seen and `more`; `state` can be used again. */
void srtp_hmac_end(const struct srtp_hmac *hmac, const SHA_CTX *state, const uint8_t *more,
	size_t bytes, uint8_t digest[SHA_DIGEST_LENGTH]);

#endif

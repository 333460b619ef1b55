/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * HMAC-SHA1 on OpenSSL's plain SHA-1: its states are values that are copied, where EVP_MAC costs
 * as much again as the hashing of a voice packet. OpenSSL calls these functions deprecated, but
 * they are what its providers use.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "srtp/hmac.h"

#include "srtp/suite.h"

#include <assert.h>
#include <string.h>

enum { INNER_PAD = 0x36, OUTER_PAD = 0x5c };

static void start(SHA_CTX *state, const uint8_t *key, size_t key_bytes, uint8_t pad)
{
	uint8_t block[SHA_CBLOCK];

	memset(block, pad, sizeof(block));
	for (size_t i = 0; i < key_bytes; i++)
		block[i] ^= key[i];
	SHA1_Init(state);
	SHA1_Update(state, block, sizeof(block));
	srtp_wipe(block, sizeof(block));
}

void srtp_hmac_init(struct srtp_hmac *hmac, const uint8_t *key, size_t key_bytes)
{
	assert(key_bytes <= SHA_CBLOCK);
	start(&hmac->inner, key, key_bytes, INNER_PAD);
	start(&hmac->outer, key, key_bytes, OUTER_PAD);
}

void srtp_hmac_begin(
	const struct srtp_hmac *hmac, const uint8_t *data, size_t bytes, SHA_CTX *ret_state)
{
	*ret_state = hmac->inner;
	SHA1_Update(ret_state, data, bytes);
}

void srtp_hmac_end(const struct srtp_hmac *hmac, const SHA_CTX *state, const uint8_t *more,
	size_t bytes, uint8_t digest[SHA_DIGEST_LENGTH])
{
	SHA_CTX s = *state;

	if (bytes)
		SHA1_Update(&s, more, bytes);
	SHA1_Final(digest, &s);
	s = hmac->outer;
	SHA1_Update(&s, digest, SHA_DIGEST_LENGTH);
	SHA1_Final(digest, &s);
}

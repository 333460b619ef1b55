/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The ciphers and the authentication of SRTP, on OpenSSL: set up once, then used for any number of
 * packets without allocating. Nothing here knows packets. False: the library failed.
 */
#ifndef SRTP_CIPHER_H
#define SRTP_CIPHER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/evp.h>

enum {
	SRTP_BLOCK_BYTES = 16,
	SRTP_GCM_IV_BYTES = 12,
	SRTP_GCM_TAG_BYTES = 16,
};

/* AES on single blocks, of which counter mode and F8 are made. Setting up is for [control]. */
struct srtp_block {
	EVP_CIPHER_CTX *ctx;
};

bool srtp_block_init(struct srtp_block *block, const uint8_t *key, size_t key_bytes);
void srtp_block_clear(struct srtp_block *block);

/*
 * Counter mode (RFC 3711 4.1.1): the keystream from `iv`, whose last two bytes are 0 and count,
 * onto `bytes` bytes of data, at most 2^20.
 */
bool srtp_cm_xor(
	struct srtp_block *block, const uint8_t iv[SRTP_BLOCK_BYTES], uint8_t *data, size_t bytes);

/* F8 mode (RFC 3711 4.1.2); `mask` has the key that is XORed with the salt. */
bool srtp_f8_mask_init(struct srtp_block *mask, const uint8_t *key, size_t key_bytes,
	const uint8_t *salt, size_t salt_bytes);
bool srtp_f8_xor(struct srtp_block *block, struct srtp_block *mask,
	const uint8_t iv[SRTP_BLOCK_BYTES], uint8_t *data, size_t bytes);

/* GCM. What is authenticated without being encrypted comes in up to two pieces. */
struct srtp_gcm {
	EVP_CIPHER_CTX *ctx;
};

struct srtp_gcm_input {
	uint8_t iv[SRTP_GCM_IV_BYTES];
	const uint8_t *aad, *more_aad;
	size_t aad_bytes, more_aad_bytes;
	uint8_t *data; /* in place */
	size_t bytes;
};

bool srtp_gcm_init(struct srtp_gcm *gcm, const uint8_t *key, size_t key_bytes);
void srtp_gcm_clear(struct srtp_gcm *gcm);
bool srtp_gcm_seal(
	struct srtp_gcm *gcm, const struct srtp_gcm_input *in, uint8_t tag[SRTP_GCM_TAG_BYTES]);
/* *ret_authentic: whether the tag is right. When it is not, the data are as they were. */
bool srtp_gcm_open(struct srtp_gcm *gcm, const struct srtp_gcm_input *in,
	const uint8_t tag[SRTP_GCM_TAG_BYTES], bool *ret_authentic);
/* Takes back what opening did to the data. */
bool srtp_gcm_reseal(struct srtp_gcm *gcm, const struct srtp_gcm_input *in);

#endif

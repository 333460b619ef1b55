/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * AES as SRTP uses it. Counter mode is made of many single blocks at once: a new IV costs OpenSSL's
 * own counter mode more than the blocks of a voice packet do.
 */
#include "srtp/cipher.h"

#include "srtp/suite.h"

#include <endian.h>
#include <string.h>

#include <glib.h>
#include <openssl/core_names.h>
#include <openssl/params.h>

enum {
	STREAM_BLOCKS = 32, /* of keystream at a time */
	KEY_STEP = 8,       /* between AES's lengths of keys */
	SHORTEST_KEY = 16,
};

enum mode { MODE_ECB, MODE_GCM, MODE_COUNT };

/* Looked up once, since that takes a lock and some microseconds. Kept as long as the process. */
static const EVP_CIPHER *cipher_of(enum mode mode, size_t key_bytes)
{
	static const char *const names[MODE_COUNT][3] = {
		[MODE_ECB] = { "AES-128-ECB", "AES-192-ECB", "AES-256-ECB" },
		[MODE_GCM] = { "AES-128-GCM", "AES-192-GCM", "AES-256-GCM" },
	};
	static EVP_CIPHER *found[MODE_COUNT][3];
	static gsize ready;

	if (g_once_init_enter(&ready)) {
		for (int m = 0; m < MODE_COUNT; m++)
			for (int k = 0; k < 3; k++)
				found[m][k] = EVP_CIPHER_fetch(NULL, names[m][k], NULL);
		g_once_init_leave(&ready, 1);
	}
	return found[mode][(key_bytes - SHORTEST_KEY) / KEY_STEP];
}

static EVP_CIPHER_CTX *new_ctx(enum mode mode, const uint8_t *key, size_t key_bytes)
{
	const EVP_CIPHER *cipher = cipher_of(mode, key_bytes);
	EVP_CIPHER_CTX *ctx = cipher ? EVP_CIPHER_CTX_new() : NULL;

	if (!ctx)
		return NULL;
	if (EVP_EncryptInit_ex2(ctx, cipher, key, NULL, NULL) == 1)
		return ctx;
	EVP_CIPHER_CTX_free(ctx);
	return NULL;
}

bool srtp_block_init(struct srtp_block *block, const uint8_t *key, size_t key_bytes)
{
	block->ctx = new_ctx(MODE_ECB, key, key_bytes);
	if (!block->ctx)
		return false;
	EVP_CIPHER_CTX_set_padding(block->ctx, 0);
	return true;
}

void srtp_block_clear(struct srtp_block *block)
{
	EVP_CIPHER_CTX_free(block->ctx);
	block->ctx = NULL;
}

/* Whole blocks, in place. */
static bool encrypt_blocks(struct srtp_block *block, uint8_t *data, size_t bytes)
{
	int n;

	return EVP_EncryptUpdate(block->ctx, data, &n, data, (int)bytes) == 1;
}

static void xor_bytes(uint8_t *data, const uint8_t *stream, size_t bytes)
{
	size_t i = 0;

	for (; i + sizeof(uint64_t) <= bytes; i += sizeof(uint64_t)) {
		uint64_t a, b;

		memcpy(&a, data + i, sizeof(a));
		memcpy(&b, stream + i, sizeof(b));
		a ^= b;
		memcpy(data + i, &a, sizeof(a));
	}
	for (; i < bytes; i++)
		data[i] ^= stream[i];
}

bool srtp_cm_xor(
	struct srtp_block *block, const uint8_t iv[SRTP_BLOCK_BYTES], uint8_t *data, size_t bytes)
{
	uint64_t stream[STREAM_BLOCKS * 2], high, low;
	bool ok = true;

	memcpy(&high, iv, sizeof(high));
	memcpy(&low, iv + sizeof(high), sizeof(low));
	low = be64toh(low);
	while (bytes && ok) {
		size_t part = MIN(bytes, sizeof(stream));
		size_t blocks = (part + SRTP_BLOCK_BYTES - 1) / SRTP_BLOCK_BYTES;

		for (size_t i = 0; i < blocks; i++) {
			stream[2 * i] = high;
			stream[2 * i + 1] = htobe64(low++);
		}
		ok = encrypt_blocks(block, (uint8_t *)stream, blocks * SRTP_BLOCK_BYTES);
		if (ok)
			xor_bytes(data, (const uint8_t *)stream, part);
		data += part;
		bytes -= part;
	}
	return ok;
}

bool srtp_f8_mask_init(struct srtp_block *mask, const uint8_t *key, size_t key_bytes,
	const uint8_t *salt, size_t salt_bytes)
{
	enum { FILL = 0x55 }; /* behind the salt */
	uint8_t masked[SRTP_MAX_KEY];
	bool ok;

	for (size_t i = 0; i < key_bytes; i++)
		masked[i] = key[i] ^ (i < salt_bytes ? salt[i] : FILL);
	ok = srtp_block_init(mask, masked, key_bytes);
	srtp_wipe(masked, sizeof(masked));
	return ok;
}

bool srtp_f8_xor(struct srtp_block *block, struct srtp_block *mask,
	const uint8_t iv[SRTP_BLOCK_BYTES], uint8_t *data, size_t bytes)
{
	uint8_t start[SRTP_BLOCK_BYTES], stream[SRTP_BLOCK_BYTES] = { 0 };
	uint32_t count = 0;

	memcpy(start, iv, sizeof(start));
	if (!encrypt_blocks(mask, start, sizeof(start)))
		return false;
	while (bytes) {
		size_t part = MIN(bytes, sizeof(stream));
		uint32_t counter = htobe32(count++);

		xor_bytes(stream, start, sizeof(stream));
		xor_bytes(stream + sizeof(stream) - sizeof(counter), (const uint8_t *)&counter,
			sizeof(counter));
		if (!encrypt_blocks(block, stream, sizeof(stream)))
			return false;
		xor_bytes(data, stream, part);
		data += part;
		bytes -= part;
	}
	return true;
}

bool srtp_gcm_init(struct srtp_gcm *gcm, const uint8_t *key, size_t key_bytes)
{
	gcm->ctx = new_ctx(MODE_GCM, key, key_bytes);
	return gcm->ctx;
}

void srtp_gcm_clear(struct srtp_gcm *gcm)
{
	EVP_CIPHER_CTX_free(gcm->ctx);
	gcm->ctx = NULL;
}

/* The tag as a parameter: cheaper than by EVP_CIPHER_CTX_ctrl. */
static OSSL_PARAM tag_param(uint8_t *tag)
{
	return OSSL_PARAM_construct_octet_string(
		OSSL_CIPHER_PARAM_AEAD_TAG, tag, SRTP_GCM_TAG_BYTES);
}

/* All but the tag; the direction is what the context was set to. */
static bool gcm_update(EVP_CIPHER_CTX *ctx, const struct srtp_gcm_input *in)
{
	int n;

	if (EVP_CipherUpdate(ctx, NULL, &n, in->aad, (int)in->aad_bytes) != 1)
		return false;
	if (in->more_aad_bytes &&
		EVP_CipherUpdate(ctx, NULL, &n, in->more_aad, (int)in->more_aad_bytes) != 1)
		return false;
	return !in->bytes || EVP_CipherUpdate(ctx, in->data, &n, in->data, (int)in->bytes) == 1;
}

bool srtp_gcm_seal(
	struct srtp_gcm *gcm, const struct srtp_gcm_input *in, uint8_t tag[SRTP_GCM_TAG_BYTES])
{
	OSSL_PARAM get_tag[] = { tag_param(tag), OSSL_PARAM_END };
	int n;

	return EVP_EncryptInit_ex2(gcm->ctx, NULL, NULL, in->iv, NULL) == 1 &&
	       gcm_update(gcm->ctx, in) && EVP_EncryptFinal_ex(gcm->ctx, tag, &n) == 1 &&
	       EVP_CIPHER_CTX_get_params(gcm->ctx, get_tag) == 1;
}

bool srtp_gcm_reseal(struct srtp_gcm *gcm, const struct srtp_gcm_input *in)
{
	int n;

	return !in->bytes ||
	       (EVP_EncryptInit_ex2(gcm->ctx, NULL, NULL, in->iv, NULL) == 1 &&
		       EVP_EncryptUpdate(gcm->ctx, in->data, &n, in->data, (int)in->bytes) == 1);
}

bool srtp_gcm_open(struct srtp_gcm *gcm, const struct srtp_gcm_input *in,
	const uint8_t tag[SRTP_GCM_TAG_BYTES], bool *ret_authentic)
{
	uint8_t expected[SRTP_GCM_TAG_BYTES], rest[SRTP_BLOCK_BYTES];
	OSSL_PARAM set_tag[] = { tag_param(expected), OSSL_PARAM_END };
	bool authentic;
	int n;

	memcpy(expected, tag, sizeof(expected));
	if (EVP_DecryptInit_ex2(gcm->ctx, NULL, NULL, in->iv, set_tag) != 1 ||
		!gcm_update(gcm->ctx, in))
		return false;
	authentic = EVP_DecryptFinal_ex(gcm->ctx, rest, &n) == 1;
	if (!authentic && !srtp_gcm_reseal(gcm, in))
		return false;
	*ret_authentic = authentic;
	return true;
}

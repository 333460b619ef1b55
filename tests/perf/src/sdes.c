/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sdes.h"
#include "util.h"
#include <arpa/inet.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

enum { SHA1_TAG = 10, GCM_TAG = 16 };

struct sdes {
	bool gcm, started;
	uint64_t top; /* highest packet index: rollover counter and sequence number */
	uint8_t salt[14];
	EVP_CIPHER_CTX *cipher;
	EVP_MAC_CTX *mac;
};

/* The key derivation function with derivation rate 0: AES-CM over label and master salt. */
static void derive(const uint8_t *key, const uint8_t *salt, int label, uint8_t *out, int len)
{
	uint8_t iv[16] = { 0 }, zero[32] = { 0 };
	int n;
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	memcpy(iv, salt, 14);
	iv[7] ^= (uint8_t)label;
	if (EVP_EncryptInit_ex(c, EVP_aes_128_ctr(), NULL, key, iv) != 1 ||
		EVP_EncryptUpdate(c, out, &n, zero, len) != 1)
		die("SRTP key derivation failed");
	EVP_CIPHER_CTX_free(c);
}

struct sdes *sdes_new(const char *suite, const char *key_text)
{
	struct sdes *s = xcalloc(1, sizeof *s);
	uint8_t raw[64] = { 0 }, enc[16], auth[20];
	char text[68];
	int n = snprintf(text, 65, "%s", key_text);

	s->gcm = !strcmp(suite, "AEAD_AES_128_GCM");
	if (!s->gcm && strcmp(suite, "AES_CM_128_HMAC_SHA1_80"))
		die("no such SRTP suite here: %s", suite);
	while (n % 4)
		text[n++] = '=';
	if (n > 60 || EVP_DecodeBlock(raw, (const uint8_t *)text, n) < (s->gcm ? 28 : 30))
		die("bad SDES key");
	if (s->gcm)
		memset(raw + 28, 0, 2); /* its salt is 12 bytes; the function wants 14 */
	derive(raw, raw + 16, 0, enc, 16);
	derive(raw, raw + 16, 2, s->salt, s->gcm ? 12 : 14);
	s->cipher = EVP_CIPHER_CTX_new();
	if (EVP_EncryptInit_ex(s->cipher, s->gcm ? EVP_aes_128_gcm() : EVP_aes_128_ctr(), NULL, enc,
		    NULL) != 1)
		die("SRTP set-up failed");
	if (!s->gcm) {
		OSSL_PARAM sha1[] = { OSSL_PARAM_construct_utf8_string(
					      OSSL_MAC_PARAM_DIGEST, (char *)"SHA1", 0),
			OSSL_PARAM_construct_end() };
		EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
		derive(raw, raw + 16, 1, auth, 20);
		s->mac = EVP_MAC_CTX_new(hmac);
		EVP_MAC_free(hmac);
		if (EVP_MAC_init(s->mac, auth, sizeof auth, sha1) != 1)
			die("SRTP set-up failed");
	}
	return s;
}

void sdes_free(struct sdes *s)
{
	EVP_CIPHER_CTX_free(s->cipher);
	EVP_MAC_CTX_free(s->mac);
	free(s);
}

static int header_length(const uint8_t *p, int len)
{
	int n = 12 + 4 * (p[0] & 15);
	if (len >= n + 4 && p[0] & 0x10)
		n += 4 + 4 * (p[n + 2] << 8 | p[n + 3]);
	return len >= n ? n : -1;
}

/* The 48-bit index of a packet, from its sequence number and those before. */
static uint64_t packet_index(struct sdes *s, const uint8_t *p)
{
	uint16_t seq = (uint16_t)(p[2] << 8 | p[3]);
	if (!s->started) {
		s->started = true;
		s->top = seq;
		return seq;
	}
	uint64_t i = s->top + (uint64_t)(int64_t)(int16_t)(seq - (uint16_t)s->top);
	if (i > s->top && i - s->top < 0x10000)
		s->top = i;
	return i;
}

static void sha1_tag(struct sdes *s, const uint8_t *p, int len, uint64_t index, uint8_t *tag)
{
	uint32_t roc = htonl((uint32_t)(index >> 16));
	size_t n;
	if (EVP_MAC_init(s->mac, NULL, 0, NULL) != 1 ||
		EVP_MAC_update(s->mac, p, (size_t)len) != 1 ||
		EVP_MAC_update(s->mac, (uint8_t *)&roc, 4) != 1 ||
		EVP_MAC_final(s->mac, tag, &n, 20) != 1)
		die("HMAC failed");
}

static void ctr(struct sdes *s, uint8_t *p, int head, int len, uint64_t index)
{
	uint8_t iv[16] = { 0 };
	int n;
	memcpy(iv, s->salt, 14);
	for (int i = 0; i < 4; i++)
		iv[4 + i] ^= p[8 + i];
	for (int i = 0; i < 6; i++)
		iv[8 + i] ^= (uint8_t)(index >> (40 - 8 * i));
	if (EVP_EncryptInit_ex(s->cipher, NULL, NULL, NULL, iv) != 1 ||
		EVP_EncryptUpdate(s->cipher, p + head, &n, p + head, len - head) != 1)
		die("AES-CTR failed");
}

static void gcm_iv(struct sdes *s, const uint8_t *p, uint64_t index, uint8_t iv[12])
{
	memcpy(iv, s->salt, 12);
	for (int i = 0; i < 4; i++)
		iv[2 + i] ^= p[8 + i];
	for (int i = 0; i < 6; i++)
		iv[6 + i] ^= (uint8_t)(index >> (40 - 8 * i));
}

int sdes_seal(struct sdes *s, uint8_t *p, int len)
{
	uint8_t iv[12], tag[20];
	int n, head = header_length(p, len);
	if (head < 0)
		return -1;
	uint64_t index = packet_index(s, p);
	if (!s->gcm) {
		ctr(s, p, head, len, index);
		sha1_tag(s, p, len, index, tag);
		memcpy(p + len, tag, SHA1_TAG);
		return len + SHA1_TAG;
	}
	gcm_iv(s, p, index, iv);
	if (EVP_CipherInit_ex(s->cipher, NULL, NULL, NULL, iv, 1) != 1 ||
		EVP_EncryptUpdate(s->cipher, NULL, &n, p, head) != 1 ||
		EVP_EncryptUpdate(s->cipher, p + head, &n, p + head, len - head) != 1 ||
		EVP_EncryptFinal_ex(s->cipher, p + len, &n) != 1 ||
		EVP_CIPHER_CTX_ctrl(s->cipher, EVP_CTRL_AEAD_GET_TAG, GCM_TAG, p + len) != 1)
		die("AES-GCM failed");
	return len + GCM_TAG;
}

int sdes_open(struct sdes *s, uint8_t *p, int len)
{
	uint8_t iv[12], tag[20];
	int n, head;
	len -= s->gcm ? GCM_TAG : SHA1_TAG;
	if (len < 12 || (head = header_length(p, len)) < 0)
		return -1;
	uint64_t index = packet_index(s, p);
	if (!s->gcm) {
		sha1_tag(s, p, len, index, tag);
		if (CRYPTO_memcmp(tag, p + len, SHA1_TAG))
			return -1;
		ctr(s, p, head, len, index);
		return len;
	}
	gcm_iv(s, p, index, iv);
	if (EVP_CipherInit_ex(s->cipher, NULL, NULL, NULL, iv, 0) != 1 ||
		EVP_CIPHER_CTX_ctrl(s->cipher, EVP_CTRL_AEAD_SET_TAG, GCM_TAG, p + len) != 1 ||
		EVP_DecryptUpdate(s->cipher, NULL, &n, p, head) != 1 ||
		EVP_DecryptUpdate(s->cipher, p + head, &n, p + head, len - head) != 1 ||
		EVP_DecryptFinal_ex(s->cipher, p + len, &n) != 1)
		return -1;
	return len;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fingerprints read, written and compared. */
#include "dtls/fingerprint.h"

#include <assert.h>
#include <errno.h>

#include <glib.h>

static const struct {
	const char *name;
	uint8_t bytes;
} hashes[DTLS_HASH_COUNT] = {
	[DTLS_SHA1] = { "sha-1", 20 },
	[DTLS_SHA224] = { "sha-224", 28 },
	[DTLS_SHA256] = { "sha-256", 32 },
	[DTLS_SHA384] = { "sha-384", 48 },
	[DTLS_SHA512] = { "sha-512", 64 },
};

const char *dtls_hash_name(enum dtls_hash hash)
{
	assert(hash < DTLS_HASH_COUNT);
	return hashes[hash].name;
}

unsigned dtls_hash_bytes(enum dtls_hash hash)
{
	assert(hash < DTLS_HASH_COUNT);
	return hashes[hash].bytes;
}

int dtls_hash_find(struct str name)
{
	for (int i = 0; i < DTLS_HASH_COUNT; i++)
		if (str_is_nocase(name, hashes[i].name))
			return i;
	return -1;
}

/* Two digits, and a colon before all but the first. */
static bool read_bytes(struct str text, uint8_t *bytes, unsigned count)
{
	if (text.len != 3 * (size_t)count - 1)
		return false;
	for (unsigned i = 0; i < count; i++) {
		int high = g_ascii_xdigit_value(text.s[3 * i]);
		int low = g_ascii_xdigit_value(text.s[3 * i + 1]);

		if (high < 0 || low < 0 || (i + 1 < count && text.s[3 * i + 2] != ':'))
			return false;
		bytes[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

int fingerprint_parse(struct str value, struct fingerprint *ret_fingerprint)
{
	struct fingerprint f = { 0 };
	struct str name, bytes;
	int hash;

	if (!str_token(&value, &name) || !str_token(&value, &bytes))
		return -EBADMSG;
	hash = dtls_hash_find(name);
	if (hash < 0)
		return -ENOTSUP;
	if (!read_bytes(bytes, f.bytes, hashes[hash].bytes) || str_token(&value, &name))
		return -EBADMSG;
	f.hash = (uint8_t)hash;
	*ret_fingerprint = f;
	return 0;
}

size_t fingerprint_print(const struct fingerprint *fingerprint, char out[FINGERPRINT_MAX_TEXT])
{
	static const char digits[] = "0123456789ABCDEF";
	const char *name = dtls_hash_name((enum dtls_hash)fingerprint->hash);
	size_t len = strlen(name);

	memcpy(out, name, len);
	for (unsigned i = 0; i < hashes[fingerprint->hash].bytes; i++) {
		out[len++] = i ? ':' : ' ';
		out[len++] = digits[fingerprint->bytes[i] >> 4];
		out[len++] = digits[fingerprint->bytes[i] & 15];
	}
	out[len] = 0;
	return len;
}

bool fingerprint_equal(const struct fingerprint *a, const struct fingerprint *b)
{
	return a->hash == b->hash && !memcmp(a->bytes, b->bytes, hashes[a->hash].bytes);
}

bool fingerprint_set_equal(const struct fingerprint_set *a, const struct fingerprint_set *b)
{
	if (a->count != b->count)
		return false;
	for (unsigned i = 0; i < a->count; i++)
		if (!fingerprint_equal(&a->all[i], &b->all[i]))
			return false;
	return true;
}

int fingerprint_set_hash(const struct fingerprint_set *set)
{
	int best = -1;

	for (unsigned i = 0; i < set->count; i++)
		if (set->all[i].hash > best)
			best = set->all[i].hash;
	return best;
}

bool fingerprint_set_has(const struct fingerprint_set *set, const struct fingerprint *fingerprint)
{
	for (unsigned i = 0; i < set->count; i++)
		if (fingerprint_equal(&set->all[i], fingerprint))
			return true;
	return false;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * STUN, read and written. HMAC-SHA1 is made of OpenSSL's plain SHA-1, whose state is a value, since
 * its HMAC allocates; OpenSSL calls these functions deprecated, but they are what its providers use.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "ice/stun.h"

#include <glib.h>
#include <openssl/crypto.h>
#include <openssl/sha.h>

enum {
	MAGIC_COOKIE = 0x2112a442,
	METHOD_BINDING = 1,
	ATTRIBUTE_BYTES = 4, /* type and length */
	FINGERPRINT_BYTES = 4,
	INTEGRITY_BYTES = SHA_DIGEST_LENGTH,
	MAX_USERNAME = 513, /* of ICE: two of 256 and a colon */
	INNER_PAD = 0x36,
	OUTER_PAD = 0x5c,
};

static const uint32_t FINGERPRINT_XOR = 0x5354554e;

enum attribute {
	MAPPED_ADDRESS = 0x0001,
	USERNAME = 0x0006,
	MESSAGE_INTEGRITY = 0x0008,
	ERROR_CODE = 0x0009,
	UNKNOWN_ATTRIBUTES = 0x000a,
	XOR_MAPPED_ADDRESS = 0x0020,
	PRIORITY = 0x0024,
	USE_CANDIDATE = 0x0025,
	OPTIONAL = 0x8000, /* those from here on may be passed over */
	SOFTWARE = 0x8022,
	FINGERPRINT = 0x8028,
	ICE_CONTROLLED = 0x8029,
	ICE_CONTROLLING = 0x802a,
	GOOGLE_NETWORK_INFO = 0xc057,
};

/* ---- numbers ---- */

static uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

static uint64_t get64(const uint8_t *p)
{
	return (uint64_t)get32(p) << 32 | get32(p + 4);
}

static void put16(uint8_t *p, unsigned value)
{
	p[0] = (uint8_t)(value >> 8);
	p[1] = (uint8_t)value;
}

static void put32(uint8_t *p, uint32_t value)
{
	put16(p, value >> 16);
	put16(p + 2, value & 0xffff);
}

static void put64(uint8_t *p, uint64_t value)
{
	put32(p, (uint32_t)(value >> 32));
	put32(p + 4, (uint32_t)value);
}

static size_t padded(size_t bytes)
{
	return (bytes + 3) & ~(size_t)3;
}

/* ---- sums ---- */

/* CRC-32 of ITU V.42, four bits at a time: the table is small and messages are few. */
static uint32_t crc32(const uint8_t *data, size_t len)
{
	static const uint32_t table[16] = { 0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac,
		0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8,
		0xcb61b38c, 0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c };
	uint32_t crc = 0xffffffff;

	for (size_t i = 0; i < len; i++) {
		crc = table[(crc ^ data[i]) & 15] ^ crc >> 4;
		crc = table[(crc ^ data[i] >> 4) & 15] ^ crc >> 4;
	}
	return ~crc;
}

static void hmac_start(SHA_CTX *state, struct str key, uint8_t pad)
{
	uint8_t block[SHA_CBLOCK] = { 0 };

	if (key.len > sizeof(block))
		SHA1((const uint8_t *)key.s, key.len, block);
	else if (key.len)
		memcpy(block, key.s, key.len);
	for (size_t i = 0; i < sizeof(block); i++)
		block[i] ^= pad;
	SHA1_Init(state);
	SHA1_Update(state, block, sizeof(block));
	OPENSSL_cleanse(block, sizeof(block));
}

/*
 * Of the message up to its MESSAGE-INTEGRITY at `at`, with a length in its header as if it ended
 * right after that.
 */
static void integrity(
	const uint8_t *data, size_t at, struct str password, uint8_t digest[INTEGRITY_BYTES])
{
	uint8_t head[ATTRIBUTE_BYTES];
	SHA_CTX state;

	memcpy(head, data, sizeof(head));
	put16(head + 2, (unsigned)(at - STUN_HEADER_BYTES + ATTRIBUTE_BYTES + INTEGRITY_BYTES));
	hmac_start(&state, password, INNER_PAD);
	SHA1_Update(&state, head, sizeof(head));
	SHA1_Update(&state, data + sizeof(head), at - sizeof(head));
	SHA1_Final(digest, &state);
	hmac_start(&state, password, OUTER_PAD);
	SHA1_Update(&state, digest, INTEGRITY_BYTES);
	SHA1_Final(digest, &state);
}

/* ---- reading ---- */

/* A class is two bits of the type, in between those of the method. */
static bool read_type(uint16_t type, enum stun_class *ret_class)
{
	if ((type & ~0x0110) != METHOD_BINDING)
		return false;
	*ret_class = (enum stun_class)((type & 0x0100) >> 7 | (type & 0x0010) >> 4);
	return true;
}

static bool read_address(
	const uint8_t *value, size_t len, const uint8_t *transaction, struct addr *ret_addr)
{
	uint8_t mask[16];
	struct addr addr = { 0 };
	size_t bytes = 0;

	if (len < 4)
		return false;
	if (value[1] == 1)
		bytes = 4;
	else if (value[1] == 2)
		bytes = 16;
	if (!bytes || len != 4 + bytes)
		return false;
	put32(mask, MAGIC_COOKIE);
	memcpy(mask + 4, transaction, STUN_TRANSACTION_BYTES);
	addr.family = bytes == 4 ? ADDR_IP4 : ADDR_IP6;
	addr.port = (uint16_t)(get16(value + 2) ^ MAGIC_COOKIE >> 16);
	for (size_t i = 0; i < bytes; i++)
		addr.ip[i] = value[4 + i] ^ mask[i];
	*ret_addr = addr;
	return true;
}

static bool read_error(const uint8_t *value, size_t len, unsigned *ret_code)
{
	unsigned hundreds, rest;

	if (len < 4)
		return false;
	hundreds = value[2] & 7;
	rest = value[3];
	if (hundreds < 3 || hundreds > 6 || rest > 99)
		return false;
	*ret_code = hundreds * 100 + rest;
	return true;
}

static void note_unknown(struct stun *stun, uint16_t type)
{
	if (type < OPTIONAL && stun->unknown_count < STUN_MAX_UNKNOWN)
		stun->unknown[stun->unknown_count++] = type;
}

static bool read_role(struct stun *stun, bool controlling, const uint8_t *value, size_t len)
{
	if (len != 8)
		return false;
	stun->controlling = controlling;
	stun->controlled = !controlling;
	stun->tie_breaker = get64(value);
	return true;
}

/* False: malformed. */
static bool read_attribute(struct stun *stun, uint16_t type, const uint8_t *value, size_t len)
{
	switch (type) {
	case USERNAME:
		stun->username = (struct str){ (const char *)value, len };
		return len <= MAX_USERNAME;
	case XOR_MAPPED_ADDRESS:
		return read_address(value, len, stun->transaction, &stun->mapped);
	case PRIORITY:
		if (len != 4)
			return false;
		stun->priority = get32(value);
		return true;
	case USE_CANDIDATE:
		stun->use_candidate = true;
		return len == 0;
	case ICE_CONTROLLED:
	case ICE_CONTROLLING:
		return read_role(stun, type == ICE_CONTROLLING, value, len);
	case ERROR_CODE:
		return read_error(value, len, &stun->code);
	case MESSAGE_INTEGRITY:
		stun->integrity_at = (size_t)(value - ATTRIBUTE_BYTES - stun->data);
		return len == INTEGRITY_BYTES;
	case MAPPED_ADDRESS:
	case UNKNOWN_ATTRIBUTES:
		return true;
	default:
		note_unknown(stun, type);
		return true;
	}
}

/* FINGERPRINT ends every message of ICE. */
static bool fingerprint_fits(const uint8_t *data, size_t len)
{
	const uint8_t *at = data + len - ATTRIBUTE_BYTES - FINGERPRINT_BYTES;

	return get16(at) == FINGERPRINT && get16(at + 2) == FINGERPRINT_BYTES &&
	       get32(at + 4) == (crc32(data, (size_t)(at - data)) ^ FINGERPRINT_XOR);
}

static bool read_header(const uint8_t *data, size_t len, struct stun *stun)
{
	if (len < STUN_HEADER_BYTES + ATTRIBUTE_BYTES + FINGERPRINT_BYTES || len % 4)
		return false;
	if (!read_type(get16(data), &stun->cls) || get32(data + 4) != MAGIC_COOKIE)
		return false;
	return get16(data + 2) == len - STUN_HEADER_BYTES;
}

bool stun_parse(const uint8_t *data, size_t len, struct stun *ret_stun)
{
	struct stun stun = { .data = data };
	size_t at = STUN_HEADER_BYTES, end;

	if (!read_header(data, len, &stun) || !fingerprint_fits(data, len))
		return false;
	stun.transaction = data + 8;
	end = len - ATTRIBUTE_BYTES - FINGERPRINT_BYTES;
	while (at < end) {
		size_t bytes = get16(data + at + 2);

		if (stun.integrity_at || padded(bytes) + ATTRIBUTE_BYTES > end - at)
			return false;
		if (!read_attribute(&stun, get16(data + at), data + at + ATTRIBUTE_BYTES, bytes))
			return false;
		at += ATTRIBUTE_BYTES + padded(bytes);
	}
	*ret_stun = stun;
	return true;
}

bool stun_authentic(const struct stun *stun, struct str password)
{
	uint8_t digest[INTEGRITY_BYTES];

	if (!stun->integrity_at)
		return false;
	integrity(stun->data, stun->integrity_at, password, digest);
	return !CRYPTO_memcmp(
		digest, stun->data + stun->integrity_at + ATTRIBUTE_BYTES, INTEGRITY_BYTES);
}

/* ---- writing ---- */

void stun_build(struct stun_build *build, enum stun_class cls,
	const uint8_t transaction[STUN_TRANSACTION_BYTES])
{
	put16(build->data, METHOD_BINDING | (cls & 2) << 7 | (cls & 1) << 4);
	put16(build->data + 2, 0);
	put32(build->data + 4, MAGIC_COOKIE);
	memcpy(build->data + 8, transaction, STUN_TRANSACTION_BYTES);
	build->len = STUN_HEADER_BYTES;
}

/* Room for an attribute's value, padding included, all zero; NULL: does not fit. */
static uint8_t *add(struct stun_build *build, enum attribute type, size_t bytes)
{
	uint8_t *at = build->data + build->len;

	if (!build->len || padded(bytes) + ATTRIBUTE_BYTES > sizeof(build->data) - build->len) {
		build->len = 0;
		return NULL;
	}
	put16(at, type);
	put16(at + 2, (unsigned)bytes);
	memset(at + ATTRIBUTE_BYTES, 0, padded(bytes));
	build->len += ATTRIBUTE_BYTES + padded(bytes);
	put16(build->data + 2, (unsigned)(build->len - STUN_HEADER_BYTES));
	return at + ATTRIBUTE_BYTES;
}

void stun_add_software(struct stun_build *build, struct str software)
{
	uint8_t *value = software.len ? add(build, SOFTWARE, software.len) : NULL;

	if (value)
		memcpy(value, software.s, software.len);
}

void stun_add_username(struct stun_build *build, struct str first, struct str second)
{
	uint8_t *value = add(build, USERNAME, first.len + 1 + second.len);

	if (!value)
		return;
	memcpy(value, first.s, first.len);
	value[first.len] = ':';
	memcpy(value + first.len + 1, second.s, second.len);
}

void stun_add_role(struct stun_build *build, bool controlling, uint64_t tie_breaker)
{
	uint8_t *value = add(build, controlling ? ICE_CONTROLLING : ICE_CONTROLLED, 8);

	if (value)
		put64(value, tie_breaker);
}

void stun_add_priority(struct stun_build *build, uint32_t priority)
{
	uint8_t *value = add(build, PRIORITY, 4);

	if (value)
		put32(value, priority);
}

void stun_add_use_candidate(struct stun_build *build)
{
	add(build, USE_CANDIDATE, 0);
}

void stun_add_mapped(struct stun_build *build, const struct addr *addr)
{
	size_t bytes = addr->family == ADDR_IP4 ? 4 : 16;
	uint8_t *value = add(build, XOR_MAPPED_ADDRESS, 4 + bytes);

	if (!value)
		return;
	value[1] = addr->family == ADDR_IP4 ? 1 : 2;
	put16(value + 2, addr->port ^ MAGIC_COOKIE >> 16);
	/* The mask is the cookie and the transaction, as they stand in the header. */
	for (size_t i = 0; i < bytes; i++)
		value[4 + i] = addr->ip[i] ^ build->data[4 + i];
}

static const char *phrase_of(enum stun_code code)
{
	switch (code) {
	case STUN_BAD_REQUEST:
		return "Bad request";
	case STUN_UNAUTHORIZED:
		return "Unauthorized";
	case STUN_UNKNOWN_ATTRIBUTE:
		return "Unknown attribute";
	case STUN_ROLE_CONFLICT:
		return "Role conflict";
	}
	return "";
}

void stun_add_error(struct stun_build *build, enum stun_code code)
{
	struct str phrase = str_of(phrase_of(code));
	uint8_t *value = add(build, ERROR_CODE, 4 + phrase.len);

	if (!value)
		return;
	value[2] = (uint8_t)(code / 100);
	value[3] = (uint8_t)(code % 100);
	memcpy(value + 4, phrase.s, phrase.len);
}

void stun_add_unknown(struct stun_build *build, const uint16_t *types, unsigned count)
{
	uint8_t *value = add(build, UNKNOWN_ATTRIBUTES, 2 * count);

	for (unsigned i = 0; value && i < count; i++)
		put16(value + 2 * i, types[i]);
}

size_t stun_build_end(struct stun_build *build, struct str password)
{
	size_t at = build->len;
	uint8_t *value;

	if (password.len) {
		value = add(build, MESSAGE_INTEGRITY, INTEGRITY_BYTES);
		if (value)
			integrity(build->data, at, password, value);
	}
	at = build->len;
	value = add(build, FINGERPRINT, FINGERPRINT_BYTES);
	if (value)
		put32(value, crc32(build->data, at) ^ FINGERPRINT_XOR);
	return build->len;
}

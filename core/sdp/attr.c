/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Attributes: which ones are understood, and what their values may look like. An attribute whose
 * value is not one of those is dropped by parse.c, as if the peer had not sent it. What values
 * mean beyond their form is for the folders that use them (core/ice, core/srtp, core/call).
 */
#include "sdp/sdp_priv.h"

#include <glib.h>

enum {
	PTIME_MAX_MS = 65535,
	CANDIDATE_TOKENS = 8, /* the least: foundation to the name of the type (RFC 8839) */
	CANDIDATE_MAX_COMPONENT = 256,
	CRYPTO_MAX_TAG = 999999999,
	EXTMAP_MAX_ID = 255,
	EXTMAP_RESERVED_ID = 15, /* RFC 8285 4.2: stops the reading of one-byte headers */
};

typedef bool (*value_check_fn)(struct str value);

static const struct str attr_names[SDP_ATTR_COUNT] = {
#define ATTR_NAME(id, name) [SDP_ATTR_##id] = { (name), sizeof(name) - 1 },
	SDP_ATTRS(ATTR_NAME)
#undef ATTR_NAME
};

static const struct {
	const char *name;
	unsigned bytes;
} fingerprint_hashes[] = {
	{ "sha-256", 32 },
	{ "sha-1", 20 },
	{ "sha-224", 28 },
	{ "sha-384", 48 },
	{ "sha-512", 64 },
};

bool sdp_read_uint(struct str text, uint64_t max, uint64_t *ret_value)
{
	uint64_t value = 0;
	size_t i;

	if (!text.len)
		return false;
	for (i = 0; i < text.len; i++) {
		unsigned digit = (unsigned)(unsigned char)text.s[i] - '0';

		if (digit > 9 || value > max / 10 || value * 10 > max - digit)
			return false;
		value = value * 10 + digit;
	}
	*ret_value = value;
	return true;
}

bool sdp_read_payload_type(struct str text, uint8_t *ret_payload_type)
{
	uint64_t number;

	if (!sdp_read_uint(text, SDP_MAX_PAYLOAD_TYPE, &number))
		return false;
	*ret_payload_type = (uint8_t)number;
	return true;
}

struct str sdp_trim(struct str text)
{
	while (text.len && *text.s == ' ')
		text = str_skip(text, 1);
	while (text.len && text.s[text.len - 1] == ' ')
		text.len--;
	return text;
}

bool sdp_read_rtpmap(struct str value, struct sdp_rtpmap *ret_rtpmap)
{
	struct sdp_rtpmap map = { .channels = 1 };
	struct str token, part;
	uint64_t number;

	if (!str_token(&value, &token) || !sdp_read_payload_type(token, &map.payload_type))
		return false;
	if (!str_token(&value, &token))
		return false;
	if (!str_cut(&token, '/', &map.name) || !map.name.len)
		return false;
	if (!str_cut(&token, '/', &part) || !sdp_read_uint(part, UINT32_MAX, &number) || !number)
		return false;
	map.clock_hz = (uint32_t)number;
	if (token.s) {
		if (!sdp_read_uint(token, UINT8_MAX, &number) || !number)
			return false;
		map.channels = (uint8_t)number;
	}
	*ret_rtpmap = map;
	return true;
}

bool sdp_read_rtcp(struct str value, struct addr *ret_addr)
{
	struct addr addr = { .family = ADDR_NONE };
	struct str port, net, family, address;
	uint64_t number;

	if (!str_token(&value, &port) || !sdp_read_uint(port, UINT16_MAX, &number) || !number)
		return false;
	if (str_token(&value, &net)) {
		if (!str_is_nocase(net, "IN") || !str_token(&value, &family) ||
			!str_token(&value, &address) || !addr_parse_sdp(family, address, &addr))
			return false;
	}
	*ret_addr = addr_with_port(addr, (uint16_t)number);
	return true;
}

/* RFC 8866 6.4 allows fractions; they do not reach one millisecond and are cut off. */
bool sdp_read_ptime(struct str value, int *ret_ms)
{
	struct str whole, fraction;
	uint64_t number, ignored;

	value = sdp_trim(value);
	if (!str_cut(&value, '.', &whole) || !sdp_read_uint(whole, PTIME_MAX_MS, &number) ||
		!number)
		return false;
	fraction = value;
	if (fraction.s && !sdp_read_uint(fraction, UINT64_MAX, &ignored))
		return false;
	*ret_ms = (int)number;
	return true;
}

static bool has_text(struct str value)
{
	return sdp_trim(value).len > 0;
}

static bool is_rtpmap(struct str value)
{
	struct sdp_rtpmap ignored;

	return sdp_read_rtpmap(value, &ignored);
}

static bool is_rtcp(struct str value)
{
	struct addr ignored;

	return sdp_read_rtcp(value, &ignored);
}

static bool is_ptime(struct str value)
{
	int ignored;

	return sdp_read_ptime(value, &ignored);
}

static bool is_rtcp_fb(struct str value)
{
	struct str token;
	uint8_t ignored;

	return str_token(&value, &token) && sdp_read_payload_type(token, &ignored) &&
	       str_token(&value, &token);
}

static bool is_setup(struct str value)
{
	value = sdp_trim(value);
	return str_is_nocase(value, "actpass") || str_is_nocase(value, "active") ||
	       str_is_nocase(value, "passive") || str_is_nocase(value, "holdconn");
}

/* HH:HH:… of exactly `bytes` bytes. */
static bool is_hex_bytes(struct str text, unsigned bytes)
{
	size_t i;

	if (text.len != (size_t)bytes * 3 - 1)
		return false;
	for (i = 0; i < text.len; i++) {
		if (i % 3 == 2 ? text.s[i] != ':' : !g_ascii_isxdigit(text.s[i]))
			return false;
	}
	return true;
}

static bool is_fingerprint(struct str value)
{
	struct str hash, print;
	unsigned i;

	if (!str_token(&value, &hash) || !str_token(&value, &print))
		return false;
	for (i = 0; i < G_N_ELEMENTS(fingerprint_hashes); i++) {
		if (str_is_nocase(hash, fingerprint_hashes[i].name))
			return is_hex_bytes(print, fingerprint_hashes[i].bytes);
	}
	return false;
}

static bool is_base64(struct str text)
{
	enum { MAX_PADDING = 2 };
	size_t digits = text.len;

	while (digits && text.len - digits < MAX_PADDING && text.s[digits - 1] == '=')
		digits--;
	for (size_t i = 0; i < digits; i++)
		if (!g_ascii_isalnum(text.s[i]) && text.s[i] != '+' && text.s[i] != '/')
			return false;
	return digits > 0;
}

static bool is_crypto(struct str value)
{
	const struct str method = STR_LIT("inline:");
	struct str tag, suite, params, key;
	uint64_t ignored;

	if (!str_token(&value, &tag) || !sdp_read_uint(tag, CRYPTO_MAX_TAG, &ignored))
		return false;
	if (!str_token(&value, &suite) || !str_token(&value, &params))
		return false;
	if (params.len < method.len || !str_eq_nocase((struct str){ params.s, method.len }, method))
		return false;
	params = str_skip(params, method.len);
	/* Further keys come behind ";", lifetime and MKI behind "|". */
	if (!str_cut(&params, ';', &key))
		return false;
	params = key;
	if (!str_cut(&params, '|', &key))
		return false;
	return is_base64(key);
}

static bool is_direction(struct str text)
{
	unsigned i;

	for (i = SDP_SENDRECV; i <= SDP_INACTIVE; i++) {
		if (str_is_nocase(text, sdp_direction_name((enum sdp_direction)i)))
			return true;
	}
	return false;
}

static bool is_extmap(struct str value)
{
	struct str head, id, uri;
	uint64_t number;

	if (!str_token(&value, &head) || !str_token(&value, &uri) || !str_cut(&head, '/', &id))
		return false;
	if (!sdp_read_uint(id, EXTMAP_MAX_ID, &number) || !number || number == EXTMAP_RESERVED_ID)
		return false;
	return !head.s || is_direction(head);
}

/* The address may be a name (mDNS): whether it is of use is for core/ice to say. */
static bool is_candidate(struct str value)
{
	struct str token[CANDIDATE_TOKENS];
	uint64_t component, ignored;
	unsigned i;

	for (i = 0; i < CANDIDATE_TOKENS; i++) {
		if (!str_token(&value, &token[i]))
			return false;
	}
	return sdp_read_uint(token[1], CANDIDATE_MAX_COMPONENT, &component) && component &&
	       sdp_read_uint(token[3], UINT32_MAX, &ignored) &&
	       sdp_read_uint(token[5], UINT16_MAX, &ignored) && str_is_nocase(token[6], "typ");
}

/* Without an entry any value will do, and none as well. */
static const value_check_fn value_checks[SDP_ATTR_COUNT] = {
	[SDP_ATTR_MID] = has_text,
	[SDP_ATTR_RTCP] = is_rtcp,
	[SDP_ATTR_RTCP_FB] = is_rtcp_fb,
	[SDP_ATTR_RTPMAP] = is_rtpmap,
	[SDP_ATTR_FMTP] = has_text,
	[SDP_ATTR_PTIME] = is_ptime,
	[SDP_ATTR_MAXPTIME] = is_ptime,
	[SDP_ATTR_GROUP] = has_text,
	[SDP_ATTR_SETUP] = is_setup,
	[SDP_ATTR_FINGERPRINT] = is_fingerprint,
	[SDP_ATTR_TLS_ID] = has_text,
	[SDP_ATTR_CRYPTO] = is_crypto,
	[SDP_ATTR_EXTMAP] = is_extmap,
	[SDP_ATTR_CANDIDATE] = is_candidate,
	[SDP_ATTR_ICE_UFRAG] = has_text,
	[SDP_ATTR_ICE_PWD] = has_text,
	[SDP_ATTR_ICE_OPTIONS] = has_text,
	[SDP_ATTR_REMOTE_CANDIDATES] = has_text,
	[SDP_ATTR_RTPENGINE] = has_text,
	[SDP_ATTR_LABEL] = has_text,
};

bool sdp_attr_valid(enum sdp_attr_id id, struct str value)
{
	return !value_checks[id] || value_checks[id](value);
}

/* "*" or "* nack": feedback for all payload types belongs to none, so it is copied. */
static bool is_wildcard(struct str value)
{
	return value.len && value.s[0] == '*' && (value.len == 1 || value.s[1] == ' ');
}

enum sdp_attr_id sdp_attr_find(struct str name, struct str value)
{
	unsigned i;

	if (str_begins(name, attr_names[SDP_ATTR_T38_FAX]))
		return SDP_ATTR_T38_FAX;
	for (i = SDP_ATTR_GENERIC + 1; i < SDP_ATTR_COUNT; i++) {
		if (!str_eq(name, attr_names[i]))
			continue;
		if (i == SDP_ATTR_RTCP_FB && is_wildcard(value))
			return SDP_ATTR_GENERIC;
		return (enum sdp_attr_id)i;
	}
	return SDP_ATTR_GENERIC;
}

const struct sdp_attr *sdp_attrs_find(const struct sdp_attrs *attrs, enum sdp_attr_id id)
{
	unsigned i;

	for (i = 0; i < attrs->count; i++) {
		if (attrs->attr[i].id == id)
			return &attrs->attr[i];
	}
	return NULL;
}

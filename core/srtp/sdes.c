/* SPDX-License-Identifier: GPL-3.0-or-later */
/* a=crypto: read, written, and filled with new keys. */
#include "srtp/sdes.h"

#include <errno.h>
#include <stdio.h>

#include <glib.h>
#include <openssl/rand.h>

enum {
	MAX_KEY_BYTES = SRTP_MAX_KEY + SRTP_MAX_SALT,
	MAX_KEY_DIGITS = (MAX_KEY_BYTES + 2) / 3 * 4,
	MAX_LIFETIME_LOG2 = 48,
	MKI_VALUE_BYTES = 4,
	DIGIT_BITS = 6, /* of a base64 digit */
};

static const char base64_digits[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static const struct {
	const char *name;
	size_t offset; /* of a bool in struct srtp_params */
} session_params[] = {
	{ "UNENCRYPTED_SRTP", offsetof(struct srtp_params, unencrypted_srtp) },
	{ "UNENCRYPTED_SRTCP", offsetof(struct srtp_params, unencrypted_srtcp) },
	{ "UNAUTHENTICATED_SRTP", offsetof(struct srtp_params, unauthenticated_srtp) },
};

static bool read_uint(struct str text, uint64_t max, uint64_t *ret_value)
{
	uint64_t value = 0;

	if (!text.len)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		if (!g_ascii_isdigit(text.s[i]))
			return false;
		value = value * 10 + (uint64_t)(text.s[i] - '0');
		if (value > max)
			return false;
	}
	*ret_value = value;
	return true;
}

static size_t digits_of(size_t bytes)
{
	return (bytes * 8 + DIGIT_BITS - 1) / DIGIT_BITS;
}

static int base64_value(char digit)
{
	const char *at = digit ? strchr(base64_digits, digit) : NULL;

	return at ? (int)(at - base64_digits) : -1;
}

/* Exactly `bytes` bytes, behind which padding may stand. */
static bool read_base64(struct str text, uint8_t *out, size_t bytes)
{
	size_t digits = digits_of(bytes), n = 0;
	uint32_t bits = 0;
	unsigned have = 0;

	if (text.len < digits || text.len > (digits + 3) / 4 * 4)
		return false;
	for (size_t i = 0; i < digits; i++) {
		int value = base64_value(text.s[i]);

		if (value < 0)
			return false;
		bits = bits << DIGIT_BITS | (uint32_t)value;
		have += DIGIT_BITS;
		if (have >= 8 && n < bytes) {
			have -= 8;
			out[n++] = (uint8_t)(bits >> have);
		}
	}
	for (size_t i = digits; i < text.len; i++)
		if (text.s[i] != '=')
			return false;
	return true;
}

/* Returns the number of digits written, without the padding if that is not wanted. */
static size_t write_base64(const uint8_t *data, size_t bytes, bool padded, char *out)
{
	size_t n = 0;
	uint32_t bits = 0;
	unsigned have = 0;

	for (size_t i = 0; i < bytes; i++) {
		bits = bits << 8 | data[i];
		for (have += 8; have >= DIGIT_BITS; have -= DIGIT_BITS)
			out[n++] = base64_digits[bits >> (have - DIGIT_BITS) & 63];
	}
	if (have)
		out[n++] = base64_digits[bits << (DIGIT_BITS - have) & 63];
	while (padded && n % 4)
		out[n++] = '=';
	return n;
}

static bool read_key(struct str text, struct srtp_params *params)
{
	const struct srtp_suite *s = srtp_suite((enum srtp_suite_id)params->suite);
	uint8_t both[MAX_KEY_BYTES];
	bool ok = read_base64(text, both, s->key_bytes + s->salt_bytes);

	if (ok) {
		memcpy(params->key, both, s->key_bytes);
		memcpy(params->salt, both + s->key_bytes, s->salt_bytes);
	}
	srtp_wipe(both, sizeof(both));
	return ok;
}

static bool lifetime_is_valid(struct str text)
{
	const struct str power = STR_LIT("2^");
	uint64_t ignored;

	if (str_begins(text, power))
		return read_uint(str_skip(text, power.len), MAX_LIFETIME_LOG2, &ignored);
	return read_uint(text, UINT64_C(1) << MAX_LIFETIME_LOG2, &ignored);
}

/* VALUE:LENGTH. The value stands in the last bytes, zeros before it. */
static bool read_mki(struct str text, struct srtp_params *params)
{
	struct str value_text;
	uint64_t value, len;

	if (!str_cut(&text, ':', &value_text) || !read_uint(value_text, UINT32_MAX, &value) ||
		!read_uint(text, SRTP_MAX_MKI, &len) || len == 0)
		return false;
	if (len < MKI_VALUE_BYTES && value >> 8 * len)
		return false;
	params->mki_len = (uint8_t)len;
	for (size_t i = 0; i < len && i < MKI_VALUE_BYTES; i++)
		params->mki[len - 1 - i] = (uint8_t)(value >> 8 * i);
	return true;
}

static uint32_t mki_value(const struct srtp_params *params)
{
	uint32_t value = 0;

	for (size_t i = 0; i < params->mki_len; i++)
		value = value << 8 | params->mki[i];
	return value;
}

/* What stands between "inline:" and the session parameters. */
static bool read_key_params(struct str text, struct srtp_params *params)
{
	const struct str method = STR_LIT("inline:");
	struct str first, part;

	if (text.len < method.len || !str_eq_nocase((struct str){ text.s, method.len }, method))
		return false;
	text = str_skip(text, method.len);
	if (!str_cut(&text, ';', &first) || !str_cut(&first, '|', &part))
		return false;
	if (!read_key(part, params))
		return false;
	if (!str_cut(&first, '|', &part))
		return true;
	if (memchr(part.s, ':', part.len))
		return !first.s && read_mki(part, params);
	if (!lifetime_is_valid(part))
		return false;
	if (!str_cut(&first, '|', &part))
		return true;
	return !first.s && read_mki(part, params);
}

static bool read_session_param(struct str word, struct srtp_params *params)
{
	for (size_t i = 0; i < G_N_ELEMENTS(session_params); i++) {
		if (str_is_nocase(word, session_params[i].name)) {
			*(bool *)((char *)params + session_params[i].offset) = true;
			return true;
		}
	}
	return *word.s == '-';
}

static int parse(struct str value, struct sdes_crypto *c)
{
	struct str tag, suite, key, word;
	uint64_t tag_value;
	int id;

	if (!str_token(&value, &tag) || !str_token(&value, &suite) || !str_token(&value, &key))
		return -EBADMSG;
	if (!read_uint(tag, SDES_MAX_TAG, &tag_value))
		return -EBADMSG;
	id = srtp_suite_find(suite);
	if (id < 0)
		return -ENOTSUP;
	c->tag = (uint32_t)tag_value;
	c->params.suite = (uint8_t)id;
	if (!read_key_params(key, &c->params))
		return -EBADMSG;
	while (str_token(&value, &word))
		if (!read_session_param(word, &c->params))
			return -ENOTSUP;
	return 0;
}

int sdes_parse(struct str value, struct sdes_crypto *ret_crypto)
{
	struct sdes_crypto c = { 0 };
	int ret = parse(value, &c);

	if (ret == 0)
		*ret_crypto = c;
	srtp_wipe(&c, sizeof(c));
	return ret;
}

static size_t write_key(const struct srtp_params *params, bool padded, char *out)
{
	const struct srtp_suite *s = srtp_suite((enum srtp_suite_id)params->suite);
	uint8_t both[MAX_KEY_BYTES];
	size_t n;

	memcpy(both, params->key, s->key_bytes);
	memcpy(both + s->key_bytes, params->salt, s->salt_bytes);
	n = write_base64(both, s->key_bytes + s->salt_bytes, padded, out);
	srtp_wipe(both, sizeof(both));
	return n;
}

size_t sdes_print_key(const struct srtp_params *params, char out[SDES_MAX_TEXT])
{
	size_t n = write_key(params, false, out);

	out[n] = '\0';
	return n;
}

size_t sdes_print(const struct sdes_crypto *crypto, unsigned options, char out[SDES_MAX_TEXT])
{
	const struct srtp_params *p = &crypto->params;
	const struct srtp_suite *s = srtp_suite((enum srtp_suite_id)p->suite);
	size_t n = (size_t)snprintf(out, SDES_MAX_TEXT, "%u %s inline:", crypto->tag, s->name);

	n += write_key(p, options & SDES_PAD, out + n);
	out[n] = '\0';
	if (options & SDES_LIFETIME)
		n += (size_t)snprintf(out + n, SDES_MAX_TEXT - n, "|2^31");
	if (p->mki_len)
		n += (size_t)snprintf(
			out + n, SDES_MAX_TEXT - n, "|%u:%u", mki_value(p), p->mki_len);
	for (size_t i = 0; i < G_N_ELEMENTS(session_params); i++)
		if (*(const bool *)((const char *)p + session_params[i].offset))
			n += (size_t)snprintf(
				out + n, SDES_MAX_TEXT - n, " %s", session_params[i].name);
	return n;
}

int sdes_generate(enum srtp_suite_id suite, struct srtp_params *ret_params)
{
	const struct srtp_suite *s = srtp_suite(suite);
	struct srtp_params p = { .suite = (uint8_t)suite };
	int ret = 0;

	if (RAND_priv_bytes(p.key, s->key_bytes) != 1 ||
		RAND_priv_bytes(p.salt, s->salt_bytes) != 1)
		ret = -EIO;
	else
		*ret_params = p;
	srtp_wipe(&p, sizeof(p));
	return ret;
}

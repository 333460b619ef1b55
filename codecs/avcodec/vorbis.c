/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Vorbis cannot be decoded without its three headers. A session describes them in its fmtp as
 * "configuration=", the packed headers of RFC 5215 3.2.1 in base64:
 *
 *	count (4) | ident (3) | length (2) | headers - 1 | length of each but the last | headers
 *
 * The library takes them laced: a count, lengths in octets of 255 and a rest, headers.
 */
#include "avcodec.h"

#include <string.h>

#include <glib.h>

enum {
	PACKED_HEAD = 4 + 3 + 2,
	MAX_HEADERS_BYTES = 64 * 1024,
	HEADERS = 3,
};

struct run {
	const uint8_t *at;
	size_t left;
};

/* Seven bits an octet, the highest first; false: cut off, or more than there can be. */
static bool take_length(struct run *r, size_t *ret_length)
{
	size_t v = 0;
	uint8_t more;

	do {
		if (!r->left || v > MAX_HEADERS_BYTES)
			return false;
		more = *r->at & 0x80;
		v = v << 7 | (*r->at & 0x7f);
		r->at++;
		r->left--;
	} while (more);
	*ret_length = v;
	return true;
}

/* The first of the packed headers: the three of them. */
static bool unpack(struct run r, struct run headers[HEADERS])
{
	static const uint8_t no_comment[] = { 3, 'v', 'o', 'r', 'b', 'i', 's', 0, 0, 0, 0, 0, 0, 0,
		0, 1 };
	size_t lengths[HEADERS] = { 0 }, behind = 0;
	unsigned count;

	if (r.left < PACKED_HEAD + 1)
		return false;
	count = r.at[PACKED_HEAD] + 1u;
	if (count < 2 || count > HEADERS)
		return false;
	r.at += PACKED_HEAD + 1;
	r.left -= PACKED_HEAD + 1;
	for (unsigned i = 0; i + 1 < count; i++) {
		if (!take_length(&r, &lengths[i]))
			return false;
		behind += lengths[i];
	}
	if (behind >= r.left)
		return false;
	lengths[count - 1] = r.left - behind;
	for (unsigned i = 0; i < count; i++) {
		headers[i == count - 1 ? HEADERS - 1 : i] = (struct run){ r.at, lengths[i] };
		r.at += lengths[i];
	}
	/* The comments in the middle may be left out; the library insists on some. */
	if (count < HEADERS)
		headers[1] = (struct run){ no_comment, sizeof(no_comment) };
	return true;
}

static bool find_configuration(struct str fmtp, struct str *ret_value)
{
	struct str item, key;

	while (str_cut(&fmtp, ';', &item)) {
		while (item.len && *item.s == ' ')
			item = str_skip(item, 1);
		if (str_cut(&item, '=', &key) && str_is_nocase(key, "configuration") && item.len) {
			*ret_value = item;
			return true;
		}
	}
	return false;
}

static void lace(GByteArray *out, size_t length)
{
	static const uint8_t full = 255;
	uint8_t rest;

	for (; length >= full; length -= full)
		g_byte_array_append(out, &full, 1);
	rest = (uint8_t)length;
	g_byte_array_append(out, &rest, 1);
}

GByteArray *av_vorbis_headers(struct str fmtp)
{
	static const uint8_t behind_first = HEADERS - 1;
	struct run headers[HEADERS];
	struct str value;
	g_autofree char *text = NULL;
	g_autofree uint8_t *bytes = NULL;
	GByteArray *out;
	size_t len;

	if (!find_configuration(fmtp, &value) || value.len > MAX_HEADERS_BYTES)
		return NULL;
	text = g_strndup(value.s, value.len);
	bytes = g_base64_decode(text, &len);
	if (!bytes || !unpack((struct run){ bytes, len }, headers))
		return NULL;
	out = g_byte_array_new();
	g_byte_array_append(out, &behind_first, 1);
	lace(out, headers[0].left);
	lace(out, headers[1].left);
	for (unsigned i = 0; i < HEADERS; i++)
		g_byte_array_append(out, headers[i].at, (guint)headers[i].left);
	return out;
}

static const struct av_row *find_row(void)
{
	const struct av_row *row;

	for (unsigned i = 0; (row = av_row_at(i)) && !row->vorbis; i++)
		;
	return row;
}

bool av_vorbis_usable(const struct codec_params *params)
{
	const struct av_row *row = find_row();
	const struct codec_audio audio = { params->clock_hz, params->channels };
	struct codec_audio unused;
	size_t samples;
	void *state;

	if (av_decoder.open(row, params, &audio, &unused, &state) < 0)
		return false;
	av_decoder.close(state);
	if (av_encoder.open(row, params, &audio, &unused, &samples, &state) < 0)
		return false;
	av_encoder.close(state);
	return true;
}

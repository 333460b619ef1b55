/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Payloads cut into what libavcodec decodes at once. */
#include "avcodec.h"

#include <string.h>

#include <glib.h>

enum {
	INTERLEAVING = 0x38, /* LLL, in the first octet of QCELP and EVRC payloads */
	UNKNOWN_RATE = 255,
};

/* Octets of a frame by its rate. Eighth, quarter, half, full; blank and erased ones have none. */
static unsigned qcelp_bytes(unsigned rate)
{
	static const uint8_t bytes[] = { 0, 3, 7, 16, 34 };

	if (rate == 14)
		return 0;
	return rate < G_N_ELEMENTS(bytes) ? bytes[rate] : UNKNOWN_RATE;
}

static unsigned evrc_bytes(unsigned rate)
{
	static const uint8_t bytes[] = { 0, 2, UNKNOWN_RATE, 10, 22 };

	if (rate == 14)
		return 0;
	return rate < G_N_ELEMENTS(bytes) ? bytes[rate] : UNKNOWN_RATE;
}

static unsigned evrc_rate(size_t bytes)
{
	return bytes == 22 ? 4 : bytes == 10 ? 3 : bytes == 2 ? 1 : 0;
}

static unsigned g723_bytes(uint8_t first)
{
	static const uint8_t bytes[] = { 24, 20, 4, 1 };

	return bytes[first & 3];
}

static bool begin_evrc(struct av_cut *cut)
{
	unsigned toc_bytes;

	if (cut->left < 2 || cut->at[0] & INTERLEAVING)
		return false;
	cut->frames = (cut->at[1] & 31) + 1;
	toc_bytes = (cut->frames + 1) / 2;
	if (cut->left < 2 + toc_bytes)
		return false;
	cut->rates = cut->at + 2;
	cut->at += 2 + toc_bytes;
	cut->left -= 2 + toc_bytes;
	return true;
}

bool av_cut_begin(const struct av_row *row, const uint8_t *payload, size_t len, struct av_cut *cut)
{
	*cut = (struct av_cut){ .at = payload, .left = len };
	if (!len)
		return false;
	switch (row->framing) {
	case FRAMING_WHOLE:
		return len <= AV_PACKET_BYTES;
	case FRAMING_FIXED:
		return len >= row->frame_bytes;
	case FRAMING_QCELP:
		if (payload[0] & INTERLEAVING)
			return false;
		cut->at++;
		cut->left--;
		return true;
	case FRAMING_EVRC:
		return begin_evrc(cut);
	case FRAMING_EVRC0:
		return evrc_rate(len) != 0;
	case FRAMING_EVRC1:
		return len % 22 == 0 || len % 10 == 0;
	case FRAMING_G723:
		break;
	case FRAMING_SPEEX:
		return len <= AV_PACKET_BYTES;
	}
	return true;
}

static size_t take(struct av_cut *cut, size_t bytes, uint8_t *out)
{
	if (!bytes || bytes > cut->left || bytes > AV_PACKET_BYTES)
		return 0;
	memcpy(out, cut->at, bytes);
	cut->at += bytes;
	cut->left -= bytes;
	return bytes;
}

/* The library wants the rate in front of a frame's bits. */
static size_t take_rated(struct av_cut *cut, unsigned rate, unsigned bytes, uint8_t *out)
{
	if (bytes > cut->left)
		return 0;
	out[0] = (uint8_t)rate;
	take(cut, bytes, out + 1);
	return 1 + bytes;
}

static size_t take_evrc(struct av_cut *cut, uint8_t *out)
{
	unsigned rate, bytes;

	if (cut->taken == cut->frames)
		return 0;
	rate = cut->rates[cut->taken / 2] >> (cut->taken % 2 ? 0 : 4) & 15;
	cut->taken++;
	bytes = evrc_bytes(rate);
	return bytes == UNKNOWN_RATE ? 0 : take_rated(cut, bytes ? rate : 0, bytes, out);
}

static size_t take_qcelp(struct av_cut *cut, uint8_t *out)
{
	unsigned bytes = cut->left ? qcelp_bytes(cut->at[0]) : UNKNOWN_RATE;

	return bytes == UNKNOWN_RATE ? 0 : take(cut, 1 + bytes, out);
}

/* Bits that are not there count as 0. */
static unsigned bits_at(const struct av_cut *cut, size_t at, unsigned count)
{
	unsigned v = 0;

	for (; count; count--, at++) {
		v <<= 1;
		if (at / 8 < cut->left)
			v |= cut->at[at / 8] >> (7 - at % 8) & 1;
	}
	return v;
}

/*
 * Bits of the next frame: the narrow band by its mode, then up to two layers above it. What is
 * not a frame, signals between them, counts as all there is. 0: nothing but filling.
 */
static size_t speex_bits(const struct av_cut *cut)
{
	static const uint16_t narrow[] = { 5, 43, 119, 160, 220, 300, 364, 492, 79 };
	static const uint16_t layer[] = { 4, 36, 112, 192, 352 };
	size_t all = cut->left * 8 - cut->bit, bits;
	unsigned mode = bits_at(cut, cut->bit, 5);

	if (all < 5 || mode == 15)
		return 0;
	if (mode >= G_N_ELEMENTS(narrow))
		return all;
	bits = narrow[mode];
	for (unsigned n = 0; n < 2 && bits + 4 <= all && bits_at(cut, cut->bit + bits, 1); n++) {
		mode = bits_at(cut, cut->bit + bits + 1, 3);
		if (mode >= G_N_ELEMENTS(layer))
			return all;
		bits += layer[mode];
	}
	return MIN(bits, all);
}

static size_t take_speex(struct av_cut *cut, uint8_t *out)
{
	size_t bits = speex_bits(cut), bytes = (bits + 7) / 8;

	for (size_t i = 0; i < bytes; i++)
		out[i] = (uint8_t)bits_at(cut, cut->bit + i * 8, 8);
	if (bits % 8)
		out[bytes - 1] &= (uint8_t)(0xff << (8 - bits % 8));
	cut->bit += bits;
	return bytes;
}

size_t av_cut_next(const struct av_row *row, struct av_cut *cut, uint8_t *out)
{
	size_t each;

	if (!cut->left && row->framing != FRAMING_EVRC)
		return 0;
	switch (row->framing) {
	case FRAMING_WHOLE:
		return take(cut, cut->left, out);
	case FRAMING_FIXED:
		return take(cut, row->frame_bytes, out);
	case FRAMING_G723:
		return take(cut, g723_bytes(cut->at[0]), out);
	case FRAMING_QCELP:
		return take_qcelp(cut, out);
	case FRAMING_EVRC:
		return take_evrc(cut, out);
	case FRAMING_SPEEX:
		return take_speex(cut, out);
	case FRAMING_EVRC0:
		return take_rated(cut, evrc_rate(cut->left), (unsigned)cut->left, out);
	case FRAMING_EVRC1:
		each = cut->left % 22 ? 10 : 22;
		return take_rated(cut, evrc_rate(each), (unsigned)each, out);
	}
	return 0;
}

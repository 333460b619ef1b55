/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * RFC 4867 payloads, in both formats:
 *
 *	bandwidth-efficient: request (4 bits) | F FT Q (6) … | frames' bits … | zeros
 *	octet-aligned:       request, 0 | ILL ILP | F FT Q 00 … | CRC … | frames' octets …
 */
#include "amr.h"

#include <errno.h>
#include <string.h>

#include <glib.h>

struct bits {
	const uint8_t *bytes;
	size_t left; /* bits */
	size_t at;
};

enum { MAX_ENTRIES = 100 };

/* Frames are found by the types of all that there are, though only the first ones are read. */
struct toc {
	unsigned count;
	uint8_t types[MAX_ENTRIES];
	bool good[MAX_ENTRIES];
};

/* Those that are not there count as 0; has_bits() says beforehand. */
static unsigned take(struct bits *b, unsigned count)
{
	unsigned v = 0;

	for (; count; count--) {
		v <<= 1;
		if (!b->left)
			continue;
		v |= b->bytes[b->at / 8] >> (7 - b->at % 8) & 1;
		b->at++;
		b->left--;
	}
	return v;
}

static bool has_bits(const struct bits *b, size_t count)
{
	return b->left >= count;
}

static unsigned octets(int bits)
{
	return ((unsigned)bits + 7) / 8;
}

static bool read_toc(const struct amr_kind *kind, const struct amr_format *format, struct bits *b,
	struct toc *toc)
{
	unsigned entry_bits = format->octet_align ? 8 : 6, more;

	toc->count = 0;
	do {
		if (!has_bits(b, entry_bits) || toc->count == MAX_ENTRIES)
			return false;
		more = take(b, 1);
		toc->types[toc->count] = (uint8_t)take(b, 4);
		toc->good[toc->count] = take(b, 1) && toc->types[toc->count] < kind->types;
		take(b, entry_bits - 6);
		toc->count++;
	} while (more);
	return true;
}

/* Frames behind one of a type that does not exist cannot be found (RFC 4867 4.3.2: discard all). */
static bool has_unknown(const struct amr_kind *kind, const struct toc *toc)
{
	for (unsigned i = 0; i < toc->count; i++)
		if (kind->bits[toc->types[i]] < 0)
			return true;
	return false;
}

static void skip_crc(const struct amr_kind *kind, const struct toc *toc, struct bits *b)
{
	for (unsigned i = 0; i < toc->count; i++)
		if (kind->bits[toc->types[i]])
			take(b, 8);
}

/* One frame behind the other; how many are whole. */
static unsigned read_in_order(const struct amr_kind *kind, const struct amr_format *format,
	const struct toc *toc, struct bits *b, struct amr_frame *frames)
{
	for (unsigned i = 0; i < MIN(toc->count, AMR_MAX_FRAMES); i++) {
		int bits = kind->bits[toc->types[i]];
		int wanted = format->octet_align ? (int)octets(bits) * 8 : bits;

		if (!has_bits(b, (size_t)wanted))
			return i;
		for (unsigned n = 0; wanted > 0; n++, wanted -= 8) {
			unsigned some = (unsigned)MIN(wanted, 8);

			frames[i].bytes[1 + n] = (uint8_t)(take(b, some) << (8 - some));
		}
	}
	return MIN(toc->count, AMR_MAX_FRAMES);
}

/* The first octets of all frames, then all second ones, and so on (RFC 4867 4.4.4). */
static unsigned read_sorted(const struct amr_kind *kind, const struct toc *toc, struct bits *b,
	struct amr_frame *frames)
{
	unsigned total = 0;

	for (unsigned i = 0; i < toc->count; i++)
		total += octets(kind->bits[toc->types[i]]);
	if (!has_bits(b, total * 8))
		return 0;
	for (unsigned n = 0; total; n++)
		for (unsigned i = 0; i < toc->count; i++)
			if (n < octets(kind->bits[toc->types[i]])) {
				unsigned octet = take(b, 8);

				if (i < AMR_MAX_FRAMES)
					frames[i].bytes[1 + n] = (uint8_t)octet;
				total--;
			}
	return MIN(toc->count, AMR_MAX_FRAMES);
}

int amr_payload_read(const struct amr_kind *kind, const struct amr_format *format,
	const uint8_t *payload, size_t len, struct amr_frame *frames, unsigned *ret_request)
{
	struct bits b = { payload, len * 8, 0 };
	unsigned request = take(&b, 4), count;
	struct toc toc;

	if (format->octet_align)
		take(&b, 4);
	if (format->interleaving && take(&b, 8) >> 4)
		return -EOPNOTSUPP;
	if (!read_toc(kind, format, &b, &toc) || has_unknown(kind, &toc))
		return -EINVAL;
	if (format->crc)
		skip_crc(kind, &toc, &b);
	for (unsigned i = 0; i < MIN(toc.count, AMR_MAX_FRAMES); i++) {
		memset(frames[i].bytes, 0, sizeof(frames[i].bytes));
		frames[i].bytes[0] = (uint8_t)(toc.types[i] << 3 | 1 << 2);
		frames[i].type = toc.types[i];
		frames[i].good = toc.good[i];
	}
	count = format->robust_sorting ? read_sorted(kind, &toc, &b, frames)
				       : read_in_order(kind, format, &toc, &b, frames);
	if (!count)
		return -EINVAL;
	*ret_request = request;
	return (int)count;
}

static void put(uint8_t *out, size_t *at, unsigned value, unsigned count)
{
	for (; count; count--, (*at)++) {
		if (*at % 8 == 0)
			out[*at / 8] = 0;
		out[*at / 8] |= (uint8_t)((value >> (count - 1) & 1) << (7 - *at % 8));
	}
}

/* 1 + x² + x³ + x⁴ + x⁸ over the bits that matter most. */
static unsigned crc(const uint8_t *bytes, unsigned bits)
{
	unsigned sum = 0;

	for (unsigned i = 0; i < bits; i++) {
		unsigned bit = bytes[i / 8] >> (7 - i % 8) & 1;

		sum = (sum << 1 & 0xff) ^ ((sum >> 7 ^ bit) ? 0x1d : 0);
	}
	return sum;
}

size_t amr_payload_write(const struct amr_kind *kind, const struct amr_format *format,
	unsigned request, const uint8_t *frame, uint8_t *out)
{
	unsigned type = frame[0] >> 3 & 15;
	int left = MAX(kind->bits[type], 0);
	size_t at = 0;

	put(out, &at, request, 4);
	if (format->octet_align)
		put(out, &at, 0, 4);
	if (format->interleaving)
		put(out, &at, 0, 8);
	put(out, &at, type << 1 | 1, 6);
	if (format->octet_align)
		put(out, &at, 0, 2);
	if (format->crc)
		put(out, &at, crc(frame + 1, kind->class_a[type]), 8);
	for (unsigned n = 0; left > 0; n++, left -= 8) {
		unsigned some = (unsigned)MIN(left, 8);

		put(out, &at, frame[1 + n] >> (8 - some), some);
	}
	return (at + 7) / 8;
}

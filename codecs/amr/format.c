/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the two ends of a stream agree on about AMR: their fmtp (RFC 4867 8). */
#include "amr.h"

#include <stdlib.h>

#include <glib.h>

static struct str trim(struct str s)
{
	while (s.len && g_ascii_isspace(*s.s))
		s = str_skip(s, 1);
	while (s.len && g_ascii_isspace(s.s[s.len - 1]))
		s.len--;
	return s;
}

/* Of a short text; -1: not one. */
static int number_of(struct str s)
{
	int v = 0;

	s = trim(s);
	if (!s.len || s.len > 6)
		return -1;
	for (; s.len; s = str_skip(s, 1)) {
		if (!g_ascii_isdigit(*s.s))
			return -1;
		v = v * 10 + (*s.s - '0');
	}
	return v;
}

static uint16_t all_modes(const struct amr_kind *kind)
{
	return (uint16_t)((1u << kind->modes) - 1);
}

static uint16_t modes_of(const struct amr_kind *kind, struct str list)
{
	uint16_t modes = 0;
	struct str one;

	while (str_cut(&list, ',', &one)) {
		int mode = number_of(one);

		if (mode >= 0 && mode < (int)kind->modes)
			modes |= (uint16_t)(1u << mode);
	}
	return modes ? modes : all_modes(kind);
}

static void set(
	const struct amr_kind *kind, struct str key, struct str value, struct amr_format *format)
{
	int number = number_of(value);

	if (str_is_nocase(key, "octet-align"))
		format->octet_align = number > 0;
	else if (str_is_nocase(key, "crc"))
		format->crc = number > 0;
	else if (str_is_nocase(key, "robust-sorting"))
		format->robust_sorting = number > 0;
	else if (str_is_nocase(key, "interleaving"))
		format->interleaving = number > 0;
	else if (str_is_nocase(key, "mode-change-period"))
		format->change_in_pairs = number == 2;
	else if (str_is_nocase(key, "mode-change-neighbor"))
		format->change_neighbour = number > 0;
	else if (str_is_nocase(key, "mode-set"))
		format->modes = modes_of(kind, value);
}

void amr_format_parse(const struct amr_kind *kind, struct str fmtp, struct amr_format *format)
{
	struct str item, key;

	*format = (struct amr_format){ .modes = all_modes(kind) };
	while (str_cut(&fmtp, ';', &item))
		if (str_cut(&item, '=', &key))
			set(kind, trim(key), trim(item), format);
	/* Each of these makes sense with whole octets alone, and implies them. */
	if (format->crc || format->robust_sorting || format->interleaving)
		format->octet_align = true;
}

enum codec_match amr_format_match(const struct amr_format *a, const struct amr_format *b)
{
	if (a->octet_align != b->octet_align || a->crc != b->crc ||
		a->robust_sorting != b->robust_sorting || a->interleaving != b->interleaving)
		return CODEC_DIFFERENT;
	if (a->modes & ~b->modes)
		return CODEC_DIFFERENT;
	if (a->modes != b->modes || a->change_in_pairs != b->change_in_pairs ||
		a->change_neighbour != b->change_neighbour)
		return CODEC_COMPATIBLE;
	return CODEC_SAME;
}

unsigned amr_mode_above(const struct amr_format *format, unsigned mode)
{
	for (unsigned m = mode + 1; m < AMR_MAX_MODES; m++)
		if (format->modes & 1u << m)
			return m;
	return mode;
}

unsigned amr_mode_below(const struct amr_format *format, unsigned mode)
{
	for (unsigned m = mode; m-- > 0;)
		if (format->modes & 1u << m)
			return m;
	return mode;
}

unsigned amr_mode_of_rate(
	const struct amr_kind *kind, const struct amr_format *format, uint32_t bitrate)
{
	unsigned lowest = (unsigned)__builtin_ctz(format->modes), mode = lowest;

	for (unsigned m = lowest; m < kind->modes; m++)
		if (format->modes & 1u << m && kind->bitrates[m] <= bitrate)
			mode = m;
	return mode;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which formats are shown to the other side: those of the sender, unless it answers strays. */
#include "call/negotiate.h"

static bool same_codec(const struct sdp_format *a, const struct sdp_format *b)
{
	if (a->payload_type != b->payload_type)
		return false;
	/* Without a name on either side the number has to do. */
	if (!a->encoding.len || !b->encoding.len)
		return true;
	return str_eq_nocase(a->encoding, b->encoding) && a->clock_hz == b->clock_hz &&
	       a->channels == b->channels;
}

static bool was_offered(const struct sdp_media *offered, const struct sdp_format *format)
{
	for (unsigned i = 0; i < offered->format_count; i++)
		if (same_codec(&offered->formats[i], format))
			return true;
	return false;
}

unsigned negotiate_formats(const struct sdp_media *in, const struct sdp_media *offered, bool answer,
	const struct sdp_format **ret)
{
	unsigned count = 0;

	for (unsigned i = 0; i < in->format_count; i++)
		if (!answer || !offered || was_offered(offered, &in->formats[i]))
			ret[count++] = &in->formats[i];
	if (count)
		return count;
	for (unsigned i = 0; i < in->format_count; i++)
		ret[count++] = &in->formats[i];
	return count;
}

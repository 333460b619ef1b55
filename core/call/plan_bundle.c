/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How a packet of a shared transport is known to be of which section (RFC 8843 9.2): by the mid it
 * says, the SSRC that was signalled, or a payload type that only one of them has.
 */
#include "call/plan_priv.h"

#include "call/negotiate.h"
#include "sdp/sdp.h"

static unsigned mid_extension(const struct sdp_media *in)
{
	for (unsigned i = 0; i < in->extmap_count; i++)
		if (negotiate_extmap_is_mid(in->extmap[i]))
			return negotiate_extmap_id(in->extmap[i]);
	return 0;
}

/* What its party sends, as it was signalled. */
static void add_ssrcs(struct plan_bundle *b, const struct sdp_media *in, unsigned member)
{
	for (unsigned i = 0; i < in->attrs.count && b->ssrc_count < PLAN_MAX_SSRCS; i++) {
		uint32_t ssrc;

		if (!sdp_read_ssrc(&in->attrs.attr[i], &ssrc))
			continue;
		if (b->ssrc_count && b->ssrcs[b->ssrc_count - 1].ssrc == ssrc)
			continue;
		b->ssrcs[b->ssrc_count].ssrc = ssrc;
		b->ssrcs[b->ssrc_count++].member = (uint8_t)member;
	}
}

void plan_bundle_add(struct plan_bundle *b, unsigned stream, const struct sdp_media *in)
{
	enum { SEVERAL = PLAN_MAX_BUNDLED + 1 };
	unsigned member = b->count++;

	b->streams[member] = (uint16_t)stream;
	if (!in)
		return;
	for (unsigned i = 0; i < in->format_count; i++) {
		uint8_t *type = &b->by_type[in->formats[i].payload_type & 0x7f];

		*type = (uint8_t)(*type && *type != member + 1 ? SEVERAL : member + 1);
	}
	if (!b->mid_id)
		b->mid_id = (uint8_t)mid_extension(in);
	add_ssrcs(b, in, member);
}

void plan_bundle_end(struct plan_bundle *b)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(b->by_type); i++)
		if (b->by_type[i] > PLAN_MAX_BUNDLED)
			b->by_type[i] = 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Whose a packet is that came in on a shared transport (RFC 9143 9.2). RTCP goes by the SSRC of its
 * sender, or else by the one of ours it speaks of; what is about nobody known goes the way of the
 * section that carries the others, since its receivers must judge it themselves.
 */
#include "media/bundle.h"

#include <glib.h>

#include "media/packet.h"
#include "rtp/extension.h"
#include "rtp/rtcp.h"
#include "sdp/sdp.h"

enum { KNOWN_SSRCS = 32, NOBODY = -1 };

struct known {
	uint32_t ssrc;
	bool used;
	uint8_t member;
	int64_t last_us;
};

struct stream_bundle {
	struct stream *members[PLAN_MAX_BUNDLED];
	struct known known[KNOWN_SSRCS];
};

/* The one unused for longest makes room. */
static void learn(struct stream_bundle *b, uint32_t ssrc, unsigned member, int64_t now_us)
{
	struct known *place = &b->known[0];

	for (unsigned i = 0; i < KNOWN_SSRCS; i++) {
		struct known *k = &b->known[i];

		if (!k->used || k->ssrc == ssrc) {
			place = k;
			break;
		}
		if (k->last_us < place->last_us)
			place = k;
	}
	*place = (struct known){ ssrc, true, (uint8_t)member, now_us };
}

static int find_ssrc(struct stream_bundle *b, uint32_t ssrc, int64_t now_us)
{
	for (unsigned i = 0; i < KNOWN_SSRCS && b->known[i].used; i++)
		if (b->known[i].ssrc == ssrc) {
			b->known[i].last_us = now_us;
			return b->known[i].member;
		}
	return NOBODY;
}

void bundles_open(struct stream_set *set)
{
	for (unsigned i = 0; i < set->plan->stream_count; i++) {
		const struct plan_bundle *plan = set->plan->streams[i].bundle;
		struct stream_bundle *b;

		if (!plan)
			continue;
		b = set->streams[i].bundle = g_new0(struct stream_bundle, 1);
		for (unsigned m = 0; m < plan->count; m++)
			b->members[m] = &set->streams[plan->streams[m]];
		for (unsigned s = 0; s < plan->ssrc_count; s++)
			learn(b, plan->ssrcs[s].ssrc, plan->ssrcs[s].member, 0);
	}
}

void bundles_free(struct stream_set *set)
{
	for (unsigned i = 0; i < set->plan->stream_count; i++)
		g_free(set->streams[i].bundle);
}

static int find_member(const struct plan_bundle *plan, const struct stream_bundle *b, uint32_t id)
{
	for (unsigned m = 0; m < plan->count; m++)
		if (b->members[m]->plan->id == id)
			return (int)m;
	return NOBODY;
}

static void inherit(struct stream *s, const struct stream *before)
{
	for (unsigned i = 0; i < KNOWN_SSRCS && before->bundle->known[i].used; i++) {
		const struct known *k = &before->bundle->known[i];
		const struct stream *was = before->bundle->members[k->member];
		int member = find_member(s->plan->bundle, s->bundle, was->plan->id);

		if (member != NOBODY && find_ssrc(s->bundle, k->ssrc, k->last_us) == NOBODY)
			learn(s->bundle, k->ssrc, (unsigned)member, k->last_us);
	}
}

void bundles_inherit(struct stream_set *before, struct stream_set *next)
{
	for (unsigned i = 0; before && i < next->plan->stream_count; i++) {
		struct stream *s = &next->streams[i];
		const struct stream *old = s->bundle ? stream_set_find(before, s->plan->id) : NULL;

		if (old && old->bundle)
			inherit(s, old);
	}
}

static int find_mid(
	const struct plan_bundle *plan, const struct stream_bundle *b, const struct packet *packet)
{
	struct rtp_extensions walk;
	struct rtp_extension e;

	if (!plan->mid_id || !rtp_extensions_begin(packet->buf->data, packet->buf->len, &walk))
		return NOBODY;
	while (rtp_extensions_next(&walk, &e)) {
		struct str mid = { (const char *)e.value, e.len };

		if (e.id != plan->mid_id)
			continue;
		for (unsigned m = 0; m < plan->count; m++) {
			const struct sdp_media *in = b->members[m]->plan->in;

			if (in && str_eq(in->mid, mid))
				return (int)m;
		}
	}
	return NOBODY;
}

static int member_of_rtp(
	const struct plan_bundle *plan, struct stream_bundle *b, const struct packet *packet)
{
	uint32_t ssrc = rtp_ssrc(packet->buf->data);
	int member = find_mid(plan, b, packet);

	if (member == NOBODY)
		member = find_ssrc(b, ssrc, packet->now_us);
	else
		learn(b, ssrc, (unsigned)member, packet->now_us);
	if (member != NOBODY)
		return member;
	member = plan->by_type[packet->buf->data[1] & 0x7f] - 1;
	if (member != NOBODY)
		learn(b, ssrc, (unsigned)member, packet->now_us);
	return member;
}

/* Has the section's party got packets of this SSRC from us? */
static bool was_sent(const struct stream *member, uint32_t ssrc)
{
	const struct stream *rtp = member->rtp_of;

	for (unsigned i = 0; i < rtp->rtp_sink_count; i++) {
		const struct stream_counts *counts = &rtp->rtp_sinks[i]->stats->counts;

		for (unsigned n = 0; n < STREAM_SSRC_MAX; n++)
			if (counts->ssrc[n].used && counts->ssrc[n].ssrc == ssrc)
				return true;
	}
	return false;
}

/* The first SSRC of ours that a packet of a compound speaks of; 0: none. */
static uint32_t spoken_of(const struct rtcp_packet *p)
{
	enum { FEEDBACK_MEDIA_AT = 8 };
	struct rtcp_report report;

	if (rtcp_report(p, 0, &report))
		return report.ssrc;
	if ((p->type == RTCP_RTPFB || p->type == RTCP_PSFB) && p->len >= FEEDBACK_MEDIA_AT + 4)
		return rtcp_number(p->data + FEEDBACK_MEDIA_AT, 4);
	return 0;
}

static int member_of_rtcp(
	const struct plan_bundle *plan, struct stream_bundle *b, const struct packet *packet)
{
	struct rtcp_packet p;
	size_t offset = 0;

	while (rtcp_next(packet->buf->data, packet->buf->len, &offset, &p) > 0) {
		int member = find_ssrc(b, p.ssrc, packet->now_us);
		uint32_t ours = spoken_of(&p);

		for (unsigned m = 0; ours && member == NOBODY && m < plan->count; m++)
			if (was_sent(b->members[m], ours))
				member = (int)m;
		if (member != NOBODY)
			return member;
	}
	return 0;
}

int media_unbundle(struct packet *packet)
{
	const struct plan_bundle *plan = packet->in->plan->bundle;
	struct stream_bundle *b = packet->in->bundle;
	int member = packet->kind == DATAGRAM_RTCP ? member_of_rtcp(plan, b, packet)
						   : member_of_rtp(plan, b, packet);

	if (member == NOBODY)
		return REASON_NOT_BUNDLED;
	packet->in = b->members[member];
	return PACKET_OK;
}

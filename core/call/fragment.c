/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fragments of SDP: whose they are, what they add, and those that came too early. */
#include "call/fragment.h"

#include "base/clock.h"
#include "base/ref.h"
#include "call/table_priv.h"

#include <glib.h>

/* One that waits; its texts stand behind it. */
struct fragment {
	int64_t until_us;
	bool used; /* all that it is about has come */
	struct str call_id, tag, body;
	char text[];
};

/* What became of it: bits, since its parts may be about different sections. */
enum outcome { NOTHING_NEW = 0, TOO_EARLY = 1, ADDED = 2 };

/* The sender's section that a part of the fragment is about; NULL: there is none. */
static struct media *find_media(struct party *party, struct str mid, unsigned index)
{
	for (unsigned i = 0; mid.len && i < party->media_count; i++)
		if (str_eq(party->media[i]->mid, mid))
			return party->media[i];
	return !mid.len && index < party->media_count ? party->media[index] : NULL;
}

/* A section that is to come, or to begin anew, may still have a use for it. */
static unsigned add(struct media *media, const struct sdp_attr *attr, struct str ufrag)
{
	struct media *carrier;

	if (!media)
		return TOO_EARLY;
	carrier = media->carrier ? media->carrier : media;
	if (ufrag.s && carrier->in && !str_eq(carrier->in->ice_ufrag, ufrag))
		return TOO_EARLY;
	if (negotiate_ice_may_trickle(media))
		return negotiate_ice_trickle(carrier, attr) ? ADDED : NOTHING_NEW;
	log_info("Trickled candidate ignored: its section does not speak trickle ICE");
	return NOTHING_NEW;
}

static unsigned apply_attrs(
	struct party *party, const struct sdp_attrs *attrs, struct media *media, struct str ufrag)
{
	unsigned outcome = NOTHING_NEW;

	for (unsigned i = 0; i < attrs->count; i++) {
		const struct sdp_attr *attr = &attrs->attr[i];

		/* Without m= lines a section begins with its name. */
		if (attr->id == SDP_ATTR_MID)
			media = find_media(party, attr->value, 0);
		if (attr->id == SDP_ATTR_CANDIDATE || attr->id == SDP_ATTR_END_OF_CANDIDATES)
			outcome |= add(media, attr, ufrag);
	}
	return outcome;
}

/* What is said of the session goes for all of its sections. */
static unsigned add_end_to_all(struct party *party, const struct sdp *sdp)
{
	const struct sdp_attr *end = sdp_attrs_find(
		&sdp->sessions[0].attrs, SDP_ATTR_END_OF_CANDIDATES);
	unsigned outcome = NOTHING_NEW;

	for (unsigned i = 0; end && i < sdp->media_count; i++) {
		const struct sdp_media *in = &sdp->media[i];

		outcome |= add(find_media(party, in->mid, i), end, in->ice_ufrag);
	}
	return outcome;
}

/* What there is a use for now; said twice it does nothing. Bits of enum outcome. */
static unsigned apply(struct model *model, struct str tag, const struct sdp *sdp)
{
	struct party *party = model_find_tag(model, tag);
	unsigned outcome = NOTHING_NEW;

	if (!party || !party->sdp)
		return TOO_EARLY;
	for (unsigned i = 0; i < sdp->media_count; i++) {
		const struct sdp_media *in = &sdp->media[i];

		outcome |= apply_attrs(
			party, &in->attrs, find_media(party, in->mid, i), in->ice_ufrag);
	}
	if (sdp->media_count) {
		outcome |= add_end_to_all(party, sdp);
	} else {
		const struct sdp_attrs *attrs = &sdp->sessions[0].attrs;
		const struct sdp_attr *ufrag = sdp_attrs_find(attrs, SDP_ATTR_ICE_UFRAG);

		outcome = apply_attrs(party, attrs, find_media(party, STR_NULL, 0),
			ufrag ? ufrag->value : STR_NULL);
	}
	return outcome;
}

/* ---- what waits ---- */

static void drop_oldest(struct call_table *table)
{
	struct fragment *f = g_queue_pop_head(&table->fragments);

	table->fragment_bytes -= f->body.len;
	g_free(f);
}

void fragments_expire(struct call_table *table, int64_t now_us)
{
	const struct fragment *f;

	while ((f = g_queue_peek_head(&table->fragments)) && f->until_us <= now_us) {
		if (!f->used)
			log_info("Trickled candidates for call " MARKED(
					 "%.*s") " ignored: what they are for has not come",
				MARK(STR_ARG(f->call_id)));
		drop_oldest(table);
	}
}

void fragments_free(struct call_table *table)
{
	while (table->fragments.length)
		drop_oldest(table);
}

static struct str put(char **at, struct str text)
{
	struct str copy = { *at, text.len };

	if (text.len)
		memcpy(*at, text.s, text.len);
	*at += text.len;
	return copy;
}

static void wait_for_party(
	struct call_table *table, struct str call_id, struct str tag, struct str body)
{
	struct fragment *f;
	char *at;

	fragments_expire(table, clock_mono_us());
	if (body.len > FRAGMENTS_MAX_BYTES)
		return;
	while (table->fragments.length >= FRAGMENTS_MAX ||
		table->fragment_bytes + body.len > FRAGMENTS_MAX_BYTES)
		drop_oldest(table);
	f = g_malloc0(sizeof(*f) + call_id.len + tag.len + body.len);
	at = f->text;
	f->until_us = clock_mono_us() + FRAGMENT_WAITS_US;
	f->call_id = put(&at, call_id);
	f->tag = put(&at, tag);
	f->body = put(&at, body);
	table->fragment_bytes += body.len;
	g_queue_push_tail(&table->fragments, f);
}

void fragments_apply(const struct draft *draft)
{
	struct call_table *table = draft->call->table;

	fragments_expire(table, clock_mono_us());
	for (const GList *at = table->fragments.head; at; at = at->next) {
		struct fragment *f = at->data;
		struct sdp *sdp;
		struct err err;

		if (!str_eq(f->call_id, draft->call->id) ||
			sdp_parse(f->body, true, &sdp, &err) < 0)
			continue;
		f->used = !(apply(draft->model, f->tag, sdp) & TOO_EARLY);
		ref_drop(sdp);
	}
}

static int apply_now(struct call *call, struct str tag, const struct sdp *sdp,
	unsigned *ret_outcome, struct err *err)
{
	struct draft draft;
	int ret = 0;

	draft_begin(&draft, call, false);
	*ret_outcome = apply(draft.model, tag, sdp);
	if (*ret_outcome & ADDED)
		ret = draft_prepare(&draft, err);
	if (*ret_outcome & ADDED && !ret)
		draft_commit(&draft);
	else
		draft_drop(&draft);
	return ret;
}

int call_fragment(
	struct call_table *table, const struct call_options *o, bool answer, struct err *err)
{
	struct call *call = call_table_find(table, o->call_id);
	struct str tag = answer ? o->to_tag : o->from_tag;
	unsigned outcome = TOO_EARLY;
	struct sdp *sdp;
	int ret = sdp_parse(o->sdp, true, &sdp, err);

	if (ret < 0)
		return ret;
	if (call)
		ret = apply_now(call, tag, sdp, &outcome, err);
	if (!ret && outcome & TOO_EARLY)
		wait_for_party(table, o->call_id, tag, o->sdp);
	ref_drop(sdp);
	return ret;
}

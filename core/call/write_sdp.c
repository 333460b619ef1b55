/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The model written as SDP for one party (spec NG 4.3): generated from scratch, in a fixed order of
 * lines; what is not understood comes from the sender byte for byte. The session part; sections
 * are in write_media.c.
 */
#include "call/play.h"
#include "call/write_priv.h"

#include <errno.h>

static const struct media *first_usable(const struct party *party)
{
	for (unsigned i = 0; i < party->media_count; i++)
		if (is_usable(party->media[i]))
			return party->media[i];
	return NULL;
}

static const struct party *find_sender(const struct party *to)
{
	const struct party *peer = party_peer(to);

	return peer && peer->sdp ? peer : NULL;
}

static bool one_sender(const struct party *to)
{
	const struct party *first = party_peer(to);

	for (unsigned i = 0; i < to->media_count; i++)
		for (unsigned s = 0; s < to->media[i]->source_count; s++)
			if (to->media[i]->sources[s]->party != first)
				return false;
	return true;
}

/* What the o= and s= lines say. */
struct header {
	struct str username, session_id, family, address, session_name;
	uint64_t version;
	char local[ADDR_TEXT];
};

static void header_address(const struct writing *wr, struct header *h)
{
	const struct replace_options *r = &wr->o->replace;
	const struct printed *before = &wr->to->printed;
	const struct sdp_origin *origin = &wr->sender->sdp->origin;
	const struct media *first = first_usable(wr->to);

	h->family = origin->family;
	h->address = origin->address;
	if (!r->origin && !r->origin_full)
		return;
	if (before->any) {
		h->family = before->family;
		h->address = before->address;
	} else if (first && media_ports(first)) {
		const struct addr *local = &media_ports(first)->local->advertised;

		h->family = str_of(addr_sdp_family(local));
		h->address = str_of(addr_print_ip(local, h->local));
	}
}

static void make_header(const struct writing *wr, struct header *h)
{
	const struct replace_options *r = &wr->o->replace;
	const struct printed *before = &wr->to->printed;
	const struct sdp *sdp = wr->sender->sdp;
	bool keep_user = before->any && (r->username || r->origin_full);
	bool own_version = r->sdp_version || r->origin_full;

	header_address(wr, h);
	h->username = keep_user ? before->username : sdp->origin.username;
	h->session_id = keep_user ? before->session_id : sdp->origin.session_id;
	h->session_name = before->any && r->session_name
				  ? before->session_name
				  : sdp->sessions[sdp->session_count - 1].name;
	h->version = sdp->origin.version;
	if (before->any && r->force_increment)
		h->version = before->version + 1;
	else if (before->any && own_version)
		h->version = before->version;
}

/* What is said of all sections there goes along with them when they are passed through. */
static bool is_of_passed(const struct sdp_attr *attr)
{
	switch (attr->id) {
	case SDP_ATTR_ICE_LITE:
	case SDP_ATTR_ICE_UFRAG:
	case SDP_ATTR_ICE_PWD:
	case SDP_ATTR_ICE_OPTIONS:
	case SDP_ATTR_SETUP:
	case SDP_ATTR_FINGERPRINT:
	case SDP_ATTR_TLS_ID:
	case SDP_ATTR_EXTMAP:
	case SDP_ATTR_EXTMAP_ALLOW_MIXED:
		return true;
	default:
		return false;
	}
}

static void write_session_generic(struct writing *wr, const struct sdp *sdp, bool passed)
{
	for (unsigned s = 0; s < sdp->session_count; s++) {
		const struct sdp_attrs *attrs = &sdp->sessions[s].attrs;

		for (unsigned i = 0; i < attrs->count; i++)
			if (attrs->attr[i].id == SDP_ATTR_GENERIC ||
				(passed && is_of_passed(&attrs->attr[i])))
				sdp_write_attr_text(wr->w, attrs->attr[i].text);
	}
}

static bool in_bundle(const struct writing *wr, const struct media *media)
{
	return is_usable(media) && (media->bundled || (!wr->answer && media->bundle_shown));
}

/* Of its group; what is offered to share for the first time is in the first one. */
static const struct media *bundle_head(const struct writing *wr, const struct media *media)
{
	if (media->carrier)
		return media->carrier;
	if (wr->answer || media->bundled)
		return media;
	for (unsigned i = 0; i < wr->to->media_count; i++)
		if (in_bundle(wr, wr->to->media[i]))
			return wr->to->media[i]->carrier ? wr->to->media[i]->carrier
							 : wr->to->media[i];
	return media;
}

static bool in_same_bundle(
	const struct writing *wr, const struct media *media, const struct media *head)
{
	return in_bundle(wr, media) && media->mid.len && bundle_head(wr, media) == head;
}

/* The one that carries the others is told first. */
static void write_group(struct writing *wr, const struct media *head)
{
	GString *mids = g_string_new(NULL);

	if (in_same_bundle(wr, head, head))
		g_string_append_printf(mids, " %.*s", STR_ARG(head->mid));
	for (unsigned i = 0; i < wr->to->media_count; i++) {
		const struct media *media = wr->to->media[i];

		if (media != head && in_same_bundle(wr, media, head))
			g_string_append_printf(mids, " %.*s", STR_ARG(media->mid));
	}
	if (mids->len)
		sdp_write_attr(wr->w, "group", "BUNDLE%s", mids->str);
	g_string_free(mids, TRUE);
}

static void write_groups(struct writing *wr)
{
	for (unsigned i = 0; i < wr->to->media_count; i++) {
		const struct media *media = wr->to->media[i];

		if (in_bundle(wr, media) && bundle_head(wr, media) == media)
			write_group(wr, media);
	}
}

static bool is_bundle(const struct sdp_attr *group)
{
	struct str rest = group->value, kind;

	return str_token(&rest, &kind) && str_is(kind, "BUNDLE");
}

/* Those of BUNDLE first. */
static void write_sender_groups(struct writing *wr, const struct sdp *sdp)
{
	for (int bundle = 1; bundle >= 0; bundle--)
		for (unsigned s = 0; s < sdp->session_count; s++) {
			const struct sdp_attrs *attrs = &sdp->sessions[s].attrs;

			for (unsigned i = 0; i < attrs->count; i++)
				if (attrs->attr[i].id == SDP_ATTR_GROUP &&
					is_bundle(&attrs->attr[i]) == bundle)
					sdp_write_attr_text(wr->w, attrs->attr[i].text);
		}
}

/* What is ours here is subject to the edits of the first usable section, the rest to its own. */
static void write_session_attrs(struct writing *wr)
{
	const struct sdp_edits *edits = wr->o->has_edits ? &wr->o->edits : NULL;
	const struct media *first = first_usable(wr->to);
	const char *moh_attr = call_table_settings(wr->draft->call->table)->moh_attr;

	sdp_writer_edit(wr->w, first ? sdp_edit_of(edits, first->type) : NULL);
	if (wr->o->loop_protect)
		sdp_write_attr(
			wr->w, "rtpengine", "%s", call_table_instance(wr->draft->call->table));
	if (wr->to->hears.source && moh_attr && !moh_is_told(wr->sender->sdp, moh_attr))
		sdp_write_attr(wr->w, moh_attr, NULL);
	if (first && first->ice.shown && first->ice.lite)
		sdp_write_attr(wr->w, "ice-lite", NULL);
	if (first && first->passed && first->ice.relay)
		write_sender_groups(wr, wr->sender->sdp);
	else
		write_groups(wr);
	sdp_writer_edit(wr->w, edits ? &edits->section[SDP_EDIT_SESSION] : NULL);
	if (one_sender(wr->to))
		write_session_generic(wr, wr->sender->sdp, first && first->passed);
	sdp_write_added(wr->w);
}

static void write_session(struct writing *wr, const struct header *h)
{
	static const enum sdp_bandwidth_type order[] = { SDP_BW_AS, SDP_BW_RR, SDP_BW_RS, SDP_BW_CT,
		SDP_BW_TIAS };
	const struct sdp *sdp = wr->sender->sdp;
	const struct sdp_session *last = &sdp->sessions[sdp->session_count - 1];

	sdp_write_line(wr->w, "v=0");
	sdp_write_line(wr->w, "o=%.*s %.*s %llu IN %.*s %.*s", STR_ARG(h->username),
		STR_ARG(h->session_id), (unsigned long long)h->version, STR_ARG(h->family),
		STR_ARG(h->address));
	sdp_write_line(wr->w, "s=%.*s", STR_ARG(h->session_name));
	write_text(wr, 'i', last->info);
	write_text(wr, 'u', last->uri);
	write_text(wr, 'e', last->email);
	write_text(wr, 'p', last->phone);
	sdp_write_bandwidth(wr->w, &last->bandwidth, order, G_N_ELEMENTS(order));
	write_text(wr, 't', last->timing.s ? last->timing : STR_LIT("0 0"));
	write_session_attrs(wr);
}

static void write_body(struct writing *wr, const struct header *h)
{
	write_session(wr, h);
	for (unsigned i = 0; i < wr->to->media_count; i++)
		write_media(wr, wr->to->media[i]);
}

static uint64_t hash_text(struct str text)
{
	uint64_t h = 14695981039346656037u;

	for (size_t i = 0; i < text.len; i++)
		h = (h ^ (uint8_t)text.s[i]) * 1099511628211u;
	return h;
}

/* Names stay what they were the first time, the rest follows (spec NG 3.3). */
static void remember(struct writing *wr, const struct header *h, uint64_t hash)
{
	struct arena *arena = wr->draft->model->arena;
	struct printed *p = &wr->to->printed;

	if (!p->any) {
		p->username = arena_str(arena, h->username);
		p->session_id = arena_str(arena, h->session_id);
		p->session_name = arena_str(arena, h->session_name);
	}
	p->any = true;
	p->family = arena_str(arena, h->family);
	p->address = arena_str(arena, h->address);
	p->version = h->version;
	p->body_hash = hash;
}

int write_sdp(struct draft *draft, struct party *to, const struct call_options *o, bool answer,
	GString *out, struct err *err)
{
	const struct replace_options *r = &o->replace;
	struct writing wr = { .draft = draft, .to = to, .o = o, .answer = answer };
	struct header h;
	uint64_t hash;

	wr.sender = find_sender(to);
	if (!wr.sender || !first_usable(to))
		return err_set(err, EINVAL, "Error rewriting SDP");
	wr.w = sdp_writer_new();
	make_header(&wr, &h);
	write_body(&wr, &h);
	hash = hash_text(sdp_writer_text(wr.w));
	if (to->printed.any && (r->sdp_version || r->origin_full) && !r->force_increment &&
		hash != to->printed.body_hash) {
		h.version++;
		sdp_writer_free(wr.w);
		wr.w = sdp_writer_new();
		write_body(&wr, &h);
		hash = hash_text(sdp_writer_text(wr.w));
	}
	g_string_append_len(out, sdp_writer_text(wr.w).s, (gssize)sdp_writer_text(wr.w).len);
	sdp_writer_free(wr.w);
	remember(&wr, &h, hash);
	return 0;
}

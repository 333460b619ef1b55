/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The model written as SDP for one party (spec NG 4.3 to 4.7): generated from scratch, in a
 * fixed order of lines; what is not understood comes from the sender byte for byte.
 */
#include "call/draft.h"
#include "call/negotiate.h"

#include <errno.h>

enum { MAX_EXTMAPS = 256 };

struct writing {
	struct sdp_writer *w;
	const struct draft *draft;
	struct party *to;
	const struct party *sender; /* whose media `to` gets first */
	const struct call_options *o;
	bool answer;
};

/* Whom a section's contents come from; NULL: nobody sends here. */
static const struct media *source_of(const struct media *media)
{
	return media->source_count ? media->sources[0] : NULL;
}

static bool is_message(const struct media *media)
{
	return media->type == SDP_MESSAGE;
}

static bool is_usable(const struct media *media)
{
	return !media->rejected && (media_ports(media) || is_message(media)) && source_of(media);
}

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

static void write_text(struct writing *wr, char type, struct str text)
{
	if (text.s)
		sdp_write_line(wr->w, "%c=%.*s", type, STR_ARG(text));
}

static void write_session_generic(struct writing *wr, const struct sdp *sdp)
{
	for (unsigned s = 0; s < sdp->session_count; s++) {
		const struct sdp_attrs *attrs = &sdp->sessions[s].attrs;

		for (unsigned i = 0; i < attrs->count; i++)
			if (attrs->attr[i].id == SDP_ATTR_GENERIC)
				sdp_write_attr_text(wr->w, attrs->attr[i].text);
	}
}

static bool in_bundle(const struct writing *wr, const struct media *media)
{
	return is_usable(media) && (media->bundled || (!wr->answer && media->bundle_shown));
}

/* Sections are in one group with the one that carries them, or that is to. */
static void write_group(struct writing *wr)
{
	GString *mids = g_string_new(NULL);

	for (unsigned i = 0; i < wr->to->media_count; i++) {
		const struct media *media = wr->to->media[i];

		if (in_bundle(wr, media) && media->mid.len)
			g_string_append_printf(mids, " %.*s", STR_ARG(media->mid));
	}
	if (mids->len)
		sdp_write_attr(wr->w, "group", "BUNDLE%s", mids->str);
	g_string_free(mids, TRUE);
}

/* What is ours here is subject to the edits of the first usable section, the rest to its own. */
static void write_session_attrs(struct writing *wr)
{
	const struct sdp_edits *edits = wr->o->has_edits ? &wr->o->edits : NULL;
	const struct media *first = first_usable(wr->to);

	sdp_writer_edit(wr->w, first ? sdp_edit_of(edits, first->type) : NULL);
	if (wr->o->loop_protect)
		sdp_write_attr(
			wr->w, "rtpengine", "%s", call_table_instance(wr->draft->call->table));
	write_group(wr);
	sdp_writer_edit(wr->w, edits ? &edits->section[SDP_EDIT_SESSION] : NULL);
	if (one_sender(wr->to))
		write_session_generic(wr, wr->sender->sdp);
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

static struct str transport_name(const struct media *media)
{
	const char *name = sdp_transport_info(media->transport)->name;

	return name ? str_of(name) : media->transport_text;
}

/* The address to print, but for hold (spec NG 4.5). */
static struct addr shown_address(const struct writing *wr, const struct media *media)
{
	if (wr->o->media_address.family)
		return wr->o->media_address;
	if (is_usable(media) && media_ports(media) && source_of(media)->in)
		return media_ports(media)->local->advertised;
	struct addr none = iface_pick(media->party->iface, media->family)->local;

	memset(none.ip, 0, sizeof(none.ip));
	return none;
}

static void write_connection(
	struct writing *wr, const struct media *media, const struct media *source)
{
	struct addr addr = shown_address(wr, media);
	char text[ADDR_TEXT];

	if (!media->rejected && source && source->hold_zero && !wr->o->replace.zero_address) {
		addr = media_ports(media)->local->advertised;
		memset(addr.ip, 0, sizeof(addr.ip));
	}
	sdp_write_line(wr->w, "c=IN %s %s", addr_sdp_family(&addr), addr_print_ip(&addr, text));
}

static void write_media_bandwidth(struct writing *wr, const struct sdp_media *in)
{
	static const enum sdp_bandwidth_type order[] = { SDP_BW_AS, SDP_BW_RR, SDP_BW_RS,
		SDP_BW_TIAS };

	sdp_write_bandwidth(wr->w, &in->bandwidth, order, G_N_ELEMENTS(order));
}

static void write_names(struct writing *wr, const struct media *media, const struct sdp_media *in)
{
	if (media->mid.len)
		sdp_write_attr(wr->w, "mid", "%.*s", STR_ARG(media->mid));
	if (in && in->label.s)
		sdp_write_attr(wr->w, "label", "%.*s", STR_ARG(in->label));
	if (!wr->answer && media->bundle_shown >= BUNDLE_REQUIRED)
		sdp_write_attr(wr->w, "bundle-only", NULL);
}

static void write_rejected(struct writing *wr, const struct media *media)
{
	const struct media *source = source_of(media);
	const struct sdp_media *in = source && source->in ? source->in : media->in;

	sdp_write_line(wr->w, "m=%.*s 0 %.*s %.*s", STR_ARG(media->type_text),
		STR_ARG(transport_name(media)),
		STR_ARG(in && in->formats_text.len ? in->formats_text : STR_LIT("0")));
	write_connection(wr, media, NULL);
	if (in && source && in == source->in)
		write_media_bandwidth(wr, in);
	write_names(wr, media, in && source && in == source->in ? in : NULL);
}

static void write_all_attrs(struct writing *wr, const struct sdp_media *in)
{
	for (unsigned i = 0; i < in->attrs.count; i++)
		sdp_write_attr_text(wr->w, in->attrs.attr[i].text);
}

/* Described as it came: its connection is between the parties. */
static void write_message(struct writing *wr, const struct media *media, const struct sdp_media *in)
{
	char text[ADDR_TEXT];

	sdp_write_line(wr->w, "m=%.*s %u %.*s %.*s", STR_ARG(media->type_text), in->port,
		STR_ARG(in->transport_text), STR_ARG(in->formats_text));
	write_text(wr, 'i', in->info);
	sdp_write_line(wr->w, "c=IN %s %s", addr_sdp_family(&in->connection),
		addr_print_ip(&in->connection, text));
	write_media_bandwidth(wr, in);
	write_all_attrs(wr, in);
}

static void write_opaque(struct writing *wr, const struct media *media, const struct media *source)
{
	const struct sdp_media *in = source->in;

	sdp_write_line(wr->w, "m=%.*s %u %.*s %.*s", STR_ARG(media->type_text),
		media_ports(media)->leases[0]->number, STR_ARG(transport_name(media)),
		STR_ARG(in->formats_text));
	write_text(wr, 'i', in->info);
	write_connection(wr, media, source);
	write_media_bandwidth(wr, in);
	write_all_attrs(wr, in);
}

static void write_formats(
	struct writing *wr, const struct sdp_format *const *formats, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		const struct sdp_format *f = formats[i];
		unsigned pt = f->payload_type;

		if (f->channels > 1)
			sdp_write_attr(wr->w, "rtpmap", "%u %.*s/%u/%u", pt, STR_ARG(f->encoding),
				f->clock_hz, f->channels);
		else
			sdp_write_attr(wr->w, "rtpmap", "%u %.*s/%u", pt, STR_ARG(f->encoding),
				f->clock_hz);
		if (f->fmtp.s)
			sdp_write_attr(wr->w, "fmtp", "%u %.*s", pt, STR_ARG(f->fmtp));
		for (unsigned n = 0; n < f->rtcp_fb_count; n++)
			sdp_write_attr(wr->w, "rtcp-fb", "%u %.*s", pt, STR_ARG(f->rtcp_fb[n]));
	}
}

static bool is_masked(const struct media *media, const struct sdp_attr *extmap)
{
	unsigned id = negotiate_extmap_id(extmap);

	return media->masked[id / 64] >> id % 64 & 1;
}

static bool has_mid(const struct sdp_attr *const *extmaps, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		if (negotiate_extmap_is_mid(extmaps[i]))
			return true;
	return false;
}

/* The sender's, but for what is stripped or masked; an answer confirms what was masked. */
static unsigned choose_extmaps(const struct writing *wr, const struct media *media,
	const struct media *source, const struct sdp_attr **ret)
{
	const struct sdp_media *in = source->in, *offered = wr->answer ? media->in : NULL;
	unsigned count = 0;

	for (unsigned i = 0; i < in->extmap_count && count < MAX_EXTMAPS; i++)
		if (!negotiate_extmap_named(wr->o->extmap.strip, in->extmap[i]) &&
			(wr->answer || !is_masked(source, in->extmap[i])))
			ret[count++] = in->extmap[i];
	for (unsigned i = 0; offered && i < offered->extmap_count && count < MAX_EXTMAPS; i++)
		if (is_masked(media, offered->extmap[i]) ||
			(media->bundled && negotiate_extmap_is_mid(offered->extmap[i]) &&
				!has_mid(ret, count)))
			ret[count++] = offered->extmap[i];
	return count;
}

static unsigned free_extension(const struct sdp_attr *const *extmaps, unsigned count)
{
	unsigned id = 1;

	for (unsigned i = 0; i < count; i++)
		if (negotiate_extmap_id(extmaps[i]) == id) {
			id++;
			i = UINT_MAX; /* from the first again */
		}
	return id;
}

static void write_extmap(struct writing *wr, const struct media *media, const struct media *source)
{
	bool refuses_mixed = media->in && media->in->extmap_count && !media->in->extmap_allow_mixed;
	const struct sdp_attr *extmaps[MAX_EXTMAPS];
	unsigned count = choose_extmaps(wr, media, source, extmaps);
	bool adds_mid = !wr->answer && media->bundle_shown && !has_mid(extmaps, count);

	if ((count || adds_mid) && !refuses_mixed)
		sdp_write_attr(wr->w, "extmap-allow-mixed", NULL);
	for (unsigned i = 0; i < count; i++)
		sdp_write_attr_text(wr->w, extmaps[i]->text);
	if (adds_mid)
		sdp_write_attr(wr->w, "extmap", "%u %s", free_extension(extmaps, count),
			SDP_EXTENSION_MID);
}

static bool is_wildcard_feedback(const struct sdp_attr *attr)
{
	return str_is(attr->name, "rtcp-fb");
}

/* rtcp-fb:* comes first among them. */
static void write_generic(struct writing *wr, const struct sdp_attrs *attrs)
{
	for (int feedback = 1; feedback >= 0; feedback--)
		for (unsigned i = 0; i < attrs->count; i++)
			if (attrs->attr[i].id == SDP_ATTR_GENERIC &&
				is_wildcard_feedback(&attrs->attr[i]) == feedback)
				sdp_write_attr_text(wr->w, attrs->attr[i].text);
}

static void write_direction(struct writing *wr, const struct media *source)
{
	static const enum sdp_direction table[2][2] = {
		/* [sender sends][sender receives] */
		{ SDP_INACTIVE, SDP_RECVONLY },
		{ SDP_SENDONLY, SDP_SENDRECV },
	};

	if (!wr->o->original_sendrecv)
		sdp_write_attr(wr->w, sdp_direction_name(table[source->recv][source->send]), NULL);
	else if (source->in->direction_text.s)
		sdp_write_attr_text(wr->w, source->in->direction_text);
}

static void write_rtcp(struct writing *wr, const struct media *media)
{
	bool single = media->mux || (!wr->answer && media->mux_offered_to && media->mux_single);
	bool dual = !wr->answer && media->mux_offered_to && !single;
	unsigned port =
		media_ports(media)->leases[single || media_ports(media)->count < 2 ? 0 : 1]->number;
	struct addr addr = shown_address(wr, media);
	char text[ADDR_TEXT];

	if (!wr->o->no_rtcp_attribute && (single || media_ports(media)->count > 1)) {
		if (wr->o->full_rtcp_attribute)
			sdp_write_attr(wr->w, "rtcp", "%u IN %s %s", port, addr_sdp_family(&addr),
				addr_print_ip(&addr, text));
		else
			sdp_write_attr(wr->w, "rtcp", "%u", port);
	}
	if (single || dual)
		sdp_write_attr(wr->w, "rtcp-mux", NULL);
}

/* The a=setup, a=fingerprint and a=tls-id of DTLS belong behind them. */
static void write_crypto(struct writing *wr, const struct media *media)
{
	const struct crypto_list *list = media_carrier(media)->crypto.shown;
	unsigned options = (wr->o->sdes.pad ? SDES_PAD : 0u) |
			   (wr->o->sdes.lifetime ? SDES_LIFETIME : 0u);
	char text[SDES_MAX_TEXT];

	if (!list)
		return;
	for (unsigned i = 0; i < list->count; i++) {
		sdes_print(&list->lines[i], options, text);
		sdp_write_attr(wr->w, "crypto", "%s", text);
	}
	srtp_wipe(text, sizeof(text));
}

static void write_rtp_line(struct writing *wr, const struct media *media,
	const struct sdp_format *const *formats, unsigned count)
{
	unsigned port = media_ports(media)->leases[0]->number;
	char text[SDP_MAX_FORMATS * 4 + 1];
	int len = 0;

	text[0] = '\0';
	for (unsigned i = 0; i < count; i++)
		len += g_snprintf(
			text + len, sizeof(text) - (size_t)len, " %u", formats[i]->payload_type);
	if (!wr->answer && media->bundle_shown == BUNDLE_STRICT)
		port = 0;
	sdp_write_line(wr->w, "m=%.*s %u %.*s%s", STR_ARG(media->type_text), port,
		STR_ARG(transport_name(media)), text);
}

/* What the section shows: returns how many, in `formats`. */
static unsigned choose_formats(const struct writing *wr, const struct media *media,
	const struct media *source, const struct sdp_format **formats)
{
	const struct codec_agreement *a = wr->answer ? media_agreement(source, media->party)
						     : media_agreement(media, source->party);
	struct codec_list list = { 0 };

	if (a)
		list = wr->answer ? a->answer : a->shown;
	for (unsigned i = 0; i < list.count; i++)
		formats[i] = &list.entries[i].format;
	if (list.count)
		return list.count;
	for (unsigned i = 0; i < source->in->format_count; i++)
		formats[i] = &source->in->formats[i];
	return source->in->format_count;
}

static void write_rtp(struct writing *wr, const struct media *media, const struct media *source)
{
	const struct sdp_format *formats[SDP_MAX_FORMATS];
	const struct sdp_media *in = source->in;
	unsigned count = choose_formats(wr, media, source, formats);

	write_rtp_line(wr, media, formats, count);
	write_text(wr, 'i', in->info);
	write_connection(wr, media, source);
	write_media_bandwidth(wr, in);
	write_names(wr, media, in);
	write_formats(wr, formats, count);
	write_extmap(wr, media, source);
	write_generic(wr, &in->attrs);
	write_direction(wr, source);
	write_rtcp(wr, media);
	write_crypto(wr, media);
	if (media->ptime_ms)
		sdp_write_attr(wr->w, "ptime", "%d", media->ptime_ms);
	if (media->maxptime_ms)
		sdp_write_attr(wr->w, "maxptime", "%d", media->maxptime_ms);
}

static enum sdp_transport other_kind(enum sdp_transport transport)
{
	switch (transport) {
	case SDP_RTP_AVP:
		return SDP_RTP_SAVP;
	case SDP_RTP_AVPF:
		return SDP_RTP_SAVPF;
	case SDP_RTP_SAVP:
		return SDP_RTP_AVP;
	default:
		return SDP_RTP_AVPF;
	}
}

/* The section as it stands there a second time: offered on the same port, or declined. */
static void write_double(struct writing *wr, const struct media *media, const struct media *source)
{
	const struct sdp_media *in = media->in ? media->in : source ? source->in : NULL;
	struct media other = *media;

	other.transport = other_kind(media->transport);
	other.crypto = (struct media_crypto){ 0 };
	if (!wr->answer && wr->o->osrtp.offer_legacy && is_usable(media) && source->in &&
		sdp_transport_info(media->transport)->srtp)
		write_rtp(wr, &other, source);
	else
		sdp_write_line(wr->w, "m=%.*s 0 %.*s %.*s", STR_ARG(media->type_text),
			STR_ARG(transport_name(&other)),
			STR_ARG(in && in->formats_text.len ? in->formats_text : STR_LIT("0")));
}

static void write_section(struct writing *wr, const struct media *media)
{
	const struct media *source = source_of(media);

	if (!is_usable(media) || !source->in)
		write_rejected(wr, media);
	else if (is_message(media))
		write_message(wr, media, source->in);
	else if (sdp_transport_info(media->transport)->rtp)
		write_rtp(wr, media, source);
	else
		write_opaque(wr, media, source);
	sdp_write_added(wr->w);
}

static void write_media(struct writing *wr, const struct media *media)
{
	const struct sdp_transport_info *t = sdp_transport_info(media->transport);
	bool doubled = media->doubled && t->rtp;
	bool is_second = media->doubled == (t->srtp ? SDP_PLAIN_FIRST : SDP_SRTP_FIRST);

	sdp_writer_edit(wr->w, wr->o->has_edits ? sdp_edit_of(&wr->o->edits, media->type) : NULL);
	if (doubled && is_second)
		write_double(wr, media, source_of(media));
	write_section(wr, media);
	if (doubled && !is_second)
		write_double(wr, media, source_of(media));
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

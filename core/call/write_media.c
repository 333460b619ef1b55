/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A media section as one party sees it (spec NG 4.4 to 4.7). */
#include "call/negotiate.h"
#include "call/play.h"
#include "call/write_priv.h"

enum { MAX_EXTMAPS = 256 };

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

/*
 * With force-relay a sender without ICE is shown where it is, and we as a relay (spec NG 3.4): it is
 * found directly by who has no use for relays.
 */
static bool shows_sender(const struct writing *wr, const struct media *source)
{
	return !wr->answer && wr->o->ice.wish == ICE_WISH_RELAY && source && !source->ice.said &&
	       source->in && source->in->port && !source->rejected;
}

static void write_connection(
	struct writing *wr, const struct media *media, const struct media *source)
{
	struct addr addr = shown_address(wr, media);
	char text[ADDR_TEXT];

	if (!media->rejected && media->ice.shown && shows_sender(wr, source))
		addr = source->in->connection;
	else if (!media->rejected && source &&
		 ((source->hold_zero && !wr->o->replace.zero_address) ||
			 moh_hides_address(media, wr->answer))) {
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

static void write_direction(
	struct writing *wr, const struct media *media, const struct media *source)
{
	enum sdp_direction held;
	static const enum sdp_direction table[2][2] = {
		/* [sender sends][sender receives] */
		{ SDP_INACTIVE, SDP_RECVONLY },
		{ SDP_SENDONLY, SDP_SENDRECV },
	};

	if (moh_direction(media, source, wr->answer, &held))
		sdp_write_attr(wr->w, sdp_direction_name(held), NULL);
	else if (!wr->o->original_sendrecv)
		sdp_write_attr(wr->w, sdp_direction_name(table[source->recv][source->send]), NULL);
	else if (source->in->direction_text.s)
		sdp_write_attr_text(wr->w, source->in->direction_text);
}

static void write_rtcp(struct writing *wr, const struct media *media, const struct media *source)
{
	bool single = media->mux || (!wr->answer && media->mux_offered_to && media->mux_single);
	bool dual = !wr->answer && media->mux_offered_to && !single;
	unsigned port =
		media_ports(media)->leases[single || media_ports(media)->count < 2 ? 0 : 1]->number;
	struct addr addr = shown_address(wr, media);
	char text[ADDR_TEXT];

	if (media->ice.shown && shows_sender(wr, source)) {
		addr = source->in->connection;
		port = source->in->has_rtcp ? source->in->rtcp.port : source->in->port + !single;
	}
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

static void write_rtp_line(struct writing *wr, const struct media *media,
	const struct media *source, const struct sdp_format *const *formats, unsigned count)
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
	else if (media->ice.shown && shows_sender(wr, source))
		port = source->in->port;
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

/* Described as it came; that there is a way through us is said behind (spec NG 4.8). */
static void write_passed(struct writing *wr, const struct media *media, const struct media *source)
{
	const struct sdp_media *in = source->in;
	bool ended = false;
	char text[ADDR_TEXT];

	sdp_write_line(wr->w, "m=%.*s %u %.*s %.*s", STR_ARG(media->type_text), in->port,
		STR_ARG(transport_name(media)), STR_ARG(in->formats_text));
	write_text(wr, 'i', in->info);
	sdp_write_line(wr->w, "c=IN %s %s", addr_sdp_family(&in->connection),
		addr_print_ip(&in->connection, text));
	write_media_bandwidth(wr, in);
	for (unsigned i = 0; i < in->attrs.count; i++) {
		if (in->attrs.attr[i].id != SDP_ATTR_END_OF_CANDIDATES)
			sdp_write_attr_text(wr->w, in->attrs.attr[i].text);
		else
			ended = true;
	}
	if (source->ice.said)
		write_candidates(wr, media, in);
	if (ended)
		sdp_write_attr(wr->w, "end-of-candidates", NULL);
}

static void write_rtp(struct writing *wr, const struct media *media, const struct media *source)
{
	const struct sdp_format *formats[SDP_MAX_FORMATS];
	const struct sdp_media *in = source->in;
	unsigned count = choose_formats(wr, media, source, formats);

	write_rtp_line(wr, media, source, formats, count);
	write_text(wr, 'i', in->info);
	write_connection(wr, media, source);
	write_media_bandwidth(wr, in);
	write_names(wr, media, in);
	write_formats(wr, formats, count);
	write_extmap(wr, media, source);
	write_generic(wr, &in->attrs);
	write_direction(wr, media, source);
	write_rtcp(wr, media, source);
	write_crypto(wr, media);
	write_dtls(wr, media_carrier(media)->dtls);
	if (media->ptime_ms)
		sdp_write_attr(wr->w, "ptime", "%d", media->ptime_ms);
	if (media->maxptime_ms)
		sdp_write_attr(wr->w, "maxptime", "%d", media->maxptime_ms);
	write_ice(wr, media_carrier(media));
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
	other.dtls = NULL;
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
	else if (source->passed && media->passed)
		write_passed(wr, media, source);
	else if (sdp_transport_info(media->transport)->rtp)
		write_rtp(wr, media, source);
	else
		write_opaque(wr, media, source);
	sdp_write_added(wr->w);
}

void write_media(struct writing *wr, const struct media *media)
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

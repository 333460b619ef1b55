/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One section explained: what its party said and was told, what came from it, what was dropped. */
#include "call/explain_priv.h"
#include "call/sentence.h"
#include "media/delay.h"

#include <inttypes.h>

static const struct stream_counts no_counts;

bool explain_is_drop_out(enum reason reason)
{
	return reason == REASON_NO_PEER || reason == REASON_SRTP_NO_KEY_OUT ||
	       reason == REASON_SRTP_SHARED_KEY || reason == REASON_SRTP_NOT_SENT ||
	       reason == REASON_FEEDBACK_REMOVED || reason == REASON_SEND_FAILED ||
	       reason == REASON_SEND_QUEUE_FULL;
}

void explain_read(const struct media *media, struct arrivals *ret)
{
	uint64_t of_ssrcs = 0;

	*ret = (struct arrivals){ .rtp = no_counts };
	if (media->stream_count > 0)
		stream_stats_read(media->streams[0].stats, &ret->rtp);
	if (media->stream_count > 1)
		stream_stats_read(media->streams[1].stats, &ret->rtcp);
	for (unsigned i = 0; i < STREAM_SSRC_MAX; i++)
		if (ret->rtp.ssrc[i].used) {
			of_ssrcs += ret->rtp.ssrc[i].packets;
			ret->rtp_last_us = MAX(ret->rtp_last_us, ret->rtp.ssrc[i].last_us);
		}
	/* Where SSRCs were forgotten, or there are none, kinds cannot be told apart. */
	if (!sdp_transport_info(media->transport)->rtp || ret->rtp.ssrcs_forgotten)
		of_ssrcs = ret->rtp.packets_in;
	if (!ret->rtp_last_us && of_ssrcs)
		ret->rtp_last_us = ret->rtp.last_in_us;
	ret->rtp_packets = of_ssrcs;
	ret->rtcp_packets = ret->rtp.packets_in - of_ssrcs + ret->rtcp.packets_in;
	for (unsigned r = 0; r < REASON_DROPS; r++)
		if (!explain_is_drop_out((enum reason)r))
			ret->dropped += ret->rtp.drops[r];
}

struct addr explain_shown_addr(const struct media *media, unsigned component)
{
	if (!media_ports(media) || component >= media_ports(media)->count)
		return (struct addr){ 0 };
	return addr_with_port(media_ports(media)->local->advertised,
		media_ports(media)->leases[component]->port->local.port);
}

static void add_profile(GString *out, const struct media *media)
{
	const char *name = sdp_transport_info(media->transport)->name;

	if (name)
		g_string_append(out, name);
	else
		sentence_quote(out, media->transport_text);
}

/* Codecs of a list; how many. */
static unsigned list_formats(struct codec_list list, struct sdp_format *ret)
{
	unsigned count = MIN(list.count, (unsigned)SDP_MAX_FORMATS);

	for (unsigned i = 0; i < count; i++)
		ret[i] = list.entries[i].format;
	return count;
}

/* What it was offered: all that the other side named, but for what flags made of it. */
static void add_offered(GString *out, const struct media *media)
{
	const struct media *other = media->source_count ? media->sources[0] : NULL;
	struct sdp_format formats[SDP_MAX_FORMATS];
	unsigned count = media->agreement ? list_formats(media->agreement->shown, formats) : 0;

	/* Whose offer it was may have gone on with another branch. */
	if (!count && !(other && other->in))
		return;
	g_string_append(out, " with codecs ");
	if (count)
		sentence_formats(out, formats, count);
	else
		sentence_formats(out, other->in->formats, other->in->format_count);
}

static void say_declined(GString *out, const struct media *media)
{
	if (media->in && !media->in->port)
		g_string_append(out, "It declined this section (port 0)");
	else if (media->no_codecs)
		g_string_append(out, "Declined for it: the proxy's flags left no codec to offer");
	else
		g_string_append(out, "Declined by the other side (port 0)");
	g_string_append(out, ": no ports are open, nothing is relayed.\n");
}

static void say_said(GString *out, const struct media *media)
{
	const struct sdp_media *in = media->in;

	if (!in) {
		g_string_append(out, "It was offered ");
		add_profile(out, media);
		add_offered(out, media);
		g_string_append(out, " and has not answered yet.\n");
		return;
	}
	g_string_append(out, "It said that it receives at ");
	sentence_addr(out, &media->advertised);
	if (media->stream_count > 1 && media->streams[1].peer.family && !media->mux) {
		g_string_append(out, " (RTCP at ");
		sentence_addr(out, &media->streams[1].peer);
		g_string_append_c(out, ')');
	}
	g_string_append(out, " by ");
	add_profile(out, media);
	g_string_append_printf(out, ", %s", sdp_direction_name(in->direction));
	if (in->format_count) {
		g_string_append(out, ", codecs ");
		sentence_formats(out, in->formats, in->format_count);
	}
	g_string_append(out, ".\n");
	if (media->believed.family)
		g_string_append(out,
			"The address is the one the proxy saw its message come from, not the "
			"one in its SDP.\n");
}

/* How its address may differ from the signalled one. */
static void say_learning(GString *out, const struct media *media)
{
	if (!media->in)
		return;
	if (media->learn == PLAN_LEARN_OFF)
		g_string_append(out, "It is sent to where it said, wherever its packets come from "
				     "(nothing is learned).\n");
	if (media->nat_wait)
		g_string_append(out, "Nothing is sent to it before something has come from it "
				     "(NAT-wait).\n");
}

/* What becomes of what it sends, whoever receives it. */
static void say_changed(GString *out, const struct media *media)
{
	if (media->party->delay_ms > 0)
		g_string_append_printf(out,
			"The RTP it sends waits %d ms before it is sent on (delay-buffer).\n",
			MIN(media->party->delay_ms, DELAY_MAX_MS));
	if (media->echo)
		g_string_append(out, "The RTP it sends goes back to it (media-echo).\n");
}

/* Either side may have asked for it. */
static void say_hold(GString *out, const struct media *media)
{
	if (media->hold_zero)
		g_string_append(
			out, "Its connection address is zero (hold): nothing is sent to it.\n");
	else if (media->in && !media->send && !media->recv)
		g_string_append(out, "It is neither to send nor to receive (hold).\n");
	else if (media->in && !media->send)
		g_string_append(out, "It is to receive nothing (hold), but is sent what comes.\n");
	else if (media->in && !media->recv)
		g_string_append(out, "It is to send nothing (hold).\n");
}

static void say_told(GString *out, const struct media *media)
{
	struct addr rtp = explain_shown_addr(media, 0), rtcp = explain_shown_addr(media, 1);

	if (!rtp.family)
		return;
	g_string_append(out, media->party->printed.any
				     ? "It was told to send to "
				     : "With the answer it will be told to send to ");
	sentence_addr(out, &rtp);
	if (rtcp.family && !media->mux) {
		g_string_append(out, " (RTCP to ");
		sentence_addr(out, &rtcp);
		g_string_append_c(out, ')');
	}
	if (media->carrier)
		g_string_append_printf(out, ", which is shared with section #%u (BUNDLE)",
			media->carrier->index + 1);
	g_string_append(out, ".\n");
}

static void say_formats(
	GString *out, const char *what, const struct sdp_format *formats, unsigned count)
{
	if (!count)
		return;
	g_string_append(out, what);
	sentence_formats(out, formats, count);
	g_string_append(out, ".\n");
}

/* As it is, or by the number that its party has for it (reuse-codecs). */
static bool is_shown(const struct codec_agreement *a, const struct sdp_format *f)
{
	if (codec_list_find(a->shown, f))
		return true;
	for (unsigned i = 0; i < a->shown.count; i++) {
		const struct codec_entry *e = &a->shown.entries[i];

		if (!(e->marks & ENTRY_FOR_TRANSCODING) && !codec_list_find(a->said, &e->format) &&
			format_match(&e->format, f) != CODEC_DIFFERENT)
			return true;
	}
	return false;
}

static void say_hidden(GString *out, const struct codec_agreement *a)
{
	struct sdp_format formats[SDP_MAX_FORMATS];
	unsigned count = 0;

	for (unsigned i = 0; i < a->said.count && count < SDP_MAX_FORMATS; i++)
		if (!is_shown(a, &a->said.entries[i].format))
			formats[count++] = a->said.entries[i].format;
	say_formats(out, "Not shown to it, by the proxy's codec flags: ", formats, count);
}

static void say_added(GString *out, const struct codec_agreement *a)
{
	struct sdp_format formats[SDP_MAX_FORMATS];
	unsigned count = 0;

	for (unsigned i = 0; i < a->shown.count && count < SDP_MAX_FORMATS; i++)
		if (a->shown.entries[i].marks & ENTRY_FOR_TRANSCODING)
			formats[count++] = a->shown.entries[i].format;
	say_formats(out,
		"Offered to it beside what the other side has, to be transcoded: ", formats, count);
}

bool explain_left_out(const struct media *media, const struct sdp_format *f)
{
	const struct codec_agreement *a = media->agreement;

	return a && a->settled && !codec_list_find(a->answered, f);
}

static void say_left_out(GString *out, const struct media *media)
{
	struct sdp_format formats[SDP_MAX_FORMATS];
	unsigned count = 0;

	for (unsigned i = 0; media->in && i < media->in->format_count && count < SDP_MAX_FORMATS;
		i++)
		if (explain_left_out(media, &media->in->formats[i]))
			formats[count++] = media->in->formats[i];
	say_formats(out,
		"Left out of what it answered, not offered so or taken out by the proxy's codec "
		"flags: ",
		formats, count);
}

/* A codec that is known, but not as it is described. */
static void say_unusable(GString *out, struct codec_list list)
{
	struct sdp_format formats[SDP_MAX_FORMATS];
	unsigned count = 0;

	for (unsigned i = 0; i < list.count && count < SDP_MAX_FORMATS; i++) {
		const struct sdp_format *f = &list.entries[i].format;

		if (codec_usable(codec_find(f->encoding)) && !format_is_usable(f))
			formats[count++] = *f;
	}
	say_formats(out,
		"What the other side has with parameters that cannot be transcoded: ", formats,
		count);
}

static void say_chosen(GString *out, const struct media *media)
{
	const struct codec_agreement *a = media->agreement;

	if (!a)
		return;
	say_unusable(out, a->said);
	say_hidden(out, a);
	say_added(out, a);
	say_left_out(out, media);
}

static const char *suite_name(const struct plan_srtp *srtp)
{
	return srtp_suite((enum srtp_suite_id)srtp->params.suite)->name;
}

/* Its keys are never told. */
static void say_srtp(GString *out, const struct media *media)
{
	const struct media_crypto *c = &media->crypto;
	const struct section_dtls *d = media->dtls;

	if (c->in && c->out) {
		g_string_append_printf(out, "It speaks SRTP with keys from SDP (SDES): it sends %s",
			suite_name(c->in));
		if (c->in->params.suite == c->out->params.suite)
			g_string_append(out, " and is sent the same.\n");
		else
			g_string_append_printf(out, " and is sent %s.\n", suite_name(c->out));
	} else if (d && d->answered) {
		g_string_append_printf(out,
			"It speaks SRTP with keys from DTLS, where we are the %s.\n",
			d->plan->active ? "client" : "server");
	} else if (c->secure) {
		g_string_append(out, "It is to speak SRTP, for which there are no keys before an "
				     "answer: until then nothing is passed on.\n");
	}
	if (c->shown && !c->agreed) {
		g_string_append(out, "It was offered ");
		sentence_count(out, c->shown->count, "suite");
		g_string_append(out, " of SRTP.\n");
	}
	if (d && d->shown && !d->answered)
		g_string_append(out, "It was offered DTLS.\n");
	if (c->said && c->agreed && !c->in && !c->secure && media->in && media->in->has_crypto)
		g_string_append(out, "It offered SRTP, which was declined for it (OSRTP).\n");
}

static void say_mux(GString *out, const struct media *media)
{
	if (media->mux)
		g_string_append(out, "RTCP comes on the RTP port (rtcp-mux agreed).\n");
	else if (media->mux_open)
		g_string_append(out, "It was offered rtcp-mux and has not answered that.\n");
	else if (media->mux_offered_to)
		g_string_append(out, "It was offered rtcp-mux and declined.\n");
	else if (media->mux_offered_by && media->in && media->party->printed.any)
		g_string_append(out, "It offered rtcp-mux, which was declined.\n");
}

static void add_ago(GString *out, int64_t at_us, int64_t now_us)
{
	sentence_time(out, now_us - at_us);
	g_string_append(out, " ago");
}

/*
 * Where from: known once the source was believed, if it is also where is sent to. Where nothing is
 * learned, sources are not kept.
 */
static void add_source(GString *out, const struct media *media, const struct stream_counts *c)
{
	if (media->learn == PLAN_LEARN_OFF || !c->at_peer)
		return;
	g_string_append(out, " from ");
	sentence_addr(out, &c->peer);
	if (addr_equal(&c->peer, &media->streams[0].peer))
		g_string_append(out, " as signalled");
	else
		g_string_append(out, ", not the signalled address (learned)");
}

static void say_ssrcs(GString *out, const struct media *media, const struct stream_counts *c)
{
	for (unsigned i = 0; i < STREAM_SSRC_MAX; i++) {
		const struct ssrc_stats *s = &c->ssrc[i];
		const struct sdp_format *f = NULL;

		if (!s->used)
			continue;
		for (unsigned n = 0; media->in && n < media->in->format_count && !f; n++)
			if (media->in->formats[n].payload_type == s->payload_type)
				f = &media->in->formats[n];
		g_string_append_printf(out, "SSRC %08x: ", s->ssrc);
		sentence_count(out, s->packets, "packet");
		g_string_append(out, ", the latest of ");
		if (f)
			sentence_formats(out, f, 1);
		else
			g_string_append_printf(
				out, "payload type %u, which it did not name", s->payload_type);
		g_string_append(out, ".\n");
	}
	if (c->ssrcs_forgotten)
		g_string_append_printf(
			out, "Further SSRCs were seen before: %u.\n", (unsigned)c->ssrcs_forgotten);
}

static void say_arrived(
	GString *out, const struct media *media, const struct arrivals *in, int64_t now_us)
{
	bool rtp = sdp_transport_info(media->transport)->rtp;

	if (in->rtp_packets) {
		sentence_count(out, in->rtp_packets, rtp ? "RTP packet" : "packet");
		g_string_append(out, in->rtp_packets == 1 ? " has arrived" : " have arrived");
		add_source(out, media, &in->rtp);
		g_string_append(out, ", the last one ");
		add_ago(out, in->rtp_last_us, now_us);
		g_string_append(out, ".\n");
		say_ssrcs(out, media, &in->rtp);
	}
	if (in->rtcp_packets) {
		sentence_count(out, in->rtcp_packets, "RTCP packet");
		g_string_append(
			out, in->rtcp_packets == 1 ? " has arrived.\n" : " have arrived.\n");
	}
}

static void say_drops(GString *out, const struct stream_counts *c, const char *kind, int64_t now_us)
{
	for (unsigned r = 0; r < REASON_DROPS; r++) {
		const struct reason_row *row = reason_row((enum reason)r);

		if (!c->drops[r])
			continue;
		sentence_count(out, c->drops[r], kind);
		if (explain_is_drop_out((enum reason)r))
			g_string_append(out, " on the way to it");
		g_string_append_printf(out, " dropped: %s (%s)", row->text, row->name);
		if (c->dropped_reason == r && c->dropped_us) {
			g_string_append(out, ", the latest of them ");
			add_ago(out, c->dropped_us, now_us);
			g_string_append(out, " from ");
			sentence_addr(out, &c->dropped_from);
		}
		g_string_append(out, ".\n");
	}
}

static void say_passed(GString *out)
{
	g_string_append(out, "All of it is passed through: it was told what the other side said, "
			     "with our ports among the candidates, and what it sends is relayed "
			     "untouched.\n");
}

void explain_section(
	GString *out, const struct media *media, const struct arrivals *in, int64_t now_us)
{
	if (media->rejected) {
		say_declined(out, media);
	} else {
		say_said(out, media);
		say_learning(out, media);
		say_changed(out, media);
		say_hold(out, media);
		if (media->passed)
			say_passed(out);
		else
			say_told(out, media);
		say_chosen(out, media);
		say_srtp(out, media);
		say_mux(out, media);
	}
	say_arrived(out, media, in, now_us);
	say_drops(out, &in->rtp, "packet", now_us);
	say_drops(out, &in->rtcp, "packet of the RTCP port", now_us);
}

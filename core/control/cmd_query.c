/* SPDX-License-Identifier: GPL-3.0-or-later */
/* query (spec NG 2.6): a call's state and statistics as a tree. */
#include "control/command_priv.h"

#include "base/clock.h"
#include "call/play.h"

#include <errno.h>

static const int64_t SECOND_US = 1000000;

struct totals {
	uint64_t packets, bytes, errors;
};

/* What is gathered while a call is walked. */
struct query {
	struct command *c;
	struct dict *d;
	const struct call *call;
	const struct plan *plan; /* of its model as it is */
	int64_t wall_minus_mono_us;
	struct totals rtp, rtcp;
	struct value *ssrcs;
	bool ssrcs_inline, ssrcs_global;
};

static struct str str_copy(struct query *q, struct str s)
{
	return dict_copy(q->d, s);
}

static void add_str(struct query *q, struct value *v, const char *key, struct str s)
{
	dict_add_str(q->d, v, key, str_copy(q, s));
}

static void add_counters(struct query *q, struct value *parent, const char *key, uint64_t packets,
	uint64_t bytes, uint64_t errors)
{
	struct value *v = dict_add_dict(q->d, parent, key);

	dict_add_int(q->d, v, "packets", (int64_t)packets);
	dict_add_int(q->d, v, "bytes", (int64_t)bytes);
	dict_add_int(q->d, v, "errors", (int64_t)errors);
}

static void add_endpoint(
	struct query *q, struct value *parent, const char *key, const struct addr *addr)
{
	struct value *v = dict_add_dict(q->d, parent, key);
	char text[ADDR_TEXT];

	if (!addr->family)
		return;
	dict_add_str(q->d, v, "family", str_of(addr->family == ADDR_IP4 ? "IPv4" : "IPv6"));
	dict_add_copy(q->d, v, "address", str_of(addr_print_ip(addr, text)));
	dict_add_int(q->d, v, "port", addr->port);
}

static int64_t wall_seconds(const struct query *q, int64_t mono_us)
{
	return (mono_us + q->wall_minus_mono_us) / SECOND_US;
}

static void add_quality(struct query *q, struct value *v, uint32_t ssrc)
{
	struct quality_counts counts;

	for (unsigned i = 0; session_quality_read(q->call->session, i, &counts); i++)
		if (counts.ssrc == ssrc) {
			reply_add_quality(q->d, v, &counts, q->wall_minus_mono_us);
			return;
		}
}

static void add_ssrc_counts(struct query *q, struct value *v, const struct ssrc_stats *s)
{
	dict_add_int(q->d, v, "bytes", (int64_t)s->bytes);
	dict_add_int(q->d, v, "packets", (int64_t)s->packets);
	dict_add_int(q->d, v, "last RTP timestamp", s->last_timestamp);
	dict_add_int(q->d, v, "last RTP seq", s->last_seq);
	add_quality(q, v, s->ssrc);
}

static void add_received_counts(struct query *q, struct value *v, const struct ssrc_stats *s)
{
	add_ssrc_counts(q, v, s);
	if (s->packets)
		reply_add_reception(q->d, v, &s->reception);
}

static void add_ssrc(struct query *q, const struct ssrc_stats *s)
{
	char name[16];
	struct value *v;

	if (!q->ssrcs_global)
		return;
	g_snprintf(name, sizeof(name), "%u", s->ssrc);
	if (value_get(q->ssrcs, name))
		return;
	v = dict_add(q->d, q->ssrcs, dict_copy(q->d, str_of(name)), VALUE_DICT);
	add_received_counts(q, v, s);
}

/* Who only listens sends reports, too. */
static void add_silent_ssrcs(struct query *q)
{
	struct quality_counts counts;

	for (unsigned i = 0; session_quality_read(q->call->session, i, &counts); i++) {
		struct ssrc_stats silent = { .ssrc = counts.ssrc };

		if (counts.samples)
			add_ssrc(q, &silent);
	}
}

/* Is something else sent in its place? */
static bool is_replaced(const struct sent_counts *sent, uint32_t ssrc)
{
	for (unsigned i = 0; i < STREAM_SSRC_MAX; i++)
		if (sent->ssrc[i].used && sent->in[i] == ssrc)
			return true;
	return false;
}

/* What a section's party sends, but for what is not sent on under its SSRC, which `sent` tells. */
static void add_ssrcs_of(struct query *q, struct value *list, const struct media *media,
	const struct sent_counts *sent)
{
	struct stream_counts counts;

	if (!media->stream_count)
		return;
	stream_stats_read(media->streams[0].stats, &counts);
	for (unsigned i = 0; i < STREAM_SSRC_MAX; i++) {
		struct value *v;

		if (!counts.ssrc[i].used || (sent && is_replaced(sent, counts.ssrc[i].ssrc)))
			continue;
		v = dict_add_dict(q->d, list, NULL);
		dict_add_int(q->d, v, "SSRC", counts.ssrc[i].ssrc);
		add_received_counts(q, v, &counts.ssrc[i]);
	}
}

/* SSRCs of our own: what is transcoded, mixed or played. */
static void add_sent(struct query *q, struct value *list, const struct sent_counts *sent)
{
	for (unsigned i = 0; i < STREAM_SSRC_MAX; i++) {
		struct value *v;

		if (!sent->ssrc[i].used)
			continue;
		v = dict_add_dict(q->d, list, NULL);
		dict_add_int(q->d, v, "SSRC", sent->ssrc[i].ssrc);
		add_ssrc_counts(q, v, &sent->ssrc[i]);
	}
}

/* Relay changes no SSRC: what goes to a party is what its sources send, unless made anew. */
static void add_media_ssrcs(struct query *q, struct value *v, const struct media *media)
{
	struct value *in = dict_add_list(q->d, v, "ingress SSRCs");
	struct value *out = dict_add_list(q->d, v, "egress SSRCs");
	struct sent_counts sent;
	bool any;

	if (!q->ssrcs_inline || !media->stream_count)
		return;
	any = stream_stats_read_sent(media->streams[0].stats, &sent);
	add_ssrcs_of(q, in, media, NULL);
	if (any)
		add_sent(q, out, &sent);
	if (plan_mixes(q->plan, media->streams[0].id))
		return;
	for (unsigned i = 0; i < media->source_count; i++)
		add_ssrcs_of(q, out, media->sources[i], any ? &sent : NULL);
}

/* Of the section's RTP, whichever of its streams is told of. */
static void add_first_ssrc(
	struct query *q, struct value *v, const struct media *media, unsigned component)
{
	struct stream_counts counts;

	stream_stats_read(media->streams[component & ~1u].stats, &counts);
	if (counts.ssrc[0].used)
		dict_add_int(q->d, v, "SSRC", counts.ssrc[0].ssrc);
}

static void add_last_packets(struct query *q, struct value *v, const struct stream_counts *counts)
{
	int64_t last_s = counts->last_in_us ? wall_seconds(q, counts->last_in_us) : 0;
	int64_t user_us = stream_counts_last_user_us(counts);

	dict_add_int(q->d, v, "last packet",
		counts->last_in_us ? last_s : q->call->created_wall_us / SECOND_US);
	dict_add_int(q->d, v, "last kernel packet",
		counts->last_kernel_us ? wall_seconds(q, counts->last_kernel_us) : 0);
	dict_add_int(q->d, v, "last user packet", user_us ? wall_seconds(q, user_us) : 0);
}

/* An addition of ours, where there is a choice. */
static void add_path(struct query *q, struct value *v, const struct media *media,
	unsigned component, const struct stream_counts *counts)
{
	struct value *path;
	enum reason why;

	if (!call_table_settings(q->call->table)->offload)
		return;
	path = dict_add_dict(q->d, v, "path");
	if (call_stream_in_kernel(q->call, media, component, counts, &why)) {
		dict_add_str(q->d, path, "now", STR_LIT("kernel"));
	} else {
		dict_add_str(q->d, path, "now", STR_LIT("user"));
		dict_add_str(q->d, path, "reason", str_of(reason_row(why)->name));
		dict_add_str(q->d, path, "text", str_of(reason_row(why)->text));
	}
	dict_add_int(q->d, path, "kernel packets", (int64_t)counts->kernel_packets);
	dict_add_int(q->d, path, "kernel bytes", (int64_t)counts->kernel_bytes);
}

static bool uses_dtls(const struct media *media)
{
	return media->dtls && media->dtls->answered;
}

static void add_stream_flags(struct query *q, struct value *v, const struct media *media,
	unsigned component, const struct stream_counts *counts)
{
	struct value *flags = dict_add_list(q->d, v, "flags");
	bool rtcp = component % 2;

	if (!rtcp)
		dict_add_str(q->d, flags, NULL, STR_LIT("RTP"));
	if (rtcp || media->mux)
		dict_add_str(q->d, flags, NULL, STR_LIT("RTCP"));
	if (rtcp && media->mux_open)
		dict_add_str(q->d, flags, NULL, STR_LIT("fallback RTCP"));
	if (media->in)
		dict_add_str(q->d, flags, NULL, STR_LIT("filled"));
	if (counts->confirmed)
		dict_add_str(q->d, flags, NULL, STR_LIT("confirmed"));
	if (counts->in_kernel)
		dict_add_str(q->d, flags, NULL, STR_LIT("kernelized"));
	if (uses_dtls(media) && counts->dtls_suite)
		dict_add_str(q->d, flags, NULL, STR_LIT("DTLS fingerprint verified"));
	if (media->strict)
		dict_add_str(q->d, flags, NULL, STR_LIT("strict source address"));
	if (media->handover)
		dict_add_str(q->d, flags, NULL, STR_LIT("media handover"));
}

/* Of what it sends; both directions seldom differ. */
static void add_suite(struct query *q, struct value *v, const struct media *media,
	const struct stream_counts *counts)
{
	const struct plan_srtp *in = media->crypto.in;

	if (uses_dtls(media) && counts->dtls_suite)
		dict_add_str(q->d, v, "crypto suite",
			str_of(srtp_suite((enum srtp_suite_id)(counts->dtls_suite - 1))->name));
	else if (in)
		dict_add_str(q->d, v, "crypto suite",
			str_of(srtp_suite((enum srtp_suite_id)in->params.suite)->name));
}

static void add_stream(
	struct query *q, struct value *list, const struct media *media, unsigned component)
{
	const struct media_stream *stream = &media->streams[component];
	struct value *v = dict_add_dict(q->d, list, NULL);
	struct stream_counts counts;
	struct totals *totals = component % 2 ? &q->rtcp : &q->rtp;
	struct addr peer;
	char text[ADDR_TEXT];

	stream_stats_read(stream->stats, &counts);
	if (media_ports(media) && component < media_ports(media)->count) {
		const struct addr *local = &media_ports(media)->leases[component]->port->local;

		dict_add_int(q->d, v, "local port", local->port);
		dict_add_copy(q->d, v, "local address", str_of(addr_print_ip(local, text)));
		dict_add_str(
			q->d, v, "family", str_of(local->family == ADDR_IP4 ? "IPv4" : "IPv6"));
	}
	/* The worker may not have seen the latest plan; what was signalled will be true then. */
	peer = counts.peer.family && counts.seen ? counts.peer : stream->peer;
	add_endpoint(q, v, "endpoint", &peer);
	add_endpoint(q, v, "advertised endpoint", &stream->peer);
	add_suite(q, v, media, &counts);
	add_last_packets(q, v, &counts);
	add_first_ssrc(q, v, media, component);
	add_stream_flags(q, v, media, component, &counts);
	add_path(q, v, media, component, &counts);
	add_counters(q, v, "stats", counts.packets_in, counts.bytes_in, counts.errors_in);
	add_counters(q, v, "stats_out", counts.packets_out, counts.bytes_out,
		stream_counts_errors_out(&counts));
	reply_add_drops(q->d, v, &counts, q->wall_minus_mono_us);
	totals->packets += counts.packets_in;
	totals->bytes += counts.bytes_in;
	totals->errors += counts.errors_in;
	for (unsigned i = 0; i < STREAM_SSRC_MAX; i++)
		if (counts.ssrc[i].used)
			add_ssrc(q, &counts.ssrc[i]);
}

/* What the party sends, once it was seen to send. */
static void add_codec(struct query *q, struct value *v, const struct media *media)
{
	struct stream_counts counts;
	const struct ssrc_stats *latest = NULL;

	if (!media->stream_count || !media->in)
		return;
	stream_stats_read(media->streams[0].stats, &counts);
	for (unsigned i = 0; i < STREAM_SSRC_MAX; i++)
		if (counts.ssrc[i].used && (!latest || counts.ssrc[i].last_us > latest->last_us))
			latest = &counts.ssrc[i];
	for (unsigned i = 0; latest && i < media->in->format_count; i++) {
		const struct sdp_format *f = &media->in->formats[i];

		if (f->payload_type != latest->payload_type || !f->encoding.len)
			continue;
		if (f->channels > 1)
			dict_add_printf(q->d, v, "codec", "%.*s/%u/%u", STR_ARG(f->encoding),
				f->clock_hz, f->channels);
		else
			dict_add_printf(
				q->d, v, "codec", "%.*s/%u", STR_ARG(f->encoding), f->clock_hz);
		return;
	}
}

static bool has_player(const struct query *q, const struct party *party)
{
	return play_player(party, call_table_settings(q->call->table)->player) > PLAYER_OFF;
}

static bool is_transcoded(const struct query *q, const struct media *media)
{
	return media->stream_count && plan_transcodes(q->plan, media->streams[0].id);
}

static void add_ice_flags(struct query *q, struct value *flags, const struct media *media)
{
	const struct media_ice *ice = &media_carrier(media)->ice;

	if (media->passed)
		dict_add_str(q->d, flags, NULL, STR_LIT("passthrough"));
	if (!ice->shown)
		return;
	dict_add_str(q->d, flags, NULL, STR_LIT("ICE"));
	if (ice->trickle)
		dict_add_str(q->d, flags, NULL, STR_LIT("trickle ICE"));
	if (ice->controlling)
		dict_add_str(q->d, flags, NULL, STR_LIT("ICE controlling"));
	if (negotiate_ice_is_lite(media_carrier(media)->in))
		dict_add_str(q->d, flags, NULL, STR_LIT("ICE-lite peer"));
	if (ice->lite)
		dict_add_str(q->d, flags, NULL, STR_LIT("ICE-lite self"));
}

static void add_media_flags(struct query *q, struct value *v, const struct media *media)
{
	struct value *flags = dict_add_list(q->d, v, "flags");

	dict_add_str(q->d, flags, NULL, STR_LIT("initialized"));
	if (media->learn == PLAN_LEARN_OFF)
		dict_add_str(q->d, flags, NULL, STR_LIT("asymmetric"));
	if (media->send)
		dict_add_str(q->d, flags, NULL, STR_LIT("send"));
	if (media->recv)
		dict_add_str(q->d, flags, NULL, STR_LIT("recv"));
	if (media->mux)
		dict_add_str(q->d, flags, NULL, STR_LIT("rtcp-mux"));
	if (uses_dtls(media)) {
		dict_add_str(q->d, flags, NULL, STR_LIT("DTLS-SRTP"));
		dict_add_str(q->d, flags, NULL,
			str_of(media->dtls->plan->active ? "DTLS role active"
							 : "DTLS role passive"));
	} else if (media->crypto.in || media->crypto.secure) {
		dict_add_str(q->d, flags, NULL, STR_LIT("SDES"));
	}
	add_ice_flags(q, flags, media);
	if (media->unidirectional)
		dict_add_str(q->d, flags, NULL, STR_LIT("unidirectional"));
	if (media->stream_count && plan_checks_loops(q->plan, media->streams[0].id))
		dict_add_str(q->d, flags, NULL, STR_LIT("loop check"));
	if (media->echo)
		dict_add_str(q->d, flags, NULL, STR_LIT("echo"));
	if (media->blackhole)
		dict_add_str(q->d, flags, NULL, STR_LIT("blackhole"));
	if (media->ptime_fixed_ms)
		dict_add_str(q->d, flags, NULL, STR_LIT("ptime-override"));
	if (sdp_transport_info(media->transport)->feedback)
		dict_add_str(q->d, flags, NULL, STR_LIT("RTCP feedback"));
	if (q->call->model->generate_rtcp && sdp_transport_info(media->transport)->rtp &&
		!media->passed)
		dict_add_str(q->d, flags, NULL, STR_LIT("RTCP generator"));
	if (media->crypto.said && media->crypto.preferred)
		dict_add_str(q->d, flags, NULL, STR_LIT("SDES reordered"));
	if (media->type == SDP_AUDIO && has_player(q, media->party))
		dict_add_str(q->d, flags, NULL, STR_LIT("audio player"));
	if (media->doubled)
		dict_add_str(q->d, flags, NULL,
			str_of(media->doubled == SDP_PLAIN_FIRST ? "legacy OSRTP"
								 : "reverse legacy OSRTP"));
	if (is_transcoded(q, media))
		dict_add_str(q->d, flags, NULL, STR_LIT("transcoding"));
}

static void add_media(struct query *q, struct value *list, const struct media *media)
{
	struct value *v = dict_add_dict(q->d, list, NULL), *streams;
	const char *name = sdp_transport_info(media->transport)->name;
	unsigned count = media_ports(media) ? MAX(media_ports(media)->count, 2)
					    : media->stream_count;

	dict_add_int(q->d, v, "index", media->index + 1);
	add_str(q, v, "type", media->type_text);
	if (name)
		dict_add_str(q->d, v, "protocol", str_of(name));
	add_codec(q, v, media);
	streams = dict_add_list(q->d, v, "streams");
	for (unsigned i = 0; i < MIN(count, media->stream_count); i++)
		add_stream(q, streams, media, i);
	add_media_flags(q, v, media);
	add_media_ssrcs(q, v, media);
}

static void add_links(struct query *q, struct value *v, const char *key, const struct party *party,
	bool subscribers)
{
	struct value *list = dict_add_list(q->d, v, key);
	const struct model *model = q->call->model;
	const struct party *seen[MODEL_MAX_PARTIES];
	unsigned count = 0;

	/* Newest links first, as the sections list them; subscribers in order of creation. */
	for (unsigned m = 0; !subscribers && m < party->media_count; m++)
		for (unsigned s = 0; s < party->media[m]->source_count; s++) {
			const struct party *p = party->media[m]->sources[s]->party;
			bool known = false;

			for (unsigned i = 0; i < count; i++)
				known |= seen[i] == p;
			if (!known && count < MODEL_MAX_PARTIES)
				seen[count++] = p;
		}
	for (unsigned p = 0; subscribers && p < model->party_count; p++)
		if (party_receives_from(model->parties[p], party))
			seen[count++] = model->parties[p];
	for (unsigned i = 0; i < count; i++) {
		struct value *item = dict_add_dict(q->d, list, NULL);

		add_str(q, item, "tag", seen[i]->tag);
		dict_add_str(q->d, item, "type", STR_LIT("offer/answer"));
	}
}

static void add_codes(struct query *q, struct value *v, const struct party *party)
{
	struct value *list = dict_add_list(q->d, v, "VSC");

	for (unsigned i = 0; i < VSC_COUNT; i++) {
		struct str digits = party->codes.digits[i];
		struct value *code = digits.len ? dict_add_dict(q->d, list, NULL) : NULL;

		if (!code)
			continue;
		dict_add_printf(q->d, code, "type", "%s-rec", vsc_name((enum vsc)i));
		add_str(q, code, "trigger", digits);
		dict_add_int(q->d, code, "active", 1);
	}
}

static void add_party(struct query *q, struct value *tags, const struct party *party)
{
	char untagged[32];
	struct str name = party->tag;
	struct value *v, *medias;

	if (!name.s) {
		g_snprintf(untagged, sizeof(untagged), "<untagged %u>", party->number);
		name = str_of(untagged);
	}
	v = dict_add(q->d, tags, dict_copy(q->d, name), VALUE_DICT);
	add_str(q, v, "tag", party->tag);
	if (party->via_branch.len)
		add_str(q, v, "via-branch", party->via_branch);
	if (party->alias_count) {
		struct value *aliases = dict_add_list(q->d, v, "tag-aliases");

		for (unsigned i = 0; i < party->alias_count; i++)
			add_str(q, aliases, NULL, party->aliases[i]);
	}
	if (party->label.s)
		add_str(q, v, "label", party->label);
	dict_add_int(q->d, v, "created", party->created_us / SECOND_US);
	if (party->metadata.s)
		add_str(q, v, "metadata", party->metadata);
	add_links(q, v, "subscriptions", party, false);
	add_links(q, v, "subscribers", party, true);
	medias = dict_add_list(q->d, v, "medias");
	for (unsigned i = 0; i < party->media_count; i++)
		add_media(q, medias, party->media[i]);
	if (party->vsc)
		add_codes(q, v, party);
	if (q->call->model->recording) {
		struct value *recording = dict_add_dict(q->d, v, "recording");

		dict_add_int(q->d, recording, "excluded", party->not_recorded);
		dict_add_int(q->d, recording, "forwarding", 0);
	}
}

static void add_call(
	struct command *c, const struct call *call, const struct party *only, bool parties)
{
	const struct model *model = call->model;
	enum ssrc_reporting ssrcs = call_table_settings(call->table)->ssrc_reporting;
	struct plan *plan = call_compile(call, model);
	struct query q = {
		.c = c,
		.d = c->reply,
		.call = call,
		.plan = plan,
		.wall_minus_mono_us = clock_wall_us() - clock_mono_us(),
		.ssrcs_inline = ssrcs == SSRCS_FULL || ssrcs == SSRCS_INLINE,
		.ssrcs_global = ssrcs == SSRCS_FULL || ssrcs == SSRCS_GLOBAL,
	};
	struct value *root = c->root, *tags, *totals;

	dict_add_int(q.d, root, "created", call->created_wall_us / SECOND_US);
	dict_add_int(q.d, root, "created_us", call->created_wall_us % SECOND_US);
	dict_add_int(q.d, root, "created_ts", call->created_wall_us);
	dict_add_int(q.d, root, "last signal", model->last_signal_us / SECOND_US);
	dict_add_int(q.d, root, "last redis update", 0);
	if (model->metadata.s)
		add_str(&q, root, "metadata", model->metadata);
	q.ssrcs = dict_add_dict(q.d, root, "SSRC");
	tags = dict_add_dict(q.d, root, "tags");
	for (unsigned i = 0; parties && i < model->party_count; i++)
		if (!only || model->parties[i] == only ||
			party_receives_from(only, model->parties[i]))
			add_party(&q, tags, model->parties[i]);
	if (parties && !only)
		add_silent_ssrcs(&q);
	totals = dict_add_dict(q.d, root, "totals");
	add_counters(&q, totals, "RTP", q.rtp.packets, q.rtp.bytes, q.rtp.errors);
	add_counters(&q, totals, "RTCP", q.rtcp.packets, q.rtcp.bytes, q.rtcp.errors);
	reply_add_recording(c, call);
	plan_free(plan);
}

void reply_add_call(struct command *c, const struct call *call, const struct party *only)
{
	add_call(c, call, only, true);
}

void reply_add_no_parties(struct command *c, const struct call *call)
{
	add_call(c, call, NULL, false);
}

int cmd_query(struct command *c, struct err *err)
{
	struct str id = value_get_str(c->request, "call-id");
	struct str tag = value_get_str(c->request, "to-tag");
	const struct party *only = NULL;
	const struct call *call;

	if (!id.s)
		return err_set(err, EINVAL, "No call-id in message");
	call = call_table_find(c->control->calls, id);
	if (!call)
		return err_set(err, ENOENT, "Unknown call-id");
	if (!tag.len)
		tag = value_get_str(c->request, "from-tag");
	if (tag.len) {
		only = model_find_tag(call->model, tag);
		if (!only) {
			reply_add_no_parties(c, call);
			return 0;
		}
	}
	reply_add_call(c, call, only);
	return 0;
}

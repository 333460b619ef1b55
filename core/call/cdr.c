/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The detail record of a call that ends: one line for those who bill or count (spec daemon 2.8). */
#include "call/call.h"

#include "base/clock.h"

#include <glib.h>

static const int64_t SECOND_US = 1000000;

/* A line being written. */
struct record {
	GString *text;
	const struct call *call;
	int64_t now_wall_us, now_mono_us;
	const char *termination;
	unsigned party; /* being told of, from 0 */
};

static const char *termination_of(enum reason reason)
{
	switch (reason) {
	case REASON_TIMEOUT:
		return "TIMEOUT";
	case REASON_SILENT_TIMEOUT:
		return "SILENT_TIMEOUT";
	case REASON_OFFER_TIMEOUT:
		return "OFFER_TIMEOUT";
	case REASON_FINAL_TIMEOUT:
		return "FINAL_TIMEOUT";
	case REASON_DELETED:
		return "REGULAR";
	case REASON_TERMINATED:
		return "FORCED";
	default:
		return "UNKNOWN";
	}
}

static void add_outside_text(GString *out, struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		g_string_append_c(out, log_printable(s.s[i]));
}

static void add_text(struct record *r, const char *key, struct str value)
{
	g_string_append_printf(r->text, "ml%u_%s=", r->party, key);
	add_outside_text(r->text, value);
	g_string_append(r->text, ", ");
}

static void add_time(struct record *r, const char *key, int64_t us)
{
	g_string_append_printf(r->text, "ml%u_%s=%lld.%06lld, ", r->party, key,
		(long long)(us / SECOND_US), (long long)(us % SECOND_US));
}

/* The first offer made its sender and receiver; the receiver's branches follow. */
static const char *tag_type(const struct party *party)
{
	if (!party->tag.s)
		return "UNKNOWN";
	return party->number == 0 ? "FROM_TAG" : "TO_TAG";
}

static void add_party(struct record *r, const struct party *party)
{
	const struct model *model = r->call->model;

	add_time(r, "start_time", party->created_us);
	add_time(r, "end_time", r->now_wall_us);
	add_time(r, "duration", MAX(r->now_wall_us - party->created_us, 0));
	add_text(r, "termination", str_of(r->termination));
	add_text(r, "local_tag", party->tag);
	add_text(r, "local_tag_type", str_of(tag_type(party)));
	for (unsigned i = 0; i < model->party_count; i++)
		if (party_receives_from(party, model->parties[i]))
			add_text(r, "remote_tag",
				model->parties[i]->tag.s ? model->parties[i]->tag
							 : STR_LIT("(none)"));
}

static void add_stream(struct record *r, const struct media *media, unsigned component)
{
	const struct media_stream *stream = &media->streams[component];
	struct addr local = media_ports(media)->leases[component]->port->local, peer;
	int64_t last_us = r->call->created_wall_us;
	char start[64], local_text[ADDR_TEXT], peer_text[ADDR_TEXT];
	struct stream_counts counts;
	GString *out = r->text;

	stream_stats_read(stream->stats, &counts);
	peer = counts.peer.family ? counts.peer : stream->peer;
	if (counts.last_in_us)
		last_us = counts.last_in_us + r->now_wall_us - r->now_mono_us;
	g_snprintf(start, sizeof(start), "ml%u_midx%u_%s", r->party, media->index + 1,
		component % 2 ? "rtcp" : "rtp");
	g_string_append_printf(out, "%s_endpoint_ip=%s, %s_endpoint_port=%u, ", start,
		peer.family ? addr_print_ip(&peer, peer_text) : "0.0.0.0", start, peer.port);
	g_string_append_printf(out, "%s_local_relay_ip=%s, %s_local_relay_port=%u, ", start,
		addr_print_ip(&local, local_text), start, local.port);
	g_string_append_printf(out,
		"%s_relayed_packets=%llu, %s_relayed_bytes=%llu, %s_relayed_errors=%llu, ", start,
		(unsigned long long)counts.packets_in, start, (unsigned long long)counts.bytes_in,
		start, (unsigned long long)counts.errors_in);
	/* Marks of received packets are not looked at: there is nothing to tell. */
	g_string_append_printf(out, "%s_last_packet=%lld, %s_in_tos_tclass=0, ", start,
		(long long)(last_us / SECOND_US), start);
}

static void add_payload_type(struct record *r, const struct media *media)
{
	struct stream_counts counts = { 0 };
	const struct ssrc_stats *latest = NULL;

	if (media->stream_count)
		stream_stats_read(media->streams[0].stats, &counts);
	for (unsigned i = 0; i < STREAM_SSRC_MAX; i++)
		if (counts.ssrc[i].used && (!latest || counts.ssrc[i].last_us > latest->last_us))
			latest = &counts.ssrc[i];
	if (latest)
		g_string_append_printf(r->text, "payload_type=%u, ", latest->payload_type);
	else
		g_string_append(r->text, "payload_type=unknown, ");
}

static void add_media(struct record *r, const struct media *media)
{
	add_payload_type(r, media);
	for (unsigned i = 0;
		media_ports(media) && i < MIN(media_ports(media)->count, media->stream_count); i++)
		if (i % 2 == 0 || !media->mux)
			add_stream(r, media, i);
}

void call_log_record(const struct call *call, enum reason reason)
{
	int facility = call_table_settings(call->table)->cdr_facility;
	const struct model *model = call->model;
	struct record r = {
		.call = call,
		.now_wall_us = clock_wall_us(),
		.now_mono_us = clock_mono_us(),
		.termination = termination_of(reason),
	};
	char from[ADDR_TEXT];

	if (facility < 0 || !model)
		return;
	r.text = g_string_new("ci=");
	add_outside_text(r.text, call->id);
	g_string_append_printf(r.text, ", created_from=%s, last_signal=%lld, tos=%d, ",
		addr_print(&call->created_from, from),
		(long long)(model->last_signal_us / SECOND_US), model->tos);
	for (r.party = 0; r.party < model->party_count; r.party++) {
		const struct party *party = model->parties[r.party];

		add_party(&r, party);
		for (unsigned m = 0; m < party->media_count; m++)
			add_media(&r, party->media[m]);
	}
	log_record(facility, r.text->str);
	g_string_free(r.text, TRUE);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is logged about a call when it ends (spec daemon 2.7). */
#include "call/call.h"

#include "base/clock.h"

#include <glib.h>

static const int64_t SECOND_US = 1000000;

static void add_head(GString *out, const struct party *party, int64_t now_wall_us)
{
	const struct party *peer = party_peer(party);
	int64_t age_s = (now_wall_us - party->created_us) / SECOND_US;

	g_string_append_printf(out, "\n--- Tag '" MARKED("%.*s") "'", MARK(STR_ARG(party->tag)));
	if (party->label.s)
		g_string_append_printf(out, " (label '%.*s')", STR_ARG(party->label));
	g_string_append_printf(out, ", created %lld:%02lld ago for branch '" MARKED("%.*s") "'",
		(long long)(age_s / 60), (long long)(age_s % 60), MARK(STR_ARG(party->via_branch)));
	if (peer && peer->tag.s)
		g_string_append_printf(
			out, ", in dialogue with '" MARKED("%.*s") "'", MARK(STR_ARG(peer->tag)));
	else
		g_string_append(out, ", in dialogue with (none)");
}

static void add_codec(GString *out, const struct media *media, const struct stream_counts *counts)
{
	for (unsigned i = 0; media->in && counts->ssrc[0].used && i < media->in->format_count;
		i++) {
		const struct sdp_format *f = &media->in->formats[i];

		if (f->payload_type != counts->ssrc[0].payload_type || !f->encoding.len)
			continue;
		g_string_append_printf(out, "%.*s/%u", STR_ARG(f->encoding), f->clock_hz);
		return;
	}
	if (media->in && !sdp_transport_info(media->transport)->rtp)
		g_string_append_printf(out, "%.*s", STR_ARG(media->in->formats_text));
	else
		g_string_append(out, "unknown codec");
}

static void add_stream(GString *out, const struct call *call, const struct media *media,
	unsigned component, int64_t now_mono_us)
{
	const struct media_stream *stream = &media->streams[component];
	struct stream_counts counts, rtp;
	struct addr local = { 0 }, peer;
	char local_text[ADDR_TEXT], peer_text[ADDR_TEXT];
	int64_t last;

	stream_stats_read(stream->stats, &counts);
	stream_stats_read(media->streams[component & ~1u].stats, &rtp);
	if (media_ports(media) && component < media_ports(media)->count)
		local = media_ports(media)->leases[component]->port->local;
	peer = counts.peer.family ? counts.peer : stream->peer;
	last = counts.last_in_us ? counts.last_in_us : stream->since_us;
	last = last ? last : call->created_mono_us;
	g_string_append_printf(out, "\n--------- Port %15s:%-5u <> " MARKED("%15s:%-5u") "%s",
		local.family ? addr_print_ip(&local, local_text) : "0.0.0.0", local.port,
		MARK(peer.family ? addr_print_ip(&peer, peer_text) : "0.0.0.0", peer.port),
		component % 2 ? " (RTCP)" : "");
	if (rtp.ssrc[0].used)
		g_string_append_printf(out, ", SSRC " MARKED("%x"), MARK(rtp.ssrc[0].ssrc));
	g_string_append_printf(out, ", in %llu p, %llu b, %llu e, %lld ts, out %llu p, %llu b, 0 e",
		(unsigned long long)counts.packets_in, (unsigned long long)counts.bytes_in,
		(unsigned long long)counts.errors_in, (long long)((now_mono_us - last) / SECOND_US),
		(unsigned long long)counts.packets_out, (unsigned long long)counts.bytes_out);
}

static void add_media(
	GString *out, const struct call *call, const struct media *media, int64_t now_mono_us)
{
	struct stream_counts counts = { 0 };
	const char *name = sdp_transport_info(media->transport)->name;

	if (media->stream_count)
		stream_stats_read(media->streams[0].stats, &counts);
	g_string_append_printf(
		out, "\n------ Media #%u (%.*s over ", media->index + 1, STR_ARG(media->type_text));
	g_string_append_printf(
		out, "%.*s) using ", STR_ARG(name ? str_of(name) : media->transport_text));
	add_codec(out, media, &counts);
	for (unsigned i = 0; i < media->stream_count; i++)
		add_stream(out, call, media, i, now_mono_us);
}

static void add_score(
	GString *out, const char *name, const struct quality_block *block, const struct call *call)
{
	long long at_s = (block->at_us - call->created_mono_us) / SECOND_US;

	g_string_append_printf(out, ", %s MOS %u.%u (at %lld:%02lld)", name, block->mos / 10,
		block->mos % 10, at_s / 60, at_s % 60);
}

static double ms(uint64_t us)
{
	return (double)us / 1000.0;
}

/* Averages, then what came with the lowest and the highest score. */
static void add_quality(GString *out, const struct quality_counts *c, const struct call *call)
{
	const struct quality_block *low = &c->lowest, *high = &c->highest;
	uint64_t mos = c->sum_mos / c->samples;

	g_string_append_printf(out, "\n--- SSRC " MARKED("%x"), MARK(c->ssrc));
	g_string_append_printf(
		out, "\n------ Average MOS %u.%u", (unsigned)mos / 10, (unsigned)mos % 10);
	add_score(out, "lowest", low, call);
	add_score(out, "highest", high, call);
	g_string_append_printf(out,
		" lost:%d\n------ respective (avg/min/max) jitter %u/%u/%u ms, "
		"RTT-e2e %.1f/%.1f/%.1f ms, RTT-dsct %.1f/%.1f/%.1f ms, packet loss %u/%u/%u%%",
		c->lost, (unsigned)(c->sum_jitter_ms / c->samples), low->jitter_ms, high->jitter_ms,
		ms(c->sum_rtt_us / c->samples), ms(low->rtt_us), ms(high->rtt_us),
		ms(c->sum_leg_rtt_us / c->samples), ms(low->leg_rtt_us), ms(high->leg_rtt_us),
		(unsigned)(c->sum_loss_percent / c->samples), low->loss_percent,
		high->loss_percent);
}

static bool party_sends(const struct party *party, uint32_t ssrc)
{
	struct stream_counts counts;

	for (unsigned m = 0; m < party->media_count; m++)
		for (unsigned i = 0; i < party->media[m]->stream_count; i += 2) {
			stream_stats_read(party->media[m]->streams[i].stats, &counts);
			for (unsigned n = 0; n < STREAM_SSRC_MAX; n++)
				if (counts.ssrc[n].used && counts.ssrc[n].ssrc == ssrc)
					return true;
		}
	return false;
}

/* Of the SSRCs that the party sends; NULL: of those that nobody was seen to send. */
static void add_qualities(GString *out, const struct call *call, const struct party *only)
{
	const struct model *model = call->model;
	struct quality_counts counts;

	for (unsigned i = 0; session_quality_read(call->session, i, &counts); i++) {
		const struct party *sender = NULL;

		for (unsigned p = 0; !sender && p < model->party_count; p++)
			if (party_sends(model->parties[p], counts.ssrc))
				sender = model->parties[p];
		if (counts.samples && sender == only)
			add_quality(out, &counts, call);
	}
}

void call_log_summary(const struct call *call)
{
	int64_t wall_us = clock_wall_us(), mono_us = clock_mono_us();
	GString *out;

	if (!log_enabled(LOG_L_INFO) || !call->model)
		return;
	out = g_string_new("Final packet stats:");
	for (unsigned p = 0; p < call->model->party_count; p++) {
		const struct party *party = call->model->parties[p];

		add_head(out, party, wall_us);
		for (unsigned m = 0; m < party->media_count; m++)
			add_media(out, call, party->media[m], mono_us);
		add_qualities(out, call, party);
	}
	add_qualities(out, call, NULL);
	log_info("%s", out->str);
	g_string_free(out, TRUE);
}

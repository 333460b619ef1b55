/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One direction explained: does it work, and if not, what is missing. */
#include "call/codec_flow.h"
#include "call/explain_priv.h"
#include "call/play.h"
#include "call/sentence.h"
#include "codec/rules.h"

enum { STOPPED_US = 5000000 }; /* silence longer than this is one */

const char *explain_state_name(enum explain_state state)
{
	static const char *const names[EXPLAIN_STATE_COUNT] = {
#define EXPLAIN_NAME(id, name) [EXPLAIN_##id] = name,
		EXPLAIN_STATES(EXPLAIN_NAME)
#undef EXPLAIN_NAME
	};

	return names[state];
}

static bool is_blocked(const struct explained *f)
{
	return f->call->model->drop_traffic || f->from->blackhole || f->call->model->blocks.media ||
	       party_blocks(f->from->party, f->to->party).media || play_is_alone(f->to->party);
}

static enum explain_state state_of_silence(const struct explained *f)
{
	if (explain_lacks_keys(f->in))
		return EXPLAIN_NO_KEYS;
	if (explain_has_wrong_keys(f->in))
		return EXPLAIN_WRONG_KEYS;
	if (!f->from->in || (f->to && (!f->to->in || !f->from->party->printed.any)))
		return EXPLAIN_UNANSWERED;
	if (explain_lacks_ice(f->call, f->from))
		return EXPLAIN_NO_ICE;
	if (explain_lacks_dtls(f->from))
		return EXPLAIN_NO_DTLS;
	if (f->in->dropped)
		return EXPLAIN_ALL_DROPPED;
	if (!f->from->recv)
		return EXPLAIN_HELD;
	return f->in->rtcp_packets ? EXPLAIN_RTCP_ONLY : EXPLAIN_NEVER;
}

enum explain_state explain_state(const struct explained *f)
{
	if (f->from->rejected)
		return EXPLAIN_DECLINED;
	if (!media_ports(f->from))
		return EXPLAIN_NOT_RELAYED;
	if (!f->in->rtp_packets)
		return state_of_silence(f);
	if (f->now_us - f->in->rtp_last_us > STOPPED_US && explain_has_wrong_keys(f->in))
		return EXPLAIN_WRONG_KEYS;
	if (f->now_us - f->in->rtp_last_us > STOPPED_US)
		return f->from->recv ? EXPLAIN_STOPPED : EXPLAIN_HELD;
	if (!f->to)
		return EXPLAIN_NOBODY;
	if (is_blocked(f))
		return EXPLAIN_BLOCKED;
	if (explain_lacks_ice(f->call, f->to))
		return EXPLAIN_NO_ICE;
	if (explain_lacks_dtls(f->to))
		return EXPLAIN_NO_DTLS;
	if (!f->out.peer.family)
		return EXPLAIN_NO_DESTINATION;
	if (!f->out.packets_out && f->out.drops[REASON_SEND_FAILED])
		return EXPLAIN_SEND_FAILS;
	return EXPLAIN_FLOWS;
}

/* Such addresses mean something in a network of one's own only (RFC 1918, 6598, 4193). */
static bool is_private(const struct addr *a)
{
	if (a->family == ADDR_IP6)
		return (a->ip[0] & 0xfe) == 0xfc || (a->ip[0] == 0xfe && (a->ip[1] & 0xc0) == 0x80);
	return a->family == ADDR_IP4 &&
	       (a->ip[0] == 10 || (a->ip[0] == 172 && (a->ip[1] & 0xf0) == 16) ||
		       (a->ip[0] == 192 && a->ip[1] == 168) ||
		       (a->ip[0] == 100 && (a->ip[1] & 0xc0) == 64));
}

/* What on the way may be to blame, as far as addresses tell. */
static void add_suspects(GString *out, const struct explained *f, const struct addr *shown)
{
	const struct addr *own = &f->from->advertised;

	if (is_private(shown) && own->family && !is_private(own)) {
		g_string_append(out, "that is a private address, which a party at ");
		sentence_addr(out, own);
		g_string_append(out, " cannot reach: is --interface given the public one?");
	} else if (is_private(own) && !is_private(shown)) {
		g_string_append(out, "it is behind a NAT (");
		sentence_addr(out, own);
		g_string_append(out, "), and either does not send or a firewall keeps it away.");
	} else {
		g_string_append(
			out, "it does not send, or a firewall or NAT between keeps it away.");
	}
}

static void why_never(GString *out, const struct explained *f)
{
	struct addr shown = explain_shown_addr(f->from, 0);
	int64_t since_us = f->from->stream_count ? f->from->streams[0].since_us : 0;

	g_string_append(out, "Nothing has arrived from ");
	sentence_party(out, f->from->party);
	if (since_us) {
		g_string_append(out, " in the ");
		sentence_time(out, f->now_us - since_us);
		g_string_append(out, " since the latest signalling");
	}
	g_string_append(out, ". It was told to send to ");
	sentence_addr(out, &shown);
	g_string_append(out, ": ");
	add_suspects(out, f, &shown);
}

static void why_unanswered(GString *out, const struct explained *f)
{
	bool by_sender = !f->from->in;

	const struct party *party = by_sender ? f->from->party : f->to->party;

	g_string_append(out, "Nothing has arrived: ");
	if (party->tag.len || party->via_branch.len) {
		sentence_party(out, party);
		g_string_append(out, " has not answered yet");
	} else {
		g_string_append(out, "there is no answer yet");
	}
	if (!by_sender && !f->from->party->printed.any) {
		g_string_append(out, ", so ");
		sentence_party(out, f->from->party);
		g_string_append(out, " does not know where to send");
	}
	g_string_append_c(out, '.');
}

/* `party` with words before and behind it. */
static void add_about(
	GString *out, const char *before, const struct party *party, const char *behind)
{
	g_string_append(out, before);
	sentence_party(out, party);
	g_string_append(out, behind);
}

static void why_dropped(GString *out, const struct explained *f)
{
	const struct stream_counts *c = &f->in->rtp;
	unsigned most = 0;

	for (unsigned r = 0; r < REASON_DROPS; r++)
		if (!explain_is_drop_out((enum reason)r) && c->drops[r] > c->drops[most])
			most = r;
	add_about(out, "All that arrived at the port for ", f->from->party,
		" was dropped, most of it because: ");
	g_string_append_printf(out, "%s.", reason_row((enum reason)most)->text);
}

static void why_stopped(GString *out, const struct explained *f)
{
	add_about(out, "", f->from->party, " has stopped sending: nothing for ");
	sentence_time(out, f->now_us - f->in->rtp_last_us);
	g_string_append_c(out, '.');
	if (f->in->rtp.dropped_us > f->in->rtp_last_us &&
		f->in->rtp.drops[f->in->rtp.dropped_reason]) {
		g_string_append(out, " What came since was dropped: ");
		g_string_append(out, reason_row((enum reason)f->in->rtp.dropped_reason)->text);
		g_string_append_c(out, '.');
	}
	explain_transport_lost(out, f->call, f->from);
}

/* Of which of the two sections is it that it lacks what media need? */
static const struct media *without_transport(const struct explained *f)
{
	return f->in->rtp_packets ? f->to : f->from;
}

static const char *const explain_dtmf[PLAN_DTMF_MODES] = {
	[PLAN_DTMF_OFF] = "",
	[PLAN_DTMF_DROP] = " DTMF events are left out, as the proxy asked for.",
	[PLAN_DTMF_SILENCE] = " DTMF is made silent, as the proxy asked for.",
	[PLAN_DTMF_TONE] = " DTMF becomes a tone, as the proxy asked for.",
	[PLAN_DTMF_RANDOM] = " DTMF becomes other digits, as the proxy asked for.",
	[PLAN_DTMF_ZERO] = " DTMF becomes the digit 0, as the proxy asked for.",
	[PLAN_DTMF_DIGIT] = " DTMF becomes another digit, as the proxy asked for.",
};

static void why_flows(GString *out, const struct explained *f)
{
	add_about(out, "Media of ", f->from->party, " are sent on to ");
	add_about(out, "", f->to->party, " at ");
	sentence_addr(out, &f->out.peer);
	g_string_append(out, ": ");
	sentence_count(out, f->out.packets_out, "packet");
	g_string_append(out, " in all.");
	if (f->call->model->blocks.silence || party_blocks(f->from->party, f->to->party).silence)
		g_string_append(
			out, " Audio of G.711 and G.722 is made silent, as the proxy asked for.");
	g_string_append(out, explain_dtmf[party_dtmf(f->call->model, f->from->party)->how.mode]);
}

/* Only where there is a choice. */
static void say_path(GString *out, const struct explained *f)
{
	enum reason why;

	if (!call_table_settings(f->call->table)->offload || !f->in->rtp_packets)
		return;
	if (call_stream_in_kernel(f->call, f->from, 0, &f->in->rtp, &why))
		g_string_append(out, "The kernel forwards it");
	else
		g_string_append_printf(
			out, "The kernel does not forward it: %s", reason_row(why)->text);
	if (f->in->rtp.kernel_packets) {
		g_string_append(out, "; so far it has forwarded ");
		sentence_count(out, f->in->rtp.kernel_packets, "packet");
	}
	g_string_append(out, ".\n");
}

void explain_why(GString *out, const struct explained *f)
{
	const struct party *from = f->from->party;

	switch (explain_state(f)) {
	case EXPLAIN_DECLINED:
		g_string_append(out, "The section is declined: no media.");
		return;
	case EXPLAIN_NOT_RELAYED:
		g_string_append(out, "No port is open for it: nothing is relayed.");
		return;
	case EXPLAIN_UNANSWERED:
		why_unanswered(out, f);
		return;
	case EXPLAIN_NO_KEYS:
		explain_why_no_keys(out, f->from, f->in);
		return;
	case EXPLAIN_WRONG_KEYS:
		explain_why_wrong_keys(out, f->from, f->in, f->now_us);
		explain_transport_lost(out, f->call, f->from);
		return;
	case EXPLAIN_NO_ICE:
		explain_why_no_ice(out, f->call, without_transport(f), f->now_us);
		return;
	case EXPLAIN_NO_DTLS:
		explain_why_no_dtls(out, without_transport(f), f->now_us);
		return;
	case EXPLAIN_RTCP_ONLY:
		add_about(out, "Only RTCP has arrived from ", from,
			", no media: it is reachable, but sends none or sends it elsewhere.");
		return;
	case EXPLAIN_ALL_DROPPED:
		why_dropped(out, f);
		return;
	case EXPLAIN_HELD:
		add_about(out, "Nothing is awaited from ", from, ": it is on hold.");
		return;
	case EXPLAIN_NEVER:
		why_never(out, f);
		return;
	case EXPLAIN_STOPPED:
		why_stopped(out, f);
		return;
	case EXPLAIN_NOBODY:
		add_about(out, "Nobody receives what ", from, " sends.");
		return;
	case EXPLAIN_BLOCKED:
		add_about(out, "Media of ", from, " are not sent on to ");
		add_about(out, "", f->to->party,
			f->to->party->played.is_moh   ? ", which is on hold and hears music."
			: play_is_alone(f->to->party) ? ", which hears what is played to it."
						      : ", as the proxy asked for.");
		return;
	case EXPLAIN_NO_DESTINATION:
		add_about(out, "Media cannot be sent on: where ", f->to->party,
			" receives is not known, or it is on hold.");
		return;
	case EXPLAIN_SEND_FAILS:
		add_about(out, "Media cannot be sent on to ", f->to->party,
			": the system refuses to send there.");
		return;
	case EXPLAIN_FLOWS:
	case EXPLAIN_STATE_COUNT:
		break;
	}
	why_flows(out, f);
}

/* The same number without a name, or else what can be the same codec, by whichever number. */
static bool names_codec(const struct media *media, const struct sdp_format *f)
{
	for (unsigned i = 0; i < media->in->format_count; i++) {
		const struct sdp_format *g = &media->in->formats[i];
		struct codec_params p = format_params(f), q = format_params(g);

		if (f->encoding.len && g->encoding.len
				? format_is_same_codec(f, g) && codec_fits(f->encoding, &p, &q)
				: f->payload_type == g->payload_type)
			return true;
	}
	return false;
}

/* Those that only one side named, or both; what does not count of an answer is told with it. */
static unsigned pick_codecs(
	const struct media *of, const struct media *other, bool both, struct sdp_format *ret)
{
	unsigned count = 0;

	for (unsigned i = 0; i < of->in->format_count && count < SDP_MAX_FORMATS; i++)
		if (names_codec(other, &of->in->formats[i]) == both &&
			!explain_left_out(of, &of->in->formats[i]))
			ret[count++] = of->in->formats[i];
	return count;
}

static void say_only(GString *out, const struct media *of, const struct media *other)
{
	struct sdp_format formats[SDP_MAX_FORMATS];
	unsigned count = pick_codecs(of, other, false, formats);

	if (!count)
		return;
	add_about(out, "Only ", of->party, " named ");
	sentence_formats(out, formats, count);
	g_string_append(out, ".\n");
}

/* Did the operator's rules have a say in it? */
static bool is_preferred(const struct sdp_format *from, const struct plan_format *to)
{
	const struct codec_named source = { from->encoding, format_params(from) };
	const struct codec_named destination = { str_of(to->codec->name), to->params };

	return codec_rules_preference(&source, &destination) > 0;
}

static void say_made(GString *out, const char *how, const struct codec_flow *flow,
	const struct sdp_format *from, const struct plan_format *to)
{
	const struct sdp_format made = {
		.encoding = str_of(to->codec->name),
		.clock_hz = to->params.clock_hz,
		.channels = to->params.channels,
		.payload_type = to->payload_type,
	};

	g_string_append_printf(out, " is %s ", how);
	sentence_formats(out, &made, 1);
	if (flow->fixed_ptime_ms > 0 && !format_is_supplemental(&made))
		g_string_append_printf(out, " in packets of %u ms", to->params.ptime_ms);
	g_string_append(out, is_preferred(from, to) ? ", which a rule prefers.\n" : ".\n");
}

/* Each codec that does not pass as it is. False: they all do. */
static bool say_transcoded(GString *out, const struct explained *f)
{
	static const char *const words[] = {
		[PLAN_TRANSCODE] = "transcoded to",
		[PLAN_EVENT] = "passed on as",
		[PLAN_NOISE] = "passed on as",
		[PLAN_TONE] = "heard in",
	};
	struct plan_transcode plan = { 0 };
	struct codecs_said said;
	struct codec_flow flow;
	bool any = false;

	if (f->from->passed ||
		!codec_flow_find(f->call->model, f->from, f->to, false, &said, &flow) ||
		!choose_transcode(&flow, &plan))
		return false;
	for (unsigned i = 0; i < flow.from.count; i++) {
		const struct sdp_format *from = &flow.from.entries[i].format;
		const struct plan_handler *h = &plan.handler[from->payload_type & 0x7f];
		const struct plan_format *to = &plan.encoders[h->encoder];

		if (h->handling == PLAN_PASS)
			continue;
		any = true;
		sentence_formats(out, from, 1);
		if (h->handling == PLAN_DISCARD)
			g_string_append(
				out, " is discarded: the other side has nothing like it.\n");
		else
			say_made(out, words[h->handling], &flow, from, to);
	}
	return any;
}

/* Told once for each pair: by the party that was there first. */
static void say_codecs(GString *out, const struct explained *f)
{
	struct sdp_format formats[SDP_MAX_FORMATS];
	unsigned count;

	if (!f->from->in || !f->to->in || !f->from->in->format_count || !f->to->in->format_count ||
		say_transcoded(out, f) || f->from->party->number > f->to->party->number)
		return;
	count = pick_codecs(f->to, f->from, true, formats);
	if (count) {
		g_string_append(out, "Both sides named ");
		sentence_formats(out, formats, count);
		g_string_append(out, ".\n");
	} else {
		g_string_append(out,
			"They have no codec in common, and nothing is transcoded: they cannot "
			"hear each other.\n");
	}
	say_only(out, f->from, f->to);
	say_only(out, f->to, f->from);
}

static void say_profile(GString *out, const struct explained *f)
{
	const char *a = sdp_transport_info(f->from->transport)->name;
	const char *b = sdp_transport_info(f->to->transport)->name;

	if (f->from->transport != f->to->transport && a && b)
		g_string_append_printf(
			out, "The profile changes on the way from %s to %s.\n", a, b);
}

static void say_private(GString *out, const struct explained *f)
{
	struct addr shown = explain_shown_addr(f->to, 0);

	if (!is_private(&f->to->advertised) || is_private(&shown) || f->out.seen ||
		f->to->learn == PLAN_LEARN_OFF)
		return;
	add_about(out, "What is sent to ", f->to->party,
		" will hardly arrive before its real address is learned from a packet of its: "
		"the one it gave is private.\n");
}

void explain_flow(GString *out, const struct explained *f)
{
	explain_why(out, f);
	g_string_append_c(out, '\n');
	if (!f->to || f->from->rejected)
		return;
	say_profile(out, f);
	say_codecs(out, f);
	say_private(out, f);
	say_path(out, f);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A model compiled into a plan: every section that has ports gives one stream for RTP and, when
 * RTCP has a port of its own, one for that. Pure: nothing is opened or changed.
 */
#include "base/ref.h"
#include "call/call.h"
#include "call/codec_flow.h"
#include "call/dtmf.h"
#include "call/negotiate.h"
#include "call/plan_priv.h"
#include "call/play.h"
#include "call/port_maps.h"
#include "media/delay.h"
#include "record/recorder.h"

enum { REPORT_MS = 5000 }; /* where nothing is configured */

/* What all that a section hears becomes, if that is mixed. */
struct mixed {
	bool is;
	struct codec_work work; /* `format` points into it */
	struct plan_format format;
};

/* While compiling: which stream of the plan a section's streams became. */
struct compiler {
	const struct model *model;
	struct plan *plan;
	uint16_t *next_slot; /* of sink lists */
	struct media **media;
	unsigned *first; /* index of the section's first stream */
	unsigned media_count;
	bool no_suppress;                /* as configured */
	const struct call_settings *set; /* NULL: as by default */
	struct mixed *mixed;             /* by section; `is` false for most of them */
	bool told; /* one of the stream's flows tells of digits in its audio */
};

/*
 * As long as the model has a lease its port stays in the plan, if only to be listened on: a port
 * that left a plan and came back with the next might meet the worker's letting go of it.
 */
static unsigned streams_of(const struct media *media)
{
	unsigned count = 0;

	if (media->carrier)
		return media_ports(media) ? MIN(media_ports(media)->count, media->stream_count) : 0;
	for (const struct port_map *m = media->maps; m; m = m->next)
		count = MAX(count, m->count);
	return MIN(count, media->stream_count);
}

/* Does it take part, and with this component? */
static bool is_live(const struct media *media, unsigned component)
{
	return media_ports(media) && !media->rejected && component < media_ports(media)->count;
}

static void add_port(struct plan_stream *s, struct lease *lease)
{
	for (unsigned i = 0; i < s->port_count; i++)
		if (s->ports[i] == lease)
			return;
	if (s->port_count < PLAN_MAX_PORTS)
		s->ports[s->port_count++] = ref_take(lease);
}

/*
 * The port in use, and those shown earlier: the peer may not have seen our latest body yet, and
 * goes on sending where it was told before.
 */
static void add_ports(struct plan_stream *s, const struct media *media, unsigned component)
{
	if (media->ports && is_live(media, component))
		add_port(s, media->ports->leases[component]);
	/* In the order of negotiate_ice_plan. */
	for (unsigned i = 0;
		media->ports && is_live(media, component) && i < media->ports->iface->addr_count;
		i++) {
		const struct port_map *m = media_ports_at(media, &media->ports->iface->addrs[i]);

		if (m && component < m->count)
			add_port(s, m->leases[component]);
	}
	for (const struct port_map *m = media->maps; m; m = m->next)
		if (component < m->count)
			add_port(s, m->leases[component]);
}

static bool any_source_has_feedback(const struct media *media)
{
	for (unsigned i = 0; i < media->source_count; i++)
		if (sdp_transport_info(media->sources[i]->transport)->feedback)
			return true;
	return false;
}

static bool any_source_signalled(const struct media *media)
{
	for (unsigned i = 0; i < media->source_count; i++)
		if (media->sources[i]->in)
			return true;
	return false;
}

/* Before its answer only where there are no other keys to go on with. */
static bool may_begin_dtls(const struct media *media)
{
	return media->dtls && !media->carrier && (media->dtls->answered || !media->crypto.in);
}

static void add_event(struct plan_stream *s, const struct sdp_format *f)
{
	if (codec_flags(f->encoding) & CODEC_EVENT)
		s->events[(f->payload_type & 0x7f) / 64] |= UINT64_C(1) << f->payload_type % 64;
}

/* What a receiver said its payload types are counts where the sender said nothing of them. */
static void add_events(struct plan_stream *s, const struct media *media)
{
	for (unsigned i = 0; media->in && i < media->in->format_count; i++)
		add_event(s, &media->in->formats[i]);
}

static void add_list_events(struct plan_stream *s, struct codec_list list)
{
	for (unsigned i = 0; i < list.count; i++)
		add_event(s, &list.entries[i].format);
}

/* It may use the numbers that it was offered, too, and before an answer those it had before. */
static void add_heard_events(struct plan_stream *s, const struct media *media)
{
	const struct codec_agreement *a = media->agreement;

	if (a) {
		add_list_events(s, a->heard);
		add_list_events(s, a->interim.returned);
	}
	for (unsigned i = 0; i < media->source_count; i++) {
		a = media_agreement(media->sources[i], media->party);
		if (a)
			add_list_events(s, a->interim.sent);
	}
}

static bool is_mixed(const struct compiler *c, const struct media *media)
{
	unsigned at = media->plan_place;

	return c->mixed && at < c->media_count && c->media[at] == media && c->mixed[at].is;
}

static void compile_stream(const struct compiler *c, struct plan_stream *s,
	const struct media *media, unsigned component)
{
	const char *software = c->set ? c->set->software_id : NULL;
	const struct model *model = c->model;
	const struct sdp_transport_info *t = sdp_transport_info(media->transport);
	const struct media_crypto *crypto = &media_carrier(media)->crypto;
	const struct media_stream *stream = &media->streams[component];
	bool muxed = media->mux || media->mux_open || media->mux_offered_by ||
		     (media_ports(media) && media_ports(media)->count == 1);

	s->id = stream->id;
	s->endpoint_gen = stream->endpoint_gen;
	s->signal_gen = stream->signal_gen;
	s->peer = stream->peer;
	s->received_from = media->received_from;
	s->learn = (enum plan_learn)media->learn;
	s->sources = (enum plan_sources)media->sources_let_in;
	s->follow = media->handover;
	s->wait = media->nat_wait;
	s->pierce = media->pierce && t->rtp && !media->passed;
	if (component % 2 == 0)
		s->delay_us = (uint32_t)CLAMP(media->party->delay_ms, 0, DELAY_MAX_MS) * 1000;
	s->answered = media->in && any_source_signalled(media);
	s->opaque = !t->rtp || media->passed;
	if (model->generate_rtcp && !s->opaque)
		s->report_us = 1000 * (uint32_t)(c->set && c->set->rtcp_interval_ms
							 ? c->set->rtcp_interval_ms
							 : REPORT_MS);
	s->rtp = component % 2 == 0;
	s->rtcp = component % 2 == 1 || muxed;
	s->strip_feedback = !s->opaque && !t->feedback && any_source_has_feedback(media);
	s->secured = t->rtp && crypto->secure;
	s->srtp_in = ref_take(crypto->in);
	s->srtp_out = ref_take(crypto->out);
	if (may_begin_dtls(media) && s->secured && (s->rtp || !media->mux))
		s->dtls = ref_take(media->dtls->plan);
	if (component == 0)
		s->ice = negotiate_ice_plan(media, software);
	s->stats = ref_take(stream->stats);
	s->sdp = ref_take(media->sdp);
	s->in = media->in;
	s->play = play_compile(media, component, is_mixed(c, media), c->set);
	if (model->recording_mode == RECORDING_ON && !media->party->not_recorded)
		s->tap = ref_take(recording_tap(model->recording));
	s->tap_layout = model->tap_layout;
	add_ports(s, media, component);
	if (!s->rtp || s->opaque)
		return;
	add_events(s, media);
	add_heard_events(s, media);
	for (unsigned i = 0; i < media->source_count; i++)
		if (!(s->events[0] | s->events[1]))
			add_events(s, media->sources[i]);
}

static unsigned first_of(const struct compiler *c, const struct media *media)
{
	unsigned at = media->plan_place;

	return at < c->media_count && c->media[at] == media ? c->first[at] : UINT16_MAX;
}

/* Where a section's RTP, or RTCP, arrives at a receiver of it. */
static unsigned sink_of(
	const struct compiler *c, const struct media *sink, unsigned component, bool rtcp)
{
	unsigned first = first_of(c, sink), pair = component & ~1u;

	if (first == UINT16_MAX || !is_live(sink, pair))
		return UINT16_MAX;
	if (!rtcp || sink->mux || !is_live(sink, pair + 1))
		return first + pair;
	return first + pair + 1;
}

static enum plan_payload payload_of(const struct sdp_format *f)
{
	if (codec_flags(f->encoding) & CODEC_EVENT)
		return PLAN_PAYLOAD_DTMF;
	if (str_is_nocase(f->encoding, "PCMU") && f->channels == 1)
		return PLAN_PAYLOAD_PCMU;
	if (str_is_nocase(f->encoding, "PCMA") && f->channels == 1)
		return PLAN_PAYLOAD_PCMA;
	return str_is_nocase(f->encoding, "G722") ? PLAN_PAYLOAD_G722 : PLAN_PAYLOAD_OTHER;
}

/* What the receiver said its payload types are counts for what is sent to it. */
static void add_payloads(struct plan_filter *filter, const struct media *media)
{
	for (unsigned i = 0; media->in && i < media->in->format_count; i++) {
		const struct sdp_format *f = &media->in->formats[i];

		filter->payload[f->payload_type & 0x7f] = (uint8_t)payload_of(f);
	}
}

/* The action at a place in the stream's list of sinks; most streams have none anywhere. */
static void set_action(struct plan_stream *s, unsigned place, unsigned action,
	const struct media *source, const struct media *sink)
{
	if (!action)
		return;
	if (!s->filter) {
		s->filter = g_new0(struct plan_filter, 1);
		add_payloads(s->filter, source);
		memcpy(s->filter->masked, source->masked, sizeof(s->filter->masked));
	}
	add_payloads(s->filter, sink);
	s->filter->action[place] = (uint8_t)action;
}

static unsigned action_of(
	const struct model *model, const struct media *source, const struct media *sink)
{
	const struct blocks *all = &model->blocks;
	struct blocks b = party_blocks(source->party, sink->party);
	unsigned action = 0;

	if (model->drop_traffic || source->blackhole)
		action |= PLAN_DROP;
	if (source->masked[0] | source->masked[1] | source->masked[2] | source->masked[3])
		action |= PLAN_MASK;
	if (source->block_short)
		action |= PLAN_NO_SHORT;
	if (all->media || b.media || play_is_alone(sink->party))
		action |= PLAN_BLOCK;
	if (all->silence || b.silence)
		action |= PLAN_SILENCE;
	if (party_dtmf(model, source->party)->how.mode != PLAN_DTMF_OFF)
		action |= PLAN_BLOCK_DTMF;
	return action;
}

/* Is any of what the section hears transcoded? */
static bool is_transcoded(const struct compiler *c, const struct media *sink)
{
	struct plan_transcode transcode;
	struct codec_flow flow;
	struct codecs_said said;

	for (unsigned i = 0; i < sink->source_count; i++)
		if (codec_flow_find(
			    c->model, sink->sources[i], sink, is_mixed(c, sink), &said, &flow) &&
			choose_transcode(&flow, &transcode))
			return true;
	return false;
}

/* Most calls have none. */
static void find_mixed(struct compiler *c)
{
	int by_default = c->set ? c->set->player : PLAYER_OFF;
	struct mixed *mixed = NULL;

	for (unsigned i = 0; i < c->media_count; i++) {
		const struct media *media = c->media[i];
		int player = play_player(media->party, by_default);

		if (player <= PLAYER_OFF || !is_live(media, 0))
			continue;
		mixed = mixed ? mixed : g_new0(struct mixed, c->media_count);
		mixed[i].is = play_mixes(media, by_default,
			player == PLAYER_TRANSCODING && is_transcoded(c, media), &mixed[i].work,
			&mixed[i].format);
	}
	c->mixed = mixed;
}

/* Most flows pass as they are: then there is neither a transcoding nor a list of them. */
static void set_transcode(struct compiler *c, struct plan_stream *s, unsigned place,
	const struct media *source, const struct media *sink)
{
	struct plan_transcode transcode;
	struct codec_flow flow;
	struct codecs_said said;
	bool mixed = is_mixed(c, sink) && s->id == source->streams[0].id;

	if (s->opaque || !codec_flow_find(c->model, source, sink, is_mixed(c, sink), &said, &flow))
		return;
	mixed = mixed && choose_mixed(&flow, &c->mixed[sink->plan_place].format, &transcode);
	if (!mixed && !choose_transcode(&flow, &transcode))
		return;
	transcode.no_suppress = c->no_suppress;
	transcode.tells = transcode.detect && !c->told;
	c->told |= transcode.detect;
	if (!s->transcodes)
		s->transcodes = g_new0(struct plan_transcode *, PLAN_MAX_SINKS);
	s->transcodes[place] = plan_transcode_new(&transcode);
}

static void wire_echo(struct compiler *c, struct plan_stream *s, const struct media *media)
{
	if (!media->echo || !s->rtp || c->model->drop_traffic ||
		s->rtp_sink_count == PLAN_MAX_SINKS)
		return;
	set_action(s, s->rtp_sink_count, PLAN_ECHO, media, media);
	s->rtp_sinks[s->rtp_sink_count++] = (uint16_t)(s - c->plan->streams);
}

/*
 * Who receives from a section is among those it receives from: links go both ways, one of them
 * may be cut.
 */
static unsigned collect_sinks(struct compiler *c, struct plan_stream *s, const struct media *media,
	unsigned component, bool rtcp, uint16_t *ret)
{
	unsigned count = 0;

	c->told = false;
	for (unsigned i = media->source_count; i-- > 0 && count < PLAN_MAX_SINKS;) {
		const struct media *sink = media->sources[i];
		unsigned stream = sink_of(c, sink, component, rtcp);

		if (stream == UINT16_MAX || !media_receives_from(sink, media))
			continue;
		/* It gets reports of ours; those of its sources are about what it does not see. */
		if (rtcp && is_mixed(c, sink))
			continue;
		if (!rtcp) {
			set_action(s, count, action_of(c->model, media, sink), media, sink);
			if (s->filter)
				s->filter->dtmf = party_dtmf(c->model, media->party)->how;
			set_transcode(c, s, count, media, sink);
		}
		ret[count++] = (uint16_t)stream;
	}
	return count;
}

static void wire(
	struct compiler *c, struct plan_stream *s, const struct media *media, unsigned component)
{
	s->rtp_sinks = c->next_slot;
	if (s->rtp)
		s->rtp_sink_count = collect_sinks(c, s, media, component, false, s->rtp_sinks);
	wire_echo(c, s, media);
	c->next_slot += s->rtp_sink_count;
	s->rtcp_sinks = c->next_slot;
	if (s->rtcp)
		s->rtcp_sink_count = collect_sinks(c, s, media, component, true, s->rtcp_sinks);
	c->next_slot += s->rtcp_sink_count;
	/* What is not RTP has one kind only. */
	if (s->opaque && !s->rtp) {
		s->rtp_sinks = s->rtcp_sinks;
		s->rtp_sink_count = s->rtcp_sink_count;
	}
}

/* ---- sections that share a transport ---- */

/* The stream of a section's that carries component `n` of those it carries. */
static unsigned carrying(const struct compiler *c, const struct media *media, unsigned n)
{
	return first_of(c, media) + MIN(n, streams_of(media) - 1);
}

static void carry(struct compiler *c, const struct media *media, unsigned first)
{
	for (unsigned n = 0; n < streams_of(media); n++) {
		unsigned by = carrying(c, media->carrier, n);
		struct plan_stream *carrier = &c->plan->streams[by];

		c->plan->streams[first + n].carrier = (uint16_t)by;
		if (!carrier->bundle) {
			carrier->bundle = g_new0(struct plan_bundle, 1);
			plan_bundle_add(carrier->bundle, by, media->carrier->in);
		}
		if (carrier->bundle->count < PLAN_MAX_BUNDLED)
			plan_bundle_add(carrier->bundle, first + n, media->in);
	}
}

static void carry_all(struct compiler *c)
{
	for (unsigned i = 0; i < c->media_count; i++)
		if (c->media[i]->carrier)
			carry(c, c->media[i], c->first[i]);
	for (unsigned i = 0; i < c->plan->stream_count; i++)
		if (c->plan->streams[i].bundle)
			plan_bundle_end(c->plan->streams[i].bundle);
}

static unsigned count_media(const struct model *model)
{
	unsigned count = 0;

	for (unsigned p = 0; p < model->party_count; p++)
		count += model->parties[p]->media_count;
	return count;
}

/* Sections that take part, and how many streams and sink entries they need. */
static void collect(
	struct compiler *c, const struct model *model, unsigned *ret_streams, unsigned *ret_slots)
{
	unsigned streams = 0, slots = 0;

	for (unsigned p = 0; p < model->party_count; p++)
		for (unsigned m = 0; m < model->parties[p]->media_count; m++) {
			struct media *media = model->parties[p]->media[m];

			if (!streams_of(media))
				continue;
			media->plan_place = c->media_count;
			c->media[c->media_count] = media;
			c->first[c->media_count++] = streams;
			streams += streams_of(media);
			/* Each source's streams have at most two lists that lead here. */
			slots += 2 * media->source_count * 2 * MODEL_MAX_PORT_PAIRS;
			slots += media->echo ? streams_of(media) : 0;
		}
	*ret_streams = streams;
	*ret_slots = slots;
}

unsigned call_count_streams(const struct model *model)
{
	unsigned count = 0;

	for (unsigned p = 0; p < model->party_count; p++)
		for (unsigned m = 0; m < model->parties[p]->media_count; m++)
			count += streams_of(model->parties[p]->media[m]);
	return count;
}

struct plan *call_compile(const struct call *call, const struct model *model)
{
	unsigned room = count_media(model), streams, slots;
	g_autofree struct media **media = g_new(struct media *, room);
	g_autofree unsigned *first = g_new(unsigned, room);
	struct compiler c = {
		.model = model,
		.media = media,
		.first = first,
		.set = call->table ? call_table_settings(call->table) : NULL,
	};

	c.no_suppress = c.set && c.set->dtmf_no_suppress;
	collect(&c, model, &streams, &slots);
	c.plan = plan_new(call->id, streams, slots);
	if (!streams)
		return c.plan;
	c.next_slot = c.plan->streams[0].rtp_sinks;
	find_mixed(&c);
	for (unsigned i = 0; i < c.media_count; i++)
		for (unsigned n = 0; n < streams_of(media[i]); n++) {
			struct plan_stream *s = &c.plan->streams[first[i] + n];

			compile_stream(&c, s, media[i], n);
			s->own_peer = call->table &&
				      iface_table_has(call_table_interfaces(call->table), &s->peer);
			s->rtp_stream = (uint16_t)(first[i] + (n & ~1u));
			s->carrier = (uint16_t)(first[i] + n);
			wire(&c, s, media[i], n);
		}
	carry_all(&c);
	g_free(c.mixed);
	return c.plan;
}

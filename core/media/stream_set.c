/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A plan carried out: streams made from it, and one set put in place of another without losing
 * what the worker learned.
 */
#include "media/bundle.h"
#include "media/delay.h"
#include "media/dtls.h"
#include "media/flow.h"
#include "media/generator.h"
#include "media/ice.h"
#include "media/loop_check.h"
#include "media/offload.h"
#include "media/packet.h"
#include "media/reporter.h"
#include "media/secure.h"
#include "media/stream.h"

#include "sdp/sdp.h"

#include <glib.h>

static void wire_sinks(struct stream_set *set)
{
	struct stream **next = set->sinks;

	for (unsigned i = 0; i < set->plan->stream_count; i++) {
		struct stream *s = &set->streams[i];

		s->rtp_sinks = next;
		s->rtp_sink_count = (uint16_t)s->plan->rtp_sink_count;
		for (unsigned n = 0; n < s->rtp_sink_count; n++)
			*next++ = &set->streams[s->plan->rtp_sinks[n]];
		s->rtcp_sinks = next;
		s->rtcp_sink_count = (uint16_t)s->plan->rtcp_sink_count;
		for (unsigned n = 0; n < s->rtcp_sink_count; n++)
			*next++ = &set->streams[s->plan->rtcp_sinks[n]];
	}
}

struct stream_set *stream_set_new(struct session_state *state, struct plan *plan)
{
	struct stream_set *set = g_new0(struct stream_set, 1);
	unsigned sinks = 0;

	for (unsigned i = 0; i < plan->stream_count; i++)
		sinks += plan->streams[i].rtp_sink_count + plan->streams[i].rtcp_sink_count;
	set->state = state;
	set->plan = plan;
	set->streams = g_new0(struct stream, plan->stream_count);
	set->sinks = g_new0(struct stream *, sinks);
	for (unsigned i = 0; i < plan->stream_count; i++)
		set->streams[i].plan = &plan->streams[i];
	for (unsigned i = 0; i < plan->stream_count; i++) {
		struct stream *s = &set->streams[i];

		s->set = set;
		s->stats = s->plan->stats;
		s->rtp = s->plan->rtp;
		s->rtcp = s->plan->rtcp;
		s->opaque = s->plan->opaque;
		s->strip_feedback = s->plan->strip_feedback;
		s->filtered = s->plan->filter || s->plan->delay_us;
		if (s->plan->filter)
			s->disguise = g_random_int() | 1;
		if (s->plan->delay_us)
			s->delay = delay_new(s, s->plan->delay_us);
		s->own_peer = s->plan->own_peer;
		if (s->own_peer)
			s->loops = g_new0(struct loop_check, 1);
		s->tap = s->plan->tap;
		s->carrier = &set->streams[s->plan->carrier];
		s->port = s->carrier->plan->ports[0]->port;
		s->secured = s->plan->secured && !s->plan->opaque;
		s->rtp_of = &set->streams[s->plan->rtp_stream];
	}
	media_dtls_open(set);
	media_ice_open(set);
	wire_sinks(set);
	bundles_open(set);
	reporters_open(set);
	for (unsigned i = 0; i < plan->stream_count; i++) {
		struct stream *s = &set->streams[i];

		s->special = s->secured || s->checked || s->bundle || s->own_peer;
	}
	return set;
}

void stream_set_free(struct stream_set *set)
{
	if (!set)
		return;
	for (unsigned i = 0; i < set->plan->stream_count; i++) {
		delay_free(set->streams[i].delay);
		g_free(set->streams[i].loops);
	}
	flows_free(set);
	media_ice_free(set);
	generators_free(set);
	reporters_free(set);
	bundles_free(set);
	secure_free(set);
	media_dtls_free(set);
	plan_free(set->plan);
	g_free(set->streams);
	g_free(set->sinks);
	g_free(set);
}

/* What payload types mean may have changed. */
static void forget_clocks(struct stream_counts *counts)
{
	for (unsigned i = 0; i < STREAM_SSRC_MAX; i++)
		counts->ssrc[i].reception.clock_type = RECEPTION_NO_TYPE;
}

static bool uses_port(const struct stream_set *set, const struct port *port)
{
	for (unsigned i = 0; i < set->plan->stream_count; i++) {
		const struct plan_stream *s = &set->plan->streams[i];

		for (unsigned p = 0; p < s->port_count; p++)
			if (s->ports[p]->port == port)
				return true;
	}
	return false;
}

static void own_ports(struct stream_set *set)
{
	for (unsigned i = 0; i < set->plan->stream_count; i++) {
		struct plan_stream *s = &set->plan->streams[i];

		for (unsigned p = 0; p < s->port_count; p++) {
			s->ports[p]->port->owner = &set->streams[i];
			s->ports[p]->port->recv = media_receive;
			s->ports[p]->port->unsent = media_unsent;
			s->ports[p]->port->expect = media_expect;
		}
	}
}

static void let_go(struct port *port)
{
	port->engine->detach(port);
	port->owner = NULL;
	port->recv = NULL;
}

/* Which may first hand out what has come there: while all that is behind them still runs. */
static void let_go_all(struct stream_set *set, const struct stream_set *next)
{
	for (unsigned i = 0; i < set->plan->stream_count; i++) {
		const struct plan_stream *s = &set->plan->streams[i];

		for (unsigned p = 0; p < s->port_count; p++)
			if (!next || !uses_port(next, s->ports[p]->port))
				let_go(s->ports[p]->port);
	}
}

struct stream_set *stream_set_apply(struct session_state *state, struct stream_set *next)
{
	struct stream_set *before = state->set;
	int64_t now_us = loop_now_us(media_worker_loop(state->worker));

	if (before)
		let_go_all(before, next);
	for (unsigned i = 0; i < next->plan->stream_count; i++) {
		struct stream *s = &next->streams[i];

		media_learn_inherit(s, stream_set_find(before, s->plan->id), now_us);
		media_dtmf_inherit(s, stream_set_find(before, s->plan->id));
		stream_stats_begin(s->stats);
		forget_clocks(&s->stats->counts);
		stream_stats_end(s->stats);
	}
	secure_inherit(before, next, now_us);
	media_dtls_inherit(before, next, now_us);
	own_ports(next);
	state->set = next;
	media_ice_inherit(before, next, now_us);
	delay_inherit(before, next);
	flows_inherit(before, next);
	generators_inherit(before, next, now_us);
	reporters_inherit(before, next, now_us);
	bundles_inherit(before, next);
	media_offload_inherit(state, before, next);
	media_pierce(next);
	return before;
}

void stream_set_hold_ports(struct stream_set *set)
{
	for (unsigned i = 0; i < set->plan->stream_count; i++) {
		const struct plan_stream *s = &set->plan->streams[i];

		for (unsigned p = 0; p < s->port_count; p++) {
			struct port *port = s->ports[p]->port;

			if (port->engine->hold)
				port->engine->hold(port);
		}
	}
}

void stream_set_detach_ports(struct stream_set *set)
{
	let_go_all(set, NULL);
	delay_stop(set, set->state->worker);
	flows_stop(set);
	media_dtls_stop(set);
	media_ice_stop(set);
	generators_stop(set);
	reporters_stop(set);
	media_offload_stop(set->state);
}

void stream_set_attach_ports(struct stream_set *set, struct media_worker *worker)
{
	own_ports(set);
	delay_start(set, worker);
	media_dtls_resume(set);
	media_ice_resume(set);
	generators_start(set);
	reporters_start(set);
	media_offload_look(set->state);
	for (unsigned i = 0; i < set->plan->stream_count; i++) {
		const struct plan_stream *s = &set->plan->streams[i];

		for (unsigned p = 0; p < s->port_count; p++) {
			struct port *port = s->ports[p]->port;

			if (port->engine->attach(
				    port, media_worker_loop(worker), media_worker_pool(worker)) < 0)
				reason_count(REASON_PORT_DEAF);
		}
	}
}

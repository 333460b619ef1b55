/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A plan carried out: streams made from it, and one set put in place of another without losing
 * what the worker learned.
 */
#include "media/packet.h"
#include "media/stream.h"

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
	for (unsigned i = 0; i < plan->stream_count; i++) {
		struct stream *s = &set->streams[i];

		s->set = set;
		s->plan = &plan->streams[i];
		s->stats = s->plan->stats;
		s->rtp = s->plan->rtp;
		s->rtcp = s->plan->rtcp;
		s->opaque = s->plan->opaque;
		s->strip_feedback = s->plan->strip_feedback;
		s->filtered = s->plan->filter != NULL;
		s->port = s->plan->ports[0]->port;
	}
	wire_sinks(set);
	return set;
}

void stream_set_free(struct stream_set *set)
{
	if (!set)
		return;
	plan_free(set->plan);
	g_free(set->streams);
	g_free(set->sinks);
	g_free(set);
}

static struct stream *find_stream(struct stream_set *set, uint32_t id)
{
	for (unsigned i = 0; set && i < set->plan->stream_count; i++)
		if (set->streams[i].plan->id == id)
			return &set->streams[i];
	return NULL;
}

/* What a stream keeps from the one it replaces. */
static void inherit(struct stream *stream, const struct stream *before)
{
	if (!before || before->plan->endpoint_gen != stream->plan->endpoint_gen ||
		before->port->local.family != stream->port->local.family) {
		media_learn_reset(stream);
		return;
	}
	stream->dest = before->dest;
	stream->dest_len = before->dest_len;
	stream->source = before->source;
	stream->source_known = before->source_known &&
			       before->plan->signal_gen == stream->plan->signal_gen;
	stream->moved_us = before->moved_us;
	if (before->plan->wait && !stream->plan->wait && !stream->dest_len)
		media_learn_reset(stream);
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

struct stream_set *stream_set_apply(struct session_state *state, struct stream_set *next)
{
	struct stream_set *before = state->set;

	for (unsigned i = 0; i < next->plan->stream_count; i++)
		inherit(&next->streams[i], find_stream(before, next->streams[i].plan->id));
	for (unsigned i = 0; before && i < before->plan->stream_count; i++) {
		const struct plan_stream *s = &before->plan->streams[i];

		for (unsigned p = 0; p < s->port_count; p++)
			if (!uses_port(next, s->ports[p]->port))
				let_go(s->ports[p]->port);
	}
	own_ports(next);
	state->set = next;
	media_pierce(next);
	return before;
}

void stream_set_detach_ports(struct stream_set *set)
{
	for (unsigned i = 0; i < set->plan->stream_count; i++)
		for (unsigned p = 0; p < set->plan->streams[i].port_count; p++)
			let_go(set->plan->streams[i].ports[p]->port);
}

void stream_set_attach_ports(struct stream_set *set, struct media_worker *worker)
{
	own_ports(set);
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

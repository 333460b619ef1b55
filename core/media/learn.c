/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which source address of a stream is believed. The signalled address comes first; if packets
 * come from elsewhere (NAT), the first such source is learned, once per endpoint generation,
 * and packets from other sources are dropped from then on. A packet from the signalled address
 * is always accepted and puts things back.
 */
#include "media/packet.h"

/* Same family, address and port? Both come from the same family's socket. */
static bool same_source(const union sock *a, const union sock *b)
{
	if (a->sa.sa_family != b->sa.sa_family)
		return false;
	if (a->sa.sa_family == AF_INET)
		return a->in.sin_port == b->in.sin_port &&
		       a->in.sin_addr.s_addr == b->in.sin_addr.s_addr;
	return a->in6.sin6_port == b->in6.sin6_port &&
	       !memcmp(&a->in6.sin6_addr, &b->in6.sin6_addr, sizeof(a->in6.sin6_addr));
}

static void note_peer(struct stream *stream)
{
	struct stream_stats *stats = stream->stats;

	stream_stats_begin(stats);
	stats->counts.peer = stream->dest_len ? addr_of_sock(&stream->dest) : (struct addr){ 0 };
	stats->counts.confirmed = stream->source_known;
	stream_stats_end(stats);
}

/* A peer of the other family cannot be reached from this port: as if not signalled. */
static void aim_at_signalled(struct stream *stream)
{
	const struct plan_stream *plan = stream->plan;

	if (plan->peer.family && plan->peer.family == stream->port->local.family)
		stream->dest_len = (uint8_t)addr_to_sock(&plan->peer, &stream->dest);
}

void media_learn_reset(struct stream *stream)
{
	const struct plan_stream *plan = stream->plan;

	stream->source_known = false;
	stream->dest_len = 0;
	stream->moved_us = 0;
	if (!plan->wait)
		aim_at_signalled(stream);
	note_peer(stream);
}

static void tell_control(const struct stream *stream, enum media_event_type type)
{
	const struct session_state *state = stream->set->state;
	struct media_event event = {
		.type = type,
		.session_id = state->id,
		.stream_id = stream->plan->id,
		.endpoint_gen = stream->plan->endpoint_gen,
		.peer = stream->dest_len ? addr_of_sock(&stream->dest) : (struct addr){ 0 },
	};

	media_worker_event(state->worker, &event);
}

static bool is_signalled(const struct stream *stream, const union sock *from)
{
	struct addr a = addr_of_sock(from);

	return addr_equal(&a, &stream->plan->peer);
}

static void believe(struct stream *stream, const union sock *from)
{
	bool moved = stream->plan->learn != PLAN_LEARN_OFF &&
		     (!stream->dest_len || !same_source(&stream->dest, from));

	stream->source = *from;
	stream->source_known = true;
	if (moved) {
		stream->dest = *from;
		stream->dest_len = from->sa.sa_family == AF_INET ? sizeof(from->in)
								 : sizeof(from->in6);
	}
	note_peer(stream);
	tell_control(stream, moved ? MEDIA_EVENT_PEER_LEARNED : MEDIA_EVENT_FIRST_PACKET);
}

static sa_family_t family_of(const struct port *port)
{
	return port->local.family == ADDR_IP6 ? AF_INET6 : AF_INET;
}

/* After a hand-over the next one has to wait: two sources must not fight over a stream. */
static bool may_follow(struct stream *stream, int64_t now_us)
{
	enum { FOLLOW_US = 1000000 };

	if (stream->plan->learn != PLAN_LEARN_FOLLOW || now_us < stream->moved_us + FOLLOW_US)
		return false;
	stream->moved_us = now_us;
	return true;
}

int media_learn(struct packet *packet)
{
	struct stream *stream = packet->in;

	if (stream->source_known && same_source(&stream->source, packet->from))
		return PACKET_OK;
	if (stream->plan->wait && !stream->dest_len) {
		aim_at_signalled(stream);
		note_peer(stream);
	}
	if (!stream->plan->answered || !stream->plan->peer.family)
		return PACKET_OK; /* early media: nothing to compare with yet */
	if (packet->from->sa.sa_family != family_of(stream->port))
		return PACKET_OK; /* on a port shown earlier: cannot be answered from this one */
	if (packet->kind == DATAGRAM_RTCP && stream->rtp)
		return PACKET_OK; /* muxed RTCP says nothing about where RTP comes from */
	if (stream->source_known && stream->plan->learn != PLAN_LEARN_OFF &&
		!is_signalled(stream, packet->from) && !may_follow(stream, packet->now_us))
		return REASON_WRONG_SOURCE;
	if (stream->source_known && stream->plan->learn == PLAN_LEARN_OFF)
		return PACKET_OK;
	believe(stream, packet->from);
	return PACKET_OK;
}

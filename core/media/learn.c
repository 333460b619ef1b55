/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which source of a stream is believed, and so where its peer is (spec media 8.2).
 *
 * Sources are ranked by how well they fit what was signalled. For WINDOW_US after signalling the
 * best one seen is used; one that fits worse, or no better, is refused. Then it is committed and
 * all others are refused, but for the signalled address itself, and for the same SSRC going on
 * elsewhere after the committed source fell silent. The signalled address commits at once. If
 * nothing came within the window, it begins with the first packet: that one may not be the peer's.
 *
 * A source believed before new signalling is carried over it: it gives way to a better one, to its
 * own SSRC going on elsewhere, and to one that fits as well when it is silent, but to no worse one.
 * So signalling opens no gap to whoever waits for one.
 *
 * When the endpoint changed, the source before is known as stale: its last packets on their way must
 * not keep out the one it becomes, which may fit no better behind the same NAT.
 *
 * RTCP on a port of its own is ranked by itself, but once RTP of the section is believed, it must
 * come from the same address as that if it fits the signalling no better.
 *
 * With ICE, who has passed a check is let in and nobody else, and packets move nothing: ice.c tells
 * where to send.
 *
 * Before the answer, and on hold by a zero address, the same ranks decide who is let in, but
 * nothing is committed and nothing moves: packets are sent to what was signalled, or nowhere.
 */
#include "media/ice.h"
#include "media/offload.h"
#include "media/packet.h"
#include "rtp/seq.h"

#include <glib.h>

static const int64_t WINDOW_US = 3000000;
static const int64_t SILENCE_US = 1000000; /* after it, a source counts as silent */
static const int64_t FOLLOW_US = 1000000;  /* two sources must not fight over a stream */
static const int64_t TELL_US = 1000000;    /* refusals, to control */

enum {
	RTCP_APP = 204,
	SEQ_AHEAD_MAX = 3000, /* packets a stream may have lost and still be the same (RFC 3550) */
};

/* A packet that is not the committed source's. */
struct candidate {
	const struct packet *packet;
	struct addr addr; /* IPv4-mapped ones as IPv4 */
	enum media_rank rank;
	unsigned place;
	bool stale; /* the source of the endpoint before */
};

const char *media_rank_name(enum media_rank rank)
{
	static const char *const names[RANK_COUNT] = {
		[RANK_SIGNALLED] = "signalled",
		[RANK_RECEIVED_FROM] = "received-from",
		[RANK_SAME_IP] = "same-address",
		[RANK_SAME_PORT] = "same-port",
		[RANK_ANY] = "any",
	};

	return names[rank];
}

static enum media_rank rank_of(const struct plan_stream *plan, const struct addr *a)
{
	if (plan->peer.family && addr_equal(a, &plan->peer))
		return RANK_SIGNALLED;
	if (plan->received_from.family && addr_same_ip(a, &plan->received_from))
		return RANK_RECEIVED_FROM;
	if (plan->peer.family && addr_same_ip(a, &plan->peer))
		return RANK_SAME_IP;
	if (plan->peer.family && a->port == plan->peer.port)
		return RANK_SAME_PORT;
	return RANK_ANY;
}

/* Within a rank, who sends to an older port, or is of the endpoint before, gives way to others. */
static unsigned place_of(enum media_rank rank, bool older)
{
	return 2 * rank + older;
}

static void note_peer(struct stream *stream)
{
	struct stream_stats *stats = stream->stats;

	stream_stats_begin(stats);
	stats->counts.peer = stream->dest_len ? addr_of_sock(&stream->dest) : (struct addr){ 0 };
	stats->counts.seen = stream->source_state >= SOURCE_LEARNING;
	stats->counts.at_peer = stats->counts.seen && stream->dest_len &&
				media_same_source(&stream->source, &stream->dest);
	stats->counts.confirmed = stream->source_state == SOURCE_COMMITTED;
	stream_stats_end(stats);
	media_offload_look(stream->set->state);
}

/* A peer of the other family cannot be reached from this port: as if not signalled. */
static void aim_at_signalled(struct stream *stream)
{
	const struct plan_stream *plan = stream->plan;

	if (plan->peer.family && plan->peer.family == stream->port->local.family)
		stream->dest_len = (uint8_t)addr_to_sock(&plan->peer, &stream->dest);
}

/* Only where nothing is taken on trust: elsewhere the first or newest source is wanted. */
static bool ranks_matter(const struct plan_stream *plan)
{
	return plan->sources == PLAN_SOURCES_LEARNED &&
	       (plan->learn == PLAN_LEARN_HEURISTIC || plan->learn == PLAN_LEARN_OFF);
}

/* `still_valid`: the endpoint has not changed. */
static void carry(struct stream *stream, const struct stream *before, bool still_valid)
{
	bool older_port = before->port != stream->port || before->source_place % 2;
	struct addr source;

	if (before->source_state == SOURCE_NONE || !ranks_matter(stream->plan))
		return;
	stream->source = before->source;
	stream->source_stale = before->source_stale || !still_valid;
	if (!still_valid || before->source_state == SOURCE_STALE) {
		stream->source_state = SOURCE_STALE;
		return;
	}
	stream->source_state = SOURCE_CARRIED;
	source = addr_of_sock(&stream->source);
	/* On hold there is little to compare with: what was known before still counts. */
	stream->source_rank = stream->plan->peer.family ? (uint8_t)rank_of(stream->plan, &source)
							: before->source_rank;
	stream->source_place = (uint8_t)place_of(stream->source_rank, older_port);
}

static void keep_all(struct stream *stream, const struct stream *before)
{
	stream->dest = before->dest;
	stream->dest_len = before->dest_len;
	stream->source = before->source;
	stream->source_state = before->source_state;
	stream->source_stale = before->source_stale;
	stream->source_rank = before->source_rank;
	stream->source_place = before->source_place;
	stream->since_us = before->since_us;
	stream->until_us = before->until_us;
	stream->moved_us = before->moved_us;
}

void media_learn_inherit(struct stream *stream, const struct stream *before, int64_t now_us)
{
	const struct plan_stream *plan = stream->plan;
	bool same_peer = before && before->plan->endpoint_gen == plan->endpoint_gen &&
			 before->port->local.family == stream->port->local.family;

	stream->refused_us = before ? before->refused_us : 0;
	stream->undecoded_us = before ? before->undecoded_us : 0;
	if (same_peer && before->plan->signal_gen == plan->signal_gen) {
		keep_all(stream, before);
		return;
	}
	stream->since_us = now_us;
	stream->until_us = now_us + WINDOW_US;
	if (same_peer) {
		stream->dest = before->dest;
		stream->dest_len = before->dest_len;
		stream->moved_us = before->moved_us;
	}
	if (!stream->dest_len && !plan->wait)
		aim_at_signalled(stream);
	/* Another endpoint begins anew, but not what was unknown, or on hold, before or is now. */
	if (before)
		carry(stream, before,
			same_peer || !before->plan->peer.family || !plan->peer.family);
	note_peer(stream);
}

void media_learn_forget(struct stream *stream, int64_t now_us)
{
	stream->source_state = SOURCE_NONE;
	stream->source_stale = false;
	stream->since_us = now_us;
	stream->until_us = now_us + WINDOW_US;
	if (!stream->plan->wait)
		aim_at_signalled(stream);
	note_peer(stream);
}

void media_learn_aim(struct stream *stream, struct port *port, const struct addr *peer)
{
	stream->no_consent = !port;
	stream->dest_len = 0;
	if (port) {
		stream->port = port;
		stream->dest_len = (uint8_t)addr_to_sock(peer, &stream->dest);
	}
	note_peer(stream);
}

/* Both sides were signalled, this one with an address: may be learned, and sent to. */
static bool may_learn(const struct plan_stream *plan)
{
	return plan->answered && plan->peer.family;
}

static bool is_silent(const struct stream *stream, int64_t now_us)
{
	int64_t last_us = MAX(stream->stats->counts.last_in_us, stream->since_us);

	return media_offload_known_us(stream, now_us) >= last_us + SILENCE_US;
}

/* Does it go on with the RTP that was let in last? */
static bool continues(const struct stream *stream, const struct candidate *c)
{
	const struct stream_counts *counts = &stream->stats->counts;
	const uint8_t *data = c->packet->buf->data;
	const struct ssrc_stats *latest = NULL;
	int ahead;

	if (c->packet->kind != DATAGRAM_RTP ||
		media_offload_known_us(stream, c->packet->now_us) < counts->last_in_us + SILENCE_US)
		return false;
	for (unsigned i = 0; i < STREAM_SSRC_MAX; i++)
		if (counts->ssrc[i].used && (!latest || counts->ssrc[i].last_us > latest->last_us))
			latest = &counts->ssrc[i];
	if (!latest || latest->ssrc != rtp_ssrc(data))
		return false;
	ahead = seq_diff(rtp_seq(data), latest->last_seq);
	return ahead > 0 && ahead < SEQ_AHEAD_MAX;
}

/* DTLS can be anybody's, before its handshake is over as well as after. */
static bool may_follow(const struct stream *stream, const struct candidate *c)
{
	return stream->plan->follow && c->packet->kind != DATAGRAM_DTLS &&
	       c->packet->now_us >= stream->moved_us + FOLLOW_US;
}

/*
 * The three below judge a source other than the one in use: PACKET_OK lets the packet in and
 * changes nothing; the reason of a drop refuses it; that of a change makes it the one in use.
 */
static int judge_committed(const struct stream *stream, const struct candidate *c)
{
	if (may_follow(stream, c))
		return REASON_SOURCE_HANDOVER;
	if (stream->plan->sources == PLAN_SOURCES_ANY)
		return PACKET_OK;
	if (c->rank == RANK_SIGNALLED)
		return REASON_SOURCE_SIGNALLED;
	return continues(stream, c) ? REASON_SOURCE_SAME_SSRC : REASON_WRONG_SOURCE;
}

static int judge_learning(const struct stream *stream, const struct candidate *c)
{
	const struct plan_stream *plan = stream->plan;
	int64_t now_us = c->packet->now_us;

	if (may_learn(plan) && plan->learn == PLAN_LEARN_DELAYED)
		return REASON_SOURCE_NEWEST;
	if (c->place < stream->source_place)
		return c->rank == RANK_SIGNALLED ? REASON_SOURCE_SIGNALLED : REASON_SOURCE_BETTER;
	if (c->place == stream->source_place && is_silent(stream, now_us))
		return REASON_SOURCE_SILENT;
	if (c->place == stream->source_place && may_learn(plan) && may_follow(stream, c))
		return REASON_SOURCE_HANDOVER;
	if (continues(stream, c))
		return REASON_SOURCE_SAME_SSRC;
	return plan->sources == PLAN_SOURCES_ANY ? PACKET_OK : REASON_WORSE_SOURCE;
}

/* RTCP that says nothing about where RTP comes from: never the one in use by itself. */
static int judge_mute(const struct stream *stream, const struct candidate *c)
{
	if (stream->plan->sources == PLAN_SOURCES_ANY || c->rank == RANK_SIGNALLED)
		return PACKET_OK;
	if (stream->source_state == SOURCE_COMMITTED)
		return REASON_WRONG_SOURCE;
	return c->place < stream->source_place ? PACKET_OK : REASON_WORSE_SOURCE;
}

static bool commits(const struct stream *stream, const struct candidate *c)
{
	const struct plan_stream *plan = stream->plan;

	if (!may_learn(plan))
		return false;
	if (plan->learn == PLAN_LEARN_IMMEDIATE || plan->sources == PLAN_SOURCES_SIGNALLED)
		return true;
	if (plan->learn != PLAN_LEARN_DELAYED && c->rank == RANK_SIGNALLED)
		return true;
	return c->packet->now_us >= stream->until_us;
}

/* True if packets went elsewhere before. */
static bool move_dest(struct stream *stream, const union sock *from)
{
	const struct plan_stream *plan = stream->plan;
	sa_family_t family = stream->port->local.family == ADDR_IP6 ? AF_INET6 : AF_INET;

	if (!may_learn(plan) || plan->learn == PLAN_LEARN_OFF)
		return false;
	/* On an older port of the other family: cannot be answered from this one. */
	if (from->sa.sa_family != family ||
		(stream->dest_len && media_same_source(&stream->dest, from)))
		return false;
	stream->dest = *from;
	stream->dest_len = family == AF_INET ? sizeof(from->in) : sizeof(from->in6);
	return true;
}

/* The candidate is the source in use from now on. `reason`: why, if there was another one. */
static void believe(struct stream *stream, const struct candidate *c, int reason)
{
	struct media_event event = { .rank = c->rank, .source = c->addr };
	bool committed = stream->source_state == SOURCE_COMMITTED, moved;
	bool heard = stream->source_state >= SOURCE_LEARNING;
	bool tell = reason != PACKET_OK || may_learn(stream->plan);

	if (reason != PACKET_OK) {
		event.type = MEDIA_EVENT_SOURCE_CHANGED;
		event.reason = (enum reason)reason;
		event.before = addr_of_sock(&stream->source);
		reason_count(event.reason);
	}
	if (reason == REASON_SOURCE_HANDOVER)
		stream->moved_us = c->packet->now_us;
	/* Two sources may take turns with each packet: told of as seldom as of refusals. */
	if (reason == REASON_SOURCE_NEWEST) {
		tell = !stream->moved_us || c->packet->now_us >= stream->moved_us + TELL_US;
		stream->moved_us = tell ? c->packet->now_us : stream->moved_us;
	}
	if (!heard && ranks_matter(stream->plan) && c->packet->now_us >= stream->until_us)
		stream->until_us = c->packet->now_us + WINDOW_US;
	stream->source = *c->packet->from;
	stream->source_stale = c->stale;
	stream->source_rank = (uint8_t)c->rank;
	stream->source_place = (uint8_t)c->place;
	stream->source_state = committed || commits(stream, c) ? SOURCE_COMMITTED : SOURCE_LEARNING;
	if (stream->source_state == SOURCE_COMMITTED && !committed)
		reason_count(REASON_SOURCE_COMMITTED);
	moved = move_dest(stream, c->packet->from);
	note_peer(stream);
	if (reason == PACKET_OK)
		event.type = moved ? MEDIA_EVENT_PEER_LEARNED : MEDIA_EVENT_FIRST_PACKET;
	if (tell)
		media_tell_control(stream, event);
}

static void commit(struct stream *stream)
{
	stream->source_state = SOURCE_COMMITTED;
	reason_count(REASON_SOURCE_COMMITTED);
	note_peer(stream);
	media_tell_control(stream, (struct media_event){
					   .type = MEDIA_EVENT_SOURCE_COMMITTED,
					   .rank = stream->source_rank,
					   .source = addr_of_sock(&stream->source),
				   });
}

/* The source in use has sent again. */
static void hear(struct stream *stream, struct candidate *c)
{
	if (stream->source_state == SOURCE_CARRIED) {
		c->rank = stream->source_rank;
		c->place = MIN(c->place, stream->source_place);
		believe(stream, c, PACKET_OK);
		return;
	}
	stream->source_place = (uint8_t)MIN(stream->source_place, c->place);
	if (stream->source_state == SOURCE_LEARNING && commits(stream, c))
		commit(stream);
}

/* Time is up for the others, unless this one is better. */
static void commit_when_due(struct stream *stream, const struct candidate *c)
{
	if (stream->source_state == SOURCE_LEARNING && may_learn(stream->plan) &&
		stream->plan->learn != PLAN_LEARN_DELAYED &&
		c->packet->now_us >= stream->until_us && c->place >= stream->source_place)
		commit(stream);
}

static int refuse(struct stream *stream, const struct candidate *c, enum reason reason)
{
	int64_t now_us = c->packet->now_us;

	if (stream->refused_us && now_us < stream->refused_us + TELL_US)
		return reason;
	stream->refused_us = now_us;
	media_tell_control(stream, (struct media_event){
					   .type = MEDIA_EVENT_SOURCE_REFUSED,
					   .reason = reason,
					   .rank = c->rank,
					   .source = c->addr,
					   .before = stream->source_state > SOURCE_STALE
							     ? addr_of_sock(&stream->source)
							     : (struct addr){ 0 },
				   });
	return reason;
}

/* Muxed RTCP teaches nothing, but for APP, which some send to open a NAT. */
static bool is_mute(const struct packet *packet)
{
	return packet->kind == DATAGRAM_RTCP && packet->in->rtp && packet->buf->data[1] != RTCP_APP;
}

/*
 * RTCP by itself, from neither where it was signalled nor where the section's RTP comes from? Its
 * first packet may take seconds, which is time enough for somebody else to take its place.
 */
static bool strays(const struct stream *stream, const struct candidate *c)
{
	const struct stream *rtp = stream - 1;
	struct addr source;

	if (stream->plan->sources != PLAN_SOURCES_LEARNED || c->rank <= RANK_SAME_IP ||
		stream->rtp || stream->opaque || stream == stream->set->streams)
		return false;
	if (!rtp->rtp || rtp->source_state < SOURCE_LEARNING)
		return false;
	source = addr_of_sock(&rtp->source);
	return !addr_same_ip(&source, &c->addr);
}

static int judge(struct stream *stream, const struct candidate *c)
{
	if (stream->plan->sources == PLAN_SOURCES_SIGNALLED && c->rank != RANK_SIGNALLED)
		return REASON_UNSIGNALLED_SOURCE;
	if (stream->source_state < SOURCE_COMMITTED && strays(stream, c))
		return REASON_WORSE_SOURCE;
	if (stream->source_state <= SOURCE_STALE)
		return PACKET_OK;
	if (is_mute(c->packet))
		return judge_mute(stream, c);
	commit_when_due(stream, c);
	return stream->source_state == SOURCE_COMMITTED ? judge_committed(stream, c)
							: judge_learning(stream, c);
}

/* Of a stream with ICE: the same, but what decides is whether a check has shown who it is. */
static int weigh_checked(struct packet *packet, struct candidate *c)
{
	struct stream *stream = packet->in;
	bool first = stream->source_state < SOURCE_LEARNING;

	if (!media_ice_valid(stream, packet->from))
		return refuse(stream, c, REASON_ICE_UNCHECKED);
	if (is_mute(packet))
		return PACKET_OK;
	stream->source = *packet->from;
	stream->source_stale = false;
	stream->source_rank = (uint8_t)c->rank;
	stream->source_place = (uint8_t)c->place;
	stream->source_state = SOURCE_COMMITTED;
	note_peer(stream);
	if (first)
		media_tell_control(stream, (struct media_event){
						   .type = MEDIA_EVENT_FIRST_PACKET,
						   .rank = c->rank,
						   .source = c->addr,
					   });
	return PACKET_OK;
}

/* Does it come from the source believed, or from the one before? */
static bool is_known(const struct stream *stream, const struct addr *addr)
{
	struct addr source = addr_of_sock(&stream->source);

	return stream->source_state != SOURCE_NONE && addr_equal(&source, addr);
}

static struct candidate candidate_of(const struct packet *packet)
{
	const struct stream *stream = packet->in;
	struct candidate c = { .packet = packet, .addr = addr_of_sock(packet->from) };

	c.rank = rank_of(stream->plan, &c.addr);
	c.stale = stream->source_stale && is_known(stream, &c.addr);
	c.place = place_of(c.rank, c.stale || packet->port != stream->port);
	return c;
}

bool media_fits_as_well(const struct packet *packet)
{
	const struct stream *stream = packet->in;
	struct candidate c = candidate_of(packet);

	if (stream->source_state <= SOURCE_STALE || is_known(stream, &c.addr) || strays(stream, &c))
		return false;
	return stream->plan->sources == PLAN_SOURCES_ANY || c.place == stream->source_place;
}

void media_learn_proven(
	struct stream *stream, struct port *port, const union sock *from, int64_t now_us)
{
	const struct packet packet = {
		.in = stream, .port = port, .from = from, .now_us = now_us, .kind = DATAGRAM_DTLS
	};
	struct candidate c = candidate_of(&packet);
	bool heard = stream->source_state > SOURCE_STALE;

	if (!heard || !is_known(stream, &c.addr))
		believe(stream, &c, heard ? REASON_SOURCE_PROVEN : PACKET_OK);
}

int media_weigh(struct packet *packet)
{
	struct stream *stream = packet->in;
	struct candidate c = candidate_of(packet);
	bool none = stream->source_state <= SOURCE_STALE;
	bool same = !none && is_known(stream, &c.addr);
	int verdict = PACKET_OK;

	if (stream->checked)
		return weigh_checked(packet, &c);
	if (!same)
		verdict = judge(stream, &c);
	if (verdict >= 0 && verdict < REASON_DROPS)
		return refuse(stream, &c, (enum reason)verdict);
	if (same && !is_mute(packet))
		hear(stream, &c);
	else if (verdict != PACKET_OK || (none && !is_mute(packet)))
		believe(stream, &c, verdict);
	if (stream->plan->wait && !stream->dest_len) {
		aim_at_signalled(stream);
		note_peer(stream);
	}
	return PACKET_OK;
}

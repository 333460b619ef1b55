/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One packet on its way through a session, and what has been found out about it so far. */
#ifndef MEDIA_PACKET_H
#define MEDIA_PACKET_H

#include "base/buf.h"
#include "media/stream.h"
#include "rtp/rtp.h"
#include "stats/reason.h"

#include <string.h>

struct packet {
	struct buf *buf;   /* owned by whoever has the packet */
	struct stream *in; /* where it came in */
	struct port *port; /* by which of its ports */
	const union sock *from;
	int64_t now_us;          /* the turn's time */
	enum datagram_kind kind; /* set by demux */
	/*
	 * As its sender protected it, where somebody gets it under that very key (secure.h); NULL: not
	 * kept. Somebody else's memory, good until the packet is delivered.
	 */
	const uint8_t *sealed;
	uint32_t sealed_len, sealed_generation; /* of its key */
	bool changed;                           /* says something else than it did then */
	bool former;                            /* came under the key before the latest */
};

/* What a step of the path says: go on, or why not. */
enum { PACKET_OK = -1, PACKET_TAKEN = -2 }; /* else an enum reason */

/* receive.c: a port's callback. Takes `buf`. [media] */
void media_receive(struct port *port, struct buf *buf, const union sock *from, bool cut);
/*
 * drop.c: counts a drop, in all and for `stream`: the one it came in on, or that it was to
 * leave by; and an error of the first, unless the proxy asked for it. That a payload cannot be
 * decoded is told to control. The packet is still the caller's.
 */
void media_count_drop(const struct packet *packet, struct stream *stream, enum reason reason);
/* drop.c: drops a packet that came in. Takes packet->buf. */
void media_drop(struct packet *packet, enum reason reason);
/* filter.c: to the stream's sinks, without waiting. Takes packet->buf. */
void media_deliver(struct packet *packet);
/* delay.c: to wait first. Takes packet->buf. */
void media_delay(struct packet *packet);
/* demux.c: sets packet->kind; PACKET_OK or the reason to drop it. */
int media_demux(struct packet *packet);
/* learn.c: of any packet but the committed source's. May change where the stream's peer is. */
int media_weigh(struct packet *packet);
/* Same family, address and port as the system has them? */
static inline bool media_same_source(const union sock *a, const union sock *b)
{
	uint64_t x, y;

	if (a->sa.sa_family == AF_INET) {
		/* family, port and address in one comparison */
		memcpy(&x, a, sizeof(x));
		memcpy(&y, b, sizeof(y));
		return x == y;
	}
	return a->sa.sa_family == b->sa.sa_family && a->in6.sin6_port == b->in6.sin6_port &&
	       !memcmp(&a->in6.sin6_addr, &b->in6.sin6_addr, sizeof(a->in6.sin6_addr));
}
/* Is its source believed? */
static inline int media_learn(struct packet *packet)
{
	const struct stream *stream = packet->in;

	if (stream->source_state == SOURCE_COMMITTED &&
		media_same_source(&stream->source, packet->from))
		return PACKET_OK;
	return media_weigh(packet);
}
/*
 * learn.c: what a stream of a new plan begins with: the signalled peer, or, by the plans'
 * generations, what `before` (NULL: none) has learned. `now_us`: the turn's time.
 */
void media_learn_inherit(struct stream *stream, const struct stream *before, int64_t now_us);
/*
 * learn.c: what was learned of a stream's peer is wrong: it begins anew. `now_us`: the turn's time.
 */
void media_learn_forget(struct stream *stream, int64_t now_us);
/*
 * learn.c: is the source another one than the one believed, but fits the signalling as well? Nothing
 * changes. [media]
 */
bool media_fits_as_well(const struct packet *packet);
/*
 * learn.c: who sends from `from` to `port` has shown to be the peer: it is believed from now on.
 * [media]
 */
void media_learn_proven(
	struct stream *stream, struct port *port, const union sock *from, int64_t now_us);
/*
 * learn.c: ICE found out where to send to, and from which port; `port` NULL: to nobody any more.
 * [media]
 */
void media_learn_aim(struct stream *stream, struct port *port, const struct addr *peer);
/*
 * dtmf.c: an RTP packet that came while events are about: one of an event, or another that may
 * show that an event is over. Control is told of each event once.
 */
void media_dtmf_in(const struct packet *packet, bool is_event);
/* Is it of events, as its sender or a receiver described it? */
static inline bool media_is_event(const struct stream *stream, uint8_t payload_type)
{
	return stream->plan->events[payload_type / 64] >> payload_type % 64 & 1;
}
/* dtmf.c: tells control of a digit that is over, unless there were too many. */
void media_dtmf_tell(struct stream *stream, const struct media_dtmf *dtmf, int64_t now_us);
/* dtmf.c: is what its receivers are sent now from a time when a digit was signalled? */
bool media_dtmf_is_on(const struct stream *stream, int64_t now_us);
/* the code instead, of a mode that has one. */
static inline uint8_t media_dtmf_replaced(const struct plan_dtmf *dtmf)
{
	return dtmf->mode == PLAN_DTMF_DIGIT ? dtmf->code : 0;
}
/* dtmf.c: what a stream of a new plan goes on with; `before` may be NULL. */
void media_dtmf_inherit(struct stream *stream, const struct stream *before);
/* filter.c: to each sink what its action leaves of it; takes packet->buf. */
void media_deliver_filtered(struct packet *packet);
/* rtcp_in.c: what an RTCP compound says of quality; the packet stays as it is. */
void media_rtcp_in(const struct packet *packet);
/*
 * rtcp_in.c: a sender report of ours leaves about a source's SSRC, whose NTP time has these middle
 * bits: an answer to it tells a round trip.
 */
void media_note_report(const struct stream_set *set, uint32_t ssrc, uint32_t mid, int64_t now_us);
/* rtcp_in.c: the same of the latest that came from `ssrc`, and when; false: there was none. */
bool media_last_report(
	const struct stream_set *set, uint32_t ssrc, uint32_t *ret_mid, int64_t *ret_came_us);
/*
 * send.c: to the peer of `out`; takes packet->buf. A failure is counted at `out`.
 */
void media_send(struct packet *packet, struct stream *out);
/* rtcp_translate.c: the compound as the sink's peer must see it, in place. */
void media_translate_rtcp(struct packet *packet, struct stream *sink);
/* stream.c: an event of `stream`; who it is of and where it is sent to is added. */
void media_tell_control(const struct stream *stream, struct media_event event);
/* A port's `unsent`: counts what left media_send well and did not leave the system. */
void media_unsent(struct port *port, int error);
/* expect.c: a port's `expect`. */
void media_expect(const struct port *port, unsigned pass);
/* pierce.c: an empty packet to each peer that asks for it and has sent nothing. */
void media_pierce(struct stream_set *set);
/* A copy of `buf` from the same pool, or NULL when there are no more (counted). */
struct buf *media_copy(const struct buf *buf);

#endif

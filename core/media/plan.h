/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What to do with the packets of one call: made by control from what was signalled, immutable,
 * never holding anything a worker learned. A worker applies one plan after the other to a
 * session; which running state survives is told by the identities in it:
 *
 *   stream id            the same flow of the same party's media section in the next plan
 *   endpoint generation  bumped when the signalled endpoint of that stream changed: what was
 *                        learned about its peer is forgotten then
 *
 *   signal generation    bumped by every signalling that concerned the stream: its peer may be
 *                        learned again, but is sent to as before until it is
 *
 * Tests compare plans (plan_equal) without sockets or time.
 */
#ifndef MEDIA_PLAN_H
#define MEDIA_PLAN_H

#include "media/stats.h"
#include "net/ports.h"

#include <glib.h>

/* Bounds that control keeps when it compiles. */
enum {
	PLAN_MAX_STREAMS = 1024,
	PLAN_MAX_PORTS = 8,  /* per stream: the one in use and older ones still listened on */
	PLAN_MAX_SINKS = 32, /* per stream and kind */
};

/* How a stream finds out where its peer is (design: learning). */
enum plan_learn {
	PLAN_LEARN_ONCE,   /* signalled address, or else the first source seen */
	PLAN_LEARN_OFF,    /* signalled address only; packets from elsewhere are still taken in */
	PLAN_LEARN_FOLLOW, /* first source seen, and then the next, once a second at most */
};

/* What is done to a stream's RTP on its way to a sink. */
enum plan_action {
	PLAN_BLOCK = 1,      /* all but DTMF is discarded */
	PLAN_BLOCK_DTMF = 2, /* DTMF is discarded */
	PLAN_SILENCE = 4,    /* payloads that have a silence become it */
	PLAN_DROP = 8,       /* all is discarded */
	PLAN_ECHO = 16,      /* under another SSRC: it goes back to its sender */
	PLAN_MASK = 32,      /* without header extensions of certain numbers */
	PLAN_NO_SHORT = 64,  /* what is too short for its payload type is discarded */
};

/* Payload types that actions know. */
enum plan_payload {
	PLAN_PAYLOAD_OTHER,
	PLAN_PAYLOAD_DTMF,
	PLAN_PAYLOAD_PCMU,
	PLAN_PAYLOAD_PCMA,
	PLAN_PAYLOAD_G722,
};

struct plan_filter {
	uint8_t payload[128];           /* enum plan_payload by payload type */
	uint64_t masked[4];             /* numbers of header extensions, of PLAN_MASK */
	uint8_t action[PLAN_MAX_SINKS]; /* bits of enum plan_action by place in rtp_sinks */
};

struct sdp;
struct sdp_media;

struct plan_stream {
	uint32_t id;
	uint32_t endpoint_gen;
	uint32_t signal_gen;
	struct addr peer; /* signalled; family ADDR_NONE: not known, or on hold */
	enum plan_learn learn;
	bool answered;       /* both sides have been signalled: learning may begin */
	bool rtp;            /* RTP is expected on its port */
	bool rtcp;           /* RTCP is expected on its port (both when muxed) */
	bool opaque;         /* not RTP at all: datagrams pass as they are */
	bool wait;           /* nothing is sent to the peer before something came from it */
	bool pierce;         /* empty packets are sent to it until something came from it */
	bool strip_feedback; /* what is sent to this peer must not hold RTCP feedback */
	unsigned port_count; /* at least 1 */
	struct lease *ports[PLAN_MAX_PORTS]; /* [0] is sent from; each a reference */
	struct stream_stats *stats;          /* a reference */
	struct sdp *sdp;                     /* a reference; NULL: the party has said nothing */
	const struct sdp_media *in;          /* in it: what the payload types mean */
	/* Indices into the plan's streams: where RTP and where RTCP of this stream goes. */
	unsigned rtp_sink_count, rtcp_sink_count;
	uint16_t *rtp_sinks, *rtcp_sinks; /* owned by the plan */
	uint32_t delay_us;                /* its RTP waits so long; 0: not */
	struct plan_filter *filter;       /* owned; NULL: RTP goes to all sinks as it is */
};

struct plan {
	char *call_id; /* for log lines */
	unsigned stream_count;
	struct plan_stream *streams;
};

/* `sink_slots`: how many entries all sink lists have together. [control] */
struct plan *plan_new(struct str call_id, unsigned stream_count, unsigned sink_slots);
/* Drops the references. NULL is fine. [control] */
void plan_free(struct plan *plan);
/*
 * Do both ask for the same? Ports are compared by address and number, not by lease, so that a
 * plan rebuilt from a snapshot can be compared. [any]
 */
bool plan_equal(const struct plan *a, const struct plan *b);

#endif

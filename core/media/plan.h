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
 *   key generation       per direction; bumped when another key takes the place of the latest one,
 *                        also when there was none in between: SRTP begins anew then
 *   DTLS generation      per section: another one is another association
 *
 *   ICE generation       of a section's own credentials: checks begin anew with another one
 *
 * Tests compare plans (plan_equal) without sockets or time.
 */
#ifndef MEDIA_PLAN_H
#define MEDIA_PLAN_H

#include "api/codec.h"
#include "dtls/cert.h"
#include "ice/agent.h"
#include "media/stats.h"
#include "net/ports.h"
#include "srtp/suite.h"

#include <glib.h>

/* Bounds that control keeps when it compiles. */
enum {
	PLAN_MAX_STREAMS = 1024,
	PLAN_MAX_PORTS = 8,  /* per stream: the one in use and older ones still listened on */
	PLAN_MAX_SINKS = 32, /* per stream and kind */
	PLAN_MAX_BUNDLED = 16,
	PLAN_MAX_SSRCS = 32, /* signalled, per bundle */
};

/* How a stream finds out where its peer is (spec media 8.2). */
enum plan_learn {
	PLAN_LEARN_HEURISTIC, /* the best-ranked source of the first 3 s */
	PLAN_LEARN_DELAYED,   /* the newest source for 3 s; the first after that stays */
	PLAN_LEARN_IMMEDIATE, /* the first source */
	PLAN_LEARN_OFF,       /* the signalled address; sources are only looked at to check them */
};

/* Which sources' packets are let in. */
enum plan_sources {
	PLAN_SOURCES_LEARNED,   /* while learning the best-ranked seen, then the one committed */
	PLAN_SOURCES_SIGNALLED, /* the signalled address and port alone */
	PLAN_SOURCES_ANY,       /* all */
};

/* What is done to a stream's RTP on its way to a sink. */
enum plan_action {
	PLAN_BLOCK = 1,      /* all but DTMF is discarded */
	PLAN_BLOCK_DTMF = 2, /* what `dtmf` of the filter says is done about DTMF */
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

/* What a receiver gets of digits that are blocked (spec media 4.6). */
enum plan_dtmf_mode {
	PLAN_DTMF_OFF,     /* all of it */
	PLAN_DTMF_DROP,    /* no events; audio as it is */
	PLAN_DTMF_SILENCE, /* no events, and silence meanwhile */
	PLAN_DTMF_TONE,    /* a tone for each */
	PLAN_DTMF_RANDOM,  /* other digits, by chance, as tones */
	PLAN_DTMF_ZERO,    /* the digit 0 */
	PLAN_DTMF_DIGIT,   /* the digit `code` */
	PLAN_DTMF_MODES
};

enum { PLAN_DTMF_TONES = 8 };

struct plan_dtmf {
	uint8_t mode;   /* enum plan_dtmf_mode */
	uint8_t code;   /* of PLAN_DTMF_DIGIT */
	uint8_t volume; /* of what is heard instead, in dB below the loudest */
	uint8_t tone_count;
	uint16_t tones_hz
		[PLAN_DTMF_TONES]; /* of PLAN_DTMF_TONE, one after the other; at least one */
};

struct plan_filter {
	uint8_t payload[128];           /* enum plan_payload by payload type */
	struct plan_dtmf dtmf;          /* of PLAN_BLOCK_DTMF; zeroed elsewhere */
	uint64_t masked[4];             /* numbers of header extensions, of PLAN_MASK */
	uint8_t action[PLAN_MAX_SINKS]; /* bits of enum plan_action by place in rtp_sinks */
};

/* What becomes of a payload type on its way to a sink that does not get it as it is. */
enum plan_handling {
	PLAN_PASS, /* as it is, under the sink's SSRC and sequence when others are transcoded */
	PLAN_TRANSCODE, /* decoded and encoded */
	PLAN_EVENT,     /* RFC 4733: the same event under another payload type and clock */
	PLAN_NOISE,     /* RFC 3389: the same noise under another payload type and clock */
	PLAN_TONE,      /* RFC 4733: heard as tones, in an encoder's audio */
	PLAN_DISCARD,   /* the sink has nothing it could become */
};

enum { PLAN_MAX_FORMATS = 8 }; /* decoders, and encoders, of one transcoding */

/* A codec as one side uses it. */
struct plan_format {
	const struct codec *codec;  /* of the registry */
	struct codec_params params; /* its strings are in `texts` of the transcoding */
	uint8_t payload_type;
};

struct plan_handler {
	uint8_t handling; /* enum plan_handling */
	uint8_t decoder;  /* index: what is received; of events and noise only its clock counts */
	uint8_t encoder;  /* index: what is sent, likewise */
};

/*
 * RTP from a stream to a sink of other codecs (spec media 2.7, 3). Compared by value: as long as
 * it stays equal, decoders and encoders keep running over plans; SSRC, sequence and timestamps
 * that the sink sees go on in any case.
 */
struct plan_transcode {
	struct plan_handler handler[128]; /* by payload type received */
	unsigned decoder_count, encoder_count;
	struct plan_format decoders[PLAN_MAX_FORMATS], encoders[PLAN_MAX_FORMATS];
	/*
	 * Digits. `detect`: those in audio are looked for, and `tells` of them; `to_events`: they
	 * become events. `inject`: others may be put in. Events of these two kinds are those of
	 * `event_encoder`, if there is one; injected digits are tones where not.
	 */
	bool detect, tells, to_events, inject;
	bool has_event_encoder;
	uint8_t event_encoder;
	bool relay; /* nothing but that: all packets pass, under the outlet's numbers */
	/* Audio goes to what the sink is played (plan_play), whose format is the first encoder. */
	bool mix;
	bool no_suppress;       /* audio is sent beside events, too */
	uint16_t dtmf_delay_ms; /* digits come so much later than they were sent; with `inject` */
	char *texts;            /* what the formats' strings point into; owned */
};

/* Copies the strings of all formats. [control] */
struct plan_transcode *plan_transcode_new(const struct plan_transcode *from);
void plan_transcode_free(struct plan_transcode *transcode); /* NULL is fine */
/* NULL equals NULL. [any] */
bool plan_transcode_equal(const struct plan_transcode *a, const struct plan_transcode *b);

/* What one direction is protected with. Counted, never changed, wiped with the last reference. */
struct plan_srtp {
	uint32_t generation; /* of this stream and direction; from 1 */
	struct srtp_params params;
};

/*
 * Keys agreed upon by DTLS (spec media 10.6). Counted, never changed. As long as generation, role
 * and certificate stay, the association does, whatever is said of its peer meanwhile; that may be
 * told later than the association is begun, but not be changed.
 */
struct plan_dtls {
	uint32_t generation;         /* of this section; from 1 */
	bool active;                 /* we begin */
	unsigned mtu;                /* of the path, headers included */
	struct dtls_cert *cert;      /* a reference */
	struct fingerprint_set peer; /* empty: not told yet */
};

/* A reference; takes one of its certificate. [control] */
struct plan_dtls *plan_dtls_new(const struct plan_dtls *from);
/* Is it the same association? Neither is NULL. [any] */
bool plan_dtls_same(const struct plan_dtls *a, const struct plan_dtls *b);
/* ICE of a section, with the stream of its RTP. Counted, never changed. */
struct plan_ice {
	struct ice_params *params; /* a reference */
	/* By place in the list of locals: which of the ports of that component's stream it is. */
	uint8_t ports[ICE_MAX_LOCALS];
};

/* A reference; takes `params` and copies `ports`, as many as it has locals. [control] */
struct plan_ice *plan_ice_new(struct ice_params *params, const uint8_t *ports);

/* A reference. [control] */
struct plan_srtp *plan_srtp_new(const struct srtp_params *params, uint32_t generation);

struct playback;

/*
 * The stream's peer gets what we make (generator.h): something is played to it, or all that it
 * hears is mixed.
 */
struct plan_play {
	struct playback *playback;     /* reference; the same one: it goes on; NULL: nothing */
	struct plan_transcode *format; /* owned; its only encoder is what it is played by */
	bool mix;                      /* audio of its sources, too, in one stream without end */
	unsigned buffer_ms, ahead_ms;  /* of what is mixed (mixer.h) */
};

/* Takes a reference to `playback`, which may be NULL; copies `format`. [control] */
struct plan_play *plan_play_new(struct playback *playback, const struct plan_format *format);

/* Sections that share a transport: how to tell whose a packet is. */
struct plan_bundle {
	unsigned count;
	uint16_t streams[PLAN_MAX_BUNDLED]; /* indices; the one that carries them comes first */
	uint8_t by_type
		[128];  /* 1 + place of the only one with this payload type; 0: none, several */
	uint8_t mid_id; /* number of the header extension with the mid; 0: there is none */
	unsigned ssrc_count;
	struct {
		uint32_t ssrc;
		uint8_t member; /* place in `streams` */
	} ssrcs[PLAN_MAX_SSRCS];
};

struct sdp;
struct sdp_media;
struct tap;

struct plan_stream {
	uint32_t id;
	uint32_t endpoint_gen;
	uint32_t signal_gen;
	struct addr peer;          /* signalled; family ADDR_NONE: not known, or on hold */
	struct addr received_from; /* of its signalling, without port; ADDR_NONE: not told */
	enum plan_learn learn;
	enum plan_sources sources;
	bool follow;         /* a committed source gives way to another, once a second at most */
	bool answered;       /* both sides have been signalled: learning may begin */
	bool rtp;            /* RTP is expected on its port */
	bool rtcp;           /* RTCP is expected on its port (both when muxed); where it alone
			      * is, the stream before is that of its RTP */
	bool opaque;         /* not RTP at all: datagrams pass as they are */
	bool wait;           /* nothing is sent to the peer before something came from it */
	bool own_peer;       /* its peer is a port of ours: what goes round is to be found out */
	bool pierce;         /* empty packets are sent to it until something came from it */
	bool strip_feedback; /* what is sent to this peer must not hold RTCP feedback */
	bool secured;        /* SRTP alone is spoken with the peer: as long as a direction has no
			      * key nothing passes in it. Without: no key is plain RTP */
	uint16_t rtp_stream; /* index of that with its RTP: itself, unless it is for RTCP alone */
	uint16_t carrier;    /* index of that whose port, peer and keys it uses: mostly itself */
	unsigned port_count; /* at least 1, unless another one carries it */
	struct lease *ports[PLAN_MAX_PORTS]; /* [0] is sent from; each a reference */
	struct stream_stats *stats;          /* a reference */
	struct sdp *sdp;                     /* a reference; NULL: the party has said nothing */
	const struct sdp_media *in;          /* in it: what the payload types mean */
	/* Indices into the plan's streams: where RTP and where RTCP of this stream goes. */
	unsigned rtp_sink_count, rtcp_sink_count;
	uint16_t *rtp_sinks, *rtcp_sinks; /* owned by the plan */
	/*
	 * SRTP and SRTCP: what the peer sends with, and what it is sent with. References; NULL: see
	 * `secured`. An opaque stream may have them, too, from when it was not: it has no use for
	 * them. RTP's and RTCP's stream of a section have the same.
	 */
	struct plan_srtp *srtp_in, *srtp_out;
	/* A reference; NULL: no DTLS. Without keys above, which it takes the place of. */
	struct plan_dtls *dtls;
	struct plan_ice *ice;       /* a reference, with the stream of RTP; NULL: no ICE */
	uint64_t events[2];         /* payload types received that are events: bits by number */
	struct plan_bundle *bundle; /* owned; NULL: it carries no other */
	uint32_t delay_us;          /* its RTP waits so long; 0: not */
	uint32_t report_us; /* RTCP from the peer ends here, and so often it gets some of ours; 0:
			     * what its sources send is passed on */
	struct plan_filter *filter; /* owned; NULL: RTP goes to all sinks as it is */
	/* By place in rtp_sinks, each owned and possibly NULL; NULL: nothing is transcoded. */
	struct plan_transcode **transcodes; /* owned */
	struct plan_play *play;             /* owned; NULL: nothing */
	struct tap *tap; /* a reference; copies of what is received go there; NULL: not recorded */
	/* By it the tap's reader finds what the plan's streams were; goes up with every plan. */
	uint32_t tap_layout;
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
/* Is its peer a port of ours? [control] */
bool plan_checks_loops(const struct plan *plan, uint32_t stream_id);
/* Is RTP from that stream, or to it, made anew? [control] */
bool plan_transcodes(const struct plan *plan, uint32_t stream_id);
/* What is done to RTP from one stream to another; NULL: nothing, or it does not go there. [any] */
const struct plan_transcode *plan_find_transcode(
	const struct plan *plan, uint32_t source_id, uint32_t sink_id);
/* Is all that its peer hears mixed? [control] */
bool plan_mixes(const struct plan *plan, uint32_t stream_id);
/*
 * Do both ask for the same? Ports are compared by address and number, not by lease, so that a
 * plan rebuilt from a snapshot can be compared. [any]
 */
bool plan_equal(const struct plan *a, const struct plan *b);

#endif

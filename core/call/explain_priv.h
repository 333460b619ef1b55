/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Between explain.c (the whole), explain_section.c, explain_setup.c and explain_flow.c. Sentences are appended to
 * a text, each with its capital, its full stop and a line feed behind it. [control]
 */
#ifndef CALL_EXPLAIN_PRIV_H
#define CALL_EXPLAIN_PRIV_H

#include "call/explain.h"

/* What came in on a section, RTP told from RTCP also where they share a port. */
struct arrivals {
	struct stream_counts rtp, rtcp; /* of its two ports; zeroed where there is none */
	uint64_t rtp_packets, rtcp_packets;
	int64_t rtp_last_us; /* monotonic; 0: none */
	uint64_t dropped;    /* of what came in */
};

void explain_read(const struct media *media, struct arrivals *ret);
/* Is this reason counted on the stream by which a packet was to leave? */
bool explain_is_drop_out(enum reason reason);

/* explain_section.c: what was said, agreed, received and dropped. */
void explain_section(
	GString *out, const struct media *media, const struct arrivals *in, int64_t now_us);
/* The address it was shown, with the port; ADDR_NONE: none. */
struct addr explain_shown_addr(const struct media *media, unsigned component);

/* explain_keys.c: keys that are missing or wrong for what came in on a section. */
bool explain_lacks_keys(const struct arrivals *in);
bool explain_has_wrong_keys(const struct arrivals *in);
/* One sentence or two, without line feed. */
void explain_why_no_keys(GString *out, const struct media *media, const struct arrivals *in);
void explain_why_wrong_keys(
	GString *out, const struct media *media, const struct arrivals *in, int64_t now_us);

/*
 * explain_setup.c: what a section needs before media: its transport has no way by ICE / no keys by
 * DTLS, though both sides are to speak it. `in`: what came in on the section.
 */
bool explain_lacks_ice(const struct call *call, const struct media *media);
bool explain_lacks_dtls(const struct media *media);
/* Sentences, without line feed. */
void explain_why_no_ice(
	GString *out, const struct call *call, const struct media *media, int64_t now_us);
void explain_why_no_dtls(GString *out, const struct media *media, int64_t now_us);
/* That it was there and is not any more: with a blank before it, or nothing. */
void explain_transport_lost(GString *out, const struct call *call, const struct media *media);

/* explain_section.c: did its party answer that without effect: was it not offered so, or taken out? */
bool explain_left_out(const struct media *media, const struct sdp_format *f);

/* explain_flow.c; `to` NULL: nobody receives it. */
struct explained {
	const struct call *call;
	const struct media *from, *to;
	const struct arrivals *in; /* of `from` */
	struct stream_counts out;  /* of the port that leads to `to` */
	int64_t now_us;
};

enum explain_state explain_state(const struct explained *flow);
const char *explain_state_name(enum explain_state state);
/* What is missing, or that all is well: one sentence, without line feed. */
void explain_why(GString *out, const struct explained *flow);
/* That, and what is done on the way. */
void explain_flow(GString *out, const struct explained *flow);

/* explain_decode.c: it flows, but most of it cannot be decoded; why, as a line. */
bool explain_is_undecodable(const struct explained *flow);
void explain_why_undecodable(GString *out, const struct explained *flow);

#endif

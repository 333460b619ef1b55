/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The decisions of an exchange as functions of what both sides said: no side effects, no calls,
 * no sockets. [control]
 */
#ifndef CALL_NEGOTIATE_H
#define CALL_NEGOTIATE_H

#include "base/err.h"
#include "call/options.h"

/* rtcp-mux in an offer (spec NG 3.5.3). */
struct mux_decision {
	bool offer_to; /* a=rtcp-mux in the offer to the receiver */
	bool single;   /* … with one port only */
	int answer;    /* enum mux_answer: for the answer back to the sender */
};

struct mux_decision negotiate_mux_offer(
	bool offered, bool established_to, const struct mux_options *o);
/* Does the section say rtcp-mux, by the attribute or by a=rtcp naming the RTP port (3.5.3)? */
bool negotiate_mux_offered(const struct sdp_media *in);

/*
 * Where the sender of a section wants RTP and RTCP (spec NG 4.6, 5.7, media 8.3). ADDR_NONE
 * when nothing is to be sent there: port 0, zero address.
 */
struct endpoints {
	struct addr rtp, rtcp;  /* to send to */
	struct addr advertised; /* RTP, even when its address is zero: the key of ports */
	bool zero_address;
};

/* `believed`: the address that counts instead of those in the SDP; ADDR_NONE: the SDP's. */
struct endpoints negotiate_endpoints(
	const struct sdp_media *in, const struct addr *believed, bool mux);

/*
 * Are the addresses of section `index` to be trusted? With SIP-source-address they are not,
 * until a section with ICE was met (spec NG 3.2).
 */
bool negotiate_trusts_sdp(const struct sdp *sdp, unsigned index, const struct call_options *o);

/*
 * Can a section be carried? -ENOTSUP and a clear text for SRTP, DTLS and other demands that
 * this build cannot meet; -EINVAL "Incomplete SDP specification".
 */
int negotiate_check(
	const struct sdp_media *in, const struct call_options *o, bool trust_sdp, struct err *err);

/* The profile towards the receiver of an offer / towards the offerer. */
enum sdp_transport negotiate_transport_offer(
	const struct sdp_media *in, const struct call_options *o);

/* negotiate_codec.c (spec NG 3.6). Arrays given as `ret` have room for SDP_MAX_FORMATS. */

/* A set of payload types. */
struct payload_types {
	uint64_t bits[2];
};

struct format_list {
	const struct sdp_format *formats;
	unsigned count;
};

/*
 * What an offer shows to its receiver: the sender's formats but for those that are taken out.
 * `shown`: what the receiver was shown last, `known`: what it said itself last; both may be
 * empty. Returns how many; none only if that is allowed (allow-no-codec-media).
 */
unsigned negotiate_offer_formats(const struct sdp_media *in, const struct codec_options *o,
	struct format_list shown, struct format_list known, const struct sdp_format **ret);
/* The sender's formats that are taken as if it had not offered them. */
struct payload_types negotiate_ignored(const struct sdp_media *in, const struct codec_options *o);

/*
 * What an answer shows to the offerer: of the answerer's formats those that were shown to it
 * (`shown`; empty: all) and that the offerer has (`offered`, NULL: unknown) with the same number
 * and a compatible definition, or all when none is left; but for those that are taken out.
 */
struct answer_formats {
	const struct sdp_media *in, *offered;
	struct format_list shown;
	struct payload_types ignored; /* of the offerer */
};

unsigned negotiate_answer_formats(const struct answer_formats *a, const struct codec_options *o,
	const struct sdp_format **ret);

/* negotiate_extmap.c (spec NG 3.8, extmap): header extensions. */
bool negotiate_extmap_named(const struct value *list, const struct sdp_attr *extmap);
/* Its number; 0: none that can be masked. */
unsigned negotiate_extmap_id(const struct sdp_attr *extmap);

#endif

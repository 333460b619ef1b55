/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The decisions of an exchange as functions of what both sides said: no side effects, no calls,
 * no sockets. [control]
 */
#ifndef CALL_NEGOTIATE_H
#define CALL_NEGOTIATE_H

#include "base/err.h"
#include "call/codec_list.h"
#include "call/crypto.h"
#include "call/options.h"
#include "media/plan.h"

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
 * Can a section be carried? -ENOTSUP and a clear text for demands that this build cannot
 * meet; -EINVAL "Incomplete SDP specification".
 */
int negotiate_check(
	const struct sdp_media *in, const struct call_options *o, bool trust_sdp, struct err *err);

/* The profile towards the receiver of an offer / towards the offerer. */
enum sdp_transport negotiate_transport_offer(
	const struct sdp_media *in, const struct call_options *o);

/* negotiate_crypto.c: SDES (spec NG 4.11). Lists are new references; NULL: no lines. */

/*
 * The lines of a section that can be used, here and by the back end of SRTP: of tags that appear
 * twice, the first.
 */
struct crypto_list *negotiate_crypto_said(const struct sdp_media *in);

struct crypto_offer {
	const struct crypto_list *received; /* of the sender's section, all of them */
	const struct crypto_list *shown;    /* to the receiver last */
	const struct crypto_list *former;   /* of the sender's offer before */
	const struct sdes_options *options;
	/*
	 * What comes from the sender is changed on its way, so that its keys must not be used for
	 * it: the receiver gets keys of its own. The same goes for a key whose session parameters
	 * are changed, and for one that the sender has given up.
	 */
	bool own_keys;
};

/* What the receiver is shown. 0 or -EIO: no random keys to be had. */
int negotiate_crypto_offer(const struct crypto_offer *offer, struct crypto_list **ret);
/*
 * What of the sender's lines may be answered, in the order of preference; at least one, if there
 * are any. *ret_preferred: that order is one that was asked for.
 */
struct crypto_list *negotiate_crypto_received(
	const struct crypto_list *received, const struct sdes_options *o, bool *ret_preferred);
/*
 * The answerer's line that counts and what it accepts of what it was shown; false: nothing. Both
 * point into the lists.
 */
bool negotiate_crypto_accepted(const struct crypto_list *answered, const struct crypto_list *shown,
	const struct sdes_crypto **ret_in, const struct sdes_crypto **ret_out);

struct crypto_answer {
	const struct crypto_list *offered;  /* by whom the answer is for, not NULL */
	const struct sdes_crypto *accepted; /* by the answerer, its line; NULL: it is plain */
	const struct srtp_params *in_use;   /* what the offerer is sent with so far; NULL */
	bool in_use_own;                    /* … and that is nobody else's key */
	bool keep_suite;                    /* SDES=static */
	bool preferred;                     /* the order of `offered` goes first */
	const struct sdes_options *options; /* session parameters that it clears go; NULL: none */
	bool own_key;                       /* as in an offer: the answerer's must not be used */
};

struct crypto_choice {
	const struct sdes_crypto *in; /* of `offered` */
	struct sdes_crypto out;       /* the line of the answer; wiped by the caller */
	bool own;                     /* its key is not the answerer's */
};

/* 0 or -EIO. */
int negotiate_crypto_answer(const struct crypto_answer *answer, struct crypto_choice *ret);

/* Codecs (spec NG 3.6, media 2): lists are made in `arena`, their texts copied. */

struct format_list {
	const struct sdp_format *formats;
	unsigned count;
};

struct codec_offer {
	const struct sdp_media *in; /* the sender's */
	const struct codec_options *options;
	/* What these two had agreed on when the same one offered; NULL: nothing. */
	const struct codec_agreement *before;
	/* … when the receiver of now did; NULL: nothing. One of both at most. */
	const struct codec_agreement *back;
	/* What the receiver was shown last, with marks; or without; both may be empty. */
	struct codec_list shown_before;
	struct format_list shown;
	struct format_list known; /* what it said itself last; may be empty */
	GString *warnings;        /* for the reply; NULL: not wanted */
};

/* Is there anything to decide? If not, the receiver is shown what the sender said. */
bool negotiate_touches_codecs(const struct codec_offer *offer);
/*
 * negotiate_codec.c: what the receiver is shown. False: no codec is left, which is only when that
 * is allowed (allow-no-codec-media).
 */
bool negotiate_offer_codecs(
	struct arena *arena, const struct codec_offer *offer, struct codec_agreement *ret);
/*
 * negotiate_answer.c: what the offerer is shown, from what the answerer says and what was agreed
 * before. An agreement without lists is one on an offer that nobody knows.
 */
void negotiate_answer_codecs(struct arena *arena, const struct sdp_media *in,
	const struct codec_options *o, struct codec_agreement *agreement);
/*
 * What an answer names by number alone is what its sender was shown by that number: so says the
 * agreement, or, without one (NULL), what was `offered`.
 */
void negotiate_name_formats(struct sdp *sdp, const struct sdp_media *in,
	const struct codec_agreement *a, struct format_list offered);
/* To an offer that was passed on as it was: is there nothing to decide about the answer? */
bool negotiate_answer_is_plain(
	const struct sdp_media *in, const struct codec_options *o, struct format_list offered);

/* What the answer's own `strip` and `offer`, or the offer's, do to a list; for both of them. */
enum codec_removal { CODEC_KEPT, CODEC_REMOVED, CODEC_REMOVED_BY_ALL };
enum codec_removal negotiate_removal(
	const struct value *list, const struct value *except, const struct sdp_format *f);
void negotiate_edit_codecs(struct codec_work *w, const struct codec_options *o);

/* choose_codec.c: what becomes of a received codec (spec media 2.7). */

/* One direction between two sections. */
struct codec_facts;

struct codec_flow {
	struct codec_list from;  /* what its source may send */
	struct codec_list heard; /* the same under further numbers */
	struct codec_list to;    /* what its sink takes */
	struct codec_list told;  /* what it was answered: of events, noise that alone; empty: all */
	struct codec_list own;   /* … and has under other numbers itself */
	int from_ptime_ms;       /* as the source said; 0: the codec's */
	int to_ptime_ms;         /* as the sink said; 0: the codec's */
	int to_maxptime_ms;      /* as the sink said; 0: any */
	int fixed_ptime_ms;      /* what the sink has to get whatever it said; 0: any */
	bool force, asymmetric, as_is;
	bool events_added; /* the sink takes events that we have offered it, not the source */
	/* As the client, or a block of digits, asks for it. */
	bool detect;       /* digits in audio are looked for */
	bool inject;       /* digits may be put in */
	bool tones;        /* events are to be heard, not sent on */
	int dtmf_delay_ms; /* digits are to come so much later; with `inject` */
	/* What is so of all its codecs (codec_flow_look); NULL: found out for each of them. */
	const struct codec_facts *facts;
};

/* Each choice depends on what becomes of the others. */
struct codec_facts {
	const struct codec_entry
		*sounding;  /* what is heard, but does not come as audio, goes in it */
	bool tones, forced; /* events are heard; audio is decoded though it could pass */
	uint32_t first_hz;  /* of the first that audio is transcoded to; 0: none is */
	uint32_t sent_hz[SDP_MAX_FORMATS]; /* of all that audio becomes */
	unsigned sent_count;
};

struct codec_choice {
	enum plan_handling handling;
	const struct codec_entry *to; /* of flow->to; NULL: none, it passes or is discarded */
};

struct codec_choice choose_codec(const struct codec_flow *flow, const struct codec_entry *from);
/*
 * What is so of all codecs of the flow, which has it from then on and must not be changed any more:
 * for who asks about many of them, since it takes as long as all of them.
 */
void codec_flow_look(struct codec_flow *flow, struct codec_facts *facts);
/*
 * All of a flow; its strings point into the lists. False: nothing need be changed, packets pass
 * as they are.
 */
bool choose_transcode(const struct codec_flow *flow, struct plan_transcode *ret);
/*
 * All of a flow to a sink whose audio is mixed and made anew as `to`; its strings point into the
 * lists and those of `to`. False: nothing of it can be decoded, or be made that.
 */
bool choose_mixed(
	const struct codec_flow *flow, const struct plan_format *to, struct plan_transcode *ret);
/* What the sink gets of what comes from nobody; false: it takes nothing that we can encode. */
bool choose_played(const struct codec_flow *flow, struct plan_format *ret);
/* Of an agreement: from the offerer, or towards it. Times of packets are the caller's. */
struct codec_flow agreement_flow(const struct codec_agreement *agreement, bool from_offerer);

/*
 * negotiate_describe.c: the decisions of one agreement as text, a fact a line: what each side
 * offered, accepted, had taken out, and what becomes of each payload type.
 */
void negotiate_describe(const struct codec_agreement *agreement, GString *out);

/* negotiate_extmap.c (spec NG 3.8, extmap): header extensions. */
bool negotiate_extmap_named(const struct value *list, const struct sdp_attr *extmap);
/* Its number; 0: none that can be masked. */
/* The one that tells a packet's section (RFC 9143)? */
bool negotiate_extmap_is_mid(const struct sdp_attr *extmap);
unsigned negotiate_extmap_id(const struct sdp_attr *extmap);

#endif

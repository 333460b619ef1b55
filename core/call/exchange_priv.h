/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The steps of an exchange, between exchange.c, pair.c and section.c. [control] */
#ifndef CALL_EXCHANGE_PRIV_H
#define CALL_EXCHANGE_PRIV_H

#include "call/draft.h"

/*
 * pair.c. Finds for each section of the body the sender's own and the receiver's, making those
 * that are missing; `to` is NULL where a section is not sent on and never was. `pairs` has room
 * for all. -E2BIG when a party would have too many.
 */
int pair_sections(struct draft *draft, const struct parties *p, const struct sdp *sdp,
	const struct call_options *o, bool answer, struct media_pair *pairs, struct err *err);
/* Places of the receiver that nothing was ever said of become rejected sections of their kind. */
void pair_fill_places(
	struct draft *draft, const struct parties *p, const struct call_options *o, bool answer);
/* Sections this message leaves out, with those they are linked to: behind the others. */
unsigned pair_others(const struct parties *p, struct media_pair *pairs);
/* Cuts the receiver's links (in an answer the sender's, too) and links the pairs. */
int pair_link(struct draft *draft, const struct parties *p, bool answer,
	const struct media_pair *pairs, unsigned count, struct err *err);

/* sdp-media-remove: is a section of this type not sent on? */
bool pair_is_removed(enum sdp_media_type type, const struct call_options *o, bool answer);

/*
 * bundle.c. Who carries whom from now on: `pairs` in the order of the body's sections, before they
 * are negotiated one by one.
 */
void bundle_negotiate(struct media_pair *pairs, const struct sdp *sdp,
	const struct bundle_options *o, bool answer);
/* After they were negotiated: who has nobody to be carried by is declined. */
void bundle_settle(struct party *party, int64_t now_us);

/* Families that were asked for by the name of an interface; ADDR_NONE: not. */
struct sides {
	enum addr_family from, to;
};

/*
 * secure.c. SRTP and its keys for a pair whose profiles are decided: what an offer shows its
 * receiver; what an answer puts to use on both sides. 0 or -errno with the reply's text.
 */
int secure_offer(const struct draft *draft, const struct media_pair *pair,
	const struct sdp_media *in, const struct call_options *o, struct err *err);
int secure_answer(const struct draft *draft, const struct media_pair *pair,
	const struct sdp_media *in, const struct call_options *o, struct err *err);
/* In place of these: the sender's keys are the receiver's, there are none of ours. */
void secure_pass(const struct media_pair *pair, const struct sdp_media *in, bool answer);
/*
 * Sections of the sender's body that stand there with SRTP and without become one (OSRTP of old):
 * where that is asked for, and where it was so before.
 */
void secure_fold(
	struct sdp *sdp, const struct party *from, const struct call_options *o, bool answer);
/*
 * secure_dtls.c, for secure.c. What the section says of DTLS is kept; false: nothing usable. Then:
 * DTLS is
 * offered to `to` in this body.
 */
bool secure_dtls_read(const struct draft *draft, struct media *from, const struct sdp_media *in,
	const struct call_options *o);
bool secure_dtls_offer(const struct draft *draft, struct media *to, const struct call_options *o);
/* The answerer took up what it was offered / the offerer is answered with DTLS. */
bool secure_dtls_accepted(const struct draft *draft, struct media *from);
bool secure_dtls_answer(const struct draft *draft, struct media *to, const struct call_options *o);
/* A branch is as if it was offered what its sibling was. */
void secure_dtls_share(const struct draft *draft, struct media *from, const struct media *shared);
/* Of a section that is declined. */
void secure_forget(struct media *media);

/* section.c. Which interfaces the parties have; offers choose, in answers they have theirs. */
struct sides section_choose_interfaces(struct draft *draft, const struct parties *p,
	const struct call_options *o, unsigned ports, bool answer);
/* Everything about one pair, ports included. 0 or -errno with the reply's text. */
int section_negotiate(struct draft *draft, const struct media_pair *pair, struct sdp *sdp,
	const struct sdp_media *in, const struct call_options *o, const struct sides *sides,
	bool answer, struct err *err);
/* A section that is not sent on: kept as declined. */
void section_remove(struct draft *draft, const struct media_pair *pair, struct sdp *sdp,
	const struct sdp_media *in);
/* Declined by either side: no ports, no peers. */
void section_reject(struct media *media, int64_t now_us);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ICE of a media section as signalling has it (spec NG 3.4, 4.8, media 9): whether it is spoken
 * with the section's party, our credentials, our role. What the party said is in its body. Values
 * only; what workers make of it is in media/ice.h. [control]
 */
#ifndef CALL_ICE_H
#define CALL_ICE_H

#include "ice/agent.h"
#include "media/plan.h"

struct media;
struct port_map;
struct sdp_attr;
struct sdp_media;

enum { ICE_FOUNDATION = 16 }; /* characters of ours */

/* ICE=… (spec NG 3.4). */
enum ice_wish {
	ICE_WISH_DEFAULT, /* as the sender has it */
	ICE_WISH_REMOVE,
	ICE_WISH_FORCE,
	ICE_WISH_OPTIONAL, /* passed through if the sender has it, else as FORCE */
	ICE_WISH_RELAY,    /* likewise, and our candidates are of type relay */
};
enum ice_lite_wish { ICE_LITE_KEEP, ICE_LITE_OFF, ICE_LITE_ON };

struct ice_options {
	enum ice_wish wish;
	enum ice_lite_wish lite_to, lite_from; /* towards the receiver, the sender */
	bool trickle, ice2, reject, reset;
	bool pass, no_pass; /* passthrough: whatever else is wished; no_pass goes first */
};

/*
 * Is a section passed through: described as its sender has it, and relayed untouched, STUN, DTLS and
 * all? Then the parties settle among themselves what they speak.
 */
enum ice_pass {
	ICE_NOT_PASSED,
	ICE_PASSED,      /* with ICE on both sides */
	ICE_PASS_FORCED, /* by passthrough */
};

/* What a peer said of its candidates after its body. Counted, never changed. */
struct ice_trickled {
	bool ended; /* there will be no more */
	unsigned count;
	struct ice_candidate candidates[];
};

/* Of one section. Copied with it. */
struct media_ice {
	bool said;    /* its party speaks it, as far as its latest body goes */
	bool shown;   /* its party is shown candidates of ours */
	bool refused; /* it was, and answered without: not again, unless told to */
	bool lite, trickle, ice2;
	bool controlling;    /* by signalling, or by a conflict of roles since (call_ice_told) */
	bool relay;          /* our candidates are of that type */
	uint32_t generation; /* of the credentials; 0: there never were any */
	char ufrag[ICE_OWN_UFRAG + 1], pwd[ICE_OWN_PWD + 1];
	struct addr local;             /* the port they were made for */
	struct ice_trickled *trickled; /* a reference, since its party's ICE began; NULL: nothing */
};

/* Does a section (NULL: false) say that its sender is lite? */
bool negotiate_ice_is_lite(const struct sdp_media *in);
/* Has the peer begun anew, by what it says now and said before (NULL: nothing)? */
bool negotiate_ice_restarted(const struct sdp_media *before, const struct sdp_media *in);
/*
 * An offer: what it says of its sender's section, and what its receiver is shown. Ports are known.
 * `restarted`: as above, of the sender. -EIO: no randomness to be had.
 */
int negotiate_ice_offer(struct media *from, struct media *to, const struct sdp_media *in,
	const struct ice_options *o, bool restarted);
/* The answer: is what its sender was shown accepted, and what is the offerer shown. As above. */
int negotiate_ice_answer(struct media *from, struct media *to, const struct sdp_media *in,
	const struct ice_options *o);
/*
 * Is what the sender says passed through? `before`: was the latest offer; of an answer, that to its
 * receiver. An answer to what was not passed through is not, either.
 */
enum ice_pass negotiate_ice_passes(
	const struct sdp_media *in, const struct ice_options *o, enum ice_pass before, bool answer);
/* In place of negotiate_ice_offer and negotiate_ice_answer: the sender's ICE is the receiver's. */
void negotiate_ice_pass(struct media *from, struct media *to, const struct sdp_media *in,
	const struct ice_options *o);
/* What was passed through is not any more; before it is negotiated. */
void negotiate_ice_unpass(
	struct media *from, struct media *to, const struct ice_options *o, bool answer);
/* May its party add candidates by and by? */
bool negotiate_ice_may_trickle(const struct media *media);
/* a=candidate or a=end-of-candidates of a fragment; false: nothing new. */
bool negotiate_ice_trickle(struct media *media, const struct sdp_attr *attr);
/* How many candidates its party has named that are of use to us, up to now. */
unsigned negotiate_ice_remotes(const struct media *media);
/* Of a section that is declined. */
void negotiate_ice_forget(struct media *media);
/* What a worker needs to speak it; NULL: it is not spoken. A reference. `software` may be NULL. */
struct plan_ice *negotiate_ice_plan(const struct media *media, const char *software);

/*
 * Our candidate of a component (from 1) at an address of the section's interface, as it is shown.
 * `instance`: what makes foundations ours, random per start. `passed`: beside those of this section
 * of the sender's, and next to them (spec NG 4.8); NULL: there are no others.
 */
struct ice_candidate negotiate_ice_candidate(const struct media *media,
	const struct port_map *ports, unsigned component, const struct sdp_media *passed,
	const char *instance);

#endif

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

enum { ICE_FOUNDATION = 16 }; /* characters of ours */

/* ICE=… (spec NG 3.4). */
enum ice_wish {
	ICE_WISH_DEFAULT, /* as the sender has it */
	ICE_WISH_REMOVE,
	ICE_WISH_FORCE,
	ICE_WISH_PASS, /* optional, force-relay: candidates of the sender are to be kept */
};
enum ice_lite_wish { ICE_LITE_KEEP, ICE_LITE_OFF, ICE_LITE_ON };

struct ice_options {
	enum ice_wish wish;
	enum ice_lite_wish lite_to, lite_from; /* towards the receiver, the sender */
	bool trickle, ice2, reject, reset;
};

/* Of one section. Copied with it. */
struct media_ice {
	bool said;    /* its party speaks it, as far as its latest body goes */
	bool shown;   /* its party is shown candidates of ours */
	bool refused; /* it was, and answered without: not again, unless told to */
	bool lite, controlling, trickle, ice2;
	uint32_t generation; /* of the credentials; 0: there never were any */
	char ufrag[ICE_OWN_UFRAG + 1], pwd[ICE_OWN_PWD + 1];
	struct addr local; /* the port they were made for */
};

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
/* Of a section that is declined. */
void negotiate_ice_forget(struct media *media);
/* What a worker needs to speak it; NULL: it is not spoken. A reference. `software` may be NULL. */
struct plan_ice *negotiate_ice_plan(const struct media *media, const char *software);

/*
 * Our candidate of a component (from 1), as it is shown. `instance`: what makes foundations ours,
 * random per start.
 */
struct ice_candidate negotiate_ice_candidate(
	const struct port_map *ports, unsigned component, const char *instance);

#endif

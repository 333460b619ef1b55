/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CALL_PLAN_PRIV_H
#define CALL_PLAN_PRIV_H

/* Parts of call_compile(). */

#include "media/plan.h"

struct sdp_media;

/*
 * One more section of a transport that several share: the plan's stream that it is, and what its
 * party has said of it (NULL: nothing yet). Up to PLAN_MAX_BUNDLED of them. [control]
 */
void plan_bundle_add(struct plan_bundle *b, unsigned stream, const struct sdp_media *in);

/* When all are there: a payload type that more than one has tells nothing. [control] */
void plan_bundle_end(struct plan_bundle *b);

#endif

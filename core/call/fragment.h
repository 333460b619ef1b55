/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Candidates that trickle in: bodies of application/trickle-ice-sdpfrag (RFC 8840; spec NG 2.4),
 * added to what their sender's section has said. One of which some part is for a call, a party, a
 * section or an ICE restart that is not known yet waits for that, but not for long; what can be
 * used of it is used meanwhile. [control]
 */
#ifndef CALL_FRAGMENT_H
#define CALL_FRAGMENT_H

#include "call/draft.h"

/* Of what waits, in all calls together; the oldest go. */
enum { FRAGMENTS_MAX = 256, FRAGMENTS_MAX_BYTES = 256 * 1024 };
static const int64_t FRAGMENT_WAITS_US = 3000000;

/*
 * A whole command: an offer, or answer, with the flag. What nobody has any use for is logged and
 * left out; -EINVAL: no body at all; others: no resources for a new plan, nothing was changed.
 */
int call_fragment(
	struct call_table *table, const struct call_options *o, bool answer, struct err *err);
/* What has waited for what the draft makes of the call. It goes on waiting for others. */
void fragments_apply(const struct draft *draft);
/* Those that waited long enough. */
void fragments_expire(struct call_table *table, int64_t now_mono_us);
void fragments_free(struct call_table *table);

#endif

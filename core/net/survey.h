/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which numbers of ours others have: by sockets, as /proc/net/udp and udp6 list them, or by the
 * claims of other daemons (claim.h). The system's lists take long where there are many sockets, so
 * a look at them is taken in steps.
 */
#ifndef NET_SURVEY_H
#define NET_SURVEY_H

#include "net/claim.h"

struct survey;

enum { SURVEY_STEP_US = 200 }; /* a step that does not block for long */

/*
 * Of these addresses and ports, for whom `claim` says (its address does not matter; it is copied).
 * Makes the claims. With `claim.bound` sockets are not looked for, only claims. 0, or -errno and
 * why; nothing is left then. [main]
 */
int survey_new(const struct addr *addrs, unsigned addr_count, const struct claim *claim,
	struct survey **ret_survey, struct err *err);
void survey_free(struct survey *survey); /* NULL is fine */
/*
 * Goes on with a look for at most about that long; 0: to its end. True: that look is complete, and
 * the next step begins another. [control]
 */
bool survey_step(struct survey *survey, int64_t budget_us);
/* Seen in this look or one of the two before: one that was missed once is not free. [control] */
bool survey_is_taken(const struct survey *survey, unsigned addr_index, uint16_t port);
/* Seen in both of the last complete looks. [control] */
bool survey_stays_taken(const struct survey *survey, unsigned addr_index, uint16_t port);
/* The earliest that we yield to, as long as its ports are taken; NULL: there is none. [control] */
const struct claim *survey_claim(const struct survey *survey);

#endif

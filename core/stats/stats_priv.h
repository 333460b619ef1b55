/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The numbers behind counters and reasons: one set per thread, summed when read. */
#ifndef STATS_STATS_PRIV_H
#define STATS_STATS_PRIV_H

#include "stats/chain.h"
#include "stats/counter.h"
#include "stats/reason.h"

#include <stdint.h>

/* Where a number stands in a thread's set: counters first, then reasons, then chains. */
enum {
	STATS_FIRST_REASON = COUNTER_COUNT,
	STATS_FIRST_CHAIN = COUNTER_COUNT + REASON_COUNT,
	STATS_SLOTS = STATS_FIRST_CHAIN + 3 * CHAIN_MAX,
};

/* Adds to this thread's number. Never locks. [any] */
void stats_add(unsigned slot, uint64_t n);
/* Sum over all threads, live and ended. [any] */
uint64_t stats_total(unsigned slot);

#endif

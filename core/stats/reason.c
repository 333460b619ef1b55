/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of reasons. Their numbers stand in the per-thread sets of counter.c. */
#include "stats/reason.h"

#include <assert.h>

#include "stats/stats_priv.h"

static const struct reason_row rows[REASON_COUNT] = {
#define REASON_ROW(id, kind_, name_, text_) \
	[REASON_##id] = { .kind = REASON_##kind_, .name = name_, .text = text_ },
	REASONS(REASON_ROW)
#undef REASON_ROW
};

const struct reason_row *reason_row(enum reason reason)
{
	assert(reason < REASON_COUNT);
	return &rows[reason];
}

void reason_count(enum reason reason)
{
	reason_count_many(reason, 1);
}

void reason_count_many(enum reason reason, uint64_t n)
{
	assert(reason < REASON_COUNT);
	stats_add(STATS_FIRST_REASON + reason, n);
}

uint64_t reason_total(enum reason reason)
{
	assert(reason < REASON_COUNT);
	return stats_total(STATS_FIRST_REASON + reason);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Counters per second: what was added between the last two looks, a second apart. [control] */
#ifndef STATS_RATE_H
#define STATS_RATE_H

#include "stats/counter.h"

enum rate {
	RATE_PACKETS,
	RATE_BYTES,
	RATE_ERRORS,
	/* Of these, what the kernel did. */
	RATE_KERNEL_PACKETS,
	RATE_KERNEL_BYTES,
	RATE_KERNEL_ERRORS,
	RATE_COUNT
};

/* Once a second or so. */
void rate_tick(int64_t now_mono_us);
/* Per second, by the real time between the ticks; 0 before the second one. */
uint64_t rate_per_second(enum rate rate);

#endif

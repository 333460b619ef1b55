/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What an interval was like (spec daemon 4.1, 4.2): for each kind of request how long it took
 * and how many came per second, the extremes of calls, and their time. Readers get the last
 * whole interval, all 0 before there was one. Memory does not grow with requests. [control]
 */
#ifndef STATS_INTERVAL_H
#define STATS_INTERVAL_H

#include <stdint.h>

enum {
	INTERVAL_KINDS = 64, /* of requests, numbered from 0 by the caller */
	INTERVAL_S = 60,     /* until something asks for another length */
};

struct interval_range {
	double min, max, average;
};

struct interval {
	struct interval_range delay_s[INTERVAL_KINDS];
	struct interval_range per_second[INTERVAL_KINDS];
	uint64_t requests[INTERVAL_KINDS];
	unsigned min_calls, max_calls;
	double call_seconds; /* of all calls, that fell into it; to the second */
};

/* Something of that kind was carried out. */
void interval_note_request(unsigned kind, int64_t duration_us);
/* So many calls there are now. */
void interval_note_calls(unsigned count);
/* Once a second or so, with the number of calls; ends the interval when it is over. */
void interval_tick(int64_t now_mono_us, unsigned calls);
const struct interval *interval_last(void);
/* Tests: as at start. */
void interval_reset(void);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How busy the machine is: what --max-load, --max-cpu and --max-bandwidth are compared with.
 * A sampler turns readings into a load; where readings come from is the caller's, so that tests
 * can put theirs in.
 */
#ifndef STATS_LOAD_H
#define STATS_LOAD_H

#include <stdbool.h>
#include <stdint.h>

struct load {
	unsigned average_hundredths; /* load average of one minute, times 100 */
	double cpu_percent;          /* of all CPUs together, between the last two readings */
	uint64_t bytes_per_s;        /* media received, over the last second */
};

/* What is read at one moment. */
struct load_reading {
	int64_t at_us; /* monotonic */
	unsigned average_hundredths;
	uint64_t cpu_busy, cpu_idle; /* ticks since boot */
	uint64_t bytes_in;           /* since start */
};

enum { LOAD_SAMPLE_MS = 500, LOAD_READINGS = 2 };

struct load_sampler {
	struct load_reading readings[LOAD_READINGS]; /* newest first */
	unsigned count;
};

/* First field of /proc/loadavg. False when the text is not of that kind. [any] */
bool load_parse_average(const char *text, unsigned *ret_hundredths);
/* First line of /proc/stat: user, nice and system against idle. [any] */
bool load_parse_cpu(const char *text, uint64_t *ret_busy, uint64_t *ret_idle);
/* This machine and this process, now; what cannot be read is 0. [any] */
void load_read(struct load_reading *ret);
/* Takes a reading in; *ret is the load since. Without an earlier one rates are 0. */
void load_sample(struct load_sampler *sampler, const struct load_reading *now, struct load *ret);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Values that are sampled rather than counted: how many samples, their sum and that of their
 * squares, over the daemon's life. One table; statistics print from it. [control]
 */
#ifndef STATS_METRIC_H
#define STATS_METRIC_H

#include <stdint.h>

/* id, stem of its keys in statistics, name in texts */
#define METRICS(ROW)                                              \
	ROW(CALL_DURATION, "callduration", "call duration")       \
	ROW(MOS, "mos", "MOS")                                    \
	ROW(JITTER, "jitter", "jitter (reported)")                \
	ROW(RTT_E2E, "rtt_e2e", "end-to-end round-trip time")     \
	ROW(RTT_DISCRETE, "rtt_dsct", "discrete round-trip time") \
	ROW(PACKET_LOSS, "packetloss", "packet loss")             \
	ROW(JITTER_MEASURED, "jitter_measured", "jitter (measured)")

enum metric {
#define METRIC_ID(id, stem, text) METRIC_##id,
	METRICS(METRIC_ID)
#undef METRIC_ID
		METRIC_COUNT
};

struct metric_sum {
	uint64_t samples;
	double sum, sum_of_squares;
};

const char *metric_stem(enum metric metric);
const char *metric_text(enum metric metric);
/* Call durations are seconds; MOS is from 1 to 5; jitter ms; round trips µs; loss percent. */
void metric_add(enum metric metric, double value);
/* Several samples that were summed elsewhere. */
void metric_add_sums(enum metric metric, uint64_t samples, double sum, double sum_of_squares);
/* The same to a sum that is kept elsewhere. */
void metric_sum_add(
	struct metric_sum *sum, uint64_t samples, double total, double total_of_squares);
const struct metric_sum *metric_sum(enum metric metric);
/* 0 without samples. */
double metric_average(const struct metric_sum *sum);
double metric_deviation(const struct metric_sum *sum);
/* Tests: as at start. */
void metric_reset(void);

#endif

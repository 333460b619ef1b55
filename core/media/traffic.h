/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What passed a local address: the sum of its streams' records, made when it is read, and of
 * those that are gone, which add themselves when they go. Nothing of it costs a packet anything.
 * [control]
 */
#ifndef MEDIA_TRAFFIC_H
#define MEDIA_TRAFFIC_H

#include "base/list.h"
#include "media/stats.h"
#include "stats/metric.h"

struct traffic_counts {
	uint64_t packets_in, bytes_in, errors_in;
	uint64_t packets_out, bytes_out, errors_out;
	/* Of RTP that came, as in struct sequence_counts. */
	uint64_t lost, duplicates, skips, resets, reordered;
	uint64_t drops[REASON_DROPS];
};

/* Counted by base/ref: each of its records holds it. */
struct traffic {
	struct list records;         /* struct stream_stats that it has now */
	struct traffic_counts ended; /* of others, less what its own ones had when they came */
	struct metric_sum metrics[METRIC_COUNT];
};

/* One reference. */
struct traffic *traffic_new(void);
/*
 * The record's stream is at this address from now on. What it has counted before stays with the
 * address it was at; NULL: nowhere.
 */
void traffic_take(struct traffic *traffic, struct stream_stats *stats);
/* Before the record's memory is freed. Its jitter becomes samples, here and in all. */
void traffic_leave(struct stream_stats *stats);
/* Adds what was counted up to now. */
void traffic_add(const struct traffic *traffic, struct traffic_counts *sum);

#endif

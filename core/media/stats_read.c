/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Statistics records read, by others than the worker that writes them; sums of what they hold. */
#include "media/stats.h"

#include <sched.h>

uint64_t stream_counts_errors_out(const struct stream_counts *counts)
{
	return (uint64_t)counts->drops[REASON_NO_PEER] + counts->drops[REASON_SEND_FAILED] +
	       counts->drops[REASON_SEND_QUEUE_FULL];
}

int stream_counts_latest_type(const struct stream_counts *counts)
{
	const struct ssrc_stats *latest = NULL;

	for (unsigned i = 0; i < STREAM_SSRC_MAX; i++)
		if (counts->ssrc[i].used && (!latest || counts->ssrc[i].last_us > latest->last_us))
			latest = &counts->ssrc[i];
	return latest ? latest->payload_type : -1;
}

struct sequence_counts stream_counts_sequence(const struct stream_counts *counts)
{
	struct sequence_counts sum = counts->forgotten;

	for (unsigned i = 0; i < STREAM_SSRC_MAX; i++)
		if (counts->ssrc[i].used)
			sequence_counts_add(&sum, &counts->ssrc[i].reception.counts);
	return sum;
}

/*
 * The copy may race with the writer; the sequence counter tells, and the copy is made again.
 * The record is copied word by word as relaxed atomics, so that the race is a defined one.
 */
__attribute__((no_sanitize("thread"))) static void copy_words(
	uint64_t *to, const uint64_t *from, size_t words)
{
	for (size_t i = 0; i < words; i++)
		to[i] = __atomic_load_n(&from[i], __ATOMIC_RELAXED);
}

__attribute__((no_sanitize("thread"))) void stats_copy(
	const atomic_uint *seq, void *to, const void *from, size_t bytes)
{
	unsigned before, after, tries = 0;

	do {
		/* The writer may have been put to sleep in the middle of it. */
		if (++tries > 8)
			sched_yield();
		before = atomic_load_explicit(seq, memory_order_acquire);
		copy_words(to, from, bytes / sizeof(uint64_t));
		stream_stats_fence(memory_order_acquire);
		after = atomic_load_explicit(seq, memory_order_relaxed);
	} while (before != after || (before & 1));
}

void stream_stats_read(const struct stream_stats *stats, struct stream_counts *ret)
{
	_Static_assert(sizeof(struct stream_counts) % sizeof(uint64_t) == 0, "whole words");
	stats_copy(&stats->seq, ret, &stats->counts, sizeof(*ret));
}

bool stream_stats_read_sent(const struct stream_stats *stats, struct sent_counts *ret)
{
	_Static_assert(sizeof(struct sent_counts) % sizeof(uint64_t) == 0, "whole words");
	if (!stats->sent)
		return false;
	stats_copy(&stats->seq, ret, stats->sent, sizeof(*ret));
	return true;
}

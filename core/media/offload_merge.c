/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What was counted below us, added to a stream's record as if it had come up. Totals are told, so
 * that what was merged before is taken away from them.
 */
#include "media/offload.h"

#include "media/reception.h"
#include "media/stats.h"
#include "stats/counter.h"

static struct ssrc_stats *find_ssrc(struct stream_counts *counts, uint32_t ssrc)
{
	for (unsigned i = 0; i < STREAM_SSRC_MAX; i++)
		if (counts->ssrc[i].used && counts->ssrc[i].ssrc == ssrc)
			return &counts->ssrc[i];
	return NULL;
}

static struct reception reception_of(const struct offload_ssrc_counts *c)
{
	return (struct reception){
		.first = c->first,
		.highest = c->highest,
		.missing = c->missing,
		.transit = c->transit,
		.jitter = c->jitter,
		.ticks = c->ticks,
		.transit_known = c->transit_known,
		.counts = { c->lost, c->duplicates, c->skips, c->resets, c->reordered },
	};
}

static void merge_ssrc(struct stream_counts *counts, uint32_t ssrc,
	const struct offload_ssrc_counts *now, const struct offload_ssrc_counts *before)
{
	struct ssrc_stats *s = find_ssrc(counts, ssrc);
	struct reception r = reception_of(now), old = reception_of(before);

	/* It has made room for another one. */
	if (!now->started || now->packets == before->packets || !s)
		return;
	s->packets += now->packets - before->packets;
	s->bytes += now->bytes - before->bytes;
	if (now->last_us >= s->last_us) {
		s->last_seq = now->last_seq;
		s->last_timestamp = now->last_timestamp;
		s->payload_type = now->last_type;
		s->last_us = now->last_us;
	}
	reception_join(&s->reception, &r, before->started ? &old : NULL);
}

static void merge_out(struct stream_stats *stats, const struct offload_sink_counts *now,
	const struct offload_sink_counts *before)
{
	uint64_t packets = now->packets - before->packets, bytes = now->bytes - before->bytes;
	uint64_t unsent = now->unsent - before->unsent;

	if (!packets && !unsent)
		return;
	stream_stats_begin(stats);
	stats->counts.packets_out += packets;
	stats->counts.bytes_out += bytes;
	stats->counts.drops[REASON_SEND_FAILED] += (uint32_t)unsent;
	stream_stats_end(stats);
	counter_add(COUNTER_PACKETS_OUT, packets);
	counter_add(COUNTER_BYTES_OUT, bytes);
	counter_add(COUNTER_PACKET_ERRORS, unsent);
	counter_add(COUNTER_KERNEL_PACKETS, packets);
	counter_add(COUNTER_KERNEL_BYTES, bytes);
	counter_add(COUNTER_KERNEL_ERRORS, unsent);
	reason_count_many(REASON_SEND_FAILED, unsent);
}

void offload_merge(struct offloaded *o, const struct offload_counts *now)
{
	struct stream_counts *counts = &o->stats->counts;
	const struct offload_counts *before = &o->before;
	uint64_t packets = now->packets - before->packets, bytes = now->bytes - before->bytes;

	if (!packets)
		return;
	stream_stats_begin(o->stats);
	counts->packets_in += packets;
	counts->bytes_in += bytes;
	counts->kernel_packets += packets;
	counts->kernel_bytes += bytes;
	if (counts->last_in_us > counts->last_kernel_us)
		counts->last_user_us = counts->last_in_us;
	counts->last_kernel_us = MAX(counts->last_kernel_us, now->last_us);
	if (now->last_us > counts->last_in_us)
		__atomic_store_n(&counts->last_in_us, now->last_us, __ATOMIC_RELAXED);
	for (unsigned i = 0; i < o->item.target.ssrc_count; i++)
		merge_ssrc(counts, o->item.target.ssrcs[i], &now->ssrcs[i], &before->ssrcs[i]);
	stream_stats_end(o->stats);
	counter_add(COUNTER_PACKETS_IN, packets);
	counter_add(COUNTER_BYTES_IN, bytes);
	for (unsigned i = 0; i < o->item.target.sink_count; i++)
		merge_out(o->sink_stats[i], &now->sinks[i], &before->sinks[i]);
	o->before = *now;
}

void offload_merge_heard(struct offloaded *o)
{
	struct stream_counts *counts = &o->stats->counts;

	stream_stats_begin(o->stats);
	for (unsigned i = 0; i < o->heard_count; i++) {
		struct ssrc_stats *s = find_ssrc(counts, o->heard[i].ssrc);

		if (s)
			reception_fill(&s->reception, o->heard[i].seq);
	}
	for (unsigned i = 0; i < STREAM_SSRC_MAX; i++)
		counts->ssrc[i].reception.clock_type = RECEPTION_NO_TYPE;
	stream_stats_end(o->stats);
	o->heard_count = 0;
}

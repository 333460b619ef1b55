/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sums of stream records by local address. */
#include "media/traffic.h"

#include "base/ref.h"

static void add(struct traffic_counts *sum, const struct stream_counts *c)
{
	struct sequence_counts sequence = stream_counts_sequence(c);

	sum->packets_in += c->packets_in;
	sum->bytes_in += c->bytes_in;
	sum->errors_in += c->errors_in;
	sum->packets_out += c->packets_out;
	sum->bytes_out += c->bytes_out;
	sum->errors_out += stream_counts_errors_out(c);
	sum->lost += sequence.lost;
	sum->duplicates += sequence.duplicates;
	sum->skips += sequence.skips;
	sum->resets += sequence.resets;
	sum->reordered += sequence.reordered;
	for (unsigned i = 0; i < REASON_DROPS; i++)
		sum->drops[i] += c->drops[i];
}

/* Adds `other`, or takes it away: sums may pass below 0 meanwhile, as they wrap. */
static void combine(struct traffic_counts *sum, const struct traffic_counts *other, bool away)
{
	_Static_assert(sizeof(*sum) % sizeof(uint64_t) == 0, "numbers only");
	const uint64_t *from = (const uint64_t *)other;
	uint64_t *to = (uint64_t *)sum;

	for (size_t i = 0; i < sizeof(*sum) / sizeof(uint64_t); i++)
		to[i] += away ? -from[i] : from[i];
}

struct traffic *traffic_new(void)
{
	struct traffic *traffic = ref_alloc(sizeof(*traffic), NULL);

	list_init(&traffic->records);
	return traffic;
}

/* Takes the record off its list, with what it has counted so far. */
static void detach(struct stream_stats *stats, struct traffic_counts *ret_counts)
{
	struct stream_counts counts;

	*ret_counts = (struct traffic_counts){ 0 };
	stream_stats_read(stats, &counts);
	add(ret_counts, &counts);
	if (!stats->traffic)
		return;
	combine(&stats->traffic->ended, ret_counts, false);
	list_remove(&stats->of_traffic);
	stats->traffic = ref_drop(stats->traffic);
}

void traffic_take(struct traffic *traffic, struct stream_stats *stats)
{
	struct traffic_counts counts;

	if (traffic == stats->traffic)
		return;
	detach(stats, &counts);
	combine(&traffic->ended, &counts, true);
	stats->traffic = ref_take(traffic);
	list_append(&traffic->records, &stats->of_traffic);
}

static void sample_jitter(const struct stream_stats *stats)
{
	for (unsigned i = 0; i < STREAM_SSRC_MAX; i++) {
		const struct ssrc_stats *s = &stats->counts.ssrc[i];
		double ms;

		if (!s->used || !s->reception.ticks || s->packets < 2)
			continue;
		ms = reception_jitter_us(&s->reception) / 1000.0;
		metric_add(METRIC_JITTER_MEASURED, ms);
		metric_sum_add(&stats->traffic->metrics[METRIC_JITTER_MEASURED], 1, ms, ms * ms);
	}
}

void traffic_leave(struct stream_stats *stats)
{
	struct traffic_counts counts;

	if (!stats->traffic)
		return;
	sample_jitter(stats);
	detach(stats, &counts);
}

void traffic_add(const struct traffic *traffic, struct traffic_counts *sum)
{
	struct stream_counts counts;

	combine(sum, &traffic->ended, false);
	list_each (l, &traffic->records) {
		stream_stats_read(container_of(l, struct stream_stats, of_traffic), &counts);
		add(sum, &counts);
	}
}

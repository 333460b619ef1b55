/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What an ended call adds to the statistics (spec daemon 4.1). */
#include "call/call.h"

#include "base/clock.h"
#include "stats/counter.h"
#include "stats/metric.h"

static uint64_t rtp_received(const struct media *media)
{
	struct stream_counts counts;

	if (!media->stream_count)
		return 0;
	stream_stats_read(media->streams[0].stats, &counts);
	return counts.packets_in;
}

/* Each pair once: by the side that was there first. */
static void count_pair(const struct media *media)
{
	const struct media *other = media->source_count ? media->sources[0] : NULL;
	bool here, there;

	if (!other || !media_ports(media) || other->party->number < media->party->number)
		return;
	here = rtp_received(media) > 0;
	there = rtp_received(other) > 0;
	if (!here && !there)
		counter_add(COUNTER_STREAMS_SILENT, 1);
	else if (!here || !there)
		counter_add(COUNTER_STREAMS_ONE_WAY, 1);
}

/* Where the packets of an SSRC came in; NULL: nobody was seen to send it. */
static struct traffic *traffic_of_ssrc(const struct model *model, uint32_t ssrc)
{
	struct stream_counts counts;

	for (unsigned p = 0; p < model->party_count; p++)
		for (unsigned m = 0; m < model->parties[p]->media_count; m++) {
			const struct media *media = model->parties[p]->media[m];

			for (unsigned s = 0; s < media->stream_count; s += 2) {
				stream_stats_read(media->streams[s].stats, &counts);
				for (unsigned i = 0; i < STREAM_SSRC_MAX; i++)
					if (counts.ssrc[i].used && counts.ssrc[i].ssrc == ssrc)
						return media->streams[s].stats->traffic;
			}
		}
	return NULL;
}

static void add_samples(
	struct traffic *traffic, enum metric metric, uint64_t samples, double sum, double squares)
{
	metric_add_sums(metric, samples, sum, squares);
	if (traffic)
		metric_sum_add(&traffic->metrics[metric], samples, sum, squares);
}

static void add_total(
	struct traffic *traffic, enum metric metric, const struct quality_total *total)
{
	add_samples(
		traffic, metric, total->samples, (double)total->sum, (double)total->sum_of_squares);
}

/*
 * What the parties' reports said of the quality. MOS, which is kept times ten, and the round trip
 * from end to end are only there together; the rest is in every report, or in most.
 */
static void add_quality(const struct quality_counts *c, struct traffic *to)
{
	add_samples(
		to, METRIC_MOS, c->samples, (double)c->sum_mos / 10, (double)c->square_mos / 100);
	add_samples(
		to, METRIC_RTT_E2E, c->samples, (double)c->sum_rtt_us, (double)c->square_rtt_us);
	add_total(to, METRIC_JITTER, &c->all_jitter_ms);
	add_total(to, METRIC_RTT_DISCRETE, &c->all_leg_rtt_us);
	add_total(to, METRIC_PACKET_LOSS, &c->all_loss_percent);
	if (c->lost > 0)
		counter_add(COUNTER_RTP_LOST_REPORTED, (uint64_t)c->lost);
}

void call_tally(const struct call *call)
{
	struct quality_counts quality;

	metric_add(METRIC_CALL_DURATION, (double)(clock_mono_us() - call->created_mono_us) / 1e6);
	for (unsigned p = 0; call->model && p < call->model->party_count; p++)
		for (unsigned m = 0; m < call->model->parties[p]->media_count; m++)
			count_pair(call->model->parties[p]->media[m]);
	for (unsigned i = 0; call->model && session_quality_read(call->session, i, &quality); i++)
		add_quality(&quality, traffic_of_ssrc(call->model, quality.ssrc));
}

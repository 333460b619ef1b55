/* SPDX-License-Identifier: GPL-3.0-or-later */
/* When a call is over (spec NG 5.8, daemon 6.2). Looked at once a second per call. */
#include "call/call.h"

static const int64_t SECOND_US = 1000000;

/* What is known about a stream's threshold. */
struct limit {
	int seconds;
	enum reason reason;
	bool counts; /* expected to carry media, or still to be answered */
};

static struct limit limit_of(const struct call_settings *set, const struct media *media)
{
	if (!media->recv || !media->ports || media->rejected)
		return (struct limit){ set->silent_timeout_s, REASON_SILENT_TIMEOUT, false };
	if (!media->in)
		return (struct limit){ set->offer_timeout_s, REASON_OFFER_TIMEOUT, true };
	return (struct limit){ set->timeout_s, REASON_TIMEOUT, true };
}

static int64_t last_activity_us(const struct call *call, const struct media_stream *stream)
{
	struct stream_counts counts;
	int64_t last = stream->since_us ? stream->since_us : call->created_mono_us;

	stream_stats_read(stream->stats, &counts);
	return counts.last_in_us > last ? counts.last_in_us : last;
}

static bool alive(const struct call *call, const struct media *media, const struct limit *limit,
	int64_t now_us)
{
	for (unsigned i = 0; i < media->stream_count; i++)
		if (now_us - last_activity_us(call, &media->streams[i]) <
			limit->seconds * SECOND_US)
			return true;
	return false;
}

/*
 * Streams on hold keep a call only while there is nothing else: as soon as one is expected to
 * carry media or to be answered, only such ones count.
 */
static bool inactive(const struct call *call, int64_t now_us, enum reason *ret_reason)
{
	const struct call_settings *set = call_table_settings(call->table);
	bool any = false, any_counts = false, live = false, live_counts = false;
	enum reason reason = REASON_SILENT_TIMEOUT;

	for (unsigned p = 0; p < call->model->party_count; p++)
		for (unsigned m = 0; m < call->model->parties[p]->media_count; m++) {
			const struct media *media = call->model->parties[p]->media[m];
			struct limit limit = limit_of(set, media);
			bool is_alive = alive(call, media, &limit, now_us);

			any |= media->stream_count > 0;
			any_counts |= limit.counts;
			live |= is_alive;
			live_counts |= is_alive && limit.counts;
			if (limit.counts)
				reason = limit.reason;
		}
	*ret_reason = reason;
	return any && !(any_counts ? live_counts : live);
}

bool call_timed_out(const struct call *call, int64_t now_us, enum reason *ret_reason)
{
	const struct call_settings *set = call_table_settings(call->table);

	if (set->final_timeout_s > 0 &&
		now_us - call->created_mono_us >= set->final_timeout_s * SECOND_US) {
		*ret_reason = REASON_FINAL_TIMEOUT;
		return true;
	}
	if (call->model->delete_at_us && now_us >= call->model->delete_at_us) {
		*ret_reason = REASON_DELETED;
		return true;
	}
	return inactive(call, now_us, ret_reason);
}

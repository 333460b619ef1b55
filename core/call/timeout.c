/* SPDX-License-Identifier: GPL-3.0-or-later */
/* When a call is over (spec NG 5.8, daemon 6.2). Looked at once a second per call. */
#include "call/call.h"

#include <glib.h>

static const int64_t SECOND_US = 1000000;

/* What is known about a stream's threshold. */
struct limit {
	int seconds;
	enum reason reason;
	bool counts; /* expected to carry media, or still to be answered */
};

static struct limit limit_of(const struct call_settings *set, const struct media *media)
{
	if (!media->recv || !media_ports(media) || media->rejected)
		return (struct limit){ set->silent_timeout_s, REASON_SILENT_TIMEOUT, false };
	if (!media->in)
		return (struct limit){ set->offer_timeout_s, REASON_OFFER_TIMEOUT, true };
	return (struct limit){ set->timeout_s, REASON_TIMEOUT, true };
}

/* How long the section's streams keep the call: the latest of them decides. */
static int64_t kept_until_us(const struct call *call, const struct media *media,
	const struct limit *limit, int64_t now_us)
{
	int64_t last_us = call_ice_active_us(call, media, now_us);

	for (unsigned i = 0; i < media->stream_count; i++) {
		const struct media_stream *stream = &media->streams[i];

		last_us = MAX(last_us, stream->since_us ? stream->since_us : call->created_mono_us);
		last_us = MAX(last_us, stream_stats_silent_us(stream->stats, now_us));
	}
	return last_us + limit->seconds * SECOND_US;
}

/*
 * When the call ends if no packet comes, and why. Streams on hold keep a call only while there
 * is nothing else: as soon as one is expected to carry media or to be answered, only such ones
 * count. A call without any stream goes on.
 */
static int64_t media_deadline_us(const struct call *call, int64_t now_us, enum reason *ret_reason)
{
	const struct call_settings *set = call_table_settings(call->table);
	int64_t held_us = 0, counting_us = 0;

	*ret_reason = REASON_SILENT_TIMEOUT;
	for (unsigned p = 0; p < call->model->party_count; p++)
		for (unsigned m = 0; m < call->model->parties[p]->media_count; m++) {
			const struct media *media = call->model->parties[p]->media[m];
			struct limit limit = limit_of(set, media);
			int64_t until_us;

			if (!media->stream_count)
				continue;
			until_us = kept_until_us(call, media, &limit, now_us);
			if (limit.counts && until_us > counting_us) {
				counting_us = until_us;
				*ret_reason = limit.reason;
			} else if (!limit.counts) {
				held_us = MAX(held_us, until_us);
			}
		}
	if (!counting_us && !held_us)
		return INT64_MAX;
	return counting_us ? counting_us : held_us;
}

/* A deadline that is 0 is none. */
static int64_t sooner(int64_t a_us, int64_t b_us)
{
	return b_us && b_us < a_us ? b_us : a_us;
}

static int64_t next_look_us(const struct call *call, int64_t media_us, int64_t final_us)
{
	int64_t at_us = sooner(sooner(media_us, final_us), call->model->delete_at_us);

	for (unsigned p = 0; p < call->model->party_count; p++)
		at_us = sooner(at_us, call->model->parties[p]->delete_at_us);
	return at_us;
}

bool call_timed_out(struct call *call, int64_t now_us, enum reason *ret_reason)
{
	int final_s = call_table_settings(call->table)->final_timeout_s;
	int64_t final_us = final_s > 0 ? call->created_mono_us + final_s * SECOND_US : 0;
	int64_t media_us;

	if (final_us && now_us >= final_us) {
		*ret_reason = REASON_FINAL_TIMEOUT;
		return true;
	}
	if (call->model->delete_at_us && now_us >= call->model->delete_at_us) {
		*ret_reason = REASON_DELETED;
		return true;
	}
	media_us = media_deadline_us(call, now_us, ret_reason);
	call->look_at_us = next_look_us(call, media_us, final_us);
	return now_us >= media_us;
}

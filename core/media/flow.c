/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Flows made with a set of streams, and what they keep from the set before. */
#include "media/flow.h"

#include <glib.h>

#include "media/packet.h"
#include "media/transcoder.h"

static const struct plan_transcode *transcode_of(const struct plan_stream *s, unsigned place)
{
	return s->transcodes ? s->transcodes[place] : NULL;
}

static uint32_t sink_id(const struct plan *plan, const struct plan_stream *s, unsigned place)
{
	return plan->streams[s->rtp_sinks[place]].id;
}

/* Where the flow between the same two streams was in another set; false: there was none. */
static bool find_before(const struct stream_set *before, uint32_t source, uint32_t sink,
	struct stream **ret_stream, unsigned *ret_place)
{
	for (unsigned i = 0; before && i < before->plan->stream_count; i++) {
		struct stream *s = &before->streams[i];

		if (!s->flows || s->plan->id != source)
			continue;
		for (unsigned p = 0; p < s->plan->rtp_sink_count; p++)
			if (s->flows[p] && sink_id(before->plan, s->plan, p) == sink) {
				*ret_stream = s;
				*ret_place = p;
				return true;
			}
	}
	return false;
}

static uint64_t seed(void)
{
	return (uint64_t)g_random_int() << 32 | g_random_int();
}

static int open_flow(
	struct stream *s, unsigned place, const struct stream_set *latest, struct err *err)
{
	const struct plan_transcode *wanted = transcode_of(s->plan, place);
	struct stream *before;
	unsigned place_before;
	bool was_there = find_before(
		latest, s->plan->id, sink_id(s->set->plan, s->plan, place), &before, &place_before);
	struct flow *flow;
	int ret;

	if (!wanted && !was_there)
		return 0;
	if (!s->flows)
		s->flows = g_new0(struct flow *, s->plan->rtp_sink_count);
	flow = s->flows[place] = g_new0(struct flow, 1);
	wheel_timer_init(&flow->waiting, flow_on_waited);
	outlet_init(&flow->outlet, seed());
	flow->outlet.source = s;
	flow->outlet.sink = s->rtp_sinks[place];
	flow->outlet.mixed = wanted && wanted->mix;
	stream_stats_make_sent(flow->outlet.sink->stats);
	if (!wanted || (was_there && plan_transcode_equal(
					     wanted, transcode_of(before->plan, place_before))))
		return 0;
	ret = transcoder_new(wanted, &flow->transcoders[0], err);
	flow->transcoder_count = !ret;
	return ret;
}

/* What the path asks of a stream before it looks for flows. */
static void mark_streams(struct stream_set *set)
{
	for (unsigned i = 0; i < set->plan->stream_count; i++) {
		struct stream *s = &set->streams[i];

		if (!s->flows)
			continue;
		s->filtered = true;
		for (unsigned k = 0; k < set->plan->stream_count; k++)
			if (set->streams[k].rtp_of == s)
				set->streams[k].translated = true;
		for (unsigned p = 0; p < s->plan->rtp_sink_count; p++)
			for (unsigned k = 0; k < set->plan->stream_count; k++)
				if (s->flows[p] && set->streams[k].rtp_of == s->rtp_sinks[p])
					set->streams[k].translated = true;
	}
}

int flows_open(struct stream_set *set, const struct stream_set *latest, struct err *err)
{
	for (unsigned i = 0; i < set->plan->stream_count; i++) {
		struct stream *s = &set->streams[i];

		for (unsigned p = 0; p < s->plan->rtp_sink_count; p++) {
			int ret = open_flow(s, p, latest, err);

			if (ret < 0)
				return ret;
		}
	}
	mark_streams(set);
	return 0;
}

static void free_flow(struct flow *flow)
{
	if (!flow)
		return;
	for (unsigned i = 0; i < flow->transcoder_count; i++)
		transcoder_free(flow->transcoders[i]);
	g_free(flow);
}

void flows_free(struct stream_set *set)
{
	for (unsigned i = 0; i < set->plan->stream_count; i++) {
		struct stream *s = &set->streams[i];

		for (unsigned p = 0; s->flows && p < s->plan->rtp_sink_count; p++)
			free_flow(s->flows[p]);
		g_free(s->flows);
	}
}

static void stop(struct flow *flow)
{
	struct loop *loop = media_worker_loop(flow->outlet.source->set->state->worker);

	flow_flush(flow, INT64_MAX, loop_now_us(loop));
	wheel_clear(loop_wheel(loop), &flow->waiting);
	outlet_flush(&flow->outlet);
}

static void add(struct flow *flow, const struct plan_transcode *wanted, struct transcoder *t)
{
	transcoder_follow(t, wanted);
	flow->transcoders[flow->transcoder_count++] = t;
}

/* `flow` wants what `before` does, goes on with it and its numbers. */
static void inherit(struct flow *flow, const struct plan_transcode *wanted, struct flow *before)
{
	if (!flow->transcoder_count && wanted && before->transcoder_count) {
		for (unsigned i = 0; i < before->transcoder_count; i++)
			add(flow, wanted, before->transcoders[i]);
		before->transcoder_count = 0;
	} else {
		stop(before);
	}
	outlet_move(&flow->outlet, &before->outlet);
	flow_watch(flow);
}

static struct flow *flow_of(const struct stream_set *set, uint32_t source, uint32_t sink)
{
	struct stream *s;
	unsigned place;

	return find_before(set, source, sink, &s, &place) ? s->flows[place] : NULL;
}

void flows_inherit(struct stream_set *before, struct stream_set *next)
{
	for (unsigned i = 0; before && i < next->plan->stream_count; i++) {
		struct stream *s = &next->streams[i];

		for (unsigned p = 0; s->flows && p < s->plan->rtp_sink_count; p++) {
			struct flow *old = s->flows[p] ? flow_of(before, s->plan->id,
								 sink_id(next->plan, s->plan, p))
						       : NULL;

			if (old)
				inherit(s->flows[p], transcode_of(s->plan, p), old);
		}
	}
	if (before)
		flows_stop(before);
}

void flows_stop(struct stream_set *set)
{
	for (unsigned i = 0; i < set->plan->stream_count; i++) {
		struct stream *s = &set->streams[i];

		for (unsigned p = 0; s->flows && p < s->plan->rtp_sink_count; p++)
			if (s->flows[p])
				stop(s->flows[p]);
	}
}

bool flow_add_transcoder(struct stream_set *set, uint32_t source_id, uint32_t sink_id,
	const struct plan_transcode *transcode, struct transcoder *t)
{
	struct stream *source;
	unsigned place;
	const struct plan_transcode *wanted;
	struct flow *flow;

	if (!find_before(set, source_id, sink_id, &source, &place))
		return false;
	flow = source->flows[place];
	wanted = transcode_of(source->plan, place);
	if (!flow->transcoder_count || flow->transcoder_count == FLOW_SOURCES ||
		!plan_transcode_equal(wanted, transcode))
		return false;
	add(flow, wanted, t);
	flow->ask_us = 0;
	return true;
}

void flows_put_digit(struct stream *source, const struct digit *digit)
{
	for (unsigned p = 0; source->flows && p < source->plan->rtp_sink_count; p++) {
		const struct plan_transcode *t = transcode_of(source->plan, p);

		if (t && t->inject && !digits_put(&source->flows[p]->outlet.digits, digit))
			reason_count(REASON_DIGITS_FULL);
	}
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What any step of the path may ask of a stream, and how control hears of it. */
#include "media/stream.h"

#include "media/packet.h"
#include "sdp/sdp.h"

static const struct sdp_format *find_format(const struct plan_stream *plan, uint8_t payload_type)
{
	for (unsigned i = 0; plan->in && i < plan->in->format_count; i++)
		if (plan->in->formats[i].payload_type == payload_type)
			return &plan->in->formats[i];
	return NULL;
}

static uint32_t clock_in(const struct plan_stream *plan, uint8_t payload_type)
{
	const struct sdp_format *f = find_format(plan, payload_type);

	return f ? f->clock_hz : 0;
}

uint32_t stream_clock_hz(const struct stream *stream, uint8_t payload_type)
{
	uint32_t hz = clock_in(stream->plan, payload_type);

	for (unsigned i = 0; !hz && i < stream->rtp_sink_count; i++)
		hz = clock_in(stream->rtp_sinks[i]->plan, payload_type);
	return hz;
}

bool stream_is_noise(const struct stream *stream, uint8_t payload_type)
{
	const struct sdp_format *f = find_format(stream->plan, payload_type);

	for (unsigned i = 0; !f && i < stream->rtp_sink_count; i++)
		f = find_format(stream->rtp_sinks[i]->plan, payload_type);
	return f ? str_eq_nocase(f->encoding, str_of("CN")) : payload_type == 13;
}

bool stream_knows_type(const struct stream *stream, uint8_t payload_type)
{
	bool known = !stream->plan->in || find_format(stream->plan, payload_type);

	for (unsigned i = 0; !known && i < stream->rtp_sink_count; i++)
		known = find_format(stream->rtp_sinks[i]->plan, payload_type) != NULL;
	return known;
}

struct stream *stream_set_find(struct stream_set *set, uint32_t id)
{
	for (unsigned i = 0; set && i < set->plan->stream_count; i++)
		if (set->streams[i].plan->id == id)
			return &set->streams[i];
	return NULL;
}

void media_tell_control(const struct stream *stream, struct media_event event)
{
	const struct session_state *state = stream->set->state;

	event.session_id = state->id;
	event.stream_id = stream->plan->id;
	event.endpoint_gen = stream->plan->endpoint_gen;
	event.committed = stream->source_state == SOURCE_COMMITTED;
	if (stream->dest_len)
		event.peer = addr_of_sock(&stream->dest);
	media_worker_event(state->worker, &event);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * May a stream's RTP be forwarded below us (spec media 8.7), and if not, why: first by its plan
 * alone, then by what its worker has learned. Nothing is changed.
 */
#include "media/offload.h"

#include "media/packet.h"
#include "sdp/sdp.h"

static bool has_transcodes(const struct plan_stream *s, bool *ret_digits)
{
	bool any = false;

	*ret_digits = true;
	for (unsigned i = 0; s->transcodes && i < s->rtp_sink_count; i++) {
		any |= s->transcodes[i] != NULL;
		*ret_digits &= !s->transcodes[i] || s->transcodes[i]->relay;
	}
	return any;
}

static bool is_shared(const struct plan *plan, const struct plan_stream *s)
{
	return s->bundle || s != &plan->streams[s->carrier];
}

static int check_sink(const struct plan *plan, const struct plan_stream *sink)
{
	if (sink->opaque)
		return REASON_KERNEL_NOT_RTP;
	if (sink->secured)
		return REASON_KERNEL_SRTP;
	if (is_shared(plan, sink))
		return REASON_KERNEL_BUNDLE;
	/* They tell of what has come and was sent by then, and the kernel is asked once a second. */
	if (sink->report_us)
		return REASON_KERNEL_REPORTS;
	return sink->play ? REASON_KERNEL_PLAYED : PACKET_OK;
}

static bool is_event(const struct plan_stream *s, uint8_t type)
{
	return s->events[type / 64] >> type % 64 & 1;
}

/* Distinct ones that are no events. */
static unsigned find_types(const struct plan_stream *s, uint8_t ret[SDP_MAX_FORMATS])
{
	uint64_t seen[2] = { 0 };
	unsigned count = 0;

	for (unsigned i = 0; s->in && i < s->in->format_count; i++) {
		uint8_t type = s->in->formats[i].payload_type & 0x7f;

		if (is_event(s, type) || seen[type / 64] >> type % 64 & 1)
			continue;
		seen[type / 64] |= UINT64_C(1) << type % 64;
		ret[count++] = type;
	}
	return count;
}

int plan_offloads(const struct plan *plan, unsigned index)
{
	const struct plan_stream *s = &plan->streams[index];
	uint8_t types[SDP_MAX_FORMATS];
	unsigned type_count = find_types(s, types);
	bool digits;

	if (s->opaque)
		return REASON_KERNEL_NOT_RTP;
	if (!s->rtp)
		return REASON_KERNEL_RTCP;
	if (!s->answered)
		return REASON_KERNEL_UNANSWERED;
	if (s->secured)
		return REASON_KERNEL_SRTP;
	if (is_shared(plan, s))
		return REASON_KERNEL_BUNDLE;
	if (s->own_peer)
		return REASON_KERNEL_OWN_PEER;
	if (s->tap)
		return REASON_KERNEL_RECORDED;
	if (has_transcodes(s, &digits))
		return digits ? REASON_KERNEL_DIGITS : REASON_KERNEL_TRANSCODED;
	if (s->filter)
		return REASON_KERNEL_FILTERED;
	if (s->delay_us)
		return REASON_KERNEL_DELAYED;
	if (s->report_us)
		return REASON_KERNEL_REPORTS;
	if (!s->rtp_sink_count || s->rtp_sink_count > OFFLOAD_MAX_SINKS)
		return REASON_KERNEL_SINKS;
	if (!type_count || type_count > OFFLOAD_MAX_TYPES)
		return REASON_KERNEL_TYPES;
	for (unsigned i = 0; i < s->rtp_sink_count; i++) {
		int verdict = check_sink(plan, &plan->streams[s->rtp_sinks[i]]);

		if (verdict != PACKET_OK)
			return verdict;
	}
	return PACKET_OK;
}

static void add_types(const struct stream *stream, struct offload_target *target)
{
	uint8_t types[SDP_MAX_FORMATS];

	target->type_count = find_types(stream->plan, types);
	for (unsigned i = 0; i < target->type_count; i++)
		target->types[i] = (struct offload_type){
			.number = types[i],
			.clock_hz = stream_clock_hz(stream, types[i]),
		};
}

static void add_ssrcs(const struct stream *stream, struct offload_target *target)
{
	const struct stream_counts *counts = &stream->stats->counts;

	for (unsigned i = 0; i < STREAM_SSRC_MAX && i < OFFLOAD_MAX_SSRCS; i++)
		if (counts->ssrc[i].used)
			target->ssrcs[target->ssrc_count++] = counts->ssrc[i].ssrc;
}

static bool add_sinks(const struct stream *stream, struct offload_target *target)
{
	for (unsigned i = 0; i < stream->rtp_sink_count; i++) {
		const struct stream *sink = stream->rtp_sinks[i];
		struct offload_sink *to = &target->sinks[target->sink_count++];

		if (!sink->dest_len)
			return false;
		to->local = sink->port->local;
		to->peer = addr_of_sock(&sink->dest);
		to->tos = (uint8_t)__atomic_load_n(&sink->port->tos, __ATOMIC_RELAXED);
		if (to->peer.family != to->local.family)
			return false;
	}
	return true;
}

/* Where all are let in, others' packets change nothing, unless one of them is to be followed. */
static bool checks_source(const struct stream *stream)
{
	return stream->checked || stream->plan->sources != PLAN_SOURCES_ANY || stream->plan->follow;
}

int media_offload_check(const struct stream *stream, struct offload_target *ret)
{
	const struct plan *plan = stream->set->plan;
	int verdict = plan_offloads(plan, (unsigned)(stream->plan - plan->streams));
	struct offload_target target = { 0 };

	if (verdict != PACKET_OK)
		return verdict;
	if (stream->source_state != SOURCE_COMMITTED)
		return REASON_KERNEL_LEARNING;
	if (stream->heard_port && stream->heard_port != stream->port)
		return REASON_KERNEL_OTHER_PORT;
	if (!add_sinks(stream, &target))
		return REASON_KERNEL_NO_PEER;
	target.local = stream->port->local;
	if (checks_source(stream))
		target.source = addr_of_sock(&stream->source);
	add_types(stream, &target);
	add_ssrcs(stream, &target);
	if (!target.ssrc_count)
		return REASON_KERNEL_SILENT;
	*ret = target;
	return PACKET_OK;
}

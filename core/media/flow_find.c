/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Flows by their ends, and by what they send. */
#include "media/flow.h"

#include "media/packet.h"

struct flow *flow_find(const struct stream *source, const struct stream *sink)
{
	for (unsigned p = 0; source->flows && p < source->rtp_sink_count; p++)
		if (source->rtp_sinks[p] == sink && source->flows[p] &&
			source->flows[p]->transcoder_count)
			return source->flows[p];
	return NULL;
}

struct flow *flow_sending(const struct stream *sink, uint32_t ssrc)
{
	for (unsigned i = 0; i < sink->set->plan->stream_count; i++) {
		struct flow *flow = flow_find(&sink->set->streams[i], sink);

		if (flow && outlet_find_out(&flow->outlet, ssrc))
			return flow;
	}
	return NULL;
}

const struct outlet_ssrc *flow_sent_as(const struct stream *sink, uint32_t ssrc)
{
	struct flow *flow = flow_sending(sink, ssrc);

	return flow ? outlet_find_out(&flow->outlet, ssrc) : NULL;
}

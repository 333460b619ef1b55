/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the far end tells of a flow, for the transcoders that it is about. */
#include "media/flow.h"

#include "media/transcoder.h"

void flow_obey(const struct flow *flow, const struct codec *codec, int request)
{
	for (unsigned i = 0; i < flow->transcoder_count; i++)
		transcoder_obey(flow->transcoders[i], codec, request);
}

void flow_loss(struct flow *flow, uint32_t ssrc, unsigned percent)
{
	const struct outlet_ssrc *sent = outlet_find_out(&flow->outlet, ssrc);
	uint32_t source;

	for (unsigned i = 0; sent && i < flow->transcoder_count; i++)
		if (transcoder_source(flow->transcoders[i], &source) && source == sent->in)
			transcoder_loss(flow->transcoders[i], percent);
}

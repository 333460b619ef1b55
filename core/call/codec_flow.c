/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What was agreed on between two sections, with what is asked for beside: digits, times of packets.
 */
#include "call/codec_flow.h"

#include "call/dtmf.h"

static int said_ptime_ms(const struct media *media)
{
	return media->in ? media->in->ptime_ms : 0;
}

/* Digits that the client wants to be looked for, put in or hidden. */
static bool asks_for_digits(const struct codec_flow *flow)
{
	return flow->detect || flow->inject || flow->tones || flow->force;
}

/* Without, its digits can only be in its audio. */
static bool says_events(const struct media *media)
{
	for (unsigned i = 0; media->in && i < media->in->format_count; i++)
		if (codec_flags(media->in->formats[i].encoding) & CODEC_EVENT)
			return true;
	return false;
}

static void ask_for_digits(
	struct codec_flow *flow, const struct model *model, const struct media *source)
{
	const struct dtmf_block *b = party_dtmf(model, source->party);

	if (source->type != SDP_AUDIO)
		return;
	flow->tones = b->how.mode == PLAN_DTMF_TONE || b->how.mode == PLAN_DTMF_RANDOM;
	flow->force |= dtmf_mode_makes_audio(b->how.mode) || b->delay_ms;
	flow->detect = source->party->detect_dtmf || dtmf_mode_makes_audio(b->how.mode) ||
		       ((b->trigger.s || b->trigger_end.s || source->party->vsc || b->delay_ms) &&
			       !says_events(source));
	flow->dtmf_delay_ms = b->delay_ms;
	flow->inject = source->party->inject_dtmf || b->delay_ms;
}

bool codec_flow_find(const struct model *model, const struct media *source,
	const struct media *sink, bool remade, struct codecs_said *said, struct codec_flow *ret)
{
	const struct codec_agreement *forth = media_agreement(sink, source->party);
	const struct codec_agreement *back = media_agreement(source, sink->party);
	struct codec_flow flow = { 0 };

	if (forth || back)
		flow = agreement_flow(forth ? forth : back, forth != NULL);
	ask_for_digits(&flow, model, source);
	if (!forth && !back) {
		if (!(asks_for_digits(&flow) || remade) || !source->in || !sink->in)
			return false;
		codec_work_take(&said->from, source->in->formats, source->in->format_count);
		codec_work_take(&said->to, sink->in->formats, sink->in->format_count);
		flow.from = codec_work_list(&said->from);
		flow.to = codec_work_list(&said->to);
	}
	flow.from_ptime_ms = said_ptime_ms(source);
	flow.to_ptime_ms = said_ptime_ms(sink);
	flow.to_maxptime_ms = sink->in ? sink->in->maxptime_ms : 0;
	flow.fixed_ptime_ms = sink->ptime_fixed_ms;
	*ret = flow;
	return true;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What becomes of each codec that a party sends, as a plan: one that passes on, or one that mixes. */
#include "call/choose_priv.h"
#include "call/negotiate_priv.h"

static struct plan_format plan_format(const struct codec_entry *e, unsigned ptime_ms)
{
	struct plan_format f = {
		.codec = codec_find(e->format.encoding),
		.params = format_params(&e->format),
		.payload_type = e->format.payload_type,
	};

	f.params.ptime_ms = (uint16_t)MIN(ptime_ms, UINT16_MAX);
	f.params.bitrate = e->bitrate;
	f.params.options = e->options;
	return f;
}

static int add_decoder(
	struct plan_transcode *t, const struct codec_flow *flow, const struct codec_entry *x)
{
	unsigned ptime_ms = x->ptime_ms               ? x->ptime_ms
			    : flow->from_ptime_ms > 0 ? (unsigned)flow->from_ptime_ms
						      : codec_entry_usual_ptime(x);

	if (t->decoder_count == PLAN_MAX_FORMATS)
		return -1;
	t->decoders[t->decoder_count] = plan_format(x, ptime_ms);
	return (int)t->decoder_count++;
}

/* What is asked for, then what the codec was added with, then the sink's wish: within its bound. */
static unsigned encoder_ptime(const struct codec_flow *flow, const struct codec_entry *to)
{
	unsigned ptime_ms = to->ptime_ms            ? to->ptime_ms
			    : flow->to_ptime_ms > 0 ? (unsigned)flow->to_ptime_ms
						    : codec_entry_usual_ptime(to);

	const struct codec *codec = codec_find(to->format.encoding);
	unsigned least_ms = codec ? codec->ptime_min_ms : 0;

	if (flow->fixed_ptime_ms > 0)
		return MAX((unsigned)flow->fixed_ptime_ms, least_ms);
	ptime_ms = MAX(ptime_ms, least_ms);
	if (flow->to_maxptime_ms > 0)
		ptime_ms = MIN(ptime_ms, (unsigned)flow->to_maxptime_ms);
	return ptime_ms;
}

bool choose_played(const struct codec_flow *flow, struct plan_format *ret)
{
	const struct codec_entry *e = choose_sounding(flow);

	e = e ? e : choose_preferred(flow, NULL);
	if (!e)
		return false;
	*ret = plan_format(e, encoder_ptime(flow, e));
	return true;
}

/* Payload types that become the same one share its encoder. */
static int find_encoder(
	struct plan_transcode *t, const struct codec_flow *flow, const struct codec_entry *to)
{
	for (unsigned i = 0; i < t->encoder_count; i++)
		if (t->encoders[i].payload_type == to->format.payload_type)
			return (int)i;
	if (t->encoder_count == PLAN_MAX_FORMATS)
		return -1;
	t->encoders[t->encoder_count] = plan_format(to, encoder_ptime(flow, to));
	return (int)t->encoder_count++;
}

static bool add_handler(
	struct plan_transcode *t, const struct codec_flow *flow, const struct codec_entry *x)
{
	struct codec_choice choice = choose_codec(flow, x);
	struct plan_handler *h = &t->handler[x->format.payload_type & 0x7f];
	int decoder, encoder;

	h->handling = (uint8_t)choice.handling;
	if (choice.handling == PLAN_PASS || choice.handling == PLAN_DISCARD)
		return false;
	encoder = find_encoder(t, flow, choice.to);
	decoder = encoder < 0 ? -1 : add_decoder(t, flow, x);
	if (decoder < 0) { /* more codecs than a plan has room for */
		h->handling = PLAN_DISCARD;
		return false;
	}
	h->decoder = (uint8_t)decoder;
	h->encoder = (uint8_t)encoder;
	return true;
}

/* Events that are made here go along with the audio that is sent. */
static void choose_event_encoder(struct plan_transcode *t, const struct codec_flow *flow)
{
	const struct codec_entry *to = NULL;
	int encoder;

	for (unsigned i = 0; !to && i < flow->from.count; i++) {
		const struct codec_entry *x = &flow->from.entries[i];
		struct codec_choice choice;

		if (!codec_entry_is_received(x) || format_is_supplemental(&x->format))
			continue;
		choice = choose_audio(flow, x);
		if (choice.to && choice.handling != PLAN_DISCARD)
			to = choose_sink_event(flow, choice.to->format.clock_hz);
	}
	encoder = to && format_is_usable(&to->format) ? find_encoder(t, flow, to) : -1;
	t->has_event_encoder = encoder >= 0;
	t->event_encoder = (uint8_t)MAX(encoder, 0);
}

/* What is done about digits beside what becomes of events. False: nothing. */
static bool choose_digits(struct plan_transcode *t, const struct codec_flow *flow, bool any)
{
	if (flow->as_is)
		return false;
	t->inject = flow->inject;
	t->dtmf_delay_ms = (uint16_t)flow->dtmf_delay_ms;
	t->detect = any && choose_finds_digits(flow);
	if (t->inject || choose_makes_events(flow))
		choose_event_encoder(t, flow);
	t->to_events = t->detect && choose_makes_events(flow) && t->has_event_encoder;
	t->inject &= any || t->has_event_encoder;
	t->relay = t->inject && !any;
	return t->inject;
}

static bool make_transcode(const struct codec_flow *flow, struct plan_transcode *ret)
{
	struct plan_transcode t = { 0 };
	bool any = false;

	for (unsigned i = 0; i < flow->from.count; i++) {
		const struct codec_entry *x = &flow->from.entries[i];

		if (codec_entry_is_received(x))
			any |= add_handler(&t, flow, x);
	}
	for (unsigned i = 0; i < flow->heard.count; i++)
		any |= add_handler(&t, flow, &flow->heard.entries[i]);
	any |= choose_digits(&t, flow, any);
	if (any)
		*ret = t;
	return any;
}

bool choose_transcode(const struct codec_flow *flow, struct plan_transcode *ret)
{
	struct codec_flow looked = *flow;
	struct codec_facts facts;

	codec_flow_look(&looked, &facts);
	return make_transcode(&looked, ret);
}

/* ---- mixed ---- */

static bool can_mix(const struct codec_entry *x, const struct plan_format *to)
{
	const struct codec *codec = codec_find(x->format.encoding);

	if (!codec || !codec->decoder || !format_is_usable(&x->format) ||
		codec->flags & CODEC_EVENT)
		return false;
	return codec_resampler() ||
	       (x->format.channels == 1 && codec_sample_hz(codec, x->format.clock_hz) ==
						   codec_sample_hz(to->codec, to->params.clock_hz));
}

/* Events go beside the audio, in its clock, where the sink takes them so; else they are heard. */
static void add_mixed_event(struct plan_transcode *t, const struct codec_flow *flow,
	const struct codec_entry *x, const struct codec_entry *event)
{
	struct plan_handler *h = &t->handler[x->format.payload_type & 0x7f];
	int encoder = event ? find_encoder(t, flow, event) : 0;
	int decoder = encoder < 0 ? -1 : add_decoder(t, flow, x);

	if (decoder < 0)
		return;
	h->handling = event ? PLAN_EVENT : PLAN_TONE;
	h->decoder = (uint8_t)decoder;
	h->encoder = (uint8_t)encoder;
}

static bool add_mixed(struct plan_transcode *t, const struct codec_flow *flow,
	const struct codec_entry *x, const struct plan_format *to)
{
	struct plan_handler *h = &t->handler[x->format.payload_type & 0x7f];
	int decoder = can_mix(x, to) ? add_decoder(t, flow, x) : -1;

	if (decoder < 0)
		return false;
	h->handling = PLAN_TRANSCODE;
	h->decoder = (uint8_t)decoder;
	return true;
}

static void add_mixed_heard(struct plan_transcode *t, const struct codec_flow *flow,
	const struct plan_format *to, const struct codec_entry *event)
{
	for (unsigned i = 0; i < flow->heard.count; i++) {
		const struct codec_entry *x = &flow->heard.entries[i];

		if (codec_entry_is_event(x, 0) && format_is_usable(&x->format))
			add_mixed_event(t, flow, x, event);
		else
			add_mixed(t, flow, x, to);
	}
}

static bool make_mixed(
	const struct codec_flow *flow, const struct plan_format *to, struct plan_transcode *ret)
{
	const struct codec_entry *event = codec_list_event(flow->to, to->params.clock_hz);
	struct plan_transcode t = { .mix = true, .encoder_count = 1, .encoders = { *to } };
	bool any = false;

	for (unsigned i = 0; i < G_N_ELEMENTS(t.handler); i++)
		t.handler[i].handling = PLAN_DISCARD;
	for (unsigned i = 0; i < flow->from.count; i++)
		if (codec_entry_is_received(&flow->from.entries[i]))
			any |= add_mixed(&t, flow, &flow->from.entries[i], to);
	if (!any)
		return false;
	event = event && format_is_usable(&event->format) && !flow->tones ? event : NULL;
	for (unsigned i = 0; i < flow->from.count; i++) {
		const struct codec_entry *x = &flow->from.entries[i];

		if (codec_entry_is_received(x) && codec_entry_is_event(x, 0) &&
			format_is_usable(&x->format))
			add_mixed_event(&t, flow, x, event);
	}
	add_mixed_heard(&t, flow, to, event);
	t.inject = flow->inject;
	t.dtmf_delay_ms = (uint16_t)flow->dtmf_delay_ms;
	t.detect = choose_finds_digits(flow);
	t.to_events = t.detect && choose_makes_events(flow);
	if (event && (t.inject || t.to_events)) {
		int encoder = find_encoder(&t, flow, event);

		t.has_event_encoder = encoder >= 0;
		t.event_encoder = (uint8_t)MAX(encoder, 0);
	}
	t.to_events &= t.has_event_encoder;
	*ret = t;
	return true;
}

bool choose_mixed(
	const struct codec_flow *flow, const struct plan_format *to, struct plan_transcode *ret)
{
	struct codec_flow looked = *flow;
	struct codec_facts facts;

	codec_flow_look(&looked, &facts);
	return make_mixed(&looked, to, ret);
}

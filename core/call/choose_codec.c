/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What becomes of each codec that a party sends on its way to another (spec media 2.7). Packets pass
 * as they are wherever they can.
 */
#include "call/choose_priv.h"
#include "call/negotiate_priv.h"
#include "codec/rules.h"

static unsigned flags_of(const struct codec_entry *e)
{
	return codec_flags(e->format.encoding);
}

static bool counts(const struct codec_entry *e)
{
	return !(e->marks & ENTRY_IGNORED);
}

bool codec_flow_told(const struct codec_flow *flow, const struct codec_entry *e)
{
	return !flow->told.count || codec_list_find(flow->told, &e->format) ||
	       codec_list_find(flow->own, &e->format);
}

/* What goes along with others was perhaps offered by the sink, but not accepted. */
static bool sink_takes(const struct codec_flow *flow, const struct codec_entry *e)
{
	return counts(e) && codec_flow_told(flow, e);
}

static bool can_be_goal(const struct codec_entry *e)
{
	return counts(e) && !format_is_supplemental(&e->format) && format_is_usable(&e->format);
}

/* What the client asked for, then what it left alone, what it had taken out last. */
static unsigned standing(const struct codec_entry *e)
{
	if (e->marks & ENTRY_ACCEPTED)
		return 2;
	return e->marks & ENTRY_STRIPPED ? 0 : 1;
}

static int rule_of(const struct codec_entry *x, const struct codec_entry *e)
{
	struct codec_named from = { x->format.encoding, format_params(&x->format) };
	struct codec_named to = { e->format.encoding, format_params(&e->format) };

	return codec_rules_preference(&from, &to);
}

const struct codec_entry *choose_preferred(
	const struct codec_flow *flow, const struct codec_entry *x)
{
	const struct codec_entry *best = NULL;
	int best_rule = 0;

	for (unsigned i = 0; i < flow->to.count; i++) {
		const struct codec_entry *e = &flow->to.entries[i];
		int rule;

		if (!can_be_goal(e) || (best && standing(e) < standing(best)))
			continue;
		rule = x ? rule_of(x, e) : 0;
		if (best && standing(e) == standing(best) && rule <= best_rule)
			continue;
		best = e;
		best_rule = rule;
	}
	return best;
}

/* May this one of the sink's be what comes from `x`? */
static bool may_meet(const struct codec_entry *x, const struct codec_entry *e)
{
	return counts(e) && !(e->marks & ENTRY_STRIPPED && x->marks & ENTRY_FOR_TRANSCODING);
}

/* The sink's counterpart: under the same number, or else under another. */
static const struct codec_entry *find_candidate(
	const struct codec_flow *flow, const struct codec_entry *x)
{
	for (unsigned i = 0; i < flow->to.count; i++) {
		const struct codec_entry *e = &flow->to.entries[i];

		if (may_meet(x, e) && format_is_same_type(&e->format, &x->format))
			return e;
	}
	for (unsigned i = 0; x->format.encoding.len && i < flow->to.count; i++) {
		const struct codec_entry *e = &flow->to.entries[i];

		if (may_meet(x, e) && format_match(&e->format, &x->format) != CODEC_DIFFERENT)
			return e;
	}
	return NULL;
}

unsigned codec_entry_usual_ptime(const struct codec_entry *e)
{
	const struct codec *codec = codec_find(e->format.encoding);

	return codec ? codec->ptime_ms : 0;
}

static bool has_other_ptime(const struct codec_flow *flow, const struct codec_entry *x)
{
	unsigned sent = x->ptime_ms               ? x->ptime_ms
			: flow->from_ptime_ms > 0 ? (unsigned)flow->from_ptime_ms
						  : codec_entry_usual_ptime(x);
	unsigned wanted = (unsigned)MAX(flow->fixed_ptime_ms, 0);

	/* What its encoder would make of it anyway is no reason to transcode. */
	return wanted && sent && sent != wanted &&
	       sent != codec_ptime(codec_find(x->format.encoding), wanted);
}

static struct codec_choice pass_to(const struct codec_entry *to)
{
	return (struct codec_choice){ PLAN_PASS, to };
}

/* Its packets keep their number, so the sink must know them by it. */
static bool can_pass(
	const struct codec_flow *flow, const struct codec_entry *x, const struct codec_entry *to)
{
	return to && (flow->asymmetric || to->format.payload_type == x->format.payload_type);
}

bool codec_entry_is_event(const struct codec_entry *e, uint32_t clock_hz)
{
	return counts(e) && flags_of(e) & CODEC_EVENT &&
	       (!clock_hz || e->format.clock_hz == clock_hz);
}

const struct codec_entry *codec_list_event(struct codec_list list, uint32_t clock_hz)
{
	for (unsigned i = 0; i < list.count; i++)
		if (codec_entry_is_event(&list.entries[i], clock_hz))
			return &list.entries[i];
	return NULL;
}

const struct codec_entry *choose_sink_event(const struct codec_flow *flow, uint32_t clock_hz)
{
	for (unsigned i = 0; i < flow->to.count; i++)
		if (codec_entry_is_event(&flow->to.entries[i], clock_hz) &&
			sink_takes(flow, &flow->to.entries[i]))
			return &flow->to.entries[i];
	return NULL;
}

bool codec_entry_is_received(const struct codec_entry *x)
{
	return !(x->marks & (ENTRY_IGNORED | ENTRY_STRIPPED));
}

static struct codec_choice choose_audio_if(
	const struct codec_flow *flow, const struct codec_entry *x, bool forced)
{
	const struct codec_entry *preferred = choose_preferred(flow, NULL);
	const struct codec_entry *candidate = find_candidate(flow, x), *to = candidate;
	bool passes = can_pass(flow, x, candidate);

	if (!format_is_usable(&x->format) || !preferred)
		return pass_to(passes ? candidate : NULL);
	if (!candidate || preferred->marks & ENTRY_FOR_TRANSCODING)
		to = choose_preferred(flow, x);
	/* What was kept from being its counterpart, but is all there is, is one. */
	if (format_match(&x->format, &to->format) != CODEC_DIFFERENT && can_pass(flow, x, to)) {
		candidate = to;
		passes = true;
	}
	if (to == candidate && passes && !forced && !has_other_ptime(flow, x))
		return pass_to(to);
	if (codec_entry_reaches(x, to))
		return (struct codec_choice){ PLAN_TRANSCODE, to };
	return passes ? pass_to(candidate) : (struct codec_choice){ PLAN_DISCARD, NULL };
}

static const struct codec_entry *find_sounding(const struct codec_flow *flow)
{
	const struct codec_entry *to;

	for (unsigned i = 0; i < flow->from.count; i++) {
		const struct codec_entry *x = &flow->from.entries[i];

		if (!codec_entry_is_received(x) || format_is_supplemental(&x->format))
			continue;
		to = choose_audio_if(flow, x, false).to;
		if (to && can_be_goal(to))
			return to;
	}
	to = choose_preferred(flow, NULL);
	return to && codec_flow_told(flow, to) ? to : NULL;
}

const struct codec_entry *choose_sounding(const struct codec_flow *flow)
{
	return flow->facts ? flow->facts->sounding : find_sounding(flow);
}

/* Are events to be heard where they cannot be sent on, or must not be (spec media 4.2)? */
static bool hears_events(const struct codec_flow *flow, const struct codec_entry *sounding)
{
	if (!sounding || (choose_sink_event(flow, 0) && !flow->tones))
		return false;
	for (unsigned i = 0; i < flow->from.count; i++) {
		const struct codec_entry *x = &flow->from.entries[i];

		if (codec_entry_is_received(x) && codec_entry_is_event(x, 0) &&
			format_is_usable(&x->format))
			return true;
	}
	return false;
}

bool choose_makes_events(const struct codec_flow *flow)
{
	return codec_dtmf() && (flow->events_added || flow->detect) && !flow->tones &&
	       !codec_list_event(flow->from, 0) && choose_sink_event(flow, 0);
}

bool choose_finds_digits(const struct codec_flow *flow)
{
	return codec_dtmf() && (flow->detect || choose_makes_events(flow));
}

static bool injects_tones(const struct codec_flow *flow)
{
	return flow->inject && !choose_sink_event(flow, 0);
}

/* For what is asked for, or is done about digits. */
static void look_at_digits(const struct codec_flow *flow, struct codec_facts *facts)
{
	facts->sounding = find_sounding(flow);
	facts->tones = hears_events(flow, facts->sounding);
	facts->forced = flow->force || facts->tones || choose_finds_digits(flow) ||
			injects_tones(flow);
}

static void look_at_clocks(const struct codec_flow *flow, struct codec_facts *facts)
{
	facts->first_hz = facts->sent_count = 0;
	for (unsigned i = 0; i < flow->from.count; i++) {
		const struct codec_entry *x = &flow->from.entries[i];
		struct codec_choice choice;

		if (format_is_supplemental(&x->format) || !counts(x))
			continue;
		choice = choose_audio_if(flow, x, facts->forced);
		if (!choice.to)
			continue;
		if (facts->sent_count < G_N_ELEMENTS(facts->sent_hz))
			facts->sent_hz[facts->sent_count++] = choice.to->format.clock_hz;
		if (!facts->first_hz && choice.handling == PLAN_TRANSCODE)
			facts->first_hz = choice.to->format.clock_hz;
	}
}

void codec_flow_look(struct codec_flow *flow, struct codec_facts *facts)
{
	look_at_digits(flow, facts);
	look_at_clocks(flow, facts);
	flow->facts = facts;
}

struct codec_choice choose_audio(const struct codec_flow *flow, const struct codec_entry *x)
{
	struct codec_facts facts;

	if (flow->facts)
		return choose_audio_if(flow, x, flow->facts->forced);
	look_at_digits(flow, &facts);
	return choose_audio_if(flow, x, facts.forced);
}

/* Does the sink get audio of that clock in this flow, or is none transcoded? */
static bool fits_clock(const struct codec_flow *flow, uint32_t clock_hz)
{
	for (unsigned i = 0; i < flow->facts->sent_count; i++)
		if (flow->facts->sent_hz[i] == clock_hz)
			return true;
	return !flow->facts->first_hz;
}

/* Events follow the clock of the audio they go along with. */
static struct codec_choice choose_event(const struct codec_flow *flow, const struct codec_entry *x)
{
	const struct codec_entry *to = NULL;
	bool fits = fits_clock(flow, x->format.clock_hz);
	uint32_t first_hz = flow->facts->first_hz;

	if (flow->facts->tones && format_is_usable(&x->format))
		return (struct codec_choice){ PLAN_TONE, flow->facts->sounding };
	if (fits)
		to = codec_list_find(flow->to, &x->format);
	if (to && sink_takes(flow, to))
		return pass_to(to);
	to = fits ? choose_sink_event(flow, x->format.clock_hz) : NULL;
	to = to || !first_hz ? to : choose_sink_event(flow, first_hz);
	to = to ? to : choose_sink_event(flow, x->format.clock_hz);
	to = to ? to : choose_sink_event(flow, 0);
	if (!to)
		return (struct codec_choice){ PLAN_DISCARD, NULL };
	if (format_is_same_type(&to->format, &x->format) || !format_is_usable(&x->format) ||
		!format_is_usable(&to->format))
		return pass_to(to);
	return (struct codec_choice){ PLAN_EVENT, to };
}

static const struct codec_entry *find_sink_noise(const struct codec_flow *flow, uint32_t clock_hz)
{
	for (unsigned i = 0; i < flow->to.count; i++) {
		const struct codec_entry *e = &flow->to.entries[i];

		if (flags_of(e) & CODEC_NOISE && e->format.clock_hz == clock_hz &&
			sink_takes(flow, e))
			return e;
	}
	return NULL;
}

/*
 * Noise follows the clock of the audio, too. What the sink does not know is made audible, once the
 * rest of the flow is audio, too.
 */
static struct codec_choice choose_noise(const struct codec_flow *flow, const struct codec_entry *x)
{
	const struct codec_entry *same = codec_list_find(flow->to, &x->format);
	const struct codec_entry *sounding = flow->facts->sounding, *to;
	bool fits = fits_clock(flow, x->format.clock_hz);

	same = same && sink_takes(flow, same) ? same : NULL;
	if (same && fits)
		return pass_to(same);
	to = find_sink_noise(flow, fits ? x->format.clock_hz : flow->facts->first_hz);
	if (to)
		return (struct codec_choice){ PLAN_NOISE, to };
	if (same)
		return pass_to(same);
	if (sounding && codec_entry_reaches(x, sounding))
		return (struct codec_choice){ PLAN_TRANSCODE, sounding };
	return (struct codec_choice){ PLAN_DISCARD, NULL };
}

static struct codec_choice choose_of(const struct codec_flow *flow, const struct codec_entry *x)
{
	unsigned flags = flags_of(x);

	if (flags & CODEC_EVENT)
		return choose_event(flow, x);
	if (flags & CODEC_NOISE)
		return choose_noise(flow, x);
	if (flags & CODEC_SUPPLEMENTAL) {
		const struct codec_entry *same = codec_list_find(flow->to, &x->format);

		return same ? pass_to(same) : (struct codec_choice){ PLAN_DISCARD, NULL };
	}
	return choose_audio(flow, x);
}

struct codec_choice choose_codec(const struct codec_flow *flow, const struct codec_entry *x)
{
	struct codec_flow looked = *flow;
	struct codec_facts facts;

	if (flow->as_is)
		return pass_to(NULL);
	if (flow->facts)
		return choose_of(flow, x);
	codec_flow_look(&looked, &facts);
	return choose_of(&looked, x);
}

static bool is_accepted(const struct codec_entry *e)
{
	return e && e->marks & ENTRY_ACCEPTED;
}

static struct codec_list or_else(struct codec_list list, struct codec_list other)
{
	return list.count ? list : other;
}

struct codec_flow agreement_flow(const struct codec_agreement *a, bool from_offerer)
{
	struct codec_flow flow = {
		.force = a->force, .asymmetric = a->asymmetric, .as_is = a->as_is
	};

	if (from_offerer) {
		flow.from = a->settled ? a->answer : or_else(a->interim.sent, a->said);
		flow.heard = a->own;
		flow.to = or_else(a->answered, a->shown);
		flow.events_added = !codec_list_event(a->said, 0) && codec_list_event(a->shown, 0);
	} else {
		flow.from = a->settled ? a->answered : or_else(a->interim.returned, a->shown);
		flow.heard = a->heard;
		flow.own = a->own;
		flow.to = a->settled ? a->said : or_else(a->interim.taken, a->said);
		if (a->settled)
			flow.told = a->answer;
		flow.events_added = is_accepted(codec_list_event(a->said, 0));
	}
	return flow;
}

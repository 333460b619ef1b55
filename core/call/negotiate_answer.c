/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Codecs of an answer (spec NG 3.6.4, media 2.6): which of what was offered its sender takes, and
 * what the offerer is shown so that each of these can be reached. Read `negotiate_answer_codecs`
 * at the end first.
 */
#include "call/negotiate_priv.h"

static bool answers(const struct sdp_media *in, const struct sdp_format *f)
{
	for (unsigned i = 0; i < in->format_count; i++)
		if (format_is_same_type(&in->formats[i], f))
			return true;
	return false;
}

/*
 * What was offered under another number than the answer has for it, which is its sender's right (RFC
 * 3264 6.1). Only what we make anew for each side can have a number of its own on each, unless that
 * is asked for.
 */
static const struct codec_entry *find_renumbered(
	const struct codec_agreement *a, const struct sdp_media *in, const struct sdp_format *f)
{
	for (unsigned i = 0; f->encoding.len && i < a->shown.count; i++) {
		const struct codec_entry *e = &a->shown.entries[i];
		bool ours = e->marks & ENTRY_FOR_TRANSCODING ||
			    codec_flags(e->format.encoding) & CODEC_EVENT;

		if ((ours || a->asymmetric) && format_match(&e->format, f) != CODEC_DIFFERENT &&
			!answers(in, &e->format))
			return e;
	}
	for (unsigned i = 0; a->asymmetric && f->encoding.len && i < a->shown.count; i++)
		if (format_is_same_codec(&a->shown.entries[i].format, f))
			return &a->shown.entries[i];
	return NULL;
}

static const struct codec_entry *find_shown(
	const struct codec_agreement *a, const struct sdp_media *in, const struct sdp_format *f)
{
	const struct codec_entry *e = codec_list_find(a->shown, f);

	return e ? e : find_renumbered(a, in, f);
}

static bool says_audio(const struct sdp_media *in)
{
	for (unsigned i = 0; i < in->format_count; i++)
		if (!format_is_supplemental(&in->formats[i]))
			return true;
	return false;
}

/*
 * What was offered, in the answer's order and words; all of it when nothing of it was, but what goes
 * along with others.
 */
static bool take_answered(
	struct codec_work *w, const struct sdp_media *in, const struct codec_agreement *a)
{
	w->count = 0;
	for (unsigned i = 0; i < in->format_count; i++) {
		const struct codec_entry *e = find_shown(a, in, &in->formats[i]);
		struct codec_entry taken;

		if (!e)
			continue;
		taken = *e;
		taken.format = in->formats[i];
		codec_work_insert(w, w->count, &taken);
	}
	if (codecs_have_audio(w) || (w->count && !says_audio(in)))
		return true;
	codec_work_take(w, in->formats, in->format_count);
	return false;
}

static bool has_type(const struct codec_work *w, unsigned payload_type)
{
	for (unsigned i = 0; i < w->count; i++)
		if (w->entries[i].format.payload_type == payload_type)
			return true;
	return false;
}

/* The numbers of the offer, by which their sender is told to send. */
static void take_heard(struct codec_work *heard, const struct codec_work *answered,
	const struct sdp_media *in, const struct codec_agreement *a)
{
	heard->count = 0;
	for (unsigned i = 0; !a->as_is && i < answered->count; i++) {
		struct codec_entry e = answered->entries[i];
		const struct codec_entry *shown = find_shown(a, in, &e.format);

		if (!shown || format_match(&shown->format, &e.format) == CODEC_DIFFERENT ||
			has_type(answered, shown->format.payload_type) ||
			has_type(heard, shown->format.payload_type))
			continue;
		e.format.payload_type = shown->format.payload_type;
		codec_work_insert(heard, heard->count, &e);
	}
}

/* The numbers of the offerer's own, where it is answered others. */
static void take_own(
	struct codec_work *own, const struct codec_work *answer, const struct codec_agreement *a)
{
	own->count = 0;
	for (unsigned i = 0; !a->as_is && a->asymmetric && i < a->said.count; i++) {
		const struct codec_entry *e = &a->said.entries[i];

		for (unsigned k = 0; k < answer->count; k++)
			if (!has_type(answer, e->format.payload_type) &&
				format_match(&answer->entries[k].format, &e->format) !=
					CODEC_DIFFERENT) {
				codec_work_insert(own, own->count, e);
				break;
			}
	}
}

static const struct sdp_format *find_type(
	struct codec_list shown, struct format_list known, unsigned payload_type)
{
	for (unsigned i = 0; i < shown.count; i++)
		if (shown.entries[i].format.payload_type == payload_type)
			return &shown.entries[i].format;
	for (unsigned i = 0; !shown.count && i < known.count; i++)
		if (known.formats[i].payload_type == payload_type)
			return &known.formats[i];
	return NULL;
}

void negotiate_name_formats(struct sdp *sdp, const struct sdp_media *in,
	const struct codec_agreement *a, struct format_list offered)
{
	struct codec_list shown = a ? a->shown : (struct codec_list){ 0 };

	for (unsigned i = 0; i < in->format_count; i++) {
		const struct sdp_format *f = &in->formats[i], *as;

		as = f->encoding.len ? NULL : find_type(shown, offered, f->payload_type);
		if (as)
			sdp_name_format(sdp, f, as);
	}
}

struct answering {
	struct arena *arena;
	struct codec_flow flow; /* towards the offerer */
	struct codec_work *answered, *answer;
	bool transcoded;
};

static void append(struct codec_work *w, const struct codec_entry *e)
{
	if (!has_type(w, e->format.payload_type))
		codec_work_insert(w, w->count, e);
}

/* The offerer's own codec; feedback for it was for the other side's encoder. */
static struct codec_entry own_codec(
	struct answering *an, const struct codec_entry *to, const struct codec_entry *x)
{
	const struct codec *codec = codec_find(to->format.encoding);
	struct codec_params offered = format_params(&to->format);
	struct codec_entry e = *to;
	char fmtp[CODEC_FMTP_BYTES];

	e.marks = 0;
	e.format.rtcp_fb_count = 0;
	if (!codec || !codec->answer)
		return e;
	e.format.fmtp = STR_NULL;
	if (codec->answer(&offered, x->format.channels == 2, fmtp))
		e.format.fmtp = arena_str(an->arena, str_of(fmtp));
	return e;
}

/* Is it told by the number that the answerer has for it, as which it passes? */
static bool passes_otherwise(struct answering *an, const struct codec_entry *to)
{
	for (unsigned i = 0; an->flow.asymmetric && i < an->answered->count; i++) {
		struct codec_choice choice = choose_codec(&an->flow, &an->answered->entries[i]);

		if (choice.handling == PLAN_PASS && choice.to == to)
			return true;
	}
	return false;
}

static void answer_one(struct answering *an, const struct codec_entry *x)
{
	struct codec_choice choice = choose_codec(&an->flow, x);
	struct codec_entry e;

	if (!choice.to || choice.handling == PLAN_DISCARD)
		return;
	if (choice.handling == PLAN_EVENT || choice.handling == PLAN_NOISE) {
		/*
		 * Under the offerer's own number, unless numbers may differ; those of another clock
		 * come later.
		 */
		if (choice.to->format.clock_hz != x->format.clock_hz)
			return;
		e = an->flow.asymmetric ? *x : *choice.to;
		e.marks = 0;
	} else if (choice.handling == PLAN_PASS) {
		e = *x;
		e.marks = 0;
	} else if (format_is_supplemental(&x->format)) {
		return;
	} else {
		an->transcoded = true;
		if (passes_otherwise(an, choice.to))
			return;
		e = own_codec(an, choice.to, x);
	}
	append(an->answer, &e);
}

/* What goes along with the others, as the offerer has it: noise first, then events. */
static bool has_kind(const struct codec_work *w, struct str name)
{
	for (unsigned i = 0; i < w->count; i++)
		if (codec_same_name(w->entries[i].format.encoding, name))
			return true;
	return false;
}

/* In which what only the offerer has can be heard. */
static bool has_usable_audio(const struct codec_work *w)
{
	for (unsigned i = 0; i < w->count; i++)
		if (!format_is_supplemental(&w->entries[i].format) &&
			format_is_usable(&w->entries[i].format))
			return true;
	return false;
}

static bool has_clock(const struct codec_work *w, uint32_t clock_hz)
{
	for (unsigned i = 0; i < w->count; i++)
		if (!format_is_supplemental(&w->entries[i].format) &&
			w->entries[i].format.clock_hz == clock_hz)
			return true;
	return false;
}

static bool has_codec(const struct codec_work *w, const struct sdp_format *f)
{
	for (unsigned i = 0; i < w->count; i++)
		if (format_is_same_codec(&w->entries[i].format, f))
			return true;
	return false;
}

/* In front of the events at the end. */
static unsigned place_of_noise(const struct codec_work *w)
{
	unsigned at = w->count;

	while (at && codec_flags(w->entries[at - 1].format.encoding) & CODEC_EVENT)
		at--;
	return at;
}

static void append_kinds(struct answering *an, bool events)
{
	for (unsigned i = 0; i < an->flow.to.count; i++) {
		struct codec_entry e = an->flow.to.entries[i];
		unsigned flags = codec_flags(e.format.encoding);

		if (!(flags & CODEC_SUPPLEMENTAL) || !(flags & CODEC_EVENT) == events ||
			e.marks & ENTRY_IGNORED || !has_clock(an->answer, e.format.clock_hz) ||
			has_codec(an->answer, &e.format) ||
			has_type(an->answer, e.format.payload_type))
			continue;
		if (!has_kind(an->answered, e.format.encoding) &&
			!(e.marks & ENTRY_ACCEPTED && has_usable_audio(an->answered)))
			continue;
		e.marks = 0;
		codec_work_insert(
			an->answer, events ? an->answer->count : place_of_noise(an->answer), &e);
	}
}

static void drop_supplementals(struct codec_work *w)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < w->count; i++)
		if (!format_is_supplemental(&w->entries[i].format))
			w->entries[kept++] = w->entries[i];
	w->count = kept;
}

static bool any_wanted(struct codec_list list)
{
	for (unsigned i = 0; i < list.count; i++)
		if (list.entries[i].marks & ENTRY_ACCEPTED &&
			format_is_supplemental(&list.entries[i].format))
			return true;
	return false;
}

/* The first codec, and what goes along with it. */
static void keep_first(struct codec_work *w)
{
	const struct codec_entry *first = NULL;
	unsigned kept = 0;
	uint8_t type;
	uint32_t clock_hz;

	for (unsigned i = 0; i < w->count && !first; i++)
		if (!format_is_supplemental(&w->entries[i].format))
			first = &w->entries[i];
	if (!first)
		return;
	type = first->format.payload_type;
	clock_hz = first->format.clock_hz;
	for (unsigned i = 0; i < w->count; i++) {
		const struct sdp_format *f = &w->entries[i].format;

		if (f->payload_type == type ||
			(format_is_supplemental(f) && f->clock_hz == clock_hz))
			w->entries[kept++] = w->entries[i];
	}
	w->count = kept;
}

static void make_answer(struct answering *an)
{
	an->answer->count = 0;
	for (unsigned i = 0; i < an->answered->count; i++)
		answer_one(an, &an->answered->entries[i]);
	if (!an->transcoded && !any_wanted(an->flow.to))
		return;
	if (an->transcoded)
		drop_supplementals(an->answer);
	append_kinds(an, false);
	append_kinds(an, true);
}

/* Those that the offerer named, in its order, then the others (reuse-codecs). */
static void put_in_order(struct codec_work *answer, struct codec_list said)
{
	struct codec_work before = *answer;

	answer->count = 0;
	for (unsigned i = 0; i < said.count; i++)
		for (unsigned k = 0; k < before.count; k++)
			if (format_is_same_type(&before.entries[k].format, &said.entries[i].format))
				append(answer, &before.entries[k]);
	for (unsigned k = 0; k < before.count; k++)
		append(answer, &before.entries[k]);
}

/* Under whatever numbers: each party has what it needs to understand the other then. */
static bool has_common(const struct codec_work *answered, struct codec_list said)
{
	for (unsigned i = 0; i < answered->count; i++) {
		const struct sdp_format *f = &answered->entries[i].format;

		for (unsigned k = 0; !format_is_supplemental(f) && k < said.count; k++)
			if (format_match(f, &said.entries[k].format) != CODEC_DIFFERENT)
				return true;
	}
	return false;
}

void negotiate_answer_codecs(struct arena *arena, const struct sdp_media *in,
	const struct codec_options *o, struct codec_agreement *a)
{
	struct codec_work answered, answer, heard, own;
	struct answering an = { .arena = arena, .answered = &answered, .answer = &answer };
	struct codec_facts facts;
	bool had_audio, was_offered;

	a->asymmetric |= o->asymmetric;
	a->force |= o->force;
	a->interim = (struct codec_interim){ 0 };
	was_offered = take_answered(&answered, in, a);
	had_audio = codecs_have_audio(&answered);
	negotiate_edit_codecs(&answered, o);
	if (codecs_are_gone(&answered, had_audio))
		was_offered = take_answered(&answered, in, a);
	a->as_is = !was_offered && has_common(&answered, a->said);
	an.flow = agreement_flow(a, false);
	/* Which clock events and noise follow is for this answer to say, not for one before it. */
	an.flow.from = codec_work_list(&answered);
	/* Which codec is which side's does not depend on whether it could pass. */
	an.flow.force = false;
	an.flow.told = (struct codec_list){ 0 };
	codec_flow_look(&an.flow, &facts);
	if (!a->as_is)
		make_answer(&an);
	if (a->as_is || codecs_are_gone(&answer, codecs_have_audio(&answered))) {
		a->as_is = true;
		codec_work_take_list(&answer, codec_work_list(&answered));
	}
	if (o->reuse)
		put_in_order(&answer, a->said);
	if (o->single && in->type == SDP_AUDIO)
		keep_first(&answer);
	a->answered = codec_list_copy(arena, codec_work_list(&answered));
	take_heard(&heard, &answered, in, a);
	a->heard = codec_list_copy(arena, codec_work_list(&heard));
	take_own(&own, &answer, a);
	a->own = codec_list_copy(arena, codec_work_list(&own));
	a->answer = codec_list_copy(arena, codec_work_list(&answer));
	a->settled = true;
}

bool negotiate_answer_is_plain(
	const struct sdp_media *in, const struct codec_options *o, struct format_list offered)
{
	if (o->strip || o->offer || o->single || o->asymmetric || o->force || o->reuse)
		return false;
	for (unsigned i = 0; i < in->format_count; i++) {
		bool found = false;

		for (unsigned n = 0; n < offered.count && !found; n++)
			found = format_is_same_type(&offered.formats[n], &in->formats[i]);
		if (!found)
			return false;
	}
	return true;
}

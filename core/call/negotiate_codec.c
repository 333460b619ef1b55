/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Codecs of an offer (spec NG 3.6.3, media 2.3): what is shown to the receiver. Read
 * `negotiate_offer_codecs` at the end first.
 */
#include "call/negotiate_priv.h"

enum { FIRST_DYNAMIC = 96, LAST_TYPE = 127, LAST_STATIC = 34 };

/* The work on the receiver's list. */
struct offering {
	struct codec_work *said;  /* the sender's */
	struct codec_work *shown; /* the receiver's */
	const struct codec_offer *offer;
	bool edited;    /* something was taken out or put in */
	unsigned place; /* of the next supplemental codec that goes along with others */
};

static void not_added(const struct offering *of, struct str name, const char *why)
{
	negotiate_warn(of->offer, name, "is not added", why);
}

/* By its number, or else by what it is; NULL: it is not offered any more, or there already. */
static const struct codec_entry *find_known(const struct codec_work *said,
	const struct codec_work *shown, const struct sdp_format *known)
{
	const struct codec_entry *match = NULL;

	for (unsigned i = 0; i < said->count; i++) {
		const struct codec_entry *e = &said->entries[i];

		if (codecs_have(shown, &e->format))
			continue;
		if (format_is_same_type(&e->format, known))
			return e;
		if (!match && known->encoding.len &&
			format_match(&e->format, known) != CODEC_DIFFERENT)
			match = e;
	}
	return match;
}

/* Those that the receiver knows, in its order, then the others. */
static void take_known_first(
	struct codec_work *shown, const struct codec_work *said, struct format_list known)
{
	shown->count = 0;
	for (unsigned k = 0; k < known.count; k++) {
		const struct codec_entry *e = find_known(said, shown, &known.formats[k]);

		if (e)
			codec_work_insert(shown, shown->count, e);
	}
	for (unsigned i = 0; i < said->count; i++)
		if (!codecs_have(shown, &said->entries[i].format))
			codec_work_insert(shown, shown->count, &said->entries[i]);
}

static void take_shown(struct offering *of)
{
	const struct codec_offer *offer = of->offer;

	if (offer->options->is_static && offer->shown_before.count)
		codec_work_take_list(of->shown, offer->shown_before);
	else if (offer->options->is_static && offer->shown.count)
		codec_work_take(of->shown, offer->shown.formats, offer->shown.count);
	else if (offer->options->reuse && offer->known.count)
		take_known_first(of->shown, of->said, offer->known);
	else
		codec_work_take_list(of->shown, codec_work_list(of->said));
	/* The marks are of the sender's side, but for what we added ourselves. */
	for (unsigned i = 0; i < of->shown->count; i++)
		of->shown->entries[i].marks &= offer->options->is_static ? ENTRY_FOR_TRANSCODING
									 : 0;
}

/* Does the receiver mean something else by that number itself (RFC 3264 8.3.2)? */
static bool is_known_otherwise(
	const struct codec_offer *offer, unsigned payload_type, const struct sdp_format *f)
{
	for (unsigned i = 0; i < offer->known.count; i++) {
		const struct sdp_format *known = &offer->known.formats[i];

		if (known->payload_type == payload_type && !format_is_same_codec(known, f))
			return true;
	}
	return false;
}

/* Numbers never change their meaning across sides: also those of stripped codecs are taken. */
static bool is_free(const struct offering *of, unsigned payload_type, const struct sdp_format *f)
{
	if (codecs_have_type(of->shown, payload_type) ||
		is_known_otherwise(of->offer, payload_type, f))
		return false;
	for (unsigned i = 0; i < of->said->count; i++) {
		const struct sdp_format *said = &of->said->entries[i].format;

		if (said->payload_type == payload_type && format_match(said, f) != CODEC_SAME)
			return false;
	}
	return true;
}

static bool is_static_type(unsigned payload_type, const struct sdp_format *f)
{
	struct sdp_format known;

	return sdp_static_format((uint8_t)payload_type, &known) && format_is_same_codec(&known, f);
}

/* Its number for the receiver (spec media 2.4); negative: there is none left. */
static int find_type(const struct offering *of, const struct sdp_format *f)
{
	const struct codec_agreement *before = of->offer->before;

	for (unsigned t = 0; t <= LAST_STATIC; t++)
		if (is_static_type(t, f) && is_free(of, t, f))
			return (int)t;
	for (unsigned i = 0; i < of->said->count; i++) {
		const struct sdp_format *said = &of->said->entries[i].format;

		if (format_match(said, f) == CODEC_SAME && is_free(of, said->payload_type, f))
			return said->payload_type;
	}
	for (unsigned i = 0; before && i < before->shown.count; i++) {
		const struct sdp_format *shown = &before->shown.entries[i].format;

		if (format_is_supplemental(f) && format_match(shown, f) == CODEC_SAME &&
			is_free(of, shown->payload_type, f))
			return shown->payload_type;
	}
	for (unsigned i = 0; format_is_supplemental(f) && i < of->offer->known.count; i++) {
		const struct sdp_format *known = &of->offer->known.formats[i];

		if (format_match(known, f) == CODEC_SAME && is_free(of, known->payload_type, f))
			return known->payload_type;
	}
	for (unsigned t = FIRST_DYNAMIC; t <= LAST_TYPE; t++)
		if (is_free(of, t, f))
			return (int)t;
	return -1;
}

/* Noise goes before events, all other codecs before both. */
static unsigned place_of(const struct codec_work *w, const struct codec *codec)
{
	return codec->flags & CODEC_SUPPLEMENTAL ? codecs_first_event(w)
						 : codecs_first_supplemental(w);
}

static bool add_new(struct offering *of, unsigned place, const struct codec_spec *spec,
	const struct codec *codec)
{
	struct codec_entry e = {
		.marks = ENTRY_FOR_TRANSCODING | ENTRY_TOUCHED,
		.bitrate = spec->bitrate,
		.ptime_ms = spec->ptime_ms,
		.options = spec->options,
		.format = {
			.encoding = str_of(codec->name),
			.clock_hz = spec->clock_hz,
			.channels = spec->channels,
			.fmtp = spec->fmtp,
		},
	};
	int type = find_type(of, &e.format);

	if (type < 0) {
		not_added(of, spec->name, "no payload type is left");
		return false;
	}
	e.format.payload_type = (uint8_t)type;
	return codec_work_insert(of->shown, place, &e);
}

/* Does the list's codec do for what is asked for? Only what was given counts. */
static bool satisfies(const struct sdp_format *f, const struct codec_spec *spec, bool has_fmtp)
{
	struct codec_params params = format_params(f);
	struct codec_spec given = *spec;

	if (!has_fmtp)
		given.fmtp = STR_NULL;
	return codec_spec_fits(&given, f->encoding, &params);
}

/* What only "all" had taken out is simply there again. */
static bool restore(struct offering *of, const struct codec_spec *spec, bool has_fmtp)
{
	for (unsigned i = 0; i < of->said->count; i++) {
		struct codec_entry *e = &of->said->entries[i];

		if (!(e->marks & ENTRY_GONE_BY_ALL) || !satisfies(&e->format, spec, has_fmtp))
			continue;
		if (!codecs_put_back(of->shown, e))
			return false;
		e->marks &= ~(unsigned)(ENTRY_GONE_BY_ALL | ENTRY_STRIPPED);
		of->edited = true;
		return true;
	}
	return false;
}

/* What goes along with others comes from, and is heard in, audio, or has a counterpart. */
static bool turns_into(const struct codec_entry *e, const struct codec_entry *along)
{
	return format_is_usable(&e->format) &&
	       (!format_is_supplemental(&e->format) ||
		       codec_same_name(e->format.encoding, along->format.encoding));
}

/* Is there anything of the sender's that it could be made of, and be made into? */
static bool is_reachable(
	const struct offering *of, const struct codec_spec *spec, const struct codec *codec)
{
	struct codec_entry added = {
		.format = {
			.encoding = str_of(codec->name),
			.clock_hz = spec->clock_hz,
			.channels = spec->channels,
			.fmtp = spec->fmtp,
		},
	};

	for (unsigned i = 0; i < of->said->count; i++) {
		const struct codec_entry *e = &of->said->entries[i];

		if (e->marks & ENTRY_IGNORED)
			continue;
		if (codec->flags & CODEC_SUPPLEMENTAL ? turns_into(e, &added)
						      : !format_is_supplemental(&e->format) &&
								codec_entry_reaches(e, &added))
			return true;
	}
	return false;
}

static bool is_usable_as(const struct codec *codec, const struct codec_spec *spec)
{
	const struct sdp_format f = {
		.encoding = str_of(codec->name),
		.clock_hz = spec->clock_hz,
		.channels = spec->channels,
		.fmtp = spec->fmtp,
	};

	return format_is_usable(&f);
}

static void transcode_one(struct offering *of, struct str text)
{
	const struct codec *codec;
	struct codec_spec spec;
	bool has_fmtp;

	if (!codec_spec_parse(text, &spec)) {
		not_added(of, text, "this is no codec specification");
		return;
	}
	negotiate_check_bitrate(of->offer, &spec);
	has_fmtp = spec.fmtp.s != NULL;
	codec = codec_find(spec.name);
	if (codec)
		codec_spec_complete(&spec, codec);
	for (unsigned i = 0; i < of->shown->count; i++)
		if (satisfies(&of->shown->entries[i].format, &spec, has_fmtp))
			return;
	if (restore(of, &spec, has_fmtp))
		return;
	if (!codec_usable(codec) && codec_flags(spec.name) & CODEC_SUPPLEMENTAL)
		not_added(of, spec.name, "it is passed on, but never made here");
	else if (!codec_usable(codec))
		not_added(of, spec.name, "this build cannot encode and decode it");
	else if (!spec.clock_hz)
		not_added(of, spec.name, "it has no usual clock");
	else if (!is_usable_as(codec, &spec))
		not_added(of, spec.name, "it cannot be encoded and decoded with these parameters");
	else if (!is_reachable(of, &spec, codec))
		not_added(of, spec.name, "nothing that is offered can be converted to it");
	else
		of->edited |= add_new(of, place_of(of->shown, codec), &spec, codec);
}

static bool has_supplemental(const struct codec_work *w, struct str name, uint32_t clock_hz)
{
	for (unsigned i = 0; i < w->count; i++)
		if (codec_same_name(w->entries[i].format.encoding, name) &&
			w->entries[i].format.clock_hz == clock_hz)
			return true;
	return false;
}

/* One for that clock: the sender's own, or else a new one. */
static void add_supplemental(struct offering *of, struct str name, uint32_t clock_hz)
{
	const struct codec *codec = codec_find(name);
	struct codec_spec spec = { .name = name, .clock_hz = clock_hz, .channels = 1 };

	if (has_supplemental(of->shown, name, clock_hz))
		return;
	for (unsigned i = 0; i < of->said->count; i++) {
		const struct codec_entry *e = &of->said->entries[i];

		if (codec_same_name(e->format.encoding, name) && e->format.clock_hz == clock_hz &&
			codecs_put_back(of->shown, e))
			return;
	}
	if (!codec_usable(codec) || !(codec->flags & CODEC_ANY_CLOCK))
		return;
	codec_spec_complete(&spec, codec);
	of->place += add_new(of, of->place, &spec, codec);
}

/* For each kind that is there, one for each clock of a codec that was put in. */
static void add_supplementals(struct offering *of)
{
	struct codec_work before;

	codec_work_take_list(&before, codec_work_list(of->shown));
	of->place = codecs_first_event(of->shown);
	for (unsigned k = 0; k < before.count; k++) {
		const struct sdp_format *kind = &before.entries[k].format;

		for (unsigned i = 0; format_is_supplemental(kind) && i < before.count; i++)
			if (!format_is_supplemental(&before.entries[i].format) &&
				before.entries[i].marks & ENTRY_TOUCHED)
				add_supplemental(
					of, kind->encoding, before.entries[i].format.clock_hz);
	}
}

static void untouch(struct codec_work *w)
{
	for (unsigned i = 0; i < w->count; i++)
		w->entries[i].marks &= ~(unsigned)ENTRY_TOUCHED;
}

static void follow_clocks(struct offering *of)
{
	if (of->edited) {
		add_supplementals(of);
		codecs_drop_lonely(of->shown, of->said);
	}
	untouch(of->shown);
}

static void edit_shown(struct offering *of)
{
	const struct codec_offer *offer = of->offer;
	const struct codec_options *o = offer->options;

	of->edited |= codecs_strip(of->shown, o->strip, o->except);
	of->edited |= codecs_strip(of->shown, o->consume, o->except);
	of->edited |= codecs_strip(of->shown, o->mask, o->except);
	of->edited |= codecs_offer_again(of->shown, o->offer, of->said);
	value_each (item, offer->in->type == SDP_AUDIO ? o->transcode : NULL)
		transcode_one(of, value_str(item));
}

static void restore_all(struct offering *of)
{
	for (unsigned i = 0; i < of->said->count; i++)
		of->said->entries[i].marks &= ~(unsigned)(ENTRY_STRIPPED | ENTRY_GONE_BY_ALL);
	codec_work_take_list(of->shown, codec_work_list(of->said));
	for (unsigned i = 0; i < of->shown->count; i++)
		of->shown->entries[i].marks = 0;
}

/* Packets get another number only where they are made anew. */
static bool can_renumber(const struct sdp_format *f)
{
	unsigned flags = codec_flags(f->encoding);

	return format_is_usable(f) &&
	       (!(flags & CODEC_SUPPLEMENTAL) || flags & (CODEC_EVENT | CODEC_NOISE));
}

static void keep_number(struct offering *of, struct codec_entry *e)
{
	struct format_list known = of->offer->known;
	int type = -1;

	for (unsigned k = 0; k < known.count; k++) {
		const struct sdp_format *f = &known.formats[k];

		if (format_is_same_type(f, &e->format))
			return;
		if (type < 0 && format_match(f, &e->format) != CODEC_DIFFERENT &&
			!codecs_have_type(of->shown, f->payload_type) &&
			!codecs_have_type(of->said, f->payload_type))
			type = f->payload_type;
	}
	if (type < 0)
		return;
	e->format.payload_type = (uint8_t)type;
	e->format.rtcp_fb_count = 0; /* it was about the sender's packets */
}

/*
 * The receiver's own numbers, whatever the sender calls these codecs by now (reuse-codecs); not where
 * it calls something else so.
 */
static void keep_numbers(struct offering *of)
{
	const struct codec_options *o = of->offer->options;

	for (unsigned i = 0; o->reuse && !o->is_static && i < of->shown->count; i++)
		if (can_renumber(&of->shown->entries[i].format))
			keep_number(of, &of->shown->entries[i]);
}

static bool any_accepted(const struct codec_agreement *before)
{
	for (unsigned i = 0; before && i < before->said.count; i++)
		if (before->said.entries[i].marks & ENTRY_ACCEPTED)
			return true;
	return false;
}

bool negotiate_touches_codecs(const struct codec_offer *offer)
{
	const struct codec_options *o = offer->options;

	return o->strip || o->offer || o->ignore || o->reuse || o->is_static || o->transcode ||
	       o->mask || o->consume || o->accept || o->set || o->always || o->force ||
	       o->asymmetric || any_accepted(offer->before) ||
	       (offer->before && offer->before->heard.count) || negotiate_has_interim(offer);
}

bool negotiate_offer_codecs(
	struct arena *arena, const struct codec_offer *offer, struct codec_agreement *ret)
{
	struct codec_work said, shown;
	struct offering of = { .said = &said, .shown = &shown, .offer = offer };
	const struct codec_options *o = offer->options;
	bool had_audio, gone;

	negotiate_take_said(&said, offer);
	take_shown(&of);
	had_audio = codecs_have_audio(&shown);
	edit_shown(&of);
	follow_clocks(&of);
	gone = codecs_are_gone(&shown, had_audio);
	if (gone && !o->allow_none)
		restore_all(&of);
	else if (gone)
		shown.count = 0;
	keep_numbers(&of);
	ret->settled = ret->as_is = false;
	ret->asymmetric = o->asymmetric;
	ret->force = o->force;
	ret->said = codec_list_copy(arena, codec_work_list(&said));
	ret->shown = codec_list_copy(arena, codec_work_list(&shown));
	ret->answer = ret->heard = ret->own = (struct codec_list){ 0 };
	ret->interim = (struct codec_interim){ 0 };
	negotiate_interim(arena, offer, ret);
	return shown.count > 0;
}

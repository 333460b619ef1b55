/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which formats are shown to the other side: those of the sender, but for what the client has
 * taken out, and in an answer for what was never offered (spec NG 3.6.3, 3.6.4).
 */
#include "call/negotiate.h"

#include <stdio.h>

/* A list being worked on. */
struct work {
	const struct sdp_format **formats;
	unsigned count;
	bool changed; /* something was taken out or put back */
	/* Of the formats: was put back. */
	bool touched[SDP_MAX_FORMATS];
};

static bool same_definition(const struct sdp_format *a, const struct sdp_format *b)
{
	return str_eq_nocase(a->encoding, b->encoding) && a->clock_hz == b->clock_hz &&
	       a->channels == b->channels;
}

static bool same_codec(const struct sdp_format *a, const struct sdp_format *b)
{
	if (a->payload_type != b->payload_type)
		return false;
	/* Without a name on either side the number has to do. */
	return !a->encoding.len || !b->encoding.len || same_definition(a, b);
}

/* Codecs that go beside others, by clock rate. */
static bool is_supplemental(const struct sdp_format *f)
{
	return str_is_nocase(f->encoding, "telephone-event") || str_is_nocase(f->encoding, "CN") ||
	       str_is_nocase(f->encoding, "red");
}

/* NAME, NAME/CLOCK (with one channel), or NAME/CLOCK/CHANNELS (spec NG 3.6.2). */
static bool is_named(const struct sdp_format *f, struct str name)
{
	char rate[32];
	int len;

	if (!f->encoding.len || name.len < f->encoding.len ||
		!str_eq_nocase((struct str){ name.s, f->encoding.len }, f->encoding))
		return false;
	name = str_skip(name, f->encoding.len);
	if (!name.len)
		return true;
	len = snprintf(rate, sizeof(rate), "/%u", f->clock_hz);
	if (f->channels == 1 && str_eq(name, (struct str){ rate, (size_t)len }))
		return true;
	len = snprintf(rate, sizeof(rate), "/%u/%u", f->clock_hz, f->channels);
	return str_eq(name, (struct str){ rate, (size_t)len });
}

static bool names(const struct value *list, const struct sdp_format *f)
{
	value_each (item, list)
		if (is_named(f, value_str(item)))
			return true;
	return false;
}

static bool names_all(const struct value *list)
{
	value_each (item, list)
		if (str_is_nocase(value_str(item), "all") || str_is_nocase(value_str(item), "full"))
			return true;
	return false;
}

/* Does `list` take this one out? */
static bool takes(const struct value *list, const struct value *except, const struct sdp_format *f)
{
	return names(list, f) || (names_all(list) && !names(except, f));
}

static void strip(struct work *w, const struct codec_options *o)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < w->count; i++) {
		if (takes(o->strip, o->except, w->formats[i]))
			w->changed = true;
		else
			w->formats[kept++] = w->formats[i];
	}
	w->count = kept;
}

static bool has(const struct work *w, const struct sdp_format *f)
{
	for (unsigned i = 0; i < w->count; i++)
		if (w->formats[i] == f || same_codec(w->formats[i], f))
			return true;
	return false;
}

/* In front of the first supplemental one. */
static void put_back(struct work *w, const struct sdp_format *f)
{
	unsigned at = 0;

	if (w->count == SDP_MAX_FORMATS || has(w, f))
		return;
	while (at < w->count && !is_supplemental(w->formats[at]))
		at++;
	if (is_supplemental(f))
		at = w->count;
	for (unsigned i = w->count; i > at; i--) {
		w->formats[i] = w->formats[i - 1];
		w->touched[i] = w->touched[i - 1];
	}
	w->formats[at] = f;
	w->touched[at] = true;
	w->changed = true;
	w->count++;
}

static void offer_again(struct work *w, const struct value *list, const struct sdp_media *in)
{
	value_each (item, list)
		for (unsigned i = 0; i < in->format_count; i++)
			if (is_named(&in->formats[i], value_str(item)))
				put_back(w, &in->formats[i]);
}

static bool has_kind(const struct work *w, struct str encoding)
{
	for (unsigned i = 0; i < w->count; i++)
		if (str_eq_nocase(w->formats[i]->encoding, encoding))
			return true;
	return false;
}

/* Is there a codec of that clock rate; one that was put back? */
static bool has_clock(const struct work *w, uint32_t clock_hz, bool touched)
{
	for (unsigned i = 0; i < w->count; i++)
		if (!is_supplemental(w->formats[i]) && w->formats[i]->clock_hz == clock_hz &&
			(!touched || w->touched[i]))
			return true;
	return false;
}

/* Supplemental codecs follow the clock rates of those that are left. */
static void follow_clocks(struct work *w, const struct sdp_media *in)
{
	unsigned kept = 0;

	if (!w->changed)
		return;
	for (unsigned i = 0; i < in->format_count; i++) {
		const struct sdp_format *f = &in->formats[i];

		if (is_supplemental(f) && has_kind(w, f->encoding) &&
			has_clock(w, f->clock_hz, true))
			put_back(w, f);
	}
	/* Alone they may be all there is to a section. */
	for (unsigned i = 0; i < w->count; i++)
		if (!is_supplemental(w->formats[i]) || has_clock(w, w->formats[i]->clock_hz, false))
			w->formats[kept++] = w->formats[i];
	w->count = kept ? kept : w->count;
}

static void edit(struct work *w, const struct codec_options *o, const struct sdp_media *in)
{
	if (o->strip)
		strip(w, o);
	if (o->offer)
		offer_again(w, o->offer, in);
	follow_clocks(w, in);
}

static void add(struct work *w, const struct sdp_format *f)
{
	if (w->count < SDP_MAX_FORMATS)
		w->formats[w->count++] = f;
}

static void add_all(struct work *w, struct format_list list)
{
	for (unsigned i = 0; i < list.count; i++)
		add(w, &list.formats[i]);
}

/* Those that the receiver knows, in its order, then the others. */
static void add_known_first(struct work *w, const struct sdp_media *in, struct format_list known)
{
	for (unsigned k = 0; k < known.count; k++)
		for (unsigned i = 0; i < in->format_count; i++)
			if (same_codec(&in->formats[i], &known.formats[k]) &&
				!has(w, &in->formats[i]))
				add(w, &in->formats[i]);
	for (unsigned i = 0; i < in->format_count; i++)
		if (!has(w, &in->formats[i]))
			add(w, &in->formats[i]);
}

unsigned negotiate_offer_formats(const struct sdp_media *in, const struct codec_options *o,
	struct format_list shown, struct format_list known, const struct sdp_format **ret)
{
	struct format_list received = { in->formats, in->format_count };
	struct work w = { .formats = ret };

	if (o->is_static && shown.count)
		add_all(&w, shown);
	else if (o->reuse && known.count)
		add_known_first(&w, in, known);
	else
		add_all(&w, received);
	edit(&w, o, in);
	if (!w.count && !o->allow_none)
		add_all(&w, received);
	return w.count;
}

static bool has_type(const struct payload_types *set, uint8_t type)
{
	return set->bits[type / 64 % 2] >> type % 64 & 1;
}

struct payload_types negotiate_ignored(const struct sdp_media *in, const struct codec_options *o)
{
	struct payload_types set = { { 0 } };
	bool any_left = false;

	if (!o->ignore)
		return set;
	for (unsigned i = 0; i < in->format_count; i++) {
		const struct sdp_format *f = &in->formats[i];

		if (takes(o->ignore, o->except, f))
			set.bits[f->payload_type / 64 % 2] |= (uint64_t)1 << f->payload_type % 64;
		else
			any_left = true;
	}
	return any_left ? set : (struct payload_types){ { 0 } };
}

static bool was_offered(
	const struct format_list *offered, const struct sdp_format *f, bool asymmetric)
{
	for (unsigned i = 0; i < offered->count; i++)
		if (same_codec(&offered->formats[i], f) ||
			(asymmetric && f->encoding.len && same_definition(&offered->formats[i], f)))
			return true;
	return false;
}

/* Keeps what is in `offered`; leaves all when that would be nothing. */
static void keep_offered(struct work *w, const struct format_list *offered,
	const struct payload_types *ignored, bool asymmetric)
{
	const struct sdp_format *kept[SDP_MAX_FORMATS];
	unsigned count = 0;

	if (!offered->count)
		return;
	for (unsigned i = 0; i < w->count; i++)
		if (was_offered(offered, w->formats[i], asymmetric) &&
			!has_type(ignored, w->formats[i]->payload_type))
			kept[count++] = w->formats[i];
	for (unsigned i = 0; i < count; i++)
		w->formats[i] = kept[i];
	w->count = count ? count : w->count;
}

/* The first codec, and what goes beside it. */
static void keep_first(struct work *w)
{
	const struct sdp_format *first = NULL;
	unsigned kept = 0;

	for (unsigned i = 0; i < w->count && !first; i++)
		if (!is_supplemental(w->formats[i]))
			first = w->formats[i];
	for (unsigned i = 0; first && i < w->count; i++)
		if (w->formats[i] == first || (is_supplemental(w->formats[i]) &&
						      w->formats[i]->clock_hz == first->clock_hz))
			w->formats[kept++] = w->formats[i];
	w->count = first ? kept : w->count;
}

unsigned negotiate_answer_formats(const struct answer_formats *a, const struct codec_options *o,
	const struct sdp_format **ret)
{
	struct format_list answered = { a->in->formats, a->in->format_count };
	struct format_list offered = { 0 };
	struct payload_types none = { { 0 } };
	struct work w = { .formats = ret };

	if (a->offered)
		offered = (struct format_list){ a->offered->formats, a->offered->format_count };
	add_all(&w, answered);
	keep_offered(&w, &a->shown, &none, o->asymmetric);
	keep_offered(&w, &offered, &a->ignored, o->asymmetric);
	edit(&w, o, a->in);
	if (!w.count)
		add_all(&w, answered);
	if (o->single)
		keep_first(&w);
	return w.count;
}

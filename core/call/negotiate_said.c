/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the sender of an offer is taken to support, after what the client says of it (spec NG 3.6.3). */
#include "call/negotiate_priv.h"

void negotiate_warn(
	const struct codec_offer *offer, struct str name, const char *what, const char *why)
{
	GString *warnings = offer->warnings;

	if (!warnings)
		return;
	if (warnings->len)
		g_string_append(warnings, "; ");
	g_string_append_printf(
		warnings, "codec '%.*s' %s: %s", (int)MIN(name.len, 64), name.s, what, why);
}

void negotiate_check_bitrate(const struct codec_offer *offer, struct codec_spec *spec)
{
	const struct codec *codec = codec_find(spec->name);

	if (!spec->bitrate || !codec || !(codec->flags & CODEC_ONE_BITRATE) ||
		spec->bitrate == codec->bitrate)
		return;
	spec->bitrate = 0;
	negotiate_warn(offer, spec->name, "has its usual bit rate", "there is no other");
}

/* Markings outlive a re-offer where the client meant them for the sender, not for one round. */
static void take_marks(struct codec_work *said, const struct codec_agreement *before)
{
	for (unsigned i = 0; before && i < said->count; i++) {
		struct codec_entry *e = &said->entries[i];
		const struct codec_entry *known = codec_list_find(before->said, &e->format);

		if (known && known->marks & ENTRY_ACCEPTED)
			e->marks |= ENTRY_FOR_TRANSCODING | ENTRY_ACCEPTED;
	}
}

static void ignore(struct codec_work *said, const struct codec_options *o)
{
	struct codec_work left = { .count = 0 };

	for (unsigned i = 0; i < said->count; i++) {
		struct codec_entry *e = &said->entries[i];

		if (negotiate_removal(o->ignore, o->except, &e->format))
			e->marks |= ENTRY_IGNORED;
		else
			codec_work_insert(&left, left.count, e);
	}
	if (!codecs_are_gone(&left, codecs_have_audio(said)))
		return;
	for (unsigned i = 0; i < said->count; i++)
		said->entries[i].marks &= ~(unsigned)ENTRY_IGNORED;
}

static bool is_meant(const struct sdp_format *f, const struct codec_spec *spec)
{
	return codec_same_name(f->encoding, spec->name) && f->clock_hz == spec->clock_hz &&
	       f->channels == spec->channels;
}

static void set_entry(struct codec_entry *e, const struct codec_spec *spec)
{
	if (spec->bitrate)
		e->bitrate = spec->bitrate;
	if (spec->ptime_ms)
		e->ptime_ms = spec->ptime_ms;
	if (spec->options.s)
		e->options = spec->options;
}

/* `set` names codecs in full, clock and channels included; what is not offered at all is no fault. */
static void set_one(struct codec_work *said, const struct codec_offer *offer, struct str text)
{
	struct codec_spec spec;
	bool any = false, named = false;

	if (!codec_spec_parse(text, &spec)) {
		negotiate_warn(offer, text, "is not set", "this is no codec specification");
		return;
	}
	if (!spec.clock_hz) {
		negotiate_warn(offer, spec.name, "is not set",
			"its clock and number of channels are needed");
		return;
	}
	negotiate_check_bitrate(offer, &spec);
	for (unsigned i = 0; i < said->count; i++) {
		struct codec_entry *e = &said->entries[i];

		named |= codec_same_name(e->format.encoding, spec.name);
		if (!is_meant(&e->format, &spec))
			continue;
		set_entry(e, &spec);
		any = true;
	}
	if (named && !any)
		negotiate_warn(offer, spec.name, "is not set",
			"it is offered with another clock or number of channels");
}

static void mark_removed(struct codec_entry *e, enum codec_removal how, unsigned marks)
{
	if (how == CODEC_KEPT)
		return;
	e->marks |= marks;
	if (how == CODEC_REMOVED)
		e->marks &= ~(unsigned)ENTRY_GONE_BY_ALL;
}

/* Does a list that names the codec, or that says "all", have it? The former only, if `named`. */
static enum codec_removal removal(const struct value *list, const struct value *except,
	const struct sdp_format *f, bool named)
{
	return named && !negotiate_names(list, f) ? CODEC_KEPT : negotiate_removal(list, except, f);
}

/* What the edits make of a codec of the sender. That it is stripped by name is not undone by "all". */
static void mark_one(struct codec_entry *e, const struct codec_options *o)
{
	const unsigned wanted = ENTRY_FOR_TRANSCODING | ENTRY_ACCEPTED;
	const struct sdp_format *f = &e->format;
	bool named = negotiate_names(o->strip, f);
	enum codec_removal strip = negotiate_removal(o->strip, o->except, f);
	enum codec_removal consume = removal(o->consume, o->except, f, named);
	enum codec_removal mask = removal(o->mask, o->except, f, named);

	if ((o->always && !named) || removal(o->accept, NULL, f, named))
		e->marks |= wanted;
	if (strip || consume || mask)
		e->marks |= ENTRY_GONE_BY_ALL;
	mark_removed(e, strip, ENTRY_STRIPPED);
	mark_removed(e, consume, ENTRY_MASKED | wanted);
	mark_removed(e, mask, ENTRY_MASKED);
	if (consume || mask)
		e->marks &= ~(unsigned)ENTRY_STRIPPED;
}

void negotiate_take_said(struct codec_work *said, const struct codec_offer *offer)
{
	const struct codec_options *o = offer->options;

	codec_work_take(said, offer->in->formats, offer->in->format_count);
	take_marks(said, offer->before);
	ignore(said, o);
	value_each (item, o->set)
		set_one(said, offer, value_str(item));
	for (unsigned i = 0; i < said->count; i++)
		mark_one(&said->entries[i], o);
}

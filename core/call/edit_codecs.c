/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Lists of codecs edited: what is taken out, what comes back, and those that go along with others
 * (spec NG 3.6.1). Offers and answers have this in common.
 */
#include "call/negotiate_priv.h"

static bool is_supplemental(const struct codec_entry *e)
{
	return format_is_supplemental(&e->format);
}

bool negotiate_names(const struct value *list, const struct sdp_format *f)
{
	value_each (item, list)
		if (format_is_named(f, value_str(item)))
			return true;
	return false;
}

static bool has_word(const struct value *list, const char *word)
{
	value_each (item, list)
		if (str_is_nocase(value_str(item), word))
			return true;
	return false;
}

/* "full" differs from "all" in what a codec is when it comes back as one to be transcoded. */
enum codec_removal negotiate_removal(
	const struct value *list, const struct value *except, const struct sdp_format *f)
{
	if (negotiate_names(list, f))
		return CODEC_REMOVED;
	if (negotiate_names(except, f))
		return CODEC_KEPT;
	if (has_word(list, "full"))
		return CODEC_REMOVED;
	return has_word(list, "all") ? CODEC_REMOVED_BY_ALL : CODEC_KEPT;
}

bool codecs_have(const struct codec_work *w, const struct sdp_format *f)
{
	for (unsigned i = 0; i < w->count; i++)
		if (format_is_same_type(&w->entries[i].format, f))
			return true;
	return false;
}

bool codecs_have_type(const struct codec_work *w, unsigned payload_type)
{
	for (unsigned i = 0; i < w->count; i++)
		if (w->entries[i].format.payload_type == payload_type)
			return true;
	return false;
}

bool codecs_strip(struct codec_work *w, const struct value *list, const struct value *except)
{
	unsigned kept = 0;
	bool any;

	for (unsigned i = 0; i < w->count; i++)
		if (!negotiate_removal(list, except, &w->entries[i].format))
			w->entries[kept++] = w->entries[i];
	any = kept != w->count;
	w->count = kept;
	return any;
}

unsigned codecs_first_supplemental(const struct codec_work *w)
{
	unsigned at = 0;

	while (at < w->count && !is_supplemental(&w->entries[at]))
		at++;
	return at;
}

unsigned codecs_first_event(const struct codec_work *w)
{
	unsigned at = 0;

	while (at < w->count && !(codec_flags(w->entries[at].format.encoding) & CODEC_EVENT))
		at++;
	return at;
}

bool codecs_put_back(struct codec_work *w, const struct codec_entry *e)
{
	struct codec_entry entry = *e;

	if (codecs_have_type(w, e->format.payload_type))
		return false;
	entry.marks = ENTRY_TOUCHED;
	return codec_work_insert(
		w, is_supplemental(e) ? w->count : codecs_first_supplemental(w), &entry);
}

bool codecs_offer_again(struct codec_work *w, const struct value *list, struct codec_work *said)
{
	const unsigned gone = ENTRY_STRIPPED | ENTRY_GONE_BY_ALL;
	bool any = false;

	value_each (item, list)
		for (unsigned i = 0; i < said->count; i++)
			if (format_is_named(&said->entries[i].format, value_str(item)) &&
				codecs_put_back(w, &said->entries[i])) {
				said->entries[i].marks &= ~gone;
				any = true;
			}
	return any;
}

bool codecs_have_clock(const struct codec_work *w, uint32_t clock_hz)
{
	for (unsigned i = 0; i < w->count; i++)
		if (!is_supplemental(&w->entries[i]) && w->entries[i].format.clock_hz == clock_hz)
			return true;
	return false;
}

bool codecs_have_audio(const struct codec_work *w)
{
	for (unsigned i = 0; i < w->count; i++)
		if (!is_supplemental(&w->entries[i]))
			return true;
	return false;
}

bool codecs_are_gone(const struct codec_work *w, bool had_audio)
{
	return !w->count || (had_audio && !codecs_have_audio(w));
}

/* The payload type that it repeats (RFC 4588 8.1); negative: it repeats none. */
static int repeated_type(const struct sdp_format *f)
{
	struct str rest = f->fmtp, part, name;
	unsigned type = 0;

	if (!str_is_nocase(f->encoding, "rtx"))
		return -1;
	while (str_cut(&rest, ';', &part)) {
		while (part.len && part.s[0] == ' ')
			part = str_skip(part, 1);
		if (!str_cut(&part, '=', &name) || !str_is_nocase(name, "apt") || !part.len)
			continue;
		for (; part.len && g_ascii_isdigit(part.s[0]) && type < 128;
			part = str_skip(part, 1))
			type = type * 10 + (unsigned)(part.s[0] - '0');
		return type < 128 ? (int)type : -1;
	}
	return -1;
}

static bool is_lonely(
	const struct codec_entry *e, const struct codec_work *left, const struct codec_work *said)
{
	int repeated = repeated_type(&e->format);
	uint32_t clock_hz = e->format.clock_hz;

	if (repeated >= 0 && codecs_have_type(said, (unsigned)repeated) &&
		!codecs_have_type(left, (unsigned)repeated))
		return true;
	return is_supplemental(e) && !codecs_have_clock(left, clock_hz) &&
	       codecs_have_clock(said, clock_hz);
}

void codecs_drop_lonely(struct codec_work *w, const struct codec_work *said)
{
	struct codec_work left;

	if (!codecs_have_audio(w))
		return;
	codec_work_take_list(&left, codec_work_list(w));
	w->count = 0;
	for (unsigned i = 0; i < left.count; i++)
		if (!is_lonely(&left.entries[i], &left, said))
			w->entries[w->count++] = left.entries[i];
}

/* The answer's own edits: nothing is added that its sender has not said. */
void negotiate_edit_codecs(struct codec_work *w, const struct codec_options *o)
{
	struct codec_work said;
	bool edited;

	if (!o->strip && !o->offer)
		return;
	codec_work_take_list(&said, codec_work_list(w));
	edited = codecs_strip(w, o->strip, o->except);
	edited |= codecs_offer_again(w, o->offer, &said);
	for (unsigned i = 0; i < w->count; i++) {
		const struct codec_entry *e = codec_list_find(
			codec_work_list(&said), &w->entries[i].format);

		w->entries[i].marks = e->marks;
	}
	if (edited)
		codecs_drop_lonely(w, &said);
}

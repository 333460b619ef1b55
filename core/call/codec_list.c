/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lists of codecs: copying, comparing, finding. What they mean is in the negotiation's files. */
#include "call/codec_list.h"

#include <stdio.h>

static void copy_format(struct arena *arena, struct sdp_format *to, const struct sdp_format *from)
{
	struct str *feedback = arena_new_array(arena, struct str, from->rtcp_fb_count);

	*to = *from;
	to->encoding = arena_str(arena, from->encoding);
	to->fmtp = arena_str(arena, from->fmtp);
	for (unsigned i = 0; i < from->rtcp_fb_count; i++)
		feedback[i] = arena_str(arena, from->rtcp_fb[i]);
	to->rtcp_fb = feedback;
}

struct codec_list codec_list_copy(struct arena *arena, struct codec_list from)
{
	struct codec_list to = { NULL, from.count };

	if (!from.count)
		return to;
	to.entries = arena_new_array(arena, struct codec_entry, from.count);
	for (unsigned i = 0; i < from.count; i++) {
		to.entries[i] = from.entries[i];
		copy_format(arena, &to.entries[i].format, &from.entries[i].format);
		to.entries[i].options = arena_str(arena, from.entries[i].options);
	}
	return to;
}

struct codec_agreement *codec_agreement_copy(
	struct arena *arena, const struct codec_agreement *from)
{
	struct codec_agreement *to;

	if (!from)
		return NULL;
	to = arena_alloc(arena, sizeof(*to));
	*to = *from;
	to->said = codec_list_copy(arena, from->said);
	to->shown = codec_list_copy(arena, from->shown);
	to->answered = codec_list_copy(arena, from->answered);
	to->answer = codec_list_copy(arena, from->answer);
	to->heard = codec_list_copy(arena, from->heard);
	to->own = codec_list_copy(arena, from->own);
	to->interim.sent = codec_list_copy(arena, from->interim.sent);
	to->interim.returned = codec_list_copy(arena, from->interim.returned);
	to->interim.taken = codec_list_copy(arena, from->interim.taken);
	return to;
}

void codec_work_take(struct codec_work *w, const struct sdp_format *formats, unsigned count)
{
	w->count = 0;
	for (unsigned i = 0; i < count && i < SDP_MAX_FORMATS; i++)
		w->entries[w->count++] = (struct codec_entry){ .format = formats[i] };
}

void codec_work_take_list(struct codec_work *w, struct codec_list list)
{
	w->count = 0;
	for (unsigned i = 0; i < list.count && i < SDP_MAX_FORMATS; i++)
		w->entries[w->count++] = list.entries[i];
}

struct codec_list codec_work_list(struct codec_work *w)
{
	return (struct codec_list){ w->entries, w->count };
}

bool codec_work_insert(struct codec_work *w, unsigned at, const struct codec_entry *entry)
{
	if (w->count == SDP_MAX_FORMATS)
		return false;
	memmove(&w->entries[at + 1], &w->entries[at], sizeof(*entry) * (w->count - at));
	w->entries[at] = *entry;
	w->count++;
	return true;
}

bool format_is_supplemental(const struct sdp_format *f)
{
	return codec_flags(f->encoding) & CODEC_SUPPLEMENTAL;
}

bool format_is_same_codec(const struct sdp_format *a, const struct sdp_format *b)
{
	return codec_same_name(a->encoding, b->encoding) && a->clock_hz == b->clock_hz &&
	       a->channels == b->channels;
}

struct codec_params format_params(const struct sdp_format *f)
{
	return (struct codec_params){
		.clock_hz = f->clock_hz, .channels = f->channels, .fmtp = f->fmtp
	};
}

enum codec_match format_match(const struct sdp_format *a, const struct sdp_format *b)
{
	struct codec_params p = format_params(a), q = format_params(b);

	if (!format_is_same_codec(a, b))
		return CODEC_DIFFERENT;
	return codec_match(a->encoding, &p, &q);
}

bool format_is_same_type(const struct sdp_format *a, const struct sdp_format *b)
{
	struct codec_params p = format_params(a), q = format_params(b);

	if (a->payload_type != b->payload_type)
		return false;
	if (!a->encoding.len || !b->encoding.len)
		return true;
	return format_is_same_codec(a, b) && codec_fits(a->encoding, &p, &q);
}

bool format_is_named(const struct sdp_format *f, struct str name)
{
	char text[32];
	int len = snprintf(text, sizeof(text), "%u", f->payload_type);
	struct str head;

	if (str_eq(name, (struct str){ text, (size_t)len }))
		return true;
	if (!f->encoding.len || !str_cut(&name, '/', &head) || !codec_same_name(head, f->encoding))
		return false;
	if (!name.s)
		return true;
	len = snprintf(text, sizeof(text), "%u", f->clock_hz);
	if (f->channels == 1 && str_eq(name, (struct str){ text, (size_t)len }))
		return true;
	len = snprintf(text, sizeof(text), "%u/%u", f->clock_hz, f->channels);
	return str_eq(name, (struct str){ text, (size_t)len });
}

bool format_is_usable(const struct sdp_format *f)
{
	const struct codec *codec = codec_find(f->encoding);
	struct codec_params params = format_params(f);

	return codec_usable_as(codec, &params);
}

bool codec_entry_reaches(const struct codec_entry *from, const struct codec_entry *to)
{
	const struct codec *out = codec_find(from->format.encoding);
	const struct codec *in = codec_find(to->format.encoding);

	if (!format_is_usable(&from->format) || !format_is_usable(&to->format))
		return false;
	return codec_sample_hz(out, from->format.clock_hz) ==
		       codec_sample_hz(in, to->format.clock_hz) ||
	       codec_resampler();
}

struct codec_entry *codec_list_find(struct codec_list list, const struct sdp_format *f)
{
	for (unsigned i = 0; i < list.count; i++)
		if (format_is_same_type(&list.entries[i].format, f))
			return &list.entries[i];
	return NULL;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a re-offer changes nothing about until it is answered, or for good if it is refused (RFC
 * 3264 8): both go on sending and taking what had been agreed on before.
 */
#include "call/negotiate_priv.h"

/* Both directions as they were, seen from who offers now; where nothing was decided, what passes. */
struct former {
	struct codec_flow forth, back;
	struct codec_work passing;
};

static bool lists_equal(struct codec_list a, struct codec_list b)
{
	if (a.count != b.count)
		return false;
	for (unsigned i = 0; i < a.count; i++) {
		const struct codec_entry *e = &a.entries[i], *f = &b.entries[i];

		if (e->format.payload_type != f->format.payload_type || e->marks != f->marks ||
			!format_is_same_codec(&e->format, &f->format) ||
			!str_eq(e->format.fmtp, f->format.fmtp))
			return false;
	}
	return true;
}

static bool is_the_same(const struct codec_agreement *before, const struct codec_agreement *a)
{
	return before && before->settled && lists_equal(before->said, a->said) &&
	       lists_equal(before->shown, a->shown);
}

static void find_passing(const struct codec_offer *offer, struct codec_work *w)
{
	w->count = 0;
	for (unsigned i = 0; i < offer->shown.count; i++) {
		const struct codec_entry e = { .format = offer->shown.formats[i] };

		for (unsigned k = 0; k < offer->known.count; k++)
			if (format_is_same_type(&e.format, &offer->known.formats[k])) {
				codec_work_insert(w, w->count, &e);
				break;
			}
	}
}

/* Of an offer that was not answered either, what it had let go on. */
static bool goes_on(const struct codec_agreement *a)
{
	return !a->as_is && (a->settled || a->interim.sent.count);
}

static bool find_former(const struct codec_offer *offer, struct former *former)
{
	const struct codec_agreement *a = offer->before ? offer->before : offer->back;

	if (a) {
		if (!goes_on(a))
			return false;
		former->forth = agreement_flow(a, a == offer->before);
		former->back = agreement_flow(a, a != offer->before);
		return true;
	}
	find_passing(offer, &former->passing);
	former->forth = (struct codec_flow){ .from = codec_work_list(&former->passing) };
	former->forth.to = former->forth.from;
	former->back = former->forth;
	return former->passing.count > 0;
}

/* What could be sent comes first: it keeps the meaning of its numbers. */
static void add_sent(struct codec_work *w, struct codec_list list, unsigned not_marked)
{
	for (unsigned i = 0; i < list.count; i++)
		if (!(list.entries[i].marks & not_marked) &&
			!codecs_have_type(w, list.entries[i].format.payload_type))
			codec_work_insert(w, w->count, &list.entries[i]);
}

static struct codec_list find_sent(
	struct arena *arena, const struct codec_flow *former, struct codec_list now)
{
	const unsigned not_marked = ENTRY_IGNORED | ENTRY_STRIPPED;
	struct codec_work w = { .count = 0 };

	add_sent(&w, former->from, not_marked);
	add_sent(&w, former->heard, not_marked);
	add_sent(&w, now, 0);
	return codec_list_copy(arena, codec_work_list(&w));
}

/* Is it the sink's in truth, not only offered by it? */
static bool was_taken(const struct codec_flow *former, const struct codec_entry *e)
{
	return !format_is_supplemental(&e->format) || codec_flow_told(former, e);
}

/* What is taken both before and after the answer; for want of audio in it, as before. */
static struct codec_list find_taken(
	struct arena *arena, const struct codec_flow *former, struct codec_list now)
{
	struct codec_work w = { .count = 0 };

	for (unsigned i = 0; i < now.count; i++)
		if (codec_list_find(former->to, &now.entries[i].format))
			codec_work_insert(&w, w.count, &now.entries[i]);
	if (codecs_have_audio(&w))
		return codec_list_copy(arena, codec_work_list(&w));
	w.count = 0;
	for (unsigned i = 0; i < former->to.count; i++)
		if (was_taken(former, &former->to.entries[i]))
			codec_work_insert(&w, w.count, &former->to.entries[i]);
	return codec_list_copy(arena, codec_work_list(&w));
}

/* Of what the receiver is shown, what it has named itself. */
static struct codec_list find_known(
	struct arena *arena, const struct codec_offer *offer, struct codec_list shown)
{
	struct codec_work w = { .count = 0 };

	for (unsigned i = 0; i < offer->known.count; i++) {
		const struct codec_entry *e = codec_list_find(shown, &offer->known.formats[i]);

		if (e)
			codec_work_insert(&w, w.count, e);
	}
	if (!codecs_have_audio(&w))
		w.count = 0;
	return codec_list_copy(arena, codec_work_list(&w));
}

void negotiate_interim(
	struct arena *arena, const struct codec_offer *offer, struct codec_agreement *a)
{
	const struct codec_agreement *before = offer->before;
	struct former former;

	if (is_the_same(before, a)) {
		a->settled = true;
		a->as_is = before->as_is;
		a->answered = codec_list_copy(arena, before->answered);
		a->answer = codec_list_copy(arena, before->answer);
		a->heard = codec_list_copy(arena, before->heard);
		a->own = codec_list_copy(arena, before->own);
		return;
	}
	a->answered = find_known(arena, offer, a->shown);
	if (!find_former(offer, &former))
		return;
	if (!a->answered.count)
		a->answered = find_taken(arena, &former.forth, a->shown);
	a->interim.taken = find_taken(arena, &former.back, a->said);
	a->interim.sent = find_sent(arena, &former.forth, a->said);
	a->interim.returned = find_sent(arena, &former.back, a->shown);
}

bool negotiate_has_interim(const struct codec_offer *offer)
{
	struct plan_transcode transcode;
	struct former former;

	return (offer->before || offer->back) && find_former(offer, &former) &&
	       (choose_transcode(&former.forth, &transcode) ||
		       choose_transcode(&former.back, &transcode));
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which sections of both parties belong together (spec NG 5.3), and the links between them (5.4).
 */
#include "call/exchange_priv.h"

#include <errno.h>

/* NULL: too many. */
static struct media *media_at(struct draft *draft, struct party *party, unsigned index)
{
	while (party->media_count <= index)
		if (!party_add_media(draft->model, party))
			return NULL;
	return party->media[index];
}

/* The section at that place, or the next one that this message has not spoken of. */
static struct media *unmentioned_at(struct draft *draft, struct party *party, unsigned index)
{
	struct media *media = media_at(draft, party, index);

	/* A place may be taken already when mids and order disagree. */
	while (media && media->mentioned)
		media = media_at(draft, party, ++index);
	return media;
}

/* The sender's own section: by its mid if that is known, else by its place. */
static struct media *find_from(
	struct draft *draft, struct party *from, const struct sdp_media *in, unsigned index)
{
	for (unsigned i = 0; in->mid.len && i < from->media_count; i++) {
		struct media *m = from->media[i];

		if (str_eq(m->mid, in->mid) && m->type == in->type && !m->mentioned)
			return m;
	}
	return unmentioned_at(draft, from, index);
}

static bool may_pair(const struct media *from, const struct media *to, const struct sdp_media *in)
{
	if (to->type != in->type || to->mentioned)
		return false;
	return !from->mid.len || !to->mid.len || str_eq(from->mid, to->mid);
}

/* Places differ between the parties once a section was left out: is this one another's already? */
static bool is_taken(const struct media *to, const struct media *from)
{
	for (unsigned i = 0; i < to->source_count; i++)
		if (to->sources[i]->party == from->party && to->sources[i] != from)
			return true;
	return to->mentioned;
}

/* sdp-media-remove: a section of an offer that is not sent on. */
bool pair_is_removed(enum sdp_media_type type, const struct call_options *o, bool answer)
{
	return !answer && (o->remove_media & 1u << type);
}

/* The other party may know a section that is not sent on from before: it is declined there. */
static struct media *linked_to(const struct media *from, const struct party *to)
{
	for (unsigned i = 0; i < from->source_count; i++)
		if (from->sources[i]->party == to && !from->sources[i]->mentioned)
			return from->sources[i];
	return NULL;
}

/* As asked for in an offer; or in an answer, where the other party's offer did not have it. */
static bool is_removed(const struct media *from, const struct sdp_media *in,
	const struct call_options *o, bool answer)
{
	return pair_is_removed(in->type, o, answer) || (answer && from->removed);
}

static struct media *find_to(struct draft *draft, struct media *from, struct party *to,
	const struct sdp_media *in, unsigned removed_before)
{
	unsigned index = from->index - MIN(from->index, removed_before);
	struct media *media;

	for (unsigned i = 0; i < from->source_count; i++)
		if (from->sources[i]->party == to && may_pair(from, from->sources[i], in))
			return from->sources[i];
	media = media_at(draft, to, index);
	while (media && is_taken(media, from))
		media = media_at(draft, to, ++index);
	return media;
}

/* Sections that are not sent on have no `to` unless there is one from before. */
int pair_sections(struct draft *draft, const struct parties *p, const struct sdp *sdp,
	const struct call_options *o, bool answer, struct media_pair *pairs, struct err *err)
{
	unsigned removed = 0;

	for (unsigned i = 0; i < sdp->media_count; i++) {
		const struct sdp_media *in = &sdp->media[i];
		struct media *from = find_from(draft, p->from, in, i), *to = NULL;
		bool remove = from && is_removed(from, in, o, answer);

		if (remove)
			to = linked_to(from, p->to);
		else if (from)
			to = find_to(draft, from, p->to, in, removed);
		if (!from || (!to && !remove))
			return err_set(err, E2BIG, "Too many media sections in one call");
		removed += remove && !to;
		pairs[i] = (struct media_pair){ from, to, remove };
		from->mentioned = true;
		media_set_type(draft->model, from, in->type, in->type_text);
		media_set_transport(draft->model, from, in->transport, in->transport_text);
		if (to)
			to->mentioned = true;
	}
	return 0;
}

/*
 * A new branch may be offered a later section only; those before it have a place in its bodies
 * all the same, as rejected ones of the sender's kind.
 */
void pair_fill_places(
	struct draft *draft, const struct parties *p, const struct call_options *o, bool answer)
{
	unsigned place = 0;

	for (unsigned i = 0; i < p->from->media_count && place < p->to->media_count; i++) {
		const struct media *from = p->from->media[i];
		struct media *to = p->to->media[place];

		if (from->removed || pair_is_removed(from->type, o, answer))
			continue;
		place++;
		if (to->type_text.len || to->mentioned)
			continue;
		media_set_type(draft->model, to, from->type, from->type_text);
		media_set_transport(draft->model, to, from->transport, from->transport_text);
		to->rejected = true;
	}
}

/* Sections that an earlier message had and this one has not stay linked as they are. */
unsigned pair_others(const struct parties *p, struct media_pair *pairs)
{
	unsigned count = 0;

	for (unsigned i = 0; i < p->from->media_count; i++) {
		struct media *from = p->from->media[i];

		if (from->mentioned)
			continue;
		for (unsigned s = 0; s < from->source_count; s++)
			if (from->sources[s]->party == p->to)
				pairs[count++] = (struct media_pair){ from, from->sources[s],
					false };
	}
	return count;
}

int pair_link(struct draft *draft, const struct parties *p, bool answer,
	const struct media_pair *pairs, unsigned count, struct err *err)
{
	party_unlink(draft->model, p->to);
	if (answer)
		party_unlink(draft->model, p->from);
	for (unsigned i = 0; i < count; i++)
		if (pairs[i].to && !media_link(pairs[i].from, pairs[i].to))
			return err_set(err, E2BIG, "Too many branches in one call");
	return 0;
}

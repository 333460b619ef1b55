/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Music on hold (spec NG 4.7, media 6.8): who has advertised what, and who hears it. Playing it is
 * play_follow.c's.
 */
#include "base/ref.h"
#include "call/draft.h"
#include "call/play.h"

static void clear(struct moh *moh)
{
	ref_drop(moh->source);
	*moh = (struct moh){ .source = NULL };
}

/* For later holds. */
static void advertise(struct moh *moh, const struct moh_options *o)
{
	struct clip_source *source = play_source(&o->play);

	if (!source)
		return;
	clear(moh);
	moh->source = source;
	moh->mode = o->mode == MOH_ASKED_SENDRECV ? MOH_SENDRECV : MOH_SENDONLY;
	moh->zero = o->zero;
}

/* By its first section of audio: it does not want to hear anything. */
static bool holds(const struct party *party)
{
	for (unsigned i = 0; i < party->media_count; i++) {
		const struct media *m = party->media[i];

		if (m->type == SDP_AUDIO && !m->rejected && m->in)
			return !m->send;
	}
	return false;
}

/* It was part of the call before this message. */
static bool is_known(const struct draft *draft, const struct party *party)
{
	const struct model *before = draft->call->model;

	for (unsigned i = 0; before && i < before->party_count; i++)
		if (before->parties[i]->number == party->number)
			return before->parties[i]->sdp != NULL;
	return false;
}

bool moh_is_told(const struct sdp *sdp, const char *name)
{
	for (unsigned s = 0; s < sdp->session_count; s++)
		for (unsigned i = 0; i < sdp->sessions[s].attrs.count; i++)
			if (str_is(sdp->sessions[s].attrs.attr[i].name, name))
				return true;
	return false;
}

/* Another proxy of our kind lets the held party hear something already. */
static bool is_held_elsewhere(const struct draft *draft, const struct party *from)
{
	const struct call_settings *set = call_table_settings(draft->call->table);

	return set->moh_not_twice && set->moh_attr && moh_is_told(from->sdp, set->moh_attr);
}

static void resume(struct party *party)
{
	clear(&party->hears);
	if (!party->played.is_moh)
		return;
	party->played.playback = ref_drop(party->played.playback);
	party->played.source = ref_drop(party->played.source);
	party->played.is_moh = false;
}

static void hold(struct party *from, struct party *to, const struct moh *moh)
{
	if (to->hears.source && to->hears.holder == from->number &&
		clip_source_equal(to->hears.source, moh->source))
		return; /* a hold repeated */
	resume(to);
	to->hears = *moh;
	to->hears.source = ref_take(moh->source);
	to->hears.holder = from->number;
}

void moh_take(struct draft *draft, struct party *from, struct party *to,
	const struct call_options *o, bool answer)
{
	const struct moh *moh = &from->moh;

	if (o->moh.mode)
		advertise(&from->moh, &o->moh);
	if (answer)
		return;
	if (o->moh.mode == MOH_ASKED_REFLECT)
		moh = &to->moh;
	if (holds(from) && moh->source && is_known(draft, from) && to->sdp &&
		!is_held_elsewhere(draft, from))
		hold(from, to, moh);
	else if (to->hears.source && to->hears.holder == from->number)
		resume(to);
}

/* Who hears it listens, and the holder is answered what it asked for. */
bool moh_direction(
	const struct media *media, const struct media *source, bool answer, enum sdp_direction *ret)
{
	const struct moh *heard = &media->party->hears, *caused = &source->party->hears;

	if (media->type != SDP_AUDIO)
		return false;
	if (!answer && heard->source && heard->holder == source->party->number) {
		*ret = heard->mode == MOH_SENDRECV ? SDP_SENDRECV : SDP_SENDONLY;
		return true;
	}
	if (!answer || !caused->source || caused->holder != media->party->number || !media->in)
		return false;
	*ret = media->in->direction == SDP_INACTIVE || !source->send ? SDP_INACTIVE : SDP_RECVONLY;
	return true;
}

bool moh_hides_address(const struct media *media, bool answer)
{
	const struct moh *heard = &media->party->hears;

	return !answer && media->type == SDP_AUDIO && heard->source && heard->zero;
}

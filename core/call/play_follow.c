/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Playing that no command waits for: it begins when a clip has been loaded, on the call as it is by
 * then, if that still wants it.
 */
#include "base/ref.h"
#include "call/draft.h"
#include "call/play_priv.h"
#include "call/table_priv.h"

static void log_failure(const struct clip_source *source, const char *reason)
{
	g_autofree char *from = clip_source_text(source);

	log_err("Failed to start media playback from %s: %s", from, reason);
}

/* A clip on its way to a party. */
struct following {
	struct call_table *table;
	uint64_t session_id;
	unsigned party; /* number */
	enum { FOLLOW_MUSIC, FOLLOW_ANNOUNCEMENT, FOLLOW_PLAYBACK } what;
	uint32_t play_id;           /* of a playback that goes on */
	struct clip_source *source; /* reference */
};

static struct party *find_party(const struct model *model, unsigned number)
{
	for (unsigned i = 0; i < model->party_count; i++)
		if (model->parties[i]->number == number)
			return model->parties[i];
	return NULL;
}

static bool wants_music(const struct party *party)
{
	return party->hears.source && !party->hears.was_begun && play_rate(party);
}

/* Music on hold is not interrupted. */
static bool wants_announcement(const struct model *model, const struct party *party)
{
	const struct announcement *a = &party->announcement;

	return a->source && model->recording_mode == RECORDING_ON &&
	       a->heard != model->recording_number && !party->hears.source &&
	       (play_is_answered(party) || party->early_media) && play_rate(party);
}

static bool wants_other_rate(const struct party *party)
{
	uint32_t sample_hz = play_is_on(party) ? play_rate(party) : 0;

	return sample_hz && sample_hz != party->played.playback->clip->sample_hz;
}

static void begin_music(struct draft *draft, struct party *party, struct clip *clip)
{
	const struct call_settings *set = call_table_settings(draft->call->table);
	const struct play_wish wish = {
		.source = party->hears.source,
		.times = set->moh_max_times,
		.most_ms = set->moh_max_ms,
		.alone = true,
	};

	play_to(draft->model, party, &wish, clip);
	party->played.is_moh = true;
	party->hears.was_begun = true;
}

static void begin_announcement(struct draft *draft, struct party *party, struct clip *clip)
{
	const struct play_wish wish = {
		.source = party->announcement.source,
		.times = 1,
		.alone = party->announcement.alone,
	};

	play_to(draft->model, party, &wish, clip);
	party->announcement.heard = draft->model->recording_number;
}

static uint64_t scaled(uint64_t samples, const struct clip *from, const struct clip *to)
{
	return samples * to->sample_hz / from->sample_hz;
}

/* The same playback on another clip. */
static void change_clip(struct draft *draft, struct party *party, struct clip *clip)
{
	struct playback *old = party->played.playback;
	struct playback *p = playback_new(++draft->model->next_play_id, clip);

	p->times = old->times;
	p->most = scaled(old->most, old->clip, clip);
	p->alone = old->alone;
	p->rated = old->rated;
	p->bitrate = old->bitrate;
	p->at = scaled(old->at, old->clip, clip);
	p->played = scaled(old->played, old->clip, clip);
	p->round = old->round;
	party->played.playback = p;
	ref_drop(old);
}

/* False: it is not wanted any more. */
static bool begin_for(
	struct draft *draft, struct party *party, const struct following *f, struct clip *clip)
{
	switch (f->what) {
	case FOLLOW_MUSIC:
		if (!wants_music(party) || !clip_source_equal(party->hears.source, f->source))
			return false;
		begin_music(draft, party, clip);
		return true;
	case FOLLOW_ANNOUNCEMENT:
		if (!wants_announcement(draft->model, party) ||
			!clip_source_equal(party->announcement.source, f->source))
			return false;
		begin_announcement(draft, party, clip);
		return true;
	case FOLLOW_PLAYBACK:
		if (!wants_other_rate(party) || party->played.playback->id != f->play_id)
			return false;
		change_clip(draft, party, clip);
		return true;
	}
	return false;
}

static void begin(struct call *call, const struct following *f, struct clip *clip)
{
	struct draft draft;
	struct party *party;
	struct err err;
	int ret;

	draft_begin(&draft, call, false);
	party = find_party(draft.model, f->party);
	ret = party && play_rate(party) == clip->sample_hz && begin_for(&draft, party, f, clip)
		      ? 0
		      : -1;
	if (play_finish(&draft, ret, &err) < 0 && !ret)
		log_failure(f->source, err.text);
}

static void on_clip(struct clip *clip, const char *error, void *arg)
{
	struct following *f = arg;
	struct call *call = call_table_find_session(f->table, f->session_id);
	const struct log_context *before = log_set_context(call ? &call->log : NULL);

	if (!clip)
		log_failure(f->source, error);
	else if (call)
		begin(call, f, clip);
	log_set_context(before);
	ref_drop(f->source);
	g_free(f);
}

static void load(struct call *call, const struct party *party, int what, struct clip_source *source)
{
	struct following *f = g_new0(struct following, 1);

	f->table = call->table;
	f->session_id = session_id(call->session);
	f->party = party->number;
	f->what = what;
	f->play_id = what == FOLLOW_PLAYBACK ? party->played.playback->id : 0;
	f->source = ref_take(source);
	clips_load(call_table_settings(call->table)->clips, source, play_rate(party), on_clip, f);
}

void call_play_follow(struct call *call)
{
	if (!call_table_settings(call->table)->clips)
		return;
	for (unsigned i = 0; i < call->model->party_count; i++) {
		const struct party *party = call->model->parties[i];

		if (wants_music(party))
			load(call, party, FOLLOW_MUSIC, party->hears.source);
		else if (wants_announcement(call->model, party))
			load(call, party, FOLLOW_ANNOUNCEMENT, party->announcement.source);
		else if (wants_other_rate(party))
			load(call, party, FOLLOW_PLAYBACK, party->played.source);
	}
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Playing that no command waits for: it begins when a clip has been loaded, on the call as it is by
 * then, if that still wants it.
 */
#include "base/ref.h"
#include "call/play_priv.h"
#include "call/table_priv.h"

/* A clip on its way to a party. */
struct following {
	struct call_table *table;
	uint64_t session_id;
	unsigned party;             /* number */
	uint32_t play_id;           /* that goes on; 0: music on hold begins */
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

static void begin(struct call *call, const struct following *f, struct clip *clip)
{
	struct draft draft;
	struct party *party;
	struct err err;
	int ret;

	draft_begin(&draft, call, false);
	party = find_party(draft.model, f->party);
	if (party && !f->play_id && wants_music(party) &&
		clip_source_equal(party->hears.source, f->source) &&
		play_rate(party) == clip->sample_hz)
		begin_music(&draft, party, clip);
	else if (party && f->play_id && wants_other_rate(party) &&
		 party->played.playback->id == f->play_id && play_rate(party) == clip->sample_hz)
		change_clip(&draft, party, clip);
	else
		party = NULL;
	ret = party ? 0 : -1;
	if (play_finish(&draft, ret, &err) < 0 && party)
		log_err("Failed to play media: %s", err.text);
}

static void on_clip(struct clip *clip, const char *error, void *arg)
{
	struct following *f = arg;
	struct call *call = call_table_find_session(f->table, f->session_id);
	const struct log_context *before = log_set_context(call ? &call->log : NULL);

	if (!clip)
		log_err("Failed to play media: %s", error);
	else if (call)
		begin(call, f, clip);
	log_set_context(before);
	ref_drop(f->source);
	g_free(f);
}

static void load(
	struct call *call, const struct party *party, uint32_t play_id, struct clip_source *source)
{
	struct following *f = g_new0(struct following, 1);

	f->table = call->table;
	f->session_id = session_id(call->session);
	f->party = party->number;
	f->play_id = play_id;
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
			load(call, party, 0, party->hears.source);
		else if (wants_other_rate(party))
			load(call, party, party->played.playback->id, party->played.source);
	}
}

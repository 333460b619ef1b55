/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Commands that play, and the end of what is played; see play.h. */
#include "call/play_priv.h"

#include "call/draft.h"
#include "call/select.h"

#include <errno.h>

static int select_listener(const struct model *model, const struct call_options *o,
	struct party **ret_party, struct err *err)
{
	int ret = select_party(model, o, SELECT_TAG_ALWAYS, ret_party, err);

	if (ret < 0)
		return ret;
	return *ret_party || o->select.all ? 0
					   : err_set(err, EINVAL, "No participant party specified");
}

static int find_call(const struct call_table *table, const struct call_options *o,
	struct call **ret_call, struct err *err)
{
	if (!o->call_id.s)
		return err_set(err, EINVAL, "No call-id in message");
	*ret_call = call_table_find(table, o->call_id);
	return *ret_call ? 0 : err_set(err, ENOENT, "Unknown call-ID");
}

static void add_rate(struct play_rates *rates, uint32_t sample_hz)
{
	for (unsigned i = 0; i < rates->count; i++)
		if (rates->sample_hz[i] == sample_hz)
			return;
	if (sample_hz && rates->count < PLAY_MAX_RATES)
		rates->sample_hz[rates->count++] = sample_hz;
}

int call_play_rates(const struct call_table *table, const struct call_options *o,
	struct play_rates *ret_rates, struct err *err)
{
	struct party *party;
	struct call *call;
	int ret = find_call(table, o, &call, err);

	if (!ret)
		ret = select_listener(call->model, o, &party, err);
	if (ret < 0)
		return ret;
	*ret_rates = (struct play_rates){ 0 };
	for (unsigned i = 0; i < call->model->party_count; i++)
		if (!party || party == call->model->parties[i])
			add_rate(ret_rates, play_rate(call->model->parties[i]));
	return 0;
}

int play_finish(struct draft *draft, int ret, struct err *err)
{
	if (!ret)
		ret = draft_prepare(draft, err);
	if (ret < 0) {
		draft_drop(draft);
		return ret;
	}
	draft->call->playing = true;
	draft_commit(draft);
	return 0;
}

static void take_label(struct model *model, struct party *party, const struct call_options *o)
{
	if (party && o->set_label.s)
		party->label = arena_str(model->arena, o->set_label);
}

int call_play(struct call_table *table, const struct call_options *o, const struct play_wish *wish,
	play_clip_fn clip_for, void *arg, int64_t *ret_duration_ms, struct err *err)
{
	struct clip *first = NULL;
	struct party *only;
	struct draft draft;
	struct call *call;
	int ret = find_call(table, o, &call, err);

	if (ret < 0)
		return ret;
	draft_begin(&draft, call, false);
	ret = select_listener(draft.model, o, &only, err);
	for (unsigned i = 0; !ret && i < draft.model->party_count; i++) {
		struct party *party = draft.model->parties[i];
		uint32_t sample_hz = only && party != only ? 0 : play_rate(party);
		struct clip *clip = sample_hz ? clip_for(sample_hz, arg) : NULL;

		if (!clip)
			continue;
		play_to(draft.model, party, wish, clip);
		first = first ? first : clip;
	}
	if (!ret)
		take_label(draft.model, only, o);
	if (!ret && !first)
		ret = err_set(err, EHOSTUNREACH, "nobody can be played to");
	ret = play_finish(&draft, ret, err);
	if (!ret)
		*ret_duration_ms = clip_duration_ms(first);
	return ret;
}

static int64_t position_of(const struct playback *p)
{
	uint64_t at = atomic_load_explicit(&p->at, memory_order_relaxed);

	return (int64_t)(at * p->clip->file_hz / p->clip->sample_hz);
}

/* Music on hold is the other party's to end. */
static int stop(
	struct model *model, const struct party *only, int64_t *ret_position, struct err *err)
{
	bool any = false, moh = false;

	for (unsigned i = 0; i < model->party_count; i++) {
		struct party *party = model->parties[i];

		if ((only && party != only) || !play_is_on(party))
			continue;
		if (party->played.is_moh) {
			moh = true;
			continue;
		}
		if (!any)
			*ret_position = position_of(party->played.playback);
		any = true;
		play_clear(party);
	}
	if (any)
		return 0;
	return moh ? err_set(err, EBUSY, "Currently MoH ongoing, ignore stop media.")
		   : err_set(err, ENOENT, "Not currently playing media");
}

int call_stop_playing(struct call_table *table, const struct call_options *o, int64_t *ret_position,
	struct err *err)
{
	struct party *only;
	struct draft draft;
	struct call *call;
	int ret = find_call(table, o, &call, err);

	if (ret < 0)
		return ret;
	draft_begin(&draft, call, false);
	ret = select_listener(draft.model, o, &only, err);
	if (!ret) {
		take_label(draft.model, only, o);
		ret = stop(draft.model, only, ret_position, err);
	}
	return play_finish(&draft, ret, err);
}

void call_play_tick(struct call *call)
{
	bool any = false, ended = false;
	struct draft draft;
	struct err err;

	for (unsigned i = 0; i < call->model->party_count; i++) {
		const struct party *party = call->model->parties[i];

		any |= party->played.playback != NULL;
		ended |= party->played.playback && !play_is_on(party);
	}
	call->playing = any;
	if (!ended)
		return;
	draft_begin(&draft, call, false);
	for (unsigned i = 0; i < draft.model->party_count; i++)
		if (!play_is_on(draft.model->parties[i]))
			play_clear(draft.model->parties[i]);
	play_finish(&draft, 0, &err);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What offers, answers and commands say of recording (spec NG 2.8). */
#include "base/ref.h"
#include "call/draft.h"
#include "call/play.h"

#include <errno.h>

static void warn(struct draft *draft, const char *text)
{
	if (draft->warnings)
		g_string_append_printf(
			draft->warnings, "%s%s", draft->warnings->len ? "; " : "", text);
}

/* What the sender hears when recording starts, be it now or later. */
static int take_announcement(
	struct draft *draft, struct party *from, const struct call_options *o, struct err *err)
{
	struct clip_source *source = o->record.announce ? play_source(&o->play) : NULL;

	if (!o->record.announce)
		return 0;
	if (!source && play_source_fault(&o->play))
		return err_set(err, EINVAL, "recording-announcement cannot be done: %s",
			play_source_fault(&o->play));
	if (!source && !from->announcement.source)
		warn(draft, "recording-announcement is left out: it has no file, blob or db-id");
	else if (!call_table_settings(draft->call->table)->clips)
		warn(draft, "recording-announcement is left out: no media are played here");
	if (!source)
		return 0;
	ref_drop(from->announcement.source);
	from->announcement.source = source;
	from->announcement.alone = o->block_egress;
	return 0;
}

static int take_slots(
	struct model *model, const struct parties *p, const struct call_options *o, struct err *err)
{
	const struct record_options *r = &o->record;

	if (r->slots)
		model->record_slots = r->slots;
	if (model->record_slots && MAX(r->slot_offer, r->slot_answer) > model->record_slots)
		return err_set(err, EINVAL, "recording-media-slot: there are only %d slots",
			model->record_slots);
	if (r->slot_offer)
		p->from->record_slot = r->slot_offer;
	if (r->slot_answer)
		p->to->record_slot = r->slot_answer;
	return 0;
}

int record_exchange(
	struct draft *draft, const struct parties *p, const struct call_options *o, struct err *err)
{
	enum record_action action = o->record.action;
	int ret = take_announcement(draft, p->from, o, err);

	if (!ret)
		ret = take_slots(draft->model, p, o, err);
	if (ret < 0)
		return ret;
	vsc_take(draft, p->from, o);
	if (o->record.exclude)
		p->from->not_recorded = p->to->not_recorded = true;
	/* Only the command makes a paused one go on, or begins anew after one that failed. */
	if (action == RECORD_START && draft->model->recording_mode != RECORDING_OFF)
		return 0;
	ret = record_apply(draft, action, o, err);
	if (ret != -ENOTSUP)
		return ret;
	log_err("%s", err->text);
	warn(draft, err->text);
	return 0;
}

int call_record(struct call_table *table, enum record_action action, const struct call_options *o,
	struct err *err)
{
	struct call *call = call_table_find(table, o->call_id);
	struct party *party;
	struct draft draft;
	int ret;

	if (!call)
		return err_set(err, ENOENT, "Unknown call-id");
	draft_begin(&draft, call, false);
	party = o->has_from_tag ? model_find_tag(draft.model, o->from_tag) : NULL;
	if (o->metadata.s && party)
		party->metadata = arena_str(draft.model->arena, o->metadata);
	else if (o->metadata.s)
		draft.model->metadata = arena_str(draft.model->arena, o->metadata);
	ret = record_apply(&draft, action, o, err);
	if (!ret)
		ret = draft_prepare(&draft, err);
	if (ret < 0) {
		draft_drop(&draft);
		return ret;
	}
	draft_commit(&draft);
	call_play_follow(call);
	return 0;
}

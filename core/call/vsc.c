/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Recording steered by digits; see vsc.h. Who hears of digits is dtmf_trigger.c. */
#include "call/vsc.h"

#include "call/draft.h"
#include "call/play.h"

const char *vsc_name(enum vsc vsc)
{
	static const char *const names[VSC_COUNT] = {
		[VSC_START] = "start",
		[VSC_STOP] = "stop",
		[VSC_START_STOP] = "start-stop",
		[VSC_PAUSE] = "pause",
		[VSC_PAUSE_RESUME] = "pause-resume",
		[VSC_START_PAUSE_RESUME] = "start-pause-resume",
	};

	return names[vsc];
}

/* Where the recording goes that a code starts. */
static void take_place(struct model *model, const struct call_options *o)
{
	if (o->record.file.s)
		model->record_file = arena_str(model->arena, o->record.file);
	if (o->record.dir.s)
		model->record_dir = arena_str(model->arena, o->record.dir);
	if (o->record.pattern.s)
		model->record_pattern = arena_str(model->arena, o->record.pattern);
}

void vsc_take(struct draft *draft, struct party *from, const struct call_options *o)
{
	const struct call_settings *set = call_table_settings(draft->call->table);
	struct model *model = draft->model;

	if (!o->record.vsc && !from->vsc)
		return;
	for (unsigned i = 0; i < VSC_COUNT; i++) {
		if (o->record.codes.digits[i].len)
			from->codes.digits[i] = arena_str(model->arena, o->record.codes.digits[i]);
		else if (!from->vsc && set->vsc[i])
			from->codes.digits[i] = arena_str(model->arena, str_of(set->vsc[i]));
	}
	from->vsc = true;
	take_place(model, o);
}

/* Letters count in either case. */
static bool ends_with(const char *dialled, unsigned count, struct str code)
{
	return code.len && code.len <= count &&
	       !g_ascii_strncasecmp(dialled + count - code.len, code.s, code.len);
}

enum vsc vsc_find(const struct party *party, const char *dialled, unsigned count)
{
	enum vsc found = VSC_COUNT;
	size_t longest = 0;

	for (unsigned i = 0; party->vsc && i < VSC_COUNT; i++) {
		struct str code = party->codes.digits[i];

		if (code.len <= longest || !ends_with(dialled, count, code))
			continue;
		longest = code.len;
		found = (enum vsc)i;
	}
	return found;
}

static enum record_action pause_or_resume(enum recording_mode mode)
{
	return mode == RECORDING_ON       ? RECORD_PAUSE
	       : mode == RECORDING_PAUSED ? RECORD_START
					  : RECORD_KEEP;
}

static enum record_action action_of(enum vsc vsc, enum recording_mode mode)
{
	switch (vsc) {
	case VSC_START:
		return RECORD_START;
	case VSC_STOP:
		return RECORD_STOP;
	case VSC_START_STOP:
		return mode == RECORDING_OFF ? RECORD_START : RECORD_STOP;
	case VSC_PAUSE:
		return RECORD_PAUSE;
	case VSC_PAUSE_RESUME:
		return pause_or_resume(mode);
	case VSC_START_PAUSE_RESUME:
		return mode == RECORDING_OFF ? RECORD_START : pause_or_resume(mode);
	case VSC_COUNT:
		break;
	}
	return RECORD_KEEP;
}

void vsc_carry_out(struct call *call, enum vsc vsc)
{
	const struct call_options o = {
		.record = {
			.file = call->model->record_file,
			.dir = call->model->record_dir,
			.pattern = call->model->record_pattern,
		},
	};
	struct draft draft;
	struct err err;
	int ret;

	log_info("A party has dialled the code to %s recording", vsc_name(vsc));
	draft_begin(&draft, call, false);
	ret = record_apply(&draft, action_of(vsc, draft.model->recording_mode), &o, &err);
	if (!ret)
		ret = draft_prepare(&draft, &err);
	if (ret < 0) {
		log_err("The code that was dialled is without effect: %s", err.text);
		draft_drop(&draft);
		return;
	}
	draft_commit(&draft);
	call_play_follow(call);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is blocked of digits; see dtmf.h. */
#include "call/dtmf.h"

enum { USUAL_HZ = 400, USUAL_VOLUME = 10 };

bool dtmf_mode_makes_audio(int mode)
{
	return mode != PLAN_DTMF_OFF && mode != PLAN_DTMF_DROP;
}

void dtmf_block_set(struct model *model, struct dtmf_block *b, const struct dtmf_options *o)
{
	int mode = dtmf_given(o->mode, o->trigger.len ? PLAN_DTMF_OFF : PLAN_DTMF_DROP);

	*b = (struct dtmf_block){
		.how = {
			.mode = (uint8_t)mode,
			.code = (uint8_t)MAX(o->code, 0),
			.volume = (uint8_t)dtmf_given(o->volume, USUAL_VOLUME),
			.tone_count = (uint8_t)MAX(o->tone_count, 1),
			.tones_hz = { USUAL_HZ },
		},
		.trigger_mode = dtmf_given(o->trigger_mode, PLAN_DTMF_DROP),
		.ended_mode = dtmf_given(o->ended_mode, PLAN_DTMF_OFF),
		.trigger_end_ms = o->end_time_ms,
		.trigger_end_digits = o->end_digits,
		.delay_ms = o->delay_ms,
	};
	if (o->tone_count)
		memcpy(b->how.tones_hz, o->tones_hz, sizeof(b->how.tones_hz));
	if (o->trigger.len)
		b->trigger = arena_str(model->arena, o->trigger);
	if (o->trigger_end.len)
		b->trigger_end = arena_str(model->arena, o->trigger_end);
}

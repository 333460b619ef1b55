/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Values of keys about recording (spec NG 2.8, 3.7). */
#include "control/flags_priv.h"

#include "api/writer.h"

#include <errno.h>

static bool is_one_of(struct str text, const char *const *words)
{
	for (; *words; words++)
		if (flag_value_is(text, *words))
			return true;
	return false;
}

FLAG_FN(flag_record_call)
{
	static const char *const on[] = { "yes", "on", "true", "start", NULL };
	static const char *const off[] = { "no", "off", "false", "stop", NULL };

	if (!v || is_one_of(text, on)) {
		r->o->record.action = RECORD_START;
	} else if (is_one_of(text, off)) {
		r->o->record.action = RECORD_STOP;
	} else if (flag_value_is(text, "discard")) {
		r->o->record.action = RECORD_STOP;
		r->o->record.discard = true;
	} else {
		flag_warn(r, "unknown record-call value '%.*s' ignored", STR_ARG(text));
	}
	return 0;
}

/* Of commands about DTMF it is a number. */
FLAG_FN(flag_pause)
{
	static const char *const on[] = { "yes", "on", "true", NULL };

	if (v && !is_one_of(text, on))
		return flag_dtmf_pause(r, v, text);
	r->o->record.pause = true;
	return 0;
}

static int slot(struct reading *r, const char *key, const struct value *v, int *ret)
{
	int64_t n = value_int(v, -1);

	if (n < 1 || n > WRITER_MAX_CHANNELS)
		return err_set(r->err, EINVAL, "%s is from 1 to %d", key, (int)WRITER_MAX_CHANNELS);
	*ret = (int)n;
	return 0;
}

FLAG_FN(flag_record_slots)
{
	(void)text;
	return slot(r, "recording-media-slots", v, &r->o->record.slots);
}

FLAG_FN(flag_record_slot_offer)
{
	(void)text;
	return slot(r, "recording-media-slot-offer", v, &r->o->record.slot_offer);
}

FLAG_FN(flag_record_slot_answer)
{
	(void)text;
	return slot(r, "recording-media-slot-answer", v, &r->o->record.slot_answer);
}

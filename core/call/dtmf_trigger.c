/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Triggers: digits that, once dialled, change what is done about digits (spec media 4.6), or steer
 * recording (vsc.h). What has
 * been dialled is kept with the call, not with its model: it is no part of a snapshot.
 */
#include "call/dtmf.h"

#include "base/clock.h"
#include "call/call.h"
#include "call/draft.h"
#include "call/vsc.h"
#include "rtp/telephone_event.h"

enum { KEPT = 32 }; /* digits; as long as the longest trigger */

struct watch {
	unsigned party; /* its number */
	char digits[KEPT];
	unsigned count;
	int64_t latest_us;
	bool triggered;
	int64_t until_us; /* when it ends by itself; 0: not */
	int digits_left;  /* until it does; 0: not */
};

static struct watch *find_or_add(struct call *call, unsigned party)
{
	struct watch w = { .party = party };

	if (!call->watches)
		call->watches = g_array_new(FALSE, TRUE, sizeof(struct watch));
	for (unsigned i = 0; i < call->watches->len; i++)
		if (g_array_index(call->watches, struct watch, i).party == party)
			return &g_array_index(call->watches, struct watch, i);
	g_array_append_val(call->watches, w);
	return &g_array_index(call->watches, struct watch, call->watches->len - 1);
}

static struct party *find_party(const struct model *model, unsigned number)
{
	for (unsigned i = 0; i < model->party_count; i++)
		if (model->parties[i]->number == number)
			return model->parties[i];
	return NULL;
}

static void add_digit(struct watch *w, char digit)
{
	if (w->count == KEPT)
		memmove(w->digits, w->digits + 1, --w->count);
	w->digits[w->count++] = digit;
}

/* Letters count in either case. */
static bool ends_with(const struct watch *w, struct str trigger)
{
	if (!trigger.len || trigger.len > w->count)
		return false;
	return !g_ascii_strncasecmp(w->digits + w->count - trigger.len, trigger.s, trigger.len);
}

/* Of the party's own block, or the call's. */
static void set_mode(struct call *call, unsigned number, int mode)
{
	struct draft draft;
	struct party *party;
	struct dtmf_block *b;
	struct err err;

	draft_begin(&draft, call, false);
	party = find_party(draft.model, number);
	b = party && party_dtmf(draft.model, party) == &party->dtmf ? &party->dtmf
								    : &draft.model->dtmf;
	b->how.mode = (uint8_t)mode;
	if (draft_prepare(&draft, &err) < 0) {
		log_warn("A DTMF trigger is without effect: %s", err.text);
		draft_drop(&draft);
		return;
	}
	draft_commit(&draft);
}

static void end_trigger(struct call *call, struct watch *w, const struct dtmf_block *b)
{
	w->triggered = false;
	w->count = 0;
	set_mode(call, w->party, b->ended_mode);
}

static void begin_trigger(
	struct call *call, struct watch *w, const struct dtmf_block *b, int64_t now_us)
{
	w->triggered = true;
	w->count = 0;
	w->until_us = b->trigger_end_ms ? now_us + (int64_t)b->trigger_end_ms * 1000 : 0;
	w->digits_left = b->trigger_end_digits;
	set_mode(call, w->party, b->trigger_mode);
}

static void look_for_triggers(
	struct call *call, struct watch *w, const struct dtmf_block *b, int64_t now_us)
{
	/* Another command may have changed it meanwhile. */
	w->triggered &= b->how.mode == b->trigger_mode;
	if (!w->triggered && ends_with(w, b->trigger))
		begin_trigger(call, w, b, now_us);
	else if (ends_with(w, b->trigger_end) ||
		 (w->triggered && w->digits_left && !--w->digits_left))
		end_trigger(call, w, b);
}

void call_dtmf_dialled(struct call *call, unsigned number, uint8_t code)
{
	const struct party *party = find_party(call->model, number);
	const struct dtmf_block *b = party ? party_dtmf(call->model, party) : NULL;
	const int64_t gap_us = (int64_t)call_table_settings(call->table)->dtmf_digit_delay_ms *
			       1000;
	bool triggers = b && (b->trigger.s || b->trigger_end.s);
	int64_t now_us = clock_mono_us();
	enum vsc vsc = VSC_COUNT;
	struct watch *w;

	if (!b || !telephone_event_digit(code) || (!triggers && !party->vsc))
		return;
	w = find_or_add(call, number);
	if (now_us - w->latest_us > gap_us)
		w->count = 0;
	w->latest_us = now_us;
	add_digit(w, telephone_event_digit(code));
	vsc = vsc_find(party, w->digits, w->count);
	if (triggers)
		look_for_triggers(call, w, b, now_us);
	if (vsc == VSC_COUNT)
		return;
	w->count = 0;
	vsc_carry_out(call, vsc);
}

void call_dtmf_expire(struct call *call, int64_t now_us)
{
	for (unsigned i = 0; call->watches && i < call->watches->len; i++) {
		struct watch *w = &g_array_index(call->watches, struct watch, i);
		const struct party *party = find_party(call->model, w->party);

		if (!party || !w->triggered || !w->until_us || now_us < w->until_us)
			continue;
		end_trigger(call, w, party_dtmf(call->model, party));
	}
}

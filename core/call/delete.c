/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Deleting a call or a branch of it (spec NG 2.5): at once, or after a delay in which a new
 * offer or answer takes the deletion back.
 */
#include "call/draft.h"

#include "call/delete_priv.h"
#include "record/recorder.h"

#include <errno.h>

static const int64_t SECOND_US = 1000000;

/* Does `party` exchange media with anybody but `other`? */
static bool has_others(
	const struct model *model, const struct party *party, const struct party *other)
{
	for (unsigned i = 0; i < model->party_count; i++) {
		const struct party *p = model->parties[i];

		if (p != party && p != other &&
			(party_receives_from(party, p) || party_receives_from(p, party)))
			return true;
	}
	return false;
}

static struct party *find_target(const struct model *model, const struct call_options *o)
{
	bool honoured = o->honour_to_tag && o->to_tag.len;
	struct party *party = honoured ? NULL : model_find_branch(model, o->via_branch);
	struct party *peer;

	if (!party)
		party = model_find_tag(model, honoured ? o->to_tag : o->from_tag);
	if (!party)
		party = model_find_branch(model, o->via_branch);
	if (party || !honoured)
		return party;
	party = model_find_tag(model, o->from_tag);
	peer = party ? party_peer(party) : NULL;
	return peer && !peer->tag.s && !has_others(model, party, peer) ? party : NULL;
}

/* The target, and who is there only because of it. */
static bool goes_with(
	const struct model *model, const struct party *party, const struct party *target)
{
	if (party == target)
		return true;
	return (party_receives_from(party, target) || party_receives_from(target, party)) &&
	       !has_others(model, party, target);
}

static bool nobody_remains(const struct model *model, const struct party *target)
{
	for (unsigned i = 0; i < model->party_count; i++)
		if (!goes_with(model, model->parties[i], target) &&
			has_others(model, model->parties[i], target))
			return false;
	return true;
}

/* Marks a copy and commits it: the media go on as they are. */
static void schedule(struct call *call, const struct party *target, int64_t delay_s)
{
	struct draft draft;
	int64_t at_us;

	draft_begin(&draft, call, false);
	at_us = draft.now_mono_us + delay_s * SECOND_US;
	if (!target)
		draft.model->delete_at_us = at_us;
	for (unsigned i = 0; target && i < call->model->party_count; i++)
		if (goes_with(call->model, call->model->parties[i], target))
			draft.model->parties[i]->delete_at_us = at_us;
	draft_commit(&draft);
}

static int remove_parties(struct call *call, bool (*goes)(const struct party *, const void *),
	const void *arg, struct err *err)
{
	struct draft draft;
	int ret;

	draft_begin(&draft, call, false);
	for (unsigned i = call->model->party_count; i-- > 0;)
		if (goes(call->model->parties[i], arg))
			model_remove_party(draft.model, draft.model->parties[i]);
	ret = draft_prepare(&draft, err);
	if (ret < 0)
		draft_drop(&draft);
	else
		draft_commit(&draft);
	return ret;
}

struct target {
	const struct model *model;
	const struct party *party;
};

static bool goes_with_target(const struct party *party, const void *arg)
{
	const struct target *t = arg;

	return goes_with(t->model, party, t->party);
}

static int delete_branch(struct call *call, struct party *party, int64_t delay_s, struct err *err)
{
	struct target target = { call->model, party };

	if (delay_s > 0) {
		log_info("Scheduling deletion of call branch '" MARKED(
				 "%.*s") "' (via-branch '" MARKED("%.*s") "') in %lld seconds",
			MARK(STR_ARG(party->tag)), MARK(STR_ARG(party->via_branch)),
			(long long)delay_s);
		schedule(call, party, delay_s);
		return 0;
	}
	log_info("Deleting call branch '" MARKED("%.*s") "' (via-branch '" MARKED("%.*s") "')",
		MARK(STR_ARG(party->tag)), MARK(STR_ARG(party->via_branch)));
	return remove_parties(call, goes_with_target, &target, err);
}

int call_delete(struct call_table *table, const struct call_options *o, struct delete_result *ret,
	delete_report_fn report, void *arg, struct err *err)
{
	int64_t delay_s = o->delete_delay_s >= 0 ? o->delete_delay_s
						 : call_table_settings(table)->delete_delay_s;
	struct party *party = NULL;
	struct call *call = call_table_find(table, o->call_id);

	*ret = (struct delete_result){ 0 };
	if (!call) {
		log_info("Call-ID to delete not found");
		return 0;
	}
	if (o->has_from_tag) {
		party = find_target(call->model, o);
		if (!party) {
			log_info("Tag '" MARKED("%.*s") "' in delete message not found, ignoring",
				MARK(STR_ARG(o->from_tag)));
			return 0;
		}
	}
	ret->found = true;
	if (party && nobody_remains(call->model, party))
		party = NULL;
	if (!party && delay_s <= 0 && call->model->recording)
		recording_end(call->model->recording);
	report(call, party, arg);
	if (party)
		return delete_branch(call, party, delay_s, err);
	if (o->record.discard && call->model->recording)
		recording_discard(call->model->recording);
	if (delay_s > 0) {
		log_info("Scheduling deletion of entire call in %lld seconds", (long long)delay_s);
		schedule(call, NULL, delay_s);
		return 0;
	}
	log_info("Deleting entire call");
	call_end(call, REASON_DELETED);
	return 0;
}

static bool is_due(const struct party *party, const void *arg)
{
	const int64_t *now_us = arg;

	return party->delete_at_us && *now_us >= party->delete_at_us;
}

static bool anybody_linked(const struct model *model)
{
	for (unsigned i = 0; i < model->party_count; i++)
		if (party_peer(model->parties[i]))
			return true;
	return false;
}

bool call_delete_due_branches(struct call *call, int64_t now_us)
{
	struct err err;
	bool due = false;

	for (unsigned i = 0; i < call->model->party_count && !due; i++)
		due = is_due(call->model->parties[i], &now_us);
	if (!due)
		return false;
	if (remove_parties(call, is_due, &now_us, &err) < 0)
		log_err("Deleting a call branch: %s", err.text);
	return !anybody_linked(call->model);
}

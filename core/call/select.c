/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Selecting parties and flows, and blocking what they send; see select.h. */
#include "call/select.h"

#include "call/draft.h"
#include "call/dtmf.h"
#include "codec/registry.h"
#include "media/delay.h"

#include <errno.h>

static struct party *find_label(const struct model *model, struct str label)
{
	for (unsigned i = 0; i < model->party_count; i++)
		if (model->parties[i]->label.s && str_eq(model->parties[i]->label, label))
			return model->parties[i];
	return NULL;
}

static bool advertised(const struct party *party, const struct addr *addr)
{
	for (unsigned i = 0; i < party->media_count; i++)
		if (party->media[i]->in && addr_same_ip(&party->media[i]->in->connection, addr))
			return true;
	return false;
}

static int find_address(
	const struct model *model, struct str text, struct party **ret_party, struct err *err)
{
	struct addr addr;

	if (!addr_parse_ip(text, &addr))
		return err_set(err, EINVAL, "Failed to parse network address");
	for (unsigned i = 0; i < model->party_count; i++)
		if (advertised(model->parties[i], &addr)) {
			*ret_party = model->parties[i];
			return 0;
		}
	return err_set(err, ENOENT, "Failed to match address to any tag");
}

int select_party(const struct model *model, const struct call_options *o, enum select_tag tag,
	struct party **ret_party, struct err *err)
{
	struct party *party = NULL;

	if (o->select.all) {
		*ret_party = NULL;
		return 0;
	}
	if (o->label.s) {
		party = find_label(model, o->label);
		if (!party)
			return err_set(err, ENOENT, "No monologue matching the given label");
	} else if (o->select.address.s) {
		return find_address(model, o->select.address, ret_party, err);
	} else if (o->has_from_tag && (tag == SELECT_TAG_ALWAYS || o->select.directional)) {
		party = model_find_tag(model, o->from_tag);
		if (!party)
			return err_set(err, ENOENT, "From-tag given, but no such tag exists");
	}
	*ret_party = party;
	return 0;
}

static bool *find_flag(struct blocks *blocks, const struct block_command *command)
{
	switch (command->kind) {
	case BLOCK_MEDIA:
		return &blocks->media;
	case BLOCK_SILENCE:
	case BLOCK_DTMF:
		break;
	}
	return &blocks->silence;
}

/* One flow of the selected party, by who receives it. */
static int block_receiver(struct model *model, struct party *party, const struct call_options *o,
	const struct block_command *command, struct err *err)
{
	const char *key = o->has_to_tag ? "to-tag" : "to-label";
	struct party *to = o->has_to_tag ? model_find_tag(model, o->to_tag)
					 : find_label(model, o->select.to_label);

	if (!to)
		return err_set(err, ENOENT, "Media flow not found (%s not found)", key);
	if (!party_receives_from(to, party))
		return err_set(err, ENOENT, "Media flow not found (to-tag not subscribed)");
	*find_flag(party_flow(model, party, to), command) = command->set;
	return 0;
}

/* All links are made by offer and answer so far. */
static int block_flows(struct model *model, struct party *party, const struct call_options *o,
	const struct block_command *command, struct err *err)
{
	bool any = false;

	for (unsigned i = 0; i < model->party_count; i++) {
		const struct party *to = model->parties[i];

		if (o->select.flows == FLOWS_OTHERS || !party_receives_from(to, party))
			continue;
		*find_flag(party_flow(model, party, to), command) = command->set;
		any = true;
	}
	return any ? 0 : err_set(err, ENOENT, "No eligible media subscriptions found");
}

static void clear_all(struct model *model, const struct block_command *command)
{
	for (unsigned i = 0; i < model->party_count; i++) {
		struct party *party = model->parties[i];

		*find_flag(&party->blocks, command) = false;
		for (unsigned f = 0; f < party->flow_count; f++)
			*find_flag(&party->flows[f].blocks, command) = false;
	}
}

/* `party` NULL: of the whole call. */
static void block_dtmf(struct model *model, struct party *party, const struct call_options *o,
	const struct block_command *command)
{
	struct dtmf_block *b = party ? &party->dtmf : &model->dtmf;

	for (unsigned i = 0; command->set && o->dtmf.detect && i < model->party_count; i++)
		model->parties[i]->detect_dtmf |= !party || party == model->parties[i];
	if (command->set)
		dtmf_block_set(model, b, &o->dtmf);
	else
		*b = (struct dtmf_block){ 0 };
	for (unsigned i = 0; !command->set && !party && o->select.all && i < model->party_count;
		i++)
		model->parties[i]->dtmf = (struct dtmf_block){ 0 };
}

/* What the party sends, or all do. */
static void delay(struct model *model, struct party *party, int delay_ms)
{
	for (unsigned i = 0; i < model->party_count; i++)
		if (!party || party == model->parties[i])
			model->parties[i]->delay_ms = delay_ms;
}

static int block(struct model *model, const struct call_options *o,
	const struct block_command *command, struct err *err)
{
	struct party *party;
	int ret = select_party(model, o, command->tag, &party, err);

	if (ret < 0)
		return ret;
	if (party && o->set_label.s)
		party->label = arena_str(model->arena, o->set_label);
	if (command->kind == BLOCK_DTMF && o->delay_ms != DELAY_NOT_GIVEN)
		delay(model, party, o->delay_ms);
	if (command->kind == BLOCK_DTMF) {
		block_dtmf(model, party, o, command);
		return 0;
	}
	if (!party) {
		*find_flag(&model->blocks, command) = command->set;
		if (!command->set && o->select.all)
			clear_all(model, command);
		return 0;
	}
	if (o->has_to_tag || o->select.to_label.s)
		return block_receiver(model, party, o, command, err);
	if (o->select.flows)
		return block_flows(model, party, o, command, err);
	*find_flag(&party->blocks, command) = command->set;
	return 0;
}

static int finish(struct draft *draft, int ret, struct err *err)
{
	if (!ret)
		ret = draft_prepare(draft, err);
	if (ret < 0)
		draft_drop(draft);
	else
		draft_commit(draft);
	return ret;
}

int call_block(struct call_table *table, const struct call_options *o,
	const struct block_command *command, struct err *err)
{
	struct call *call = call_table_find(table, o->call_id);
	struct draft draft;
	int ret;

	if (!call)
		return err_set(err, ENOENT, "Unknown call-ID");
	draft_begin(&draft, call, false);
	ret = block(draft.model, o, command, err);
	return finish(&draft, ret, err);
}

static int tune(
	struct model *model, struct str tag, const struct party_tuning *tuning, struct err *err)
{
	struct party *party = model_find_tag(model, tag);

	if (!party)
		return err_set(err, ENOENT, "There is no such party");
	if (tuning->delay_ms > DELAY_MAX_MS)
		return err_set(err, EINVAL, "A delay is at most %d milliseconds", DELAY_MAX_MS);
	if (tuning->detect_dtmf > 0 && !codec_dtmf())
		return err_set(err, ENOTSUP, "There is no detector");
	if (tuning->delay_ms >= 0)
		party->delay_ms = tuning->delay_ms;
	if (tuning->detect_dtmf >= 0)
		party->detect_dtmf = tuning->detect_dtmf;
	return 0;
}

int call_tune(struct call_table *table, struct str call_id, struct str tag,
	const struct party_tuning *tuning, struct err *err)
{
	struct call *call = call_table_find(table, call_id);
	struct draft draft;

	if (!call)
		return err_set(err, ENOENT, "There is no such call");
	draft_begin(&draft, call, false);
	return finish(&draft, tune(draft.model, tag, tuning, err), err);
}

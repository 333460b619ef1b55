/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which two parties a message is about (spec NG 5.2): found by their tags, else by branch or by
 * who talks to whom; made when they are new.
 */
#include "call/draft.h"

#include <errno.h>

static int no_association(struct err *err)
{
	return err_set(err, EINVAL, "Invalid dialogue association");
}

static struct party *add_party(
	struct draft *draft, struct str tag, struct str via_branch, struct err *err)
{
	struct party *party = model_add_party(draft->model, draft->now_wall_us);

	if (!party) {
		err_set(err, E2BIG, "Too many parties in one call");
		return NULL;
	}
	party->tag = arena_str(draft->model->arena, tag);
	party->via_branch = arena_str(draft->model->arena, via_branch);
	return party;
}

/* The answerer's tag is not known: X offers, to a new branch or to whom it talks already. */
static int find_untagged(struct draft *draft, const struct call_options *o, struct str x_tag,
	struct parties *ret, struct err *err)
{
	struct party *x = model_find_tag(draft->model, x_tag);
	struct party *y = NULL;

	if (x && !o->has_to_tag) {
		y = o->via_branch.len ? model_find_branch(draft->model, o->via_branch)
				      : party_peer(x);
		if (!y && !o->via_branch.len)
			return no_association(err);
		if (y == x)
			return no_association(err);
	}
	if (!x)
		x = add_party(draft, x_tag, STR_NULL, err);
	if (x && !y)
		y = add_party(draft, STR_NULL, o->via_branch, err);
	if (!x || !y)
		return -E2BIG;
	*ret = (struct parties){ x, y };
	return 0;
}

/* A new tag for a party that had another: that one still finds it. */
static void retag(struct draft *draft, struct party *party, struct str tag)
{
	party_add_alias(party, party->tag);
	party->tag = arena_str(draft->model->arena, tag);
}

static bool same_endpoint(const struct sdp_media *a, const struct sdp_media *b)
{
	return a->port == b->port && addr_same_ip(&a->connection, &b->connection);
}

static bool is_same_sender(const struct party *party, enum alias_key key, const struct sdp *sdp)
{
	if (party->alias_key != (int)key || !party->sdp || !sdp->media_count)
		return false;
	if (key == ALIAS_KEY_SDP)
		return str_eq(party->sdp->raw, sdp->raw);
	return party->sdp->media_count && same_endpoint(&party->sdp->media[0], &sdp->media[0]);
}

void associate_alias(struct draft *draft, const struct call_options *o, const struct sdp *sdp)
{
	if (o->alias_key == ALIAS_KEY_OFF || model_find_tag(draft->model, o->from_tag))
		return;
	for (unsigned i = 0; i < draft->model->party_count; i++) {
		struct party *party = draft->model->parties[i];

		if (!is_same_sender(party, o->alias_key, sdp))
			continue;
		party_add_alias(party, arena_str(draft->model->arena, o->from_tag));
		return;
	}
}

static struct party *adopt(struct draft *draft, const struct call_options *o, struct party *y,
	struct str x_tag, bool answer, struct err *err)
{
	struct party *candidate = model_find_branch(draft->model, o->via_branch);

	if (!candidate)
		candidate = party_peer(y);
	if (!candidate || candidate == y)
		return add_party(draft, x_tag, o->via_branch, err);
	if (!candidate->tag.s) {
		candidate->tag = arena_str(draft->model->arena, x_tag);
		return candidate;
	}
	if (answer && !o->new_branch && (!candidate->final_response || o->provisional)) {
		retag(draft, candidate, x_tag);
		return candidate;
	}
	if (answer)
		draft->sibling = candidate;
	return add_party(draft, x_tag, o->via_branch, err);
}

static int find_tagged(struct draft *draft, const struct call_options *o, struct str x_tag,
	struct party *y, bool answer, struct parties *ret, struct err *err)
{
	struct party *x = model_find_tag(draft->model, x_tag);

	if (x == y)
		return no_association(err);
	if (!x)
		x = adopt(draft, o, y, x_tag, answer, err);
	if (!x)
		return -E2BIG;
	*ret = (struct parties){ x, y };
	return 0;
}

static void revive(struct draft *draft, const struct parties *p)
{
	p->from->delete_at_us = 0;
	p->to->delete_at_us = 0;
	draft->model->delete_at_us = 0;
}

int associate_offer(
	struct draft *draft, const struct call_options *o, struct parties *ret, struct err *err)
{
	struct party *y = o->has_to_tag ? model_find_tag(draft->model, o->to_tag) : NULL;
	int r = y ? find_tagged(draft, o, o->from_tag, y, false, ret, err)
		  : find_untagged(draft, o, o->from_tag, ret, err);

	if (!r)
		revive(draft, ret);
	return r;
}

int associate_answer(
	struct draft *draft, const struct call_options *o, struct parties *ret, struct err *err)
{
	struct party *y = model_find_tag(draft->model, o->from_tag);
	int r = y ? find_tagged(draft, o, o->to_tag, y, true, ret, err)
		  : find_untagged(draft, o, o->to_tag, ret, err);

	if (r)
		return r;
	revive(draft, ret);
	if (o->message_is_reply && o->sip_code >= 200)
		ret->from->final_response = true;
	return 0;
}

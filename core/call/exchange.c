/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What offers and answers have in common: the sender's sections are paired with the receiver's
 * (pair.c), each pair is negotiated and given ports (section.c); then the body is written, the
 * plan prepared and all of it committed. Read `exchange` at the end first.
 */
#include "base/ref.h"
#include "call/dtmf.h"
#include "call/exchange_priv.h"
#include "call/fragment.h"
#include "call/negotiate.h"
#include "call/play.h"

#include <errno.h>

/* Before anything else is negotiated of them: what is passed through is left alone by all of it. */
static void settle_passing(const struct media_pair *pairs, const struct sdp *sdp,
	const struct ice_options *o, bool answer)
{
	for (unsigned i = 0; i < sdp->media_count; i++) {
		struct media *from = pairs[i].from, *to = pairs[i].to;
		enum ice_pass before;

		if (pairs[i].removed)
			continue;
		before = to->passed;
		from->passed = to->passed = negotiate_ice_passes(&sdp->media[i], o, before, answer);
		if (before && !to->passed && sdp->media[i].port)
			negotiate_ice_unpass(from, to, o, answer);
	}
}

int exchange_media(struct draft *draft, const struct parties *p, const struct call_options *o,
	struct sdp *sdp, bool answer, struct err *err)
{
	unsigned room = sdp->media_count + p->from->media_count * MODEL_MAX_SOURCES;
	g_autofree struct media_pair *pairs = g_new(struct media_pair, room);
	struct sides sides = section_choose_interfaces(draft, p, o, 2 * sdp->media_count, answer);
	unsigned others;
	int ret;

	ret = pair_sections(draft, p, sdp, o, answer, pairs, err);
	if (ret < 0)
		return ret;
	pair_fill_places(draft, p, o, answer);
	others = pair_others(p, pairs + sdp->media_count);
	ret = pair_link(draft, p, answer, pairs, sdp->media_count + others, err);
	settle_passing(pairs, sdp, &o->ice, answer);
	bundle_negotiate(pairs, sdp, &o->bundle, answer);
	for (unsigned i = 0; !ret && i < sdp->media_count; i++) {
		if (pairs[i].removed)
			section_remove(draft, &pairs[i], sdp, &sdp->media[i]);
		else
			ret = section_negotiate(
				draft, &pairs[i], sdp, &sdp->media[i], o, &sides, answer, err);
	}
	/* An answer without a section that was offered declines it. */
	for (unsigned i = 0; !ret && answer && i < others; i++) {
		struct media_pair *pair = &pairs[sdp->media_count + i];

		if (pair->from->in)
			continue;
		section_reject(pair->from, draft->now_mono_us);
		section_reject(pair->to, draft->now_mono_us);
	}
	bundle_settle(p->from, draft->now_mono_us);
	bundle_settle(p->to, draft->now_mono_us);
	return ret;
}

/* Loop protection: has our mark been on every part of this body (spec NG 2.4)? */
static bool came_from_here(const struct sdp *sdp, const char *instance)
{
	for (unsigned i = 0; i < sdp->session_count; i++) {
		const struct sdp_attr *mark = sdp_attrs_find(
			&sdp->sessions[i].attrs, SDP_ATTR_RTPENGINE);

		if (!mark || !str_is(mark->value, instance))
			return false;
	}
	return sdp->session_count > 0;
}

static int check_body(
	const struct sdp *sdp, const struct call_options *o, bool answer, struct err *err)
{
	if (!sdp->origin.username.s || !sdp->media_count)
		return err_set(err, EINVAL, "Incomplete SDP specification");
	for (unsigned i = 0; i < sdp->media_count; i++) {
		int ret = 0;

		if (!pair_is_removed(sdp->media[i].type, o, answer))
			ret = negotiate_check(
				&sdp->media[i], o, negotiate_trusts_sdp(sdp, i, o), err);
		if (ret < 0)
			return ret;
	}
	return 0;
}

/* Offers decide for the whole call; negative: as it is. */
static void take_tos(struct draft *draft, const struct call_options *o, bool answer)
{
	if (answer || o->tos < 0)
		return;
	draft->model->tos = o->tos > 255 ? call_table_settings(draft->call->table)->tos : o->tos;
}

static void take_names(struct draft *draft, const struct parties *p, const struct call_options *o)
{
	struct model *model = draft->model;

	if (o->label.s)
		p->from->label = arena_str(model->arena, o->label);
	if (o->metadata.s)
		model->metadata = p->from->metadata = arena_str(model->arena, o->metadata);
	if (o->xmlrpc_callback.s)
		model->xmlrpc_callback = arena_str(model->arena, o->xmlrpc_callback);
	model->last_signal_us = draft->now_wall_us;
	model->last_signal_mono_us = draft->now_mono_us;
}

/* What offers and answers change of media that flow (spec NG 3.7). */
static void take_blocks(struct model *model, const struct parties *p, const struct call_options *o)
{
	if (o->dtmf.block)
		dtmf_block_set(model, &p->from->dtmf, &o->dtmf);
	if (o->player)
		p->from->player = (int)o->player;
	p->from->early_media |= o->early_media;
	p->from->detect_dtmf |= o->dtmf.detect;
	p->from->inject_dtmf |= o->dtmf.inject;
	p->to->inject_dtmf |= o->dtmf.inject;
	if (o->dtmf.dest.family)
		model->dtmf_dest = o->dtmf.dest;
	if (o->drop_traffic)
		model->drop_traffic = o->drop_traffic == DROP_TRAFFIC_START;
	if (o->generate_rtcp)
		model->generate_rtcp = o->generate_rtcp == GENERATE_RTCP_ON;
}

static int exchange_parsed(struct draft *draft, const struct call_options *o, struct sdp *sdp,
	bool answer, GString *body, struct err *err)
{
	struct parties p;
	int ret = check_body(sdp, o, answer, err);

	if (!ret && !answer)
		associate_alias(draft, o, sdp);
	if (!ret)
		ret = answer ? associate_answer(draft, o, &p, err)
			     : associate_offer(draft, o, &p, err);
	if (ret < 0)
		return ret;
	secure_fold(sdp, p.from, o, answer);
	take_names(draft, &p, o);
	take_blocks(draft->model, &p, o);
	ret = record_exchange(draft, &p, o, err);
	if (ret < 0)
		return ret;
	if (o->delay_ms != DELAY_NOT_GIVEN)
		p.from->delay_ms = o->delay_ms;
	if (!answer && o->alias_key)
		p.from->alias_key = (int)o->alias_key;
	take_tos(draft, o, answer);
	party_set_sdp(p.from, sdp);
	ret = exchange_media(draft, &p, o, sdp, answer, err);
	if (!ret)
		moh_take(draft, p.from, p.to, o, answer);
	if (!ret)
		ret = write_sdp(draft, p.to, o, answer, body, err);
	if (!ret)
		record_body(draft, p.from, answer, (struct str){ body->str, body->len });
	if (!ret)
		fragments_apply(draft);
	return ret ? ret : draft_prepare(draft, err);
}

int exchange(struct draft *draft, const struct call_options *o, bool answer, GString *body,
	struct exchange_result *result, struct err *err)
{
	struct sdp *sdp;
	int ret = sdp_parse(o->sdp, false, &sdp, err);

	draft->warnings = result->warnings;
	if (ret < 0) {
		draft_drop(draft);
		return ret;
	}
	if (o->loop_protect && came_from_here(sdp, call_table_instance(draft->call->table))) {
		g_string_append_len(body, o->sdp.s, (gssize)o->sdp.len);
		result->looped = true;
		draft_drop(draft);
	} else {
		ret = exchange_parsed(draft, o, sdp, answer, body, err);
		if (ret < 0) {
			draft_drop(draft);
		} else {
			draft_commit(draft);
			call_play_follow(draft->call);
		}
	}
	ref_drop(sdp);
	return ret;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the peer sends the agent: its requests answered, its answers to checks understood. */
#include "ice/agent_priv.h"

#include <glib.h>

/* ---- requests of the peer ---- */

static void respond(struct ice_agent *agent, unsigned local, const struct addr *to,
	struct stun_build *build, struct str password)
{
	size_t len = stun_build_end(build, password);

	if (!len)
		return;
	agent->counts.responses_sent++;
	agent->ops->send(agent->arg, local, to, build->data, len);
}

static void begin_response(
	struct ice_agent *agent, struct stun_build *build, const struct stun *request, bool error)
{
	stun_build(build, error ? STUN_ERROR : STUN_SUCCESS, request->transaction);
	stun_add_software(build, str_of(agent->params->software));
}

static void respond_error(struct ice_agent *agent, unsigned local, const struct addr *to,
	const struct stun *request, enum stun_code code)
{
	struct stun_build build;

	begin_response(agent, &build, request, true);
	stun_add_error(&build, code);
	if (code == STUN_UNKNOWN_ATTRIBUTE)
		stun_add_unknown(&build, request->unknown, request->unknown_count);
	respond(agent, local, to, &build, str_of(agent->params->local_pwd));
}

static void respond_success(struct ice_agent *agent, unsigned local, const struct addr *to,
	const struct stun *request, const char *password)
{
	struct stun_build build;

	begin_response(agent, &build, request, false);
	stun_add_mapped(&build, to);
	respond(agent, local, to, &build, str_of(password));
}

/* "OWN:PEER" */
static bool is_for(struct str username, const char *own)
{
	struct str ufrag;

	return str_cut(&username, ':', &ufrag) && str_is(ufrag, own);
}

static bool is_by(struct str username, const char *peer)
{
	struct str ufrag;

	return peer && str_cut(&username, ':', &ufrag) && str_is(username, peer);
}

/* The parameters whose credentials it was made with; NULL: none of ours. */
static const struct ice_params *authenticate(
	const struct ice_agent *agent, const struct stun *request)
{
	const struct ice_params *of[] = { agent->params, agent->before };

	for (unsigned i = 0; i < G_N_ELEMENTS(of); i++)
		if (of[i] && is_for(request->username, of[i]->local_ufrag))
			return stun_authentic(request, str_of(of[i]->local_pwd)) ? of[i] : NULL;
	return NULL;
}

/* Both in one role (RFC 8445 7.3.1.1). True: the request is refused, its sender changes. */
static bool conflicts(struct ice_agent *agent, const struct stun *request)
{
	bool stronger = agent->params->tie_breaker >= request->tie_breaker;

	if (agent->params->lite ||
		!(agent->controlling ? request->controlling : request->controlled))
		return false;
	agent->counts.conflicts++;
	if (agent->controlling == stronger)
		return true;
	agent_set_role(agent, !agent->controlling);
	return false;
}

static void take_check(struct ice_agent *agent, struct pair *pair, bool nominated, int64_t now_us)
{
	pair->heard = true;
	if (agent->params->lite) {
		pair->state = PAIR_SUCCEEDED;
		pair->nominated |= nominated;
		agent_settle(agent, pair, now_us);
		return;
	}
	nominated &= !agent->controlling;
	if (pair->state == PAIR_SUCCEEDED) {
		if (nominated && !pair->nominated) {
			pair->nominated = true;
			agent_settle(agent, pair, now_us);
		}
		return;
	}
	pair->nominate |= nominated;
	/* What was lost before the peer's way was open comes through now. */
	if (pair->state != PAIR_IN_PROGRESS || pair->sent > 1)
		pairs_trigger(agent, pair);
	if (agent->state == ICE_FAILED)
		agent->state = ICE_RUNNING;
}

static enum ice_verdict take_request(struct ice_agent *agent, unsigned local,
	const struct addr *from, const struct stun *request, int64_t now_us)
{
	const struct ice_params *params;
	struct pair *pair;

	agent->counts.checks_received++;
	if (request->unknown_count) {
		respond_error(agent, local, from, request, STUN_UNKNOWN_ATTRIBUTE);
		return ICE_BAD_REQUEST;
	}
	if (!request->username.s || !request->integrity_at) {
		respond_error(agent, local, from, request, STUN_BAD_REQUEST);
		return ICE_BAD_REQUEST;
	}
	params = authenticate(agent, request);
	if (!params) {
		respond_error(agent, local, from, request, STUN_UNAUTHORIZED);
		return ICE_UNAUTHORIZED;
	}
	/*
	 * Browsers that have begun anew check with what they know of us, and go on so: then the
	 * pair is of now, though our credentials are those before.
	 */
	if (params != agent->params && !is_by(request->username, agent->params->remote_ufrag)) {
		respond_success(agent, local, from, request, params->local_pwd);
		return ICE_TAKEN;
	}
	if (params == agent->params && conflicts(agent, request)) {
		respond_error(agent, local, from, request, STUN_ROLE_CONFLICT);
		return ICE_TAKEN;
	}
	respond_success(agent, local, from, request, params->local_pwd);
	pair = pairs_meet(agent, local, from, request->priority);
	if (pair)
		take_check(agent, pair, request->use_candidate, now_us);
	return ICE_TAKEN;
}

/* ---- answers of the peer ---- */

static void take_success(struct ice_agent *agent, struct pair *pair, int64_t now_us)
{
	bool first = pair->state != PAIR_SUCCEEDED;

	pair->state = PAIR_SUCCEEDED;
	pair->due_us = 0;
	agent_confirm(agent, pair, now_us);
	if (pair->nominate && !pair->nominated) {
		pair->nominated = true;
		first = true;
	}
	pair->nominate = false;
	if (!first)
		return;
	pairs_thaw(agent, pair);
	agent_settle(agent, pair, now_us);
}

static void take_error(struct ice_agent *agent, struct pair *pair, unsigned code)
{
	if (code == STUN_ROLE_CONFLICT) {
		agent->counts.conflicts++;
		if (agent->controlling == pair->asked_controlling)
			agent_set_role(agent, !agent->controlling);
		pairs_trigger(agent, pair);
		return;
	}
	if (pair->state != PAIR_IN_PROGRESS)
		return;
	pair->state = PAIR_FAILED;
	pair->due_us = 0;
	pair->nominate = false;
}

static enum ice_verdict take_response(struct ice_agent *agent, unsigned local,
	const struct addr *from, const struct stun *response, int64_t now_us)
{
	struct pair *pair = pairs_of_transaction(agent, response->transaction);

	if (!pair || pair->local != local || !addr_equal(pair_remote(agent, pair), from))
		return ICE_STRAY;
	if (!stun_authentic(response, str_of(agent->params->remote_pwd)))
		return ICE_UNAUTHORIZED;
	if (response->cls == STUN_ERROR)
		take_error(agent, pair, response->code);
	else if (!response->unknown_count)
		take_success(agent, pair, now_us);
	return ICE_TAKEN;
}

enum ice_verdict ice_agent_receive(struct ice_agent *agent, unsigned local, const struct addr *from,
	const uint8_t *data, size_t len, int64_t now_us)
{
	enum ice_verdict verdict = ICE_TAKEN;
	struct stun stun;

	if (!agent->started || local >= agent->params->local_count ||
		agent->params->locals[local].component > agent->params->components ||
		agent->params->locals[local].family != from->family)
		return ICE_STRAY;
	if (!stun_parse(data, len, &stun))
		return ICE_NOT_STUN;
	if (stun.cls == STUN_REQUEST)
		verdict = take_request(agent, local, from, &stun, now_us);
	else if (stun.cls != STUN_INDICATION)
		verdict = take_response(agent, local, from, &stun, now_us);
	if (verdict != ICE_TAKEN)
		agent->counts.refused++;
	if (verdict == ICE_UNAUTHORIZED)
		agent->counts.unauthorized++;
	return verdict;
}

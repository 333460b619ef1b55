/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The agent's connectivity checks: requests of ours. What comes back is receive.c's. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "ice/agent_priv.h"

#include <glib.h>
#include <openssl/sha.h>

enum { MAX_SENT = 7 };

void agent_draw(struct ice_agent *agent, uint8_t *out, size_t bytes)
{
	uint8_t digest[SHA_DIGEST_LENGTH];
	SHA_CTX state;

	agent->drawn++;
	SHA1_Init(&state);
	SHA1_Update(&state, agent->params->secret, sizeof(agent->params->secret));
	SHA1_Update(&state, &agent->drawn, sizeof(agent->drawn));
	SHA1_Final(digest, &state);
	memcpy(out, digest, MIN(bytes, sizeof(digest)));
}

static void send_request(struct ice_agent *agent, struct pair *pair)
{
	const struct ice_params *params = agent->params;
	const struct ice_local *local = &params->locals[pair->local];
	bool nominate = agent->controlling && (pair->nominate || pair->nominated);
	struct stun_build build;
	size_t len;

	stun_build(&build, STUN_REQUEST, pair->transaction[0]);
	stun_add_software(&build, str_of(params->software));
	stun_add_username(&build, str_of(params->remote_ufrag), str_of(params->local_ufrag));
	stun_add_role(&build, agent->controlling, params->tie_breaker);
	stun_add_priority(&build, ice_priority_prflx(local->priority));
	if (nominate)
		stun_add_use_candidate(&build);
	len = stun_build_end(&build, str_of(params->remote_pwd));
	pair->asked_controlling = agent->controlling;
	agent->counts.checks_sent++;
	if (len)
		agent->ops->send(
			agent->arg, pair->local, pair_remote(agent, pair), build.data, len);
}

static void new_transaction(struct ice_agent *agent, struct pair *pair)
{
	memcpy(pair->transaction[1], pair->transaction[0], STUN_TRANSACTION_BYTES);
	agent_draw(agent, pair->transaction[0], STUN_TRANSACTION_BYTES);
}

void check_begin(struct ice_agent *agent, struct pair *pair, int64_t now_us)
{
	pair->triggered = 0;
	pair->sent = 1;
	pair->due_us = now_us + ICE_FIRST_RTO_US;
	/* One that succeeded before stays so while it is nominated. */
	if (pair->state != PAIR_SUCCEEDED)
		pair->state = PAIR_IN_PROGRESS;
	new_transaction(agent, pair);
	send_request(agent, pair);
}

void check_repeat(struct ice_agent *agent, struct pair *pair, int64_t now_us)
{
	if (pair->sent >= MAX_SENT) {
		pair->due_us = 0;
		pair->nominate = false;
		pair->state = PAIR_FAILED;
		return;
	}
	pair->due_us = now_us + (ICE_FIRST_RTO_US << pair->sent);
	pair->sent++;
	/* The last one is waited for no longer than an answer may take. */
	if (pair->sent == MAX_SENT)
		pair->due_us = now_us + 16 * ICE_FIRST_RTO_US;
	send_request(agent, pair);
}

void check_consent(struct ice_agent *agent, struct pair *pair)
{
	new_transaction(agent, pair);
	send_request(agent, pair);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The agent: its life, its timers, nomination, the pairs in use and their consent. */
#include "ice/agent_priv.h"

#include "base/ref.h"

#include <glib.h>
#include <openssl/crypto.h>

/* ---- parameters ---- */

static void wipe_text(char *text)
{
	if (text)
		OPENSSL_cleanse(text, strlen(text));
	g_free(text);
}

static void params_destroy(void *object)
{
	struct ice_params *params = object;

	g_free(params->local_ufrag);
	wipe_text(params->local_pwd);
	g_free(params->remote_ufrag);
	wipe_text(params->remote_pwd);
	g_free(params->software);
	g_free(params->remotes);
	OPENSSL_cleanse(params, sizeof(*params));
}

struct ice_params *ice_params_new(void)
{
	return ref_alloc(sizeof(struct ice_params), params_destroy);
}

static bool locals_equal(const struct ice_params *a, const struct ice_params *b)
{
	if (a->local_count != b->local_count)
		return false;
	for (unsigned i = 0; i < a->local_count; i++) {
		const struct ice_local *p = &a->locals[i], *q = &b->locals[i];

		if (p->component != q->component || p->foundation != q->foundation ||
			p->family != q->family || p->priority != q->priority)
			return false;
	}
	return true;
}

static bool remotes_equal(const struct ice_params *a, const struct ice_params *b)
{
	if (a->remote_count != b->remote_count)
		return false;
	for (unsigned i = 0; i < a->remote_count; i++) {
		const struct ice_candidate *p = &a->remotes[i], *q = &b->remotes[i];

		if (p->component != q->component || p->type != q->type ||
			p->priority != q->priority || !addr_equal(&p->addr, &q->addr) ||
			strcmp(p->foundation, q->foundation))
			return false;
	}
	return true;
}

bool ice_params_equal(const struct ice_params *a, const struct ice_params *b)
{
	return a->generation == b->generation && a->controlling == b->controlling &&
	       a->lite == b->lite && a->peer_lite == b->peer_lite && a->consent == b->consent &&
	       a->remote_ended == b->remote_ended && a->components == b->components &&
	       a->tie_breaker == b->tie_breaker &&
	       !memcmp(a->secret, b->secret, sizeof(a->secret)) &&
	       !g_strcmp0(a->local_ufrag, b->local_ufrag) &&
	       !g_strcmp0(a->local_pwd, b->local_pwd) &&
	       !g_strcmp0(a->remote_ufrag, b->remote_ufrag) &&
	       !g_strcmp0(a->remote_pwd, b->remote_pwd) && !g_strcmp0(a->software, b->software) &&
	       locals_equal(a, b) && remotes_equal(a, b);
}

/* ---- life ---- */

struct ice_agent *ice_agent_new(struct ice_params *params, const struct ice_ops *ops, void *arg)
{
	struct ice_agent *agent = g_new0(struct ice_agent, 1);

	agent->params = ref_take(params);
	agent->ops = ops;
	agent->arg = arg;
	return agent;
}

void ice_agent_free(struct ice_agent *agent)
{
	if (!agent)
		return;
	ref_drop(agent->params);
	ref_drop(agent->before);
	g_free(agent->remotes);
	g_free(agent->pairs);
	g_free(agent);
}

void ice_agent_set_arg(struct ice_agent *agent, void *arg)
{
	agent->arg = arg;
}

bool agent_checks(const struct ice_agent *agent)
{
	return agent->params->remote_pwd && !agent->params->lite;
}

static void tell(struct ice_agent *agent, struct ice_event event)
{
	agent->ops->event(agent->arg, &event);
}

void agent_set_role(struct ice_agent *agent, bool controlling)
{
	agent->controlling = controlling;
	agent->nominate_us = 0;
	for (unsigned i = 0; i < agent->pair_count; i++)
		agent->pairs[i].nominate = false;
	pairs_rank(agent);
	tell(agent, (struct ice_event){ .type = ICE_EVENT_ROLE, .controlling = controlling });
}

static void begin_patience(struct ice_agent *agent, int64_t now_us)
{
	if (agent->params->remote_pwd)
		agent->patience_us = now_us + ICE_PATIENCE_US;
}

/* Nobody is there to check anything: the best pair is as good as any (RFC 8445 8.2). */
static void believe_all(struct ice_agent *agent)
{
	for (unsigned i = 0; i < agent->pair_count; i++) {
		agent->pairs[i].state = PAIR_SUCCEEDED;
		agent->pairs[i].nominated = true;
	}
}

/* With other pairs, or fewer components, less may be missing. */
static void settle_all(struct ice_agent *agent, int64_t now_us)
{
	if (agent->params->lite && agent->params->peer_lite)
		believe_all(agent);
	for (unsigned c = 1; c <= agent->params->components; c++) {
		struct pair *best = pairs_best(agent, c, false);

		if (best)
			agent_settle(agent, best, now_us);
	}
}

void ice_agent_start(struct ice_agent *agent, int64_t now_us)
{
	agent->started = true;
	agent->controlling = agent->params->controlling;
	agent->pace_us = now_us;
	pairs_update(agent);
	begin_patience(agent, now_us);
	settle_all(agent, now_us);
}

static bool is_proven(const struct pair *pair)
{
	return pair->heard || pair->state == PAIR_SUCCEEDED;
}

/* The peer may go on sending from any of them, not only from where it is sent to. */
static void keep_proven(struct ice_agent *agent)
{
	for (unsigned i = 0; i < agent->pair_count && agent->former_count < FORMER_MAX; i++)
		if (is_proven(&agent->pairs[i]))
			agent->former[agent->former_count++] =
				agent->remotes[agent->pairs[i].remote];
}

/* Checks begin anew; what is in use stays until something else takes its place. */
static void begin_anew(struct ice_agent *agent, int64_t now_us)
{
	keep_proven(agent);
	pairs_forget(agent);
	for (unsigned c = 0; c < ICE_COMPONENTS; c++) {
		agent->used[c].former = true;
		agent->used[c].ask_us = 0;
	}
	agent->state = ICE_RUNNING;
	agent->nominate_us = 0;
	begin_patience(agent, now_us);
}

static bool is_other(const char *a, const char *b)
{
	return a && g_strcmp0(a, b);
}

void ice_agent_set(struct ice_agent *agent, struct ice_params *params, int64_t now_us)
{
	struct ice_params *old = agent->params;
	bool restart = old->generation != params->generation;
	bool other_peer = is_other(old->remote_ufrag, params->remote_ufrag) ||
			  is_other(old->remote_pwd, params->remote_pwd);
	bool met = !old->remote_pwd && params->remote_pwd;
	unsigned pairs;

	agent->params = ref_take(params);
	if (restart) {
		ref_drop(agent->before);
		agent->before = old;
		agent->controlling = params->controlling;
	}
	if (restart || other_peer)
		begin_anew(agent, now_us);
	else if (met)
		begin_patience(agent, now_us);
	if (!restart)
		ref_drop(old);
	for (unsigned c = params->components; c < ICE_COMPONENTS; c++)
		agent->used[c] = (struct in_use){ 0 };
	if (!agent->started)
		return;
	pairs = agent->pair_count;
	pairs_update(agent);
	if (agent->state == ICE_FAILED && agent->pair_count > pairs)
		agent->state = ICE_RUNNING;
	settle_all(agent, now_us);
}

/* ---- pairs in use ---- */

static int64_t next_ask_us(struct ice_agent *agent, int64_t now_us)
{
	uint8_t random = 0;

	agent_draw(agent, &random, sizeof(random));
	return now_us + ICE_CONSENT_US * 4 / 5 + ICE_CONSENT_US * 2 / 5 * random / 255;
}

static void use(
	struct ice_agent *agent, unsigned component, const struct pair *pair, int64_t now_us)
{
	struct in_use *used = &agent->used[component - 1];
	const struct addr *remote = pair_remote(agent, pair);
	bool same = used->known && !used->former && !used->lost && used->local == pair->local &&
		    addr_equal(&used->remote, remote);
	bool asks = agent->params->consent && agent_checks(agent) && pair->nominated;

	if (same && used->nominated == pair->nominated)
		return;
	*used = (struct in_use){
		.known = true,
		.nominated = pair->nominated,
		.local = pair->local,
		.remote = *remote,
		.consent_us = now_us,
		.ask_us = asks ? next_ask_us(agent, now_us) : 0,
	};
	tell(agent, (struct ice_event){
			    .type = ICE_EVENT_PAIR,
			    .component = component,
			    .local = pair->local,
			    .nominated = pair->nominated,
			    .remote = *remote,
		    });
}

/* The best that is nominated; before there is one, the first that works. */
static void choose(struct ice_agent *agent, struct pair *pair, int64_t now_us)
{
	unsigned component = pair_component(agent, pair);
	const struct in_use *used = &agent->used[component - 1];
	const struct pair *best = pairs_best(agent, component, true);

	if (best)
		use(agent, component, best, now_us);
	else if (!used->known || used->former || used->lost)
		use(agent, component, pair, now_us);
}

/* Does each component have a pair that succeeded (and was nominated)? */
static bool all_have(const struct ice_agent *agent, bool nominated)
{
	for (unsigned c = 1; c <= agent->params->components; c++)
		if (!pairs_best(agent, c, nominated))
			return false;
	return true;
}

/* May one turn out better than what each component has? */
static bool better_pending(const struct ice_agent *agent)
{
	for (unsigned i = 0; i < agent->pair_count; i++) {
		const struct pair *pair = &agent->pairs[i];
		const struct pair *best = pairs_best(agent, pair_component(agent, pair), false);

		if (pair->state < PAIR_SUCCEEDED && (!best || pair->priority > best->priority))
			return true;
	}
	return !agent->params->remote_ended;
}

void agent_settle(struct ice_agent *agent, struct pair *pair, int64_t now_us)
{
	if (agent->state == ICE_FAILED)
		agent->state = ICE_RUNNING;
	choose(agent, pair, now_us);
	if (agent->state != ICE_RUNNING)
		return;
	if (all_have(agent, true)) {
		agent->state = ICE_COMPLETED;
		agent->former_count = 0;
		agent->nominate_us = 0;
		tell(agent, (struct ice_event){ .type = ICE_EVENT_COMPLETED });
		return;
	}
	if (agent->controlling && !agent->nominate_us && agent_checks(agent) &&
		all_have(agent, false))
		agent->nominate_us = now_us + ICE_NOMINATE_US;
	if (agent->nominate_us && !better_pending(agent))
		agent->nominate_us = now_us;
}

void agent_confirm(struct ice_agent *agent, const struct pair *pair, int64_t now_us)
{
	struct in_use *used = &agent->used[pair_component(agent, pair) - 1];

	if (used->known && !used->former && used->local == pair->local &&
		addr_equal(&used->remote, pair_remote(agent, pair)))
		used->consent_us = now_us;
}

/* ---- what is due ---- */

static bool is_nominating(const struct ice_agent *agent, unsigned component)
{
	for (unsigned i = 0; i < agent->pair_count; i++)
		if (agent->pairs[i].nominate &&
			pair_component(agent, &agent->pairs[i]) == component)
			return true;
	return false;
}

static void nominate(struct ice_agent *agent)
{
	agent->nominate_us = 0;
	for (unsigned c = 1; c <= agent->params->components; c++) {
		struct pair *best = pairs_best(agent, c, false);

		if (!best || pairs_best(agent, c, true) || is_nominating(agent, c))
			continue;
		best->nominate = true;
		pairs_trigger(agent, best);
	}
}

static void lose_consent(struct ice_agent *agent, unsigned component, int64_t now_us)
{
	struct in_use *used = &agent->used[component - 1];
	struct pair *pair = used->former ? NULL : pairs_find(agent, used->local, &used->remote);

	used->lost = true;
	used->ask_us = 0;
	/* When the peer checks it again, so do we, and an answer is a consent. */
	if (pair) {
		pair->state = PAIR_FAILED;
		pair->nominate = !agent->controlling && pair->nominated;
		pair->nominated = false;
	}
	tell(agent, (struct ice_event){
			    .type = ICE_EVENT_CONSENT_LOST,
			    .component = component,
			    .remote = used->remote,
		    });
	pair = pairs_best(agent, component, true);
	if (pair)
		use(agent, component, pair, now_us);
}

static int64_t consent_due_us(const struct ice_agent *agent, const struct in_use *used)
{
	int64_t expiry_us = used->consent_us + ICE_CONSENT_EXPIRY_US;

	if (!used->known || used->lost || !used->nominated || !agent->params->consent ||
		agent->params->lite)
		return -1;
	return used->ask_us ? MIN(used->ask_us, expiry_us) : expiry_us;
}

static void run_consent(struct ice_agent *agent, unsigned component, int64_t now_us)
{
	struct in_use *used = &agent->used[component - 1];
	int64_t due_us = consent_due_us(agent, used);
	struct pair *pair;

	if (due_us < 0 || now_us < due_us)
		return;
	if (now_us >= used->consent_us + ICE_CONSENT_EXPIRY_US) {
		lose_consent(agent, component, now_us);
		return;
	}
	used->ask_us = next_ask_us(agent, now_us);
	pair = pairs_find(agent, used->local, &used->remote);
	if (pair)
		check_consent(agent, pair);
}

static bool is_hopeless(const struct ice_agent *agent, unsigned component)
{
	for (unsigned i = 0; i < agent->pair_count; i++)
		if (pair_component(agent, &agent->pairs[i]) == component &&
			agent->pairs[i].state != PAIR_FAILED)
			return false;
	return true;
}

static void fail_if_hopeless(struct ice_agent *agent, int64_t now_us)
{
	if (agent->state != ICE_RUNNING || !agent->params->remote_pwd)
		return;
	if (agent->patience_us && now_us < agent->patience_us)
		return;
	agent->patience_us = 0;
	for (unsigned c = 1; c <= agent->params->components; c++)
		if (is_hopeless(agent, c)) {
			agent->state = ICE_FAILED;
			tell(agent, (struct ice_event){ .type = ICE_EVENT_FAILED });
			return;
		}
}

static void run_checks(struct ice_agent *agent, int64_t now_us)
{
	struct pair *pair;

	for (unsigned i = 0; i < agent->pair_count; i++) {
		pair = &agent->pairs[i];
		if (pair->due_us && now_us >= pair->due_us)
			check_repeat(agent, pair, now_us);
	}
	if (agent->nominate_us && now_us >= agent->nominate_us)
		nominate(agent);
	else if (agent->controlling && agent->state == ICE_RUNNING && !agent->nominate_us &&
		 all_have(agent, false))
		nominate(agent); /* again, if the check that was to do it failed */
	if (now_us < agent->pace_us)
		return;
	pair = pairs_next(agent);
	if (!pair)
		return;
	agent->pace_us = now_us + ICE_PACE_US;
	check_begin(agent, pair, now_us);
}

void ice_agent_run(struct ice_agent *agent, int64_t now_us)
{
	if (!agent->started)
		return;
	if (agent_checks(agent))
		run_checks(agent, now_us);
	for (unsigned c = 1; c <= agent->params->components; c++)
		run_consent(agent, c, now_us);
	fail_if_hopeless(agent, now_us);
}

static void sooner(int64_t *next_us, int64_t due_us)
{
	if (due_us > 0 && (*next_us < 0 || due_us < *next_us))
		*next_us = due_us;
}

int64_t ice_agent_next_us(const struct ice_agent *agent)
{
	int64_t next_us = -1;

	if (!agent->started)
		return -1;
	for (unsigned c = 0; c < agent->params->components; c++)
		sooner(&next_us, consent_due_us(agent, &agent->used[c]));
	if (agent->state == ICE_RUNNING)
		sooner(&next_us, agent->patience_us);
	if (!agent_checks(agent))
		return next_us;
	sooner(&next_us, agent->nominate_us);
	for (unsigned i = 0; i < agent->pair_count; i++)
		sooner(&next_us, agent->pairs[i].due_us);
	if (pairs_next(agent))
		sooner(&next_us, agent->pace_us);
	return next_us;
}

/* ---- what it knows ---- */

bool ice_agent_valid(const struct ice_agent *agent, unsigned component, const struct addr *from)
{
	const struct in_use *used = &agent->used[component - 1];

	if (used->known && addr_equal(&used->remote, from))
		return true;
	for (unsigned i = 0; i < agent->pair_count; i++) {
		const struct pair *pair = &agent->pairs[i];

		if (is_proven(pair) && pair_component(agent, pair) == component &&
			addr_equal(pair_remote(agent, pair), from))
			return true;
	}
	for (unsigned i = 0; i < agent->former_count; i++)
		if (agent->former[i].component == component &&
			addr_equal(&agent->former[i].addr, from))
			return true;
	return false;
}

bool ice_agent_pair(const struct ice_agent *agent, unsigned component, struct ice_event *ret)
{
	const struct in_use *used = &agent->used[component - 1];

	if (!used->known || used->lost)
		return false;
	*ret = (struct ice_event){
		.type = ICE_EVENT_PAIR,
		.component = component,
		.local = used->local,
		.nominated = used->nominated,
		.remote = used->remote,
	};
	return true;
}

enum ice_state ice_agent_state(const struct ice_agent *agent)
{
	return agent->state;
}

bool ice_agent_controlling(const struct ice_agent *agent)
{
	return agent->controlling;
}

const struct ice_params *ice_agent_params(const struct ice_agent *agent)
{
	return agent->params;
}

struct ice_counts ice_agent_counts(const struct ice_agent *agent)
{
	return agent->counts;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The agent's list of pairs: formed, ordered, found, and which is checked next. */
#include "ice/agent_priv.h"

#include <glib.h>

enum { FIRST_ROOM = 8 };

static uint32_t hash_foundation(const char *foundation)
{
	return g_str_hash(foundation);
}

static uint64_t priority_of(const struct ice_agent *agent, const struct pair *pair)
{
	uint32_t own = agent->params->locals[pair->local].priority;
	uint32_t other = agent->remotes[pair->remote].priority;

	return agent->controlling ? ice_pair_priority(own, other) : ice_pair_priority(other, own);
}

void pairs_rank(struct ice_agent *agent)
{
	for (unsigned i = 0; i < agent->pair_count; i++)
		agent->pairs[i].priority = priority_of(agent, &agent->pairs[i]);
}

static bool is_used(const struct ice_agent *agent, const struct pair *pair)
{
	const struct in_use *used = &agent->used[pair_component(agent, pair) - 1];

	return used->known && !used->former && used->local == pair->local &&
	       addr_equal(&used->remote, pair_remote(agent, pair));
}

/* Neither proven nor in use. */
static bool is_spare(const struct ice_agent *agent, const struct pair *pair)
{
	return pair->state != PAIR_SUCCEEDED && !is_used(agent, pair);
}

static void drop_pair(struct ice_agent *agent, unsigned at)
{
	agent->pairs[at] = agent->pairs[--agent->pair_count];
}

/* A place in `*list`, of `size` bytes each; grows up to `max`. NULL: full. */
static void *grow(void **list, unsigned count, unsigned *room, unsigned max, size_t size)
{
	if (count == max)
		return NULL;
	if (count == *room) {
		*room = MIN(MAX(2 * *room, (unsigned)FIRST_ROOM), max);
		*list = g_realloc_n(*list, *room, size);
	}
	return (char *)*list + count * size;
}

/* The least of those that can be done without makes room. */
static struct pair *evict_pair(struct ice_agent *agent)
{
	struct pair *least = NULL;

	agent->counts.evicted++;
	for (unsigned i = 0; i < agent->pair_count; i++) {
		struct pair *pair = &agent->pairs[i];

		if (is_spare(agent, pair) && (!least || pair->priority < least->priority))
			least = pair;
	}
	return least;
}

/* `insist`: whatever its priority. NULL: all others are in need, or better. */
static struct pair *add_pair(struct ice_agent *agent, unsigned local, unsigned remote, bool insist)
{
	struct pair *place = grow((void **)&agent->pairs, agent->pair_count, &agent->pair_room,
		ICE_MAX_PAIRS, sizeof(*agent->pairs));
	struct pair fresh = { .local = (uint8_t)local, .remote = (uint8_t)remote };

	fresh.priority = priority_of(agent, &fresh);
	if (place) {
		agent->pair_count++;
	} else {
		place = evict_pair(agent);
		if (!place || (!insist && fresh.priority < place->priority))
			return NULL;
	}
	*place = fresh;
	return place;
}

static int find_remote(const struct ice_agent *agent, unsigned component, const struct addr *addr)
{
	for (unsigned i = 0; i < agent->remote_count; i++)
		if (agent->remotes[i].component == component &&
			addr_equal(&agent->remotes[i].addr, addr))
			return (int)i;
	return -1;
}

static bool remote_is_spare(const struct ice_agent *agent, unsigned remote)
{
	for (unsigned i = 0; i < agent->pair_count; i++)
		if (agent->pairs[i].remote == remote && !is_spare(agent, &agent->pairs[i]))
			return false;
	return true;
}

/* -1: all are in need. Else its pairs are gone. */
static int evict_remote(struct ice_agent *agent)
{
	int least = -1;

	agent->counts.evicted++;
	for (unsigned i = 0; i < agent->remote_count; i++)
		if (remote_is_spare(agent, i) &&
			(least < 0 || agent->remotes[i].priority < agent->remotes[least].priority))
			least = (int)i;
	for (unsigned i = agent->pair_count; least >= 0 && i-- > 0;)
		if (agent->pairs[i].remote == least)
			drop_pair(agent, i);
	return least;
}

/* Its place; -1: no room. */
static int add_remote(struct ice_agent *agent, const struct remote *remote)
{
	struct remote *place = grow((void **)&agent->remotes, agent->remote_count,
		&agent->remote_room, ICE_MAX_REMOTES, sizeof(*agent->remotes));
	int at = (int)agent->remote_count;

	if (place) {
		agent->remote_count++;
	} else if (remote->found) {
		at = evict_remote(agent);
	} else {
		agent->counts.evicted++;
		at = -1;
	}
	if (at >= 0)
		agent->remotes[at] = *remote;
	return at;
}

static bool fits(const struct ice_agent *agent, unsigned local, const struct remote *remote)
{
	const struct ice_local *l = &agent->params->locals[local];

	return l->component == remote->component && l->family == remote->addr.family;
}

static bool has_pair(const struct ice_agent *agent, unsigned local, unsigned remote)
{
	for (unsigned i = 0; i < agent->pair_count; i++)
		if (agent->pairs[i].local == local && agent->pairs[i].remote == remote)
			return true;
	return false;
}

static void take_signalled(struct ice_agent *agent, const struct ice_candidate *c)
{
	struct remote remote = {
		.addr = c->addr,
		.priority = c->priority,
		.foundation = hash_foundation(c->foundation),
		.component = c->component,
	};
	int at;

	if (c->component > agent->params->components)
		return;
	at = find_remote(agent, c->component, &c->addr);
	if (at < 0)
		at = add_remote(agent, &remote);
	else if (agent->remotes[at].found)
		agent->remotes[at] = remote;
	for (unsigned l = 0; at >= 0 && l < agent->params->local_count; l++)
		if (fits(agent, l, &remote) && !has_pair(agent, l, (unsigned)at))
			add_pair(agent, l, (unsigned)at, false);
}

void pairs_update(struct ice_agent *agent)
{
	const struct ice_params *params = agent->params;

	for (unsigned i = agent->pair_count; i-- > 0;)
		if (agent->pairs[i].local >= params->local_count ||
			pair_component(agent, &agent->pairs[i]) > params->components)
			drop_pair(agent, i);
	for (unsigned i = 0; i < params->remote_count; i++)
		take_signalled(agent, &params->remotes[i]);
	pairs_rank(agent);
}

void pairs_forget(struct ice_agent *agent)
{
	agent->pair_count = 0;
	agent->remote_count = 0;
}

struct pair *pairs_find(const struct ice_agent *agent, unsigned local, const struct addr *remote)
{
	for (unsigned i = 0; i < agent->pair_count; i++)
		if (agent->pairs[i].local == local &&
			addr_equal(pair_remote(agent, &agent->pairs[i]), remote))
			return &agent->pairs[i];
	return NULL;
}

struct pair *pairs_meet(
	struct ice_agent *agent, unsigned local, const struct addr *remote, uint32_t priority)
{
	const struct ice_local *l = &agent->params->locals[local];
	struct pair *pair = pairs_find(agent, local, remote);
	struct remote fresh = {
		.addr = *remote,
		.priority = priority ? priority : ice_priority(ICE_PRFLX, 0, l->component),
		/* of none but itself */
		.foundation = addr_hash(remote),
		.component = l->component,
		.found = true,
	};
	int at;

	if (pair)
		return pair;
	at = find_remote(agent, l->component, remote);
	if (at < 0)
		at = add_remote(agent, &fresh);
	return at < 0 ? NULL : add_pair(agent, local, (unsigned)at, true);
}

struct pair *pairs_of_transaction(const struct ice_agent *agent, const uint8_t *transaction)
{
	static const uint8_t none[STUN_TRANSACTION_BYTES];

	if (!memcmp(transaction, none, sizeof(none)))
		return NULL;
	for (unsigned i = 0; i < agent->pair_count; i++)
		for (unsigned t = 0; t < G_N_ELEMENTS(agent->pairs[i].transaction); t++)
			if (!memcmp(agent->pairs[i].transaction[t], transaction,
				    STUN_TRANSACTION_BYTES))
				return &agent->pairs[i];
	return NULL;
}

void pairs_trigger(struct ice_agent *agent, struct pair *pair)
{
	if (!pair->triggered)
		pair->triggered = ++agent->last_triggered;
}

static bool alike(const struct ice_agent *agent, const struct pair *a, const struct pair *b)
{
	const struct ice_local *locals = agent->params->locals;

	return locals[a->local].foundation == locals[b->local].foundation &&
	       agent->remotes[a->remote].foundation == agent->remotes[b->remote].foundation;
}

void pairs_thaw(struct ice_agent *agent, const struct pair *pair)
{
	for (unsigned i = 0; i < agent->pair_count; i++)
		if (agent->pairs[i].state == PAIR_FROZEN && alike(agent, &agent->pairs[i], pair))
			agent->pairs[i].state = PAIR_WAITING;
}

/* Not as long as one like it is being checked, or one of a lower component is to be. */
static bool may_thaw(const struct ice_agent *agent, const struct pair *pair)
{
	for (unsigned i = 0; i < agent->pair_count; i++) {
		const struct pair *p = &agent->pairs[i];

		if (p == pair || !alike(agent, p, pair))
			continue;
		if (p->state == PAIR_WAITING || p->state == PAIR_IN_PROGRESS)
			return false;
		if (p->state == PAIR_FROZEN &&
			pair_component(agent, p) < pair_component(agent, pair))
			return false;
	}
	return true;
}

static struct pair *next_triggered(const struct ice_agent *agent)
{
	struct pair *first = NULL;

	for (unsigned i = 0; i < agent->pair_count; i++) {
		struct pair *pair = &agent->pairs[i];

		if (pair->triggered && (!first || pair->triggered < first->triggered))
			first = pair;
	}
	return first;
}

struct pair *pairs_next(const struct ice_agent *agent)
{
	struct pair *pair = next_triggered(agent), *frozen = NULL;

	if (pair || agent->state != ICE_RUNNING)
		return pair;
	for (unsigned i = 0; i < agent->pair_count; i++) {
		struct pair *p = &agent->pairs[i];

		if (p->state == PAIR_WAITING && (!pair || p->priority > pair->priority))
			pair = p;
		if (p->state == PAIR_FROZEN && (!frozen || p->priority > frozen->priority) &&
			may_thaw(agent, p))
			frozen = p;
	}
	return pair ? pair : frozen;
}

struct pair *pairs_best(const struct ice_agent *agent, unsigned component, bool nominated)
{
	struct pair *best = NULL;

	for (unsigned i = 0; i < agent->pair_count; i++) {
		struct pair *pair = &agent->pairs[i];

		if (pair->state != PAIR_SUCCEEDED || pair_component(agent, pair) != component ||
			(nominated && !pair->nominated))
			continue;
		if (!best || pair->priority > best->priority)
			best = pair;
	}
	return best;
}

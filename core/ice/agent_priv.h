/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of the agent share: its state. */
#ifndef ICE_AGENT_PRIV_H
#define ICE_AGENT_PRIV_H

#include "ice/agent.h"

enum pair_state { PAIR_FROZEN, PAIR_WAITING, PAIR_IN_PROGRESS, PAIR_SUCCEEDED, PAIR_FAILED };

struct remote {
	struct addr addr;
	uint32_t priority;
	uint32_t foundation; /* a hash: equal ones are nearly always equal */
	uint8_t component;
	bool found; /* by a check: not signalled yet */
};

struct pair {
	uint64_t priority;
	int64_t due_us;     /* PAIR_IN_PROGRESS: to be sent again, or to fail */
	uint32_t triggered; /* place in the queue of triggered checks; 0: not in it */
	uint8_t local, remote;
	uint8_t state; /* enum pair_state */
	uint8_t sent;  /* times, of the transaction in progress */
	bool heard;    /* the peer has sent a valid check by it */
	/*
	 * To become nominated when its check succeeds: controlling, the check says so; controlled,
	 * the peer said so.
	 */
	bool nominate;
	bool nominated;
	bool asked_controlling;                         /* the role that the latest request told */
	uint8_t transaction[2][STUN_TRANSACTION_BYTES]; /* the latest and the one before */
};

/* What a component's packets are sent by. */
struct in_use {
	bool known;
	bool nominated;
	bool former; /* of the credentials before: no pair of the list */
	bool lost;   /* its consent expired */
	uint8_t local;
	struct addr remote;
	int64_t consent_us; /* last confirmed */
	int64_t ask_us;     /* when to ask again; 0: not asked for */
};

enum { FORMER_MAX = 8 };

struct ice_agent {
	struct ice_params *params;
	struct ice_params
		*before; /* the generation before, whose checks are answered; NULL: none */
	const struct ice_ops *ops;
	void *arg;
	enum ice_state state;
	bool started, controlling;
	unsigned remote_count, remote_room, pair_count, pair_room;
	struct remote *remotes;
	struct pair *pairs;
	struct in_use used[ICE_COMPONENTS];
	/* Shown to be the peer's before checks began anew; until those have come to an end. */
	struct remote former[FORMER_MAX];
	unsigned former_count;
	uint32_t last_triggered;
	uint64_t drawn;      /* how often randomness was made */
	int64_t pace_us;     /* no new check before */
	int64_t patience_us; /* no failure before; 0: it is over, or has not begun */
	int64_t nominate_us; /* when to nominate; 0: not due */
	struct ice_counts counts;
};

/* ---- pairs.c ---- */

/* What the parameters list and is not known yet. Prunes what they have no place for any more. */
void pairs_update(struct ice_agent *agent);
/* All of them, and the remote candidates. */
void pairs_forget(struct ice_agent *agent);
/* After a change of roles. */
void pairs_rank(struct ice_agent *agent);
struct pair *pairs_find(const struct ice_agent *agent, unsigned local, const struct addr *remote);
/* As above, made from a peer's check if need be; NULL: no room. */
struct pair *pairs_meet(
	struct ice_agent *agent, unsigned local, const struct addr *remote, uint32_t priority);
struct pair *pairs_of_transaction(const struct ice_agent *agent, const uint8_t *transaction);
/* Last in the queue of triggered checks, unless it is in it. */
void pairs_trigger(struct ice_agent *agent, struct pair *pair);
/* What to check next; NULL: nothing. */
struct pair *pairs_next(const struct ice_agent *agent);
/* Those that waited for one like `pair`, which has succeeded. */
void pairs_thaw(struct ice_agent *agent, const struct pair *pair);
/* Of highest priority among those that succeeded (and were nominated); NULL: none. */
struct pair *pairs_best(const struct ice_agent *agent, unsigned component, bool nominated);

static inline unsigned pair_component(const struct ice_agent *agent, const struct pair *pair)
{
	return agent->params->locals[pair->local].component;
}

static inline const struct addr *pair_remote(const struct ice_agent *agent, const struct pair *pair)
{
	return &agent->remotes[pair->remote].addr;
}

/* ---- check.c ---- */

/* Random bytes that nobody can guess. */
void agent_draw(struct ice_agent *agent, uint8_t *out, size_t bytes);
/* A request with a new transaction / the same request once more. */
void check_begin(struct ice_agent *agent, struct pair *pair, int64_t now_us);
void check_repeat(struct ice_agent *agent, struct pair *pair, int64_t now_us);
/* The next consent check of the pair in use: as check_begin, but it is not repeated. */
void check_consent(struct ice_agent *agent, struct pair *pair);

/* ---- agent.c ---- */

/* Can checks be sent? */
bool agent_checks(const struct ice_agent *agent);
void agent_set_role(struct ice_agent *agent, bool controlling);
/* `pair` has been shown to work, or was nominated: what follows from that. */
void agent_settle(struct ice_agent *agent, struct pair *pair, int64_t now_us);
/* The peer has answered on `pair`: it still wants what we send. */
void agent_confirm(struct ice_agent *agent, const struct pair *pair, int64_t now_us);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * An ICE agent of one media section (RFC 8445, trickle RFC 8838, consent RFC 7675; spec media 9):
 * full or lite, in both roles. It has no sockets and no clock: datagrams and time are passed in,
 * what it wants is told through ice_ops, from within the call that brought it about.
 *
 * An agent belongs to one thread. It is made from ice_params, which control makes and nobody
 * changes; all that is learned is in the agent. All of its lists are bounded.
 */
#ifndef ICE_AGENT_H
#define ICE_AGENT_H

#include "ice/candidate.h"
#include "ice/stun.h"

enum {
	ICE_MAX_LOCALS = 16,   /* addresses times components */
	ICE_MAX_REMOTES = 100, /* candidates, those found by checks included */
	ICE_MAX_PAIRS = 100,
	ICE_OWN_UFRAG = 8, /* characters (spec NG 4.8) */
	ICE_OWN_PWD = 26,
	ICE_SECRET_BYTES = 16,
};

/* By the clock that is passed in. */
static const int64_t ICE_PACE_US = 20000;        /* between two new checks */
static const int64_t ICE_FIRST_RTO_US = 100000;  /* doubles, ICE_MAX_SENT in all */
static const int64_t ICE_NOMINATE_US = 100000;   /* once there is a pair, for better ones */
static const int64_t ICE_PATIENCE_US = 39500000; /* no failure before (RFC 8863) */
static const int64_t ICE_CONSENT_US = 5000000;   /* between two checks, give or take a fifth */
static const int64_t ICE_CONSENT_EXPIRY_US = 30000000; /* without an answer */

/* Where packets may come to and leave from; its place in the list is its name. */
struct ice_local {
	uint8_t component;  /* from 1 */
	uint8_t foundation; /* equal for the components of one address */
	uint8_t family;     /* enum addr_family */
	uint32_t priority;
};

/*
 * What was signalled. Counted (base/ref.h), never changed: another one takes its place, see
 * ice_agent_set. Holds passwords, which are wiped with it.
 */
struct ice_params {
	uint32_t generation; /* another one: own credentials are others, all begins anew */
	bool controlling;    /* as far as is known; of the start of a generation, no later */
	bool lite;           /* we are: checks are answered and none sent */
	bool peer_lite;
	bool consent;      /* is asked for on the pairs in use */
	bool remote_ended; /* there will be no more remote candidates */
	unsigned components;
	uint64_t tie_breaker;
	uint8_t secret[ICE_SECRET_BYTES]; /* random: what transaction numbers are made of */
	char *local_ufrag, *local_pwd;
	char *remote_ufrag, *remote_pwd; /* NULL: not known yet */
	char *software;                  /* NULL: not told */
	unsigned local_count, remote_count;
	struct ice_local locals[ICE_MAX_LOCALS];
	struct ice_candidate *remotes; /* owned */
};

/* Empty, with a reference. The texts and `remotes` are to be filled in and become its own. [any] */
struct ice_params *ice_params_new(void);
/* Do both say the same? [any] */
bool ice_params_equal(const struct ice_params *a, const struct ice_params *b);

enum ice_state { ICE_RUNNING, ICE_COMPLETED, ICE_FAILED };

enum ice_event_type {
	ICE_EVENT_PAIR,         /* packets of `component` are to be sent from `local` to `remote` */
	ICE_EVENT_COMPLETED,    /* each component has a nominated pair */
	ICE_EVENT_FAILED,       /* some component has no pair left that could work */
	ICE_EVENT_CONSENT_LOST, /* nothing may be sent to the pair of `component` any more */
	ICE_EVENT_ROLE,         /* changed, by a conflict */
};

struct ice_event {
	enum ice_event_type type;
	unsigned component; /* of PAIR and CONSENT_LOST */
	unsigned local;     /* of PAIR: place in the list of locals */
	bool nominated;     /* of PAIR: not only valid */
	bool controlling;   /* of ROLE */
	struct addr remote; /* of PAIR and CONSENT_LOST */
};

struct ice_ops {
	/* `data` is valid during the call. It may be lost. */
	void (*send)(
		void *arg, unsigned local, const struct addr *to, const uint8_t *data, size_t len);
	/* The agent must not be called from here, but for what reads it. */
	void (*event)(void *arg, const struct ice_event *event);
};

/* What happened; for those who ask. */
struct ice_counts {
	uint64_t checks_sent, checks_received, responses_sent, refused, unauthorized, conflicts;
	uint64_t evicted; /* candidates and pairs for which there was no room */
};

struct ice_agent;

/* Takes a reference to `params`. Does nothing before ice_agent_start. [any] */
struct ice_agent *ice_agent_new(struct ice_params *params, const struct ice_ops *ops, void *arg);
/* NULL is fine. */
void ice_agent_free(struct ice_agent *agent);
void ice_agent_start(struct ice_agent *agent, int64_t now_us);
/*
 * New signalling; takes a reference. With an equal generation all goes on: candidates are added,
 * components that are gone are forgotten, and other remote credentials begin the checks anew.
 * Another generation does that in any case; pairs in use stay so until others take their place.
 */
void ice_agent_set(struct ice_agent *agent, struct ice_params *params, int64_t now_us);
/* Another object gets what the agent tells from now on. */
void ice_agent_set_arg(struct ice_agent *agent, void *arg);

enum ice_verdict {
	ICE_TAKEN,        /* was for the agent */
	ICE_NOT_STUN,     /* nothing that ICE would send */
	ICE_UNAUTHORIZED, /* not by the peer; answered if it was a request */
	ICE_BAD_REQUEST,  /* lacks something, or has what is not known; answered */
	ICE_STRAY,        /* an answer to nothing that was asked, or from elsewhere */
};

/* A datagram that begins like STUN has come to `local` from `from`. */
enum ice_verdict ice_agent_receive(struct ice_agent *agent, unsigned local, const struct addr *from,
	const uint8_t *data, size_t len, int64_t now_us);
/* What is due by now. */
void ice_agent_run(struct ice_agent *agent, int64_t now_us);
/* When to call ice_agent_run next; -1: not before something comes. */
int64_t ice_agent_next_us(const struct ice_agent *agent);

/*
 * Is `from` the remote end of a pair that a check by the peer or of ours has shown to be its, for
 * `component`? Those of the generation before count until all components have a nominated pair.
 */
bool ice_agent_valid(const struct ice_agent *agent, unsigned component, const struct addr *from);
/* The pair in use of a component; false: there is none. */
bool ice_agent_pair(const struct ice_agent *agent, unsigned component, struct ice_event *ret);
enum ice_state ice_agent_state(const struct ice_agent *agent);
bool ice_agent_controlling(const struct ice_agent *agent);
const struct ice_params *ice_agent_params(const struct ice_agent *agent);
struct ice_counts ice_agent_counts(const struct ice_agent *agent);

#endif

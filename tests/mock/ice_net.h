/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A network for ICE agents, in memory and by a clock of its own: hosts with several addresses,
 * behind NATs or not, packets that are late, lost, or overtaken. What is random is the same in
 * every run.
 */
#ifndef MOCK_ICE_NET_H
#define MOCK_ICE_NET_H

#include "ice/agent.h"

#include <glib.h>

enum ice_nat {
	NAT_NONE,
	NAT_CONE,      /* one outer port per inner one; only who was sent to comes in */
	NAT_SYMMETRIC, /* one per destination */
};

struct ice_net {
	int64_t now_us;
	int64_t delay_us, jitter_us; /* of each packet, up to jitter_us more: some overtake */
	unsigned loss_percent;
	GRand *rand;
	GPtrArray *hosts;   /* struct ice_host */
	GPtrArray *packets; /* on their way */
};

struct ice_host {
	struct ice_net *net;
	struct ice_agent *agent;
	struct ice_params *params;
	enum ice_nat nat;
	struct addr outer; /* of the NAT; its ports follow this one's */
	unsigned local_count;
	struct addr locals[ICE_MAX_LOCALS];
	GArray *maps;   /* of the NAT */
	bool deaf;      /* nothing comes in */
	GArray *events; /* struct ice_event */
	unsigned sent, got;
};

struct ice_net *ice_net_new(void);
void ice_net_free(struct ice_net *net);
/*
 * A host with these addresses (port 0: chosen), `components` ports each, behind `nat`. Its
 * parameters are filled in but for the peer's.
 */
struct ice_host *ice_net_host(struct ice_net *net, const char *addresses, unsigned components,
	enum ice_nat nat, bool controlling);
/* A copy of a host's parameters, to be changed before it is set. */
struct ice_params *ice_host_params(const struct ice_host *host);
/* `host` is told credentials and, if `candidates`, the candidates of `peer`. */
void ice_host_learn(struct ice_params *params, const struct ice_host *peer, bool candidates);
/* Another generation of own credentials. */
void ice_params_restart(struct ice_params *params);
/* Takes `params`: starts the agent, or gives it these. */
void ice_host_set(struct ice_host *host, struct ice_params *params);
/* Both learn of each other, and start. */
void ice_net_connect(struct ice_host *a, struct ice_host *b);
/* Time passes. */
void ice_net_run(struct ice_net *net, int64_t us);
/* A datagram by whoever. */
void ice_net_inject(struct ice_net *net, const struct addr *from, const struct addr *to,
	const uint8_t *data, size_t len);
unsigned ice_host_count(const struct ice_host *host, enum ice_event_type type);
/* Where the pair in use leads, as text; "": there is none. */
const char *ice_host_pair(const struct ice_host *host, unsigned component);

#endif

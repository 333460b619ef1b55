/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The UDP ports of one local address. A port that is out of the pool is a *lease*: counted, and
 * held by the versions of a call's model and by the worker's stream sets that use it; the last
 * one to drop it closes the port and returns its number. All of it [control].
 */
#ifndef NET_PORTS_H
#define NET_PORTS_H

#include "base/err.h"
#include "net/socket.h"

struct port_pool;

/* Whose a lease is: one flow of one section of one party of a call. It never changes hands. */
struct lease_owner {
	uint64_t call; /* its session's id; 0: nobody's yet */
	uint32_t party;
	uint16_t section, component;
};

/* Who is told of the ports that calls have. [control] */
struct port_guard {
	void (*opened)(void *arg, const struct addr *local, struct str call_id);
	void (*closed)(void *arg, const struct addr *local);
	void *arg;
};

/* Counted by base/ref: ref_take, ref_drop. */
struct lease {
	struct port *port; /* open as long as the lease lives */
	struct port_pool *pool;
	uint16_t number;
	struct lease_owner owner;
};

struct port_pool *port_pool_new(const struct addr *local, uint16_t port_min, uint16_t port_max,
	const struct port_engine *engine); /* 1 ≤ port_min ≤ port_max */
/* Before the first lease. */
void port_pool_use_engine(struct port_pool *pool, const struct port_engine *engine);
void port_pool_use_guard(struct port_pool *pool, const struct port_guard *guard); /* likewise */
const struct port_engine *port_pool_engine(const struct port_pool *pool);
void port_pool_free(struct port_pool *pool); /* no lease may be left; NULL is fine */
/*
 * Opens `pairs` pairs, each an even port and the next odd one, into ret[0 … 2*pairs-1]. All or
 * none: 0, or -ENOSPC with `err` "Ran out of ports" (nothing free that could be bound), or
 * another -errno with the reason why binding failed. Numbers are taken in an order shuffled at
 * start; a returned one goes to the end. A number that cannot be bound (EADDRINUSE) goes to the
 * end and the next is tried. Ports are opened without TOS: see port_engine.set_tos.
 */
int port_pool_lease_pairs(
	struct port_pool *pool, unsigned pairs, struct lease **ret, struct err *err);
/*
 * One port of either parity (muxed media). Halves of pairs broken already go first, once they
 * have rested, so that whole pairs stay. Errors as above.
 */
int port_pool_lease_one(struct port_pool *pool, struct lease **ret, struct err *err);
/*
 * A given number, for restoring a snapshot. -ERANGE: not of this pool (or excluded); -EBUSY:
 * leased; else the engine's error.
 */
int port_pool_lease_at(
	struct port_pool *pool, uint16_t number, struct lease **ret, struct err *err);
/* False: it is another's, and stays so. The first owner is told to the pool's guard. */
bool lease_claim(struct lease *lease, const struct lease_owner *owner, struct str call_id);
bool lease_owned_by(const struct lease *lease, const struct lease_owner *owner);
unsigned port_pool_free_count(const struct port_pool *pool); /* numbers, not pairs */
unsigned port_pool_size(const struct port_pool *pool);       /* without excluded numbers */
/* First and last number, inclusive. */
uint16_t port_pool_min(const struct port_pool *pool);
uint16_t port_pool_max(const struct port_pool *pool);
unsigned port_pool_used(const struct port_pool *pool); /* leases alive */
/* Never given out (again); a lease that has it keeps it until dropped. */
void port_pool_exclude(struct port_pool *pool, uint16_t number);
const struct addr *port_pool_local(const struct port_pool *pool);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The steered engine's beginning and end; the engine itself is one of socket.h. */
#ifndef NET_ENGINE_STEERED_H
#define NET_ENGINE_STEERED_H

#include "net/claim.h"
#include "net/socket.h"

/*
 * Makes it ready for ports of these addresses, `loop_count` loops at most. Ports of other addresses
 * or numbers are epoll's. With `bind_all` each port has a bound socket as well, for numbers that
 * the system hands out by itself. Numbers that others have, or that a daemon which began earlier
 * steers, are refused as those in use. All that needs rights (CAP_BPF, CAP_NET_ADMIN, CAP_NET_RAW)
 * is done here. 0, or -errno and what did not work; nothing is left then. It is not to be relied on
 * before port_engine_steered_test. [main, before there are threads]
 */
int port_engine_steered_start(const struct addr *addrs, unsigned addr_count,
	const struct port_span *ports, unsigned loop_count, bool bind_all, struct err *err);
/*
 * Right after that, with the same addresses and numbers: sends a packet through it for each address
 * that this machine has. 0, or -errno and what did not work: the caller stops it then. [main]
 */
int port_engine_steered_test(const struct addr *addrs, unsigned addr_count,
	const struct port_span *ports, struct err *err);
/* No port may be left, and no loop. Does nothing when it was not started. [main] */
void port_engine_steered_stop(void);
const struct port_engine *port_engine_steered(void);

/* What a look around has found. */
struct steered_news {
	unsigned conflicts;        /* open ports whose number somebody else has bound since */
	struct addr conflict;      /* one of them */
	const struct claim *claim; /* a daemon's whose ports are left to it, until the next step;
				       NULL: none */
};

/*
 * Looks who else has numbers of ours, for about as long as `budget_us` says; 0: to the end. True:
 * the look is complete, and the next call begins another. One is done at start. A conflict is told
 * once, when two looks have found it, and counted (REASON_PORT_CONFLICT). [control]
 */
bool port_engine_steered_survey(int64_t budget_us, struct steered_news *ret_news);

#endif

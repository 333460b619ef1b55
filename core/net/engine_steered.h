/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The steered engine's beginning and end; the engine itself is one of socket.h. */
#ifndef NET_ENGINE_STEERED_H
#define NET_ENGINE_STEERED_H

#include "net/ephemeral.h"
#include "net/socket.h"

/*
 * Makes it ready for ports of these addresses, `loop_count` loops at most, and sends a packet
 * through it for each address that this machine has. Ports of other addresses or numbers are
 * epoll's. All that needs rights (CAP_BPF, CAP_NET_ADMIN, CAP_NET_RAW) is done here. 0, or -errno
 * and what did not work; nothing is left then. [main, before there are threads]
 */
int port_engine_steered_start(const struct addr *addrs, unsigned addr_count,
	const struct port_span *ports, unsigned loop_count, struct err *err);
/* No port may be left, and no loop. Does nothing when it was not started. [main] */
void port_engine_steered_stop(void);
const struct port_engine *port_engine_steered(void);

#endif

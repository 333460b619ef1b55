/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who steers which ports of this network namespace: a steered port has no socket that others could
 * see, so each daemon that steers has a socket with a telling name (abstract, AF_UNIX) for each of
 * its addresses. It goes with the process, however that ends, and anybody may list such names:
 * /proc/net/unix.
 */
#ifndef NET_CLAIM_H
#define NET_CLAIM_H

#include "base/err.h"
#include "net/addr.h"
#include "net/ephemeral.h"

struct claim {
	struct addr addr; /* port 0 */
	struct port_span ports;
	bool bound; /* its ports have sockets all the same: others see them */
	uint64_t since_us;
	unsigned pid;
};

/* The socket that stands for it, to be closed by the caller. 0, or -errno and why. [any] */
int claim_open(const struct claim *claim, int *ret_fd, struct err *err);
/* A line of /proc/net/unix. False: none of a claim. [any] */
bool claim_parse(const char *line, struct claim *ret_claim);
/*
 * Must who made `mine` leave the ports alone that both have? The later one does. Two that bind all
 * their ports need not: each sees what the other has. [any]
 */
bool claim_yields(const struct claim *mine, const struct claim *other);

#endif

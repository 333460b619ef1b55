/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which socket a datagram goes to, decided by a program in the kernel (BPF, sk_lookup) before the
 * kernel looks for a bound one. Ports that nobody steers are left to the kernel, and so is
 * everything once the process has ended: what attaches the program is a descriptor.
 */
#ifndef NET_STEER_H
#define NET_STEER_H

#include "base/err.h"
#include "net/addr.h"

struct steer;

enum {
	STEER_ADDRS_MAX = 64,  /* the program compares one by one */
	STEER_LANES_MAX = 255, /* one byte per port tells its lane */
	STEER_NOWHERE = -1,
};

/*
 * For datagrams to these addresses (whose ports do not matter), to be received on one socket per
 * address and lane. Nothing is steered yet. 0, or -errno and why. Needs CAP_BPF and
 * CAP_NET_ADMIN; what follows does not. [main]
 */
int steer_new(const struct addr *addrs, unsigned addr_count, unsigned lane_count,
	struct steer **ret_steer, struct err *err);
void steer_free(struct steer *steer); /* NULL is fine */
/* The socket, bound and of the address's family, of that address and lane. 0 or -errno. [main] */
int steer_set_socket(struct steer *steer, unsigned addr_index, unsigned lane, int fd);
/* To a lane's socket from now on, or to STEER_NOWHERE: one store, no system call. [any] */
void steer_port(struct steer *steer, unsigned addr_index, uint16_t port, int lane);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The way out for datagrams that no queue takes: longer than a route takes in one piece, or from a
 * port that is on no loop. The system writes their IP headers and makes the fragments, as it does
 * for a UDP socket's; a system call each.
 */
#ifndef NET_UDP_OUT_H
#define NET_UDP_OUT_H

#include "base/err.h"
#include "net/udp_header.h"

/* A socket for all local addresses of a family. Needs CAP_NET_RAW. 0, or -errno and why. [main] */
int udp_out_open(bool ip6, int *ret_fd, struct err *err);
/* With the system's time to live, whatever `origin` says. 0 or -errno. [any] */
int udp_out_send(int fd, const struct udp_origin *origin, const uint8_t *payload, size_t len,
	const union sock *to);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Datagrams that tell others of what happens; nobody answers them. */
#ifndef CONTROL_REPORT_UDP_H
#define CONTROL_REPORT_UDP_H

#include "net/addr.h"

#include <stddef.h>

/*
 * Sends what fits into a datagram without waiting; what cannot be sent is a log line, at most one
 * in a while. Sockets are opened when they are first needed. [control]
 */
void report_udp(const struct addr *to, const char *text, size_t len);
/* Closes them. [main] */
void report_udp_close(void);

#endif

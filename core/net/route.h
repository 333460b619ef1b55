/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which of our addresses the system would use towards another. */
#ifndef NET_ROUTE_H
#define NET_ROUTE_H

#include "net/addr.h"

/* Nothing is sent. 0 and the address with port 0, or -errno. [any] */
int route_local(const struct addr *to, struct addr *ret_local);

#endif

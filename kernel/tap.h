/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copies of packets for the socket that asked for those of a table. */
#ifndef KERNEL_TAP_H
#define KERNEL_TAP_H

#include "receive.h"

/* A copy of a packet that was taken and not changed yet; never waits. Under RCU. */
void fwd_tap(struct packet *p);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A packet that was taken, to all sinks that want it. */
#ifndef KERNEL_SEND_H
#define KERNEL_SEND_H

#include "receive.h"

/* p->skb is gone afterwards. Under RCU. */
void fwd_send(struct packet *p);

#endif

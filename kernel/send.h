/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A packet that was taken, to all sinks that want it. */
#ifndef KERNEL_SEND_H
#define KERNEL_SEND_H

#include "receive.h"

/*
 * Does one of the sinks that want the packet lead to a target on this host, whose sinks could lead
 * back here? Under RCU.
 */
bool fwd_leads_back(struct packet *p);
/* p->skb is gone afterwards. Under RCU. */
void fwd_send(struct packet *p);

/* The IPv6 flow label of what a socket with the sink's addresses sends. */
__be32 fwd_flow_label(struct net *net, const struct sink *s);

#endif

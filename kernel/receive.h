/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A datagram for a target, from the hook to its sinks. */
#ifndef KERNEL_RECEIVE_H
#define KERNEL_RECEIVE_H

#include <linux/skbuff.h>

#include "table.h"

struct packet {
	struct sk_buff *skb; /* its data begins with the IP header */
	struct forward_net *fn;
	struct target *target;
	struct addr from, to;
	unsigned int hook;
	unsigned int udp_offset;     /* of the UDP header in skb->data */
	unsigned int payload_offset; /* of what is in the datagram */
	unsigned int payload_bytes;
	u64 now_us;
	bool rtp, rtcp;   /* neither: the target takes all */
	u8 ssrc_place;    /* of RTP, in the target's list */
	u8 payload_place; /* of RTP, in the target's list */
};

/*
 * With target, addresses, hook and udp_offset set, the UDP header in the linear part. A verdict of
 * netfilter: NF_STOLEN if it was taken, NF_ACCEPT if it goes up untouched, NF_DROP. Under RCU, with
 * softirqs off: so all that packets come through may take locks, and count by CPU.
 */
unsigned int fwd_receive(struct packet *p);

#endif

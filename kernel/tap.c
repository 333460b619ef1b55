// SPDX-License-Identifier: GPL-2.0-or-later
/* Copies by netlink. Who does not read fast enough misses some, and is told how many. */
#include "tap.h"

#include <net/genetlink.h>

#include "control.h"
#include "stats.h"

/* NULL: no memory. */
static struct sk_buff *copy(const struct packet *p, u32 portid)
{
	struct forward_tap_packet head = {
		.id = p->target->counts.id,
		.now_us = p->now_us,
		.lost_before = READ_ONCE(p->target->lost_copies),
		.flags = p->rtcp ? FORWARD_TAP_RTCP : 0,
	};
	struct nlattr *payload;
	struct sk_buff *skb;
	void *message;

	skb = genlmsg_new(nla_total_size(sizeof(u32)) + nla_total_size(sizeof(head)) +
				  nla_total_size(p->payload_bytes),
		GFP_ATOMIC | __GFP_NOWARN);
	if (!skb)
		return NULL;
	fwd_addr_export(&p->from, &head.from);
	fwd_addr_export(&p->to, &head.to);
	message = genlmsg_put(skb, 0, 0, fwd_family(), 0, FORWARD_CMD_PACKET);
	if (!message || nla_put_u32(skb, FORWARD_A_TABLE, p->target->table->number) ||
		nla_put(skb, FORWARD_A_TAP_PACKET, sizeof(head), &head))
		goto no_room;
	payload = nla_reserve(skb, FORWARD_A_PAYLOAD, p->payload_bytes);
	if (!payload ||
		skb_copy_bits(p->skb, p->payload_offset, nla_data(payload), p->payload_bytes))
		goto no_room;
	genlmsg_end(skb, message);
	return skb;

no_room:
	nlmsg_free(skb);
	return NULL;
}

void fwd_tap(struct packet *p)
{
	u32 portid = READ_ONCE(p->target->table->tap_portid);
	struct sk_buff *skb = portid ? copy(p, portid) : NULL;

	fwd_count_tapped(p, skb && !genlmsg_unicast(p->fn->net, skb, portid));
}

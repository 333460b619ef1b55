// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Whether a packet may come in, and as what, routing tells by its addresses and ports, its device,
 * its mark, TOS and flow label. Where all of these are as they were, and no route or address of the
 * host has changed since, it would say the same again.
 */
#include "early.h"

#include <linux/ip.h>
#include <linux/ipv6.h>
#include <net/dst.h>
#include <net/ip.h>
#include <net/ip6_fib.h>
#include <net/ipv6.h>

/* What routing looks at besides addresses and ports. */
static __be32 flow_of(const struct packet *p)
{
	if (p->to.family == 6)
		return ip6_flowinfo(ipv6_hdr(p->skb));
	return (__force __be32)ip_hdr(p->skb)->tos;
}

static bool came_so(const struct packet *p, const struct way_in *w)
{
	return w->ifindex == p->skb->dev->ifindex && w->mark == p->skb->mark &&
	       w->flow == flow_of(p) && addr_equal(&w->from, &p->from);
}

/* NULL: none, or it is being replaced. */
static struct dst_entry *remembered(const struct packet *p)
{
	const struct way_in *w = &p->target->way_in;
	unsigned int sequence = raw_seqcount_begin(&w->sequence);
	struct dst_entry *dst = rcu_dereference(w->route);
	u32 cookie;

	if (!dst || !came_so(p, w))
		return NULL;
	cookie = w->cookie;
	if (read_seqcount_retry(&w->sequence, sequence))
		return NULL;
	return dst_check(dst, cookie);
}

void fwd_early_set(const struct packet *p)
{
	struct dst_entry *dst = remembered(p);

	/* The target holds it until no packet can be here. */
	if (dst)
		skb_dst_set_noref(p->skb, dst);
}

void fwd_early_keep(const struct packet *p)
{
	struct way_in *w = &p->target->way_in;
	struct dst_entry *dst = skb_dst(p->skb), *old;

	if (likely(dst == rcu_access_pointer(w->route) && came_so(p, w)))
		return;
	/* What this host sends to itself has its route from there. */
	if (!dst || p->skb->dev->flags & IFF_LOOPBACK || !dst_hold_safe(dst))
		return;
	spin_lock(&p->target->lock);
	write_seqcount_begin(&w->sequence);
	w->from = p->from;
	w->ifindex = p->skb->dev->ifindex;
	w->mark = p->skb->mark;
	w->flow = flow_of(p);
	w->cookie = p->to.family == 6 ? rt6_get_cookie((const struct rt6_info *)dst) : 0;
	old = rcu_replace_pointer(w->route, dst, lockdep_is_held(&p->target->lock));
	write_seqcount_end(&w->sequence);
	spin_unlock(&p->target->lock);
	/* Its memory stays for who is still using it. */
	dst_release(old);
}

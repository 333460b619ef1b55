// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The way in: is this datagram for a target of ours? Nothing is changed here, and what is no
 * plain UDP, or for nobody we know, goes on after a few comparisons.
 */
#include "hook.h"

#include <linux/bottom_half.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/netfilter_ipv4.h>
#include <linux/netfilter_ipv6.h>
#include <linux/preempt.h>
#include <linux/udp.h>
#include <net/ip.h>
#include <net/ipv6.h>

#include "early.h"
#include "receive.h"
#include "table.h"

/*
 * Input: behind all that may drop or change a packet; and before routing, only to save that, behind
 * all that may change a packet there. Prerouting: behind what exempts packets from tracking, before
 * tracking.
 */
enum {
	INPUT_PRIORITY = INT_MAX - 1,
	EARLY_PRIORITY = INT_MAX,
	PREROUTING_PRIORITY = NF_IP_PRI_RAW + 1,
};

static u8 hook_of(const struct nf_hook_state *state)
{
	return state->hook == NF_INET_LOCAL_IN ? FORWARD_HOOK_INPUT : FORWARD_HOOK_PREROUTING;
}

/* What a UDP datagram over IPv4 is from and to. False: it is none, or only a part of one. */
static bool read_ip4(struct packet *p, struct forward_net *fn, struct sk_buff *skb)
{
	unsigned int offset = ip_hdrlen(skb);
	const struct udphdr *udp;
	const struct iphdr *ip;

	/* Of a fragment, nobody knows the port. */
	if (ip_hdr(skb)->protocol != IPPROTO_UDP || ip_is_fragment(ip_hdr(skb)) ||
		!pskb_may_pull(skb, offset + sizeof(*udp)))
		return false;
	ip = ip_hdr(skb);
	udp = (const struct udphdr *)(skb->data + offset);
	p->from = (struct addr){ .ip[0] = ip->saddr, .port = udp->source, .family = 4 };
	p->to = (struct addr){ .ip[0] = ip->daddr, .port = udp->dest, .family = 4 };
	p->skb = skb;
	p->fn = fn;
	p->udp_offset = offset;
	return true;
}

static bool read_ip6(struct packet *p, struct forward_net *fn, struct sk_buff *skb)
{
	const unsigned int offset = sizeof(struct ipv6hdr);
	const struct udphdr *udp;
	const struct ipv6hdr *ip;

	/* Extension headers, that of fragments among them, are none of ours. */
	if (ipv6_hdr(skb)->nexthdr != IPPROTO_UDP || !pskb_may_pull(skb, offset + sizeof(*udp)))
		return false;
	ip = ipv6_hdr(skb);
	udp = (const struct udphdr *)(skb->data + offset);
	p->from.family = 6;
	memcpy(p->from.ip, &ip->saddr, sizeof(p->from.ip));
	p->from.port = udp->source;
	p->to.family = 6;
	memcpy(p->to.ip, &ip->daddr, sizeof(p->to.ip));
	p->to.port = udp->dest;
	p->skb = skb;
	p->fn = fn;
	p->udp_offset = offset;
	return true;
}

/* Is it for a target of a table with this hook? */
static bool find(struct packet *p, u8 hook)
{
	p->target = fwd_target_find(p->fn, &p->to);
	return p->target && READ_ONCE(p->target->table->hook) == hook;
}

static unsigned int take(struct packet *p, const struct nf_hook_state *state)
{
	unsigned int verdict;

	if (!find(p, hook_of(state)) || !table_alive(p->target->table))
		return NF_ACCEPT;
	p->hook = state->hook;
	p->rtp = p->rtcp = false;
	if (likely(in_softirq()))
		return fwd_receive(p);
	/* What was queued to user space comes by its verdict, in a process. */
	local_bh_disable();
	verdict = fwd_receive(p);
	local_bh_enable();
	return verdict;
}

static unsigned int take_ip4(void *fn, struct sk_buff *skb, const struct nf_hook_state *state)
{
	struct packet p;

	return read_ip4(&p, fn, skb) ? take(&p, state) : NF_ACCEPT;
}

static unsigned int take_ip6(void *fn, struct sk_buff *skb, const struct nf_hook_state *state)
{
	struct packet p;

	return read_ip6(&p, fn, skb) ? take(&p, state) : NF_ACCEPT;
}

static bool has_route(const struct sk_buff *skb)
{
	/* Whoever has chosen a socket for it may want another route, too. */
	return skb_dst(skb) || skb->sk;
}

static unsigned int early_ip4(void *fn, struct sk_buff *skb, const struct nf_hook_state *state)
{
	struct packet p;

	if (!has_route(skb) && read_ip4(&p, fn, skb) && find(&p, FORWARD_HOOK_INPUT))
		fwd_early_set(&p);
	return NF_ACCEPT;
}

static unsigned int early_ip6(void *fn, struct sk_buff *skb, const struct nf_hook_state *state)
{
	struct packet p;

	if (!has_route(skb) && read_ip6(&p, fn, skb) && find(&p, FORWARD_HOOK_INPUT))
		fwd_early_set(&p);
	return NF_ACCEPT;
}

static const struct nf_hook_ops input_ops[] = {
	{ .hook = take_ip4,
		.pf = NFPROTO_IPV4,
		.hooknum = NF_INET_LOCAL_IN,
		.priority = INPUT_PRIORITY },
	{ .hook = take_ip6,
		.pf = NFPROTO_IPV6,
		.hooknum = NF_INET_LOCAL_IN,
		.priority = INPUT_PRIORITY },
	{ .hook = early_ip4,
		.pf = NFPROTO_IPV4,
		.hooknum = NF_INET_PRE_ROUTING,
		.priority = EARLY_PRIORITY },
	{ .hook = early_ip6,
		.pf = NFPROTO_IPV6,
		.hooknum = NF_INET_PRE_ROUTING,
		.priority = EARLY_PRIORITY },
};

static const struct nf_hook_ops prerouting_ops[] = {
	{ .hook = take_ip4,
		.pf = NFPROTO_IPV4,
		.hooknum = NF_INET_PRE_ROUTING,
		.priority = PREROUTING_PRIORITY },
	{ .hook = take_ip6,
		.pf = NFPROTO_IPV6,
		.hooknum = NF_INET_PRE_ROUTING,
		.priority = PREROUTING_PRIORITY },
};

static const struct {
	const struct nf_hook_ops *ops;
	unsigned int count;
} hooks[HOOKS] = {
	[FORWARD_HOOK_INPUT] = { input_ops, ARRAY_SIZE(input_ops) },
	[FORWARD_HOOK_PREROUTING] = { prerouting_ops, ARRAY_SIZE(prerouting_ops) },
};

void fwd_hook_net_init(struct forward_net *fn)
{
	unsigned int hook, i;

	BUILD_BUG_ON(ARRAY_SIZE(input_ops) > HOOK_OPS || ARRAY_SIZE(prerouting_ops) > HOOK_OPS);
	for (hook = 0; hook < HOOKS; hook++) {
		for (i = 0; i < hooks[hook].count; i++) {
			fn->hooks[hook][i] = hooks[hook].ops[i];
			fn->hooks[hook][i].priv = fn;
		}
	}
}

int fwd_hook_use(struct forward_net *fn, u8 hook)
{
	int ret = 0;

	lockdep_assert_held(&fn->lock);
	if (!fn->hook_users[hook])
		ret = nf_register_net_hooks(fn->net, fn->hooks[hook], hooks[hook].count);
	if (!ret)
		fn->hook_users[hook]++;
	return ret;
}

void fwd_hook_unuse(struct forward_net *fn, u8 hook)
{
	lockdep_assert_held(&fn->lock);
	if (!--fn->hook_users[hook])
		nf_unregister_net_hooks(fn->net, fn->hooks[hook], hooks[hook].count);
}

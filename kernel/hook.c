// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The way in: is this datagram for a target of ours? Nothing is changed here, and what is no
 * plain UDP, or for nobody we know, goes on after a few comparisons.
 */
#include "hook.h"

#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/netfilter_ipv4.h>
#include <linux/netfilter_ipv6.h>
#include <linux/udp.h>
#include <net/ip.h>
#include <net/ipv6.h>

#include "receive.h"
#include "table.h"

/*
 * Input: behind all that may drop or change a packet. Prerouting: behind what exempts packets from
 * tracking, before tracking.
 */
enum {
	INPUT_PRIORITY = INT_MAX - 1,
	PREROUTING_PRIORITY = NF_IP_PRI_RAW + 1,
};

static u8 hook_of(const struct nf_hook_state *state)
{
	return state->hook == NF_INET_LOCAL_IN ? FORWARD_HOOK_INPUT : FORWARD_HOOK_PREROUTING;
}

/* `p` has the packet and its addresses; the UDP header is `offset` bytes behind skb->data. */
static unsigned int take(struct packet *p, const struct nf_hook_state *state, unsigned int offset)
{
	struct target *t = fwd_target_find(p->fn, &p->to);

	if (!t || READ_ONCE(t->table->hook) != hook_of(state) || !table_alive(t->table))
		return NF_ACCEPT;
	p->target = t;
	p->hook = state->hook;
	p->udp_offset = offset;
	p->rtp = p->rtcp = false;
	return fwd_receive(p);
}

static unsigned int hook_ip4(void *priv, struct sk_buff *skb, const struct nf_hook_state *state)
{
	unsigned int offset = ip_hdrlen(skb);
	const struct udphdr *udp;
	const struct iphdr *ip;
	struct packet p;

	/* Of a fragment, nobody knows the port. */
	if (ip_hdr(skb)->protocol != IPPROTO_UDP || ip_is_fragment(ip_hdr(skb)) ||
		!pskb_may_pull(skb, offset + sizeof(*udp)))
		return NF_ACCEPT;
	ip = ip_hdr(skb);
	udp = (const struct udphdr *)(skb->data + offset);
	p.from = (struct addr){ .ip[0] = ip->saddr, .port = udp->source, .family = 4 };
	p.to = (struct addr){ .ip[0] = ip->daddr, .port = udp->dest, .family = 4 };
	p.skb = skb;
	p.fn = priv;
	return take(&p, state, offset);
}

static unsigned int hook_ip6(void *priv, struct sk_buff *skb, const struct nf_hook_state *state)
{
	const unsigned int offset = sizeof(struct ipv6hdr);
	const struct udphdr *udp;
	const struct ipv6hdr *ip;
	struct packet p;

	/* Extension headers, that of fragments among them, are none of ours. */
	if (ipv6_hdr(skb)->nexthdr != IPPROTO_UDP || !pskb_may_pull(skb, offset + sizeof(*udp)))
		return NF_ACCEPT;
	ip = ipv6_hdr(skb);
	udp = (const struct udphdr *)(skb->data + offset);
	p.from.family = 6;
	memcpy(p.from.ip, &ip->saddr, sizeof(p.from.ip));
	p.from.port = udp->source;
	p.to.family = 6;
	memcpy(p.to.ip, &ip->daddr, sizeof(p.to.ip));
	p.to.port = udp->dest;
	p.skb = skb;
	p.fn = priv;
	return take(&p, state, offset);
}

void fwd_hook_net_init(struct forward_net *fn)
{
	unsigned int hook, i;

	for (hook = 0; hook < HOOKS; hook++) {
		bool input = hook == FORWARD_HOOK_INPUT;

		for (i = 0; i < HOOK_FAMILIES; i++) {
			fn->hooks[hook][i] = (struct nf_hook_ops){
				.hook = i ? hook_ip6 : hook_ip4,
				.priv = fn,
				.pf = i ? NFPROTO_IPV6 : NFPROTO_IPV4,
				.hooknum = input ? NF_INET_LOCAL_IN : NF_INET_PRE_ROUTING,
				.priority = input ? INPUT_PRIORITY : PREROUTING_PRIORITY,
			};
		}
	}
}

int fwd_hook_use(struct forward_net *fn, u8 hook)
{
	int ret = 0;

	lockdep_assert_held(&fn->lock);
	if (!fn->hook_users[hook])
		ret = nf_register_net_hooks(fn->net, fn->hooks[hook], HOOK_FAMILIES);
	if (!ret)
		fn->hook_users[hook]++;
	return ret;
}

void fwd_hook_unuse(struct forward_net *fn, u8 hook)
{
	lockdep_assert_held(&fn->lock);
	if (!--fn->hook_users[hook])
		nf_unregister_net_hooks(fn->net, fn->hooks[hook], HOOK_FAMILIES);
}

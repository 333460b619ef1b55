// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The way out. The last sink gets the packet itself, the others a copy each: headers are put before
 * what was in the datagram, which is changed where the sink wants it, and what results leaves as if
 * a local socket had sent it: by routing, firewall and queues.
 */
#include "send.h"

#include <linux/if_vlan.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/udp.h>
#include <net/ip.h>
#include <net/ip6_checksum.h>
#include <net/ip6_fib.h>
#include <net/ip6_route.h>
#include <net/ipv6.h>
#include <net/route.h>

#include "rtp.h"
#include "stats.h"

enum {
	/* IPv6 can bring more than fits into IPv4. */
	PAYLOAD_MAX_BYTES = 65535 - sizeof(struct iphdr) - sizeof(struct udphdr),
	MTU_MIN_BYTES = 512, /* no way has less: IPv4's paths are asked for what is longer */
};

static const struct in6_addr *ip6_of(const struct addr *a)
{
	return (const struct in6_addr *)a->ip;
}

static struct dst_entry *find_route4(struct net *net, const struct sink *s)
{
	struct flowi4 flow = {
		.daddr = s->peer.ip[0],
		.saddr = s->local.ip[0],
		.flowi4_tos = RT_TOS(s->tos),
		.flowi4_proto = IPPROTO_UDP,
		.fl4_dport = s->peer.port,
		.fl4_sport = s->local.port,
	};
	struct rtable *rt = ip_route_output_flow(net, &flow, NULL);

	if (IS_ERR(rt))
		return NULL;
	if (rt->rt_flags & (RTCF_BROADCAST | RTCF_MULTICAST)) {
		ip_rt_put(rt);
		return NULL;
	}
	return &rt->dst;
}

static struct flowi6 flow6_of(const struct sink *s)
{
	return (struct flowi6){
		.daddr = *ip6_of(&s->peer),
		.saddr = *ip6_of(&s->local),
		.flowlabel = ip6_make_flowinfo(s->tos, 0),
		.flowi6_proto = IPPROTO_UDP,
		.fl6_dport = s->peer.port,
		.fl6_sport = s->local.port,
	};
}

__be32 fwd_flow_label(struct net *net, const struct sink *s)
{
	struct flowi6 flow = flow6_of(s);
	/* Only to have a hash put in, which is by addresses and ports alone. */
	struct sk_buff skb = { .hash = 0 };

	return ip6_make_flowlabel(net, &skb, 0, ip6_default_np_autolabel(net), &flow);
}

static struct dst_entry *find_route6(struct net *net, struct sink *s)
{
	struct flowi6 flow = flow6_of(s);
	struct dst_entry *dst = ip6_dst_lookup_flow(net, NULL, &flow, NULL);

	return IS_ERR(dst) ? NULL : dst;
}

/* With t->lock. */
static bool all_lead_out(const struct target *t)
{
	const struct sink *s;

	for_each_sink(s, t) {
		const struct dst_entry *dst = rcu_dereference_protected(
			s->route, lockdep_is_held(&t->lock));

		if (!dst || dst->dev->flags & IFF_LOOPBACK)
			return false;
	}
	return true;
}

/* The way to the sink, valid under RCU; NULL: there is none. */
static struct dst_entry *route_to(struct packet *p, struct sink *s)
{
	struct dst_entry *dst = rcu_dereference(s->route), *old;

	if (likely(dst && dst_check(dst, READ_ONCE(s->route_cookie))))
		return dst;
	dst = s->peer.family == 6 ? find_route6(p->fn->net, s) : find_route4(p->fn->net, s);
	spin_lock(&p->target->lock);
	if (dst && s->peer.family == 6)
		WRITE_ONCE(s->route_cookie, rt6_get_cookie((struct rt6_info *)dst));
	old = rcu_replace_pointer(s->route, dst, lockdep_is_held(&p->target->lock));
	WRITE_ONCE(p->target->ways_out, all_lead_out(p->target));
	spin_unlock(&p->target->lock);
	/* Its memory stays for who is still using it. */
	dst_release(old);
	return dst;
}

/* Back to a target on this host it could go round for ever. */
static bool comes_back(const struct packet *p, const struct dst_entry *dst, const struct sink *s)
{
	return dst->dev->flags & IFF_LOOPBACK && fwd_target_find(p->fn, &s->peer);
}

/*
 * What the sink wants changed; the RTP header is writable and in the linear part, with all
 * extensions if any are masked.
 */
static void rewrite(const struct packet *p, const struct sink *s, struct sk_buff *skb)
{
	u8 *data = skb->data;

	if (s->flags & FORWARD_SINK_PAYLOADS)
		data[1] = (data[1] & 0x80) | s->payload_out[p->payload_place];
	if (s->flags & FORWARD_SINK_REWRITE) {
		const struct forward_rewrite *r = &s->rewrite[p->ssrc_place];

		put_unaligned_be16(rtp_sequence(data) + r->sequence_add, data + 2);
		put_unaligned_be32(rtp_timestamp(data) + r->timestamp_add, data + 4);
		put_unaligned_be32(r->ssrc, data + 8);
	}
	if (s->flags & FORWARD_SINK_MASK)
		rtp_mask_extensions(data, rtp_header_bytes(data, skb->len), p->target->masked);
}

static void put_udp(struct sk_buff *skb, const struct sink *s)
{
	struct udphdr *udp = __skb_push(skb, sizeof(*udp));

	skb_reset_transport_header(skb);
	udp->source = s->local.port;
	udp->dest = s->peer.port;
	udp->len = htons(skb->len);
	/* The sum is made by the device, or where it is missing by the stack. */
	skb->ip_summed = CHECKSUM_PARTIAL;
	skb->csum_start = skb_transport_header(skb) - skb->head;
	skb->csum_offset = offsetof(struct udphdr, check);
}

static u8 hop_limit(const struct net *net, const struct dst_entry *dst)
{
	u32 limit = dst_metric_raw(dst, RTAX_HOPLIMIT);

	return limit ? limit : READ_ONCE(net->ipv4.sysctl_ip_default_ttl);
}

/* As of a socket's datagrams: what fits is not to be taken apart on its way, if that is known. */
static bool dont_fragment(const struct net *net, const struct sk_buff *skb)
{
	const struct dst_entry *dst = skb_dst(skb);

	if (READ_ONCE(net->ipv4.sysctl_ip_no_pmtu_disc) || dst_metric_locked(dst, RTAX_MTU))
		return false;
	return skb->len <= MTU_MIN_BYTES || skb->len <= dst_mtu(dst);
}

static int put_ip4(struct net *net, struct sk_buff *skb, const struct sink *s)
{
	unsigned int udp_bytes = skb->len;
	struct iphdr *ip;

	udp_hdr(skb)->check = ~csum_tcpudp_magic(
		s->local.ip[0], s->peer.ip[0], udp_bytes, IPPROTO_UDP, 0);
	ip = __skb_push(skb, sizeof(*ip));
	skb_reset_network_header(skb);
	memset(ip, 0, sizeof(*ip));
	ip->version = 4;
	ip->ihl = sizeof(*ip) / 4;
	ip->tos = s->tos;
	if (dont_fragment(net, skb))
		ip->frag_off = htons(IP_DF);
	ip->ttl = hop_limit(net, skb_dst(skb));
	ip->protocol = IPPROTO_UDP;
	ip->saddr = s->local.ip[0];
	ip->daddr = s->peer.ip[0];
	if (!ip->frag_off)
		ip_select_ident(net, skb, NULL);
	memset(IPCB(skb), 0, sizeof(*IPCB(skb)));
	skb->protocol = htons(ETH_P_IP);
	skb->priority = rt_tos2priority(s->tos);
	return ip_local_out(net, NULL, skb);
}

static int put_ip6(struct net *net, struct sk_buff *skb, struct sink *s)
{
	unsigned int udp_bytes = skb->len;
	struct ipv6hdr *ip;

	udp_hdr(skb)->check = ~csum_ipv6_magic(
		ip6_of(&s->local), ip6_of(&s->peer), udp_bytes, IPPROTO_UDP, 0);
	ip = __skb_push(skb, sizeof(*ip));
	skb_reset_network_header(skb);
	ip6_flow_hdr(ip, s->tos, s->flow_label);
	ip->payload_len = htons(udp_bytes);
	ip->nexthdr = IPPROTO_UDP;
	ip->hop_limit = ip6_dst_hoplimit(skb_dst(skb));
	ip->saddr = *ip6_of(&s->local);
	ip->daddr = *ip6_of(&s->peer);
	memset(IP6CB(skb), 0, sizeof(*IP6CB(skb)));
	skb->protocol = htons(ETH_P_IPV6);
	skb->priority = rt_tos2priority(s->tos);
	return ip6_local_out(net, NULL, skb);
}

/* Nothing of how it came here goes with it: what skb_scrub_packet does, as far as it can matter. */
static void forget_origin(struct sk_buff *skb)
{
	skb_orphan(skb);
	skb_dst_drop(skb);
	skb_ext_reset(skb);
	nf_reset_ct(skb);
	nf_reset_trace(skb);
	skb_init_secmark(skb);
	__vlan_hwaccel_clear_tag(skb);
	skb_clear_tstamp(skb);
	skb->skb_iif = 0;
	skb->mark = 0;
	ipvs_reset(skb);
#ifdef CONFIG_NET_SWITCHDEV
	skb->offload_fwd_mark = 0;
	skb->offload_l3_fwd_mark = 0;
#endif
	skb->ignore_df = 1;
}

/* Takes `skb`, which begins with what was in the datagram. 0, or -errno. */
static int send_to(struct packet *p, struct sink *s, struct sk_buff *skb)
{
	struct dst_entry *dst = route_to(p, s);
	unsigned int headroom;
	int ret;

	if (!dst || comes_back(p, dst, s) || p->payload_bytes > PAYLOAD_MAX_BYTES) {
		kfree_skb(skb);
		return -EHOSTUNREACH;
	}
	/* What came in with headers as long has room for them: no more, or it would be copied. */
	headroom = LL_RESERVED_SPACE(dst->dev) + dst->header_len + sizeof(struct udphdr) +
		   (s->peer.family == 6 ? sizeof(struct ipv6hdr) : sizeof(struct iphdr));
	ret = skb_cow(skb, headroom);
	if (ret) {
		kfree_skb(skb);
		return ret;
	}
	if (p->rtp)
		rewrite(p, s, skb);
	forget_origin(skb);
	put_udp(skb, s);
	skb_dst_set_noref(skb, dst);
	ret = s->peer.family == 6 ? put_ip6(p->fn->net, skb, s) : put_ip4(p->fn->net, skb, s);
	return net_xmit_eval(ret);
}

/* The sink behind `after` (NULL: the first) that wants it. */
static struct sink *next_sink(const struct packet *p, struct sink *after)
{
	struct sink *s = after ? after->next : p->target->sinks;

	while (s && !fwd_sink_wants(s, p))
		s = s->next;
	return s;
}

bool fwd_leads_back(struct packet *p)
{
	struct sink *s;

	/* Whether these are still the ways is asked when it is sent. */
	if (likely(READ_ONCE(p->target->ways_out)))
		return false;
	for (s = next_sink(p, NULL); s; s = next_sink(p, s)) {
		const struct dst_entry *dst = route_to(p, s);

		if (dst && comes_back(p, dst, s))
			return true;
	}
	return false;
}

void fwd_send(struct packet *p)
{
	struct sink *s = next_sink(p, NULL), *next;

	if (!s) {
		consume_skb(p->skb);
		return;
	}
	__skb_pull(p->skb, p->payload_offset);
	for (; s; s = next) {
		struct sk_buff *skb = p->skb;

		next = next_sink(p, s);
		if (next)
			skb = skb_copy(p->skb, GFP_ATOMIC);
		if (!skb || send_to(p, s, skb))
			fwd_count_unsent(p, s);
	}
}

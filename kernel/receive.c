// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What is a datagram, and is it to be taken? In the order of enum forward_pass, but for the
 * checksum, which comes late as it takes longest. Nothing is changed before all is known.
 */
#include "receive.h"

#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/ktime.h>
#include <linux/netfilter.h>
#include <linux/udp.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/xfrm.h>

#include "early.h"
#include "rtp.h"
#include "send.h"
#include "stats.h"
#include "tap.h"

/* The packet is the target's: no reason to pass it up. */
enum { TAKE = -1 };

/* A connection that is not known to the tracker yet gets known when the packet reaches a socket. */
static bool tracked(const struct sk_buff *skb)
{
#if IS_ENABLED(CONFIG_NF_CONNTRACK)
	enum ip_conntrack_info info;
	const struct nf_conn *ct = nf_ct_get(skb, &info);

	return !ct || nf_ct_is_confirmed(ct);
#else
	return true;
#endif
}

static bool put_together(const struct sk_buff *skb, bool ip6)
{
	return skb_has_frag_list(skb) || (!ip6 && IPCB(skb)->frag_max_size);
}

/* One datagram, whole, addressed to this host alone, with nothing special about it. */
static bool plain(struct packet *p)
{
	const struct udphdr *udp = (const struct udphdr *)(p->skb->data + p->udp_offset);
	bool ip6 = p->to.family == 6;
	unsigned int header = ip6 ? sizeof(struct ipv6hdr) : sizeof(struct iphdr);

	if (p->udp_offset != header || ntohs(udp->len) != p->skb->len - p->udp_offset)
		return false;
	if (p->skb->pkt_type != PACKET_HOST || skb_is_gso(p->skb) || put_together(p->skb, ip6))
		return false;
	p->payload_offset = p->udp_offset + sizeof(*udp);
	p->payload_bytes = p->skb->len - p->payload_offset;
	return tracked(p->skb) && (ip6 ? xfrm6_policy_check(NULL, XFRM_POLICY_IN, p->skb)
				       : xfrm4_policy_check(NULL, XFRM_POLICY_IN, p->skb));
}

static bool checksum_right(struct packet *p)
{
	const struct udphdr *udp = (const struct udphdr *)(p->skb->data + p->udp_offset);

	if (!udp->check && p->to.family == 4)
		return true;
	return !nf_checksum(p->skb, p->hook, p->udp_offset, IPPROTO_UDP,
		p->to.family == 6 ? AF_INET6 : AF_INET);
}

/* Is it RTP that the target asks for? */
static int examine_rtp(struct packet *p, const u8 *data)
{
	const struct target *t = p->target;
	u32 ssrc = rtp_ssrc(data);
	unsigned int i;

	if (!t->payload_place[rtp_payload(data)])
		return FORWARD_PASS_PAYLOAD;
	if (t->masks) {
		/* Found out while it is sent, it would be lost. */
		if (skb_linearize(p->skb))
			return FORWARD_PASS_MEMORY;
		data = p->skb->data + p->payload_offset;
		if (!rtp_header_bytes(data, p->payload_bytes))
			return FORWARD_PASS_MALFORMED;
	}
	p->payload_place = t->payload_place[rtp_payload(data)] - 1;
	for (i = 0; i < t->ssrc_count; i++) {
		/* What is compared never changes. */
		if (t->ssrcs[i].ssrc == ssrc) {
			p->ssrc_place = i;
			return TAKE;
		}
	}
	return FORWARD_PASS_SSRC;
}

static int examine_rtcp(struct packet *p)
{
	if (skb_linearize(p->skb))
		return FORWARD_PASS_MEMORY;
	if (!rtcp_sound(p->skb->data + p->payload_offset, p->payload_bytes))
		return FORWARD_PASS_MALFORMED;
	return TAKE;
}

static int examine_payload(struct packet *p)
{
	u32 flags = p->target->flags;
	const u8 *data;

	if (flags & FORWARD_TARGET_OPAQUE)
		return TAKE;
	if (p->payload_bytes < 2 || !pskb_may_pull(p->skb, p->payload_offset + 2))
		return FORWARD_PASS_KIND;
	data = p->skb->data + p->payload_offset;
	p->rtcp = rtcp_by_type(data);
	p->rtp = !p->rtcp && rtp_by_type(data);
	if (p->rtcp)
		return flags & FORWARD_TARGET_RTCP ? examine_rtcp(p) : FORWARD_PASS_KIND;
	if (!p->rtp || !(flags & FORWARD_TARGET_RTP))
		return FORWARD_PASS_KIND;
	if (p->payload_bytes < RTP_HEADER_BYTES)
		return FORWARD_PASS_MALFORMED;
	if (!pskb_may_pull(p->skb, p->payload_offset + RTP_HEADER_BYTES))
		return FORWARD_PASS_MEMORY;
	return examine_rtp(p, p->skb->data + p->payload_offset);
}

static int examine(struct packet *p)
{
	const struct target *t = p->target;
	int verdict;

	if (!plain(p))
		return FORWARD_PASS_FORM;
	if (t->flags & FORWARD_TARGET_SOURCE && !addr_equal(&t->source, &p->from))
		return FORWARD_PASS_SOURCE;
	verdict = examine_payload(p);
	if (verdict != TAKE)
		return verdict;
	if (!checksum_right(p))
		return FORWARD_PASS_FORM;
	return fwd_leads_back(p) ? FORWARD_PASS_LOOP : TAKE;
}

unsigned int fwd_receive(struct packet *p)
{
	int verdict = examine(p);

	if (verdict != TAKE)
		return fwd_count_passed(p, verdict);
	if (p->hook == NF_INET_LOCAL_IN)
		fwd_early_keep(p);
	p->now_us = ktime_to_us(ktime_get());
	fwd_count_taken(p);
	if (p->target->flags & FORWARD_TARGET_TAP)
		fwd_tap(p);
	fwd_send(p);
	return NF_STOLEN;
}

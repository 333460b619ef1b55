// SPDX-License-Identifier: GPL-2.0-or-later
/* A target as user space describes it: everything is checked here, before it is in any table. */
#include <linux/inetdevice.h>
#include <net/addrconf.h>
#include <net/route.h>

#include "control_priv.h"
#include "send.h"

#define REFUSE(extack, attr, sentence)                       \
	({                                                   \
		NL_SET_ERR_MSG_ATTR(extack, attr, sentence); \
		-EINVAL;                                     \
	})

enum {
	KINDS = FORWARD_TARGET_RTP | FORWARD_TARGET_RTCP | FORWARD_TARGET_OPAQUE,
	TARGET_FLAGS = KINDS | FORWARD_TARGET_SOURCE | FORWARD_TARGET_DROP_OTHERS |
		       FORWARD_TARGET_TAP,
	SINK_CHANGES = FORWARD_SINK_REWRITE | FORWARD_SINK_PAYLOADS | FORWARD_SINK_MASK,
	SINK_FLAGS = FORWARD_SINK_RTP | FORWARD_SINK_RTCP | SINK_CHANGES,
	SSRC_FLAGS = FORWARD_SSRC_STARTED | FORWARD_SSRC_TRANSIT_KNOWN,
};

const struct nla_policy fwd_target_policy[FORWARD_TARGET_A_END] = {
	[FORWARD_TARGET_A_TARGET] = NLA_POLICY_EXACT_LEN(sizeof(struct forward_target)),
	[FORWARD_TARGET_A_SINKS] = {
		.type = NLA_BINARY,
		.len = FORWARD_MAX_SINKS * sizeof(struct forward_sink),
	},
	[FORWARD_TARGET_A_SSRCS] = {
		.type = NLA_BINARY,
		.len = FORWARD_MAX_SSRCS * sizeof(struct forward_ssrc),
	},
	[FORWARD_TARGET_A_PAYLOADS] = {
		.type = NLA_BINARY,
		.len = FORWARD_MAX_PAYLOADS * sizeof(struct forward_payload),
	},
	[FORWARD_TARGET_A_DECRYPT] = {
		.type = NLA_REJECT,
		.reject_message = "this module does not decrypt",
	},
	[FORWARD_TARGET_A_ENCRYPT] = {
		.type = NLA_REJECT,
		.reject_message = "this module does not encrypt",
	},
};

static int check_ip4(
	const struct addr *a, const struct nlattr *attr, struct netlink_ext_ack *extack)
{
	if (a->ip[1] || a->ip[2] || a->ip[3])
		return REFUSE(extack, attr, "an IPv4 address has bytes behind its four");
	if (ipv4_is_zeronet(a->ip[0]) || ipv4_is_multicast(a->ip[0]) || ipv4_is_lbcast(a->ip[0]))
		return REFUSE(extack, attr, "an IPv4 address is not that of one host");
	return 0;
}

static int check_ip6(
	const struct addr *a, const struct nlattr *attr, struct netlink_ext_ack *extack)
{
	const struct in6_addr *ip = (const struct in6_addr *)a->ip;

	if (!ipv6_mod_enabled())
		return REFUSE(extack, attr, "there is no IPv6 on this host");
	if (ipv6_addr_any(ip) || ipv6_addr_is_multicast(ip) || ipv6_addr_v4mapped(ip))
		return REFUSE(extack, attr, "an IPv6 address is not that of one host");
	if (ipv6_addr_type(ip) & IPV6_ADDR_LINKLOCAL)
		return REFUSE(extack, attr, "link-local addresses are not supported");
	return 0;
}

int fwd_addr_import(const struct forward_addr *from, const struct nlattr *attr,
	struct netlink_ext_ack *extack, struct addr *ret)
{
	struct addr a;

	/* In a message it may lie on any boundary of four bytes: all its members can be read so. */
	a.family = from->family;
	a.port = from->port;
	memcpy(a.ip, from->ip, sizeof(a.ip));
	if (from->reserved)
		return REFUSE(extack, attr, "a reserved byte of an address is not 0");
	if (a.family != 4 && a.family != 6)
		return REFUSE(extack, attr, "an address is neither IPv4 nor IPv6");
	if (!a.port)
		return REFUSE(extack, attr, "an address has no port");
	*ret = a;
	return a.family == 4 ? check_ip4(&a, attr, extack) : check_ip6(&a, attr, extack);
}

static bool is_local(struct net *net, const struct addr *a)
{
	if (a->family == 4)
		return inet_addr_type(net, a->ip[0]) == RTN_LOCAL;
	return ipv6_chk_addr(net, (const struct in6_addr *)a->ip, NULL, 0);
}

static int check_flags(
	const struct forward_target *in, const struct nlattr *attr, struct netlink_ext_ack *extack)
{
	static const struct forward_addr none;

	if (in->flags & ~TARGET_FLAGS || in->reserved)
		return REFUSE(extack, attr, "a target has flags that are not known");
	if (!(in->flags & KINDS))
		return REFUSE(extack, attr, "a target asks for nothing: no RTP, no RTCP, not all");
	if (in->flags & FORWARD_TARGET_OPAQUE && (in->flags & KINDS) != FORWARD_TARGET_OPAQUE)
		return REFUSE(extack, attr, "a target that takes all asks for RTP or RTCP as well");
	if (in->flags & FORWARD_TARGET_DROP_OTHERS && !(in->flags & FORWARD_TARGET_SOURCE))
		return REFUSE(extack, attr, "other sources are to be dropped, but none is named");
	if (!(in->flags & FORWARD_TARGET_SOURCE) && memcmp(&in->source, &none, sizeof(none)))
		return REFUSE(extack, attr, "a target has a source that is not to be checked");
	return 0;
}

static int take_target(struct target *t, const struct nlattr *attr, struct net *net,
	struct netlink_ext_ack *extack)
{
	struct forward_target in;
	int ret;

	nla_memcpy(&in, attr, sizeof(in));
	ret = check_flags(&in, attr, extack);
	if (!ret)
		ret = fwd_addr_import(&in.local, attr, extack, &t->local);
	if (!ret && in.flags & FORWARD_TARGET_SOURCE)
		ret = fwd_addr_import(&in.source, attr, extack, &t->source);
	if (ret)
		return ret;
	if (!is_local(net, &t->local))
		return REFUSE(extack, attr, "a target's address is not one of this host");
	if (in.flags & FORWARD_TARGET_SOURCE && t->source.family != t->local.family)
		return REFUSE(extack, attr, "a target's source is of another address family");
	t->flags = in.flags;
	memcpy(t->masked, in.masked, sizeof(t->masked));
	t->counts.id = in.id;
	t->counts.local = in.local;
	t->counts.flags = in.flags;
	return 0;
}

/* How many elements of `bytes` an array has; no attribute: 0. */
static int count_of(
	const struct nlattr *attr, size_t bytes, struct netlink_ext_ack *extack, unsigned int *ret)
{
	unsigned int len = attr ? nla_len(attr) : 0;

	if (len % bytes)
		return REFUSE(extack, attr, "the size of a list is not that of whole elements");
	*ret = len / bytes;
	return 0;
}

static int take_payloads(
	struct target *t, const struct nlattr *attr, struct netlink_ext_ack *extack)
{
	struct forward_payload in;
	unsigned int count, i;
	int ret;

	ret = count_of(attr, sizeof(in), extack, &count);
	if (ret)
		return ret;
	if (count && !(t->flags & FORWARD_TARGET_RTP))
		return REFUSE(extack, attr, "payload types are listed, but no RTP is asked for");
	for (i = 0; i < count; i++) {
		memcpy(&in, nla_data(attr) + i * sizeof(in), sizeof(in));
		if (in.type >= PAYLOAD_TYPES || in.flags || in.reserved)
			return REFUSE(extack, attr, "a payload type is above 127, or has flags");
		if (t->payload_place[in.type])
			return REFUSE(extack, attr, "a payload type is listed twice");
		t->payloads[i].type = in.type;
		t->payloads[i].clock_hz = in.clock_hz;
		t->payload_place[in.type] = i + 1;
		t->payload_count++;
	}
	return 0;
}

static int take_ssrcs(struct target *t, const struct nlattr *attr, struct netlink_ext_ack *extack)
{
	unsigned int count, i, k;
	int ret;

	ret = count_of(attr, sizeof(t->ssrcs[0]), extack, &count);
	if (ret)
		return ret;
	if (count && !(t->flags & FORWARD_TARGET_RTP))
		return REFUSE(extack, attr, "SSRCs are listed, but no RTP is asked for");
	for (i = 0; i < count; i++) {
		struct forward_ssrc *s = &t->ssrcs[i];

		memcpy(s, nla_data(attr) + i * sizeof(*s), sizeof(*s));
		if (s->flags & ~SSRC_FLAGS || s->reserved)
			return REFUSE(extack, attr, "an SSRC has flags that are not known");
		for (k = 0; k < i; k++)
			if (t->ssrcs[k].ssrc == s->ssrc)
				return REFUSE(extack, attr, "an SSRC is listed twice");
		t->ssrc_count++;
	}
	return 0;
}

static int check_sink(const struct target *t, const struct forward_sink *in,
	const struct nlattr *attr, struct netlink_ext_ack *extack)
{
	if (in->flags & ~SINK_FLAGS || in->reserved[0] || in->reserved[1] || in->reserved[2])
		return REFUSE(extack, attr, "a sink has flags that are not known");
	if (in->flags & FORWARD_SINK_RTCP && in->flags & FORWARD_SINK_REWRITE)
		return REFUSE(extack, attr, "RTCP cannot go where RTP has other numbers");
	if (in->flags & SINK_CHANGES && t->flags & FORWARD_TARGET_OPAQUE)
		return REFUSE(extack, attr, "a target that takes all has a sink with changes");
	if (t->payload_count < FORWARD_MAX_PAYLOADS && in->payloads >> t->payload_count)
		return REFUSE(extack, attr, "a sink names payload types beyond the list");
	return 0;
}

static int check_changes(
	const struct forward_sink *in, const struct nlattr *attr, struct netlink_ext_ack *extack)
{
	unsigned int i;

	for (i = 0; i < FORWARD_MAX_PAYLOADS; i++)
		if (in->payload_out[i] >= PAYLOAD_TYPES)
			return REFUSE(extack, attr, "a payload type is above 127");
	for (i = 0; i < FORWARD_MAX_SSRCS; i++)
		if (in->rewrite[i].reserved)
			return REFUSE(extack, attr, "a reserved member of a rewrite is not 0");
	return 0;
}

static int take_ways(struct sink *s, const struct forward_sink *in, const struct nlattr *attr,
	struct net *net, struct netlink_ext_ack *extack)
{
	int ret;

	ret = fwd_addr_import(&in->local, attr, extack, &s->local);
	if (!ret)
		ret = fwd_addr_import(&in->peer, attr, extack, &s->peer);
	if (ret)
		return ret;
	if (s->local.family != s->peer.family)
		return REFUSE(extack, attr, "a sink's two addresses are of different families");
	if (!is_local(net, &s->local))
		return REFUSE(extack, attr, "a sink sends from an address that is not this host's");
	return 0;
}

static int take_sink(struct target *t, const struct forward_sink *in, const struct nlattr *attr,
	struct net *net, struct netlink_ext_ack *extack)
{
	struct sink *s;
	int ret;

	ret = check_sink(t, in, attr, extack);
	if (!ret)
		ret = check_changes(in, attr, extack);
	if (ret)
		return ret;
	s = fwd_sink_new(t);
	if (!s)
		return -ENOMEM;
	s->flags = in->flags;
	s->payloads = in->payloads;
	s->tos = in->tos;
	memcpy(s->payload_out, in->payload_out, sizeof(s->payload_out));
	memcpy(s->rewrite, in->rewrite, sizeof(s->rewrite));
	t->masks |= !!(in->flags & FORWARD_SINK_MASK);
	ret = take_ways(s, in, attr, net, extack);
	if (!ret && s->peer.family == 6)
		s->flow_label = fwd_flow_label(net, s);
	return ret;
}

static int take_sinks(struct target *t, const struct nlattr *attr, struct net *net,
	struct netlink_ext_ack *extack)
{
	struct forward_sink in;
	unsigned int count, i;
	int ret;

	ret = count_of(attr, sizeof(in), extack, &count);
	for (i = 0; !ret && i < count; i++) {
		memcpy(&in, nla_data(attr) + i * sizeof(in), sizeof(in));
		ret = take_sink(t, &in, attr, net, extack);
	}
	return ret;
}

/* Payload types before sinks, which speak of them. */
static int take_all(
	struct target *t, struct nlattr **attrs, struct net *net, struct netlink_ext_ack *extack)
{
	int ret;

	ret = take_target(t, attrs[FORWARD_TARGET_A_TARGET], net, extack);
	if (!ret)
		ret = take_payloads(t, attrs[FORWARD_TARGET_A_PAYLOADS], extack);
	if (!ret)
		ret = take_ssrcs(t, attrs[FORWARD_TARGET_A_SSRCS], extack);
	if (!ret)
		ret = take_sinks(t, attrs[FORWARD_TARGET_A_SINKS], net, extack);
	return ret;
}

int fwd_target_parse(struct net *net, const struct nlattr *attr, struct netlink_ext_ack *extack,
	struct target **ret_target)
{
	struct nlattr *attrs[FORWARD_TARGET_A_END];
	struct target *t;
	int ret;

	ret = nla_parse_nested(attrs, FORWARD_TARGET_A_END - 1, attr, fwd_target_policy, extack);
	if (ret)
		return ret;
	if (!attrs[FORWARD_TARGET_A_TARGET])
		return REFUSE(extack, attr, "a target is not described");
	t = fwd_target_new();
	if (!t)
		return -ENOMEM;
	ret = take_all(t, attrs, net, extack);
	if (ret)
		fwd_target_free(t);
	else
		*ret_target = t;
	return ret;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between the files that take requests. */
#ifndef KERNEL_CONTROL_PRIV_H
#define KERNEL_CONTROL_PRIV_H

#include <net/genetlink.h>

#include "stats.h"
#include "table.h"

/*
 * The table that a request is about, which must be its socket's; or ERR_PTR, and it was said why.
 * With fn->lock.
 */
struct table *fwd_owned_table(struct forward_net *fn, struct genl_info *info);

int fwd_set(struct sk_buff *request, struct genl_info *info);
int fwd_delete(struct sk_buff *request, struct genl_info *info);
int fwd_read(struct sk_buff *request, struct genl_info *info);
int fwd_read_all(struct sk_buff *skb, struct netlink_callback *cb);

/* An address as it was given; `attr`: where. 0, or -EINVAL and it was said why. */
int fwd_addr_import(const struct forward_addr *from, const struct nlattr *attr,
	struct netlink_ext_ack *extack, struct addr *ret);

/*
 * A target as a FORWARD_A_TARGET describes it, everything checked, in no table yet. 0, or -errno
 * and it was said why.
 */
int fwd_target_parse(struct net *net, const struct nlattr *attr, struct netlink_ext_ack *extack,
	struct target **ret_target);
extern const struct nla_policy fwd_target_policy[FORWARD_TARGET_A_END];

#endif

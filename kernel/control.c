// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Requests about tables, and the end of the sockets that own them. Requests about targets are in
 * control_targets.c.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include "control.h"

#include <linux/module.h>
#include <linux/netlink.h>
#include <linux/sched.h>

#include "control_priv.h"

static struct genl_family family;

const struct genl_family *fwd_family(void)
{
	return &family;
}

void fwd_addr_export(const struct addr *a, struct forward_addr *ret)
{
	ret->family = a->family;
	ret->reserved = 0;
	ret->port = a->port;
	memcpy(ret->ip, a->ip, sizeof(ret->ip));
}

struct table *fwd_owned_table(struct forward_net *fn, struct genl_info *info)
{
	struct table *table;

	if (!info->attrs[FORWARD_A_TABLE]) {
		NL_SET_ERR_MSG(info->extack, "the request names no table");
		return ERR_PTR(-EINVAL);
	}
	table = fwd_table_get(fn, nla_get_u32(info->attrs[FORWARD_A_TABLE]));
	if (!table) {
		NL_SET_ERR_MSG_ATTR(
			info->extack, info->attrs[FORWARD_A_TABLE], "this table is not bound");
		return ERR_PTR(-ENOENT);
	}
	if (table->owner_portid != info->snd_portid) {
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[FORWARD_A_TABLE],
			"this table was bound by another socket");
		return ERR_PTR(-EPERM);
	}
	return table;
}

/* An answer of a few numbers. NULL: no memory. */
static struct sk_buff *begin_answer(struct genl_info *info, u8 command, void **ret_message)
{
	struct sk_buff *skb = genlmsg_new(NLMSG_DEFAULT_SIZE, GFP_KERNEL);

	if (!skb)
		return NULL;
	*ret_message = genlmsg_put_reply(skb, info, &family, 0, command);
	if (*ret_message)
		return skb;
	nlmsg_free(skb);
	return NULL;
}

static int tell_info(struct sk_buff *request, struct genl_info *info)
{
	struct sk_buff *skb;
	void *message;

	skb = begin_answer(info, FORWARD_CMD_INFO, &message);
	if (!skb)
		return -ENOMEM;
	if (nla_put_u32(skb, FORWARD_A_VERSION, FORWARD_VERSION) ||
		nla_put_u32(skb, FORWARD_A_FEATURES, FORWARD_FEATURE_TAP) ||
		nla_put_u32(skb, FORWARD_A_EXPIRE_MS, FORWARD_EXPIRE_MS)) {
		nlmsg_free(skb);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, message);
	return genlmsg_reply(skb, info);
}

static bool is_printable(const char *text)
{
	if (!*text)
		return false;
	for (; *text; text++)
		if (*text < 0x20 || *text > 0x7e)
			return false;
	return true;
}

static int check_bind(struct genl_info *info)
{
	struct nlattr **attrs = info->attrs;

	if (!attrs[FORWARD_A_VERSION]) {
		NL_SET_ERR_MSG(info->extack, "the request names no version");
		return -EINVAL;
	}
	BUILD_BUG_ON(FORWARD_VERSION != 1); /* else: the sentence */
	if (nla_get_u32(attrs[FORWARD_A_VERSION]) != FORWARD_VERSION) {
		NL_SET_ERR_MSG_ATTR(info->extack, attrs[FORWARD_A_VERSION],
			"the module speaks version 1 of the protocol: update daemon or module");
		return -EPROTONOSUPPORT;
	}
	if (!attrs[FORWARD_A_TABLE] || !attrs[FORWARD_A_OWNER] || !attrs[FORWARD_A_HOOK]) {
		NL_SET_ERR_MSG(info->extack, "the request names no table, no owner or no hook");
		return -EINVAL;
	}
	if (!is_printable(nla_data(attrs[FORWARD_A_OWNER]))) {
		NL_SET_ERR_MSG_ATTR(info->extack, attrs[FORWARD_A_OWNER],
			"the owner's name is empty or not printable");
		return -EINVAL;
	}
	return 0;
}

/* The table in hand, without an owner; or ERR_PTR, and nothing has changed. */
static struct table *take_table(struct forward_net *fn, struct genl_info *info)
{
	u32 number = nla_get_u32(info->attrs[FORWARD_A_TABLE]), flags = 0;
	u8 hook = nla_get_u32(info->attrs[FORWARD_A_HOOK]);
	struct table *table = fwd_table_get(fn, number);
	int ret;

	if (!table) {
		ret = fwd_table_add(fn, number, hook, &table);
		if (ret)
			NL_SET_ERR_MSG(info->extack, "no memory, hook or state file for the table");
		return ret ? ERR_PTR(ret) : table;
	}
	if (table->owner_portid) {
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[FORWARD_A_TABLE],
			"this table is in use by another process: see /proc/net/rtpengine/list");
		return ERR_PTR(-EBUSY);
	}
	ret = fwd_table_rehook(fn, table, hook);
	if (ret) {
		NL_SET_ERR_MSG(info->extack, "no memory for the hook");
		return ERR_PTR(ret);
	}
	if (info->attrs[FORWARD_A_FLAGS])
		flags = nla_get_u32(info->attrs[FORWARD_A_FLAGS]);
	if (!(flags & FORWARD_BIND_KEEP))
		fwd_table_flush(table);
	fwd_table_refresh(table);
	return table;
}

/* Who speaks for the owner now: it may have forked since it bound the table. */
static void note_owner(struct table *table)
{
	WRITE_ONCE(table->owner_pid, task_tgid_vnr(current));
}

static int bind_locked(struct forward_net *fn, struct genl_info *info, struct sk_buff *answer)
{
	struct table *table = take_table(fn, info);

	if (IS_ERR(table))
		return PTR_ERR(table);
	table->owner_portid = info->snd_portid;
	note_owner(table);
	nla_strscpy(table->owner, info->attrs[FORWARD_A_OWNER], sizeof(table->owner));
	/* Two numbers fit. */
	nla_put_u32(answer, FORWARD_A_TABLE, table->number);
	nla_put_u32(answer, FORWARD_A_COUNT, table->target_count);
	return 0;
}

static int bind(struct sk_buff *request, struct genl_info *info)
{
	struct forward_net *fn = forward_net_of(genl_info_net(info));
	struct sk_buff *answer;
	void *message;
	int ret;

	ret = check_bind(info);
	if (ret)
		return ret;
	answer = begin_answer(info, FORWARD_CMD_BIND, &message);
	if (!answer)
		return -ENOMEM;
	/* As long as the table has an owner the module stays; it may just be going. */
	ret = try_module_get(THIS_MODULE) ? 0 : -ENODEV;
	if (ret)
		goto no_module;
	mutex_lock(&fn->lock);
	ret = bind_locked(fn, info, answer);
	mutex_unlock(&fn->lock);
	if (ret)
		goto not_bound;
	genlmsg_end(answer, message);
	/* The table is its own, whether it has room for the answer or not. */
	genlmsg_reply(answer, info);
	return 0;

not_bound:
	module_put(THIS_MODULE);
no_module:
	nlmsg_free(answer);
	return ret;
}

static void drop_owner(struct table *table)
{
	table->owner_portid = 0;
	module_put(THIS_MODULE);
}

static int unbind(struct sk_buff *request, struct genl_info *info)
{
	struct forward_net *fn = forward_net_of(genl_info_net(info));
	struct table *table;

	mutex_lock(&fn->lock);
	table = fwd_owned_table(fn, info);
	if (!IS_ERR(table)) {
		drop_owner(table);
		fwd_table_remove(fn, table);
	}
	mutex_unlock(&fn->lock);
	return PTR_ERR_OR_ZERO(table);
}

static int refresh(struct sk_buff *request, struct genl_info *info)
{
	struct forward_net *fn = forward_net_of(genl_info_net(info));
	struct table *table;
	int ret = 0;

	mutex_lock(&fn->lock);
	table = fwd_owned_table(fn, info);
	if (!IS_ERR(table))
		note_owner(table);
	if (IS_ERR(table)) {
		ret = PTR_ERR(table);
	} else if (!fwd_table_refresh(table)) {
		NL_SET_ERR_MSG(info->extack, "the table had expired, its targets are gone");
		ret = -ESTALE;
	}
	mutex_unlock(&fn->lock);
	return ret;
}

static int tap(struct sk_buff *request, struct genl_info *info)
{
	struct forward_net *fn = forward_net_of(genl_info_net(info));
	struct nlattr *attr = info->attrs[FORWARD_A_TABLE];
	struct table *table;
	int ret = 0;

	mutex_lock(&fn->lock);
	table = attr ? fwd_table_get(fn, nla_get_u32(attr)) : NULL;
	if (!table) {
		NL_SET_ERR_MSG(info->extack, "the request names no table that is bound");
		ret = attr ? -ENOENT : -EINVAL;
	} else if (table->tap_portid) {
		NL_SET_ERR_MSG_ATTR(
			info->extack, attr, "somebody gets the copies of this table already");
		ret = -EBUSY;
	} else {
		WRITE_ONCE(table->tap_portid, info->snd_portid);
	}
	mutex_unlock(&fn->lock);
	return ret;
}

static void socket_gone(struct forward_net *fn, struct table *table, u32 portid)
{
	if (table->tap_portid == portid)
		WRITE_ONCE(table->tap_portid, 0);
	if (table->owner_portid != portid)
		return;
	fwd_tell(fn, "table %u: its owner, %s (%d), has gone: %u targets expire if none comes\n",
		table->number, table->owner, table->owner_pid, table->target_count);
	drop_owner(table);
}

static int take_notice(struct notifier_block *nb, unsigned long event, void *data)
{
	struct netlink_notify *notice = data;
	struct forward_net *fn;
	unsigned int i;

	if (event != NETLINK_URELEASE || notice->protocol != NETLINK_GENERIC)
		return NOTIFY_DONE;
	fn = forward_net_of(notice->net);
	/* Most sockets of that protocol have nothing to do with us. */
	if (!READ_ONCE(fn->table_count))
		return NOTIFY_DONE;
	mutex_lock(&fn->lock);
	for (i = 0; i < FORWARD_TABLES; i++) {
		struct table *table = fwd_table_get(fn, i);

		if (table)
			socket_gone(fn, table, notice->portid);
	}
	mutex_unlock(&fn->lock);
	return NOTIFY_DONE;
}

static struct notifier_block notifier = { .notifier_call = take_notice };

#define TABLE_POLICY NLA_POLICY_MAX(NLA_U32, FORWARD_TABLES - 1)

static const struct nla_policy no_policy[FORWARD_A_END] = {};

static const struct nla_policy table_policy[FORWARD_A_END] = {
	[FORWARD_A_TABLE] = TABLE_POLICY,
};

static const struct nla_policy bind_policy[FORWARD_A_END] = {
	[FORWARD_A_TABLE] = TABLE_POLICY,
	[FORWARD_A_VERSION] = { .type = NLA_U32 },
	[FORWARD_A_OWNER] = { .type = NLA_NUL_STRING, .len = FORWARD_OWNER_BYTES - 1 },
	[FORWARD_A_HOOK] = NLA_POLICY_MAX(NLA_U32, HOOKS - 1),
	[FORWARD_A_FLAGS] = NLA_POLICY_MASK(NLA_U32, FORWARD_BIND_KEEP),
};

static const struct nla_policy set_policy[FORWARD_A_END] = {
	[FORWARD_A_TABLE] = TABLE_POLICY,
	[FORWARD_A_TARGET] = NLA_POLICY_NESTED(fwd_target_policy),
};

static const struct nla_policy local_policy[FORWARD_A_END] = {
	[FORWARD_A_TABLE] = TABLE_POLICY,
	[FORWARD_A_LOCAL] = NLA_POLICY_EXACT_LEN(sizeof(struct forward_addr)),
};

#define REQUEST(command, function, its_policy)                                  \
	{                                                                       \
		.cmd = command, .doit = function, .flags = GENL_UNS_ADMIN_PERM, \
		.policy = its_policy, .maxattr = FORWARD_A_END - 1,             \
	}

static const struct genl_ops requests[] = {
	REQUEST(FORWARD_CMD_INFO, tell_info, no_policy),
	REQUEST(FORWARD_CMD_BIND, bind, bind_policy),
	REQUEST(FORWARD_CMD_UNBIND, unbind, table_policy),
	REQUEST(FORWARD_CMD_REFRESH, refresh, table_policy),
	REQUEST(FORWARD_CMD_SET, fwd_set, set_policy),
	REQUEST(FORWARD_CMD_DELETE, fwd_delete, local_policy),
	REQUEST(FORWARD_CMD_TAP, tap, table_policy),
	{
		.cmd = FORWARD_CMD_READ,
		.doit = fwd_read,
		.dumpit = fwd_read_all,
		.flags = GENL_UNS_ADMIN_PERM,
		.policy = local_policy,
		.maxattr = FORWARD_A_END - 1,
	},
};

static struct genl_family family __ro_after_init = {
	.name = FORWARD_FAMILY,
	.version = FORWARD_VERSION,
	.module = THIS_MODULE,
	.netnsok = true,
	.parallel_ops = true,
	.ops = requests,
	.n_ops = ARRAY_SIZE(requests),
	.resv_start_op = FORWARD_CMD_END,
};

int fwd_control_init(void)
{
	int ret = netlink_register_notifier(&notifier);

	if (ret)
		return ret;
	ret = genl_register_family(&family);
	if (ret)
		netlink_unregister_notifier(&notifier);
	return ret;
}

void fwd_control_exit(void)
{
	genl_unregister_family(&family);
	netlink_unregister_notifier(&notifier);
}

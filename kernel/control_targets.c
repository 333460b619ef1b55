// SPDX-License-Identifier: GPL-2.0-or-later
/* Requests about targets: set, deleted, read, many at a time. */
#include <linux/module.h>
#include <linux/slab.h>
#include <net/sock.h>

#include "compat.h"
#include "control.h"
#include "control_priv.h"

/* Room for records in one message of an answer. */
enum { ANSWER_BYTES = 16 * 1024 };

/* Records on their way to who asked; as many messages as it takes. */
struct answer {
	struct genl_info *info;
	u8 command;
	struct stats_copy *copy;
	struct sk_buff *skb; /* NULL: none is open */
	void *message;
	int error; /* the first one */
};

/* -EMSGSIZE: no room; nothing was put. */
static int put_stats(struct sk_buff *skb, struct target *t, struct stats_copy *copy)
{
	struct nlattr *nest = nla_nest_start(skb, FORWARD_A_STATS);

	if (!nest)
		return -EMSGSIZE;
	fwd_stats_read(t, copy);
	if (nla_put(skb, FORWARD_STATS_A_TARGET, sizeof(copy->counts), &copy->counts) ||
		nla_put(skb, FORWARD_STATS_A_SINKS, t->sink_count * sizeof(copy->sinks[0]),
			copy->sinks) ||
		nla_put(skb, FORWARD_STATS_A_SSRCS, t->ssrc_count * sizeof(copy->ssrcs[0]),
			copy->ssrcs) ||
		nla_put(skb, FORWARD_STATS_A_PAYLOADS, t->payload_count * sizeof(copy->payloads[0]),
			copy->payloads)) {
		nla_nest_cancel(skb, nest);
		return -EMSGSIZE;
	}
	nla_nest_end(skb, nest);
	return 0;
}

static int answer_begin(struct answer *a, struct genl_info *info, u8 command)
{
	*a = (struct answer){ .info = info, .command = command };
	a->copy = kmalloc(sizeof(*a->copy), GFP_KERNEL);
	return a->copy ? 0 : -ENOMEM;
}

static void answer_flush(struct answer *a)
{
	int ret;

	if (!a->skb)
		return;
	genlmsg_end(a->skb, a->message);
	ret = genlmsg_reply(a->skb, a->info);
	if (ret && !a->error)
		a->error = ret == -EAGAIN ? -ENOBUFS : ret;
	a->skb = NULL;
}

static bool answer_open(struct answer *a)
{
	a->skb = genlmsg_new(ANSWER_BYTES, GFP_KERNEL);
	if (!a->skb)
		return false;
	a->message = genlmsg_put_reply(a->skb, a->info, fwd_family(), 0, a->command);
	if (a->message)
		return true;
	nlmsg_free(a->skb);
	a->skb = NULL;
	return false;
}

static void answer_add(struct answer *a, struct target *t)
{
	if (a->skb && !put_stats(a->skb, t, a->copy))
		return;
	answer_flush(a);
	if ((!answer_open(a) || put_stats(a->skb, t, a->copy)) && !a->error)
		a->error = -ENOMEM;
}

static int answer_end(struct answer *a)
{
	answer_flush(a);
	kfree(a->copy);
	if (a->error)
		NL_SET_ERR_MSG(a->info->extack,
			"done, but records of targets are lost: the socket had no room for them");
	return a->error;
}

/* NULL: none. With fn->lock, so that it stays. */
static struct target *find(struct forward_net *fn, const struct addr *local)
{
	struct target *t;

	lockdep_assert_held(&fn->lock);
	rcu_read_lock();
	t = fwd_target_find(fn, local);
	rcu_read_unlock();
	return t;
}

/* Nobody can find them any more: their records are final. */
static void answer_last(struct answer *a, struct list_head *gone)
{
	struct target *t, *next;

	if (list_empty(gone))
		return;
	synchronize_rcu_expedited();
	list_for_each_entry_safe(t, next, gone, of_table) {
		list_del(&t->of_table);
		answer_add(a, t);
		fwd_target_free(t);
	}
}

static void free_all(struct list_head *targets)
{
	struct target *t, *next;

	list_for_each_entry_safe(t, next, targets, of_table) {
		list_del(&t->of_table);
		fwd_target_free(t);
	}
}

/* Does the request name as many as it may? 0, or -EINVAL and it was said why. */
static int check_batch(const struct genl_info *info, int type)
{
	const struct nlattr *attr;
	unsigned int count = 0;
	int rest;

	nlmsg_for_each_attr(attr, info->nlhdr, GENL_HDRLEN, rest)
		count += nla_type(attr) == type;
	if (count >= 1 && count <= FORWARD_MAX_BATCH)
		return 0;
	NL_SET_ERR_MSG(info->extack, "the request names no target, or more than 256");
	return -EINVAL;
}

static bool is_among(const struct list_head *targets, const struct addr *local)
{
	const struct target *t;

	list_for_each_entry(t, targets, of_table)
		if (addr_equal(&t->local, local))
			return true;
	return false;
}

static int parse_all(struct genl_info *info, struct list_head *fresh)
{
	struct net *net = genl_info_net(info);
	const struct nlattr *attr;
	struct target *t;
	int rest, ret;

	nlmsg_for_each_attr(attr, info->nlhdr, GENL_HDRLEN, rest) {
		if (nla_type(attr) != FORWARD_A_TARGET)
			continue;
		ret = fwd_target_parse(net, attr, info->extack, &t);
		if (ret)
			return ret;
		if (is_among(fresh, &t->local)) {
			fwd_target_free(t);
			NL_SET_ERR_MSG_ATTR(info->extack, attr, "two targets have this address");
			return -EINVAL;
		}
		list_add_tail(&t->of_table, fresh);
	}
	return 0;
}

/* May all of them be set? */
static int check_set(struct forward_net *fn, struct table *table, struct list_head *fresh,
	struct genl_info *info)
{
	unsigned int count = table->target_count;
	const struct target *t, *old;

	list_for_each_entry(t, fresh, of_table) {
		old = find(fn, &t->local);
		if (old && old->table != table) {
			NL_SET_ERR_MSG(
				info->extack, "an address is that of another table's target");
			return -EADDRINUSE;
		}
		if (old && info->nlhdr->nlmsg_flags & NLM_F_EXCL) {
			NL_SET_ERR_MSG(info->extack, "an address has a target already");
			return -EEXIST;
		}
		count += !old;
	}
	if (count <= FORWARD_MAX_TARGETS)
		return 0;
	NL_SET_ERR_MSG(info->extack, "the table would have more than 65536 targets");
	return -ENOSPC;
}

/* Cannot fail. Those whose place was taken are in `gone` afterwards. */
static void set_all(struct forward_net *fn, struct table *table, struct list_head *fresh,
	struct list_head *gone)
{
	struct target *t, *next, *old;

	list_for_each_entry_safe(t, next, fresh, of_table) {
		list_del_init(&t->of_table);
		old = find(fn, &t->local);
		if (!old) {
			fwd_target_add(fn, table, t);
			continue;
		}
		fwd_target_replace(old, t);
		list_add_tail(&old->of_table, gone);
	}
}

static int set_locked(struct forward_net *fn, struct genl_info *info, struct list_head *fresh,
	struct list_head *gone)
{
	struct table *table = fwd_owned_table(fn, info);
	int ret;

	if (IS_ERR(table))
		return PTR_ERR(table);
	ret = check_set(fn, table, fresh, info);
	if (!ret)
		set_all(fn, table, fresh, gone);
	return ret;
}

int fwd_set(struct sk_buff *request, struct genl_info *info)
{
	struct forward_net *fn = forward_net_of(genl_info_net(info));
	struct answer answer;
	LIST_HEAD(fresh);
	LIST_HEAD(gone);
	int ret;

	ret = check_batch(info, FORWARD_A_TARGET);
	if (ret)
		return ret;
	ret = answer_begin(&answer, info, FORWARD_CMD_SET);
	if (ret)
		return ret;
	ret = parse_all(info, &fresh);
	if (!ret) {
		mutex_lock(&fn->lock);
		ret = set_locked(fn, info, &fresh, &gone);
		mutex_unlock(&fn->lock);
	}
	free_all(&fresh);
	answer_last(&answer, &gone);
	return answer_end(&answer) ?: ret;
}

/* Calls for each target of the table that the request names; checks all before. */
static int for_named(struct forward_net *fn, struct table *table, struct genl_info *info,
	void (*call)(struct target *t, void *arg), void *arg)
{
	unsigned int round;
	struct addr local;

	for (round = 0; round < 2; round++) {
		const struct nlattr *attr;
		struct target *t;
		int rest, ret;

		nlmsg_for_each_attr(attr, info->nlhdr, GENL_HDRLEN, rest) {
			if (nla_type(attr) != FORWARD_A_LOCAL)
				continue;
			ret = fwd_addr_import(nla_data(attr), attr, info->extack, &local);
			if (ret)
				return ret;
			t = round ? find(fn, &local) : NULL;
			if (t && t->table == table)
				call(t, arg);
		}
	}
	return 0;
}

static void delete_one(struct target *t, void *gone)
{
	fwd_target_unlink(t);
	list_add_tail(&t->of_table, gone);
}

int fwd_delete(struct sk_buff *request, struct genl_info *info)
{
	struct forward_net *fn = forward_net_of(genl_info_net(info));
	struct answer answer;
	struct table *table;
	LIST_HEAD(gone);
	int ret;

	ret = check_batch(info, FORWARD_A_LOCAL);
	if (ret)
		return ret;
	ret = answer_begin(&answer, info, FORWARD_CMD_DELETE);
	if (ret)
		return ret;
	mutex_lock(&fn->lock);
	table = fwd_owned_table(fn, info);
	ret = IS_ERR(table) ? PTR_ERR(table) : for_named(fn, table, info, delete_one, &gone);
	mutex_unlock(&fn->lock);
	answer_last(&answer, &gone);
	return answer_end(&answer) ?: ret;
}

static void read_one(struct target *t, void *answer)
{
	answer_add(answer, t);
}

/* Anybody's who may ask. */
static struct table *named_table(
	struct forward_net *fn, const struct nlattr *attr, struct netlink_ext_ack *extack)
{
	struct table *table = attr ? fwd_table_get(fn, nla_get_u32(attr)) : NULL;

	if (table)
		return table;
	NL_SET_ERR_MSG(extack, "the request names no table that is bound");
	return ERR_PTR(attr ? -ENOENT : -EINVAL);
}

int fwd_read(struct sk_buff *request, struct genl_info *info)
{
	struct forward_net *fn = forward_net_of(genl_info_net(info));
	struct answer answer;
	struct table *table;
	int ret;

	ret = check_batch(info, FORWARD_A_LOCAL);
	if (ret)
		return ret;
	ret = answer_begin(&answer, info, FORWARD_CMD_READ);
	if (ret)
		return ret;
	mutex_lock(&fn->lock);
	table = named_table(fn, info->attrs[FORWARD_A_TABLE], info->extack);
	ret = IS_ERR(table) ? PTR_ERR(table) : for_named(fn, table, info, read_one, &answer);
	mutex_unlock(&fn->lock);
	return answer_end(&answer) ?: ret;
}

/* Where a dump goes on: in cb->args. */
enum { AT_BUCKET, AT_PLACE };

/* -EMSGSIZE: the message is full; it goes on at this target. */
static int dump_one(
	struct sk_buff *skb, struct netlink_callback *cb, struct target *t, struct stats_copy *copy)
{
	void *message = genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
		fwd_family(), NLM_F_MULTI, FORWARD_CMD_READ);

	if (!message)
		return -EMSGSIZE;
	if (put_stats(skb, t, copy)) {
		genlmsg_cancel(skb, message);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, message);
	return 0;
}

static int dump_table(struct sk_buff *skb, struct netlink_callback *cb, struct forward_net *fn,
	const struct table *table, struct stats_copy *copy)
{
	struct hlist_head *buckets = rcu_dereference_protected(
		fn->buckets, lockdep_is_held(&fn->lock));

	for (; cb->args[AT_BUCKET] < BUCKETS; cb->args[AT_BUCKET]++, cb->args[AT_PLACE] = 0) {
		struct target *t;
		long place = 0;

		hlist_for_each_entry(t, &buckets[cb->args[AT_BUCKET]], node) {
			if (t->table != table || place++ < cb->args[AT_PLACE])
				continue;
			if (dump_one(skb, cb, t, copy))
				return skb->len;
			cb->args[AT_PLACE] = place;
		}
	}
	return skb->len;
}

int fwd_read_all(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct nlattr **attrs = compat_dump_attrs(cb);
	struct forward_net *fn = forward_net_of(sock_net(cb->skb->sk));
	struct stats_copy *copy;
	struct table *table;
	int ret;

	if (attrs[FORWARD_A_LOCAL]) {
		NL_SET_ERR_MSG(cb->extack, "all targets are read, or some, but not both");
		return -EINVAL;
	}
	copy = kmalloc(sizeof(*copy), GFP_KERNEL);
	if (!copy)
		return -ENOMEM;
	mutex_lock(&fn->lock);
	table = named_table(fn, attrs[FORWARD_A_TABLE], cb->extack);
	ret = IS_ERR(table) ? PTR_ERR(table) : dump_table(skb, cb, fn, table, copy);
	mutex_unlock(&fn->lock);
	kfree(copy);
	return ret;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* Targets by address and port, and their tables: made, found, refreshed, expired. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include "table.h"

#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "debug.h"
#include "hook.h"

/* How long a table that has expired may keep its memory: packets look at the time themselves. */
enum { EXPIRY_EVERY_MS = 2000 };

/* Of exact size each, so that tools notice who writes past the end. */
static struct kmem_cache *target_cache, *sink_cache, *table_cache;

static struct kmem_cache *make_cache(const char *name, unsigned int bytes)
{
	return kmem_cache_create(name, bytes, __alignof__(u64), SLAB_ACCOUNT, NULL);
}

int fwd_table_init(void)
{
	target_cache = make_cache("rtpengine_target", sizeof(struct target));
	sink_cache = make_cache("rtpengine_sink", sizeof(struct sink));
	table_cache = make_cache("rtpengine_table", sizeof(struct table));
	if (target_cache && sink_cache && table_cache)
		return 0;
	fwd_table_exit();
	return -ENOMEM;
}

/* Destroying takes NULL. */
void fwd_table_exit(void)
{
	rcu_barrier();
	kmem_cache_destroy(target_cache);
	kmem_cache_destroy(sink_cache);
	kmem_cache_destroy(table_cache);
}

struct target *fwd_target_find(const struct forward_net *fn, const struct addr *local)
{
	struct hlist_head *buckets = rcu_dereference(fn->buckets);
	struct target *t;

	if (unlikely(!buckets))
		return NULL;
	hlist_for_each_entry_rcu(t, &buckets[addr_bucket(local)], node)
		if (addr_equal(&t->local, local))
			return t;
	return NULL;
}

struct target *fwd_target_new(void)
{
	struct target *t = kmem_cache_zalloc(target_cache, GFP_KERNEL);

	if (!t)
		return NULL;
	spin_lock_init(&t->lock);
	seqcount_spinlock_init(&t->way_in.sequence, &t->lock);
	INIT_HLIST_NODE(&t->node);
	INIT_LIST_HEAD(&t->of_table);
	return t;
}

struct sink *fwd_sink_new(struct target *t)
{
	struct sink *s = kmem_cache_zalloc(sink_cache, GFP_KERNEL), **end = &t->sinks;

	if (!s)
		return NULL;
	while (*end)
		end = &(*end)->next;
	*end = s;
	t->sink_count++;
	return s;
}

void fwd_target_free(struct target *t)
{
	struct sink *s, *next;

	if (!t)
		return;
	for (s = t->sinks; s; s = next) {
		next = s->next;
		dst_release(rcu_dereference_protected(s->route, true));
		kmem_cache_free(sink_cache, s);
	}
	dst_release(rcu_dereference_protected(t->way_in.route, true));
	kmem_cache_free(target_cache, t);
}

static void free_target_rcu(struct rcu_head *rcu)
{
	fwd_target_free(container_of(rcu, struct target, rcu));
}

static void free_table_rcu(struct rcu_head *rcu)
{
	kmem_cache_free(table_cache, container_of(rcu, struct table, rcu));
}

struct table *fwd_table_get(struct forward_net *fn, u32 number)
{
	if (number >= FORWARD_TABLES)
		return NULL;
	return rcu_dereference_protected(fn->tables[number], lockdep_is_held(&fn->lock));
}

/* They stay until the namespace ends: who had one table will have another. */
static int make_buckets(struct forward_net *fn)
{
	struct hlist_head *buckets;

	if (rcu_access_pointer(fn->buckets))
		return 0;
	buckets = kvcalloc(BUCKETS, sizeof(*buckets), GFP_KERNEL_ACCOUNT);
	if (!buckets)
		return -ENOMEM;
	rcu_assign_pointer(fn->buckets, buckets);
	return 0;
}

int fwd_table_add(struct forward_net *fn, u32 number, u8 hook, struct table **ret_table)
{
	struct table *table;
	int ret;

	lockdep_assert_held(&fn->lock);
	ret = make_buckets(fn);
	if (ret)
		return ret;
	table = kmem_cache_zalloc(table_cache, GFP_KERNEL);
	if (!table)
		return -ENOMEM;
	table->number = number;
	table->hook = hook;
	table->refreshed = jiffies;
	INIT_LIST_HEAD(&table->targets);
	ret = fwd_hook_use(fn, hook);
	if (ret)
		goto no_hook;
	ret = fwd_debug_add_table(fn, table);
	if (ret)
		goto no_files;
	rcu_assign_pointer(fn->tables[number], table);
	if (!fn->table_count++)
		schedule_delayed_work(&fn->expiry, msecs_to_jiffies(EXPIRY_EVERY_MS));
	*ret_table = table;
	return 0;

no_files:
	fwd_hook_unuse(fn, hook);
no_hook:
	kmem_cache_free(table_cache, table);
	return ret;
}

int fwd_table_rehook(struct forward_net *fn, struct table *table, u8 hook)
{
	u8 before = table->hook;
	int ret;

	lockdep_assert_held(&fn->lock);
	if (hook == before)
		return 0;
	ret = fwd_hook_use(fn, hook);
	if (ret)
		return ret;
	WRITE_ONCE(table->hook, hook);
	fwd_hook_unuse(fn, before);
	return 0;
}

void fwd_table_flush(struct table *table)
{
	struct target *t, *next;

	list_for_each_entry_safe(t, next, &table->targets, of_table) {
		fwd_target_unlink(t);
		call_rcu(&t->rcu, free_target_rcu);
	}
}

void fwd_table_remove(struct forward_net *fn, struct table *table)
{
	lockdep_assert_held(&fn->lock);
	fwd_table_flush(table);
	RCU_INIT_POINTER(fn->tables[table->number], NULL);
	fn->table_count--;
	fwd_debug_remove_table(table);
	fwd_hook_unuse(fn, table->hook);
	call_rcu(&table->rcu, free_table_rcu);
}

bool fwd_table_refresh(struct table *table)
{
	bool late = table->expired || !table_alive(table);

	if (late)
		fwd_table_flush(table);
	table->expired = false;
	WRITE_ONCE(table->refreshed, jiffies);
	return !late;
}

void fwd_target_add(struct forward_net *fn, struct table *table, struct target *t)
{
	struct hlist_head *buckets;

	lockdep_assert_held(&fn->lock);
	buckets = rcu_dereference_protected(fn->buckets, lockdep_is_held(&fn->lock));
	t->table = table;
	list_add_tail(&t->of_table, &table->targets);
	table->target_count++;
	hlist_add_head_rcu(&t->node, &buckets[addr_bucket(&t->local)]);
}

void fwd_target_replace(struct target *old, struct target *t)
{
	t->table = old->table;
	list_replace_init(&old->of_table, &t->of_table);
	hlist_replace_rcu(&old->node, &t->node);
}

void fwd_target_unlink(struct target *t)
{
	hlist_del_rcu(&t->node);
	list_del_init(&t->of_table);
	t->table->target_count--;
}

static void expire_table(struct forward_net *fn, struct table *table)
{
	if (table->expired || table_alive(table))
		return;
	if (!table->owner_portid) {
		fwd_tell(fn, "table %u: not refreshed, and its owner has gone: removed\n",
			table->number);
		fwd_table_remove(fn, table);
		return;
	}
	fwd_tell(fn, "table %u: not refreshed by its owner: %u targets removed\n", table->number,
		table->target_count);
	table->expired = true;
	fwd_table_flush(table);
}

static void expire_tables(struct work_struct *work)
{
	struct forward_net *fn = container_of(to_delayed_work(work), struct forward_net, expiry);
	unsigned int i;

	mutex_lock(&fn->lock);
	for (i = 0; i < FORWARD_TABLES && !fn->closed; i++) {
		struct table *table = fwd_table_get(fn, i);

		if (table)
			expire_table(fn, table);
	}
	if (fn->table_count && !fn->closed)
		schedule_delayed_work(&fn->expiry, msecs_to_jiffies(EXPIRY_EVERY_MS));
	mutex_unlock(&fn->lock);
}

int fwd_table_net_init(struct forward_net *fn, struct net *net)
{
	fn->net = net;
	mutex_init(&fn->lock);
	INIT_DELAYED_WORK(&fn->expiry, expire_tables);
	fn->totals = alloc_percpu(struct totals);
	return fn->totals ? 0 : -ENOMEM;
}

void fwd_table_net_stop(struct forward_net *fn)
{
	unsigned int i;

	mutex_lock(&fn->lock);
	fn->closed = true;
	for (i = 0; i < FORWARD_TABLES; i++) {
		struct table *table = fwd_table_get(fn, i);

		if (table)
			fwd_table_remove(fn, table);
	}
	mutex_unlock(&fn->lock);
	cancel_delayed_work_sync(&fn->expiry);
}

void fwd_table_net_exit(struct forward_net *fn)
{
	/* Routes that targets held are the namespace's; where these are let go, they go by RCU, too. */
	rcu_barrier();
	rcu_barrier();
	kvfree(rcu_dereference_protected(fn->buckets, true));
	free_percpu(fn->totals);
}

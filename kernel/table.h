/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What there is to know of targets, in memory: per network namespace a hash of them by local address
 * and port, and the tables they belong to.
 *
 * Packets read under RCU. Changes are made under forward_net.lock, by netlink requests, the timer,
 * and the end of sockets and namespaces. What packets count is written under target.lock, which
 * those of one stream hardly ever contend for: they come in on one CPU. Packets hold it with
 * softirqs off (hook.c).
 */
#ifndef KERNEL_TABLE_H
#define KERNEL_TABLE_H

#include <linux/atomic.h>
#include <linux/hash.h>
#include <linux/in6.h>
#include <linux/jiffies.h>
#include <linux/mutex.h>
#include <linux/netfilter.h>
#include <linux/printk.h>
#include <linux/rculist.h>
#include <linux/seqlock.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>
#include <net/dst.h>

#include "uapi/forward.h"

enum {
	BUCKET_BITS = 14,
	BUCKETS = 1 << BUCKET_BITS,
	PAYLOAD_TYPES = 128,
	HOOKS = 2,
	HOOK_OPS = 4, /* of one of them, at most */
};

/* struct forward_addr with words that compare fast; IPv4 has the first. */
struct addr {
	__be32 ip[4];
	__be16 port;
	u16 family; /* 4 or 6 */
};

/* Who gets it, and what is done for that. Owned by its target. */
struct sink {
	struct sink *next;
	u32 flags;    /* enum forward_sink_flag */
	u32 payloads; /* bits by place in the target's list */
	struct addr local, peer;
	u8 tos;
	__be32 flow_label; /* of IPv6 */
	u8 payload_out[FORWARD_MAX_PAYLOADS];
	struct forward_rewrite rewrite[FORWARD_MAX_SSRCS];
	/* The way there as it was found last. Replaced by whoever finds it outdated. */
	struct dst_entry __rcu *route;
	u32 route_cookie;
	struct forward_sink_counts counts; /* under the target's lock */
};

/* How a packet came in, and the route that it had (early.c). Written under the target's lock. */
struct way_in {
	seqcount_spinlock_t sequence;
	struct dst_entry __rcu *route;
	u32 cookie; /* of the route, for dst_check */
	struct addr from;
	int ifindex;
	u32 mark;
	__be32 flow; /* TOS; of IPv6, traffic class and flow label */
};

struct payload {
	u32 clock_hz;
	u8 type;
	u64 packets, bytes; /* under the target's lock */
};

struct target {
	struct hlist_node node; /* of the hash */
	struct addr local, source;
	struct table *table; /* valid as long as the target can be found */
	u32 flags;           /* enum forward_target_flag */
	u8 sink_count, ssrc_count, payload_count;
	u8 payload_place[PAYLOAD_TYPES]; /* 1 + place in `payloads`; 0: not taken */
	struct sink *sinks;              /* in the order they were set */
	u64 masked[4];                   /* header extensions: bits by number */
	bool masks;                      /* for a sink of it */
	bool ways_out; /* every sink has a route, away from this host; written under `lock` */
	struct way_in way_in;
	spinlock_t lock;
	/* Below: under `lock`, but for what was set once. */
	u32 lost_copies;              /* since the one that the tap took last */
	struct forward_counts counts; /* but for `passed` and `dropped` */
	struct forward_ssrc ssrcs[FORWARD_MAX_SSRCS];
	struct payload payloads[FORWARD_MAX_PAYLOADS];
	/* Below: of packets that are not taken, from any CPU; far from what those taken write. */
	atomic64_t passed[FORWARD_PASS_REASONS], dropped;
	/* Below: of whoever changes the hash. */
	struct list_head of_table;
	struct rcu_head rcu;
};

#define for_each_sink(s, t) for (s = (t)->sinks; s; s = s->next)

struct table {
	u32 number;
	/* Packets read these without a lock. */
	u8 hook;                 /* enum forward_hook */
	unsigned long refreshed; /* jiffies */
	u32 tap_portid;          /* netlink socket that gets copies; 0: none */
	/* Below: under forward_net.lock. */
	bool expired;     /* it has been emptied since it was refreshed */
	u32 owner_portid; /* netlink socket; 0: its owner has gone */
	pid_t owner_pid;
	char owner[FORWARD_OWNER_BYTES];
	unsigned int target_count;
	struct list_head targets;
	struct proc_dir_entry *proc;
	struct rcu_head rcu;
};

/* All targets of a namespace together. */
struct totals {
	u64 packets, bytes; /* taken */
	u64 passed;         /* datagrams for targets that were not */
	u64 unsent;
};

/* What the module has of a network namespace. */
struct forward_net {
	struct net *net;
	struct hlist_head __rcu *buckets; /* from the first table on; BUCKETS of them */
	struct totals __percpu *totals;
	struct mutex lock; /* of all changes below, of the hash and of tables */
	struct table __rcu *tables[FORWARD_TABLES];
	unsigned int table_count;
	bool closed;                    /* the namespace ends */
	unsigned int hook_users[HOOKS]; /* tables, by enum forward_hook */
	struct nf_hook_ops hooks[HOOKS][HOOK_OPS];
	struct delayed_work expiry;
	struct proc_dir_entry *proc;
};

struct forward_net *forward_net_of(const struct net *net);

/* To the log. Anybody can make namespaces: what happens there is told only to who debugs. */
#define fwd_tell(fn, ...)                                 \
	do {                                              \
		if (net_eq((fn)->net, &init_net))         \
			pr_info_ratelimited(__VA_ARGS__); \
		else                                      \
			pr_debug(__VA_ARGS__);            \
	} while (0)

int fwd_table_init(void);
void fwd_table_exit(void);
/* Of one namespace. `fn` is zeroed. */
int fwd_table_net_init(struct forward_net *fn, struct net *net);
/* No packet is looked at any more … */
void fwd_table_net_stop(struct forward_net *fn);
/* … and none is on its way. */
void fwd_table_net_exit(struct forward_net *fn);

/* The port in the host's order: ports in a row then go to buckets of their own. */
static inline u32 addr_bucket(const struct addr *a)
{
	u64 hi = (__force u64)a->ip[0] << 32 | (__force u64)a->ip[1];
	u64 lo = (__force u64)a->ip[2] << 32 | (__force u64)a->ip[3];

	return (u32)hash_64(hi ^ (lo * GOLDEN_RATIO_64) ^ ntohs(a->port), BUCKET_BITS);
}

static inline bool addr_equal(const struct addr *a, const struct addr *b)
{
	return a->port == b->port && a->ip[0] == b->ip[0] && a->family == b->family &&
	       a->ip[3] == b->ip[3] && a->ip[1] == b->ip[1] && a->ip[2] == b->ip[2];
}

/* NULL: none. Under RCU. */
struct target *fwd_target_find(const struct forward_net *fn, const struct addr *local);

static inline bool table_alive(const struct table *table)
{
	return time_before(
		jiffies, READ_ONCE(table->refreshed) + msecs_to_jiffies(FORWARD_EXPIRE_MS));
}

/* Not in a table yet; without sinks. NULL: no memory. */
struct target *fwd_target_new(void);
/* At the end of the target's list; zeroed. NULL: no memory. */
struct sink *fwd_sink_new(struct target *t);
/* No packet can find it. NULL is fine. */
void fwd_target_free(struct target *t);

/* All below with forward_net.lock. */

/* NULL: no such table. */
struct table *fwd_table_get(struct forward_net *fn, u32 number);
/*
 * A new table with hooks in place, owned by nobody. `hook` is valid. 0, or -errno.
 */
int fwd_table_add(struct forward_net *fn, u32 number, u8 hook, struct table **ret_table);
/* Another hook. 0, or -errno and nothing is changed. */
int fwd_table_rehook(struct forward_net *fn, struct table *table, u8 hook);
/* With all its targets. */
void fwd_table_remove(struct forward_net *fn, struct table *table);
/* Its targets go. */
void fwd_table_flush(struct table *table);
/* It lives for another FORWARD_EXPIRE_MS. False: it was too late, its targets are gone. */
bool fwd_table_refresh(struct table *table);

/* Packets find it from now on; no other has its address. */
void fwd_target_add(struct forward_net *fn, struct table *table, struct target *t);
/* The same in the place of `old`, which packets on their way may still use. */
void fwd_target_replace(struct target *old, struct target *t);
/* Packets on their way may still use it. */
void fwd_target_unlink(struct target *t);

#endif

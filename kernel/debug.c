// SPDX-License-Identifier: GPL-2.0-or-later
/* State files. Readers take nothing but RCU, so that files can be removed with the lock held. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include "debug.h"

#include <linux/module.h>
#include <linux/namei.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>
#include <linux/seq_file_net.h>
#include <linux/user_namespace.h>
#include <net/net_namespace.h>

#include "stats.h"
#include "table.h"

static unsigned int proc_uid, proc_gid;
module_param(proc_uid, uint, 0444);
MODULE_PARM_DESC(proc_uid, "owner of the state files");
module_param(proc_gid, uint, 0444);
MODULE_PARM_DESC(proc_gid, "group of the state files");

static struct proc_dir_entry *link;

/* While N/list is read. */
struct reading {
	struct seq_net_private net; /* first, as seq_file_net wants it */
	struct stats_copy copy;
};

static unsigned int seconds_since(unsigned long then)
{
	return jiffies_to_msecs(jiffies - then) / MSEC_PER_SEC;
}

static const char *hook_name(u8 hook)
{
	return hook == FORWARD_HOOK_INPUT ? "input" : "prerouting";
}

static void show_owner(struct seq_file *seq, const struct table *table)
{
	if (READ_ONCE(table->owner_portid))
		seq_printf(seq, "%s (%d)", table->owner, READ_ONCE(table->owner_pid));
	else
		seq_puts(seq, "none");
}

static int show_tables(struct seq_file *seq, void *v)
{
	struct forward_net *fn = forward_net_of(seq_file_single_net(seq));
	unsigned int i;

	rcu_read_lock();
	for (i = 0; i < FORWARD_TABLES; i++) {
		const struct table *table = rcu_dereference(fn->tables[i]);

		if (!table)
			continue;
		seq_printf(seq, "%u targets %u hook %s refreshed %u s ago owner ", i,
			READ_ONCE(table->target_count), hook_name(READ_ONCE(table->hook)),
			seconds_since(READ_ONCE(table->refreshed)));
		show_owner(seq, table);
		seq_putc(seq, '\n');
	}
	rcu_read_unlock();
	return 0;
}

/* Under RCU. */
static struct table *table_of_file(struct seq_file *seq, struct forward_net *fn)
{
	unsigned long number = (unsigned long)pde_data(file_inode(seq->file));

	return rcu_dereference(fn->tables[number]);
}

static int show_status(struct seq_file *seq, void *v)
{
	struct forward_net *fn = forward_net_of(seq_file_single_net(seq));
	const struct table *table;
	struct totals totals;

	fwd_totals_read(fn, &totals);
	rcu_read_lock();
	table = table_of_file(seq, fn);
	if (table) {
		seq_puts(seq, "Owner:       ");
		show_owner(seq, table);
		seq_printf(seq, "\nOpencount:   %u\n",
			!!READ_ONCE(table->owner_portid) + !!READ_ONCE(table->tap_portid));
		seq_printf(seq, "Targets:     %u\nHook:        %s\nRefreshed:   %u s ago%s\n",
			READ_ONCE(table->target_count), hook_name(READ_ONCE(table->hook)),
			seconds_since(READ_ONCE(table->refreshed)),
			table_alive(table) ? "" : ", expired");
		seq_printf(
			seq, "Tap:         %s\n", READ_ONCE(table->tap_portid) ? "read" : "none");
	}
	rcu_read_unlock();
	seq_printf(seq, "All tables:  %llu bytes, %llu packets, %llu passed up, %llu unsent\n",
		totals.bytes, totals.packets, totals.passed, totals.unsent);
	return 0;
}

static void show_addr(struct seq_file *seq, const char *what, const struct addr *a)
{
	if (a->family == 6)
		seq_printf(seq, "%s inet6 [%pI6c]:%u", what, a->ip, ntohs(a->port));
	else
		seq_printf(seq, "%s inet4 %pI4:%u", what, a->ip, ntohs(a->port));
}

static void show_counts(struct seq_file *seq, u64 bytes, u64 packets, u64 errors)
{
	seq_printf(seq, "%20llu bytes, %20llu packets, %20llu errors\n", bytes, packets, errors);
}

static void show_flags(struct seq_file *seq, u32 flags, const char *const *names)
{
	unsigned int i;

	for (i = 0; names[i]; i++)
		if (flags >> i & 1)
			seq_printf(seq, " %s", names[i]);
	seq_putc(seq, '\n');
}

static void show_sink(
	struct seq_file *seq, const struct sink *s, const struct forward_sink_counts *counts)
{
	static const char *const flags[] = { "rtp", "rtcp", "rewrite", "payloads", "mask", NULL };

	show_addr(seq, "    src", &s->local);
	seq_putc(seq, '\n');
	show_addr(seq, "    dst", &s->peer);
	seq_printf(seq, " tos %u", s->tos);
	show_flags(seq, s->flags, flags);
	seq_puts(seq, "      stats: ");
	show_counts(seq, counts->bytes, counts->packets, counts->unsent);
}

static void show_ssrcs(struct seq_file *seq, const struct target *t, const struct stats_copy *c)
{
	unsigned int i;

	for (i = 0; i < t->ssrc_count; i++) {
		const struct forward_ssrc *s = &c->ssrcs[i];

		seq_printf(seq, "    ssrc %08x: %20llu bytes, %20llu packets, %u lost\n", s->ssrc,
			s->bytes, s->packets, s->lost);
	}
	for (i = 0; i < t->payload_count; i++)
		seq_printf(seq, "    RTP payload type %3u: %20llu bytes, %20llu packets\n",
			c->payloads[i].type, c->payloads[i].bytes, c->payloads[i].packets);
}

static void show_passed(struct seq_file *seq, const struct forward_counts *c)
{
	static const char *const names[FORWARD_PASS_REASONS] = { "form", "source", "kind",
		"malformed", "payload", "ssrc", "memory", "loop" };
	unsigned int i;

	seq_puts(seq, "    passed up:");
	for (i = 0; i < FORWARD_PASS_REASONS; i++)
		if (c->passed[i])
			seq_printf(seq, " %s %llu", names[i], c->passed[i]);
	seq_putc(seq, '\n');
}

static void show_target(struct seq_file *seq, struct target *t, struct stats_copy *c)
{
	static const char *const flags[] = { "rtp", "rtcp", "opaque", "source", "drop-others",
		"tap", NULL };
	const struct sink *s;
	unsigned int i = 0;

	fwd_stats_read(t, c);
	show_addr(seq, "local", &t->local);
	seq_putc(seq, '\n');
	if (t->flags & FORWARD_TARGET_SOURCE) {
		show_addr(seq, "    expect", &t->source);
		seq_printf(seq, "\n    src mismatch action: %s\n",
			t->flags & FORWARD_TARGET_DROP_OTHERS ? "drop" : "propagate");
	}
	seq_puts(seq, "    stats: ");
	show_counts(seq, c->counts.bytes, c->counts.packets, c->counts.unsent);
	seq_puts(seq, "    options:");
	show_flags(seq, t->flags, flags);
	show_ssrcs(seq, t, c);
	show_passed(seq, &c->counts);
	for_each_sink(s, t)
		show_sink(seq, s, &c->sinks[i++]);
}

/* A position is a bucket and one more. */
static void *list_at(struct seq_file *seq, loff_t pos)
{
	struct forward_net *fn = forward_net_of(seq_file_net(seq));

	if (pos < 0 || pos >= BUCKETS || !rcu_access_pointer(fn->buckets))
		return NULL;
	return (void *)(unsigned long)(pos + 1);
}

static void *list_start(struct seq_file *seq, loff_t *pos) __acquires(RCU)
{
	rcu_read_lock();
	return list_at(seq, *pos);
}

static void *list_next(struct seq_file *seq, void *v, loff_t *pos)
{
	return list_at(seq, ++*pos);
}

static void list_stop(struct seq_file *seq, void *v) __releases(RCU)
{
	rcu_read_unlock();
}

static int list_show(struct seq_file *seq, void *v)
{
	struct forward_net *fn = forward_net_of(seq_file_net(seq));
	struct hlist_head *buckets = rcu_dereference(fn->buckets);
	const struct table *table = table_of_file(seq, fn);
	struct reading *reading = seq->private;
	struct target *t;

	if (!table)
		return 0;
	hlist_for_each_entry_rcu(t, &buckets[(unsigned long)v - 1], node)
		if (t->table == table)
			show_target(seq, t, &reading->copy);
	return 0;
}

static const struct seq_operations list_ops = {
	.start = list_start,
	.next = list_next,
	.stop = list_stop,
	.show = list_show,
};

static int own(struct proc_dir_entry *entry)
{
	if (!entry)
		return -ENOMEM;
	proc_set_user(
		entry, make_kuid(&init_user_ns, proc_uid), make_kgid(&init_user_ns, proc_gid));
	return 0;
}

int fwd_debug_add_table(struct forward_net *fn, struct table *table)
{
	void *number = (void *)(unsigned long)table->number;
	char name[12];

	snprintf(name, sizeof(name), "%u", table->number);
	table->proc = proc_net_mkdir(fn->net, name, fn->proc);
	if (!own(table->proc) &&
		!own(proc_create_net_single("status", 0444, table->proc, show_status, number)) &&
		!own(proc_create_net_data(
			"list", 0444, table->proc, &list_ops, sizeof(struct reading), number)))
		return 0;
	proc_remove(table->proc);
	return -ENOMEM;
}

void fwd_debug_remove_table(struct table *table)
{
	proc_remove(table->proc);
}

int fwd_debug_net_init(struct forward_net *fn)
{
	fn->proc = proc_net_mkdir(fn->net, "rtpengine", fn->net->proc_net);
	if (!own(fn->proc) &&
		!own(proc_create_net_single("list", 0444, fn->proc, show_tables, NULL)))
		return 0;
	proc_remove(fn->proc);
	return -ENOMEM;
}

void fwd_debug_net_exit(struct forward_net *fn)
{
	proc_remove(fn->proc);
}

/* Where those look who know the module that this one takes the place of. */
void fwd_debug_init(void)
{
	struct path path;

	/* The other module may be there, and to make what exists is complained about. */
	if (!kern_path("/proc/rtpengine", 0, &path))
		path_put(&path);
	else
		link = proc_symlink("rtpengine", NULL, "self/net/rtpengine");
	if (!link)
		pr_info("/proc/rtpengine is not ours: /proc/net/rtpengine is\n");
}

void fwd_debug_exit(void)
{
	proc_remove(link);
}

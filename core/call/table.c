/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where calls are found, and what all of them share. */
#include "call/table_priv.h"

#include "base/clock.h"
#include "base/ref.h"

#include <errno.h>
#include <sys/random.h>

static guint hash_str(gconstpointer key)
{
	const struct str *s = key;
	guint h = 2166136261u;

	for (size_t i = 0; i < s->len; i++)
		h = (h ^ (guint8)s->s[i]) * 16777619u;
	return h;
}

static gboolean equal_str(gconstpointer a, gconstpointer b)
{
	return str_eq(*(const struct str *)a, *(const struct str *)b);
}

static void make_instance(char *text)
{
	uint64_t n = 0;

	if (getrandom(&n, sizeof(n), 0) != sizeof(n))
		n = (uint64_t)clock_wall_us();
	g_snprintf(text, INSTANCE_HEX + 1, "%012llx", (unsigned long long)(n & 0xffffffffffffULL));
}

static void drop_traffic(gpointer traffic)
{
	ref_drop(traffic);
}

struct call_table *call_table_new(struct media_worker *const *workers, unsigned worker_count,
	struct mailbox *control, struct iface_table *interfaces,
	const struct call_settings *settings)
{
	struct call_table *table = g_new0(struct call_table, 1);

	table->workers = workers;
	table->worker_count = worker_count;
	table->load = g_new0(unsigned, worker_count);
	table->control = control;
	table->interfaces = interfaces;
	table->settings = settings;
	table->by_id = g_hash_table_new(hash_str, equal_str);
	table->by_session = g_hash_table_new(NULL, NULL);
	table->traffic = g_hash_table_new_full(NULL, NULL, NULL, drop_traffic);
	make_instance(table->instance);
	return table;
}

const struct call_settings *call_table_settings(const struct call_table *table)
{
	return table->settings;
}

int call_table_renew_cert(struct call_table *table, struct err *err)
{
	struct dtls_cert *cert;

	log_info("Generating new DTLS certificate");
	cert = dtls_cert_new(&table->settings->dtls, clock_wall_us(), err);
	if (!cert)
		return -EIO;
	ref_drop(table->cert);
	table->cert = cert;
	return 0;
}

struct dtls_cert *call_table_cert(const struct call_table *table)
{
	return table->cert;
}

struct iface_table *call_table_interfaces(const struct call_table *table)
{
	return table->interfaces;
}

const char *call_table_instance(const struct call_table *table)
{
	return table->instance;
}

void call_table_set_load(struct call_table *table, const struct load *load)
{
	table->machine_load = *load;
}

const struct load *call_table_load(const struct call_table *table)
{
	return &table->machine_load;
}

unsigned call_table_count(const struct call_table *table)
{
	return g_hash_table_size(table->by_id);
}

struct call *call_table_find(const struct call_table *table, struct str id)
{
	return g_hash_table_lookup(table->by_id, &id);
}

struct call *call_table_find_session(const struct call_table *table, uint64_t session_id)
{
	return g_hash_table_lookup(table->by_session, GUINT_TO_POINTER(session_id));
}

void call_table_each(const struct call_table *table, bool (*fn)(struct call *, void *), void *arg)
{
	GHashTableIter it;
	gpointer call;

	g_hash_table_iter_init(&it, table->by_id);
	while (g_hash_table_iter_next(&it, NULL, &call))
		if (!fn(call, arg))
			return;
}

void call_table_look_again(struct call_table *table)
{
	GHashTableIter it;
	gpointer call;

	g_hash_table_iter_init(&it, table->by_id);
	while (g_hash_table_iter_next(&it, NULL, &call))
		((struct call *)call)->look_at_us = 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The table of local interfaces: made once at start from the `--interface` texts, then looked up
 * by the control side when it needs an address and ports for a party.
 */
#include "net/iface.h"

#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>

#include <glib.h>

enum { SPEC_ADDRS = 64 }; /* most addresses that one name stands for */

static const char default_name[] = "default";
static const char all_in_turn[] = "round-robin-calls"; /* a `direction` of older clients */

/* Interfaces that take turns: those that share a base name, or all. */
struct group {
	char *base;
	GPtrArray *members; /* struct iface, not owned */
	unsigned next;
};

struct alias {
	char *name;
	const struct iface *iface;
};

struct iface_table {
	GPtrArray *ifaces;  /* struct iface */
	GPtrArray *pools;   /* struct port_pool */
	GPtrArray *groups;  /* struct group */
	GPtrArray *aliases; /* struct alias */
	struct group *all;
	uint16_t port_min, port_max;
	const struct port_engine *engine;
};

struct addr_set {
	struct addr addrs[SPEC_ADDRS];
	unsigned count;
};

static void iface_free(void *object)
{
	struct iface *iface = object;

	g_free((char *)iface->name);
	g_free(iface->addrs);
	g_free(iface);
}

static void alias_free(void *object)
{
	struct alias *alias = object;

	g_free(alias->name);
	g_free(alias);
}

static struct group *group_new(struct str base)
{
	struct group *group = g_new0(struct group, 1);

	group->base = g_strndup(base.s, base.len);
	group->members = g_ptr_array_new();
	return group;
}

static void group_free(void *object)
{
	struct group *group = object;

	g_ptr_array_unref(group->members);
	g_free(group->base);
	g_free(group);
}

static void pool_free(void *object)
{
	port_pool_free(object);
}

static bool is_link_local(const struct addr *addr)
{
	if (addr->family == ADDR_IP4)
		return addr->ip[0] == 169 && addr->ip[1] == 254;
	return addr->ip[0] == 0xfe && (addr->ip[1] & 0xc0) == 0x80;
}

/* The address of one entry of getifaddrs, if it is one that media can use. */
static bool usable_addr(const struct ifaddrs *entry, struct addr *ret_addr)
{
	union sock sock = { 0 };
	struct addr addr;

	if (!entry->ifa_addr || !(entry->ifa_flags & IFF_UP))
		return false;
	if (entry->ifa_addr->sa_family == AF_INET)
		memcpy(&sock.in, entry->ifa_addr, sizeof(sock.in));
	else if (entry->ifa_addr->sa_family == AF_INET6)
		memcpy(&sock.in6, entry->ifa_addr, sizeof(sock.in6));
	else
		return false;
	addr = addr_with_port(addr_of_sock(&sock), 0);
	if (is_link_local(&addr))
		return false;
	*ret_addr = addr;
	return true;
}

/* Of the system interface `name`, or with NULL of all but loopback. */
static void find_system_addrs(const char *name, struct addr_set *ret_set)
{
	struct ifaddrs *all = NULL;

	ret_set->count = 0;
	if (getifaddrs(&all) != 0)
		return;
	for (struct ifaddrs *at = all; at && ret_set->count < SPEC_ADDRS; at = at->ifa_next) {
		if (name ? strcmp(at->ifa_name, name) != 0 : at->ifa_flags & IFF_LOOPBACK)
			continue;
		if (usable_addr(at, &ret_set->addrs[ret_set->count]))
			ret_set->count++;
	}
	freeifaddrs(all);
}

static bool has_unspecified(const struct addr_set *set)
{
	for (unsigned i = 0; i < set->count; i++) {
		if (addr_is_unspecified(&set->addrs[i]))
			return true;
	}
	return false;
}

static bool resolve_host(struct str text, struct addr_set *ret_set)
{
	return addr_resolve(text, ret_set->addrs, SPEC_ADDRS, &ret_set->count) == 0 &&
	       !has_unspecified(ret_set);
}

/* The ADDR part: a literal, `any`, a system interface's name, a host's name. */
static bool resolve_local(struct str text, struct addr_set *ret_set)
{
	g_autofree char *name = g_strndup(text.s, text.len);

	if (addr_parse_ip(text, &ret_set->addrs[0])) {
		ret_set->count = 1;
		return !has_unspecified(ret_set);
	}
	if (str_is_nocase(text, "any"))
		find_system_addrs(NULL, ret_set);
	else
		find_system_addrs(name, ret_set);
	if (ret_set->count)
		return true;
	return if_nametoindex(name) == 0 && resolve_host(text, ret_set);
}

static struct iface *find_whole(const struct iface_table *table, struct str name)
{
	for (unsigned i = 0; i < table->ifaces->len; i++) {
		struct iface *iface = table->ifaces->pdata[i];

		if (str_is(name, iface->name))
			return iface;
	}
	return NULL;
}

static struct iface *find_or_add(struct iface_table *table, struct str name)
{
	struct iface *iface = find_whole(table, name);

	if (iface)
		return iface;
	iface = g_new0(struct iface, 1);
	iface->name = g_strndup(name.s, name.len);
	g_ptr_array_add(table->ifaces, iface);
	return iface;
}

static struct port_pool *find_or_add_pool(struct iface_table *table, const struct addr *local)
{
	struct port_pool *pool;

	for (unsigned i = 0; i < table->pools->len; i++) {
		pool = table->pools->pdata[i];
		if (addr_same_ip(port_pool_local(pool), local))
			return pool;
	}
	pool = port_pool_new(local, table->port_min, table->port_max, table->engine);
	g_ptr_array_add(table->pools, pool);
	return pool;
}

static void add_addr(struct iface_table *table, struct iface *iface, const struct addr *local,
	const struct addr *advertised)
{
	struct iface_addr *entry;

	for (unsigned i = 0; i < iface->addr_count; i++) {
		entry = &iface->addrs[i];
		if (addr_same_ip(&entry->local, local) &&
			addr_same_ip(&entry->advertised, advertised))
			return;
	}
	iface->addrs = g_renew(struct iface_addr, iface->addrs, iface->addr_count + 1);
	entry = &iface->addrs[iface->addr_count];
	entry->local = *local;
	entry->advertised = *advertised;
	entry->pool = find_or_add_pool(table, local);
	entry->index = iface->addr_count++;
}

static const struct addr *of_family(const struct addr_set *set, uint8_t family)
{
	for (unsigned i = 0; i < set->count; i++) {
		if (set->addrs[i].family == family)
			return &set->addrs[i];
	}
	return NULL;
}

/* `advertised` is empty when none was given; else it must fit at least one local address. */
static bool add_addrs(struct iface_table *table, struct str name, const struct addr_set *local,
	const struct addr_set *advertised)
{
	bool fits = advertised->count == 0;
	struct iface *iface;

	for (unsigned i = 0; !fits && i < local->count; i++)
		fits = of_family(advertised, local->addrs[i].family) != NULL;
	if (!fits)
		return false;
	iface = find_or_add(table, name);
	for (unsigned i = 0; i < local->count; i++) {
		const struct addr *own = &local->addrs[i];
		const struct addr *shown = of_family(advertised, own->family);

		add_addr(table, iface, own, shown ? shown : own);
	}
	return true;
}

static bool add_alias(struct iface_table *table, struct str name, struct str target)
{
	const struct iface *iface = find_whole(table, target);
	struct alias *alias;

	if (!name.len || !iface)
		return false;
	alias = g_new0(struct alias, 1);
	alias->name = g_strndup(name.s, name.len);
	alias->iface = iface;
	g_ptr_array_add(table->aliases, alias);
	return true;
}

static bool add_spec(struct iface_table *table, struct str spec)
{
	struct str rest = spec, name = str_of(default_name), addr, part;
	struct addr_set local, advertised = { .count = 0 };

	if (spec.len && memchr(spec.s, '/', spec.len)) {
		str_cut(&rest, '/', &name);
	} else if (spec.len && memchr(spec.s, '=', spec.len)) {
		str_cut(&rest, '=', &part);
		return add_alias(table, part, rest);
	}
	if (!name.len || !str_cut(&rest, '!', &addr) || !addr.len)
		return false;
	/* what is left, also if empty, is the text after the mark */
	if (rest.s && !resolve_host(rest, &advertised))
		return false;
	return resolve_local(addr, &local) && add_addrs(table, name, &local, &advertised);
}

static struct group *find_group(const struct iface_table *table, struct str base)
{
	for (unsigned i = 0; i < table->groups->len; i++) {
		struct group *group = table->groups->pdata[i];

		if (str_is(base, group->base))
			return group;
	}
	return NULL;
}

/* The part before the colon; empty when the name has none. */
static struct str base_of(const struct iface *iface)
{
	const char *colon = strchr(iface->name, ':');

	return colon ? (struct str){ iface->name, (size_t)(colon - iface->name) } : STR_NULL;
}

static void make_groups(struct iface_table *table)
{
	table->all = group_new(str_of(all_in_turn));
	for (unsigned i = 0; i < table->ifaces->len; i++) {
		struct iface *iface = table->ifaces->pdata[i];
		struct str base = base_of(iface);
		struct group *group;

		g_ptr_array_add(table->all->members, iface);
		if (!base.len)
			continue;
		group = find_group(table, base);
		if (!group) {
			group = group_new(base);
			g_ptr_array_add(table->groups, group);
		}
		g_ptr_array_add(group->members, iface);
	}
}

struct iface_table *iface_table_new(const char *const *specs, uint16_t port_min, uint16_t port_max,
	const struct port_engine *engine, struct err *err)
{
	struct iface_table *table;

	if (!port_min || port_min > port_max) {
		err_set(err, EINVAL, "Invalid RTP port range: %u-%u", port_min, port_max);
		return NULL;
	}
	if (!specs || !*specs) {
		err_set(err, EINVAL, "Missing option --interface");
		return NULL;
	}
	table = g_new0(struct iface_table, 1);
	table->ifaces = g_ptr_array_new_with_free_func(iface_free);
	table->pools = g_ptr_array_new_with_free_func(pool_free);
	table->groups = g_ptr_array_new_with_free_func(group_free);
	table->aliases = g_ptr_array_new_with_free_func(alias_free);
	table->port_min = port_min;
	table->port_max = port_max;
	table->engine = engine;
	for (; *specs; specs++) {
		if (add_spec(table, str_of(*specs)))
			continue;
		err_set(err, EINVAL, "Invalid interface specification: '%s'", *specs);
		iface_table_free(table);
		return NULL;
	}
	make_groups(table);
	return table;
}

void iface_table_use_engine(struct iface_table *table, const struct port_engine *engine)
{
	table->engine = engine;
	for (unsigned i = 0; i < table->pools->len; i++)
		port_pool_use_engine(table->pools->pdata[i], engine);
}

void iface_table_use_guard(struct iface_table *table, const struct port_guard *guard)
{
	for (unsigned i = 0; i < table->pools->len; i++)
		port_pool_use_guard(table->pools->pdata[i], guard);
}

void iface_table_free(struct iface_table *table)
{
	if (!table)
		return;
	if (table->all)
		group_free(table->all);
	g_ptr_array_unref(table->aliases);
	g_ptr_array_unref(table->groups);
	g_ptr_array_unref(table->ifaces);
	g_ptr_array_unref(table->pools);
	g_free(table);
}

const struct iface *iface_default(const struct iface_table *table)
{
	return table->ifaces->pdata[0];
}

/* With ICE all addresses get ports, so the poorest one decides. */
static bool has_ports(const struct iface *iface, unsigned wanted)
{
	for (unsigned i = 0; i < iface->addr_count; i++) {
		if (port_pool_free_count(iface->addrs[i].pool) < wanted)
			return false;
	}
	return true;
}

static const struct iface *next_of(struct group *group, unsigned ports_wanted)
{
	unsigned count = group->members->len, first = group->next, at = first;

	for (unsigned i = 0; i < count; i++) {
		unsigned candidate = (first + i) % count;

		if (has_ports(group->members->pdata[candidate], ports_wanted)) {
			at = candidate;
			break;
		}
	}
	group->next = (at + 1) % count;
	return group->members->pdata[at];
}

const struct iface *iface_find(struct iface_table *table, struct str name, unsigned ports_wanted)
{
	const struct iface *iface = name.len ? find_whole(table, name) : iface_default(table);
	struct group *group;

	if (iface && name.len)
		return iface;
	if (iface) { /* no name given */
		group = find_group(table, base_of(iface));
		return group ? next_of(group, ports_wanted) : iface;
	}
	for (unsigned i = 0; i < table->aliases->len; i++) {
		struct alias *alias = table->aliases->pdata[i];

		if (str_is(name, alias->name))
			return alias->iface;
	}
	group = find_group(table, name);
	if (!group && str_is(name, all_in_turn))
		group = table->all;
	return group ? next_of(group, ports_wanted) : NULL;
}

bool iface_answers_to(const struct iface_table *table, const struct iface *iface, struct str name)
{
	if (str_is(name, iface->name) || str_is(name, all_in_turn))
		return true;
	for (unsigned i = 0; i < table->aliases->len; i++) {
		const struct alias *alias = table->aliases->pdata[i];

		if (alias->iface == iface && str_is(name, alias->name))
			return true;
	}
	return str_eq(name, base_of(iface)) && !find_whole(table, name);
}

const struct iface_addr *iface_pick(const struct iface *iface, enum addr_family family)
{
	for (unsigned i = 0; i < iface->addr_count; i++) {
		if (iface->addrs[i].local.family == family)
			return &iface->addrs[i];
	}
	return &iface->addrs[0];
}

void iface_exclude_port(struct iface_table *table, uint16_t port)
{
	for (unsigned i = 0; i < table->pools->len; i++)
		port_pool_exclude(table->pools->pdata[i], port);
}

unsigned iface_count(const struct iface_table *table)
{
	return table->ifaces->len;
}

const struct iface *iface_at(const struct iface_table *table, unsigned index)
{
	return table->ifaces->pdata[index];
}

static bool leads_to(const struct iface_addr *own, const struct addr *addr)
{
	return (addr_same_ip(&own->local, addr) || addr_same_ip(&own->advertised, addr)) &&
	       addr->port >= port_pool_min(own->pool) && addr->port <= port_pool_max(own->pool);
}

bool iface_table_has(const struct iface_table *table, const struct addr *addr)
{
	for (unsigned i = 0; addr->family && i < iface_count(table); i++) {
		const struct iface *iface = iface_at(table, i);

		for (unsigned a = 0; a < iface->addr_count; a++)
			if (leads_to(&iface->addrs[a], addr))
				return true;
	}
	return false;
}

const struct iface *iface_with_local(const struct iface_table *table, const struct addr *local)
{
	for (unsigned i = 0; i < iface_count(table); i++) {
		const struct iface *iface = iface_at(table, i);

		for (unsigned a = 0; a < iface->addr_count; a++)
			if (addr_same_ip(&iface->addrs[a].local, local))
				return iface;
	}
	return NULL;
}

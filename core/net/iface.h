/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Local interfaces as signalling knows them: a name (`--interface=[NAME/]ADDR[!ADVERTISED]`),
 * one or more addresses, each with the address that is advertised instead and its pool of
 * ports. Made at start, constant afterwards but for the pools. [control], lookups too.
 */
#ifndef NET_IFACE_H
#define NET_IFACE_H

#include "base/err.h"
#include "net/addr.h"
#include "net/ports.h"

struct iface_addr {
	struct addr local;      /* port 0 */
	struct addr advertised; /* port 0; equals local unless given */
	struct port_pool *pool; /* shared by all entries with the same local address */
	unsigned index;         /* among its interface's addresses: ICE preference */
};

struct iface {
	const char *name; /* whole: "base" or "base:suffix" */
	unsigned addr_count;
	struct iface_addr *addrs; /* in the order given */
};

struct iface_table;

/*
 * `specs`: NULL-terminated list of `[NAME/]ADDR[!ADVERTISED]` (spec/daemon 1.4; ADDR may be the
 * name of a system interface or a host name; `any` for all but loopback), or `ALIAS=NAME`: one
 * more name for an interface listed before. Of a name with addresses of both families,
 * ADVERTISED replaces those of its own family. Ports `port_min` to `port_max` inclusive. On
 * error NULL, and `err` has spec/daemon 1.3's text. Resolves names: may block. [main]
 */
struct iface_table *iface_table_new(const char *const *specs, uint16_t port_min, uint16_t port_max,
	const struct port_engine *engine, struct err *err);
/* All ports are opened by this one from now on; before the first lease. */
void iface_table_use_engine(struct iface_table *table, const struct port_engine *engine);
/* Who is told of all ports that calls have; before the first lease. */
void iface_table_use_guard(struct iface_table *table, const struct port_guard *guard);
void iface_table_free(struct iface_table *table); /* no lease may be left */
/* The first one listed; never NULL. */
const struct iface *iface_default(const struct iface_table *table);
/*
 * By whole name or alias; or by group: `base` gives the next of its members that has at least
 * `ports_wanted` free ports on each address, round robin (just the next when none has). The
 * empty name gives the default, or the next of its group when it has a suffix;
 * "round-robin-calls" the next of all. NULL: no such name.
 */
const struct iface *iface_find(struct iface_table *table, struct str name, unsigned ports_wanted);
/* Is this the interface, or one of the group, that iface_find would look among for `name`? */
bool iface_answers_to(const struct iface_table *table, const struct iface *iface, struct str name);
/*
 * The address of `family` in `iface`; else its first of another family; never NULL.
 * (spec NG 5.6)
 */
const struct iface_addr *iface_pick(const struct iface *iface, enum addr_family family);
/* The first that has this local address; NULL. */
const struct iface *iface_with_local(const struct iface_table *table, const struct addr *local);
/* Does what is sent there come to one of the ports we may use, as far as we know our addresses? */
bool iface_table_has(const struct iface_table *table, const struct addr *addr);
/* Takes a port out of all pools (control listeners'). */
void iface_exclude_port(struct iface_table *table, uint16_t port);
unsigned iface_count(const struct iface_table *table);
const struct iface *iface_at(const struct iface_table *table, unsigned index);

#endif

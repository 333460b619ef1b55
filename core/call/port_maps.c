/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A section's port maps. Ports shown to a party are tied to the endpoint that the other party
 * advertised: an unchanged endpoint finds its ports again, a new one gets new ports.
 */
#include "call/port_maps.h"

#include "base/ref.h"

#include <errno.h>

/* By port only when either address is zero (hold). */
static bool same_key(const struct addr *a, const struct addr *b)
{
	if (!a->family || !b->family)
		return false;
	if (addr_is_unspecified(a) || addr_is_unspecified(b))
		return a->port == b->port;
	return addr_equal(a, b);
}

static bool fits(
	const struct port_map *map, const struct port_request *r, const struct iface_addr *local)
{
	return map->iface == r->iface && map->local == local && map->count >= r->count;
}

static struct port_map *find_map(
	struct media *media, const struct port_request *r, const struct iface_addr *local)
{
	struct port_map *waiting = NULL;

	if (media->ports && fits(media->ports, r, local) && (r->latch || !r->key.family))
		return media->ports;
	for (struct port_map *m = media->maps; m; m = m->next) {
		if (m->beside || !fits(m, r, local))
			continue;
		if (same_key(&m->key, &r->key))
			return m;
		if (!m->key.family && !waiting)
			waiting = m;
	}
	return waiting;
}

static void drop_map(struct port_map *map)
{
	for (unsigned i = 0; i < map->count; i++)
		ref_drop(map->leases[i]);
	map->count = 0;
}

static bool has_group(const struct media *media, uint32_t group)
{
	for (const struct port_map *m = media->maps; m; m = m->next)
		if (!m->beside && m->group == group)
			return true;
	return false;
}

/* Those beside a map that is gone. */
static void drop_orphans(struct media *media)
{
	struct port_map **link = &media->maps;

	while (*link) {
		struct port_map *m = *link;

		if (!m->beside || has_group(media, m->group)) {
			link = &m->next;
			continue;
		}
		drop_map(m);
		*link = m->next;
	}
}

/* Lists are bounded: of the maps not in use the oldest goes. */
static void trim_maps(struct media *media)
{
	struct port_map **oldest = NULL;
	unsigned count = 0;

	for (struct port_map **link = &media->maps; *link; link = &(*link)->next) {
		if ((*link)->beside)
			continue;
		count++;
		if (*link != media->ports)
			oldest = link;
	}
	if (count <= MODEL_MAX_PORT_MAPS || !oldest)
		return;
	drop_map(*oldest);
	*oldest = (*oldest)->next;
	drop_orphans(media);
}

static int open_ports(struct port_map *map, unsigned count, struct err *err)
{
	int ret = count == 1 ? port_pool_lease_one(map->local->pool, &map->leases[0], err)
			     : port_pool_lease_pairs(map->local->pool, count / 2, map->leases, err);

	if (!ret)
		map->count = count;
	return ret;
}

static void add_map(struct media *media, struct port_map *map)
{
	map->next = media->maps;
	media->maps = map;
}

/* Ports kept although the endpoint changed: the new endpoint finds them next time, too. */
static struct port_map *also_for(
	struct model *model, struct media *media, struct port_map *map, const struct addr *key)
{
	struct port_map *also = arena_alloc(model->arena, sizeof(*also));

	*also = *map;
	also->key = *key;
	for (unsigned i = 0; i < also->count; i++)
		ref_take(also->leases[i]);
	add_map(media, also);
	return also;
}

int media_take_ports(
	struct model *model, struct media *media, const struct port_request *r, struct err *err)
{
	const struct iface_addr *local = iface_pick(r->iface, r->family);
	struct port_map *map;
	int ret;

	if (r->count > 2 * MODEL_MAX_PORT_PAIRS)
		return err_set(err, ENOSPC, "Ran out of ports");
	map = find_map(media, r, local);
	if (!map) {
		map = arena_alloc(model->arena, sizeof(*map));
		map->iface = r->iface;
		map->local = local;
		ret = open_ports(map, r->count, err);
		if (ret < 0)
			return ret;
		add_map(media, map);
	}
	if (r->key.family && !map->key.family)
		map->key = r->key;
	else if (r->key.family && !same_key(&map->key, &r->key))
		map = also_for(model, media, map, &r->key);
	media->ports = map;
	trim_maps(media);
	return 0;
}

const struct port_map *media_ports_at(const struct media *media, const struct iface_addr *local)
{
	if (media->ports->local == local)
		return media->ports;
	for (const struct port_map *m = media->maps; m; m = m->next)
		if (m->beside && m->group == media->ports->group && m->local == local)
			return m;
	return NULL;
}

static uint32_t free_group(const struct media *media)
{
	uint32_t most = 0;

	for (const struct port_map *m = media->maps; m; m = m->next)
		most = MAX(most, m->group);
	return most + 1;
}

/* Maps that share the ports of the one in use share those beside it, too. */
static void need_group(struct media *media)
{
	uint32_t group = free_group(media);

	for (struct port_map *m = media->maps; !media->ports->group && m; m = m->next)
		if (m != media->ports && m->leases[0] == media->ports->leases[0])
			m->group = group;
	if (!media->ports->group)
		media->ports->group = group;
}

int media_take_other_ports(struct model *model, struct media *media, struct err *err)
{
	const struct port_map *in_use = media->ports;
	unsigned count = MIN(in_use->iface->addr_count, (unsigned)PLAN_MAX_PORTS);

	if (count > 1)
		need_group(media);
	for (unsigned i = 0; i < count; i++) {
		const struct iface_addr *local = &in_use->iface->addrs[i];
		struct port_map *map;
		int ret;

		if (media_ports_at(media, local))
			continue;
		map = arena_alloc(model->arena, sizeof(*map));
		*map = (struct port_map){ .iface = in_use->iface,
			.local = local,
			.group = in_use->group,
			.beside = true };
		ret = open_ports(map, in_use->count, err);
		if (ret < 0)
			return ret;
		add_map(media, map);
	}
	return 0;
}

/* Is it one of those that are in use? */
static bool is_in_use(const struct media *media, const struct port_map *map)
{
	return map->leases[0] == media->ports->leases[0] ||
	       (map->beside && map->group == media->ports->group);
}

void media_give_ports(struct media *media)
{
	for (struct port_map *m = media->maps; m; m = m->next)
		drop_map(m);
	media->maps = media->ports = NULL;
}

void media_give_rtcp_port(struct media *media)
{
	for (struct port_map *m = media->maps; media->ports && m; m = m->next) {
		if (m->count != 2 || !is_in_use(media, m))
			continue;
		ref_drop(m->leases[1]);
		m->leases[1] = NULL;
		m->count = 1;
	}
}

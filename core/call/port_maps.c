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
		if (!fits(m, r, local))
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

/* Lists are bounded: of the maps not in use the oldest goes. */
static void trim_maps(struct media *media)
{
	struct port_map **oldest = NULL;
	unsigned count = 0;

	for (struct port_map **link = &media->maps; *link; link = &(*link)->next) {
		count++;
		if (*link != media->ports)
			oldest = link;
	}
	if (count <= MODEL_MAX_PORT_MAPS || !oldest)
		return;
	drop_map(*oldest);
	*oldest = (*oldest)->next;
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

void media_give_ports(struct media *media)
{
	for (struct port_map *m = media->maps; m; m = m->next)
		drop_map(m);
	media->maps = media->ports = NULL;
}

void media_give_rtcp_port(struct media *media)
{
	struct lease *rtp = media->ports ? media->ports->leases[0] : NULL;

	for (struct port_map *m = media->maps; m; m = m->next) {
		if (m->count != 2 || m->leases[0] != rtp)
			continue;
		ref_drop(m->leases[1]);
		m->leases[1] = NULL;
		m->count = 1;
	}
}

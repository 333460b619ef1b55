/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Every open port belongs to exactly one endpoint of a live call: a flow of one section of one
 * party. It is marked with its owner when the call's model is committed and keeps that mark until
 * it is closed, so that a port found under another owner is seen at once.
 */
#include "call/call.h"

#include "stats/counter.h"

#include <glib.h>

/* Called for each place in a model where a lease stands. */
typedef void (*place_fn)(struct lease *lease, const struct lease_owner *owner, void *arg);

/* A lease stands in several maps of its section; `fn` is called for the first of them. */
static bool stood_before(const struct media *media, const struct port_map *map, unsigned component)
{
	for (const struct port_map *m = media->maps; m != map; m = m->next)
		if (component < m->count && m->leases[component] == map->leases[component])
			return true;
	return false;
}

static void each_of_media(
	const struct media *media, const struct lease_owner *base, place_fn fn, void *arg)
{
	for (const struct port_map *m = media->maps; m; m = m->next)
		for (unsigned i = 0; i < m->count; i++) {
			struct lease_owner owner = *base;

			owner.component = (uint16_t)i;
			if (!stood_before(media, m, i))
				fn(m->leases[i], &owner, arg);
		}
}

static void each_place(const struct call *call, place_fn fn, void *arg)
{
	struct lease_owner owner = { .call = session_id(call->session) };

	for (unsigned p = 0; p < call->model->party_count; p++) {
		const struct party *party = call->model->parties[p];

		owner.party = party->number;
		for (unsigned m = 0; m < party->media_count; m++) {
			owner.section = (uint16_t)m;
			each_of_media(party->media[m], &owner, fn, arg);
		}
	}
}

struct claims {
	struct str call_id;
	unsigned conflicts;
};

static void claim(struct lease *lease, const struct lease_owner *owner, void *arg)
{
	struct claims *claims = arg;

	if (!lease_claim(lease, owner, claims->call_id))
		claims->conflicts++;
}

void call_claim_leases(const struct call *call)
{
	struct claims claims = { .call_id = call->id };

	each_place(call, claim, &claims);
	if (!claims.conflicts)
		return;
	counter_add(COUNTER_LEASE_CONFLICTS, claims.conflicts);
	log_err("%u ports of this call belong to another endpoint", claims.conflicts);
#ifdef CHECK_INVARIANTS
	g_error("%u ports with two owners", claims.conflicts);
#endif
}

static void check(struct lease *lease, const struct lease_owner *owner, void *arg)
{
	struct lease_check *c = arg;

	c->leases++;
	if (!lease_owned_by(lease, owner))
		c->conflicts++;
}

static bool check_call(struct call *call, void *arg)
{
	each_place(call, check, arg);
	return true;
}

struct lease_check call_table_check_leases(const struct call_table *table)
{
	struct lease_check c = { 0 };

	call_table_each(table, check_call, &c);
	return c;
}

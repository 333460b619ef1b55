/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The pool of one local address. A number is in one of four places: as half of a whole pair in
 * `pairs` (under its even number), alone in `singles` because its neighbour is not free, out
 * (leased, or being tried), or excluded. Both lists are linked through the slots, so that a
 * number can be taken from anywhere at the same cost, and both give from the head and take back
 * at the tail: what a finished call's peer still sends should not reach the next call.
 */
#include "net/ports.h"

#include <errno.h>

#include <glib.h>

#include "base/ref.h"

enum {
	NO_NUMBER = 0,
	/* A single goes before breaking a pair once pool size / this many numbers were taken
	 * since it came back. */
	REST_DIVISOR = 4,
};

enum slot_place { SLOT_OUT, SLOT_SINGLE, SLOT_PAIR };

struct slot {
	uint32_t returned_at; /* of pool->taken */
	uint16_t next, prev;  /* numbers; of a pair, the even one's */
	uint8_t place;        /* enum slot_place */
	bool excluded;
};

struct number_list {
	uint16_t head, tail;
	unsigned count;
};

struct port_pool {
	struct addr local;
	const struct port_engine *engine;
	const struct port_guard *guard; /* NULL: nobody is told */
	uint16_t port_min, port_max;
	struct number_list pairs, singles;
	unsigned free_count, size, used;
	uint32_t taken;      /* numbers taken so far; wraps */
	struct slot slots[]; /* from port_min on */
};

static struct slot *slot_of(struct port_pool *pool, uint16_t number)
{
	return &pool->slots[number - pool->port_min];
}

static bool in_range(const struct port_pool *pool, unsigned number)
{
	return number >= pool->port_min && number <= pool->port_max;
}

static void numbers_append(struct port_pool *pool, struct number_list *list, uint16_t number)
{
	struct slot *slot = slot_of(pool, number);

	slot->next = NO_NUMBER;
	slot->prev = list->tail;
	if (list->tail)
		slot_of(pool, list->tail)->next = number;
	else
		list->head = number;
	list->tail = number;
	list->count++;
}

static void numbers_prepend(struct port_pool *pool, struct number_list *list, uint16_t number)
{
	struct slot *slot = slot_of(pool, number);

	slot->prev = NO_NUMBER;
	slot->next = list->head;
	if (list->head)
		slot_of(pool, list->head)->prev = number;
	else
		list->tail = number;
	list->head = number;
	list->count++;
}

static void numbers_remove(struct port_pool *pool, struct number_list *list, uint16_t number)
{
	struct slot *slot = slot_of(pool, number);

	if (slot->prev)
		slot_of(pool, slot->prev)->next = slot->next;
	else
		list->head = slot->next;
	if (slot->next)
		slot_of(pool, slot->next)->prev = slot->prev;
	else
		list->tail = slot->prev;
	list->count--;
}

static uint16_t even_of(uint16_t number)
{
	return number & (uint16_t)~1u;
}

/* NULL when the other half of the pair is outside the range. */
static struct slot *partner_of(struct port_pool *pool, uint16_t number)
{
	return in_range(pool, number ^ 1u) ? slot_of(pool, number ^ 1u) : NULL;
}

static void number_give_back(struct port_pool *pool, uint16_t number)
{
	struct slot *slot = slot_of(pool, number), *partner = partner_of(pool, number);

	if (slot->excluded)
		return;
	slot->returned_at = pool->taken;
	pool->free_count++;
	if (partner && partner->place == SLOT_SINGLE) {
		numbers_remove(pool, &pool->singles, number ^ 1u);
		slot->place = partner->place = SLOT_PAIR;
		numbers_append(pool, &pool->pairs, even_of(number));
		return;
	}
	slot->place = SLOT_SINGLE;
	numbers_append(pool, &pool->singles, number);
}

/* `number` is free. */
static void number_take(struct port_pool *pool, uint16_t number)
{
	struct slot *slot = slot_of(pool, number), *partner = partner_of(pool, number);

	if (slot->place == SLOT_PAIR) {
		numbers_remove(pool, &pool->pairs, even_of(number));
		partner->place = SLOT_SINGLE;
		/* it has rested as long as the pair: the next one to be used */
		numbers_prepend(pool, &pool->singles, number ^ 1u);
	} else {
		numbers_remove(pool, &pool->singles, number);
	}
	slot->place = SLOT_OUT;
	pool->free_count--;
	pool->taken++;
}

/* The one that lease_one is to try next; the pool is not empty. */
static uint16_t pick_one(struct port_pool *pool)
{
	uint16_t single = pool->singles.head;

	if (!pool->pairs.head)
		return single;
	if (!single)
		return pool->pairs.head;
	if (pool->taken - slot_of(pool, single)->returned_at < pool->size / REST_DIVISOR)
		return pool->pairs.head;
	return single;
}

static void give_all_back(struct port_pool *pool, struct number_list *numbers)
{
	uint16_t next;

	for (uint16_t number = numbers->head; number; number = next) {
		next = slot_of(pool, number)->next; /* giving it back links it elsewhere */
		number_give_back(pool, number);
	}
}

static int open_number(
	struct port_pool *pool, uint16_t number, struct port **ret_port, struct err *err)
{
	struct addr local = addr_with_port(pool->local, number);

	return pool->engine->open(&local, 0, ret_port, err);
}

static void lease_destroy(void *object)
{
	struct lease *lease = object;
	const struct port_guard *guard = lease->pool->guard;

	if (guard && lease->owner.call)
		guard->closed(guard->arg, &lease->port->local);
	lease->port->engine->close(lease->port);
	lease->pool->used--;
	number_give_back(lease->pool, lease->number);
}

static struct lease *lease_new(struct port_pool *pool, uint16_t number, struct port *port)
{
	struct lease *lease = ref_alloc(sizeof(*lease), lease_destroy);

	lease->port = port;
	lease->pool = pool;
	lease->number = number;
	pool->used++;
	return lease;
}

bool lease_owned_by(const struct lease *lease, const struct lease_owner *owner)
{
	const struct lease_owner *o = &lease->owner;

	return o->call == owner->call && o->party == owner->party && o->section == owner->section &&
	       o->component == owner->component;
}

bool lease_claim(struct lease *lease, const struct lease_owner *owner, struct str call_id)
{
	const struct port_guard *guard = lease->pool->guard;

	if (!lease->owner.call) {
		lease->owner = *owner;
		if (guard)
			guard->opened(guard->arg, &lease->port->local, call_id);
	}
	return lease_owned_by(lease, owner);
}

static int ran_out(struct err *err)
{
	return err_set(err, ENOSPC, "Ran out of ports");
}

/* Opens both or neither; the numbers are out already. */
static int open_pair(struct port_pool *pool, uint16_t even, struct lease **ret, struct err *err)
{
	struct port *rtp, *rtcp;
	int rc = open_number(pool, even, &rtp, err);

	if (rc)
		return rc;
	rc = open_number(pool, even + 1, &rtcp, err);
	if (rc) {
		rtp->engine->close(rtp);
		return rc;
	}
	ret[0] = lease_new(pool, even, rtp);
	ret[1] = lease_new(pool, even + 1, rtcp);
	return 0;
}

/* What somebody else has bound is put in `aside`, so that it is not met again in this request. */
static int lease_pair(
	struct port_pool *pool, struct number_list *aside, struct lease **ret, struct err *err)
{
	while (pool->pairs.head) {
		uint16_t even = pool->pairs.head;
		int rc;

		number_take(pool, even);
		number_take(pool, even + 1);
		rc = open_pair(pool, even, ret, err);
		if (!rc)
			return 0;
		numbers_append(pool, aside, even);
		numbers_append(pool, aside, even + 1);
		if (rc != -EADDRINUSE)
			return rc;
	}
	return ran_out(err);
}

/* Are `pairs` pairs from `even` on all whole and free? */
static bool run_is_free(struct port_pool *pool, unsigned even, unsigned pairs)
{
	for (unsigned n = even; n < even + 2 * pairs; n += 2)
		if (!in_range(pool, n) || slot_of(pool, (uint16_t)n)->place != SLOT_PAIR)
			return false;
	return true;
}

static int lease_run_at(
	struct port_pool *pool, uint16_t even, unsigned pairs, struct lease **ret, struct err *err)
{
	unsigned got = 0;
	int rc = 0;

	while (!rc && got < pairs) {
		uint16_t number = (uint16_t)(even + 2 * got);

		number_take(pool, number);
		number_take(pool, number + 1);
		rc = open_pair(pool, number, &ret[2 * got], err);
		if (!rc) {
			got++;
			continue;
		}
		number_give_back(pool, number);
		number_give_back(pool, number + 1);
	}
	for (unsigned i = 0; rc && i < 2 * got; i++)
		ref_drop(ret[i]);
	return rc;
}

/*
 * Several pairs behind each other, for the rare section with a port count: looked for from the
 * pair whose turn it is.
 */
static int lease_run(struct port_pool *pool, unsigned pairs, struct lease **ret, struct err *err)
{
	g_autofree struct lease **leases = g_new(struct lease *, 2 * (gsize)pairs);
	unsigned first = even_of((uint16_t)(pool->port_min + 1));
	unsigned steps = (pool->port_max - first + 1) / 2;
	unsigned start = pool->pairs.head ? (pool->pairs.head - first) / 2 : 0;

	for (unsigned i = 0; i < steps; i++) {
		unsigned even = first + 2 * ((start + i) % steps);
		int rc;

		if (!run_is_free(pool, even, pairs))
			continue;
		rc = lease_run_at(pool, (uint16_t)even, pairs, leases, err);
		if (!rc)
			memcpy(ret, leases, 2 * (size_t)pairs * sizeof(*ret));
		if (rc != -EADDRINUSE)
			return rc;
	}
	return ran_out(err);
}

int port_pool_lease_pairs(
	struct port_pool *pool, unsigned pairs, struct lease **ret, struct err *err)
{
	struct number_list aside = { 0 };
	struct lease *pair[2];
	struct err failed; /* also of attempts that others made good */
	int rc;

	g_assert(pairs > 0);
	if (pairs > 1)
		return lease_run(pool, pairs, ret, err);
	rc = lease_pair(pool, &aside, pair, &failed);
	give_all_back(pool, &aside);
	if (!rc)
		memcpy(ret, pair, sizeof(pair));
	else if (err)
		*err = failed;
	return rc;
}

/* As lease_pair, for one port of either parity. */
static int lease_single(
	struct port_pool *pool, struct number_list *aside, struct lease **ret, struct err *err)
{
	while (pool->free_count) {
		uint16_t number = pick_one(pool);
		struct port *port;
		int rc;

		number_take(pool, number);
		rc = open_number(pool, number, &port, err);
		if (!rc) {
			*ret = lease_new(pool, number, port);
			return 0;
		}
		numbers_append(pool, aside, number);
		if (rc != -EADDRINUSE)
			return rc;
	}
	return ran_out(err);
}

int port_pool_lease_one(struct port_pool *pool, struct lease **ret, struct err *err)
{
	struct number_list aside = { 0 };
	struct err failed; /* also of attempts that others made good */
	int rc = lease_single(pool, &aside, ret, &failed);

	give_all_back(pool, &aside);
	if (rc && err)
		*err = failed;
	return rc;
}

int port_pool_lease_at(struct port_pool *pool, uint16_t number, struct lease **ret, struct err *err)
{
	struct port *port;
	int rc;

	if (!in_range(pool, number) || slot_of(pool, number)->excluded)
		return err_set(err, ERANGE, "Port %u is not one of this pool", number);
	if (slot_of(pool, number)->place == SLOT_OUT)
		return err_set(err, EBUSY, "Port %u is in use", number);
	number_take(pool, number);
	rc = open_number(pool, number, &port, err);
	if (rc) {
		number_give_back(pool, number);
		return rc;
	}
	*ret = lease_new(pool, number, port);
	return 0;
}

unsigned port_pool_free_count(const struct port_pool *pool)
{
	return pool->free_count;
}

unsigned port_pool_size(const struct port_pool *pool)
{
	return pool->size;
}

unsigned port_pool_used(const struct port_pool *pool)
{
	return pool->used;
}

const struct addr *port_pool_local(const struct port_pool *pool)
{
	return &pool->local;
}

void port_pool_exclude(struct port_pool *pool, uint16_t number)
{
	struct slot *slot;

	if (!in_range(pool, number))
		return;
	slot = slot_of(pool, number);
	if (slot->excluded)
		return;
	slot->excluded = true;
	pool->size--;
	if (slot->place != SLOT_OUT)
		number_take(pool, number);
}

/* Pairs in random order; a number without its neighbour in the range comes last. */
static void fill_shuffled(struct port_pool *pool)
{
	g_autofree uint16_t *evens = g_new(uint16_t, pool->size / 2 + 1);
	unsigned count = 0;

	for (unsigned even = (pool->port_min + 1u) & ~1u; even < pool->port_max; even += 2) {
		unsigned at = (unsigned)g_random_int_range(0, (gint32)count + 1);

		evens[count] = evens[at];
		evens[at] = (uint16_t)even;
		count++;
	}
	for (unsigned i = 0; i < count; i++) {
		number_give_back(pool, evens[i]);
		number_give_back(pool, evens[i] + 1);
	}
	if (pool->port_min % 2 == 1)
		number_give_back(pool, pool->port_min);
	if (pool->port_max % 2 == 0)
		number_give_back(pool, pool->port_max);
}

struct port_pool *port_pool_new(const struct addr *local, uint16_t port_min, uint16_t port_max,
	const struct port_engine *engine)
{
	unsigned size = (unsigned)port_max - port_min + 1;
	struct port_pool *pool;

	g_assert(port_min > 0 && port_min <= port_max);
	pool = g_malloc0(sizeof(*pool) + size * sizeof(pool->slots[0]));
	pool->local = addr_with_port(*local, 0);
	pool->engine = engine;
	pool->port_min = port_min;
	pool->port_max = port_max;
	pool->size = size;
	fill_shuffled(pool);
	pool->taken = size; /* all count as rested */
	return pool;
}

void port_pool_use_engine(struct port_pool *pool, const struct port_engine *engine)
{
	g_assert(pool->used == 0);
	pool->engine = engine;
}

void port_pool_use_guard(struct port_pool *pool, const struct port_guard *guard)
{
	g_assert(pool->used == 0);
	pool->guard = guard;
}

const struct port_engine *port_pool_engine(const struct port_pool *pool)
{
	return pool->engine;
}

void port_pool_free(struct port_pool *pool)
{
	if (!pool)
		return;
	g_assert(pool->used == 0);
	g_free(pool);
}

uint16_t port_pool_min(const struct port_pool *pool)
{
	return pool->port_min;
}

uint16_t port_pool_max(const struct port_pool *pool)
{
	return pool->port_max;
}

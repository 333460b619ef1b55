/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The table of counters, and the per-thread sets of numbers that counters and reasons share.
 *
 * A thread gets its set when it first counts something. Sets are only ever added to the list, so
 * readers walk it without a lock. An ended thread's set keeps its numbers, which go on counting in
 * the totals, and the next new thread adds to them: there are as many sets as there were threads
 * at one time.
 */
#include "stats/counter.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdbool.h>

#include <glib.h>

#include "stats/stats_priv.h"

enum { SET_ALIGNMENT = 64 }; /* a cache line: two threads' sets share none */

struct stats_set {
	struct stats_set *next;             /* fixed once the set is in the list */
	atomic_bool owned;                  /* a live thread adds to it */
	_Atomic uint64_t slot[STATS_SLOTS]; /* written by the owner alone, read by any */
};

static _Atomic(struct stats_set *) all_sets;
static _Thread_local struct stats_set *own_set;

static const struct counter_row rows[COUNTER_COUNT] = {
#define COUNTER_ROW(id, name_, unit_, text_) \
	[COUNTER_##id] = { .name = name_, .unit = unit_, .text = text_ },
	COUNTERS(COUNTER_ROW)
#undef COUNTER_ROW
};

/* At a thread's end. If something counts after this, it gets a set again, and this is repeated. */
static void release_set(gpointer set)
{
	own_set = NULL;
	atomic_store_explicit(&((struct stats_set *)set)->owned, false, memory_order_release);
}

static GPrivate set_of_thread = G_PRIVATE_INIT(release_set);

/* Acquire: the next owner must add to the last one's numbers, not to older ones. */
static struct stats_set *reuse_set(void)
{
	struct stats_set *set = atomic_load_explicit(&all_sets, memory_order_acquire);

	for (; set; set = set->next) {
		if (atomic_load_explicit(&set->owned, memory_order_relaxed))
			continue;
		if (!atomic_exchange_explicit(&set->owned, true, memory_order_acquire))
			return set;
	}
	return NULL;
}

static struct stats_set *add_set(void)
{
	struct stats_set *set = g_aligned_alloc0(1, sizeof(*set), SET_ALIGNMENT);

	atomic_init(&set->owned, true);
	set->next = atomic_load_explicit(&all_sets, memory_order_relaxed);
	while (!atomic_compare_exchange_weak_explicit(
		&all_sets, &set->next, set, memory_order_release, memory_order_relaxed))
		;
	return set;
}

static struct stats_set *claim_set(void)
{
	own_set = reuse_set();
	if (!own_set)
		own_set = add_set();
	g_private_set(&set_of_thread, own_set);
	return own_set;
}

/* A load and a store do: nobody else writes here, and readers only must not see half a number. */
void stats_add(unsigned slot, uint64_t n)
{
	struct stats_set *set = own_set ? own_set : claim_set();
	uint64_t before = atomic_load_explicit(&set->slot[slot], memory_order_relaxed);

	atomic_store_explicit(&set->slot[slot], before + n, memory_order_relaxed);
}

uint64_t stats_total(unsigned slot)
{
	struct stats_set *set = atomic_load_explicit(&all_sets, memory_order_acquire);
	uint64_t total = 0;

	for (; set; set = set->next)
		total += atomic_load_explicit(&set->slot[slot], memory_order_relaxed);
	return total;
}

const struct counter_row *counter_row(enum counter counter)
{
	assert(counter < COUNTER_COUNT);
	return &rows[counter];
}

void counter_add(enum counter counter, uint64_t n)
{
	assert(counter < COUNTER_COUNT);
	stats_add(counter, n);
}

uint64_t counter_total(enum counter counter)
{
	assert(counter < COUNTER_COUNT);
	return stats_total(counter);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Transcodings by pair of codecs. Their numbers stand in the per-thread sets of counter.c. */
#include "stats/chain.h"

#include <stdbool.h>
#include <string.h>

#include <glib.h>

#include "stats/stats_priv.h"

enum { PACKETS, BYTES, SAMPLES, NUMBERS };

static struct {
	struct chain_counts chains[CHAIN_MAX];
	uint64_t before[CHAIN_MAX][NUMBERS];
	unsigned known;
	int64_t at_us; /* of the latest tick; 0: there was none */
} all;

static unsigned slot(unsigned chain, unsigned number)
{
	return STATS_FIRST_CHAIN + chain * NUMBERS + number;
}

static unsigned find(const char *in, const char *out)
{
	for (unsigned i = 0; i < all.known; i++)
		if (!strcmp(all.chains[i].in, in) && !strcmp(all.chains[i].out, out))
			return i;
	return all.known;
}

unsigned chain_open(const char *in, const char *out)
{
	unsigned chain = find(in, out);

	if (chain >= CHAIN_MAX - 1 && all.known == CHAIN_MAX &&
		chain == all.known) /* no room for another pair */
		chain = CHAIN_MAX - 1;
	if (chain == all.known) {
		bool last = chain == CHAIN_MAX - 1;

		g_strlcpy(all.chains[chain].in, last ? "other" : in, CHAIN_NAME_BYTES);
		g_strlcpy(all.chains[chain].out, last ? "other" : out, CHAIN_NAME_BYTES);
		all.known++;
	}
	all.chains[chain].running++;
	return chain;
}

void chain_close(unsigned chain)
{
	all.chains[chain].running--;
}

void chain_count(unsigned chain, uint64_t bytes, uint64_t samples)
{
	stats_add(slot(chain, PACKETS), 1);
	stats_add(slot(chain, BYTES), bytes);
	stats_add(slot(chain, SAMPLES), samples);
}

static uint64_t rate(uint64_t total, uint64_t *before, int64_t elapsed_us)
{
	uint64_t more = total - *before;

	*before = total;
	return (uint64_t)((double)more * 1e6 / (double)elapsed_us);
}

void chain_tick(int64_t now_us)
{
	int64_t elapsed_us = now_us - all.at_us;

	if (elapsed_us <= 0)
		return;
	for (unsigned i = 0; i < all.known; i++) {
		struct chain_counts *c = &all.chains[i];
		uint64_t *before = all.before[i];

		c->packet_rate = rate(stats_total(slot(i, PACKETS)), &before[PACKETS], elapsed_us);
		c->byte_rate = rate(stats_total(slot(i, BYTES)), &before[BYTES], elapsed_us);
		c->sample_rate = rate(stats_total(slot(i, SAMPLES)), &before[SAMPLES], elapsed_us);
	}
	all.at_us = now_us;
}

unsigned chain_known(void)
{
	return all.known;
}

struct chain_counts chain_at(unsigned index)
{
	struct chain_counts c = all.chains[index];

	c.packets = stats_total(slot(index, PACKETS));
	c.bytes = stats_total(slot(index, BYTES));
	c.samples = stats_total(slot(index, SAMPLES));
	return c;
}

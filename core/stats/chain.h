/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Transcodings by what goes in and what comes out ("opus" -> "PCMU"): how many there are, and what
 * they have sent. Pairs are told apart up to a bound; beyond, they count as one.
 */
#ifndef STATS_CHAIN_H
#define STATS_CHAIN_H

#include <stdint.h>

enum { CHAIN_MAX = 64, CHAIN_NAME_BYTES = 24 };

struct chain_counts {
	char in[CHAIN_NAME_BYTES], out[CHAIN_NAME_BYTES];
	unsigned running;
	uint64_t packets, bytes, samples; /* sent so far; bytes are payload, samples per channel */
	uint64_t packet_rate, byte_rate, sample_rate; /* in the last second */
};

/* One more, or one less, of them is running. The number is for the other functions. [control] */
unsigned chain_open(const char *in, const char *out);
void chain_close(unsigned chain);
/* A packet was sent. Never locks. [any] */
void chain_count(unsigned chain, uint64_t bytes, uint64_t samples);
/* Once a second or so. [control] */
void chain_tick(int64_t now_mono_us);
/* How many pairs there have been, and the counts of one. [control] */
unsigned chain_known(void);
struct chain_counts chain_at(unsigned index);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is rare in the reception of an SSRC; the rest is in the header. */
#include "media/reception.h"

void reception_begin(struct reception *r, uint16_t seq)
{
	*r = (struct reception){
		.first = seq,
		.highest = seq,
		.clock_type = RECEPTION_NO_TYPE,
	};
}

/* The next wrap begins, so that the extended number still rises. */
static void begin_anew(struct reception *r, uint16_t seq)
{
	r->counts.resets++;
	r->highest = ((r->highest & 0xffff0000) + 0x10000) | seq;
	r->first = r->highest;
	r->missing = 0;
	r->transit_known = false;
}

static void skip(struct reception *r, unsigned ahead)
{
	unsigned gap = ahead - 1;

	r->counts.skips++;
	r->counts.lost += gap;
	r->highest += ahead;
	r->missing = ahead < 32 ? r->missing << ahead : 0;
	r->missing |= gap < 32 ? (1u << gap) - 1 : UINT32_MAX;
}

static void came_late(struct reception *r, unsigned behind)
{
	uint32_t bit = behind <= RECEPTION_LATE ? 1u << (behind - 1) : 0;

	/* Before the first one, or too long ago: it cannot be told whether it came before. */
	if (!bit || r->highest - behind - r->first > r->highest - r->first) {
		r->counts.reordered++;
	} else if (r->missing & bit) {
		r->missing &= ~bit;
		r->counts.lost--;
		r->counts.reordered++;
	} else {
		r->counts.duplicates++;
	}
}

void reception_gap(struct reception *r, uint16_t seq)
{
	int diff = seq_diff(seq, (uint16_t)r->highest);

	if (diff > RECEPTION_RESET || diff < -RECEPTION_RESET)
		begin_anew(r, seq);
	else if (diff > 0)
		skip(r, (unsigned)diff);
	else if (diff < 0)
		came_late(r, (unsigned)-diff);
	else
		r->counts.duplicates++;
}

/* How far the highest has to go when another one's counting, which began with `first`, goes on. */
static uint32_t step_to(struct reception *r, const struct reception *k)
{
	int gap = seq_diff((uint16_t)k->first, (uint16_t)(r->highest + 1));
	uint32_t span = k->highest - k->first;

	/* It has begun anew meanwhile: where it went on from here is not known any more. */
	if (k->counts.resets) {
		r->highest = (r->highest & 0xffff0000) + k->first;
		r->first = r->highest;
		r->missing = 0;
		return span;
	}
	if (gap > RECEPTION_RESET || gap < -RECEPTION_RESET)
		begin_anew(r, (uint16_t)k->first);
	else if (gap > 0)
		skip(r, (unsigned)gap + 1);
	else if (gap == 0)
		reception_sequence(r, (uint16_t)k->first);
	else
		return span + 1 > (uint32_t)-gap ? span + 1 - (uint32_t)-gap : 0;
	return span;
}

static void add_new_counts(struct sequence_counts *to, const struct sequence_counts *now,
	const struct sequence_counts *before)
{
	sequence_counts_add(to, now);
	to->lost -= before->lost;
	to->duplicates -= before->duplicates;
	to->skips -= before->skips;
	to->resets -= before->resets;
	to->reordered -= before->reordered;
}

void reception_join(struct reception *r, const struct reception *k, const struct reception *before)
{
	static const struct sequence_counts none;
	uint32_t span = k->highest - k->first;
	uint32_t ahead = before ? k->highest - before->highest : step_to(r, k);
	uint32_t known = span < 32 ? (1u << span) - 1 : UINT32_MAX; /* bits that `k` decides */

	r->highest += ahead;
	r->missing = ahead < 32 ? r->missing << ahead : 0;
	r->missing = (r->missing & ~known) | (k->missing & known);
	if (before && k->first != before->first)
		r->first = r->highest - span;
	add_new_counts(&r->counts, &k->counts, before ? &before->counts : &none);
	/* Its jitter began at 0: good once it has settled. It outlives a new beginning. */
	if (k->ticks && (span >= 32 || k->counts.resets)) {
		r->ticks = k->ticks;
		r->jitter = k->jitter;
	}
	r->transit_known = false;
}

static bool is_missing(const struct reception *r, unsigned behind)
{
	return behind && behind <= RECEPTION_LATE && r->missing >> (behind - 1) & 1;
}

void reception_fill(struct reception *r, uint16_t seq)
{
	int diff = seq_diff(seq, (uint16_t)r->highest);
	unsigned behind = (unsigned)-diff, around;

	/* Too long ago to be told apart from others: lost, by all that is known. */
	if (diff < 0 && behind > RECEPTION_LATE) {
		r->counts.lost -= r->counts.lost > 0;
		return;
	}
	if (diff >= 0 || !is_missing(r, behind)) {
		reception_sequence(r, seq);
		return;
	}
	r->missing &= ~(1u << (behind - 1));
	r->counts.lost--;
	/* A gap has ended to be one, or has become two. */
	around = is_missing(r, behind - 1) + is_missing(r, behind + 1);
	if (around == 2)
		r->counts.skips++;
	else if (around == 0 && r->counts.skips)
		r->counts.skips--;
}

void reception_set_clock(struct reception *r, uint8_t payload_type, uint32_t clock_hz)
{
	uint64_t ticks = ((uint64_t)clock_hz << 32) / 1000000;

	r->clock_type = payload_type;
	if (ticks > UINT32_MAX)
		ticks = 0;
	if (ticks == r->ticks)
		return;
	r->ticks = (uint32_t)ticks;
	r->jitter = 0;
	r->transit_known = false;
}

uint32_t reception_jitter_us(const struct reception *r)
{
	/* jitter / 16 / (ticks / 2^32) */
	return r->ticks ? (uint32_t)(((uint64_t)r->jitter << 28) / r->ticks) : 0;
}

void sequence_counts_add(struct sequence_counts *to, const struct sequence_counts *counts)
{
	to->lost += counts->lost;
	to->duplicates += counts->duplicates;
	to->skips += counts->skips;
	to->resets += counts->resets;
	to->reordered += counts->reordered;
}

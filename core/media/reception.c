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

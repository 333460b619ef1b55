/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Quality in replies to query and delete: what reports told of an SSRC (spec NG 2.6), and, as
 * additions of ours, how its packets arrived here and what a stream dropped.
 */
#include "control/command_priv.h"

static const int64_t SECOND_US = 1000000;

static void add_values(struct dict *d, struct value *v, uint64_t mos, uint64_t rtt_us,
	uint64_t leg_rtt_us, uint64_t jitter_ms, uint64_t loss_percent)
{
	dict_add_int(d, v, "MOS", (int64_t)mos);
	dict_add_int(d, v, "round-trip time", (int64_t)rtt_us);
	dict_add_int(d, v, "round-trip time leg", (int64_t)leg_rtt_us);
	dict_add_int(d, v, "jitter", (int64_t)jitter_ms);
	dict_add_int(d, v, "packet loss", (int64_t)loss_percent);
}

static void add_block(struct dict *d, struct value *v, const struct quality_block *block,
	int64_t wall_minus_mono_us)
{
	add_values(d, v, block->mos, block->rtt_us, block->leg_rtt_us, block->jitter_ms,
		block->loss_percent);
	dict_add_int(d, v, "reported at", (block->at_us + wall_minus_mono_us) / SECOND_US);
}

void reply_add_quality(
	struct dict *d, struct value *v, const struct quality_counts *c, int64_t wall_minus_mono_us)
{
	struct value *average, *progression, *entries;

	if (!c->samples)
		return;
	dict_add_int(d, v, "cumulative loss", c->lost);
	average = dict_add_dict(d, v, "average MOS");
	add_values(d, average, c->sum_mos / c->samples, c->sum_rtt_us / c->samples,
		c->sum_leg_rtt_us / c->samples, c->sum_jitter_ms / c->samples,
		c->sum_loss_percent / c->samples);
	dict_add_int(d, average, "samples", c->samples);
	add_block(d, dict_add_dict(d, v, "lowest MOS"), &c->lowest, wall_minus_mono_us);
	add_block(d, dict_add_dict(d, v, "highest MOS"), &c->highest, wall_minus_mono_us);
	progression = dict_add_dict(d, v, "MOS progression");
	dict_add_int(d, progression, "interval", c->interval_s);
	entries = dict_add_list(d, progression, "entries");
	for (unsigned i = 0; i < c->steps; i++)
		add_block(d, dict_add_dict(d, entries, NULL), &c->step[i], wall_minus_mono_us);
}

void reply_add_reception(struct dict *d, struct value *v, const struct reception *r)
{
	struct value *reception = dict_add_dict(d, v, "reception");

	dict_add_int(d, reception, "highest seq", r->highest);
	dict_add_int(d, reception, "lost", r->counts.lost);
	dict_add_int(d, reception, "duplicates", r->counts.duplicates);
	dict_add_int(d, reception, "skips", r->counts.skips);
	dict_add_int(d, reception, "resets", r->counts.resets);
	dict_add_int(d, reception, "reordered", r->counts.reordered);
	if (r->ticks)
		dict_add_int(d, reception, "jitter_us", reception_jitter_us(r));
}

void reply_add_drops(struct dict *d, struct value *v, const struct stream_counts *counts,
	int64_t wall_minus_mono_us)
{
	struct value *drops, *latest;
	char text[ADDR_TEXT];

	if (!counts->dropped_us)
		return;
	drops = dict_add_dict(d, v, "drops");
	for (unsigned i = 0; i < REASON_DROPS; i++)
		if (counts->drops[i])
			dict_add_int(d, drops, reason_row(i)->name, counts->drops[i]);
	latest = dict_add_dict(d, v, "latest drop");
	dict_add_str(d, latest, "reason", str_of(reason_row(counts->dropped_reason)->name));
	dict_add_copy(d, latest, "from", str_of(addr_print(&counts->dropped_from, text)));
	dict_add_int(d, latest, "at", (counts->dropped_us + wall_minus_mono_us) / SECOND_US);
}

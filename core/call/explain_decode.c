/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Media that arrive in order, and of which nothing can be made for who receives them. */
#include "call/explain_priv.h"
#include "call/sentence.h"

enum { RECENT_US = 5000000 };

static uint64_t undecoded(const struct explained *f)
{
	return (uint64_t)f->in->rtp.drops[REASON_DECODE_FAILED] + f->in->rtp.drops[REASON_NO_CODEC];
}

/* Until now: what was wrong before, and is not any more, is told among the drops. */
bool explain_is_undecodable(const struct explained *f)
{
	const struct stream_counts *c = &f->in->rtp;

	return explain_state(f) == EXPLAIN_FLOWS && undecoded(f) * 2 > f->in->rtp_packets &&
	       f->now_us - c->dropped_us < RECENT_US &&
	       (c->dropped_reason == REASON_DECODE_FAILED || c->dropped_reason == REASON_NO_CODEC);
}

void explain_why_undecodable(GString *out, const struct explained *f)
{
	const struct stream_counts *c = &f->in->rtp;

	g_string_append(out, "Most of what ");
	sentence_party(out, f->from->party);
	g_string_append(out, " sends cannot be transcoded: ");
	sentence_payload_type(out, f->from, stream_counts_latest_type(c));
	g_string_append_printf(out, ", %s.\n", reason_row((enum reason)c->dropped_reason)->text);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What choose_codec.c finds out for choose_transcode.c. [control] */
#ifndef CALL_CHOOSE_PRIV_H
#define CALL_CHOOSE_PRIV_H

#include "call/negotiate.h"

/* Does it count as something that its sender may send? */
bool codec_entry_is_received(const struct codec_entry *x);
/* Is it of events, of this clock or, if 0, of any? */
bool codec_entry_is_event(const struct codec_entry *e, uint32_t clock_hz);
/* The first such; NULL: there is none. */
const struct codec_entry *codec_list_event(struct codec_list list, uint32_t clock_hz);
/* In ms, as its codec has it; 0: nobody knows it. */
unsigned codec_entry_usual_ptime(const struct codec_entry *e);

/* The first such that the sink takes. */
const struct codec_entry *choose_sink_event(const struct codec_flow *flow, uint32_t clock_hz);
/*
 * What the sink wants most; of those that stand alike, the one that the operator prefers for `x`
 * (NULL: for whatever comes), else the first.
 */
const struct codec_entry *choose_preferred(
	const struct codec_flow *flow, const struct codec_entry *x);
/*
 * What is to be heard, but does not come as audio, goes in what the source's audio becomes: whatever
 * else the sink had offered, it was perhaps not answered. Where that cannot be encoded, in another
 * one that it was answered; NULL: there is none.
 */
const struct codec_entry *choose_sounding(const struct codec_flow *flow);
/* What becomes of audio. */
struct codec_choice choose_audio(const struct codec_flow *flow, const struct codec_entry *x);
/* Digits in audio: do they become events; are they looked for? */
bool choose_makes_events(const struct codec_flow *flow);
bool choose_finds_digits(const struct codec_flow *flow);

#endif

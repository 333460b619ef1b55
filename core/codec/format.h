/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Codecs by what is said of them: specifications as clients write them, names, and whether two
 * descriptions are one codec. Everything here is [any] thread once the registry is filled.
 */
#ifndef CODEC_FORMAT_H
#define CODEC_FORMAT_H

#include "codec/registry.h"

/*
 * NAME[/CLOCK[/CHANNELS[/BITRATE[/PTIME[/FMTP[/OPTIONS]]]]]] (spec media 1.4). What was left out
 * or empty is 0, or s NULL; one channel goes with a clock.
 */
struct codec_spec {
	struct str name;
	uint32_t clock_hz;
	uint8_t channels;
	uint32_t bitrate;
	uint16_t ptime_ms;
	struct str fmtp, options;
};

/* The strings point into `text`. False: no name, or what should be a number is none. */
bool codec_spec_parse(struct str text, struct codec_spec *ret_spec);
/* What was left out becomes what is usual for the codec. */
void codec_spec_complete(struct codec_spec *spec, const struct codec *codec);

/* Is it the one that is specified? Only what was given counts. */
bool codec_spec_fits(
	const struct codec_spec *spec, struct str name, const struct codec_params *params);

/* Without regard to case; a codec's other name is as good as its own. */
bool codec_same_name(struct str a, struct str b);
/* enum codec_flag; those that go along with others are known also when no plugin has them. */
unsigned codec_flags(struct str name);
/*
 * Are these, both of that name, one codec (spec media 2.1)? Parameters of codecs that nobody
 * knows do not count.
 */
enum codec_match codec_match(
	struct str name, const struct codec_params *a, const struct codec_params *b);
/*
 * The same between an offer and its answer, or two ends of one payload type: parameters that
 * differ are a difference only where the codec can tell what that means.
 */
bool codec_fits(struct str name, const struct codec_params *a, const struct codec_params *b);
/*
 * Can it be decoded and encoded as a session describes it? Parameters that go with sending, times
 * of packets and bit rates, do not matter. [control]
 */
bool codec_usable_as(const struct codec *codec, const struct codec_params *params);
/*
 * The longest packets that hold no more than `wanted_ms`, of those it is sent in, or else the
 * shortest; nobody knows the codec: `wanted_ms`.
 */
unsigned codec_ptime(const struct codec *codec, unsigned wanted_ms);
/* Of the audio behind a clock of RTP: not the same for all codecs. */
uint32_t codec_sample_hz(const struct codec *codec, uint32_t clock_hz);

#endif

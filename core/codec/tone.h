/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tones made: digits (ITU-T Q.23) and single frequencies. No state but a place in the tone. [any] */
#ifndef CODEC_TONE_H
#define CODEC_TONE_H

#include "api/codec.h"

struct tone {
	uint16_t hz[2]; /* [1] 0: one frequency; both 0: silence */
	uint8_t volume; /* dB below the loudest */
};

/* Of an RFC 4733 code; silence for those that are no digits. */
struct tone tone_of_digit(uint8_t code, uint8_t volume);
/*
 * `count` samples for each channel, `offset` samples into the tone: what was made in pieces is
 * one tone.
 */
void tone_make(const struct tone *tone, const struct codec_audio *audio, uint64_t offset,
	int16_t *out, size_t count);

#endif

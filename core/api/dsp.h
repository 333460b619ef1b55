/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a dsp plugin offers: work on audio that no codec does. Samples are as in codec.h, and so are
 * the threads: opening and closing [control, helpers], the rest [media].
 */
#ifndef API_DSP_H
#define API_DSP_H

#include "api/codec.h"

struct dsp_resampler {
	const char *name;
	/* 0, or negative: cannot convert between these. */
	int (*open)(const struct codec_audio *in, const struct codec_audio *out, void **ret_state);
	void (*close)(void *state);
	/*
	 * `count` samples, at most CODEC_MAX_SAMPLES, into at most `max`: how many came out, which
	 * may be fewer at first, or negative. Over time as many come out as the rates say.
	 */
	int (*run)(void *state, const int16_t *in, size_t count, int16_t *out, size_t max);
	/* Samples of the input that are held back and not yet in the output. */
	unsigned (*delay)(const void *state);
};

enum { DSP_DTMF_HZ = 8000, DSP_DTMF_PIECE = 80 };

/* Finds DTMF in audio of DSP_DTMF_HZ and one channel. */
struct dsp_dtmf {
	const char *name;
	int (*open)(void **ret_state); /* 0 or negative */
	void (*close)(void *state);
	/*
	 * The next samples, at most DSP_DTMF_PIECE: the code (RFC 4733, 0 to 15) of the digit that
	 * is heard at their end, or -1. The digit's level, in dB below 0 dBm0, goes to *ret_volume
	 * with it. What it takes until a digit is certain, or over, is some tens of milliseconds.
	 */
	int (*run)(void *state, const int16_t *samples, size_t count, uint8_t *ret_volume);
	/* So many samples are missing: what was heard goes on. */
	void (*fill)(void *state, size_t count);
};

#endif

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

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One channel to twice its rate or to half of it, which is what lies between telephony's two rates:
 * a half-band filter as long as the one that libswresample is given, at a fraction of its cost.
 * Threads as in api/dsp.h.
 */
#ifndef DSP_SWRESAMPLE_TWICE_H
#define DSP_SWRESAMPLE_TWICE_H

#include "api/dsp.h"

struct twice;

/* NULL: not what it is for. */
struct twice *twice_new(const struct codec_audio *in, const struct codec_audio *out);
void twice_free(struct twice *self);
/* As dsp_resampler.run and .delay; what `max` has no room for is lost. */
int twice_run(struct twice *self, const int16_t *in, size_t count, int16_t *out, size_t max);
unsigned twice_delay(const struct twice *self);

#endif

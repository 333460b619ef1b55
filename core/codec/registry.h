/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The codecs and resamplers there are. Plugins add theirs before any other thread exists; from
 * then on nothing changes, and any thread may look.
 */
#ifndef CODEC_REGISTRY_H
#define CODEC_REGISTRY_H

#include "api/codec.h"
#include "api/dsp.h"
#include "base/err.h"

#include <stdio.h>

enum { CODEC_REGISTRY_MAX = 64 };

/*
 * `codec` must live as long as the registry. Its known answers are tried first. 0, -EINVAL (a
 * descriptor that contradicts itself, or a wrong answer; `err` says which), -EEXIST (somebody
 * was first with what it can do; one may bring the decoder and another the encoder; a fallback is
 * left out instead), -ENOSPC. [main]
 */
int codec_registry_add(const struct codec *codec, struct err *err);
/* The first one added is used. [main] */
void codec_registry_add_resampler(const struct dsp_resampler *resampler);
void codec_registry_add_dtmf(const struct dsp_dtmf *detector);
void codec_registry_clear(void); /* [main], when nobody looks any more */

/*
 * By name, without regard to case. NULL: not known. Where one plugin decodes and another encodes
 * the returned descriptor has both.
 */
const struct codec *codec_find(struct str name);
const struct codec *codec_at(unsigned index); /* NULL behind the last */
/* Are both directions there, so that it can be one end of a transcoding? */
bool codec_usable(const struct codec *codec);
const struct dsp_dtmf *codec_dtmf(void);           /* NULL: none, so no digits are found in audio */
const struct dsp_resampler *codec_resampler(void); /* NULL: none, so no transcoding across rates */

/* The table of --codecs (spec media 1.1). [main] */
void codec_print_table(FILE *out);

#endif

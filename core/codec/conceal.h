/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What stands in for audio that was lost, for codecs that have nothing of their own: the last
 * pitch period goes on, fading, and what comes after the gap is blended in. [one thread]
 */
#ifndef CODEC_CONCEAL_H
#define CODEC_CONCEAL_H

#include "api/codec.h"

enum { CONCEAL_MAX_MS = 100 }; /* all silent from then on */

struct conceal;

/* [control, helpers] */
struct conceal *conceal_new(const struct codec_audio *audio);
void conceal_free(struct conceal *c); /* NULL is fine */
/*
 * `count` samples that were decoded go by; after a gap their first milliseconds are changed so that
 * they follow what was made up.
 */
void conceal_hear(struct conceal *c, int16_t *samples, size_t count);
/* `count` samples in place of lost ones. */
void conceal_fill(struct conceal *c, int16_t *out, size_t count);

#endif

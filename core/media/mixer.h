/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Audio of several sources summed up for one listener (spec media 12.1): a ring of samples that is
 * read at the listener's pace, while each source writes where it is by its own. Positions are
 * samples since it was made; where nobody wrote is silence. No clock inside. [media], but for making
 * and freeing one.
 */
#ifndef MEDIA_MIXER_H
#define MEDIA_MIXER_H

#include "api/codec.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MIXER_MAX_MS = 5000 };

struct mixer;

/*
 * `length`: how far ahead of the reader there is room, which is at least two of its packets;
 * `ahead`: where sources begin. Both in samples. [control]
 */
struct mixer *mixer_new(
	const struct codec_audio *audio, size_t packet_samples, size_t length, size_t ahead);
void mixer_free(struct mixer *m); /* NULL is fine */
/*
 * Adds samples, interleaved, at the source's place *at, which moves on; 0: it begins. One that fell
 * behind goes on where the reader is. False: it is so far ahead that they were left out.
 */
bool mixer_add(struct mixer *m, uint64_t *at, const int16_t *samples, size_t count);
/* The next samples for the listener. NULL: they are not heard. */
void mixer_take(struct mixer *m, int16_t *out, size_t count);
/* The sum of two samples, as loud as there can be. */
int16_t mixer_sum(int16_t a, int16_t b);

#endif

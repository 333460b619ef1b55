/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A stored file's audio as samples in memory, one channel at one rate. It is filled piece by piece
 * by one helper while workers read what is there already: the number of samples is the only thing
 * both touch. Counted; any number of playbacks share one.
 */
#ifndef MEDIA_CLIP_H
#define MEDIA_CLIP_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	CLIP_PIECE_SAMPLES = 32768,
	CLIP_MAX_PIECES = 2700, /* half an hour at 48 kHz, three hours at 8 kHz */
};

struct clip {
	uint32_t sample_hz;
	uint32_t file_hz;     /* of the file; positions are told in it */
	int64_t duration_ms;  /* as the file says; -1: it does not */
	_Atomic size_t ready; /* samples that may be read */
	atomic_bool complete; /* there will be no more */
	int16_t *pieces[CLIP_MAX_PIECES];
};

/* Empty; ref_drop ends it. [any] */
struct clip *clip_new(uint32_t sample_hz);
/*
 * More samples at its end. False: there is no room for any more of them. One thread at a time.
 * [helper]
 */
bool clip_add(struct clip *clip, const int16_t *samples, size_t count);
void clip_finish(struct clip *clip);
/* Up to `count` samples from `at`: how many. [any] */
size_t clip_read(const struct clip *clip, size_t at, int16_t *out, size_t count);
/* Is `at` its end, rather than where the helper is now? [any] */
bool clip_ends(const struct clip *clip, size_t at);
/* What it takes in memory by now. [any] */
size_t clip_bytes(const struct clip *clip);
/* As the file says, or else as it was found to be; -1: neither is known yet. [any] */
int64_t clip_duration_ms(const struct clip *clip);

#endif

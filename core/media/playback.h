/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A clip being played to somebody: made by control, carried out by the generator of the stream
 * that it is played on. Counted; nothing of it changes but how far it is, which anybody may
 * read.
 */
#ifndef MEDIA_PLAYBACK_H
#define MEDIA_PLAYBACK_H

#include "media/clip.h"

struct codec;

struct playback {
	uint32_t id;       /* in the call, never used again */
	struct clip *clip; /* reference */
	unsigned times;    /* how often it is played at most; 0: until `most` */
	uint64_t most;     /* samples; once so many were played it does not begin anew; 0: any */
	const struct codec *rated; /* what `bitrate` is for; NULL: nothing */
	uint32_t bitrate;
	bool alone; /* what others send there is discarded meanwhile */
	/* Written by the worker that plays it; before it does, by control. */
	_Atomic uint64_t at;     /* sample of the clip that is played next */
	_Atomic uint64_t played; /* samples in all */
	atomic_uint round;       /* how often its end was reached */
	atomic_bool ended;
};

/* Takes a reference to `clip`; the rest is for the caller to fill in. [control] */
struct playback *playback_new(uint32_t id, struct clip *clip);

#endif

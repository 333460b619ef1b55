/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Digits that a sink gets without their source having sent them as events: put in by the client
 * (spec media 4.5), or found in audio (4.4). They take the place of audio, frame by frame, and are
 * clocked by it. Those of a source that are to come later wait here, too. Kept by the outlet, so
 * that they go on over plans. No clock inside. [media]
 */
#ifndef MEDIA_DIGITS_H
#define MEDIA_DIGITS_H

#include <stdbool.h>
#include <stdint.h>

enum { DIGITS_QUEUE = 32, DIGITS_LATE = 32 };

struct digit {
	uint8_t code, volume; /* RFC 4733; dB below the loudest */
	uint16_t duration_ms;
	uint16_t pause_ms; /* before the next */
	bool late;         /* its source sent it a while ago */
};

struct late_digit {
	struct digit digit;
	int64_t due_us;
};

struct digits {
	struct digit queue[DIGITS_QUEUE]; /* to be put in */
	unsigned first, count;
	bool active;                         /* `now` goes on … */
	bool heard;                          /* … as long as it is heard in audio */
	struct digit now;                    /* or was the latest */
	unsigned frames;                     /* of it so far */
	uint32_t start;                      /* timestamp of its first frame */
	uint32_t sent;                       /* ticks of its clock so far */
	uint32_t told;                       /* of these, in segments that are over (RFC 4733) */
	uint32_t total;                      /* ticks that it will have; 0: not known */
	uint32_t pause;                      /* ticks before the next may begin */
	struct late_digit late[DIGITS_LATE]; /* not due yet, in order */
	unsigned late_count;
};

/* What a frame of audio is. */
enum digits_step {
	DIGITS_NONE,  /* audio */
	DIGITS_PAUSE, /* between two that are put in */
	DIGITS_ON,    /* of `now` */
	DIGITS_LAST,  /* its last one */
	DIGITS_OVER,  /* audio; `now` was over before it */
};

/* Behind those that wait; false: there are too many. */
bool digits_put(struct digits *d, const struct digit *digit);
/* It is put when it is due; false: too many wait. */
bool digits_put_late(struct digits *d, const struct digit *digit, int64_t due_us);
/* What becomes of those that are due by `now_us`: put as they are, lost, or put as another code. */
enum { DIGITS_AS_THEY_ARE = -1, DIGITS_LOST = -2 };
void digits_release(struct digits *d, int64_t now_us, int as);
/*
 * The next frame, of so many ticks. `heard`: the code of the digit that is heard in it, or -1;
 * what is put in goes before that.
 */
enum digits_step digits_next(struct digits *d, int heard, uint8_t heard_volume, uint32_t timestamp,
	uint32_t ticks, uint32_t clock_hz);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The half-band filter: of its taps every other one is 0 but for that in the middle. So going up,
 * half of the samples are those that came, and going down half of the products are one.
 */
#include "twice.h"

#include <math.h>
#include <string.h>

#include <glib.h>

enum {
	TAPS = 32, /* beside the one in the middle */
	HISTORY = TAPS - 1,
	ONE_BITS = 14,
	ONE = 1 << ONE_BITS, /* what the taps add up to; their sizes, to less than three of it */
	PIECE = 160,         /* samples of the lower rate at a time: a usual packet */
	STEEPNESS = 7,       /* of Kaiser's window: 70 dB beyond the band's edge */
};

struct twice {
	bool up;
	bool has_first; /* going down: of a pair, the first sample waits for the other */
	int16_t first;
	int16_t taps[TAPS];
	int16_t history[HISTORY], firsts[HISTORY]; /* going down: seconds of pairs, and firsts */
};

/* The modified Bessel function of order 0. */
static double bessel(double x)
{
	double sum = 1, term = 1;

	for (int k = 1; k < 40; k++) {
		term *= x / 2 / k;
		sum += term * term;
	}
	return sum;
}

static void make_taps(int16_t *taps)
{
	double wanted[TAPS], sum = 0;
	int left = ONE;

	for (int i = 0; i < TAPS; i++) {
		double at = i - (TAPS - 1) / 2.0, edge = at / (TAPS / 2.0);

		wanted[i] = sin(G_PI * at) / (G_PI * at) *
			    bessel(STEEPNESS * sqrt(1 - edge * edge));
		sum += wanted[i];
	}
	for (int i = 0; i < TAPS; i++) {
		taps[i] = (int16_t)lrint(wanted[i] / sum * ONE);
		left -= taps[i];
	}
	/* A steady level is to keep exactly. */
	taps[TAPS / 2] = (int16_t)(taps[TAPS / 2] + left / 2);
	taps[TAPS / 2 - 1] = (int16_t)(taps[TAPS / 2 - 1] + left - left / 2);
}

struct twice *twice_new(const struct codec_audio *in, const struct codec_audio *out)
{
	bool up = out->sample_hz == 2 * in->sample_hz;
	struct twice *self;

	if (in->channels != 1 || out->channels != 1 || (!up && in->sample_hz != 2 * out->sample_hz))
		return NULL;
	self = g_new0(struct twice, 1);
	self->up = up;
	make_taps(self->taps);
	return self;
}

void twice_free(struct twice *self)
{
	g_free(self);
}

unsigned twice_delay(const struct twice *self)
{
	return self->up ? TAPS / 2 : TAPS - 1u + self->has_first;
}

static inline int product(const int16_t *taps, const int16_t *x)
{
	int sum = 0;

	for (int i = 0; i < TAPS; i++)
		sum += taps[i] * x[i];
	return sum;
}

static inline int16_t clamp(int v)
{
	return (int16_t)CLAMP(v, INT16_MIN, INT16_MAX);
}

static void piece_up(struct twice *self, const int16_t *in, size_t count, int16_t *out)
{
	int16_t x[HISTORY + PIECE];

	memcpy(x, self->history, sizeof(self->history));
	memcpy(x + HISTORY, in, count * sizeof(*in));
	for (size_t i = 0; i < count; i++) {
		out[2 * i] = x[i + TAPS / 2 - 1];
		out[2 * i + 1] = clamp((product(self->taps, x + i) + ONE / 2) >> ONE_BITS);
	}
	memcpy(self->history, x + count, sizeof(self->history));
}

/* `in`: twice as many samples. */
static void piece_down(struct twice *self, const int16_t *in, size_t count, int16_t *out)
{
	int16_t firsts[HISTORY + PIECE], seconds[HISTORY + PIECE];

	memcpy(firsts, self->firsts, sizeof(self->firsts));
	memcpy(seconds, self->history, sizeof(self->history));
	for (size_t i = 0; i < count; i++) {
		firsts[HISTORY + i] = in[2 * i];
		seconds[HISTORY + i] = in[2 * i + 1];
	}
	for (size_t i = 0; i < count; i++)
		out[i] = clamp(
			(product(self->taps, seconds + i) + firsts[i + TAPS / 2] * ONE + ONE) >>
			(ONE_BITS + 1));
	memcpy(self->firsts, firsts + count, sizeof(self->firsts));
	memcpy(self->history, seconds + count, sizeof(self->history));
}

/* `count` of the lower rate. */
static size_t run_piece(
	struct twice *self, const int16_t *in, size_t count, int16_t *out, size_t room)
{
	int16_t made[2 * PIECE];
	size_t n = self->up ? 2 * count : count;

	if (n <= room) {
		(self->up ? piece_up : piece_down)(self, in, count, out);
		return n;
	}
	(self->up ? piece_up : piece_down)(self, in, count, made);
	memcpy(out, made, room * sizeof(*out));
	return room;
}

int twice_run(struct twice *self, const int16_t *in, size_t count, int16_t *out, size_t max)
{
	size_t taken = self->up ? 1 : 2, done = 0;

	if (self->has_first && count) {
		const int16_t pair[] = { self->first, *in++ };

		count--;
		self->has_first = false;
		done += run_piece(self, pair, 1, out, max);
	}
	while (count >= taken) {
		size_t n = MIN(count / taken, PIECE);

		done += run_piece(self, in, n, out + done, max - done);
		in += n * taken;
		count -= n * taken;
	}
	if (count) {
		self->first = *in;
		self->has_first = true;
	}
	return (int)done;
}

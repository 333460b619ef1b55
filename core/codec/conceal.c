/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Concealment by repeating the last pitch period. The period is searched for in a copy at a low
 * rate and then made exact at the full one; only a loss costs more than a copy of the samples.
 */
#include "codec/conceal.h"

#include <math.h>
#include <string.h>

#include <glib.h>

enum {
	SEARCH_HZ = 8000,
	HISTORY_MS = 45,
	COMPARE_MS = 20,   /* what is compared with its past */
	SHORTEST_LAG = 20, /* at SEARCH_HZ: 400 Hz */
	LONGEST_LAG = 120, /* 66 Hz */
	FULL_MS = 15,      /* before it begins to fade */
	BLEND_MS = 5,      /* into what comes after the gap */
	MAX_LOW = SEARCH_HZ / 1000 * HISTORY_MS,
};

struct conceal {
	unsigned hz, channels;
	size_t room, filled; /* of history, in samples */
	size_t lag;          /* of the gap's repetition; 0: no gap */
	size_t made;         /* samples of the gap so far */
	int16_t *period;     /* what is repeated: `lag` samples */
	int16_t history[];   /* the newest ones last; channels interleaved */
};

struct conceal *conceal_new(const struct codec_audio *audio)
{
	size_t room = (size_t)audio->sample_hz * HISTORY_MS / 1000;
	size_t longest = (size_t)audio->sample_hz * (LONGEST_LAG + 2) / SEARCH_HZ;
	struct conceal *c = g_malloc0(
		sizeof(*c) + (room + longest) * audio->channels * sizeof(int16_t));

	c->hz = audio->sample_hz;
	c->channels = audio->channels;
	c->room = room;
	c->period = c->history + room * audio->channels;
	return c;
}

void conceal_free(struct conceal *c)
{
	g_free(c);
}

static size_t samples_of(const struct conceal *c, unsigned ms)
{
	return (size_t)c->hz * ms / 1000;
}

static void remember(struct conceal *c, const int16_t *samples, size_t count)
{
	size_t keep;

	if (count > c->room) {
		samples += (count - c->room) * c->channels;
		count = c->room;
	}
	keep = MIN(c->filled, c->room - count);
	memmove(c->history, c->history + (c->filled - keep) * c->channels,
		keep * c->channels * sizeof(int16_t));
	memcpy(c->history + keep * c->channels, samples, count * c->channels * sizeof(int16_t));
	c->filled = keep + count;
}

/* A copy of one channel's history at about SEARCH_HZ; how many samples, `step` into one. */
static size_t make_low(const struct conceal *c, unsigned step, float *low)
{
	size_t count = MIN(c->filled / step, (size_t)MAX_LOW);
	const int16_t *at = c->history + (c->filled - count * step) * c->channels;

	for (size_t i = 0; i < count; i++) {
		float sum = 0;

		for (unsigned k = 0; k < step; k++, at += c->channels)
			sum += at[0];
		low[i] = sum / (float)step;
	}
	return count;
}

/* How well the last `len` of `count` samples are like those `lag` before; stride in values. */
static float likeness(const float *x, size_t count, size_t len, size_t lag)
{
	const float *now = x + count - len, *then = now - lag;
	float both = 0, energy = 1;

	for (size_t i = 0; i < len; i++) {
		both += now[i] * then[i];
		energy += then[i] * then[i];
	}
	return both / sqrtf(energy);
}

static size_t find_low_lag(const float *low, size_t count)
{
	size_t best = SHORTEST_LAG, len = SEARCH_HZ / 1000 * COMPARE_MS;
	float most = -1e30f;

	if (count < SHORTEST_LAG * 2)
		return count ? count : 1;
	len = MIN(len, count / 2);
	for (size_t lag = SHORTEST_LAG; lag <= LONGEST_LAG && lag + len <= count; lag++) {
		float now = likeness(low, count, len, lag);

		if (now > most) {
			most = now;
			best = lag;
		}
	}
	return best;
}

/* The same at the full rate, near `lag`. */
static size_t refine(const struct conceal *c, size_t lag, unsigned step)
{
	size_t len = MIN(samples_of(c, COMPARE_MS / 2), c->filled / 2), best = lag;
	float most = -1e30f;

	for (size_t try = lag > step ? lag - step : 1; try <= lag + step; try++) {
		const int16_t *now = c->history + (c->filled - len) * c->channels;
		const int16_t *then = now - try * c->channels;
		float both = 0, energy = 1;

		if (try + len > c->filled)
			break;
		for (size_t i = 0; i < len * c->channels; i += c->channels) {
			both += (float)now[i] * then[i];
			energy += (float)then[i] * then[i];
		}
		if (both / sqrtf(energy) > most) {
			most = both / sqrtf(energy);
			best = try;
		}
	}
	return best;
}

/* The last period; its end is blended with what came before its begin, so that it joins itself. */
static void cut_period(struct conceal *c)
{
	const int16_t *from = c->history + (c->filled - c->lag) * c->channels;
	size_t blend = MIN(c->lag / 4, c->filled - c->lag);

	memcpy(c->period, from, c->lag * c->channels * sizeof(int16_t));
	for (size_t i = 0; i < blend; i++)
		for (unsigned ch = 0; ch < c->channels; ch++) {
			int16_t *at = &c->period[(c->lag - blend + i) * c->channels + ch];
			int before = *(from - (blend - i) * c->channels + ch);

			*at = (int16_t)((*at * (int)(blend - i) + before * (int)i) / (int)blend);
		}
}

static void begin_gap(struct conceal *c)
{
	unsigned step = MAX(c->hz / SEARCH_HZ, 1u);
	float low[MAX_LOW];
	size_t count = make_low(c, step, low);

	c->lag = MIN(refine(c, find_low_lag(low, count) * step, step), c->filled);
	c->made = 0;
	if (c->lag)
		cut_period(c);
}

/* From 1 after FULL_MS down to 0 at CONCEAL_MAX_MS, in 1024ths. */
static int gain(const struct conceal *c, size_t at)
{
	size_t full = samples_of(c, FULL_MS), end = samples_of(c, CONCEAL_MAX_MS);

	if (at < full)
		return 1024;
	return at >= end ? 0 : (int)((end - at) * 1024 / (end - full));
}

static int16_t made_at(const struct conceal *c, size_t at, unsigned ch)
{
	return (int16_t)(c->period[at % c->lag * c->channels + ch] * gain(c, at) / 1024);
}

void conceal_fill(struct conceal *c, int16_t *out, size_t count)
{
	if (!c->lag)
		begin_gap(c);
	for (size_t i = 0; i < count; i++, c->made++)
		for (unsigned ch = 0; ch < c->channels; ch++)
			*out++ = c->lag ? made_at(c, c->made, ch) : 0;
}

void conceal_hear(struct conceal *c, int16_t *samples, size_t count)
{
	size_t blend = c->lag ? MIN(samples_of(c, BLEND_MS), count) : 0;

	for (size_t i = 0; i < blend; i++)
		for (unsigned ch = 0; ch < c->channels; ch++) {
			int16_t *at = &samples[i * c->channels + ch];
			int made = made_at(c, c->made + i, ch);

			*at = (int16_t)((*at * (int)i + made * (int)(blend - i)) / (int)blend);
		}
	c->lag = 0;
	remember(c, samples, count);
}

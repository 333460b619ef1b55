/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "audio.h"

#include <stdio.h>

#include "codec/tone.h"
#include "mock/tones.h"

bool signal_parse(struct signal *s, const char *text)
{
	*s = (struct signal){ .kind = SIGNAL_SILENCE };
	if (sscanf(text, "tone:%lf:%lf", &s->hz, &s->db) == 2)
		s->kind = SIGNAL_TONE;
	else if (sscanf(text, "digits:%16[0-9*#A-D]:%u", s->digits, &s->ms) == 2 && s->ms)
		s->kind = SIGNAL_DIGITS;
	else if (sscanf(text, "speech:%u", &s->seed) == 1)
		s->kind = SIGNAL_SPEECH;
	else
		return !strcmp(text, "silence");
	return true;
}

/* From half a second on. */
static void make_digits(const struct signal *s, struct sound *sound)
{
	const struct codec_audio audio = { sound->hz, 1 };
	size_t count = (size_t)sound->hz * s->ms / 1000, at = sound->hz / 2;

	for (const char *c = s->digits; *c && at + 2 * count <= sound->count; c++) {
		const char *all = "0123456789*#ABCD";
		struct tone tone = tone_of_digit((uint8_t)(strchr(all, *c) - all), 10);

		tone_make(&tone, &audio, 0, sound->samples + at, count);
		at += 2 * count;
	}
}

struct sound signal_make(const struct signal *s, double seconds, uint32_t hz)
{
	struct sound sound = { .count = (size_t)(seconds * hz), .hz = hz };

	sound.samples = g_new0(int16_t, MAX(sound.count, 1));
	if (s->kind == SIGNAL_TONE)
		tones_sine(sound.samples, sound.count, 0, hz, s->hz, s->db);
	else if (s->kind == SIGNAL_DIGITS)
		make_digits(s, &sound);
	else if (s->kind == SIGNAL_SPEECH)
		tones_speech(sound.samples, sound.count, hz, s->seed);
	return sound;
}

void sound_clear(struct sound *s)
{
	g_clear_pointer(&s->samples, g_free);
	s->count = 0;
}

static int16_t *grow(struct sound *s, size_t count)
{
	s->samples = g_renew(int16_t, s->samples, s->count + count + 1);
	s->count += count;
	return s->samples + s->count - count;
}

/* Channels are mixed. */
void sound_add(struct sound *s, const int16_t *samples, size_t count, unsigned channels)
{
	int16_t *to = grow(s, count);

	for (size_t i = 0; i < count; i++) {
		int sum = 0;

		for (unsigned c = 0; c < channels; c++)
			sum += *samples++;
		to[i] = (int16_t)(sum / (int)channels);
	}
}

void sound_add_silence(struct sound *s, size_t count)
{
	memset(grow(s, count), 0, count * sizeof(int16_t));
}

static double likeness(
	const struct sound *ref, const struct sound *got, size_t lag, size_t count, size_t step)
{
	double sum = 0;

	for (size_t i = 0; i < count; i += step)
		sum += (double)ref->samples[i] * got->samples[i + lag];
	return sum;
}

/* Coarsely over the whole range, then closely where that was best. */
size_t sound_delay(const struct sound *ref, const struct sound *got, unsigned max_ms)
{
	size_t max = (size_t)ref->hz * max_ms / 1000, count = MIN(ref->count, got->count);
	size_t coarse = MAX(ref->hz / 8000, 1), best = 0, from, to;
	double most = -1e300;

	if (count <= max)
		return 0;
	count = MIN(count - max, ref->hz);
	for (size_t lag = 0; lag <= max; lag += coarse) {
		double now = likeness(ref, got, lag, count, coarse);

		if (now > most) {
			most = now;
			best = lag;
		}
	}
	from = best > coarse ? best - coarse : 0;
	to = MIN(best + coarse, max);
	most = -1e300;
	for (size_t lag = from; lag <= to; lag++) {
		double now = likeness(ref, got, lag, count, 1);

		if (now > most) {
			most = now;
			best = lag;
		}
	}
	return best;
}

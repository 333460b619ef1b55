/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Signals for tests, and what can be measured of them: pure functions of their arguments. One
 * channel; levels are in dB of a sine that fills 16 bits, so that tones_sine and tones_level agree.
 */
#ifndef MOCK_TONES_H
#define MOCK_TONES_H

#include <stddef.h>
#include <stdint.h>

/* ---- made ---- */

/* Samples `at` and following of a sine that began at 0; a signal may be made piece by piece. */
void tones_sine(int16_t *out, size_t count, size_t at, uint32_t sample_hz, double hz, double db);
/*
 * Something like speech: syllables with a gliding pitch and moving formants, some breath, and a
 * pause now and then. The same for the same `seed`; peaks are about -6 dB.
 */
void tones_speech(int16_t *out, size_t count, uint32_t sample_hz, unsigned seed);
void tones_noise(int16_t *out, size_t count, double db, unsigned seed); /* white; its RMS */
/* `other` added, clipped. */
void tones_mix(int16_t *samples, const int16_t *other, size_t count);
/* Channel number `which` of interleaved samples; `count` is per channel. */
void tones_channel(
	int16_t *out, const int16_t *samples, size_t count, unsigned channels, unsigned which);

/* ---- measured ---- */

enum { TONES_SILENT_DB = -120 }; /* what no signal at all is taken for */

double tones_level(const int16_t *samples, size_t count, uint32_t sample_hz, double hz);
/* The frequency with the highest level, to 1 Hz, from 50 Hz to just below half of sample_hz. */
double tones_frequency(const int16_t *samples, size_t count, uint32_t sample_hz);
double tones_rms(const int16_t *samples, size_t count);
/* A tone of `hz` against all else that is there, in dB. */
double tones_purity(const int16_t *samples, size_t count, uint32_t sample_hz, double hz);
/* By how much `got` comes later than `ref`, in samples from 0 to `max`; what fits best. */
size_t tones_delay(const int16_t *ref, const int16_t *got, size_t count, size_t max);
/* `ref` against its difference from `got`, in dB. */
double tones_snr(const int16_t *ref, const int16_t *got, size_t count);
/*
 * The mean of that over pieces of `segment` samples, each held between -10 and 35 dB; pieces in
 * which `ref` is below -50 dB do not count. 0 when there are none.
 */
double tones_segmental_snr(const int16_t *ref, const int16_t *got, size_t count, size_t segment);
/* Stretches of at least `at_least` samples that are all below `db`. */
unsigned tones_gaps(const int16_t *samples, size_t count, size_t at_least, double db);
/* Samples that are further than `limit` from where the two before them point. */
unsigned tones_clicks(const int16_t *samples, size_t count, int limit);

#endif

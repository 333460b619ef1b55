/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mock/tones.h"

#include <math.h>
#include <stdlib.h>

#include <glib.h>

static const double full_scale = 32768.0;

static int16_t clip(double x)
{
	return (int16_t)lrint(CLAMP(x, INT16_MIN, INT16_MAX));
}

static double to_db(double power_ratio)
{
	return power_ratio > 0 ? MAX(10 * log10(power_ratio), TONES_SILENT_DB) : TONES_SILENT_DB;
}

/* ---- made ---- */

void tones_sine(int16_t *out, size_t count, size_t at, uint32_t sample_hz, double hz, double db)
{
	double amplitude = full_scale * pow(10, db / 20), step = 2 * M_PI * hz / sample_hz;

	for (size_t i = 0; i < count; i++)
		out[i] = clip(amplitude * sin(step * (double)(at + i)));
}

/* From -1 to 1. */
static double random_step(uint32_t *state)
{
	*state = *state * 1664525 + 1013904223;
	return (double)(int32_t)*state / 2147483648.0;
}

/* How much of a voice there is at `hz`, with formants that move with `t`. */
static double formants(double hz, double t)
{
	const double centre[] = { 550 + 200 * sin(2.1 * t), 1500 + 500 * sin(1.3 * t + 1), 2600 };
	const double width[] = { 120, 180, 250 }, weight[] = { 1, 0.5, 0.25 };
	double sum = 0.02;

	for (unsigned i = 0; i < G_N_ELEMENTS(centre); i++) {
		double off = (hz - centre[i]) / width[i];

		sum += weight[i] / (1 + off * off);
	}
	return sum;
}

/* The sum of weights[n] * sin((n + 1) * phase), by the recurrence that sines of multiples obey. */
static double harmonics(const double *weights, unsigned count, double phase)
{
	double factor = 2 * cos(phase), before = 0, now = sin(phase), sum = 0;

	for (unsigned h = 0; h < count; h++) {
		double next = factor * now - before;

		sum += weights[h] * now;
		before = now;
		now = next;
	}
	return sum;
}

/* Every fourth of the syllables, which take a quarter of a second, is a pause. */
static double loudness(double t)
{
	double at = fmod(t, 0.25) / 0.25;

	return fmod(t, 1.0) >= 0.75 ? 0 : sin(M_PI * at) * sin(M_PI * at);
}

void tones_speech(int16_t *out, size_t count, uint32_t sample_hz, unsigned seed)
{
	enum { HARMONICS = 40, UPDATE_HZ = 200 };
	double weights[HARMONICS] = { 0 }, phase = 0, top_hz = MIN(sample_hz * 0.45, 7000);
	uint32_t state = seed;
	double start = fabs(random_step(&state));

	for (size_t i = 0; i < count; i++) {
		double t = start + (double)i / sample_hz, voice = 0, breath = random_step(&state);
		double pitch_hz = 130 + 20 * sin(3 * t) + 8 * sin(7.7 * t);

		if (i % (sample_hz / UPDATE_HZ) == 0)
			for (unsigned h = 0; h < HARMONICS; h++)
				weights[h] = (h + 1) * pitch_hz < top_hz
						     ? formants((h + 1) * pitch_hz, t)
						     : 0;
		phase = fmod(phase + 2 * M_PI * pitch_hz / sample_hz, 2 * M_PI);
		voice = harmonics(weights, HARMONICS, phase);
		out[i] = clip(loudness(t) * (5000 * voice + 100 * breath) + 10 * breath);
	}
}

void tones_noise(int16_t *out, size_t count, double db, unsigned seed)
{
	/* A sine's RMS is 3 dB below its peak; that of evenly spread values is their peak / √3. */
	double peak = full_scale * pow(10, db / 20) / sqrt(2) * sqrt(3);
	uint32_t state = seed;

	for (size_t i = 0; i < count; i++)
		out[i] = clip(peak * random_step(&state));
}

void tones_mix(int16_t *samples, const int16_t *other, size_t count)
{
	for (size_t i = 0; i < count; i++)
		samples[i] = clip((double)samples[i] + other[i]);
}

void tones_channel(
	int16_t *out, const int16_t *samples, size_t count, unsigned channels, unsigned which)
{
	for (size_t i = 0; i < count; i++)
		out[i] = samples[i * channels + which];
}

/* ---- measured ---- */

/* Goertzel's filter behind a Hann window, so that `hz` need not fit the length. */
double tones_level(const int16_t *samples, size_t count, uint32_t sample_hz, double hz)
{
	double step = 2 * M_PI * hz / sample_hz, factor = 2 * cos(step), weight = 0;
	double before = 0, last = 0, amplitude;

	for (size_t i = 0; i < count; i++) {
		double window = 0.5 - 0.5 * cos(2 * M_PI * ((double)i + 0.5) / (double)count);
		double next = samples[i] * window + factor * last - before;

		weight += window;
		before = last;
		last = next;
	}
	if (weight <= 0)
		return TONES_SILENT_DB;
	amplitude = 2 * sqrt(MAX(before * before + last * last - factor * before * last, 0)) /
		    weight;
	return to_db(amplitude * amplitude / full_scale / full_scale);
}

static double loudest(const int16_t *samples, size_t count, uint32_t sample_hz, double from,
	double to, double step)
{
	double best = from, best_db = TONES_SILENT_DB;

	for (double hz = from; hz <= to; hz += step) {
		double db = tones_level(samples, count, sample_hz, hz);

		if (db > best_db) {
			best = hz;
			best_db = db;
		}
	}
	return best;
}

double tones_frequency(const int16_t *samples, size_t count, uint32_t sample_hz)
{
	enum { ENOUGH = 2048 };
	size_t part = MIN(count, ENOUGH); /* to find where to look closely */
	double width = (double)sample_hz / (double)MAX(part, 1);
	double hz = loudest(samples, part, sample_hz, 50, 0.49 * sample_hz, width);

	return loudest(samples, count, sample_hz, MAX(rint(hz - width), 50), hz + width, 1);
}

static double power(const int16_t *samples, size_t count)
{
	double sum = 0;

	for (size_t i = 0; i < count; i++)
		sum += (double)samples[i] * samples[i];
	return count ? sum / (double)count : 0;
}

double tones_rms(const int16_t *samples, size_t count)
{
	return to_db(2 * power(samples, count) / full_scale / full_scale);
}

double tones_purity(const int16_t *samples, size_t count, uint32_t sample_hz, double hz)
{
	double step = 2 * M_PI * hz / sample_hz, ss = 0, cc = 0, sc = 0, xs = 0, xc = 0, det, a, b;
	double tone = 0, rest = 0;

	for (size_t i = 0; i < count; i++) {
		double s = sin(step * (double)i), c = cos(step * (double)i);

		ss += s * s;
		cc += c * c;
		sc += s * c;
		xs += samples[i] * s;
		xc += samples[i] * c;
	}
	det = ss * cc - sc * sc;
	if (det <= 0)
		return TONES_SILENT_DB;
	a = (xs * cc - xc * sc) / det;
	b = (xc * ss - xs * sc) / det;
	for (size_t i = 0; i < count; i++) {
		double fit = a * sin(step * (double)i) + b * cos(step * (double)i);

		tone += fit * fit;
		rest += (samples[i] - fit) * (samples[i] - fit);
	}
	return to_db(tone / MAX(rest, 1e-9));
}

size_t tones_delay(const int16_t *ref, const int16_t *got, size_t count, size_t max)
{
	double best = -1;
	size_t delay = 0;

	for (size_t lag = 0; lag <= max && lag < count; lag++) {
		double sum = 0;

		for (size_t i = 0; i + max < count; i++)
			sum += (double)ref[i] * got[i + lag];
		if (sum > best) {
			best = sum;
			delay = lag;
		}
	}
	return delay;
}

static double error_power(const int16_t *ref, const int16_t *got, size_t count)
{
	double sum = 0;

	for (size_t i = 0; i < count; i++)
		sum += ((double)ref[i] - got[i]) * ((double)ref[i] - got[i]);
	return count ? sum / (double)count : 0;
}

double tones_snr(const int16_t *ref, const int16_t *got, size_t count)
{
	return to_db(power(ref, count) / MAX(error_power(ref, got, count), 1e-9));
}

double tones_segmental_snr(const int16_t *ref, const int16_t *got, size_t count, size_t segment)
{
	const double lowest_db = -10, highest_db = 35, quiet_db = -50;
	double sum = 0;
	unsigned pieces = 0;

	for (size_t i = 0; i + segment <= count; i += segment) {
		if (tones_rms(ref + i, segment) < quiet_db)
			continue;
		sum += CLAMP(tones_snr(ref + i, got + i, segment), lowest_db, highest_db);
		pieces++;
	}
	return pieces ? sum / pieces : 0;
}

unsigned tones_gaps(const int16_t *samples, size_t count, size_t at_least, double db)
{
	double limit = full_scale * pow(10, db / 20);
	size_t quiet = 0;
	unsigned gaps = 0;

	for (size_t i = 0; i < count; i++) {
		quiet = abs(samples[i]) < limit ? quiet + 1 : 0;
		gaps += quiet == at_least;
	}
	return gaps;
}

unsigned tones_clicks(const int16_t *samples, size_t count, int limit)
{
	unsigned clicks = 0;

	for (size_t i = 2; i < count; i++)
		clicks += abs(samples[i] - 2 * samples[i - 1] + samples[i - 2]) > limit;
	return clicks;
}

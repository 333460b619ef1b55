/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Concealment: nearer to what was lost than silence is, fading, without clicks. */
#include "codec/conceal.h"

#include <math.h>
#include <stdlib.h>

#include <glib.h>

enum { PACKET_MS = 20, SECONDS = 20 };

struct sound {
	unsigned hz, channels;
	size_t count; /* samples */
	int16_t *samples;
};

/* Harmonics over a gliding pitch in syllables: as speech is, and the same every time. */
static double speech_at(double t)
{
	double pitch = 120 + 30 * sin(2 * G_PI * 0.7 * t), sum = 0;
	double phase = 2 * G_PI * (120 * t - 30 / (2 * G_PI * 0.7) * cos(2 * G_PI * 0.7 * t));
	double syllable = 0.5 - 0.5 * cos(2 * G_PI * 3 * t);

	for (int k = 1; k < 12 && k * pitch < 3000; k++)
		sum += sin(k * phase) / k;
	return 6000 * syllable * sum;
}

static double tone_at(double t)
{
	return 8000 * sin(2 * G_PI * 437 * t);
}

static struct sound make(unsigned hz, unsigned channels, double (*at)(double))
{
	struct sound s = { hz, channels, hz * SECONDS, NULL };

	s.samples = g_new(int16_t, s.count * channels);
	for (size_t i = 0; i < s.count; i++)
		for (unsigned ch = 0; ch < channels; ch++)
			s.samples[i * channels + ch] = (int16_t)(at((double)i / hz) / (ch + 1));
	return s;
}

/* The SNR in dB of all that is made up for lost packets. */
static double snr_of_lost(const struct sound *s, unsigned percent, unsigned *ret_lost)
{
	const struct codec_audio audio = { s->hz, (uint8_t)s->channels };
	size_t packet = s->hz * PACKET_MS / 1000, values = packet * s->channels;
	g_autofree int16_t *out = g_new(int16_t, values);
	struct conceal *c = conceal_new(&audio);
	GRand *rng = g_rand_new_with_seed(percent);
	double signal = 1, noise = 1;

	*ret_lost = 0;
	for (size_t i = 0; i + packet <= s->count; i += packet) {
		const int16_t *in = s->samples + i * s->channels;
		memcpy(out, in, values * sizeof(int16_t));
		if (i < 10 * packet || (unsigned)g_rand_int_range(rng, 0, 100) >= percent) {
			conceal_hear(c, out, packet);
			continue;
		}
		conceal_fill(c, out, packet);
		for (size_t k = 0; k < values; k++) {
			signal += (double)in[k] * in[k];
			noise += (double)(in[k] - out[k]) * (in[k] - out[k]);
		}
		++*ret_lost;
	}
	g_rand_free(rng);
	conceal_free(c);
	return 10 * log10(signal / noise);
}

static void test_better_than_silence(void)
{
	static const unsigned rates[] = { 8000, 16000, 48000 }, losses[] = { 1, 3, 5, 10 };

	for (unsigned r = 0; r < G_N_ELEMENTS(rates); r++)
		for (unsigned channels = 1; channels <= 2; channels++) {
			struct sound speech = make(rates[r], channels, speech_at);
			struct sound tone = make(rates[r], channels, tone_at);

			for (unsigned l = 0; l < G_N_ELEMENTS(losses); l++) {
				unsigned lost;

				/* Silence in its place has 0 dB. */
				g_assert_cmpfloat(snr_of_lost(&speech, losses[l], &lost), >, 4);
				g_assert_cmpuint(lost, >, 0);
				g_assert_cmpfloat(snr_of_lost(&tone, losses[l], &lost), >, 8);
			}
			g_free(speech.samples);
			g_free(tone.samples);
		}
}

static void test_long_gaps_fade_to_silence(void)
{
	const struct codec_audio audio = { 8000, 1 };
	struct sound tone = make(8000, 1, tone_at);
	struct conceal *c = conceal_new(&audio);
	int16_t out[8 * 20];

	conceal_hear(c, tone.samples, 4000);
	for (unsigned ms = 0; ms < 200; ms += 20) {
		int peak = 0;

		conceal_fill(c, out, G_N_ELEMENTS(out));
		for (size_t i = 0; i < G_N_ELEMENTS(out); i++)
			peak = MAX(peak, abs(out[i]));
		if (!ms)
			g_assert_cmpint(peak, >, 7000);
		if (ms >= CONCEAL_MAX_MS)
			g_assert_cmpint(peak, ==, 0);
	}
	conceal_free(c);
	g_free(tone.samples);
}

/* No step is larger than those of the sound itself. */
static void test_no_clicks(void)
{
	const struct codec_audio audio = { 8000, 1 };
	struct sound tone = make(8000, 1, tone_at);
	struct conceal *c = conceal_new(&audio);
	int most = 0, before = 0;

	for (size_t i = 0; i + 160 <= tone.count; i += 160) {
		int16_t out[160];

		memcpy(out, tone.samples + i, sizeof(out));
		if (i / 160 % 10 == 9)
			conceal_fill(c, out, 160);
		else
			conceal_hear(c, out, 160);
		for (unsigned k = 0; k < 160; k++) {
			most = MAX(most, abs(out[k] - before));
			before = out[k];
		}
	}
	/* 437 Hz: at most 2746 from one sample to the next. */
	g_assert_cmpint(most, <, 4200);
	conceal_free(c);
	g_free(tone.samples);
}

static void test_nothing_heard_yet(void)
{
	const struct codec_audio audio = { 48000, 2 };
	struct conceal *c = conceal_new(&audio);
	int16_t out[2 * 960], one[2] = { 1000, -1000 };

	memset(out, 1, sizeof(out));
	conceal_fill(c, out, 960);
	for (size_t i = 0; i < G_N_ELEMENTS(out); i++)
		g_assert_cmpint(out[i], ==, 0);
	conceal_hear(c, one, 1);
	conceal_fill(c, out, 960);
	conceal_hear(c, out, 960);
	conceal_hear(c, out, 0);
	conceal_fill(c, out, 0);
	conceal_free(c);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/codec/conceal/better-than-silence", test_better_than_silence);
	g_test_add_func("/codec/conceal/fades", test_long_gaps_fade_to_silence);
	g_test_add_func("/codec/conceal/no-clicks", test_no_clicks);
	g_test_add_func("/codec/conceal/nothing-heard", test_nothing_heard_yet);
	return g_test_run();
}

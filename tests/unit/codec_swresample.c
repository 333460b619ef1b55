/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The resampler: tones keep frequency and level, no sample is won or lost, nothing clicks. */
#include "api/host.h"
#include "api/plugin.h"
#include "codec/registry.h"

#include <math.h>
#include <stdlib.h>

#include <glib.h>

extern const struct plugin plugin_export_swresample;

enum { SECOND = 48000 * 2 };

static void add_resampler(const struct host *host, const struct dsp_resampler *resampler)
{
	(void)host;
	codec_registry_add_resampler(resampler);
}

static const struct dsp_resampler *plugin(void)
{
	static const struct host host = { .add_resampler = add_resampler };
	char error[PLUGIN_ERROR_BYTES] = "";
	void *instance;

	if (!codec_resampler()) {
		g_assert_cmpint(plugin_export_swresample.self_test(error), ==, 0);
		g_assert_cmpint(plugin_export_swresample.init(&host, &instance, error), ==, 0);
	}
	return codec_resampler();
}

struct conversion {
	struct codec_audio in, out;
	int16_t heard[SECOND * 2];
	size_t count;
	unsigned delay;
};

/* A second of a tone in blocks of `block` samples; the right channel, if any, has the factor. */
static void convert(struct conversion *c, double tone_hz, double level, double right, size_t block)
{
	const struct dsp_resampler *r = plugin();
	int16_t in[CODEC_MAX_SAMPLES * 2];
	size_t total = 0, count;
	void *state;

	c->count = 0;
	g_assert_cmpint(r->open(&c->in, &c->out, &state), ==, 0);
	for (; total < c->in.sample_hz; total += count) {
		int made;

		count = MIN(block, c->in.sample_hz - total);
		for (size_t i = 0; i < count; i++) {
			double v = level *
				   sin(2 * G_PI * tone_hz * (double)(total + i) / c->in.sample_hz);

			in[i * c->in.channels] = (int16_t)lrint(v);
			if (c->in.channels == 2)
				in[i * 2 + 1] = (int16_t)lrint(v * right);
		}
		made = r->run(
			state, in, count, c->heard + c->count * c->out.channels, SECOND - c->count);
		g_assert_cmpint(made, >=, 0);
		c->count += (size_t)made;
	}
	c->delay = r->delay(state);
	r->close(state);
}

/*
 * The level of a tone in one channel, fitted over whole periods, and in *ret_rest the largest
 * difference from that tone: noise, gaps and clicks.
 */
static double tone_level(const struct conversion *c, unsigned channel, double hz, double *ret_rest)
{
	size_t from = c->count / 10, to = c->count * 9 / 10;
	double w = 2 * G_PI * hz / c->out.sample_hz, ss = 0, cc = 0, sc = 0, xs = 0, xc = 0, a, b;

	for (size_t i = from; i < to; i++) {
		double s = sin(w * (double)i), k = cos(w * (double)i);
		double x = c->heard[i * c->out.channels + channel];

		ss += s * s, cc += k * k, sc += s * k, xs += x * s, xc += x * k;
	}
	a = (xs * cc - xc * sc) / (ss * cc - sc * sc);
	b = (xc * ss - xs * sc) / (ss * cc - sc * sc);
	*ret_rest = 0;
	for (size_t i = from; i < to; i++) {
		double x = c->heard[i * c->out.channels + channel];
		double rest = fabs(x - a * sin(w * (double)i) - b * cos(w * (double)i));

		*ret_rest = MAX(*ret_rest, rest);
	}
	return hypot(a, b);
}

static const uint32_t rates[] = { 8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000 };
static const size_t blocks[] = { 1, 7, 80, 160, 333, 960, 1024 };

static void test_tone_keeps_frequency_and_level(void)
{
	g_autofree struct conversion *c = g_new0(struct conversion, 1);

	for (unsigned i = 0; i < G_N_ELEMENTS(rates); i++)
		for (unsigned o = 0; o < G_N_ELEMENTS(rates); o++) {
			double rest, level;

			c->in = (struct codec_audio){ rates[i], 1 };
			c->out = (struct codec_audio){ rates[o], 1 };
			convert(c, 1000, 10000, 1, blocks[(i + o) % G_N_ELEMENTS(blocks)]);
			level = tone_level(c, 0, 1000, &rest);
			g_assert_cmpfloat_with_epsilon(level, 10000, 60);
			g_assert_cmpfloat(rest, <, 20);
		}
}

static void test_count_is_exact(void)
{
	g_autofree struct conversion *c = g_new0(struct conversion, 1);

	for (unsigned i = 0; i < G_N_ELEMENTS(rates); i++)
		for (unsigned o = 0; o < G_N_ELEMENTS(rates); o++) {
			c->in = (struct codec_audio){ rates[i], 1 };
			c->out = (struct codec_audio){ rates[o], 1 };
			convert(c, 440, 1000, 1, 160 + i);
			g_assert_cmpfloat_with_epsilon(
				c->count, rates[o], 1 + (double)rates[o] / rates[i]);
			/* At most three milliseconds are held back. */
			g_assert_cmpuint(c->delay * 1000, <=, 3 * MAX(rates[i], 8000u));
		}
}

/* No packet waits for the next one because a few of its samples are in the filter. */
static void test_packet_by_packet(void)
{
	static const uint32_t usual[] = { 8000, 16000, 44100, 48000 };
	const struct dsp_resampler *r = plugin();
	static int16_t samples[CODEC_MAX_SAMPLES], made[CODEC_MAX_SAMPLES];

	for (unsigned i = 0; i < G_N_ELEMENTS(usual); i++)
		for (unsigned o = 0; o < G_N_ELEMENTS(usual); o++) {
			const struct codec_audio in = { usual[i], 1 }, out = { usual[o], 1 };
			void *state;

			g_assert_cmpint(r->open(&in, &out, &state), ==, 0);
			for (unsigned n = 0; n < 50; n++)
				g_assert_cmpint(r->run(state, samples, usual[i] / 50, made,
							CODEC_MAX_SAMPLES),
					==, usual[o] / 50);
			r->close(state);
		}
}

static void test_no_drift_over_minutes(void)
{
	const struct dsp_resampler *r = plugin();
	const struct codec_audio in = { 44100, 1 }, out = { 48000, 1 };
	static int16_t samples[441], made[2000];
	uint64_t total = 0;
	void *state;

	g_assert_cmpint(r->open(&in, &out, &state), ==, 0);
	for (unsigned i = 0; i < 5 * 60 * 100; i++)
		total += (uint64_t)r->run(state, samples, G_N_ELEMENTS(samples), made, 2000);
	g_assert_cmpuint(total, <=, 5 * 60 * 48000);
	g_assert_cmpuint(total, >=, 5 * 60 * 48000 - 48 * 3);
	r->close(state);
}

static void test_blocks_make_no_difference(void)
{
	static const uint32_t pairs[][2] = { { 8000, 48000 }, { 8000, 16000 }, { 16000, 8000 } };
	g_autofree struct conversion *whole = g_new0(struct conversion, 1);
	g_autofree struct conversion *parts = g_new0(struct conversion, 1);

	for (unsigned p = 0; p < G_N_ELEMENTS(pairs); p++) {
		whole->in = parts->in = (struct codec_audio){ pairs[p][0], 1 };
		whole->out = parts->out = (struct codec_audio){ pairs[p][1], 1 };
		convert(whole, 700, 20000, 1, 1600);
		for (unsigned b = 0; b < G_N_ELEMENTS(blocks); b++) {
			convert(parts, 700, 20000, 1, blocks[b]);
			g_assert_cmpmem(
				parts->heard, parts->count * 2, whole->heard, whole->count * 2);
		}
	}
}

static void test_one_channel_becomes_two_at_full_level(void)
{
	g_autofree struct conversion *c = g_new0(struct conversion, 1);
	double rest;

	for (unsigned o = 0; o < G_N_ELEMENTS(rates); o++) {
		c->in = (struct codec_audio){ 8000, 1 };
		c->out = (struct codec_audio){ rates[o], 2 };
		convert(c, 500, 32000, 1, 160);
		g_assert_cmpfloat_with_epsilon(tone_level(c, 0, 500, &rest), 32000, 200);
		g_assert_cmpfloat_with_epsilon(tone_level(c, 1, 500, &rest), 32000, 200);
	}
}

static void test_two_channels_become_their_mean(void)
{
	g_autofree struct conversion *c = g_new0(struct conversion, 1);
	double rest;

	c->in = (struct codec_audio){ 48000, 2 };
	c->out = (struct codec_audio){ 8000, 1 };
	convert(c, 500, 30000, 1, 960); /* must not clip */
	g_assert_cmpfloat_with_epsilon(tone_level(c, 0, 500, &rest), 30000, 200);
	convert(c, 500, 30000, 0, 960);
	g_assert_cmpfloat_with_epsilon(tone_level(c, 0, 500, &rest), 15000, 200);
	convert(c, 500, 30000, -1, 960);
	g_assert_cmpfloat(tone_level(c, 0, 500, &rest), <, 5);
}

static void test_channels_stay_apart(void)
{
	g_autofree struct conversion *c = g_new0(struct conversion, 1);
	double rest;

	c->in = (struct codec_audio){ 16000, 2 };
	c->out = (struct codec_audio){ 48000, 2 };
	convert(c, 1000, 20000, 0, 320);
	g_assert_cmpfloat_with_epsilon(tone_level(c, 0, 1000, &rest), 20000, 100);
	g_assert_cmpfloat(tone_level(c, 1, 1000, &rest), <, 2);
}

static void test_nothing_folds_back(void)
{
	g_autofree struct conversion *c = g_new0(struct conversion, 1);
	double rest;

	c->in = (struct codec_audio){ 48000, 1 };
	c->out = (struct codec_audio){ 8000, 1 };
	convert(c, 7000, 20000, 1, 960); /* would be heard as 1000 Hz */
	g_assert_cmpfloat(tone_level(c, 0, 1000, &rest), <, 40);
	c->in = (struct codec_audio){ 16000, 1 };
	convert(c, 5000, 20000, 1, 320); /* would be 3000 Hz */
	g_assert_cmpfloat(tone_level(c, 0, 3000, &rest), <, 10);
	c->in = (struct codec_audio){ 8000, 1 };
	c->out = (struct codec_audio){ 16000, 1 };
	convert(c, 3000, 20000, 1, 160); /* its image is at 5000 Hz */
	g_assert_cmpfloat(tone_level(c, 0, 5000, &rest), <, 10);
}

static void test_loud_is_clipped_not_wrapped(void)
{
	static const uint32_t two[] = { 8000, 16000 };
	const struct dsp_resampler *r = plugin();

	for (unsigned i = 0; i < 2; i++) {
		const struct codec_audio in = { two[i], 1 }, out = { two[1 - i], 1 };
		int16_t samples[320], made[640];
		int count;
		void *state;

		g_assert_cmpint(r->open(&in, &out, &state), ==, 0);
		for (unsigned k = 0; k < 320; k++)
			samples[k] = k / 80 % 2 ? INT16_MIN : INT16_MAX;
		count = r->run(state, samples, 320, made, 640);
		for (int k = 60 * count / 320; k < 80 * count / 320; k++)
			g_assert_cmpint(made[k], >, 25000);
		r->close(state);
	}
}

static void test_little_room_loses_nothing_of_later(void)
{
	const struct dsp_resampler *r = plugin();
	const struct codec_audio in = { 8000, 1 }, out = { 48000, 2 };
	static int16_t samples[CODEC_MAX_SAMPLES];
	int16_t made[64];
	void *state;

	g_assert_cmpint(r->open(&in, &out, &state), ==, 0);
	g_assert_cmpint(r->run(state, samples, 160, made, 32), <=, 32);
	g_assert_cmpint(r->run(state, samples, 0, made, 32), ==, 0);
	g_assert_cmpint(r->run(state, samples, 160, made, 0), ==, 0);
	r->close(state);
}

static void test_bad_audio_is_refused(void)
{
	const struct dsp_resampler *r = plugin();
	const struct codec_audio good = { 8000, 1 };
	const struct codec_audio bad[] = { { 0, 1 }, { 8000, 0 }, { 8000, 3 }, { 4000000, 1 } };
	void *state;

	for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++) {
		g_assert_cmpint(r->open(&good, &bad[i], &state), <, 0);
		g_assert_cmpint(r->open(&bad[i], &good, &state), <, 0);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/codec/swresample/tone", test_tone_keeps_frequency_and_level);
	g_test_add_func("/codec/swresample/count", test_count_is_exact);
	g_test_add_func("/codec/swresample/packet-by-packet", test_packet_by_packet);
	g_test_add_func("/codec/swresample/no-drift", test_no_drift_over_minutes);
	g_test_add_func("/codec/swresample/blocks", test_blocks_make_no_difference);
	g_test_add_func(
		"/codec/swresample/mono-to-stereo", test_one_channel_becomes_two_at_full_level);
	g_test_add_func("/codec/swresample/stereo-to-mono", test_two_channels_become_their_mean);
	g_test_add_func("/codec/swresample/apart", test_channels_stay_apart);
	g_test_add_func("/codec/swresample/aliases", test_nothing_folds_back);
	g_test_add_func("/codec/swresample/loud", test_loud_is_clipped_not_wrapped);
	g_test_add_func("/codec/swresample/room", test_little_room_loses_nothing_of_later);
	g_test_add_func("/codec/swresample/bad", test_bad_audio_is_refused);
	return g_test_run();
}

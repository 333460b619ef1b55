/* SPDX-License-Identifier: GPL-3.0-or-later */
/* PCMU and PCMA: every code, every sample, and both ways of packing them. */
#include "mock/coder.h"

#include <stdlib.h>

#include <glib.h>

extern const struct plugin plugin_export_g711;

static const struct codec_params mono = { .clock_hz = 8000, .channels = 1, .ptime_ms = 20 };
static const struct codec_params wide = { .clock_hz = 16000, .channels = 2, .ptime_ms = 20 };
static const struct codec_audio audio = { 8000, 1 };
static const char *const names[] = { "PCMU", "PCMA" };

static void test_tone(void)
{
	for (unsigned i = 0; i < 2; i++) {
		mock_coder_check_tone(names[i], &mono, &audio, 0.05, 36);
		mock_coder_check_tone(names[i], &wide, &audio, 0.05, 36);
	}
}

/* What is decoded encodes to the same code, but for the other zero of PCMU. */
static void test_codes(void)
{
	for (unsigned i = 0; i < 2; i++) {
		struct codec_params p = mono;
		struct mock_coder c;
		uint8_t codes[256], out[256];

		p.ptime_ms = 32;
		mock_coder_open(&c, names[i], &p, &audio);
		g_assert_cmpuint(c.samples, ==, sizeof(codes));
		for (unsigned code = 0; code < 256; code++)
			codes[code] = (uint8_t)code;
		c.codec->decoder->decode(c.decoder, codes, sizeof(codes), c.pcm, sizeof(codes));
		c.codec->encoder->encode(c.encoder, c.pcm, out);
		if (i == 0)
			codes[0x7f] = 0xff;
		g_assert_cmpmem(out, sizeof(out), codes, sizeof(codes));
		mock_coder_close(&c);
	}
}

static int through(struct mock_coder *c, int sample)
{
	int16_t in = (int16_t)sample, out;
	uint8_t code;

	g_assert_cmpint(c->codec->encoder->encode(c->encoder, &in, &code), ==, 1);
	g_assert_cmpint(c->codec->decoder->decode(c->decoder, &code, 1, &out, 1), ==, 1);
	return out;
}

/* Errors are at most half a step, which is a 32nd of the sample or less; and nothing turns back. */
static void test_samples(void)
{
	for (unsigned i = 0; i < 2; i++) {
		struct codec_params p = mono;
		struct mock_coder c;
		int last = INT16_MIN;

		p.ptime_ms = 0; /* one sample is the least there is */
		mock_coder_open(&c, names[i], &p, &audio);
		for (int sample = INT16_MIN; sample <= INT16_MAX; sample++) {
			int out = through(&c, sample);

			g_assert_cmpint(out, >=, last);
			last = out;
			if (abs(sample) < 32124)
				g_assert_cmpint(abs(out - sample), <=, abs(sample) / 32 + 8);
		}
		mock_coder_close(&c);
	}
}

static void test_ptimes(void)
{
	for (unsigned i = 0; i < 2; i++) {
		mock_coder_check_ptimes(names[i], &mono, &audio, 1, 120);
		mock_coder_check_ptimes(names[i], &wide, &audio, 1, 120);
	}
}

static void test_hostile(void)
{
	mock_coder_check_hostile("PCMU", &mono, &audio);
	mock_coder_check_hostile("PCMA", &wide, &audio);
}

static void test_refused(void)
{
	const struct codec *pcmu = codec_find(str_of("PCMU"));
	struct codec_audio got;
	size_t samples;
	void *state;

	for (unsigned i = 0; i < 3; i++) {
		struct codec_params p = mono;

		p.channels = i == 0 ? 0 : i == 1 ? 3 : 1;
		p.clock_hz = i == 2 ? 0 : 8000;
		g_assert_cmpint(
			pcmu->decoder->open(pcmu->decoder->data, &p, &audio, &got, &state), <, 0);
		g_assert_cmpint(pcmu->encoder->open(
					pcmu->encoder->data, &p, &audio, &got, &samples, &state),
			<, 0);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	mock_coder_load(&plugin_export_g711);
	g_test_add_func("/codec/g711/tone", test_tone);
	g_test_add_func("/codec/g711/codes", test_codes);
	g_test_add_func("/codec/g711/samples", test_samples);
	g_test_add_func("/codec/g711/ptimes", test_ptimes);
	g_test_add_func("/codec/g711/hostile", test_hostile);
	g_test_add_func("/codec/g711/refused", test_refused);
	return g_test_run();
}

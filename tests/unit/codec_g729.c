/* SPDX-License-Identifier: GPL-3.0-or-later */
/* G.729: frames of speech and of silence, and what is heard where some are missing. */
#include "mock/coder.h"
#include "mock/tones.h"

#include <string.h>

#include <glib.h>

extern const struct plugin plugin_export_g729;

static const struct codec_params params = { .clock_hz = 8000, .channels = 1, .ptime_ms = 20 };
static const struct codec_audio audio = { 8000, 1 };

static void test_tone(void)
{
	mock_coder_check_tone("G729", &params, &audio, 2, 6);
	mock_coder_check_tone("G729a", &params, &audio, 2, 6);
}

static void test_ptimes(void)
{
	mock_coder_check_ptimes("G729", &params, &audio, 10, 120);
}

static void test_hostile(void)
{
	mock_coder_check_hostile("G729", &params, &audio);
}

static void test_frames(void)
{
	const uint8_t two_sids[4] = { 0x12, 0x34, 0x12, 0x34 };
	struct mock_coder c;
	int16_t in[160] = { 0 };

	mock_coder_open(&c, "G729", &params, &audio);
	g_assert_cmpint(c.codec->encoder->encode(c.encoder, in, c.payload), ==, 20);
	memcpy(c.payload + 20, two_sids, sizeof(two_sids));
	/* Two of speech, two of silence, and a byte that is nothing. */
	g_assert_cmpint(c.codec->decoder->decode(c.decoder, c.payload, 25, c.pcm, 9600), ==, 320);
	g_assert_cmpint(c.codec->decoder->decode(c.decoder, c.payload, 25, c.pcm, 239), ==, 160);
	g_assert_cmpint(c.codec->decoder->decode(c.decoder, c.payload, 1, c.pcm, 9600), <, 0);
	mock_coder_close(&c);
}

/* Packets without speech, of two seconds of tone and two of faint noise. */
static unsigned silent_packets(const char *fmtp, const char *options, double *ret_noise_db)
{
	struct codec_params p = params;
	struct mock_coder c;
	int16_t in[32000], out[32000] = { 0 };
	unsigned silent = 0;

	p.fmtp = str_of(fmtp);
	p.options = str_of(options);
	mock_coder_open(&c, "G729", &p, &audio);
	tones_speech(in, 16000, 8000, 1);
	tones_noise(in + 16000, 16000, -55, 2);
	for (size_t i = 0; i + c.samples <= 32000; i += c.samples) {
		int len = c.codec->encoder->encode(c.encoder, in + i, c.payload);

		silent += len <= 2;
		if (len)
			c.codec->decoder->decode(
				c.decoder, c.payload, (size_t)len, out + i, c.samples);
		else
			g_assert_cmpint(
				c.codec->decoder->conceal(c.decoder, c.samples, NULL, 0, out + i),
				==, c.samples);
	}
	*ret_noise_db = tones_rms(out + 24000, 8000);
	mock_coder_close(&c);
	return silent;
}

static void test_annex_b(void)
{
	double noise_db;

	g_assert_cmpuint(silent_packets("annexb=yes", "", &noise_db), ==, 0);
	g_assert_cmpuint(silent_packets("annexb=no", "annexb=yes", &noise_db), ==, 0);
	g_assert_cmpuint(silent_packets("", "annexb=yes", &noise_db), >, 100);
	/* The noise goes on where nothing is sent. */
	g_assert_cmpfloat_with_epsilon(noise_db, -55, 10);
}

/* Longer stretches keep pitch and colour, but not the phase, which the measure asks for. */
static void test_conceal(void)
{
	enum { COUNT = 80000 };
	g_autofree int16_t *in = g_new0(int16_t, COUNT);
	struct codec_params p = params;
	struct mock_coder c;
	double gain_db;

	p.ptime_ms = 10;
	mock_coder_open(&c, "G729", &p, &audio);
	tones_speech(in, COUNT, 8000, 5);
	gain_db = mock_coder_lose(&c, &p, in, COUNT, 8);
	g_test_message("gain %.2f dB", gain_db);
	g_assert_cmpfloat(gain_db, >, 1);
	mock_coder_close(&c);
}

static void test_alias(void)
{
	g_assert_cmpstr(codec_find(str_of("G729a"))->alias_of, ==, "G729");
	g_assert_cmpstr(codec_find(str_of("G729"))->fmtp, ==, "annexb=yes");
	g_assert_cmpstr(codec_find(str_of("G729a"))->fmtp, ==, "annexb=no");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	mock_coder_load(&plugin_export_g729);
	g_test_add_func("/codec/g729/tone", test_tone);
	g_test_add_func("/codec/g729/ptimes", test_ptimes);
	g_test_add_func("/codec/g729/hostile", test_hostile);
	g_test_add_func("/codec/g729/frames", test_frames);
	g_test_add_func("/codec/g729/annex-b", test_annex_b);
	g_test_add_func("/codec/g729/conceal", test_conceal);
	g_test_add_func("/codec/g729/alias", test_alias);
	return g_test_run();
}

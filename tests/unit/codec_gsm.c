/* SPDX-License-Identifier: GPL-3.0-or-later */
/* GSM: frames of 33 bytes, one behind the other. */
#include "mock/coder.h"
#include "mock/tones.h"

#include <glib.h>

extern const struct plugin plugin_export_gsm;

static const struct codec_params params = { .clock_hz = 8000, .channels = 1, .ptime_ms = 20 };
static const struct codec_audio audio = { 8000, 1 };

static void test_tone(void)
{
	mock_coder_check_tone("GSM", &params, &audio, 1.5, 8);
}

static void test_speech(void)
{
	enum { COUNT = 16000 };
	g_autofree int16_t *in = g_new0(int16_t, COUNT), *out = g_new0(int16_t, COUNT);
	struct mock_coder c;

	mock_coder_open(&c, "GSM", &params, &audio);
	tones_speech(in, COUNT, 8000, 1);
	g_assert_cmpuint(mock_coder_carry(&c, in, COUNT, out), ==, COUNT);
	g_assert_cmpfloat(tones_segmental_snr(in, out, COUNT, 160), >, 6);
	mock_coder_close(&c);
}

static void test_ptimes(void)
{
	mock_coder_check_ptimes("GSM", &params, &audio, 20, 120);
}

static void test_frames(void)
{
	struct codec_params p = params;
	struct mock_coder c;
	int16_t in[480] = { 0 };

	p.ptime_ms = 60;
	mock_coder_open(&c, "GSM", &p, &audio);
	g_assert_cmpint(c.codec->encoder->encode(c.encoder, in, c.payload), ==, 99);
	/* Half a frame is none; nor is what does not begin as one. */
	g_assert_cmpint(c.codec->decoder->decode(c.decoder, c.payload, 98, c.pcm, 9600), ==, 320);
	g_assert_cmpint(c.codec->decoder->decode(c.decoder, c.payload, 99, c.pcm, 479), ==, 320);
	g_assert_cmpint(c.codec->decoder->decode(c.decoder, c.payload, 32, c.pcm, 9600), <, 0);
	c.payload[33] = 0x11;
	g_assert_cmpint(c.codec->decoder->decode(c.decoder, c.payload, 99, c.pcm, 9600), ==, 160);
	c.payload[0] = 0x11;
	g_assert_cmpint(c.codec->decoder->decode(c.decoder, c.payload, 99, c.pcm, 9600), <, 0);
	mock_coder_close(&c);
}

static void test_hostile(void)
{
	mock_coder_check_hostile("GSM", &params, &audio);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	mock_coder_load(&plugin_export_gsm);
	g_test_add_func("/codec/gsm/tone", test_tone);
	g_test_add_func("/codec/gsm/speech", test_speech);
	g_test_add_func("/codec/gsm/ptimes", test_ptimes);
	g_test_add_func("/codec/gsm/frames", test_frames);
	g_test_add_func("/codec/gsm/hostile", test_hostile);
	return g_test_run();
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* G.722: audio of 16 kHz in packets that are counted at 8. */
#include "mock/coder.h"
#include "mock/tones.h"

#include <glib.h>

extern const struct plugin plugin_export_g722;

static const struct codec_params params = { .clock_hz = 8000, .channels = 1, .ptime_ms = 20 };
static const struct codec_audio audio = { 16000, 1 };

static void test_tone(void)
{
	mock_coder_check_tone("G722", &params, &audio, 0.3, 25);
}

/* A byte for each tick of the RTP clock; what is above 4 kHz comes through. */
static void test_wide(void)
{
	int16_t in[16000], out[16000];
	struct mock_coder c;

	mock_coder_open(&c, "G722", &params, &audio);
	g_assert_cmpuint(c.samples, ==, 320);
	tones_sine(in, 16000, 0, 16000, 5600, -15);
	g_assert_cmpint(c.codec->encoder->encode(c.encoder, in, c.payload), ==, 160);
	g_assert_cmpuint(mock_coder_carry(&c, in, 16000, out), ==, 16000);
	g_assert_cmpfloat_with_epsilon(tones_level(out + 8000, 8000, 16000, 5600), -15, 1.5);
	mock_coder_close(&c);
}

/* Speech is the same but for little noise, once its delay is known. */
static void test_speech(void)
{
	enum { COUNT = 32000, DELAY = 64 };
	g_autofree int16_t *in = g_new0(int16_t, COUNT), *out = g_new0(int16_t, COUNT);
	struct mock_coder c;
	size_t delay;

	mock_coder_open(&c, "G722", &params, &audio);
	tones_speech(in, COUNT, 16000, 1);
	mock_coder_carry(&c, in, COUNT, out);
	delay = tones_delay(in, out, COUNT, DELAY);
	g_assert_cmpuint(delay, <, 25);
	g_assert_cmpfloat(tones_segmental_snr(in, out + delay, COUNT - DELAY, 320), >, 15);
	mock_coder_close(&c);
}

static void test_ptimes(void)
{
	mock_coder_check_ptimes("G722", &params, &audio, 1, 120);
}

static void test_hostile(void)
{
	mock_coder_check_hostile("G722", &params, &audio);
}

static void test_refused(void)
{
	const struct codec *g722 = codec_find(str_of("g722"));
	struct codec_params stereo = params, wrong = params;
	struct codec_audio got;
	void *state;

	stereo.channels = 2;
	wrong.clock_hz = 16000;
	g_assert_cmpint(g722->decoder->open(NULL, &stereo, &audio, &got, &state), <, 0);
	g_assert_cmpint(g722->decoder->open(NULL, &wrong, &audio, &got, &state), <, 0);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	mock_coder_load(&plugin_export_g722);
	g_test_add_func("/codec/g722/tone", test_tone);
	g_test_add_func("/codec/g722/wide", test_wide);
	g_test_add_func("/codec/g722/speech", test_speech);
	g_test_add_func("/codec/g722/ptimes", test_ptimes);
	g_test_add_func("/codec/g722/hostile", test_hostile);
	g_test_add_func("/codec/g722/refused", test_refused);
	return g_test_run();
}

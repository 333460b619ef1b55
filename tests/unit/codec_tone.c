/* SPDX-License-Identifier: GPL-3.0-or-later */
/* codec/tone.c: tones that the detector knows again, in pieces and at all rates. */
#include "codec/tone.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <glib.h>

#include "../mock/coder.h"
#include "codec/registry.h"
#include "rtp/telephone_event.h"

extern const struct plugin plugin_export_dtmf;

static const struct codec_audio narrow = { 8000, 1 };

static void test_digits_are_known_again(void)
{
	const struct dsp_dtmf *detector;
	void *state;

	mock_coder_load(&plugin_export_dtmf);
	detector = codec_dtmf();
	g_assert_cmpint(detector->open(&state), ==, 0);
	for (uint8_t code = 0; code < TELEPHONE_EVENT_DIGITS; code++) {
		struct tone tone = tone_of_digit(code, 10), silence = { 0 };
		int16_t samples[DSP_DTMF_PIECE];
		uint8_t volume;
		int heard = -1;

		for (uint64_t at = 0; at < 800; at += DSP_DTMF_PIECE) {
			tone_make(&tone, &narrow, at, samples, DSP_DTMF_PIECE);
			heard = detector->run(state, samples, DSP_DTMF_PIECE, &volume);
		}
		g_assert_cmpint(heard, ==, code);
		for (uint64_t at = 0; at < 800; at += DSP_DTMF_PIECE) {
			tone_make(&silence, &narrow, at, samples, DSP_DTMF_PIECE);
			heard = detector->run(state, samples, DSP_DTMF_PIECE, &volume);
		}
		g_assert_cmpint(heard, ==, -1);
	}
	detector->close(state);
	codec_registry_clear();
}

static void test_pieces_are_one_tone(void)
{
	const struct codec_audio wide = { 48000, 2 };
	struct tone tone = tone_of_digit(5, 3);
	int16_t whole[2000], pieces[2000];

	tone_make(&tone, &wide, 0, whole, 1000);
	for (unsigned at = 0; at < 1000; at += 125)
		tone_make(&tone, &wide, at, pieces + 2 * (size_t)at, 125);
	g_assert_cmpmem(whole, sizeof(whole), pieces, sizeof(pieces));
	for (unsigned i = 0; i < 1000; i++)
		g_assert_cmpint(whole[2 * i], ==, whole[2 * i + 1]);
}

static int loudest(struct tone tone)
{
	int16_t samples[8000];
	int most = 0;

	tone_make(&tone, &narrow, 0, samples, G_N_ELEMENTS(samples));
	for (unsigned i = 0; i < G_N_ELEMENTS(samples); i++)
		most = MAX(most, abs(samples[i]));
	return most;
}

static void test_volume(void)
{
	g_assert_cmpint(abs(loudest((struct tone){ { 400 }, 0 }) - 32767), <, 100);
	g_assert_cmpint(abs(loudest((struct tone){ { 400 }, 20 }) - 3277), <, 20);
	g_assert_cmpint(abs(loudest(tone_of_digit(1, 6)) - 16422), <, 400);
	g_assert_cmpint(loudest(tone_of_digit(16, 0)), ==, 0);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/codec/tone/digits", test_digits_are_known_again);
	g_test_add_func("/codec/tone/pieces", test_pieces_are_one_tone);
	g_test_add_func("/codec/tone/volume", test_volume);
	return g_test_run();
}

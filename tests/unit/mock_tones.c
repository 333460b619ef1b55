/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What measures signals measures right; else other tests prove nothing. */
#include "mock/tones.h"

#include <string.h>

#include <glib.h>

enum { SAMPLE_HZ = 8000, COUNT = 8000 };

static int16_t a[COUNT], b[COUNT];

static void test_level(void)
{
	tones_sine(a, COUNT, 0, SAMPLE_HZ, 440, -10);
	tones_sine(b, COUNT, 0, SAMPLE_HZ, 1209, -20);
	tones_mix(a, b, COUNT);
	g_assert_cmpfloat_with_epsilon(tones_level(a, COUNT, SAMPLE_HZ, 440), -10, 0.05);
	g_assert_cmpfloat_with_epsilon(tones_level(a, COUNT, SAMPLE_HZ, 1209), -20, 0.05);
	g_assert_cmpfloat(tones_level(a, COUNT, SAMPLE_HZ, 800), <, -60);
	g_assert_cmpfloat_with_epsilon(tones_rms(a, COUNT), -9.6, 0.1);
	g_assert_cmpfloat_with_epsilon(tones_frequency(a, COUNT, SAMPLE_HZ), 440, 1.1);
	g_assert_cmpfloat_with_epsilon(tones_purity(a, COUNT, SAMPLE_HZ, 440), 10, 0.1);
	memset(a, 0, sizeof(a));
	g_assert_cmpfloat(tones_rms(a, COUNT), ==, TONES_SILENT_DB);
	g_assert_cmpfloat(tones_level(a, COUNT, SAMPLE_HZ, 440), ==, TONES_SILENT_DB);
}

/* A signal may be made in pieces. */
static void test_pieces(void)
{
	tones_sine(a, COUNT, 0, SAMPLE_HZ, 333, -6);
	for (size_t i = 0; i < COUNT; i += 160)
		tones_sine(b + i, 160, i, SAMPLE_HZ, 333, -6);
	g_assert_cmpmem(a, sizeof(a), b, sizeof(b));
}

static void test_snr(void)
{
	tones_sine(a, COUNT, 0, SAMPLE_HZ, 700, -6);
	tones_noise(b, COUNT, -36, 7);
	g_assert_cmpfloat_with_epsilon(tones_rms(b, COUNT), -36, 0.3);
	tones_mix(b, a, COUNT);
	g_assert_cmpfloat_with_epsilon(tones_snr(a, b, COUNT), 30, 0.5);
	g_assert_cmpfloat_with_epsilon(tones_segmental_snr(a, b, COUNT, 160), 30, 0.5);
	g_assert_cmpfloat(tones_segmental_snr(a, a, COUNT, 160), ==, 35);
	memset(b, 0, sizeof(b));
	g_assert_cmpfloat_with_epsilon(tones_segmental_snr(a, b, COUNT, 160), 0, 0.01);
	g_assert_cmpfloat(tones_segmental_snr(b, a, COUNT, 160), ==, 0);
}

static void test_delay(void)
{
	tones_speech(a, COUNT, SAMPLE_HZ, 3);
	memset(b, 0, sizeof(b));
	memcpy(b + 37, a, sizeof(a) - 37 * sizeof(*a));
	g_assert_cmpuint(tones_delay(a, b, COUNT, 100), ==, 37);
}

static void test_speech(void)
{
	tones_speech(a, COUNT, SAMPLE_HZ, 1);
	tones_speech(b, COUNT, SAMPLE_HZ, 1);
	g_assert_cmpmem(a, sizeof(a), b, sizeof(b));
	g_assert_cmpfloat(tones_rms(a, COUNT), >, -25);
	g_assert_cmpuint(tones_gaps(a, COUNT, SAMPLE_HZ / 5, -60), ==, 1); /* it pauses */
	tones_speech(b, COUNT, SAMPLE_HZ, 2);
	g_assert_cmpfloat(tones_snr(a, b, COUNT), <, 3);
}

static void test_faults(void)
{
	tones_sine(a, COUNT, 0, SAMPLE_HZ, 300, -6);
	g_assert_cmpuint(tones_gaps(a, COUNT, 40, -50), ==, 0);
	g_assert_cmpuint(tones_clicks(a, COUNT, 2000), ==, 0);
	memset(a + 1000, 0, 160 * sizeof(*a));
	memset(a + 5000, 0, 30 * sizeof(*a));
	g_assert_cmpuint(tones_gaps(a, COUNT, 40, -50), ==, 1);
	a[3000] = 30000;
	a[3001] = -30000;
	g_assert_cmpuint(tones_clicks(a, COUNT, 20000), >, 0);
}

static void test_channel(void)
{
	const int16_t both[] = { 1, 10, 2, 20, 3, 30 };
	const int16_t right[] = { 10, 20, 30 };
	int16_t out[3];

	tones_channel(out, both, 3, 2, 1);
	g_assert_cmpmem(out, sizeof(out), right, sizeof(right));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/mock/tones/level", test_level);
	g_test_add_func("/mock/tones/pieces", test_pieces);
	g_test_add_func("/mock/tones/snr", test_snr);
	g_test_add_func("/mock/tones/delay", test_delay);
	g_test_add_func("/mock/tones/speech", test_speech);
	g_test_add_func("/mock/tones/faults", test_faults);
	g_test_add_func("/mock/tones/channel", test_channel);
	return g_test_run();
}

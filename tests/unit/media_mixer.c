/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "media/mixer.h"

#include <glib.h>

enum { PACKET = 4, LENGTH = 16, AHEAD = 2 };

static const struct codec_audio mono = { 8000, 1 }, stereo = { 8000, 2 };

static void assert_taken(struct mixer *m, size_t count, const int16_t *wanted)
{
	int16_t got[64];

	mixer_take(m, got, count);
	for (size_t i = 0; i < count; i++)
		g_assert_cmpint(got[i], ==, wanted[i]);
}

static void test_adds_up(void)
{
	struct mixer *m = mixer_new(&mono, PACKET, LENGTH, AHEAD);
	uint64_t a = 0, b = 0;

	g_assert_true(mixer_add(m, &a, (int16_t[]){ 1, 2, 3, 4 }, 4));
	g_assert_true(mixer_add(m, &b, (int16_t[]){ 10, 20, 30, 40 }, 4));
	g_assert_true(mixer_add(m, &a, (int16_t[]){ 5, 6 }, 2));
	assert_taken(m, 10, (int16_t[]){ 0, 0, 11, 22, 33, 44, 5, 6, 0, 0 });
	mixer_free(m);
}

static void test_as_loud_as_there_can_be(void)
{
	struct mixer *m = mixer_new(&mono, PACKET, LENGTH, 0);
	uint64_t a = 0, b = 0;

	mixer_add(m, &a, (int16_t[]){ 30000, -30000, 5 }, 3);
	mixer_add(m, &b, (int16_t[]){ 30000, -30000, -7 }, 3);
	assert_taken(m, 3, (int16_t[]){ INT16_MAX, INT16_MIN, -2 });
	mixer_free(m);
}

/* It goes on where the reader is, without another delay; others are where they were. */
static void test_falls_behind(void)
{
	struct mixer *m = mixer_new(&mono, PACKET, LENGTH, AHEAD);
	uint64_t a = 0;

	mixer_add(m, &a, (int16_t[]){ 1 }, 1);
	mixer_take(m, NULL, 10);
	mixer_add(m, &a, (int16_t[]){ 2, 3 }, 2);
	assert_taken(m, 3, (int16_t[]){ 2, 3, 0 });
	mixer_free(m);
}

static void test_too_far_ahead(void)
{
	struct mixer *m = mixer_new(&mono, PACKET, LENGTH, 0);
	const int16_t ones[LENGTH] = { 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1 };
	uint64_t a = 0;

	g_assert_true(mixer_add(m, &a, ones, LENGTH));
	g_assert_false(mixer_add(m, &a, (int16_t[]){ 9 }, 1));
	mixer_take(m, NULL, PACKET);
	g_assert_true(mixer_add(m, &a, (int16_t[]){ 2, 3, 4, 5 }, 4));
	assert_taken(m, LENGTH, (int16_t[]){ 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 3, 4, 5 });
	mixer_free(m);
}

/* A place in another mixer that has come further means nothing here. */
static void test_another_mixer(void)
{
	struct mixer *old = mixer_new(&mono, PACKET, LENGTH, 0);
	struct mixer *m = mixer_new(&mono, PACKET, LENGTH, AHEAD);
	uint64_t a = 0;

	mixer_take(old, NULL, 1000);
	mixer_add(old, &a, (int16_t[]){ 1 }, 1);
	g_assert_true(mixer_add(m, &a, (int16_t[]){ 7 }, 1));
	assert_taken(m, 4, (int16_t[]){ 0, 0, 7, 0 });
	mixer_free(old);
	mixer_free(m);
}

static void test_channels(void)
{
	struct mixer *m = mixer_new(&stereo, PACKET, 1, 0); /* two packets at least */
	uint64_t a = 0;

	g_assert_true(mixer_add(m, &a, (int16_t[]){ 1, -1, 2, -2 }, 2));
	mixer_take(m, NULL, 1);
	assert_taken(m, 2, (int16_t[]){ 2, -2 });
	mixer_take(m, NULL, 1);
	for (unsigned i = 0; i < 100; i++) {
		int16_t got[2 * PACKET], in[2 * PACKET];

		for (unsigned k = 0; k < 2 * PACKET; k++)
			in[k] = (int16_t)(i + k);
		g_assert_true(mixer_add(m, &a, in, PACKET));
		mixer_take(m, got, PACKET);
		for (unsigned k = 0; k < 2 * PACKET; k++)
			g_assert_cmpint(got[k], ==, in[k]);
	}
	mixer_free(m);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/mixer/adds-up", test_adds_up);
	g_test_add_func("/mixer/loud", test_as_loud_as_there_can_be);
	g_test_add_func("/mixer/behind", test_falls_behind);
	g_test_add_func("/mixer/ahead", test_too_far_ahead);
	g_test_add_func("/mixer/another", test_another_mixer);
	g_test_add_func("/mixer/channels", test_channels);
	return g_test_run();
}

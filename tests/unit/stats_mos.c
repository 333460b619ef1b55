/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Scores for what reports say. */
#include "stats/mos.h"

#include <glib.h>

static void test_known_scores(void)
{
	static const struct {
		uint32_t rtt_us, jitter_ms;
		unsigned loss_percent, mos;
	} vectors[] = {
		{ 0, 0, 0, 43 },
		{ 40000, 5, 0, 43 },
		{ 100000, 10, 1, 41 },
		{ 200000, 20, 2, 38 },
		{ 300000, 30, 5, 31 },
		{ 400000, 50, 10, 19 },
		{ 600000, 0, 0, 35 },
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(vectors); i++)
		g_assert_cmpuint(
			mos_g107(vectors[i].rtt_us, vectors[i].jitter_ms, vectors[i].loss_percent),
			==, vectors[i].mos);
}

static void test_score_never_rises_with_loss(void)
{
	unsigned before = MOS_MAX;

	for (unsigned loss = 0; loss <= 100; loss++) {
		unsigned mos = mos_g107(40000, 5, loss);

		g_assert_cmpuint(mos, <=, before);
		before = mos;
	}
	g_assert_cmpuint(before, ==, MOS_MIN);
}

static void test_score_never_rises_with_delay(void)
{
	unsigned before = MOS_MAX;

	for (uint32_t rtt_us = 0; rtt_us <= 10000000; rtt_us += 10000) {
		unsigned mos = mos_g107(rtt_us, 0, 0);

		g_assert_cmpuint(mos, <=, before);
		before = mos;
	}
	g_assert_cmpuint(before, ==, MOS_MIN);
}

static void test_extremes_stay_within_the_scale(void)
{
	g_assert_cmpuint(mos_g107(UINT32_MAX, UINT32_MAX, 255), ==, MOS_MIN);
	g_assert_cmpuint(mos_g107(0, 0, 1000), >=, MOS_MIN);
	g_assert_cmpuint(mos_g107(0, 0, 0), <=, MOS_MAX);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/mos/known", test_known_scores);
	g_test_add_func("/mos/loss", test_score_never_rises_with_loss);
	g_test_add_func("/mos/delay", test_score_never_rises_with_delay);
	g_test_add_func("/mos/extremes", test_extremes_stay_within_the_scale);
	return g_test_run();
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sequence numbers and arrival times of one SSRC. */
#include "media/reception.h"

#include <glib.h>

enum { US_PER_20_MS = 20000, TICKS_PER_20_MS = 160 };

static struct reception receive(const uint16_t *seqs, unsigned count)
{
	struct reception r;

	reception_begin(&r, seqs[0]);
	for (unsigned i = 1; i < count; i++)
		reception_sequence(&r, seqs[i]);
	return r;
}

#define RECEIVE(...)                               \
	receive((const uint16_t[]){ __VA_ARGS__ }, \
		sizeof((const uint16_t[]){ __VA_ARGS__ }) / sizeof(uint16_t))

static void assert_counts(const struct reception *r, unsigned lost, unsigned duplicates,
	unsigned skips, unsigned resets, unsigned reordered)
{
	g_assert_cmpuint(r->counts.lost, ==, lost);
	g_assert_cmpuint(r->counts.duplicates, ==, duplicates);
	g_assert_cmpuint(r->counts.skips, ==, skips);
	g_assert_cmpuint(r->counts.resets, ==, resets);
	g_assert_cmpuint(r->counts.reordered, ==, reordered);
}

static void test_in_order(void)
{
	struct reception r = RECEIVE(65533, 65534, 65535, 0, 1);

	assert_counts(&r, 0, 0, 0, 0, 0);
	g_assert_cmpuint(r.first, ==, 65533);
	g_assert_cmpuint(r.highest, ==, 0x10001);
}

static void test_lost(void)
{
	struct reception r = RECEIVE(65534, 1, 2, 4);

	assert_counts(&r, 3, 0, 2, 0, 0);
	g_assert_cmpuint(r.highest, ==, 0x10004);
}

static void test_late_ones_were_not_lost(void)
{
	struct reception r = RECEIVE(65534, 2, 65535, 1, 1);

	assert_counts(&r, 1, 1, 1, 0, 2);
	g_assert_cmpuint(r.highest, ==, 0x10002);
}

static void test_duplicates(void)
{
	struct reception r = RECEIVE(7, 7, 8, 9, 8, 10, 10);

	assert_counts(&r, 0, 3, 0, 0, 0);
	g_assert_cmpuint(r.highest, ==, 10);
}

static void test_before_the_first(void)
{
	struct reception r = RECEIVE(10, 9, 11, 8);

	assert_counts(&r, 0, 0, 0, 0, 2);
	g_assert_cmpuint(r.highest, ==, 11);
}

static void test_at_the_ends_of_what_is_remembered(void)
{
	/* 32 behind is remembered, 33 is not; 31, 32 and 33 missing at once. */
	struct reception a = RECEIVE(100, 133, 101), b = RECEIVE(100, 134, 101);
	struct reception c = RECEIVE(100, 132, 101), d = RECEIVE(100, 200, 168, 167);

	assert_counts(&a, 31, 0, 1, 0, 1);
	assert_counts(&b, 33, 0, 1, 0, 1);
	assert_counts(&c, 30, 0, 1, 0, 1);
	assert_counts(&d, 98, 0, 1, 0, 2);
}

static void test_far_off_begins_anew(void)
{
	struct reception near = RECEIVE(1000, 1256), up = RECEIVE(1000, 1257);
	struct reception down = RECEIVE(1000, 743), back = RECEIVE(1000, 5000, 4999, 5001);

	assert_counts(&near, 255, 0, 1, 0, 0);
	assert_counts(&up, 0, 0, 0, 1, 0);
	g_assert_cmpuint(up.highest, ==, 0x10000 + 1257);
	assert_counts(&down, 0, 0, 0, 1, 0);
	g_assert_cmpuint(down.highest, ==, 0x10000 + 743);
	assert_counts(&back, 0, 0, 0, 1, 1);
}

static void test_every_loss_is_counted_once(void)
{
	struct reception r;
	GRand *random = g_rand_new_with_seed(5);
	unsigned lost = 0;

	reception_begin(&r, 0);
	for (uint32_t seq = 1; seq < 200000; seq++) {
		if (seq != 199999 && g_rand_int_range(random, 0, 10) == 0)
			lost++;
		else
			reception_sequence(&r, (uint16_t)seq);
	}
	g_assert_cmpuint(r.counts.lost, ==, lost);
	g_assert_cmpuint(r.highest, ==, 199999);
	g_assert_cmpuint(r.counts.resets, ==, 0);
	g_rand_free(random);
}

static struct reception with_clock(uint32_t clock_hz)
{
	struct reception r;

	reception_begin(&r, 1);
	reception_set_clock(&r, 8, clock_hz);
	return r;
}

static void test_no_jitter_when_evenly_spaced(void)
{
	struct reception r = with_clock(8000);
	const int64_t long_up_us = INT64_C(40) * 365 * 86400 * 1000000;

	for (unsigned i = 0; i < 1000; i++)
		reception_arrival(
			&r, i * TICKS_PER_20_MS - 500, long_up_us + (int64_t)i * US_PER_20_MS);
	/* ticks are whole */
	g_assert_cmpuint(reception_jitter_us(&r), <=, 125);
}

/* RFC 3550, A.8: with every difference D, the estimate goes to D. */
static void test_jitter_goes_to_the_mean_difference(void)
{
	struct reception r = with_clock(8000);

	for (unsigned i = 0; i < 1000; i++)
		reception_arrival(&r, i * TICKS_PER_20_MS,
			1000000 + (int64_t)i * US_PER_20_MS + (i % 2 ? 10000 : 0));
	g_assert_cmpuint(reception_jitter_us(&r), >, 9700);
	g_assert_cmpuint(reception_jitter_us(&r), <, 10300);
}

static void test_first_step_is_a_sixteenth(void)
{
	struct reception r = with_clock(16000);

	reception_arrival(&r, 0, 1000000);
	reception_arrival(&r, 320, 1000000 + US_PER_20_MS + 16000);
	g_assert_cmpuint(reception_jitter_us(&r), >=, 900);
	g_assert_cmpuint(reception_jitter_us(&r), <=, 1100);
}

static void test_leaps_are_ignored(void)
{
	struct reception r = with_clock(8000);

	reception_arrival(&r, 0, 1000000);
	reception_arrival(&r, TICKS_PER_20_MS + RECEPTION_TRANSIT_MAX + 10, 1000000 + US_PER_20_MS);
	g_assert_cmpuint(r.jitter, ==, 0);
	reception_arrival(&r, RECEPTION_TRANSIT_MAX - 200, 1000000 + 2 * US_PER_20_MS);
	g_assert_cmpuint(r.jitter, >, 0);
}

static void test_another_clock_starts_again(void)
{
	struct reception r = with_clock(8000);

	reception_arrival(&r, 0, 1000000);
	reception_arrival(&r, 0, 1050000);
	g_assert_cmpuint(r.jitter, >, 0);
	reception_set_clock(&r, 101, 8000);
	g_assert_cmpuint(r.jitter, >, 0);
	reception_set_clock(&r, 9, 16000);
	g_assert_cmpuint(r.jitter, ==, 0);
	reception_set_clock(&r, 9, 0);
	reception_arrival(&r, 99, 1060000);
	reception_arrival(&r, 5, 1070000);
	g_assert_cmpuint(reception_jitter_us(&r), ==, 0);
	reception_set_clock(&r, 9, UINT32_MAX);
	g_assert_cmpuint(reception_jitter_us(&r), ==, 0);
}

/* Who counts changes in the middle: the sum is that of one who counted all. */
static void test_joined(void)
{
	struct reception r = RECEIVE(65530, 65531), k = RECEIVE(65532, 65534, 65535, 2), later;

	reception_join(&r, &k, NULL);
	assert_counts(&r, 3, 0, 2, 0, 0);
	g_assert_cmpuint(r.highest, ==, 0x10002);
	g_assert_cmpuint(r.first, ==, 65530);
	later = k;
	reception_sequence(&later, 1);
	reception_sequence(&later, 3);
	reception_join(&r, &later, &k);
	assert_counts(&r, 2, 0, 2, 0, 1);
	g_assert_cmpuint(r.highest, ==, 0x10003);
	/* Here it is known again what is missing. */
	reception_sequence(&r, 0);
	assert_counts(&r, 1, 0, 2, 0, 2);
	reception_sequence(&r, 1);
	assert_counts(&r, 1, 1, 2, 0, 2);
}

static void test_joined_over_a_gap(void)
{
	struct reception r = RECEIVE(1, 2), k = RECEIVE(6, 7);

	reception_join(&r, &k, NULL);
	assert_counts(&r, 3, 0, 1, 0, 0);
	g_assert_cmpuint(r.highest, ==, 7);
	reception_fill(&r, 4);
	assert_counts(&r, 2, 0, 2, 0, 0);
	reception_fill(&r, 3);
	reception_fill(&r, 5);
	assert_counts(&r, 0, 0, 0, 0, 0);
	reception_fill(&r, 8);
	g_assert_cmpuint(r.highest, ==, 8);
	assert_counts(&r, 0, 0, 0, 0, 0);
}

static void test_joined_from_far_off(void)
{
	struct reception r = RECEIVE(1, 2), k = RECEIVE(30000, 30001);

	reception_join(&r, &k, NULL);
	assert_counts(&r, 0, 0, 0, 1, 0);
	g_assert_cmpuint(r.highest & 0xffff, ==, 30001);
	g_assert_cmpuint(r.highest, >, 0xffff);
}

/* It was counted elsewhere that it began anew: once is enough. */
static void test_joined_after_a_reset(void)
{
	struct reception r = RECEIVE(1, 2), k = RECEIVE(3, 4, 30000, 30001), later;

	reception_join(&r, &k, NULL);
	assert_counts(&r, 0, 0, 0, 1, 0);
	g_assert_cmpuint(r.first, ==, 0x10000 + 30000);
	g_assert_cmpuint(r.highest, ==, 0x10000 + 30001);
	later = k;
	reception_sequence(&later, 7);
	reception_sequence(&later, 8);
	reception_join(&r, &later, &k);
	assert_counts(&r, 0, 0, 0, 2, 0);
	g_assert_cmpuint(r.first, ==, 0x20000 + 7);
	g_assert_cmpuint(r.highest, ==, 0x20000 + 8);
}

/* Some had come up that were behind the first that did not. */
static void test_joined_overlapping(void)
{
	struct reception r = RECEIVE(1, 2, 4), k = RECEIVE(3, 5, 6);

	reception_join(&r, &k, NULL);
	g_assert_cmpuint(r.highest, ==, 6);
}

static void test_filled_long_after(void)
{
	struct reception r = RECEIVE(1), k;

	reception_begin(&k, 10);
	for (uint16_t seq = 11; seq < 900; seq++)
		reception_sequence(&k, seq);
	reception_join(&r, &k, NULL);
	assert_counts(&r, 8, 0, 1, 0, 0);
	reception_fill(&r, 5);
	assert_counts(&r, 7, 0, 1, 0, 0);
	g_assert_cmpuint(r.highest, ==, 899);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/media/reception/in-order", test_in_order);
	g_test_add_func("/media/reception/lost", test_lost);
	g_test_add_func("/media/reception/late", test_late_ones_were_not_lost);
	g_test_add_func("/media/reception/duplicates", test_duplicates);
	g_test_add_func("/media/reception/before-first", test_before_the_first);
	g_test_add_func("/media/reception/ends", test_at_the_ends_of_what_is_remembered);
	g_test_add_func("/media/reception/reset", test_far_off_begins_anew);
	g_test_add_func("/media/reception/random", test_every_loss_is_counted_once);
	g_test_add_func("/media/reception/even", test_no_jitter_when_evenly_spaced);
	g_test_add_func("/media/reception/jitter", test_jitter_goes_to_the_mean_difference);
	g_test_add_func("/media/reception/sixteenth", test_first_step_is_a_sixteenth);
	g_test_add_func("/media/reception/leaps", test_leaps_are_ignored);
	g_test_add_func("/media/reception/clock", test_another_clock_starts_again);
	g_test_add_func("/media/reception/joined", test_joined);
	g_test_add_func("/media/reception/joined-gap", test_joined_over_a_gap);
	g_test_add_func("/media/reception/joined-far-off", test_joined_from_far_off);
	g_test_add_func("/media/reception/joined-after-a-reset", test_joined_after_a_reset);
	g_test_add_func("/media/reception/joined-overlapping", test_joined_overlapping);
	g_test_add_func("/media/reception/filled-long-after", test_filled_long_after);
	return g_test_run();
}

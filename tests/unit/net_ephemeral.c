/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Our ports against those of the system. */
#include "net/ephemeral.h"

#include <glib.h>

static const struct port_span usual = { 32768, 60999 };

static void test_range_is_two_numbers(void)
{
	struct port_span span = { 1, 2 };

	g_assert_true(ephemeral_parse("32768\t60999\n", &span));
	g_assert_cmpuint(span.first, ==, 32768);
	g_assert_cmpuint(span.last, ==, 60999);
	g_assert_false(ephemeral_parse("", &span));
	g_assert_false(ephemeral_parse("32768", &span));
	g_assert_false(ephemeral_parse("60999 32768", &span));
	g_assert_false(ephemeral_parse("1 65536", &span));
	g_assert_cmpuint(span.first, ==, 32768);
}

static unsigned overlap(uint16_t first, uint16_t last, const char *reserved)
{
	struct port_span ours = { first, last };

	return ephemeral_overlap(&ours, &usual, reserved);
}

static void test_overlap_is_counted(void)
{
	g_assert_cmpuint(overlap(30000, 32767, ""), ==, 0);
	g_assert_cmpuint(overlap(30000, 32768, ""), ==, 1);
	g_assert_cmpuint(overlap(30000, 39999, ""), ==, 7232);
	g_assert_cmpuint(overlap(60999, 65535, ""), ==, 1);
	g_assert_cmpuint(overlap(61000, 65535, ""), ==, 0);
	g_assert_cmpuint(overlap(1, 65535, ""), ==, 28232);
}

static void test_reserved_ports_are_not_handed_out(void)
{
	g_assert_cmpuint(overlap(30000, 39999, "30000-39999\n"), ==, 0);
	g_assert_cmpuint(overlap(30000, 39999, "30000-39998\n"), ==, 1);
	g_assert_cmpuint(overlap(40000, 40009, "40000,40002-40003,40009"), ==, 6);
	g_assert_cmpuint(overlap(40000, 40009, "0-65535"), ==, 0);
}

static void test_lists_that_cannot_be_read_reserve_nothing_more(void)
{
	g_assert_cmpuint(overlap(40000, 40009, "\n"), ==, 10);
	g_assert_cmpuint(overlap(40000, 40009, "40000,x,40001"), ==, 9);
	g_assert_cmpuint(overlap(40000, 40009, "40005-40001"), ==, 10);
	g_assert_cmpuint(overlap(40000, 40009, "40000-70000"), ==, 10);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/ephemeral/range", test_range_is_two_numbers);
	g_test_add_func("/ephemeral/overlap", test_overlap_is_counted);
	g_test_add_func("/ephemeral/reserved", test_reserved_ports_are_not_handed_out);
	g_test_add_func("/ephemeral/odd", test_lists_that_cannot_be_read_reserve_nothing_more);
	return g_test_run();
}

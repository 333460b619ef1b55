/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Transcodings counted by their codecs. */
#include "stats/chain.h"

#include <glib.h>

static void test_counts(void)
{
	unsigned a = chain_open("opus", "PCMU"), b = chain_open("PCMU", "opus");
	struct chain_counts c;

	g_assert_cmpuint(a, !=, b);
	g_assert_cmpuint(chain_open("opus", "PCMU"), ==, a);
	chain_tick(1000000);
	for (unsigned i = 0; i < 50; i++)
		chain_count(a, 160, 320);
	chain_count(b, 40, 960);
	chain_tick(2000000);
	c = chain_at(a);
	g_assert_cmpstr(c.in, ==, "opus");
	g_assert_cmpstr(c.out, ==, "PCMU");
	g_assert_cmpuint(c.running, ==, 2);
	g_assert_cmpuint(c.packets, ==, 50);
	g_assert_cmpuint(c.bytes, ==, 8000);
	g_assert_cmpuint(c.samples, ==, 16000);
	g_assert_cmpuint(c.packet_rate, ==, 50);
	g_assert_cmpuint(c.byte_rate, ==, 8000);
	g_assert_cmpuint(c.sample_rate, ==, 16000);
	chain_close(a);
	chain_close(a);
	chain_close(b);
	chain_tick(4000000);
	c = chain_at(a);
	g_assert_cmpuint(c.running, ==, 0);
	g_assert_cmpuint(c.packets, ==, 50);
	g_assert_cmpuint(c.packet_rate, ==, 0);
}

/* After all pairs there are is one that stands for the rest. */
static void test_too_many(void)
{
	unsigned last = 0;
	struct chain_counts c;

	for (unsigned i = 0; i < 2 * CHAIN_MAX; i++) {
		char name[16];

		g_snprintf(name, sizeof(name), "codec%u", i);
		last = chain_open(name, "PCMA");
		g_assert_cmpuint(last, <, CHAIN_MAX);
	}
	g_assert_cmpuint(chain_known(), ==, CHAIN_MAX);
	c = chain_at(last);
	g_assert_cmpstr(c.in, ==, "other");
	g_assert_cmpuint(c.running, >, CHAIN_MAX);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/stats/chain/counts", test_counts);
	g_test_add_func("/stats/chain/too-many", test_too_many);
	return g_test_run();
}

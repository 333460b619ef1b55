/* SPDX-License-Identifier: GPL-3.0-or-later */
/* call/fragment.c: what waits is bounded in number, bytes and time. */
#include "call/fragment.h"

#include "call/table_priv.h"

#include "../mock/world.h"

#include <glib.h>

static int send_to_nobody(struct world *w, unsigned n, size_t bytes)
{
	g_autofree char *padding = g_strnfill(bytes, 'x');
	g_autofree char *id = g_strdup_printf("call-%u", n);
	g_autofree char *body = g_strdup_printf("a=%s\r\na=end-of-candidates\r\n", padding);
	struct call_options o = {
		.call_id = str_of(id),
		.from_tag = STR_LIT("A"),
		.sdp = str_of(body),
		.fragment = true,
	};
	struct err err;

	return call_fragment(w->control.calls, &o, false, &err);
}

static void test_bounded(void)
{
	struct world w;
	const struct call_table *table;

	world_defaults(&w);
	world_open(&w);
	table = w.control.calls;
	for (unsigned n = 0; n < 2 * FRAGMENTS_MAX; n++)
		g_assert_cmpint(send_to_nobody(&w, n, 1), ==, 0);
	g_assert_cmpuint(table->fragments.length, ==, FRAGMENTS_MAX);
	for (unsigned n = 0; n < 32; n++)
		g_assert_cmpint(send_to_nobody(&w, n, 60000), ==, 0);
	g_assert_cmpuint(table->fragment_bytes, <=, FRAGMENTS_MAX_BYTES);
	g_assert_cmpuint(table->fragments.length, ==, FRAGMENTS_MAX_BYTES / 60000);
	g_assert_cmpuint(call_table_count(table), ==, 0);
	world_advance(&w, FRAGMENT_WAITS_US);
	g_assert_cmpuint(table->fragments.length, ==, 0);
	g_assert_cmpuint(table->fragment_bytes, ==, 0);
	send_to_nobody(&w, 1, 1); /* goes with the table */
	world_close(&w);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/call/fragment/bounded", test_bounded);
	return g_test_run();
}

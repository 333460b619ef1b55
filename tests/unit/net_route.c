/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Local addresses by route. */
#include "net/route.h"

#include <glib.h>

static void test_loopback_is_reached_from_loopback(void)
{
	struct addr to, local;

	g_assert_true(addr_parse_ip(STR_LIT("127.0.0.1"), &to));
	g_assert_cmpint(route_local(&to, &local), ==, 0);
	g_assert_true(addr_same_ip(&to, &local));
	g_assert_cmpuint(local.port, ==, 0);
}

static void test_what_has_no_route_is_an_error(void)
{
	struct addr to, local = { .port = 7 };

	g_assert_true(addr_parse_ip(STR_LIT("255.255.255.255"), &to));
	g_assert_cmpint(route_local(&to, &local), <, 0);
	g_assert_cmpuint(local.port, ==, 7);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/route/loopback", test_loopback_is_reached_from_loopback);
	g_test_add_func("/route/none", test_what_has_no_route_is_an_error);
	return g_test_run();
}

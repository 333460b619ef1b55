/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names by which daemons that steer know of each other: what is written can be found and read. */
#include "net/claim.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <glib.h>

static const struct claim early = {
	.addr = { .family = ADDR_IP4, .ip = { 192, 0, 2, 1 } },
	.ports = { 10000, 20001 },
	.since_us = 1234567890123,
	.pid = 4711,
};

/* Of our claims in the system's list, the one that `wanted` is of. */
static bool find(const struct claim *wanted, struct claim *ret)
{
	g_autofree char *text = NULL;
	g_auto(GStrv) lines = NULL;

	g_assert_true(g_file_get_contents("/proc/net/unix", &text, NULL, NULL));
	lines = g_strsplit(text, "\n", -1);
	for (char **line = lines; *line; line++)
		if (claim_parse(*line, ret) && ret->since_us == wanted->since_us &&
			ret->pid == wanted->pid)
			return true;
	return false;
}

static void check_found(const struct claim *claim)
{
	struct claim found;
	int fd;

	g_assert_cmpint(claim_open(claim, &fd, NULL), ==, 0);
	g_assert_true(find(claim, &found));
	g_assert_true(addr_equal(&found.addr, &claim->addr));
	g_assert_cmpuint(found.ports.first, ==, claim->ports.first);
	g_assert_cmpuint(found.ports.last, ==, claim->ports.last);
	g_assert_cmpint(found.bound, ==, claim->bound);
	close(fd);
	g_assert_false(find(claim, &found));
}

static void test_found_while_open(void)
{
	struct claim longest = { .addr = { .family = ADDR_IP6 },
		.ports = { 65534, 65535 },
		.bound = true,
		.since_us = UINT64_MAX,
		.pid = UINT32_MAX };

	memset(longest.addr.ip, 0xfe, sizeof(longest.addr.ip));
	check_found(&early);
	check_found(&longest);
}

static void test_same_name_twice_is_told(void)
{
	struct err err = { 0 };
	int fd, other;

	g_assert_cmpint(claim_open(&early, &fd, NULL), ==, 0);
	g_assert_cmpint(claim_open(&early, &other, &err), ==, -EADDRINUSE);
	g_assert_cmpint(err.code, ==, EADDRINUSE);
	close(fd);
}

static void test_other_lines(void)
{
	static const char *const lines[] = {
		"",
		"Num       RefCount Protocol Flags    Type St Inode Path",
		"0: 00000003 00000000 00000000 0001 03 558 /run/dbus",
		"0: 0 0 0 0 0 5 @rtpengine-steers/",
		"0: 0 0 0 0 0 5 @rtpengine-steers/192.0.2.1",
		"0: 0 0 0 0 0 5 @rtpengine-steers/192.0.2.1/2-1/s/5/6",
		"0: 0 0 0 0 0 5 @rtpengine-steers/192.0.2.1/1-65536/s/5/6",
		"0: 0 0 0 0 0 5 @rtpengine-steers/192.0.2/1-2/s/5/6",
		"0: 0 0 0 0 0 5 @rtpengine-steers//1-2/s/5/6",
		"0: 0 0 0 0 0 5 @rtpengine-steers/192.0.2.1/1-2/s/5/",
		"5 "
		"@rtpengine-steers/11111111112222222222333333333344444444445555555555666666/1-2/s/"
		"5/6",
	};
	struct claim claim;

	for (unsigned i = 0; i < G_N_ELEMENTS(lines); i++)
		g_assert_false(claim_parse(lines[i], &claim));
	g_assert_true(claim_parse("5 @rtpengine-steers/192.0.2.1/1-65535/s/5/6", &claim));
}

static void test_the_later_one_yields(void)
{
	struct claim later = early, twin = early;

	later.since_us++;
	later.pid--;
	twin.pid++;
	g_assert_true(claim_yields(&later, &early));
	g_assert_false(claim_yields(&early, &later));
	g_assert_true(claim_yields(&twin, &early));
	g_assert_false(claim_yields(&early, &twin));
	g_assert_false(claim_yields(&early, &early)); /* its own */
}

static void test_bound_ports_are_seen(void)
{
	struct claim later = early, bound = early;

	later.since_us++;
	bound.bound = true;
	g_assert_true(claim_yields(&later, &bound)); /* a look may come too late */
	later.bound = true;
	g_assert_true(claim_yields(&later, &early));
	g_assert_false(claim_yields(&later, &bound));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/net/claim/found", test_found_while_open);
	g_test_add_func("/net/claim/twice", test_same_name_twice_is_told);
	g_test_add_func("/net/claim/other-lines", test_other_lines);
	g_test_add_func("/net/claim/order", test_the_later_one_yields);
	g_test_add_func("/net/claim/bound", test_bound_ports_are_seen);
	return g_test_run();
}

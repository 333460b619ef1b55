/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Addresses: parsing, printing, comparing, the system's form, listeners' texts. */
#include "net/addr.h"

#include <errno.h>

#include <glib.h>

static struct addr ip(const char *text)
{
	struct addr addr = { 0 };

	g_assert_true(addr_parse_ip(str_of(text), &addr));
	return addr;
}

static void test_literals_come_back_as_written(void)
{
	static const char *const texts[] = {
		"0.0.0.0",
		"1.2.3.4",
		"255.255.255.255",
		"::",
		"::1",
		"2001:db8::1",
		"2001:db8:1:2:3:4:5:6",
	};
	char text[ADDR_TEXT];

	for (unsigned i = 0; i < G_N_ELEMENTS(texts); i++) {
		struct addr addr = ip(texts[i]);

		g_assert_cmpstr(addr_print_ip(&addr, text), ==, texts[i]);
		g_assert_cmpuint(addr.port, ==, 0);
	}
}

static void test_other_texts_are_no_literals(void)
{
	static const char *const texts[] = {
		"",
		" ",
		"1.2.3",
		"1.2.3.4.5",
		"256.1.1.1",
		"1.2.3.4 ",
		" 1.2.3.4",
		"01.2.3.4",
		"1.2.3.4:5",
		"[::1]",
		"::1%lo",
		"1::2::3",
		"localhost",
		"12345::",
		"2001:db8:1111:2222:3333:4444:5555:6666:7777:8888:9999",
	};
	struct addr addr = { .family = 77 };

	for (unsigned i = 0; i < G_N_ELEMENTS(texts); i++)
		g_assert_false(addr_parse_ip(str_of(texts[i]), &addr));
	g_assert_false(addr_parse_ip((struct str){ "1.2.3.4\0x", 9 }, &addr));
	g_assert_false(addr_parse_ip(STR_NULL, &addr));
	g_assert_cmpuint(addr.family, ==, 77);
}

static void test_only_the_run_is_read(void)
{
	struct addr addr;

	g_assert_true(addr_parse_ip((struct str){ "1.2.3.45", 7 }, &addr));
	g_assert_cmpuint(addr.ip[3], ==, 4);
}

static void test_mapped_is_ip4(void)
{
	struct addr mapped = ip("::ffff:1.2.3.4"), plain = ip("1.2.3.4");

	g_assert_cmpuint(mapped.family, ==, ADDR_IP4);
	g_assert_true(addr_equal(&mapped, &plain));
	g_assert_cmpuint(addr_hash(&mapped), ==, addr_hash(&plain));
}

static void test_sdp_family_must_fit(void)
{
	struct addr addr;

	g_assert_true(addr_parse_sdp(STR_LIT("IP4"), STR_LIT("1.2.3.4"), &addr));
	g_assert_cmpstr(addr_sdp_family(&addr), ==, "IP4");
	g_assert_true(addr_parse_sdp(STR_LIT("IP6"), STR_LIT("::1"), &addr));
	g_assert_cmpstr(addr_sdp_family(&addr), ==, "IP6");
	g_assert_true(addr_parse_sdp(STR_LIT("IP6"), STR_LIT("::ffff:1.2.3.4"), &addr));
	g_assert_false(addr_parse_sdp(STR_LIT("IP4"), STR_LIT("::1"), &addr));
	g_assert_false(addr_parse_sdp(STR_LIT("IP6"), STR_LIT("1.2.3.4"), &addr));
	g_assert_false(addr_parse_sdp(STR_LIT("IP5"), STR_LIT("1.2.3.4"), &addr));
	g_assert_false(addr_parse_sdp(STR_LIT("IP4"), STR_LIT("example.org"), &addr));
}

static void test_print_with_port(void)
{
	char text[ADDR_TEXT];
	struct addr addr = addr_with_port(ip("1.2.3.4"), 5678);

	g_assert_cmpstr(addr_print(&addr, text), ==, "1.2.3.4:5678");
	addr = addr_with_port(ip("1111:2222:3333:4444:5555:6666:7777:8888"), 65535);
	g_assert_cmpstr(
		addr_print(&addr, text), ==, "[1111:2222:3333:4444:5555:6666:7777:8888]:65535");
	addr = (struct addr){ 0 };
	g_assert_cmpstr(addr_print(&addr, text), ==, "none:0");
}

static void test_equality(void)
{
	struct addr a = addr_with_port(ip("1.2.3.4"), 1), b = addr_with_port(ip("1.2.3.4"), 2);
	struct addr c = addr_with_port(ip("1.2.3.5"), 1);
	/* the same leading bytes in another family */
	struct addr d = addr_with_port(ip("102:304::"), 1);

	g_assert_true(addr_same_ip(&a, &b));
	g_assert_false(addr_equal(&a, &b));
	g_assert_false(addr_same_ip(&a, &c));
	g_assert_false(addr_same_ip(&a, &d));
	g_assert_true(addr_equal(&a, &a));
	g_assert_cmpuint(addr_hash(&a), !=, addr_hash(&b));
	g_assert_cmpuint(addr_hash(&a), !=, addr_hash(&c));
}

static void test_kinds(void)
{
	struct addr none = { 0 }, any4 = addr_with_port(ip("0.0.0.0"), 9), any6 = ip("::");
	struct addr lo4 = ip("127.9.9.9"), lo6 = ip("::1"), host = ip("10.0.0.1");

	g_assert_true(addr_is_unspecified(&none));
	g_assert_true(addr_is_unspecified(&any4));
	g_assert_true(addr_is_unspecified(&any6));
	g_assert_false(addr_is_unspecified(&lo6));
	g_assert_true(addr_is_loopback(&lo4));
	g_assert_true(addr_is_loopback(&lo6));
	g_assert_false(addr_is_loopback(&host));
	g_assert_false(addr_is_loopback(&any6));
	g_assert_false(addr_is_loopback(&none));
}

static void test_system_form_round_trip(void)
{
	static const char *const texts[] = { "1.2.3.4", "2001:db8::1" };

	for (unsigned i = 0; i < G_N_ELEMENTS(texts); i++) {
		struct addr addr = addr_with_port(ip(texts[i]), 0x1234), back;
		union sock sock;
		socklen_t len = addr_to_sock(&addr, &sock);

		g_assert_cmpuint(len, ==, i ? sizeof(sock.in6) : sizeof(sock.in));
		g_assert_cmpuint(ntohs(i ? sock.in6.sin6_port : sock.in.sin_port), ==, 0x1234);
		back = addr_of_sock(&sock);
		g_assert_true(addr_equal(&addr, &back));
	}
}

static void test_system_form_of_other_families(void)
{
	union sock sock = { .sa.sa_family = AF_UNIX };

	g_assert_cmpuint(addr_of_sock(&sock).family, ==, ADDR_NONE);
}

/* `expected`: printed addresses, separated by blanks, or NULL when refused. */
static void check_listener(const char *text, const char *expected)
{
	g_autoptr(GString) got = g_string_new(NULL);
	struct addr addrs[8];
	unsigned count = 0;
	int rc = addr_parse_listener(str_of(text), addrs, G_N_ELEMENTS(addrs), &count);
	char one[ADDR_TEXT];

	if (!expected) {
		g_test_message("%s", text);
		g_assert_cmpint(rc, ==, -EINVAL);
		g_assert_cmpuint(count, ==, 0);
		return;
	}
	g_assert_cmpint(rc, ==, 0);
	for (unsigned i = 0; i < count; i++)
		g_string_append_printf(got, "%s%s", i ? " " : "", addr_print(&addrs[i], one));
	g_assert_cmpstr(got->str, ==, expected);
}

static void test_listeners(void)
{
	check_listener("2223", "0.0.0.0:2223 [::]:2223");
	check_listener("127.0.0.1:2223", "127.0.0.1:2223");
	check_listener("[::1]:2223", "[::1]:2223");
	check_listener("::1:2223", "[::1]:2223");
	check_listener("[127.0.0.1]:65535", "127.0.0.1:65535");
	check_listener("0.0.0.0:22", "0.0.0.0:22");
}

static void test_bad_listeners(void)
{
	static const char *const texts[] = {
		"",
		"0",
		"65536",
		"99999999999999999999",
		"1.2.3.4",
		"x",
		"22x",
		"-1",
		"+22",
		" 22",
		"127.0.0.1:",
		"127.0.0.1:0",
		"127.0.0.1:65536",
		"127.0.0.1:x",
		":22",
		"[]:22",
		"[:22",
		"1.2.3:22",
		"1:22",
		"a b:22",
		"[::1:22",
		"-host:22",
		"a/b:22",
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(texts); i++)
		check_listener(texts[i], NULL);
}

static void test_listener_room(void)
{
	struct addr addrs[2] = { 0 };
	unsigned count;

	g_assert_cmpint(addr_parse_listener(STR_LIT("2223"), addrs, 1, &count), ==, 0);
	g_assert_cmpuint(count, ==, 1);
	g_assert_cmpuint(addrs[1].family, ==, ADDR_NONE);
}

static void test_names_are_resolved(void)
{
	struct addr addrs[8];
	unsigned count;

	if (addr_resolve(STR_LIT("localhost"), addrs, 8, &count) != 0) {
		g_test_skip("this machine does not know localhost");
		return;
	}
	g_assert_cmpuint(count, >, 0);
	for (unsigned i = 0; i < count; i++) {
		g_assert_true(addr_is_loopback(&addrs[i]));
		for (unsigned j = 0; j < i; j++)
			g_assert_false(addr_equal(&addrs[i], &addrs[j]));
	}
	g_assert_cmpint(addr_parse_listener(STR_LIT("localhost:22"), addrs, 8, &count), ==, 0);
	for (unsigned i = 0; i < count; i++)
		g_assert_cmpuint(addrs[i].port, ==, 22);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/net/addr/literals", test_literals_come_back_as_written);
	g_test_add_func("/net/addr/no-literals", test_other_texts_are_no_literals);
	g_test_add_func("/net/addr/run", test_only_the_run_is_read);
	g_test_add_func("/net/addr/mapped", test_mapped_is_ip4);
	g_test_add_func("/net/addr/sdp", test_sdp_family_must_fit);
	g_test_add_func("/net/addr/print", test_print_with_port);
	g_test_add_func("/net/addr/equality", test_equality);
	g_test_add_func("/net/addr/kinds", test_kinds);
	g_test_add_func("/net/addr/sock", test_system_form_round_trip);
	g_test_add_func("/net/addr/sock-other", test_system_form_of_other_families);
	g_test_add_func("/net/addr/listeners", test_listeners);
	g_test_add_func("/net/addr/listeners-bad", test_bad_listeners);
	g_test_add_func("/net/addr/listener-room", test_listener_room);
	g_test_add_func("/net/addr/names", test_names_are_resolved);
	return g_test_run();
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of interfaces: the grammar of its texts, and looking things up. */
#include "net/iface.h"

#include <ifaddrs.h>
#include <net/if.h>

#include <glib.h>

#include "../mock/network.h"
#include "base/ref.h"

#define SPECS(...) ((const char *const[]){ __VA_ARGS__, NULL })

static struct iface_table *table_of(const char *const *specs)
{
	struct err err = { 0 };
	struct iface_table *table;

	mock_reset();
	table = iface_table_new(specs, 30000, 30009, mock_engine(), &err);
	if (!table)
		g_error("%s", err.text);
	return table;
}

/* "local!advertised" of an address of an interface. */
static void assert_addr(const struct iface *iface, unsigned index, const char *expected)
{
	char local[ADDR_TEXT], advertised[ADDR_TEXT];
	g_autofree char *got = NULL;

	g_assert_cmpuint(index, <, iface->addr_count);
	g_assert_cmpuint(iface->addrs[index].index, ==, index);
	got = g_strdup_printf("%s!%s", addr_print_ip(&iface->addrs[index].local, local),
		addr_print_ip(&iface->addrs[index].advertised, advertised));
	g_assert_cmpstr(got, ==, expected);
}

static const char *found_name(struct iface_table *table, const char *name, unsigned wanted)
{
	const struct iface *iface = iface_find(table, str_of(name), wanted);

	return iface ? iface->name : NULL;
}

static void test_plain_address(void)
{
	struct iface_table *table = table_of(SPECS("192.0.2.1"));
	const struct iface *iface = iface_default(table);

	g_assert_cmpuint(iface_count(table), ==, 1);
	g_assert_cmpstr(iface->name, ==, "default");
	g_assert_cmpuint(iface->addr_count, ==, 1);
	assert_addr(iface, 0, "192.0.2.1!192.0.2.1");
	g_assert_cmpuint(port_pool_size(iface->addrs[0].pool), ==, 10);
	iface_table_free(table);
}

static void test_names_and_advertised(void)
{
	struct iface_table *table = table_of(SPECS("internal/10.0.0.1",
		"external/10.0.0.2!203.0.113.1", "v6/2001:db8::1!2001:db8::2", "b/[2001:db8::3]"));

	g_assert_cmpuint(iface_count(table), ==, 4);
	g_assert_cmpstr(iface_default(table)->name, ==, "internal");
	g_assert_true(iface_at(table, 1) == iface_find(table, STR_LIT("external"), 0));
	assert_addr(iface_at(table, 1), 0, "10.0.0.2!203.0.113.1");
	assert_addr(iface_at(table, 2), 0, "2001:db8::1!2001:db8::2");
	assert_addr(iface_at(table, 3), 0, "2001:db8::3!2001:db8::3");
	g_assert_null(iface_find(table, STR_LIT("else"), 0));
	g_assert_null(iface_find(table, STR_LIT("intern"), 0));
	iface_table_free(table);
}

static void test_same_name_gathers_addresses(void)
{
	struct iface_table *table = table_of(
		SPECS("a/10.0.0.1", "b/10.0.0.9", "a/2001:db8::1", "a/10.0.0.2", "a/10.0.0.1"));
	const struct iface *iface = iface_default(table);

	g_assert_cmpuint(iface_count(table), ==, 2);
	g_assert_cmpuint(iface->addr_count, ==, 3);
	assert_addr(iface, 0, "10.0.0.1!10.0.0.1");
	assert_addr(iface, 1, "2001:db8::1!2001:db8::1");
	assert_addr(iface, 2, "10.0.0.2!10.0.0.2");
	iface_table_free(table);
}

static void test_pick_by_family(void)
{
	struct iface_table *table = table_of(
		SPECS("a/10.0.0.1", "a/2001:db8::1", "a/2001:db8::2", "b/10.0.0.2"));
	const struct iface *a = iface_at(table, 0), *b = iface_at(table, 1);

	g_assert_true(iface_pick(a, ADDR_IP4) == &a->addrs[0]);
	g_assert_true(iface_pick(a, ADDR_IP6) == &a->addrs[1]);
	g_assert_true(iface_pick(a, ADDR_NONE) == &a->addrs[0]);
	g_assert_true(iface_pick(b, ADDR_IP6) == &b->addrs[0]);
	iface_table_free(table);
}

static void test_one_address_one_pool(void)
{
	struct iface_table *table = table_of(
		SPECS("a/10.0.0.1", "b/10.0.0.1!203.0.113.1", "c/10.0.0.2"));

	g_assert_true(iface_at(table, 0)->addrs[0].pool == iface_at(table, 1)->addrs[0].pool);
	g_assert_true(iface_at(table, 0)->addrs[0].pool != iface_at(table, 2)->addrs[0].pool);
	iface_table_free(table);
}

static void test_bad_texts(void)
{
	static const char *const texts[] = {
		"",
		"/",
		"a/",
		"/10.0.0.1",
		"0.0.0.0",
		"::",
		"a/0.0.0.0",
		"10.0.0.1!",
		"!10.0.0.1",
		"10.0.0.1!0.0.0.0",
		"10.0.0.1!::",
		"10.0.0.1!2001:db8::1",
		"2001:db8::1!10.0.0.1",
		"10.0.0",
		"10.0.0.1!203.0.113.1!203.0.113.2",
		"10.0.0.1/24",
		"no such thing",
		"a=b",
		"=b",
		"a=",
		"lo!0.0.0.0",
	};

	mock_reset();
	for (unsigned i = 0; i < G_N_ELEMENTS(texts); i++) {
		g_autofree char *expected = g_strdup_printf(
			"Invalid interface specification: '%s'", texts[i]);
		struct err err = { 0 };

		g_assert_null(iface_table_new(
			SPECS("ok/10.9.9.9", texts[i]), 30000, 30009, mock_engine(), &err));
		g_assert_cmpstr(err.text, ==, expected);
	}
}

static void test_bad_ranges_and_no_interfaces(void)
{
	struct err err = { 0 };

	g_assert_null(iface_table_new(SPECS("10.0.0.1"), 0, 9, mock_engine(), &err));
	g_assert_true(g_str_has_prefix(err.text, "Invalid RTP port range: "));
	g_assert_null(iface_table_new(SPECS("10.0.0.1"), 10, 9, mock_engine(), &err));
	g_assert_true(g_str_has_prefix(err.text, "Invalid RTP port range: "));
	g_assert_null(iface_table_new((const char *const[]){ NULL }, 8, 9, mock_engine(), &err));
	g_assert_cmpstr(err.text, ==, "Missing option --interface");
}

static void test_aliases(void)
{
	struct iface_table *table = table_of(SPECS("a/10.0.0.1", "b/10.0.0.2", "other=b"));

	g_assert_cmpuint(iface_count(table), ==, 2);
	g_assert_cmpstr(found_name(table, "other", 0), ==, "b");
	iface_table_free(table);
}

static void test_groups_take_turns(void)
{
	struct iface_table *table = table_of(SPECS(
		"x/10.0.0.9", "g:1/10.0.0.1", "g:2/10.0.0.2", "g:3/10.0.0.3", "h:1/10.0.0.4"));

	g_assert_cmpstr(found_name(table, "g", 2), ==, "g:1");
	g_assert_cmpstr(found_name(table, "g", 2), ==, "g:2");
	g_assert_cmpstr(found_name(table, "h", 2), ==, "h:1");
	g_assert_cmpstr(found_name(table, "g", 2), ==, "g:3");
	g_assert_cmpstr(found_name(table, "g", 2), ==, "g:1");
	g_assert_cmpstr(found_name(table, "g:3", 2), ==, "g:3");
	g_assert_cmpstr(found_name(table, "g", 2), ==, "g:2");
	g_assert_null(found_name(table, "g:", 2));
	iface_table_free(table);
}

static void test_an_interface_answers_to_its_names(void)
{
	struct iface_table *table = table_of(
		SPECS("g:1/10.0.0.1", "g:2/10.0.0.2", "b/10.0.0.3", "alias=b"));
	const struct iface *first = iface_at(table, 0), *last = iface_at(table, 2);

	g_assert_true(iface_answers_to(table, first, STR_LIT("g:1")));
	g_assert_true(iface_answers_to(table, first, STR_LIT("g")));
	g_assert_true(iface_answers_to(table, first, STR_LIT("round-robin-calls")));
	g_assert_false(iface_answers_to(table, first, STR_LIT("g:2")));
	g_assert_false(iface_answers_to(table, first, STR_LIT("b")));
	g_assert_true(iface_answers_to(table, last, STR_LIT("alias")));
	g_assert_false(iface_answers_to(table, last, STR_LIT("g")));
	iface_table_free(table);
}

static void test_groups_pass_over_full_members(void)
{
	struct iface_table *table = table_of(SPECS("g:1/10.0.0.1", "g:2/10.0.0.2", "g:3/10.0.0.3"));
	struct port_pool *full = iface_at(table, 1)->addrs[0].pool;
	struct lease *leases[8];
	struct err err;

	g_assert_cmpint(port_pool_lease_pairs(full, 4, leases, &err), ==, 0);
	g_assert_cmpstr(found_name(table, "g", 3), ==, "g:1");
	g_assert_cmpstr(found_name(table, "g", 3), ==, "g:3");
	g_assert_cmpstr(found_name(table, "g", 3), ==, "g:1");
	g_assert_cmpstr(found_name(table, "g", 2), ==, "g:2");
	/* none has that many: still somebody, whose pool then tells why not */
	g_assert_cmpstr(found_name(table, "g", 11), ==, "g:3");
	g_assert_cmpstr(found_name(table, "g", 11), ==, "g:1");
	for (unsigned i = 0; i < 8; i++)
		ref_drop(leases[i]);
	iface_table_free(table);
}

static void test_no_name_is_the_default_or_its_group(void)
{
	struct iface_table *table = table_of(SPECS("a/10.0.0.1", "b/10.0.0.2"));

	g_assert_cmpstr(found_name(table, "", 0), ==, "a");
	g_assert_cmpstr(found_name(table, "", 0), ==, "a");
	g_assert_cmpstr(found_name(table, "round-robin-calls", 0), ==, "a");
	g_assert_cmpstr(found_name(table, "round-robin-calls", 0), ==, "b");
	g_assert_cmpstr(found_name(table, "round-robin-calls", 0), ==, "a");
	iface_table_free(table);
	table = table_of(SPECS("g:1/10.0.0.1", "b/10.0.0.3", "g:2/10.0.0.2"));
	g_assert_cmpstr(found_name(table, "", 0), ==, "g:1");
	g_assert_cmpstr(found_name(table, "", 0), ==, "g:2");
	g_assert_cmpstr(found_name(table, "", 0), ==, "g:1");
	iface_table_free(table);
}

static void test_excluded_from_all_pools(void)
{
	struct iface_table *table = table_of(SPECS("a/10.0.0.1", "b/10.0.0.2"));

	iface_exclude_port(table, 30004);
	for (unsigned i = 0; i < 2; i++)
		g_assert_cmpuint(port_pool_size(iface_at(table, i)->addrs[0].pool), ==, 9);
	iface_table_free(table);
}

static void test_system_interface(void)
{
	struct iface_table *table;
	const struct iface *iface;
	bool found = false;

	if (if_nametoindex("lo") == 0) {
		g_test_skip("this machine has no interface lo");
		return;
	}
	table = table_of(SPECS("a/lo!127.9.9.9"));
	iface = iface_default(table);
	for (unsigned i = 0; i < iface->addr_count; i++) {
		const struct iface_addr *addr = &iface->addrs[i];

		g_assert_cmpuint(addr->local.family, ==, addr->advertised.family);
		if (addr->local.family == ADDR_IP4 && addr->local.ip[0] == 127) {
			g_assert_cmpuint(addr->advertised.ip[1], ==, 9);
			found = true;
		}
	}
	g_assert_true(found);
	iface_table_free(table);
}

static bool has_outside_addr(void)
{
	struct ifaddrs *all = NULL;
	bool found = false;

	if (getifaddrs(&all) != 0)
		return false;
	for (struct ifaddrs *at = all; at; at = at->ifa_next) {
		found = found ||
			(at->ifa_addr && at->ifa_addr->sa_family == AF_INET &&
				(at->ifa_flags & IFF_UP) && !(at->ifa_flags & IFF_LOOPBACK));
	}
	freeifaddrs(all);
	return found;
}

static void test_any(void)
{
	struct iface_table *table;
	const struct iface *iface;

	if (!has_outside_addr()) {
		g_test_skip("this machine has loopback addresses only");
		return;
	}
	table = table_of(SPECS("any"));
	iface = iface_default(table);
	g_assert_cmpuint(iface->addr_count, >, 0);
	for (unsigned i = 0; i < iface->addr_count; i++)
		g_assert_false(addr_is_loopback(&iface->addrs[i].local));
	iface_table_free(table);
}

static void test_host_names(void)
{
	struct iface_table *table;
	struct addr addrs[8];
	unsigned count;

	if (addr_resolve(STR_LIT("localhost"), addrs, 8, &count) != 0) {
		g_test_skip("this machine does not know localhost");
		return;
	}
	table = table_of(SPECS("localhost"));
	g_assert_cmpuint(iface_default(table)->addr_count, ==, count);
	g_assert_true(addr_is_loopback(&iface_default(table)->addrs[0].local));
	iface_table_free(table);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/net/iface/plain", test_plain_address);
	g_test_add_func("/net/iface/names", test_names_and_advertised);
	g_test_add_func("/net/iface/same-name", test_same_name_gathers_addresses);
	g_test_add_func("/net/iface/pick", test_pick_by_family);
	g_test_add_func("/net/iface/one-pool", test_one_address_one_pool);
	g_test_add_func("/net/iface/bad", test_bad_texts);
	g_test_add_func("/net/iface/bad-range", test_bad_ranges_and_no_interfaces);
	g_test_add_func("/net/iface/aliases", test_aliases);
	g_test_add_func("/net/iface/groups", test_groups_take_turns);
	g_test_add_func("/net/iface/answers-to", test_an_interface_answers_to_its_names);
	g_test_add_func("/net/iface/groups-full", test_groups_pass_over_full_members);
	g_test_add_func("/net/iface/no-name", test_no_name_is_the_default_or_its_group);
	g_test_add_func("/net/iface/excluded", test_excluded_from_all_pools);
	g_test_add_func("/net/iface/system", test_system_interface);
	g_test_add_func("/net/iface/any", test_any);
	g_test_add_func("/net/iface/host-names", test_host_names);
	return g_test_run();
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Commands counted by client. */
#include "control/proxies.h"

#include <glib.h>

static const struct addr first = { .family = ADDR_IP4, .port = 5000, .ip = { 192, 0, 2, 1 } };

static struct dict *printed(const struct proxies *p)
{
	struct dict *dict = dict_new();

	proxies_to_dict(p, dict, dict_root(dict));
	return dict;
}

static const struct value *nth_proxy(struct dict *dict, unsigned n)
{
	const struct value *v = value_first(value_get(dict_root(dict), "proxies"));

	while (v && n--)
		v = v->next;
	return v;
}

static void test_counts(void)
{
	struct proxies *p = proxies_new();
	struct addr same = addr_with_port(first, 6000);
	int offer = ng_name_find(STR_LIT("offer"));
	struct dict *dict;

	proxies_note(p, &first, offer, 1500000, false);
	proxies_note(p, &same, offer, 250000, true);
	proxies_note(p, &first, -1, 0, true);
	dict = printed(p);
	g_assert_cmpint(value_get_int(nth_proxy(dict, 0), "offercount", 0), ==, 2);
	g_assert_true(str_is(value_get_str(nth_proxy(dict, 0), "offerduration"), "1.750000"));
	g_assert_cmpint(value_get_int(nth_proxy(dict, 0), "errorcount", 0), ==, 2);
	g_assert_true(str_is(value_get_str(nth_proxy(dict, 0), "proxy"), "192.0.2.1"));
	g_assert_null(nth_proxy(dict, 1));
	g_assert_cmpint(value_get_int(dict_root(dict), "totaloffercount", 0), ==, 2);
	g_assert_cmpint(value_get_int(dict_root(dict), "totalpingcount", -1), ==, 0);
	dict_free(dict);
	proxies_free(p);
}

static void test_bound(void)
{
	struct proxies *p = proxies_new();
	int ping = ng_name_find(STR_LIT("ping"));
	struct addr client = first;
	struct dict *dict;

	for (unsigned i = 0; i < PROXIES_MAX + 10; i++) {
		client.ip[2] = (uint8_t)(i >> 8);
		client.ip[3] = (uint8_t)i;
		proxies_note(p, &client, ping, 0, false);
	}
	dict = printed(p);
	g_assert_cmpuint(
		value_get(dict_root(dict), "proxies")->items.count, ==, (size_t)PROXIES_MAX);
	g_assert_cmpint(value_get_int(dict_root(dict), "totalpingcount", 0), ==, PROXIES_MAX + 10);
	dict_free(dict);
	proxies_free(p);
}

static void test_nobody(void)
{
	struct proxies *p = proxies_new();
	struct addr nobody = { 0 };
	struct dict *dict;

	proxies_note(NULL, &first, 0, 0, false);
	proxies_note(p, &nobody, ng_name_find(STR_LIT("ping")), 0, false);
	dict = printed(p);
	g_assert_null(nth_proxy(dict, 0));
	g_assert_cmpint(value_get_int(dict_root(dict), "totalpingcount", 0), ==, 1);
	dict_free(dict);
	dict = printed(NULL);
	g_assert_cmpint(value_get_int(dict_root(dict), "totalpingcount", -1), ==, 0);
	dict_free(dict);
	proxies_free(p);
}

static void test_names(void)
{
	g_assert_cmpint(ng_name_find(STR_LIT("no such")), ==, -1);
	g_assert_cmpint(ng_name_find(STR_LIT("CLI")), ==, ng_name_find(STR_LIT("cli")));
	for (unsigned i = 0; i < ng_name_count(); i++)
		g_assert_cmpint(ng_name_find(str_of(ng_name_at(i)->name)), ==, (int)i);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/proxies/counts", test_counts);
	g_test_add_func("/proxies/bound", test_bound);
	g_test_add_func("/proxies/nobody", test_nobody);
	g_test_add_func("/proxies/names", test_names);
	return g_test_run();
}

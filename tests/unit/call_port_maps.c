/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which ports a section gets for which endpoint of the other side. */
#include "call/port_maps.h"

#include <errno.h>
#include <glib.h>

#include "../mock/network.h"
#include "base/ref.h"

static const struct addr key_1 = { ADDR_IP4, 41000, { 192, 0, 2, 10 } };
static const struct addr key_2 = { ADDR_IP4, 41004, { 192, 0, 2, 10 } };
static const struct addr no_key;

struct fixture {
	struct iface_table *table;
	struct model *model;
	struct media *media;
};

static void open_fixture(struct fixture *f, uint16_t port_max)
{
	static const char *const specs[] = { "one/203.0.113.1", "one/2001:db8::1",
		"two/203.0.113.2", NULL };

	mock_reset();
	f->table = iface_table_new(specs, 30000, port_max, mock_engine(), NULL);
	g_assert_nonnull(f->table);
	f->model = model_new();
	f->media = party_add_media(f->model, model_add_party(f->model, 0));
}

static void close_fixture(struct fixture *f)
{
	model_free(f->model);
	g_assert_cmpuint(mock_open_count(), ==, 0);
	iface_table_free(f->table);
	mock_reset();
}

static int take_as(struct fixture *f, const struct addr *key, unsigned count, bool latch,
	const char *iface, enum addr_family family)
{
	struct port_request r = {
		.key = *key,
		.iface = iface_find(f->table, str_of(iface), 0),
		.family = family,
		.count = count,
		.latch = latch,
	};
	struct err err = { 0 };
	int ret = media_take_ports(f->model, f->media, &r, &err);

	if (ret)
		g_assert_cmpstr(err.text, ==, "Ran out of ports");
	return ret;
}

/* The RTP port given. */
static uint16_t take(struct fixture *f, const struct addr *key, bool latch)
{
	g_assert_cmpint(take_as(f, key, 2, latch, "one", ADDR_IP4), ==, 0);
	g_assert_cmpuint(f->media->ports->count, ==, 2);
	return f->media->ports->leases[0]->number;
}

static void test_pair_is_even_and_next(void)
{
	struct fixture f;
	uint16_t port;

	open_fixture(&f, 30099);
	port = take(&f, &key_1, false);
	g_assert_cmpuint(port % 2, ==, 0);
	g_assert_cmpuint(f.media->ports->leases[1]->number, ==, port + 1);
	close_fixture(&f);
}

static void test_same_endpoint_same_ports(void)
{
	struct fixture f;
	uint16_t port;

	open_fixture(&f, 30099);
	port = take(&f, &key_1, false);
	g_assert_cmpuint(take(&f, &key_1, false), ==, port);
	g_assert_cmpuint(mock_open_count(), ==, 2);
	close_fixture(&f);
}

static void test_other_endpoint_other_ports_and_back(void)
{
	struct fixture f;
	uint16_t port;

	open_fixture(&f, 30099);
	port = take(&f, &key_1, false);
	g_assert_cmpuint(take(&f, &key_2, false), !=, port);
	g_assert_cmpuint(take(&f, &key_1, false), ==, port);
	g_assert_cmpuint(mock_open_count(), ==, 4);
	close_fixture(&f);
}

static void test_latch_keeps_and_remembers(void)
{
	struct fixture f;
	uint16_t port;

	open_fixture(&f, 30099);
	port = take(&f, &key_1, false);
	g_assert_cmpuint(take(&f, &key_2, true), ==, port);
	/* the endpoint finds them again without latching */
	g_assert_cmpuint(take(&f, &key_2, false), ==, port);
	g_assert_cmpuint(take(&f, &key_1, false), ==, port);
	close_fixture(&f);
}

static void test_unknown_endpoint_is_adopted_by_the_first(void)
{
	struct fixture f;
	uint16_t port;

	open_fixture(&f, 30099);
	port = take(&f, &no_key, false);
	g_assert_cmpuint(take(&f, &no_key, false), ==, port);
	g_assert_cmpuint(take(&f, &key_1, false), ==, port);
	g_assert_cmpuint(take(&f, &key_2, false), !=, port);
	close_fixture(&f);
}

static void test_unknown_endpoint_keeps_what_is_in_use(void)
{
	struct fixture f;
	uint16_t port;

	open_fixture(&f, 30099);
	port = take(&f, &key_1, false);
	g_assert_cmpuint(take(&f, &no_key, false), ==, port);
	close_fixture(&f);
}

static void test_zero_address_is_compared_by_port(void)
{
	struct addr zero = { .family = ADDR_IP4, .port = 41000 };
	struct fixture f;
	uint16_t port;

	open_fixture(&f, 30099);
	port = take(&f, &key_1, false);
	g_assert_cmpuint(take(&f, &zero, false), ==, port);
	zero.port = 41004;
	g_assert_cmpuint(take(&f, &zero, false), !=, port);
	close_fixture(&f);
}

static void test_other_interface_or_family_needs_new_ports(void)
{
	struct fixture f;
	struct lease *first;

	open_fixture(&f, 30099);
	take(&f, &key_1, false);
	first = f.media->ports->leases[0];
	g_assert_cmpint(take_as(&f, &key_1, 2, true, "two", ADDR_IP4), ==, 0);
	g_assert_true(f.media->ports->leases[0] != first);
	g_assert_cmpstr(f.media->ports->iface->name, ==, "two");
	g_assert_cmpint(take_as(&f, &key_1, 2, true, "one", ADDR_IP6), ==, 0);
	g_assert_cmpuint(f.media->ports->leases[0]->port->local.family, ==, ADDR_IP6);
	g_assert_cmpint(take_as(&f, &key_1, 2, true, "one", ADDR_IP4), ==, 0);
	g_assert_true(f.media->ports->leases[0] == first);
	close_fixture(&f);
}

static void test_one_port_is_not_enough_for_two(void)
{
	struct fixture f;

	open_fixture(&f, 30099);
	g_assert_cmpint(take_as(&f, &key_1, 1, false, "one", ADDR_IP4), ==, 0);
	g_assert_cmpuint(f.media->ports->count, ==, 1);
	take(&f, &key_1, true);
	close_fixture(&f);
}

static void test_shortage_changes_nothing(void)
{
	struct fixture f;
	uint16_t port;

	open_fixture(&f, 30001);
	port = take(&f, &key_1, false);
	g_assert_cmpint(take_as(&f, &key_2, 2, false, "one", ADDR_IP4), ==, -ENOSPC);
	g_assert_cmpuint(f.media->ports->leases[0]->number, ==, port);
	g_assert_null(f.media->maps->next);
	g_assert_cmpint(take_as(&f, &key_1, 2 * MODEL_MAX_PORT_PAIRS + 2, false, "one", ADDR_IP4),
		==, -ENOSPC);
	close_fixture(&f);
}

static unsigned map_count(const struct media *media)
{
	unsigned count = 0;

	for (const struct port_map *m = media->maps; m; m = m->next)
		count++;
	return count;
}

static void test_maps_are_bounded_and_the_oldest_goes(void)
{
	struct addr key = key_1;
	struct fixture f;
	uint16_t first;

	open_fixture(&f, 30099);
	first = take(&f, &key, false);
	for (unsigned i = 1; i < 3 * MODEL_MAX_PORT_MAPS; i++) {
		key.port += 2;
		take(&f, &key, false);
		g_assert_cmpuint(map_count(f.media), <=, MODEL_MAX_PORT_MAPS);
	}
	g_assert_cmpuint(mock_open_count(), ==, 2 * MODEL_MAX_PORT_MAPS);
	g_assert_cmpuint(take(&f, &key_1, false), !=, first);
	close_fixture(&f);
}

static void test_latched_maps_are_bounded_too(void)
{
	struct addr key = key_1;
	struct fixture f;
	uint16_t port;

	open_fixture(&f, 30099);
	port = take(&f, &key, false);
	for (unsigned i = 0; i < 3 * MODEL_MAX_PORT_MAPS; i++) {
		key.port += 2;
		g_assert_cmpuint(take(&f, &key, true), ==, port);
	}
	g_assert_cmpuint(map_count(f.media), ==, MODEL_MAX_PORT_MAPS);
	g_assert_cmpuint(mock_open_count(), ==, 2);
	close_fixture(&f);
}

static void test_rtcp_port_is_given_back(void)
{
	struct fixture f;
	uint16_t port;

	open_fixture(&f, 30099);
	port = take(&f, &key_1, false);
	take(&f, &key_2, true);
	media_give_rtcp_port(f.media);
	g_assert_cmpuint(mock_open_count(), ==, 1);
	g_assert_cmpuint(f.media->ports->count, ==, 1);
	g_assert_cmpuint(f.media->ports->leases[0]->number, ==, port);
	media_give_rtcp_port(f.media);
	g_assert_cmpuint(mock_open_count(), ==, 1);
	close_fixture(&f);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/call/port-maps/pair", test_pair_is_even_and_next);
	g_test_add_func("/call/port-maps/same", test_same_endpoint_same_ports);
	g_test_add_func("/call/port-maps/other", test_other_endpoint_other_ports_and_back);
	g_test_add_func("/call/port-maps/latch", test_latch_keeps_and_remembers);
	g_test_add_func("/call/port-maps/adopted", test_unknown_endpoint_is_adopted_by_the_first);
	g_test_add_func("/call/port-maps/unknown", test_unknown_endpoint_keeps_what_is_in_use);
	g_test_add_func("/call/port-maps/zero", test_zero_address_is_compared_by_port);
	g_test_add_func(
		"/call/port-maps/interface", test_other_interface_or_family_needs_new_ports);
	g_test_add_func("/call/port-maps/one", test_one_port_is_not_enough_for_two);
	g_test_add_func("/call/port-maps/shortage", test_shortage_changes_nothing);
	g_test_add_func("/call/port-maps/bounded", test_maps_are_bounded_and_the_oldest_goes);
	g_test_add_func("/call/port-maps/bounded-latched", test_latched_maps_are_bounded_too);
	g_test_add_func("/call/port-maps/rtcp", test_rtcp_port_is_given_back);
	return g_test_run();
}

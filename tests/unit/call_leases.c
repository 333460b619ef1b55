/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Each open port belongs to one endpoint of one call, and it is noticed when not. */
#include "call/call.h"

#include <glib.h>

#include "../mock/world.h"
#include "stats/counter.h"

static const char offer_sdp[] =
	"v=0\r\no=a 1 1 IN IP4 192.0.2.10\r\ns=-\r\nc=IN IP4 192.0.2.10\r\nt=0 0\r\n"
	"m=audio 41000 RTP/AVP 0\r\n";

static struct call *offer(struct world *world, const char *id)
{
	struct dict *request = dict_new(), *reply;
	struct value *root = dict_root(request);
	GString *bytes;

	dict_add_str(request, root, "command", STR_LIT("offer"));
	dict_add_str(request, root, "call-id", str_of(id));
	dict_add_str(request, root, "from-tag", STR_LIT("A"));
	dict_add_str(request, root, "sdp", str_of(offer_sdp));
	reply = world_request(world, request, false, &bytes);
	g_assert_true(str_is(value_get_str(dict_root(reply), "result"), "ok"));
	dict_free(request);
	dict_free(reply);
	g_string_free(bytes, TRUE);
	return call_table_find(world->control.calls, str_of(id));
}

static struct lease **first_lease(struct call *call, unsigned party)
{
	return &call->model->parties[party]->media[0]->ports->leases[0];
}

static void test_ports_of_calls_have_one_owner(void)
{
	struct world world;
	struct lease_check c;

	world_defaults(&world);
	world_open(&world);
	offer(&world, "one");
	offer(&world, "two");
	c = call_table_check_leases(world.control.calls);
	g_assert_cmpuint(c.leases, ==, 8);
	g_assert_cmpuint(c.leases, ==, world_ports_used(&world));
	g_assert_cmpuint(c.conflicts, ==, 0);
	world_close(&world);
}

/* What would be a bug elsewhere: the second user finds the first one's mark on it. */
static void assert_found(
	struct call *from, unsigned from_party, struct call *to, struct world *world)
{
	struct lease **place = first_lease(to, 1), *before = *place;
	struct lease_check c;

	*place = *first_lease(from, from_party);
	c = call_table_check_leases(world->control.calls);
	g_assert_cmpuint(c.conflicts, ==, 1);
#ifndef CHECK_INVARIANTS
	uint64_t counted = counter_total(COUNTER_LEASE_CONFLICTS);

	call_claim_leases(to);
	g_assert_cmpuint(counter_total(COUNTER_LEASE_CONFLICTS), ==, counted + 1);
#endif
	*place = before;
	c = call_table_check_leases(world->control.calls);
	g_assert_cmpuint(c.conflicts, ==, 0);
}

static void test_port_of_another_call_is_a_conflict(void)
{
	struct world world;
	struct call *one, *two;

	world_defaults(&world);
	world_open(&world);
	one = offer(&world, "one");
	two = offer(&world, "two");
	assert_found(one, 1, two, &world);
	world_close(&world);
}

static void test_port_of_another_party_is_a_conflict(void)
{
	struct world world;
	struct call *call;

	world_defaults(&world);
	world_open(&world);
	call = offer(&world, "one");
	assert_found(call, 0, call, &world);
	world_close(&world);
}

static void test_owner_stays_over_versions(void)
{
	struct world world;
	struct call *call;
	struct lease_owner owner;

	world_defaults(&world);
	world_open(&world);
	call = offer(&world, "one");
	owner = (*first_lease(call, 0))->owner;
	g_assert_cmpuint(owner.call, !=, 0);
	call = offer(&world, "one");
	g_assert_true(lease_owned_by(*first_lease(call, 0), &owner));
	world_close(&world);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/leases/one-owner", test_ports_of_calls_have_one_owner);
	g_test_add_func("/leases/another-call", test_port_of_another_call_is_a_conflict);
	g_test_add_func("/leases/another-party", test_port_of_another_party_is_a_conflict);
	g_test_add_func("/leases/versions", test_owner_stays_over_versions);
	return g_test_run();
}

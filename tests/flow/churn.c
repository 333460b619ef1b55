/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Many calls one after the other: nothing may stay behind. */
#include "flow.h"

#include <malloc.h>

#include <glib.h>

#include "../mock/network.h"
#include "../mock/world.h"

/* The allocator's caches and the pools' lists take some rounds to become as large as they get. */
enum { WARM_UP_ROUNDS = 30, ROUNDS = 60, CALLS_PER_ROUND = 100 };

static void run(struct world *world, const char *command, unsigned call, const char *extra)
{
	g_autofree char *id = g_strdup_printf("churn-%u", call);
	struct dict *request = dict_new(), *reply;
	struct value *root = dict_root(request);
	GString *bytes;

	dict_add_str(request, root, "command", str_of(command));
	dict_add_str(request, root, "call-id", str_of(id));
	dict_add_str(request, root, "from-tag", STR_LIT("A"));
	if (strcmp(command, "offer"))
		dict_add_str(request, root, "to-tag", STR_LIT("B"));
	if (extra)
		dict_add_str(request, root, "sdp", str_of(extra));
	else
		dict_add_int(request, root, "delete-delay", 0);
	reply = world_request(world, request, call % 2, &bytes);
	g_assert_true(str_is(value_get_str(dict_root(reply), "result"), "ok"));
	dict_free(request);
	dict_free(reply);
	g_string_free(bytes, TRUE);
}

static void make_call(struct world *world, unsigned call)
{
	static const char offer[] =
		"v=0\r\no=a 1 1 IN IP4 192.0.2.10\r\ns=-\r\nc=IN IP4 192.0.2.10\r\nt=0 0\r\n"
		"m=audio 41000 RTP/AVP 0\r\nm=video 41010 RTP/AVP 99\r\n";
	static const char answer[] =
		"v=0\r\no=b 1 1 IN IP4 198.51.100.20\r\ns=-\r\nc=IN IP4 198.51.100.20\r\nt=0 0\r\n"
		"m=audio 42000 RTP/AVP 0\r\nm=video 42010 RTP/AVP 99\r\n";

	run(world, "offer", call, offer);
	run(world, "answer", call, answer);
	run(world, "offer", call, offer);
	if (call % 7 == 0) {
		g_autofree char *id = g_strdup_printf("churn-%u", call);
		struct call *c = call_table_find(world->control.calls, str_of(id));

		call_move(c, !c->worker);
		world_run(world);
	}
}

static void round_of_calls(struct world *world)
{
	for (unsigned i = 0; i < CALLS_PER_ROUND; i++)
		make_call(world, i);
	g_assert_cmpuint(call_table_count(world->control.calls), ==, CALLS_PER_ROUND);
	g_assert_cmpuint(world_ports_used(world), ==, CALLS_PER_ROUND * 8);
	for (unsigned i = 0; i < CALLS_PER_ROUND; i++)
		run(world, "delete", i, NULL);
	g_assert_cmpuint(call_table_count(world->control.calls), ==, 0);
	g_assert_cmpuint(world_leaks(world), ==, 0);
	/* Stored answers are forgotten in time; they would be counted as growth otherwise. */
	world_advance(world, 100 * 1000000LL);
}

/* The sanitizers' allocators tell nothing here: then only leases and buffers are looked at. */
static size_t memory_in_use(void)
{
	return mallinfo2().uordblks;
}

static void test_thousands_of_calls_leave_nothing(void)
{
	struct world world;
	size_t before;

	world_defaults(&world);
	world.port_max = 31999;
	world_open(&world);
	for (unsigned i = 0; i < WARM_UP_ROUNDS; i++)
		round_of_calls(&world);
	before = memory_in_use();
	for (unsigned i = WARM_UP_ROUNDS; i < ROUNDS; i++)
		round_of_calls(&world);
	g_assert_cmpuint(memory_in_use(), <, before + 64 * 1024);
	world_close(&world);
}

void churn_add_tests(void)
{
	g_test_add_func(
		"/churn/thousands-of-calls-leave-nothing", test_thousands_of_calls_leave_nothing);
}

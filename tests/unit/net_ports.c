/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pools of ports: what is given out, what comes back, and what happens when binding fails. */
#include "net/ports.h"

#include <errno.h>

#include <glib.h>

#include "../mock/network.h"
#include "base/ref.h"

static const struct addr local = { .family = ADDR_IP4, .ip = { 192, 0, 2, 1 } };

static struct port_pool *pool_new(uint16_t port_min, uint16_t port_max)
{
	mock_reset();
	return port_pool_new(&local, port_min, port_max, mock_engine());
}

static struct lease *lease_one(struct port_pool *pool)
{
	struct lease *lease = NULL;
	struct err err;

	g_assert_cmpint(port_pool_lease_one(pool, &lease, &err), ==, 0);
	return lease;
}

static void occupy(uint16_t number)
{
	struct addr addr = addr_with_port(local, number);

	mock_occupy(&addr);
}

static void assert_ran_out(int rc, const struct err *err)
{
	g_assert_cmpint(rc, ==, -ENOSPC);
	g_assert_cmpstr(err->text, ==, "Ran out of ports");
}

static void test_pairs_are_even_and_next_odd(void)
{
	struct port_pool *pool = pool_new(30000, 30099);
	struct lease *leases[16];
	struct err err;

	g_assert_cmpint(port_pool_lease_pairs(pool, 8, leases, &err), ==, 0);
	for (unsigned i = 0; i < 16; i += 2) {
		g_assert_cmpuint(leases[i]->number % 2, ==, 0);
		g_assert_cmpuint(leases[i + 1]->number, ==, leases[i]->number + 1);
		g_assert_cmpuint(leases[i]->port->local.port, ==, leases[i]->number);
		g_assert_true(addr_same_ip(&leases[i]->port->local, &local));
	}
	g_assert_cmpuint(mock_open_count(), ==, 16);
	g_assert_cmpuint(port_pool_used(pool), ==, 16);
	g_assert_cmpuint(port_pool_free_count(pool), ==, 84);
	for (unsigned i = 0; i < 16; i++)
		ref_drop(leases[i]);
	g_assert_cmpuint(mock_open_count(), ==, 0);
	g_assert_cmpuint(port_pool_used(pool), ==, 0);
	g_assert_cmpuint(port_pool_free_count(pool), ==, 100);
	port_pool_free(pool);
}

/* Odd first and even last number have no neighbour: good for single ports only. */
static void test_range_edges_are_no_pairs(void)
{
	struct port_pool *pool = pool_new(101, 104);
	struct lease *pair[2], *singles[2], *more[2];
	struct err err;

	g_assert_cmpuint(port_pool_size(pool), ==, 4);
	g_assert_cmpint(port_pool_lease_pairs(pool, 1, pair, &err), ==, 0);
	g_assert_cmpuint(pair[0]->number, ==, 102);
	assert_ran_out(port_pool_lease_pairs(pool, 1, more, &err), &err);
	singles[0] = lease_one(pool);
	singles[1] = lease_one(pool);
	g_assert_cmpuint(singles[0]->number + singles[1]->number, ==, 101 + 104);
	assert_ran_out(port_pool_lease_one(pool, more, &err), &err);
	for (unsigned i = 0; i < 2; i++) {
		ref_drop(pair[i]);
		ref_drop(singles[i]);
	}
	port_pool_free(pool);
}

static void test_smallest_and_largest_ranges(void)
{
	struct port_pool *pool = pool_new(65535, 65535);
	struct lease *lease = lease_one(pool);

	g_assert_cmpuint(lease->number, ==, 65535);
	ref_drop(lease);
	port_pool_free(pool);
	pool = pool_new(1, 65535);
	g_assert_cmpuint(port_pool_free_count(pool), ==, 65535);
	lease = lease_one(pool);
	ref_drop(lease);
	port_pool_free(pool);
}

static void test_exhausted_and_refilled(void)
{
	enum { COUNT = 40 };
	struct port_pool *pool = pool_new(200, 200 + COUNT - 1);
	struct lease *leases[COUNT], *more[2];
	struct err err;

	for (unsigned round = 0; round < 3; round++) {
		for (unsigned i = 0; i < COUNT; i += 2)
			g_assert_cmpint(port_pool_lease_pairs(pool, 1, &leases[i], &err), ==, 0);
		assert_ran_out(port_pool_lease_pairs(pool, 1, more, &err), &err);
		assert_ran_out(port_pool_lease_one(pool, more, &err), &err);
		g_assert_cmpuint(port_pool_free_count(pool), ==, 0);
		for (unsigned i = 0; i < COUNT; i++)
			ref_drop(leases[i]);
		g_assert_cmpuint(port_pool_free_count(pool), ==, COUNT);
	}
	port_pool_free(pool);
}

static void test_all_or_none(void)
{
	struct port_pool *pool = pool_new(200, 205);
	struct lease *leases[8] = { 0 };
	struct err err;

	assert_ran_out(port_pool_lease_pairs(pool, 4, leases, &err), &err);
	g_assert_cmpuint(mock_open_count(), ==, 0);
	occupy(202);
	assert_ran_out(port_pool_lease_pairs(pool, 3, leases, &err), &err);
	g_assert_cmpuint(mock_open_count(), ==, 0);
	g_assert_cmpuint(port_pool_free_count(pool), ==, 6);
	g_assert_cmpuint(port_pool_used(pool), ==, 0);
	for (unsigned i = 0; i < 8; i++)
		g_assert_null(leases[i]);
	port_pool_free(pool);
}

static void test_shared_lease_lives_until_the_last_drop(void)
{
	struct port_pool *pool = pool_new(200, 209);
	struct lease *lease = lease_one(pool);

	ref_take(lease);
	ref_drop(lease);
	g_assert_cmpuint(mock_open_count(), ==, 1);
	g_assert_cmpuint(port_pool_free_count(pool), ==, 9);
	ref_drop(lease);
	g_assert_cmpuint(mock_open_count(), ==, 0);
	g_assert_cmpuint(port_pool_free_count(pool), ==, 10);
	port_pool_free(pool);
}

static void test_occupied_numbers_are_passed_over(void)
{
	struct port_pool *pool = pool_new(200, 219);
	struct lease *leases[10];
	struct err err;

	for (uint16_t number = 200; number < 210; number += 2)
		occupy(number + number / 2 % 2); /* now the even, now the odd half */
	g_assert_cmpint(port_pool_lease_pairs(pool, 5, leases, &err), ==, 0);
	for (unsigned i = 0; i < 10; i++) {
		g_assert_cmpuint(leases[i]->number, >=, 210);
		ref_drop(leases[i]);
	}
	port_pool_free(pool);
}

/* One half of each pair is somebody else's: the other halves are still good for single ports. */
static void test_every_free_number_is_tried(void)
{
	struct port_pool *pool = pool_new(200, 209);
	struct lease *leases[5], *more[2];
	struct err err;

	for (uint16_t number = 200; number < 210; number += 2)
		occupy(number);
	assert_ran_out(port_pool_lease_pairs(pool, 1, more, &err), &err);
	for (unsigned i = 0; i < 5; i++) {
		leases[i] = lease_one(pool);
		g_assert_cmpuint(leases[i]->number % 2, ==, 1);
	}
	assert_ran_out(port_pool_lease_one(pool, more, &err), &err);
	for (unsigned i = 0; i < 5; i++)
		ref_drop(leases[i]);
	g_assert_cmpuint(port_pool_free_count(pool), ==, 10);
	port_pool_free(pool);
}

static void test_other_failures_are_told(void)
{
	struct port_pool *pool = pool_new(200, 209);
	struct lease *leases[2] = { 0 };
	struct err err = { 0 };

	mock_fail_open(EMFILE, 1);
	g_assert_cmpint(port_pool_lease_one(pool, leases, &err), ==, -EMFILE);
	g_assert_nonnull(strstr(err.text, g_strerror(EMFILE)));
	g_assert_null(leases[0]);
	mock_fail_open(EACCES, 1);
	g_assert_cmpint(port_pool_lease_pairs(pool, 1, leases, NULL), ==, -EACCES);
	g_assert_null(leases[0]);
	g_assert_cmpuint(mock_open_count(), ==, 0);
	g_assert_cmpuint(port_pool_free_count(pool), ==, 10);
	g_assert_cmpint(port_pool_lease_pairs(pool, 1, leases, &err), ==, 0);
	ref_drop(leases[0]);
	ref_drop(leases[1]);
	port_pool_free(pool);
}

static void test_single_ports_leave_pairs_whole(void)
{
	struct port_pool *pool = pool_new(200, 219);
	struct lease *singles[10], *pairs[10];
	struct err err;

	for (unsigned i = 0; i < 10; i++)
		singles[i] = lease_one(pool);
	for (unsigned i = 0; i < 10; i += 2)
		g_assert_cmpint(port_pool_lease_pairs(pool, 1, &pairs[i], &err), ==, 0);
	for (unsigned i = 0; i < 10; i++) {
		ref_drop(singles[i]);
		ref_drop(pairs[i]);
	}
	port_pool_free(pool);
}

/* What "port/count" needs: numbers in one row, although free pairs lie scattered. */
static void test_several_pairs_are_a_row(void)
{
	struct port_pool *pool = pool_new(200, 219);
	struct lease *pairs[20], *row[6];
	struct err err;

	for (unsigned i = 0; i < 20; i += 2)
		g_assert_cmpint(
			port_pool_lease_at(pool, (uint16_t)(200 + i), &pairs[i], &err), ==, 0);
	/* pairs 202, 206 … are broken; 210 to 215 become whole */
	for (unsigned i = 0; i < 20; i += 2)
		if (i % 4 == 0 || i == 10 || i == 14)
			pairs[i] = ref_drop(pairs[i]);
	g_assert_cmpint(port_pool_lease_pairs(pool, 3, row, &err), ==, 0);
	for (unsigned i = 1; i < 6; i++)
		g_assert_cmpuint(row[i]->number, ==, row[0]->number + i);
	g_assert_cmpint(port_pool_lease_pairs(pool, 4, row, &err), ==, -ENOSPC);
	g_assert_cmpstr(err.text, ==, "Ran out of ports");
	for (unsigned i = 0; i < 6; i++)
		ref_drop(row[i]);
	for (unsigned i = 0; i < 20; i += 2)
		ref_drop(pairs[i]);
	g_assert_cmpuint(port_pool_free_count(pool), ==, 20);
	port_pool_free(pool);
}

static void test_returned_numbers_rest(void)
{
	enum { COUNT = 100, ROUNDS = 24 };
	struct port_pool *pool = pool_new(30000, 30000 + COUNT - 1);
	struct lease *stays = lease_one(pool);
	bool seen[COUNT] = { false };
	struct lease *pair[2];
	struct err err;

	for (unsigned i = 0; i < ROUNDS; i++) {
		struct lease *lease = lease_one(pool);

		g_assert_false(seen[lease->number - 30000]);
		seen[lease->number - 30000] = true;
		ref_drop(lease);
	}
	ref_drop(stays);
	memset(seen, 0, sizeof(seen));
	for (unsigned i = 0; i < COUNT / 2; i++) {
		g_assert_cmpint(port_pool_lease_pairs(pool, 1, pair, &err), ==, 0);
		g_assert_false(seen[pair[0]->number - 30000]);
		seen[pair[0]->number - 30000] = true;
		ref_drop(pair[0]);
		ref_drop(pair[1]);
	}
	port_pool_free(pool);
}

static void test_order_is_shuffled(void)
{
	enum { COUNT = 1000 };
	struct port_pool *pool = pool_new(30000, 30000 + 2 * COUNT - 1);
	g_autofree struct lease **leases = g_new(struct lease *, 2 * COUNT);
	unsigned ascending = 0;
	struct err err;

	for (unsigned i = 0; i < COUNT; i++)
		g_assert_cmpint(port_pool_lease_pairs(pool, 1, &leases[2 * i], &err), ==, 0);
	for (unsigned i = 1; i < COUNT; i++)
		ascending += leases[2 * i]->number == leases[2 * i - 2]->number + 2;
	g_assert_cmpuint(ascending, <, 20); /* about one is to be expected */
	for (unsigned i = 0; i < 2 * COUNT; i++)
		ref_drop(leases[i]);
	port_pool_free(pool);
}

static void test_excluded_numbers_never_come(void)
{
	struct port_pool *pool = pool_new(200, 209);
	struct lease *held = NULL, *leases[7], *none[2];
	struct err err;

	g_assert_cmpint(port_pool_lease_at(pool, 205, &held, &err), ==, 0);
	port_pool_exclude(pool, 205); /* while leased */
	port_pool_exclude(pool, 200);
	port_pool_exclude(pool, 209);
	port_pool_exclude(pool, 209);
	port_pool_exclude(pool, 5060);
	g_assert_cmpuint(port_pool_size(pool), ==, 7);
	ref_drop(held);
	g_assert_cmpuint(port_pool_free_count(pool), ==, 7);
	for (unsigned i = 0; i < 7; i++) {
		leases[i] = lease_one(pool);
		g_assert_cmpuint(leases[i]->number, !=, 200);
		g_assert_cmpuint(leases[i]->number, !=, 205);
		g_assert_cmpuint(leases[i]->number, !=, 209);
	}
	assert_ran_out(port_pool_lease_one(pool, none, &err), &err);
	g_assert_cmpint(port_pool_lease_at(pool, 200, none, &err), ==, -ERANGE);
	for (unsigned i = 0; i < 7; i++)
		ref_drop(leases[i]);
	g_assert_cmpuint(port_pool_free_count(pool), ==, 7);
	port_pool_free(pool);
}

static void test_given_number(void)
{
	struct port_pool *pool = pool_new(200, 209);
	struct lease *lease = NULL, *other = NULL;
	struct err err;

	g_assert_cmpint(port_pool_lease_at(pool, 204, &lease, &err), ==, 0);
	g_assert_cmpuint(lease->number, ==, 204);
	g_assert_cmpint(port_pool_lease_at(pool, 204, &other, &err), ==, -EBUSY);
	g_assert_cmpint(port_pool_lease_at(pool, 199, &other, &err), ==, -ERANGE);
	g_assert_cmpint(port_pool_lease_at(pool, 210, &other, &err), ==, -ERANGE);
	occupy(206);
	g_assert_cmpint(port_pool_lease_at(pool, 206, &other, &err), ==, -EADDRINUSE);
	g_assert_null(other);
	g_assert_cmpuint(port_pool_free_count(pool), ==, 9);
	ref_drop(lease);
	port_pool_free(pool);
}

/* What a random user of a small pool holds, and an independent account of it. */
struct model {
	struct port_pool *pool;
	struct lease *held[64]; /* by number - 1000 */
	unsigned count;
};

static void model_hold(struct model *model, struct lease *lease)
{
	unsigned at = lease->number - 1000u;

	g_assert_cmpuint(at, <, G_N_ELEMENTS(model->held));
	g_assert_null(model->held[at]);
	model->held[at] = lease;
	model->count++;
}

/* Is there a row of that many free pairs? */
static bool model_has_row(const struct model *model, unsigned pairs)
{
	unsigned row = 0;

	for (unsigned i = 0; i < G_N_ELEMENTS(model->held) && row < pairs; i += 2)
		row = model->held[i] || model->held[i + 1] ? 0 : row + 1;
	return row == pairs;
}

static void model_take_pairs(struct model *model)
{
	unsigned wanted = (unsigned)g_test_rand_int_range(1, 4);
	struct lease *leases[6];
	struct err err;
	bool free_row;
	int rc;

	free_row = model_has_row(model, wanted);
	rc = port_pool_lease_pairs(model->pool, wanted, leases, &err);
	g_assert_cmpint(rc, ==, free_row ? 0 : -ENOSPC);
	for (unsigned i = 0; !rc && i < 2 * wanted; i++)
		model_hold(model, leases[i]);
}

static void model_take_one(struct model *model)
{
	struct lease *lease;
	struct err err;
	int rc = port_pool_lease_one(model->pool, &lease, &err);

	g_assert_cmpint(rc, ==, model->count < G_N_ELEMENTS(model->held) ? 0 : -ENOSPC);
	if (!rc)
		model_hold(model, lease);
}

static void model_drop_some(struct model *model)
{
	for (unsigned i = 0; i < 4; i++) {
		unsigned at = (unsigned)g_test_rand_int_range(0, G_N_ELEMENTS(model->held));

		if (!model->held[at])
			continue;
		model->held[at] = ref_drop(model->held[at]);
		model->count--;
	}
}

static void test_thousand_rounds_agree_with_a_model(void)
{
	struct model model = { .pool = pool_new(1000, 1063) };

	for (unsigned round = 0; round < 1000; round++) {
		switch (g_test_rand_int_range(0, 3)) {
		case 0:
			model_take_pairs(&model);
			break;
		case 1:
			model_take_one(&model);
			break;
		default:
			model_drop_some(&model);
		}
		g_assert_cmpuint(port_pool_used(model.pool), ==, model.count);
		g_assert_cmpuint(port_pool_free_count(model.pool), ==, 64 - model.count);
		g_assert_cmpuint(mock_open_count(), ==, model.count);
	}
	for (unsigned i = 0; i < G_N_ELEMENTS(model.held); i++)
		ref_drop(model.held[i]);
	port_pool_free(model.pool);
}

/* What a guard was told, as text. */
static void note_opened(void *arg, const struct addr *addr, struct str call_id)
{
	g_string_append_printf(arg, "+%u:%.*s ", addr->port, STR_ARG(call_id));
}

static void note_closed(void *arg, const struct addr *addr)
{
	g_string_append_printf(arg, "-%u ", addr->port);
}

static void test_guard_is_told_of_calls_ports(void)
{
	const struct lease_owner owner = { .call = 7 }, other = { .call = 8 };
	GString *told = g_string_new(NULL);
	const struct port_guard guard = { note_opened, note_closed, told };
	struct port_pool *pool = pool_new(200, 201);
	struct lease *pair[2];
	struct err err;

	port_pool_use_guard(pool, &guard);
	g_assert_cmpint(port_pool_lease_pairs(pool, 1, pair, &err), ==, 0);
	g_assert_cmpstr(told->str, ==, "");
	g_assert_true(lease_claim(pair[0], &owner, STR_LIT("call")));
	g_assert_true(lease_claim(pair[0], &owner, STR_LIT("call")));
	g_assert_false(lease_claim(pair[0], &other, STR_LIT("other")));
	g_assert_cmpstr(told->str, ==, "+200:call ");
	ref_take(pair[0]);
	ref_drop(pair[0]);
	ref_drop(pair[1]); /* a draft's that was dropped */
	g_assert_cmpstr(told->str, ==, "+200:call ");
	ref_drop(pair[0]);
	g_assert_cmpstr(told->str, ==, "+200:call -200 ");
	port_pool_free(pool);
	g_string_free(told, TRUE);
}

/* With real sockets: another one has the port of the range, so its pair is passed over. */
static void test_real_socket_in_the_way(void)
{
	static const struct addr loopback = { .family = ADDR_IP4, .ip = { 127, 0, 0, 1 } };
	const struct port_engine *engine = port_engine_epoll();
	struct port *blocker;
	struct port_pool *pool;
	struct lease *pair[2], *single, *none[2];
	struct addr any_port = loopback;
	union sock sock;
	struct err err;
	uint16_t base;

	for (base = 61000; base < 62000; base += 2) {
		any_port.port = base + 1;
		if (engine->open(&any_port, 0, &blocker, &err) == 0)
			break;
	}
	g_assert_cmpuint(base, <, 62000);
	pool = port_pool_new(&loopback, base, base + 1, engine);
	assert_ran_out(port_pool_lease_pairs(pool, 1, pair, &err), &err);
	g_assert_cmpint(port_pool_lease_one(pool, &single, &err), ==, 0);
	g_assert_cmpuint(single->number, ==, base);
	assert_ran_out(port_pool_lease_one(pool, none, &err), &err);
	ref_drop(single);
	engine->close(blocker);
	g_assert_cmpint(port_pool_lease_pairs(pool, 1, pair, &err), ==, 0);
	addr_to_sock(&pair[0]->port->local, &sock);
	g_assert_cmpuint(ntohs(sock.in.sin_port), ==, base);
	ref_drop(pair[0]);
	ref_drop(pair[1]);
	port_pool_free(pool);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/net/ports/row", test_several_pairs_are_a_row);
	g_test_add_func("/net/ports/pairs", test_pairs_are_even_and_next_odd);
	g_test_add_func("/net/ports/range-edges", test_range_edges_are_no_pairs);
	g_test_add_func("/net/ports/range-extremes", test_smallest_and_largest_ranges);
	g_test_add_func("/net/ports/exhaustion", test_exhausted_and_refilled);
	g_test_add_func("/net/ports/all-or-none", test_all_or_none);
	g_test_add_func("/net/ports/shared", test_shared_lease_lives_until_the_last_drop);
	g_test_add_func("/net/ports/occupied", test_occupied_numbers_are_passed_over);
	g_test_add_func("/net/ports/all-tried", test_every_free_number_is_tried);
	g_test_add_func("/net/ports/failures", test_other_failures_are_told);
	g_test_add_func("/net/ports/pairs-kept", test_single_ports_leave_pairs_whole);
	g_test_add_func("/net/ports/rest", test_returned_numbers_rest);
	g_test_add_func("/net/ports/shuffled", test_order_is_shuffled);
	g_test_add_func("/net/ports/excluded", test_excluded_numbers_never_come);
	g_test_add_func("/net/ports/given", test_given_number);
	g_test_add_func("/net/ports/model", test_thousand_rounds_agree_with_a_model);
	g_test_add_func("/net/ports/guard", test_guard_is_told_of_calls_ports);
	g_test_add_func("/net/ports/real-socket", test_real_socket_in_the_way);
	return g_test_run();
}

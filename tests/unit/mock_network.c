/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The network in memory must itself behave, or the tests that stand on it prove nothing. */
#include "../mock/network.h"

#include <errno.h>

#include <glib.h>

static const struct addr local_a = { .family = ADDR_IP4, .port = 1000, .ip = { 192, 0, 2, 1 } };
static const struct addr local_b = { .family = ADDR_IP4, .port = 1002, .ip = { 192, 0, 2, 1 } };
static const struct addr phone = { .family = ADDR_IP4, .port = 5000, .ip = { 198, 51, 100, 1 } };
static const struct addr other = { .family = ADDR_IP4, .port = 6000, .ip = { 198, 51, 100, 2 } };
static const struct addr private = { .family = ADDR_IP4, .port = 7000, .ip = { 10, 0, 0, 7 } };

/* Ports a and b on one loop; what they receive is noted as "text<host:port", blank after each. */
struct world {
	struct loop *loop;
	struct buf_pool *pool;
	struct port *a, *b;
	GString *log;
	const struct addr *forward; /* where received ones are sent on to, or NULL */
};

static void on_recv(struct port *port, struct buf *buf, const union sock *from, bool cut)
{
	struct world *world = port->owner;
	struct addr addr = addr_of_sock(from);
	char text[ADDR_TEXT];
	union sock to;

	g_string_append_printf(world->log, "%.*s<%s%s ", (int)MIN(buf->len, 16), buf->data,
		addr_print(&addr, text), cut ? "!" : "");
	if (world->forward) {
		socklen_t len = addr_to_sock(world->forward, &to);

		port->engine->send(port, buf, &to, len);
		return;
	}
	buf_put(buf);
}

static struct port *open_port(struct world *world, const struct addr *local)
{
	struct port *port;
	struct err err;

	g_assert_cmpint(mock_engine()->open(local, 0, &port, &err), ==, 0);
	port->recv = on_recv;
	port->owner = world;
	return port;
}

static void world_init(struct world *world)
{
	mock_reset();
	*world = (struct world){
		.loop = loop_new(), .pool = buf_pool_new(4), .log = g_string_new(NULL)
	};
	world->a = open_port(world, &local_a);
	world->b = open_port(world, &local_b);
	mock_engine()->attach(world->a, world->loop, world->pool);
	mock_engine()->attach(world->b, world->loop, world->pool);
}

static void world_clear(struct world *world)
{
	struct port *ports[] = { world->a, world->b };

	for (unsigned i = 0; i < 2; i++) {
		mock_engine()->detach(ports[i]);
		mock_engine()->close(ports[i]);
	}
	mock_reset();
	g_assert_cmpuint(buf_pool_out(world->pool), ==, 0);
	buf_pool_free(world->pool);
	loop_free(world->loop);
	g_string_free(world->log, TRUE);
}

static int send_from(
	struct world *world, struct port *port, const struct addr *to, const char *text)
{
	struct buf *buf = buf_get(world->pool);
	union sock sock;
	socklen_t len = addr_to_sock(to, &sock);

	buf->len = (uint32_t)strlen(text);
	memcpy(buf->data, text, buf->len);
	return port->engine->send(port, buf, &sock, len);
}

static bool arrive(const struct addr *from, const struct addr *to, const char *text)
{
	return mock_send(from, to, text, strlen(text));
}

static void assert_log(struct world *world, const char *expected)
{
	g_assert_cmpstr(world->log->str, ==, expected);
	g_string_truncate(world->log, 0);
}

/* `datagram` is freed. */
static void assert_datagram(struct mock_datagram *datagram, const struct addr *from,
	const struct addr *to, const char *text)
{
	g_assert_nonnull(datagram);
	g_assert_true(addr_equal(&datagram->from, from));
	g_assert_true(addr_equal(&datagram->to, to));
	g_assert_cmpmem(datagram->bytes, datagram->len, text, strlen(text));
	g_free(datagram);
}

static void test_arrives_when_run(void)
{
	struct world world;

	world_init(&world);
	g_assert_true(arrive(&phone, &local_a, "one"));
	g_assert_true(arrive(&other, &local_b, "two"));
	assert_log(&world, "");
	g_assert_cmpuint(mock_run(), ==, 2);
	assert_log(&world, "one<198.51.100.1:5000 two<198.51.100.2:6000 ");
	g_assert_cmpuint(mock_run(), ==, 0);
	g_assert_false(arrive(&phone, &other, "nobody there"));
	g_assert_cmpuint(mock_lost(), ==, 1);
	world_clear(&world);
}

static void test_sent_ones_are_listed(void)
{
	struct world world;

	world_init(&world);
	g_assert_cmpint(send_from(&world, world.a, &phone, "1"), ==, 0);
	g_assert_cmpint(send_from(&world, world.b, &other, "2"), ==, 0);
	g_assert_cmpint(send_from(&world, world.a, &phone, "3"), ==, 0);
	g_assert_cmpuint(mock_sent(), ==, 3);
	assert_datagram(mock_pop_to(&other), &local_b, &other, "2");
	g_assert_null(mock_pop_to(&other));
	assert_datagram(mock_pop(), &local_a, &phone, "1");
	assert_datagram(mock_pop(), &local_a, &phone, "3");
	g_assert_null(mock_pop());
	world_clear(&world);
}

static void test_own_ports_reach_each_other(void)
{
	struct world world;

	world_init(&world);
	g_assert_cmpint(send_from(&world, world.a, &local_b, "x"), ==, 0);
	g_assert_cmpuint(mock_sent(), ==, 0);
	mock_run();
	assert_log(&world, "x<192.0.2.1:1000 ");
	world.forward = &other;
	arrive(&phone, &local_a, "y");
	mock_run();
	assert_datagram(mock_pop_to(&other), &local_a, &other, "y");
	world_clear(&world);
}

static void test_waits_while_on_no_loop(void)
{
	struct loop *second = loop_new();
	struct world world;

	world_init(&world);
	arrive(&phone, &local_a, "1");
	mock_engine()->detach(world.a);
	arrive(&phone, &local_a, "2");
	arrive(&phone, &local_b, "3");
	g_assert_cmpuint(mock_run(), ==, 1);
	assert_log(&world, "3<198.51.100.1:5000 ");
	mock_engine()->attach(world.a, second, world.pool);
	g_assert_cmpuint(mock_run(), ==, 2);
	assert_log(&world, "1<198.51.100.1:5000 2<198.51.100.1:5000 ");
	world_clear(&world);
	loop_free(second);
}

static void test_queue_is_bounded(void)
{
	struct world world;

	world_init(&world);
	for (unsigned i = 0; i < MOCK_QUEUE_MAX; i++)
		g_assert_true(arrive(&phone, &local_a, "x"));
	g_assert_false(arrive(&phone, &local_a, "x"));
	g_assert_true(arrive(&phone, &local_b, "x"));
	g_assert_cmpuint(mock_lost(), ==, 1);
	g_assert_cmpuint(mock_run(), ==, MOCK_QUEUE_MAX + 1);
	g_assert_true(arrive(&phone, &local_a, "x"));
	world_clear(&world);
}

static void test_long_ones_are_cut(void)
{
	g_autofree char *bytes = g_strnfill(BUF_PAYLOAD + 1, 'x');
	struct world world;

	world_init(&world);
	arrive(&phone, &local_a, bytes);
	arrive(&phone, &local_a, bytes + 1);
	mock_run();
	assert_log(&world, "xxxxxxxxxxxxxxxx<198.51.100.1:5000! "
			   "xxxxxxxxxxxxxxxx<198.51.100.1:5000 ");
	world_clear(&world);
}

static void test_open_failures(void)
{
	struct port *port = NULL;
	struct err err;
	struct world world;

	world_init(&world);
	g_assert_cmpint(mock_engine()->open(&local_a, 0, &port, &err), ==, -EADDRINUSE);
	mock_occupy(&phone);
	g_assert_cmpint(mock_engine()->open(&phone, 0, &port, &err), ==, -EADDRINUSE);
	mock_fail_open(EMFILE, 2);
	g_assert_cmpint(mock_engine()->open(&other, 0, &port, &err), ==, -EMFILE);
	g_assert_cmpint(mock_engine()->open(&other, 0, &port, &err), ==, -EMFILE);
	g_assert_null(port);
	g_assert_cmpuint(mock_open_count(), ==, 2);
	g_assert_cmpint(mock_engine()->open(&other, 46, &port, &err), ==, 0);
	g_assert_true(mock_is_open(&other));
	g_assert_cmpint(mock_tos(&other), ==, 46);
	mock_engine()->set_tos(port, 8);
	g_assert_cmpint(mock_tos(&other), ==, 8);
	mock_engine()->close(port);
	g_assert_cmpint(mock_tos(&other), ==, -1);
	world_clear(&world);
}

static void test_send_failures(void)
{
	struct addr phone6 = { .family = ADDR_IP6, .port = 1, .ip = { [15] = 1 } };
	struct world world;

	world_init(&world);
	mock_fail_send(EAGAIN, 1);
	g_assert_cmpint(send_from(&world, world.a, &phone, "x"), ==, -EAGAIN);
	g_assert_cmpint(send_from(&world, world.a, &phone, "x"), ==, 0);
	mock_refuse(&phone);
	g_assert_cmpint(send_from(&world, world.a, &phone, "x"), ==, -ECONNREFUSED);
	g_assert_cmpint(send_from(&world, world.a, &other, "x"), ==, 0);
	g_assert_cmpint(send_from(&world, world.a, &phone6, "x"), ==, -EAFNOSUPPORT);
	g_assert_cmpuint(mock_sent(), ==, 2);
	world_clear(&world);
}

static unsigned count_through(struct world *world, const struct mock_link *link)
{
	unsigned count = 0;

	mock_set_link(MOCK_IN, link);
	for (unsigned i = 0; i < 1000; i++) {
		char text[8];

		g_snprintf(text, sizeof(text), "%03u", i);
		arrive(&phone, &local_a, text);
		if (i % 100 == 99)
			count += mock_run();
	}
	mock_set_link(MOCK_IN, NULL);
	g_assert_cmpuint(world->log->len, >, 0);
	return count;
}

static void test_link_loss_and_duplicates(void)
{
	struct world world;
	unsigned count;

	world_init(&world);
	g_assert_cmpuint(count_through(&world, NULL), ==, 1000);
	count = count_through(&world, &(struct mock_link){ .loss_percent = 20, .seed = 1 });
	g_assert_cmpuint(count, >, 700);
	g_assert_cmpuint(count, <, 900);
	g_assert_cmpuint(mock_lost(), ==, 1000 - count);
	count = count_through(&world, &(struct mock_link){ .duplicate_percent = 20, .seed = 1 });
	g_assert_cmpuint(count, >, 1100);
	g_assert_cmpuint(count, <, 1300);
	world_clear(&world);
}

static void test_link_reorders_and_repeats_itself(void)
{
	const struct mock_link link = { .reorder_percent = 10, .seed = 7 };
	g_autofree char *in_order = NULL, *first = NULL;
	struct world world;

	world_init(&world);
	count_through(&world, NULL);
	in_order = g_strdup(world.log->str);
	g_string_truncate(world.log, 0);
	g_assert_cmpuint(count_through(&world, &link), ==, 1000);
	first = g_strdup(world.log->str);
	g_string_truncate(world.log, 0);
	count_through(&world, &link);
	g_assert_cmpstr(first, !=, in_order);
	g_assert_cmpstr(first, ==, world.log->str);
	world_clear(&world);
}

static void test_link_out(void)
{
	struct world world;

	world_init(&world);
	mock_set_link(MOCK_OUT, &(struct mock_link){ .loss_percent = 100 });
	g_assert_cmpint(send_from(&world, world.a, &phone, "x"), ==, 0);
	g_assert_true(arrive(&phone, &local_a, "x"));
	g_assert_cmpuint(mock_sent(), ==, 0);
	g_assert_cmpuint(mock_lost(), ==, 1);
	world_clear(&world);
}

static void test_nat_rewrites_both_ways(void)
{
	struct world world;

	world_init(&world);
	mock_nat(&private, &phone, MOCK_NAT_OPEN);
	g_assert_cmpint(send_from(&world, world.a, &phone, "in"), ==, 0);
	assert_datagram(mock_pop_to(&private), &local_a, &private, "in");
	arrive(&private, &local_a, "out");
	mock_run();
	assert_log(&world, "out<198.51.100.1:5000 ");
	g_assert_cmpint(send_from(&world, world.a, &private, "lost"), ==, 0);
	g_assert_cmpuint(mock_sent(), ==, 0);
	g_assert_cmpuint(mock_lost(), ==, 1);
	mock_nat(&private, &other, MOCK_NAT_OPEN); /* the NAT was restarted */
	arrive(&private, &local_a, "out");
	mock_run();
	assert_log(&world, "out<198.51.100.2:6000 ");
	world_clear(&world);
}

static void test_restricted_nat_lets_in_whom_it_sent_to(void)
{
	struct world world;

	world_init(&world);
	mock_nat(&private, &phone, MOCK_NAT_RESTRICTED);
	send_from(&world, world.a, &phone, "early");
	g_assert_cmpuint(mock_sent(), ==, 0);
	arrive(&private, &local_a, "hole");
	send_from(&world, world.b, &phone, "wrong port");
	send_from(&world, world.a, &phone, "good");
	assert_datagram(mock_pop(), &local_a, &private, "good");
	g_assert_null(mock_pop());
	g_assert_cmpuint(mock_lost(), ==, 2);
	world_clear(&world);
}

static void test_symmetric_nat_has_a_port_per_destination(void)
{
	struct addr second = addr_with_port(phone, 5001);
	struct world world;

	world_init(&world);
	mock_nat(&private, &phone, MOCK_NAT_SYMMETRIC);
	arrive(&private, &local_a, "a");
	arrive(&private, &local_b, "b");
	arrive(&private, &local_a, "a");
	mock_run();
	assert_log(&world, "a<198.51.100.1:5000 b<198.51.100.1:5001 a<198.51.100.1:5000 ");
	send_from(&world, world.b, &phone, "no");
	send_from(&world, world.b, &second, "yes");
	assert_datagram(mock_pop(), &local_b, &private, "yes");
	g_assert_null(mock_pop());
	world_clear(&world);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/mock/network/arrives", test_arrives_when_run);
	g_test_add_func("/mock/network/sent", test_sent_ones_are_listed);
	g_test_add_func("/mock/network/own-ports", test_own_ports_reach_each_other);
	g_test_add_func("/mock/network/waits", test_waits_while_on_no_loop);
	g_test_add_func("/mock/network/bounded", test_queue_is_bounded);
	g_test_add_func("/mock/network/cut", test_long_ones_are_cut);
	g_test_add_func("/mock/network/open-failures", test_open_failures);
	g_test_add_func("/mock/network/send-failures", test_send_failures);
	g_test_add_func("/mock/network/loss", test_link_loss_and_duplicates);
	g_test_add_func("/mock/network/reorder", test_link_reorders_and_repeats_itself);
	g_test_add_func("/mock/network/link-out", test_link_out);
	g_test_add_func("/mock/network/nat", test_nat_rewrites_both_ways);
	g_test_add_func(
		"/mock/network/nat-restricted", test_restricted_nat_lets_in_whom_it_sent_to);
	g_test_add_func(
		"/mock/network/nat-symmetric", test_symmetric_nat_has_a_port_per_destination);
	return g_test_run();
}

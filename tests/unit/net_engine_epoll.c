/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Real sockets on loopback: what is sent arrives, and what cannot be taken does not stay. */
#include "net/socket.h"

#include <errno.h>
#include <unistd.h>

#include <glib.h>

#include "stats/reason.h"

enum { TURN_US = 2 * 1000 * 1000 }; /* longest wait; what is waited for is there already */

static const struct addr loopback4 = { .family = ADDR_IP4, .ip = { 127, 0, 0, 1 } };
static const struct addr loopback6 = { .family = ADDR_IP6, .ip = { [15] = 1 } };

/* One test's world: a loop with buffers, two ports, and what the second has received. */
struct world {
	struct loop *loop;
	struct buf_pool *pool;
	struct port *sender, *receiver;
	GPtrArray *got; /* GBytes */
	struct addr from;
	bool cut;
	bool keep; /* buffers are not given back at once */
	struct buf *kept;
};

static const struct port_engine *engine(void)
{
	return port_engine_epoll();
}

static void on_recv(struct port *port, struct buf *buf, const union sock *from, bool cut)
{
	struct world *world = port->owner;

	g_ptr_array_add(world->got, g_bytes_new(buf->data, buf->len));
	world->from = addr_of_sock(from);
	world->cut = cut;
	if (world->keep)
		world->kept = buf;
	else
		buf_put(buf);
}

/* The first free port from a range that other tests do not use. */
static struct port *open_any(const struct addr *local)
{
	struct port *port;
	struct err err;

	for (uint16_t number = 62000; number < 63000; number++) {
		struct addr addr = addr_with_port(*local, number);

		if (engine()->open(&addr, 0, &port, &err) == 0)
			return port;
	}
	g_error("no free port: %s", err.text);
}

static void world_init(struct world *world, const struct addr *local, unsigned bufs)
{
	*world = (struct world){ 0 };
	world->loop = loop_new();
	world->pool = buf_pool_new(bufs);
	world->got = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
	world->sender = open_any(local);
	world->receiver = open_any(local);
	world->sender->recv = world->receiver->recv = on_recv;
	world->sender->owner = world->receiver->owner = world;
}

static void world_clear(struct world *world)
{
	engine()->detach(world->receiver);
	engine()->close(world->receiver);
	engine()->close(world->sender);
	g_assert_cmpuint(buf_pool_out(world->pool), ==, 0);
	buf_pool_free(world->pool);
	loop_free(world->loop);
	g_ptr_array_unref(world->got);
}

static void attach(struct world *world, struct loop *loop)
{
	g_assert_cmpint(engine()->attach(world->receiver, loop, world->pool), ==, 0);
}

static int send_text(struct world *world, const struct addr *to, const char *text)
{
	struct buf_pool *pool = buf_pool_new(1);
	struct buf *buf = buf_get(pool);
	union sock sock;
	socklen_t len = addr_to_sock(to, &sock);
	int rc;

	buf->len = (uint32_t)strlen(text);
	memcpy(buf->data, text, buf->len);
	rc = engine()->send(world->sender, buf, &sock, len);
	g_assert_cmpuint(buf_pool_out(pool), ==, 0); /* taken, whatever came of it */
	buf_pool_free(pool);
	return rc;
}

static void send_ok(struct world *world, const char *text)
{
	g_assert_cmpint(send_text(world, &world->receiver->local, text), ==, 0);
}

static void assert_got(const struct world *world, unsigned index, const char *expected)
{
	gsize len;
	const char *bytes;

	g_assert_cmpuint(index, <, world->got->len);
	bytes = g_bytes_get_data(world->got->pdata[index], &len);
	g_assert_cmpmem(bytes, len, expected, strlen(expected));
}

static void check_loopback(const struct addr *local)
{
	struct world world;

	world_init(&world, local, 4);
	attach(&world, world.loop);
	send_ok(&world, "one");
	send_ok(&world, "two");
	send_ok(&world, "three");
	while (world.got->len < 3) {
		unsigned before = world.got->len;

		loop_turn(world.loop, TURN_US);
		g_assert_cmpuint(world.got->len, >, before);
	}
	assert_got(&world, 0, "one");
	assert_got(&world, 1, "two");
	assert_got(&world, 2, "three");
	g_assert_true(addr_equal(&world.from, &world.sender->local));
	g_assert_false(world.cut);
	world_clear(&world);
}

static void test_ip4(void)
{
	check_loopback(&loopback4);
}

static bool have_ip6(void)
{
	int fd = socket(AF_INET6, SOCK_DGRAM, 0);
	union sock sock;
	socklen_t len = addr_to_sock(&loopback6, &sock);
	bool bound = fd >= 0 && bind(fd, &sock.sa, len) == 0;

	if (fd >= 0)
		close(fd);
	return bound;
}

static void test_ip6(void)
{
	if (!have_ip6()) {
		g_test_skip("this machine has no ::1");
		return;
	}
	check_loopback(&loopback6);
}

static void test_wildcards_of_both_families_share_a_port(void)
{
	struct addr any4 = { .family = ADDR_IP4 }, any6 = { .family = ADDR_IP6 };
	struct port *port4, *port6;
	struct err err;

	if (!have_ip6()) {
		g_test_skip("this machine has no ::1");
		return;
	}
	port4 = open_any(&any4);
	any6.port = port4->local.port;
	g_assert_cmpint(engine()->open(&any6, 0, &port6, &err), ==, 0);
	engine()->close(port4);
	engine()->close(port6);
}

static void test_bound_port_is_refused(void)
{
	struct port *first = open_any(&loopback4), *second = NULL;
	struct err err = { 0 };

	g_assert_cmpint(engine()->open(&first->local, 0, &second, &err), ==, -EADDRINUSE);
	g_assert_cmpint(err.code, ==, EADDRINUSE);
	g_assert_nonnull(strstr(err.text, "127.0.0.1:"));
	g_assert_null(second);
	engine()->close(first);
}

static void test_foreign_address_is_refused(void)
{
	struct addr documentation = { .family = ADDR_IP4, .port = 62999, .ip = { 192, 0, 2, 77 } };
	struct port *port = NULL;
	struct err err;

	g_assert_cmpint(engine()->open(&documentation, 0, &port, &err), ==, -EADDRNOTAVAIL);
	g_assert_null(port);
}

static void test_datagrams_wait_for_another_loop(void)
{
	struct loop *other = loop_new();
	struct world world;

	world_init(&world, &loopback4, 4);
	send_ok(&world, "before");
	attach(&world, world.loop);
	loop_turn(world.loop, TURN_US);
	assert_got(&world, 0, "before");
	send_ok(&world, "queued");
	engine()->detach(world.receiver);
	loop_turn(world.loop, 0);
	g_assert_cmpuint(world.got->len, ==, 1);
	send_ok(&world, "between");
	attach(&world, other);
	loop_turn(other, TURN_US);
	loop_turn(other, TURN_US);
	assert_got(&world, 1, "queued");
	assert_got(&world, 2, "between");
	world_clear(&world);
	loop_free(other);
}

static void test_detach_twice_is_fine(void)
{
	struct world world;

	world_init(&world, &loopback4, 4);
	attach(&world, world.loop);
	engine()->detach(world.receiver);
	engine()->detach(world.receiver);
	world_clear(&world);
}

static void test_empty_datagram(void)
{
	struct world world;

	world_init(&world, &loopback4, 1);
	attach(&world, world.loop);
	send_ok(&world, "");
	loop_turn(world.loop, TURN_US);
	assert_got(&world, 0, "");
	world_clear(&world);
}

static void test_long_datagram_is_cut(void)
{
	g_autofree char *bytes = g_malloc0(BUF_PAYLOAD + 1);
	struct world world;
	union sock to, from;
	socklen_t len;
	int fd;

	world_init(&world, &loopback4, 1);
	attach(&world, world.loop);
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	len = addr_to_sock(&loopback4, &from);
	g_assert_cmpint(bind(fd, &from.sa, len), ==, 0);
	len = addr_to_sock(&world.receiver->local, &to);
	for (unsigned over = 0; over < 2; over++) {
		g_assert_cmpint(sendto(fd, bytes, BUF_PAYLOAD + over, 0, &to.sa, len), ==,
			BUF_PAYLOAD + over);
		loop_turn(world.loop, TURN_US);
		g_assert_cmpuint(world.got->len, ==, over + 1);
		g_assert_cmpuint(g_bytes_get_size(world.got->pdata[over]), ==, BUF_PAYLOAD);
		g_assert_cmpint(world.cut, ==, over == 1);
	}
	close(fd);
	world_clear(&world);
}

static void test_without_buffers_datagrams_are_dropped_and_counted(void)
{
	uint64_t before = reason_total(REASON_NO_BUFFER);
	struct world world;

	world_init(&world, &loopback4, 1);
	world.keep = true;
	attach(&world, world.loop);
	send_ok(&world, "kept");
	loop_turn(world.loop, TURN_US);
	send_ok(&world, "dropped");
	loop_turn(world.loop, TURN_US);
	g_assert_cmpuint(world.got->len, ==, 1);
	g_assert_cmpuint(reason_total(REASON_NO_BUFFER), ==, before + 1);
	buf_put(world.kept);
	world.keep = false;
	send_ok(&world, "again");
	loop_turn(world.loop, TURN_US);
	assert_got(&world, 1, "again");
	world_clear(&world);
}

static void test_send_errors_are_told(void)
{
	struct addr port_zero = loopback4;
	struct world world;

	world_init(&world, &loopback4, 1);
	g_assert_cmpint(send_text(&world, &port_zero, "x"), ==, -EINVAL);
	world_clear(&world);
}

/* Sending where nobody listens must disturb neither later sending nor receiving. */
static void test_refusals_do_not_matter(void)
{
	struct port *gone = open_any(&loopback4);
	struct addr nobody = gone->local;
	struct world world;

	world_init(&world, &loopback4, 2);
	engine()->close(gone);
	attach(&world, world.loop);
	for (unsigned i = 0; i < 3; i++)
		g_assert_cmpint(send_text(&world, &nobody, "x"), ==, 0);
	send_ok(&world, "fine");
	loop_turn(world.loop, TURN_US);
	assert_got(&world, 0, "fine");
	world_clear(&world);
}

/* The TOS of what is received, which a plain socket is asked to report. */
static int tos_of_one(struct world *world)
{
	char bytes[16], control[CMSG_SPACE(sizeof(int))];
	struct iovec part = { .iov_base = bytes, .iov_len = sizeof(bytes) };
	struct msghdr message = { .msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control) };
	int fd = socket(AF_INET, SOCK_DGRAM, 0), on = 1;
	struct addr to;
	union sock sock;
	socklen_t len = addr_to_sock(&loopback4, &sock);

	g_assert_cmpint(bind(fd, &sock.sa, len), ==, 0);
	g_assert_cmpint(getsockname(fd, &sock.sa, &len), ==, 0);
	g_assert_cmpint(setsockopt(fd, IPPROTO_IP, IP_RECVTOS, &on, sizeof(on)), ==, 0);
	to = addr_of_sock(&sock);
	g_assert_cmpint(send_text(world, &to, "x"), ==, 0);
	g_assert_cmpint(recvmsg(fd, &message, 0), ==, 1);
	close(fd);
	g_assert_nonnull(CMSG_FIRSTHDR(&message));
	return *CMSG_DATA(CMSG_FIRSTHDR(&message));
}

static void test_tos(void)
{
	struct world world;
	struct addr local;
	struct err err;

	world_init(&world, &loopback4, 1);
	g_assert_cmpint(tos_of_one(&world), ==, 0);
	g_assert_cmpint(engine()->set_tos(world.sender, 184), ==, 0);
	g_assert_cmpint(tos_of_one(&world), ==, 184);
	g_assert_cmpint(engine()->set_tos(world.sender, 0), ==, 0);
	g_assert_cmpint(tos_of_one(&world), ==, 0);
	local = world.sender->local;
	engine()->close(world.sender);
	g_assert_cmpint(engine()->open(&local, 184, &world.sender, &err), ==, 0);
	g_assert_cmpint(tos_of_one(&world), ==, 184);
	world_clear(&world);
}

/* A stream that is torn down by the very packet it receives. */
static void on_recv_detach(struct port *port, struct buf *buf, const union sock *from, bool cut)
{
	on_recv(port, buf, from, cut);
	engine()->detach(port);
}

static void test_callee_may_detach(void)
{
	struct world world;

	world_init(&world, &loopback4, 2);
	world.receiver->recv = on_recv_detach;
	attach(&world, world.loop);
	send_ok(&world, "one");
	send_ok(&world, "two");
	loop_turn(world.loop, TURN_US);
	loop_turn(world.loop, 0);
	g_assert_cmpuint(world.got->len, ==, 1);
	world_clear(&world);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/net/epoll/ip4", test_ip4);
	g_test_add_func("/net/epoll/ip6", test_ip6);
	g_test_add_func("/net/epoll/wildcards", test_wildcards_of_both_families_share_a_port);
	g_test_add_func("/net/epoll/in-use", test_bound_port_is_refused);
	g_test_add_func("/net/epoll/foreign", test_foreign_address_is_refused);
	g_test_add_func("/net/epoll/move", test_datagrams_wait_for_another_loop);
	g_test_add_func("/net/epoll/detach-twice", test_detach_twice_is_fine);
	g_test_add_func("/net/epoll/empty", test_empty_datagram);
	g_test_add_func("/net/epoll/cut", test_long_datagram_is_cut);
	g_test_add_func(
		"/net/epoll/no-buffer", test_without_buffers_datagrams_are_dropped_and_counted);
	g_test_add_func("/net/epoll/send-errors", test_send_errors_are_told);
	g_test_add_func("/net/epoll/refusals", test_refusals_do_not_matter);
	g_test_add_func("/net/epoll/tos", test_tos);
	g_test_add_func("/net/epoll/callee-detaches", test_callee_may_detach);
	return g_test_run();
}

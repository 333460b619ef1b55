/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Real sockets on loopback: what is sent arrives, and what cannot be taken does not stay. All of it
 * with each engine; where ports cannot be steered those tests are skipped.
 */
#include "net/engine_steered.h"
#include "net/socket.h"

#include <errno.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <glib.h>

#include "stats/reason.h"

enum {
	TURN_US = 2 * 1000 * 1000, /* longest wait; what is waited for is there already */
	/* Numbers that other tests do not use */
	FIRST_PORT = 62000,
	LAST_PORT = 62999,
	LOOPS = 3,
	SEND_BUFS = 200, /* a loop may hold a batch of them */
	LOOKS_UNTIL_FREE = 3,
};

static const struct addr loopback4 = { .family = ADDR_IP4, .ip = { 127, 0, 0, 1 } };
static const struct addr loopback6 = { .family = ADDR_IP6, .ip = { [15] = 1 } };

/*
 * One test's world: a port that sends, on a loop of its own, one that receives, and what that has
 * received.
 */
struct world {
	struct loop *loop, *send_loop;
	struct buf_pool *pool, *send_pool;
	struct port *sender, *receiver;
	GPtrArray *got; /* GBytes */
	struct addr from;
	bool cut;
	bool keep; /* buffers are not given back at once */
	struct buf *kept;
};

static const struct port_engine *current;
static struct err why_not_steered; /* code 0: ports can be steered */
static bool has_steered, bound;    /* the engine runs, and binds all ports */

static const struct port_engine *engine(void)
{
	return current;
}

static struct loop *new_loop(struct buf_pool *pool)
{
	struct loop *loop = loop_new();

	if (engine()->join)
		g_assert_cmpint(engine()->join(loop, pool), ==, 0);
	return loop;
}

static void free_loop(struct loop *loop)
{
	if (engine()->leave)
		engine()->leave(loop);
	loop_free(loop);
}

static void close_port(struct port *port)
{
	port->engine->detach(port);
	port->engine->close(port);
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

	for (uint16_t number = FIRST_PORT; number < LAST_PORT; number++) {
		struct addr addr = addr_with_port(*local, number);

		if (engine()->open(&addr, 0, &port, &err) == 0)
			return port;
	}
	g_error("no free port: %s", err.text);
}

static void world_init(struct world *world, const struct addr *local, unsigned bufs)
{
	*world = (struct world){ 0 };
	world->pool = buf_pool_new(bufs);
	world->send_pool = buf_pool_new(SEND_BUFS);
	world->loop = new_loop(world->pool);
	world->send_loop = new_loop(world->send_pool);
	world->got = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
	world->sender = open_any(local);
	world->receiver = open_any(local);
	world->sender->recv = world->receiver->recv = on_recv;
	world->sender->owner = world->receiver->owner = world;
	g_assert_cmpint(engine()->attach(world->sender, world->send_loop, world->send_pool), ==, 0);
}

static void world_clear(struct world *world)
{
	close_port(world->receiver);
	close_port(world->sender);
	free_loop(world->loop);
	free_loop(world->send_loop);
	g_assert_cmpuint(buf_pool_out(world->pool), ==, 0);
	g_assert_cmpuint(buf_pool_out(world->send_pool), ==, 0); /* taken, whatever came of it */
	buf_pool_free(world->pool);
	buf_pool_free(world->send_pool);
	g_ptr_array_unref(world->got);
}

static void attach(struct world *world, struct loop *loop)
{
	g_assert_cmpint(engine()->attach(world->receiver, loop, world->pool), ==, 0);
}

static int send_bytes(struct world *world, const struct addr *to, const void *bytes, uint32_t len)
{
	struct buf *buf = buf_get(world->send_pool);
	union sock sock;
	socklen_t sock_len = addr_to_sock(to, &sock);
	int rc;

	buf->len = len;
	memcpy(buf->data, bytes, len);
	rc = engine()->send(world->sender, buf, &sock, sock_len);
	loop_turn(world->send_loop, 0); /* at whose end it leaves */
	return rc;
}

static int send_text(struct world *world, const struct addr *to, const char *text)
{
	return send_bytes(world, to, text, (uint32_t)strlen(text));
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

static void turn_until_got(struct world *world, struct loop *loop, unsigned count)
{
	while (world->got->len < count) {
		unsigned before = world->got->len;

		loop_turn(loop, TURN_US);
		g_assert_cmpuint(world->got->len, >, before);
	}
}

static void check_loopback(const struct addr *local)
{
	struct world world;

	world_init(&world, local, 4);
	attach(&world, world.loop);
	send_ok(&world, "one");
	send_ok(&world, "two");
	send_ok(&world, "three");
	turn_until_got(&world, world.loop, 3);
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
	bool has_it = fd >= 0 && bind(fd, &sock.sa, len) == 0;

	if (fd >= 0)
		close(fd);
	return has_it;
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
	close_port(port4);
	close_port(port6);
}

static void test_bound_port_is_refused(void)
{
	struct port *first = open_any(&loopback4), *second = NULL;
	struct err err = { 0 };

	g_assert_cmpint(engine()->open(&first->local, 0, &second, &err), ==, -EADDRINUSE);
	g_assert_cmpint(err.code, ==, EADDRINUSE);
	g_assert_nonnull(strstr(err.text, "127.0.0.1:"));
	g_assert_null(second);
	close_port(first);
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
	struct world world;
	struct loop *other;
	unsigned seen;

	world_init(&world, &loopback4, 4);
	other = new_loop(world.pool);
	attach(&world, world.loop);
	send_ok(&world, "before");
	loop_turn(world.loop, TURN_US);
	assert_got(&world, 0, "before");
	send_ok(&world, "queued");
	if (engine()->hold)
		engine()->hold(world.receiver);
	engine()->detach(world.receiver);
	seen = world.got->len;
	send_ok(&world, "between");
	loop_turn(world.loop, 0);
	g_assert_cmpuint(world.got->len, ==, seen);
	attach(&world, other);
	turn_until_got(&world, other, 3);
	send_ok(&world, "after");
	turn_until_got(&world, other, 4);
	assert_got(&world, 1, "queued");
	assert_got(&world, 2, "between");
	assert_got(&world, 3, "after");
	close_port(world.receiver);
	free_loop(other);
	world.receiver = open_any(&loopback4);
	world_clear(&world);
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
	close_port(gone);
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
	close_port(world.sender);
	g_assert_cmpint(engine()->open(&local, 184, &world.sender, &err), ==, 0);
	g_assert_cmpint(tos_of_one(&world), ==, 184); /* it may send while on no loop, too */
	g_assert_cmpint(engine()->attach(world.sender, world.send_loop, world.send_pool), ==, 0);
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
	uint64_t before = reason_total(REASON_PORT_MOVED);
	struct world world;

	world_init(&world, &loopback4, 2);
	world.receiver->recv = on_recv_detach;
	attach(&world, world.loop);
	send_ok(&world, "one");
	send_ok(&world, "two");
	loop_turn(world.loop, TURN_US);
	loop_turn(world.loop, 0);
	g_assert_cmpuint(world.got->len, ==, 1);
	/* the second one was in the same batch, or waits in the port's own socket */
	g_assert_cmpuint(reason_total(REASON_PORT_MOVED) - before, ==,
		engine() == port_engine_steered() ? 1 : 0);
	world_clear(&world);
}

/* Checksums that are wrong are dropped by the system. */
static void check_lengths(const struct addr *local)
{
	static const uint32_t lengths[] = { 0, 1, 2, 3, 7, 8, 9, 31, 32, 33, 171, 172, 1400, 9001 };
	g_autofree uint8_t *bytes = g_malloc(BUF_PAYLOAD);
	struct world world;

	for (unsigned i = 0; i < BUF_PAYLOAD; i++)
		bytes[i] = (uint8_t)(i * 31 + 200);
	world_init(&world, local, 4);
	attach(&world, world.loop);
	for (unsigned i = 0; i < G_N_ELEMENTS(lengths); i++) {
		const char *got;
		gsize len;

		g_assert_cmpint(
			send_bytes(&world, &world.receiver->local, bytes, lengths[i]), ==, 0);
		turn_until_got(&world, world.loop, i + 1);
		got = g_bytes_get_data(world.got->pdata[i], &len);
		g_assert_cmpmem(got, len, bytes, lengths[i]);
	}
	g_assert_true(addr_equal(&world.from, &world.sender->local));
	world_clear(&world);
}

static void test_all_lengths(void)
{
	check_lengths(&loopback4);
	if (have_ip6())
		check_lengths(&loopback6);
}

static bool has_own_network(void)
{
	if (getenv("TEST_NETNS"))
		return true;
	g_test_skip("needs a network of its own");
	return false;
}

static void set_loopback_mtu(int mtu)
{
	struct ifreq request = { .ifr_name = "lo", .ifr_mtu = mtu };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	g_assert_cmpint(ioctl(fd, SIOCSIFMTU, &request), ==, 0);
	close(fd);
}

static void test_longer_than_a_route_takes(void)
{
	if (!has_own_network())
		return;
	set_loopback_mtu(1300);
	check_lengths(&loopback4);
	if (have_ip6())
		check_lengths(&loopback6);
	set_loopback_mtu(65536);
}

/* More than fit a queue or a batch. */
static void test_many(void)
{
	enum { COUNT = 200 };
	struct world world;
	struct buf_pool *pool;
	union sock to;
	socklen_t to_len;

	world_init(&world, &loopback4, COUNT);
	pool = buf_pool_new(COUNT);
	attach(&world, world.loop);
	to_len = addr_to_sock(&world.receiver->local, &to);
	for (uint32_t i = 0; i < COUNT; i++) {
		struct buf *buf = buf_get(pool);

		buf->len = sizeof(i);
		memcpy(buf->data, &i, sizeof(i));
		g_assert_cmpint(engine()->send(world.sender, buf, &to, to_len), ==, 0);
	}
	loop_turn(world.send_loop, 0);
	g_assert_cmpuint(buf_pool_out(pool), ==, 0);
	turn_until_got(&world, world.loop, COUNT);
	for (uint32_t i = 0; i < COUNT; i++) {
		gsize len;
		const void *got = g_bytes_get_data(world.got->pdata[i], &len);

		g_assert_cmpmem(got, len, &i, sizeof(i));
	}
	buf_pool_free(pool);
	world_clear(&world);
}

static int unsent_error;

static void on_unsent(struct port *port, int error)
{
	g_assert_nonnull(port->owner);
	unsent_error = error;
}

/* At once or when it was to leave, the error is told. */
static void test_unreachable_is_told(void)
{
	const struct addr nowhere = { .family = ADDR_IP4, .port = 9, .ip = { 198, 51, 100, 1 } };
	struct world world;
	int rc;

	if (!has_own_network())
		return;
	world_init(&world, &loopback4, 1);
	world.sender->unsent = on_unsent;
	unsent_error = 0;
	rc = send_text(&world, &nowhere, "x");
	g_assert_true(rc < 0 || unsent_error < 0);
	world_clear(&world);
}

static void test_other_family_is_refused(void)
{
	const struct addr to = addr_with_port(loopback6, 9);
	struct world world;

	world_init(&world, &loopback4, 1);
	g_assert_cmpint(send_text(&world, &to, "x"), ==, -EAFNOSUPPORT);
	world_clear(&world);
}

/* As happens every few seconds: who else has our numbers. Returns how many conflicts were found. */
static unsigned look_around(void)
{
	struct steered_news news = { 0 };

	if (engine() == port_engine_steered())
		g_assert_true(port_engine_steered_survey(0, &news));
	return news.conflicts;
}

static int bind_plain(const struct addr *local)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	union sock sock;
	socklen_t len = addr_to_sock(local, &sock);

	g_assert_cmpint(bind(fd, &sock.sa, len), ==, 0);
	return fd;
}

/* Somebody else's socket among our numbers gets what is sent to it, before and after our time. */
static void test_others_are_left_alone(void)
{
	struct world world;
	struct addr local;
	struct port *port;
	struct err err;
	char byte;
	int fd;

	world_init(&world, &loopback4, 1);
	attach(&world, world.loop);
	local = world.receiver->local;
	close_port(world.receiver);
	fd = bind_plain(&local);
	look_around();
	g_assert_cmpint(engine()->open(&local, 0, &port, &err), ==, -EADDRINUSE);
	g_assert_cmpint(send_text(&world, &local, "x"), ==, 0);
	g_assert_cmpint(recv(fd, &byte, 1, 0), ==, 1);
	close(fd);
	for (unsigned i = 0; i < LOOKS_UNTIL_FREE; i++)
		look_around();
	g_assert_cmpint(engine()->open(&local, 0, &world.receiver, &err), ==, 0);
	world_clear(&world);
}

/* A port's first packet may be there before the message that says whose it is. */
static void test_detaching_one_loses_nothing_of_another(void)
{
	struct world world;
	struct port *other;

	world_init(&world, &loopback4, 100);
	other = open_any(&loopback4);
	attach(&world, world.loop);
	g_assert_cmpint(engine()->attach(other, world.loop, world.pool), ==, 0);
	world.receiver->recv = NULL;
	send_ok(&world, "one");
	send_ok(&world, "two");
	close_port(other);
	world.receiver->recv = on_recv;
	send_ok(&world, "three");
	turn_until_got(&world, world.loop, 3);
	assert_got(&world, 0, "one");
	assert_got(&world, 1, "two");
	assert_got(&world, 2, "three");
	world_clear(&world);
}

static const struct test {
	const char *name;
	void (*run)(void);
} tests[] = {
	{ "ip4", test_ip4 },
	{ "ip6", test_ip6 },
	{ "wildcards", test_wildcards_of_both_families_share_a_port },
	{ "in-use", test_bound_port_is_refused },
	{ "foreign", test_foreign_address_is_refused },
	{ "move", test_datagrams_wait_for_another_loop },
	{ "detach-twice", test_detach_twice_is_fine },
	{ "empty", test_empty_datagram },
	{ "cut", test_long_datagram_is_cut },
	{ "no-buffer", test_without_buffers_datagrams_are_dropped_and_counted },
	{ "send-errors", test_send_errors_are_told },
	{ "refusals", test_refusals_do_not_matter },
	{ "tos", test_tos },
	{ "callee-detaches", test_callee_may_detach },
	{ "lengths", test_all_lengths },
	{ "mtu", test_longer_than_a_route_takes },
	{ "many", test_many },
	{ "unreachable", test_unreachable_is_told },
	{ "family", test_other_family_is_refused },
	{ "others", test_others_are_left_alone },
	{ "detach-other", test_detaching_one_loses_nothing_of_another },
};

static void run_with_epoll(const void *data)
{
	const struct test *test = data;

	current = port_engine_epoll();
	test->run();
}

static void start_steered(bool bind_all)
{
	const struct addr addrs[] = { loopback4, loopback6 };
	const struct port_span ports = { FIRST_PORT, LAST_PORT };

	if (has_steered && bound == bind_all)
		return;
	port_engine_steered_stop();
	port_engine_steered_start(
		addrs, have_ip6() ? 2 : 1, &ports, LOOPS, bind_all, &why_not_steered);
	bound = bind_all;
	has_steered = !why_not_steered.code;
}

static bool can_steer(bool bind_all)
{
	start_steered(bind_all);
	current = port_engine_steered();
	if (why_not_steered.code)
		g_test_skip(why_not_steered.text);
	return !why_not_steered.code;
}

static void run_steered(const void *data)
{
	const struct test *test = data;

	if (can_steer(false))
		test->run();
}

static void run_bound(const void *data)
{
	const struct test *test = data;

	if (can_steer(true))
		test->run();
}

/* --- what only the steered one does --- */

/* What the system had no room for is known with the next datagram. */
static void test_overflow_is_counted(void)
{
	enum { SENT = 30000 };
	uint64_t before = reason_total(REASON_RECEIVE_OVERFLOW);
	struct world world;
	union sock to;
	socklen_t len;
	unsigned seen;
	int fd;

	if (!can_steer(false))
		return;
	world_init(&world, &loopback4, 128);
	attach(&world, world.loop);
	len = addr_to_sock(&world.receiver->local, &to);
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	for (unsigned i = 0; i < SENT; i++)
		g_assert_cmpint(sendto(fd, "x", 1, 0, &to.sa, len), ==, 1);
	do {
		seen = world.got->len;
		loop_turn(world.loop, 0);
	} while (world.got->len > seen);
	g_assert_cmpuint(seen, <, SENT);
	g_assert_cmpint(sendto(fd, "x", 1, 0, &to.sa, len), ==, 1);
	turn_until_got(&world, world.loop, seen + 1);
	g_assert_cmpuint(reason_total(REASON_RECEIVE_OVERFLOW) - before, ==, SENT - seen);
	close(fd);
	world_clear(&world);
}

static unsigned count_descriptors(void)
{
	g_autoptr(GDir) dir = g_dir_open("/proc/self/fd", 0, NULL);
	unsigned count = 0;

	while (g_dir_read_name(dir))
		count++;
	return count;
}

static void test_ports_need_no_descriptors(void)
{
	struct port *ports[20];
	struct world world;
	unsigned before;

	if (!can_steer(false))
		return;
	world_init(&world, &loopback4, 100);
	before = count_descriptors();
	for (unsigned i = 0; i < G_N_ELEMENTS(ports); i++) {
		ports[i] = open_any(&loopback4);
		g_assert_cmpint(engine()->attach(ports[i], world.loop, world.pool), ==, 0);
	}
	g_assert_cmpuint(count_descriptors(), ==, before);
	for (unsigned i = 0; i < G_N_ELEMENTS(ports); i++)
		close_port(ports[i]);
	world_clear(&world);
}

/* The socket where packets wait goes when they were read; and when nobody reads them. */
static void test_waiting_leaves_no_descriptors(void)
{
	struct world world;
	unsigned before;

	if (!can_steer(false))
		return;
	world_init(&world, &loopback4, 100);
	attach(&world, world.loop);
	before = count_descriptors();
	for (unsigned round = 0; round < 3; round++) {
		engine()->hold(world.receiver);
		engine()->hold(world.receiver);
		engine()->detach(world.receiver);
		g_assert_cmpuint(count_descriptors(), ==, before + 1);
		send_ok(&world, "one");
		send_ok(&world, "two");
		attach(&world, world.loop);
		send_ok(&world, "three");
		turn_until_got(&world, world.loop, 3 * (round + 1));
		loop_turn(world.loop, 0);
		g_assert_cmpuint(count_descriptors(), ==, before);
	}
	engine()->hold(world.receiver);
	engine()->detach(world.receiver);
	send_ok(&world, "one");
	attach(&world, world.loop);
	engine()->detach(world.receiver);
	g_assert_cmpuint(count_descriptors(), ==, before);
	engine()->hold(world.receiver); /* on no loop: nothing to wait for */
	g_assert_cmpuint(count_descriptors(), ==, before);
	world_clear(&world);
}

/* Two moves in a row: what waited still does. */
static void test_held_twice(void)
{
	struct world world;

	if (!can_steer(false))
		return;
	world_init(&world, &loopback4, 100);
	attach(&world, world.loop);
	engine()->hold(world.receiver);
	engine()->detach(world.receiver);
	send_ok(&world, "one");
	attach(&world, world.loop);
	engine()->hold(world.receiver);
	engine()->detach(world.receiver);
	send_ok(&world, "two");
	attach(&world, world.loop);
	turn_until_got(&world, world.loop, 2);
	assert_got(&world, 0, "one");
	assert_got(&world, 1, "two");
	world_clear(&world);
}

/* Somebody else bound it: nothing can wait, but it is counted, and nobody is told "unreachable". */
static void test_no_socket_to_wait_in(void)
{
	uint64_t before = reason_total(REASON_PORT_MOVED);
	struct world world;
	int fd;

	if (!can_steer(false))
		return;
	world_init(&world, &loopback4, 4);
	attach(&world, world.loop);
	fd = bind_plain(&world.receiver->local);
	engine()->hold(world.receiver);
	engine()->detach(world.receiver);
	send_ok(&world, "lost");
	loop_turn(world.loop, TURN_US);
	g_assert_cmpuint(reason_total(REASON_PORT_MOVED) - before, ==, 1);
	attach(&world, world.loop);
	send_ok(&world, "steered");
	turn_until_got(&world, world.loop, 1);
	assert_got(&world, 0, "steered");
	close(fd);
	world_clear(&world);
}

static void test_conflict_is_told_once(void)
{
	uint64_t before = reason_total(REASON_PORT_CONFLICT);
	struct world world;
	int fd;

	if (!can_steer(false))
		return;
	world_init(&world, &loopback4, 4);
	attach(&world, world.loop);
	fd = bind_plain(&world.receiver->local);
	g_assert_cmpuint(look_around(), ==, 0);
	g_assert_cmpuint(look_around(), ==, 1);
	g_assert_cmpuint(look_around(), ==, 0);
	g_assert_cmpuint(reason_total(REASON_PORT_CONFLICT) - before, ==, 1);
	send_ok(&world, "still ours");
	turn_until_got(&world, world.loop, 1);
	close(fd);
	for (unsigned i = 0; i < LOOKS_UNTIL_FREE; i++)
		look_around();
	world_clear(&world);
}

/* Stopping takes the program off: what is left is an ordinary socket. */
static void test_stop_and_start(void)
{
	const struct addr local = addr_with_port(loopback4, LAST_PORT);

	if (!can_steer(false))
		return;
	port_engine_steered_stop();
	port_engine_steered_stop();
	has_steered = false;
	close(bind_plain(&local));
	start_steered(false);
	g_assert_cmpint(why_not_steered.code, ==, 0);
}

static void add_tests(const char *name, GTestDataFunc run)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(tests); i++) {
		g_autofree char *path = g_strdup_printf("/net/%s/%s", name, tests[i].name);

		g_test_add_data_func(path, &tests[i], run);
	}
}

int main(int argc, char **argv)
{
	int rc;

	g_test_init(&argc, &argv, NULL);
	add_tests("epoll", run_with_epoll);
	add_tests("steered", run_steered);
	g_test_add_func("/net/steered/overflow", test_overflow_is_counted);
	g_test_add_func("/net/steered/descriptors", test_ports_need_no_descriptors);
	g_test_add_func("/net/steered/waiting", test_waiting_leaves_no_descriptors);
	g_test_add_func("/net/steered/held-twice", test_held_twice);
	g_test_add_func("/net/steered/nowhere-to-wait", test_no_socket_to_wait_in);
	g_test_add_func("/net/steered/conflict", test_conflict_is_told_once);
	g_test_add_func("/net/steered/stop", test_stop_and_start);
	add_tests("bound", run_bound);
	rc = g_test_run();
	port_engine_steered_stop();
	return rc;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Real sockets on loopback: what is sent arrives, and what cannot be taken does not stay. All of it
 * with each engine; where ports cannot be steered those tests are skipped.
 */
#include "mock/ports.h"

#include <errno.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <glib.h>

#include "base/clock.h"
#include "stats/reason.h"

static void check_loopback(const struct addr *local)
{
	struct mock_ports world;

	mock_ports_init(&world, local, 4);
	mock_ports_attach(&world, world.loop);
	mock_ports_send(&world, "one");
	mock_ports_send(&world, "two");
	mock_ports_send(&world, "three");
	mock_ports_turn_until(&world, world.loop, 3);
	mock_ports_assert_got(&world, 0, "one");
	mock_ports_assert_got(&world, 1, "two");
	mock_ports_assert_got(&world, 2, "three");
	g_assert_true(addr_equal(&world.from, &world.sender->local));
	g_assert_false(world.cut);
	mock_ports_clear(&world);
}

static void test_ip4(void)
{
	check_loopback(&mock_loopback4);
}

static void test_ip6(void)
{
	if (!mock_ports_have_ip6()) {
		g_test_skip("this machine has no ::1");
		return;
	}
	check_loopback(&mock_loopback6);
}

static void test_wildcards_of_both_families_share_a_port(void)
{
	struct addr any4 = { .family = ADDR_IP4 }, any6 = { .family = ADDR_IP6 };
	struct port *port4, *port6;
	struct err err;

	if (!mock_ports_have_ip6()) {
		g_test_skip("this machine has no ::1");
		return;
	}
	port4 = mock_ports_open_any(&any4);
	any6.port = port4->local.port;
	g_assert_cmpint(mock_ports_engine()->open(&any6, 0, &port6, &err), ==, 0);
	mock_ports_close(port4);
	mock_ports_close(port6);
}

static void test_bound_port_is_refused(void)
{
	struct port *first = mock_ports_open_any(&mock_loopback4), *second = NULL;
	struct err err = { 0 };

	g_assert_cmpint(
		mock_ports_engine()->open(&first->local, 0, &second, &err), ==, -EADDRINUSE);
	g_assert_cmpint(err.code, ==, EADDRINUSE);
	g_assert_nonnull(strstr(err.text, "127.0.0.1:"));
	g_assert_null(second);
	mock_ports_close(first);
}

static void test_foreign_address_is_refused(void)
{
	struct addr documentation = { .family = ADDR_IP4, .port = 62999, .ip = { 192, 0, 2, 77 } };
	struct port *port = NULL;
	struct err err;

	g_assert_cmpint(
		mock_ports_engine()->open(&documentation, 0, &port, &err), ==, -EADDRNOTAVAIL);
	g_assert_null(port);
}

static void test_datagrams_wait_for_another_loop(void)
{
	struct mock_ports world;
	struct loop *other;
	unsigned seen;

	mock_ports_init(&world, &mock_loopback4, 4);
	other = mock_ports_new_loop(world.pool);
	mock_ports_attach(&world, world.loop);
	mock_ports_send(&world, "before");
	loop_turn(world.loop, MOCK_TURN_US);
	mock_ports_assert_got(&world, 0, "before");
	mock_ports_send(&world, "queued");
	if (mock_ports_engine()->hold)
		mock_ports_engine()->hold(world.receiver);
	mock_ports_engine()->detach(world.receiver);
	seen = world.got->len;
	mock_ports_send(&world, "between");
	loop_turn(world.loop, 0);
	g_assert_cmpuint(world.got->len, ==, seen);
	mock_ports_attach(&world, other);
	mock_ports_turn_until(&world, other, 3);
	mock_ports_send(&world, "after");
	mock_ports_turn_until(&world, other, 4);
	mock_ports_assert_got(&world, 1, "queued");
	mock_ports_assert_got(&world, 2, "between");
	mock_ports_assert_got(&world, 3, "after");
	mock_ports_close(world.receiver);
	mock_ports_free_loop(other);
	world.receiver = mock_ports_open_any(&mock_loopback4);
	mock_ports_clear(&world);
}

static void test_detach_twice_is_fine(void)
{
	struct mock_ports world;

	mock_ports_init(&world, &mock_loopback4, 4);
	mock_ports_attach(&world, world.loop);
	mock_ports_engine()->detach(world.receiver);
	mock_ports_engine()->detach(world.receiver);
	mock_ports_clear(&world);
}

static void test_empty_datagram(void)
{
	struct mock_ports world;

	mock_ports_init(&world, &mock_loopback4, 1);
	mock_ports_attach(&world, world.loop);
	mock_ports_send(&world, "");
	loop_turn(world.loop, MOCK_TURN_US);
	mock_ports_assert_got(&world, 0, "");
	mock_ports_clear(&world);
}

static void test_long_datagram_is_cut(void)
{
	g_autofree char *bytes = g_malloc0(BUF_PAYLOAD + 1);
	struct mock_ports world;
	union sock to, from;
	socklen_t len;
	int fd;

	mock_ports_init(&world, &mock_loopback4, 1);
	mock_ports_attach(&world, world.loop);
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	len = addr_to_sock(&mock_loopback4, &from);
	g_assert_cmpint(bind(fd, &from.sa, len), ==, 0);
	len = addr_to_sock(&world.receiver->local, &to);
	for (unsigned over = 0; over < 2; over++) {
		g_assert_cmpint(sendto(fd, bytes, BUF_PAYLOAD + over, 0, &to.sa, len), ==,
			BUF_PAYLOAD + over);
		loop_turn(world.loop, MOCK_TURN_US);
		g_assert_cmpuint(world.got->len, ==, over + 1);
		g_assert_cmpuint(g_bytes_get_size(world.got->pdata[over]), ==, BUF_PAYLOAD);
		g_assert_cmpint(world.cut, ==, over == 1);
	}
	close(fd);
	mock_ports_clear(&world);
}

static void test_without_buffers_datagrams_are_dropped_and_counted(void)
{
	uint64_t before = reason_total(REASON_NO_BUFFER);
	struct mock_ports world;

	mock_ports_init(&world, &mock_loopback4, 1);
	world.keep = true;
	mock_ports_attach(&world, world.loop);
	mock_ports_send(&world, "kept");
	loop_turn(world.loop, MOCK_TURN_US);
	mock_ports_send(&world, "dropped");
	loop_turn(world.loop, MOCK_TURN_US);
	g_assert_cmpuint(world.got->len, ==, 1);
	g_assert_cmpuint(reason_total(REASON_NO_BUFFER), ==, before + 1);
	buf_put(world.kept);
	world.keep = false;
	mock_ports_send(&world, "again");
	loop_turn(world.loop, MOCK_TURN_US);
	mock_ports_assert_got(&world, 1, "again");
	mock_ports_clear(&world);
}

static void test_send_errors_are_told(void)
{
	struct addr port_zero = mock_loopback4;
	struct mock_ports world;

	mock_ports_init(&world, &mock_loopback4, 1);
	g_assert_cmpint(mock_ports_send_text(&world, &port_zero, "x"), ==, -EINVAL);
	mock_ports_clear(&world);
}

/* Sending where nobody listens must disturb neither later sending nor receiving. */
static void test_refusals_do_not_matter(void)
{
	struct port *gone = mock_ports_open_any(&mock_loopback4);
	struct addr nobody = gone->local;
	struct mock_ports world;

	mock_ports_init(&world, &mock_loopback4, 2);
	mock_ports_close(gone);
	mock_ports_attach(&world, world.loop);
	for (unsigned i = 0; i < 3; i++)
		g_assert_cmpint(mock_ports_send_text(&world, &nobody, "x"), ==, 0);
	mock_ports_send(&world, "fine");
	loop_turn(world.loop, MOCK_TURN_US);
	mock_ports_assert_got(&world, 0, "fine");
	mock_ports_clear(&world);
}

/* The TOS of what is received, which a plain socket is asked to report. */
static int tos_of_one(struct mock_ports *world)
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
	socklen_t len = addr_to_sock(&mock_loopback4, &sock);

	g_assert_cmpint(bind(fd, &sock.sa, len), ==, 0);
	g_assert_cmpint(getsockname(fd, &sock.sa, &len), ==, 0);
	g_assert_cmpint(setsockopt(fd, IPPROTO_IP, IP_RECVTOS, &on, sizeof(on)), ==, 0);
	to = addr_of_sock(&sock);
	g_assert_cmpint(mock_ports_send_text(world, &to, "x"), ==, 0);
	g_assert_cmpint(recvmsg(fd, &message, 0), ==, 1);
	close(fd);
	g_assert_nonnull(CMSG_FIRSTHDR(&message));
	return *CMSG_DATA(CMSG_FIRSTHDR(&message));
}

static void test_tos(void)
{
	struct mock_ports world;
	struct addr local;
	struct err err;

	mock_ports_init(&world, &mock_loopback4, 1);
	g_assert_cmpint(tos_of_one(&world), ==, 0);
	g_assert_cmpint(mock_ports_engine()->set_tos(world.sender, 184), ==, 0);
	g_assert_cmpint(tos_of_one(&world), ==, 184);
	g_assert_cmpint(mock_ports_engine()->set_tos(world.sender, 0), ==, 0);
	g_assert_cmpint(tos_of_one(&world), ==, 0);
	local = world.sender->local;
	mock_ports_close(world.sender);
	g_assert_cmpint(mock_ports_engine()->open(&local, 184, &world.sender, &err), ==, 0);
	g_assert_cmpint(tos_of_one(&world), ==, 184); /* it may send while on no loop, too */
	g_assert_cmpint(
		mock_ports_engine()->attach(world.sender, world.send_loop, world.send_pool), ==, 0);
	g_assert_cmpint(tos_of_one(&world), ==, 184);
	mock_ports_clear(&world);
}

/* A stream that is torn down by the very packet it receives. */
static void on_recv_detach(struct port *port, struct buf *buf, const union sock *from, bool cut)
{
	mock_ports_on_recv(port, buf, from, cut);
	mock_ports_engine()->detach(port);
}

static void test_callee_may_detach(void)
{
	uint64_t before = reason_total(REASON_PORT_MOVED);
	struct mock_ports world;

	mock_ports_init(&world, &mock_loopback4, 2);
	world.receiver->recv = on_recv_detach;
	mock_ports_attach(&world, world.loop);
	mock_ports_send(&world, "one");
	mock_ports_send(&world, "two");
	loop_turn(world.loop, MOCK_TURN_US);
	loop_turn(world.loop, 0);
	g_assert_cmpuint(world.got->len, ==, 1);
	/* the second one was in the same batch, or waits in the port's own socket */
	g_assert_cmpuint(reason_total(REASON_PORT_MOVED) - before, ==,
		mock_ports_engine() == port_engine_steered() ? 1 : 0);
	mock_ports_clear(&world);
}

/* Checksums that are wrong are dropped by the system. */
static void check_lengths(const struct addr *local)
{
	static const uint32_t lengths[] = { 0, 1, 2, 3, 7, 8, 9, 31, 32, 33, 171, 172, 1400, 9001 };
	g_autofree uint8_t *bytes = g_malloc(BUF_PAYLOAD);
	struct mock_ports world;

	for (unsigned i = 0; i < BUF_PAYLOAD; i++)
		bytes[i] = (uint8_t)(i * 31 + 200);
	mock_ports_init(&world, local, 4);
	mock_ports_attach(&world, world.loop);
	for (unsigned i = 0; i < G_N_ELEMENTS(lengths); i++) {
		const char *got;
		gsize len;

		g_assert_cmpint(
			mock_ports_send_bytes(&world, &world.receiver->local, bytes, lengths[i]),
			==, 0);
		mock_ports_turn_until(&world, world.loop, i + 1);
		got = g_bytes_get_data(world.got->pdata[i], &len);
		g_assert_cmpmem(got, len, bytes, lengths[i]);
	}
	g_assert_true(addr_equal(&world.from, &world.sender->local));
	mock_ports_clear(&world);
}

static void test_all_lengths(void)
{
	check_lengths(&mock_loopback4);
	if (mock_ports_have_ip6())
		check_lengths(&mock_loopback6);
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
	check_lengths(&mock_loopback4);
	if (mock_ports_have_ip6())
		check_lengths(&mock_loopback6);
	set_loopback_mtu(65536);
}

/* More than fit a queue or a batch. */
static void test_many(void)
{
	enum { COUNT = 200 };
	struct mock_ports world;
	struct buf_pool *pool;
	union sock to;
	socklen_t to_len;

	mock_ports_init(&world, &mock_loopback4, COUNT);
	pool = buf_pool_new(COUNT);
	mock_ports_attach(&world, world.loop);
	to_len = addr_to_sock(&world.receiver->local, &to);
	for (uint32_t i = 0; i < COUNT; i++) {
		struct buf *buf = buf_get(pool);

		buf->len = sizeof(i);
		memcpy(buf->data, &i, sizeof(i));
		g_assert_cmpint(mock_ports_engine()->send(world.sender, buf, &to, to_len), ==, 0);
	}
	loop_turn(world.send_loop, 0);
	g_assert_cmpuint(buf_pool_out(pool), ==, 0);
	mock_ports_turn_until(&world, world.loop, COUNT);
	for (uint32_t i = 0; i < COUNT; i++) {
		gsize len;
		const void *got = g_bytes_get_data(world.got->pdata[i], &len);

		g_assert_cmpmem(got, len, &i, sizeof(i));
	}
	buf_pool_free(pool);
	mock_ports_clear(&world);
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
	struct mock_ports world;
	int rc;

	if (!has_own_network())
		return;
	mock_ports_init(&world, &mock_loopback4, 1);
	world.sender->unsent = on_unsent;
	unsent_error = 0;
	rc = mock_ports_send_text(&world, &nowhere, "x");
	g_assert_true(rc < 0 || unsent_error < 0);
	mock_ports_clear(&world);
}

static void test_other_family_is_refused(void)
{
	const struct addr to = addr_with_port(mock_loopback6, 9);
	struct mock_ports world;

	mock_ports_init(&world, &mock_loopback4, 1);
	g_assert_cmpint(mock_ports_send_text(&world, &to, "x"), ==, -EAFNOSUPPORT);
	mock_ports_clear(&world);
}

/* Somebody else's socket among our numbers gets what is sent to it, before and after our time. */
static void test_others_are_left_alone(void)
{
	struct mock_ports world;
	struct addr local;
	struct port *port;
	struct err err;
	char byte;
	int fd;

	mock_ports_init(&world, &mock_loopback4, 1);
	mock_ports_attach(&world, world.loop);
	local = world.receiver->local;
	mock_ports_close(world.receiver);
	fd = mock_ports_bind_plain(&local);
	mock_ports_look_around();
	g_assert_cmpint(mock_ports_engine()->open(&local, 0, &port, &err), ==, -EADDRINUSE);
	g_assert_cmpint(mock_ports_send_text(&world, &local, "x"), ==, 0);
	g_assert_cmpint(recv(fd, &byte, 1, 0), ==, 1);
	close(fd);
	for (unsigned i = 0; i < MOCK_LOOKS_UNTIL_FREE; i++)
		mock_ports_look_around();
	g_assert_cmpint(mock_ports_engine()->open(&local, 0, &world.receiver, &err), ==, 0);
	mock_ports_clear(&world);
}

/* A port's first packet may be there before the message that says whose it is. */
static void test_detaching_one_loses_nothing_of_another(void)
{
	struct mock_ports world;
	struct port *other;

	mock_ports_init(&world, &mock_loopback4, 100);
	other = mock_ports_open_any(&mock_loopback4);
	mock_ports_attach(&world, world.loop);
	g_assert_cmpint(mock_ports_engine()->attach(other, world.loop, world.pool), ==, 0);
	world.receiver->recv = NULL;
	mock_ports_send(&world, "one");
	mock_ports_send(&world, "two");
	mock_ports_close(other);
	world.receiver->recv = mock_ports_on_recv;
	mock_ports_send(&world, "three");
	mock_ports_turn_until(&world, world.loop, 3);
	mock_ports_assert_got(&world, 0, "one");
	mock_ports_assert_got(&world, 1, "two");
	mock_ports_assert_got(&world, 2, "three");
	mock_ports_clear(&world);
}

/* When datagrams came, however late they are read; not asked for, nothing is told. */
static void test_times(void)
{
	enum { TRIES = 200, LATE_US = 3000 };
	struct mock_ports world;
	unsigned exact = 0;

	mock_ports_init(&world, &mock_loopback4, 4);
	mock_ports_attach(&world, world.loop);
	g_assert_cmpint(mock_ports_engine()->set_times(world.receiver, true), ==, 0);
	/* Before the system has begun to look at the clock, times are those of reading. */
	for (unsigned i = 1; i <= TRIES && exact < 2; i++) {
		int64_t before_us = clock_wall_us(), sent_us;

		mock_ports_send(&world, "x");
		sent_us = clock_wall_us();
		while (clock_wall_us() < sent_us + LATE_US)
			;
		mock_ports_turn_until(&world, world.loop, i);
		g_assert_cmpint(world.receiver->received_us, >=, before_us);
		g_assert_cmpint(world.receiver->received_us, <=, clock_wall_us());
		exact += world.receiver->received_us <= sent_us;
	}
	g_assert_cmpuint(exact, ==, 2);
	g_assert_cmpint(mock_ports_engine()->set_times(world.receiver, false), ==, 0);
	mock_ports_send(&world, "x");
	mock_ports_turn_until(&world, world.loop, world.got->len + 1);
	g_assert_cmpint(world.receiver->received_us, ==, 0);
	mock_ports_clear(&world);
}

/* Of ports that share a socket, too; they are closed with it on. */
static void test_times_of_one(void)
{
	struct mock_ports world;
	struct port *other;

	mock_ports_init(&world, &mock_loopback4, 4);
	other = mock_ports_open_any(&mock_loopback4);
	g_assert_cmpint(mock_ports_engine()->set_times(other, true), ==, 0);
	mock_ports_attach(&world, world.loop);
	g_assert_cmpint(mock_ports_engine()->set_times(world.receiver, true), ==, 0);
	mock_ports_close(other);
	mock_ports_send(&world, "x");
	mock_ports_turn_until(&world, world.loop, 1);
	g_assert_cmpint(world.receiver->received_us, !=, 0);
	mock_ports_clear(&world);
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
	{ "times", test_times },
	{ "times-of-one", test_times_of_one },
};

static void run_with_epoll(const void *data)
{
	const struct test *test = data;

	mock_ports_use(port_engine_epoll());
	test->run();
}

static void run_steered(const void *data)
{
	const struct test *test = data;

	if (mock_ports_steer(false))
		test->run();
}

static void run_bound(const void *data)
{
	const struct test *test = data;

	if (mock_ports_steer(true))
		test->run();
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
	add_tests("bound", run_bound);
	rc = g_test_run();
	port_engine_steered_stop();
	return rc;
}

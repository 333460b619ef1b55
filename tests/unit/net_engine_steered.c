/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What only the steered engine does; skipped where ports cannot be steered. */
#include "mock/ports.h"

#include <sys/socket.h>
#include <unistd.h>

#include "stats/reason.h"

/* What the system had no room for is known with the next datagram. */
static void test_overflow_is_counted(void)
{
	enum { SENT = 30000 };
	uint64_t before = reason_total(REASON_RECEIVE_OVERFLOW);
	struct mock_ports world;
	union sock to;
	socklen_t len;
	unsigned seen;
	int fd;

	if (!mock_ports_steer(false))
		return;
	mock_ports_init(&world, &mock_loopback4, 128);
	mock_ports_attach(&world, world.loop);
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
	mock_ports_turn_until(&world, world.loop, seen + 1);
	g_assert_cmpuint(reason_total(REASON_RECEIVE_OVERFLOW) - before, ==, SENT - seen);
	close(fd);
	mock_ports_clear(&world);
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
	struct mock_ports world;
	unsigned before;

	if (!mock_ports_steer(false))
		return;
	mock_ports_init(&world, &mock_loopback4, 100);
	before = count_descriptors();
	for (unsigned i = 0; i < G_N_ELEMENTS(ports); i++) {
		ports[i] = mock_ports_open_any(&mock_loopback4);
		g_assert_cmpint(
			mock_ports_engine()->attach(ports[i], world.loop, world.pool), ==, 0);
	}
	g_assert_cmpuint(count_descriptors(), ==, before);
	for (unsigned i = 0; i < G_N_ELEMENTS(ports); i++)
		mock_ports_close(ports[i]);
	mock_ports_clear(&world);
}

/* The socket where packets wait goes when they were read; and when nobody reads them. */
static void test_waiting_leaves_no_descriptors(void)
{
	struct mock_ports world;
	unsigned before;

	if (!mock_ports_steer(false))
		return;
	mock_ports_init(&world, &mock_loopback4, 100);
	mock_ports_attach(&world, world.loop);
	before = count_descriptors();
	for (unsigned round = 0; round < 3; round++) {
		mock_ports_engine()->hold(world.receiver);
		mock_ports_engine()->hold(world.receiver);
		mock_ports_engine()->detach(world.receiver);
		g_assert_cmpuint(count_descriptors(), ==, before + 1);
		mock_ports_send(&world, "one");
		mock_ports_send(&world, "two");
		mock_ports_attach(&world, world.loop);
		mock_ports_send(&world, "three");
		mock_ports_turn_until(&world, world.loop, 3 * (round + 1));
		loop_turn(world.loop, 0);
		g_assert_cmpuint(count_descriptors(), ==, before);
	}
	mock_ports_engine()->hold(world.receiver);
	mock_ports_engine()->detach(world.receiver);
	mock_ports_send(&world, "one");
	mock_ports_attach(&world, world.loop);
	mock_ports_engine()->detach(world.receiver);
	g_assert_cmpuint(count_descriptors(), ==, before);
	mock_ports_engine()->hold(world.receiver); /* on no loop: nothing to wait for */
	g_assert_cmpuint(count_descriptors(), ==, before);
	mock_ports_clear(&world);
}

/* Two moves in a row: what waited still does. */
static void test_held_twice(void)
{
	struct mock_ports world;

	if (!mock_ports_steer(false))
		return;
	mock_ports_init(&world, &mock_loopback4, 100);
	mock_ports_attach(&world, world.loop);
	mock_ports_engine()->hold(world.receiver);
	mock_ports_engine()->detach(world.receiver);
	mock_ports_send(&world, "one");
	mock_ports_attach(&world, world.loop);
	mock_ports_engine()->hold(world.receiver);
	mock_ports_engine()->detach(world.receiver);
	mock_ports_send(&world, "two");
	mock_ports_attach(&world, world.loop);
	mock_ports_turn_until(&world, world.loop, 2);
	mock_ports_assert_got(&world, 0, "one");
	mock_ports_assert_got(&world, 1, "two");
	mock_ports_clear(&world);
}

/* Somebody else bound it: nothing can wait, but it is counted, and nobody is told "unreachable". */
static void test_no_socket_to_wait_in(void)
{
	uint64_t before = reason_total(REASON_PORT_MOVED);
	struct mock_ports world;
	int fd;

	if (!mock_ports_steer(false))
		return;
	mock_ports_init(&world, &mock_loopback4, 4);
	mock_ports_attach(&world, world.loop);
	fd = mock_ports_bind_plain(&world.receiver->local);
	mock_ports_engine()->hold(world.receiver);
	mock_ports_engine()->detach(world.receiver);
	mock_ports_send(&world, "lost");
	loop_turn(world.loop, MOCK_TURN_US);
	g_assert_cmpuint(reason_total(REASON_PORT_MOVED) - before, ==, 1);
	mock_ports_attach(&world, world.loop);
	mock_ports_send(&world, "steered");
	mock_ports_turn_until(&world, world.loop, 1);
	mock_ports_assert_got(&world, 0, "steered");
	close(fd);
	mock_ports_clear(&world);
}

static void test_conflict_is_told_once(void)
{
	uint64_t before = reason_total(REASON_PORT_CONFLICT);
	struct mock_ports world;
	int fd;

	if (!mock_ports_steer(false))
		return;
	mock_ports_init(&world, &mock_loopback4, 4);
	mock_ports_attach(&world, world.loop);
	fd = mock_ports_bind_plain(&world.receiver->local);
	g_assert_cmpuint(mock_ports_look_around(), ==, 0);
	g_assert_cmpuint(mock_ports_look_around(), ==, 1);
	g_assert_cmpuint(mock_ports_look_around(), ==, 0);
	g_assert_cmpuint(reason_total(REASON_PORT_CONFLICT) - before, ==, 1);
	mock_ports_send(&world, "still ours");
	mock_ports_turn_until(&world, world.loop, 1);
	close(fd);
	for (unsigned i = 0; i < MOCK_LOOKS_UNTIL_FREE; i++)
		mock_ports_look_around();
	mock_ports_clear(&world);
}

/* Stopping takes the program off: what is left is an ordinary socket. */
static void test_stop_and_start(void)
{
	const struct addr local = addr_with_port(mock_loopback4, MOCK_LAST_PORT);

	if (!mock_ports_steer(false))
		return;
	port_engine_steered_stop();
	port_engine_steered_stop();
	close(mock_ports_bind_plain(&local));
	mock_ports_steer_again();
}

int main(int argc, char **argv)
{
	int rc;

	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/net/steered/overflow", test_overflow_is_counted);
	g_test_add_func("/net/steered/descriptors", test_ports_need_no_descriptors);
	g_test_add_func("/net/steered/waiting", test_waiting_leaves_no_descriptors);
	g_test_add_func("/net/steered/held-twice", test_held_twice);
	g_test_add_func("/net/steered/nowhere-to-wait", test_no_socket_to_wait_in);
	g_test_add_func("/net/steered/conflict", test_conflict_is_told_once);
	g_test_add_func("/net/steered/stop", test_stop_and_start);
	rc = g_test_run();
	port_engine_steered_stop();
	return rc;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Ports of either engine, and what a test does with them. */
#include "mock/ports.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

const struct addr mock_loopback4 = { .family = ADDR_IP4, .ip = { 127, 0, 0, 1 } };
const struct addr mock_loopback6 = { .family = ADDR_IP6, .ip = { [15] = 1 } };

enum {
	LOOPS = 3,
	SEND_BUFS = 200, /* a loop may hold a batch of them */
};

static const struct port_engine *current;
static struct err why_not_steered; /* code 0: ports can be steered */
static bool has_steered, bound;    /* the engine runs, and binds all ports */

void mock_ports_use(const struct port_engine *engine)
{
	current = engine;
}

const struct port_engine *mock_ports_engine(void)
{
	return current;
}

struct loop *mock_ports_new_loop(struct buf_pool *pool)
{
	struct loop *loop = loop_new();

	if (mock_ports_engine()->join)
		g_assert_cmpint(mock_ports_engine()->join(loop, pool), ==, 0);
	return loop;
}

void mock_ports_free_loop(struct loop *loop)
{
	if (mock_ports_engine()->leave)
		mock_ports_engine()->leave(loop);
	loop_free(loop);
}

void mock_ports_close(struct port *port)
{
	port->engine->detach(port);
	port->engine->close(port);
}

void mock_ports_on_recv(struct port *port, struct buf *buf, const union sock *from, bool cut)
{
	struct mock_ports *world = port->owner;

	g_ptr_array_add(world->got, g_bytes_new(buf->data, buf->len));
	world->from = addr_of_sock(from);
	world->cut = cut;
	if (world->keep)
		world->kept = buf;
	else
		buf_put(buf);
}

/* The first free port from a range that other tests do not use. */
struct port *mock_ports_open_any(const struct addr *local)
{
	struct port *port;
	struct err err;

	for (uint16_t number = MOCK_FIRST_PORT; number < MOCK_LAST_PORT; number++) {
		struct addr addr = addr_with_port(*local, number);

		if (mock_ports_engine()->open(&addr, 0, &port, &err) == 0)
			return port;
	}
	g_error("no free port: %s", err.text);
}

void mock_ports_init(struct mock_ports *world, const struct addr *local, unsigned bufs)
{
	*world = (struct mock_ports){ 0 };
	world->pool = buf_pool_new(bufs);
	world->send_pool = buf_pool_new(SEND_BUFS);
	world->loop = mock_ports_new_loop(world->pool);
	world->send_loop = mock_ports_new_loop(world->send_pool);
	world->got = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
	world->sender = mock_ports_open_any(local);
	world->receiver = mock_ports_open_any(local);
	world->sender->recv = world->receiver->recv = mock_ports_on_recv;
	world->sender->owner = world->receiver->owner = world;
	g_assert_cmpint(
		mock_ports_engine()->attach(world->sender, world->send_loop, world->send_pool), ==,
		0);
}

void mock_ports_clear(struct mock_ports *world)
{
	mock_ports_close(world->receiver);
	mock_ports_close(world->sender);
	mock_ports_free_loop(world->loop);
	mock_ports_free_loop(world->send_loop);
	g_assert_cmpuint(buf_pool_out(world->pool), ==, 0);
	g_assert_cmpuint(buf_pool_out(world->send_pool), ==, 0); /* taken, whatever came of it */
	buf_pool_free(world->pool);
	buf_pool_free(world->send_pool);
	g_ptr_array_unref(world->got);
}

void mock_ports_attach(struct mock_ports *world, struct loop *loop)
{
	g_assert_cmpint(mock_ports_engine()->attach(world->receiver, loop, world->pool), ==, 0);
}

int mock_ports_send_bytes(
	struct mock_ports *world, const struct addr *to, const void *bytes, uint32_t len)
{
	struct buf *buf = buf_get(world->send_pool);
	union sock sock;
	socklen_t sock_len = addr_to_sock(to, &sock);
	int rc;

	buf->len = len;
	memcpy(buf->data, bytes, len);
	rc = mock_ports_engine()->send(world->sender, buf, &sock, sock_len);
	loop_turn(world->send_loop, 0); /* at whose end it leaves */
	return rc;
}

int mock_ports_send_text(struct mock_ports *world, const struct addr *to, const char *text)
{
	return mock_ports_send_bytes(world, to, text, (uint32_t)strlen(text));
}

void mock_ports_send(struct mock_ports *world, const char *text)
{
	g_assert_cmpint(mock_ports_send_text(world, &world->receiver->local, text), ==, 0);
}

void mock_ports_assert_got(const struct mock_ports *world, unsigned index, const char *expected)
{
	gsize len;
	const char *bytes;

	g_assert_cmpuint(index, <, world->got->len);
	bytes = g_bytes_get_data(world->got->pdata[index], &len);
	g_assert_cmpmem(bytes, len, expected, strlen(expected));
}

void mock_ports_turn_until(struct mock_ports *world, struct loop *loop, unsigned count)
{
	while (world->got->len < count) {
		unsigned before = world->got->len;

		loop_turn(loop, MOCK_TURN_US);
		g_assert_cmpuint(world->got->len, >, before);
	}
}

/* As happens every few seconds: who else has our numbers. Returns how many conflicts were found. */
unsigned mock_ports_look_around(void)
{
	struct steered_news news = { 0 };

	if (mock_ports_engine() == port_engine_steered())
		g_assert_true(port_engine_steered_survey(0, &news));
	return news.conflicts;
}

int mock_ports_bind_plain(const struct addr *local)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	union sock sock;
	socklen_t len = addr_to_sock(local, &sock);

	g_assert_cmpint(bind(fd, &sock.sa, len), ==, 0);
	return fd;
}

bool mock_ports_have_ip6(void)
{
	int fd = socket(AF_INET6, SOCK_DGRAM, 0);
	union sock sock;
	socklen_t len = addr_to_sock(&mock_loopback6, &sock);
	bool has_it = fd >= 0 && bind(fd, &sock.sa, len) == 0;

	if (fd >= 0)
		close(fd);
	return has_it;
}

static void start_steered(bool bind_all)
{
	const struct addr addrs[] = { mock_loopback4, mock_loopback6 };
	const struct port_span ports = { MOCK_FIRST_PORT, MOCK_LAST_PORT };
	unsigned count = mock_ports_have_ip6() ? 2 : 1;

	if (has_steered && bound == bind_all)
		return;
	port_engine_steered_stop();
	if (port_engine_steered_start(addrs, count, &ports, LOOPS, bind_all, &why_not_steered) ||
		port_engine_steered_test(addrs, count, &ports, &why_not_steered))
		port_engine_steered_stop();
	bound = bind_all;
	has_steered = !why_not_steered.code;
}

bool mock_ports_steer(bool bind_all)
{
	start_steered(bind_all);
	current = port_engine_steered();
	if (why_not_steered.code)
		g_test_skip(why_not_steered.text);
	return !why_not_steered.code;
}

void mock_ports_steer_again(void)
{
	has_steered = false;
	start_steered(false);
	g_assert_cmpint(why_not_steered.code, ==, 0);
}

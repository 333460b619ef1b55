/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Before the steered engine is relied on: a packet to itself through all of it. */
#include "net/engine_steered.h"

#include <errno.h>
#include <string.h>

#include <glib.h>

#include "base/clock.h"

enum { BUFS = 128 }; /* a batch, and what is on its way */

static const int64_t WAIT_US = 500 * 1000; /* it is there at once, or never comes */
static const char text[] = "steered";

struct result {
	bool came, right;
};

static void on_packet(struct port *port, struct buf *buf, const union sock *from, bool cut)
{
	struct result *result = port->owner;
	struct addr sender = addr_of_sock(from);

	result->came = true;
	result->right = !cut && buf->len == sizeof(text) &&
			memcmp(buf->data, text, sizeof(text)) == 0 &&
			addr_equal(&sender, &port->local);
	buf_put(buf);
}

static int send_to_itself(struct port *port, struct buf_pool *pool)
{
	struct buf *buf = buf_get(pool);
	union sock to;
	socklen_t to_len = addr_to_sock(&port->local, &to);

	if (!buf)
		return -ENOBUFS;
	memcpy(buf->data, text, sizeof(text));
	buf->len = sizeof(text);
	return port->engine->send(port, buf, &to, to_len);
}

static int try_port(struct port *port, struct loop *loop, struct buf_pool *pool, struct err *err)
{
	int64_t until_us = clock_mono_us() + WAIT_US;
	struct result result = { 0 };
	char where[ADDR_TEXT];
	int rc;

	port->owner = &result;
	port->recv = on_packet;
	rc = port->engine->attach(port, loop, pool);
	if (!rc) {
		rc = send_to_itself(port, pool);
		while (!rc && !result.came && clock_mono_us() < until_us)
			loop_turn(loop, WAIT_US / 10);
		port->engine->detach(port);
	}
	if (rc)
		return err_set(err, -rc, "sending from %s: %s", addr_print(&port->local, where),
			g_strerror(-rc));
	if (!result.came)
		return err_set(err, ETIMEDOUT, "a packet from %s to itself did not come",
			addr_print(&port->local, where));
	if (!result.right)
		return err_set(err, EBADMSG, "a packet from %s to itself came changed",
			addr_print(&port->local, where));
	return 0;
}

/* Any number that is free. NULL: the machine does not have the address now, or all are taken. */
static struct port *open_any(const struct addr *addr, const struct port_span *ports)
{
	for (unsigned number = ports->last; number >= ports->first; number--) {
		struct addr local = addr_with_port(*addr, (uint16_t)number);
		struct port *port;
		int rc = port_engine_steered()->open(&local, 0, &port, NULL);

		if (!rc)
			return port;
		if (rc != -EADDRINUSE)
			return NULL;
	}
	return NULL;
}

int port_engine_steered_test(const struct addr *addrs, unsigned addr_count,
	const struct port_span *ports, struct err *err)
{
	struct loop *loop = loop_new();
	struct buf_pool *pool = buf_pool_new(BUFS);
	int rc = loop ? port_engine_steered()->join(loop, pool) : -EMFILE;

	if (rc)
		err_set(err, -rc, "making a loop: %s", g_strerror(-rc));
	for (unsigned i = 0; !rc && i < addr_count; i++) {
		struct port *port = open_any(&addrs[i], ports);

		if (!port)
			continue;
		rc = try_port(port, loop, pool, err);
		port->engine->close(port);
	}
	if (loop)
		port_engine_steered()->leave(loop);
	buf_pool_free(pool);
	loop_free(loop);
	return rc;
}

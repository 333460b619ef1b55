/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The port engine for many calls: what comes for any port of an address is steered to one socket
 * of the worker that has the port's session (steer.c), read in batches (lane.c) and sent in
 * batches through a raw socket (send_queue.c).
 *
 * Each port is also a bound socket of the epoll engine, `plain`, that nothing is steered to while
 * the port is on a loop. It keeps the number ours: whoever else asks for it is refused as ever, and
 * a number that somebody has is not leased. While the port is on no loop its packets wait there,
 * and what a raw socket cannot send leaves through it.
 */
#include "net/engine_steered.h"

#include <errno.h>

#include <glib.h>

#include "base/list.h"
#include "net/steered_priv.h"
#include "net/udp_header.h"
#include "stats/reason.h"

/* Made at start, before there are threads; constant afterwards. */
static struct {
	struct steer *steer; /* NULL: not started */
	struct addr *addrs;
	unsigned addr_count;
	struct port_span ports;
	struct lane *lanes;
	unsigned lane_count;
} engine;

static struct steered_port *steered_port_of(struct port *port)
{
	return container_of(port, struct steered_port, port);
}

/* The index of the address, or -1: not one that is steered. */
static int find_addr(const struct addr *local)
{
	if (local->port < engine.ports.first || local->port > engine.ports.last)
		return -1;
	for (unsigned i = 0; i < engine.addr_count; i++)
		if (addr_same_ip(&engine.addrs[i], local))
			return (int)i;
	return -1;
}

static struct lane *lane_of(const struct loop *loop)
{
	for (unsigned i = 0; i < engine.lane_count; i++)
		if (engine.lanes[i].loop == loop)
			return &engine.lanes[i];
	return NULL;
}

/* What came to the port's own socket while it was on no loop. */
static void receive_plain(struct port *plain, struct buf *buf, const union sock *from, bool cut)
{
	struct steered_port *self = plain->owner;

	if (self->port.recv) {
		self->port.recv(&self->port, buf, from, cut);
		return;
	}
	reason_count(REASON_NO_SESSION);
	buf_put(buf);
}

static int steered_open(const struct addr *local, int tos, struct port **ret_port, struct err *err)
{
	int addr_index = find_addr(local), rc;
	struct steered_port *self;
	struct port *plain;

	rc = port_engine_epoll()->open(local, tos, &plain, err);
	if (rc)
		return rc;
	if (addr_index < 0) {
		*ret_port = plain;
		return 0;
	}
	self = g_new0(struct steered_port, 1);
	self->port.local = *local;
	self->port.engine = port_engine_steered();
	self->plain = plain;
	self->addr_index = (unsigned)addr_index;
	self->tos = (uint8_t)tos;
	plain->owner = self;
	plain->recv = receive_plain;
	*ret_port = &self->port;
	return 0;
}

static void steered_close(struct port *port)
{
	struct steered_port *self = steered_port_of(port);

	g_assert(!port->loop);
	self->plain->engine->close(self->plain);
	g_free(self);
}

static int steered_attach(struct port *port, struct loop *loop, struct buf_pool *pool)
{
	struct steered_port *self = steered_port_of(port);
	struct lane *lane = lane_of(loop);

	g_assert(!port->loop && lane);
	/* Before packets are steered past those that wait. */
	if (self->waited) {
		int rc = self->plain->engine->attach(self->plain, loop, pool);

		if (rc)
			return rc;
	}
	/* first, because the loop's thread may have a packet before this returns */
	port->loop = loop;
	self->place = &lane->addrs[self->addr_index];
	lane_set_port(self->place, self);
	steer_port(engine.steer, self->addr_index, port->local.port, (int)lane->index);
	return 0;
}

/*
 * What was steered here and not yet read is handed out first; from then on packets wait in the
 * port's own socket. One that was on its way between the two meanwhile finds no port and is
 * counted (REASON_PORT_MOVED).
 */
static void steered_detach(struct port *port)
{
	struct steered_port *self = steered_port_of(port);

	if (!port->loop)
		return;
	steer_port(engine.steer, self->addr_index, port->local.port, STEER_NOWHERE);
	lane_receive_for(self->place, port->local.port);
	if (!port->loop) /* by one of those that came */
		return;
	send_queue_flush(self->place); /* the port may be closed next */
	lane_clear_port(self->place, port->local.port);
	self->plain->engine->detach(self->plain);
	self->place = NULL;
	self->waited = true;
	port->loop = NULL;
}

static bool has_room(const struct buf *buf, const struct addr *local)
{
	return (size_t)(buf->data - buf->room) >= udp_headers_bytes(local) &&
	       buf->len <= UDP_PAYLOAD_MAX;
}

/* What a UDP socket would refuse: here nobody else would. */
static int check_destination(const struct port *port, const union sock *to)
{
	bool ip6 = port->local.family == ADDR_IP6;

	if (to->sa.sa_family != (ip6 ? AF_INET6 : AF_INET))
		return -EAFNOSUPPORT;
	return (ip6 ? to->in6.sin6_port : to->in.sin_port) ? 0 : -EINVAL;
}

static int steered_send(struct port *port, struct buf *buf, const union sock *to, socklen_t to_len)
{
	struct steered_port *self = steered_port_of(port);
	int rc;

	if (!self->place || !has_room(buf, &port->local))
		return self->plain->engine->send(self->plain, buf, to, to_len);
	rc = check_destination(port, to);
	if (rc)
		buf_put(buf);
	else
		send_queue_add(self->place, self, buf, to, to_len);
	return rc;
}

static int steered_set_tos(struct port *port, int tos)
{
	struct steered_port *self = steered_port_of(port);
	int rc = self->plain->engine->set_tos(self->plain, tos);

	if (!rc)
		__atomic_store_n(&self->tos, (uint8_t)tos, __ATOMIC_RELAXED);
	return rc;
}

static int steered_join(struct loop *loop, struct buf_pool *pool)
{
	struct lane *lane = lane_of(NULL);

	return lane ? lane_join(lane, loop, pool) : -ENOSPC;
}

static void steered_leave(struct loop *loop)
{
	struct lane *lane = lane_of(loop);

	if (lane)
		lane_leave(lane);
}

const struct port_engine *port_engine_steered(void)
{
	static const struct port_engine steered = {
		.name = "steered",
		.open = steered_open,
		.close = steered_close,
		.attach = steered_attach,
		.detach = steered_detach,
		.send = steered_send,
		.set_tos = steered_set_tos,
		.join = steered_join,
		.leave = steered_leave,
	};

	return &steered;
}

/* --- start and stop --- */

static int open_lanes(struct err *err)
{
	for (unsigned l = 0; l < engine.lane_count; l++) {
		int rc = lane_open(
			&engine.lanes[l], l, engine.addrs, engine.addr_count, &engine.ports, err);

		if (rc)
			return rc;
		for (unsigned a = 0; a < engine.addr_count; a++) {
			rc = steer_set_socket(engine.steer, a, l, engine.lanes[l].addrs[a].recv_fd);
			if (rc)
				return err_set(
					err, -rc, "steering to a socket: %s", g_strerror(-rc));
		}
	}
	return 0;
}

int port_engine_steered_start(const struct addr *addrs, unsigned addr_count,
	const struct port_span *ports, unsigned loop_count, struct err *err)
{
	int rc;

	g_assert(!engine.steer && ports->first > 0 && ports->first <= ports->last);
	rc = steer_new(addrs, addr_count, loop_count, &engine.steer, err);
	if (rc)
		return rc;
	engine.addrs = g_memdup2(addrs, addr_count * sizeof(*addrs));
	engine.addr_count = addr_count;
	engine.ports = *ports;
	engine.lanes = g_new0(struct lane, loop_count);
	engine.lane_count = loop_count;
	rc = open_lanes(err);
	if (!rc)
		rc = steered_self_test(addrs, addr_count, ports, err);
	if (rc)
		port_engine_steered_stop();
	return rc;
}

void port_engine_steered_stop(void)
{
	steer_free(engine.steer);
	for (unsigned i = 0; i < engine.lane_count; i++)
		lane_close(&engine.lanes[i]);
	g_free(engine.lanes);
	g_free(engine.addrs);
	memset(&engine, 0, sizeof(engine));
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The port engine for many calls: what comes for any port of an address is steered to one socket
 * of the worker that has the port's session (steer.c), read in batches (lane.c) and sent in
 * batches through a raw socket (send_queue.c).
 *
 * A port has no socket of its own. That a number is nobody else's is known from a survey of all
 * sockets (survey.c), repeated every few seconds: what others have is not leased until they are
 * gone. Where the system itself hands out our numbers a look every few seconds does not do: each
 * port is then a bound socket of the epoll engine, too, `plain` (steered_plain.c). So is one that
 * changes its worker, while it is on no loop: its packets wait there.
 */
#include "net/engine_steered.h"

#include <errno.h>

#include <unistd.h>

#include <glib.h>

#include "base/clock.h"
#include "base/list.h"
#include "net/receive_time.h"
#include "net/steered_priv.h"
#include "net/survey.h"
#include "net/udp_out.h"
#include "stats/reason.h"

enum { FAMILIES = 2 };

/* What it has of an address that ports are steered of. [control] */
struct engine_addr {
	struct addr local;            /* port 0 */
	bool present;                 /* this machine had it when we last looked */
	unsigned timed;               /* ports whose receive times are wanted */
	struct steered_port **opened; /* by number from engine.ports.first on; NULL: not open */
};

/*
 * Made at start, before there are threads; constant afterwards, but for what is [control]'s: the
 * survey and the addresses' parts.
 */
static struct {
	struct steer *steer; /* NULL: not started */
	struct engine_addr *addrs;
	unsigned addr_count;
	struct port_span ports;
	struct lane *lanes;
	unsigned lane_count;
	struct survey *survey;
	bool bind_all;          /* each port has a bound socket, too */
	int long_fds[FAMILIES]; /* of udp_out.h, [1] of IPv6 */
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
		if (addr_same_ip(&engine.addrs[i].local, local))
			return (int)i;
	return -1;
}

static struct steered_port **opened_at(unsigned addr_index, unsigned number)
{
	return &engine.addrs[addr_index].opened[number - engine.ports.first];
}

static struct lane *lane_of(const struct loop *loop)
{
	for (unsigned i = 0; i < engine.lane_count; i++)
		if (engine.lanes[i].loop == loop)
			return &engine.lanes[i];
	return NULL;
}

/* 0: nobody has the number, and the machine has the address. */
static int check_free(const struct addr *local, unsigned addr_index, struct err *err)
{
	struct engine_addr *addr = &engine.addrs[addr_index];
	char text[ADDR_TEXT];
	struct port *trial;
	int rc;

	if (*opened_at(addr_index, local->port) ||
		survey_is_taken(engine.survey, addr_index, local->port))
		return err_set(err, EADDRINUSE, "Failed to bind %s: %s", addr_print(local, text),
			g_strerror(EADDRINUSE));
	if (addr->present)
		return 0;
	rc = port_engine_epoll()->open(local, 0, &trial, err);
	if (rc)
		return rc;
	trial->engine->close(trial);
	addr->present = true;
	return 0;
}

static int steered_open(const struct addr *local, int tos, struct port **ret_port, struct err *err)
{
	int addr_index = find_addr(local), rc;
	struct steered_port *self;

	if (addr_index < 0)
		return port_engine_epoll()->open(local, tos, ret_port, err);
	rc = check_free(local, (unsigned)addr_index, err);
	if (rc)
		return rc;
	self = g_new0(struct steered_port, 1);
	self->port.local = *local;
	self->port.engine = port_engine_steered();
	self->addr_index = (unsigned)addr_index;
	self->tos = (uint8_t)tos;
	self->bound = engine.bind_all;
	rc = self->bound ? steered_open_plain(self, err) : 0;
	if (rc) {
		g_free(self);
		return rc;
	}
	*opened_at(self->addr_index, local->port) = self;
	*ret_port = &self->port;
	return 0;
}

/* The sockets are shared: all of the address tell as long as one of its ports wants that. */
static int steered_set_times(struct port *port, bool on)
{
	struct steered_port *self = steered_port_of(port);
	struct engine_addr *addr = &engine.addrs[self->addr_index];
	bool were = addr->timed;
	int rc = 0;

	if (self->timed == on)
		return 0;
	self->timed = on;
	addr->timed += on ? 1 : -1;
	for (unsigned i = 0; were != (addr->timed > 0) && i < engine.lane_count; i++) {
		int ret = receive_time_ask(engine.lanes[i].addrs[self->addr_index].recv_fd, on);

		rc = rc ? rc : ret;
	}
	return rc;
}

static void steered_close(struct port *port)
{
	struct steered_port *self = steered_port_of(port);

	g_assert(!port->loop);
	if (self->timed)
		steered_set_times(port, false);
	/* if it was held, but could not have a socket */
	steer_port(engine.steer, self->addr_index, port->local.port, STEER_NOWHERE);
	*opened_at(self->addr_index, port->local.port) = NULL;
	if (self->plain)
		steered_close_plain(self);
	g_free(self);
}

static int steered_attach(struct port *port, struct loop *loop, struct buf_pool *pool)
{
	struct steered_port *self = steered_port_of(port);
	struct lane *lane = lane_of(loop);

	g_assert(!port->loop && lane);
	/* Before packets are steered past those that wait. */
	if (self->plain && self->waited) {
		int rc = self->plain->engine->attach(self->plain, loop, pool);

		if (rc)
			return rc;
		if (!self->bound)
			lane_empty_port(lane, self);
	}
	/* first, because the loop's thread may have a packet before this returns */
	port->loop = loop;
	self->place = &lane->addrs[self->addr_index];
	lane_set_port(self->place, self);
	steer_port(engine.steer, self->addr_index, port->local.port, (int)lane->index);
	return 0;
}

/* Without a socket they are counted as REASON_PORT_MOVED: see steered_detach. */
static void steered_hold(struct port *port)
{
	struct steered_port *self = steered_port_of(port);

	if (!port->loop)
		return;
	self->held = true;
	if (!self->plain)
		steered_open_plain(self, NULL);
}

/*
 * From now on packets wait in the port's own socket. If it has none although it was held, they go
 * on coming here, where they are counted, rather than being answered with "port unreachable".
 */
static void steer_away(struct steered_port *self)
{
	if (self->plain || !self->held)
		steer_port(engine.steer, self->addr_index, self->port.local.port, STEER_NOWHERE);
}

/*
 * What was steered here and not yet read is handed out first. What was on its way meanwhile finds
 * no port and is counted (REASON_PORT_MOVED).
 */
static void steered_detach(struct port *port)
{
	struct steered_port *self = steered_port_of(port);
	struct lane *lane;

	if (!port->loop)
		return;
	steer_away(self);
	lane_receive_for(self->place, port->local.port, self->held);
	if (!port->loop) /* by one of those that came */
		return;
	lane = self->place->lane;
	send_queue_flush(self->place); /* the port may be closed next */
	lane_clear_port(self->place, port->local.port);
	lane_keep_port(lane, self);
	if (self->plain && !self->held && !self->bound)
		steered_close_plain(self);
	else if (self->plain)
		self->plain->engine->detach(self->plain);
	self->place = NULL;
	self->waited = true;
	self->held = false;
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

static int send_at_once(struct steered_port *self, struct buf *buf, const union sock *to)
{
	const struct udp_origin origin = {
		.local = self->port.local,
		.tos = __atomic_load_n(&self->tos, __ATOMIC_RELAXED),
	};
	bool ip6 = self->port.local.family == ADDR_IP6;

	return udp_out_send(engine.long_fds[ip6], &origin, buf->data, buf->len, to);
}

static int steered_send(struct port *port, struct buf *buf, const union sock *to, socklen_t to_len)
{
	struct steered_port *self = steered_port_of(port);
	int rc = check_destination(port, to);

	if (!rc && self->place && has_room(buf, &port->local)) {
		send_queue_add(self->place, self, buf, to, to_len);
		return 0;
	}
	if (!rc)
		rc = send_at_once(self, buf, to);
	buf_put(buf);
	return rc;
}

static int steered_set_tos(struct port *port, int tos)
{
	__atomic_store_n(&steered_port_of(port)->tos, (uint8_t)tos, __ATOMIC_RELAXED);
	return 0;
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
		.hold = steered_hold,
		.detach = steered_detach,
		.send = steered_send,
		.set_tos = steered_set_tos,
		.set_times = steered_set_times,
		.join = steered_join,
		.leave = steered_leave,
	};

	return &steered;
}

/* --- who else has our numbers --- */

/* False also when that cannot be found out. */
static bool is_present(const struct addr *local)
{
	struct port *trial;

	if (port_engine_epoll()->open(local, 0, &trial, NULL))
		return false;
	trial->engine->close(trial);
	return true;
}

/* A port that is held, or has just been, has a socket of ours. */
static bool is_anothers(const struct steered_port *port, unsigned addr_index)
{
	return !port->bound && !__atomic_load_n(&port->plain, __ATOMIC_RELAXED) &&
	       survey_stays_taken(engine.survey, addr_index, port->port.local.port);
}

static void find_conflicts(unsigned addr_index, struct steered_news *news)
{
	for (unsigned n = engine.ports.first; n <= engine.ports.last; n++) {
		struct steered_port *port = *opened_at(addr_index, n);

		if (!port || port->told || !is_anothers(port, addr_index))
			continue;
		port->told = true;
		reason_count(REASON_PORT_CONFLICT);
		news->conflicts++;
		news->conflict = port->port.local;
	}
}

bool port_engine_steered_survey(int64_t budget_us, struct steered_news *ret_news)
{
	struct steered_news news = { 0 };

	if (!survey_step(engine.survey, budget_us))
		return false;
	for (unsigned i = 0; i < engine.addr_count; i++) {
		find_conflicts(i, &news);
		engine.addrs[i].present = is_present(&engine.addrs[i].local);
	}
	news.claim = survey_claim(engine.survey);
	*ret_news = news;
	return true;
}

/* --- start and stop --- */

static int open_lanes(const struct addr *addrs, struct err *err)
{
	for (unsigned l = 0; l < engine.lane_count; l++) {
		int rc = lane_open(
			&engine.lanes[l], l, addrs, engine.addr_count, &engine.ports, err);

		if (rc)
			return rc;
		for (unsigned a = 0; a < engine.addr_count; a++) {
			struct lane_addr *place = &engine.lanes[l].addrs[a];

			place->long_fd = engine.long_fds[place->local.family == ADDR_IP6];
			rc = steer_set_socket(engine.steer, a, l, place->recv_fd);
			if (rc)
				return err_set(
					err, -rc, "steering to a socket: %s", g_strerror(-rc));
		}
	}
	return 0;
}

static int open_long(const struct addr *addrs, struct err *err)
{
	int rc = 0;

	for (unsigned i = 0; !rc && i < engine.addr_count; i++) {
		bool ip6 = addrs[i].family == ADDR_IP6;

		if (engine.long_fds[ip6] < 0)
			rc = udp_out_open(ip6, &engine.long_fds[ip6], err);
	}
	return rc;
}

static int start_survey(const struct addr *addrs, struct err *err)
{
	const struct claim claim = {
		.ports = engine.ports,
		.bound = engine.bind_all,
		.since_us = (uint64_t)clock_mono_us(),
		.pid = (unsigned)getpid(),
	};
	int rc = survey_new(addrs, engine.addr_count, &claim, &engine.survey, err);

	if (!rc)
		survey_step(engine.survey, 0);
	return rc;
}

static void make_addrs(const struct addr *addrs)
{
	unsigned numbers = engine.ports.last - engine.ports.first + 1u;

	engine.addrs = g_new0(struct engine_addr, engine.addr_count);
	for (unsigned i = 0; i < engine.addr_count; i++)
		engine.addrs[i] = (struct engine_addr){
			.local = addr_with_port(addrs[i], 0),
			.opened = g_new0(struct steered_port *, numbers),
		};
}

int port_engine_steered_start(const struct addr *addrs, unsigned addr_count,
	const struct port_span *ports, unsigned loop_count, bool bind_all, struct err *err)
{
	int rc;

	g_assert(!engine.steer && ports->first > 0 && ports->first <= ports->last);
	rc = steer_new(addrs, addr_count, loop_count, &engine.steer, err);
	if (rc)
		return rc;
	engine.addr_count = addr_count;
	engine.ports = *ports;
	engine.lanes = g_new0(struct lane, loop_count);
	engine.lane_count = loop_count;
	engine.bind_all = bind_all;
	for (unsigned i = 0; i < FAMILIES; i++)
		engine.long_fds[i] = -1;
	make_addrs(addrs);
	rc = open_long(addrs, err);
	if (!rc)
		rc = open_lanes(addrs, err);
	if (!rc)
		rc = start_survey(addrs, err);
	if (rc)
		port_engine_steered_stop();
	return rc;
}

void port_engine_steered_stop(void)
{
	if (!engine.steer)
		return;
	steer_free(engine.steer);
	survey_free(engine.survey);
	for (unsigned i = 0; i < engine.lane_count; i++)
		lane_close(&engine.lanes[i]);
	for (unsigned i = 0; i < engine.addr_count; i++)
		g_free(engine.addrs[i].opened);
	for (unsigned i = 0; i < FAMILIES; i++)
		if (engine.long_fds[i] >= 0)
			close(engine.long_fds[i]);
	g_free(engine.lanes);
	g_free(engine.addrs);
	memset(&engine, 0, sizeof(engine));
}

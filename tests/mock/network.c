/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The network in memory that flow and unit tests run on. */
#include "network.h"

#include <errno.h>

#include <glib.h>

#include "stats/reason.h"

struct mock_port {
	struct port port; /* first */
	struct buf_pool *pool;
	unsigned waiting; /* datagrams in `incoming` that are for it */
	int tos;
};

/* One on its way; `target` NULL: to a host outside. */
struct transit {
	struct mock_port *target;
	struct mock_datagram *datagram;
};

struct way {
	struct mock_link link;
	GRand *random; /* NULL: perfect */
};

/* What a NAT has assigned for one destination. */
struct nat_binding {
	struct addr destination, outside;
};

struct nat {
	struct addr inside, outside;
	enum mock_nat_kind kind;
	GArray *bindings; /* struct nat_binding */
};

struct failure {
	int code;
	unsigned times;
};

static struct {
	GPtrArray *ports;            /* struct mock_port */
	GQueue incoming;             /* struct transit, oldest first */
	GQueue outgoing;             /* the same */
	GArray *occupied, *refusing; /* struct addr */
	GPtrArray *nats;             /* struct nat */
	struct failure open_failure, send_failure;
	struct way ways[2]; /* by enum mock_direction */
	unsigned lost;
	mock_forward_fn forward;
} net;

static void nat_free(void *object)
{
	struct nat *nat = object;

	g_array_unref(nat->bindings);
	g_free(nat);
}

static void ensure_ready(void)
{
	if (net.ports)
		return;
	net.ports = g_ptr_array_new();
	net.occupied = g_array_new(FALSE, FALSE, sizeof(struct addr));
	net.refusing = g_array_new(FALSE, FALSE, sizeof(struct addr));
	net.nats = g_ptr_array_new_with_free_func(nat_free);
	g_queue_init(&net.incoming);
	g_queue_init(&net.outgoing);
}

static bool array_has(const GArray *array, const struct addr *addr)
{
	for (unsigned i = 0; i < array->len; i++) {
		if (addr_equal(&g_array_index(array, struct addr, i), addr))
			return true;
	}
	return false;
}

static struct mock_port *port_at(const struct addr *local)
{
	for (unsigned i = 0; i < net.ports->len; i++) {
		struct mock_port *self = net.ports->pdata[i];

		if (addr_equal(&self->port.local, local))
			return self;
	}
	return NULL;
}

/* Takes one off a failure that was asked for: its code, or 0. */
static int failure_take(struct failure *failure)
{
	if (!failure->times)
		return 0;
	failure->times--;
	return failure->code;
}

static void transit_free(struct transit *transit)
{
	g_free(transit->datagram);
	g_free(transit);
}

static void queue_clear(GQueue *queue)
{
	struct transit *transit;

	while ((transit = g_queue_pop_head(queue)))
		transit_free(transit);
}

void mock_set_link(enum mock_direction direction, const struct mock_link *link)
{
	struct way *way = &net.ways[direction];

	g_clear_pointer(&way->random, g_rand_free);
	if (link)
		way->link = *link;
	if (link && (link->loss_percent || link->duplicate_percent || link->reorder_percent))
		way->random = g_rand_new_with_seed(link->seed);
}

void mock_reset(void)
{
	ensure_ready();
	g_assert_cmpuint(net.ports->len, ==, 0);
	queue_clear(&net.incoming);
	queue_clear(&net.outgoing);
	g_array_set_size(net.occupied, 0);
	g_array_set_size(net.refusing, 0);
	g_ptr_array_set_size(net.nats, 0);
	net.open_failure = net.send_failure = (struct failure){ 0 };
	mock_set_link(MOCK_IN, NULL);
	mock_set_link(MOCK_OUT, NULL);
	net.lost = 0;
	net.forward = NULL;
}

/* --- NAT --- */

void mock_nat(const struct addr *inside, const struct addr *outside, enum mock_nat_kind kind)
{
	struct nat *nat;

	ensure_ready();
	for (unsigned i = 0; i < net.nats->len; i++) {
		nat = net.nats->pdata[i];
		if (addr_equal(&nat->inside, inside)) {
			g_ptr_array_remove_index(net.nats, i);
			break;
		}
	}
	nat = g_new0(struct nat, 1);
	nat->inside = *inside;
	nat->outside = *outside;
	nat->kind = kind;
	nat->bindings = g_array_new(FALSE, FALSE, sizeof(struct nat_binding));
	g_ptr_array_add(net.nats, nat);
}

static struct nat *nat_of_host(const struct addr *inside)
{
	for (unsigned i = 0; i < net.nats->len; i++) {
		struct nat *nat = net.nats->pdata[i];

		if (addr_equal(&nat->inside, inside))
			return nat;
	}
	return NULL;
}

/* The host's address as `destination` sees it; makes the binding. */
static struct addr nat_leave(struct nat *nat, const struct addr *destination)
{
	struct nat_binding binding = { .destination = *destination, .outside = nat->outside };

	for (unsigned i = 0; i < nat->bindings->len; i++) {
		struct nat_binding *at = &g_array_index(nat->bindings, struct nat_binding, i);

		if (addr_equal(&at->destination, destination))
			return at->outside;
	}
	if (nat->kind == MOCK_NAT_SYMMETRIC)
		binding.outside.port += nat->bindings->len;
	g_array_append_val(nat->bindings, binding);
	return binding.outside;
}

static bool nat_admits(const struct nat *nat, const struct addr *from, const struct addr *to)
{
	if (nat->kind == MOCK_NAT_OPEN)
		return addr_equal(&nat->outside, to);
	for (unsigned i = 0; i < nat->bindings->len; i++) {
		struct nat_binding *at = &g_array_index(nat->bindings, struct nat_binding, i);

		if (addr_equal(&at->destination, from) && addr_equal(&at->outside, to))
			return true;
	}
	return false;
}

/* Does `addr` belong to the NAT's outside, with a binding or not? */
static bool nat_owns(const struct nat *nat, const struct addr *addr)
{
	if (addr_equal(&nat->outside, addr))
		return true;
	for (unsigned i = 0; i < nat->bindings->len; i++) {
		if (addr_equal(&g_array_index(nat->bindings, struct nat_binding, i).outside, addr))
			return true;
	}
	return false;
}

/* The host that `to` leads to, for a datagram from a port. False: it does not arrive. */
static bool nat_enter(const struct addr *from, struct addr *to)
{
	bool owned = false;

	for (unsigned i = 0; i < net.nats->len; i++) {
		struct nat *nat = net.nats->pdata[i];

		if (nat_admits(nat, from, to)) {
			*to = nat->inside;
			return true;
		}
		owned = owned || nat_owns(nat, to) || addr_equal(&nat->inside, to);
	}
	return !owned;
}

/* --- ways --- */

static bool chance(struct way *way, unsigned percent)
{
	return percent && g_rand_int_range(way->random, 0, 100) < (int)percent;
}

static void enqueue(GQueue *queue, struct mock_port *target, const struct mock_datagram *datagram,
	bool overtake)
{
	struct transit *transit;

	if (target && target->waiting >= MOCK_QUEUE_MAX) {
		net.lost++;
		return;
	}
	transit = g_new0(struct transit, 1);
	transit->target = target;
	transit->datagram = g_memdup2(datagram, sizeof(*datagram) + datagram->len);
	if (target)
		target->waiting++;
	if (overtake && queue->tail)
		g_queue_insert_before(queue, queue->tail, transit);
	else
		g_queue_push_tail(queue, transit);
}

/* Through the way's effects into its queue. False: lost. */
static bool pass_link(enum mock_direction direction, struct mock_port *target,
	const struct mock_datagram *datagram)
{
	GQueue *queue = target ? &net.incoming : &net.outgoing;
	struct way *way = &net.ways[direction];
	unsigned lost_before = net.lost;
	bool overtake;

	if (!way->random) {
		enqueue(queue, target, datagram, false);
		return net.lost == lost_before;
	}
	if (chance(way, way->link.loss_percent)) {
		net.lost++;
		return false;
	}
	overtake = chance(way, way->link.reorder_percent);
	enqueue(queue, target, datagram, overtake);
	if (chance(way, way->link.duplicate_percent))
		enqueue(queue, target, datagram, false);
	return net.lost == lost_before;
}

static struct mock_datagram *datagram_new(
	const struct addr *from, const struct addr *to, const void *bytes, size_t len)
{
	struct mock_datagram *datagram = g_malloc0(sizeof(*datagram) + len);

	datagram->from = *from;
	datagram->to = *to;
	datagram->len = len;
	if (len)
		memcpy(datagram->bytes, bytes, len);
	return datagram;
}

bool mock_send(const struct addr *from, const struct addr *to, const void *bytes, size_t len)
{
	g_autofree struct mock_datagram *datagram = NULL;
	struct mock_port *target;
	struct nat *nat;

	ensure_ready();
	nat = nat_of_host(from);
	datagram = datagram_new(from, to, bytes, len);
	if (nat)
		datagram->from = nat_leave(nat, to);
	target = port_at(to);
	if (target)
		return pass_link(MOCK_IN, target, datagram);
	net.lost++;
	return false;
}

static void deliver(struct mock_port *self, const struct mock_datagram *datagram)
{
	bool cut = datagram->len > BUF_PAYLOAD;
	struct buf *buf;
	union sock from;

	if (net.forward && net.forward(datagram, &self->port.local))
		return;
	buf = buf_get(self->pool);
	if (!buf) {
		reason_count(REASON_NO_BUFFER);
		return;
	}
	buf->len = cut ? BUF_PAYLOAD : (uint32_t)datagram->len;
	memcpy(buf->data, datagram->bytes, buf->len);
	addr_to_sock(&datagram->from, &from);
	if (!self->port.recv) {
		reason_count(REASON_NO_SESSION);
		buf_put(buf);
		return;
	}
	self->port.recv(&self->port, buf, &from, cut);
}

/* The oldest datagram whose port is on a loop. */
static struct transit *next_deliverable(void)
{
	for (GList *link = net.incoming.head; link; link = link->next) {
		struct transit *transit = link->data;

		if (transit->target->port.loop) {
			g_queue_delete_link(&net.incoming, link);
			return transit;
		}
	}
	return NULL;
}

unsigned mock_run(void)
{
	struct transit *transit;
	unsigned count = 0;

	ensure_ready();
	while ((transit = next_deliverable())) {
		g_assert_cmpuint(count, <, MOCK_RUN_MAX);
		transit->target->waiting--;
		deliver(transit->target, transit->datagram);
		transit_free(transit);
		count++;
	}
	return count;
}

static struct mock_datagram *pop_link(GList *link)
{
	struct transit *transit = link->data;
	struct mock_datagram *datagram = transit->datagram;

	g_queue_delete_link(&net.outgoing, link);
	g_free(transit);
	return datagram;
}

struct mock_datagram *mock_pop(void)
{
	return net.outgoing.head ? pop_link(net.outgoing.head) : NULL;
}

struct mock_datagram *mock_pop_to(const struct addr *to)
{
	for (GList *link = net.outgoing.head; link; link = link->next) {
		struct transit *transit = link->data;

		if (addr_equal(&transit->datagram->to, to))
			return pop_link(link);
	}
	return NULL;
}

unsigned mock_sent(void)
{
	return net.outgoing.length;
}

unsigned mock_lost(void)
{
	return net.lost;
}

unsigned mock_open_count(void)
{
	return net.ports ? net.ports->len : 0;
}

bool mock_is_open(const struct addr *local)
{
	ensure_ready();
	return port_at(local) != NULL;
}

int mock_tos(const struct addr *local)
{
	struct mock_port *self;

	ensure_ready();
	self = port_at(local);
	return self ? self->tos : -1;
}

void mock_fail_open(int code, unsigned times)
{
	net.open_failure = (struct failure){ .code = code, .times = times };
}

void mock_fail_send(int code, unsigned times)
{
	net.send_failure = (struct failure){ .code = code, .times = times };
}

void mock_occupy(const struct addr *local)
{
	ensure_ready();
	g_array_append_val(net.occupied, *local);
}

void mock_refuse(const struct addr *to)
{
	ensure_ready();
	g_array_append_val(net.refusing, *to);
}

/* --- the engine --- */

static int mock_open(const struct addr *local, int tos, struct port **ret_port, struct err *err)
{
	struct mock_port *self;
	char text[ADDR_TEXT];
	int code;

	ensure_ready();
	code = failure_take(&net.open_failure);
	if (!code && (port_at(local) || array_has(net.occupied, local)))
		code = EADDRINUSE;
	if (code)
		return err_set(err, code, "Failed to bind %s: %s", addr_print(local, text),
			g_strerror(code));
	self = g_new0(struct mock_port, 1);
	self->port.local = *local;
	self->port.engine = mock_engine();
	self->tos = tos;
	g_ptr_array_add(net.ports, self);
	*ret_port = &self->port;
	return 0;
}

static void mock_close(struct port *port)
{
	struct mock_port *self = (struct mock_port *)port;
	GList *next;

	g_assert(!self->port.loop);
	for (GList *link = net.incoming.head; link; link = next) {
		struct transit *transit = link->data;

		next = link->next;
		if (transit->target != self)
			continue;
		g_queue_delete_link(&net.incoming, link);
		transit_free(transit);
	}
	g_ptr_array_remove(net.ports, self);
	g_free(self);
}

static int mock_attach(struct port *port, struct loop *loop, struct buf_pool *pool)
{
	struct mock_port *self = (struct mock_port *)port;

	g_assert(loop && !self->port.loop);
	self->port.loop = loop;
	self->pool = pool;
	return 0;
}

static void mock_detach(struct port *port)
{
	struct mock_port *self = (struct mock_port *)port;

	self->port.loop = NULL;
	self->pool = NULL;
}

/* A port of ours, or a host outside, maybe behind a NAT. What gets lost here is no error. */
void mock_forward(const struct addr *local, const struct addr *peer, const void *bytes, size_t len)
{
	g_autofree struct mock_datagram *datagram = datagram_new(local, peer, bytes, len);
	struct mock_port *target = port_at(peer);

	if (!target && !nat_enter(local, &datagram->to)) {
		net.lost++;
		return;
	}
	pass_link(MOCK_OUT, target, datagram);
}

void mock_set_forward(mock_forward_fn fn)
{
	net.forward = fn;
}

static int mock_engine_send(
	struct port *port, struct buf *buf, const union sock *to, socklen_t to_len)
{
	struct addr addr = addr_of_sock(to);
	int code = failure_take(&net.send_failure);

	(void)to_len;
	if (!code && addr.family != port->local.family)
		code = EAFNOSUPPORT;
	if (!code && !addr.port)
		code = EINVAL;
	if (!code && array_has(net.refusing, &addr))
		code = ECONNREFUSED;
	if (!code)
		mock_forward(&port->local, &addr, buf->data, buf->len);
	buf_put(buf);
	return -code;
}

static int mock_set_tos(struct port *port, int tos)
{
	((struct mock_port *)port)->tos = tos;
	return 0;
}

const struct port_engine *mock_engine(void)
{
	static const struct port_engine engine = {
		.name = "mock",
		.open = mock_open,
		.close = mock_close,
		.attach = mock_attach,
		.detach = mock_detach,
		.send = mock_engine_send,
		.set_tos = mock_set_tos,
	};

	return &engine;
}

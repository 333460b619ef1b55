/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A worker's share of the steered engine: its sockets, and receiving on them. Top of the packet
 * path: `socket_ready` reads a batch and hands each datagram to the stream that owns its port.
 */
#include "net/steered_priv.h"

#include <errno.h>
#include <netinet/ip.h>
#include <unistd.h>

#include <glib.h>

#include "base/list.h"
#include "net/receive_time.h"
#include "stats/reason.h"

enum {
	BATCH_MAX = 64, /* datagrams per readiness; then others have their turn */
	/* Where a worker lags behind by more than this, packets are of no use any more: about
	 * 20,000 of G.711. Shared by all calls of an address. */
	SOCKET_BYTES = 8 * 1024 * 1024,
	KEPT_MAX = 4 * BATCH_MAX,
	DEFAULT_HOPS = 64,
	CONTROL_BYTES = CMSG_SPACE(sizeof(struct sockaddr_in6)) + CMSG_SPACE(sizeof(uint32_t)) +
			RECEIVE_TIME_BYTES,
};

struct recv_batch {
	unsigned empty; /* so many from the first have no buffer, or may have none */
	struct mmsghdr messages[BATCH_MAX];
	struct iovec parts[BATCH_MAX];
	union sock from[BATCH_MAX];
	struct buf *bufs[BATCH_MAX];
	uint16_t numbers[BATCH_MAX];    /* of the ports they were sent to; 0: none of ours */
	int64_t received_us[BATCH_MAX]; /* 0: not told */
	_Alignas(struct cmsghdr) uint8_t control[BATCH_MAX][CONTROL_BYTES];
};

/* Read while a port was taken off, before it was the turn of the port it is for. */
struct kept_datagram {
	struct buf *buf;
	union sock from;
	int64_t received_us;
	uint16_t number;
	bool cut;
};

struct kept_list {
	unsigned count;
	struct kept_datagram items[KEPT_MAX];
};

static struct recv_batch *batch_new(void)
{
	struct recv_batch *b = g_new0(struct recv_batch, 1);

	b->empty = BATCH_MAX;
	for (unsigned i = 0; i < BATCH_MAX; i++) {
		b->parts[i].iov_len = BUF_PAYLOAD;
		b->messages[i].msg_hdr = (struct msghdr){
			.msg_name = &b->from[i],
			.msg_iov = &b->parts[i],
			.msg_iovlen = 1,
			.msg_control = b->control[i],
		};
	}
	return b;
}

/* How many can be received now: those that have a buffer. */
static unsigned batch_fill(struct recv_batch *b, struct buf_pool *pool)
{
	for (unsigned i = 0; i < b->empty; i++) {
		if (!b->bufs[i])
			b->bufs[i] = buf_get(pool);
		if (!b->bufs[i])
			return i;
		b->parts[i].iov_base = b->bufs[i]->data;
		b->messages[i].msg_hdr.msg_namelen = sizeof(b->from[i]);
		b->messages[i].msg_hdr.msg_controllen = CONTROL_BYTES;
	}
	b->empty = 0;
	return BATCH_MAX;
}

static void batch_drain(struct recv_batch *b)
{
	for (unsigned i = 0; i < BATCH_MAX; i++) {
		buf_put(b->bufs[i]);
		b->bufs[i] = NULL;
	}
	b->empty = BATCH_MAX;
}

/* --- receiving --- */

static void count_overflows(struct lane_addr *place, uint32_t total)
{
	for (; place->overflows != total; place->overflows++)
		reason_count(REASON_RECEIVE_OVERFLOW);
}

static uint16_t number_at(const struct lane_addr *place, const void *data)
{
	const union sock *to = data;
	struct addr addr = addr_of_sock(to);

	return addr_same_ip(&addr, &place->local) ? addr.port : 0;
}

/*
 * The port a datagram was sent to, 0 if to none of this address: its socket has a port itself. And
 * when it came, 0 if that is not told.
 */
static uint16_t read_control(struct lane_addr *place, struct msghdr *message, int64_t *received_us)
{
	uint16_t number = 0;
	uint32_t overflows;

	*received_us = 0;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SO_RXQ_OVFL) {
			memcpy(&overflows, CMSG_DATA(c), sizeof(overflows));
			count_overflows(place, overflows);
		} else if ((c->cmsg_level == SOL_IP && c->cmsg_type == IP_ORIGDSTADDR) ||
			   (c->cmsg_level == SOL_IPV6 && c->cmsg_type == IPV6_ORIGDSTADDR)) {
			number = number_at(place, CMSG_DATA(c));
		} else {
			receive_time_read(c, received_us);
		}
	}
	return number;
}

/* NULL: not a number of ours. */
static struct steered_port **slot_of(const struct lane_addr *place, uint16_t number)
{
	if (number < place->port_min || number > place->port_max)
		return NULL;
	return &place->ports[number - place->port_min];
}

static struct steered_port *find_port(const struct lane_addr *place, uint16_t number)
{
	struct steered_port **slot = slot_of(place, number);

	return slot ? __atomic_load_n(slot, __ATOMIC_ACQUIRE) : NULL;
}

static void expect(struct lane_addr *place, unsigned count)
{
	struct recv_batch *b = place->lane->batch;

	for (unsigned i = 0; i < count; i++) {
		const struct steered_port *port = find_port(place, b->numbers[i]);

		if (!port)
			continue;
		__builtin_prefetch(port);
		__builtin_prefetch(&port->place);
	}
	for (unsigned pass = 0; pass < PORT_EXPECT_PASSES; pass++)
		for (unsigned i = 0; i < count; i++) {
			const struct steered_port *port = find_port(place, b->numbers[i]);

			if (port && port->port.expect)
				port->port.expect(&port->port, pass);
		}
}

static void read_numbers(struct lane_addr *place, unsigned count)
{
	struct recv_batch *b = place->lane->batch;

	for (unsigned i = 0; i < count; i++) {
		b->numbers[i] = read_control(place, &b->messages[i].msg_hdr, &b->received_us[i]);
		__builtin_prefetch(slot_of(place, b->numbers[i]));
	}
}

/* The callee may detach any port: each is looked for anew. */
static void hand_out(struct lane_addr *place, uint16_t number, struct buf *buf,
	const union sock *from, bool cut, int64_t received_us)
{
	struct steered_port *port = find_port(place, number);

	if (port && port->port.recv) {
		if (port->port.received_us != received_us)
			port->port.received_us = received_us;
		port->port.recv(&port->port, buf, from, cut);
		return;
	}
	reason_count(port ? REASON_NO_SESSION : REASON_PORT_MOVED);
	buf_put(buf);
}

static void hand_out_batch(struct lane_addr *place, unsigned count)
{
	struct recv_batch *b = place->lane->batch;

	expect(place, count);
	for (unsigned i = 0; i < count; i++) {
		struct buf *buf = b->bufs[i];

		b->bufs[i] = NULL;
		hand_out(place, b->numbers[i], buf, &b->from[i],
			b->messages[i].msg_hdr.msg_flags & MSG_TRUNC, b->received_us[i]);
	}
}

/* What is for that port is handed out, the rest is kept; there is room for a batch. */
static void hand_out_or_keep(struct lane_addr *place, unsigned count, uint16_t number)
{
	struct recv_batch *b = place->lane->batch;
	struct kept_list *kept = place->kept;

	for (unsigned i = 0; i < count; i++) {
		struct kept_datagram d = {
			.buf = b->bufs[i],
			.from = b->from[i],
			.received_us = b->received_us[i],
			.number = b->numbers[i],
			.cut = b->messages[i].msg_hdr.msg_flags & MSG_TRUNC,
		};

		b->bufs[i] = NULL;
		if (d.number == number)
			hand_out(place, number, d.buf, &d.from, d.cut, d.received_us);
		else
			kept->items[kept->count++] = d;
	}
}

/* Of those kept all, or of one port's only when `number` is not 0. */
static void hand_out_kept(struct lane_addr *place, uint16_t number)
{
	struct kept_list *kept = place->kept;
	unsigned left = 0;

	place->lane->delivering = true;
	for (unsigned i = 0; i < kept->count; i++) {
		struct kept_datagram *d = &kept->items[i];

		if (!number || d->number == number)
			hand_out(place, d->number, d->buf, &d->from, d->cut, d->received_us);
		else
			kept->items[left++] = *d;
	}
	kept->count = left;
	place->lane->delivering = false;
}

/* Room is gone, but the datagram must leave the socket, or epoll would never rest. */
static void discard_one(int fd)
{
	char byte;

	if (recv(fd, &byte, sizeof(byte), MSG_DONTWAIT) >= 0)
		reason_count(REASON_NO_BUFFER);
}

/*
 * Fills the batch: how many have come, of at most *ret_room; their lengths and port numbers are
 * known then.
 */
static unsigned receive_batch(struct lane_addr *place, unsigned *ret_room)
{
	struct lane *lane = place->lane;
	struct recv_batch *b = lane->batch;
	int n;

	*ret_room = batch_fill(b, lane->pool);
	if (!*ret_room) {
		discard_one(place->recv_fd);
		return 0;
	}
	n = recvmmsg(place->recv_fd, b->messages, *ret_room, MSG_DONTWAIT, NULL);
	if (n <= 0)
		return 0;
	for (unsigned i = 0; i < (unsigned)n; i++)
		b->bufs[i]->len = b->messages[i].msg_len;
	read_numbers(place, (unsigned)n);
	b->empty = MAX(b->empty, (unsigned)n);
	return (unsigned)n;
}

static void socket_ready(struct loop_source *source, struct loop *loop, uint32_t events)
{
	struct lane_addr *place = container_of(source, struct lane_addr, source);
	unsigned count, room;

	(void)loop;
	(void)events;
	hand_out_kept(place, 0);
	count = receive_batch(place, &room);
	place->lane->delivering = true;
	hand_out_batch(place, count);
	place->lane->delivering = false;
}

void lane_receive_for(struct lane_addr *place, uint16_t number, bool anew)
{
	struct lane *lane = place->lane;
	unsigned count, room;

	if (lane->delivering)
		return;
	hand_out_kept(place, number);
	if (place->read_out && !anew)
		return;
	place->read_out = true;
	do {
		if (KEPT_MAX - place->kept->count < BATCH_MAX)
			return;
		count = receive_batch(place, &room);
		lane->delivering = true;
		hand_out_or_keep(place, count, number);
		lane->delivering = false;
	} while (count && count == room);
}

void lane_set_port(struct lane_addr *place, struct steered_port *port)
{
	__atomic_store_n(slot_of(place, port->port.local.port), port, __ATOMIC_RELEASE);
}

void lane_clear_port(struct lane_addr *place, uint16_t number)
{
	__atomic_store_n(slot_of(place, number), NULL, __ATOMIC_RELEASE);
}

/* --- bound sockets of ports that waited --- */

void lane_empty_port(struct lane *lane, struct steered_port *port)
{
	port->next_emptied = lane->emptied;
	lane->emptied = port;
}

void lane_keep_port(struct lane *lane, struct steered_port *port)
{
	struct steered_port **at = &lane->emptied;

	while (*at && *at != port)
		at = &(*at)->next_emptied;
	if (*at)
		*at = port->next_emptied;
}

/* They were read to the end by now, or will be in the next turns. */
static void close_emptied(struct lane *lane)
{
	struct steered_port **at = &lane->emptied, *port;

	while ((port = *at)) {
		if (!port_epoll_is_empty(port->plain)) {
			at = &port->next_emptied;
			continue;
		}
		*at = port->next_emptied;
		steered_close_plain(port);
	}
}

/* --- on a loop --- */

static void finish_turn(struct loop_end *end, struct loop *loop)
{
	struct lane *lane = container_of(end, struct lane, turn_end);

	(void)loop;
	for (unsigned i = 0; i < lane->addr_count; i++) {
		hand_out_kept(&lane->addrs[i], 0);
		lane->addrs[i].read_out = false;
	}
	for (unsigned i = 0; i < lane->addr_count; i++)
		send_queue_flush(&lane->addrs[i]);
	if (lane->emptied)
		close_emptied(lane);
}

int lane_join(struct lane *lane, struct loop *loop, struct buf_pool *pool)
{
	lane->loop = loop;
	lane->pool = pool;
	for (unsigned i = 0; i < lane->addr_count; i++) {
		struct lane_addr *place = &lane->addrs[i];
		int rc;

		place->source.ready = socket_ready;
		rc = loop_watch(loop, place->recv_fd, &place->source);
		if (!rc)
			continue;
		while (i > 0)
			loop_unwatch(loop, lane->addrs[--i].recv_fd);
		lane->loop = NULL;
		return rc;
	}
	lane->turn_end.run = finish_turn;
	loop_add_end(loop, &lane->turn_end);
	return 0;
}

void lane_leave(struct lane *lane)
{
	finish_turn(&lane->turn_end, lane->loop);
	loop_remove_end(lane->loop, &lane->turn_end);
	for (unsigned i = 0; i < lane->addr_count; i++)
		loop_unwatch(lane->loop, lane->addrs[i].recv_fd);
	batch_drain(lane->batch);
	lane->loop = NULL;
	lane->pool = NULL;
}

/* --- sockets --- */

/* Beyond what the system allows anyone, where we may. */
static void set_room(int fd, int forced, int asked)
{
	const int bytes = SOCKET_BYTES;

	if (setsockopt(fd, SOL_SOCKET, forced, &bytes, sizeof(bytes)) < 0)
		setsockopt(fd, SOL_SOCKET, asked, &bytes, sizeof(bytes));
}

/*
 * On any port of the loopback address: bound, because only such sockets can be steered to, and
 * where nobody outside can reach it by that port.
 */
static int bind_to_loopback(int fd, bool ip6)
{
	struct addr local = { .family = ADDR_IP4, .ip = { 127, 0, 0, 1 } };
	union sock sock;
	socklen_t len;

	if (ip6)
		local = (struct addr){ .family = ADDR_IP6, .ip = { [15] = 1 } };
	len = addr_to_sock(&local, &sock);
	return bind(fd, &sock.sa, len);
}

static int open_receiver(struct lane_addr *place, struct err *err)
{
	bool ip6 = place->local.family == ADDR_IP6;
	const int on = 1;
	int fd = socket(ip6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	place->recv_fd = fd;
	if (fd < 0 || (ip6 && setsockopt(fd, SOL_IPV6, IPV6_V6ONLY, &on, sizeof(on)) < 0) ||
		setsockopt(fd, ip6 ? SOL_IPV6 : SOL_IP,
			ip6 ? IPV6_RECVORIGDSTADDR : IP_RECVORIGDSTADDR, &on, sizeof(on)) < 0 ||
		setsockopt(fd, SOL_SOCKET, SO_RXQ_OVFL, &on, sizeof(on)) < 0 ||
		setsockopt(fd, ip6 ? SOL_IPV6 : SOL_IP, ip6 ? IPV6_FREEBIND : IP_FREEBIND, &on,
			sizeof(on)) < 0 ||
		bind_to_loopback(fd, ip6) < 0)
		return err_set(err, errno, "opening a socket: %s", g_strerror(errno));
	set_room(fd, SO_RCVBUFFORCE, SO_RCVBUF);
	return 0;
}

/* What a UDP socket of this system would write. */
static uint8_t default_hops(bool ip6)
{
	int fd = socket(ip6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), hops = 0;
	socklen_t len = sizeof(hops);
	int rc = getsockopt(
		fd, ip6 ? SOL_IPV6 : SOL_IP, ip6 ? IPV6_UNICAST_HOPS : IP_TTL, &hops, &len);

	if (fd >= 0)
		close(fd);
	return rc < 0 || hops < 1 || hops > UINT8_MAX ? DEFAULT_HOPS : (uint8_t)hops;
}

/*
 * Bound to the address, so that routes that depend on the source are found. The address may come
 * later, as that of any port.
 */
static int open_sender(struct lane_addr *place, struct err *err)
{
	bool ip6 = place->local.family == ADDR_IP6;
	const int on = 1;
	union sock sock;
	socklen_t len = addr_to_sock(&place->local, &sock);
	int fd = socket(
		ip6 ? AF_INET6 : AF_INET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_RAW);

	place->raw_fd = fd;
	place->hops = default_hops(ip6);
	if (fd < 0 ||
		setsockopt(fd, ip6 ? SOL_IPV6 : SOL_IP, ip6 ? IPV6_FREEBIND : IP_FREEBIND, &on,
			sizeof(on)) < 0 ||
		bind(fd, &sock.sa, len) < 0)
		return err_set(err, errno, "opening a raw socket: %s", g_strerror(errno));
	set_room(fd, SO_SNDBUFFORCE, SO_SNDBUF);
	return 0;
}

int lane_open(struct lane *lane, unsigned index, const struct addr *addrs, unsigned addr_count,
	const struct port_span *ports, struct err *err)
{
	int rc = 0;

	*lane = (struct lane){
		.index = index,
		.batch = batch_new(),
		.addrs = g_new0(struct lane_addr, addr_count),
	};
	for (unsigned i = 0; !rc && i < addr_count; i++) {
		struct lane_addr *place = &lane->addrs[i];

		*place = (struct lane_addr){
			.lane = lane,
			.local = addr_with_port(addrs[i], 0),
			.recv_fd = -1,
			.raw_fd = -1,
			.port_min = ports->first,
			.port_max = ports->last,
			.ports = g_new0(struct steered_port *, ports->last - ports->first + 1u),
			.kept = g_new0(struct kept_list, 1),
			.queue = send_queue_new(),
		};
		lane->addr_count++;
		rc = open_receiver(place, err);
		if (!rc)
			rc = open_sender(place, err);
	}
	return rc;
}

void lane_close(struct lane *lane)
{
	g_assert(!lane->loop);
	for (unsigned i = 0; i < lane->addr_count; i++) {
		struct lane_addr *place = &lane->addrs[i];

		if (place->recv_fd >= 0)
			close(place->recv_fd);
		if (place->raw_fd >= 0)
			close(place->raw_fd);
		send_queue_free(place->queue);
		g_free(place->kept);
		g_free(place->ports);
	}
	g_free(lane->addrs);
	g_free(lane->batch);
}

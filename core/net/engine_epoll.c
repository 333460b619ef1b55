/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The port engine that is always there: one UDP socket per port, watched by its loop's epoll.
 * Top of the packet path: `port_ready` hands each datagram to the stream that owns the port.
 */
#include "net/socket.h"

#include <errno.h>
#include <netinet/ip.h>
#include <unistd.h>

#include <glib.h>

#include "base/list.h"
#include "net/receive_time.h"
#include "stats/reason.h"

struct epoll_port {
	struct port port;
	struct loop_source source;
	struct buf_pool *pool; /* of that loop's worker */
	int fd;
	bool timed; /* atomic: written by control, read by the loop's thread */
};

static struct epoll_port *epoll_port_of(struct port *port)
{
	return container_of(port, struct epoll_port, port);
}

/* Room is gone, but the datagram must leave the socket, or epoll would never rest. */
static void discard_one(int fd)
{
	char byte;

	if (recv(fd, &byte, sizeof(byte), 0) >= 0)
		reason_count(REASON_NO_BUFFER);
}

/* With the time at which it came; like recvfrom. */
static ssize_t receive_timed(
	const struct epoll_port *self, struct buf *buf, union sock *from, int64_t *received_us)
{
	_Alignas(struct cmsghdr) uint8_t control[RECEIVE_TIME_BYTES];
	struct iovec part = { buf->data, BUF_PAYLOAD };
	struct msghdr message = {
		.msg_name = from,
		.msg_namelen = sizeof(*from),
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	ssize_t len = recvmsg(self->fd, &message, MSG_TRUNC);

	if (len < 0)
		return len;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&message); c; c = CMSG_NXTHDR(&message, c))
		receive_time_read(c, received_us);
	return len;
}

/*
 * One datagram per readiness: a stream usually has one waiting, so a second try would be a wasted
 * system call; epoll tells again (it is level-triggered) when there are more, after the other
 * ports had their turn.
 */
static void port_ready(struct loop_source *source, struct loop *loop, uint32_t events)
{
	struct epoll_port *self = container_of(source, struct epoll_port, source);
	union sock from;
	socklen_t from_len = sizeof(from);
	int64_t received_us = 0;
	struct buf *buf;
	ssize_t len;
	bool cut;

	(void)loop;
	(void)events;
	buf = buf_get(self->pool);
	if (!buf) {
		discard_one(self->fd);
		return;
	}
	if (__atomic_load_n(&self->timed, __ATOMIC_RELAXED))
		len = receive_timed(self, buf, &from, &received_us);
	else
		len = recvfrom(self->fd, buf->data, BUF_PAYLOAD, MSG_TRUNC, &from.sa, &from_len);
	if (len < 0) {
		/* nothing there, or an ICMP error that this call has taken off the socket */
		buf_put(buf);
		return;
	}
	cut = len > BUF_PAYLOAD;
	buf->len = cut ? BUF_PAYLOAD : (uint32_t)len;
	/* its session's first plan is still on its way to this thread */
	if (!self->port.recv) {
		reason_count(REASON_NO_SESSION);
		buf_put(buf);
		return;
	}
	if (self->port.received_us != received_us)
		self->port.received_us = received_us;
	/* the callee may detach the port: nothing of it is used afterwards */
	self->port.recv(&self->port, buf, &from, cut);
}

static int set_tos_of(int fd, uint8_t family, int tos)
{
	bool ip6 = family == ADDR_IP6;
	int rc = setsockopt(
		fd, ip6 ? IPPROTO_IPV6 : IPPROTO_IP, ip6 ? IPV6_TCLASS : IP_TOS, &tos, sizeof(tos));

	return rc < 0 ? -errno : 0;
}

/*
 * Options cost a system call each on every call set-up, so only those that change something are
 * set: IPV6_V6ONLY matters for the wildcard address alone.
 */
static int set_options(int fd, const struct addr *local, int tos)
{
	const int on = 1;

	if (local->family == ADDR_IP6 && addr_is_unspecified(local) &&
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) < 0)
		return -errno;
	return tos > 0 ? set_tos_of(fd, local->family, tos) : 0;
}

static int epoll_open(const struct addr *local, int tos, struct port **ret_port, struct err *err)
{
	int system_family = local->family == ADDR_IP6 ? AF_INET6 : AF_INET;
	int fd = socket(system_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct epoll_port *self;
	char text[ADDR_TEXT];
	union sock sock;
	socklen_t sock_len;
	int rc;

	if (fd < 0)
		return err_set(err, errno, "Failed to open a socket: %s", g_strerror(errno));
	rc = set_options(fd, local, tos);
	if (rc) {
		err_set(err, -rc, "Failed to set socket options: %s", g_strerror(-rc));
		goto close_fd;
	}
	sock_len = addr_to_sock(local, &sock);
	if (bind(fd, &sock.sa, sock_len) < 0) {
		rc = err_set(err, errno, "Failed to bind %s: %s", addr_print(local, text),
			g_strerror(errno));
		goto close_fd;
	}
	self = g_new0(struct epoll_port, 1);
	self->port.local = *local;
	self->port.engine = port_engine_epoll();
	self->source.ready = port_ready;
	self->fd = fd;
	*ret_port = &self->port;
	return 0;

close_fd:
	close(fd);
	return rc;
}

static void epoll_close(struct port *port)
{
	struct epoll_port *self = epoll_port_of(port);

	g_assert(!port->loop);
	close(self->fd);
	g_free(self);
}

static int epoll_attach(struct port *port, struct loop *loop, struct buf_pool *pool)
{
	struct epoll_port *self = epoll_port_of(port);
	int rc;

	g_assert(!port->loop);
	/* first, because the loop's thread may be told before loop_watch returns */
	port->loop = loop;
	self->pool = pool;
	rc = loop_watch(loop, self->fd, &self->source);
	if (rc)
		port->loop = NULL;
	return rc;
}

static void epoll_detach(struct port *port)
{
	struct epoll_port *self = epoll_port_of(port);

	if (!port->loop)
		return;
	loop_unwatch(port->loop, self->fd);
	port->loop = NULL;
	self->pool = NULL;
}

static int epoll_send(struct port *port, struct buf *buf, const union sock *to, socklen_t to_len)
{
	struct epoll_port *self = epoll_port_of(port);
	ssize_t sent = sendto(
		self->fd, buf->data, buf->len, MSG_DONTWAIT | MSG_NOSIGNAL, &to->sa, to_len);
	int rc = sent < 0 ? -errno : 0;

	buf_put(buf);
	return rc;
}

static int epoll_set_tos(struct port *port, int tos)
{
	return set_tos_of(epoll_port_of(port)->fd, port->local.family, tos);
}

static int epoll_set_times(struct port *port, bool on)
{
	struct epoll_port *self = epoll_port_of(port);
	int rc = receive_time_ask(self->fd, on);

	if (!rc)
		__atomic_store_n(&self->timed, on, __ATOMIC_RELAXED);
	return rc;
}

bool port_epoll_is_empty(const struct port *port)
{
	const struct epoll_port *self = container_of(port, struct epoll_port, port);
	char byte;

	return recv(self->fd, &byte, sizeof(byte), MSG_PEEK | MSG_DONTWAIT) < 0;
}

const struct port_engine *port_engine_epoll(void)
{
	static const struct port_engine engine = {
		.name = "epoll",
		.open = epoll_open,
		.close = epoll_close,
		.attach = epoll_attach,
		.detach = epoll_detach,
		.send = epoll_send,
		.set_tos = epoll_set_tos,
		.set_times = epoll_set_times,
	};

	return &engine;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Packets that wait for the end of a loop's turn, to leave by one system call, each with the source
 * port of its own. Last step of the packet path.
 */
#include "net/steered_priv.h"

#include <errno.h>
#include <string.h>

#include <glib.h>

#include "net/udp_out.h"
#include "stats/reason.h"

enum { QUEUE_MAX = 128 };

struct send_queue {
	unsigned count;
	struct mmsghdr messages[QUEUE_MAX];
	struct iovec parts[QUEUE_MAX];
	union sock to[QUEUE_MAX];
	struct buf *bufs[QUEUE_MAX];
	struct steered_port *ports[QUEUE_MAX];
};

struct send_queue *send_queue_new(void)
{
	struct send_queue *q = g_new0(struct send_queue, 1);

	for (unsigned i = 0; i < QUEUE_MAX; i++)
		q->messages[i].msg_hdr = (struct msghdr){
			.msg_name = &q->to[i],
			.msg_iov = &q->parts[i],
			.msg_iovlen = 1,
		};
	return q;
}

void send_queue_free(struct send_queue *q)
{
	g_assert(!q || q->count == 0);
	g_free(q);
}

static void tell_unsent(struct steered_port *port, int error)
{
	if (port->port.unsent)
		port->port.unsent(&port->port, error);
	else
		reason_count(error == -EAGAIN || error == -ENOBUFS ? REASON_SEND_QUEUE_FULL
								   : REASON_SEND_FAILED);
}

/* Longer than the route takes in one piece. */
static int send_in_fragments(struct lane_addr *place, unsigned i)
{
	struct send_queue *q = place->queue;
	const struct steered_port *port = q->ports[i];
	const struct buf *buf = q->bufs[i];
	unsigned headers = udp_headers_bytes(&place->local);
	const uint8_t *payload = buf->data + headers;
	const struct udp_origin origin = {
		.local = port->port.local,
		.tos = __atomic_load_n(&port->tos, __ATOMIC_RELAXED),
	};

	memcpy(place->local.family == ADDR_IP6 ? &q->to[i].in6.sin6_port : &q->to[i].in.sin_port,
		payload - UDP_HEADER_BYTES + 2, sizeof(in_port_t));
	return udp_out_send(place->long_fd, &origin, payload, buf->len - headers, &q->to[i]);
}

/* Message `i` was refused. */
static void refused(struct lane_addr *place, unsigned i, int error)
{
	if (error == -EMSGSIZE)
		error = send_in_fragments(place, i);
	if (error)
		tell_unsent(place->queue->ports[i], error);
}

/* Once the socket's room is used up, the rest need not be tried. */
static void send_all(struct lane_addr *place)
{
	struct send_queue *q = place->queue;
	bool full = false;

	for (unsigned done = 0; done < q->count;) {
		int n = full ? -1
			     : sendmmsg(place->raw_fd, q->messages + done, q->count - done,
				       MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n > 0) {
			done += (unsigned)n;
			continue;
		}
		if (!full && errno == EINTR)
			continue;
		full = full || errno == EAGAIN;
		refused(place, done, full ? -EAGAIN : -errno);
		done++;
	}
}

void send_queue_flush(struct lane_addr *place)
{
	struct send_queue *q = place->queue;

	if (!q->count)
		return;
	send_all(place);
	for (unsigned i = 0; i < q->count; i++)
		buf_put(q->bufs[i]);
	q->count = 0;
}

/* The kernel takes a port in a raw socket's IPv6 address for a protocol. */
static void set_destination(
	struct send_queue *q, unsigned i, const union sock *to, socklen_t to_len)
{
	memcpy(&q->to[i], to, to_len);
	q->messages[i].msg_hdr.msg_namelen = to_len;
	if (to->sa.sa_family == AF_INET6)
		q->to[i].in6.sin6_port = 0;
}

void send_queue_add(struct lane_addr *place, struct steered_port *port, struct buf *buf,
	const union sock *to, socklen_t to_len)
{
	const struct udp_origin origin = {
		.local = port->port.local,
		.tos = __atomic_load_n(&port->tos, __ATOMIC_RELAXED),
		.hops = place->hops,
	};
	struct send_queue *q = place->queue;
	unsigned headers = udp_headers_bytes(&place->local), i;

	if (q->count == QUEUE_MAX)
		send_queue_flush(place);
	i = q->count++;
	udp_headers_write(buf->data, buf->len, &origin, to);
	buf->data -= headers;
	buf->len += headers;
	set_destination(q, i, to, to_len);
	q->parts[i] = (struct iovec){ .iov_base = buf->data, .iov_len = buf->len };
	q->bufs[i] = buf;
	q->ports[i] = port;
}

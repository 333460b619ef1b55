/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * NG over UDP. A reply leaves from the address its request came to, also on wildcard sockets
 * (packet-info).
 *
 * Several requests are served per wake-up, within a bound of time, so that ticks, workers'
 * messages and other listeners have their turn whatever comes in. What comes faster than it can
 * be handled waits in the socket's buffer, which holds a fraction of a second's work; beyond, the
 * system discards what comes and tells how much it was with the next datagram. Clients repeat
 * such requests. Those that wait are not thrown away instead: a late delete still frees ports.
 */
#define LOG_TOPIC LOG_T_CONTROL
#include "control/listen_udp.h"

#include "base/clock.h"
#include "base/list.h"
#include "base/wipe.h"
#include "stats/reason.h"

#include <errno.h>
#include <netinet/ip.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	MAX_DATAGRAM = 65535,
	MAX_REPLY = 65507, /* UDP over IPv4 */
	REQUESTS_PER_TURN = 32,
	TURN_US = 5000, /* no further request is begun in a turn then */
	RECEIVE_BUFFER = 4 * 1024 * 1024,
};

struct listen_udp {
	int fd;
	bool v6;
	struct control *control;
	GSource *source;
	GString *reply;
	uint32_t lost; /* by the system so far, as it tells */
	char buffer[MAX_DATAGRAM];
};

struct udp_source {
	GSource source;
	struct listen_udp *listen;
	gpointer tag;
};

/* Packet-info of either family, and how many datagrams were lost. */
union control_data {
	struct cmsghdr header;
	char bytes[CMSG_SPACE(sizeof(struct in6_pktinfo)) + CMSG_SPACE(sizeof(uint32_t))];
};

static int set_option(int fd, int level, int name, int value)
{
	return setsockopt(fd, level, name, &value, sizeof(value)) < 0 ? -errno : 0;
}

static int open_socket(const struct addr *local, int tos)
{
	bool v6 = local->family == ADDR_IP6;
	union sock sock;
	socklen_t len = addr_to_sock(local, &sock);
	int fd = socket(sock.sa.sa_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int ret = 0;

	if (fd < 0)
		return -errno;
	/* Requests come in bursts; what the system allows is enough. */
	set_option(fd, SOL_SOCKET, SO_RCVBUF, RECEIVE_BUFFER);
	set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	set_option(fd, SOL_SOCKET, SO_RXQ_OVFL, 1);
	if (v6)
		ret = set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
	if (!ret)
		ret = v6 ? set_option(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1)
			 : set_option(fd, IPPROTO_IP, IP_PKTINFO, 1);
	if (!ret && tos > 0)
		ret = v6 ? set_option(fd, IPPROTO_IPV6, IPV6_TCLASS, tos)
			 : set_option(fd, IPPROTO_IP, IP_TOS, tos);
	if (!ret && bind(fd, &sock.sa, len) < 0)
		ret = -errno;
	if (ret) {
		close(fd);
		return ret;
	}
	return fd;
}

int listen_udp_new(const struct addr *local, int tos, struct control *control,
	struct listen_udp **ret, struct err *err)
{
	char text[ADDR_TEXT];
	struct listen_udp *l;
	int fd = open_socket(local, tos);

	if (fd < 0)
		return err_set(err, -fd, "Failed to open UDP NG control connection port (%s): %s",
			addr_print(local, text), g_strerror(-fd));
	l = g_new0(struct listen_udp, 1);
	l->fd = fd;
	l->v6 = local->family == ADDR_IP6;
	l->control = control;
	l->reply = g_string_sized_new(4096);
	*ret = l;
	return 0;
}

/* What else was told with the request means nothing in a reply. */
static void keep_only(struct msghdr *msg, const struct cmsghdr *c)
{
	size_t len = c->cmsg_len;

	memmove(msg->msg_control, c, len);
	msg->msg_controllen = len;
}

/* The interface index must not bind the reply: routes may lead elsewhere. */
static void keep_source_address(struct msghdr *msg)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
			struct in_pktinfo *info = (void *)CMSG_DATA(c);

			info->ipi_ifindex = 0;
			info->ipi_spec_dst = info->ipi_addr;
			keep_only(msg, c);
			return;
		}
		if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
			struct in6_pktinfo *info = (void *)CMSG_DATA(c);

			if (!IN6_IS_ADDR_LINKLOCAL(&info->ipi6_addr))
				info->ipi6_ifindex = 0;
			keep_only(msg, c);
			return;
		}
	}
	msg->msg_control = NULL;
	msg->msg_controllen = 0;
}

/* `msg` as its request came. */
static void send_reply(
	struct listen_udp *l, struct msghdr *msg, struct str reply, const struct addr *client)
{
	struct iovec iov = { .iov_base = (char *)reply.s, .iov_len = reply.len };
	char text[ADDR_TEXT];

	msg->msg_iov = &iov;
	msg->msg_iovlen = 1;
	msg->msg_flags = 0;
	if (sendmsg(l->fd, msg, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		log_warn("Failed to reply to %s: %s", addr_print(client, text), g_strerror(errno));
}

/* In place of a reply that is too long; `message`: its request, or itself. */
static void refuse_long(struct str message, size_t len, const struct addr *client, GString *reply)
{
	char text[ADDR_TEXT];

	reason_count(REASON_NG_REPLY_TOO_LONG);
	log_err("Reply to %s does not fit a datagram (%zu bytes)", addr_print(client, text), len);
	request_refuse(message, "Reply does not fit a datagram", reply);
}

static void fit_reply(struct listen_udp *l, struct str request, const struct addr *client)
{
	size_t len = l->reply->len;

	if (len <= MAX_REPLY)
		return;
	g_string_truncate(l->reply, 0);
	refuse_long(request, len, client, l->reply);
}

/* A reply that comes later, and where it goes. */
struct udp_later {
	struct answer_to to;
	struct listen_udp *l;
	union sock from;
	socklen_t from_len;
	size_t control_len;
	union control_data control; /* ends in what has no size */
};

static void send_later(struct answer_to *to, struct str answer)
{
	struct udp_later *later = container_of(to, struct udp_later, to);
	struct addr client = addr_of_sock(&later->from);
	struct msghdr msg = {
		.msg_name = &later->from,
		.msg_namelen = later->from_len,
		.msg_control = later->control_len ? &later->control : NULL,
		.msg_controllen = later->control_len,
	};

	if (answer.len > MAX_REPLY) {
		g_autoptr(GString) reply = g_string_new(NULL);

		refuse_long(answer, answer.len, &client, reply); /* its cookie is the request's */
		send_reply(later->l, &msg, (struct str){ reply->str, reply->len }, &client);
	} else if (answer.s) {
		send_reply(later->l, &msg, answer, &client);
	}
	g_free(later);
}

/* The request that is being served. */
struct udp_request {
	struct listen_udp *l;
	struct msghdr *msg;
};

static struct answer_to *answer_later(void *arg)
{
	const struct udp_request *request = arg;
	const struct msghdr *msg = request->msg;
	struct udp_later *later = g_new0(struct udp_later, 1);

	later->to.send = send_later;
	later->l = request->l;
	memcpy(&later->from, msg->msg_name, msg->msg_namelen);
	later->from_len = msg->msg_namelen;
	later->control_len = msg->msg_controllen;
	if (msg->msg_controllen)
		memcpy(&later->control, msg->msg_control, msg->msg_controllen);
	return &later->to;
}

/* The system counts from the socket's beginning, and wraps. */
static void count_lost(struct listen_udp *l, struct msghdr *msg)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		uint32_t lost;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SO_RXQ_OVFL)
			continue;
		memcpy(&lost, CMSG_DATA(c), sizeof(lost));
		if (lost == l->lost)
			return;
		reason_count_many(REASON_NG_OVERLOAD, lost - l->lost);
		l->lost = lost;
		log_write_limited(LOG_L_WARNING,
			"NG requests are lost, as they come faster than they can be handled");
		return;
	}
}

/* False: nothing was there. */
static bool serve_one(struct listen_udp *l)
{
	union sock from;
	union control_data control;
	struct iovec iov = { .iov_base = l->buffer, .iov_len = sizeof(l->buffer) };
	struct msghdr msg = {
		.msg_name = &from,
		.msg_namelen = sizeof(from),
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	ssize_t len = recvmsg(l->fd, &msg, 0);
	struct udp_request served = { l, &msg };
	struct addr client;
	struct str request;

	if (len < 0) /* an error of an earlier reply is taken off the socket by this, too */
		return errno != EAGAIN && errno != EWOULDBLOCK;
	count_lost(l, &msg);
	client = addr_of_sock(&from);
	request = (struct str){ l->buffer, (size_t)len };
	keep_source_address(&msg);
	if (request_take(l->control, request, &client, answer_later, &served, l->reply)) {
		fit_reply(l, request, &client);
		send_reply(l, &msg, (struct str){ l->reply->str, l->reply->len }, &client);
	}
	string_wipe(l->reply);
	explicit_bzero(l->buffer, (size_t)len);
	return true;
}

static gboolean udp_dispatch(GSource *source, GSourceFunc callback, gpointer arg)
{
	struct listen_udp *l = ((struct udp_source *)source)->listen;
	int64_t end_us = clock_mono_us() + TURN_US;

	(void)callback;
	(void)arg;
	for (unsigned i = 0; i < REQUESTS_PER_TURN && serve_one(l); i++)
		if (clock_mono_us() >= end_us)
			break;
	return G_SOURCE_CONTINUE;
}

static gboolean udp_check(GSource *source)
{
	return g_source_query_unix_fd(source, ((struct udp_source *)source)->tag) != 0;
}

static GSourceFuncs udp_funcs = { .check = udp_check, .dispatch = udp_dispatch };

void listen_udp_set_tos(struct listen_udp *l, int tos)
{
	int ret = l->v6 ? set_option(l->fd, IPPROTO_IPV6, IPV6_TCLASS, tos)
			: set_option(l->fd, IPPROTO_IP, IP_TOS, tos);

	if (ret < 0)
		log_warn("The TOS of NG replies cannot be set: %s", g_strerror(-ret));
}

void listen_udp_start(struct listen_udp *l, GMainContext *context)
{
	struct udp_source *source;

	l->source = g_source_new(&udp_funcs, sizeof(struct udp_source));
	source = (struct udp_source *)l->source;
	source->listen = l;
	source->tag = g_source_add_unix_fd(l->source, l->fd, G_IO_IN);
	g_source_attach(l->source, context);
}

void listen_udp_free(struct listen_udp *l)
{
	if (!l)
		return;
	if (l->source) {
		g_source_destroy(l->source);
		g_source_unref(l->source);
	}
	close(l->fd);
	g_string_free(l->reply, TRUE);
	g_free(l);
}

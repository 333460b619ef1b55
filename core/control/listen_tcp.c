/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Sockets and buffers of TCP front ends. A connection has buffers only while something waits in
 * them. Connections are listed by when they were last heard of: when there are too many, or no
 * descriptors are left, or too much output waits, the one silent for longest makes room.
 */
#define LOG_TOPIC LOG_T_CONTROL
#include "control/listen_tcp.h"

#include "base/list.h"
#include "base/log.h"
#include "base/wipe.h"
#include "control/command.h"
#include "stats/counter.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	BACKLOG = 512,
	EVENTS_PER_TURN = 64,
	ACCEPTS_PER_TURN = 64,
	READ_BYTES = 16 * 1024, /* of one connection per turn, for the others' sake */
	DISCARD_BYTES = 64 * 1024,
	RETRY_ACCEPT_MS = 1000,
	KEEPALIVE_SECONDS = 300, /* of silence, before the system asks whether a peer is there */
};

/* What epoll's events point to. */
struct item {
	void (*ready)(struct item *item, uint32_t events);
	int fd;
};

struct tcp_server {
	GMainContext *context;
	GSource *source;
	gpointer tag;
	int epoll_fd;
	struct list groups;
	struct list closed; /* connections whose events may still be in the current batch */
	char buffer[READ_BYTES];
};

struct tcp_group {
	struct list link; /* of the server */
	struct tcp_server *server;
	const struct tcp_service *service;
	void *arg;
	struct list listeners;
	struct list conns; /* the one silent for longest first */
	unsigned count;
	size_t out_bytes; /* unsent, of all */
};

struct listener {
	struct item item;
	struct list link;
	struct tcp_group *group;
	GSource *retry; /* NULL: it is being watched */
};

struct tcp_conn {
	struct item item; /* fd -1: closed */
	struct list link;
	struct tcp_group *group;
	GString *in, *out;   /* NULL while empty */
	size_t out_at;       /* sent already */
	uint32_t events;     /* what epoll waits for */
	bool finishing;      /* close when all is sent */
	bool at_end;         /* the peer sends no more */
	bool busy;           /* being served: what is next is decided after that */
	struct list answers; /* struct tcp_later: those that it still waits for */
	char peer[ADDR_TEXT];
	max_align_t state[]; /* the plugin's */
};

struct server_source {
	GSource source;
	struct tcp_server *server;
};

/* An answer that comes later. */
struct tcp_later {
	struct answer_to to;
	struct list link;
	struct tcp_conn *conn; /* NULL: it is gone */
};

static int set_flag(int fd, int level, int name, int value)
{
	return setsockopt(fd, level, name, &value, sizeof(value)) < 0 ? -errno : 0;
}

static int watch(struct tcp_server *s, int op, struct item *item, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.ptr = item };

	return epoll_ctl(s->epoll_fd, op, item->fd, &event) < 0 ? -errno : 0;
}

static size_t unsent(const struct tcp_conn *conn)
{
	return conn->out ? conn->out->len - conn->out_at : 0;
}

static void drop_buffer(GString **buffer)
{
	string_wipe_free(*buffer);
	*buffer = NULL;
}

/*
 * Input that was not read would make the system cut the connection off, with what is still on
 * its way to the peer.
 */
static void discard_input(struct tcp_conn *conn)
{
	struct tcp_server *s = conn->group->server;

	for (size_t n = 0; n < DISCARD_BYTES;) {
		ssize_t len = recv(conn->item.fd, s->buffer, sizeof(s->buffer), MSG_DONTWAIT);

		if (len <= 0)
			return;
		n += (size_t)len;
	}
}

/* Its memory goes when no event can point to it any more. */
static void close_conn(struct tcp_conn *conn)
{
	struct tcp_group *group = conn->group;

	if (conn->item.fd < 0)
		return;
	if (group->service->closed)
		group->service->closed(conn, group->arg);
	list_each_safe(it, &conn->answers)
	{
		container_of(it, struct tcp_later, link)->conn = NULL;
		list_remove(it);
	}
	discard_input(conn);
	close(conn->item.fd);
	conn->item.fd = -1;
	group->out_bytes -= unsent(conn);
	group->count--;
	drop_buffer(&conn->in);
	drop_buffer(&conn->out);
	list_remove(&conn->link);
	list_append(&group->server->closed, &conn->link);
}

static void free_closed(struct tcp_server *s)
{
	list_each_safe(it, &s->closed)
	{
		list_remove(it);
		g_free(container_of(it, struct tcp_conn, link));
	}
}

/* False: there is none but `except`. */
static bool evict(struct tcp_group *group, const struct tcp_conn *except, bool with_output)
{
	list_each (it, &group->conns) {
		struct tcp_conn *conn = container_of(it, struct tcp_conn, link);

		if (conn == except || (with_output && !unsent(conn)))
			continue;
		log_write_limited(LOG_L_WARNING, "Closing %s connection from %s to make room",
			group->service->kind, conn->peer);
		counter_add(COUNTER_TCP_REFUSED, 1);
		close_conn(conn);
		return true;
	}
	return false;
}

static void heard_of(struct tcp_conn *conn)
{
	list_remove(&conn->link);
	list_append(&conn->group->conns, &conn->link);
}

/* False: the connection is gone. */
static bool flush(struct tcp_conn *conn)
{
	while (unsent(conn)) {
		ssize_t len = send(conn->item.fd, conn->out->str + conn->out_at, unsent(conn),
			MSG_DONTWAIT | MSG_NOSIGNAL);

		if (len < 0 && errno == EINTR)
			continue;
		if (len < 0 && errno != EAGAIN && errno != EWOULDBLOCK) {
			close_conn(conn);
			return false;
		}
		if (len < 0)
			return true;
		conn->out_at += (size_t)len;
		conn->group->out_bytes -= (size_t)len;
	}
	drop_buffer(&conn->out);
	conn->out_at = 0;
	return true;
}

static bool may_go_on(const struct tcp_conn *conn)
{
	return conn->item.fd >= 0 && !conn->finishing &&
	       unsent(conn) <= conn->group->service->max_out_bytes;
}

/* Message by message, as long as the answers can be got rid of. Returns what is left. */
static struct str take_messages(struct tcp_conn *conn, struct str in)
{
	struct tcp_group *group = conn->group;

	while (may_go_on(conn)) {
		size_t used = group->service->received(conn, in, conn->at_end, group->arg);

		if (!used || conn->item.fd < 0)
			break;
		in = str_skip(in, used);
		if (unsent(conn) > group->service->max_out_bytes && !flush(conn))
			break;
	}
	return in;
}

/* `rest` is a part of conn->in or of the server's buffer. */
static void keep_rest(struct tcp_conn *conn, struct str rest)
{
	if (conn->finishing || !rest.len) {
		drop_buffer(&conn->in);
	} else if (conn->in) {
		g_string_erase(conn->in, 0, (gssize)(conn->in->len - rest.len));
	} else {
		conn->in = g_string_new_len(rest.s, (gssize)rest.len);
	}
}

static void process(struct tcp_conn *conn, struct str fresh)
{
	struct str rest = fresh;

	if (conn->in) {
		g_string_append_len(conn->in, fresh.s, (gssize)fresh.len);
		rest = (struct str){ conn->in->str, conn->in->len };
	}
	rest = take_messages(conn, rest);
	if (conn->item.fd < 0)
		return;
	keep_rest(conn, rest);
	if (!may_go_on(conn))
		return;
	if (conn->at_end) {
		conn->finishing = list_empty(&conn->answers);
	} else if (conn->in && conn->in->len > conn->group->service->max_in_bytes) {
		log_write_limited(LOG_L_WARNING,
			"Closing %s connection from %s: more than %zu bytes without an end",
			conn->group->service->kind, conn->peer, conn->group->service->max_in_bytes);
		counter_add(COUNTER_TCP_OVERRUN, 1);
		close_conn(conn);
	}
}

/* False: the connection is gone. */
static bool receive(struct tcp_conn *conn)
{
	struct tcp_server *s = conn->group->server;
	ssize_t len = recv(conn->item.fd, s->buffer, sizeof(s->buffer), MSG_DONTWAIT);

	if (len < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
		return true;
	if (len < 0) {
		close_conn(conn);
		return false;
	}
	conn->at_end = len == 0;
	heard_of(conn);
	process(conn, (struct str){ s->buffer, (size_t)len });
	return conn->item.fd >= 0;
}

/* Sends what can be sent, goes on with input that waited for it, and waits for what is next. */
static void settle(struct tcp_conn *conn)
{
	bool waited = unsent(conn) > conn->group->service->max_out_bytes;
	uint32_t events = 0;

	if (!flush(conn))
		return;
	if (waited && may_go_on(conn) && (conn->in || conn->at_end)) {
		process(conn, STR_NULL);
		if (conn->item.fd < 0 || !flush(conn))
			return;
	}
	if (conn->finishing && !unsent(conn)) {
		close_conn(conn);
		return;
	}
	if (may_go_on(conn) && !conn->at_end)
		events |= EPOLLIN;
	if (unsent(conn))
		events |= EPOLLOUT;
	if (events != conn->events &&
		watch(conn->group->server, EPOLL_CTL_MOD, &conn->item, events) < 0)
		close_conn(conn);
	else
		conn->events = events;
}

static void conn_ready(struct item *item, uint32_t events)
{
	struct tcp_conn *conn = container_of(item, struct tcp_conn, item);

	if (item->fd < 0)
		return;
	if (events & (EPOLLERR | EPOLLHUP)) {
		close_conn(conn);
		return;
	}
	conn->busy = true;
	if (!(events & EPOLLIN) || receive(conn))
		settle(conn);
	conn->busy = false;
}

static void add_conn(struct tcp_group *group, int fd, const union sock *from)
{
	struct tcp_conn *conn = g_malloc0(sizeof(*conn) + group->service->state_bytes);
	struct addr peer = addr_of_sock(from);

	set_flag(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	set_flag(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
	set_flag(fd, IPPROTO_TCP, TCP_KEEPIDLE, KEEPALIVE_SECONDS);
	conn->item = (struct item){ .ready = conn_ready, .fd = fd };
	conn->group = group;
	conn->events = EPOLLIN;
	list_init(&conn->answers);
	addr_print(&peer, conn->peer);
	list_append(&group->conns, &conn->link);
	group->count++;
	if (watch(group->server, EPOLL_CTL_ADD, &conn->item, conn->events) < 0) {
		close_conn(conn);
		return;
	}
	if (group->service->opened)
		group->service->opened(conn, group->arg);
	if (group->count > group->service->max_connections)
		evict(group, conn, false);
}

static gboolean retry_accept(gpointer arg)
{
	struct listener *l = arg;

	watch(l->group->server, EPOLL_CTL_MOD, &l->item, EPOLLIN);
	g_source_unref(l->retry);
	l->retry = NULL;
	return G_SOURCE_REMOVE;
}

/* The one that waits to be accepted would wake us again and again. */
static void pause_listener(struct listener *l)
{
	watch(l->group->server, EPOLL_CTL_MOD, &l->item, 0);
	l->retry = g_timeout_source_new(RETRY_ACCEPT_MS);
	g_source_set_callback(l->retry, retry_accept, l, NULL);
	g_source_attach(l->retry, l->group->server->context);
}

static bool lacks_descriptors(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

static void listener_ready(struct item *item, uint32_t events)
{
	struct listener *l = container_of(item, struct listener, item);

	(void)events;
	for (unsigned i = 0; i < ACCEPTS_PER_TURN; i++) {
		union sock from;
		socklen_t len = sizeof(from);
		int fd = accept4(item->fd, &from.sa, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd >= 0) {
			add_conn(l->group, fd, &from);
			continue;
		}
		if (lacks_descriptors(errno) && !evict(l->group, NULL, false))
			pause_listener(l);
		return;
	}
}

static gboolean server_dispatch(GSource *source, GSourceFunc callback, gpointer arg)
{
	struct tcp_server *s = ((struct server_source *)source)->server;
	struct epoll_event events[EVENTS_PER_TURN];
	int count = epoll_wait(s->epoll_fd, events, EVENTS_PER_TURN, 0);

	(void)callback;
	(void)arg;
	for (int i = 0; i < count; i++) {
		struct item *item = events[i].data.ptr;

		item->ready(item, events[i].events);
	}
	free_closed(s);
	return G_SOURCE_CONTINUE;
}

static gboolean server_check(GSource *source)
{
	return g_source_query_unix_fd(source, ((struct server_source *)source)->server->tag) != 0;
}

static GSourceFuncs server_funcs = { .check = server_check, .dispatch = server_dispatch };

struct tcp_server *tcp_server_new(GMainContext *context, struct err *err)
{
	int fd = epoll_create1(EPOLL_CLOEXEC);
	struct tcp_server *s;

	if (fd < 0) {
		err_set(err, errno, "No descriptors left (%s)", g_strerror(errno));
		return NULL;
	}
	s = g_new0(struct tcp_server, 1);
	s->epoll_fd = fd;
	s->context = context;
	list_init(&s->groups);
	list_init(&s->closed);
	s->source = g_source_new(&server_funcs, sizeof(struct server_source));
	((struct server_source *)s->source)->server = s;
	s->tag = g_source_add_unix_fd(s->source, fd, G_IO_IN);
	g_source_attach(s->source, context);
	return s;
}

struct tcp_group *tcp_server_group(
	struct tcp_server *server, const struct tcp_service *service, void *arg)
{
	struct tcp_group *group = g_new0(struct tcp_group, 1);

	group->server = server;
	group->service = service;
	group->arg = arg;
	list_init(&group->listeners);
	list_init(&group->conns);
	list_append(&server->groups, &group->link);
	return group;
}

static int open_socket(const struct addr *local)
{
	union sock sock;
	socklen_t len = addr_to_sock(local, &sock);
	int fd = socket(sock.sa.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int ret;

	if (fd < 0)
		return -errno;
	set_flag(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	ret = local->family == ADDR_IP6 ? set_flag(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1) : 0;
	if (!ret && (bind(fd, &sock.sa, len) < 0 || listen(fd, BACKLOG) < 0))
		ret = -errno;
	if (!ret)
		return fd;
	close(fd);
	return ret;
}

int tcp_group_listen(struct tcp_group *group, const struct addr *local, struct err *err)
{
	int fd = open_socket(local);
	struct listener *l;
	char text[ADDR_TEXT];

	if (fd < 0)
		return err_set(err, -fd, "Failed to open %s connection port (%s): %s",
			group->service->kind, addr_print(local, text), g_strerror(-fd));
	l = g_new0(struct listener, 1);
	l->item = (struct item){ .ready = listener_ready, .fd = fd };
	l->group = group;
	list_append(&group->listeners, &l->link);
	return watch(group->server, EPOLL_CTL_ADD, &l->item, EPOLLIN);
}

unsigned tcp_group_count(const struct tcp_group *group)
{
	return group->count;
}

static void free_group(struct tcp_group *group)
{
	list_each_safe(it, &group->conns) close_conn(container_of(it, struct tcp_conn, link));
	list_each_safe(it, &group->listeners)
	{
		struct listener *l = container_of(it, struct listener, link);

		if (l->retry) {
			g_source_destroy(l->retry);
			g_source_unref(l->retry);
		}
		close(l->item.fd);
		g_free(l);
	}
	g_free(group);
}

void tcp_server_free(struct tcp_server *s)
{
	if (!s)
		return;
	list_each_safe(it, &s->groups) free_group(container_of(it, struct tcp_group, link));
	free_closed(s);
	g_source_destroy(s->source);
	g_source_unref(s->source);
	close(s->epoll_fd);
	g_free(s);
}

const char *tcp_conn_peer(const struct tcp_conn *conn)
{
	return conn->peer;
}

void tcp_conn_send(struct tcp_conn *conn, struct str bytes)
{
	struct tcp_group *group = conn->group;

	if (conn->item.fd < 0)
		return;
	if (!conn->out)
		conn->out = g_string_sized_new(bytes.len);
	g_string_append_len(conn->out, bytes.s, (gssize)bytes.len);
	group->out_bytes += bytes.len;
	while (group->out_bytes > TCP_GROUP_OUT_BYTES && evict(group, conn, true))
		continue;
	if (!conn->busy)
		settle(conn);
}

void *tcp_conn_state(struct tcp_conn *conn)
{
	return conn->state;
}

void tcp_conn_finish(struct tcp_conn *conn)
{
	conn->finishing = true;
	if (!conn->busy && conn->item.fd >= 0)
		settle(conn);
}

static void send_later(struct answer_to *to, struct str answer)
{
	struct tcp_later *later = container_of(to, struct tcp_later, to);
	struct tcp_conn *conn = later->conn;

	if (conn) {
		list_remove(&later->link);
		if (answer.s)
			tcp_conn_send(conn, answer);
		if (conn->at_end && list_empty(&conn->answers) && may_go_on(conn))
			tcp_conn_finish(conn);
	}
	g_free(later);
}

struct answer_to *tcp_conn_answer_later(void *arg)
{
	struct tcp_conn *conn = arg;
	struct tcp_later *later = g_new0(struct tcp_later, 1);

	later->to.send = send_later;
	later->conn = conn;
	list_append(&conn->answers, &later->link);
	return &later->to;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * TCP for plugins' protocols (api/tcp.h): one epoll descriptor for all sockets, which is the only
 * thing of it that control's loop sees. So connections that do nothing cost no time, however
 * many there are. [control], but for making and binding, which main does before control runs.
 */
#ifndef CONTROL_LISTEN_TCP_H
#define CONTROL_LISTEN_TCP_H

#include "api/tcp.h"
#include "base/err.h"
#include "net/addr.h"

#include <glib.h>

struct answer_to;
struct tcp_server;
struct tcp_group;

enum {
	/* Unsent output of all connections of a group; beyond, the one silent longest goes. */
	TCP_GROUP_OUT_BYTES = 64 * 1024 * 1024,
};

/* Served by `context`'s thread. NULL and `err`: no descriptors left. */
struct tcp_server *tcp_server_new(GMainContext *context, struct err *err);
/* Closes everything, unsent output or not. NULL is fine. */
void tcp_server_free(struct tcp_server *server);
/* The connections of one service; `service` and `arg` must outlive the server. */
struct tcp_group *tcp_server_group(
	struct tcp_server *server, const struct tcp_service *service, void *arg);
/* 0 or -errno with spec daemon 1.3's text. */
int tcp_group_listen(struct tcp_group *group, const struct addr *local, struct err *err);
unsigned tcp_group_count(const struct tcp_group *group); /* connections */

const char *tcp_conn_peer(const struct tcp_conn *conn);
void *tcp_conn_state(struct tcp_conn *conn);
void tcp_conn_send(struct tcp_conn *conn, struct str bytes);
void tcp_conn_finish(struct tcp_conn *conn);
/* An answer_to_fn: `conn` is a struct tcp_conn, which may be gone when the answer comes. */
struct answer_to *tcp_conn_answer_later(void *conn);

#endif

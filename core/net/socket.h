/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Ports: what a stream receives on and sends from. The packet path knows a local address, a
 * receive callback and a send function, never a descriptor; an engine drives them.
 *
 *   epoll     one socket per port (engine_epoll.c)
 *   mock      in memory, for tests (tests/mock/network.c)
 */
#ifndef NET_SOCKET_H
#define NET_SOCKET_H

#include "base/buf.h"
#include "base/err.h"
#include "base/loop.h"
#include "net/addr.h"

struct port;

/*
 * A datagram has come for `port`. `buf` is the callee's: it frees it or passes it on. `from` is
 * valid during the call. `cut`: the datagram was longer than a buffer. [media]
 */
typedef void (*port_recv_fn)(struct port *port, struct buf *buf, const union sock *from, bool cut);

struct port_engine {
	const char *name;
	/* Opens and binds. [control] 0 or -errno. */
	int (*open)(const struct addr *local, int tos, struct port **ret_port, struct err *err);
	void (*close)(struct port *port); /* no loop may have it any more [control] */
	/*
	 * Puts the port on a loop or takes it off. Attached by whoever has the session: control
	 * before it is handed over, the worker after. Packets that come while a port is on no
	 * loop wait. 0 or -errno.
	 */
	int (*attach)(struct port *port, struct loop *loop, struct buf_pool *pool);
	void (*detach)(struct port *port);
	/* Takes `buf`. 0 or -errno; an error is the caller's to count. [media] */
	int (*send)(struct port *port, struct buf *buf, const union sock *to, socklen_t to_len);
	int (*set_tos)(struct port *port, int tos); /* 0-255 [control] */
};

/* The engine's own ports begin with this. */
struct port {
	struct addr local;
	const struct port_engine *engine;
	port_recv_fn recv; /* set by the owner, on the loop's thread; without it packets are dropped
			      and counted */
	int tos;           /* what outgoing packets are marked with [control] */
	void *owner;       /* the stream this port belongs to */
	struct loop *loop; /* it is on; NULL: on none. Written by who attaches and detaches */
};

/* One socket per port, received by epoll. */
const struct port_engine *port_engine_epoll(void);

#endif

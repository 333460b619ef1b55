/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Ports: what a stream receives on and sends from. The packet path knows a local address, a
 * receive callback and a send function, never a descriptor; an engine drives them.
 *
 *   epoll     one socket per port (engine_epoll.c)
 *   steered   few sockets for many ports (engine_steered.c)
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

/* A packet that `send` had taken did not leave: -errno. [media] */
typedef void (*port_unsent_fn)(struct port *port, int error);

/*
 * Datagrams of a batch will be handed out shortly, and this is one's port: called for all of them
 * with pass 0, then with pass 1, and so on. Nothing but a chance to fetch memory ahead. [media]
 */
typedef void (*port_expect_fn)(const struct port *port, unsigned pass);
enum { PORT_EXPECT_PASSES = 4 };

struct port_engine {
	const char *name;
	/* Opens and binds. [control] 0 or -errno. */
	int (*open)(const struct addr *local, int tos, struct port **ret_port, struct err *err);
	void (*close)(struct port *port); /* no loop may have it any more [control] */
	/*
	 * Puts the port on a loop or takes it off. Attached by whoever has the session: control
	 * before it is handed over, the worker after. Packets that come before the first attach, or
	 * after a detach without `hold`, may be lost. Detaching may first hand out what has come to
	 * the port, unless it is called by a port's `recv`. 0 or -errno.
	 */
	int (*attach)(struct port *port, struct loop *loop, struct buf_pool *pool);
	/*
	 * Right before a detach that another attach will follow: what comes in between waits,
	 * where the system lets it. NULL: it does so in any case. [the loop's thread]
	 */
	void (*hold)(struct port *port);
	void (*detach)(struct port *port);
	/*
	 * Takes `buf`. 0 or -errno; an error is the caller's to count. What was taken may leave as
	 * late as the end of the loop's turn; if it then cannot, `unsent` is told. [media]
	 */
	int (*send)(struct port *port, struct buf *buf, const union sock *to, socklen_t to_len);
	int (*set_tos)(struct port *port, int tos); /* 0-255 [control] */
	/*
	 * Whether `received_us` of the port tells when datagrams came. It costs a little for each of
	 * the port, and nothing where nobody asked. 0 or -errno: it never tells. NULL: nor does any
	 * port of the engine. [control]
	 */
	int (*set_times)(struct port *port, bool on);
	/*
	 * A loop that ports will be attached to, before it runs, and its end, when it has no port
	 * any more. 0 or -errno. NULL: the engine need not know. [control]
	 */
	int (*join)(struct loop *loop, struct buf_pool *pool);
	void (*leave)(struct loop *loop); /* one that did not join is fine */
};

/* The engine's own ports begin with this. */
struct port {
	struct addr local;
	const struct port_engine *engine;
	port_recv_fn recv; /* set by the owner, on the loop's thread; without it packets are dropped
			      and counted */
	port_expect_fn expect; /* may be NULL */
	port_unsent_fn unsent; /* may be NULL: counted as a reason only */
	int tos;               /* what outgoing packets are marked with [control] */
	bool times;            /* set_times is on [control] */
	/* When the system received what is handed out, since the epoch; 0: not told. [media] */
	int64_t received_us;
	void *owner;       /* the stream this port belongs to */
	struct loop *loop; /* it is on; NULL: on none. Written by who attaches and detaches */
};

/* One socket per port, received by epoll. */
const struct port_engine *port_engine_epoll(void);
/* Has nothing come to a port of that engine which was not read yet? [the loop's thread] */
bool port_epoll_is_empty(const struct port *port);

#endif

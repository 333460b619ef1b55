/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The steered engine's parts. A *lane* is a worker's share of it: for each local address a socket
 * that receives for all ports, the ports it receives for, and a raw socket that sends.
 */
#ifndef NET_STEERED_PRIV_H
#define NET_STEERED_PRIV_H

#include "net/ephemeral.h"
#include "net/socket.h"
#include "net/steer.h"

struct lane;
struct lane_addr;
struct recv_batch;
struct kept_list;
struct send_queue;

struct steered_port {
	struct port port;
	struct lane_addr *place; /* NULL: on no loop */
	unsigned addr_index;
	uint8_t tos;        /* atomic: written by control, read by the worker */
	bool told;          /* that somebody else bound its number [control] */
	bool timed;         /* when its packets came is wanted [control] */
	bool bound;         /* `plain` is there for the port's life */
	bool held;          /* the next detach is for a while */
	bool waited;        /* was on no loop for a while: `plain` may have datagrams */
	struct port *plain; /* a bound socket; NULL: none; see engine_steered.c. Atomic for others
			       than who has the port */
	struct steered_port *next_emptied; /* of the lane's */
};

/* One local address of one lane. */
struct lane_addr {
	struct lane *lane;
	struct addr local; /* port 0 */
	int recv_fd, raw_fd;
	int long_fd;        /* for udp_out_send; the engine's */
	uint8_t hops;       /* of outgoing packets */
	uint32_t overflows; /* what the system said last; wraps */
	uint16_t port_min, port_max;
	struct steered_port **ports; /* atomic, by number from port_min on; set by who attaches,
					cleared and followed by the lane's thread alone */
	struct loop_source source;
	bool read_out;          /* in this turn, for a port that was taken off */
	struct kept_list *kept; /* received, to be handed out at the end of the turn */
	struct send_queue *queue;
};

struct lane {
	unsigned index;
	struct loop *loop; /* NULL: nobody's */
	struct buf_pool *pool;
	struct loop_end turn_end;
	bool delivering; /* a batch is being handed out */
	struct recv_batch *batch;
	unsigned addr_count;
	struct lane_addr *addrs;
	struct steered_port *emptied; /* whose bound sockets are closed once nothing is in them */
};

/* --- steered_plain.c --- */

/* Gives it a bound socket; what comes there is handed out as the port's. 0 or -errno and why. */
int steered_open_plain(struct steered_port *port, struct err *err);
/* Closes the bound socket that it has. [who has the port, or its lane's thread] */
void steered_close_plain(struct steered_port *port);

/* --- lane.c: making them, and receiving --- */

/* Opens the sockets. Needs CAP_NET_RAW. 0, or -errno and why. [main] */
int lane_open(struct lane *lane, unsigned index, const struct addr *addrs, unsigned addr_count,
	const struct port_span *ports, struct err *err);
void lane_close(struct lane *lane); /* zeroed or half open is fine */
/* Its sockets are on the loop from now on; its buffers are of that pool. 0 or -errno. */
int lane_join(struct lane *lane, struct loop *loop, struct buf_pool *pool);
void lane_leave(struct lane *lane);
/*
 * Hands out what has come for one port so far. What was read for others meanwhile has its turn
 * later: their plans may be in the mailbox still. Does nothing while a batch is handed out. Unless
 * `anew`, the socket is read once a turn at most: a call's ports go together. [the lane's thread]
 */
void lane_receive_for(struct lane_addr *place, uint16_t number, bool anew);
void lane_set_port(struct lane_addr *place, struct steered_port *port); /* [any] */
void lane_clear_port(struct lane_addr *place, uint16_t number);
/*
 * Its bound socket, which is on the loop, goes when it is empty; nothing comes there any more. Or
 * it is not to go by itself: no matter if it was. [the lane's thread]
 */
void lane_empty_port(struct lane *lane, struct steered_port *port);
void lane_keep_port(struct lane *lane, struct steered_port *port);

/* --- send_queue.c --- */

struct send_queue *send_queue_new(void);
void send_queue_free(struct send_queue *queue); /* empty, or NULL */
/* Takes `buf`; it leaves with the next flush, or earlier when there is no room. */
void send_queue_add(struct lane_addr *place, struct steered_port *port, struct buf *buf,
	const union sock *to, socklen_t to_len);
void send_queue_flush(struct lane_addr *place);

#endif

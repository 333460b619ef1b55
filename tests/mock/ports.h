/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Real ports on loopback, with either engine: one that sends, one that receives, each on a loop of
 * its own. Where something is not as it must be the test ends.
 */
#ifndef MOCK_PORTS_H
#define MOCK_PORTS_H

#include "net/engine_steered.h"
#include "net/socket.h"

#include <glib.h>

enum {
	MOCK_TURN_US = 2 * 1000 * 1000, /* longest wait; what is waited for is there already */
	/* Numbers that other tests do not use */
	MOCK_FIRST_PORT = 62000,
	MOCK_LAST_PORT = 62999,
	MOCK_LOOKS_UNTIL_FREE = 3,
};

extern const struct addr mock_loopback4, mock_loopback6;

/* One test's world. */
struct mock_ports {
	struct loop *loop, *send_loop;
	struct buf_pool *pool, *send_pool;
	struct port *sender, *receiver;
	GPtrArray *got; /* GBytes that the receiver has received */
	struct addr from;
	bool cut;
	bool keep; /* buffers are not given back at once */
	struct buf *kept;
};

/* All below is done with this engine from now on. */
void mock_ports_use(const struct port_engine *engine);
const struct port_engine *mock_ports_engine(void);
/* With the steered one, its ports bound or not; false: it cannot be had, the test is skipped. */
bool mock_ports_steer(bool bind_all);
/* It was stopped, and is started again. */
void mock_ports_steer_again(void);
bool mock_ports_have_ip6(void);

/* The receiver is open but on no loop yet; `bufs`: of the receiver's pool. */
void mock_ports_init(struct mock_ports *world, const struct addr *local, unsigned bufs);
/* Everything is given back. */
void mock_ports_clear(struct mock_ports *world);
struct loop *mock_ports_new_loop(struct buf_pool *pool);
void mock_ports_free_loop(struct loop *loop);
/* A free one of the range. */
struct port *mock_ports_open_any(const struct addr *local);
void mock_ports_close(struct port *port);
/* The receiver, to a loop. */
void mock_ports_attach(struct mock_ports *world, struct loop *loop);
/* A port's `recv`: puts it into `got`. */
void mock_ports_on_recv(struct port *port, struct buf *buf, const union sock *from, bool cut);

/* From the sender: what its engine says of it. */
int mock_ports_send_bytes(
	struct mock_ports *world, const struct addr *to, const void *bytes, uint32_t len);
int mock_ports_send_text(struct mock_ports *world, const struct addr *to, const char *text);
/* To the receiver, without an error. */
void mock_ports_send(struct mock_ports *world, const char *text);
void mock_ports_assert_got(const struct mock_ports *world, unsigned index, const char *expected);
/* Turns of the loop until so many were received, at least one in each. */
void mock_ports_turn_until(struct mock_ports *world, struct loop *loop, unsigned count);

/* As happens every few seconds: who else has our numbers. Returns how many conflicts were found. */
unsigned mock_ports_look_around(void);
/* A socket of somebody else's; to be closed. */
int mock_ports_bind_plain(const struct addr *local);

#endif

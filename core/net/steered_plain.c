/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The bound socket that a steered port may have besides: a port of the epoll engine. */
#include "net/steered_priv.h"

#include "stats/reason.h"

/* What came to the port's own socket while it was on no loop. */
static void receive_plain(struct port *plain, struct buf *buf, const union sock *from, bool cut)
{
	struct steered_port *self = plain->owner;

	self->port.received_us = 0;
	if (self->port.recv) {
		self->port.recv(&self->port, buf, from, cut);
		return;
	}
	reason_count(REASON_NO_SESSION);
	buf_put(buf);
}

int steered_open_plain(struct steered_port *self, struct err *err)
{
	struct port *plain;
	int rc = port_engine_epoll()->open(&self->port.local, 0, &plain, err);

	if (rc)
		return rc;
	plain->owner = self;
	plain->recv = receive_plain;
	__atomic_store_n(&self->plain, plain, __ATOMIC_RELAXED);
	return 0;
}

void steered_close_plain(struct steered_port *self)
{
	struct port *plain = self->plain;

	plain->engine->detach(plain);
	plain->engine->close(plain);
	__atomic_store_n(&self->plain, NULL, __ATOMIC_RELAXED);
}

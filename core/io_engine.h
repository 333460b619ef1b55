/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which engine drives the ports of calls: what was asked for, and what this machine can do. [main] */
#ifndef IO_ENGINE_H
#define IO_ENGINE_H

#include <glib.h>

#include "config.h"
#include "net/iface.h"

struct io_engine {
	const struct port_engine *ports;
	struct err why_not_steered; /* code 0: it is, or was not to be */
	unsigned ephemeral;         /* ports that the system hands out, too: all are bound then */
	struct engine_watch *watch; /* NULL: not started */
};

/*
 * As --io-engine says; all ports of the table are opened by it from now on. Before rights are
 * given up, and before any lease. 0, or -errno and `err` when the engine that was insisted on
 * cannot be had.
 */
int io_engine_start(const struct config *config, struct iface_table *table,
	struct io_engine *ret_engine, struct err *err);
/* Which it is, and why not the other; a fallback is counted. */
void io_engine_log(const struct io_engine *engine);
/*
 * From now on looks every few seconds, on the context's thread, who else has ports of ours. Does
 * nothing when that does not matter to the engine.
 */
void io_engine_watch(struct io_engine *engine, GMainContext *context);
/* After the last port was closed and that thread has ended; always fine. */
void io_engine_stop(struct io_engine *engine);

#endif

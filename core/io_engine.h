/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which engine drives the ports of calls: what was asked for, and what this machine can do. [main] */
#ifndef IO_ENGINE_H
#define IO_ENGINE_H

#include "config.h"
#include "net/iface.h"

struct io_engine {
	const struct port_engine *ports;
	struct err why_not_steered; /* code 0: it is, or was not to be */
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
/* After the last port was closed; always fine. */
void io_engine_stop(void);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Line and message protocols over TCP: what a front end says about its protocol, and what it
 * gets from the daemon's server (see host.h: listen). The server keeps the sockets and both
 * buffers, within the bounds stated here; the plugin takes messages out of the input.
 *
 * A connection that does nothing costs its memory and a descriptor. When there are too many of
 * them, the one that was silent for longest goes.
 */
#ifndef API_TCP_H
#define API_TCP_H

#include "api/str.h"

struct tcp_conn;

struct tcp_service {
	const char *kind;         /* in messages: "Failed to open <kind> connection port" */
	unsigned max_connections; /* of one plugin, on all its listeners */
	size_t max_in_bytes;      /* input without a whole message; beyond, the connection goes */
	/*
	 * Unsent output of one connection: while there is more, nothing is read from it. A single
	 * answer may exceed it.
	 */
	size_t max_out_bytes;
	size_t state_bytes; /* of the plugin's, zeroed, for each connection; see host.h: tcp_state */
	/* Somebody has connected; may be NULL. [control] */
	void (*opened)(struct tcp_conn *conn, void *arg);
	/* It is gone, or will be when this returns; may be NULL. [control] */
	void (*closed)(struct tcp_conn *conn, void *arg);
	/*
	 * `in` is all that has come and was not used so far; at_end: no more will. Takes one
	 * message out of it and returns how many bytes are done with; is called again as long as
	 * it takes something and there is room for answers. Not after tcp_finish. [control]
	 */
	size_t (*received)(struct tcp_conn *conn, struct str in, bool at_end, void *arg);
};

#endif

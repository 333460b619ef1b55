/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of calls, for the files of this folder. [control] */
#ifndef CALL_TABLE_PRIV_H
#define CALL_TABLE_PRIV_H

#include "call/call.h"

#include <glib.h>

enum { INSTANCE_HEX = 12 };

struct call_table {
	struct media_worker *const *workers;
	unsigned worker_count;
	unsigned *load; /* sessions on each */
	struct mailbox *control;
	struct iface_table *interfaces;
	const struct call_settings *settings;
	struct load machine_load;
	struct dtls_cert *cert; /* a reference; NULL: none */
	uint64_t next_session_id;
	GHashTable *by_id;      /* struct str * → struct call * (owned by the table) */
	GHashTable *by_session; /* session id → struct call * */
	GHashTable *traffic;    /* struct iface_addr * → struct traffic * (a reference) */
	char instance[INSTANCE_HEX + 1];
	GQueue fragments; /* struct fragment * (owned): came too early, the oldest first */
	size_t fragment_bytes;
};

#endif

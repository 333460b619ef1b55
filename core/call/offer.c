/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The steps of an offer: find or make the call, then exchange (exchange.c). */
#include "call/draft.h"

#include "stats/counter.h"

#include <errno.h>

static struct call *make_call(struct call_table *table, const struct call_options *o,
	const struct addr *client, struct err *err)
{
	int limit = call_table_settings(table)->max_sessions;

	if (limit >= 0 && call_table_count(table) >= (unsigned)limit) {
		log_err("Parallel session limit reached (%d)", limit);
		reason_count(REASON_CALL_LIMIT);
		err_set(err, EDQUOT, "Parallel session limit reached");
		return NULL;
	}
	return call_new(table, o->call_id, client);
}

int call_offer(struct call_table *table, const struct call_options *o, const struct addr *client,
	GString *body, struct exchange_result *ret, struct err *err)
{
	struct call *call = call_table_find(table, o->call_id);
	bool created = !call;
	struct draft draft;
	int r;

	if (!call) {
		call = make_call(table, o, client, err);
		if (!call)
			return -EDQUOT;
	}
	draft_begin(&draft, call, created);
	r = exchange(&draft, o, false, body, ret, err);
	if (!r && created && !ret->looped)
		log_notice("Creating new call");
	return r;
}

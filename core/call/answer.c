/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The steps of an answer: the call must be there, then exchange (exchange.c). */
#include "call/draft.h"

#include <errno.h>

int call_answer(struct call_table *table, const struct call_options *o, GString *body,
	struct exchange_result *ret, struct err *err)
{
	struct call *call = call_table_find(table, o->call_id);
	struct draft draft;

	if (!call)
		return err_set(err, ENOENT, "Unknown call-id");
	draft_begin(&draft, call, false);
	return exchange(&draft, o, true, body, ret, err);
}

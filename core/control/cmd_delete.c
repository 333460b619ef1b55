/* SPDX-License-Identifier: GPL-3.0-or-later */
/* delete (spec NG 2.5). */
#include "control/command_priv.h"

#include "call/draft.h"
#include "control/fetch.h"

#include <errno.h>

static void report(const struct call *call, const struct party *party, void *arg)
{
	struct command *c = arg;

	if (!c->o.fast)
		reply_add_call(c, call, party);
}

/* The last counters of what the kernel forwards, where it can be waited for. */
static bool waits_for_counters(struct command *c)
{
	const struct call *call = call_table_find(c->control->calls, c->o.call_id);
	struct fetch *fetch;

	if (!call || !c->time.may_wait || c->time.crowded)
		return false;
	fetch = fetch_other();
	if (session_recall(call->session, fetch_come, fetch)) {
		c->time.fetch = fetch;
		return true;
	}
	fetch_come(fetch);
	fetch_free(fetch);
	return false;
}

int cmd_delete(struct command *c, struct err *err)
{
	static const char not_found[] = "Call-ID not found or tags didn't match";
	struct delete_result result;
	int ret;

	if (!c->o.call_id.s)
		return err_set(err, EINVAL, "No call-id in message");
	if (waits_for_counters(c))
		return -EINPROGRESS;
	ret = call_delete(c->control->calls, &c->o, &result, report, c, err);
	if (ret < 0)
		return ret;
	if (result.found)
		return 0;
	if (c->o.fatal)
		return err_set(err, ENOENT, "%s", not_found);
	if (c->warnings->len)
		g_string_append(c->warnings, "; ");
	g_string_append(c->warnings, not_found);
	return 0;
}

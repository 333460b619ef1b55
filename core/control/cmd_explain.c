/* SPDX-License-Identifier: GPL-3.0-or-later */
/* explain: why a call has the media it has; an addition to the dialect. */
#include "control/command_priv.h"

#include "call/explain.h"
#include "call/select.h"

#include <errno.h>

/* `from-tag` or `label` narrow it to one party. */
int cmd_explain(struct command *c, struct err *err)
{
	struct call_options o = {
		.call_id = value_get_str(c->request, "call-id"),
		.from_tag = value_get_str(c->request, "from-tag"),
		.label = value_get_str(c->request, "label"),
	};
	struct party *only;
	const struct call *call;
	int ret;

	if (!o.call_id.s)
		return err_set(err, EINVAL, "No call-id in message");
	call = call_table_find(c->control->calls, o.call_id);
	if (!call)
		return err_set(err, ENOENT, "Unknown call-id");
	o.has_from_tag = o.from_tag.len > 0;
	ret = select_party(call->model, &o, SELECT_TAG_ALWAYS, &only, err);
	if (ret < 0)
		return ret;
	call_explain(call, only, c->reply, c->root);
	return 0;
}

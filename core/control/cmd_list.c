/* SPDX-License-Identifier: GPL-3.0-or-later */
/* list (spec NG 2.7): the calls there are. */
#include "control/command_priv.h"

#include <errno.h>

struct listing {
	struct dict *dict;
	struct value *calls;
	int64_t left;
};

static bool list_call(struct call *call, void *arg)
{
	struct listing *l = arg;

	if (l->left-- <= 0)
		return false;
	dict_add_copy(l->dict, l->calls, NULL, call->id);
	return true;
}

int cmd_list(struct command *c, struct err *err)
{
	struct listing l = { .dict = c->reply, .left = value_get_int(c->request, "limit", 32) };

	if (l.left < 0)
		return err_set(err, EINVAL, "invalid limit, must be >= 0");
	l.calls = dict_add_list(c->reply, c->root, "calls");
	call_table_each(c->control->calls, list_call, &l);
	return 0;
}

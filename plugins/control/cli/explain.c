/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Why a call has the media it has, as the daemon tells it. */
#include "cli.h"

void cli_explain(struct cli *c, struct str rest)
{
	struct dict *reply = cli_ask(c, "explain", "call-id", rest);

	if (!reply) {
		cli_print(c, "\nCall ID not found (%.*s).\n\n", STR_ARG(rest));
		return;
	}
	cli_print(c, "%.*s", STR_ARG(value_get_str(dict_root(reply), "text")));
	dict_free(reply);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* statistics (spec NG 2.7). */
#include "control/command_priv.h"

#include "control/statistics.h"

int cmd_statistics(struct command *c, struct err *err)
{
	(void)err;
	statistics_to_dict(c->control, c->reply, dict_add_dict(c->reply, c->root, "statistics"));
	return 0;
}

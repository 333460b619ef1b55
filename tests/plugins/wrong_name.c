/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Another name than its file has. */
#include "api/plugin.h"

static int init(const struct host *host, void **ret_instance, char *error)
{
	(void)host;
	(void)ret_instance;
	(void)error;
	return 0;
}

PLUGIN_EXPORT(wrong_name) = {
	.abi = PLUGIN_ABI,
	.kind = PLUGIN_CONTROL,
	.name = "something_else",
	.init = init,
};

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A kind of plugin that does not exist. */
#include "api/plugin.h"

static int init(const struct host *host, void **ret_instance, char *error)
{
	(void)host;
	(void)ret_instance;
	(void)error;
	return 0;
}

PLUGIN_EXPORT(wrong_kind) = {
	.abi = PLUGIN_ABI,
	.kind = PLUGIN_KINDS,
	.name = "wrong_kind",
	.init = init,
};

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Linked with a library that is not installed (see the Makefile). */
#include "api/plugin.h"

static int init(const struct host *host, void **ret_instance, char *error)
{
	(void)host;
	(void)ret_instance;
	(void)error;
	return 0;
}

PLUGIN_EXPORT(lacks_library) = {
	.abi = PLUGIN_ABI,
	.kind = PLUGIN_CONTROL,
	.name = "lacks_library",
	.init = init,
};

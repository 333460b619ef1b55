/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads an option that the program does not have. */
#include "api/plugin.h"

#include <stddef.h>

static const struct plugin_option options[] = {
	{ "known", NULL, "There" },
	{ "unknown", NULL, "Not there" },
	{ NULL, NULL, NULL },
};

static int init(const struct host *host, void **ret_instance, char *error)
{
	(void)host;
	(void)ret_instance;
	(void)error;
	return 0;
}

PLUGIN_EXPORT(lacks_option) = {
	.abi = PLUGIN_ABI,
	.kind = PLUGIN_CONTROL,
	.name = "lacks_option",
	.options = options,
	.init = init,
};

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Needs a function that nobody has. */
#include "api/plugin.h"

int surely_not_defined_anywhere(void);

static int init(const struct host *host, void **ret_instance, char *error)
{
	(void)host;
	(void)ret_instance;
	(void)error;
	return surely_not_defined_anywhere();
}

PLUGIN_EXPORT(lacks_symbol) = {
	.abi = PLUGIN_ABI,
	.kind = PLUGIN_CONTROL,
	.name = "lacks_symbol",
	.init = init,
};

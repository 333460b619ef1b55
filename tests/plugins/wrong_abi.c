/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Built for another version of the contract: nothing else of it may be looked at. */
#include "api/plugin.h"

static int init(const struct host *host, void **ret_instance, char *error)
{
	(void)host;
	(void)ret_instance;
	(void)error;
	return 0;
}

PLUGIN_EXPORT(wrong_abi) = {
	.abi = PLUGIN_ABI + 1,
	.kind = PLUGIN_KINDS,
	.name = (const char *)1,
	.init = init,
};

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Its self-test finds something wrong. */
#include "api/plugin.h"

#include <string.h>

static int self_test(char *error)
{
	strcpy(error, "two and two are five");
	return -1;
}

static int init(const struct host *host, void **ret_instance, char *error)
{
	(void)host;
	(void)ret_instance;
	(void)error;
	return 0;
}

PLUGIN_EXPORT(fails_self_test) = {
	.abi = PLUGIN_ABI,
	.kind = PLUGIN_CODEC,
	.name = "fails_self_test",
	.self_test = self_test,
	.init = init,
};

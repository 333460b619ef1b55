/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Nothing that could be started. */
#include "api/plugin.h"

PLUGIN_EXPORT(lacks_init) = {
	.abi = PLUGIN_ABI,
	.kind = PLUGIN_CONTROL,
	.name = "lacks_init",
};

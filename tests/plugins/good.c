/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A plugin that works: it says over its option and in the log that it was started and closed. */
#include "api/host.h"
#include "api/plugin.h"

static const struct plugin_option options[] = {
	{ "known", NULL, "An option that the test's program has" },
	{ NULL, NULL, NULL },
};

static int self_test(char *error)
{
	struct dict *dict = dict_new();
	int64_t num;

	dict_add_int(dict, dict_root(dict), "n", 7);
	num = value_get_int(dict_root(dict), "n", 0);
	dict_free(dict);
	if (num == 7)
		return 0;
	g_strlcpy(error, "trees of values do not work", PLUGIN_ERROR_BYTES);
	return -1;
}

static int init(const struct host *host, void **ret_instance, char *error)
{
	if (host->counter(host, "fail") > 0) {
		g_strlcpy(error, "told to fail", PLUGIN_ERROR_BYTES);
		return -1;
	}
	*ret_instance = (void *)host;
	host->log(host, HOST_INFO, "started");
	return 0;
}

static void plugin_close(void *instance)
{
	const struct host *host = instance;

	host->log(host, HOST_INFO, "closed");
}

PLUGIN_EXPORT(good) = {
	.abi = PLUGIN_ABI,
	.kind = PLUGIN_NOTIFY,
	.name = "good",
	.description = "Works",
	.options = options,
	.self_test = self_test,
	.init = init,
	.close = plugin_close,
};

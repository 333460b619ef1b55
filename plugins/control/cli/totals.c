/* SPDX-License-Identifier: GPL-3.0-or-later */
/* list totals and list counters (spec daemon 4.1): labels and values in columns. */
#include "cli.h"

enum { LABEL_COLUMNS = 48 };

static void print_row(struct cli *c, struct str label, struct str value)
{
	cli_print(c, " %-*.*s:%.*s\n", LABEL_COLUMNS, STR_ARG(label), STR_ARG(value));
}

static void print_section(struct cli *c, const struct value *section)
{
	cli_print(c, "\n%.*s\n\n", STR_ARG(value_get_str(section, "heading")));
	value_each (row, value_get(section, "rows"))
		print_row(c, value_get_str(row, "label"), value_get_str(row, "value"));
}

static void print_proxy(struct cli *c, const struct value *proxy, const struct value *commands)
{
	cli_print(c, " %20.*s ", STR_ARG(value_get_str(proxy, "proxy")));
	value_each (command, commands) {
		g_autofree char *key = g_strdup_printf(
			"%.*scount", STR_ARG(value_get_str(command, "key")));

		cli_print(c, "| %10lld ", (long long)value_get_int(proxy, key, 0));
	}
	cli_print(c, "| %10lld \n", (long long)value_get_int(proxy, "errorcount", 0));
}

static void print_proxies(struct cli *c, const struct value *control, const struct value *commands)
{
	const struct value *proxies = value_get(control, "proxies");

	cli_print(c, "\nControl statistics:\n\n");
	if (!value_first(proxies)) {
		cli_print(c, "                  No proxies have yet tried to send data.\n");
		return;
	}
	cli_print(c, " %20s ", "Proxy");
	value_each (command, commands)
		cli_print(c, "| %10.*s ", STR_ARG(value_get_str(command, "heading")));
	cli_print(c, "| %10s \n", "Errors");
	value_each (proxy, proxies)
		print_proxy(c, proxy, commands);
}

void cli_list_totals(struct cli *c, struct str rest)
{
	struct dict *reply = cli_ask(c, "totals", NULL, STR_NULL);
	const struct value *root;

	(void)rest;
	if (!reply)
		return;
	root = dict_root(reply);
	value_each (section, value_get(root, "sections"))
		print_section(c, section);
	print_proxies(c, value_get(root, "controlstatistics"), value_get(root, "commands"));
	dict_free(reply);
}

void cli_list_counters(struct cli *c, struct str rest)
{
	struct dict *reply = cli_ask(c, "statistics", NULL, STR_NULL);
	static const char *const rows[][2] = {
		{ "packetrate_user", "Packets per second (userspace)" },
		{ "byterate_user", "Bytes per second (userspace)" },
		{ "errorrate_user", "Errors per second (userspace)" },
		{ "packetrate_kernel", "Packets per second (kernel)" },
		{ "byterate_kernel", "Bytes per second (kernel)" },
		{ "errorrate_kernel", "Errors per second (kernel)" },
		{ "packetrate", "Packets per second (total)" },
		{ "byterate", "Bytes per second (total)" },
		{ "errorrate", "Errors per second (total)" },
	};
	const struct value *now;

	(void)rest;
	if (!reply)
		return;
	now = value_get(dict_root(reply), "currentstatistics");
	cli_print(c, "\nCurrent per-second counters:\n\n");
	for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++)
		cli_print(c, " %-*s:%lld\n", LABEL_COLUMNS, rows[i][1],
			(long long)value_get_int(now, rows[i][0], 0));
	dict_free(reply);
}

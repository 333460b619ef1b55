/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The words of the CLI: finding a command, help, usage. Words are separated by one blank. */
#include "cli.h"

enum { HELP_COLUMN = 50 };

static void run_usage(struct cli *c, struct str rest);

static void run_active(struct cli *c, struct str rest)
{
	(void)rest;
	cli_print(c, "Ok, all calls set to 'owned (active)'\n");
}

void cli_print_lack(struct cli *c, const char *what)
{
	cli_print(c, "%s is not supported by this build\n", what);
}

static void run_standby(struct cli *c, struct str rest)
{
	(void)rest;
	cli_print_lack(c, "Setting calls to 'foreign (standby)'");
}

static void run_media(struct cli *c, struct str rest)
{
	(void)rest;
	cli_print_lack(c, "Managing stored media");
}

static const struct cli_node media_nodes[] = {
	{ "list", "files|dbs|caches|players", "list what is kept for playback", run_media, true,
		NULL },
	{ "add", "file|db|cache <name>", "keep something for playback", run_media, true, NULL },
	{ "reload", "file|db|cache <name>|files|...", "read it again", run_media, true, NULL },
	{ "evict", "file|db|cache <name>|files|...", "no longer keep it", run_media, true, NULL },
	{ NULL, NULL, NULL, NULL, false, NULL },
};

static const struct cli_node *cli_media_nodes(void)
{
	return media_nodes;
}

/* Calls of others are not known here; there is nothing to follow. */
static void run_keyspace(struct cli *c, struct str rest)
{
	(void)rest;
	cli_print(c, "Keyspace notification feature has not been configured.\n");
}

static const struct cli_node root[] = {
	{ "list", NULL, NULL, NULL, false, cli_list_nodes },
	{ "get", NULL, NULL, NULL, false, cli_list_nodes },
	{ "set", NULL, NULL, NULL, false, cli_set_nodes },
	{ "terminate", "<call-ID>|all|own|foreign", "end a call, or all of them", cli_terminate,
		true, NULL },
	{ "call", "<call-ID> info|terminate|debug|tag", "print, end or debug one call, or a party",
		cli_call, true, NULL },
	{ "debug", "<call-ID> [on|off]", "log all of a call, whatever the level", cli_debug, false,
		NULL },
	{ "media", NULL, NULL, NULL, false, cli_media_nodes },
	{ "explain", "<call-ID>", "tell why a call has the media it has", cli_explain, true, NULL },
	{ "params", NULL, NULL, NULL, false, cli_params_nodes },
	{ "ksadd", "<keyspace>", "follow a Redis keyspace", run_keyspace, true, NULL },
	{ "ksrm", "<keyspace>", "no longer follow a Redis keyspace", run_keyspace, true, NULL },
	{ "kslist", NULL, "list the Redis keyspaces that are followed", run_keyspace, false, NULL },
	{ "active", NULL, "make all calls our own", run_active, false, NULL },
	{ "standby", NULL, "make no call our own", run_standby, false, NULL },
	{ "usage", NULL, "print this", run_usage, false, NULL },
	{ NULL, NULL, NULL, NULL, false, NULL },
};

static void print_help(struct cli *c, const struct cli_node *nodes)
{
	cli_print(c, "Available sub-commands at this level:\n");
	for (; nodes->word; nodes++)
		cli_print(c, "\t%s\n", nodes->word);
}

static void print_usage(struct cli *c, const char *prefix, const struct cli_node *nodes)
{
	for (; nodes->word; nodes++) {
		g_autofree char *words = g_strconcat(prefix, nodes->word, " ", NULL);
		g_autofree char *whole = NULL;

		if (nodes->sub) {
			print_usage(c, words, nodes->sub());
			continue;
		}
		whole = g_strconcat(words, nodes->args, NULL);
		g_strchomp(whole);
		cli_print(c, "    %-*s: %s\n", HELP_COLUMN - 4, whole, nodes->help);
	}
}

static void run_usage(struct cli *c, struct str rest)
{
	(void)rest;
	cli_print(c, "    Supported commands are:\n\n");
	print_usage(c, "", root);
}

static void dispatch(struct cli *c, const struct cli_node *nodes, struct str rest)
{
	const struct cli_node *node = nodes;
	struct str word = cli_word(&rest);

	if (str_is(word, "help")) {
		print_help(c, nodes);
		return;
	}
	while (node->word && !str_is(word, node->word))
		node++;
	if (!node->word)
		cli_print(c, "Unknown command: %.*s\n", STR_ARG(word));
	else if ((node->needs_args || node->sub) && !rest.len)
		cli_print(c, "More parameters required.\n");
	else if (node->sub)
		dispatch(c, node->sub(), rest);
	else
		node->run(c, rest);
}

void cli_run(struct cli *c, struct str line)
{
	if (line.len)
		dispatch(c, root, line);
	else
		cli_print(c, "Incomplete command: \n");
}

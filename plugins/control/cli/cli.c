/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The operator's CLI over TCP (--listen-cli): one line in, text out, and the connection is
 * closed. The same lines come by the NG command `cli`.
 *
 *	listen-cli = 127.0.0.1:9900
 *
 *	$ rtpengine-ctl list totals
 *
 * Files: tree.c words and dispatch, list.c, set.c, params.c, session.c, explain.c, totals.c
 * the commands.
 */
#include "cli.h"

#include "api/plugin.h"

#include <stdarg.h>

enum {
	MAX_CONNECTIONS = 2048,
	MAX_LINE_BYTES = 1024,
	MAX_UNSENT_BYTES = 64 * 1024,
};

void cli_print(struct cli *c, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	g_string_append_vprintf(c->out, fmt, args);
	va_end(args);
}

struct str cli_word(struct str *rest)
{
	struct str word = STR_NULL;

	if (!rest->len)
		return (struct str){ "", 0 };
	str_cut(rest, ' ', &word);
	return word;
}

struct dict *cli_ask(struct cli *c, const char *command, const char *key, struct str value)
{
	struct dict *request = dict_new(), *reply = dict_new();
	char error[PLUGIN_ERROR_BYTES];
	int ret;

	if (key)
		dict_add_str(request, dict_root(request), key, value);
	ret = c->host->internal(c->host, command, dict_root(request), reply, error);
	dict_free(request);
	if (ret >= 0)
		return reply;
	dict_free(reply);
	return NULL;
}

static void opened(struct tcp_conn *conn, void *arg)
{
	const struct host *host = arg;

	host->log(host, HOST_INFO, "New cli connection from %s", host->tcp_peer(host, conn));
}

static void answer(const struct host *host, struct tcp_conn *conn, struct str line)
{
	g_autoptr(GString) text = g_string_new(NULL);
	struct cli c = { host, text };

	host->log(host, HOST_INFO, "Got CLI command: %s%.*s%s", host->mark_prefix(host),
		STR_ARG(line), host->mark_suffix(host));
	cli_run(&c, line);
	host->tcp_send(host, conn, (struct str){ text->str, text->len });
	host->tcp_finish(host, conn);
}

static size_t received(struct tcp_conn *conn, struct str in, bool at_end, void *arg)
{
	const char *end = in.len ? memchr(in.s, '\n', in.len) : NULL;
	struct str line = in;
	size_t used = in.len;

	if (!end && !(at_end && in.len))
		return 0;
	if (end) {
		line.len = (size_t)(end - in.s);
		used = line.len + 1;
	}
	if (line.len && line.s[line.len - 1] == '\r')
		line.len--;
	if (line.len > MAX_LINE_BYTES)
		return 0;
	if (line.len)
		answer(arg, conn, line);
	return used;
}

static const struct tcp_service service = {
	.kind = "CLI",
	.max_connections = MAX_CONNECTIONS,
	.max_in_bytes = MAX_LINE_BYTES,
	.max_out_bytes = MAX_UNSENT_BYTES,
	.opened = opened,
	.received = received,
};

static int run_by_ng(const struct value *request, struct dict *reply, char *error, void *arg)
{
	struct str body = value_get_str(request, "body");
	g_autoptr(GString) text = NULL;
	struct cli c;

	if (!body.s) {
		g_strlcpy(error, "No 'body' in message", PLUGIN_ERROR_BYTES);
		return -1;
	}
	text = g_string_new(NULL);
	c = (struct cli){ arg, text };
	cli_run(&c, body);
	dict_add_copy(reply, dict_root(reply), "response", (struct str){ text->str, text->len });
	return 0;
}

static int init(const struct host *host, void **ret_instance, char *error)
{
	*ret_instance = NULL;
	host->add_command(host, "cli", run_by_ng, (void *)host);
	host->add_command(host, "CLI", run_by_ng, (void *)host);
	return host->listen(host, "listen-cli", &service, (void *)host, error);
}

static const struct plugin_option options[] = {
	{ "listen-cli", NULL, "Listen for the operator CLI over TCP here" },
	{ NULL, NULL, NULL },
};

PLUGIN_EXPORT(cli) = {
	.abi = PLUGIN_ABI,
	.kind = PLUGIN_CONTROL,
	.name = "cli",
	.description = "The operator's command line over TCP",
	.options = options,
	.init = init,
};

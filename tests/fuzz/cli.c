/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lines for the operator's CLI, as they come on a connection: cut in two at any place. */
#include "api/host.h"
#include "api/plugin.h"
#include "control/internal.h"
#include "mock/world.h"
#include "ng/ng.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

extern const struct plugin plugin_export_cli;

static struct world world;
static const struct tcp_service *service;
static void *service_arg;
static unsigned finished;

static void host_log(const struct host *host, enum host_level level, const char *fmt, ...)
{
	(void)host;
	(void)level;
	(void)fmt;
}

static const char *host_mark(const struct host *host)
{
	(void)host;
	return "";
}

static char *host_option(const struct host *host, const char *name)
{
	(void)host;
	return g_strdup(name);
}

static int host_listen(const struct host *host, const char *name, const struct tcp_service *s,
	void *arg, char *error)
{
	(void)host;
	(void)name;
	(void)error;
	service = s;
	service_arg = arg;
	return 0;
}

static const char *host_peer(const struct host *host, const struct tcp_conn *conn)
{
	(void)host;
	(void)conn;
	return "192.0.2.1:1";
}

static void host_send(const struct host *host, struct tcp_conn *conn, struct str bytes)
{
	(void)host;
	(void)conn;
	g_assert_true(bytes.s || !bytes.len);
}

static void host_finish(const struct host *host, struct tcp_conn *conn)
{
	(void)host;
	(void)conn;
	finished++;
}

/* Limits of this process are none of the fuzzer's business, and so are other settings. */
static int host_internal(const struct host *host, const char *name, const struct value *request,
	struct dict *reply, char *error)
{
	struct err err;

	(void)host;
	(void)error;
	return internal_run(&world.control, name, request, reply, &err);
}

static void host_add_command(
	const struct host *host, const char *name, host_command_fn fn, void *arg)
{
	(void)host;
	(void)name;
	(void)fn;
	(void)arg;
}

static void host_json(const struct host *host, const struct value *v, GString *out)
{
	(void)host;
	json_encode(v, out);
}

static const struct host fake = {
	.log = host_log,
	.mark_prefix = host_mark,
	.mark_suffix = host_mark,
	.option = host_option,
	.listen = host_listen,
	.tcp_peer = host_peer,
	.tcp_send = host_send,
	.tcp_finish = host_finish,
	.internal = host_internal,
	.add_command = host_add_command,
	.json = host_json,
};

static void prepare(void)
{
	char error[PLUGIN_ERROR_BYTES];
	void *instance;

	world_defaults(&world);
	world_open(&world);
	g_assert_cmpint(plugin_export_cli.init(&fake, &instance, error), ==, 0);
}

/* What the server does: `in` is all that has come so far. Returns what is left of it. */
static struct str feed(struct str in, bool at_end)
{
	size_t used;

	while (!finished && (used = service->received(NULL, in, at_end, service_arg))) {
		g_assert_cmpuint(used, <=, in.len);
		in = str_skip(in, used);
	}
	return in;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *copy = g_memdup2(data, size);
	size_t cut = size ? data[0] % (size + 1) : 0;
	struct str rest;

	if (!service)
		prepare();
	finished = 0;
	rest = feed((struct str){ copy, cut }, false);
	rest.len += size - cut;
	feed(rest, false);
	feed(rest, true);
	g_assert_cmpuint(finished, <=, 1);
	g_free(copy);
	return 0;
}

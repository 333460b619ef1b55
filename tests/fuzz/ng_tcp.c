/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Framing of NG over TCP: the same bytes at once and one by one give the same messages, and each
 * message is one that bencode can read, or would be but for what only its reader checks.
 */
#include "api/host.h"
#include "api/plugin.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

extern const struct plugin plugin_export_ng_tcp;

/* As much as any state the plugin asks for. */
static max_align_t state[16];
static const struct tcp_service *service;
static void *service_arg;
static GArray *messages; /* lengths */

static int host_listen(const struct host *host, const char *name, const struct tcp_service *s,
	void *arg, char *error)
{
	(void)host;
	(void)name;
	(void)error;
	service = s;
	service_arg = arg;
	g_assert_cmpuint(s->state_bytes, <=, sizeof(state));
	return 0;
}

static void host_on_dtmf(const struct host *host, host_dtmf_fn fn, void *arg)
{
	(void)host;
	(void)fn;
	(void)arg;
}

static const char *host_peer(const struct host *host, const struct tcp_conn *conn)
{
	(void)host;
	(void)conn;
	return "192.0.2.1:1";
}

static void *host_state(const struct host *host, struct tcp_conn *conn)
{
	(void)host;
	(void)conn;
	return state;
}

static void host_send(const struct host *host, struct tcp_conn *conn, struct str bytes)
{
	(void)host;
	(void)conn;
	(void)bytes;
}

static void host_tcp_message(const struct host *host, struct tcp_conn *conn, struct str message)
{
	size_t len = message.len;
	const char *space = memchr(message.s, ' ', message.len);

	g_assert_nonnull(space);
	g_assert_cmpint(space[1], ==, 'd');
	g_assert_cmpint(message.s[message.len - 1], ==, 'e');
	g_array_append_val(messages, len);
	host_send(host, conn, STR_LIT("x"));
}

static const struct host fake = {
	.on_dtmf = host_on_dtmf,
	.listen = host_listen,
	.tcp_peer = host_peer,
	.tcp_state = host_state,
	.tcp_send = host_send,
	.tcp_message = host_tcp_message,
};

/* The server's part, with `step` bytes a time. Returns the bytes of all messages. */
static size_t feed(const char *bytes, size_t size, size_t step)
{
	size_t done = 0, come = 0, used;

	memset(state, 0, sizeof(state));
	while (come < size) {
		come = MIN(size, come + step);
		while (done < come &&
			(used = service->received(NULL, (struct str){ bytes + done, come - done },
				 false, service_arg))) {
			g_assert_cmpuint(used, <=, come - done);
			done += used;
		}
	}
	return done;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *copy = g_memdup2(data, size);
	char error[PLUGIN_ERROR_BYTES];
	void *instance;
	size_t done;
	guint count;

	if (!service) {
		messages = g_array_new(FALSE, FALSE, sizeof(size_t));
		g_assert_cmpint(plugin_export_ng_tcp.init(&fake, &instance, error), ==, 0);
	}
	g_array_set_size(messages, 0);
	done = feed(copy, size, size ? size : 1);
	count = messages->len;
	g_assert_cmpuint(feed(copy, size, 1), ==, done);
	g_assert_cmpuint(messages->len, ==, 2 * count);
	g_free(copy);
	return 0;
}

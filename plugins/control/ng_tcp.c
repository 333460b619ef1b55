/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * NG over TCP (--listen-tcp-ng): messages one after the other on a connection, any number of
 * them, each "COOKIE SP DOCUMENT" and answered with the same. There is no length in front: a
 * message ends where its bencode dictionary does. So JSON cannot be framed; it and anything else
 * that is not bencode waits for an end that never comes, until the connection is closed for
 * having sent MAX_MESSAGE_BYTES.
 *
 *	listen-tcp-ng = 127.0.0.1:2224
 */
#include "api/host.h"
#include "api/plugin.h"

enum {
	MAX_CONNECTIONS = 4096,
	MAX_MESSAGE_BYTES = 64 * 1024,
	MAX_UNSENT_BYTES = 256 * 1024,
};

/* How much of the message at the input's start has been looked at. Zeroed: nothing. */
struct framing {
	size_t at;      /* next byte to look at; may lie behind what has come */
	unsigned depth; /* containers open */
	bool in_document;
	bool broken; /* no bencode: the message cannot end */
};

struct ng_tcp {
	const struct host *host;
	GPtrArray *conns; /* struct tcp_conn *: whom events are told */
};

/* The document's first byte must open a dictionary. False: more bytes are needed. */
static bool find_document(struct framing *f, struct str in)
{
	while (f->at < in.len && in.s[f->at] != ' ')
		f->at++;
	if (f->at + 1 >= in.len)
		return false;
	f->at++;
	f->in_document = true;
	f->broken = in.s[f->at] != 'd';
	return true;
}

/* The number at the start of `in`, up to `end`. Returns its bytes with the end; 0: not there. */
static size_t skip_number(struct framing *f, struct str in, char end, size_t *ret_number)
{
	size_t n = 0, number = 0;

	while (n < in.len && in.s[n] != end) {
		bool digit = in.s[n] >= '0' && in.s[n] <= '9';

		if ((!digit && !(end == 'e' && in.s[n] == '-')) || n > 20) {
			f->broken = true;
			return 0;
		}
		if (digit && number <= MAX_MESSAGE_BYTES)
			number = number * 10 + (size_t)(in.s[n] - '0');
		n++;
	}
	if (n == in.len)
		return 0;
	*ret_number = number;
	return n + 1;
}

/* One token further. False: more bytes are needed, or it is broken. */
static bool skip_token(struct framing *f, struct str in)
{
	struct str rest = str_skip(in, f->at);
	size_t number, n;

	if (!rest.len)
		return false;
	switch (*rest.s) {
	case 'd':
	case 'l':
		f->depth++;
		f->at++;
		return true;
	case 'e':
		f->depth--;
		f->at++;
		return true;
	case 'i':
		n = skip_number(f, str_skip(rest, 1), 'e', &number);
		f->at += n ? n + 1 : 0;
		return n > 0;
	default:
		n = skip_number(f, rest, ':', &number);
		f->at += n ? n + number : 0;
		return n > 0;
	}
}

/* Bytes of the first whole message in `in`, or 0. Every byte is looked at about once. */
static size_t find_end(struct framing *f, struct str in)
{
	if (!f->in_document && !find_document(f, in))
		return 0;
	while (!f->broken && skip_token(f, in))
		if (!f->depth)
			return f->at;
	return 0;
}

static size_t received(struct tcp_conn *conn, struct str in, bool at_end, void *arg)
{
	const struct host *host = ((const struct ng_tcp *)arg)->host;
	struct framing *f = host->tcp_state(host, conn);
	size_t len = find_end(f, in);

	(void)at_end;
	if (!len)
		return 0;
	*f = (struct framing){ 0 };
	host->tcp_message(host, conn, (struct str){ in.s, len });
	return len;
}

static void opened(struct tcp_conn *conn, void *arg)
{
	g_ptr_array_add(((struct ng_tcp *)arg)->conns, conn);
}

static void closed(struct tcp_conn *conn, void *arg)
{
	g_ptr_array_remove_fast(((struct ng_tcp *)arg)->conns, conn);
}

/* A message of ours: nobody answers it, so that its cookie is any. */
static void tell_dtmf(const struct value *data, void *arg)
{
	const struct ng_tcp *self = arg;
	g_autoptr(GString) message = g_string_new(NULL);

	g_string_printf(
		message, "%08x%08x d6:notify6:onDTMF4:data", g_random_int(), g_random_int());
	self->host->bencode(self->host, data, message);
	g_string_append_c(message, 'e');
	for (unsigned i = 0; i < self->conns->len; i++)
		self->host->tcp_send(self->host, g_ptr_array_index(self->conns, i),
			(struct str){ message->str, message->len });
}

static const struct tcp_service service = {
	.kind = "TCP NG control",
	.max_connections = MAX_CONNECTIONS,
	.max_in_bytes = MAX_MESSAGE_BYTES,
	.max_out_bytes = MAX_UNSENT_BYTES,
	.state_bytes = sizeof(struct framing),
	.opened = opened,
	.closed = closed,
	.received = received,
};

/* The end of a message is found, wherever it was cut in two. */
static int self_test(char *error)
{
	static const char message[] = "c d1:al1:ei-7ee4:4:e ld1:xi0eeee";
	struct str whole = STR_LIT(message);

	for (size_t cut = 0; cut < whole.len; cut++) {
		struct framing f = { 0 };

		if (!find_end(&f, (struct str){ message, cut }) && find_end(&f, whole) == whole.len)
			continue;
		g_snprintf(error, PLUGIN_ERROR_BYTES, "framing, cut at %zu", cut);
		return -1;
	}
	return 0;
}

static void close_plugin(void *instance)
{
	struct ng_tcp *self = instance;

	g_ptr_array_free(self->conns, TRUE);
	g_free(self);
}

static int init(const struct host *host, void **ret_instance, char *error)
{
	struct ng_tcp *self = g_new0(struct ng_tcp, 1);
	int ret;

	self->host = host;
	self->conns = g_ptr_array_new();
	ret = host->listen(host, "listen-tcp-ng", &service, self, error);
	if (ret < 0) {
		close_plugin(self);
		return ret;
	}
	host->on_dtmf(host, tell_dtmf, self);
	*ret_instance = self;
	return 0;
}

static const struct plugin_option options[] = {
	{ "listen-tcp-ng", NULL, "Listen for the NG protocol over TCP here" },
	{ "dtmf-log-ng-tcp", "false", "Tell clients of the NG protocol over TCP of DTMF events" },
	{ NULL, NULL, NULL },
};

PLUGIN_EXPORT(ng_tcp) = {
	.abi = PLUGIN_ABI,
	.kind = PLUGIN_CONTROL,
	.name = "ng_tcp",
	.description = "The NG protocol over TCP",
	.options = options,
	.self_test = self_test,
	.init = init,
	.close = close_plugin,
};

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Sends one NG command over UDP and prints the reply. Keys are given as key=value, or as
 * --key=value; lists as key=[a,b]; a value of @file is the file's content, - is standard input.
 * Without value a word is a flag.
 */
#include "net/addr.h"
#include "ng/ng.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	DEFAULT_PORT = 2223,
	DEFAULT_TIMEOUT_MS = 1000,
	DEFAULT_TRIES = 5,
	MAX_ADDRESSES = 16,
	MAX_DATAGRAM = 65535,
	MAX_PRINTED = 1 << 20,
};

struct settings {
	char *host;
	int port, timeout_ms, tries;
	gboolean json, raw;
	char **words; /* command and keys */
};

static int fail(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static int fail(const char *fmt, ...)
{
	va_list args;

	fputs("rtpengine-ng-client: ", stderr);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	return EXIT_FAILURE;
}

static int read_command_line(struct settings *s, int argc, char **argv)
{
	const GOptionEntry entries[] = {
		{ "proxy-address", 0, 0, G_OPTION_ARG_STRING, &s->host,
			"Where the daemon listens (default 127.0.0.1)", "HOST" },
		{ "proxy-port", 0, 0, G_OPTION_ARG_INT, &s->port, "Its NG port (default 2223)",
			"PORT" },
		{ "timeout", 0, 0, G_OPTION_ARG_INT, &s->timeout_ms,
			"Wait this long for an answer (default 1000)", "MSECS" },
		{ "tries", 0, 0, G_OPTION_ARG_INT, &s->tries,
			"Send so many times before giving up (default 5)", "INT" },
		{ "json", 'j', 0, G_OPTION_ARG_NONE, &s->json, "Speak JSON instead of bencode",
			NULL },
		{ "raw", 'r', 0, G_OPTION_ARG_NONE, &s->raw,
			"Print the reply as it came on the wire", NULL },
		{ G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_STRING_ARRAY, &s->words, NULL, NULL },
		{ NULL, 0, 0, 0, NULL, NULL, NULL },
	};
	g_autoptr(GOptionContext) context = g_option_context_new("COMMAND [KEY=VALUE|FLAG...]");
	g_autoptr(GError) error = NULL;

	g_option_context_set_summary(context,
		"Sends one NG command to rtpengine and prints the reply. A VALUE of [a,b] is a "
		"list, "
		"@FILE\nis what the file holds, - is standard input.");
	g_option_context_add_main_entries(context, entries, NULL);
	if (!g_option_context_parse(context, &argc, &argv, &error))
		return fail("%s", error->message);
	if (!s->words)
		return fail("no command; see --help");
	if (s->port < 1 || s->port > UINT16_MAX || s->timeout_ms < 1 || s->tries < 1)
		return fail("a number is out of range");
	return 0;
}

static GString *read_stream(FILE *in)
{
	GString *text = g_string_new(NULL);
	char buffer[4096];
	size_t n;

	while ((n = fread(buffer, 1, sizeof(buffer), in)) > 0)
		g_string_append_len(text, buffer, (gssize)n);
	return text;
}

/* False: the file cannot be read. */
static bool add_file(struct dict *dict, const char *key, const char *path)
{
	FILE *in = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
	GString *text;

	if (!in)
		return false;
	text = read_stream(in);
	dict_add_copy(dict, dict_root(dict), key, (struct str){ text->str, text->len });
	g_string_free(text, TRUE);
	if (in != stdin)
		fclose(in);
	return true;
}

static void add_list(struct dict *dict, const char *key, struct str items)
{
	struct value *list = dict_add_list(dict, dict_root(dict), key);
	struct str item;

	while (items.len && str_cut(&items, ',', &item))
		dict_add_copy(dict, list, NULL, item);
}

static bool add_key(struct dict *dict, const char *key, const char *value)
{
	size_t len = strlen(value);
	int64_t number;

	if (strcmp(value, "-") == 0)
		return add_file(dict, key, value);
	if (value[0] == '@')
		return add_file(dict, key, value + 1);
	if (len > 1 && value[0] == '[' && value[len - 1] == ']')
		add_list(dict, key, (struct str){ value + 1, len - 2 });
	else if (value_parse_int(str_of(value), &number) && len < 10 &&
		 strcmp(key, "call-id") != 0 && !g_str_has_suffix(key, "-tag"))
		dict_add_int(dict, dict_root(dict), key, number);
	else
		dict_add_copy(dict, dict_root(dict), key, str_of(value));
	return true;
}

/* Flags are gathered in one list, as proxies send them. */
static struct dict *build_request(char **words)
{
	struct dict *dict = dict_new();
	struct value *flags = NULL;

	dict_add_copy(dict, dict_root(dict), "command", str_of(words[0]));
	for (words++; *words; words++) {
		const char *word = g_str_has_prefix(*words, "--") ? *words + 2 : *words;
		const char *equals = strchr(word, '=');
		struct str key = { word, equals ? (size_t)(equals - word) : 0 };

		if (!equals) {
			if (!flags)
				flags = dict_add_list(dict, dict_root(dict), "flags");
			dict_add_copy(dict, flags, NULL, str_of(word));
		} else if (!add_key(dict, dict_copy(dict, key).s, equals + 1)) {
			fail("%s: %s", equals + 1, g_strerror(errno));
			dict_free(dict);
			return NULL;
		}
	}
	return dict;
}

static int open_socket(const struct settings *s)
{
	struct addr addrs[MAX_ADDRESSES], addr;
	unsigned count;
	union sock sock;
	socklen_t len;
	int ret = addr_resolve(
		str_of(s->host ? s->host : "127.0.0.1"), addrs, MAX_ADDRESSES, &count);
	int fd;

	if (ret < 0)
		return ret;
	addr = addr_with_port(addrs[0], (uint16_t)s->port);
	len = addr_to_sock(&addr, &sock);
	fd = socket(sock.sa.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, &sock.sa, len) < 0)
		return -errno;
	return fd;
}

/* The reply to that cookie into `buffer`: its length, 0 when none came in time, or -errno. */
static ssize_t receive(int fd, struct str cookie, char *buffer, int timeout_ms)
{
	int64_t until_us = g_get_monotonic_time() + timeout_ms * (int64_t)1000;

	for (;;) {
		struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
		int64_t left_us = until_us - g_get_monotonic_time();
		ssize_t len;

		if (left_us <= 0 || poll(&poll_fd, 1, (int)(left_us / 1000) + 1) == 0)
			return 0;
		len = recv(fd, buffer, MAX_DATAGRAM, 0);
		if (len < 0)
			return -errno;
		if (str_begins((struct str){ buffer, (size_t)len }, cookie))
			return len;
	}
}

static int print_reply(const struct settings *s, struct str datagram)
{
	g_autoptr(GString) text = g_string_new(NULL);
	struct ng_message reply;
	struct err err;
	int ret = EXIT_SUCCESS;

	if (!ng_message_split(datagram, &reply) || ng_message_decode(&reply, &err) < 0)
		return fail("a reply that cannot be read: %.*s", STR_ARG(datagram));
	if (s->raw)
		g_string_append_len(text, reply.doc.s, (gssize)reply.doc.len);
	else
		value_print(dict_root(reply.dict), text, MAX_PRINTED);
	puts(text->str);
	if (str_is(value_get_str(dict_root(reply.dict), "result"), "error"))
		ret = EXIT_FAILURE;
	ng_message_clear(&reply);
	return ret;
}

static int converse(const struct settings *s, int fd, const GString *message, struct str cookie)
{
	g_autofree char *buffer = g_malloc(MAX_DATAGRAM);

	for (int i = 0; i < s->tries; i++) {
		ssize_t len;

		if (send(fd, message->str, message->len, 0) < 0)
			return fail("%s", g_strerror(errno));
		len = receive(fd, cookie, buffer, s->timeout_ms);
		if (len < 0)
			return fail("%s", g_strerror((int)-len));
		if (len > 0)
			return print_reply(s, (struct str){ buffer, (size_t)len });
	}
	return fail("no answer");
}

static int run(const struct settings *s)
{
	g_autofree char *cookie = g_strdup_printf("%d_%u ", (int)getpid(), g_random_int());
	g_autoptr(GString) message = g_string_new(cookie);
	struct dict *request = build_request(s->words);
	int fd, ret;

	if (!request)
		return EXIT_FAILURE;
	if (s->json)
		json_encode(dict_root(request), message);
	else
		bencode_encode(dict_root(request), message);
	dict_free(request);
	fd = open_socket(s);
	if (fd < 0)
		return fail(
			"cannot reach %s: %s", s->host ? s->host : "127.0.0.1", g_strerror(-fd));
	ret = converse(s, fd, message, str_of(cookie));
	close(fd);
	return ret;
}

int main(int argc, char **argv)
{
	struct settings s = {
		.port = DEFAULT_PORT,
		.timeout_ms = DEFAULT_TIMEOUT_MS,
		.tries = DEFAULT_TRIES,
	};
	int ret = read_command_line(&s, argc, argv);

	if (!ret)
		ret = run(&s);
	g_strfreev(s.words);
	g_free(s.host);
	return ret;
}

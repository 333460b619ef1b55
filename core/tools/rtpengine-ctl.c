/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Sends one command to a daemon's CLI and prints what comes back (spec daemon 3.1). Where the CLI
 * is comes from the command line, else from the daemon's config file, else is the usual place.
 */
#include "api/dict.h"
#include "net/addr.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <unistd.h>

#include <glib.h>

enum { DEFAULT_PORT = 9900, TIMEOUT_SECONDS = 3, MAX_ADDRESSES = 16 };

static const char DEFAULT_FILE[] = "/etc/rtpengine/rtpengine.conf";

struct target {
	char *host; /* owned */
	int port;
};

static int usage(FILE *out, int status)
{
	fputs("Usage: rtpengine-ctl [OPTION...] COMMAND...\n"
	      "\n"
	      "Sends a command to the CLI of rtpengine and prints the answer.\n"
	      "\n"
	      "  -h                  this, and what the daemon says of its commands\n"
	      "  -config-file FILE   where to look for listen-cli\n"
	      "                      (default /etc/rtpengine/rtpengine.conf)\n"
	      "  -ip IP[:PORT]       address of the CLI (default 127.0.0.1:9900)\n"
	      "  -port PORT          its port\n",
		out);
	return status;
}

static bool parse_port(const char *text, int *ret_port)
{
	int64_t port;

	if (!value_parse_int(str_of(text), &port) || port < 1 || port > UINT16_MAX)
		return false;
	*ret_port = (int)port;
	return true;
}

static void set_host(struct target *t, const char *host, size_t len)
{
	if (len > 1 && host[0] == '[' && host[len - 1] == ']') {
		host++;
		len -= 2;
	}
	g_free(t->host);
	t->host = g_strndup(host, len);
}

/* "PORT", "HOST:PORT", and with `host_alone` "HOST" as well. */
static bool parse_target(struct target *t, const char *text, bool host_alone)
{
	const char *colon = strrchr(text, ':');
	struct addr addr;

	if (!host_alone && parse_port(text, &t->port))
		return true;
	if (host_alone && (!colon || addr_parse_ip(str_of(text), &addr))) {
		set_host(t, text, strlen(text));
		return true;
	}
	if (!colon || !parse_port(colon + 1, &t->port))
		return false;
	set_host(t, text, (size_t)(colon - text));
	return t->host[0] != '\0';
}

/* A listener on all addresses is reached on loopback. */
static void read_config(struct target *t, const char *path)
{
	g_autoptr(GKeyFile) file = g_key_file_new();
	g_auto(GStrv) list = NULL;
	struct addr addr;

	if (!g_key_file_load_from_file(file, path, G_KEY_FILE_NONE, NULL))
		return;
	list = g_key_file_get_string_list(file, "rtpengine", "listen-cli", NULL, NULL);
	if (list && list[0])
		parse_target(t, g_strstrip(list[0]), false);
	if (addr_parse_ip(str_of(t->host), &addr) && addr_is_unspecified(&addr))
		set_host(t, addr.family == ADDR_IP6 ? "::1" : "127.0.0.1",
			addr.family == ADDR_IP6 ? 3 : 9);
}

static int connect_to(const struct addr *addr)
{
	struct timeval timeout = { .tv_sec = TIMEOUT_SECONDS };
	union sock sock;
	socklen_t len = addr_to_sock(addr, &sock);
	int fd = socket(sock.sa.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
	if (connect(fd, &sock.sa, len) < 0) {
		int ret = -errno;

		close(fd);
		return ret;
	}
	return fd;
}

static int open_target(const struct target *t)
{
	struct addr addrs[MAX_ADDRESSES];
	unsigned count;
	int ret = addr_resolve(str_of(t->host), addrs, MAX_ADDRESSES, &count);

	for (unsigned i = 0; !ret && i < count; i++) {
		struct addr addr = addr_with_port(addrs[i], (uint16_t)t->port);
		int fd = connect_to(&addr);

		if (fd >= 0 || i + 1 == count)
			return fd;
	}
	return ret;
}

static bool send_all(int fd, const char *text)
{
	size_t len = strlen(text);

	while (len) {
		ssize_t n = send(fd, text, len, MSG_NOSIGNAL);

		if (n < 0)
			return false;
		text += n;
		len -= (size_t)n;
	}
	return true;
}

static int converse(int fd, const char *command)
{
	char buffer[16384];
	ssize_t n = -1;

	if (send_all(fd, command))
		while ((n = recv(fd, buffer, sizeof(buffer), 0)) > 0)
			fwrite(buffer, 1, (size_t)n, stdout);
	if (n < 0) {
		fprintf(stderr, "rtpengine-ctl: %s\n",
			errno == EAGAIN ? "no answer in time" : g_strerror(errno));
		return EXIT_FAILURE;
	}
	return fflush(stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int run(const struct target *t, const char *command)
{
	int fd = open_target(t);
	int ret;

	if (fd < 0) {
		fprintf(stderr, "rtpengine-ctl: cannot connect to %s port %d: %s\n", t->host,
			t->port, g_strerror(-fd));
		return EXIT_FAILURE;
	}
	ret = converse(fd, command);
	close(fd);
	return ret;
}

/* One or two dashes. NULL: not an option. */
static const char *option_name(const char *arg)
{
	if (arg[0] != '-' || !arg[1])
		return NULL;
	return arg[1] == '-' ? arg + 2 : arg + 1;
}

struct arguments {
	const char *file, *ip, *port;
	bool help;
	char **command;
};

static bool read_arguments(char **argv, struct arguments *ret)
{
	*ret = (struct arguments){ .file = DEFAULT_FILE };
	for (argv++; *argv; argv++) {
		const char *name = option_name(*argv);
		const char **value = NULL;

		if (!name || !*name) {
			argv += name != NULL;
			break;
		}
		if (!strcmp(name, "h") || !strcmp(name, "help")) {
			ret->help = true;
			continue;
		}
		if (!strcmp(name, "config-file"))
			value = &ret->file;
		else if (!strcmp(name, "ip"))
			value = &ret->ip;
		else if (!strcmp(name, "port"))
			value = &ret->port;
		if (!value || !argv[1])
			return false;
		*value = *++argv;
	}
	ret->command = argv;
	return true;
}

static int ask(struct target *t, const struct arguments *args)
{
	g_autofree char *words = NULL, *line = NULL;
	int ret;

	read_config(t, args->file);
	if ((args->ip && !parse_target(t, args->ip, true)) ||
		(args->port && !parse_port(args->port, &t->port))) {
		fputs("rtpengine-ctl: no such address or port\n", stderr);
		return EXIT_FAILURE;
	}
	if (args->help)
		usage(stdout, 0);
	words = g_strjoinv(" ", args->command);
	line = g_strconcat(args->help || !*words ? "usage" : words, "\n", NULL);
	ret = run(t, line);
	return args->help ? EXIT_SUCCESS : ret;
}

int main(int argc, char **argv)
{
	struct target t = { .port = DEFAULT_PORT };
	struct arguments args;
	int ret;

	(void)argc;
	if (!read_arguments(argv, &args))
		return usage(stderr, EXIT_FAILURE);
	t.host = g_strdup("127.0.0.1");
	ret = ask(&t, &args);
	g_free(t.host);
	return ret;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The daemon as a process of the guest, and JSON to it and back. */
#include "engine.h"

#include "ng/ng.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	NG_PORT = 2223,
	MAX_ARGS = 40,
	START_TRIES = 400, /* of 50 ms */
	ANSWER_MS = 5000,
	MESSAGE_BYTES = 64 * 1024,
	LOG_BYTES = 4 * 1024 * 1024, /* looked at, from the end */
};

static void log_path(const struct engine *e, char ret[64])
{
	snprintf(ret, 64, "/tmp/daemon-%u.log", e->port);
}

static void connect_to(struct engine *e)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_port = htons(e->port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};

	e->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (e->fd < 0 || connect(e->fd, (const struct sockaddr *)&to, sizeof(to)) < 0) {
		perror("NG");
		exit(1);
	}
}

static void set_wait(int fd, unsigned ms)
{
	struct timeval wait = { .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
}

static void run(const struct engine *e, const char *const *args)
{
	char path[64];
	int out;

	log_path(e, path);
	out = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(out, STDOUT_FILENO);
	dup2(out, STDERR_FILENO);
	execv(args[0], (char *const *)args);
	perror(args[0]);
	_exit(127);
}

static bool has_ended(struct engine *e)
{
	if (waitpid(e->pid, &e->status, WNOHANG) != e->pid)
		return false;
	e->pid = 0;
	return true;
}

/* Steady packets of tests must not be what it learns to be silent about. */
static bool wait_for(struct engine *e)
{
	const struct timespec pause = { .tv_nsec = 50 * 1000 * 1000 };

	set_wait(e->fd, 50);
	for (unsigned i = 0; i < START_TRIES && !has_ended(e); i++) {
		if (engine_ask(e, "\"command\":\"ping\"")) {
			set_wait(e->fd, ANSWER_MS);
			return true;
		}
		nanosleep(&pause, NULL);
	}
	return false;
}

bool engine_start(struct engine *e, ...)
{
	char listen[64];
	const char *args[MAX_ARGS] = {
		"/root/rtpengine",
		"--config-file=none",
		"--foreground",
		"--log-stderr",
		"--delete-delay=0",
		"--interface=a/10.1.0.1",
		"--interface=a/fd01::1",
		"--interface=b/10.2.0.1",
		"--interface=b/fd02::1",
		listen,
	};
	unsigned count = 10;
	va_list more;

	e->port = e->port ? e->port : NG_PORT;
	snprintf(listen, sizeof(listen), "--listen-ng=127.0.0.1:%u", e->port);
	va_start(more, e);
	while (count + 1 < MAX_ARGS && (args[count] = va_arg(more, const char *)))
		count++;
	va_end(more);
	connect_to(e);
	fflush(stdout);
	e->pid = fork();
	if (!e->pid)
		run(e, args);
	if (e->pid > 0 && wait_for(e))
		return true;
	close(e->fd);
	return false;
}

int engine_stop(struct engine *e, int number)
{
	if (!e->pid)
		return -1;
	kill(e->pid, number);
	waitpid(e->pid, &e->status, 0);
	e->pid = 0;
	close(e->fd);
	dict_free(e->reply);
	e->reply = NULL;
	return WIFEXITED(e->status) ? WEXITSTATUS(e->status) : -1;
}

/* The next answer with that cookie; later ones may still be on their way. */
static const struct value *take_answer(struct engine *e, const char *cookie)
{
	static char bytes[MESSAGE_BYTES];
	struct err err;
	size_t skip = strlen(cookie);

	for (;;) {
		ssize_t got = recv(e->fd, bytes, sizeof(bytes), 0);

		if (got < 0)
			return NULL;
		if ((size_t)got <= skip || memcmp(bytes, cookie, skip) != 0)
			continue;
		if (json_decode(
			    (struct str){ bytes + skip, (size_t)got - skip }, &e->reply, &err) == 0)
			return dict_root(e->reply);
		printf("# %s\n", err.text);
		return NULL;
	}
}

const struct value *engine_ask(struct engine *e, const char *format, ...)
{
	char message[MESSAGE_BYTES / 4], cookie[32];
	va_list args;
	int len, more;

	dict_free(e->reply);
	e->reply = NULL;
	snprintf(cookie, sizeof(cookie), "%u ", ++e->serial);
	len = snprintf(message, sizeof(message), "%s{", cookie);
	va_start(args, format);
	more = vsnprintf(message + len, sizeof(message) - (size_t)len - 1, format, args);
	va_end(args);
	if (more < 0 || (size_t)(len + more) + 2 > sizeof(message))
		abort();
	len += more;
	message[len++] = '}';
	if (send(e->fd, message, (size_t)len, 0) < 0)
		return NULL;
	return take_answer(e, cookie);
}

const struct value *engine_at(const struct value *v, const char *path)
{
	char key[64];

	while (v && *path) {
		size_t len = strcspn(path, "/");

		snprintf(key, sizeof(key), "%.*s", (int)len, path);
		if (v->type == VALUE_LIST) {
			unsigned place = (unsigned)atoi(key);

			for (v = value_first(v); v && place; place--)
				v = v->next;
		} else {
			v = value_get(v, key);
		}
		path += len + (path[len] == '/');
	}
	return v;
}

bool engine_ok(const struct value *answer)
{
	struct str result = value_get_str(answer, "result");
	struct str reason = value_get_str(answer, "error-reason");

	if (str_eq(result, STR_LIT("ok")))
		return true;
	printf("# result: %.*s %.*s\n", STR_ARG(result), STR_ARG(reason));
	return false;
}

/* The end of the log, in memory of its own. */
static const char *read_log(const struct engine *e)
{
	static char text[LOG_BYTES + 1];
	char path[64];
	FILE *f;
	size_t len = 0;

	log_path(e, path);
	f = fopen(path, "r");
	if (f) {
		if (fseek(f, -LOG_BYTES, SEEK_END) < 0)
			rewind(f);
		len = fread(text, 1, LOG_BYTES, f);
		fclose(f);
	}
	text[len] = 0;
	return text;
}

bool engine_said(const struct engine *e, const char *text)
{
	const char *log = read_log(e);

	if (strstr(log, text))
		return true;
	printf("# it did not say \"%s\"; its last words:\n", text);
	if (strlen(log) > 1000)
		log += strlen(log) - 1000;
	for (; *log; log += strcspn(log, "\n") + (log[strcspn(log, "\n")] != 0))
		printf("#   %.*s\n", (int)strcspn(log, "\n"), log);
	return false;
}

long long engine_total(const struct engine *e, const char *name)
{
	const char *line = strstr(read_log(e), "Totals:"), *found;
	char key[64];

	snprintf(key, sizeof(key), " %s ", name);
	found = line ? strstr(line, key) : NULL;
	return found ? atoll(found + strlen(key)) : 0;
}

uint64_t engine_cpu_ns(const struct engine *e)
{
	struct timespec t = { 0 };
	clockid_t id;

	if (clock_getcpuclockid(e->pid, &id) == 0)
		clock_gettime(id, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

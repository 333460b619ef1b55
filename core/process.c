/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The daemon as a process. */
#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { MOST_FILES = (1 << 20) - 1, FEWEST_FILES = 1024 };

static void unlimit(int resource)
{
	struct rlimit limit = { RLIM_INFINITY, RLIM_INFINITY };

	if (setrlimit(resource, &limit) == 0)
		return;
	/* Not ours to raise: what may be had is taken. */
	if (getrlimit(resource, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(resource, &limit);
	}
}

void process_raise_limits(void)
{
	static const int unlimited[] = { RLIMIT_CORE, RLIMIT_DATA, RLIMIT_RSS, RLIMIT_AS };
	struct rlimit limit;

	for (size_t i = 0; i < sizeof(unlimited) / sizeof(*unlimited); i++)
		unlimit(unlimited[i]);
	for (rlim_t n = MOST_FILES; n >= FEWEST_FILES; n /= 2) {
		limit = (struct rlimit){ n, n };
		if (setrlimit(RLIMIT_NOFILE, &limit) == 0)
			return;
	}
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

int process_daemonise(void)
{
	pid_t pid = fork();
	int null;

	if (pid < 0)
		return -errno;
	if (pid > 0)
		_exit(EXIT_SUCCESS);
	setpgid(0, 0);
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null < 0)
		return -errno;
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		dup2(null, fd);
	if (null > STDERR_FILENO)
		close(null);
	return 0;
}

int process_write_pid(const char *path)
{
	FILE *file = fopen(path, "we");
	int ret = 0;

	if (!file)
		return -errno;
	if (fprintf(file, "%ld\n", (long)getpid()) < 0)
		ret = -EIO;
	if (fclose(file) != 0 && !ret)
		ret = -errno;
	return ret;
}

void process_notify(const char *state)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	socklen_t len;
	int fd;

	if (!path || !*path || strlen(path) >= sizeof(to.sun_path))
		return;
	memcpy(to.sun_path, path, strlen(path) + 1);
	len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
	if (to.sun_path[0] == '@') /* abstract */
		to.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	/* Nobody to tell if this fails; the service manager's own timeout will show it. */
	if (sendto(fd, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&to, len) < 0)
		errno = 0;
	close(fd);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon.h"
#include "util.h"
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static pid_t running;

void netns_private(void)
{
	struct ifreq r = { .ifr_name = "lo" };
	if (unshare(CLONE_NEWNET))
		die("cannot make a network namespace: %s", strerror(errno));
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	r.ifr_flags = IFF_UP | IFF_RUNNING;
	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &r))
		die("cannot bring up loopback: %s", strerror(errno));
	close(fd);
}

static void stop_at_exit(void)
{
	if (running > 0)
		daemon_stop(running);
}

pid_t daemon_start(const char *cmd, int cpu, const char *log_path)
{
	char line[4096];
	pid_t parent = getpid(), pid;

	snprintf(line, sizeof line, "exec %s", cmd);
	pid = fork();
	if (pid < 0)
		die("fork: %s", strerror(errno));
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(1);
		pin_self(cpu);
		int fd = open(log_path, O_WRONLY | O_CREAT | O_APPEND, 0644),
		    in = open("/dev/null", O_RDONLY);
		if (fd < 0 || in < 0)
			die("cannot open %s", log_path);
		dup2(in, 0);
		dup2(fd, 1);
		dup2(fd, 2);
		execl("/bin/sh", "sh", "-c", line, (char *)NULL);
		_exit(127);
	}
	running = pid;
	atexit(stop_at_exit);
	return pid;
}

void daemon_stop(pid_t pid)
{
	if (running != pid)
		return;
	running = 0;
	kill(pid, SIGTERM);
	for (int i = 0; i < 60; i++) {
		if (waitpid(pid, NULL, WNOHANG) == pid)
			return;
		usleep(50000);
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Running iptables-restore. Text and complaints go through files in memory, which cannot make
 * either side wait as pipes can.
 */
#include "firewall/restore.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"

enum {
	LOCK_WAIT_MS = 5000,
	LOCK_STEP_MS = 20,
	RUN_MS = 30000,
	COMPLAINT_BYTES = 200,
	EXIT_RESOURCE = 4, /* iptables' status for what has nothing to do with the rules */
};

static const char lock_variable[] = "XTABLES_LOCKFILE", lock_path[] = "/run/xtables.lock";
/* For the lock, in seconds: as LOCK_WAIT_MS. */
static const char wait_argument[] = "--wait=5";

struct restore {
	char *programs[2];  /* IPv4, IPv6; NULL: not there */
	int lock_fd;        /* -1: not to be had */
	char **environment; /* with the lock left to us */
};

/* Services have a PATH of their own, and users' seldom have the folders for root's programs. */
static char *find_program(const char *name)
{
	static const char *const folders[] = { "/usr/sbin", "/sbin", "/usr/local/sbin" };
	char *path = g_find_program_in_path(name);

	for (unsigned i = 0; !path && i < G_N_ELEMENTS(folders); i++) {
		path = g_build_filename(folders[i], name, NULL);
		if (!g_file_test(path, G_FILE_TEST_IS_EXECUTABLE))
			g_clear_pointer(&path, g_free);
	}
	return path;
}

struct restore *restore_new(void)
{
	struct restore *restore = g_new0(struct restore, 1);
	const char *lock = g_getenv(lock_variable);

	restore->programs[0] = find_program("iptables-restore");
	restore->programs[1] = find_program("ip6tables-restore");
	restore->lock_fd = open(lock ? lock : lock_path, O_RDONLY | O_CREAT | O_CLOEXEC, 0600);
	restore->environment = g_get_environ();
	return restore;
}

void restore_free(struct restore *restore)
{
	if (!restore)
		return;
	g_free(restore->programs[0]);
	g_free(restore->programs[1]);
	if (restore->lock_fd >= 0)
		close(restore->lock_fd);
	g_strfreev(restore->environment);
	g_free(restore);
}

/* Rights that a program keeps need to be inheritable first; both are of this thread only. */
void restore_pass_rights(void)
{
	static const unsigned passed[] = { CAP_NET_ADMIN, CAP_NET_RAW };
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { 0 };

	if (geteuid() == 0 || syscall(SYS_capget, &header, data) < 0)
		return;
	for (unsigned i = 0; i < G_N_ELEMENTS(passed); i++)
		data[0].inheritable |= data[0].permitted & 1u << passed[i];
	if (syscall(SYS_capset, &header, data) < 0)
		return;
	for (unsigned i = 0; i < G_N_ELEMENTS(passed); i++)
		prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, passed[i], 0, 0);
}

/* --- the lock --- */

/*
 * True where the lock is ours to take, since the program may not open its file. It is pointed to
 * a file then that locks nobody out.
 */
static bool takes_lock(struct restore *restore)
{
	if (geteuid() == 0 || restore->lock_fd < 0)
		return false;
	restore->environment = g_environ_setenv(
		restore->environment, lock_variable, "/dev/null", TRUE);
	return true;
}

static int wait_for_lock(int fd)
{
	for (unsigned ms = 0; flock(fd, LOCK_EX | LOCK_NB) < 0; ms += LOCK_STEP_MS) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return -errno;
		if (ms >= LOCK_WAIT_MS)
			return -ETIMEDOUT;
		g_usleep(LOCK_STEP_MS * 1000);
	}
	return 0;
}

/* --- the program --- */

static int open_text(const GString *text)
{
	int fd = memfd_create("rules", MFD_CLOEXEC);
	size_t done = 0;

	while (fd >= 0 && done < text->len) {
		ssize_t n = write(fd, text->str + done, text->len - done);

		if (n < 0 && errno != EINTR) {
			int ret = -errno;

			close(fd);
			return ret;
		}
		done += n > 0 ? (size_t)n : 0;
	}
	if (fd < 0)
		return -errno;
	lseek(fd, 0, SEEK_SET);
	return fd;
}

/* With no signal blocked or ignored, as programs expect. */
static int spawn(const char *program, char *const *environment, int in, int complaints, pid_t *ret)
{
	char *const argv[] = { (char *)program, (char *)"--noflush", (char *)wait_argument, NULL };
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	sigset_t none, ignored;
	int rc;

	sigemptyset(&none);
	sigemptyset(&ignored);
	sigaddset(&ignored, SIGPIPE);
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_adddup2(&files, in, STDIN_FILENO);
	posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_adddup2(&files, complaints, STDERR_FILENO);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setsigdefault(&attr, &ignored);
	rc = posix_spawn(ret, program, &files, &attr, argv, environment);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&files);
	return -rc;
}

/* Where the kernel is too old to tell of an end (Linux 5.3), it is waited for without limit. */
static bool ends_in_time(pid_t pid)
{
	struct pollfd fd = { .fd = (int)syscall(SYS_pidfd_open, pid, 0), .events = POLLIN };
	int n;

	if (fd.fd < 0)
		return true;
	do
		n = poll(&fd, 1, RUN_MS);
	while (n < 0 && errno == EINTR);
	close(fd.fd);
	return n != 0;
}

/* 0 or -errno; -EIO and -EBUSY: it ended with another status than 0. */
static int wait_for(pid_t pid)
{
	bool in_time = ends_in_time(pid);
	int status;

	if (!in_time)
		kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	if (!in_time)
		return -ETIMEDOUT;
	if (!WIFEXITED(status))
		return -EIO;
	return WEXITSTATUS(status) == EXIT_RESOURCE ? -EBUSY : WEXITSTATUS(status) ? -EIO : 0;
}

/* The first line; it may repeat what came from outside. */
static void read_complaint(int fd, char ret[COMPLAINT_BYTES])
{
	ssize_t len = pread(fd, ret, COMPLAINT_BYTES - 1, 0);

	ret[MAX(len, 0)] = '\0';
	g_strstrip(ret);
	ret[strcspn(ret, "\n")] = '\0';
	for (char *c = ret; *c; c++)
		*c = log_printable(*c);
	if (!*ret)
		g_strlcpy(ret, "it says nothing about why", COMPLAINT_BYTES);
}

static int run_on(
	const char *program, char *const *environment, int in, int complaints, struct err *err)
{
	char complaint[COMPLAINT_BYTES];
	pid_t pid;
	int rc = spawn(program, environment, in, complaints, &pid);

	if (rc)
		return err_set(err, -rc, "%s cannot be run: %s", program, g_strerror(-rc));
	rc = wait_for(pid);
	if (rc == -ETIMEDOUT)
		return err_set(err, ETIMEDOUT, "%s did not end in time", program);
	if (rc == -EIO || rc == -EBUSY) {
		read_complaint(complaints, complaint);
		return err_set(err, -rc, "%s", complaint);
	}
	return rc ? err_set(err, -rc, "%s: %s", program, g_strerror(-rc)) : 0;
}

static int run_with_text(
	struct restore *restore, const char *program, const GString *text, struct err *err)
{
	int in = open_text(text);
	int complaints = in < 0 ? -1 : memfd_create("complaints", MFD_CLOEXEC);
	int rc;

	if (in < 0)
		return err_set(err, -in, "No file for the rules: %s", g_strerror(-in));
	if (complaints < 0)
		rc = err_set(err, errno, "No file for its messages: %s", g_strerror(errno));
	else
		rc = run_on(program, restore->environment, in, complaints, err);
	close(in);
	if (complaints >= 0)
		close(complaints);
	return rc;
}

int restore_run(
	struct restore *restore, enum addr_family family, const GString *text, struct err *err)
{
	const char *program = restore->programs[family == ADDR_IP6];
	bool locks = takes_lock(restore);
	int rc;

	if (!program)
		return err_set(err, ENOENT, "%s is not installed",
			family == ADDR_IP6 ? "ip6tables-restore" : "iptables-restore");
	rc = locks ? wait_for_lock(restore->lock_fd) : 0;
	if (rc)
		return err_set(err, -rc, "The lock of xtables cannot be had: %s", g_strerror(-rc));
	rc = run_with_text(restore, program, text, err);
	if (locks)
		flock(restore->lock_fd, LOCK_UN);
	return rc;
}

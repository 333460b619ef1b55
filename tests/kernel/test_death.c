/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Daemons that die, that want the same table, and the module being unloaded under them. */
#include "talk.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	TABLE = 0,
	LOAD_US = 1000, /* between packets each way */
	REFRESH_S = FORWARD_REFRESH_MS / 1000,
	EXPIRE_S = FORWARD_EXPIRE_MS / 1000,
};

static const char busy[] =
	"FAILED TO CREATE KERNEL TABLE 0 (Device or resource busy: another daemon "
	"has it), KERNEL FORWARDING DISABLED";

static struct engine engine, other = { .port = 2224 };
static struct talk talk;

/* Packets both ways from a process of their own, until stop_load. */
static pid_t start_load(void)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		talk_send(&talk, 0);
		talk_send(&talk, 1);
		talk_pace(LOAD_US);
	}
}

static void stop_load(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* Does anything arrive, from now on? */
static bool something_arrives(void)
{
	talk_drain(&talk);
	return world_receive(talk.phone[0].rtp)->len && world_receive(talk.phone[1].rtp)->len;
}

static bool nothing_arrives(void)
{
	talk_drain(&talk);
	return !world_receive(talk.phone[0].rtp)->len && !world_receive(talk.phone[1].rtp)->len;
}

static void close_phones(void)
{
	for (unsigned i = 0; i < 2; i++) {
		close(talk.phone[i].rtp);
		close(talk.phone[i].rtcp);
	}
}

static int unload(void)
{
	return syscall(SYS_delete_module, "rtpengine", O_NONBLOCK) < 0 ? errno : 0;
}

static bool begin(void)
{
	return CHECK(engine_start(&engine, "--table=0", "--no-fallback", "--log-level=6", NULL)) &&
	       CHECK(talk_begin(&talk, &engine, "mortal", 4, "")) && talk_until(&talk, "kernel");
}

static int targets(void)
{
	struct client *c = client_open();
	int count = c ? client_count(c, TABLE) : -1;

	client_close(c);
	return count;
}

/* What it left goes on for as long as it takes to start another one, and no longer. */
static void test_killed_under_load(void)
{
	pid_t load;

	if (!begin())
		return;
	load = start_load();
	talk_pace(500000);
	CHECK_INT(unload(), EAGAIN);
	CHECK_INT(engine_stop(&engine, SIGKILL), -1);
	CHECK(something_arrives());
	talk_pace((EXPIRE_S - REFRESH_S - 2) * 1000000);
	CHECK(something_arrives());
	talk_pace((REFRESH_S + 3) * 1000000);
	CHECK(nothing_arrives());
	CHECK(targets() <= 0);
	stop_load(load);
	close_phones();
}

static void test_unloaded_under_load(void)
{
	pid_t load;

	if (!begin())
		return;
	load = start_load();
	talk_pace(500000);
	CHECK_INT(engine_stop(&engine, SIGKILL), -1);
	CHECK(something_arrives());
	CHECK_INT(unload(), 0);
	CHECK(nothing_arrives());
	stop_load(load);
	close_phones();
}

/* The module comes back by itself; a table that nobody owns is the next one's, without its targets. */
static void test_taken_back(void)
{
	if (!begin())
		return;
	CHECK_INT(engine_stop(&engine, SIGKILL), -1);
	CHECK_INT(targets(), 2);
	if (CHECK(engine_start(&engine, "--table=0", "--no-fallback", "--log-level=6", NULL))) {
		CHECK_INT(targets(), 0);
		close_phones();
		if (CHECK(talk_begin(&talk, &engine, "reborn", 4, "")))
			talk_until(&talk, "kernel");
		talk_end(&talk);
	}
	CHECK_INT(engine_stop(&engine, SIGTERM), 0);
	CHECK(targets() <= 0);
}

static void test_a_table_has_one_owner(void)
{
	if (!begin())
		return;
	CHECK(!engine_start(&other, "--table=0", "--no-fallback", "--port-min=40000",
		"--port-max=40100", NULL));
	CHECK(WIFEXITED(other.status) && WEXITSTATUS(other.status));
	CHECK(engine_said(&other, busy));
	CHECK(engine_said(&other, "Userspace fallback disallowed - exiting"));
	if (CHECK(engine_start(&other, "--table=0", "--port-min=40000", "--port-max=40100", NULL)))
		CHECK(engine_said(&other, busy));
	talk_until(&talk, "kernel");
	CHECK_INT(targets(), 2);
	CHECK_INT(engine_stop(&other, SIGTERM), 0);
	CHECK_INT(targets(), 2);
	if (CHECK(engine_start(&other, "--table=1", "--no-fallback", "--port-min=40000",
		    "--port-max=40100", NULL)))
		CHECK_INT(engine_stop(&other, SIGTERM), 0);
	talk_end(&talk);
	CHECK_INT(engine_stop(&engine, SIGTERM), 0);
}

static int number_in(const char *path, const char *before)
{
	char line[256];
	FILE *file = fopen(path, "r");
	int number = -1;

	while (file && number < 0 && fgets(line, sizeof(line), file)) {
		const char *at = strstr(line, before);

		if (at)
			number = atoi(at + strlen(before));
	}
	if (file)
		fclose(file);
	return number;
}

static const char status_file[] = "/proc/net/rtpengine/3/status";

/* As an operator starts it; the exit status of the process that was started, and how long it ran. */
static int start_forking(int64_t *ret_us)
{
	static const char command[] = "/root/rtpengine --config-file=none --interface=10.1.0.1 "
				      "--listen-ng=127.0.0.1:2230 --no-fallback --table=3 "
				      "--pidfile=/tmp/forked.pid 2>/tmp/forked.err";
	int64_t begun_us = g_get_monotonic_time();
	int status = system(command);

	*ret_us = g_get_monotonic_time() - begun_us;
	return WEXITSTATUS(status);
}

/* The process that goes on, once the table is its own. */
static int owner_of_table(void)
{
	int pid = -1, owner = -1;

	for (unsigned i = 0; i < 100 && (pid <= 0 || owner != pid); i++) {
		talk_pace(20000);
		pid = number_in("/tmp/forked.pid", "");
		owner = number_in(status_file, "rtpengine (");
	}
	CHECK_INT(owner, pid);
	return pid;
}

static void end_owner(int pid)
{
	if (!CHECK(pid > 0))
		return;
	kill(pid, SIGTERM);
	for (unsigned i = 0; i < 100 && number_in(status_file, "rtpengine (") == pid; i++)
		talk_pace(20000);
	CHECK_INT(number_in(status_file, "rtpengine ("), -1);
}

/*
 * Who has forked is the owner; what keeps it from starting is said by the parent, after it has given
 * the one before some time to be gone.
 */
static void test_a_table_is_the_daemons(void)
{
	int64_t refused_us, started_us;
	int pid;

	remove("/tmp/forked.pid");
	CHECK_INT(start_forking(&started_us), 0);
	pid = owner_of_table();
	CHECK_INT(start_forking(&refused_us), 255);
	CHECK_INT(number_in("/tmp/forked.err", "Userspace fallback disallowed"), 0);
	end_owner(pid);
	remove("/tmp/forked.pid");
	CHECK_INT(start_forking(&started_us), 0);
	CHECK(refused_us >= 100000 && refused_us > started_us + 50000);
	end_owner(owner_of_table());
}

/* Last: it is not there any more then. */
static void test_unloaded(void)
{
	CHECK_INT(unload(), 0);
	CHECK_INT(unload(), ENOENT);
}

const struct test death_tests[] = {
	{ "killed under load, nothing is forwarded after 30 s", test_killed_under_load },
	{ "killed and unloaded under load", test_unloaded_under_load },
	{ "a restarted daemon takes its table back", test_taken_back },
	{ "a table has one owner, the next one is told so", test_a_table_has_one_owner },
	{ "a table is the daemon's, not its parent's", test_a_table_is_the_daemons },
	{ "nothing is left", test_unloaded },
	{ NULL, NULL },
};

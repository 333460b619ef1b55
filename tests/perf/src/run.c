/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What all modes of the load generator do alike: start, calls, reports. */
#include "run.h"
#include "daemon.h"
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- the run as a whole ---- */

static bool ping(const struct run *run)
{
	char out[512];
	size_t n = ng_call(run->sig.ng, "d7:command4:pinge", 17, out, sizeof out);
	return ng_result_is(out, n, "pong");
}

void run_begin(struct run *run, const struct plan *plan)
{
	if (run->opt.nice)
		raise_priority(run->opt.nice);
	if (run->opt.netns)
		netns_private();
	if (run->opt.exec)
		run->pid = daemon_start(run->opt.exec, run->opt.cpu_daemon, run->opt.log);
	else
		run->pid = run->opt.pid;
	pin_self(run->opt.cpu_gen);
	run->sig.ng = ng_open(run->opt.host, run->opt.ng_port, 1024);
	run->sig.plan = *plan;
	for (uint64_t end = mono_ns() + 10 * NS_PER_S; !ping(run);)
		if (mono_ns() > end)
			die("no answer to ping on %s:%d", run->opt.host, run->opt.ng_port);
	if (kill(run->pid, 0))
		die("the daemon did not stay up");
	usleep(300000); /* let it finish starting */
}

struct report run_report(const struct run *run)
{
	struct report r = { 0 };
	rep_str(&r, "mode", run->mode);
	if (run->opt.label[0])
		rep_str(&r, "label", run->opt.label);
	return r;
}

/* CPU figures over the time between two probes. */
void rep_cpu(struct report *r, const struct probe *a, const struct probe *b)
{
	double wall = b->wall - a->wall, ticks = b->user - a->user + b->sys - a->sys;
	rep_num(r, "wall_s", wall, "s");
	rep_num(r, "cpu_s", b->cpu - a->cpu, "s");
	rep_num(r, "cpu_cores", (b->cpu - a->cpu) / wall, "cores");
	rep_num(r, "cpu_sys_share", ticks > 0 ? (b->sys - a->sys) / ticks : 0, "");
	rep_num(r, "gen_cores", (b->self_cpu - a->self_cpu) / wall, "cores");
	rep_num(r, "host_softirq_cores", (b->host_softirq - a->host_softirq) / wall, "cores");
	rep_num(r, "host_ksoftirqd_cores", (b->host_ksoftirqd - a->host_ksoftirqd) / wall, "cores");
	rep_num(r, "host_steal_cores", (b->host_steal - a->host_steal) / wall, "cores");
}

void rep_threads(
	struct report *r, const struct thread_cpu *a, int na, const struct thread_cpu *b, int nb)
{
	char text[160] = "";
	size_t n = 0;
	for (int i = 0; i < nb; i++) {
		double cpu = b[i].cpu;
		for (int k = 0; k < na; k++)
			if (!strcmp(a[k].name, b[i].name))
				cpu -= a[k].cpu;
		if (cpu >= 0.0005 && n < sizeof text)
			n += (size_t)snprintf(text + n, sizeof text - n, "%s%s x%d %.3f",
				n ? ", " : "", b[i].name, b[i].count, cpu);
	}
	rep_str(r, "thread_cpu_s", text);
}

void rep_validity(const struct run *run, struct report *r, const char *invalid)
{
	rep_num(r, "gen_late_p50_us", hist_us(&run->media.lateness, 50), "us");
	rep_num(r, "gen_late_p99_us", hist_us(&run->media.lateness, 99), "us");
	rep_num(r, "gen_late_max_us", (double)run->media.lateness.max / 1e3, "us");
	rep_str(r, "invalid", invalid);
	rep_num(r, "valid", !invalid[0], "");
}

struct call *run_new_calls(const struct run *run, int n)
{
	struct call *c = xcalloc((size_t)n, sizeof *c);
	for (int i = 0; i < n; i++)
		for (int side = 0; side < 2; side++)
			c[i].side[side].gen_port =
				run->media.nsock ? run->media.port[side][i % run->media.nsock]
						 : run->opt.gen_port + 2 * side;
	return c;
}

void run_set_up_calls(struct run *run, struct call *c, int n)
{
	int ok = calls_setup(&run->sig, c, n, 16);
	if (ok != n)
		die("%d of %d calls failed: %s", n - ok, n, run->sig.error);
}

/* ---- how fast the daemon's core is just now ---- */

/* A thread on the daemon's core times a fixed loop 20 times a second (0.1 % of the core). */
static struct {
	double us[4096];
	int n;
	volatile bool on;
} speed;

static void *speed_thread(void *arg)
{
	const int *cpu = arg;

	pin_self(*cpu);
	for (;;) {
		sleep_until_ns(mono_ns() + NS_PER_S / 20);
		if (speed.on && speed.n < (int)COUNT(speed.us))
			speed.us[speed.n++] = spin_us();
	}
	return NULL;
}

void speed_start(int cpu)
{
	static pthread_t t;
	static int where;

	where = cpu;
	speed.n = 0;
	speed.on = true;
	if (!t && pthread_create(&t, NULL, speed_thread, &where))
		die("cannot start a thread");
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

double speed_stop(void)
{
	speed.on = false;
	qsort(speed.us, (size_t)speed.n, sizeof *speed.us, by_value);
	return speed.n ? speed.us[speed.n / 2] : 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "util.h"
#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <sched.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

void die(const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	fputs("error: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
	exit(2);
}

void *xcalloc(size_t n, size_t size)
{
	void *p = calloc(n ? n : 1, size);
	if (!p)
		die("out of memory");
	return p;
}

uint64_t clock_ns(clockid_t id)
{
	struct timespec t;
	if (clock_gettime(id, &t))
		return 0;
	return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

void sleep_until_ns(uint64_t mono)
{
	struct timespec t = { (time_t)(mono / NS_PER_S), (long)(mono % NS_PER_S) };
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR)
		;
}

uint32_t rnd32(void)
{
	static uint64_t s = 0x9e3779b97f4a7c15ull;
	s ^= s << 13;
	s ^= s >> 7;
	s ^= s << 17;
	return (uint32_t)(s >> 16);
}

double spin_us(void)
{
	uint64_t x = rnd32() | 1, t = clock_ns(CLOCK_THREAD_CPUTIME_ID);
	for (int i = 0; i < 20000; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
	}
	__asm__ volatile("" : : "r"(x)); /* keeps the loop */
	return (double)(clock_ns(CLOCK_THREAD_CPUTIME_ID) - t) / 1e3;
}

void raise_fd_limit(void)
{
	struct rlimit r = { 1u << 20, 1u << 20 };
	if (setrlimit(RLIMIT_NOFILE, &r)) {
		getrlimit(RLIMIT_NOFILE, &r);
		r.rlim_cur = r.rlim_max;
		setrlimit(RLIMIT_NOFILE, &r);
	}
}

void pin_self(int cpu)
{
	cpu_set_t s;
	if (cpu < 0)
		return;
	CPU_ZERO(&s);
	CPU_SET(cpu, &s);
	if (sched_setaffinity(0, sizeof s, &s))
		die("cannot pin to core %d: %s", cpu, strerror(errno));
}

void raise_priority(int nice_value)
{
	/* Where sessions are scheduled as groups, nice works inside the group only; so take a
	 * group of our own and set the group's priority too. */
	setsid();
	FILE *f = fopen("/proc/self/autogroup", "w");
	if (f) {
		fprintf(f, "%d", nice_value);
		fclose(f);
	}
	if (setpriority(PRIO_PROCESS, 0, nice_value))
		die("cannot set the priority: %s", strerror(errno));
}

void hist_add(struct hist *h, uint64_t ns)
{
	unsigned i = (unsigned)ns;
	if (ns >= 32) {
		unsigned shift = 58 - (unsigned)__builtin_clzll(ns); /* ns >> shift is 32..63 */
		i = 32 + shift * 32 + ((ns >> shift) & 31);
	}
	h->b[i]++;
	h->n++;
	if (ns > h->max)
		h->max = ns;
}

double hist_us(const struct hist *h, double pct)
{
	uint64_t want = (uint64_t)ceil((double)h->n * pct / 100), sum = 0;
	if (!h->n)
		return 0;
	for (unsigned i = 0; i < COUNT(h->b); i++) {
		sum += h->b[i];
		if (sum >= want && h->b[i]) {
			if (i < 32)
				return i / 1e3;
			unsigned shift = (i - 32) / 32;
			double v = (double)(((uint64_t)(32 + i % 32) << shift) +
					    ((1ull << shift) >> 1));
			return fmin(v, (double)h->max) / 1e3;
		}
	}
	return (double)h->max / 1e3;
}

/* ---- probes ---- */

static FILE *open_proc(pid_t pid, const char *name)
{
	char path[96];
	snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
	return fopen(path, "r");
}

static int count_dir(pid_t pid, const char *name)
{
	char path[96];
	int n = 0;
	snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
	DIR *d = opendir(path);
	if (!d)
		return -1;
	for (struct dirent *e; (e = readdir(d));)
		n += e->d_name[0] != '.';
	closedir(d);
	return n;
}

/* ksoftirqd: network work that was put off instead of being done in the sender's context. */
static double ksoftirqd_cpu(void)
{
	static pid_t pids[64];
	static int n = -1;
	double sum = 0;
	if (n < 0) {
		n = 0;
		DIR *d = opendir("/proc");
		for (struct dirent *e; d && (e = readdir(d));) {
			char name[32] = "";
			pid_t pid = atoi(e->d_name);
			FILE *f = pid > 0 ? open_proc(pid, "comm") : NULL;
			if (f && fgets(name, sizeof name, f) && !strncmp(name, "ksoftirqd/", 10) &&
				n < (int)COUNT(pids))
				pids[n++] = pid;
			if (f)
				fclose(f);
		}
		if (d)
			closedir(d);
	}
	for (int i = 0; i < n; i++) {
		unsigned long long ns;
		FILE *f = open_proc(pids[i], "schedstat");
		if (f && fscanf(f, "%llu", &ns) == 1)
			sum += (double)ns / NS_PER_S;
		if (f)
			fclose(f);
	}
	return sum;
}

static void host_times(struct probe *p)
{
	unsigned long long v[8] = { 0 };
	double hz = (double)sysconf(_SC_CLK_TCK);
	FILE *f = fopen("/proc/stat", "r");
	if (!f)
		return;
	if (fscanf(f, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", v, v + 1, v + 2, v + 3, v + 4,
		    v + 5, v + 6, v + 7) == 8) {
		p->host_softirq = (double)v[6] / hz;
		p->host_steal = (double)v[7] / hz;
	}
	fclose(f);
}

static void udp_drops(struct probe *p)
{
	char line[512];
	unsigned long long in, noport, err, out, rcvbuf;
	FILE *f = fopen("/proc/self/net/snmp", "r");
	if (!f)
		return;
	while (fgets(line, sizeof line, f))
		if (sscanf(line, "Udp: %llu %llu %llu %llu %llu", &in, &noport, &err, &out,
			    &rcvbuf) == 5)
			p->udp_drops = (double)rcvbuf;
	fclose(f);
}

void probe_memory(pid_t pid, struct probe *p)
{
	char line[256];
	FILE *f = open_proc(pid, "smaps_rollup");
	p->rss_kb = p->pss_kb = p->anon_kb = 0;
	if (f) {
		while (fgets(line, sizeof line, f)) {
			sscanf(line, "Rss: %ld", &p->rss_kb);
			sscanf(line, "Pss: %ld", &p->pss_kb);
			sscanf(line, "Anonymous: %ld", &p->anon_kb);
		}
		fclose(f);
	}
	p->fds = count_dir(pid, "fd");
	p->threads = count_dir(pid, "task");
}

/* Times that any of its threads went to sleep. */
static double count_sleeps(pid_t pid)
{
	char path[96], line[128];
	unsigned long long v;
	double sum = 0;
	snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
	DIR *d = opendir(path);
	for (struct dirent *e; d && (e = readdir(d));) {
		snprintf(path, sizeof path, "/proc/%d/task/%.16s/status", (int)pid, e->d_name);
		FILE *f = e->d_name[0] != '.' ? fopen(path, "r") : NULL;
		while (f && fgets(line, sizeof line, f))
			if (sscanf(line, "voluntary_ctxt_switches: %llu", &v) == 1)
				sum += (double)v;
		if (f)
			fclose(f);
	}
	if (d)
		closedir(d);
	return sum;
}

void probe_take(pid_t pid, struct probe *p)
{
	clockid_t clk;
	char line[1024], *s;
	unsigned long ut = 0, st = 0;
	double hz = (double)sysconf(_SC_CLK_TCK);

	memset(p, 0, sizeof *p);
	p->wall = (double)mono_ns() / NS_PER_S;
	if (!clock_getcpuclockid(pid, &clk))
		p->cpu = (double)clock_ns(clk) / NS_PER_S;
	p->self_cpu = (double)clock_ns(CLOCK_PROCESS_CPUTIME_ID) / NS_PER_S;
	FILE *f = open_proc(pid, "stat");
	if (f) {
		if (fgets(line, sizeof line, f) && (s = strrchr(line, ')')) &&
			sscanf(s + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &ut,
				&st) == 2) {
			p->user = (double)ut / hz;
			p->sys = (double)st / hz;
		}
		fclose(f);
	}
	p->sleeps = count_sleeps(pid);
	host_times(p);
	p->host_ksoftirqd = ksoftirqd_cpu();
	udp_drops(p);
}

int probe_threads(pid_t pid, struct thread_cpu *t, int max)
{
	char path[64], file[340], name[32];
	int n = 0;
	snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
	DIR *d = opendir(path);
	if (!d)
		return 0;
	for (struct dirent *e; (e = readdir(d));) {
		unsigned long long ns = 0;
		FILE *f;
		int i;
		if (e->d_name[0] == '.')
			continue;
		snprintf(file, sizeof file, "%s/%s/comm", path, e->d_name);
		if (!(f = fopen(file, "r")))
			continue;
		if (!fgets(name, sizeof name, f))
			name[0] = 0;
		fclose(f);
		name[strcspn(name, "\n")] = 0;
		snprintf(file, sizeof file, "%s/%s/schedstat", path, e->d_name);
		if ((f = fopen(file, "r"))) {
			if (fscanf(f, "%llu", &ns) != 1)
				ns = 0;
			fclose(f);
		}
		for (i = 0; i < n && strcmp(t[i].name, name); i++)
			;
		if (i == max)
			continue;
		if (i == n) {
			memset(&t[n], 0, sizeof t[n]);
			snprintf(t[n++].name, sizeof t[0].name, "%.15s", name);
		}
		t[i].cpu += (double)ns / NS_PER_S;
		t[i].count++;
	}
	closedir(d);
	return n;
}

/* ---- reports ---- */

static void rep_add(struct report *r, const char *key, const char *unit)
{
	if (r->n == COUNT(r->f))
		die("report is full");
	memset(&r->f[r->n], 0, sizeof r->f[0]);
	snprintf(r->f[r->n].key, sizeof r->f[0].key, "%s", key);
	snprintf(r->f[r->n].unit, sizeof r->f[0].unit, "%s", unit);
	r->n++;
}

void rep_num(struct report *r, const char *key, double v, const char *unit)
{
	rep_add(r, key, unit);
	r->f[r->n - 1].v = v;
}

void rep_str(struct report *r, const char *key, const char *text)
{
	rep_add(r, key, "");
	r->f[r->n - 1].is_text = true;
	snprintf(r->f[r->n - 1].text, sizeof r->f[0].text, "%s", text);
}

void rep_print(const struct report *r, bool json_only)
{
	if (!json_only) {
		for (int i = 0; i < r->n; i++) {
			if (r->f[i].is_text)
				printf("  %-28s %s\n", r->f[i].key, r->f[i].text);
			else
				printf("  %-28s %.6g %s\n", r->f[i].key, r->f[i].v, r->f[i].unit);
		}
	}
	putchar('{');
	for (int i = 0; i < r->n; i++) {
		printf("%s\"%s\":", i ? "," : "", r->f[i].key);
		if (r->f[i].is_text) {
			putchar('"');
			for (const char *s = r->f[i].text; *s; s++)
				if (*s == '"' || *s == '\\')
					printf("\\%c", *s);
				else if ((unsigned char)*s >= ' ')
					putchar(*s);
			putchar('"');
		} else if (isfinite(r->f[i].v))
			printf("%.7g", r->f[i].v);
		else
			printf("null");
	}
	puts("}");
	fflush(stdout);
}

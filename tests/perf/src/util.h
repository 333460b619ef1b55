/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Small helpers: time, random numbers, histograms, process probes, reports. */
#ifndef UTIL_H
#define UTIL_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>
#include <time.h>

#define NS_PER_S 1000000000ull
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

_Noreturn void die(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void *xcalloc(size_t n, size_t size);
uint64_t clock_ns(clockid_t id);
static inline uint64_t mono_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}
void sleep_until_ns(uint64_t mono);
uint32_t rnd32(void); /* deterministic: the same load every run */
/* CPU time of a fixed loop: how fast this core is just now. Cores of a virtual machine may run
 * at different speeds from one second to the next. */
double spin_us(void);
void raise_fd_limit(void);
void raise_priority(int nice_value); /* for what the caller does and starts */
void pin_self(int cpu);              /* cpu < 0: no pinning */

/* ---- log-linear histogram of nanoseconds, about 3 % resolution ---- */
struct hist {
	uint64_t n, max;
	uint32_t b[64 * 32];
};
void hist_add(struct hist *h, uint64_t ns);
double hist_us(const struct hist *h, double pct); /* percentile in microseconds */

/* ---- what a process has used so far ---- */
struct probe {
	double cpu;       /* seconds, all threads, ns resolution */
	double user, sys; /* utime and stime of /proc/PID/stat */
	double self_cpu;  /* the calling process */
	double sleeps;    /* voluntary context switches, living threads */
	double host_softirq, host_ksoftirqd, host_steal; /* whole machine, seconds */
	double udp_drops; /* receive-buffer drops in this network namespace */
	double wall;
	long rss_kb, pss_kb, anon_kb;
	int fds, threads;
};
void probe_take(pid_t pid, struct probe *p);
void probe_memory(pid_t pid, struct probe *p); /* memory, fds, threads only */

/* CPU seconds by thread name, summed over threads of one name. */
struct thread_cpu {
	char name[16];
	int count;
	double cpu;
};
int probe_threads(pid_t pid, struct thread_cpu *t, int max);

/* ---- a result: printed as a table and as one JSON line ---- */
struct report {
	int n;
	struct {
		char key[40], unit[16], text[160];
		double v;
		bool is_text;
	} f[96];
};
void rep_num(struct report *r, const char *key, double v, const char *unit);
void rep_str(struct report *r, const char *key, const char *text);
void rep_print(const struct report *r, bool json_only);
#endif

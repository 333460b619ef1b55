/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One run of the load generator: its options, the daemon, the calls, the media. */
#ifndef RUN_H
#define RUN_H
#include "calls.h"
#include "media.h"
#include "util.h"

struct options {
	const char *exec, *host, *suite, *pair, *signal, *profile, *log, *steps, *label;
	int ng_port, gen_port, cpu_daemon, cpu_gen, calls, sockets, tick_us, window, rate, nice;
	double secs, warmup;
	pid_t pid;
	bool netns, json, find_max;
};

struct run {
	struct options opt;
	const char *mode;
	struct signaller sig;
	struct media media;
	pid_t pid; /* of the daemon */
};

/* Starts the daemon, or finds it, and waits until it answers. All failures end the program. */
void run_begin(struct run *run, const struct plan *plan);
/* Calls to be set up, each with its generator's ports. */
struct call *run_new_calls(const struct run *run, int n);
void run_set_up_calls(struct run *run, struct call *c, int n);
/* A report with what all modes say first. */
struct report run_report(const struct run *run);

/* CPU figures over the time between two probes, of all and by thread. */
void rep_cpu(struct report *r, const struct probe *a, const struct probe *b);
void rep_threads(
	struct report *r, const struct thread_cpu *a, int na, const struct thread_cpu *b, int nb);
/* Whether the figures can be trusted; `invalid` says why not, or "". */
void rep_validity(const struct run *run, struct report *r, const char *invalid);

/* How fast the daemon's core is between start and stop: us for a fixed loop, median. */
void speed_start(int cpu);
double speed_stop(void);

/* The modes. */
void mode_media(struct run *run, const struct plan *plan);
void mode_find_max(struct run *run, const struct plan *plan);
void mode_transcode(struct run *run);
void mode_signal(struct run *run);
void mode_memory(struct run *run);
void mode_churn(struct run *run);
void mode_webrtc(struct run *run);
void mode_storm(struct run *run);
#endif

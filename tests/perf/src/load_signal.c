/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Mode signal: offer, answer and delete in a loop, many at a time. */
#include "run.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static struct {
	bool stop;
	uint64_t cycles;
	int open;
} loop;

static void loop_deleted(struct call *c);
static void loop_up(struct call *c)
{
	if (!c->ok) {
		loop.open--;
		return;
	}
	call_delete(c->sig, c, loop_deleted);
}

static void loop_deleted(struct call *c)
{
	loop.cycles++;
	if (loop.stop)
		loop.open--;
	else
		call_setup(c->sig, c, loop_up);
}

void mode_signal(struct run *run)
{
	struct plan plan = { .codec = { codec_find("PCMU"), codec_find("PCMU") },
		.webrtc = !strcmp(run->opt.profile, "webrtc") };
	static const int windows[] = { 1, 8, 64 };
	static const char *kinds[REQ_KINDS] = { "offer", "answer", "delete" };

	run_begin(run, &plan);
	for (size_t w = 0; w < COUNT(windows); w++) {
		int window = run->opt.window ? run->opt.window : windows[w];
		struct report r = run_report(run);
		struct probe a, b;
		struct thread_cpu ta[16], tb[16];
		struct call *c = run_new_calls(run, window);
		char key[40];

		memset(&loop, 0, sizeof loop);
		loop.open = window;
		for (int i = 0; i < window; i++)
			call_setup(&run->sig, &c[i], loop_up);
		for (uint64_t end = mono_ns() + NS_PER_S / 2; mono_ns() < end && loop.open;)
			ng_wait(run->sig.ng, 20);
		memset(run->sig.rtt, 0, sizeof run->sig.rtt);
		uint64_t req = run->sig.requests, retr = ng_retransmits(run->sig.ng),
			 cycles = loop.cycles;
		int na = probe_threads(run->pid, ta, 16);
		probe_take(run->pid, &a);
		for (uint64_t end = mono_ns() + (uint64_t)(run->opt.secs * 1e9);
			mono_ns() < end && loop.open;)
			ng_wait(run->sig.ng, 20);
		probe_take(run->pid, &b);
		int nb = probe_threads(run->pid, tb, 16);
		double n = (double)(loop.cycles - cycles), wall = b.wall - a.wall;
		req = run->sig.requests - req;
		loop.stop = true;
		while (loop.open)
			ng_wait(run->sig.ng, 50);

		rep_str(&r, "profile", run->opt.profile);
		rep_num(&r, "window", window, "requests");
		rep_num(&r, "calls_per_s", n / wall, "");
		rep_num(&r, "requests_per_s", (double)req / wall, "");
		rep_num(&r, "cpu_ms_per_call", n > 0 ? (b.cpu - a.cpu) * 1e3 / n : NAN, "ms");
		rep_num(&r, "calls_per_cpu_s", b.cpu > a.cpu ? n / (b.cpu - a.cpu) : NAN, "");
		for (int k = 0; k < REQ_KINDS; k++)
			for (int p = 50; p <= 99; p += 49) {
				snprintf(key, sizeof key, "%s_p%d_us", kinds[k], p);
				rep_num(&r, key, hist_us(&run->sig.rtt[k], p), "us");
			}
		rep_cpu(&r, &a, &b);
		rep_threads(&r, ta, na, tb, nb);
		rep_num(&r, "retransmits", (double)(ng_retransmits(run->sig.ng) - retr), "");
		rep_num(&r, "failed", (double)run->sig.failed, "requests");
		const char *bad = run->sig.failed                         ? run->sig.error
				  : b.self_cpu - a.self_cpu > 0.95 * wall ? "generator at its limit"
									  : "";
		rep_str(&r, "invalid", bad);
		rep_num(&r, "valid", !bad[0], "");
		rep_print(&r, run->opt.json);
		free(c);
		if (run->opt.window)
			break;
	}
}

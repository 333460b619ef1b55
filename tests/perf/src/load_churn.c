/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Mode churn: calls set up and deleted beside steady ones, all with media. */
#include "run.h"
#include <math.h>
#include <stdlib.h>
#include <unistd.h>

/* A churned call lives for this many hook runs (2 ms each) and passes a packet each way in each. */
enum { CHURN_LIFE = 20, CHURN_OPEN = 256 };

static struct churn {
	struct call call[CHURN_OPEN];
	struct run *run;
	int age[CHURN_OPEN]; /* -1: free; 0: being set up or deleted; > 0: alive */
	uint64_t started, finished, next;
	bool stop;
} churn;

static struct leg *churn_leg(const struct run *run, const struct call *c, int side)
{
	return run->media.by_port[c->side[side].port];
}

static void churn_deleted(struct call *c)
{
	churn.age[c - churn.call] = -1;
	churn.finished++;
}

static void churn_up(struct call *c)
{
	if (!c->ok) {
		churn.age[c - churn.call] = -1;
		return;
	}
	media_add(&churn.run->media, c, &c->sig->plan, NULL, 0, NULL);
	churn.age[c - churn.call] = 1;
}

static void churn_hook(void *arg)
{
	struct run *run = arg;
	uint64_t now = mono_ns();
	ng_poll(run->sig.ng);
	for (int i = 0; i < CHURN_OPEN; i++) {
		struct call *c = &churn.call[i];
		if (churn.age[i] > 0 && ++churn.age[i] > CHURN_LIFE) {
			for (int side = 0; side < 2; side++)
				media_remove(&run->media, churn_leg(run, c, side));
			churn.age[i] = 0;
			call_delete(&run->sig, c, churn_deleted);
		} else if (churn.age[i] < 0 && !churn.stop && now >= churn.next) {
			churn.age[i] = 0;
			churn.started++;
			churn.next += NS_PER_S / (unsigned)run->opt.rate;
			for (int side = 0; side < 2; side++)
				c->side[side].gen_port =
					run->media.port[side][i % run->media.nsock];
			call_setup(&run->sig, c, churn_up);
		}
	}
}

static void churn_run(struct run *run, double secs)
{
	churn.next = mono_ns();
	churn.stop = false;
	media_run(&run->media, secs);
	churn.stop = true;
	media_run(&run->media, 0.5); /* let the open ones end */
}

void mode_churn(struct run *run)
{
	struct plan plan = { .codec = { codec_find("PCMU"), codec_find("PCMU") } };
	struct report r = run_report(run);
	struct probe m0, m1, a, b, end;
	int n = run->opt.calls ? run->opt.calls : 100;
	uint64_t tx = 0, rx = 0;

	run_begin(run, &plan);
	probe_memory(run->pid, &m0);
	int idle_fds = m0.fds;
	media_open(&run->media, run->opt.sockets, run->opt.tick_us, run->opt.gen_port);
	struct call *c = run_new_calls(run, n);
	run_set_up_calls(run, c, n);
	struct leg **steady = xcalloc((size_t)n * 2, sizeof *steady);
	for (int i = 0; i < n; i++)
		media_add(&run->media, &c[i], &plan, NULL, 0, &steady[2 * i]);
	for (int i = 0; i < CHURN_OPEN; i++)
		churn.age[i] = -1;
	churn.run = run;
	run->media.hook = churn_hook;
	run->media.hook_arg = run;
	churn_run(run, fmax(3, run->opt.secs / 5)); /* fills pools and caches */
	probe_memory(run->pid, &m0);
	uint64_t first = churn.finished;
	media_start_window(&run->media);
	probe_take(run->pid, &a);
	churn_run(run, run->opt.secs);
	probe_take(run->pid, &b);
	run->media.hook = NULL;
	media_drain(&run->media, 0.3);
	for (int i = 0; i < 2 * n; i++) {
		tx += steady[i]->tx_win;
		rx += steady[i]->rx_win;
	}
	sleep(1);
	probe_memory(run->pid, &m1);
	calls_delete(&run->sig, c, n, 16);
	sleep(1);
	probe_memory(run->pid, &end);

	double calls = (double)(churn.finished - first);
	rep_num(&r, "steady_calls", n, "");
	rep_num(&r, "churned_calls", calls, "");
	rep_num(&r, "churn_per_s", calls / (b.wall - a.wall), "");
	rep_num(&r, "churn_failed", (double)run->sig.failed, "");
	rep_num(&r, "steady_lost", (double)(tx - rx), "packets");
	rep_num(&r, "steady_sent", (double)tx, "packets");
	rep_num(&r, "latency_p50_us", hist_us(&run->media.latency, 50), "us");
	rep_num(&r, "latency_p99_us", hist_us(&run->media.latency, 99), "us");
	rep_num(&r, "rss_start_mb", (double)m0.rss_kb / 1024, "MB");
	rep_num(&r, "rss_end_mb", (double)m1.rss_kb / 1024, "MB");
	rep_num(&r, "rss_drift_b_per_call", (double)(m1.rss_kb - m0.rss_kb) * 1024 / calls, "B");
	rep_num(&r, "fd_drift", m1.fds - m0.fds, "");
	rep_num(&r, "fd_left", end.fds - idle_fds, "after deleting all");
	rep_num(&r, "offer_p99_us", hist_us(&run->sig.rtt[REQ_OFFER], 99), "us");
	rep_cpu(&r, &a, &b);
	const char *bad = media_invalid(&run->media);
	if (!bad[0] && churn.started - churn.finished)
		bad = "some churned calls did not end";
	rep_validity(run, &r, bad);
	rep_print(&r, run->opt.json);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Modes relay, srtp and transcode: media through a number of calls. */
#include "run.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct measured {
	struct probe a, b;
	struct thread_cpu ta[16], tb[16];
	int na, nb;
	double loss;    /* share of packets that did not come back */
	double spin_us; /* see speed_thread */
	const char *invalid;
};

static void measure_media(struct run *run, struct measured *v, double secs)
{
	media_start_window(&run->media);
	v->na = probe_threads(run->pid, v->ta, 16);
	speed_start(run->opt.cpu_daemon);
	probe_take(run->pid, &v->a);
	media_run(&run->media, secs);
	probe_take(run->pid, &v->b);
	v->spin_us = speed_stop();
	v->nb = probe_threads(run->pid, v->tb, 16);
	media_drain(&run->media, 0.3);
	probe_memory(run->pid, &v->b);
	v->loss = run->media.tx > run->media.rx
			  ? (double)(run->media.tx - run->media.rx) / (double)run->media.tx
			  : 0;
	v->invalid = media_invalid(&run->media);
}

static void rep_media(struct run *run, struct report *r, const struct measured *v, int calls)
{
	double mpkt = (double)run->media.rx / 1e6, cpu = v->b.cpu - v->a.cpu;
	rep_num(r, "calls", calls, "");
	rep_num(r, "pps_out", (double)run->media.rx / (v->b.wall - v->a.wall), "packets/s");
	rep_num(r, "sent", (double)run->media.tx, "packets");
	rep_num(r, "lost",
		(double)(run->media.tx > run->media.rx ? run->media.tx - run->media.rx : 0),
		"packets");
	rep_num(r, "loss_pct", v->loss * 100, "%");
	rep_num(r, "latency_p50_us", hist_us(&run->media.latency, 50), "us");
	rep_num(r, "latency_p95_us", hist_us(&run->media.latency, 95), "us");
	rep_num(r, "latency_p99_us", hist_us(&run->media.latency, 99), "us");
	rep_num(r, "cpu_s_per_mpkt", mpkt > 0 ? cpu / mpkt : NAN, "s");
	rep_num(r, "gen_cpu_s_per_mpkt", mpkt > 0 ? (v->b.self_cpu - v->a.self_cpu) / mpkt : NAN,
		"s");
	rep_num(r, "cpu_ms_per_call_s", cpu * 1e3 / (calls * (v->b.wall - v->a.wall)), "ms");
	rep_num(r, "sleeps_per_packet",
		run->media.rx ? (v->b.sleeps - v->a.sleeps) / (double)run->media.rx : NAN, "");
	rep_num(r, "core_spin_us", v->spin_us, "us for a fixed loop");
	rep_cpu(r, &v->a, &v->b);
	rep_threads(r, v->ta, v->na, v->tb, v->nb);
	rep_num(r, "duplicate", (double)run->media.duplicate, "packets");
	rep_num(r, "reordered", (double)run->media.reordered, "packets");
	rep_num(r, "corrupt", (double)(run->media.corrupt + run->media.auth_failed), "packets");
	rep_num(r, "udp_drops", v->b.udp_drops - v->a.udp_drops, "packets");
	rep_num(r, "rss_mb", (double)v->b.rss_kb / 1024, "MB");
	rep_validity(run, r, v->invalid);
}

void mode_media(struct run *run, const struct plan *plan)
{
	struct measured v;
	struct report r = run_report(run);
	int n = run->opt.calls ? run->opt.calls : 100;

	run_begin(run, plan);
	media_open(&run->media, run->opt.sockets, run->opt.tick_us, run->opt.gen_port);
	struct call *c = run_new_calls(run, n);
	run_set_up_calls(run, c, n);
	for (int i = 0; i < n; i++)
		media_add(&run->media, &c[i], plan, NULL, 0, NULL);
	media_run(&run->media, run->opt.warmup);
	measure_media(run, &v, run->opt.secs);
	if (plan->suite)
		rep_str(&r, "suite", plan->suite);
	rep_media(run, &r, &v, n);
	calls_delete(&run->sig, c, n, 16);
	rep_print(&r, run->opt.json);
}

/* The most calls that pass: no loss, and no backlog either (socket buffers hold seconds of
 * packets, so loss alone comes much too late). Grows by half until it breaks, then bisects. */
static bool passes(struct run *run, const struct measured *v)
{
	return v->loss <= 0.0001 && hist_us(&run->media.latency, 95) < 20000 && !v->invalid[0];
}

void mode_find_max(struct run *run, const struct plan *plan)
{
	enum { LIMIT = 6000 };
	struct measured v, best_v = { .invalid = "" };
	struct report r = run_report(run);
	int have = 0, good = 0, bad = 0, next = run->opt.calls ? run->opt.calls : 200;
	struct media best = { 0 };
	const char *stopped = "loss";
	static struct call *all[64];
	int batches = 0, sizes[64];
	uint64_t end = mono_ns() + 50 * NS_PER_S;

	run_begin(run, plan);
	media_open(&run->media, run->opt.sockets, run->opt.tick_us, run->opt.gen_port);
	while (mono_ns() < end && batches < 64) {
		if (bad && bad - good <= good / 20 + 1)
			break;
		if (have > next) { /* too many: take some away again */
			int drop = have - next;
			while (drop > 0) {
				int b = batches - 1, k = sizes[b] < drop ? sizes[b] : drop;
				struct call *c = all[b] + sizes[b] - k;
				for (int i = 0; i < k; i++)
					for (int side = 0; side < 2; side++)
						media_remove(&run->media,
							run->media.by_port[c[i].side[side].port]);
				calls_delete(&run->sig, c, k, 16);
				if (!(sizes[b] -= k))
					batches--;
				drop -= k;
			}
		} else if (have < next) {
			int k = next - have;
			struct call *c = run_new_calls(run, k);
			if (calls_setup(&run->sig, c, k, 16) != k) {
				stopped = "no more calls: ports?";
				break;
			}
			for (int i = 0; i < k; i++)
				media_add(&run->media, &c[i], plan, NULL, 0, NULL);
			all[batches] = c;
			sizes[batches++] = k;
		}
		have = next;
		media_run(&run->media, 1);
		for (int tries = 0; tries < 3; tries++) { /* the machine may be shared */
			measure_media(run, &v, 2);
			if (passes(run, &v))
				break;
		}
		if (!run->opt.json)
			printf("  %5d calls: loss %.4f %%, latency p95 %.0f us, daemon %.2f cores "
			       "%s\n",
				have, v.loss * 100, hist_us(&run->media.latency, 95),
				(v.b.cpu - v.a.cpu) / (v.b.wall - v.a.wall), v.invalid);
		if (passes(run, &v)) {
			good = have;
			best = run->media;
			best_v = v;
		} else {
			bad = have;
			stopped = v.invalid[0] ? v.invalid : v.loss > 0.0001 ? "loss" : "latency";
			media_drain(&run->media, 1); /* let a backlog go */
		}
		next = bad ? (good + bad) / 2 : have * 3 / 2;
		if (next > LIMIT)
			break;
	}
	if (good) {
		run->media = best; /* the counters of the best step */
		rep_media(run, &r, &best_v, good);
		rep_num(&r, "max_calls", good, "");
		rep_num(&r, "max_calls_per_core",
			good / ((best_v.b.cpu - best_v.a.cpu) / (best_v.b.wall - best_v.a.wall)),
			"");
	} else
		rep_num(&r, "max_calls", 0, "");
	rep_str(&r, "stopped_by", stopped);
	rep_print(&r, run->opt.json);
}

/* Decodes what was captured on some legs and looks for the right tones. */
static void check_audio(struct run *run, struct report *r, struct leg **legs, int n)
{
	double worst_snr = 99, sum_snr = 0, worst_level = 0;
	int checked = 0, bad = 0;
	/* The dual tone survives G.729 only roughly; everything else keeps it well. */
	double need = strstr(run->opt.pair, "G729") ? 6 : 12;

	for (int i = 0; i < n; i++) {
		const struct codec *c = legs[i]->codec;
		struct capture *cap = legs[i]->cap;
		int16_t *pcm = xcalloc((CAPTURE_PACKETS + 1) * FRAME_MAX * 2, sizeof *pcm);
		void *st = c->dec_new();
		int len = 0, skip = c->rate / 5;
		for (int k = 0; k < cap->n; k++)
			len += c->decode(st, cap->p[k].data, cap->p[k].len, pcm + len);
		if (len > skip + c->rate / 2) {
			struct tone_result t = tone_check(
				pcm + skip, len - skip, c->rate, legs[i]->peer->variant);
			double level = fmax(fabs(t.level_db[0]), fabs(t.level_db[1]));
			worst_snr = fmin(worst_snr, t.snr_db);
			worst_level = fmax(worst_level, level);
			sum_snr += t.snr_db;
			bad += !(t.snr_db >= need && level <= 4);
			checked++;
		} else
			bad++;
		free(pcm);
	}
	rep_num(r, "audio_checked", n, "legs");
	rep_num(r, "audio_bad", bad, "legs");
	rep_num(r, "audio_snr_db", checked ? sum_snr / checked : 0, "dB");
	rep_num(r, "audio_snr_worst_db", checked ? worst_snr : 0, "dB");
	rep_num(r, "audio_level_err_db", worst_level, "dB");
}

static int by_value(const void *a, const void *b)
{
	float x = *(const float *)a, y = *(const float *)b;
	return (x > y) - (x < y);
}

/* How far from an even pace packets came: from the median of their leg. */
static void rep_timing(struct report *r, struct leg **legs, int n)
{
	static struct hist off;
	memset(&off, 0, sizeof off);
	for (int i = 0; i < n; i++) {
		struct timing *t = legs[i]->timing;
		qsort(t->off_us, (size_t)t->n, sizeof t->off_us[0], by_value);
		for (int k = 0; k < t->n; k++)
			hist_add(
				&off, (uint64_t)(fabsf(t->off_us[k] - t->off_us[t->n / 2]) * 1e3f));
	}
	rep_num(r, "timing_p50_us", hist_us(&off, 50), "us");
	rep_num(r, "timing_p99_us", hist_us(&off, 99), "us");
}

void mode_transcode(struct run *run)
{
	char name[2][16];
	struct plan plan = { 0 };
	struct measured v;
	struct report r = run_report(run);
	const struct clip *clips[TONE_VARIANTS][2];
	int n = run->opt.calls ? run->opt.calls : 20, ncap = 0;
	struct leg *captured[64];
	bool tones = !strcmp(run->opt.signal, "tones");
	char invalid[200];

	if (sscanf(run->opt.pair, "%15[^/]/%15s", name[0], name[1]) != 2)
		die("--pair wants two codecs, e.g. PCMU/opus");
	for (int i = 0; i < 2; i++)
		if (!(plan.codec[i] = codec_find(name[i])))
			die("unknown codec %s", name[i]);
	for (int k = 0; k < TONE_VARIANTS; k++)
		for (int i = 0; i < 2; i++)
			clips[k][i] = clip_make(plan.codec[i], run->opt.signal, k);
	run_begin(run, &plan);
	media_open(&run->media, run->opt.sockets, run->opt.tick_us, run->opt.gen_port);
	struct call *c = run_new_calls(run, n);
	run_set_up_calls(run, c, n);
	for (int i = 0; i < n; i++) {
		struct leg *l[2];
		media_add(
			&run->media, &c[i], &plan, clips[i % TONE_VARIANTS], i % TONE_VARIANTS, l);
		/* a sample of the calls, spread over all of them */
		if (i % ((n + 31) / 32) == 0 && ncap < (int)COUNT(captured))
			for (int side = 0; side < 2; side++) {
				l[side]->cap = xcalloc(1, sizeof *l[side]->cap);
				l[side]->timing = xcalloc(1, sizeof *l[side]->timing);
				captured[ncap++] = l[side];
			}
	}
	media_run(&run->media, run->opt.warmup);
	run->media.capture = true;
	measure_media(run, &v, run->opt.secs);

	rep_str(&r, "pair", run->opt.pair);
	rep_str(&r, "signal", run->opt.signal);
	double worst_rate = 99;
	for (int i = 0; i < run->media.nslots; i++)
		for (int k = 0; k < run->media.slot[i].n; k++) {
			struct leg *l = run->media.slot[i].leg[k];
			double want = (double)l->peer->tx_win;
			worst_rate = fmin(worst_rate, want > 0 ? l->rx_win / want : 0);
		}
	double cpu_ms = (v.b.cpu - v.a.cpu) * 1e3;
	rep_num(&r, "cpu_ms_per_chan_s", cpu_ms / (2 * n * (v.b.wall - v.a.wall)), "ms");
	rep_num(&r, "packet_rate_worst", worst_rate, "of 50/s");
	rep_num(&r, "header_bad", (double)run->media.header_bad, "packets");
	for (int side = 0; side < 2; side++) {
		char key[40];
		snprintf(key, sizeof key, "out_kbit_s_%s", plan.codec[side]->key);
		rep_num(&r, key,
			(double)run->media.rx_bytes[side] * 8e-3 / (n * (v.b.wall - v.a.wall)),
			"kbit/s of payload");
	}
	rep_timing(&r, captured, ncap);
	int at = r.n;
	if (tones)
		check_audio(run, &r, captured, ncap);
	snprintf(invalid, sizeof invalid, "%s", v.invalid);
	if (!invalid[0] && tones && r.f[at + 1].v > 0)
		snprintf(invalid, sizeof invalid, "audio is wrong on %.0f of %d legs",
			r.f[at + 1].v, ncap);
	else if (!invalid[0] && run->media.header_bad > run->media.rx / 100)
		snprintf(invalid, sizeof invalid, "RTP headers are wrong");
	else if (!invalid[0] && worst_rate < 0.98)
		snprintf(invalid, sizeof invalid, "packet rate is wrong: %.3f", worst_rate);
	v.invalid = invalid;
	rep_media(run, &r, &v, n);
	calls_delete(&run->sig, c, n, 16);
	rep_print(&r, run->opt.json);
}

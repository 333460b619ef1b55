/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Mode memory: what idle calls take. */
#include "run.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void mode_memory(struct run *run)
{
	struct plan plan = { .codec = { codec_find("PCMU"), codec_find("PCMU") } };
	struct probe base, p, q, idle_a, idle_b;
	const char *steps = run->opt.steps ? run->opt.steps : "1000,5000,10000";
	int have = 0;

	if (!strcmp(run->opt.profile, "transcode"))
		plan.codec[1] = codec_find("opus");
	else if (!strcmp(run->opt.profile, "srtp"))
		plan.suite = run->opt.suite;
	if (!plan.codec[1])
		die("built without opus");
	run_begin(run, &plan);
	/* Warm code paths and pools up first, so that only calls are counted. */
	struct call *warm = run_new_calls(run, 50);
	run_set_up_calls(run, warm, 50);
	calls_delete(&run->sig, warm, 50, 16);
	sleep(1);
	probe_memory(run->pid, &base);
	for (const char *s = steps; *s; s += strspn(s, ",")) {
		int n = (int)strtol(s, (char **)&s, 10);
		struct report r = run_report(run);
		if (n <= have)
			break;
		struct call *c = run_new_calls(run, n - have);
		int ok = calls_setup(&run->sig, c, n - have, 16);
		have += ok;
		sleep(1);
		probe_memory(run->pid, &p);
		probe_take(run->pid, &idle_a);
		sleep(3);
		probe_take(run->pid, &idle_b);
		probe_memory(run->pid, &q);
		rep_str(&r, "profile", run->opt.profile);
		rep_num(&r, "calls", have, "");
		rep_num(&r, "base_rss_mb", (double)base.rss_kb / 1024, "MB");
		rep_num(&r, "rss_mb", (double)q.rss_kb / 1024, "MB");
		rep_num(&r, "rss_kb_per_call", (double)(q.rss_kb - base.rss_kb) / have, "kB");
		rep_num(&r, "pss_kb_per_call", (double)(q.pss_kb - base.pss_kb) / have, "kB");
		/* PSS of libraries depends on who else has them loaded; anonymous memory does not. */
		rep_num(&r, "anon_kb_per_call", (double)(q.anon_kb - base.anon_kb) / have, "kB");
		rep_num(&r, "fds_per_call", (double)(q.fds - base.fds) / have, "");
		rep_num(&r, "threads", q.threads, "");
		rep_num(&r, "idle_cpu_ms_per_s",
			(idle_b.cpu - idle_a.cpu) * 1e3 / (idle_b.wall - idle_a.wall), "ms");
		const char *bad = have < n ? run->sig.error : "";
		rep_str(&r, "invalid", bad);
		rep_num(&r, "valid", !bad[0], "");
		rep_print(&r, run->opt.json);
		if (bad[0])
			break;
	}
}

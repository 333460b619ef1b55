/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Modes webrtc and storm: calls of browsers to phones, from the offer until both hear the other;
 * how much and how long that takes, and what else is relayed feels of it. */
#include "browser.h"
#include "run.h"
#include <arpa/inet.h>
#include <errno.h>
#include <math.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	PAIRS = 256,
	ALONE = 20,
	FRAME_NS = 20000000,
	PACKET_BYTES = 12 + 160,
	BROWSERS_NS = 400000
};

static const uint64_t PATIENCE_NS = 10 * NS_PER_S;

static struct pair {
	struct call call;
	struct sdp_browser said;
	struct browser *browser; /* NULL: is not there, or being deleted */
	int phone;               /* its socket */
	bool busy, up;           /* up: signalling is done */
	uint64_t began_ns, next_audio_ns, phone_heard_ns;
	uint16_t seq;
} pairs[PAIRS];

static struct {
	struct run *run;
	int open;
	uint64_t done, failed;
	struct hist first_audio;
	char error[300];
} load;

/* ---- one call ---- */

static int open_phone(int *ret_port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t len = sizeof a;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&a, len) ||
		getsockname(fd, (struct sockaddr *)&a, &len))
		die("a phone's socket: %s", strerror(errno));
	*ret_port = ntohs(a.sin_port);
	return fd;
}

static void pair_failed(const char *why)
{
	load.failed++;
	if (!load.error[0])
		snprintf(load.error, sizeof load.error, "no audio: %s", why);
}

static void pair_close(struct pair *p)
{
	browser_free(p->browser);
	close(p->phone);
	p->browser = NULL;
}

static void pair_free(struct call *c)
{
	((struct pair *)c)->busy = false;
	load.open--;
}

static void pair_end(struct pair *p)
{
	pair_close(p);
	call_delete(&load.run->sig, &p->call, pair_free);
}

static void on_up(struct call *c)
{
	struct pair *p = (struct pair *)c;

	if (!c->ok) {
		pair_failed(c->sig->error);
		pair_close(p);
		pair_free(c);
		return;
	}
	p->up = true;
	p->next_audio_ns = mono_ns();
	browser_start(p->browser, &c->answer);
}

static void pair_begin(struct pair *p)
{
	memset(p, 0, sizeof *p);
	p->browser = browser_new(&p->said);
	p->call.browser = &p->said;
	p->call.side[0].gen_port = browser_port(p->browser);
	p->phone = open_phone(&p->call.side[1].gen_port);
	p->busy = true;
	p->began_ns = mono_ns();
	load.open++;
	call_setup(&load.run->sig, &p->call, on_up);
}

static void phone_send(struct pair *p)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)p->call.side[1].port),
		.sin_addr = { htonl(INADDR_LOOPBACK) } };
	uint8_t packet[PACKET_BYTES] = { 0x80, (uint8_t)p->call.side[1].pt, (uint8_t)(p->seq >> 8),
		(uint8_t)p->seq };
	uint32_t stamp = htonl(p->seq * 160u);

	memcpy(packet + 4, &stamp, 4);
	packet[11] = 1;
	p->seq++;
	(void)!sendto(p->phone, packet, sizeof packet, 0, (struct sockaddr *)&to, sizeof to);
	p->next_audio_ns += FRAME_NS;
}

static void phone_receive(struct pair *p)
{
	uint8_t data[2048];

	for (ssize_t len; (len = recv(p->phone, data, sizeof data, 0)) > 0;)
		if (len == PACKET_BYTES && data[0] == 0x80 && data[1] < 128 && !p->phone_heard_ns)
			p->phone_heard_ns = mono_ns();
}

static void pair_run(struct pair *p)
{
	uint64_t now = mono_ns(), heard;

	if (!p->browser || !p->up)
		return;
	browser_run(p->browser);
	phone_receive(p);
	if (p->next_audio_ns <= now)
		phone_send(p);
	heard = browser_heard_ns(p->browser);
	if (heard && p->phone_heard_ns) {
		hist_add(&load.first_audio,
			(heard > p->phone_heard_ns ? heard : p->phone_heard_ns) - p->began_ns);
		load.done++;
		pair_end(p);
	} else if (now > p->began_ns + PATIENCE_NS) {
		pair_failed(heard ? "nothing came to the phone" : browser_state(p->browser));
		pair_end(p);
	}
}

static struct pair *free_pair(void)
{
	for (int i = 0; i < PAIRS; i++)
		if (!pairs[i].busy)
			return &pairs[i];
	return NULL;
}

/* ---- mode webrtc ---- */

static void wait_and_run(int used)
{
	struct pollfd fds[1 + 2 * PAIRS] = { { .fd = ng_fd(load.run->sig.ng), .events = POLLIN } };
	nfds_t n = 1;

	for (int i = 0; i < used; i++)
		if (pairs[i].browser) {
			fds[n++] = (struct pollfd){ browser_fd(pairs[i].browser), POLLIN, 0 };
			fds[n++] = (struct pollfd){ pairs[i].phone, POLLIN, 0 };
		}
	poll(fds, n, 1);
	ng_poll(load.run->sig.ng);
	for (int i = 0; i < used; i++)
		pair_run(&pairs[i]);
}

/* So many calls at a time, until `count` are done (0: no matter) or time is up. */
static void keep_calling(int at_a_time, uint64_t count, double secs)
{
	uint64_t end = mono_ns() + (uint64_t)(secs * 1e9), first = load.done + load.failed;

	while (mono_ns() < end && (!count || load.done + load.failed - first < count)) {
		for (int i = 0; i < at_a_time; i++)
			if (!pairs[i].busy)
				pair_begin(&pairs[i]);
		wait_and_run(at_a_time);
	}
}

static void let_end(void)
{
	while (load.open)
		wait_and_run(PAIRS);
}

static void rep_first_audio(struct report *r, const char *when)
{
	char key[40];

	for (int p = 50; p <= 95; p += 45) {
		snprintf(key, sizeof key, "first_audio_%sp%d_ms", when, p);
		rep_num(r, key, hist_us(&load.first_audio, p) / 1e3, "ms");
	}
}

void mode_webrtc(struct run *run)
{
	struct plan plan = { .codec = { codec_find("PCMU"), codec_find("PCMU") }, .webrtc = true };
	struct report r = run_report(run);
	int window = run->opt.window ? run->opt.window : 8;
	struct probe a, b;
	struct thread_cpu ta[16], tb[16];

	if (window > PAIRS)
		die("at most %d calls at a time", PAIRS);
	run_begin(run, &plan);
	load.run = run;
	keep_calling(1, 2, 30); /* warms up */
	let_end();
	memset(&load.first_audio, 0, sizeof load.first_audio);
	keep_calling(1, ALONE, 60);
	let_end();
	rep_first_audio(&r, "");
	memset(&load.first_audio, 0, sizeof load.first_audio);
	keep_calling(window, 0, 1);
	uint64_t done = load.done;
	int na = probe_threads(run->pid, ta, 16);
	probe_take(run->pid, &a);
	keep_calling(window, 0, run->opt.secs);
	probe_take(run->pid, &b);
	int nb = probe_threads(run->pid, tb, 16);
	double n = (double)(load.done - done);
	let_end();

	rep_num(&r, "window", window, "calls");
	rep_num(&r, "calls_per_s", n / (b.wall - a.wall), "");
	rep_num(&r, "cpu_ms_per_call", n > 0 ? (b.cpu - a.cpu) * 1e3 / n : NAN, "ms");
	rep_first_audio(&r, "busy_");
	rep_cpu(&r, &a, &b);
	rep_threads(&r, ta, na, tb, nb);
	rep_num(&r, "failed", (double)load.failed, "calls");
	const char *bad = load.failed ? load.error
			  : b.self_cpu - a.self_cpu > 0.95 * (b.wall - a.wall)
				  ? "generator at its limit"
				  : "";
	rep_str(&r, "invalid", bad);
	rep_num(&r, "valid", !bad[0], "");
	rep_print(&r, run->opt.json);
}

/* ---- mode storm ---- */

static struct {
	uint64_t next_ns; /* 0: no more calls */
	uint64_t begun;
	unsigned turn; /* of the pairs */
} storm;

/* The steady calls' packets must not wait long for the browsers' cryptography. */
static void run_in_turn(uint64_t until)
{
	for (int i = 0; i < PAIRS && mono_ns() < until; i++)
		pair_run(&pairs[storm.turn++ % PAIRS]);
}

static void storm_hook(void *arg)
{
	struct run *run = arg;
	uint64_t now = mono_ns();
	struct pair *p;

	ng_poll(run->sig.ng);
	run_in_turn(now + BROWSERS_NS);
	for (; storm.next_ns && storm.next_ns <= now && (p = free_pair()); storm.begun++) {
		pair_begin(p);
		storm.next_ns += NS_PER_S / (unsigned)run->opt.rate;
	}
}

static void storm_run(struct run *run, double secs)
{
	storm.next_ns = mono_ns();
	media_run(&run->media, secs);
	storm.next_ns = 0;
}

void mode_storm(struct run *run)
{
	struct plan plan = { .codec = { codec_find("PCMU"), codec_find("PCMU") } };
	struct report r = run_report(run);
	struct probe a, b;
	int n = run->opt.calls ? run->opt.calls : 100;

	run_begin(run, &plan);
	media_open(&run->media, run->opt.sockets, run->opt.tick_us, run->opt.gen_port);
	struct call *c = run_new_calls(run, n);
	run_set_up_calls(run, c, n);
	for (int i = 0; i < n; i++)
		media_add(&run->media, &c[i], &plan, NULL, 0, NULL);
	load.run = run;
	run->sig.plan.webrtc = true;
	run->media.hook = storm_hook;
	run->media.hook_arg = run;
	media_run(&run->media, run->opt.warmup);
	media_start_window(&run->media);
	media_run(&run->media, run->opt.secs / 2); /* what the machine does to them by itself */
	struct hist quiet = run->media.latency;
	media_start_window(&run->media);
	probe_take(run->pid, &a);
	storm_run(run, run->opt.secs);
	probe_take(run->pid, &b);
	struct hist latency = run->media.latency;
	uint64_t tx = run->media.tx;
	for (uint64_t end = mono_ns() + PATIENCE_NS; load.open && mono_ns() < end;)
		media_run(&run->media, 0.1);
	run->media.hook = NULL;
	media_drain(&run->media, 0.3);
	calls_delete(&run->sig, c, n, 16);

	rep_num(&r, "steady_calls", n, "");
	rep_num(&r, "set_ups", (double)storm.begun, "");
	rep_num(&r, "set_ups_per_s", (double)storm.begun / (b.wall - a.wall), "");
	rep_num(&r, "set_ups_failed", (double)load.failed, "");
	rep_first_audio(&r, "");
	rep_num(&r, "steady_sent", (double)tx, "packets");
	rep_num(&r, "steady_lost", (double)(run->media.tx - run->media.rx), "packets");
	rep_num(&r, "latency_quiet_p99_us", hist_us(&quiet, 99), "us");
	rep_num(&r, "latency_p50_us", hist_us(&latency, 50), "us");
	rep_num(&r, "latency_p99_us", hist_us(&latency, 99), "us");
	rep_num(&r, "latency_max_us", (double)latency.max / 1e3, "us");
	rep_cpu(&r, &a, &b);
	const char *bad = media_invalid(&run->media);
	rep_validity(run, &r, bad[0] ? bad : load.failed ? load.error : "");
	rep_print(&r, run->opt.json);
}

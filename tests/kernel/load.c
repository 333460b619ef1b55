/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * In the guest, with a clock that counts instructions: the CPU time of a daemon with a thousand
 * calls that the module forwards, as parts of the time that passes.
 *   load MOST   fails if that is more, in hundredths of a percent
 */
#include "talk.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	CALLS = 1000,
	SECONDS = 10,
	ROUND_MS = 200, /* a packet each way of each call */
	RTCP_S = 5,     /* a report each way of each call */
	NS_PER_MS = 1000 * 1000,
};

static struct engine engine;
static struct talk talks[CALLS];

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void sleep_until(uint64_t ns)
{
	const struct timespec t = { .tv_sec = (time_t)(ns / 1000000000),
		.tv_nsec = (long)(ns % 1000000000) };

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
}

/* All calls are between the same two addresses; it is the daemon's ports that differ. */
static bool set_up(void)
{
	static char ids[CALLS][16];

	for (unsigned i = 0; i < CALLS; i++) {
		snprintf(ids[i], sizeof(ids[i]), "load-%u", i);
		if (!i) {
			if (!talk_begin(&talks[i], &engine, ids[i], 4, ""))
				return false;
			continue;
		}
		talks[i] = talks[0];
		talks[i].id = ids[i];
		talks[i].phone[0].ssrc = 2 * i;
		talks[i].phone[1].ssrc = 2 * i + 1;
		if (!talk_signal(&talks[i]))
			return false;
	}
	return true;
}

static void send_report(const struct phone *p)
{
	uint8_t report[28] = { 0x80, 200, 0, 6 };

	memcpy(report + 4, &p->ssrc, sizeof(p->ssrc));
	world_send(p->rtcp, p->gate, (uint16_t)(p->to + 1), report, sizeof(report));
}

/* One of RTP each way of each call, evenly over the time; of RTCP from some. */
static void send_round(unsigned round, bool rtcp)
{
	enum { ROUNDS = RTCP_S * 1000 / ROUND_MS };
	uint64_t began = now_ns();

	for (unsigned i = 0; i < CALLS; i++) {
		sleep_until(began + (uint64_t)i * ROUND_MS * NS_PER_MS / CALLS);
		for (unsigned from = 0; from < 2; from++) {
			talk_send(&talks[i], from);
			if (rtcp && (i + round) % ROUNDS == 0)
				send_report(&talks[i].phone[from]);
		}
		if (i % 50 == 0)
			talk_drain(&talks[0]);
	}
	sleep_until(began + (uint64_t)ROUND_MS * NS_PER_MS);
}

/* Hundredths of a percent of the time. */
static unsigned measure(bool load, bool rtcp)
{
	uint64_t began = now_ns(), cpu_ns = engine_cpu_ns(&engine);

	for (unsigned i = 0; load && i < SECONDS * 1000 / ROUND_MS; i++)
		send_round(i, rtcp);
	if (!load)
		sleep_until(began + SECONDS * UINT64_C(1000000000));
	return (unsigned)((engine_cpu_ns(&engine) - cpu_ns) * 10000 / (now_ns() - began));
}

static void print(const char *what, unsigned part)
{
	printf("# %s: %u.%02u %% of a core\n", what, part / 100, part % 100);
}

int main(int argc, char **argv)
{
	unsigned most = argc > 1 ? (unsigned)atoi(argv[1]) : UINT32_MAX, part;
	struct client *client;

	printf("1..3\n");
	CHECK(engine_start(&engine, "--table=0", "--no-fallback", "--log-level=4", NULL));
	print("without calls", measure(false, false));
	CHECK(set_up());
	send_round(0, false);
	talk_pace(1000000);
	client = client_open();
	CHECK(client);
	CHECK_INT(client_count(client, 0), 2 * CALLS);
	world_result(1, "a thousand calls are forwarded");
	part = measure(true, false);
	print("with 1000 calls", part);
	print("with 1000 calls, and RTCP that comes up to it", measure(true, true));
	CHECK(part <= most);
	world_result(2, "the daemon needs hardly any time");
	CHECK_INT(client_count(client, 0), 2 * CALLS);
	CHECK_INT(engine_stop(&engine, SIGTERM), 0);
	CHECK(client_count(client, 0) <= 0);
	world_result(3, "nothing of them is left");
	return 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A call that is handed over and taken back all the time while packets pass both ways. */
#include "talk.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	PACKETS = 20000, /* each way; a tenth in a kernel that checks all it does (SLOW) */
	PACKETS_A_TOGGLE = 4,
	BURST_MAX = 3, /* packets each way at once; by chance */
	/* Then nothing for so long; by chance. What takes a stream back has to get to the module. */
	PACE_MIN_US = 25000,
	PACE_MAX_US = 55000,
	MOST_DISPLACED = 2,
};

/* What one phone has got so far. */
struct tally {
	unsigned came, displaced, damaged, again;
	bool seen[PACKETS + 1];
};

static struct engine engine;
static struct talk talk;
static struct tally tallies[2];
static unsigned packets;

static void count(struct tally *t, const uint8_t *data, ssize_t len, uint32_t ssrc)
{
	uint8_t wanted[TALK_RTP_BYTES];
	unsigned seq = (unsigned)data[2] << 8 | data[3], place = ++t->came;
	unsigned off = seq > place ? seq - place : place - seq;

	world_rtp(wanted, 0, (uint16_t)seq, seq * 160u, ssrc, TALK_RTP_BYTES - 12);
	if (len != TALK_RTP_BYTES || seq > PACKETS || memcmp(data, wanted, TALK_RTP_BYTES) != 0) {
		t->damaged++;
		return;
	}
	t->again += t->seen[seq];
	t->seen[seq] = true;
	if (off > t->displaced)
		t->displaced = off;
}

static void take_all(void)
{
	uint8_t data[TALK_RTP_BYTES + 1];
	ssize_t len;

	for (unsigned to = 0; to < 2; to++)
		while ((len = recv(talk.phone[to].rtp, data, sizeof(data), MSG_DONTWAIT)) > 0)
			count(&tallies[to], data, len, talk.phone[!to].ssrc);
}

/* Some at once, so that one may be on its way through the daemon while the next takes the other. */
static unsigned send_some(unsigned sent)
{
	unsigned count = 1 + (unsigned)rand() % BURST_MAX;

	for (unsigned i = 0; i < count && sent < packets; i++, sent++) {
		talk_send(&talk, 0);
		talk_send(&talk, 1);
	}
	talk_pace(PACE_MIN_US + (unsigned)rand() % (PACE_MAX_US - PACE_MIN_US));
	take_all();
	return sent;
}

static void run(void)
{
	unsigned toggles = 0;

	srand(1);
	for (unsigned sent = 0; sent < packets;) {
		sent = send_some(sent);
		if (sent / PACKETS_A_TOGGLE == toggles)
			continue;
		if (!CHECK(talk_ask(&talk, toggles++ % 2 ? "unblock DTMF" : "block DTMF", "")))
			return;
	}
	CHECK_INT(toggles, packets / PACKETS_A_TOGGLE);
	talk_pace(1000000);
	take_all();
}

static void check_tallies(void)
{
	for (unsigned to = 0; to < 2; to++) {
		struct tally *t = &tallies[to];

		CHECK_INT(t->came, packets);
		CHECK_INT(t->damaged, 0);
		CHECK_INT(t->again, 0);
		CHECK(t->displaced <= MOST_DISPLACED);
		printf("# to %c: %u packets, displaced by %u at most\n", to ? 'b' : 'a', t->came,
			t->displaced);
	}
}

/* Blocking digits changes nothing of these packets, but it is the daemon that has to look at them. */
static void test_toggles(void)
{
	long long back, total;

	packets = getenv("SLOW") ? PACKETS / 10 : PACKETS;
	if (!CHECK(engine_start(
		    &engine, "--table=0", "--log-level=6", "--log-level-control=4", NULL)))
		return;
	if (CHECK(talk_begin(&talk, &engine, "toggled", 4, ""))) {
		run();
		check_tallies();
		total = talk_end(&talk);
		CHECK_INT(total, 2 * packets);
	}
	CHECK_INT(engine_stop(&engine, SIGTERM), 0);
	/* Of each stream, as often as it was blocked. */
	back = engine_total(&engine, "kernel-filtered");
	printf("# taken back %lld times; %lld of %u packets by the kernel\n", back,
		engine_total(&engine, "kernel-packets"), 2 * packets);
	CHECK(back >= packets / PACKETS_A_TOGGLE * 99 / 100);
	CHECK(engine_total(&engine, "kernel-packets") >= packets / 4);
}

const struct test toggle_tests[] = {
	{ "back and forth 5,000 times: no packet is lost, none comes twice", test_toggles },
	{ NULL, NULL },
};

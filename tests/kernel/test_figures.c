/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Losses, doubles and the like, which are counted the same whoever counts them. */
#include "talk.h"

#include <signal.h>
#include <stdio.h>

enum {
	FIRST = 1000,
	SETTLE_PACKETS = 10,
	READ_US = 1200000,
	JITTER_APART_US = 2000, /* both have their own clock, and the guest's CPU is slow */
};

/* Steps from one sequence number to the next: in order, lost, twice, out of order, late, anew. */
static const int steps[] = { 1, 1, 1, 1, 1, 4, 1, 1, 0, 1, 1, 2, -1, 2, 1, 1, 1, 5, -3, 4, 1, 1, 0,
	0, 1, 1, 3000, 1, 1, 1, 3, -2, 3, 1, 1, 1, 1, -20, 21, 1, 1, 1, 1, 1 };
enum { STEPS = sizeof(steps) / sizeof(steps[0]) };

static const char *const names[] = { "highest seq", "lost", "duplicates", "skips", "resets",
	"reordered", "jitter_us" };
enum { FIGURES = sizeof(names) / sizeof(names[0]), JITTER = FIGURES - 1 };

static struct engine engine;
static struct talk talk;

static void send_steps(void)
{
	struct phone *p = &talk.phone[0];

	p->seq = FIRST;
	for (unsigned i = 0; i < STEPS; i++) {
		p->seq = (uint16_t)(p->seq + steps[i] - 1);
		talk_send(&talk, 0);
		CHECK_INT(world_receive(talk.phone[1].rtp)->len, TALK_RTP_BYTES);
		talk_pace(TALK_PACE_US);
	}
}

static void read_figures(long long ret[FIGURES])
{
	const struct value *answer = engine_ask(
		&engine, "\"command\":\"query\",\"call-id\":\"%s\"", talk.id);
	const struct value *reception = engine_at(
		answer, "tags/a/medias/0/ingress SSRCs/0/reception");

	CHECK(reception);
	for (unsigned i = 0; i < FIGURES; i++)
		ret[i] = value_get_int(reception, names[i], -1);
}

static void collect(const char *table, bool kernel, long long ret[FIGURES])
{
	if (CHECK(engine_start(&engine, table, NULL)) &&
		CHECK(talk_begin(&talk, &engine, "figures", 4, "")) &&
		(!kernel || talk_until(&talk, "kernel"))) {
		talk_pass(&talk, SETTLE_PACKETS);
		send_steps();
		talk_pace(READ_US);
		CHECK(!kernel || talk_number(&talk, 0, "path/kernel packets") >= STEPS);
		read_figures(ret);
	}
	talk_end(&talk);
	CHECK_INT(engine_stop(&engine, SIGTERM), 0);
}

static void test_the_same_figures(void)
{
	long long user[FIGURES] = { 0 }, kernel[FIGURES] = { 0 };

	collect("--table=-1", false, user);
	collect("--table=0", true, kernel);
	for (unsigned i = 0; i < FIGURES; i++) {
		printf("# %s: %lld, by the kernel %lld\n", names[i], user[i], kernel[i]);
		CHECK(user[i] > 0);
		if (i == JITTER)
			CHECK(kernel[i] > 0 && kernel[i] < user[i] + JITTER_APART_US);
		else
			CHECK_INT(kernel[i], user[i]);
	}
}

const struct test figure_tests[] = {
	{ "the same figures, whoever counts", test_the_same_figures },
	{ NULL, NULL },
};

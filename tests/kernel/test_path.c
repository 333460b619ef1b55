/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Calls of the daemon that the module forwards: what comes out is what the daemon alone makes of
 * the same packets; all that takes a stream back does; figures stay true.
 */
#include "talk.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
	TABLE = 0,
	VECTOR_BYTES = 3100,
	VECTOR_SEQ = 400, /* from one to the next, whatever comes in between */
	READ_US = 1200000,
};

static struct engine engine;
static struct talk talk;

/* ---- the same packets either way ---- */

enum vector_flag {
	TAKEN = 1,      /* by the kernel, where it may */
	TO_RTCP = 2,    /* from and to the ports of RTCP */
	STRANGER = 4,   /* from a port that the call does not know */
	OTHER_SSRC = 8, /* not the one that all others have */
};

/* A beginning, and what fills it up to its length. */
struct vector {
	const char *name, *head;
	unsigned head_len, len;
	enum vector_flag flags;
};

#define HEAD(bytes) (bytes), sizeof(bytes) - 1
#define ZERO_10     "\0\0\0\0\0\0\0\0\0\0"

static const struct vector vectors[] = {
	{ "20 ms of PCMU", HEAD("\x80\0" ZERO_10), 172, TAKEN },
	{ "no payload", HEAD("\x80\0" ZERO_10), 12, TAKEN },
	{ "a byte of payload", HEAD("\x80\0" ZERO_10), 13, TAKEN },
	{ "a marker", HEAD("\x80\x80" ZERO_10), 172, TAKEN },
	{ "1,400 bytes of another type", HEAD("\x80\x60" ZERO_10), 1412, TAKEN },
	{ "two contributing sources", HEAD("\x82\0" ZERO_10 "aaaabbbb"), 180, TAKEN },
	{ "a header extension", HEAD("\x90\0" ZERO_10 "\xbe\xde\0\1\x10\xff\0\0"), 180, TAKEN },
	{ "padding", HEAD("\xa0\0" ZERO_10 "speech\0\2"), 20, TAKEN },
	{ "more sources than it has room for", HEAD("\x8f\0" ZERO_10), 16, TAKEN },
	{ "an extension that is cut off", HEAD("\x90\0" ZERO_10 "\xbe\xde\xff\xff"), 16, TAKEN },
	{ "a longer one than the way takes", HEAD("\x80\0" ZERO_10), 3000, 0 },
	{ "an empty datagram", "", 0, 0, 0 },
	{ "one byte", HEAD("\x80"), 1, 0 },
	{ "the beginning of a header", HEAD("\x80\0" ZERO_10), 11, 0 },
	{ "version 1", HEAD("\x40\0" ZERO_10), 172, 0 },
	{ "STUN", HEAD("\0\1\0\0\x21\x12\xa4\x42"), 20, 0 },
	{ "DTLS", HEAD("\x16\xfe\xff\0\0"), 60, 0 },
	{ "RTCP where RTP belongs", HEAD("\x80\xc9\0\1\0\0\0\0"), 8, 0 },
	{ "RTCP", HEAD("\x80\xc9\0\1\0\0\0\0"), 8, TO_RTCP },
	{ "RTCP that contradicts its length", HEAD("\x80\xc9\0\7\0\0\0\0"), 8, TO_RTCP },
	{ "one of a stranger", HEAD("\x80\0" ZERO_10), 172, STRANGER },
	{ "an event", HEAD("\x80\x65" ZERO_10 "\5\x0a\0\xa0"), 16, 0 },
	{ "another SSRC", HEAD("\x80\0" ZERO_10), 172, OTHER_SSRC },
	{ "a type that nobody named", HEAD("\x80\x4d" ZERO_10), 172, 0 },
};
enum { VECTORS = sizeof(vectors) / sizeof(vectors[0]) };

/* What came of one. */
struct outcome {
	size_t len;
	int tos;
	char from[80];
	uint8_t data[VECTOR_BYTES];
};

static void put_u16(uint8_t *at, unsigned value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static void put_u32(uint8_t *at, uint32_t value)
{
	put_u16(at, value >> 16);
	put_u16(at + 2, value & 0xffff);
}

static void make(const struct vector *v, struct phone *p, uint8_t *data)
{
	uint32_t ssrc = v->flags & OTHER_SSRC ? ~p->ssrc : p->ssrc;
	bool rtcp = v->head_len == 8 && (uint8_t)v->head[1] == 0xc9;

	for (unsigned i = 0; i < v->len; i++)
		data[i] = (uint8_t)(i * 7);
	memcpy(data, v->head, v->head_len < v->len ? v->head_len : v->len);
	if (rtcp)
		put_u32(data + 4, ssrc);
	else if (v->len >= 12 && data[0] >> 6 == 2) {
		put_u16(data + 2, ++p->seq);
		put_u32(data + 4, p->seq * 160u);
		put_u32(data + 8, ssrc);
	}
}

/* Packets that the kernel has taken of what phone `from` sends. */
static long long taken_of(const struct phone *from)
{
	struct forward_addr local = world_addr(from->gate, from->to);
	struct record record;

	if (!world_client || client_read(world_client, TABLE, &local, &record))
		return -1;
	return record.counts.id ? (long long)record.counts.packets : -1;
}

static void run_vector(const struct vector *v, unsigned from, struct outcome *ret)
{
	struct phone *p = &talk.phone[from];
	unsigned rtcp = v->flags & TO_RTCP ? 1 : 0;
	int to = rtcp ? talk.phone[!from].rtcp : talk.phone[!from].rtp;
	int by = rtcp ? p->rtcp : p->rtp;
	uint8_t data[VECTOR_BYTES];
	const struct datagram *d;

	if (v->flags & STRANGER)
		by = world_socket(p->ns, p->ip, 9999);
	p->seq = (uint16_t)(VECTOR_SEQ * (v - vectors + 1));
	make(v, p, data);
	world_send(by, p->gate, (uint16_t)(p->to + rtcp), data, v->len);
	d = world_receive(to);
	ret->len = d->len;
	ret->tos = d->tos;
	memcpy(ret->from, d->from, sizeof(ret->from));
	memcpy(ret->data, d->data, d->len < VECTOR_BYTES ? d->len : VECTOR_BYTES);
	if (v->flags & STRANGER)
		close(by);
}

static bool run_in_user_space(const struct vector *v, unsigned from, struct outcome *ret)
{
	if (!talk_pass(&talk, 1))
		return false;
	run_vector(v, from, ret);
	return true;
}

/* The kernel has to take it, or leave it, whatever comes out. */
static bool run_in_kernel(const struct vector *v, unsigned from, struct outcome *ret)
{
	long long before, after;

	if (!talk_until(&talk, "kernel"))
		return false;
	before = taken_of(&talk.phone[from]);
	if (!CHECK(before >= 0))
		return false;
	run_vector(v, from, ret);
	after = taken_of(&talk.phone[from]);
	if (after < 0) /* it has brought the stream back */
		after = before;
	if (!CHECK_INT(after, before + (v->flags & TAKEN ? 1 : 0)))
		printf("# of: %s\n", v->name);
	return true;
}

static void run_vectors(bool kernel, int family, struct outcome (*ret)[2])
{
	if (!CHECK(talk_begin(&talk, &engine, "vectors", family, "")))
		return;
	for (unsigned i = 0; i < VECTORS; i++)
		for (unsigned from = 0; from < 2; from++) {
			if (kernel ? !run_in_kernel(&vectors[i], from, &ret[i][from])
				   : !run_in_user_space(&vectors[i], from, &ret[i][from]))
				return;
			/* What nobody named keeps a stream here until it is signalled anew. */
			if (kernel && i + 1 == VECTORS && !from)
				CHECK(talk_signal(&talk));
		}
	talk_end(&talk);
}

static void collect(const char *table, int family, struct outcome (*ret)[2])
{
	if (CHECK(engine_start(&engine, table, "--tos=184", "--log-level=6", NULL)))
		run_vectors(strcmp(table, "--table=-1") != 0, family, ret);
	CHECK_INT(engine_stop(&engine, SIGTERM), 0);
}

/* Ports of the daemon are given out in order: the same call has the same ones. */
static void compare_outcomes(int family)
{
	static struct outcome user[VECTORS][2], kernel[VECTORS][2];

	memset(user, 0, sizeof(user));
	memset(kernel, 0, sizeof(kernel));
	collect("--table=-1", family, user);
	world_client = client_open();
	CHECK(world_client);
	collect("--table=0", family, kernel);
	client_close(world_client);
	world_client = NULL;
	for (unsigned i = 0; i < VECTORS; i++)
		for (unsigned from = 0; from < 2; from++) {
			const struct outcome *u = &user[i][from], *k = &kernel[i][from];

			if (u->len != k->len || u->tos != k->tos ||
				memcmp(u->data, k->data, u->len) != 0 ||
				(vectors[i].flags & TAKEN && !u->len))
				printf("# %s, from %c: %zu bytes, tos %d; by the kernel %zu, %d\n",
					vectors[i].name, "ab"[from], u -> len, u -> tos, k -> len,
					k -> tos);
			CHECK_INT(k->len, u->len);
			CHECK_INT(k->tos, u->tos);
			CHECK(!(vectors[i].flags & TAKEN) || u->len);
			CHECK(!memcmp(u->data, k->data, u->len));
		}
}

static void test_the_same_comes_out(void)
{
	compare_outcomes(4);
}

static void test_the_same_comes_out_of_ipv6(void)
{
	compare_outcomes(6);
}

/* ---- back and forth ---- */

/* A call that the kernel forwards. */
static bool begin(const char *option, const char *keys)
{
	return CHECK(engine_start(&engine, "--table=0", "--log-level=6", option, NULL)) &&
	       CHECK(talk_begin(&talk, &engine, "call", 4, keys)) && talk_until(&talk, "kernel");
}

/* All that both phones have sent was counted, in and out. `more`: packets that were not numbered. */
static void check_counts(unsigned more)
{
	for (unsigned i = 0; i < 2; i++) {
		unsigned sent = talk.phone[i].seq + (i ? 0 : more);
		unsigned sent_by_other = talk.phone[!i].seq + (i ? more : 0);

		CHECK_INT(talk_number(&talk, i, "stats/packets"), sent);
		CHECK_INT(talk_number(&talk, i, "stats/errors"), 0);
		CHECK_INT(talk_number(&talk, i, "stats_out/packets"), sent_by_other);
		CHECK_INT(talk_number(&talk, i, "stats_out/errors"), 0);
	}
}

static void end(unsigned more)
{
	unsigned sent = talk.phone[0].seq + talk.phone[1].seq + more;

	talk_pace(READ_US);
	check_counts(more);
	/* Behind the latest reading. */
	talk_pass(&talk, 7);
	sent += 14;
	CHECK_INT(talk_end(&talk), sent);
	CHECK_INT(engine_stop(&engine, SIGTERM), 0);
	CHECK_INT(engine_total(&engine, "packets-in"), sent);
	CHECK_INT(engine_total(&engine, "packets-out"), sent);
}

/* The first line of a state file of the module. */
static bool file_says(const char *path, const char *text)
{
	char found[4096] = "";
	FILE *f = fopen(path, "r");
	size_t len = f ? fread(found, 1, sizeof(found) - 1, f) : 0;

	found[len] = 0;
	if (f)
		fclose(f);
	if (strstr(found, text))
		return true;
	printf("# %s: %s", path, found);
	return false;
}

static void test_what_operators_see(void)
{
	if (begin(NULL, "")) {
		talk_pass(&talk, 20);
		talk_pace(READ_US);
		CHECK(file_says("/proc/rtpengine/list", "0 targets 2 hook input"));
		CHECK(file_says("/proc/rtpengine/0/status", "Targets:     2"));
		CHECK(file_says("/proc/rtpengine/0/list", "expect inet4 10.1.0.2:5000"));
		CHECK(file_says("/proc/rtpengine/0/list", "dst inet4 10.1.0.2:5000"));
		CHECK(talk_number(&talk, 0, "path/kernel packets") >= 20);
		CHECK_INT(talk_number(&talk, 0, "path/kernel bytes"),
			talk_number(&talk, 0, "path/kernel packets") * TALK_RTP_BYTES);
		CHECK(!strcmp(talk_path(&talk, 1), "kernel"));
	}
	end(0);
	CHECK(file_says("/proc/rtpengine/list", ""));
}

static void test_a_new_offer(void)
{
	if (begin("--io-engine=epoll", "")) {
		CHECK(talk_signal(&talk));
		CHECK(talk_pass(&talk, 1));
		talk_until(&talk, "kernel");
	}
	end(0);
	CHECK_INT(engine_total(&engine, "kernel-learning"), 2);
}

static void test_recording(void)
{
	if (begin("--recording-dir=/tmp", "")) {
		CHECK(talk_ask(&talk, "start recording", ""));
		talk_until(&talk, "kernel-recorded");
		talk_pass(&talk, 10);
		CHECK(talk_ask(&talk, "stop recording", ""));
		talk_until(&talk, "kernel");
	}
	end(0);
}

static void test_blocked_digits(void)
{
	if (begin("--kernel-hook=prerouting", "")) {
		CHECK(file_says("/proc/rtpengine/list", "hook prerouting"));
		CHECK(talk_ask(&talk, "block DTMF", ""));
		talk_until(&talk, "kernel-filtered");
		CHECK(talk_ask(&talk, "unblock DTMF", ""));
		talk_until(&talk, "kernel");
	}
	end(0);
}

static void send_other(unsigned from, uint8_t type, uint32_t ssrc, uint16_t seq)
{
	struct phone *p = &talk.phone[from];
	uint8_t data[TALK_RTP_BYTES];
	size_t len = world_rtp(data, type, seq, seq * 160u, ssrc, 4);

	world_send(p->rtp, p->gate, p->to, data, len);
	CHECK_INT(world_receive(talk.phone[!from].rtp)->len, len);
	talk_pace(TALK_PACE_US);
}

/* They belong to the numbers of the audio around them. */
static void test_digits(void)
{
	if (begin(NULL, "")) {
		struct phone *p = &talk.phone[0];

		send_other(0, TALK_EVENTS, p->ssrc, ++p->seq);
		talk_pace(TALK_PACE_US * 5);
		CHECK(!strcmp(talk_path(&talk, 0), "kernel-digits"));
		send_other(0, TALK_EVENTS, p->ssrc, ++p->seq);
		talk_until(&talk, "kernel");
		CHECK_INT(talk_number(&talk, 0, "stats/errors"), 0);
	}
	end(0);
}

static void test_another_ssrc(void)
{
	if (begin(NULL, "")) {
		send_other(0, 0, 4711, 1);
		talk_pace(TALK_PACE_US * 5);
		CHECK(!strcmp(talk_path(&talk, 0), "kernel-ssrc"));
		talk_until(&talk, "kernel");
		send_other(0, 0, 4711, 2);
		talk_pace(TALK_PACE_US * 5);
		CHECK(!strcmp(talk_path(&talk, 0), "kernel"));
	}
	end(2);
}

/* The same stream goes on from another port, after some silence, as behind a NAT that forgot. */
static void test_another_source(void)
{
	if (begin(NULL, "")) {
		struct phone *p = &talk.phone[0];

		close(p->rtp);
		talk_pace(2500000);
		p->rtp = world_socket(p->ns, p->ip, 5500);
		/* Until it was heard, the other one's packets go where they went before. */
		talk_send(&talk, 0);
		CHECK_INT(world_receive(talk.phone[1].rtp)->len, TALK_RTP_BYTES);
		talk_pace(5 * TALK_PACE_US);
		talk_until(&talk, "kernel");
		CHECK(file_says("/proc/rtpengine/0/list", "expect inet4 10.1.0.2:5500"));
		CHECK(file_says("/proc/rtpengine/0/list", "dst inet4 10.1.0.2:5500"));
	}
	end(0);
	CHECK_INT(engine_total(&engine, "source-same-ssrc"), 1);
	CHECK_INT(engine_total(&engine, "kernel-changed"), 2);
}

static bool rtcp_passes(unsigned from)
{
	struct phone *p = &talk.phone[from];
	uint8_t report[28] = { 0x80, 200, 0, 6 };
	const struct datagram *d;

	put_u32(report + 4, p->ssrc);
	put_u32(report + 20, p->seq);
	world_send(p->rtcp, p->gate, (uint16_t)(p->to + 1), report, sizeof(report));
	d = world_receive(talk.phone[!from].rtcp);
	return CHECK_INT(d->len, sizeof(report)) && CHECK(!memcmp(d->data, report, d->len));
}

static void test_rtcp_goes_on(void)
{
	if (begin(NULL, "")) {
		talk_pass(&talk, 10);
		CHECK(rtcp_passes(0));
		CHECK(rtcp_passes(1));
		CHECK(!strcmp(talk_path(&talk, 0), "kernel"));
		talk_pace(READ_US);
		check_counts(0);
	}
	talk_end(&talk);
	CHECK_INT(engine_stop(&engine, SIGTERM), 0);
}

/* ---- reports of our own ---- */

/* The next one that phone `to` gets: packets of the sender, highest number received. */
static bool read_report(unsigned to, uint32_t *ret_sent, uint32_t *ret_highest)
{
	const struct datagram *d = NULL;
	const uint8_t *r;

	for (unsigned i = 0; i < 40 && (!d || !d->len); i++)
		d = world_receive(talk.phone[to].rtcp);
	r = d->data;
	if (!CHECK(d->len >= 52) || !CHECK_INT(r[1], 200) || !CHECK_INT(r[0] & 31, 1))
		return false;
	*ret_sent = (uint32_t)r[20] << 24 | (uint32_t)r[21] << 16 | (uint32_t)r[22] << 8 | r[23];
	*ret_highest = (uint32_t)r[36] << 24 | (uint32_t)r[37] << 16 | (uint32_t)r[38] << 8 | r[39];
	return true;
}

/* They have to be true when they leave, so nothing of theirs may be a second old. */
static void test_reports_of_ours(void)
{
	uint32_t sent, highest;

	if (CHECK(engine_start(&engine, "--table=0", "--log-level=6", NULL)) &&
		CHECK(talk_begin(&talk, &engine, "call", 4, ",\"flags\":[\"generate-RTCP\"]"))) {
		talk_pass(&talk, 200);
		CHECK(!strcmp(talk_path(&talk, 0), "kernel-reports"));
		CHECK(!strcmp(talk_path(&talk, 1), "kernel-reports"));
		talk_drain(&talk);
		if (read_report(0, &sent, &highest)) {
			CHECK_INT(sent, talk.phone[1].seq);
			CHECK_INT(highest, talk.phone[0].seq);
		}
	}
	talk_end(&talk);
	CHECK_INT(engine_stop(&engine, SIGTERM), 0);
}

/* ---- time ---- */

static bool call_lives(void)
{
	const struct value *answer = engine_ask(
		&engine, "\"command\":\"query\",\"call-id\":\"%s\"", talk.id);

	return str_eq(value_get_str(answer, "result"), STR_LIT("ok"));
}

/* Only the kernel sees its packets. */
static void test_timeouts(void)
{
	enum { TIMEOUT_S = 4 };

	if (begin("--timeout=4", "")) {
		talk_pass(&talk, 3 * TIMEOUT_S * 1000000 / TALK_PACE_US);
		CHECK(call_lives());
		CHECK(!strcmp(talk_path(&talk, 0), "kernel"));
		talk_pace((TIMEOUT_S - 2) * 1000000);
		CHECK(call_lives());
		talk_pace(4 * 1000000);
		CHECK(!call_lives());
		CHECK(file_says("/proc/rtpengine/list", "0 targets 0"));
	}
	close(talk.phone[0].rtp);
	close(talk.phone[0].rtcp);
	close(talk.phone[1].rtp);
	close(talk.phone[1].rtcp);
	CHECK_INT(engine_stop(&engine, SIGTERM), 0);
	CHECK_INT(engine_total(&engine, "timeout"), 1);
}

const struct test path_tests[] = {
	{ "the same comes out, whoever forwards it", test_the_same_comes_out },
	{ "the same of IPv6", test_the_same_comes_out_of_ipv6 },
	{ "what operators see", test_what_operators_see },
	{ "a new offer takes streams back; they go over again", test_a_new_offer },
	{ "recording takes streams back", test_recording },
	{ "blocking digits takes streams back", test_blocked_digits },
	{ "digits take a stream back for two seconds", test_digits },
	{ "another SSRC takes a stream back, and goes over with it", test_another_ssrc },
	{ "another source takes streams back", test_another_source },
	{ "RTCP goes on beside streams that the kernel has", test_rtcp_goes_on },
	{ "streams with reports of ours stay here", test_reports_of_ours },
	{ "calls that only the kernel sees live as long as their packets", test_timeouts },
	{ NULL, NULL },
};

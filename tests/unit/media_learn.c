/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Where a stream's peer is believed to be, and what may change that. X (192.0.2.10:41000) is
 * the party whose sources are looked at; what is let in reaches Y, what Y sends goes where X is
 * believed to be.
 */
#include "media/packet.h"

#include <glib.h>

#include "../mock/media.h"
#include "../mock/network.h"
#include "base/clock.h"
#include "base/ref.h"

static const int64_t SECOND_US = 1000000;

/* Sources of X's packets, each with an SSRC of its own; named by a letter in the scripts. */
struct source {
	char name;
	enum media_rank rank;
	struct addr addr;
};

static const struct source sources[] = {
	{ 'S', RANK_SIGNALLED, { ADDR_IP4, 41000, { 192, 0, 2, 10 } } },
	{ 'R', RANK_RECEIVED_FROM, { ADDR_IP4, 6000, { 192, 0, 2, 77 } } },
	{ 'r', RANK_RECEIVED_FROM, { ADDR_IP4, 6002, { 192, 0, 2, 77 } } },
	{ 'I', RANK_SAME_IP, { ADDR_IP4, 5000, { 192, 0, 2, 10 } } },
	{ 'i', RANK_SAME_IP, { ADDR_IP4, 5002, { 192, 0, 2, 10 } } },
	{ 'P', RANK_SAME_PORT, { ADDR_IP4, 41000, { 192, 0, 2, 99 } } },
	{ 'p', RANK_SAME_PORT, { ADDR_IP4, 41000, { 192, 0, 2, 98 } } },
	{ 'A', RANK_ANY, { ADDR_IP4, 7777, { 192, 0, 2, 200 } } },
	{ 'a', RANK_ANY, { ADDR_IP4, 9999, { 203, 0, 113, 99 } } },
};

static const struct addr received_from = { ADDR_IP4, 0, { 192, 0, 2, 77 } };

enum kind { KIND_RTP, KIND_RTCP, KIND_OPAQUE, KIND_COUNT };

/* A session whose plan can be made anew with one thing changed. */
struct world {
	struct mock_media m;
	enum plan_learn learn;
	enum plan_sources sources;
	bool follow, wait, early, hold, mux, new_port;
	enum kind kind;
	uint32_t endpoint_gen, signal_gen;
	struct addr peer;
	int64_t now_us;
	uint16_t seq;
	uint64_t reasons[REASON_COUNT];
};

static const struct source *find_source(char name)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(sources); i++)
		if (sources[i].name == name)
			return &sources[i];
	g_error("no source '%c'", name);
}

static void apply(struct world *w)
{
	struct plan *plan = mock_media_plan(&w->m);

	for (unsigned i = 0; i < 2; i++) {
		struct plan_stream *s = &plan->streams[i];

		s->rtp = w->kind != KIND_RTCP;
		s->rtcp = w->kind == KIND_RTCP || w->mux;
		s->opaque = w->kind == KIND_OPAQUE;
	}
	struct plan_stream *x = &plan->streams[0];

	x->learn = w->learn;
	x->sources = w->sources;
	x->follow = w->follow;
	x->wait = w->wait;
	x->answered = !w->early;
	x->endpoint_gen = w->endpoint_gen;
	x->signal_gen = w->signal_gen;
	x->received_from = received_from;
	x->peer = w->hold ? (struct addr){ 0 } : w->peer;
	if (w->new_port) {
		x->ports[1] = x->ports[0];
		x->ports[0] = ref_take(w->m.leases[4]);
		x->port_count = 2;
	}
	mock_media_apply(&w->m, plan, NULL);
}

static void signal_again(struct world *w)
{
	w->signal_gen++;
	apply(w);
}

static void advance(struct world *w, double seconds)
{
	w->now_us += (int64_t)(seconds * (double)SECOND_US);
	clock_set_mock(w->now_us, w->now_us);
}

static void world_open(struct world *w)
{
	w->endpoint_gen = w->signal_gen = 1;
	w->peer = mock_peer_x;
	w->now_us = 1000 * SECOND_US;
	clock_set_mock(w->now_us, w->now_us);
	mock_media_open(&w->m);
	apply(w);
	for (unsigned i = 0; i < REASON_COUNT; i++)
		w->reasons[i] = reason_total(i);
}

static void world_close(struct world *w)
{
	mock_media_close(&w->m);
	clock_set_mock(-1, -1);
}

/* How often since last asked. */
static uint64_t since(struct world *w, enum reason reason)
{
	uint64_t now = reason_total(reason), before = w->reasons[reason];

	w->reasons[reason] = now;
	return now - before;
}

static void send_rtp(struct world *w, const struct addr *from, unsigned lease, uint32_t ssrc)
{
	struct rtp_header h = { .seq = w->seq++, .ssrc = ssrc };
	uint8_t bytes[RTP_HEADER_BYTES];

	rtp_write(bytes, &h);
	mock_media_send(&w->m, from, lease, bytes, sizeof(bytes));
}

static void send_rtcp(struct world *w, const struct addr *from, unsigned lease, uint8_t type)
{
	uint8_t bytes[12] = { 0x80, type, 0, type == 204 ? 2 : 1 };

	mock_media_send(&w->m, from, lease, bytes, type == 204 ? 12 : 8);
}

static void send_from(struct world *w, const struct addr *from, uint32_t ssrc)
{
	unsigned lease = w->new_port ? 4 : 0;

	if (w->kind == KIND_RTCP)
		send_rtcp(w, from, lease, 201);
	else if (w->kind == KIND_OPAQUE)
		mock_media_send(&w->m, from, lease, "fax", 3);
	else
		send_rtp(w, from, lease, ssrc);
}

/* Takes what went out to that address from the network; how many. */
static unsigned arrived(const struct addr *at)
{
	struct mock_datagram *d;
	unsigned count = 0;

	while ((d = mock_pop_to(at))) {
		count++;
		g_free(d);
	}
	return count;
}

static unsigned sent_to(struct world *w, const struct addr *at)
{
	if (w->kind == KIND_RTCP)
		send_rtcp(w, &mock_peer_y, 2, 201);
	else
		mock_media_send(&w->m, &mock_peer_y, 2, "\x80\0\0\1\0\0\0\0\0\0\0\1", 12);
	return arrived(at);
}

/*
 * Scripts. A source's letter and what becomes of its packet: '+' let in, '-' dropped as
 * worse-source, 'x' as wrong-source, 'u' as unsignalled-source; ':' and a letter behind it: with
 * that source's SSRC, ':' and '~': with that of the one before and an implausible number.
 *
 *	>I    what Y sends goes to I, and nowhere else; >0: nowhere
 *	=c =l committed; still learning
 *	@2.5  time
 *	!     signalling anew, nothing changed      #  … with another endpoint: P's address
 *	o     on hold by a zero address             O  off hold
 *	n     the answer (of a case that is early)  v  another port shown
 *	/I+   as I+ but to the port shown before
 *	m     RTCP, muxed, as I+                    M  APP
 */
struct script_case {
	const char *name;
	enum plan_learn learn;
	enum plan_sources sources;
	bool follow, wait, early, mux;
	const char *script;
};

static void expect_verdict(struct world *w, const char *token, char verdict)
{
	static const struct {
		char verdict;
		enum reason reason;
	} drops[] = {
		{ '-', REASON_WORSE_SOURCE },
		{ 'x', REASON_WRONG_SOURCE },
		{ 'u', REASON_UNSIGNALLED_SOURCE },
	};

	if (arrived(&mock_peer_y) != (verdict == '+'))
		g_error("%s: %s", token, verdict == '+' ? "dropped" : "let in");
	for (unsigned i = 0; i < G_N_ELEMENTS(drops); i++)
		if (since(w, drops[i].reason) != (drops[i].verdict == verdict))
			g_error("%s: %s", token, reason_row(drops[i].reason)->name);
}

static void run_packet(struct world *w, const char *token)
{
	bool older = token[0] == '/', rtcp = token[0] == 'm' || token[0] == 'M';
	const char *t = token + (older || rtcp);
	const struct source *s = find_source(t[0]);
	char ssrc = t[0];

	if (t[2] == ':')
		ssrc = t[3];
	if (t[2] == ':' && t[4] == '~')
		w->seq += 10000;
	if (rtcp)
		send_rtcp(w, &s->addr, 0, token[0] == 'M' ? 204 : 201);
	else if (older)
		send_rtp(w, &s->addr, 0, (uint32_t)ssrc);
	else
		send_from(w, &s->addr, (uint32_t)ssrc);
	expect_verdict(w, token, t[1]);
}

static void expect_dest(struct world *w, const char *token)
{
	if (token[1] != '0' && !sent_to(w, &find_source(token[1])->addr))
		g_error("%s: not sent there", token);
	if (token[1] == '0')
		sent_to(w, &mock_peer_x);
	g_assert_cmpuint(mock_sent(), ==, 0);
}

static void run_token(struct world *w, const char *token)
{
	switch (token[0]) {
	case '>':
		expect_dest(w, token);
		return;
	case '=':
		g_assert_cmpint(mock_media_stream(&w->m, 0)->source_state == SOURCE_COMMITTED, ==,
			token[1] == 'c');
		return;
	case '@':
		advance(w, g_ascii_strtod(token + 1, NULL));
		return;
	case '#':
		w->peer = find_source('P')->addr;
		w->endpoint_gen++;
		break;
	case 'o':
	case 'O':
		w->hold = token[0] == 'o';
		w->endpoint_gen++;
		break;
	case 'n':
		w->early = false;
		break;
	case 'v':
		w->new_port = true;
		break;
	case '!':
		break;
	default:
		run_packet(w, token);
		return;
	}
	signal_again(w);
}

#define LEARN(way)     .learn = PLAN_LEARN_##way
#define SOURCES(which) .sources = PLAN_SOURCES_##which

static const struct script_case cases[] = {
	/* Heuristic, the default: ranks */
	{ "signalled-first", .script = ">S S+ =c >S Rx Ix Px Ax >S" },
	{ "received-from-first", .script = "R+ =l >R I- P- A- r- >R S+ =c >S Rx" },
	{ "same-address-first", .script = "I+ =l >I P- A- i- >I R+ >R I-" },
	{ "same-port-first", .script = "P+ =l >P A- p- >P I+ >I R+ >R S+ =c >S" },
	{ "any-first", .script = "A+ =l >A a- >A P+ >P A- I+ >I R+ >R P- S+ >S Rx" },
	{ "to-the-best-at-once", .script = "A+ S+ =c >S Ax" },
	/* … and time */
	{ "commits-after-3-s", .script = "A+ @2.9 A+ =l @0.1 A+ =c ax >A" },
	{ "commits-for-others", .script = "A+ @2.9 A+ @0.1 ax =c Px >A A+" },
	{ "better-at-the-end", .script = "A+ @2.9 A+ @0.1 R+ =c >R Ax" },
	{ "after-commit-no-better", .script = "A+ @3 A+ =c Px Ix Rx >A" },
	{ "after-commit-signalled", .script = "A+ @3 A+ =c S+ >S =c Ax" },
	{ "equal-after-silence", .script = "A+ @0.9 a- @0.2 a+ >a A-" },
	{ "worse-after-silence", .script = "I+ @1.5 A- >I" },
	{ "silent-at-the-end", .script = "A+ @60 ax =c >A" },
	{ "late-is-learned-for-3-s", .script = "@100 A+ =l >A a- R+ =l >R A- @3 R+ =c" },
	{ "late-signalled", .script = "@100 A+ S+ =c >S Ax" },
	/* the same SSRC going on */
	{ "ssrc-goes-on", .script = "A+ @3 A+ =c @1 a+:A =c >a Ax:~" },
	{ "ssrc-too-soon", .script = "A+ @3 A+ =c @0.9 ax:A >A" },
	{ "ssrc-another", .script = "A+ @3 A+ =c @10 ax >A" },
	{ "ssrc-implausible", .script = "A+ @3 A+ =c @10 ax:A~ >A" },
	{ "ssrc-while-learning", .script = "I+ @1 A+:I >A" },
	/* signalling anew */
	{ "anew-keeps", .script = "A+ @3 A+ =c ! =l >A A+ =l >A @3 A+ =c" },
	{ "anew-no-gap", .script = "I+ @3 I+ ! A- P- i- >I I+ @2.9 I+ A- @0.1 I+ =c Ax" },
	{ "anew-no-gap-signalled", .script = "S+ @9 ! A- R- I- >S S+ =c >S" },
	{ "anew-moved-better", .script = "A+ @3 A+ ! I+ >I A-" },
	{ "anew-moved-equal", .script = "A+ @3 A+ @5 ! a- @1 a+ >a A-" },
	{ "anew-moved-worse", .script = "I+ @3 I+ @5 ! A- @3 A- >I @60 A- A+:I >A =l I+ >I" },
	{ "anew-elsewhere", .script = "A+ @3 A+ =c # =l >P A+ =l >A P+ =c >P Ax" },
	{ "stale-gives-way", .script = "A+ @3 A+ # A+ >A A+ a+ >a A- >a" },
	{ "stale-to-its-like", .script = "R+ @3 R+ # R+ >R A- I- r+ >r R- @3 r+ =c" },
	{ "stale-over-answer", .script = "A+ @3 A+ # A+ ! A+ >A a+ >a A-" },
	{ "stale-stays", .script = "A+ # A+ @3 A+ =c ax >A" },
	{ "stale-unheard", .script = "A+ # >P a+ >a A- ! A- a+ # P+ =c >P ax Ax" },
	{ "another-port-shown", .script = "A+ @3 A+ =c v >A /A+ >A a+ >a /A- A- >a" },
	/* on hold, and before the answer */
	{ "hold", .script = "I+ @3 I+ =c o >0 I+ =l >0 A- >0 O >S A- >S I+ >I A-" },
	{ "hold-silent", .script = "I+ o A- @60 A- I+ >0 O >S A- I+ >I" },
	{ "hold-first", .script = "o A+ >0 a- @1 a+ A- >0 O >S A- a+ >a S+ =c ax" },
	{ "early", .early = true,
		.script = "A+ =l >S a- I+ =l >S A- @50 I+ =l A- n >S A- I+ >I A-" },
	{ "early-silence", .early = true, .script = "A+ @1 a+ A- >S n S+ =c ax" },
	/* other ways of learning */
	{ "delayed", LEARN(DELAYED), .script = "S+ =l >S A+ >A I+ >I @3 a+ =c >a Ix Rx S+ >S" },
	{ "delayed-anew", LEARN(DELAYED), .script = "@3 A+ =c ax ! >A a+ =l >a" },
	{ "immediate", LEARN(IMMEDIATE), .script = "A+ =c >A ax Rx Ix Px S+ =c >S Ax" },
	{ "immediate-anew", LEARN(IMMEDIATE), .script = "A+ =c ! >A a+ =c >a Ax" },
	{ "off", LEARN(OFF), .script = "A+ =l >S a- I+ >S A- @3 I+ =c >S Ax S+ >S" },
	{ "off-signalled", LEARN(OFF), .script = "S+ =c >S Ix" },
	/* the signalled address alone */
	{ "signalled", SOURCES(SIGNALLED), .script = "Au Ru Iu Pu >S S+ =c >S Iu @9 Au:S" },
	{ "signalled-delayed", LEARN(DELAYED), SOURCES(SIGNALLED), .script = "Au S+ =c >S Au" },
	{ "signalled-early", SOURCES(SIGNALLED), .early = true, .script = "Au S+ n Au S+ =c" },
	{ "signalled-hold", SOURCES(SIGNALLED), .script = "S+ o Au Su >0 O S+ >S Au" },
	{ "signalled-follow", SOURCES(SIGNALLED), .follow = true, .script = "S+ @9 Au >S" },
	/* all sources */
	{ "any-source", SOURCES(ANY), .script = "A+ >A a+ >A I+ >I A+ >I @3 I+ =c a+ S+ >I" },
	{ "any-signalled", SOURCES(ANY), .script = "S+ =c A+ >S" },
	{ "any-late", SOURCES(ANY), .script = "@3 A+ =c >A I+ >A" },
	{ "any-delayed", LEARN(DELAYED), SOURCES(ANY), .script = "S+ A+ =l >A @3 a+ =c >a S+ >a" },
	{ "any-immediate", LEARN(IMMEDIATE), SOURCES(ANY), .script = "A+ =c >A S+ a+ >A" },
	{ "any-off", LEARN(OFF), SOURCES(ANY), .script = "A+ a+ >S @3 A+ a+ >S" },
	{ "any-early", SOURCES(ANY), .early = true, .script = "A+ a+ I+ A+ >S" },
	/* media-handover */
	{ "follow", .follow = true, .script = "A+ @3 A+ =c a+ =c >a Ax @1 A+ >A" },
	{ "follow-learning", .follow = true, .script = "I+ A- i+ >i I- @1 I+ >I" },
	{ "follow-any", SOURCES(ANY), .follow = true, .script = "S+ =c A+ >A S+ >A @1 S+ >S" },
	/* muxed RTCP */
	{ "mux", .mux = true, .script = "mA+ =l >S A+ mA+ ma- mI+ >A @3 A+ =c max >A" },
	{ "mux-committed", .mux = true, .script = "S+ mS+ mAx mIx @9 mAx >S" },
	{ "mux-app", .mux = true, .script = "MA+ >A Ma- MS+ =c >S" },
	/* NAT-wait */
	{ "wait", .wait = true, .script = ">0 A+ >A" },
	{ "wait-early", .wait = true, .early = true, .script = ">0 A+ >S a- >S" },
	{ "wait-refused", SOURCES(SIGNALLED), .wait = true, .script = ">0 Au >0 S+ >S" },
};

static void run_case(const void *arg)
{
	const struct script_case *c = arg;
	g_auto(GStrv) tokens = g_strsplit(c->script, " ", -1);
	struct world w = {
		.learn = c->learn,
		.sources = c->sources,
		.follow = c->follow,
		.wait = c->wait,
		.early = c->early,
		.mux = c->mux,
	};

	world_open(&w);
	for (unsigned i = 0; tokens[i]; i++) {
		g_test_message("%s", tokens[i]);
		run_token(&w, tokens[i]);
	}
	world_close(&w);
}

/*
 * Somebody off the path who knows the port, five packets at a time: none of them may come
 * through, and none of the party's audio may go there, once the party was seen at a better
 * rank.
 */
static void attack(struct world *w, const struct source *attacker, const char *when)
{
	g_test_message("%c %s", attacker->name, when);
	for (unsigned i = 0; i < 5; i++) {
		send_from(w, &attacker->addr, 0xbad);
		if (w->mux)
			send_rtcp(w, &attacker->addr, 0, i % 2 ? 204 : 201);
		advance(w, 0.02);
	}
	g_assert_cmpuint(arrived(&mock_peer_y), ==, 0);
	sent_to(w, &mock_peer_x);
	g_assert_cmpuint(arrived(&attacker->addr), ==, 0);
}

static void talk(struct world *w, const struct source *party, double seconds)
{
	for (int i = 0; i <= (int)(seconds * 5); i++) {
		send_from(w, &party->addr, 1);
		g_assert_cmpuint(arrived(&mock_peer_y), ==, 1);
		advance(w, 0.2);
	}
}

static void attack_all_along(struct world *w, const struct source *party, const struct source *bad)
{
	g_test_message("%c: kind %d early %d mux %d", party->name, w->kind, w->early, w->mux);
	world_open(w);
	/* before the party: who is first is believed until something better comes */
	send_from(w, &bad->addr, 0xbad);
	arrived(&mock_peer_y);
	talk(w, party, 0);
	attack(w, bad, "at the first packet");
	w->early = false;
	signal_again(w); /* the answer */
	attack(w, bad, "after the answer");
	talk(w, party, 1);
	attack(w, bad, "while learning");
	talk(w, party, 3);
	attack(w, bad, "once committed");
	advance(w, 30); /* the party is silent */
	attack(w, bad, "while the party is silent");
	talk(w, party, 0.4);
	signal_again(w); /* a refresh of the session */
	attack(w, bad, "after a refresh");
	advance(w, 10);
	attack(w, bad, "later");
	talk(w, party, 0.4);
	w->hold = true;
	w->endpoint_gen++;
	signal_again(w);
	attack(w, bad, "on hold");
	advance(w, 10);
	attack(w, bad, "later on hold");
	talk(w, party, 0.4);
	w->hold = false;
	w->endpoint_gen++;
	signal_again(w);
	attack(w, bad, "off hold");
	advance(w, 10);
	attack(w, bad, "later off hold");
	talk(w, party, 4);
	attack(w, bad, "committed again");
	world_close(w);
}

static void test_attacks(void)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(sources); i++)
		for (unsigned n = 0; n < G_N_ELEMENTS(sources); n++)
			for (unsigned k = 0; k < 2 * KIND_COUNT; k++) {
				struct world w = {
					.early = k >= KIND_COUNT,
					.kind = k % KIND_COUNT,
					.mux = k == KIND_RTP,
				};

				if (sources[n].rank > sources[i].rank)
					attack_all_along(&w, &sources[i], &sources[n]);
			}
}

static void test_begins_with_signalled_address(void)
{
	struct stream_counts counts;
	struct world w = { 0 };

	world_open(&w);
	stream_stats_read(w.m.stats[0], &counts);
	g_assert_true(addr_equal(&counts.peer, &mock_peer_x));
	g_assert_false(counts.seen);
	g_assert_false(counts.confirmed);
	world_close(&w);
}

static const struct media_event *only_event(struct world *w)
{
	g_assert_cmpuint(w->m.event_count, ==, 1);
	w->m.event_count = 0;
	return &w->m.events[0];
}

static void test_first_packet_from_the_signalled_address(void)
{
	const struct media_event *event;
	struct stream_counts counts;
	struct world w = { 0 };

	world_open(&w);
	run_token(&w, "S+");
	event = only_event(&w);
	g_assert_cmpint(event->type, ==, MEDIA_EVENT_FIRST_PACKET);
	g_assert_cmpuint(event->stream_id, ==, 1);
	g_assert_cmpuint(event->endpoint_gen, ==, 1);
	g_assert_cmpint(event->rank, ==, RANK_SIGNALLED);
	g_assert_true(event->committed);
	g_assert_true(addr_equal(&event->peer, &mock_peer_x));
	stream_stats_read(w.m.stats[0], &counts);
	g_assert_true(counts.seen && counts.confirmed);
	run_token(&w, "S+");
	g_assert_cmpuint(w.m.event_count, ==, 0);
	world_close(&w);
}

static void test_events_of_learning(void)
{
	const struct media_event *event;
	struct stream_counts counts;
	struct world w = { 0 };

	world_open(&w);
	run_token(&w, "A+");
	event = only_event(&w);
	g_assert_cmpint(event->type, ==, MEDIA_EVENT_PEER_LEARNED);
	g_assert_cmpint(event->rank, ==, RANK_ANY);
	g_assert_false(event->committed);
	g_assert_true(addr_equal(&event->peer, &find_source('A')->addr));
	stream_stats_read(w.m.stats[0], &counts);
	g_assert_true(counts.seen && counts.at_peer && !counts.confirmed);
	run_token(&w, "I+");
	event = only_event(&w);
	g_assert_cmpint(event->type, ==, MEDIA_EVENT_SOURCE_CHANGED);
	g_assert_cmpint(event->reason, ==, REASON_SOURCE_BETTER);
	g_assert_cmpint(event->rank, ==, RANK_SAME_IP);
	g_assert_true(addr_equal(&event->before, &find_source('A')->addr));
	g_assert_true(addr_equal(&event->source, &find_source('I')->addr));
	g_assert_true(addr_equal(&event->peer, &find_source('I')->addr));
	advance(&w, 3);
	run_token(&w, "I+");
	event = only_event(&w);
	g_assert_cmpint(event->type, ==, MEDIA_EVENT_SOURCE_COMMITTED);
	g_assert_true(addr_equal(&event->source, &find_source('I')->addr));
	stream_stats_read(w.m.stats[0], &counts);
	g_assert_true(counts.confirmed);
	world_close(&w);
}

static void test_refusals_are_told_once_a_second(void)
{
	const struct media_event *event;
	struct world w = { 0 };

	world_open(&w);
	run_token(&w, "S+");
	only_event(&w);
	for (unsigned i = 0; i < 10; i++)
		run_token(&w, i % 2 ? "Ax" : "Px");
	event = only_event(&w);
	g_assert_cmpint(event->type, ==, MEDIA_EVENT_SOURCE_REFUSED);
	g_assert_cmpint(event->reason, ==, REASON_WRONG_SOURCE);
	g_assert_cmpint(event->rank, ==, RANK_SAME_PORT);
	g_assert_true(addr_equal(&event->source, &find_source('P')->addr));
	g_assert_true(addr_equal(&event->before, &mock_peer_x));
	advance(&w, 0.9);
	run_token(&w, "Ax");
	g_assert_cmpuint(w.m.event_count, ==, 0);
	advance(&w, 0.1);
	run_token(&w, "Ax");
	g_assert_cmpint(only_event(&w)->rank, ==, RANK_ANY);
	world_close(&w);
}

/* Delayed learning follows each packet; control does not hear of each. */
static void test_turns_are_told_once_a_second(void)
{
	struct world w = { .learn = PLAN_LEARN_DELAYED };

	world_open(&w);
	run_token(&w, "A+");
	only_event(&w);
	run_token(&w, "a+");
	g_assert_cmpint(only_event(&w)->reason, ==, REASON_SOURCE_NEWEST);
	for (unsigned i = 0; i < 10; i++)
		run_token(&w, i % 2 ? "a+" : "A+");
	g_assert_cmpuint(w.m.event_count, ==, 0);
	advance(&w, 1);
	run_token(&w, "A+");
	g_assert_true(addr_equal(&only_event(&w)->source, &find_source('A')->addr));
	run_token(&w, ">A");
	world_close(&w);
}

static void test_early_media_tell_nothing(void)
{
	struct world w = { .early = true };
	struct stream_counts counts;

	world_open(&w);
	run_token(&w, "A+");
	run_token(&w, "A+");
	g_assert_cmpuint(w.m.event_count, ==, 0);
	/* It is sent to where it was signalled: not where it sends from. */
	stream_stats_read(w.m.stats[0], &counts);
	g_assert_true(counts.seen && !counts.at_peer);
	world_close(&w);
}

/* What is not RTP has no SSRC that could go on. */
static void test_opaque_goes_on_by_signalling_only(void)
{
	struct world w = { .kind = KIND_OPAQUE };

	world_open(&w);
	for (const char *const *t = (const char *const[]){ "A+", "@3", "A+", "=c", "@10", "ax:A",
		     "!", "@1", "a+", ">a", NULL };
		*t; t++)
		run_token(&w, *t);
	world_close(&w);
}

static void test_another_plan_without_signalling_changes_nothing(void)
{
	struct world w = { 0 };

	world_open(&w);
	run_token(&w, "A+");
	advance(&w, 3);
	run_token(&w, "A+");
	apply(&w);
	run_token(&w, "=c");
	run_token(&w, "ax");
	run_token(&w, ">A");
	world_close(&w);
}

/* An IPv6 socket may be given IPv4 addresses in their mapped form. */
static void test_mapped_addresses_are_ipv4(void)
{
	union sock from = { .in6 = { .sin6_family = AF_INET6, .sin6_port = htons(41000) } };
	struct buf *buf;
	struct world w = { 0 };
	struct packet packet;

	world_open(&w);
	memcpy(&from.in6.sin6_addr, "\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\0\2\x0a", 16);
	buf = buf_get(media_worker_pool(w.m.worker));
	packet = (struct packet){
		.buf = buf,
		.in = mock_media_stream(&w.m, 0),
		.port = w.m.leases[0]->port,
		.from = &from,
		.now_us = w.now_us,
		.kind = DATAGRAM_RTP,
	};
	g_assert_cmpint(media_learn(&packet), ==, PACKET_OK);
	g_assert_cmpint(packet.in->source_rank, ==, RANK_SIGNALLED);
	buf_put(buf);
	mailbox_run(w.m.control);
	run_token(&w, "=c");
	run_token(&w, "S+");
	run_token(&w, ">S");
	world_close(&w);
}

static void test_peer_of_another_family_is_as_none(void)
{
	struct world w = { 0 };

	world_open(&w);
	addr_parse_ip(STR_LIT("2001:db8::1"), &w.peer);
	w.peer.port = 41001;
	w.endpoint_gen++;
	signal_again(&w);
	g_assert_cmpuint(mock_media_stream(&w.m, 0)->dest_len, ==, 0);
	world_close(&w);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *path = g_strdup_printf("/media/learn/%s", cases[i].name);

		g_test_add_data_func(path, &cases[i], run_case);
	}
	g_test_add_func("/media/learn/attacks", test_attacks);
	g_test_add_func("/media/learn/begins", test_begins_with_signalled_address);
	g_test_add_func("/media/learn/first", test_first_packet_from_the_signalled_address);
	g_test_add_func("/media/learn/events", test_events_of_learning);
	g_test_add_func("/media/learn/refusals", test_refusals_are_told_once_a_second);
	g_test_add_func("/media/learn/turns", test_turns_are_told_once_a_second);
	g_test_add_func("/media/learn/early-events", test_early_media_tell_nothing);
	g_test_add_func("/media/learn/opaque", test_opaque_goes_on_by_signalling_only);
	g_test_add_func(
		"/media/learn/same-plan", test_another_plan_without_signalling_changes_nothing);
	g_test_add_func("/media/learn/mapped", test_mapped_addresses_are_ipv4);
	g_test_add_func("/media/learn/other-family", test_peer_of_another_family_is_as_none);
	return g_test_run();
}

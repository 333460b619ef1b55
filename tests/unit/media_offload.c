/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Streams handed over and taken back, from the worker through control to the mock back end, and
 * what of it is left in the records: as much as if nothing had been handed over.
 */
#include "media/offload.h"

#include <errno.h>
#include <glib.h>

#include "../mock/media.h"
#include "../mock/network.h"
#include "../mock/offload.h"
#include "base/clock.h"
#include "base/ref.h"
#include "media/session.h"
#include "rtp/rtp.h"
#include "sdp/sdp.h"

static const struct sdp_format formats[] = {
	{ .payload_type = 0, .clock_hz = 8000 },
	{ .payload_type = 101, .clock_hz = 8000 },
};
static const struct sdp_media described = { .format_count = 2, .formats = formats };

enum { SSRC = 0x11223344, EVENTS = 101, PACKET_BYTES = 172 };

static struct {
	struct mock_media m;
	struct media_worker *other;
	struct offload *offload;
	struct session *session;
	int64_t now_us;
	uint32_t signal_gen;
	uint16_t seq;
	bool hold_control; /* what workers ask of it stays unread */
	unsigned came;     /* packets that reached Y */
	uint16_t last_seq;
} f;

static void ignore_event(const struct media_event *event, void *arg)
{
	(void)event;
	(void)arg;
}

static void run(void)
{
	for (unsigned i = 0; i < 6; i++) {
		media_worker_turn(f.m.worker);
		media_worker_turn(f.other);
		mock_run();
		if (!f.hold_control)
			mailbox_run(f.m.control);
	}
}

static void advance(int64_t us)
{
	f.now_us += us;
	clock_set_mock(f.now_us, 0);
	run();
}

static struct plan *new_plan(void)
{
	struct plan *plan = mock_media_plan(&f.m);

	for (unsigned i = 0; i < 2; i++) {
		plan->streams[i].in = &described;
		plan->streams[i].events[EVENTS / 64] = UINT64_C(1) << EVENTS % 64;
		plan->streams[i].signal_gen = f.signal_gen;
	}
	return plan;
}

static void apply(struct plan *plan)
{
	struct stream_set *set = NULL;
	struct err err;

	g_assert_cmpint(session_prepare(f.session, plan, &set, &err), ==, 0);
	session_apply(f.session, set);
	run();
}

static void begin(void)
{
	memset(&f, 0, sizeof(f));
	f.now_us = 1000000000;
	clock_set_mock(f.now_us, 0);
	mock_media_open(&f.m);
	f.other = media_worker_new(1, f.m.control, ignore_event, NULL);
	f.offload = offload_new(
		mock_offload(), mock_offload_open(), NULL, media_offload_news, NULL);
	media_worker_use_offload(f.m.worker, f.offload);
	media_worker_use_offload(f.other, f.offload);
	f.session = session_new(7, f.m.worker, f.m.control);
	apply(new_plan());
}

static void end(void)
{
	f.hold_control = false;
	session_drop(f.session, NULL, NULL);
	run();
	g_assert_cmpuint(mock_offload_count(), ==, 0);
	for (unsigned i = 0; i < MOCK_MEDIA_PORTS; i++)
		g_assert_cmpuint(ref_count(f.m.leases[i]), ==, 1);
	offload_free(f.offload);
	media_worker_free(f.other);
	while (mock_sent())
		g_free(mock_pop());
	mock_media_close(&f.m);
	clock_set_mock(-1, 0);
}

/* To X's port; what reaches Y is counted. */
static void send_as(uint32_t ssrc, uint8_t type, uint16_t seq)
{
	struct rtp_header h = {
		.seq = seq,
		.ssrc = ssrc,
		.payload_type = type,
		.timestamp = seq * 160u,
	};
	uint8_t bytes[PACKET_BYTES] = { 0 };
	struct mock_datagram *d;

	rtp_write(bytes, &h);
	bytes[RTP_HEADER_BYTES] = 5; /* of an event: the digit */
	g_assert_true(mock_send(&mock_peer_x, mock_media_local(&f.m, 0), bytes, sizeof(bytes)));
	mock_run();
	while ((d = mock_pop_to(&mock_peer_y))) {
		f.came++;
		f.last_seq = rtp_seq(d->bytes);
		g_free(d);
	}
}

static void send_next(unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		send_as(SSRC, 0, ++f.seq);
		advance(20000);
	}
}

static struct stream_counts counts_of(unsigned stream)
{
	struct stream_counts counts;

	stream_stats_read(f.m.stats[stream], &counts);
	return counts;
}

static void read_counters(void)
{
	offload_tick(f.offload, f.now_us);
	run();
}

static void assert_why(enum reason reason)
{
	struct stream_counts c = counts_of(0);

	g_assert_false(c.in_kernel);
	g_assert_cmpuint(c.path_why, >, 0);
	g_assert_cmpstr(
		reason_row((enum reason)(c.path_why - 1))->name, ==, reason_row(reason)->name);
}

/* All of them arrived, each once, and were counted so. */
static void assert_all(uint64_t sent)
{
	struct stream_counts in = counts_of(0), out = counts_of(1);

	g_assert_cmpuint(f.came, ==, sent);
	g_assert_cmpuint(in.packets_in, ==, sent);
	g_assert_cmpuint(in.bytes_in, ==, sent * PACKET_BYTES);
	g_assert_cmpuint(out.packets_out, ==, sent);
	g_assert_cmpuint(out.bytes_out, ==, sent * PACKET_BYTES);
}

static void assert_sequence(unsigned highest, unsigned lost, unsigned skips)
{
	struct stream_counts c = counts_of(0);
	const struct reception *r = &c.ssrc[0].reception;

	g_assert_cmpuint(c.ssrc[0].ssrc, ==, SSRC);
	g_assert_cmpuint(r->highest, ==, highest);
	g_assert_cmpuint(r->counts.lost, ==, lost);
	g_assert_cmpuint(r->counts.skips, ==, skips);
	g_assert_cmpuint(r->counts.duplicates, ==, 0);
	g_assert_cmpuint(r->counts.reordered, ==, 0);
	g_assert_cmpuint(r->counts.resets, ==, 0);
}

static void test_handed_over_after_learning(void)
{
	begin();
	g_assert_cmpuint(mock_offload_count(), ==, 0);
	assert_why(REASON_KERNEL_LEARNING);
	send_next(1);
	g_assert_cmpuint(mock_offload_count(), ==, 1);
	g_assert_true(counts_of(0).in_kernel);
	send_next(10);
	g_assert_cmpuint(mock_offload_forwarded(), ==, 10);
	end();
}

static void test_records_are_true_while_it_is_away(void)
{
	struct stream_counts c;

	begin();
	send_next(50);
	g_assert_cmpuint(counts_of(0).packets_in, ==, 1);
	read_counters();
	assert_all(50);
	assert_sequence(50, 0, 0);
	c = counts_of(0);
	g_assert_cmpint(c.last_in_us, ==, f.now_us - 20000);
	g_assert_cmpuint(c.kernel_packets, ==, 49);
	g_assert_cmpuint(c.ssrc[0].packets, ==, 50);
	g_assert_cmpuint(c.ssrc[0].last_seq, ==, 50);
	g_assert_cmpuint(c.ssrc[0].last_timestamp, ==, 8000);
	send_next(7);
	read_counters();
	read_counters();
	assert_all(57);
	assert_sequence(57, 0, 0);
	end();
}

static void test_lost_and_late_ones(void)
{
	begin();
	send_next(3);
	f.seq += 4;
	send_next(1);
	read_counters();
	assert_sequence(8, 4, 1);
	send_as(SSRC, 0, 6);
	read_counters();
	g_assert_cmpuint(counts_of(0).ssrc[0].reception.counts.lost, ==, 3);
	g_assert_cmpuint(counts_of(0).ssrc[0].reception.counts.reordered, ==, 1);
	end();
}

/* Signalling begins learning anew: the stream comes back, and goes over again. */
static void test_signalling_takes_it_back(void)
{
	begin();
	send_next(10);
	f.signal_gen++;
	apply(new_plan());
	g_assert_cmpuint(mock_offload_count(), ==, 0);
	assert_why(REASON_KERNEL_LEARNING);
	assert_all(10);
	assert_sequence(10, 0, 0);
	send_next(100);
	g_assert_cmpuint(mock_offload_count(), ==, 1);
	read_counters();
	assert_all(110);
	assert_sequence(110, 0, 0);
	end();
}

static void test_a_plan_that_changes_nothing_leaves_it(void)
{
	begin();
	send_next(10);
	apply(new_plan());
	g_assert_cmpuint(mock_offload_sets(), ==, 1);
	g_assert_cmpuint(mock_offload_count(), ==, 1);
	end();
}

static void test_filters_take_it_back(void)
{
	struct plan *plan;

	begin();
	send_next(10);
	plan = new_plan();
	plan->streams[0].filter = g_new0(struct plan_filter, 1);
	apply(plan);
	assert_why(REASON_KERNEL_FILTERED);
	send_next(10);
	assert_all(20);
	apply(new_plan());
	send_next(100);
	g_assert_true(counts_of(0).in_kernel);
	read_counters();
	assert_all(120);
	assert_sequence(120, 0, 0);
	end();
}

static void test_another_ssrc_takes_it_back(void)
{
	begin();
	send_next(10);
	send_as(99, 0, 1);
	advance(1000);
	advance(1000);
	g_assert_cmpuint(mock_offload_count(), ==, 0);
	assert_why(REASON_KERNEL_SSRC);
	assert_all(11);
	advance(1100000);
	g_assert_cmpuint(mock_offload_count(), ==, 1);
	send_as(99, 0, 2);
	send_next(1);
	read_counters();
	assert_all(13);
	g_assert_cmpuint(counts_of(0).ssrc[1].packets, ==, 2);
	end();
}

/* Who sends something else all the time does not make work all the time. */
static void test_it_comes_back_less_and_less_often(void)
{
	begin();
	send_next(1);
	for (unsigned i = 0; i < 300; i++) {
		send_as(1000 + i, 0, 1);
		advance(100000);
	}
	g_assert_cmpuint(mock_offload_sets(), <, 8);
	g_assert_cmpuint(f.came, ==, 301);
	end();
}

/* Digits belong to the same numbers as the audio around them, whoever counts what. */
static void test_digits_take_it_back(void)
{
	begin();
	send_next(10);
	send_as(SSRC, EVENTS, ++f.seq);
	advance(1000);
	advance(1000);
	assert_why(REASON_KERNEL_DIGITS);
	send_as(SSRC, EVENTS, ++f.seq);
	send_next(2);
	assert_all(14);
	assert_sequence(14, 0, 0);
	g_assert_cmpuint(mock_offload_count(), ==, 0);
	send_next(110);
	g_assert_cmpuint(mock_offload_count(), ==, 1);
	read_counters();
	assert_all(124);
	assert_sequence(124, 0, 0);
	end();
}

/* Control is slow: some of what came up was overtaken by what the kernel forwarded. */
static void test_numbers_meet_again(void)
{
	begin();
	send_next(10);
	f.hold_control = true;
	send_as(SSRC, EVENTS, ++f.seq);
	send_next(5);
	send_as(SSRC, EVENTS, ++f.seq);
	send_next(5);
	f.hold_control = false;
	advance(20000);
	g_assert_cmpuint(mock_offload_count(), ==, 0);
	assert_all(22);
	assert_sequence(22, 0, 0);
	end();
}

/* One packet does not keep it here for long, one every second does. */
static void test_types_not_described_keep_it_here(void)
{
	begin();
	send_next(10);
	send_as(SSRC, 77, ++f.seq);
	advance(1000);
	advance(1000);
	g_assert_cmpuint(mock_offload_count(), ==, 0);
	assert_why(REASON_KERNEL_TYPES);
	send_next(60);
	g_assert_cmpuint(mock_offload_count(), ==, 1);
	read_counters();
	assert_all(71);
	for (unsigned i = 0; i < 40; i++) {
		send_as(SSRC, 77, ++f.seq);
		send_next(25);
	}
	assert_why(REASON_KERNEL_TYPES);
	g_assert_cmpuint(mock_offload_sets(), ==, 2);
	read_counters();
	assert_all(71 + 40 * 26);
	assert_sequence(71 + 40 * 26, 0, 0);
	send_next(300);
	g_assert_cmpuint(mock_offload_count(), ==, 1);
	end();
}

/* Each time that it did not last, it is kept here for longer. */
static void test_types_hold_it_longer_each_time(void)
{
	begin();
	send_next(10);
	for (unsigned i = 0; i < 30; i++) {
		send_as(SSRC, 77, ++f.seq);
		send_next(200);
	}
	g_assert_cmpuint(mock_offload_sets(), <, 8);
	end();
}

/* What the kernel cannot send is sent from here, for a long while. */
static void test_what_is_not_sent_comes_back(void)
{
	begin();
	send_next(10);
	read_counters();
	mock_offload_block(true);
	send_next(10);
	read_counters();
	advance(1000);
	g_assert_cmpuint(mock_offload_count(), ==, 0);
	assert_why(REASON_KERNEL_UNSENT);
	f.came = 0;
	for (unsigned i = 0; i < 50; i++) {
		send_next(50);
		read_counters();
	}
	g_assert_cmpuint(f.came, ==, 2500);
	send_next(1000);
	g_assert_cmpuint(mock_offload_sets(), ==, 2);
	end();
}

/* Some that were not sent are no reason: a queue was full, and the rest went out. */
static void test_some_unsent_leave_it(void)
{
	begin();
	send_next(10);
	mock_offload_block(true);
	send_next(1);
	mock_offload_block(false);
	send_next(1);
	read_counters();
	advance(1000);
	g_assert_cmpuint(mock_offload_count(), ==, 1);
	g_assert_cmpuint(counts_of(1).drops[REASON_SEND_FAILED], ==, 1);
	end();
}

static void test_another_tos_takes_it_back(void)
{
	begin();
	send_next(10);
	g_assert_cmpuint(mock_offload_at(mock_media_local(&f.m, 0))->target.sinks[0].tos, ==, 0);
	f.m.leases[2]->port->tos = 184;
	apply(new_plan());
	g_assert_cmpuint(mock_offload_sets(), ==, 2);
	g_assert_cmpuint(mock_offload_at(mock_media_local(&f.m, 0))->target.sinks[0].tos, ==, 184);
	assert_all(10);
	end();
}

static int64_t silent_us(void)
{
	return f.now_us - stream_stats_silent_us(f.m.stats[0], f.now_us);
}

/* Nobody is silent for not having been asked. */
static void test_what_is_not_read_is_not_silent(void)
{
	begin();
	send_next(10);
	read_counters();
	g_assert_cmpint(silent_us(), ==, 20000);
	advance(90000000);
	g_assert_cmpint(silent_us(), ==, 20000);
	read_counters();
	g_assert_cmpint(silent_us(), ==, 90020000);
	end();
}

static void test_what_was_lost_is_not_silent(void)
{
	begin();
	send_next(10);
	read_counters();
	advance(30000000);
	mock_offload_expire();
	read_counters();
	read_counters();
	assert_why(REASON_KERNEL_LOST);
	g_assert_cmpint(silent_us(), ==, 0);
	advance(5000000);
	g_assert_cmpint(silent_us(), ==, 5000000);
	end();
}

static void test_unreadable_ones_come_back(void)
{
	begin();
	send_next(10);
	mock_offload_fail_reading(EIO);
	for (unsigned i = 0; i < OFFLOAD_READ_TRIES; i++) {
		g_assert_cmpuint(mock_offload_count(), ==, 1);
		send_next(5);
		read_counters();
	}
	g_assert_cmpuint(mock_offload_count(), ==, 0);
	assert_why(REASON_KERNEL_LOST);
	assert_all(10 + 5 * OFFLOAD_READ_TRIES);
	assert_sequence(10 + 5 * OFFLOAD_READ_TRIES, 0, 0);
	mock_offload_fail_reading(0);
	end();
}

/* However late the news: what came up after the target was lost is counted as it came. */
static void test_many_come_before_it_is_gone(void)
{
	begin();
	send_next(20);
	read_counters();
	mock_offload_expire();
	f.hold_control = true;
	read_counters();
	send_next(3 * OFFLOAD_HEARD);
	f.hold_control = false;
	run();
	assert_all(20 + 3 * OFFLOAD_HEARD);
	assert_sequence(20 + 3 * OFFLOAD_HEARD, 0, 0);
	end();
}

/* What all comes up is none of the types' fault. */
static void test_what_is_passed_up_comes_back(void)
{
	begin();
	send_next(20);
	read_counters();
	mock_offload_expire();
	send_next(OFFLOAD_HEARD / 2);
	assert_why(REASON_KERNEL_PASSED_UP);
	assert_all(20 + OFFLOAD_HEARD / 2);
	end();
}

static unsigned events_of(enum media_event_type type)
{
	unsigned count = 0;

	mailbox_run(f.m.control);
	for (unsigned i = 0; i < f.m.event_count; i++)
		count += f.m.events[i].type == type;
	return count;
}

/* Its record must not say for ever that it is away. */
static void test_a_dropped_stream_is_not_away(void)
{
	struct plan *plan;

	begin();
	send_next(10);
	g_assert_true(counts_of(0).in_kernel);
	plan = new_plan();
	plan->streams[0].id = 77;
	ref_drop(plan->streams[0].stats);
	plan->streams[0].stats = stream_stats_new();
	apply(plan);
	assert_why(REASON_KERNEL_ENDED);
	assert_all(10);
	g_assert_cmpuint(events_of(MEDIA_EVENT_OFFLOADED), ==, 1);
	g_assert_cmpuint(events_of(MEDIA_EVENT_TAKEN_BACK), ==, 1);
	end();
}

/* Set though it was to come back by then: who was not told of the one is not of the other. */
static void test_events_come_in_pairs(void)
{
	begin();
	f.hold_control = true;
	send_next(1);
	send_as(SSRC, EVENTS, ++f.seq);
	f.hold_control = false;
	run();
	g_assert_cmpuint(mock_offload_sets(), ==, 1);
	g_assert_cmpuint(mock_offload_count(), ==, 0);
	g_assert_cmpuint(events_of(MEDIA_EVENT_OFFLOADED), ==, 0);
	g_assert_cmpuint(events_of(MEDIA_EVENT_TAKEN_BACK), ==, 0);
	send_next(110);
	g_assert_cmpuint(events_of(MEDIA_EVENT_OFFLOADED), ==, 1);
	send_as(SSRC, EVENTS, ++f.seq);
	run();
	g_assert_cmpuint(events_of(MEDIA_EVENT_TAKEN_BACK), ==, 1);
	end();
}

/* Silence is judged by what is known, not by what was read a while ago. */
static void test_a_thief_waits_for_counters(void)
{
	static const struct addr thief = { ADDR_IP4, 666, { 192, 0, 2, 66 } };
	struct rtp_header h = { .ssrc = SSRC };
	uint8_t bytes[RTP_HEADER_BYTES];

	begin();
	send_next(100);
	h.seq = (uint16_t)(f.seq + 1);
	rtp_write(bytes, &h);
	g_assert_true(mock_send(&thief, mock_media_local(&f.m, 0), bytes, sizeof(bytes)));
	run();
	g_assert_cmpuint(counts_of(0).drops[REASON_WRONG_SOURCE], ==, 1);
	/* It has been silent, and that is known. */
	advance(1500000);
	read_counters();
	h.seq++;
	rtp_write(bytes, &h);
	g_assert_true(mock_send(&thief, mock_media_local(&f.m, 0), bytes, sizeof(bytes)));
	run();
	g_assert_cmpuint(counts_of(0).drops[REASON_WRONG_SOURCE], ==, 1);
	advance(1000);
	advance(1000);
	assert_why(REASON_KERNEL_CHANGED);
	end();
}

static void test_a_refused_one_stays_here(void)
{
	begin();
	mock_offload_refuse(ENOSPC, 1);
	send_next(20);
	assert_why(REASON_KERNEL_REFUSED);
	assert_all(20);
	send_next(50);
	g_assert_true(counts_of(0).in_kernel);
	read_counters();
	assert_all(70);
	assert_sequence(70, 0, 0);
	end();
}

static void test_a_forgotten_one_comes_back(void)
{
	begin();
	send_next(20);
	read_counters();
	mock_offload_expire();
	read_counters();
	read_counters();
	assert_why(REASON_KERNEL_LOST);
	send_next(20);
	assert_all(40);
	assert_sequence(40, 0, 0);
	end();
}

static void test_it_moves_with_its_session(void)
{
	begin();
	send_next(20);
	g_assert_true(session_move(f.session, f.other));
	offload_tick(f.offload, f.now_us);
	run();
	send_next(20);
	read_counters();
	assert_all(40);
	g_assert_cmpuint(mock_offload_sets(), ==, 1);
	f.signal_gen++;
	g_assert_true(session_move(f.session, f.m.worker));
	apply(new_plan());
	g_assert_cmpuint(mock_offload_count(), ==, 0);
	send_next(1);
	assert_all(41);
	assert_sequence(41, 0, 0);
	end();
}

/* Ports stay taken until nobody forwards from them; the last counters are not lost. */
static void test_the_end_waits_for_the_target(void)
{
	begin();
	send_next(20);
	session_drop(f.session, NULL, NULL);
	media_worker_turn(f.m.worker);
	g_assert_cmpuint(mock_offload_count(), ==, 1);
	g_assert_cmpuint(ref_count(f.m.leases[0]), ==, 3);
	run();
	g_assert_cmpuint(mock_offload_count(), ==, 0);
	g_assert_cmpuint(ref_count(f.m.leases[0]), ==, 1);
	assert_all(20);
	f.session = session_new(8, f.m.worker, f.m.control);
	apply(new_plan());
	end();
}

static void count_call(void *count)
{
	++*(unsigned *)count;
}

/* Who wants all that was counted gets it, without waiting for a reading. */
static void test_recalled_for_its_counters(void)
{
	unsigned told = 0;

	begin();
	g_assert_false(session_recall(f.session, count_call, &told));
	send_next(20);
	g_assert_true(session_recall(f.session, count_call, &told));
	g_assert_false(session_recall(f.session, count_call, &told));
	run();
	g_assert_cmpuint(told, ==, 1);
	g_assert_cmpuint(mock_offload_count(), ==, 0);
	assert_why(REASON_KERNEL_COUNTED);
	assert_all(20);
	send_next(10);
	g_assert_cmpuint(mock_offload_count(), ==, 0);
	send_next(50);
	g_assert_cmpuint(mock_offload_count(), ==, 1);
	read_counters();
	assert_all(80);
	assert_sequence(80, 0, 0);
	g_assert_true(session_recall(f.session, count_call, &told));
	end();
	g_assert_cmpuint(told, ==, 2);
}

/* Back and forth by plans, in the middle of packets: none is lost, none comes twice. */
static void test_toggled_often(void)
{
	enum { TOGGLES = 500 };

	begin();
	for (unsigned i = 0; i < TOGGLES; i++) {
		struct plan *plan = new_plan();

		if (i % 2)
			plan->streams[0].filter = g_new0(struct plan_filter, 1);
		send_next(2);
		f.signal_gen += i % 3 == 0;
		plan->streams[0].signal_gen = plan->streams[1].signal_gen = f.signal_gen;
		apply(plan);
		send_next(2);
		g_assert_cmpuint(f.last_seq, ==, f.seq);
		if (i % 7 == 0)
			advance(2000000);
	}
	f.signal_gen++;
	apply(new_plan());
	assert_all(4 * TOGGLES);
	assert_sequence(4 * TOGGLES, 0, 0);
	g_assert_cmpuint(mock_offload_forwarded(), >, 100);
	g_assert_cmpuint(mock_offload_removes(), >, 20);
	end();
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func(
		"/media/offload/handed-over-after-learning", test_handed_over_after_learning);
	g_test_add_func("/media/offload/records-are-true-while-it-is-away",
		test_records_are_true_while_it_is_away);
	g_test_add_func("/media/offload/lost-and-late-ones", test_lost_and_late_ones);
	g_test_add_func("/media/offload/signalling-takes-it-back", test_signalling_takes_it_back);
	g_test_add_func("/media/offload/a-plan-that-changes-nothing-leaves-it",
		test_a_plan_that_changes_nothing_leaves_it);
	g_test_add_func("/media/offload/filters-take-it-back", test_filters_take_it_back);
	g_test_add_func(
		"/media/offload/another-ssrc-takes-it-back", test_another_ssrc_takes_it_back);
	g_test_add_func("/media/offload/it-comes-back-less-and-less-often",
		test_it_comes_back_less_and_less_often);
	g_test_add_func("/media/offload/digits-take-it-back", test_digits_take_it_back);
	g_test_add_func("/media/offload/numbers-meet-again", test_numbers_meet_again);
	g_test_add_func("/media/offload/types-not-described-keep-it-here",
		test_types_not_described_keep_it_here);
	g_test_add_func(
		"/media/offload/a-thief-waits-for-counters", test_a_thief_waits_for_counters);
	g_test_add_func("/media/offload/a-refused-one-stays-here", test_a_refused_one_stays_here);
	g_test_add_func(
		"/media/offload/a-forgotten-one-comes-back", test_a_forgotten_one_comes_back);
	g_test_add_func("/media/offload/types-hold-it-longer-each-time",
		test_types_hold_it_longer_each_time);
	g_test_add_func(
		"/media/offload/what-is-not-sent-comes-back", test_what_is_not_sent_comes_back);
	g_test_add_func("/media/offload/some-unsent-leave-it", test_some_unsent_leave_it);
	g_test_add_func("/media/offload/another-tos-takes-it-back", test_another_tos_takes_it_back);
	g_test_add_func("/media/offload/what-is-not-read-is-not-silent",
		test_what_is_not_read_is_not_silent);
	g_test_add_func(
		"/media/offload/what-was-lost-is-not-silent", test_what_was_lost_is_not_silent);
	g_test_add_func("/media/offload/unreadable-ones-come-back", test_unreadable_ones_come_back);
	g_test_add_func(
		"/media/offload/many-come-before-it-is-gone", test_many_come_before_it_is_gone);
	g_test_add_func(
		"/media/offload/what-is-passed-up-comes-back", test_what_is_passed_up_comes_back);
	g_test_add_func(
		"/media/offload/a-dropped-stream-is-not-away", test_a_dropped_stream_is_not_away);
	g_test_add_func("/media/offload/events-come-in-pairs", test_events_come_in_pairs);
	g_test_add_func("/media/offload/it-moves-with-its-session", test_it_moves_with_its_session);
	g_test_add_func(
		"/media/offload/the-end-waits-for-the-target", test_the_end_waits_for_the_target);
	g_test_add_func("/media/offload/recalled-for-its-counters", test_recalled_for_its_counters);
	g_test_add_func("/media/offload/toggled-often", test_toggled_often);
	return g_test_run();
}

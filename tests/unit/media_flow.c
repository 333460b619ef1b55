/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From one codec to another: what comes out for what goes in, over losses, sources and plans. */
#include "media/flow.h"

#include <errno.h>

#include <glib.h>

#include "../mock/flow.h"
#include "../mock/network.h"
#include "media/transcoder.h"
#include "rtp/rtcp.h"

static void test_packet_by_packet(void)
{
	uint32_t ssrc = 0;

	mock_flow_begin(20);
	for (unsigned i = 0; i < 5; i++) {
		uint32_t now;

		mock_flow_send_audio((uint16_t)(65534 + i), 1000 + 160 * i);
		now = mock_flow_expect_audio(
			(uint16_t)(65534 + i), 1000 + 160 * i, 1000 + 160 * i, 160);
		g_assert_true(!i || now == ssrc);
		ssrc = now;
		mock_flow_expect_nothing();
		mock_flow_advance(20000);
	}
	mock_flow_end();
}

static void test_order_is_restored(void)
{
	mock_flow_begin(20);
	mock_flow_send_audio(1, 160);
	mock_flow_expect_audio(1, 160, 160, 160);
	mock_flow_advance(20000);
	mock_flow_send_audio(3, 480);
	mock_flow_expect_nothing();
	mock_flow_advance(20000);
	mock_flow_send_audio(2, 320);
	mock_flow_expect_audio(2, 320, 320, 160);
	mock_flow_advance(20000);
	mock_flow_expect_audio(3, 480, 480, 160);
	mock_flow_send_audio(2, 320); /* again */
	mock_flow_expect_nothing();
	g_assert_cmpuint(mock_flow.media.stats[0]->counts.drops[REASON_TOO_LATE], ==, 1);
	mock_flow_end();
}

static void test_lost_ones_are_made_up(void)
{
	struct mock_flow_packet got;

	mock_flow_begin(20);
	for (uint16_t i = 1; i <= 4; i++, mock_flow_advance(20000)) {
		mock_flow_send_audio(i, 160u * i);
		mock_flow_expect_audio(i, 160u * i, 160u * i, 160);
	}
	/* 5 and 6 never come; it is 7's time */
	mock_flow_advance(40000);
	mock_flow_send_audio(7, 160 * 7);
	for (uint16_t i = 5; i <= 7; i++) {
		g_assert_true(mock_flow_receive(&got));
		g_assert_cmpuint(got.h.seq, ==, i);
		g_assert_cmpuint(got.h.timestamp, ==, 160u * i);
		g_assert_cmpuint(got.h.payload_len, ==, 320);
		g_free(got.datagram);
	}
	mock_flow_advance(20000);
	mock_flow_send_audio(8, 160 * 8);
	mock_flow_expect_audio(8, 160 * 8, 160 * 8, 160);
	mock_flow_expect_nothing();
	mock_flow_end();
}

/* What is no payload of its codec. */
static void send_broken(uint16_t seq, uint32_t timestamp)
{
	uint8_t packet[RTP_HEADER_BYTES + 1] = { 0 };
	struct rtp_header h = { .payload_type = MOCK_FLOW_IN,
		.seq = seq,
		.timestamp = timestamp,
		.ssrc = MOCK_FLOW_SSRC };

	rtp_write(packet, &h);
	mock_media_send(&mock_flow.media, &mock_peer_x, 0, packet, sizeof(packet));
}

static void test_broken_ones_are_made_up(void)
{
	struct mock_flow_packet got;

	mock_flow_begin(20);
	for (uint16_t i = 1; i <= 3; i++, mock_flow_advance(20000)) {
		mock_flow_send_audio(i, 160u * i);
		mock_flow_expect_audio(i, 160u * i, 160u * i, 160);
	}
	send_broken(4, 160 * 4);
	mock_flow_expect_nothing();
	g_assert_cmpuint(mock_flow.media.stats[0]->counts.drops[REASON_DECODE_FAILED], ==, 1);
	mock_flow_advance(20000);
	mock_flow_send_audio(5, 160 * 5);
	mock_flow_advance(20000);
	for (uint16_t i = 4; i <= 5; i++) {
		g_assert_true(mock_flow_receive(&got));
		g_assert_cmpuint(got.h.seq, ==, i);
		g_assert_cmpuint(got.h.timestamp, ==, 160u * i);
		g_free(got.datagram);
	}
	mock_flow_expect_nothing();
	mock_flow_end();
}

static void test_silence_that_is_not_sent(void)
{
	mock_flow_begin(20);
	mock_flow_send_audio(1, 160);
	mock_flow_expect_audio(1, 160, 160, 160);
	mock_flow_advance(1020000);
	mock_flow_send_audio(2, 160 + 160 + 8000);
	mock_flow_expect_audio(2, 160 + 160 + 8000, 160 + 160 + 8000, 160);
	mock_flow_end();
}

static void test_timestamps_that_jump(void)
{
	mock_flow_begin(20);
	mock_flow_send_audio(1, 160);
	mock_flow_expect_audio(1, 160, 160, 160);
	mock_flow_advance(20000);
	mock_flow_send_audio(2, 1000000); /* two minutes */
	mock_flow_expect_audio(2, 320, 1000000, 160);
	mock_flow_advance(20000);
	mock_flow_send_audio(3, 500); /* back */
	mock_flow_expect_audio(3, 480, 500, 160);
	mock_flow_advance(20000);
	mock_flow_send_audio(3000, 660); /* numbers, too */
	mock_flow_expect_audio(4, 640, 660, 160);
	mock_flow_end();
}

static void test_sources_that_take_turns(void)
{
	uint32_t first, second;
	struct sent_counts sent;

	mock_flow_begin(20);
	mock_flow_send_as(MOCK_FLOW_SSRC, MOCK_FLOW_IN, 100, 160);
	first = mock_flow_expect_audio(100, 160, 160, 160);
	mock_flow_advance(20000);
	mock_flow_send_as(MOCK_FLOW_SSRC + 1, MOCK_FLOW_IN, 7, 5000);
	second = mock_flow_expect_audio(7, 5000, 5000, 160);
	g_assert_cmpuint(first, !=, second);
	mock_flow_advance(20000);
	mock_flow_send_as(MOCK_FLOW_SSRC, MOCK_FLOW_IN, 500, 90000);
	g_assert_cmpuint(mock_flow_expect_audio(101, 320, 90000, 160), ==, first);
	g_assert_false(stream_stats_read_sent(mock_flow.media.stats[0], &sent));
	g_assert_true(stream_stats_read_sent(mock_flow.media.stats[1], &sent));
	g_assert_cmpuint(sent.in[0], ==, MOCK_FLOW_SSRC);
	g_assert_cmpuint(sent.ssrc[0].ssrc, ==, first);
	g_assert_cmpuint(sent.ssrc[0].packets, ==, 2);
	g_assert_cmpuint(sent.ssrc[0].last_seq, ==, 101);
	g_assert_cmpuint(sent.ssrc[0].last_timestamp, ==, 320);
	g_assert_cmpuint(sent.in[1], ==, MOCK_FLOW_SSRC + 1);
	g_assert_cmpuint(sent.ssrc[1].ssrc, ==, second);
	g_assert_false(sent.ssrc[2].used);
	mock_flow_end();
}

/* What is sent for an SSRC stays the same over others (spec media 3.3). */
static void test_sources_that_come_back(void)
{
	uint32_t first, again;

	mock_flow_begin(20);
	mock_flow_send_as(MOCK_FLOW_SSRC, MOCK_FLOW_IN, 100, 160);
	first = mock_flow_expect_audio(100, 160, 160, 160);
	for (unsigned i = 1; i < OUTLET_SSRCS; i++) {
		mock_flow_advance(20000);
		mock_flow_send_as(MOCK_FLOW_SSRC + i, MOCK_FLOW_IN, 7, 5000);
		g_assert_cmpuint(mock_flow_expect_audio(7, 5000, 5000, 160), !=, first);
	}
	mock_flow_advance(20000);
	mock_flow_send_as(MOCK_FLOW_SSRC, MOCK_FLOW_IN, 500, 90000);
	again = mock_flow_expect_audio(101, 320, 90000, 160);
	g_assert_cmpuint(again, ==, first);
	mock_flow_end();
}

/* Its decoder forgets, and what was made up for the one before is not blended into it. */
static void test_sources_begin_anew(void)
{
	struct mock_flow_packet got;

	mock_flow_begin(20);
	for (uint16_t i = 1; i <= 3; i++, mock_flow_advance(20000)) {
		mock_flow_send_audio(i, 160u * i);
		mock_flow_expect_audio(i, 160u * i, 160u * i, 160);
	}
	g_assert_cmpuint(mock_flow.resets, ==, 0);
	mock_flow_advance(20000);
	mock_flow_send_audio(5, 160 * 5);
	for (unsigned i = 0; i < 20 && mock_flow_receive(&got); i++)
		g_free(got.datagram);
	mock_flow_send_as(MOCK_FLOW_SSRC + 1, MOCK_FLOW_IN, 7, 5000);
	g_assert_cmpuint(mock_flow.resets, ==, 1);
	while (mock_flow_receive(&got)) { /* the last of the one before, then */
		if (got.h.seq == 7)
			mock_flow_assert_samples(&got, 5000, 160);
		g_free(got.datagram);
	}
	mock_flow_advance(20000);
	mock_flow_send_as(MOCK_FLOW_SSRC + 1, MOCK_FLOW_IN, 8, 5160);
	mock_flow_expect_audio(8, 5160, 5160, 160);
	g_assert_cmpuint(mock_flow.resets, ==, 1);
	mock_flow_advance(20000);
	mock_flow_send_as(MOCK_FLOW_SSRC, MOCK_FLOW_IN, 500, 90000);
	g_assert_cmpuint(mock_flow.resets, ==, 2);
	mock_flow_end();
}

enum { TOGETHER = 3 }; /* sources that send at the same time */

/* What is sent for one of them. */
struct sent_source {
	uint32_t ssrc, next_timestamp, next_sample;
	uint16_t next_seq;
	unsigned packets;
};

/* Next of its, 30 ms that go on where the one before ended. */
static void check_next(struct sent_source *s, const struct mock_flow_packet *got)
{
	uint32_t first = (uint32_t)(got->payload[0] | got->payload[1] << 8);

	if (s->packets++) {
		g_assert_cmpuint(got->h.seq, ==, s->next_seq);
		g_assert_cmpuint(got->h.timestamp, ==, s->next_timestamp);
		g_assert_cmpuint(first, ==, s->next_sample);
	}
	mock_flow_assert_samples(got, first, 240);
	s->next_seq = (uint16_t)(got->h.seq + 1);
	s->next_timestamp = got->h.timestamp + 240;
	s->next_sample = (first + 240) & 0xffff;
}

/* 20 ms of each of the sources; what comes out is checked against `sent` unless that is NULL. */
static void send_together(unsigned sources, unsigned nth, struct sent_source *sent)
{
	struct mock_flow_packet got;

	for (unsigned i = 0; i < sources; i++)
		mock_flow_send_as(MOCK_FLOW_SSRC + i, MOCK_FLOW_IN, (uint16_t)(100 * i + nth),
			20000 * i + 160 * nth);
	mock_flow_advance(20000);
	while (mock_flow_receive(&got)) {
		for (unsigned i = 0; sent && i < TOGETHER; i++) {
			sent[i].ssrc = sent[i].ssrc ? sent[i].ssrc : got.h.ssrc;
			if (sent[i].ssrc == got.h.ssrc) {
				check_next(&sent[i], &got);
				break;
			}
		}
		g_free(got.datagram);
	}
}

static unsigned asked_for_more(void)
{
	unsigned count = 0;

	for (unsigned i = 0; i < mock_flow.media.event_count; i++)
		if (mock_flow.media.events[i].type == MEDIA_EVENT_SOURCES_TOGETHER) {
			g_assert_cmpuint(mock_flow.media.events[i].stream_id, ==, 1);
			g_assert_cmpuint(mock_flow.media.events[i].sink_id, ==, 2);
			count++;
		}
	return count;
}

/* As control does for those of `plan`. */
static bool add_transcoder(const struct plan *plan)
{
	struct transcoder *t;
	struct err err;
	bool added;

	g_assert_cmpint(transcoder_new(plan->streams[0].transcodes[0], &t, &err), ==, 0);
	added = flow_add_transcoder(
		mock_flow.media.state->set, 1, 2, plan->streams[0].transcodes[0], t);
	if (!added)
		transcoder_free(t);
	return added;
}

/*
 * Sources that send at the same time have codecs and packets of their own, once control has opened
 * them; over plans that ask for the same, too (spec media 3.2, 3.4).
 */
static void test_sources_together(void)
{
	const struct plan *plan;
	struct sent_source sent[TOGETHER] = { 0 };
	unsigned nth = 0, resets;

	mock_flow_begin(30);
	plan = mock_flow.media.state->set->plan;
	for (; nth < 5; nth++)
		send_together(TOGETHER, nth, NULL);
	g_assert_cmpuint(asked_for_more(), ==, 1); /* a second */
	g_assert_cmpuint(mock_flow.resets, >, 5);
	g_assert_true(add_transcoder(plan));
	send_together(TOGETHER, nth++, NULL);
	send_together(TOGETHER, nth++, NULL);
	g_assert_cmpuint(asked_for_more(), ==, 2); /* at once when there is one more */
	g_assert_true(add_transcoder(plan));
	send_together(TOGETHER, nth++, NULL);
	resets = mock_flow.resets;
	for (; nth < 40; nth++) {
		if (nth == 20)
			mock_media_apply(&mock_flow.media, mock_flow_plan(30), NULL);
		send_together(TOGETHER, nth, sent);
	}
	g_assert_cmpuint(mock_flow.resets, ==, resets);
	g_assert_cmpuint(asked_for_more(), ==, 2);
	for (unsigned i = 0; i < TOGETHER; i++)
		g_assert_cmpuint(sent[i].packets, >=, 12);
	mock_flow_end();
}

/* Those that are one too many share the last; the others do not notice. */
static void test_too_many_together(void)
{
	enum { SOURCES = FLOW_SOURCES + 2 };
	struct sent_source sent[TOGETHER] = { 0 };
	unsigned nth = 0;

	mock_flow_begin(30);
	for (; nth < 3; nth++)
		send_together(TOGETHER, nth, NULL);
	for (unsigned i = 1; i < FLOW_SOURCES; i++) {
		g_assert_true(add_transcoder(mock_flow.media.state->set->plan));
		send_together(SOURCES, nth++, NULL);
	}
	mock_flow.media.event_count = 0;
	for (; nth < 10; nth++)
		send_together(SOURCES, nth, NULL);
	for (; nth < 40; nth++)
		send_together(SOURCES, nth, sent);
	g_assert_cmpuint(asked_for_more(), ==, 0);
	for (unsigned i = 0; i < TOGETHER; i++)
		g_assert_cmpuint(sent[i].packets, >=, 15);
	mock_flow_end();
}

/* Who follows another is no reason for more. */
static void test_sources_that_follow(void)
{
	mock_flow_begin(30);
	for (unsigned nth = 0; nth < 200; nth++) {
		mock_flow_send_as(
			MOCK_FLOW_SSRC + nth / 50, MOCK_FLOW_IN, (uint16_t)nth, 160 * nth);
		mock_flow_advance(20000);
	}
	mock_flow_send_as(MOCK_FLOW_SSRC, MOCK_FLOW_IN, 300, 0);
	g_assert_cmpuint(asked_for_more(), ==, 0);
	mock_flow_end();
}

static void test_what_is_not_added(void)
{
	struct plan *other;

	mock_flow_begin(30);
	other = mock_flow_plan(20);
	g_assert_false(add_transcoder(other)); /* it asks for something else by now */
	plan_free(other);
	for (unsigned i = 1; i < FLOW_SOURCES; i++)
		g_assert_true(add_transcoder(mock_flow.media.state->set->plan));
	g_assert_false(add_transcoder(mock_flow.media.state->set->plan));
	other = mock_flow_plan(30);
	mock_media_apply(&mock_flow.media, mock_media_plan(&mock_flow.media), NULL);
	g_assert_false(add_transcoder(other)); /* nothing is transcoded */
	plan_free(other);
	mock_flow_end();
}

static void send_event_as(
	uint8_t pt, uint16_t seq, uint32_t timestamp, uint16_t duration, bool last, bool marker)
{
	uint8_t packet[RTP_HEADER_BYTES + 4];
	struct rtp_header h = { .payload_type = pt,
		.seq = seq,
		.timestamp = timestamp,
		.ssrc = MOCK_FLOW_SSRC,
		.marker = marker };

	rtp_write(packet, &h);
	packet[12] = 5;
	packet[13] = (uint8_t)(last << 7 | 10);
	packet[14] = (uint8_t)(duration >> 8);
	packet[15] = (uint8_t)duration;
	mock_media_send(&mock_flow.media, &mock_peer_x, 0, packet, sizeof(packet));
}

static void send_event(uint16_t seq, uint32_t timestamp, uint16_t duration, bool last, bool marker)
{
	send_event_as(MOCK_FLOW_EVENT_IN, seq, timestamp, duration, last, marker);
}

static void expect_event(
	uint16_t seq, uint32_t timestamp, unsigned duration, bool last, bool marker)
{
	struct mock_flow_packet got;

	g_assert_true(mock_flow_receive(&got));
	g_assert_cmpuint(got.h.payload_type, ==, MOCK_FLOW_EVENT_OUT);
	g_assert_cmpuint(got.h.seq, ==, seq);
	g_assert_cmpuint(got.h.timestamp, ==, timestamp);
	g_assert_cmpint(got.h.marker, ==, marker);
	g_assert_cmpuint(got.h.payload_len, ==, 4);
	g_assert_cmpuint(got.payload[0], ==, 5);
	g_assert_cmpuint(got.payload[1], ==, (unsigned)last << 7 | 10);
	g_assert_cmpuint((unsigned)(got.payload[2] << 8 | got.payload[3]), ==, duration);
	g_free(got.datagram);
}

static void test_events(void)
{
	mock_flow_begin(20);
	mock_flow_send_audio(1, 160);
	mock_flow_expect_audio(1, 160, 160, 160);
	mock_flow_advance(20000);
	send_event(2, 320, 160, false, true);
	expect_event(2, 320, 320, false, true);
	mock_flow_advance(20000);
	send_event(3, 320, 320, false, false);
	expect_event(3, 320, 640, false, false);
	mock_flow_send_audio(4, 480); /* is not to be heard beside it */
	mock_flow_expect_nothing();
	mock_flow_advance(20000);
	send_event(5, 320, 480, true, false);
	expect_event(4, 320, 960, true, false);
	mock_flow_advance(20000);
	mock_flow_send_audio(6, 800);
	mock_flow_expect_audio(5, 800, 800, 160);
	mock_flow_end();
}

static void expect_tone(uint16_t seq, uint32_t timestamp)
{
	struct mock_flow_packet got;

	g_assert_true(mock_flow_receive(&got));
	g_assert_cmpuint(got.h.payload_type, ==, MOCK_FLOW_OUT);
	g_assert_cmpuint(got.h.seq, ==, seq);
	g_assert_cmpuint(got.h.timestamp, ==, timestamp);
	g_assert_cmpuint(got.h.payload_len, ==, 320);
	g_free(got.datagram);
}

/* Durations are of the event's clock, timestamps of the audio's: no time is won or lost. */
/* Its end is lost, and the source begins to count anew. */
static void test_event_without_end(void)
{
	mock_flow_begin(20);
	mock_flow_send_audio(1, 2000000000);
	mock_flow_expect_audio(1, 2000000000, 2000000000, 160);
	mock_flow_advance(20000);
	send_event(2, 2000000160, 160, false, true);
	expect_event(2, 2000000160, 320, false, true);
	mock_flow_advance(20000);
	mock_flow_send_audio(3, 1999999000); /* a little earlier: it may be beside the event */
	mock_flow_expect_nothing();
	mock_flow_advance(20000);
	mock_flow_send_audio(4, 5000);
	mock_flow_expect_audio(3, 2000000320, 5000, 160);
	mock_flow_advance(20000);
	send_event(5, 5160, 160, false, true);
	mock_flow_advance(20000);
	g_free(mock_pop());
	mock_flow_send_audio(1000, 5320); /* other numbers, and nothing of it is known */
	mock_flow_expect_audio(5, 2000000640, 5320, 160);
	mock_flow_end();
}

/* What is too long for one event at twice the clock is told in segments (RFC 4733 2.5.1.3). */
static void test_long_events(void)
{
	mock_flow_begin(20);
	mock_flow_send_audio(1, 160);
	mock_flow_expect_audio(1, 160, 160, 160);
	mock_flow_advance(20000);
	send_event(2, 320, 32767, false, true);
	expect_event(2, 320, 65534, false, true);
	mock_flow_advance(20000);
	send_event(3, 320, 32768, false, false);
	expect_event(3, 320, 65535, false, false);
	expect_event(4, 320 + 65535, 1, false, false);
	mock_flow_advance(20000);
	send_event(4, 320, 65535, false, false);
	expect_event(5, 320 + 65535, 65535, false, false);
	mock_flow_advance(20000);
	for (uint16_t i = 5; i < 8; i++) {
		send_event(i, 320, 65535, true, false);
		expect_event((uint16_t)(i + 1), 320 + 65535, 65535, true, false);
	}
	mock_flow_end();
}

/* What waits for a longer packet leaves before it, filled up. */
static void test_events_after_half_a_packet(void)
{
	struct mock_flow_packet got;

	mock_flow_begin(30);
	mock_flow_send_audio(1, 160);
	mock_flow_expect_nothing();
	mock_flow_advance(20000);
	send_event(2, 320, 160, false, true);
	g_assert_true(mock_flow_receive(&got));
	g_assert_cmpuint(got.h.seq, ==, 1);
	g_assert_cmpuint(got.h.timestamp, ==, 160);
	g_assert_cmpuint(got.h.payload_len, ==, 480);
	for (unsigned i = 0; i < 240; i++)
		g_assert_cmpuint(got.payload[2 * i] | got.payload[2 * i + 1] << 8, ==,
			i < 160 ? 160 + i : 0);
	g_free(got.datagram);
	expect_event(2, 320, 320, false, true);
	mock_flow_advance(20000);
	send_event(3, 320, 480, true, false);
	expect_event(3, 320, 960, true, false);
	mock_flow_advance(20000);
	mock_flow_send_audio(4, 800);
	mock_flow_advance(20000);
	mock_flow_send_audio(5, 960);
	mock_flow_advance(20000); /* the first left 20 ms after its time */
	mock_flow_expect_audio(4, 800, 800, 240);
	mock_flow_end();
}

static void expect_passed(uint16_t seq, uint32_t timestamp)
{
	struct mock_flow_packet got;

	g_assert_true(mock_flow_receive(&got));
	g_assert_cmpuint(got.h.payload_type, ==, MOCK_FLOW_PASS);
	g_assert_cmpuint(got.h.seq, ==, seq);
	g_assert_cmpuint(got.h.timestamp, ==, timestamp);
	g_free(got.datagram);
}

/* The sink sees that what is not made up is missing (spec media 3.2). */
static void test_losses_that_are_not_made_up(void)
{
	struct mock_flow_packet got;

	mock_flow_begin(20);
	mock_flow_send_audio(1, 160);
	mock_flow_expect_audio(1, 160, 160, 160);
	mock_flow_advance(20000);
	mock_flow_send_as(MOCK_FLOW_SSRC, MOCK_FLOW_PASS, 2, 320);
	expect_passed(2, 320);
	mock_flow_advance(80000);
	mock_flow_send_as(MOCK_FLOW_SSRC, MOCK_FLOW_PASS, 6, 960);
	expect_passed(6, 960);
	mock_flow_advance(20000);
	mock_flow_send_audio(7, 1120);
	mock_flow_expect_audio(7, 1120, 1120, 160);
	/* ten of audio, of which the first five are made up */
	mock_flow_advance(220000);
	mock_flow_send_audio(18, 1120 + 11 * 160);
	for (uint16_t i = 0; i < 6; i++) {
		g_assert_true(mock_flow_receive(&got));
		g_assert_cmpuint(got.h.seq, ==, i < 5 ? 8u + i : 18u);
		g_assert_cmpuint(got.h.timestamp, ==, 1120 + 160 * (i < 5 ? 1u + i : 11u));
		g_free(got.datagram);
	}
	mock_flow_expect_nothing();
	/* What is told of the end of a gap is nothing for the part that is made up … */
	g_assert_cmpuint(mock_flow.restorable, ==, 0);
	/* … unless that is all of it. */
	mock_flow_advance(40000);
	mock_flow_send_audio(20, 1120 + 13 * 160);
	mock_flow_advance(60000);
	mock_flow_send_audio(21, 1120 + 14 * 160);
	mock_flow_advance(60000);
	mock_flow_send_audio(23, 1120 + 16 * 160);
	g_assert_cmpuint(mock_flow.restorable, ==, 1);
	mock_flow_end();
}

/* A jump of timestamps is none for the sink, whatever was passed before it. */
static void test_jumps_after_what_passed(void)
{
	mock_flow_begin(20);
	mock_flow_send_audio(1, 100000000);
	mock_flow_expect_audio(1, 100000000, 100000000, 160);
	mock_flow_advance(20000);
	mock_flow_send_as(MOCK_FLOW_SSRC, MOCK_FLOW_PASS, 2, 100000160);
	expect_passed(2, 100000160);
	mock_flow_advance(20000);
	mock_flow_send_audio(3, 1000);
	mock_flow_expect_audio(3, 100000160, 1000, 160);
	mock_flow_advance(20000);
	mock_flow_send_as(MOCK_FLOW_SSRC, MOCK_FLOW_PASS, 4, 1160);
	expect_passed(4, 100000320);
	mock_flow_advance(20000);
	mock_flow_send_audio(5, 7000000);
	mock_flow_expect_audio(5, 100000320, 7000000, 160);
	mock_flow_end();
}

static void test_events_of_another_clock_are_heard(void)
{
	mock_flow_begin(20);
	mock_flow_send_audio(1, 160);
	mock_flow_expect_audio(1, 160, 160, 160);
	mock_flow_advance(40000);
	send_event_as(MOCK_FLOW_TONE, 2, 480, 80, false, true); /* a pause before it */
	expect_tone(2, 480);
	mock_flow_advance(20000);
	send_event_as(MOCK_FLOW_TONE, 3, 480, 160, true, false);
	expect_tone(3, 640);
	mock_flow_advance(20000);
	mock_flow_send_audio(4, 800);
	mock_flow_expect_audio(4, 800, 800, 160);
	mock_flow_end();
}

static void test_passed_on_beside(void)
{
	struct mock_flow_packet got;
	uint32_t ssrc;

	mock_flow_begin(20);
	mock_flow_send_audio(1, 160);
	ssrc = mock_flow_expect_audio(1, 160, 160, 160);
	mock_flow_advance(20000);
	mock_flow_send_as(MOCK_FLOW_SSRC, MOCK_FLOW_PASS, 2, 320);
	g_assert_true(mock_flow_receive(&got));
	g_assert_cmpuint(got.h.payload_type, ==, MOCK_FLOW_PASS);
	g_assert_cmpuint(got.h.seq, ==, 2);
	g_assert_cmpuint(got.h.timestamp, ==, 320);
	g_assert_cmpuint(got.h.ssrc, ==, ssrc);
	g_assert_cmpuint(got.h.payload_len, ==, 320);
	g_free(got.datagram);
	mock_flow_advance(20000);
	mock_flow_send_as(MOCK_FLOW_SSRC, 77, 3, 480); /* for which there is nothing */
	mock_flow_expect_nothing();
	g_assert_cmpuint(mock_flow.media.stats[0]->counts.drops[REASON_NO_CODEC], ==, 1);
	mock_flow_advance(20000);
	mock_flow_send_audio(4, 640);
	mock_flow_expect_audio(3, 640, 640, 160);
	mock_flow_end();
}

/* The beginning of a packet that waits in one encoder goes on in the other. */
static void test_encoders_that_take_turns(void)
{
	mock_flow_begin(30);
	mock_flow_send_audio(1, 160);
	mock_flow_expect_nothing();
	mock_flow_advance(20000);
	mock_flow_send_as(MOCK_FLOW_SSRC, MOCK_FLOW_IN_TOO, 2, 320);
	mock_flow_expect_as(MOCK_FLOW_OUT_TOO, 1, 160, 160, 240);
	mock_flow_advance(20000);
	mock_flow_send_audio(3, 480); /* 80 samples that waited, and these */
	mock_flow_advance(10000);
	mock_flow_expect_audio(2, 400, 400, 240);
	mock_flow_expect_nothing();
	mock_flow_end();
}

/* Also when numbers begin anew behind something that was passed on. */
static void test_numbers_anew_after_what_passed(void)
{
	struct mock_flow_packet got;

	mock_flow_begin(20);
	mock_flow_send_audio(1, 160);
	mock_flow_expect_audio(1, 160, 160, 160);
	mock_flow_advance(20000);
	mock_flow_send_as(MOCK_FLOW_SSRC, MOCK_FLOW_PASS, 2, 320);
	g_assert_true(mock_flow_receive(&got));
	g_assert_cmpuint(got.h.timestamp, ==, 320);
	g_free(got.datagram);
	mock_flow_advance(20000);
	mock_flow_send_audio(3000, 7000000);
	mock_flow_expect_audio(3, 320, 7000000, 160);
	mock_flow_advance(20000);
	mock_flow_send_audio(3001, 7000160);
	mock_flow_expect_audio(4, 480, 7000160, 160);
	mock_flow_end();
}

/* Codecs go on where the plan is equal; the sink sees one stream in any case. */
static void test_plans_that_follow(void)
{
	uint32_t ssrc;
	struct mock_flow_packet got;

	mock_flow_begin(30);
	mock_flow_send_audio(1, 160);
	mock_media_apply(&mock_flow.media, mock_flow_plan(30), NULL); /* the half packet waits on */
	mock_flow_advance(20000);
	mock_flow_send_audio(2, 320);
	ssrc = mock_flow_expect_audio(1, 160, 160, 240);
	mock_flow_advance(20000);
	mock_media_apply(&mock_flow.media, mock_flow_plan(20), NULL);
	mock_flow_send_audio(3, 480);
	mock_flow_advance(10000); /* when it is due */
	g_assert_cmpuint(mock_flow_expect_audio(2, 400, 480, 160), ==, ssrc);
	mock_flow_advance(10000);
	mock_media_apply(&mock_flow.media, mock_media_plan(&mock_flow.media),
		NULL); /* nothing is transcoded */
	mock_flow_send_audio(4, 640);
	g_assert_true(mock_flow_receive(&got));
	g_assert_cmpuint(got.h.ssrc, ==, MOCK_FLOW_SSRC);
	g_free(got.datagram);
	mock_flow_advance(20000);
	mock_media_apply(&mock_flow.media, mock_flow_plan(20), NULL);
	mock_flow_send_audio(5, 800);
	g_assert_true(mock_flow_receive(&got));
	g_assert_cmpuint(got.h.ssrc, ==, ssrc);
	g_assert_cmpuint(got.h.seq, ==, 3);
	g_free(got.datagram);
	mock_flow_end();
}

/* The time of a packet is not what its timestamp would be in another codec's clock. */
static void test_clocks_that_follow(void)
{
	mock_flow_begin(20);
	mock_media_apply(&mock_flow.media, mock_flow_plan_of(2 * MOCK_FLOW_HZ, 10), NULL);
	mock_flow_send_audio(1, 160);
	mock_flow_expect_audio(1, 160, 160, 160);
	mock_flow_advance(10000);
	mock_media_apply(&mock_flow.media, mock_flow_plan(20), NULL);
	mock_flow_send_audio(2, 320);
	mock_flow_expect_audio(2, 320, 320, 160);
	mock_flow_advance(20000);
	mock_media_apply(&mock_flow.media, mock_flow_plan_of(2 * MOCK_FLOW_HZ, 10), NULL);
	mock_flow_send_audio(3, 480);
	mock_flow_expect_audio(3, 480, 480, 160);
	mock_flow_end();
}

/* L16 has at most two channels. */
static struct plan *plan_with(int bad_decoder, int bad_encoder)
{
	struct plan *plan = mock_flow_plan(20);
	struct plan_transcode *t = plan->streams[0].transcodes[0];

	if (bad_decoder >= 0)
		t->decoders[bad_decoder].params.channels = 3;
	if (bad_encoder >= 0)
		t->encoders[bad_encoder].params.channels = 3;
	return plan;
}

static void test_what_cannot_be_opened(void)
{
	const uint32_t *discarded;

	mock_flow_begin(20);
	mock_media_apply(&mock_flow.media, plan_with(0, -1), NULL);
	discarded = &mock_flow.media.stats[0]->counts.drops[REASON_NO_CODEC];
	mock_flow_send_audio(1, 160);
	mock_flow_expect_nothing();
	g_assert_cmpuint(*discarded, ==, 1);
	mock_flow_advance(20000);
	mock_flow_send_as(MOCK_FLOW_SSRC, MOCK_FLOW_IN_TOO, 2, 320);
	mock_flow_expect_as(MOCK_FLOW_OUT_TOO, 1, 160, 320, 160);
	mock_flow_advance(20000);
	/* The first encoder, which a tone would need, too. */
	mock_media_apply(&mock_flow.media, plan_with(-1, 0), NULL);
	mock_flow_send_audio(3, 480);
	mock_flow_expect_nothing();
	g_assert_cmpuint(*discarded, ==, 2);
	mock_flow_advance(20000);
	mock_flow_send_as(MOCK_FLOW_SSRC, MOCK_FLOW_IN_TOO, 4, 640);
	mock_flow_expect_as(MOCK_FLOW_OUT_TOO, 2, 320, 640, 160);
	mock_flow_end();
}

static void test_nothing_can_be_opened(void)
{
	struct plan *plan;
	struct transcoder *t;
	struct err err;

	mock_flow_begin(20);
	plan = plan_with(0, 2);
	g_assert_cmpint(transcoder_new(plan->streams[0].transcodes[0], &t, &err), ==, -ENOTSUP);
	g_assert_cmpstr(err.text, ==, "Failed to open an encoder for X-L16");
	plan_free(plan);
	mock_flow_end();
}

/* Nothing of it stays with the worker when the session goes. */
static void test_what_waits_is_let_go(void)
{
	mock_flow_begin(10);
	mock_flow_send_audio(1, 160); /* of which a half waits for its time */
	mock_flow_send_audio(4, 640); /* and this for two others */
	g_assert_cmpuint(buf_pool_out(media_worker_pool(mock_flow.media.worker)), >, 0);
	stream_set_detach_ports(mock_flow.media.state->set);
	g_assert_cmpuint(buf_pool_out(media_worker_pool(mock_flow.media.worker)), ==, 0);
	mock_flow_end();
}

static void put_u32(uint8_t *at, uint32_t value)
{
	for (unsigned i = 0; i < 4; i++)
		at[i] = (uint8_t)(value >> (24 - 8 * i));
}

/* Before Y was sent anything of X, that is no sender as far as Y can tell. */
static void test_report_before_packets(void)
{
	uint8_t compound[] = { 0x81, RTCP_SR, 0, 12, 0, 0, 0, 7, /* NTP */ 1, 2, 3, 4, 5, 6, 7, 8,
		/* RTP, packets, octets */ 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3,
		/* a block */ 0, 0, 0, 9, 10, 0, 0, 11, 0, 0, 0, 12, 0, 0, 0, 13, 0, 0, 0, 14, 0, 0,
		0, 15, 0x81, RTCP_SDES, 0, 2, 0, 0, 0, 7, 1, 1, 'x', 0 };
	struct rtcp_packet packet;
	struct rtcp_report report;
	struct mock_datagram *d;
	struct plan *plan;
	size_t offset = 0;

	mock_flow_begin(20);
	plan = mock_flow_plan(20);
	plan->streams[0].rtcp = plan->streams[1].rtcp = true; /* muxed */
	mock_media_apply(&mock_flow.media, plan, NULL);
	mock_media_send(&mock_flow.media, &mock_peer_x, 0, compound, sizeof(compound));
	d = mock_pop_to(&mock_peer_y);
	g_assert_nonnull(d);
	g_assert_cmpuint(d->len, ==, sizeof(compound) - 20);
	g_assert_cmpint(rtcp_next(d->bytes, d->len, &offset, &packet), ==, 1);
	g_assert_cmpuint(packet.type, ==, RTCP_RR);
	g_assert_true(rtcp_report(&packet, 0, &report));
	g_assert_cmpuint(report.ssrc, ==, 9);
	g_assert_cmpuint(report.highest_seq, ==, 12);
	g_assert_cmpint(rtcp_next(d->bytes, d->len, &offset, &packet), ==, 1);
	g_assert_cmpuint(packet.type, ==, RTCP_SDES);
	g_assert_cmpint(rtcp_next(d->bytes, d->len, &offset, &packet), ==, 0);
	g_free(d);
	mock_flow_end();
}

/* X's sender report, and Y's report about what it got of X. */
static void test_reports(void)
{
	uint8_t sr[28] = { 0x80, RTCP_SR, 0, 6 }, rr[32] = { 0x81, RTCP_RR, 0, 7 };
	struct plan *plan;
	struct mock_datagram *d;
	struct rtcp_report report;
	struct rtcp_packet packet;
	size_t offset = 0;
	uint32_t ssrc = 0;

	mock_flow_begin(20);
	plan = mock_flow_plan(20);
	plan->streams[0].rtcp = plan->streams[1].rtcp = true; /* muxed */
	mock_media_apply(&mock_flow.media, plan, NULL);
	for (uint16_t i = 1; i <= 10; i++, mock_flow_advance(20000))
		if (i != 5) {
			mock_flow_send_audio(i, 160u * i);
			while ((d = mock_pop()) != NULL) {
				ssrc = rtp_ssrc(d->bytes);
				g_free(d);
			}
		}
	mock_flow_advance(100000);
	while ((d = mock_pop()) != NULL)
		g_free(d);

	put_u32(sr + 4, MOCK_FLOW_SSRC);
	put_u32(sr + 16, 160 * 11);
	put_u32(sr + 20, 9);
	put_u32(sr + 24, 9 * 320);
	mock_media_send(&mock_flow.media, &mock_peer_x, 0, sr, sizeof(sr));
	d = mock_pop_to(&mock_peer_y);
	g_assert_nonnull(d);
	g_assert_cmpuint(rtcp_number(d->bytes + 4, 4), ==, ssrc);
	g_assert_cmpuint(rtcp_number(d->bytes + 16, 4), ==, 160 * 11);
	g_assert_cmpuint(rtcp_number(d->bytes + 20, 4), ==, 10); /* one was made up */
	g_assert_cmpuint(rtcp_number(d->bytes + 24, 4), ==, 10 * 320);
	g_free(d);

	put_u32(rr + 4, 0x9999);
	put_u32(rr + 8, ssrc);
	mock_media_send(&mock_flow.media, &mock_peer_y, 2, rr, sizeof(rr));
	d = mock_pop_to(&mock_peer_x);
	g_assert_nonnull(d);
	g_assert_cmpint(rtcp_next(d->bytes, d->len, &offset, &packet), ==, 1);
	g_assert_cmpuint(packet.ssrc, ==, 0x9999);
	g_assert_true(rtcp_report(&packet, 0, &report));
	g_assert_cmpuint(report.ssrc, ==, MOCK_FLOW_SSRC);
	g_assert_cmpint(report.cumulative_lost, ==, 1);
	g_assert_cmpuint(report.highest_seq, ==, 10);
	g_assert_cmpuint(report.fraction_lost, ==, 255 / 10);
	g_free(d);
	mock_flow_end();
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/media/flow/packet-by-packet", test_packet_by_packet);
	g_test_add_func("/media/flow/order", test_order_is_restored);
	g_test_add_func("/media/flow/lost", test_lost_ones_are_made_up);
	g_test_add_func("/media/flow/broken", test_broken_ones_are_made_up);
	g_test_add_func("/media/flow/silence", test_silence_that_is_not_sent);
	g_test_add_func("/media/flow/jumps", test_timestamps_that_jump);
	g_test_add_func("/media/flow/sources", test_sources_that_take_turns);
	g_test_add_func("/media/flow/come-back", test_sources_that_come_back);
	g_test_add_func("/media/flow/anew", test_sources_begin_anew);
	g_test_add_func("/media/flow/together", test_sources_together);
	g_test_add_func("/media/flow/together/too-many", test_too_many_together);
	g_test_add_func("/media/flow/together/follow", test_sources_that_follow);
	g_test_add_func("/media/flow/together/not-added", test_what_is_not_added);
	g_test_add_func("/media/flow/events", test_events);
	g_test_add_func("/media/flow/events/no-end", test_event_without_end);
	g_test_add_func("/media/flow/events/long", test_long_events);
	g_test_add_func("/media/flow/events/half", test_events_after_half_a_packet);
	g_test_add_func("/media/flow/lost/seen", test_losses_that_are_not_made_up);
	g_test_add_func("/media/flow/passed-on/jumps", test_jumps_after_what_passed);
	g_test_add_func("/media/flow/events-heard", test_events_of_another_clock_are_heard);
	g_test_add_func("/media/flow/passed-on", test_passed_on_beside);
	g_test_add_func("/media/flow/passed-on-anew", test_numbers_anew_after_what_passed);
	g_test_add_func("/media/flow/encoders", test_encoders_that_take_turns);
	g_test_add_func("/media/flow/plans", test_plans_that_follow);
	g_test_add_func("/media/flow/clocks", test_clocks_that_follow);
	g_test_add_func("/media/flow/not-opened", test_what_cannot_be_opened);
	g_test_add_func("/media/flow/none-opened", test_nothing_can_be_opened);
	g_test_add_func("/media/flow/let-go", test_what_waits_is_let_go);
	g_test_add_func("/media/flow/reports", test_reports);
	g_test_add_func("/media/flow/reports/early", test_report_before_packets);
	return g_test_run();
}

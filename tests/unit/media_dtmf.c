/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * media/dtmf.c, transcoder_dtmf.c: DTMF on its way from X to Y: heard, found, put in, hidden. Both
 * speak L16, so that every sample can be told.
 */
#include "media/flow.h"
#include "media/packet.h"
#include "media/transcoder.h"

#include <string.h>

#include <glib.h>

#include "../mock/coder.h"
#include "../mock/media.h"
#include "../mock/network.h"
#include "base/clock.h"
#include "codec/registry.h"
#include "codec/tone.h"

extern const struct plugin plugin_export_l16, plugin_export_dtmf, plugin_export_telephone_event;

enum { HZ = 8000, PT = 96, PT_EVENT = 101, SSRC = 0x11223344, FRAME = 160, VOLUME = 10 };

static const struct codec_audio audio = { HZ, 1 };
static struct mock_media m;
static int64_t now_us;
static uint32_t ssrc;
static uint16_t seq;
static uint32_t timestamp; /* of the next packet */

/* What the plan asks for beside L16 from X to Y. */
struct wanted {
	enum plan_handling event; /* what becomes of X's events */
	bool detect, to_events, inject, event_encoder, relay;
	struct plan_dtmf block;
	bool no_suppress;
};

struct got {
	struct rtp_header h;
	const uint8_t *payload;
	struct mock_datagram *datagram;
};

static struct plan_format format(const char *name, uint8_t pt)
{
	return (struct plan_format){
		.codec = codec_find(str_of(name)),
		.payload_type = pt,
		.params = { .clock_hz = HZ, .channels = 1, .ptime_ms = 20 },
	};
}

static struct plan *make_plan(const struct wanted *w)
{
	struct plan *plan = mock_media_plan(&m);
	struct plan_stream *s = &plan->streams[0];
	struct plan_transcode t = {
		.decoder_count = w->relay ? 0 : 2,
		.encoder_count = 2,
		.decoders = { format("L16", PT), format("telephone-event", PT_EVENT) },
		.encoders = { format("L16", PT), format("telephone-event", PT_EVENT) },
		.detect = w->detect,
		.tells = w->detect,
		.to_events = w->to_events,
		.inject = w->inject,
		.has_event_encoder = w->event_encoder,
		.event_encoder = 1,
		.relay = w->relay,
		.no_suppress = w->no_suppress,
	};

	if (!w->relay) {
		t.handler[PT] = (struct plan_handler){ PLAN_TRANSCODE, 0, 0 };
		t.handler[PT_EVENT] = (struct plan_handler){ w->event, 1,
			w->event == PLAN_TONE ? 0 : 1 };
	}
	s->events[PT_EVENT / 64] |= UINT64_C(1) << PT_EVENT % 64;
	if (w->block.mode) {
		s->filter = g_new0(struct plan_filter, 1);
		s->filter->payload[PT_EVENT] = PLAN_PAYLOAD_DTMF;
		s->filter->action[0] = PLAN_BLOCK_DTMF;
		s->filter->dtmf = w->block;
	}
	if (w->relay || w->event || w->detect || w->inject) {
		s->transcodes = g_new0(struct plan_transcode *, 1);
		s->transcodes[0] = plan_transcode_new(&t);
	}
	return plan;
}

static void begin(const struct wanted *w)
{
	mock_coder_load(&plugin_export_l16);
	mock_coder_load(&plugin_export_dtmf);
	mock_coder_load(&plugin_export_telephone_event);
	now_us = 1000000;
	ssrc = SSRC;
	seq = 100;
	timestamp = 16000;
	clock_set_mock(now_us, now_us);
	mock_media_open(&m);
	mock_media_apply(&m, make_plan(w), NULL);
}

static void end(void)
{
	struct mock_datagram *rest;

	while ((rest = mock_pop()) != NULL)
		g_free(rest);
	mock_media_close(&m);
	codec_registry_clear();
	clock_set_mock(-1, 0);
}

static void send_rtp(uint8_t pt, uint32_t at, const void *payload, size_t len)
{
	uint8_t packet[RTP_HEADER_BYTES + 2 * FRAME];
	struct rtp_header h = { .payload_type = pt, .seq = seq++, .timestamp = at, .ssrc = ssrc };

	rtp_write(packet, &h);
	memcpy(packet + RTP_HEADER_BYTES, payload, len);
	mock_media_send(&m, &mock_peer_x, 0, packet, RTP_HEADER_BYTES + len);
}

static void wait_frame(void)
{
	timestamp += FRAME;
	now_us += 20000;
	clock_set_mock(now_us, now_us);
	media_worker_turn(m.worker);
}

/* 20 ms of a tone, or of silence when `tone` is NULL. */
static void send_audio(const struct tone *tone, uint64_t offset)
{
	static const struct tone silence;
	int16_t samples[FRAME];

	tone_make(tone ? tone : &silence, &audio, offset, samples, FRAME);
	for (unsigned i = 0; i < FRAME; i++)
		samples[i] = (int16_t)GINT16_TO_BE(samples[i]);
	send_rtp(PT, timestamp, samples, sizeof(samples));
	wait_frame();
}

static void send_event(uint32_t start, uint8_t code, uint16_t duration, bool last)
{
	struct telephone_event e = { code, last, VOLUME, duration };
	uint8_t payload[TELEPHONE_EVENT_BYTES];

	telephone_event_write(payload, &e);
	send_rtp(PT_EVENT, start, payload, sizeof(payload));
	wait_frame();
}

static bool receive(struct got *ret)
{
	ret->datagram = mock_pop_to(&mock_peer_y);
	if (!ret->datagram)
		return false;
	g_assert_cmpint(rtp_parse(ret->datagram->bytes, ret->datagram->len, &ret->h), ==, 0);
	ret->payload = ret->datagram->bytes + ret->h.payload_offset;
	return true;
}

static void expect_event(uint16_t nr, uint32_t start, uint8_t code, uint16_t duration, bool last)
{
	struct telephone_event e;
	struct got got;

	g_assert_true(receive(&got));
	g_assert_cmpuint(got.h.payload_type, ==, PT_EVENT);
	g_assert_cmpuint(got.h.seq, ==, nr);
	g_assert_cmpuint(got.h.timestamp, ==, start);
	g_assert_true(telephone_event_parse(got.payload, got.h.payload_len, &e));
	g_assert_cmpuint(e.code, ==, code);
	g_assert_cmpuint(e.duration, ==, duration);
	g_assert_true(e.end == last);
	g_free(got.datagram);
}

/* Of a tone, or of silence when `tone` is NULL. */
static void expect_audio(uint16_t nr, uint32_t at, const struct tone *tone, uint64_t offset)
{
	static const struct tone silence;
	int16_t samples[FRAME];
	struct got got;

	g_assert_true(receive(&got));
	g_assert_cmpuint(got.h.payload_type, ==, PT);
	g_assert_cmpuint(got.h.seq, ==, nr);
	g_assert_cmpuint(got.h.timestamp, ==, at);
	g_assert_cmpuint(got.h.payload_len, ==, sizeof(samples));
	tone_make(tone ? tone : &silence, &audio, offset, samples, FRAME);
	for (unsigned i = 0; i < FRAME; i++)
		g_assert_cmpint((int16_t)(got.payload[2 * i] << 8 | got.payload[2 * i + 1]), ==,
			samples[i]);
	g_free(got.datagram);
}

static void expect_nothing(void)
{
	g_assert_null(mock_pop_to(&mock_peer_y));
}

static const struct media_dtmf *told(void)
{
	for (unsigned i = m.event_count; i-- > 0;)
		if (m.events[i].type == MEDIA_EVENT_DTMF)
			return &m.events[i].dtmf;
	return NULL;
}

/* ---- events are heard ---- */

static void test_events_are_heard(void)
{
	struct tone five = tone_of_digit(5, VOLUME);
	uint32_t start;

	begin(&(struct wanted){ .event = PLAN_TONE });
	send_audio(NULL, 0);
	expect_audio(100, 16000, NULL, 0);
	start = timestamp;
	send_event(start, 5, 160, false);
	expect_audio(101, start, &five, 0);
	send_event(start, 5, 320, false);
	expect_audio(102, start + 160, &five, 160);
	send_event(start, 5, 480, true);
	expect_audio(103, start + 320, &five, 320);
	send_event(start, 5, 480, true);
	expect_nothing();
	timestamp = start + 480;
	send_audio(NULL, 0);
	expect_audio(104, start + 480, NULL, 0);
	g_assert_cmpuint(told()->duration_ms, ==, 60);
	end();
}

/* Audio beside an event is the event's, and is not heard twice. */
static void test_audio_beside_events(void)
{
	struct tone five = tone_of_digit(5, VOLUME);
	uint32_t start;

	begin(&(struct wanted){ .event = PLAN_TONE });
	start = timestamp;
	send_event(start, 5, 160, false);
	expect_audio(100, start, &five, 0);
	timestamp = start;
	send_audio(NULL, 0);
	expect_nothing();
	send_event(start, 5, 20000, false); /* a jump of more than a second */
	expect_nothing();
	g_assert_cmpuint(m.stats[0]->counts.drops[REASON_DECODE_FAILED], ==, 1);
	end();
}

/* An event that is sent on takes the place of the audio beside it, unless that is not wanted. */
static void check_beside(bool no_suppress)
{
	uint32_t start;

	begin(&(struct wanted){ .event = PLAN_EVENT, .no_suppress = no_suppress });
	start = timestamp;
	send_event(start, 5, 160, false);
	expect_event(100, start, 5, 160, false);
	timestamp = start;
	send_audio(NULL, 0);
	if (no_suppress)
		expect_audio(101, start, NULL, 0);
	expect_nothing();
	end();
}

static void test_audio_beside_events_that_go_on(void)
{
	check_beside(false);
	check_beside(true);
}

/* However much is signalled at once, no more is made of it than time has passed. */
static void test_tones_are_bounded(void)
{
	unsigned packets = 0;
	struct got got;

	begin(&(struct wanted){ .event = PLAN_TONE });
	for (uint32_t i = 0; i < 100; i++) {
		send_event(16000 + 8000 * i, 5, 8000, true);
		now_us -= 20000;
		clock_set_mock(now_us, now_us);
	}
	now_us += 10000000;
	clock_set_mock(now_us, now_us);
	media_worker_turn(m.worker);
	while (receive(&got)) {
		packets++;
		g_free(got.datagram);
	}
	g_assert_cmpuint(packets, ==, 50);
	g_assert_cmpuint(m.stats[0]->counts.drops[REASON_DECODE_FAILED], ==, 99);
	end();
}

/* ---- audio is searched ---- */

static void test_digits_in_audio_become_events(void)
{
	struct tone seven = tone_of_digit(7, VOLUME);
	unsigned audio_packets = 0, ends = 0, events = 0;
	uint32_t start = 0;
	struct got got;

	begin(&(struct wanted){ .detect = true, .to_events = true, .event_encoder = true });
	for (unsigned i = 0; i < 12; i++)
		send_audio(i < 6 ? &seven : NULL, (uint64_t)i * FRAME);
	for (uint16_t nr = 100; receive(&got); nr++) {
		struct telephone_event e;

		g_assert_cmpuint(got.h.seq, ==, nr);
		if (got.h.payload_type == PT) {
			audio_packets++;
		} else {
			g_assert_true(telephone_event_parse(got.payload, got.h.payload_len, &e));
			g_assert_cmpuint(e.code, ==, 7);
			start = start ? start : got.h.timestamp;
			g_assert_cmpuint(got.h.timestamp, ==, start);
			g_assert_true(got.h.marker == !events++);
			ends += e.end;
		}
		g_free(got.datagram);
	}
	g_assert_cmpuint(ends, ==, 3);
	g_assert_cmpuint(audio_packets + events - ends, ==, 12);
	/* Some of the digit goes by until it is certain, and some silence until it is over. */
	g_assert_cmpuint(start, <=, 16000 + 3 * FRAME);
	g_assert_cmpuint(events - ends, >=, 4);
	g_assert_cmpuint(events - ends, <=, 7);
	g_assert_cmpuint(told()->code, ==, 7);
	g_assert_cmpuint(told()->duration_ms, >=, 70);
	end();
}

/* ---- put in ---- */

static void put(uint8_t code, uint16_t duration_ms)
{
	struct digit digit = { code, VOLUME, duration_ms, 100, false };

	flows_put_digit(mock_media_stream(&m, 0), &digit);
}

static void test_digits_are_put_in_as_events(void)
{
	begin(&(struct wanted){ .inject = true, .event_encoder = true });
	send_audio(NULL, 0);
	expect_audio(100, 16000, NULL, 0);
	put(9, 60);
	for (unsigned i = 0; i < 4; i++)
		send_audio(NULL, 0);
	expect_event(101, 16160, 9, 160, false);
	expect_event(102, 16160, 9, 320, false);
	for (uint16_t nr = 103; nr < 106; nr++)
		expect_event(nr, 16160, 9, 480, true);
	expect_audio(106, 16640, NULL, 0);
	g_assert_true(told()->injected);
	g_assert_cmpuint(told()->duration_ms, ==, 60);
	end();
}

static void add_transcoder(void)
{
	struct stream_set *set = m.state->set;
	const struct plan_transcode *wanted = set->plan->streams[0].transcodes[0];
	struct transcoder *t;
	struct err err;

	g_assert_cmpint(transcoder_new(wanted, &t, &err), ==, 0);
	g_assert_true(flow_add_transcoder(set, 1, 2, wanted, t));
}

/* 20 ms of two sources; then their time is over. */
static void send_both(uint16_t nr)
{
	static const uint8_t silence[2 * FRAME];

	ssrc = SSRC + 1;
	seq = (uint16_t)(500 + nr);
	send_rtp(PT, timestamp, silence, sizeof(silence));
	ssrc = SSRC;
	seq = (uint16_t)(100 + nr);
	send_audio(NULL, 0);
}

/* Of two sources at once the one that was there first has the digits, as long as it is heard. */
static void test_digits_of_two_sources(void)
{
	uint16_t nr = 0;

	begin(&(struct wanted){ .inject = true, .event_encoder = true });
	add_transcoder();
	send_audio(NULL, 0);
	expect_audio(100, 16000, NULL, 0);
	for (nr = 1; nr < 3; nr++) {
		send_both(nr);
		expect_audio((uint16_t)(500 + nr), 16000u + 160u * nr, NULL, 0);
		expect_audio((uint16_t)(100 + nr), 16000u + 160u * nr, NULL, 0);
	}
	put(9, 40);
	send_both(3);
	send_both(4);
	expect_audio(503, 16480, NULL, 0);
	expect_event(103, 16480, 9, 160, false);
	expect_audio(504, 16640, NULL, 0);
	for (nr = 104; nr < 107; nr++)
		expect_event(nr, 16480, 9, 320, true);
	/* the first one is gone; an event of its is over when the other one has its place */
	put(8, 1000);
	for (nr = 5; nr < 12; nr++)
		send_both(nr);
	while (mock_sent())
		g_free(mock_pop());
	ssrc = SSRC + 1;
	for (; nr < 21; nr++) {
		seq = (uint16_t)(500 + nr);
		send_audio(NULL, 0);
		g_assert_cmpuint(mock_sent(), ==, 1);
		g_free(mock_pop());
	}
	seq = (uint16_t)(500 + nr);
	send_audio(NULL, 0);
	for (unsigned i = 0; i < 3; i++)
		expect_event((uint16_t)(114 + i), 17600, 8, 320, true);
	expect_audio(521, 19360, NULL, 0);
	expect_nothing();
	end();
}

static void test_a_digit_of_nine_seconds(void)
{
	enum { FRAMES = 9000 / 20, SEGMENT = 65535 / FRAME };

	begin(&(struct wanted){ .inject = true, .event_encoder = true });
	send_audio(NULL, 0);
	expect_audio(100, 16000, NULL, 0);
	put(9, 9000);
	for (unsigned i = 1; i < FRAMES; i++) {
		send_audio(NULL, 0);
		if (i == SEGMENT + 1)
			expect_event((uint16_t)(100 + i), 16160, 9, 65535, false);
		expect_event((uint16_t)(100 + i + (i > SEGMENT)),
			i > SEGMENT ? 16160 + 65535 : 16160, 9,
			(uint16_t)(i * FRAME - (i > SEGMENT ? 65535 : 0)), false);
	}
	send_audio(NULL, 0);
	for (unsigned i = 0; i < 3; i++)
		expect_event((uint16_t)(101 + FRAMES + i), 16160 + 65535, 9, FRAMES * FRAME - 65535,
			true);
	g_assert_cmpuint(told()->duration_ms, ==, 9000);
	end();
}

/* Who dials is heard, whoever was there first. */
static void test_digits_of_the_second_source(void)
{
	struct tone seven = tone_of_digit(7, VOLUME);
	static const uint8_t silence[2 * FRAME];
	unsigned events = 0, ends = 0;
	struct telephone_event e;
	struct got got;

	begin(&(struct wanted){ .detect = true, .to_events = true, .event_encoder = true });
	add_transcoder();
	for (uint16_t nr = 0; nr < 20; nr++) {
		ssrc = SSRC;
		seq = (uint16_t)(100 + nr);
		send_rtp(PT, timestamp, silence, sizeof(silence));
		ssrc = SSRC + 1;
		seq = (uint16_t)(500 + nr);
		send_audio(nr >= 5 && nr < 12 ? &seven : NULL, (uint64_t)nr * FRAME);
	}
	while (receive(&got)) {
		if (got.h.payload_type == PT_EVENT) {
			g_assert_cmpuint(got.h.seq, >=, 500);
			g_assert_true(telephone_event_parse(got.payload, got.h.payload_len, &e));
			g_assert_cmpuint(e.code, ==, 7);
			events++;
			ends += e.end;
		}
		g_free(got.datagram);
	}
	g_assert_cmpuint(events, >, 5);
	g_assert_cmpuint(ends, ==, 3);
	end();
}

static void test_digits_are_put_in_as_tones(void)
{
	struct tone nine = tone_of_digit(9, VOLUME), other = { { 440 }, VOLUME };

	begin(&(struct wanted){ .inject = true });
	put(9, 40);
	for (unsigned i = 0; i < 8; i++)
		send_audio(&other, 0);
	expect_audio(100, 16000, &nine, 0);
	expect_audio(101, 16160, &nine, 160);
	for (uint16_t nr = 102; nr < 107; nr++)
		expect_audio(nr, 16000 + 160u * (nr - 100u), NULL, 0);
	expect_audio(107, 17120, &other, 0);
	end();
}

static void test_digits_are_put_into_a_relay(void)
{
	struct tone other = { { 440 }, VOLUME };

	begin(&(struct wanted){ .inject = true, .event_encoder = true, .relay = true });
	send_audio(&other, 0);
	expect_audio(100, 16000, &other, 0);
	seq++; /* one is lost: the receiver is to see that */
	timestamp += FRAME;
	send_audio(&other, 0);
	expect_audio(102, 16320, &other, 0);
	send_audio(&other, 0);
	expect_audio(103, 16480, &other, 0);
	put(1, 40);
	send_audio(&other, 0);
	send_audio(&other, 0);
	expect_event(104, 16640, 1, 160, false);
	for (uint16_t nr = 105; nr < 108; nr++)
		expect_event(nr, 16640, 1, 320, true);
	send_audio(&other, 0);
	expect_audio(108, 16960, &other, 0);
	/* What its sender signals itself goes through. */
	send_event(timestamp, 3, 160, false);
	expect_event(109, 17120, 3, 160, false);
	end();
}

/* ---- hidden ---- */

static void test_dropped_events_leave_a_gap(void)
{
	begin(&(struct wanted){ .event = PLAN_EVENT, .block = { .mode = PLAN_DTMF_DROP } });
	send_audio(NULL, 0);
	expect_audio(100, 16000, NULL, 0);
	send_event(timestamp, 5, 160, false);
	expect_nothing();
	send_audio(NULL, 0);
	expect_audio(102, 16320, NULL, 0);
	g_assert_cmpuint(m.stats[0]->counts.drops[REASON_DTMF_BLOCKED], ==, 1);
	g_assert_null(told());
	end();
}

static void test_another_digit(void)
{
	begin(&(struct wanted){
		.event = PLAN_EVENT, .block = { .mode = PLAN_DTMF_DIGIT, .code = 4 } });
	send_event(16000, 5, 160, false);
	expect_event(100, 16000, 4, 160, false);
	send_event(16000, 16, 160, true);
	expect_event(101, 16000, 16, 160, true); /* no digit */
	end();
}

static void test_silence_beside_events(void)
{
	struct tone speech = { { 440 }, VOLUME };
	uint32_t start;

	begin(&(struct wanted){ .event = PLAN_EVENT, .block = { .mode = PLAN_DTMF_SILENCE } });
	send_audio(&speech, 0);
	expect_audio(100, 16000, &speech, 0);
	start = timestamp;
	send_event(start, 5, 160, false);
	timestamp = start;
	send_audio(&speech, 0);
	expect_audio(102, start, NULL, 0);
	timestamp = start;
	send_event(start, 5, 160, true);
	send_audio(&speech, 0);
	expect_audio(104, start + FRAME, &speech, 0);
	end();
}

static void test_a_tone_for_each_event(void)
{
	static const struct wanted w = { .event = PLAN_TONE,
		.block = { .mode = PLAN_DTMF_TONE,
			.volume = 20,
			.tone_count = 2,
			.tones_hz = { 400, 600 } } };
	struct tone first = { { 400 }, 20 }, second = { { 600 }, 20 };

	begin(&w);
	send_event(16000, 5, 160, true);
	expect_audio(100, 16000, &first, 0);
	send_event(16160, 6, 160, true);
	expect_audio(101, 16160, &second, 0);
	send_event(16320, 7, 160, true);
	expect_audio(102, 16320, &first, 0);
	end();
}

static void test_digits_in_audio_are_silenced(void)
{
	struct tone five = tone_of_digit(5, VOLUME);
	unsigned heard = 0;
	struct got got;

	begin(&(struct wanted){ .detect = true, .block = { .mode = PLAN_DTMF_SILENCE } });
	for (unsigned i = 0; i < 10; i++)
		send_audio(&five, (uint64_t)i * FRAME);
	while (receive(&got)) {
		bool silent = true;

		for (size_t i = 0; i < got.h.payload_len; i++)
			silent &= !got.payload[i];
		heard += !silent;
		g_free(got.datagram);
	}
	/* Until it is certain. */
	g_assert_cmpuint(heard, <=, 2);
	end();
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/media/dtmf/heard", test_events_are_heard);
	g_test_add_func("/media/dtmf/beside", test_audio_beside_events);
	g_test_add_func("/media/dtmf/suppressed", test_audio_beside_events_that_go_on);
	g_test_add_func("/media/dtmf/bounded", test_tones_are_bounded);
	g_test_add_func("/media/dtmf/found", test_digits_in_audio_become_events);
	g_test_add_func("/media/dtmf/put-in", test_digits_are_put_in_as_events);
	g_test_add_func("/media/dtmf/put-in/two", test_digits_of_two_sources);
	g_test_add_func("/media/dtmf/put-in/long", test_a_digit_of_nine_seconds);
	g_test_add_func("/media/dtmf/found/two", test_digits_of_the_second_source);
	g_test_add_func("/media/dtmf/put-in-tones", test_digits_are_put_in_as_tones);
	g_test_add_func("/media/dtmf/put-into-relay", test_digits_are_put_into_a_relay);
	g_test_add_func("/media/dtmf/dropped", test_dropped_events_leave_a_gap);
	g_test_add_func("/media/dtmf/another", test_another_digit);
	g_test_add_func("/media/dtmf/silence", test_silence_beside_events);
	g_test_add_func("/media/dtmf/tones", test_a_tone_for_each_event);
	g_test_add_func("/media/dtmf/audio-silenced", test_digits_in_audio_are_silenced);
	return g_test_run();
}

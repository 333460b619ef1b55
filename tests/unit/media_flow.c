/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Transcoding from X to Y, with codecs so plain that every byte can be told in advance: samples as
 * they are, in one byte order and the other.
 */
#include "media/flow.h"

#include <string.h>

#include <glib.h>

#include "../mock/media.h"
#include "../mock/network.h"
#include "api/host.h"
#include "api/plugin.h"
#include "base/clock.h"
#include "codec/registry.h"
#include "media/outlet.h"
#include "rtp/rtcp.h"
#include "rtp/rtp.h"

extern const struct plugin plugin_export_l16;

enum {
	HZ = 8000,
	PT_IN = 96,
	PT_OUT = 97,
	PT_EVENT_IN = 101,
	PT_EVENT_OUT = 102,
	PT_PASS = 110,
	SSRC = 0x11223344,
	START_US = 1000000,
};

static struct mock_media m;
static int64_t now_us;

/* A packet that Y got. */
struct got {
	struct rtp_header h;
	const uint8_t *payload;
	struct mock_datagram *datagram;
};

static void add_codec(const struct host *host, const struct codec *codec)
{
	struct err err;

	(void)host;
	g_assert_cmpint(codec_registry_add(codec, &err), ==, 0);
}

static const struct codec event_codec = {
	.name = "telephone-event",
	.payload_type = -1,
	.clock_hz = HZ,
	.flags = CODEC_EVENT,
};

/* L16 that cannot be decoded when it is empty but for a byte. */
static struct codec fragile_codec;
static struct codec_decoder fragile_decoder;

static int decode_fragile(
	void *decoder, const uint8_t *payload, size_t len, int16_t *out, size_t max)
{
	return len > 1 ? codec_find(STR_LIT("L16"))
				 ->decoder->decode(decoder, payload, len, out, max)
		       : -1;
}

static unsigned resets;

static void reset_fragile(void *decoder)
{
	(void)decoder;
	resets++;
}

static void add_fragile(void)
{
	struct err err;

	fragile_codec = *codec_find(STR_LIT("L16"));
	fragile_decoder = *fragile_codec.decoder;
	fragile_decoder.decode = decode_fragile;
	fragile_decoder.reset = reset_fragile;
	resets = 0;
	fragile_codec.name = "X-FRAGILE";
	fragile_codec.payload_type = -1;
	fragile_codec.encoder = NULL;
	fragile_codec.decoder = &fragile_decoder;
	fragile_codec.vector_count = 0;
	g_assert_cmpint(codec_registry_add(&fragile_codec, &err), ==, 0);
}

static struct plan_format format(const char *name, uint32_t clock_hz, uint16_t ptime_ms, uint8_t pt)
{
	return (struct plan_format){
		.codec = codec_find(str_of(name)),
		.payload_type = pt,
		.params = { .clock_hz = clock_hz, .channels = 1, .ptime_ms = ptime_ms },
	};
}

static struct plan *make_plan_of(uint32_t hz, uint16_t ptime_ms)
{
	struct plan *plan = mock_media_plan(&m);
	struct plan_transcode t = {
		.decoder_count = 2,
		.encoder_count = 2,
		.decoders = { format("X-FRAGILE", hz, 20, PT_IN),
			format("telephone-event", HZ, 0, 0) },
		.encoders = { format("X-L16", hz, ptime_ms, PT_OUT),
			format("telephone-event", 2 * HZ, 0, PT_EVENT_OUT) },
	};

	memset(t.handler, 0, sizeof(t.handler));
	for (unsigned pt = 0; pt < 128; pt++)
		t.handler[pt].handling = PLAN_DISCARD;
	t.handler[PT_PASS].handling = PLAN_PASS;
	t.handler[PT_IN] = (struct plan_handler){ PLAN_TRANSCODE, 0, 0 };
	t.handler[PT_EVENT_IN] = (struct plan_handler){ PLAN_EVENT, 1, 1 };
	plan->streams[0].transcodes = g_new0(struct plan_transcode *, 1);
	plan->streams[0].transcodes[0] = plan_transcode_new(&t);
	return plan;
}

static struct plan *make_plan(uint16_t ptime_ms)
{
	return make_plan_of(HZ, ptime_ms);
}

static void begin(uint16_t ptime_ms)
{
	struct host host = { .add_codec = add_codec };
	void *instance;
	char error[PLUGIN_ERROR_BYTES];
	struct err err;

	g_assert_cmpint(plugin_export_l16.init(&host, &instance, error), ==, 0);
	g_assert_cmpint(codec_registry_add(&event_codec, &err), ==, 0);
	add_fragile();
	now_us = START_US;
	clock_set_mock(now_us, now_us);
	mock_media_open(&m);
	mock_media_apply(&m, make_plan(ptime_ms), NULL);
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

static void advance(int64_t us)
{
	now_us += us;
	clock_set_mock(now_us, now_us);
	media_worker_turn(m.worker);
}

/* 20 ms whose samples count on from the timestamp. */
static void send_as(uint32_t ssrc, uint8_t pt, uint16_t seq, uint32_t timestamp)
{
	uint8_t packet[RTP_HEADER_BYTES + 320];
	struct rtp_header h = {
		.payload_type = pt, .seq = seq, .timestamp = timestamp, .ssrc = ssrc
	};

	rtp_write(packet, &h);
	for (uint32_t i = 0; i < 160; i++) {
		packet[RTP_HEADER_BYTES + 2 * i] = (uint8_t)((timestamp + i) >> 8);
		packet[RTP_HEADER_BYTES + 2 * i + 1] = (uint8_t)(timestamp + i);
	}
	mock_media_send(&m, &mock_peer_x, 0, packet, sizeof(packet));
}

static void send_audio(uint16_t seq, uint32_t timestamp)
{
	send_as(SSRC, PT_IN, seq, timestamp);
}

static void send_event(uint16_t seq, uint32_t timestamp, uint16_t duration, bool last, bool marker)
{
	uint8_t packet[RTP_HEADER_BYTES + 4];
	struct rtp_header h = { .payload_type = PT_EVENT_IN,
		.seq = seq,
		.timestamp = timestamp,
		.ssrc = SSRC,
		.marker = marker };

	rtp_write(packet, &h);
	packet[12] = 5;
	packet[13] = (uint8_t)(last << 7 | 10);
	packet[14] = (uint8_t)(duration >> 8);
	packet[15] = (uint8_t)duration;
	mock_media_send(&m, &mock_peer_x, 0, packet, sizeof(packet));
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

static void expect_nothing(void)
{
	g_assert_null(mock_pop());
}

/* Its samples count on from `first`, the other way round. */
static void assert_samples(const struct got *got, uint32_t first, size_t count)
{
	g_assert_cmpuint(got->h.payload_len, ==, 2 * count);
	for (size_t i = 0; i < count; i++)
		g_assert_cmpuint(got->payload[2 * i] | got->payload[2 * i + 1] << 8, ==,
			(first + i) & 0xffff);
}

static uint32_t expect_audio(uint16_t seq, uint32_t timestamp, uint32_t first, size_t count)
{
	struct got got;

	g_assert_true(receive(&got));
	g_assert_cmpuint(got.h.payload_type, ==, PT_OUT);
	g_assert_cmpuint(got.h.seq, ==, seq);
	g_assert_cmpuint(got.h.timestamp, ==, timestamp);
	g_assert_false(got.h.marker);
	g_assert_cmpuint(got.h.ssrc, !=, SSRC);
	assert_samples(&got, first, count);
	g_free(got.datagram);
	return got.h.ssrc;
}

static void test_packet_by_packet(void)
{
	uint32_t ssrc = 0;

	begin(20);
	for (unsigned i = 0; i < 5; i++) {
		uint32_t now;

		send_audio((uint16_t)(65534 + i), 1000 + 160 * i);
		now = expect_audio((uint16_t)(65534 + i), 1000 + 160 * i, 1000 + 160 * i, 160);
		g_assert_true(!i || now == ssrc);
		ssrc = now;
		expect_nothing();
		advance(20000);
	}
	end();
}

static void test_longer_packets(void)
{
	begin(30);
	send_audio(1, 160);
	expect_nothing();
	advance(20000);
	send_audio(2, 320);
	expect_audio(1, 160, 160, 240);
	expect_nothing();
	advance(20000);
	send_audio(3, 480);
	expect_nothing(); /* there is enough for it, but its time is in 10 ms */
	advance(10000);
	expect_audio(2, 400, 400, 240);
	end();
}

static void test_shorter_packets_leave_one_by_one(void)
{
	begin(10);
	send_audio(1, 160);
	expect_audio(1, 160, 160, 80);
	expect_nothing();
	advance(9000);
	expect_nothing();
	advance(1000);
	expect_audio(2, 240, 240, 80);
	advance(10000);
	send_audio(2, 320);
	expect_audio(3, 320, 320, 80);
	expect_nothing();
	end();
}

/* `ms` whose samples count on from the timestamp. */
static void send_length(uint16_t seq, uint32_t timestamp, unsigned ms)
{
	uint8_t packet[RTP_HEADER_BYTES + 2 * 8 * 120];
	struct rtp_header h = {
		.payload_type = PT_IN, .seq = seq, .timestamp = timestamp, .ssrc = SSRC
	};

	rtp_write(packet, &h);
	for (uint32_t i = 0; i < ms * 8; i++) {
		packet[RTP_HEADER_BYTES + 2 * i] = (uint8_t)((timestamp + i) >> 8);
		packet[RTP_HEADER_BYTES + 2 * i + 1] = (uint8_t)(timestamp + i);
	}
	mock_media_send(&m, &mock_peer_x, 0, packet, RTP_HEADER_BYTES + 2 * 8 * ms);
}

/* Two seconds of packets that change from `first_ms` to `then_ms` in the middle: all is there. */
static void check_lengths(unsigned first_ms, unsigned then_ms, uint16_t out_ms)
{
	enum { TOTAL_MS = 2000 };
	uint32_t sent_ms = 0, count = out_ms * 8u;
	uint16_t seq = 0, got = 0;

	begin(out_ms);
	while (sent_ms < TOTAL_MS) {
		unsigned ms = sent_ms < TOTAL_MS / 2 ? first_ms : then_ms;

		send_length(seq++, sent_ms * 8, ms);
		sent_ms += ms;
		for (unsigned i = 0; i < ms; i++) {
			struct got packet;

			while (receive(&packet)) {
				g_assert_cmpuint(packet.h.seq, ==, got);
				g_assert_cmpuint(packet.h.timestamp, ==, got * count);
				assert_samples(&packet, got * count, count);
				g_free(packet.datagram);
				got++;
			}
			advance(1000);
		}
	}
	g_assert_cmpuint(got + 1u, >=, sent_ms / out_ms);
	end();
}

static void test_packets_of_all_lengths(void)
{
	for (unsigned in = 10; in <= 120; in += 10)
		for (uint16_t out = 10; out <= 120; out += 10) {
			check_lengths(in, in, out);
			check_lengths(in, 130 - in, out);
		}
}

static void test_order_is_restored(void)
{
	begin(20);
	send_audio(1, 160);
	expect_audio(1, 160, 160, 160);
	advance(20000);
	send_audio(3, 480);
	expect_nothing();
	advance(20000);
	send_audio(2, 320);
	expect_audio(2, 320, 320, 160);
	advance(20000);
	expect_audio(3, 480, 480, 160);
	send_audio(2, 320); /* again */
	expect_nothing();
	g_assert_cmpuint(m.stats[0]->counts.drops[REASON_TOO_LATE], ==, 1);
	end();
}

static void test_lost_ones_are_made_up(void)
{
	struct got got;

	begin(20);
	for (uint16_t i = 1; i <= 4; i++, advance(20000)) {
		send_audio(i, 160u * i);
		expect_audio(i, 160u * i, 160u * i, 160);
	}
	/* 5 and 6 never come; it is 7's time */
	advance(40000);
	send_audio(7, 160 * 7);
	for (uint16_t i = 5; i <= 7; i++) {
		g_assert_true(receive(&got));
		g_assert_cmpuint(got.h.seq, ==, i);
		g_assert_cmpuint(got.h.timestamp, ==, 160u * i);
		g_assert_cmpuint(got.h.payload_len, ==, 320);
		g_free(got.datagram);
	}
	advance(20000);
	send_audio(8, 160 * 8);
	expect_audio(8, 160 * 8, 160 * 8, 160);
	expect_nothing();
	end();
}

/* What is no payload of its codec. */
static void send_broken(uint16_t seq, uint32_t timestamp)
{
	uint8_t packet[RTP_HEADER_BYTES + 1] = { 0 };
	struct rtp_header h = {
		.payload_type = PT_IN, .seq = seq, .timestamp = timestamp, .ssrc = SSRC
	};

	rtp_write(packet, &h);
	mock_media_send(&m, &mock_peer_x, 0, packet, sizeof(packet));
}

static void test_broken_ones_are_made_up(void)
{
	struct got got;

	begin(20);
	for (uint16_t i = 1; i <= 3; i++, advance(20000)) {
		send_audio(i, 160u * i);
		expect_audio(i, 160u * i, 160u * i, 160);
	}
	send_broken(4, 160 * 4);
	expect_nothing();
	g_assert_cmpuint(m.stats[0]->counts.drops[REASON_DECODE_FAILED], ==, 1);
	advance(20000);
	send_audio(5, 160 * 5);
	advance(20000);
	for (uint16_t i = 4; i <= 5; i++) {
		g_assert_true(receive(&got));
		g_assert_cmpuint(got.h.seq, ==, i);
		g_assert_cmpuint(got.h.timestamp, ==, 160u * i);
		g_free(got.datagram);
	}
	expect_nothing();
	end();
}

/* One packet is late: all after it wait a little, but not for good. */
static void test_waiting_ends(void)
{
	int64_t start_us, delay_us = 0, longest_us = 0;
	uint16_t next = 1;
	struct got got;

	begin(20);
	for (start_us = now_us; now_us < start_us + 5000000; advance(1000)) {
		while (now_us - start_us >= next * 20000 + (next == 2) * 30000) {
			send_audio(next, 160u * next);
			next++;
		}
		while (receive(&got)) {
			delay_us = now_us - start_us - got.h.seq * 20000;
			longest_us = MAX(longest_us, delay_us);
			g_free(got.datagram);
		}
	}
	g_assert_cmpint(longest_us, ==, 30000);
	g_assert_cmpint(delay_us, <=, 5000);
	end();
}

/*
 * Ten minutes of a source whose clock is off by so much (spec media 3.7): every packet comes out, in
 * order and with its timestamp, at most `most_us` after the source had what is in it.
 */
static void drift(int ppm, uint16_t ptime_ms, int64_t most_us)
{
	enum { SECONDS = 600, PACKETS = SECONDS * 50, STEP_US = 1000 };
	uint32_t ticks = ptime_ms * 8u, got_count = 0, sent = 0;
	int64_t start_us, packet_us = 20000 - 20000 * ppm / 1000000, worst_us = 0, last_us = 0;
	struct got got;

	begin(ptime_ms);
	for (start_us = now_us; sent < PACKETS; advance(STEP_US)) {
		for (; sent < PACKETS && now_us - start_us >= sent * packet_us; sent++)
			send_audio((uint16_t)sent, 160 * sent);
		for (; receive(&got); got_count++) {
			/* The source's packet that has its last sample. */
			int64_t whole = ((got_count + 1) * ticks - 1) / 160;

			g_assert_cmpuint(got.h.seq, ==, got_count & 0xffff);
			g_assert_cmpuint(got.h.timestamp, ==, got_count * ticks);
			last_us = now_us - start_us - whole * packet_us;
			worst_us = MAX(worst_us, last_us);
			g_free(got.datagram);
		}
	}
	g_test_message("%d ppm, %u ms: at most %d us", ppm, ptime_ms, (int)worst_us);
	g_assert_cmpint(worst_us, <=, most_us);
	g_assert_cmpuint(got_count, >=, (PACKETS - 2) * 160 / ticks);
	g_assert_cmpuint(m.stats[0]->counts.packets_in, ==, PACKETS);
	g_assert_cmpuint(m.stats[1]->counts.packets_out, ==, got_count);
	end();
}

static void test_clocks_that_drift(void)
{
	drift(200, 20, 7000);
	drift(-200, 20, 7000);
}

/* What is cut anew waits for its time. */
static void test_clocks_that_drift_anew(void)
{
	drift(200, 10, 17000);
	drift(-200, 10, 17000);
	drift(200, 30, 17000);
	drift(-200, 30, 17000);
}

/* One of many is late, as when this process had to wait: the others leave when they would have. */
static void test_an_exception_moves_nothing(void)
{
	enum { LATE = 80, COUNT = 120 };
	int64_t start_us, delay_us;
	uint16_t next = 1;
	struct got got;

	begin(20);
	for (start_us = now_us; next <= COUNT; advance(1000)) {
		if (now_us - start_us >= next * 20000 + (next == LATE) * 12000) {
			send_audio(next, 160u * next);
			next++;
		}
		while (receive(&got)) {
			delay_us = now_us - start_us - got.h.seq * 20000;
			g_assert_cmpint(delay_us, ==, got.h.seq == LATE ? 12000 : 0);
			g_free(got.datagram);
		}
	}
	end();
}

static void test_silence_that_is_not_sent(void)
{
	begin(20);
	send_audio(1, 160);
	expect_audio(1, 160, 160, 160);
	advance(1020000);
	send_audio(2, 160 + 160 + 8000);
	expect_audio(2, 160 + 160 + 8000, 160 + 160 + 8000, 160);
	end();
}

static void test_timestamps_that_jump(void)
{
	begin(20);
	send_audio(1, 160);
	expect_audio(1, 160, 160, 160);
	advance(20000);
	send_audio(2, 1000000); /* two minutes */
	expect_audio(2, 320, 1000000, 160);
	advance(20000);
	send_audio(3, 500); /* back */
	expect_audio(3, 480, 500, 160);
	advance(20000);
	send_audio(3000, 660); /* numbers, too */
	expect_audio(4, 640, 660, 160);
	end();
}

static void test_sources_that_take_turns(void)
{
	uint32_t first, second;
	struct sent_counts sent;

	begin(20);
	send_as(SSRC, PT_IN, 100, 160);
	first = expect_audio(100, 160, 160, 160);
	advance(20000);
	send_as(SSRC + 1, PT_IN, 7, 5000);
	second = expect_audio(7, 5000, 5000, 160);
	g_assert_cmpuint(first, !=, second);
	advance(20000);
	send_as(SSRC, PT_IN, 500, 90000);
	g_assert_cmpuint(expect_audio(101, 320, 90000, 160), ==, first);
	g_assert_false(stream_stats_read_sent(m.stats[0], &sent));
	g_assert_true(stream_stats_read_sent(m.stats[1], &sent));
	g_assert_cmpuint(sent.in[0], ==, SSRC);
	g_assert_cmpuint(sent.ssrc[0].ssrc, ==, first);
	g_assert_cmpuint(sent.ssrc[0].packets, ==, 2);
	g_assert_cmpuint(sent.ssrc[0].last_seq, ==, 101);
	g_assert_cmpuint(sent.ssrc[0].last_timestamp, ==, 320);
	g_assert_cmpuint(sent.in[1], ==, SSRC + 1);
	g_assert_cmpuint(sent.ssrc[1].ssrc, ==, second);
	g_assert_false(sent.ssrc[2].used);
	end();
}

/* Its decoder forgets, and what was made up for the one before is not blended into it. */
static void test_sources_begin_anew(void)
{
	struct got got;

	begin(20);
	for (uint16_t i = 1; i <= 3; i++, advance(20000)) {
		send_audio(i, 160u * i);
		expect_audio(i, 160u * i, 160u * i, 160);
	}
	g_assert_cmpuint(resets, ==, 0);
	advance(20000);
	send_audio(5, 160 * 5);
	for (unsigned i = 0; i < 20 && receive(&got); i++)
		g_free(got.datagram);
	send_as(SSRC + 1, PT_IN, 7, 5000);
	g_assert_cmpuint(resets, ==, 1);
	while (receive(&got)) { /* the last of the one before, then */
		if (got.h.seq == 7)
			assert_samples(&got, 5000, 160);
		g_free(got.datagram);
	}
	advance(20000);
	send_as(SSRC + 1, PT_IN, 8, 5160);
	expect_audio(8, 5160, 5160, 160);
	g_assert_cmpuint(resets, ==, 1);
	advance(20000);
	send_as(SSRC, PT_IN, 500, 90000);
	g_assert_cmpuint(resets, ==, 2);
	end();
}

static void expect_event(
	uint16_t seq, uint32_t timestamp, unsigned duration, bool last, bool marker)
{
	struct got got;

	g_assert_true(receive(&got));
	g_assert_cmpuint(got.h.payload_type, ==, PT_EVENT_OUT);
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
	begin(20);
	send_audio(1, 160);
	expect_audio(1, 160, 160, 160);
	advance(20000);
	send_event(2, 320, 160, false, true);
	expect_event(2, 320, 320, false, true);
	advance(20000);
	send_event(3, 320, 320, false, false);
	expect_event(3, 320, 640, false, false);
	send_audio(4, 480); /* is not to be heard beside it */
	expect_nothing();
	advance(20000);
	send_event(5, 320, 480, true, false);
	expect_event(4, 320, 960, true, false);
	advance(20000);
	send_audio(6, 800);
	expect_audio(5, 800, 800, 160);
	end();
}

static void test_passed_on_beside(void)
{
	struct got got;
	uint32_t ssrc;

	begin(20);
	send_audio(1, 160);
	ssrc = expect_audio(1, 160, 160, 160);
	advance(20000);
	send_as(SSRC, PT_PASS, 2, 320);
	g_assert_true(receive(&got));
	g_assert_cmpuint(got.h.payload_type, ==, PT_PASS);
	g_assert_cmpuint(got.h.seq, ==, 2);
	g_assert_cmpuint(got.h.timestamp, ==, 320);
	g_assert_cmpuint(got.h.ssrc, ==, ssrc);
	g_assert_cmpuint(got.h.payload_len, ==, 320);
	g_free(got.datagram);
	advance(20000);
	send_as(SSRC, 77, 3, 480); /* for which there is nothing */
	expect_nothing();
	g_assert_cmpuint(m.stats[0]->counts.drops[REASON_NO_CODEC], ==, 1);
	advance(20000);
	send_audio(4, 640);
	expect_audio(3, 640, 640, 160);
	end();
}

/* Codecs go on where the plan is equal; the sink sees one stream in any case. */
static void test_plans_that_follow(void)
{
	uint32_t ssrc;
	struct got got;

	begin(30);
	send_audio(1, 160);
	mock_media_apply(&m, make_plan(30), NULL); /* the half packet waits on */
	advance(20000);
	send_audio(2, 320);
	ssrc = expect_audio(1, 160, 160, 240);
	advance(20000);
	mock_media_apply(&m, make_plan(20), NULL);
	send_audio(3, 480);
	advance(10000); /* when it is due */
	g_assert_cmpuint(expect_audio(2, 400, 480, 160), ==, ssrc);
	advance(10000);
	mock_media_apply(&m, mock_media_plan(&m), NULL); /* nothing is transcoded */
	send_audio(4, 640);
	g_assert_true(receive(&got));
	g_assert_cmpuint(got.h.ssrc, ==, SSRC);
	g_free(got.datagram);
	advance(20000);
	mock_media_apply(&m, make_plan(20), NULL);
	send_audio(5, 800);
	g_assert_true(receive(&got));
	g_assert_cmpuint(got.h.ssrc, ==, ssrc);
	g_assert_cmpuint(got.h.seq, ==, 3);
	g_free(got.datagram);
	end();
}

/* The time of a packet is not what its timestamp would be in another codec's clock. */
static void test_clocks_that_follow(void)
{
	begin(20);
	mock_media_apply(&m, make_plan_of(2 * HZ, 10), NULL);
	send_audio(1, 160);
	expect_audio(1, 160, 160, 160);
	advance(10000);
	mock_media_apply(&m, make_plan(20), NULL);
	send_audio(2, 320);
	expect_audio(2, 320, 320, 160);
	advance(20000);
	mock_media_apply(&m, make_plan_of(2 * HZ, 10), NULL);
	send_audio(3, 480);
	expect_audio(3, 480, 480, 160);
	end();
}

/* Nothing of it stays with the worker when the session goes. */
static void test_what_waits_is_let_go(void)
{
	begin(10);
	send_audio(1, 160); /* of which a half waits for its time */
	send_audio(4, 640); /* and this for two others */
	g_assert_cmpuint(buf_pool_out(media_worker_pool(m.worker)), >, 0);
	stream_set_detach_ports(m.state->set);
	g_assert_cmpuint(buf_pool_out(media_worker_pool(m.worker)), ==, 0);
	end();
}

static void put_u32(uint8_t *at, uint32_t value)
{
	for (unsigned i = 0; i < 4; i++)
		at[i] = (uint8_t)(value >> (24 - 8 * i));
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

	begin(20);
	plan = make_plan(20);
	plan->streams[0].rtcp = plan->streams[1].rtcp = true; /* muxed */
	mock_media_apply(&m, plan, NULL);
	for (uint16_t i = 1; i <= 10; i++, advance(20000))
		if (i != 5) {
			send_audio(i, 160u * i);
			while ((d = mock_pop()) != NULL) {
				ssrc = rtp_ssrc(d->bytes);
				g_free(d);
			}
		}
	advance(100000);
	while ((d = mock_pop()) != NULL)
		g_free(d);

	put_u32(sr + 4, SSRC);
	put_u32(sr + 16, 160 * 11);
	put_u32(sr + 20, 9);
	put_u32(sr + 24, 9 * 320);
	mock_media_send(&m, &mock_peer_x, 0, sr, sizeof(sr));
	d = mock_pop_to(&mock_peer_y);
	g_assert_nonnull(d);
	g_assert_cmpuint(rtcp_number(d->bytes + 4, 4), ==, ssrc);
	g_assert_cmpuint(rtcp_number(d->bytes + 16, 4), ==, 160 * 11);
	g_assert_cmpuint(rtcp_number(d->bytes + 20, 4), ==, 10); /* one was made up */
	g_assert_cmpuint(rtcp_number(d->bytes + 24, 4), ==, 10 * 320);
	g_free(d);

	put_u32(rr + 4, 0x9999);
	put_u32(rr + 8, ssrc);
	mock_media_send(&m, &mock_peer_y, 2, rr, sizeof(rr));
	d = mock_pop_to(&mock_peer_x);
	g_assert_nonnull(d);
	g_assert_cmpint(rtcp_next(d->bytes, d->len, &offset, &packet), ==, 1);
	g_assert_cmpuint(packet.ssrc, ==, 0x9999);
	g_assert_true(rtcp_report(&packet, 0, &report));
	g_assert_cmpuint(report.ssrc, ==, SSRC);
	g_assert_cmpint(report.cumulative_lost, ==, 1);
	g_assert_cmpuint(report.highest_seq, ==, 10);
	g_assert_cmpuint(report.fraction_lost, ==, 255 / 10);
	g_free(d);
	end();
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/media/flow/packet-by-packet", test_packet_by_packet);
	g_test_add_func("/media/flow/longer", test_longer_packets);
	g_test_add_func("/media/flow/shorter", test_shorter_packets_leave_one_by_one);
	g_test_add_func("/media/flow/lengths", test_packets_of_all_lengths);
	g_test_add_func("/media/flow/order", test_order_is_restored);
	g_test_add_func("/media/flow/lost", test_lost_ones_are_made_up);
	g_test_add_func("/media/flow/broken", test_broken_ones_are_made_up);
	g_test_add_func("/media/flow/waiting", test_waiting_ends);
	g_test_add_func("/media/flow/drift", test_clocks_that_drift);
	g_test_add_func("/media/flow/drift-anew", test_clocks_that_drift_anew);
	g_test_add_func("/media/flow/exception", test_an_exception_moves_nothing);
	g_test_add_func("/media/flow/silence", test_silence_that_is_not_sent);
	g_test_add_func("/media/flow/jumps", test_timestamps_that_jump);
	g_test_add_func("/media/flow/sources", test_sources_that_take_turns);
	g_test_add_func("/media/flow/anew", test_sources_begin_anew);
	g_test_add_func("/media/flow/events", test_events);
	g_test_add_func("/media/flow/passed-on", test_passed_on_beside);
	g_test_add_func("/media/flow/plans", test_plans_that_follow);
	g_test_add_func("/media/flow/clocks", test_clocks_that_follow);
	g_test_add_func("/media/flow/let-go", test_what_waits_is_let_go);
	g_test_add_func("/media/flow/reports", test_reports);
	return g_test_run();
}

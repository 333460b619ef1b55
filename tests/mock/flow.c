/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Transcoding by the plainest of codecs; see flow.h. */
#include "flow.h"

#include <string.h>

#include <glib.h>

#include "api/host.h"
#include "api/plugin.h"
#include "base/clock.h"
#include "codec/registry.h"
#include "network.h"

extern const struct plugin plugin_export_l16;

static const int64_t START_US = 1000000;

struct mock_flow mock_flow;

static void add_codec(const struct host *host, const struct codec *codec)
{
	struct err err;

	(void)host;
	g_assert_cmpint(codec_registry_add(codec, &err), ==, 0);
}

static const struct codec event_codec = {
	.name = "telephone-event",
	.payload_type = -1,
	.clock_hz = MOCK_FLOW_HZ,
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

static void reset_fragile(void *decoder)
{
	(void)decoder;
	mock_flow.resets++;
}

/* It leaves it to the core, but tells that it could have known. */
static int conceal_fragile(
	void *decoder, size_t samples, const uint8_t *next, size_t next_len, int16_t *out)
{
	(void)decoder;
	(void)samples;
	(void)out;
	mock_flow.restorable += next && next_len;
	return 0;
}

static void add_fragile(void)
{
	struct err err;

	fragile_codec = *codec_find(STR_LIT("L16"));
	fragile_decoder = *fragile_codec.decoder;
	fragile_decoder.decode = decode_fragile;
	fragile_decoder.reset = reset_fragile;
	fragile_decoder.conceal = conceal_fragile;
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

struct plan *mock_flow_plan_of(uint32_t hz, uint16_t ptime_ms)
{
	struct plan *plan = mock_media_plan(&mock_flow.media);
	struct plan_transcode t = {
		.decoder_count = 4,
		.encoder_count = 3,
		.decoders = { format("X-FRAGILE", hz, 20, MOCK_FLOW_IN),
			format("telephone-event", MOCK_FLOW_HZ, 0, 0),
			format("X-FRAGILE", hz, 20, MOCK_FLOW_IN_TOO),
			format("telephone-event", MOCK_FLOW_HZ / 2, 0, 0) },
		.encoders = { format("X-L16", hz, ptime_ms, MOCK_FLOW_OUT),
			format("telephone-event", 2 * MOCK_FLOW_HZ, 0, MOCK_FLOW_EVENT_OUT),
			format("X-L16", hz, ptime_ms, MOCK_FLOW_OUT_TOO) },
	};

	memset(t.handler, 0, sizeof(t.handler));
	for (unsigned pt = 0; pt < 128; pt++)
		t.handler[pt].handling = PLAN_DISCARD;
	t.handler[MOCK_FLOW_TONE] = (struct plan_handler){ PLAN_TONE, 3, 0 };
	t.handler[MOCK_FLOW_PASS].handling = PLAN_PASS;
	t.handler[MOCK_FLOW_IN] = (struct plan_handler){ PLAN_TRANSCODE, 0, 0 };
	t.handler[MOCK_FLOW_IN_TOO] = (struct plan_handler){ PLAN_TRANSCODE, 2, 2 };
	t.handler[MOCK_FLOW_EVENT_IN] = (struct plan_handler){ PLAN_EVENT, 1, 1 };
	plan->streams[0].transcodes = g_new0(struct plan_transcode *, 1);
	plan->streams[0].transcodes[0] = plan_transcode_new(&t);
	return plan;
}

struct plan *mock_flow_plan(uint16_t ptime_ms)
{
	return mock_flow_plan_of(MOCK_FLOW_HZ, ptime_ms);
}

void mock_flow_begin(uint16_t ptime_ms)
{
	struct host host = { .add_codec = add_codec };
	void *instance;
	char error[PLUGIN_ERROR_BYTES];
	struct err err;

	g_assert_cmpint(plugin_export_l16.init(&host, &instance, error), ==, 0);
	g_assert_cmpint(codec_registry_add(&event_codec, &err), ==, 0);
	add_fragile();
	mock_flow.resets = mock_flow.restorable = 0;
	mock_flow.now_us = START_US;
	clock_set_mock(mock_flow.now_us, mock_flow.now_us);
	mock_media_open(&mock_flow.media);
	mock_media_apply(&mock_flow.media, mock_flow_plan(ptime_ms), NULL);
}

void mock_flow_end(void)
{
	struct mock_datagram *rest;

	while ((rest = mock_pop()) != NULL)
		g_free(rest);
	mock_media_close(&mock_flow.media);
	codec_registry_clear();
	clock_set_mock(-1, 0);
}

void mock_flow_advance(int64_t us)
{
	mock_flow.now_us += us;
	clock_set_mock(mock_flow.now_us, mock_flow.now_us);
	media_worker_turn(mock_flow.media.worker);
}

/* 20 ms whose samples count on from the timestamp. */
void mock_flow_send_as(uint32_t ssrc, uint8_t pt, uint16_t seq, uint32_t timestamp)
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
	mock_media_send(&mock_flow.media, &mock_peer_x, 0, packet, sizeof(packet));
}

void mock_flow_send_audio(uint16_t seq, uint32_t timestamp)
{
	mock_flow_send_as(MOCK_FLOW_SSRC, MOCK_FLOW_IN, seq, timestamp);
}

bool mock_flow_receive(struct mock_flow_packet *ret)
{
	ret->datagram = mock_pop_to(&mock_peer_y);
	if (!ret->datagram)
		return false;
	g_assert_cmpint(rtp_parse(ret->datagram->bytes, ret->datagram->len, &ret->h), ==, 0);
	ret->payload = ret->datagram->bytes + ret->h.payload_offset;
	return true;
}

void mock_flow_expect_nothing(void)
{
	g_assert_null(mock_pop());
}

/* Its samples count on from `first`, the other way round. */
void mock_flow_assert_samples(const struct mock_flow_packet *got, uint32_t first, size_t count)
{
	g_assert_cmpuint(got->h.payload_len, ==, 2 * count);
	for (size_t i = 0; i < count; i++)
		g_assert_cmpuint(got->payload[2 * i] | got->payload[2 * i + 1] << 8, ==,
			(first + i) & 0xffff);
}

uint32_t mock_flow_expect_as(
	uint8_t pt, uint16_t seq, uint32_t timestamp, uint32_t first, size_t count)
{
	struct mock_flow_packet got;

	g_assert_true(mock_flow_receive(&got));
	g_assert_cmpuint(got.h.payload_type, ==, pt);
	g_assert_cmpuint(got.h.seq, ==, seq);
	g_assert_cmpuint(got.h.timestamp, ==, timestamp);
	g_assert_false(got.h.marker);
	g_assert_cmpuint(got.h.ssrc, !=, MOCK_FLOW_SSRC);
	mock_flow_assert_samples(&got, first, count);
	g_free(got.datagram);
	return got.h.ssrc;
}

uint32_t mock_flow_expect_audio(uint16_t seq, uint32_t timestamp, uint32_t first, size_t count)
{
	return mock_flow_expect_as(MOCK_FLOW_OUT, seq, timestamp, first, count);
}

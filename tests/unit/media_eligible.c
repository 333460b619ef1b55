/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which streams may be forwarded below us, and why others may not. */
#include "media/offload.h"

#include <glib.h>

#include "../mock/media.h"
#include "../mock/network.h"
#include "base/clock.h"
#include "base/ref.h"
#include "media/packet.h"
#include "media/tap.h"
#include "rtp/rtp.h"
#include "sdp/sdp.h"

static const struct sdp_format formats[] = {
	{ .payload_type = 0, .clock_hz = 8000 },
	{ .payload_type = 96, .clock_hz = 48000 },
	{ .payload_type = 101, .clock_hz = 8000 },
	{ .payload_type = 0, .clock_hz = 8000 },
};
static const struct sdp_media described = { .format_count = 4, .formats = formats };

enum { EVENTS = 101 };

static struct mock_media m;
static struct plan *plan;

static void begin(void)
{
	mock_media_open(&m);
	plan = mock_media_plan(&m);
	for (unsigned i = 0; i < 2; i++) {
		plan->streams[i].in = &described;
		plan->streams[i].events[EVENTS / 64] = UINT64_C(1) << EVENTS % 64;
	}
}

static void end(void)
{
	plan_free(plan);
	mock_media_close(&m);
}

static void assert_reason(int verdict, enum reason reason)
{
	g_assert_cmpint(verdict, >=, 0);
	g_assert_cmpstr(reason_row((enum reason)verdict)->name, ==, reason_row(reason)->name);
}

static void make_opaque(struct plan_stream *s)
{
	s->opaque = true;
}

static void make_rtcp(struct plan_stream *s)
{
	s->rtp = false;
}

static void make_unanswered(struct plan_stream *s)
{
	s->answered = false;
}

static void make_secured(struct plan_stream *s)
{
	s->secured = true;
}

static void make_carried(struct plan_stream *s)
{
	s->carrier = 1;
}

static void make_carrier(struct plan_stream *s)
{
	s->bundle = g_new0(struct plan_bundle, 1);
}

static void make_loop(struct plan_stream *s)
{
	s->own_peer = true;
}

static void make_recorded(struct plan_stream *s)
{
	s->tap = tap_new(1024);
}

static void make_transcoded(struct plan_stream *s)
{
	s->transcodes = g_new0(struct plan_transcode *, PLAN_MAX_SINKS);
	s->transcodes[0] = g_new0(struct plan_transcode, 1);
}

static void make_digits(struct plan_stream *s)
{
	make_transcoded(s);
	s->transcodes[0]->relay = true;
}

static void make_filtered(struct plan_stream *s)
{
	s->filter = g_new0(struct plan_filter, 1);
}

static void make_delayed(struct plan_stream *s)
{
	s->delay_us = 1000;
}

static void make_reported(struct plan_stream *s)
{
	s->report_us = 5000000;
}

static void make_lonely(struct plan_stream *s)
{
	s->rtp_sink_count = 0;
}

static void make_undescribed(struct plan_stream *s)
{
	s->in = NULL;
}

static void make_sink_secured(struct plan_stream *s)
{
	s[1].secured = true;
}

static void make_sink_bundled(struct plan_stream *s)
{
	make_carrier(&s[1]);
}

static void make_sink_opaque(struct plan_stream *s)
{
	s[1].opaque = true;
}

static void make_sink_played(struct plan_stream *s)
{
	struct plan_format none = { 0 };

	s[1].play = plan_play_new(NULL, &none);
}

static void make_sink_reported(struct plan_stream *s)
{
	make_reported(&s[1]);
}

static const struct {
	const char *name;
	void (*change)(struct plan_stream *s);
	enum reason reason;
} refused[] = {
	{ "opaque", make_opaque, REASON_KERNEL_NOT_RTP },
	{ "rtcp", make_rtcp, REASON_KERNEL_RTCP },
	{ "unanswered", make_unanswered, REASON_KERNEL_UNANSWERED },
	{ "secured", make_secured, REASON_KERNEL_SRTP },
	{ "carried", make_carried, REASON_KERNEL_BUNDLE },
	{ "carrier", make_carrier, REASON_KERNEL_BUNDLE },
	{ "own-peer", make_loop, REASON_KERNEL_OWN_PEER },
	{ "recorded", make_recorded, REASON_KERNEL_RECORDED },
	{ "transcoded", make_transcoded, REASON_KERNEL_TRANSCODED },
	{ "digits", make_digits, REASON_KERNEL_DIGITS },
	{ "filtered", make_filtered, REASON_KERNEL_FILTERED },
	{ "delayed", make_delayed, REASON_KERNEL_DELAYED },
	{ "reported", make_reported, REASON_KERNEL_REPORTS },
	{ "no-sink", make_lonely, REASON_KERNEL_SINKS },
	{ "undescribed", make_undescribed, REASON_KERNEL_TYPES },
	{ "sink-secured", make_sink_secured, REASON_KERNEL_SRTP },
	{ "sink-bundled", make_sink_bundled, REASON_KERNEL_BUNDLE },
	{ "sink-opaque", make_sink_opaque, REASON_KERNEL_NOT_RTP },
	{ "sink-reported", make_sink_reported, REASON_KERNEL_REPORTS },
	{ "sink-played", make_sink_played, REASON_KERNEL_PLAYED },
};

static void test_plain_relay_may(void)
{
	begin();
	g_assert_cmpint(plan_offloads(plan, 0), ==, PACKET_OK);
	g_assert_cmpint(plan_offloads(plan, 1), ==, PACKET_OK);
	end();
}

static void test_refused(gconstpointer row)
{
	unsigned i = GPOINTER_TO_UINT(row);

	begin();
	refused[i].change(&plan->streams[0]);
	assert_reason(plan_offloads(plan, 0), refused[i].reason);
	plan->streams[0].carrier = 0;
	end();
}

static void test_too_many_sinks(void)
{
	begin();
	plan->streams[0].rtp_sink_count = OFFLOAD_MAX_SINKS + 1;
	assert_reason(plan_offloads(plan, 0), REASON_KERNEL_SINKS);
	plan->streams[0].rtp_sink_count = 1;
	end();
}

static int check(struct offload_target *ret)
{
	return media_offload_check(mock_media_stream(&m, 0), ret);
}

static void test_target_is_what_was_learned(void)
{
	static const struct addr elsewhere = { ADDR_IP4, 41002, { 192, 0, 2, 10 } };
	struct offload_target t;

	clock_set_mock(1000000000, 0);
	begin();
	mock_media_apply(&m, plan, NULL);
	plan = NULL;
	assert_reason(check(&t), REASON_KERNEL_LEARNING);
	mock_media_rtp(&m, &elsewhere, 0, 1);
	assert_reason(check(&t), REASON_KERNEL_LEARNING);
	clock_set_mock(1004000000, 0);
	mock_media_rtp(&m, &elsewhere, 0, 2);
	g_assert_cmpint(check(&t), ==, PACKET_OK);
	g_assert_true(addr_equal(&t.local, mock_media_local(&m, 0)));
	g_assert_true(addr_equal(&t.source, &elsewhere));
	g_assert_cmpuint(t.sink_count, ==, 1);
	g_assert_true(addr_equal(&t.sinks[0].local, mock_media_local(&m, 2)));
	g_assert_true(addr_equal(&t.sinks[0].peer, &mock_peer_y));
	g_assert_cmpuint(t.ssrc_count, ==, 1);
	g_assert_cmpuint(t.ssrcs[0], ==, 0x11223344);
	/* Each type once, and none of events. */
	g_assert_cmpuint(t.type_count, ==, 2);
	g_assert_cmpuint(t.types[0].number, ==, 0);
	g_assert_cmpuint(t.types[1].number, ==, 96);
	g_assert_cmpuint(t.types[1].clock_hz, ==, 48000);
	while (mock_sent())
		g_free(mock_pop());
	end();
	clock_set_mock(-1, 0);
}

static void test_nowhere_to_send(void)
{
	struct offload_target t;

	begin();
	plan->streams[1].peer = (struct addr){ 0 };
	mock_media_apply(&m, plan, NULL);
	plan = NULL;
	mock_media_rtp(&m, &mock_peer_x, 0, 1);
	assert_reason(check(&t), REASON_KERNEL_NO_PEER);
	end();
}

static void test_nothing_came(void)
{
	struct offload_target t;

	begin();
	mock_media_apply(&m, plan, NULL);
	plan = NULL;
	mock_media_stream(&m, 0)->source_state = SOURCE_COMMITTED;
	assert_reason(check(&t), REASON_KERNEL_SILENT);
	end();
}

/* Where all sources are let in, all are forwarded, unless another one is to be followed. */
static void test_source_is_checked_where_it_matters(void)
{
	struct offload_target t;

	begin();
	plan->streams[0].sources = PLAN_SOURCES_ANY;
	mock_media_apply(&m, plan, NULL);
	mock_media_rtp(&m, &mock_peer_x, 0, 1);
	g_assert_cmpint(check(&t), ==, PACKET_OK);
	g_assert_cmpuint(t.source.family, ==, 0);
	plan->streams[0].follow = true;
	g_assert_cmpint(check(&t), ==, PACKET_OK);
	g_assert_true(addr_equal(&t.source, &mock_peer_x));
	plan = NULL;
	while (mock_sent())
		g_free(mock_pop());
	end();
}

static void test_tos_is_that_of_the_sink(void)
{
	struct offload_target t;

	begin();
	mock_media_apply(&m, plan, NULL);
	plan = NULL;
	mock_media_rtp(&m, &mock_peer_x, 0, 1);
	m.leases[2]->port->tos = 184;
	g_assert_cmpint(check(&t), ==, PACKET_OK);
	g_assert_cmpuint(t.sinks[0].tos, ==, 184);
	while (mock_sent())
		g_free(mock_pop());
	end();
}

/* A target stands at the port that is shown now. */
static void test_packets_at_another_port(void)
{
	uint8_t bytes[RTP_HEADER_BYTES];
	struct rtp_header h = { .ssrc = 0x11223344, .seq = 1 };
	struct offload_target t;

	begin();
	plan->streams[0].ports[plan->streams[0].port_count++] = ref_take(m.leases[4]);
	mock_media_apply(&m, plan, NULL);
	plan = NULL;
	rtp_write(bytes, &h);
	mock_media_send(&m, &mock_peer_x, 4, bytes, sizeof(bytes));
	assert_reason(check(&t), REASON_KERNEL_OTHER_PORT);
	mock_media_rtp(&m, &mock_peer_x, 0, 2);
	g_assert_cmpint(check(&t), ==, PACKET_OK);
	g_assert_true(addr_equal(&t.local, mock_media_local(&m, 0)));
	while (mock_sent())
		g_free(mock_pop());
	end();
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/media/eligible/plain-relay-may", test_plain_relay_may);
	for (unsigned i = 0; i < G_N_ELEMENTS(refused); i++) {
		g_autofree char *name = g_strdup_printf("/media/eligible/not/%s", refused[i].name);

		g_test_add_data_func(name, GUINT_TO_POINTER(i), test_refused);
	}
	g_test_add_func("/media/eligible/too-many-sinks", test_too_many_sinks);
	g_test_add_func(
		"/media/eligible/target-is-what-was-learned", test_target_is_what_was_learned);
	g_test_add_func("/media/eligible/nowhere-to-send", test_nowhere_to_send);
	g_test_add_func("/media/eligible/nothing-came", test_nothing_came);
	g_test_add_func("/media/eligible/source-is-checked-where-it-matters",
		test_source_is_checked_where_it_matters);
	g_test_add_func("/media/eligible/tos-is-that-of-the-sink", test_tos_is_that_of_the_sink);
	g_test_add_func("/media/eligible/packets-at-another-port", test_packets_at_another_port);
	return g_test_run();
}

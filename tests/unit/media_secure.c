/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SRTP between X, who speaks it, and Y, who does not. */
#include "media/secure.h"

#include <string.h>

#include <glib.h>

#include "../mock/media.h"
#include "../mock/network.h"
#include "base/clock.h"
#include "base/ref.h"
#include "rtp/rtcp.h"
#include "rtp/rtp.h"
#include "srtp/srtp.h"

enum { PAYLOAD = 160, PACKET = RTP_HEADER_BYTES + PAYLOAD, ROOM = 512, SSRC = 0x11223344 };

static struct mock_media m;
static int64_t now_us;

static struct srtp_params make_key(uint8_t fill)
{
	struct srtp_params p = { .suite = SRTP_AES_128_CM_80 };

	memset(p.key, fill, sizeof(p.key));
	memset(p.salt, fill + 1, sizeof(p.salt));
	return p;
}

/* X sends under key `in` of that generation; it is sent to under a key of its own. */
static struct plan *make_plan(uint8_t in, uint32_t generation)
{
	struct plan *plan = mock_media_plan(&m);
	struct srtp_params key = make_key(in), out = make_key(0x70);

	plan->streams[0].secured = true;
	if (in)
		plan->streams[0].srtp_in = plan_srtp_new(&key, generation);
	plan->streams[0].srtp_out = plan_srtp_new(&out, 1);
	plan->streams[0].rtcp = plan->streams[1].rtcp = true; /* muxed */
	return plan;
}

static struct srtp_context *peer(uint8_t fill, enum srtp_direction direction)
{
	struct srtp_params key = make_key(fill);
	struct srtp_context *context = srtp_context_new(&key, direction, NULL);

	g_assert_nonnull(context);
	return context;
}

static void begin(uint8_t in)
{
	now_us = 1000000;
	clock_set_mock(now_us, now_us);
	mock_media_open(&m);
	mock_media_apply(&m, make_plan(in, 1), NULL);
}

static void end(void)
{
	struct mock_datagram *rest;

	while ((rest = mock_pop()) != NULL)
		g_free(rest);
	mock_media_close(&m);
	clock_set_mock(-1, 0);
}

static void advance(int64_t us)
{
	now_us += us;
	clock_set_mock(now_us, now_us);
	media_worker_turn(m.worker);
}

static size_t make_rtp(uint8_t *packet, uint16_t seq)
{
	struct rtp_header h = { .seq = seq, .timestamp = seq * 160u, .ssrc = SSRC };

	rtp_write(packet, &h);
	memset(packet + RTP_HEADER_BYTES, seq & 0xff, PAYLOAD);
	return PACKET;
}

/* Protected by `context`, if there is one. */
static void send_x(struct srtp_context *context, uint16_t seq)
{
	uint8_t packet[ROOM];
	size_t len = make_rtp(packet, seq);

	if (context)
		g_assert_cmpint(srtp_context_rtp(context, packet, &len, ROOM), ==, SRTP_OK);
	mock_media_send(&m, &mock_peer_x, 0, packet, len);
}

static void expect_at_y(uint16_t seq)
{
	struct mock_datagram *d = mock_pop_to(&mock_peer_y);
	uint8_t want[PACKET];

	make_rtp(want, seq);
	g_assert_nonnull(d);
	g_assert_cmpmem(d->bytes, d->len, want, PACKET);
	g_free(d);
}

static void expect_dropped(enum reason reason, unsigned count)
{
	g_assert_null(mock_pop());
	g_assert_cmpuint(m.stats[0]->counts.drops[reason], ==, count);
}

static void test_there_and_back(void)
{
	struct srtp_context *out = peer(1, SRTP_PROTECT), *in = peer(0x70, SRTP_UNPROTECT);
	uint8_t packet[ROOM], want[PACKET];
	size_t len = make_rtp(packet, 9);
	struct mock_datagram *d;

	begin(1);
	for (uint16_t seq = 65530; seq != 10; seq++) {
		send_x(out, seq);
		expect_at_y(seq);
	}
	mock_media_send(&m, &mock_peer_y, 2, packet, len);
	d = mock_pop_to(&mock_peer_x);
	g_assert_nonnull(d);
	g_assert_cmpuint(d->len, ==, PACKET + 10);
	make_rtp(want, 9);
	g_assert_true(memcmp(d->bytes, want, PACKET) != 0);
	len = d->len;
	g_assert_cmpint(srtp_context_rtp(in, d->bytes, &len, len), ==, SRTP_OK);
	g_assert_cmpmem(d->bytes, len, want, PACKET);
	g_free(d);
	srtp_context_free(out);
	srtp_context_free(in);
	end();
}

/* None of it is relayed, believed, or the end of the call. */
static void test_what_is_not_authentic(void)
{
	struct srtp_context *out = peer(1, SRTP_PROTECT), *other = peer(2, SRTP_PROTECT);
	uint8_t packet[ROOM];
	size_t len = make_rtp(packet, 1);

	begin(1);
	send_x(NULL, 7); /* plain */
	expect_dropped(REASON_SRTP_FORGED, 1);
	for (unsigned i = 0; i < 1000; i++)
		send_x(other, (uint16_t)(100 + i));
	expect_dropped(REASON_SRTP_FORGED, 1001);
	g_assert_cmpuint(m.stats[0]->counts.packets_in, ==, 0);
	g_assert_false(m.stats[0]->counts.seen);
	g_assert_cmpint(srtp_context_rtp(out, packet, &len, ROOM), ==, SRTP_OK);
	mock_media_send(&m, &mock_peer_x, 0, packet, len);
	expect_at_y(1);
	mock_media_send(&m, &mock_peer_x, 0, packet, len); /* again */
	expect_dropped(REASON_SRTP_REPLAYED, 1);
	send_x(out, 2);
	expect_at_y(2);
	srtp_context_free(out);
	srtp_context_free(other);
	end();
}

/* Packets under the former key come in until one under the new does, 2 s at most. */
static void test_key_change(void)
{
	struct srtp_context *first = peer(1, SRTP_PROTECT), *second = peer(2, SRTP_PROTECT);

	begin(1);
	send_x(first, 1);
	expect_at_y(1);
	mock_media_apply(&m, make_plan(1, 1), NULL); /* nothing new: its window goes on */
	send_x(first, 1);
	expect_dropped(REASON_SRTP_REPLAYED, 1);
	mock_media_apply(&m, make_plan(2, 2), NULL);
	send_x(first, 2);
	expect_at_y(2);
	send_x(second, 3);
	expect_at_y(3);
	send_x(first, 4);
	expect_dropped(REASON_SRTP_FORGED, 1);
	mock_media_apply(&m, make_plan(1, 3), NULL);
	advance(2100000);
	send_x(second, 5);
	expect_dropped(REASON_SRTP_FORGED, 2);
	srtp_context_free(first);
	srtp_context_free(second);
	end();
}

static void test_no_key_yet(void)
{
	begin(0);
	send_x(NULL, 1);
	expect_dropped(REASON_SRTP_NO_KEY, 1);
	end();
}

static void test_rtcp(void)
{
	struct srtp_context *out = peer(1, SRTP_PROTECT), *in = peer(0x70, SRTP_UNPROTECT);
	uint8_t report[ROOM] = { 0x80, RTCP_RR, 0, 1, 0x11, 0x22, 0x33, 0x44 };
	uint8_t plain[8];
	size_t len = sizeof(plain);
	struct mock_datagram *d;

	memcpy(plain, report, sizeof(plain));
	begin(1);
	mock_media_send(&m, &mock_peer_x, 0, plain, sizeof(plain));
	g_assert_null(mock_pop());
	g_assert_cmpint(srtp_context_rtcp(out, report, &len, ROOM), ==, SRTP_OK);
	mock_media_send(&m, &mock_peer_x, 0, report, len);
	d = mock_pop_to(&mock_peer_y);
	g_assert_nonnull(d);
	g_assert_cmpmem(d->bytes, d->len, plain, sizeof(plain));
	g_free(d);
	mock_media_send(&m, &mock_peer_y, 2, plain, sizeof(plain));
	d = mock_pop_to(&mock_peer_x);
	g_assert_nonnull(d);
	len = d->len;
	g_assert_cmpint(srtp_context_rtcp(in, d->bytes, &len, len), ==, SRTP_OK);
	g_assert_cmpmem(d->bytes, len, plain, sizeof(plain));
	g_free(d);
	srtp_context_free(out);
	srtp_context_free(in);
	end();
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/media/secure/there-and-back", test_there_and_back);
	g_test_add_func("/media/secure/not-authentic", test_what_is_not_authentic);
	g_test_add_func("/media/secure/key-change", test_key_change);
	g_test_add_func("/media/secure/no-key", test_no_key_yet);
	g_test_add_func("/media/secure/rtcp", test_rtcp);
	return g_test_run();
}

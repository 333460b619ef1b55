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

/* X and Y speak SRTP, and each is sent to under the key that the other one sends with. */
static struct plan *make_shared_plan(enum srtp_suite_id suite, unsigned action)
{
	struct plan *plan = mock_media_plan(&m);
	struct srtp_params key[2] = { make_key(1), make_key(2) };

	for (unsigned i = 0; i < 2; i++) {
		struct plan_stream *s = &plan->streams[i];

		key[0].suite = key[1].suite = (uint8_t)suite;
		s->secured = s->rtcp = true;
		s->srtp_in = plan_srtp_new(&key[i], 2);
		s->srtp_out = plan_srtp_new(&key[!i], 2);
	}
	if (action) {
		struct plan_filter *f = g_new0(struct plan_filter, 1);

		f->payload[0] = PLAN_PAYLOAD_PCMU;
		f->masked[0] = 1 << 3;
		f->action[0] = (uint8_t)action;
		plan->streams[0].filter = f;
	}
	return plan;
}

static struct srtp_context *suite_peer(
	enum srtp_suite_id suite, uint8_t fill, enum srtp_direction direction)
{
	struct srtp_params key = make_key(fill);

	key.suite = (uint8_t)suite;
	return srtp_context_new(&key, direction, NULL);
}

/* As X sent it, byte for byte. */
static void expect_sealed(const uint8_t *sealed, size_t len)
{
	struct mock_datagram *d = mock_pop_to(&mock_peer_y);

	g_assert_nonnull(d);
	g_assert_cmpmem(d->bytes, d->len, sealed, len);
	g_free(d);
}

static size_t send_shared(struct srtp_context *x, uint16_t seq, uint8_t *ret_sealed)
{
	size_t len = make_rtp(ret_sealed, seq);

	g_assert_cmpint(srtp_context_rtp(x, ret_sealed, &len, ROOM), ==, SRTP_OK);
	mock_media_send(&m, &mock_peer_x, 0, ret_sealed, len);
	return len;
}

/*
 * With a shared key a packet goes on as it came, also when its index is one that could not be told
 * from its number here, and SRTCP keeps its index when others before it were lost.
 */
static void test_shared_key(void)
{
	static const enum srtp_suite_id suites[] = { SRTP_AES_128_CM_80, SRTP_AEAD_AES_128_GCM,
		SRTP_F8_128_32, SRTP_NULL_80 };

	for (unsigned i = 0; i < G_N_ELEMENTS(suites); i++) {
		struct srtp_context *x = suite_peer(suites[i], 1, SRTP_PROTECT);
		struct srtp_ssrc_state later = { .ssrc = SSRC, .flags = SRTP_SSRC_RTP, .roc = 1 };
		uint8_t sealed[ROOM];
		size_t len;

		begin(1);
		mock_media_apply(&m, make_shared_plan(suites[i], 0), NULL);
		len = send_shared(x, 1, sealed);
		expect_sealed(sealed, len);
		mock_media_send(&m, &mock_peer_x, 0, sealed, len);
		expect_dropped(REASON_SRTP_REPLAYED, 1);
		g_assert_cmpint(srtp_context_import(x, &later, 1), ==, 0);
		len = send_shared(x, 2, sealed);
		expect_sealed(sealed, len);
		for (unsigned n = 0; n < 5; n++) {
			static const uint8_t report[] = { 0x80, RTCP_RR, 0, 1, 0x11, 0x22, 0x33,
				0x44 };

			memcpy(sealed, report, sizeof(report));
			len = sizeof(report);
			g_assert_cmpint(srtp_context_rtcp(x, sealed, &len, ROOM), ==, SRTP_OK);
			if (n % 2)
				continue;
			mock_media_send(&m, &mock_peer_x, 0, sealed, len);
			expect_sealed(sealed, len);
		}
		srtp_context_free(x);
		end();
	}
}

/*
 * What still comes under the key before goes on under the one now: RTP by its own number, but RTCP
 * would take an index that its sender is about to use.
 */
static void test_shared_key_changes(void)
{
	struct srtp_context *x = peer(1, SRTP_PROTECT), *y = peer(3, SRTP_UNPROTECT);
	uint8_t report[ROOM] = { 0x80, RTCP_RR, 0, 1, 0x11, 0x22, 0x33, 0x44 };
	struct srtp_params key = make_key(3);
	uint8_t packet[ROOM], want[PACKET];
	struct mock_datagram *d;
	struct plan *plan;
	size_t len = 8;

	begin(1);
	mock_media_apply(&m, make_shared_plan(SRTP_AES_128_CM_80, 0), NULL);
	send_shared(x, 1, packet);
	g_free(mock_pop());
	plan = make_shared_plan(SRTP_AES_128_CM_80, 0);
	ref_drop(plan->streams[0].srtp_in);
	ref_drop(plan->streams[1].srtp_out);
	plan->streams[0].srtp_in = plan_srtp_new(&key, 3);
	plan->streams[1].srtp_out = plan_srtp_new(&key, 3);
	mock_media_apply(&m, plan, NULL);
	g_assert_cmpint(srtp_context_rtcp(x, report, &len, ROOM), ==, SRTP_OK);
	mock_media_send(&m, &mock_peer_x, 0, report, len);
	g_assert_null(mock_pop());
	g_assert_cmpuint(m.stats[1]->counts.drops[REASON_SRTP_SHARED_KEY], ==, 1);
	send_shared(x, 2, packet);
	d = mock_pop_to(&mock_peer_y);
	g_assert_nonnull(d);
	len = d->len;
	g_assert_cmpint(srtp_context_rtp(y, d->bytes, &len, len), ==, SRTP_OK);
	make_rtp(want, 2);
	g_assert_cmpmem(d->bytes, len, want, PACKET);
	g_free(d);
	srtp_context_free(x);
	srtp_context_free(y);
	end();
}

/* What is silenced goes under an SSRC of ours: another keystream. */
static void test_shared_key_silenced(void)
{
	struct srtp_context *x = peer(1, SRTP_PROTECT), *y = peer(1, SRTP_UNPROTECT);
	uint8_t sealed[ROOM], silence[PAYLOAD];
	uint32_t ssrc = 0;

	memset(silence, 0xff, PAYLOAD);
	begin(1);
	mock_media_apply(&m, make_shared_plan(SRTP_AES_128_CM_80, PLAN_SILENCE), NULL);
	for (uint16_t seq = 65534; seq != 3; seq++) {
		struct mock_datagram *d;
		size_t len;

		send_shared(x, seq, sealed);
		d = mock_pop_to(&mock_peer_y);
		g_assert_nonnull(d);
		g_assert_cmpuint(rtp_ssrc(d->bytes), !=, SSRC);
		g_assert_true(!ssrc || rtp_ssrc(d->bytes) == ssrc);
		ssrc = rtp_ssrc(d->bytes);
		len = d->len;
		g_assert_cmpint(srtp_context_rtp(y, d->bytes, &len, len), ==, SRTP_OK);
		g_assert_cmpmem(
			d->bytes + RTP_HEADER_BYTES, len - RTP_HEADER_BYTES, silence, PAYLOAD);
		g_free(d);
	}
	srtp_context_free(x);
	srtp_context_free(y);
	end();
}

static size_t make_extended(uint8_t *packet, uint16_t seq, uint8_t id)
{
	const uint8_t extension[8] = { 0xbe, 0xde, 0, 1, (uint8_t)(id << 4), 0x55 };
	size_t len = make_rtp(packet, seq);

	memmove(packet + RTP_HEADER_BYTES + 8, packet + RTP_HEADER_BYTES, PAYLOAD);
	memcpy(packet + RTP_HEADER_BYTES, extension, 8);
	packet[0] |= 0x10;
	return len + 8;
}

/* What would be changed in another way is not sent. */
static void test_shared_key_changed(void)
{
	struct srtp_context *x = peer(1, SRTP_PROTECT);
	uint8_t packet[ROOM];

	begin(1);
	mock_media_apply(&m, make_shared_plan(SRTP_AES_128_CM_80, PLAN_MASK), NULL);
	for (uint8_t id = 2; id <= 3; id++) {
		size_t len = make_extended(packet, id, id);

		g_assert_cmpint(srtp_context_rtp(x, packet, &len, ROOM), ==, SRTP_OK);
		mock_media_send(&m, &mock_peer_x, 0, packet, len);
		if (id == 2)
			expect_sealed(packet, len);
	}
	g_assert_null(mock_pop());
	g_assert_cmpuint(m.stats[1]->counts.drops[REASON_SRTP_SHARED_KEY], ==, 1);
	srtp_context_free(x);
	end();
}

/* Feedback is taken out: the compound cannot go on under its index, what has none can. */
static void test_shared_key_feedback(void)
{
	static const uint8_t with[] = { 0x80, RTCP_RR, 0, 1, 0x11, 0x22, 0x33, 0x44, 0x81,
		RTCP_PSFB, 0, 2, 0x11, 0x22, 0x33, 0x44, 1, 2, 3, 4 };
	struct srtp_context *x = peer(1, SRTP_PROTECT);
	struct plan *plan;

	begin(1);
	plan = make_shared_plan(SRTP_AES_128_CM_80, 0);
	plan->streams[1].strip_feedback = true;
	mock_media_apply(&m, plan, NULL);
	for (unsigned n = 0; n < 2; n++) {
		uint8_t packet[ROOM];
		size_t len = n ? 8 : sizeof(with);

		memcpy(packet, with, len);
		g_assert_cmpint(srtp_context_rtcp(x, packet, &len, ROOM), ==, SRTP_OK);
		mock_media_send(&m, &mock_peer_x, 0, packet, len);
		if (n)
			expect_sealed(packet, len);
		else
			g_assert_null(mock_pop());
	}
	g_assert_cmpuint(m.stats[1]->counts.drops[REASON_SRTP_SHARED_KEY], ==, 1);
	srtp_context_free(x);
	end();
}

/* Held back, a packet leaves as it came; after a change of keys under the new one. */
static void test_shared_key_delayed(void)
{
	struct srtp_context *x = peer(1, SRTP_PROTECT), *y = peer(3, SRTP_UNPROTECT);
	uint8_t sealed[ROOM], want[PACKET];
	struct srtp_params next = make_key(3);
	struct mock_datagram *d;
	struct plan *plan;
	size_t len;

	begin(1);
	for (unsigned changed = 0; changed < 2; changed++) {
		plan = make_shared_plan(SRTP_AES_128_CM_80, 0);
		plan->streams[0].delay_us = 40000;
		mock_media_apply(&m, plan, NULL);
		len = send_shared(x, (uint16_t)(1 + changed), sealed);
		g_assert_null(mock_pop());
		if (changed) {
			plan = make_shared_plan(SRTP_AES_128_CM_80, 0);
			plan->streams[0].delay_us = 40000;
			ref_drop(plan->streams[0].srtp_in);
			ref_drop(plan->streams[1].srtp_out);
			plan->streams[0].srtp_in = plan_srtp_new(&next, 3);
			plan->streams[1].srtp_out = plan_srtp_new(&next, 3);
			mock_media_apply(&m, plan, NULL);
		}
		advance(50000);
		if (!changed)
			expect_sealed(sealed, len);
	}
	d = mock_pop_to(&mock_peer_y);
	g_assert_nonnull(d);
	len = d->len;
	g_assert_cmpint(srtp_context_rtp(y, d->bytes, &len, len), ==, SRTP_OK);
	make_rtp(want, 2);
	g_assert_cmpmem(d->bytes, len, want, PACKET);
	g_free(d);
	srtp_context_free(x);
	srtp_context_free(y);
	end();
}

static bool has_pierced(struct srtp_context *context)
{
	struct mock_datagram *d = mock_pop_to(&mock_peer_x);
	size_t len = d ? d->len : 0;
	bool ok = d && len == RTP_HEADER_BYTES + 10 &&
		  srtp_context_rtp(context, d->bytes, &len, len) == SRTP_OK;

	g_free(d);
	return ok;
}

/* pierce-NAT's empty packets are authentic, too; without a key there are none. */
static void test_pierced(void)
{
	struct srtp_context *x = peer(0x70, SRTP_UNPROTECT);
	struct plan *plan;

	begin(1);
	plan = make_plan(1, 1);
	plan->streams[0].pierce = true;
	mock_media_apply(&m, plan, NULL);
	g_assert_true(has_pierced(x));
	g_assert_null(mock_pop());
	plan = make_plan(1, 1);
	plan->streams[0].pierce = true;
	ref_drop(plan->streams[0].srtp_out);
	plan->streams[0].srtp_out = NULL;
	mock_media_apply(&m, plan, NULL);
	g_assert_null(mock_pop());
	srtp_context_free(x);
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
	g_test_add_func("/media/secure/shared", test_shared_key);
	g_test_add_func("/media/secure/shared-changes", test_shared_key_changes);
	g_test_add_func("/media/secure/shared-silenced", test_shared_key_silenced);
	g_test_add_func("/media/secure/shared-changed", test_shared_key_changed);
	g_test_add_func("/media/secure/shared-feedback", test_shared_key_feedback);
	g_test_add_func("/media/secure/shared-delayed", test_shared_key_delayed);
	g_test_add_func("/media/secure/pierced", test_pierced);
	return g_test_run();
}

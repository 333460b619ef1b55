/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The transform: known packets, trailers, windows, rollovers and their loss, state that moves, and
 * packets that are none. What both back ends share is compared in srtp_libsrtp2.c.
 */
#include "mock/secure.h"
#include "srtp/cipher.h"
#include "srtp/keys.h"
#include "srtp/replay.h"

#include <errno.h>

#include <glib.h>

enum { SSRC = 0xcafebabe };

struct pair {
	struct srtp_context *out, *in;
};

static struct pair pair_of(const struct srtp_params *params)
{
	return (struct pair){
		.out = secure_context(srtp_backend_openssl(), params, SRTP_PROTECT),
		.in = secure_context(srtp_backend_openssl(), params, SRTP_UNPROTECT),
	};
}

static struct pair pair_new(enum srtp_suite_id suite)
{
	struct srtp_params params = secure_params(suite, 1);

	return pair_of(&params);
}

static void pair_free(struct pair *p)
{
	srtp_context_free(p->out);
	srtp_context_free(p->in);
}

/* The protected packet of an index. */
static struct secure_packet sealed(struct srtp_context *out, uint32_t roc, uint16_t seq)
{
	struct srtp_ssrc_state state = {
		.ssrc = SSRC, .roc = roc, .seq = seq, .flags = SRTP_SSRC_RTP
	};
	struct secure_packet p;

	g_assert_cmpint(srtp_context_import(out, &state, 1), ==, 0);
	secure_rtp(&p, SSRC, seq, 40);
	g_assert_cmpint(secure_rtp_pass(out, &p), ==, SRTP_OK);
	return p;
}

static enum srtp_result receive(struct srtp_context *in, const struct secure_packet *p)
{
	struct secure_packet copy = *p;
	enum srtp_result result = secure_rtp_pass(in, &copy);

	if (result != SRTP_OK)
		secure_assert_same(&copy, p);
	return result;
}

static enum srtp_result receive_index(struct pair *pair, uint32_t roc, uint16_t seq)
{
	struct secure_packet p = sealed(pair->out, roc, seq);

	return receive(pair->in, &p);
}

/* ---- what packets look like ---- */

/* The packet with which implementations commonly compare themselves. */
static void test_known_packet(void)
{
	static const uint8_t key[16] = { 0xe1, 0xf9, 0x7a, 0x0d, 0x3e, 0x01, 0x8b, 0xe0, 0xd6, 0x4f,
		0xa3, 0x2c, 0x06, 0xde, 0x41, 0x39 };
	static const uint8_t salt[14] = { 0x0e, 0xc6, 0x75, 0xad, 0x49, 0x8a, 0xfe, 0xeb, 0xb6,
		0x96, 0x0b, 0x3a, 0xab, 0xe6 };
	static const uint8_t expected[] = { 0x80, 0x0f, 0x12, 0x34, 0xde, 0xca, 0xfb, 0xad, 0xca,
		0xfe, 0xba, 0xbe, 0x4e, 0x55, 0xdc, 0x4c, 0xe7, 0x99, 0x78, 0xd8, 0x8c, 0xa4, 0xd2,
		0x15, 0x94, 0x9d, 0x24, 0x02, 0xb7, 0x8d, 0x6a, 0xcc, 0x99, 0xea, 0x17, 0x9b, 0x8d,
		0xbb };
	struct srtp_params params = { .suite = SRTP_AES_128_CM_80 };
	struct secure_packet p = { .len = 28 };
	struct srtp_context *out;

	memcpy(params.key, key, sizeof(key));
	memcpy(params.salt, salt, sizeof(salt));
	out = secure_context(srtp_backend_openssl(), &params, SRTP_PROTECT);
	memcpy(p.data, expected, 12);
	memset(p.data + 12, 0xab, 16);
	g_assert_cmpint(secure_rtp_pass(out, &p), ==, SRTP_OK);
	g_assert_cmpmem(p.data, p.len, expected, sizeof(expected));
	srtp_context_free(out);
}

/* The IVs of F8, put together once more (RFC 3711 4.1.2). */
static void test_f8_packets(void)
{
	struct srtp_params params = secure_params(SRTP_F8_128_80, 1);
	struct pair pair = pair_of(&params);
	struct secure_packet p, plain;
	struct srtp_block block, mask;
	uint8_t iv[SRTP_BLOCK_BYTES] = { 0 };
	struct srtp_keys keys;

	p = sealed(pair.out, 0x01020304, 0x8001);
	secure_rtp(&plain, SSRC, 0x8001, 40);
	g_assert_true(srtp_derive_keys(&params, SRTP_KIND_RTP, &keys));
	g_assert_true(srtp_block_init(&block, keys.key, 16));
	g_assert_true(srtp_f8_mask_init(&mask, keys.key, 16, keys.salt, 14));
	memcpy(iv + 1, plain.data + 1, 11);
	memcpy(iv + 12, "\1\2\3\4", 4);
	g_assert_true(srtp_f8_xor(&block, &mask, iv, plain.data + 12, 40));
	g_assert_cmpmem(p.data, plain.len, plain.data, plain.len);
	srtp_block_clear(&block);
	srtp_block_clear(&mask);

	secure_rtcp(&p, SSRC, 0, 3);
	plain = p;
	g_assert_cmpint(secure_rtcp_pass(pair.out, &p), ==, SRTP_OK);
	g_assert_true(srtp_derive_keys(&params, SRTP_KIND_RTCP, &keys));
	g_assert_true(srtp_block_init(&block, keys.key, 16));
	g_assert_true(srtp_f8_mask_init(&mask, keys.key, 16, keys.salt, 14));
	memcpy(iv, "\0\0\0\0\x80\0\0\0", 8);
	memcpy(iv + 8, plain.data, 8);
	g_assert_true(srtp_f8_xor(&block, &mask, iv, plain.data + 8, plain.len - 8));
	g_assert_cmpmem(p.data, plain.len, plain.data, plain.len);
	srtp_block_clear(&block);
	srtp_block_clear(&mask);
	pair_free(&pair);
}

/* Every suite with everything left out or put in: what goes in comes out, as long as it must be. */
static void test_forms(void)
{
	for (unsigned n = 0; n < SRTP_SUITE_COUNT * 16; n++) {
		enum srtp_suite_id suite = (enum srtp_suite_id)(n / 16);
		const struct srtp_suite *s = srtp_suite(suite);
		struct srtp_params params = secure_params(suite, n);
		size_t tag = n & 4 && s->cipher != SRTP_AES_GCM ? 0 : s->tag_bytes;
		struct secure_packet p, plain;
		struct pair pair;

		params.unencrypted_srtp = n & 1;
		params.unencrypted_srtcp = n & 2;
		params.unauthenticated_srtp = n & 4;
		params.mki_len = n & 8 ? 5 : 0;
		pair = pair_of(&params);
		secure_rtp(&plain, SSRC, 7, 160);
		p = plain;
		g_assert_cmpint(secure_rtp_pass(pair.out, &p), ==, SRTP_OK);
		g_assert_cmpuint(p.len, ==, plain.len + tag + params.mki_len);
		g_assert_cmpint(memcmp(p.data, plain.data, plain.len) == 0, ==,
			s->cipher == SRTP_NULL || params.unencrypted_srtp);
		g_assert_cmpint(secure_rtp_pass(pair.in, &p), ==, SRTP_OK);
		secure_assert_same(&p, &plain);
		secure_rtcp(&plain, SSRC, 7, 4);
		p = plain;
		g_assert_cmpint(secure_rtcp_pass(pair.out, &p), ==, SRTP_OK);
		g_assert_cmpuint(p.len, ==, plain.len + s->rtcp_tag_bytes + 4 + params.mki_len);
		g_assert_cmpuint(p.len - plain.len, <=, srtp_context_overhead(pair.out));
		g_assert_cmpint(memcmp(p.data, plain.data, plain.len) == 0, ==,
			s->cipher == SRTP_NULL || params.unencrypted_srtcp);
		g_assert_cmpint(secure_rtcp_pass(pair.in, &p), ==, SRTP_OK);
		secure_assert_same(&p, &plain);
		pair_free(&pair);
	}
}

/* A peer's MKI need not be the one of our keys: only its length counts. */
static void test_mki_is_not_compared(void)
{
	struct srtp_params params = secure_params(SRTP_AES_128_CM_80, 1);
	struct secure_packet p, plain;
	struct pair pair;

	params.mki_len = 4;
	pair = pair_of(&params);
	secure_rtp(&plain, SSRC, 7, 160);
	p = plain;
	g_assert_cmpint(secure_rtp_pass(pair.out, &p), ==, SRTP_OK);
	p.data[plain.len + 2] = 99;
	g_assert_cmpint(secure_rtp_pass(pair.in, &p), ==, SRTP_OK);
	secure_assert_same(&p, &plain);
	pair_free(&pair);
}

/* Any bit of any packet: it is refused, left as it is, and nothing is learned from it. */
static void test_changed_packets(void)
{
	for (int suite = 0; suite < SRTP_SUITE_COUNT; suite++) {
		struct pair pair = pair_new((enum srtp_suite_id)suite);
		struct secure_packet p = sealed(pair.out, 0, 100), changed, rtcp;

		for (size_t bit = 0; bit < p.len * 8; bit++) {
			enum srtp_result result;

			changed = p;
			changed.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
			result = receive(pair.in, &changed);
			g_assert_true(result == SRTP_AUTH_FAILED || result == SRTP_MALFORMED);
		}
		g_assert_cmpuint(srtp_context_export(pair.in, NULL, 0), ==, 0);
		g_assert_cmpint(receive(pair.in, &p), ==, SRTP_OK);
		secure_rtcp(&rtcp, SSRC, 0, 1);
		g_assert_cmpint(secure_rtcp_pass(pair.out, &rtcp), ==, SRTP_OK);
		for (size_t bit = 0; bit < rtcp.len * 8; bit++) {
			changed = rtcp;
			changed.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
			g_assert_cmpint(secure_rtcp_pass(pair.in, &changed), ==, SRTP_AUTH_FAILED);
			changed.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
			secure_assert_same(&changed, &rtcp);
		}
		g_assert_cmpint(secure_rtcp_pass(pair.in, &rtcp), ==, SRTP_OK);
		pair_free(&pair);
	}
}

static void test_wrong_key(void)
{
	struct srtp_params mine = secure_params(SRTP_AES_128_CM_80, 1);
	struct srtp_params other = secure_params(SRTP_AES_128_CM_80, 2);
	struct pair pair = pair_of(&mine);
	struct srtp_context *in = secure_context(srtp_backend_openssl(), &other, SRTP_UNPROTECT);
	struct secure_packet p = sealed(pair.out, 0, 1);

	/* What one context refused, the next one can still take. */
	g_assert_cmpint(secure_rtp_pass(in, &p), ==, SRTP_AUTH_FAILED);
	g_assert_cmpint(secure_rtp_pass(pair.in, &p), ==, SRTP_OK);
	srtp_context_free(in);
	pair_free(&pair);
}

static void test_bounds(void)
{
	struct pair pair = pair_new(SRTP_AES_128_CM_80);
	struct secure_packet p;
	size_t len = 11;

	secure_rtp(&p, SSRC, 1, 20);
	g_assert_cmpint(srtp_context_rtp(pair.out, p.data, &len, 100), ==, SRTP_TOO_SHORT);
	g_assert_cmpint(srtp_context_rtp(pair.out, p.data, &p.len, p.len + 9), ==, SRTP_NO_ROOM);
	g_assert_cmpint(srtp_context_rtp(pair.out, p.data, &p.len, p.len - 1), ==, SRTP_NO_ROOM);
	p.data[0] = 0x8f; /* 15 sources that are not there */
	g_assert_cmpint(secure_rtp_pass(pair.out, &p), ==, SRTP_MALFORMED);
	p.data[0] = 0x90; /* an extension that is too long */
	p.data[14] = 1;
	g_assert_cmpint(secure_rtp_pass(pair.out, &p), ==, SRTP_MALFORMED);
	p.data[0] = 0x80;
	g_assert_cmpint(srtp_context_rtp(pair.out, p.data, &p.len, p.len + 10), ==, SRTP_OK);
	len = 21;
	g_assert_cmpint(srtp_context_rtp(pair.in, p.data, &len, len), ==, SRTP_TOO_SHORT);
	p.data[0] = 0x8f;
	g_assert_cmpint(secure_rtp_pass(pair.in, &p), ==, SRTP_MALFORMED);

	len = 7;
	g_assert_cmpint(srtp_context_rtcp(pair.out, p.data, &len, 100), ==, SRTP_TOO_SHORT);
	len = 8;
	g_assert_cmpint(srtp_context_rtcp(pair.out, p.data, &len, 21), ==, SRTP_NO_ROOM);
	g_assert_cmpint(srtp_context_rtcp(pair.out, p.data, &len, 22), ==, SRTP_OK);
	g_assert_cmpuint(len, ==, 22);
	len = 21;
	g_assert_cmpint(srtp_context_rtcp(pair.in, p.data, &len, 100), ==, SRTP_TOO_SHORT);
	len = 22;
	g_assert_cmpint(srtp_context_rtcp(pair.in, p.data, &len, 100), ==, SRTP_OK);
	g_assert_cmpuint(len, ==, 8);
	pair_free(&pair);
}

/* ---- windows ---- */

static void test_window(void)
{
	uint64_t w[2] = { 1, 0 };

	replay_advance(w, 1);
	g_assert_cmphex(w[0], ==, 3);
	replay_advance(w, 62);
	g_assert_true(replay_seen(w, 62) && replay_seen(w, 63) && !replay_seen(w, 64));
	replay_advance(w, 1);
	g_assert_true(replay_seen(w, 0) && replay_seen(w, 63) && replay_seen(w, 64));
	replay_advance(w, 63);
	g_assert_true(replay_seen(w, 126) && replay_seen(w, 127) && !replay_seen(w, 125));
	replay_advance(w, 1);
	g_assert_cmphex(w[1] >> 63, ==, 1);
	replay_advance(w, 64);
	g_assert_true(replay_seen(w, 64) && replay_seen(w, 65) && !replay_seen(w, 66));
	replay_advance(w, 127);
	g_assert_true(replay_seen(w, 0) && replay_seen(w, 127) && !replay_seen(w, 126));
	replay_advance(w, 128);
	g_assert_true(w[0] == 1 && w[1] == 0);
	g_assert_true(replay_seen(w, 128) && replay_seen(w, UINT64_MAX));
	replay_mark(w, 127);
	g_assert_true(replay_seen(w, 127) && !replay_seen(w, 126));
}

static void test_replays(void)
{
	static const int suites[] = { SRTP_AES_128_CM_80, SRTP_AEAD_AES_256_GCM, SRTP_F8_128_32 };

	for (size_t i = 0; i < G_N_ELEMENTS(suites); i++) {
		struct pair pair = pair_new((enum srtp_suite_id)suites[i]);

		g_assert_cmpint(receive_index(&pair, 0, 1000), ==, SRTP_OK);
		g_assert_cmpint(receive_index(&pair, 0, 1000), ==, SRTP_REPLAYED);
		g_assert_cmpint(receive_index(&pair, 0, 873), ==, SRTP_OK); /* the last place */
		g_assert_cmpint(receive_index(&pair, 0, 873), ==, SRTP_REPLAYED);
		g_assert_cmpint(receive_index(&pair, 0, 872), ==, SRTP_REPLAYED); /* beyond */
		g_assert_cmpint(receive_index(&pair, 0, 1001), ==, SRTP_OK);
		g_assert_cmpint(receive_index(&pair, 0, 873), ==, SRTP_REPLAYED);
		g_assert_cmpint(receive_index(&pair, 0, 999), ==, SRTP_OK);
		g_assert_cmpint(receive_index(&pair, 0, 1000), ==, SRTP_REPLAYED);
		g_assert_cmpint(receive_index(&pair, 0, 5000), ==, SRTP_OK);
		g_assert_cmpint(receive_index(&pair, 0, 4873), ==, SRTP_OK);
		g_assert_cmpint(receive_index(&pair, 0, 1001), ==, SRTP_REPLAYED);
		pair_free(&pair);
	}
}

static struct secure_packet sealed_rtcp(struct srtp_context *out, uint32_t index)
{
	struct srtp_ssrc_state state = {
		.ssrc = SSRC, .rtcp_index = index, .flags = SRTP_SSRC_RTCP
	};
	struct secure_packet p;

	g_assert_cmpint(srtp_context_import(out, &state, 1), ==, 0);
	secure_rtcp(&p, SSRC, index, 2);
	g_assert_cmpint(secure_rtcp_pass(out, &p), ==, SRTP_OK);
	return p;
}

static enum srtp_result receive_rtcp(struct pair *pair, uint32_t index)
{
	struct secure_packet p = sealed_rtcp(pair->out, index), copy = p;
	enum srtp_result result = secure_rtcp_pass(pair->in, &p);

	if (result != SRTP_OK)
		secure_assert_same(&p, &copy);
	return result;
}

static void test_rtcp_replays(void)
{
	static const int suites[] = { SRTP_AES_128_CM_80, SRTP_AEAD_AES_256_GCM, SRTP_F8_128_32 };

	for (size_t i = 0; i < G_N_ELEMENTS(suites); i++) {
		struct pair pair = pair_new((enum srtp_suite_id)suites[i]);

		g_assert_cmpint(receive_rtcp(&pair, 200), ==, SRTP_OK);
		g_assert_cmpint(receive_rtcp(&pair, 200), ==, SRTP_REPLAYED);
		g_assert_cmpint(receive_rtcp(&pair, 73), ==, SRTP_OK);
		g_assert_cmpint(receive_rtcp(&pair, 73), ==, SRTP_REPLAYED);
		g_assert_cmpint(receive_rtcp(&pair, 72), ==, SRTP_REPLAYED);
		g_assert_cmpint(receive_rtcp(&pair, 0x7fffffff), ==, SRTP_OK);
		g_assert_cmpint(receive_rtcp(&pair, 0x7ffffffe), ==, SRTP_OK);
		g_assert_cmpint(receive_rtcp(&pair, 201), ==, SRTP_REPLAYED);
		pair_free(&pair);
	}
}

/* An index used twice gives the key away: better nothing is sent. */
static void test_used_up_indexes(void)
{
	struct pair pair = pair_new(SRTP_AES_128_CM_80);
	struct secure_packet p = sealed_rtcp(pair.out, 0x7fffffff);

	g_assert_cmpint(p.data[p.len - 14], ==, 0xff);
	secure_rtcp(&p, SSRC, 0, 2);
	g_assert_cmpint(secure_rtcp_pass(pair.out, &p), ==, SRTP_BAD_INDEX);
	sealed(pair.out, UINT32_MAX, 65535);
	secure_rtp(&p, SSRC, 0, 20);
	g_assert_cmpint(secure_rtp_pass(pair.out, &p), ==, SRTP_BAD_INDEX);
	secure_rtp(&p, SSRC, 65534, 20);
	g_assert_cmpint(secure_rtp_pass(pair.out, &p), ==, SRTP_OK);
	pair_free(&pair);
}

/* ---- rollovers ---- */

static void test_rollover(void)
{
	struct pair pair = pair_new(SRTP_AEAD_AES_128_GCM);
	struct srtp_ssrc_state state;

	for (unsigned i = 65500; i < 65536 * 3; i += 100) {
		struct secure_packet p, plain;

		secure_rtp(&plain, SSRC, (uint16_t)i, 20);
		p = plain;
		g_assert_cmpint(secure_rtp_pass(pair.out, &p), ==, SRTP_OK);
		g_assert_cmpint(secure_rtp_pass(pair.in, &p), ==, SRTP_OK);
		secure_assert_same(&p, &plain);
	}
	g_assert_cmpuint(srtp_context_export(pair.in, &state, 1), ==, 1);
	g_assert_cmpuint(state.roc, ==, 2);
	pair_free(&pair);
}

static void test_late_over_a_rollover(void)
{
	struct pair pair = pair_new(SRTP_AES_128_CM_80);

	g_assert_cmpint(receive_index(&pair, 0, 65534), ==, SRTP_OK);
	g_assert_cmpint(receive_index(&pair, 1, 2), ==, SRTP_OK);
	g_assert_cmpint(receive_index(&pair, 0, 65535), ==, SRTP_OK);
	g_assert_cmpint(receive_index(&pair, 0, 65535), ==, SRTP_REPLAYED);
	g_assert_cmpint(receive_index(&pair, 1, 0), ==, SRTP_OK);
	pair_free(&pair);
}

/* The sender does the same: late ones keep their index, and none is before the first. */
static void test_sending_late_over_a_rollover(void)
{
	struct pair pair = pair_new(SRTP_AES_128_CM_80);
	struct srtp_ssrc_state state;
	struct secure_packet p;

	secure_rtp(&p, SSRC, 3, 20);
	g_assert_cmpint(secure_rtp_pass(pair.out, &p), ==, SRTP_OK);
	secure_rtp(&p, SSRC, 65535, 20);
	g_assert_cmpint(secure_rtp_pass(pair.out, &p), ==, SRTP_BAD_INDEX);
	sealed(pair.out, 0, 65535);
	secure_rtp(&p, SSRC, 1, 20);
	g_assert_cmpint(secure_rtp_pass(pair.out, &p), ==, SRTP_OK);
	secure_rtp(&p, SSRC, 65534, 40);
	g_assert_cmpint(secure_rtp_pass(pair.out, &p), ==, SRTP_OK);
	srtp_context_export(pair.out, &state, 1);
	g_assert_cmpuint(state.roc, ==, 1);
	g_assert_cmpuint(state.seq, ==, 1);
	g_assert_cmpint(receive(pair.in, &p), ==, SRTP_OK);
	srtp_context_export(pair.in, &state, 1);
	g_assert_cmpuint(state.roc, ==, 0);
	pair_free(&pair);
}

/* A pause in which the numbers rolled over unseen. */
static void test_rollover_unseen(void)
{
	static const int suites[] = { SRTP_AES_128_CM_80, SRTP_AEAD_AES_128_GCM };

	for (size_t i = 0; i < G_N_ELEMENTS(suites); i++) {
		struct pair pair = pair_new((enum srtp_suite_id)suites[i]);

		/* The first packet seen is of the second round. */
		g_assert_cmpint(receive_index(&pair, 1, 100), ==, SRTP_OK);
		g_assert_cmpint(receive_index(&pair, 2, 90), ==, SRTP_OK);
		g_assert_cmpint(receive_index(&pair, 2, 91), ==, SRTP_OK);
		g_assert_cmpint(receive_index(&pair, 2, 40000), ==, SRTP_OK);
		/* Two rounds are lost for good. */
		g_assert_cmpint(receive_index(&pair, 5, 50000), ==, SRTP_AUTH_FAILED);
		g_assert_cmpint(receive_index(&pair, 2, 40001), ==, SRTP_OK);
		pair_free(&pair);
	}
}

/* Packets of former rounds are replays, whatever they are tried with, and change nothing. */
static void test_former_rounds_are_replays(void)
{
	static const int suites[] = { SRTP_AES_128_CM_80, SRTP_AEAD_AES_128_GCM };

	for (size_t i = 0; i < G_N_ELEMENTS(suites); i++) {
		struct pair pair = pair_new((enum srtp_suite_id)suites[i]);
		struct srtp_ssrc_state before, after;

		g_assert_cmpint(receive_index(&pair, 0, 40000), ==, SRTP_OK);
		g_assert_cmpint(receive_index(&pair, 1, 100), ==, SRTP_OK);
		g_assert_cmpint(receive_index(&pair, 1, 40000), ==, SRTP_OK);
		srtp_context_export(pair.in, &before, 1);
		for (uint16_t seq = 39990; seq < 40010; seq++)
			g_assert_cmpint(receive_index(&pair, 0, seq), ==, SRTP_REPLAYED);
		srtp_context_export(pair.in, &after, 1);
		g_assert_cmpmem(&before, sizeof(before), &after, sizeof(after));
		g_assert_cmpint(receive_index(&pair, 1, 40001), ==, SRTP_OK);
		pair_free(&pair);
	}
}

/* ---- state ---- */

static void import_roc(struct srtp_context *in, uint32_t roc, uint16_t seq)
{
	struct srtp_ssrc_state state = {
		.ssrc = SSRC, .roc = roc, .seq = seq, .flags = SRTP_SSRC_RTP, .replay = { 1, 0 }
	};

	g_assert_cmpint(srtp_context_import(in, &state, 1), ==, 0);
}

/* An imported counter may be wrong: one too low or high, or 0. Once it is used it is not. */
static void test_imported_rollovers_are_mended(void)
{
	static const uint32_t true_rocs[] = { 7, 8, 6, 0 };
	struct srtp_ssrc_state state;

	for (size_t i = 0; i < G_N_ELEMENTS(true_rocs); i++) {
		struct pair pair = pair_new(SRTP_AEAD_AES_128_GCM);

		import_roc(pair.in, 7, 1000);
		g_assert_cmpint(receive_index(&pair, true_rocs[i], 2000), ==, SRTP_OK);
		srtp_context_export(pair.in, &state, 1);
		g_assert_cmpuint(state.roc, ==, true_rocs[i]);
		g_assert_cmpuint(state.seq, ==, 2000);
		g_assert_cmpint(receive_index(&pair, true_rocs[i], 2000), ==, SRTP_REPLAYED);
		g_assert_cmpint(receive_index(&pair, true_rocs[i], 2001), ==, SRTP_OK);
		pair_free(&pair);
	}
}

/* Both ends move to new contexts in the middle of everything: nothing is lost or taken twice. */
static void test_state_moves(void)
{
	for (int suite = 0; suite < SRTP_SUITE_COUNT; suite++) {
		struct pair pair = pair_new((enum srtp_suite_id)suite);
		struct secure_packet old[400], rtcp, plain;

		for (unsigned i = 0; i < 400; i++) {
			struct srtp_ssrc_state states[SRTP_MAX_SSRCS];
			struct pair next = pair_new((enum srtp_suite_id)suite);
			unsigned count = srtp_context_export(pair.out, states, SRTP_MAX_SSRCS);

			g_assert_cmpint(srtp_context_import(next.out, states, count), ==, 0);
			count = srtp_context_export(pair.in, states, SRTP_MAX_SSRCS);
			g_assert_cmpint(srtp_context_import(next.in, states, count), ==, 0);
			pair_free(&pair);
			pair = next;
			secure_rtp(&plain, SSRC, (uint16_t)(65300 + i), 60);
			old[i] = plain;
			g_assert_cmpint(secure_rtp_pass(pair.out, &old[i]), ==, SRTP_OK);
			if (i % 3 == 0)
				continue; /* comes later */
			g_assert_cmpint(receive(pair.in, &old[i]), ==, SRTP_OK);
			g_assert_cmpint(receive(pair.in, &old[i]), ==, SRTP_REPLAYED);
			secure_rtcp(&rtcp, SSRC, i, 2);
			g_assert_cmpint(secure_rtcp_pass(pair.out, &rtcp), ==, SRTP_OK);
			plain = rtcp;
			g_assert_cmpint(secure_rtcp_pass(pair.in, &rtcp), ==, SRTP_OK);
			g_assert_cmpint(secure_rtcp_pass(pair.in, &plain), ==, SRTP_REPLAYED);
			if (i >= 101)
				g_assert_cmpint(receive(pair.in, &old[i - 100]), ==,
					(i - 100) % 3 ? SRTP_REPLAYED : SRTP_OK);
		}
		pair_free(&pair);
	}
}

static void test_impossible_state_is_refused(void)
{
	struct pair pair = pair_new(SRTP_AES_128_CM_80);
	struct srtp_ssrc_state bad[2] = { { .ssrc = 1 }, { .ssrc = 1 } }, state;

	g_assert_cmpint(receive_index(&pair, 0, 1), ==, SRTP_OK);
	g_assert_cmpint(srtp_context_import(pair.in, bad, 2), ==, -EINVAL);
	bad[0].flags = 4;
	g_assert_cmpint(srtp_context_import(pair.in, bad, 1), ==, -EINVAL);
	bad[0].flags = 0;
	bad[0].rtcp_index = 0x80000001;
	g_assert_cmpint(srtp_context_import(pair.in, bad, 1), ==, -EINVAL);
	g_assert_cmpuint(srtp_context_export(pair.in, &state, 1), ==, 1);
	g_assert_cmphex(state.ssrc, ==, SSRC);
	g_assert_cmpint(srtp_context_import(pair.in, NULL, 0), ==, 0);
	g_assert_cmpuint(srtp_context_export(pair.in, &state, 1), ==, 0);
	g_assert_cmpint(receive_index(&pair, 0, 1), ==, SRTP_OK);
	pair_free(&pair);
}

/* The source that was silent longest goes, and those that never were authentic take no place. */
static void test_sources_are_bounded(void)
{
	struct srtp_params other = secure_params(SRTP_AES_128_CM_80, 9);
	struct pair pair = pair_new(SRTP_AES_128_CM_80);
	struct srtp_context *liar = secure_context(srtp_backend_openssl(), &other, SRTP_PROTECT);
	struct srtp_ssrc_state states[SRTP_MAX_SSRCS];
	struct secure_packet p;

	for (uint32_t i = 0; i < SRTP_MAX_SSRCS + 3; i++) {
		for (uint32_t ssrc = i; ssrc < 1000; ssrc += 997) {
			secure_rtp(&p, ssrc, (uint16_t)(100 + i), 20);
			g_assert_cmpint(secure_rtp_pass(liar, &p), ==, SRTP_OK);
			g_assert_cmpint(secure_rtp_pass(pair.in, &p), ==, SRTP_AUTH_FAILED);
		}
		secure_rtp(&p, i, 5, 20);
		g_assert_cmpint(secure_rtp_pass(pair.out, &p), ==, SRTP_OK);
		g_assert_cmpint(secure_rtp_pass(pair.in, &p), ==, SRTP_OK);
		/* The first one goes on sending. */
		secure_rtp(&p, 0, (uint16_t)(10 + i), 20);
		g_assert_cmpint(secure_rtp_pass(pair.out, &p), ==, SRTP_OK);
		g_assert_cmpint(secure_rtp_pass(pair.in, &p), ==, SRTP_OK);
	}
	g_assert_cmpuint(srtp_context_evicted(pair.in), ==, 3);
	g_assert_cmpuint(srtp_context_export(pair.in, states, SRTP_MAX_SSRCS), ==, SRTP_MAX_SSRCS);
	g_assert_cmpuint(states[0].ssrc, ==, 0);
	g_assert_cmpuint(states[1].ssrc, ==, SRTP_MAX_SSRCS + 2);
	g_assert_cmpuint(states[SRTP_MAX_SSRCS - 1].ssrc, ==, 4);
	srtp_context_free(liar);
	pair_free(&pair);
}

/* Who made room and comes back must not begin with the same keystream. */
static void test_rtcp_index_of_who_comes_back(void)
{
	struct pair pair = pair_new(SRTP_AES_128_CM_80);
	struct secure_packet p, first;

	for (uint32_t i = 0; i <= SRTP_MAX_SSRCS + 1; i++) {
		secure_rtcp(&p, i % (SRTP_MAX_SSRCS + 1), 1, 5);
		g_assert_cmpint(secure_rtcp_pass(pair.out, &p), ==, SRTP_OK);
		if (i == 0)
			first = p;
	}
	g_assert_cmpuint(p.len, ==, first.len);
	g_assert_true(memcmp(p.data, first.data, p.len) != 0);
	g_assert_cmpint(secure_rtcp_pass(pair.in, &first), ==, SRTP_OK);
	g_assert_cmpint(secure_rtcp_pass(pair.in, &p), ==, SRTP_OK);
	pair_free(&pair);
}

/* Without a tag numbers are believed, but not twice. */
static void test_unauthenticated(void)
{
	struct srtp_params params = secure_params(SRTP_AES_128_CM_32, 1);
	struct pair pair;
	struct secure_packet p;

	params.unauthenticated_srtp = true;
	pair = pair_of(&params);
	p = sealed(pair.out, 0, 5);
	g_assert_cmpint(receive(pair.in, &p), ==, SRTP_OK);
	g_assert_cmpint(receive(pair.in, &p), ==, SRTP_REPLAYED);
	p = sealed(pair.out, 0, 65535); /* before the first */
	g_assert_cmpint(receive(pair.in, &p), ==, SRTP_BAD_INDEX);
	g_assert_cmpint(receive_index(&pair, 0, 6), ==, SRTP_OK);
	pair_free(&pair);
}

static void test_results_have_texts(void)
{
	for (int i = 0; i < SRTP_RESULT_COUNT; i++)
		g_assert_nonnull(srtp_result_text((enum srtp_result)i));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/srtp/srtp/known_packet", test_known_packet);
	g_test_add_func("/srtp/srtp/f8_packets", test_f8_packets);
	g_test_add_func("/srtp/srtp/forms", test_forms);
	g_test_add_func("/srtp/srtp/mki_is_not_compared", test_mki_is_not_compared);
	g_test_add_func("/srtp/srtp/changed_packets", test_changed_packets);
	g_test_add_func("/srtp/srtp/wrong_key", test_wrong_key);
	g_test_add_func("/srtp/srtp/bounds", test_bounds);
	g_test_add_func("/srtp/srtp/window", test_window);
	g_test_add_func("/srtp/srtp/replays", test_replays);
	g_test_add_func("/srtp/srtp/rtcp_replays", test_rtcp_replays);
	g_test_add_func("/srtp/srtp/used_up_indexes", test_used_up_indexes);
	g_test_add_func("/srtp/srtp/rollover", test_rollover);
	g_test_add_func("/srtp/srtp/late_over_a_rollover", test_late_over_a_rollover);
	g_test_add_func(
		"/srtp/srtp/sending_late_over_a_rollover", test_sending_late_over_a_rollover);
	g_test_add_func("/srtp/srtp/rollover_unseen", test_rollover_unseen);
	g_test_add_func("/srtp/srtp/former_rounds_are_replays", test_former_rounds_are_replays);
	g_test_add_func(
		"/srtp/srtp/imported_rollovers_are_mended", test_imported_rollovers_are_mended);
	g_test_add_func("/srtp/srtp/state_moves", test_state_moves);
	g_test_add_func("/srtp/srtp/impossible_state_is_refused", test_impossible_state_is_refused);
	g_test_add_func("/srtp/srtp/sources_are_bounded", test_sources_are_bounded);
	g_test_add_func("/srtp/srtp/unauthenticated", test_unauthenticated);
	g_test_add_func("/srtp/srtp/rtcp_index_back", test_rtcp_index_of_who_comes_back);
	g_test_add_func("/srtp/srtp/results_have_texts", test_results_have_texts);
	return g_test_run();
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Both back ends make the same bytes and agree on what comes in, for every suite that both have. */
#include "mock/secure.h"

#include <errno.h>

#include <glib.h>
#include <srtp2/srtp.h>

enum {
	SSRC = 0x11223344,
	PACKETS = 3000,
};

/* What can be left out or put in, in all combinations that make sense. */
static const struct form {
	bool unencrypted_srtp, unencrypted_srtcp, unauthenticated_srtp;
	uint8_t mki_len;
} forms[] = {
	{ .mki_len = 0 },
	{ .mki_len = 4 },
	{ .unencrypted_srtp = true },
	{ .unencrypted_srtcp = true, .mki_len = 1 },
	{ .unauthenticated_srtp = true },
	{ .unauthenticated_srtp = true, .unencrypted_srtp = true, .mki_len = 255 },
};

static const struct srtp_backend *backend(unsigned which)
{
	return which ? srtp_backend_libsrtp2() : srtp_backend_openssl();
}

static bool in_both(int suite)
{
	const struct srtp_suite *s = srtp_suite((enum srtp_suite_id)suite);

	return s->cipher != SRTP_AES_F8 && s->key_bytes != 24;
}

static bool is_gcm(int suite)
{
	return srtp_suite((enum srtp_suite_id)suite)->cipher == SRTP_AES_GCM;
}

static struct srtp_params params_of(int suite, const struct form *f)
{
	struct srtp_params p = secure_params((enum srtp_suite_id)suite, (unsigned)suite + 7);

	p.unencrypted_srtp = f->unencrypted_srtp;
	p.unencrypted_srtcp = f->unencrypted_srtcp;
	p.unauthenticated_srtp = f->unauthenticated_srtp;
	p.mki_len = f->mki_len;
	for (unsigned i = 0; i < f->mki_len; i++)
		p.mki[i] = (uint8_t)(i + 1);
	return p;
}

static void check_same_bytes(int suite, const struct form *f)
{
	struct srtp_params params = params_of(suite, f);
	struct srtp_context *out[2], *in[2];
	struct secure_packet plain, made[2];

	g_test_message("%s", srtp_suite((enum srtp_suite_id)suite)->name);
	for (unsigned b = 0; b < 2; b++) {
		out[b] = secure_context(backend(b), &params, SRTP_PROTECT);
		in[b] = secure_context(backend(b), &params, SRTP_UNPROTECT);
	}
	for (unsigned i = 0; i < 300; i++) {
		secure_rtp(&plain, SSRC, (uint16_t)(65400 + i), i * 4 % 1400);
		for (unsigned b = 0; b < 2; b++) {
			made[b] = plain;
			g_assert_cmpint(secure_rtp_pass(out[b], &made[b]), ==, SRTP_OK);
		}
		secure_assert_same(&made[0], &made[1]);
		for (unsigned b = 0; b < 2; b++) {
			g_assert_cmpint(secure_rtp_pass(in[b], &made[1 - b]), ==, SRTP_OK);
			secure_assert_same(&made[1 - b], &plain);
		}
	}
	/* The first index of libsrtp2 is 1. */
	secure_rtcp(&plain, SSRC, 0, 0);
	g_assert_cmpint(secure_rtcp_pass(out[0], &plain), ==, SRTP_OK);
	for (unsigned i = 0; i < 100; i++) {
		secure_rtcp(&plain, SSRC, i, i);
		for (unsigned b = 0; b < 2; b++) {
			made[b] = plain;
			g_assert_cmpint(secure_rtcp_pass(out[b], &made[b]), ==, SRTP_OK);
		}
		secure_assert_same(&made[0], &made[1]);
		for (unsigned b = 0; b < 2; b++) {
			g_assert_cmpint(secure_rtcp_pass(in[b], &made[1 - b]), ==, SRTP_OK);
			secure_assert_same(&made[1 - b], &plain);
		}
	}
	for (unsigned b = 0; b < 2; b++) {
		srtp_context_free(out[b]);
		srtp_context_free(in[b]);
	}
}

static void test_same_bytes(void)
{
	for (int suite = 0; suite < SRTP_SUITE_COUNT; suite++)
		for (size_t f = 0; in_both(suite) && f < G_N_ELEMENTS(forms); f++)
			if (!is_gcm(suite) || !forms[f].unencrypted_srtp)
				check_same_bytes(suite, &forms[f]);
}

/* ---- a bad network ---- */

struct run {
	GRand *rand;
	struct srtp_context *out, *in[2];
	struct secure_packet held[8]; /* on their way, in any order */
	unsigned held_count;
	struct secure_packet past[64]; /* sent before, to be replayed */
	unsigned past_count;
	unsigned taken, refused;
};

/* Both are given the same packet, and must do the same. */
static void deliver(struct run *r, const struct secure_packet *p, bool rtcp)
{
	struct secure_packet got[2] = { *p, *p };
	enum srtp_result results[2];

	for (unsigned b = 0; b < 2; b++)
		results[b] = rtcp ? secure_rtcp_pass(r->in[b], &got[b])
				  : secure_rtp_pass(r->in[b], &got[b]);
	g_assert_cmpint(results[0] == SRTP_OK, ==, results[1] == SRTP_OK);
	secure_assert_same(&got[0], &got[1]);
	if (results[0] != SRTP_OK)
		secure_assert_same(&got[0], p);
	r->taken += results[0] == SRTP_OK;
	r->refused += results[0] != SRTP_OK;
}

static void damage(struct run *r, struct secure_packet *p)
{
	/* Not the number: libsrtp2 looks at the window before it knows. */
	unsigned at = (unsigned)g_rand_int_range(r->rand, 4, (gint32)p->len);

	p->data[at] ^= (uint8_t)(1u << g_rand_int_range(r->rand, 0, 8));
}

static void send_rtp(struct run *r, uint16_t seq)
{
	struct secure_packet p;
	unsigned i;

	secure_rtp(&p, SSRC, seq, (size_t)g_rand_int_range(r->rand, 0, 300));
	g_assert_cmpint(secure_rtp_pass(r->out, &p), ==, SRTP_OK);
	r->past[r->past_count++ % G_N_ELEMENTS(r->past)] = p;
	if (g_rand_int_range(r->rand, 0, 10) == 0)
		return; /* lost */
	if (r->held_count < G_N_ELEMENTS(r->held)) {
		r->held[r->held_count++] = p;
		return;
	}
	i = (unsigned)g_rand_int_range(r->rand, 0, (gint32)r->held_count);
	deliver(r, &r->held[i], false);
	r->held[i] = p;
}

static void disturb(struct run *r)
{
	struct secure_packet p;

	if (g_rand_int_range(r->rand, 0, 5) || !r->past_count)
		return;
	p = r->past[(unsigned)g_rand_int_range(
		r->rand, 0, (gint32)MIN(r->past_count, G_N_ELEMENTS(r->past)))];
	if (g_rand_boolean(r->rand))
		damage(r, &p);
	deliver(r, &p, false);
}

static void run_suite(int suite, unsigned sender)
{
	const struct form plain = { .mki_len = 0 };
	struct srtp_params params = params_of(suite, &plain);
	struct run r = { .rand = g_rand_new_with_seed((guint32)suite * 2 + sender) };
	uint16_t seq = 65000; /* rolls over on the way */

	r.out = secure_context(backend(sender), &params, SRTP_PROTECT);
	for (unsigned b = 0; b < 2; b++)
		r.in[b] = secure_context(backend(b), &params, SRTP_UNPROTECT);
	for (unsigned i = 0; i < PACKETS; i++) {
		struct secure_packet p;

		send_rtp(&r, seq++);
		disturb(&r);
		if (i % 10)
			continue;
		secure_rtcp(&p, SSRC, i, 3);
		g_assert_cmpint(secure_rtcp_pass(r.out, &p), ==, SRTP_OK);
		if (i % 30)
			deliver(&r, &p, true);
		if (i % 20)
			deliver(&r, &p, true);
	}
	g_assert_cmpuint(r.taken, >, PACKETS / 2);
	g_assert_cmpuint(r.refused, >, PACKETS / 20);
	srtp_context_free(r.out);
	srtp_context_free(r.in[0]);
	srtp_context_free(r.in[1]);
	g_rand_free(r.rand);
}

static void test_bad_network(void)
{
	for (int suite = 0; suite < SRTP_SUITE_COUNT; suite++)
		for (unsigned sender = 0; in_both(suite) && sender < 2; sender++)
			run_suite(suite, sender);
}

/* The library's own handling of MKIs, which this back end does without. */
static void test_mki_where_the_library_puts_it(void)
{
	/* Not with a tag of 4 bytes: then it looks for the MKI of SRTCP as if its tag had 4, too. */
	static const int suites[] = { SRTP_AES_128_CM_80, SRTP_AEAD_AES_128_GCM };
	const struct form f = { .mki_len = 3 };

	for (size_t i = 0; i < G_N_ELEMENTS(suites); i++) {
		struct srtp_params params = params_of(suites[i], &f);
		const struct srtp_suite *s = srtp_suite((enum srtp_suite_id)suites[i]);
		struct srtp_context *out = secure_context(
			srtp_backend_openssl(), &params, SRTP_PROTECT);
		uint8_t key[SRTP_MAX_KEY + SRTP_MAX_SALT];
		srtp_master_key_t master = {
			.key = key, .mki_id = params.mki, .mki_size = f.mki_len
		};
		srtp_master_key_t *masters[] = { &master };
		srtp_policy_t policy = { .ssrc.type = ssrc_any_inbound,
			.keys = masters,
			.num_master_keys = 1,
			.window_size = SRTP_WINDOW };
		struct secure_packet p, plain;
		srtp_t session;
		int len;

		memcpy(key, params.key, s->key_bytes);
		memcpy(key + s->key_bytes, params.salt, s->salt_bytes);
		if (is_gcm(suites[i]))
			srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy.rtp);
		else
			srtp_crypto_policy_set_rtp_default(&policy.rtp);
		policy.rtcp = policy.rtp;
		/* The first context of the back end starts the library. */
		srtp_context_free(secure_context(srtp_backend_libsrtp2(), &params, SRTP_PROTECT));
		g_assert_cmpint(srtp_create(&session, &policy), ==, srtp_err_status_ok);

		secure_rtp(&plain, SSRC, 5, 160);
		p = plain;
		g_assert_cmpint(secure_rtp_pass(out, &p), ==, SRTP_OK);
		len = (int)p.len;
		g_assert_cmpint(
			srtp_unprotect_mki(session, p.data, &len, 1), ==, srtp_err_status_ok);
		g_assert_cmpmem(p.data, (size_t)len, plain.data, plain.len);
		secure_rtcp(&plain, SSRC, 5, 2);
		p = plain;
		g_assert_cmpint(secure_rtcp_pass(out, &p), ==, SRTP_OK);
		len = (int)p.len;
		g_assert_cmpint(
			srtp_unprotect_rtcp_mki(session, p.data, &len, 1), ==, srtp_err_status_ok);
		g_assert_cmpmem(p.data, (size_t)len, plain.data, plain.len);
		srtp_dealloc(session);
		srtp_context_free(out);
	}
}

static void test_what_it_cannot_is_refused(void)
{
	struct srtp_params params = secure_params(SRTP_F8_128_32, 1);
	struct err err = { 0 };

	g_assert_null(srtp_context_new_with(srtp_backend_libsrtp2(), &params, SRTP_PROTECT, &err));
	g_assert_cmpint(err.code, ==, ENOTSUP);
	g_assert_cmpstr(err.text, ==,
		"SRTP suite F8_128_HMAC_SHA1_32 is not available with srtp-backend libsrtp2");
	srtp_use_backend(srtp_backend_libsrtp2());
	g_assert_false(srtp_suite_usable(SRTP_F8_128_80));
	g_assert_false(srtp_suite_usable(SRTP_AES_192_CM_32));
	g_assert_true(srtp_suite_usable(SRTP_AES_128_CM_80));
	g_assert_null(srtp_context_new(&params, SRTP_PROTECT, &err));
	srtp_use_backend(srtp_backend_openssl());
	g_assert_true(srtp_suite_usable(SRTP_F8_128_80));
}

static void test_state_does_not_move(void)
{
	struct srtp_params params = secure_params(SRTP_AES_128_CM_80, 1);
	struct srtp_context *c = secure_context(srtp_backend_libsrtp2(), &params, SRTP_UNPROTECT);
	struct srtp_context *out = secure_context(srtp_backend_openssl(), &params, SRTP_PROTECT);
	struct srtp_ssrc_state state = { .ssrc = SSRC };
	struct secure_packet p, again;

	secure_rtp(&p, SSRC, 5, 160);
	g_assert_cmpint(secure_rtp_pass(out, &p), ==, SRTP_OK);
	again = p;
	g_assert_cmpint(secure_rtp_pass(c, &p), ==, SRTP_OK);
	g_assert_cmpuint(srtp_context_export(c, &state, 1), ==, 0);
	g_assert_cmpint(srtp_context_import(c, &state, 1), ==, -ENOTSUP);
	/* But it can be forgotten: then the packet is a new one. */
	p = again;
	g_assert_cmpint(secure_rtp_pass(c, &p), ==, SRTP_REPLAYED);
	g_assert_cmpint(srtp_context_import(c, NULL, 0), ==, 0);
	g_assert_cmpint(secure_rtp_pass(c, &p), ==, SRTP_OK);
	srtp_context_free(c);
	srtp_context_free(out);
}

/* Sources beyond the bound take the place of others in the library, too. */
static void test_sources_are_bounded(void)
{
	struct srtp_params params = secure_params(SRTP_AES_128_CM_80, 1);
	struct srtp_context *in = secure_context(srtp_backend_libsrtp2(), &params, SRTP_UNPROTECT);
	struct srtp_context *out = secure_context(srtp_backend_openssl(), &params, SRTP_PROTECT);
	struct secure_packet p, first;

	for (uint32_t ssrc = 0; ssrc <= SRTP_MAX_SSRCS; ssrc++) {
		secure_rtp(&p, ssrc, 9, 20);
		g_assert_cmpint(secure_rtp_pass(out, &p), ==, SRTP_OK);
		if (ssrc == 0)
			first = p;
		g_assert_cmpint(secure_rtp_pass(in, &p), ==, SRTP_OK);
	}
	g_assert_cmpuint(srtp_context_evicted(in), ==, 1);
	g_assert_cmpint(secure_rtp_pass(in, &first), ==, SRTP_OK);
	srtp_context_free(in);
	srtp_context_free(out);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/srtp/libsrtp2/same_bytes", test_same_bytes);
	g_test_add_func("/srtp/libsrtp2/bad_network", test_bad_network);
	g_test_add_func(
		"/srtp/libsrtp2/mki_where_the_library_puts_it", test_mki_where_the_library_puts_it);
	g_test_add_func("/srtp/libsrtp2/what_it_cannot_is_refused", test_what_it_cannot_is_refused);
	g_test_add_func("/srtp/libsrtp2/state_does_not_move", test_state_does_not_move);
	g_test_add_func("/srtp/libsrtp2/sources_are_bounded", test_sources_are_bounded);
	return g_test_run();
}

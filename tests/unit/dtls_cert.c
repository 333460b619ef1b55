/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Our certificate: its fingerprints, its life, and what cannot be made. */
#include "base/ref.h"
#include "dtls/cert.h"
#include "mock/dtls.h"

static const int64_t NOW_US = INT64_C(1700000000) * G_USEC_PER_SEC;
static const int64_t DAY_US = INT64_C(24) * 3600 * G_USEC_PER_SEC;

static struct dtls_cert_options options(void)
{
	return (struct dtls_cert_options){
		.rsa_bits = 2048, .ciphers = DTLS_DEFAULT_CIPHERS, .name = "rtpengine"
	};
}

static struct dtls_cert *make(const struct dtls_cert_options *o)
{
	struct err err = { 0 };
	struct dtls_cert *cert = dtls_cert_new(o, NOW_US, &err);

	g_assert_cmpstr(err.text, ==, "");
	g_assert_nonnull(cert);
	return cert;
}

static void test_all_hashes(void)
{
	struct dtls_cert_options o = options();
	struct dtls_cert *a = make(&o), *b = make(&o);

	for (int i = 0; i < DTLS_HASH_COUNT; i++) {
		const struct fingerprint *f = dtls_cert_fingerprint(a, (enum dtls_hash)i);

		g_assert_cmpint(f->hash, ==, i);
		g_assert_false(fingerprint_equal(f, dtls_cert_fingerprint(b, (enum dtls_hash)i)));
	}
	ref_drop(a);
	ref_drop(b);
}

static void test_old_after_half_its_life(void)
{
	struct dtls_cert_options o = options();
	struct dtls_cert *cert = make(&o);

	g_assert_false(dtls_cert_is_old(cert, NOW_US + 15 * DAY_US - 1));
	g_assert_true(dtls_cert_is_old(cert, NOW_US + 15 * DAY_US));
	ref_drop(cert);
}

static void test_rsa_and_sha1(void)
{
	struct dtls_cert_options o = options();
	char name[200];

	memset(name, 'n', sizeof(name));
	name[sizeof(name) - 1] = 0;
	o.key = DTLS_KEY_RSA;
	ref_drop(make(&o));
	o.key = DTLS_KEY_P256;
	o.sha1 = true;
	o.name = name;
	ref_drop(make(&o));
}

static void test_unknown_ciphers(void)
{
	struct dtls_cert_options o = options();
	struct err err = { 0 };

	o.ciphers = "NONSENSE";
	g_assert_null(dtls_cert_new(&o, NOW_US, &err));
	g_assert_true(g_str_has_prefix(err.text, "DTLS ciphers cannot be used: "));
}

/* Written and read, it is the same; without its key, or as anything else, it is none. */
static void test_written(void)
{
	struct dtls_cert_options o = options();
	struct dtls_cert *cert = make(&o), *read;
	g_autofree char *pem = dtls_cert_write(cert);
	struct err err = { 0 };

	g_assert_nonnull(pem);
	read = dtls_cert_read(str_of(pem), &o, &err);
	g_assert_nonnull(read);
	for (int i = 0; i < DTLS_HASH_COUNT; i++)
		g_assert_true(fingerprint_equal(dtls_cert_fingerprint(cert, (enum dtls_hash)i),
			dtls_cert_fingerprint(read, (enum dtls_hash)i)));
	g_assert_true(dtls_cert_is_old(read, NOW_US));
	*strstr(pem, "-----BEGIN PRIVATE KEY") = '\0';
	g_assert_null(dtls_cert_read(str_of(pem), &o, &err));
	g_assert_true(g_str_has_prefix(err.text, "DTLS certificate cannot be read"));
	g_assert_null(dtls_cert_read(STR_LIT(""), &o, &err));
	ref_drop(cert);
	ref_drop(read);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/cert/hashes", test_all_hashes);
	g_test_add_func("/cert/old", test_old_after_half_its_life);
	g_test_add_func("/cert/written", test_written);
	g_test_add_func("/cert/rsa-and-sha1", test_rsa_and_sha1);
	g_test_add_func("/cert/unknown-ciphers", test_unknown_ciphers);
	return g_test_run();
}

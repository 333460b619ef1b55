/* SPDX-License-Identifier: GPL-3.0-or-later */
/* a=crypto: what is read, what is refused, and what is written. */
#include "srtp/sdes.h"

#include <errno.h>

#include <glib.h>

/* 30 bytes: 0x00 … 0x1d, and what comes of 46. */
#define KEY_30 "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd"
#define KEY_46 KEY_30 "Hh8gISIjJCUmJygpKissLQ"
#define KEY_44 KEY_30 "Hh8gISIjJCUmJygpKis"
#define KEY_38 KEY_30 "Hh8gISIjJCU"
#define KEY_28 "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGw"
#define CM_80  "AES_CM_128_HMAC_SHA1_80"

/* Exactly as long as it is, so that a sanitizer sees what is read beyond. */
static int parse(const char *text, struct sdes_crypto *ret)
{
	size_t len = strlen(text);
	g_autofree char *copy = g_memdup2(text, len);

	return sdes_parse((struct str){ copy, len }, ret);
}

/* What is read comes out as it came in, when written with `options`. */
static const struct {
	const char *text;
	unsigned options;
} kept[] = {
	{ "1 AEAD_AES_256_GCM inline:" KEY_44, 0 },
	{ "1 AEAD_AES_256_GCM inline:" KEY_44 "=", SDES_PAD },
	{ "2 AEAD_AES_128_GCM inline:" KEY_28, 0 },
	{ "2 AEAD_AES_128_GCM inline:" KEY_28 "==", SDES_PAD },
	{ "3 AES_256_CM_HMAC_SHA1_80 inline:" KEY_46, 0 },
	{ "4 AES_256_CM_HMAC_SHA1_32 inline:" KEY_46 "==", SDES_PAD },
	{ "5 AES_192_CM_HMAC_SHA1_80 inline:" KEY_38, 0 },
	{ "6 AES_192_CM_HMAC_SHA1_32 inline:" KEY_38 "=", SDES_PAD },
	{ "7 " CM_80 " inline:" KEY_30, 0 },
	{ "8 AES_CM_128_HMAC_SHA1_32 inline:" KEY_30, SDES_PAD },
	{ "9 F8_128_HMAC_SHA1_80 inline:" KEY_30, 0 },
	{ "10 F8_128_HMAC_SHA1_32 inline:" KEY_30, 0 },
	{ "11 NULL_HMAC_SHA1_80 inline:" KEY_30, 0 },
	{ "999999999 NULL_HMAC_SHA1_32 inline:" KEY_30, 0 },
	{ "0 " CM_80 " inline:" KEY_30, 0 },
	{ "1 " CM_80 " inline:" KEY_30 "|2^31", SDES_LIFETIME },
	{ "1 " CM_80 " inline:" KEY_30 "|2^31|1:4", SDES_LIFETIME },
	{ "1 " CM_80 " inline:" KEY_30 "|1:4", 0 },
	{ "1 " CM_80 " inline:" KEY_30 "|0:1", 0 },
	{ "1 " CM_80 " inline:" KEY_30 "|255:1", 0 },
	{ "1 " CM_80 " inline:" KEY_30 "|16777215:3", 0 },
	{ "1 " CM_80 " inline:" KEY_30 "|4294967295:255", 0 },
	{ "1 " CM_80 " inline:" KEY_30 " UNENCRYPTED_SRTP", 0 },
	{ "1 " CM_80 " inline:" KEY_30 " UNENCRYPTED_SRTCP", 0 },
	{ "1 " CM_80 " inline:" KEY_30 " UNAUTHENTICATED_SRTP", 0 },
	{ "999999999 AES_256_CM_HMAC_SHA1_80 inline:" KEY_46 "==|2^31|4294967295:255"
	  " UNENCRYPTED_SRTP UNENCRYPTED_SRTCP UNAUTHENTICATED_SRTP",
		SDES_PAD | SDES_LIFETIME },
};

static void test_comes_out_as_it_went_in(void)
{
	for (size_t i = 0; i < G_N_ELEMENTS(kept); i++) {
		char text[SDES_MAX_TEXT];
		struct sdes_crypto c;

		g_assert_cmpint(parse(kept[i].text, &c), ==, 0);
		g_assert_cmpuint(sdes_print(&c, kept[i].options, text), ==, strlen(kept[i].text));
		g_assert_cmpstr(text, ==, kept[i].text);
	}
}

/* Other ways to say the same. */
static const struct {
	const char *said, *written;
} rewritten[] = {
	{ "1 aes_cm_128_hmac_sha1_80 INLINE:" KEY_30, "1 " CM_80 " inline:" KEY_30 },
	{ "  1   " CM_80 "  inline:" KEY_30 "  ", "1 " CM_80 " inline:" KEY_30 },
	{ "007 " CM_80 " inline:" KEY_30, "7 " CM_80 " inline:" KEY_30 },
	{ "1 AEAD_AES_128_GCM inline:" KEY_28 "=", "1 AEAD_AES_128_GCM inline:" KEY_28 },
	{ "1 " CM_80 " inline:" KEY_30 "|2^48", "1 " CM_80 " inline:" KEY_30 },
	{ "1 " CM_80 " inline:" KEY_30 "|281474976710656|1:4",
		"1 " CM_80 " inline:" KEY_30 "|1:4" },
	{ "1 " CM_80 " inline:" KEY_30 "|1048576", "1 " CM_80 " inline:" KEY_30 },
	{ "1 " CM_80 " inline:" KEY_30 "|2^20|1:4;inline:" KEY_30 "|2^20|2:4",
		"1 " CM_80 " inline:" KEY_30 "|1:4" },
	{ "1 " CM_80 " inline:" KEY_30 " UNAUTHENTICATED_SRTP UNENCRYPTED_SRTP",
		"1 " CM_80 " inline:" KEY_30 " UNENCRYPTED_SRTP UNAUTHENTICATED_SRTP" },
	{ "1 " CM_80 " inline:" KEY_30 " -whatever=1", "1 " CM_80 " inline:" KEY_30 },
};

static void test_is_written_in_one_form(void)
{
	for (size_t i = 0; i < G_N_ELEMENTS(rewritten); i++) {
		char text[SDES_MAX_TEXT];
		struct sdes_crypto c;

		g_assert_cmpint(parse(rewritten[i].said, &c), ==, 0);
		sdes_print(&c, 0, text);
		g_assert_cmpstr(text, ==, rewritten[i].written);
	}
}

static const struct {
	const char *text;
	int error;
} refused[] = {
	{ "", -EBADMSG },
	{ "1", -EBADMSG },
	{ "1 " CM_80, -EBADMSG },
	{ "x " CM_80 " inline:" KEY_30, -EBADMSG },
	{ "-1 " CM_80 " inline:" KEY_30, -EBADMSG },
	{ "1000000000 " CM_80 " inline:" KEY_30, -EBADMSG },
	{ "1 AES_CM_128_HMAC_SHA1_81 inline:" KEY_30, -ENOTSUP },
	{ "1 AES_CM_128_HMAC_SHA1_8 inline:" KEY_30, -ENOTSUP },
	{ "1 SEED_CTR_128_HMAC_SHA1_80 inline:" KEY_30, -ENOTSUP },
	{ "1 " CM_80 " " KEY_30, -EBADMSG },
	{ "1 " CM_80 " outline:" KEY_30, -EBADMSG },
	{ "1 " CM_80 " inline:", -EBADMSG },
	{ "1 " CM_80 " inline:" KEY_28, -EBADMSG },
	{ "1 " CM_80 " inline:" KEY_30 "A", -EBADMSG },
	{ "1 " CM_80 " inline:" KEY_30 "=", -EBADMSG },
	{ "1 AEAD_AES_128_GCM inline:" KEY_28 "===", -EBADMSG },
	{ "1 AEAD_AES_128_GCM inline:" KEY_28 "A=", -EBADMSG },
	{ "1 " CM_80 " inline:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaG?wd", -EBADMSG },
	{ "1 " CM_80 " inline:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxw=", -EBADMSG },
	{ "1 " CM_80 " inline:" KEY_30 "|", -EBADMSG },
	{ "1 " CM_80 " inline:" KEY_30 "||1:4", -EBADMSG },
	{ "1 " CM_80 " inline:" KEY_30 "|2^49", -EBADMSG },
	{ "1 " CM_80 " inline:" KEY_30 "|2^", -EBADMSG },
	{ "1 " CM_80 " inline:" KEY_30 "|281474976710657", -EBADMSG },
	{ "1 " CM_80 " inline:" KEY_30 "|99999999999999999999999", -EBADMSG },
	{ "1 " CM_80 " inline:" KEY_30 "|x", -EBADMSG },
	{ "1 " CM_80 " inline:" KEY_30 "|2^20|2^20", -EBADMSG },
	{ "1 " CM_80 " inline:" KEY_30 "|1:4|2^20", -EBADMSG },
	{ "1 " CM_80 " inline:" KEY_30 "|2^20|1:4|1:4", -EBADMSG },
	{ "1 " CM_80 " inline:" KEY_30 "|1:", -EBADMSG },
	{ "1 " CM_80 " inline:" KEY_30 "|:4", -EBADMSG },
	{ "1 " CM_80 " inline:" KEY_30 "|1:0", -EBADMSG },
	{ "1 " CM_80 " inline:" KEY_30 "|1:256", -EBADMSG },
	{ "1 " CM_80 " inline:" KEY_30 "|4294967296:8", -EBADMSG },
	{ "1 " CM_80 " inline:" KEY_30 "|256:1", -EBADMSG },
	{ "1 " CM_80 " inline:" KEY_30 "|1:4:4", -EBADMSG },
	{ "1 " CM_80 " inline:" KEY_30 " KDR=1", -ENOTSUP },
	{ "1 " CM_80 " inline:" KEY_30 " WSH=128", -ENOTSUP },
	{ "1 " CM_80 " inline:" KEY_30 " FEC_ORDER=FEC_SRTP", -ENOTSUP },
	{ "1 " CM_80 " inline:" KEY_30 " UNENCRYPTED_SRTP UNENCRYPTED", -ENOTSUP },
};

static void test_what_is_refused_writes_nothing(void)
{
	struct sdes_crypto c, before;

	memset(&before, 0x5a, sizeof(before));
	memset(&c, 0x5a, sizeof(c));
	for (size_t i = 0; i < G_N_ELEMENTS(refused); i++) {
		g_test_message("%s", refused[i].text);
		g_assert_cmpint(parse(refused[i].text, &c), ==, refused[i].error);
		g_assert_cmpmem(&c, sizeof(c), &before, sizeof(before));
	}
}

static void test_fields(void)
{
	static const uint8_t mki[] = { 0, 0, 0, 0, 1, 2 };
	struct sdes_crypto c;

	g_assert_cmpint(
		parse("5 AES_256_CM_HMAC_SHA1_32 inline:" KEY_46 "|2^20|258:6 UNENCRYPTED_SRTCP",
			&c),
		==, 0);
	g_assert_cmpuint(c.tag, ==, 5);
	g_assert_cmpuint(c.params.suite, ==, SRTP_AES_256_CM_32);
	for (unsigned i = 0; i < 32; i++)
		g_assert_cmpuint(c.params.key[i], ==, i);
	for (unsigned i = 0; i < 14; i++)
		g_assert_cmpuint(c.params.salt[i], ==, 32 + i);
	g_assert_cmpmem(c.params.mki, c.params.mki_len, mki, sizeof(mki));
	g_assert_true(c.params.unencrypted_srtcp);
	g_assert_false(c.params.unencrypted_srtp);
	g_assert_false(c.params.unauthenticated_srtp);
}

/* Each suite's new key has its length, differs from the one before, and can be read again. */
static void test_new_keys(void)
{
	for (int suite = 0; suite < SRTP_SUITE_COUNT; suite++) {
		char text[SDES_MAX_TEXT], key[SDES_MAX_TEXT];
		struct sdes_crypto c = { .tag = 1 }, again;
		struct srtp_params other;

		g_assert_cmpint(sdes_generate((enum srtp_suite_id)suite, &c.params), ==, 0);
		g_assert_cmpint(sdes_generate((enum srtp_suite_id)suite, &other), ==, 0);
		g_assert_cmpuint(c.params.mki_len, ==, 0);
		g_assert_false(srtp_params_equal(&c.params, &other));
		sdes_print(&c, 0, text);
		g_assert_cmpint(parse(text, &again), ==, 0);
		g_assert_true(srtp_params_equal(&c.params, &again.params));
		sdes_print_key(&c.params, key);
		g_assert_true(g_str_has_suffix(text, key));
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/srtp/sdes/comes_out_as_it_went_in", test_comes_out_as_it_went_in);
	g_test_add_func("/srtp/sdes/is_written_in_one_form", test_is_written_in_one_form);
	g_test_add_func(
		"/srtp/sdes/what_is_refused_writes_nothing", test_what_is_refused_writes_nothing);
	g_test_add_func("/srtp/sdes/fields", test_fields);
	g_test_add_func("/srtp/sdes/new_keys", test_new_keys);
	return g_test_run();
}

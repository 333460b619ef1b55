/* SPDX-License-Identifier: GPL-3.0-or-later */
/* a=fingerprint: what is read, what is refused, what is written, and which one of several counts. */
#include "dtls/fingerprint.h"

#include <errno.h>

#include <glib.h>

#define SHA1_TEXT "sha-1 10:32:54:76:98:BA:DC:FE:01:23:45:67:89:AB:CD:EF:11:22:33:44"

/* Exactly as long as it is, so that a sanitizer sees what is read beyond. */
static int parse(const char *text, struct fingerprint *ret)
{
	size_t len = strlen(text);
	g_autofree char *copy = g_memdup2(text, len);

	return fingerprint_parse((struct str){ copy, len }, ret);
}

static void test_comes_out_as_it_went_in(void)
{
	for (int hash = 0; hash < DTLS_HASH_COUNT; hash++) {
		struct fingerprint f = { .hash = (uint8_t)hash }, g;
		char text[FINGERPRINT_MAX_TEXT];

		for (unsigned i = 0; i < dtls_hash_bytes((enum dtls_hash)hash); i++)
			f.bytes[i] = (uint8_t)(i * 7 + 250);
		g_assert_cmpuint(fingerprint_print(&f, text), ==, strlen(text));
		g_assert_cmpint(parse(text, &g), ==, 0);
		g_assert_true(fingerprint_equal(&f, &g));
		g.bytes[dtls_hash_bytes((enum dtls_hash)hash) - 1] ^= 1;
		g_assert_false(fingerprint_equal(&f, &g));
	}
}

static void test_either_case_is_read_upper_written(void)
{
	char text[FINGERPRINT_MAX_TEXT];
	struct fingerprint f;

	g_assert_cmpint(
		parse("SHA-1  10:32:54:76:98:ba:dc:fe:01:23:45:67:89:ab:cd:ef:11:22:33:44 ", &f),
		==, 0);
	fingerprint_print(&f, text);
	g_assert_cmpstr(text, ==, SHA1_TEXT);
}

static const struct {
	const char *text;
	int error;
} refused[] = {
	{ "", -EBADMSG },
	{ "sha-1", -EBADMSG },
	{ "sha-1 ", -EBADMSG },
	{ "md5 10:32", -ENOTSUP },
	{ "sha-256 10:32:54:76:98:BA:DC:FE:01:23:45:67:89:AB:CD:EF:11:22:33:44", -EBADMSG },
	{ SHA1_TEXT ":", -EBADMSG },
	{ SHA1_TEXT ":55", -EBADMSG },
	{ SHA1_TEXT " x", -EBADMSG },
	{ "sha-1 10:32:54:76:98:BA:DC:FE:01:23:45:67:89:AB:CD:EF:11:22:33:4", -EBADMSG },
	{ "sha-1 10:32:54:76:98:BA:DC:FE:01:23:45:67:89:AB:CD:EF:11:22:33:4G", -EBADMSG },
	{ "sha-1 10-32:54:76:98:BA:DC:FE:01:23:45:67:89:AB:CD:EF:11:22:33:44", -EBADMSG },
};

static void test_refused(void)
{
	struct fingerprint f = { .hash = 99 };

	for (size_t i = 0; i < G_N_ELEMENTS(refused); i++)
		g_assert_cmpint(parse(refused[i].text, &f), ==, refused[i].error);
	g_assert_cmpint(f.hash, ==, 99);
}

static void test_strongest_of_several_counts(void)
{
	struct fingerprint_set set = { 0 }, other;

	g_assert_cmpint(fingerprint_set_hash(&set), <, 0);
	set.count = 2;
	set.all[0].hash = DTLS_SHA384;
	set.all[1].hash = DTLS_SHA1;
	set.all[1].bytes[3] = 7;
	g_assert_cmpint(fingerprint_set_hash(&set), ==, DTLS_SHA384);
	g_assert_true(fingerprint_set_has(&set, &set.all[1]));
	other = set;
	g_assert_true(fingerprint_set_equal(&set, &other));
	other.all[1].bytes[3] = 8;
	g_assert_false(fingerprint_set_has(&set, &other.all[1]));
	g_assert_false(fingerprint_set_equal(&set, &other));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/fingerprint/round-trip", test_comes_out_as_it_went_in);
	g_test_add_func("/fingerprint/case", test_either_case_is_read_upper_written);
	g_test_add_func("/fingerprint/refused", test_refused);
	g_test_add_func("/fingerprint/strongest", test_strongest_of_several_counts);
	return g_test_run();
}

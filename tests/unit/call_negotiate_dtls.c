/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What bodies say of DTLS, who begins, and when an association begins anew. */
#include "base/ref.h"
#include "call/dtls.h"

#include <glib.h>

#define PRINT_1 "10:32:54:76:98:BA:DC:FE:01:23:45:67:89:AB:CD:EF:11:22:33:44"
#define PRINT_2 "20:32:54:76:98:BA:DC:FE:01:23:45:67:89:AB:CD:EF:11:22:33:44"

/* `session` and `section`: lines of attributes. */
static bool read_said(const char *session, const char *section, struct dtls_said *ret)
{
	g_autofree char *text = g_strdup_printf("v=0\r\no=a 1 1 IN IP4 192.0.2.10\r\ns=-\r\n"
						"c=IN IP4 192.0.2.10\r\nt=0 0\r\n%s"
						"m=audio 41000 RTP/SAVP 0\r\n%s",
		session, section);
	struct sdp *sdp;
	bool said;

	g_assert_cmpint(sdp_parse(str_of(text), false, &sdp, NULL), ==, 0);
	said = negotiate_dtls_said(&sdp->media[0], ret);
	ref_drop(sdp);
	return said;
}

static void test_takes_both_lines(void)
{
	struct dtls_said said;

	g_assert_false(read_said("", "a=setup:active\r\n", &said));
	g_assert_false(read_said("", "a=fingerprint:sha-1 " PRINT_1 "\r\n", &said));
	g_assert_false(read_said("", "a=setup:active\r\na=fingerprint:md5 " PRINT_1 "\r\n", &said));
	g_assert_true(
		read_said("", "a=setup:PASSIVE\r\na=fingerprint:SHA-1 " PRINT_1 "\r\n", &said));
	g_assert_cmpint(said.setup, ==, SETUP_PASSIVE);
	g_assert_cmpuint(said.fingerprints.count, ==, 1);
	g_assert_cmpuint(said.tls_id, ==, 0);
}

static void test_session_counts_where_section_is_silent(void)
{
	struct dtls_said said;

	g_assert_true(read_said("a=setup:actpass\r\na=fingerprint:sha-1 " PRINT_1 "\r\n",
		"a=fingerprint:sha-1 " PRINT_2 "\r\n", &said));
	g_assert_cmpint(said.setup, ==, SETUP_ACTPASS);
	g_assert_cmpuint(said.fingerprints.count, ==, 1);
	g_assert_cmpuint(said.fingerprints.all[0].bytes[0], ==, 0x20);
}

static void test_no_more_fingerprints_than_fit(void)
{
	g_autoptr(GString) lines = g_string_new("a=setup:active\r\n");
	struct dtls_said said;

	for (unsigned i = 0; i < 2 * FINGERPRINT_MAX_COUNT; i++)
		g_string_append(lines, "a=fingerprint:sha-1 " PRINT_1 "\r\n");
	g_assert_true(read_said("", lines->str, &said));
	g_assert_cmpuint(said.fingerprints.count, ==, FINGERPRINT_MAX_COUNT);
}

static void test_roles(void)
{
	static const struct {
		enum dtls_setup said;
		bool passive;
		enum dtls_setup ours;
	} roles[] = {
		{ SETUP_ACTPASS, false, SETUP_ACTIVE },
		{ SETUP_ACTPASS, true, SETUP_PASSIVE },
		{ SETUP_ACTIVE, false, SETUP_PASSIVE },
		{ SETUP_PASSIVE, true, SETUP_ACTIVE },
		{ SETUP_HOLDCONN, true, SETUP_HOLDCONN },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(roles); i++)
		g_assert_cmpint(
			negotiate_dtls_role(roles[i].said, roles[i].passive), ==, roles[i].ours);
}

static struct dtls_said said_with(const char *print, const char *tls_id)
{
	g_autofree char *lines = g_strdup_printf("a=setup:active\r\na=fingerprint:sha-1 %s\r\n%s%s",
		print, tls_id ? tls_id : "", tls_id ? "\r\n" : "");
	struct dtls_said said;

	g_assert_true(read_said("", lines, &said));
	return said;
}

/* Credentials of ICE that change take an association along that neither side has a name for. */
static void test_restarts_with_ice(void)
{
	struct dtls_said before, now, named = said_with(PRINT_1, "a=tls-id:abcabcabcabcabcabcabc1");

	g_assert_true(read_said("a=fingerprint:sha-1 " PRINT_1 "\r\na=setup:actpass\r\n",
		"a=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuv\r\n", &before));
	g_assert_true(read_said("a=fingerprint:sha-1 " PRINT_1 "\r\na=setup:actpass\r\n",
		"a=ice-ufrag:abcd\r\na=ice-pwd:bbcdefghijklmnopqrstuv\r\n", &now));
	g_assert_false(negotiate_dtls_restarts(&before, &before, false));
	g_assert_true(negotiate_dtls_restarts(&before, &now, false));
	g_assert_false(negotiate_dtls_restarts(&before, &now, true));
	g_assert_false(negotiate_dtls_restarts(&before, &named, false));
}

static void test_restarts(void)
{
	struct dtls_said plain = said_with(PRINT_1, NULL), other = said_with(PRINT_2, NULL);
	struct dtls_said x = said_with(PRINT_1, "a=tls-id:abcabcabcabcabcabcabc1");
	struct dtls_said y = said_with(PRINT_1, "a=tls-id:abcabcabcabcabcabcabc2");

	g_assert_false(negotiate_dtls_restarts(&plain, &plain, true));
	g_assert_false(negotiate_dtls_restarts(&x, &x, true));
	g_assert_true(negotiate_dtls_restarts(&plain, &other, true));
	g_assert_true(negotiate_dtls_restarts(&x, &y, true));
	g_assert_true(negotiate_dtls_restarts(&x, &plain, true));
	g_assert_false(negotiate_dtls_restarts(&plain, &x, true));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/negotiate-dtls/both-lines", test_takes_both_lines);
	g_test_add_func("/negotiate-dtls/session", test_session_counts_where_section_is_silent);
	g_test_add_func("/negotiate-dtls/bounded", test_no_more_fingerprints_than_fit);
	g_test_add_func("/negotiate-dtls/roles", test_roles);
	g_test_add_func("/negotiate-dtls/restarts", test_restarts);
	g_test_add_func("/negotiate-dtls/restarts-with-ice", test_restarts_with_ice);
	return g_test_run();
}

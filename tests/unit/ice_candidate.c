/* SPDX-License-Identifier: GPL-3.0-or-later */
/* a=candidate: what is read, what is passed over, and how priorities come about. */
#include "ice/candidate.h"

#include <errno.h>

#include <glib.h>

/* Exactly as long as it is, so that a sanitizer sees what is read beyond. */
static int parse(const char *text, struct ice_candidate *ret)
{
	size_t len = strlen(text);
	g_autofree char *copy = g_memdup2(text, len);

	return ice_candidate_parse((struct str){ copy, len }, ret);
}

static const char *const kept[] = {
	"1 1 UDP 2130706431 192.0.2.1 30000 typ host",
	"aB3+/ 2 UDP 1 2001:db8::1 65535 typ host",
	"1 1 UDP 1694498815 192.0.2.1 4000 typ srflx raddr 10.0.0.1 rport 5000",
	"1 1 UDP 16777215 192.0.2.1 4000 typ relay raddr 192.0.2.1 rport 4000",
	"1 1 UDP 1862270975 192.0.2.1 4000 typ prflx",
	"abcdefghijklmnopqrstuvwxyz012345 1 UDP 4294967295 192.0.2.1 4000 typ host",
};

static const struct {
	const char *text;
	int error;
} refused[] = {
	{ "", -EBADMSG },
	{ "1 1 UDP 2130706431 192.0.2.1 30000 typ", -EBADMSG },
	{ "1 1 UDP 2130706431 192.0.2.1 30000 tip host", -EBADMSG },
	{ "1 0 UDP 2130706431 192.0.2.1 30000 typ host", -EBADMSG },
	{ "1 1 UDP 0 192.0.2.1 30000 typ host", -EBADMSG },
	{ "1 1 UDP 4294967296 192.0.2.1 30000 typ host", -EBADMSG },
	{ "1 1 UDP 1 192.0.2.1 0 typ host", -EBADMSG },
	{ "1 1 UDP 1 192.0.2.1 65536 typ host", -EBADMSG },
	{ "1 1 UDP 1 192.0.2.1 -1 typ host", -EBADMSG },
	{ "1 1 UDP 1 0.0.0.0 30000 typ host", -EBADMSG },
	{ "a.b 1 UDP 1 192.0.2.1 30000 typ host", -EBADMSG },
	{ "abcdefghijklmnopqrstuvwxyz0123456 1 UDP 1 192.0.2.1 30000 typ host", -EBADMSG },
	{ "1 3 UDP 1 192.0.2.1 30000 typ host", -ENOTSUP },
	{ "1 1 TCP 1 192.0.2.1 9 typ host tcptype active", -ENOTSUP },
	{ "1 1 UDP 1 8f0cb7c6-11.local 30000 typ host", -ENOTSUP },
	{ "1 1 UDP 1 192.0.2.1 30000 typ other", -ENOTSUP },
};

static void test_kept(void)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(kept); i++) {
		char text[ICE_CANDIDATE_TEXT];
		struct ice_candidate c;

		g_assert_cmpint(parse(kept[i], &c), ==, 0);
		g_assert_cmpuint(ice_candidate_print(&c, text), ==, strlen(kept[i]));
		g_assert_cmpstr(text, ==, kept[i]);
	}
}

static void test_refused(void)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(refused); i++) {
		struct ice_candidate c;

		g_assert_cmpint(parse(refused[i].text, &c), ==, refused[i].error);
	}
}

/* As browsers write them. */
static void test_extensions(void)
{
	struct ice_candidate c;

	g_assert_cmpint(
		parse("842163049 1 udp 1677729535 203.0.113.9 61000 typ srflx raddr 0.0.0.0 "
		      "rport 0 generation 0 ufrag EEtu network-cost 999",
			&c),
		==, 0);
	g_assert_cmpint(c.type, ==, ICE_SRFLX);
	g_assert_cmpuint(c.addr.port, ==, 61000);
	g_assert_cmpint(
		parse("1 1 UDP 1 192.0.2.1 30000 typ host raddr nonsense rport x odd", &c), ==, 0);
	g_assert_cmpuint(c.related.family, ==, ADDR_NONE);
}

static void test_priorities(void)
{
	g_assert_cmpuint(ice_priority(ICE_HOST, 0, 1), ==, 2130706431);
	g_assert_cmpuint(ice_priority(ICE_HOST, 0, 2), ==, 2130706430);
	g_assert_cmpuint(ice_priority(ICE_HOST, 1, 1), ==, 2130706175);
	g_assert_cmpuint(ice_priority(ICE_RELAY, 0, 1), ==, 16777215);
	g_assert_cmpuint(ice_priority(ICE_RELAY, 0, 2), ==, 16777214);
	g_assert_cmpuint(ice_priority_prflx(2130706431), ==, 1862270975);
	g_assert_cmpuint(ice_pair_priority(2, 1), ==, (UINT64_C(1) << 32) + 5);
	g_assert_cmpuint(ice_pair_priority(1, 2), ==, (UINT64_C(1) << 32) + 4);
	g_assert_cmpuint(ice_pair_priority(UINT32_MAX, UINT32_MAX), ==,
		((uint64_t)UINT32_MAX << 32) + ((uint64_t)UINT32_MAX << 1));
}

static void test_credentials(void)
{
	g_assert_true(ice_ufrag_valid(STR_LIT("aB+/")));
	g_assert_false(ice_ufrag_valid(STR_LIT("abc")));
	g_assert_false(ice_ufrag_valid(STR_LIT("ab:d")));
	g_assert_true(ice_pwd_valid(STR_LIT("0123456789012345678901")));
	g_assert_false(ice_pwd_valid(STR_LIT("012345678901234567890")));
	g_assert_false(ice_pwd_valid(STR_LIT("012345678901234567890 ")));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/ice/candidate/kept", test_kept);
	g_test_add_func("/ice/candidate/refused", test_refused);
	g_test_add_func("/ice/candidate/extensions", test_extensions);
	g_test_add_func("/ice/candidate/priorities", test_priorities);
	g_test_add_func("/ice/candidate/credentials", test_credentials);
	return g_test_run();
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* STUN: the vectors of RFC 5769, what is refused, and what is built. */
#include "ice/stun.h"

#include <glib.h>

#define PASSWORD STR_LIT("VOkJxbRl1RmTxUk/WvJxBt")

static const uint8_t request[] = {
	/* header */
	0x00, 0x01, 0x00, 0x58, 0x21, 0x12, 0xa4, 0x42, 0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6,
	0x86, 0xfa, 0x87, 0xdf, 0xae,
	/* SOFTWARE */
	0x80, 0x22, 0x00, 0x10, 'S', 'T', 'U', 'N', ' ', 't', 'e', 's', 't', ' ', 'c', 'l', 'i',
	'e', 'n', 't',
	/* PRIORITY */
	0x00, 0x24, 0x00, 0x04, 0x6e, 0x00, 0x01, 0xff,
	/* ICE-CONTROLLED */
	0x80, 0x29, 0x00, 0x08, 0x93, 0x2f, 0xf9, 0xb1, 0x51, 0x26, 0x3b, 0x36,
	/* USERNAME */
	0x00, 0x06, 0x00, 0x09, 'e', 'v', 't', 'j', ':', 'h', '6', 'v', 'Y', ' ', ' ', ' ',
	/* MESSAGE-INTEGRITY */
	0x00, 0x08, 0x00, 0x14, 0x9a, 0xea, 0xa7, 0x0c, 0xbf, 0xd8, 0xcb, 0x56, 0x78, 0x1e, 0xf2,
	0xb5, 0xb2, 0xd3, 0xf2, 0x49, 0xc1, 0xb5, 0x71, 0xa2,
	/* FINGERPRINT */
	0x80, 0x28, 0x00, 0x04, 0xe5, 0x7a, 0x3b, 0xcf
};

static const uint8_t response4[] = { 0x01, 0x01, 0x00, 0x3c, 0x21, 0x12, 0xa4, 0x42, 0xb7, 0xe7,
	0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae, 0x80, 0x22, 0x00, 0x0b, 't',
	'e', 's', 't', ' ', 'v', 'e', 'c', 't', 'o', 'r', ' ', 0x00, 0x20, 0x00, 0x08, 0x00, 0x01,
	0xa1, 0x47, 0xe1, 0x12, 0xa6, 0x43, 0x00, 0x08, 0x00, 0x14, 0x2b, 0x91, 0xf5, 0x99, 0xfd,
	0x9e, 0x90, 0xc3, 0x8c, 0x74, 0x89, 0xf9, 0x2a, 0xf9, 0xba, 0x53, 0xf0, 0x6b, 0xe7, 0xd7,
	0x80, 0x28, 0x00, 0x04, 0xc0, 0x7d, 0x4c, 0x96 };

static const uint8_t response6[] = { 0x01, 0x01, 0x00, 0x48, 0x21, 0x12, 0xa4, 0x42, 0xb7, 0xe7,
	0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae, 0x80, 0x22, 0x00, 0x0b, 't',
	'e', 's', 't', ' ', 'v', 'e', 'c', 't', 'o', 'r', ' ', 0x00, 0x20, 0x00, 0x14, 0x00, 0x02,
	0xa1, 0x47, 0x01, 0x13, 0xa9, 0xfa, 0xa5, 0xd3, 0xf1, 0x79, 0xbc, 0x25, 0xf4, 0xb5, 0xbe,
	0xd2, 0xb9, 0xd9, 0x00, 0x08, 0x00, 0x14, 0xa3, 0x82, 0x95, 0x4e, 0x4b, 0xe6, 0x7b, 0xf1,
	0x17, 0x84, 0xc9, 0x7c, 0x82, 0x92, 0xc2, 0x75, 0xbf, 0xe3, 0xed, 0x41, 0x80, 0x28, 0x00,
	0x04, 0xc8, 0xfb, 0x0b, 0x4c };

/* Exactly as long as it is, so that a sanitizer sees what is read beyond. */
static bool parses(const uint8_t *data, size_t len)
{
	g_autofree uint8_t *copy = g_memdup2(data, len);
	struct stun stun;

	return stun_parse(copy, len, &stun);
}

static void test_request(void)
{
	struct stun stun;

	g_assert_true(stun_parse(request, sizeof(request), &stun));
	g_assert_cmpint(stun.cls, ==, STUN_REQUEST);
	g_assert_true(str_is(stun.username, "evtj:h6vY"));
	g_assert_cmpuint(stun.priority, ==, 0x6e0001ff);
	g_assert_true(stun.controlled && !stun.controlling && !stun.use_candidate);
	g_assert_cmpuint(stun.tie_breaker, ==, 0x932ff9b151263b36);
	g_assert_cmpuint(stun.unknown_count, ==, 0);
	g_assert_true(stun_authentic(&stun, PASSWORD));
	g_assert_false(stun_authentic(&stun, STR_LIT("VOkJxbRl1RmTxUk/WvJxBT")));
}

static void test_responses(void)
{
	char text[ADDR_TEXT];
	struct stun stun;

	g_assert_true(stun_parse(response4, sizeof(response4), &stun));
	g_assert_cmpint(stun.cls, ==, STUN_SUCCESS);
	g_assert_cmpstr(addr_print(&stun.mapped, text), ==, "192.0.2.1:32853");
	g_assert_true(stun_authentic(&stun, PASSWORD));
	g_assert_true(stun_parse(response6, sizeof(response6), &stun));
	g_assert_cmpstr(
		addr_print(&stun.mapped, text), ==, "[2001:db8:1234:5678:11:2233:4455:6677]:32853");
	g_assert_true(stun_authentic(&stun, PASSWORD));
}

/* Any bit that is not as it was made, and any other length. */
static void test_damage(void)
{
	for (size_t i = 0; i < sizeof(request); i++) {
		uint8_t copy[sizeof(request)];

		memcpy(copy, request, sizeof(request));
		copy[i] ^= 1U << i % 8;
		g_assert_false(parses(copy, sizeof(copy)));
		g_assert_false(parses(request, i));
	}
}

static void test_built(void)
{
	static const uint8_t transaction[STUN_TRANSACTION_BYTES] = "transaction";
	struct addr addr = { .family = ADDR_IP6, .port = 4711, .ip = { 0x20, 1, 0xd, 0xb8 } };
	struct stun_build build;
	struct stun stun;
	char key[200];

	memset(key, 'k', sizeof(key));
	stun_build(&build, STUN_REQUEST, transaction);
	stun_add_software(&build, STR_LIT("soft"));
	stun_add_username(&build, STR_LIT("abcd"), STR_LIT("efghi"));
	stun_add_role(&build, true, 0x123456789abcdef0);
	stun_add_priority(&build, 77);
	stun_add_use_candidate(&build);
	stun_add_mapped(&build, &addr);
	g_assert_cmpuint(stun_build_end(&build, (struct str){ key, sizeof(key) }), >, 0);
	g_assert_true(stun_parse(build.data, build.len, &stun));
	g_assert_true(str_is(stun.username, "abcd:efghi"));
	g_assert_true(stun.controlling && stun.use_candidate);
	g_assert_cmpuint(stun.tie_breaker, ==, 0x123456789abcdef0);
	g_assert_cmpuint(stun.priority, ==, 77);
	g_assert_true(addr_equal(&stun.mapped, &addr));
	g_assert_cmpmem(stun.transaction, STUN_TRANSACTION_BYTES, transaction, sizeof(transaction));
	g_assert_true(stun_authentic(&stun, (struct str){ key, sizeof(key) }));
	g_assert_false(stun_authentic(&stun, (struct str){ key, sizeof(key) - 1 }));
}

static void test_errors(void)
{
	static const uint8_t transaction[STUN_TRANSACTION_BYTES] = { 1 };
	static const uint16_t types[] = { 0x7001, 0x7002, 0x7003 };
	struct stun_build build;
	struct stun stun;

	stun_build(&build, STUN_ERROR, transaction);
	stun_add_error(&build, STUN_UNKNOWN_ATTRIBUTE);
	stun_add_unknown(&build, types, G_N_ELEMENTS(types));
	stun_build_end(&build, STR_NULL);
	g_assert_true(stun_parse(build.data, build.len, &stun));
	g_assert_cmpint(stun.cls, ==, STUN_ERROR);
	g_assert_cmpuint(stun.code, ==, 420);
	g_assert_false(stun_authentic(&stun, PASSWORD));
}

/* Puts in an attribute that is not known, before what ends the message. */
static bool with_attribute(unsigned type, size_t bytes, struct stun *ret)
{
	static struct stun_build build;
	static const uint8_t transaction[STUN_TRANSACTION_BYTES] = { 2 };

	stun_build(&build, STUN_REQUEST, transaction);
	stun_add_priority(&build, 1);
	build.data[20] = (uint8_t)(type >> 8);
	build.data[21] = (uint8_t)type;
	build.data[23] = (uint8_t)bytes;
	return stun_parse(build.data, stun_build_end(&build, STR_LIT("p")), ret);
}

static void test_attributes(void)
{
	struct stun stun;

	g_assert_true(with_attribute(0x7fff, 4, &stun));
	g_assert_cmpuint(stun.unknown_count, ==, 1);
	g_assert_cmpuint(stun.unknown[0], ==, 0x7fff);
	g_assert_true(with_attribute(0xc057, 4, &stun));
	g_assert_cmpuint(stun.unknown_count, ==, 0);
	g_assert_false(with_attribute(0x0024, 3, &stun));   /* PRIORITY of 3 bytes */
	g_assert_false(with_attribute(0x0025, 4, &stun));   /* USE-CANDIDATE with a value */
	g_assert_false(with_attribute(0x8029, 4, &stun));   /* half a tie breaker */
	g_assert_false(with_attribute(0x0020, 4, &stun));   /* an address of no family */
	g_assert_false(with_attribute(0x0008, 4, &stun));   /* a short MESSAGE-INTEGRITY */
	g_assert_false(with_attribute(0x7fff, 200, &stun)); /* beyond the end */
}

static void test_overflow(void)
{
	static const uint8_t transaction[STUN_TRANSACTION_BYTES] = { 3 };
	struct stun_build build;
	char name[STUN_MAX_BYTES];

	memset(name, 'n', sizeof(name));
	stun_build(&build, STUN_REQUEST, transaction);
	stun_add_software(&build, (struct str){ name, sizeof(name) });
	stun_add_priority(&build, 1);
	g_assert_cmpuint(stun_build_end(&build, PASSWORD), ==, 0);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/ice/stun/request", test_request);
	g_test_add_func("/ice/stun/responses", test_responses);
	g_test_add_func("/ice/stun/damage", test_damage);
	g_test_add_func("/ice/stun/built", test_built);
	g_test_add_func("/ice/stun/errors", test_errors);
	g_test_add_func("/ice/stun/attributes", test_attributes);
	g_test_add_func("/ice/stun/overflow", test_overflow);
	return g_test_run();
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Header extensions of both forms, and what contradicts itself. */
#include "rtp/extension.h"

#include <string.h>

#include <glib.h>

enum { HEADER = 12, ROOM = 64 };

/* A packet of 12 bytes and what comes behind, in a buffer of just that size. */
static uint8_t *packet(const uint8_t *behind, size_t len)
{
	uint8_t *data = g_malloc0(HEADER + len);

	data[0] = 0x90;
	memcpy(data + HEADER, behind, len);
	return data;
}

/* The extensions as "id=value id=value", values in hex. */
static char *list(const uint8_t *behind, size_t len)
{
	g_autofree uint8_t *data = packet(behind, len);
	GString *out = g_string_new(NULL);
	struct rtp_extensions walk;
	struct rtp_extension e;

	if (!rtp_extensions_begin(data, HEADER + len, &walk))
		return g_string_free(g_string_assign(out, "none"), FALSE);
	while (rtp_extensions_next(&walk, &e)) {
		g_assert_true(e.element + e.element_len <= data + HEADER + len);
		g_string_append_printf(out, "%s%u=", out->len ? " " : "", e.id);
		for (size_t i = 0; i < e.len; i++)
			g_string_append_printf(out, "%02x", e.value[i]);
	}
	return g_string_free(out, FALSE);
}

static void check(const char *want, const uint8_t *behind, size_t len)
{
	g_autofree char *got = list(behind, len);

	g_assert_cmpstr(got, ==, want);
}

#define CHECK(want, ...)                                         \
	do {                                                     \
		static const uint8_t behind[] = { __VA_ARGS__ }; \
		check(want, behind, sizeof(behind));             \
	} while (0)

static void test_one_byte(void)
{
	CHECK("1=aa 2=bbcc", 0xbe, 0xde, 0, 2, 0x10, 0xaa, 0, 0, 0x21, 0xbb, 0xcc, 0);
	CHECK("1=aa", 0xbe, 0xde, 0, 1, 0x10, 0xaa, 0xf0, 0x11);
	CHECK("", 0xbe, 0xde, 0, 0, 1, 2, 3, 4);
}

static void test_two_bytes(void)
{
	CHECK("200=aa 3= 15=bb", 0x10, 0x00, 0, 3, 200, 1, 0xaa, 3, 0, 0, 15, 1, 0xbb, 0, 0, 0);
}

static void test_what_lies(void)
{
	CHECK("none", 0x12, 0x34, 0, 1, 0x10, 0xaa, 0, 0);
	CHECK("none", 0xbe, 0xde, 0);
	/* An element, or all of them, longer than the packet. */
	CHECK("1=aabb", 0xbe, 0xde, 0, 9, 0x1f, 0xaa, 0xbb);
	CHECK("7=", 0x10, 0x00, 0, 1, 0, 0, 7, 9);
	CHECK("", 0x10, 0x00, 0, 1, 0, 0, 0, 9);
}

static void test_packet_without(void)
{
	uint8_t data[HEADER] = { 0x80 };
	struct rtp_extensions walk;

	g_assert_false(rtp_extensions_begin(data, sizeof(data), &walk));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/rtp/extension/one-byte", test_one_byte);
	g_test_add_func("/rtp/extension/two-bytes", test_two_bytes);
	g_test_add_func("/rtp/extension/what-lies", test_what_lies);
	g_test_add_func("/rtp/extension/packet-without", test_packet_without);
	return g_test_run();
}

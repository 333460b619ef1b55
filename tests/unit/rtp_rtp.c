/* SPDX-License-Identifier: GPL-3.0-or-later */
/* RTP headers: fields, bounds, and the kinds of datagram. */
#include "rtp/rtp.h"

#include <errno.h>
#include <string.h>

#include <glib.h>

/* Parses a copy of exactly `len` bytes, so that a sanitizer sees each byte read beyond. */
static int parse_exact(const uint8_t *data, size_t len, struct rtp_header *ret)
{
	g_autofree uint8_t *copy = g_memdup2(data, len);

	return rtp_parse(copy, len, ret);
}

/* clang-format off */

/* No CSRC, no extension: 4 bytes of payload. */
static const uint8_t plain[] = {
	0x80, 0x88, 0x12, 0x34, 0x89, 0xab, 0xcd, 0xef, 0xfe, 0xdc, 0xba, 0x98, 1, 2, 3, 4,
};

/* Everything a header can have: 2 CSRCs, extension of 2 words, 3 bytes of payload, 5 of padding. */
static const uint8_t full[] = {
	0xb2, 0x60, 0xff, 0xff, 0x00, 0x00, 0x00, 0xa0, 0x11, 0x22, 0x33, 0x44, /* fixed */
	0xaa, 0xaa, 0xaa, 0xaa, 0xbb, 0xbb, 0xbb, 0xbb,                         /* CSRCs */
	0xbe, 0xde, 0x00, 0x02, 0x10, 0x99, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, /* extension */
	'a',  'b',  'c',  0x00, 0x00, 0x00, 0x00, 0x05,
};

/* clang-format on */

enum { FULL_HEADER_BYTES = 32 };

static void test_fields_of_a_plain_header(void)
{
	struct rtp_header h;

	g_assert_cmpint(parse_exact(plain, sizeof(plain), &h), ==, 0);
	g_assert_false(h.padding);
	g_assert_false(h.extension);
	g_assert_true(h.marker);
	g_assert_cmpuint(h.csrc_count, ==, 0);
	g_assert_cmpuint(h.payload_type, ==, 8);
	g_assert_cmphex(h.seq, ==, 0x1234);
	g_assert_cmphex(h.timestamp, ==, 0x89abcdef);
	g_assert_cmphex(h.ssrc, ==, 0xfedcba98);
	g_assert_cmpuint(h.payload_offset, ==, RTP_HEADER_BYTES);
	g_assert_cmpuint(h.payload_len, ==, 4);
}

static void test_fields_of_a_full_header(void)
{
	struct rtp_header h;

	g_assert_cmpint(parse_exact(full, sizeof(full), &h), ==, 0);
	g_assert_true(h.padding);
	g_assert_true(h.extension);
	g_assert_false(h.marker);
	g_assert_cmpuint(h.csrc_count, ==, 2);
	g_assert_cmpuint(h.payload_type, ==, 96);
	g_assert_cmpuint(h.payload_offset, ==, FULL_HEADER_BYTES);
	g_assert_cmpuint(h.payload_len, ==, 3);
}

/* Cut behind the header, the last byte is no padding length that fits: 0, or a letter. */
static void test_full_packet_cut_anywhere_is_malformed(void)
{
	for (size_t len = 0; len < sizeof(full); len++) {
		struct rtp_header h = { .seq = 7 };

		g_assert_cmpint(parse_exact(full, len, &h), ==, -EBADMSG);
		g_assert_cmpuint(h.seq, ==, 7);
	}
}

static void test_unpadded_packet_is_sound_from_the_headers_end_on(void)
{
	uint8_t data[sizeof(full)];
	struct rtp_header h;

	memcpy(data, full, sizeof(data));
	data[0] &= (uint8_t)~0x20;
	for (size_t len = 0; len <= sizeof(data); len++) {
		bool sound = len >= FULL_HEADER_BYTES;

		g_assert_cmpint(parse_exact(data, len, &h), ==, sound ? 0 : -EBADMSG);
		if (sound)
			g_assert_cmpuint(h.payload_len, ==, len - FULL_HEADER_BYTES);
	}
}

static void test_header_alone_is_an_empty_payload(void)
{
	struct rtp_header h;

	g_assert_cmpint(parse_exact(plain, RTP_HEADER_BYTES, &h), ==, 0);
	g_assert_cmpuint(h.payload_len, ==, 0);
}

static void test_other_versions_are_malformed(void)
{
	uint8_t data[sizeof(plain)];
	struct rtp_header h;

	memcpy(data, plain, sizeof(data));
	for (unsigned version = 0; version < 4; version++) {
		data[0] = (uint8_t)(version << 6);
		int expected = version == RTP_VERSION ? 0 : -EBADMSG;
		g_assert_cmpint(parse_exact(data, sizeof(data), &h), ==, expected);
	}
}

static void test_csrcs_must_fit(void)
{
	uint8_t data[RTP_HEADER_BYTES + 15 * 4] = { 0 };
	struct rtp_header h;

	for (unsigned count = 0; count < 16; count++) {
		size_t header = RTP_HEADER_BYTES + 4 * count;

		data[0] = (uint8_t)(0x80 | count);
		g_assert_cmpint(parse_exact(data, header, &h), ==, 0);
		g_assert_cmpuint(h.csrc_count, ==, count);
		g_assert_cmpuint(h.payload_offset, ==, header);
		g_assert_cmpint(parse_exact(data, header - 1, &h), ==, -EBADMSG);
	}
}

static void test_longest_extension_must_fit(void)
{
	uint8_t data[64] = { 0x90 };
	struct rtp_header h;

	data[14] = data[15] = 0xff;
	g_assert_cmpint(parse_exact(data, sizeof(data), &h), ==, -EBADMSG);
	data[14] = data[15] = 0;
	g_assert_cmpint(parse_exact(data, sizeof(data), &h), ==, 0);
	g_assert_cmpuint(h.payload_offset, ==, RTP_HEADER_BYTES + 4);
}

static void test_padding_is_at_least_its_own_byte_and_at_most_the_payload(void)
{
	enum { PAYLOAD_BYTES = 8 };
	uint8_t data[RTP_HEADER_BYTES + PAYLOAD_BYTES] = { 0xa0 };
	struct rtp_header h;

	for (unsigned pad = 0; pad < 256; pad++) {
		data[sizeof(data) - 1] = (uint8_t)pad;
		bool sound = pad >= 1 && pad <= PAYLOAD_BYTES;

		g_assert_cmpint(parse_exact(data, sizeof(data), &h), ==, sound ? 0 : -EBADMSG);
		if (sound)
			g_assert_cmpuint(h.payload_len, ==, PAYLOAD_BYTES - pad);
	}
}

/* The last byte is then the SSRC's. */
static void test_padding_of_an_empty_payload_is_malformed(void)
{
	uint8_t data[RTP_HEADER_BYTES] = { 0xa0 };
	struct rtp_header h;

	data[RTP_HEADER_BYTES - 1] = 1;
	g_assert_cmpint(parse_exact(data, sizeof(data), &h), ==, -EBADMSG);
}

static void test_written_header_parses_to_the_same(void)
{
	const struct rtp_header in = {
		.marker = true,
		.payload_type = 101,
		.seq = 65535,
		.timestamp = 0x80000001,
		.ssrc = 0xdeadbeef,
	};
	uint8_t data[RTP_HEADER_BYTES];
	struct rtp_header out;

	rtp_write(data, &in);
	g_assert_cmpint(rtp_parse(data, sizeof(data), &out), ==, 0);
	g_assert_true(out.marker);
	g_assert_false(out.padding);
	g_assert_cmpuint(out.payload_type, ==, 101);
	g_assert_cmpuint(out.seq, ==, 65535);
	g_assert_cmphex(out.timestamp, ==, 0x80000001);
	g_assert_cmphex(out.ssrc, ==, 0xdeadbeef);
	g_assert_cmphex(rtp_ssrc(data), ==, 0xdeadbeef);
	g_assert_cmpuint(rtp_seq(data), ==, 65535);
}

/* CSRCs and extension are not written, so they must not be announced. */
static void test_written_header_announces_no_csrcs_or_extension(void)
{
	const struct rtp_header in = { .extension = true, .csrc_count = 3 };
	uint8_t data[RTP_HEADER_BYTES];

	rtp_write(data, &in);
	g_assert_cmphex(data[0], ==, 0x80);
}

/* --- kinds --- */

static enum datagram_kind kind_of(unsigned first, unsigned second)
{
	const uint8_t data[] = { (uint8_t)first, (uint8_t)second };

	return datagram_kind(data, sizeof(data));
}

static void test_kind_by_first_byte(void)
{
	for (unsigned first = 0; first < 256; first++) {
		enum datagram_kind expected = DATAGRAM_OTHER;

		if (first <= 3)
			expected = DATAGRAM_STUN;
		else if (first >= 20 && first <= 63)
			expected = DATAGRAM_DTLS;
		else if (first >= 128 && first <= 191)
			expected = DATAGRAM_RTP;
		g_assert_cmpint(kind_of(first, 0), ==, expected);
	}
}

static void test_rtcp_by_second_byte(void)
{
	for (unsigned second = 0; second < 256; second++) {
		bool rtcp = second >= 192 && second <= 223;

		g_assert_cmpint(kind_of(0x81, second), ==, rtcp ? DATAGRAM_RTCP : DATAGRAM_RTP);
		g_assert_cmpint(kind_of(0x01, second), ==, DATAGRAM_STUN);
	}
}

static void test_too_short_is_other(void)
{
	const uint8_t data[] = { 0x80, 0x00 };

	g_assert_cmpint(datagram_kind(data, 0), ==, DATAGRAM_OTHER);
	g_assert_cmpint(datagram_kind(data, 1), ==, DATAGRAM_OTHER);
	g_assert_cmpint(datagram_kind(data, 2), ==, DATAGRAM_RTP);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/rtp/rtp/plain", test_fields_of_a_plain_header);
	g_test_add_func("/rtp/rtp/full", test_fields_of_a_full_header);
	g_test_add_func("/rtp/rtp/cut", test_full_packet_cut_anywhere_is_malformed);
	g_test_add_func(
		"/rtp/rtp/cut-unpadded", test_unpadded_packet_is_sound_from_the_headers_end_on);
	g_test_add_func("/rtp/rtp/empty", test_header_alone_is_an_empty_payload);
	g_test_add_func("/rtp/rtp/version", test_other_versions_are_malformed);
	g_test_add_func("/rtp/rtp/csrcs", test_csrcs_must_fit);
	g_test_add_func("/rtp/rtp/extension", test_longest_extension_must_fit);
	g_test_add_func(
		"/rtp/rtp/padding", test_padding_is_at_least_its_own_byte_and_at_most_the_payload);
	g_test_add_func("/rtp/rtp/padding-empty", test_padding_of_an_empty_payload_is_malformed);
	g_test_add_func("/rtp/rtp/write", test_written_header_parses_to_the_same);
	g_test_add_func(
		"/rtp/rtp/write-plain", test_written_header_announces_no_csrcs_or_extension);
	g_test_add_func("/rtp/rtp/kind", test_kind_by_first_byte);
	g_test_add_func("/rtp/rtp/kind-rtcp", test_rtcp_by_second_byte);
	g_test_add_func("/rtp/rtp/kind-short", test_too_short_is_other);
	return g_test_run();
}

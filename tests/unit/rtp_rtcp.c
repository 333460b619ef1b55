/* SPDX-License-Identifier: GPL-3.0-or-later */
/* RTCP compounds: walking, bounds, reports, and feedback taken out. */
#include "rtp/rtcp.h"

#include <errno.h>
#include <string.h>

#include <glib.h>

enum { SR_AT = 0, SDES_AT = 52, FEEDBACK_AT = 64, COMPOUND_BYTES = 76 };

/* clang-format off */

/* SR with one report, SDES with a CNAME, picture loss indication. */
static const uint8_t compound[COMPOUND_BYTES] = {
	0x81, 200,  0x00, 12,   0x11, 0x22, 0x33, 0x44, /* SR, sender */
	0xe0, 0x01, 0x02, 0x03, 0x80, 0x00, 0x00, 0x01, /* NTP */
	0x00, 0x00, 0x3e, 0x80, 0x00, 0x00, 0x00, 0x32, /* RTP timestamp, packets */
	0x00, 0x00, 0x1f, 0x40,                         /* octets */
	0x55, 0x66, 0x77, 0x88, 0x40, 0xff, 0xff, 0xfe, /* source, 25 % lost, -2 in all */
	0x00, 0x01, 0xff, 0xfe, 0x00, 0x00, 0x00, 0x50, /* highest, jitter */
	0x02, 0x03, 0x80, 0x00, 0x00, 0x01, 0x00, 0x00, /* last SR, delay */
	0x81, 202,  0x00, 2,    0x11, 0x22, 0x33, 0x44, /* SDES */
	0x01, 0x01, 'x',  0x00,                         /* CNAME, end */
	0x81, 206,  0x00, 2,    0x11, 0x22, 0x33, 0x44, /* PSFB: PLI */
	0x55, 0x66, 0x77, 0x88,
};

static const struct {
	uint8_t type, count;
	uint8_t words; /* at least, behind the header */
} least[] = {
	{ RTCP_SR, 0, 6 },     { RTCP_RR, 0, 1 },     { RTCP_SDES, 0, 0 }, { RTCP_SDES, 1, 1 },
	{ RTCP_BYE, 0, 0 },    { RTCP_BYE, 1, 1 },    { RTCP_APP, 0, 2 },  { RTCP_RTPFB, 1, 2 },
	{ RTCP_PSFB, 1, 2 },   { RTCP_XR, 0, 1 },     { 192, 0, 0 },       { 213, 31, 0 },
};

/* clang-format on */

/* Of exactly `len` bytes, so that a sanitizer sees each byte read beyond. */
static bool valid_exact(const uint8_t *data, size_t len)
{
	g_autofree uint8_t *copy = g_memdup2(data, len);

	return rtcp_valid(copy, len);
}

static struct rtcp_packet first_of(const uint8_t *data, size_t len)
{
	struct rtcp_packet packet;
	size_t offset = 0;

	g_assert_cmpint(rtcp_next(data, len, &offset, &packet), ==, 1);
	return packet;
}

/* --- walking --- */

static void test_compound_is_walked_to_its_end(void)
{
	struct rtcp_packet packet;
	size_t offset = 0;

	g_assert_cmpint(rtcp_next(compound, COMPOUND_BYTES, &offset, &packet), ==, 1);
	g_assert_cmpuint(packet.type, ==, RTCP_SR);
	g_assert_cmpuint(packet.count, ==, 1);
	g_assert_true(packet.data == compound);
	g_assert_cmpuint(packet.len, ==, 52);
	g_assert_cmphex(packet.ssrc, ==, 0x11223344);
	g_assert_cmpuint(offset, ==, SDES_AT);
	g_assert_cmpint(rtcp_next(compound, COMPOUND_BYTES, &offset, &packet), ==, 1);
	g_assert_cmpuint(packet.type, ==, RTCP_SDES);
	g_assert_cmphex(packet.ssrc, ==, 0x11223344);
	g_assert_cmpuint(offset, ==, FEEDBACK_AT);
	g_assert_cmpint(rtcp_next(compound, COMPOUND_BYTES, &offset, &packet), ==, 1);
	g_assert_cmpuint(packet.type, ==, RTCP_PSFB);
	g_assert_cmpuint(packet.len, ==, 12);
	g_assert_cmpint(rtcp_next(compound, COMPOUND_BYTES, &offset, &packet), ==, 0);
	g_assert_cmpuint(offset, ==, COMPOUND_BYTES);
}

static void test_failure_writes_nothing(void)
{
	struct rtcp_packet packet = { .type = 77 };
	size_t offset = SDES_AT;

	g_assert_cmpint(rtcp_next(compound, FEEDBACK_AT - 1, &offset, &packet), ==, -EBADMSG);
	g_assert_cmpuint(offset, ==, SDES_AT);
	g_assert_cmpuint(packet.type, ==, 77);
}

static void test_offset_beyond_the_end_is_refused(void)
{
	struct rtcp_packet packet;
	size_t offset = COMPOUND_BYTES + 4;

	g_assert_cmpint(rtcp_next(compound, COMPOUND_BYTES, &offset, &packet), ==, -EBADMSG);
}

static void test_compound_is_valid_only_at_packet_ends(void)
{
	for (size_t len = 0; len <= COMPOUND_BYTES; len++) {
		bool expected = len == SDES_AT || len == FEEDBACK_AT || len == COMPOUND_BYTES;

		g_assert_cmpint(valid_exact(compound, len), ==, expected);
	}
}

static void test_other_versions_are_malformed(void)
{
	static const size_t starts[] = { SR_AT, SDES_AT, FEEDBACK_AT };
	uint8_t data[COMPOUND_BYTES];

	for (size_t i = 0; i < G_N_ELEMENTS(starts); i++) {
		for (unsigned version = 0; version < 4; version++) {
			memcpy(data, compound, sizeof(data));
			data[starts[i]] = (uint8_t)(version << 6 | 1);
			g_assert_cmpint(valid_exact(data, sizeof(data)), ==, version == 2);
		}
	}
}

static void test_length_beyond_the_datagram_is_malformed(void)
{
	uint8_t data[COMPOUND_BYTES];

	memcpy(data, compound, sizeof(data));
	data[FEEDBACK_AT + 3] = 3;
	g_assert_false(valid_exact(data, sizeof(data)));
	data[FEEDBACK_AT + 2] = data[FEEDBACK_AT + 3] = 0xff;
	g_assert_false(valid_exact(data, sizeof(data)));
}

static void test_each_type_has_its_least_length(void)
{
	for (size_t i = 0; i < G_N_ELEMENTS(least); i++) {
		for (uint8_t words = 0; words < 8; words++) {
			uint8_t first = (uint8_t)(0x80 | least[i].count);
			uint8_t data[32] = { first, least[i].type, 0, words };
			size_t len = 4 + 4 * (size_t)words;

			g_assert_cmpint(valid_exact(data, len), ==, words >= least[i].words);
		}
	}
}

static void test_packets_about_nobody_have_no_ssrc(void)
{
	static const uint8_t bye[] = { 0x80, 203, 0, 1, 1, 2, 3, 4 };
	static const uint8_t unknown[] = { 0x81, 213, 0, 1, 1, 2, 3, 4 };

	g_assert_cmphex(first_of(bye, sizeof(bye)).ssrc, ==, 0);
	g_assert_cmphex(first_of(unknown, sizeof(unknown)).ssrc, ==, 0);
}

/* --- reports --- */

static void test_sender_info_of_an_sr(void)
{
	struct rtcp_packet packet = first_of(compound, COMPOUND_BYTES);
	struct rtcp_sender_info info;

	g_assert_true(rtcp_sender_info(&packet, &info));
	g_assert_cmphex(info.ntp_sec, ==, 0xe0010203);
	g_assert_cmphex(info.ntp_frac, ==, 0x80000001);
	g_assert_cmpuint(info.rtp_timestamp, ==, 16000);
	g_assert_cmpuint(info.packets, ==, 50);
	g_assert_cmpuint(info.octets, ==, 8000);
}

static void test_only_an_sr_has_sender_info(void)
{
	uint8_t data[32] = { 0x80, 0, 0, 7 };
	struct rtcp_sender_info info;

	for (unsigned type = 0; type < 256; type++) {
		data[1] = (uint8_t)type;
		struct rtcp_packet packet = first_of(data, sizeof(data));
		g_assert_cmpint(rtcp_sender_info(&packet, &info), ==, type == RTCP_SR);
	}
}

static void test_report_of_an_sr(void)
{
	struct rtcp_packet packet = first_of(compound, COMPOUND_BYTES);
	struct rtcp_report report;

	g_assert_true(rtcp_report(&packet, 0, &report));
	g_assert_cmphex(report.ssrc, ==, 0x55667788);
	g_assert_cmpuint(report.fraction_lost, ==, 64);
	g_assert_cmpint(report.cumulative_lost, ==, -2);
	g_assert_cmphex(report.highest_seq, ==, 0x0001fffe);
	g_assert_cmpuint(report.jitter, ==, 80);
	g_assert_cmphex(report.last_sr, ==, 0x02038000);
	g_assert_cmphex(report.delay_since_last_sr, ==, 0x00010000);
	g_assert_false(rtcp_report(&packet, 1, &report));
}

static void test_cumulative_lost_is_signed_24_bit(void)
{
	static const struct {
		uint8_t bytes[3];
		int32_t value;
	} cases[] = {
		{ { 0x00, 0x00, 0x00 }, 0 },
		{ { 0x00, 0x00, 0x05 }, 5 },
		{ { 0x7f, 0xff, 0xff }, 8388607 },
		{ { 0x80, 0x00, 0x00 }, -8388608 },
		{ { 0xff, 0xff, 0xff }, -1 },
	};
	uint8_t data[32] = { 0x81, RTCP_RR, 0, 7 };

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct rtcp_packet packet = first_of(data, sizeof(data));
		struct rtcp_report report;

		data[12] = 0xff; /* the fraction must not leak into it */
		memcpy(data + 13, cases[i].bytes, 3);
		g_assert_true(rtcp_report(&packet, 0, &report));
		g_assert_cmpint(report.cumulative_lost, ==, cases[i].value);
	}
}

/* A count of 3 with room for 2 and a bit: the third is not there, and the packet stays valid. */
static void test_reports_are_limited_by_count_and_length(void)
{
	uint8_t data[8 + 2 * 24 + 20] = { 0x83, RTCP_RR, 0, 18 };
	struct rtcp_report report;

	data[8 + 24 + 3] = 9;
	struct rtcp_packet packet = first_of(data, sizeof(data));
	g_assert_true(rtcp_report(&packet, 0, &report));
	g_assert_true(rtcp_report(&packet, 1, &report));
	g_assert_cmpuint(report.ssrc, ==, 9);
	g_assert_false(rtcp_report(&packet, 2, &report));
	g_assert_false(rtcp_report(&packet, 3, &report));
	g_assert_false(rtcp_report(&packet, UINT32_MAX, &report));
	data[0] = 0x81;
	packet = first_of(data, sizeof(data));
	g_assert_false(rtcp_report(&packet, 1, &report));
}

static void test_other_types_have_no_reports(void)
{
	uint8_t data[64] = { 0x81, 0, 0, 15 };
	struct rtcp_report report;

	for (unsigned type = 0; type < 256; type++) {
		data[1] = (uint8_t)type;
		struct rtcp_packet packet = first_of(data, sizeof(data));
		bool expected = type == RTCP_SR || type == RTCP_RR;
		g_assert_cmpint(rtcp_report(&packet, 0, &report), ==, expected);
	}
}

/* --- feedback --- */

static const uint8_t nack[] = { 0x81, 205, 0, 3, 0, 0, 0, 1, 0, 0, 0, 2, 0, 7, 0, 0 };

static void test_feedback_at_the_end_is_taken_out(void)
{
	uint8_t data[COMPOUND_BYTES];

	memcpy(data, compound, sizeof(data));
	g_assert_cmpuint(rtcp_strip_feedback(data, sizeof(data)), ==, FEEDBACK_AT);
	g_assert_cmpmem(data, FEEDBACK_AT, compound, FEEDBACK_AT);
}

static void test_feedback_before_other_packets_is_taken_out(void)
{
	uint8_t data[2 * sizeof(nack) + FEEDBACK_AT];

	memcpy(data, nack, sizeof(nack));
	memcpy(data + sizeof(nack), compound, SDES_AT);
	memcpy(data + sizeof(nack) + SDES_AT, nack, sizeof(nack));
	memcpy(data + 2 * sizeof(nack) + SDES_AT, compound + SDES_AT, FEEDBACK_AT - SDES_AT);
	g_assert_cmpuint(rtcp_strip_feedback(data, sizeof(data)), ==, FEEDBACK_AT);
	g_assert_cmpmem(data, FEEDBACK_AT, compound, FEEDBACK_AT);
}

static void test_feedback_alone_leaves_nothing(void)
{
	uint8_t data[sizeof(nack)];

	memcpy(data, nack, sizeof(data));
	g_assert_cmpuint(rtcp_strip_feedback(data, sizeof(data)), ==, 0);
}

static void test_compound_without_feedback_stays_as_it_is(void)
{
	uint8_t data[FEEDBACK_AT];

	memcpy(data, compound, sizeof(data));
	g_assert_cmpuint(rtcp_strip_feedback(data, sizeof(data)), ==, sizeof(data));
	g_assert_cmpmem(data, sizeof(data), compound, sizeof(data));
}

static void test_unknown_types_are_kept(void)
{
	uint8_t data[8 + sizeof(nack)] = { 0x81, 213, 0, 1, 1, 2, 3, 4 };

	memcpy(data + 8, nack, sizeof(nack));
	g_assert_cmpuint(rtcp_strip_feedback(data, sizeof(data)), ==, 8);
	g_assert_cmpuint(data[1], ==, 213);
}

/* An XR of a reference time, a statistics block that is too short, and an unknown block. */
static const uint8_t extended[] = {
	0x80, 207, 0, 7, 0, 0, 0, 9,        /* header, SSRC */
	4, 0, 0, 2, 1, 2, 3, 4, 5, 6, 7, 8, /* reference time */
	6, 0, 0, 1, 0, 0, 0, 0,             /* of 40 bytes that it must have */
	99, 7, 0, 0,                        /* header only */
};

static void take_extended(const uint8_t *data, size_t len, struct rtcp_packet *ret)
{
	size_t offset = 0;

	g_assert_cmpint(rtcp_next(data, len, &offset, ret), ==, 1);
}

static void test_blocks_of_an_xr_are_walked(void)
{
	struct rtcp_packet packet;
	struct rtcp_xr_block block;
	size_t offset = 0;

	take_extended(extended, sizeof(extended), &packet);
	g_assert_true(rtcp_xr_next(&packet, &offset, &block));
	g_assert_cmpuint(block.type, ==, RTCP_XR_REFERENCE_TIME);
	g_assert_cmpuint(block.len, ==, 12);
	g_assert_cmphex(rtcp_number(block.data + 4, 4), ==, 0x01020304);
	g_assert_cmphex(rtcp_number(block.data + 4, 2), ==, 0x0102);
	g_assert_true(rtcp_xr_next(&packet, &offset, &block));
	g_assert_cmpuint(block.type, ==, 99);
	g_assert_cmpuint(block.specific, ==, 7);
	g_assert_cmpuint(block.len, ==, 4);
	g_assert_false(rtcp_xr_next(&packet, &offset, &block));
}

static void test_block_longer_than_its_xr_ends_the_walk(void)
{
	uint8_t data[sizeof(extended)];
	struct rtcp_packet packet;
	struct rtcp_xr_block block;
	size_t offset = 0;

	memcpy(data, extended, sizeof(data));
	data[11] = 6; /* words of the first block: one more than there are */
	take_extended(data, sizeof(data), &packet);
	g_assert_false(rtcp_xr_next(&packet, &offset, &block));
}

static void test_other_types_have_no_blocks(void)
{
	uint8_t data[sizeof(extended)];
	struct rtcp_packet packet;
	struct rtcp_xr_block block;
	size_t offset = 0;

	memcpy(data, extended, sizeof(data));
	data[1] = RTCP_RR;
	take_extended(data, sizeof(data), &packet);
	g_assert_false(rtcp_xr_next(&packet, &offset, &block));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/rtp/rtcp/walk", test_compound_is_walked_to_its_end);
	g_test_add_func("/rtp/rtcp/walk-failure", test_failure_writes_nothing);
	g_test_add_func("/rtp/rtcp/walk-beyond", test_offset_beyond_the_end_is_refused);
	g_test_add_func("/rtp/rtcp/cut", test_compound_is_valid_only_at_packet_ends);
	g_test_add_func("/rtp/rtcp/version", test_other_versions_are_malformed);
	g_test_add_func("/rtp/rtcp/length", test_length_beyond_the_datagram_is_malformed);
	g_test_add_func("/rtp/rtcp/least", test_each_type_has_its_least_length);
	g_test_add_func("/rtp/rtcp/no-ssrc", test_packets_about_nobody_have_no_ssrc);
	g_test_add_func("/rtp/rtcp/sender-info", test_sender_info_of_an_sr);
	g_test_add_func("/rtp/rtcp/sender-info-type", test_only_an_sr_has_sender_info);
	g_test_add_func("/rtp/rtcp/report", test_report_of_an_sr);
	g_test_add_func("/rtp/rtcp/report-lost", test_cumulative_lost_is_signed_24_bit);
	g_test_add_func("/rtp/rtcp/report-limits", test_reports_are_limited_by_count_and_length);
	g_test_add_func("/rtp/rtcp/report-type", test_other_types_have_no_reports);
	g_test_add_func("/rtp/rtcp/strip-end", test_feedback_at_the_end_is_taken_out);
	g_test_add_func("/rtp/rtcp/strip-between", test_feedback_before_other_packets_is_taken_out);
	g_test_add_func("/rtp/rtcp/strip-all", test_feedback_alone_leaves_nothing);
	g_test_add_func("/rtp/rtcp/strip-none", test_compound_without_feedback_stays_as_it_is);
	g_test_add_func("/rtp/rtcp/strip-unknown", test_unknown_types_are_kept);
	g_test_add_func("/rtp/rtcp/xr", test_blocks_of_an_xr_are_walked);
	g_test_add_func("/rtp/rtcp/xr-length", test_block_longer_than_its_xr_ends_the_walk);
	g_test_add_func("/rtp/rtcp/xr-type", test_other_types_have_no_blocks);
	return g_test_run();
}

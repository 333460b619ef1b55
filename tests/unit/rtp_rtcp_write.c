/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is written is what is read, and byte for byte what RFC 3550 shows. */
#include "rtp/rtcp.h"

#include <string.h>

#include <glib.h>

static const struct rtcp_report report = {
	.ssrc = 0x01020304,
	.fraction_lost = 5,
	.cumulative_lost = -2,
	.highest_seq = 0x00010203,
	.jitter = 7,
	.last_sr = 0xaabbccdd,
	.delay_since_last_sr = 0x11223344,
};

static void take_only(const uint8_t *data, size_t len, struct rtcp_packet *ret)
{
	size_t offset = 0;

	g_assert_cmpint(rtcp_next(data, len, &offset, ret), ==, 1);
	g_assert_cmpuint(offset, ==, len);
}

static void test_sender_report(void)
{
	static const struct rtcp_sender_info info = { 1, 2, 3, 4, 5 };
	const struct rtcp_report two[] = { report, { .ssrc = 9 } };
	uint8_t data[RTCP_REPORT_BYTES];
	size_t len = rtcp_write_report(data, 0xcafe, &info, two, 2);
	struct rtcp_sender_info got_info;
	struct rtcp_packet packet;
	struct rtcp_report got;

	g_assert_cmpuint(len, ==, 28 + 2 * 24);
	take_only(data, len, &packet);
	g_assert_cmpuint(packet.type, ==, RTCP_SR);
	g_assert_cmpuint(packet.ssrc, ==, 0xcafe);
	g_assert_true(rtcp_sender_info(&packet, &got_info));
	g_assert_cmpmem(&got_info, sizeof(got_info), &info, sizeof(info));
	g_assert_true(rtcp_report(&packet, 0, &got));
	g_assert_cmpuint(got.ssrc, ==, report.ssrc);
	g_assert_cmpuint(got.fraction_lost, ==, report.fraction_lost);
	g_assert_cmpint(got.cumulative_lost, ==, report.cumulative_lost);
	g_assert_cmpuint(got.highest_seq, ==, report.highest_seq);
	g_assert_cmpuint(got.jitter, ==, report.jitter);
	g_assert_cmpuint(got.last_sr, ==, report.last_sr);
	g_assert_cmpuint(got.delay_since_last_sr, ==, report.delay_since_last_sr);
	g_assert_true(rtcp_report(&packet, 1, &got));
	g_assert_cmpuint(got.ssrc, ==, 9);
	g_assert_false(rtcp_report(&packet, 2, &got));
}

static void test_receiver_report(void)
{
	static const uint8_t empty[] = { 0x80, 201, 0, 1, 0, 0, 0xca, 0xfe };
	uint8_t data[RTCP_REPORT_BYTES];
	struct rtcp_packet packet;
	struct rtcp_report got;
	size_t len = rtcp_write_report(data, 0xcafe, NULL, NULL, 0);

	g_assert_cmpmem(data, len, empty, sizeof(empty));
	len = rtcp_write_report(data, 0xcafe, NULL, &report, 1);
	take_only(data, len, &packet);
	g_assert_cmpuint(packet.type, ==, RTCP_RR);
	g_assert_true(rtcp_report(&packet, 0, &got));
	g_assert_cmpuint(got.highest_seq, ==, report.highest_seq);
}

/* Items end with a zero, the chunk with its word, whatever their lengths. */
static void test_description(void)
{
	static const uint8_t named[] = { 0x81, 202, 0, 3, 0, 0, 0, 1, 1, 4, 'n', 'a', 'm', 'e', 0,
		0 };
	static const uint8_t with_mid[] = { 0x81, 202, 0, 4, 0, 0, 0, 1, 1, 4, 'n', 'a', 'm', 'e',
		15, 2, 'v', '0', 0, 0 };
	uint8_t data[RTCP_SDES_BYTES];
	char longest[300];
	size_t len;

	len = rtcp_write_sdes(data, 1, STR_LIT("name"), STR_NULL);
	g_assert_cmpmem(data, len, named, sizeof(named));
	len = rtcp_write_sdes(data, 1, STR_LIT("name"), STR_LIT("v0"));
	g_assert_cmpmem(data, len, with_mid, sizeof(with_mid));
	memset(longest, 'x', sizeof(longest));
	len = rtcp_write_sdes(data, 1, (struct str){ longest, sizeof(longest) },
		(struct str){ longest, sizeof(longest) });
	g_assert_cmpuint(len, <=, sizeof(data));
	g_assert_true(rtcp_valid(data, len));
}

static void test_time(void)
{
	struct rtcp_sender_info info = { 0 };

	rtcp_set_time(&info, 500000);
	g_assert_cmpuint(info.ntp_sec, ==, 2208988800);
	g_assert_cmpuint(info.ntp_frac, ==, 0x80000000);
}

static void test_fraction_lost(void)
{
	g_assert_cmpuint(rtcp_fraction_lost(256, 1), ==, 1);
	g_assert_cmpuint(rtcp_fraction_lost(100, 50), ==, 128);
	g_assert_cmpuint(rtcp_fraction_lost(257, 1), ==, 0);
	g_assert_cmpuint(rtcp_fraction_lost(7, 7), ==, 255);
	g_assert_cmpuint(rtcp_fraction_lost(7, 9), ==, 255);
	g_assert_cmpuint(rtcp_fraction_lost(0, 1), ==, 0);
	g_assert_cmpuint(rtcp_fraction_lost(7, -2), ==, 0);
	g_assert_cmpuint(rtcp_fraction_lost(UINT32_MAX, INT32_MAX), ==, 127);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/rtcp-write/sender", test_sender_report);
	g_test_add_func("/rtcp-write/receiver", test_receiver_report);
	g_test_add_func("/rtcp-write/description", test_description);
	g_test_add_func("/rtcp-write/time", test_time);
	g_test_add_func("/rtcp-write/fraction-lost", test_fraction_lost);
	return g_test_run();
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names of transports, media types and directions; static payload types. */
#include "sdp/sdp.h"

#include <glib.h>

static void test_transport_names(void)
{
	unsigned i;

	for (i = 0; i < SDP_TRANSPORT_OTHER; i++) {
		const char *name = sdp_transport_info((enum sdp_transport)i)->name;
		g_autofree char *lower = g_ascii_strdown(name, -1);
		g_autofree char *upper = g_ascii_strup(name, -1);

		g_assert_cmpint(sdp_transport_find(str_of(name)), ==, i);
		g_assert_cmpint(sdp_transport_find(str_of(lower)), ==, i);
		g_assert_cmpint(sdp_transport_find(str_of(upper)), ==, i);
	}
	g_assert_cmpstr(sdp_transport_info(SDP_UDPTL)->name, ==, "udptl");
	g_assert_cmpstr(sdp_transport_info(SDP_UDP_TLS_RTP_SAVPF)->name, ==, "UDP/TLS/RTP/SAVPF");
}

static void test_transport_unknown(void)
{
	g_assert_cmpint(sdp_transport_find(STR_LIT("TCP/MSRP")), ==, SDP_TRANSPORT_OTHER);
	g_assert_cmpint(sdp_transport_find(STR_LIT("RTP/AVPX")), ==, SDP_TRANSPORT_OTHER);
	g_assert_cmpint(sdp_transport_find(STR_NULL), ==, SDP_TRANSPORT_OTHER);
	g_assert_null(sdp_transport_info(SDP_TRANSPORT_OTHER)->name);
	g_assert_false(sdp_transport_info(SDP_TRANSPORT_OTHER)->rtp);
}

static void test_transport_properties(void)
{
	unsigned i;

	for (i = 0; i < SDP_TRANSPORT_OTHER; i++) {
		const struct sdp_transport_info *info = sdp_transport_info((enum sdp_transport)i);
		struct str name = str_of(info->name);

		g_assert_cmpint(info->rtp, ==, strstr(info->name, "RTP/") != NULL);
		g_assert_cmpint(info->srtp, ==, strstr(info->name, "/SAVP") != NULL);
		g_assert_cmpint(info->dtls, ==, str_begins(name, STR_LIT("UDP/TLS/")));
		g_assert_cmpint(info->feedback, ==, name.s[name.len - 1] == 'F');
	}
}

static void test_media_types(void)
{
	g_assert_cmpint(sdp_media_type_find(STR_LIT("audio")), ==, SDP_AUDIO);
	g_assert_cmpint(sdp_media_type_find(STR_LIT("VIDEO")), ==, SDP_VIDEO);
	g_assert_cmpint(sdp_media_type_find(STR_LIT("image")), ==, SDP_IMAGE);
	g_assert_cmpint(sdp_media_type_find(STR_LIT("message")), ==, SDP_MESSAGE);
	g_assert_cmpint(sdp_media_type_find(STR_LIT("text")), ==, SDP_TEXT);
	g_assert_cmpint(sdp_media_type_find(STR_LIT("application")), ==, SDP_APPLICATION);
	g_assert_cmpint(sdp_media_type_find(STR_LIT("custom")), ==, SDP_OTHER);
	g_assert_cmpint(sdp_media_type_find(STR_NULL), ==, SDP_OTHER);
}

static void test_directions(void)
{
	g_assert_cmpstr(sdp_direction_name(SDP_SENDRECV), ==, "sendrecv");
	g_assert_cmpstr(sdp_direction_name(SDP_SENDONLY), ==, "sendonly");
	g_assert_cmpstr(sdp_direction_name(SDP_RECVONLY), ==, "recvonly");
	g_assert_cmpstr(sdp_direction_name(SDP_INACTIVE), ==, "inactive");
}

static void check_static(uint8_t payload_type, const char *name, uint32_t clock, uint8_t channels)
{
	struct sdp_format format;

	g_assert_true(sdp_static_format(payload_type, &format));
	g_assert_cmpuint(format.payload_type, ==, payload_type);
	g_assert_true(str_is(format.encoding, name));
	g_assert_cmpuint(format.clock_hz, ==, clock);
	g_assert_cmpuint(format.channels, ==, channels);
	g_assert_null(format.fmtp.s);
	g_assert_cmpuint(format.rtcp_fb_count, ==, 0);
}

static void test_static_formats(void)
{
	check_static(0, "PCMU", 8000, 1);
	check_static(3, "GSM", 8000, 1);
	check_static(4, "G723", 8000, 1);
	check_static(5, "DVI4", 8000, 1);
	check_static(6, "DVI4", 16000, 1);
	check_static(7, "LPC", 8000, 1);
	check_static(8, "PCMA", 8000, 1);
	check_static(9, "G722", 8000, 1);
	check_static(10, "L16", 44100, 1);
	check_static(11, "L16", 44100, 2);
	check_static(12, "QCELP", 8000, 1);
	check_static(13, "CN", 8000, 1);
	check_static(14, "MPA", 90000, 1);
	check_static(15, "G728", 8000, 1);
	check_static(16, "DVI4", 11025, 1);
	check_static(17, "DVI4", 22050, 1);
	check_static(18, "G729", 8000, 1);
	check_static(25, "CelB", 90000, 1);
	check_static(26, "JPEG", 90000, 1);
	check_static(28, "nv", 90000, 1);
	check_static(31, "H261", 90000, 1);
	check_static(32, "MPV", 90000, 1);
	check_static(33, "MP2T", 90000, 1);
	check_static(34, "H263", 90000, 1);
}

static void test_no_static_format(void)
{
	struct sdp_format format = { .payload_type = 200 };
	unsigned i, found = 0;

	for (i = 0; i <= UINT8_MAX; i++)
		found += sdp_static_format((uint8_t)i, &format);
	g_assert_cmpuint(found, ==, 24);
	format.payload_type = 200;
	g_assert_false(sdp_static_format(1, &format));
	g_assert_false(sdp_static_format(35, &format));
	g_assert_false(sdp_static_format(96, &format));
	g_assert_cmpuint(format.payload_type, ==, 200);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/sdp/tables/transport-names", test_transport_names);
	g_test_add_func("/sdp/tables/transport-unknown", test_transport_unknown);
	g_test_add_func("/sdp/tables/transport-properties", test_transport_properties);
	g_test_add_func("/sdp/tables/media-types", test_media_types);
	g_test_add_func("/sdp/tables/directions", test_directions);
	g_test_add_func("/sdp/tables/static-formats", test_static_formats);
	g_test_add_func("/sdp/tables/no-static-format", test_no_static_format);
	return g_test_run();
}

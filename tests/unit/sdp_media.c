/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Media sections: the m= line, formats, and what attributes say at both levels. */
#include "sdp/sdp.h"

#include <errno.h>

#include <glib.h>

#include "base/ref.h"

#define KEY30 "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNk"
#define HEX20 "10:32:54:76:98:BA:DC:FE:01:23:45:67:89:AB:CD:EF:11:22:33:44"

static void check_str(struct str got, const char *want)
{
	g_autofree char *text = got.s ? g_strndup(got.s, got.len) : NULL;

	g_assert_cmpstr(text, ==, want);
}

/* `session` and `media` are further lines of the two levels. */
static struct sdp *parse(const char *session, const char *media)
{
	g_autofree char *body = g_strconcat("v=0\r\n", session, media, NULL);
	struct sdp *sdp = NULL;

	g_assert_cmpint(sdp_parse(str_of(body), false, &sdp, NULL), ==, 0);
	return sdp;
}

static void refused(const char *line)
{
	g_autofree char *body = g_strconcat("v=0\r\n", line, "\r\n", NULL);
	struct sdp *sdp = NULL;

	g_assert_cmpint(sdp_parse(str_of(body), false, &sdp, NULL), ==, -EINVAL);
}

static void test_line(void)
{
	struct sdp *sdp = parse("", "m=Audio 41000/10  rtp/avp  8 0 101 \r\n");
	const struct sdp_media *media = sdp->media;

	g_assert_cmpint(media->type, ==, SDP_AUDIO);
	check_str(media->type_text, "Audio");
	g_assert_cmpuint(media->port, ==, 41000);
	g_assert_cmpuint(media->port_count, ==, 10);
	g_assert_cmpint(media->transport, ==, SDP_RTP_AVP);
	check_str(media->transport_text, "rtp/avp");
	check_str(media->formats_text, "8 0 101");
	g_assert_cmpuint(media->format_count, ==, 3);
	ref_drop(sdp);
}

static void test_other_transports(void)
{
	struct sdp *sdp = parse("", "m=message 41100 TCP/MSRP *\r\nm=image 41200 UDPTL t38\r\n"
				    "m=custom 65535 FOO/BAR 1 2\r\n");

	g_assert_cmpuint(sdp->media_count, ==, 3);
	g_assert_cmpint(sdp->media[0].type, ==, SDP_MESSAGE);
	g_assert_cmpint(sdp->media[0].transport, ==, SDP_TRANSPORT_OTHER);
	check_str(sdp->media[0].transport_text, "TCP/MSRP");
	check_str(sdp->media[0].formats_text, "*");
	g_assert_cmpint(sdp->media[1].transport, ==, SDP_UDPTL);
	g_assert_cmpint(sdp->media[2].type, ==, SDP_OTHER);
	check_str(sdp->media[2].type_text, "custom");
	g_assert_cmpuint(sdp->media[2].port, ==, 65535);
	g_assert_cmpuint(sdp->media[2].port_count, ==, 1);
	g_assert_cmpuint(sdp->media[2].format_count, ==, 0);
	ref_drop(sdp);
}

static void test_line_refused(void)
{
	refused("m=");
	refused("m=audio");
	refused("m=audio 1");
	refused("m=audio x RTP/AVP 0");
	refused("m=audio -1 RTP/AVP 0");
	refused("m=audio 65536 RTP/AVP 0");
	refused("m=audio 4294967297 RTP/AVP 0");
	refused("m=audio 1/0 RTP/AVP 0");
	refused("m=audio 1/11 RTP/AVP 0");
	refused("m=audio 1/ RTP/AVP 0");
	refused("m=audio 1/4294967297 RTP/AVP 0");
	refused("m=audio 1/1/1 RTP/AVP 0");
}

static void test_formats_no_payload_types(void)
{
	static const char *const lists[] = { "130", "0 130", "0 x", "*", "", "-1", "4294967296",
		"18446744073709551616" };
	unsigned i;

	for (i = 0; i < G_N_ELEMENTS(lists); i++) {
		g_autofree char *line = g_strdup_printf("m=audio 1 RTP/AVP %s\r\n", lists[i]);
		struct sdp *sdp = parse("", line);

		g_assert_cmpuint(sdp->media[0].format_count, ==, 0);
		check_str(sdp->media[0].formats_text, lists[i]);
		ref_drop(sdp);
	}
}

static void test_formats(void)
{
	struct sdp *sdp = parse("", "m=audio 1 RTP/AVP 18 77 96 101\r\n"
				    "a=rtpmap:96 Opus/48000/2\r\na=rtpmap:3 GSM/8000\r\n"
				    "a=fmtp:101 0-16\r\na=rtpmap:101 telephone-event/8000/1\r\n"
				    "a=fmtp:101 0-15\r\na=rtpmap:96 other/8000\r\n");
	const struct sdp_format *format = sdp->media[0].formats;

	g_assert_cmpuint(sdp->media[0].format_count, ==, 4);
	g_assert_cmpuint(format[0].payload_type, ==, 18);
	check_str(format[0].encoding, "G729");
	g_assert_cmpuint(format[0].clock_hz, ==, 8000);
	g_assert_null(format[0].fmtp.s);
	g_assert_cmpuint(format[1].payload_type, ==, 77);
	g_assert_cmpuint(format[1].encoding.len, ==, 0);
	g_assert_cmpuint(format[1].clock_hz, ==, 0);
	g_assert_cmpuint(format[1].channels, ==, 1);
	check_str(format[2].encoding, "Opus");
	g_assert_cmpuint(format[2].clock_hz, ==, 48000);
	g_assert_cmpuint(format[2].channels, ==, 2);
	check_str(format[3].encoding, "telephone-event");
	g_assert_cmpuint(format[3].channels, ==, 1);
	check_str(format[3].fmtp, "0-16");
	ref_drop(sdp);
}

static void test_rtpmap_beats_static(void)
{
	struct sdp *sdp = parse("", "m=audio 1 RTP/AVP 0\r\na=rtpmap:0 FOO/16000\r\n");

	check_str(sdp->media[0].formats[0].encoding, "FOO");
	g_assert_cmpuint(sdp->media[0].formats[0].clock_hz, ==, 16000);
	ref_drop(sdp);
}

static void test_fmtp_with_blanks(void)
{
	struct sdp *sdp = parse("", "m=audio 1 RTP/AVP 96 97\r\n"
				    "a=fmtp:96  mode=20; x=1 \r\na=fmtp:97\r\n");

	check_str(sdp->media[0].formats[0].fmtp, "mode=20; x=1");
	g_assert_null(sdp->media[0].formats[1].fmtp.s);
	ref_drop(sdp);
}

static void test_feedback(void)
{
	struct sdp *sdp = parse("", "m=video 1 RTP/AVPF 96 97 98\r\na=rtcp-fb:98 nack\r\n"
				    "a=rtcp-fb:96 ccm fir\r\na=rtcp-fb:* nack\r\n"
				    "a=rtcp-fb:98 nack pli\r\na=rtcp-fb:99 nack\r\n");
	const struct sdp_format *format = sdp->media[0].formats;

	g_assert_cmpuint(format[0].rtcp_fb_count, ==, 1);
	check_str(format[0].rtcp_fb[0], "ccm fir");
	g_assert_cmpuint(format[1].rtcp_fb_count, ==, 0);
	g_assert_cmpuint(format[2].rtcp_fb_count, ==, 2);
	check_str(format[2].rtcp_fb[0], "nack");
	check_str(format[2].rtcp_fb[1], "nack pli");
	ref_drop(sdp);
}

static void test_duplicate_formats(void)
{
	struct sdp *sdp = parse("", "m=audio 1 RTP/AVP 96 0 96\r\na=rtpmap:96 x/8000\r\n"
				    "a=fmtp:96 y\r\na=rtcp-fb:96 nack\r\n");
	const struct sdp_format *format = sdp->media[0].formats;

	g_assert_cmpuint(sdp->media[0].format_count, ==, 3);
	g_assert_cmpuint(format[2].payload_type, ==, 96);
	check_str(format[2].encoding, "x");
	check_str(format[2].fmtp, "y");
	g_assert_cmpuint(format[2].rtcp_fb_count, ==, 1);
	check_str(format[2].rtcp_fb[0], "nack");
	ref_drop(sdp);
}

static void test_formats_per_section(void)
{
	struct sdp *sdp = parse("a=rtpmap:96 session/8000\r\n",
		"m=audio 1 RTP/AVP 96\r\na=rtpmap:96 one/8000\r\nm=audio 1 RTP/AVP 96\r\n");

	check_str(sdp->media[0].formats[0].encoding, "one");
	g_assert_cmpuint(sdp->media[1].formats[0].encoding.len, ==, 0);
	ref_drop(sdp);
}

static void check_direction(
	const char *session, const char *media, enum sdp_direction want, const char *want_text)
{
	g_autofree char *lines = g_strconcat("m=audio 1 RTP/AVP 0\r\n", media, NULL);
	struct sdp *sdp = parse(session, lines);

	g_assert_cmpint(sdp->media[0].direction, ==, want);
	g_assert_cmpint(sdp->media[0].direction_given, ==, want_text != NULL);
	check_str(sdp->media[0].direction_text, want_text);
	ref_drop(sdp);
}

static void test_direction(void)
{
	check_direction("", "", SDP_SENDRECV, NULL);
	check_direction("", "a=sendrecv\r\n", SDP_SENDRECV, "sendrecv");
	check_direction("", "a=sendonly\r\n", SDP_SENDONLY, "sendonly");
	check_direction("", "a=recvonly\r\n", SDP_RECVONLY, "recvonly");
	check_direction("", "a=inactive\r\n", SDP_INACTIVE, "inactive");
}

static void test_direction_inherited(void)
{
	check_direction("a=sendrecv\r\n", "", SDP_SENDRECV, "sendrecv");
	check_direction("a=inactive\r\n", "", SDP_INACTIVE, "inactive");
	check_direction("a=recvonly\r\n", "a=sendonly\r\n", SDP_RECVONLY, "sendonly");
	check_direction("a=sendonly\r\n", "a=sendrecv\r\n", SDP_SENDONLY, "sendrecv");
	check_direction("a=sendonly\r\n", "a=inactive\r\n", SDP_SENDONLY, "inactive");
	check_direction("a=inactive\r\n", "a=sendonly\r\n", SDP_SENDONLY, "sendonly");
	check_direction("a=inactive\r\n", "a=recvonly\r\n", SDP_RECVONLY, "recvonly");
}

static void test_several_directions(void)
{
	check_direction("", "a=inactive\r\na=sendonly\r\n", SDP_SENDONLY, "inactive");
	check_direction("", "a=sendonly\r\na=recvonly\r\n", SDP_RECVONLY, "sendonly");
}

static void test_own_attributes(void)
{
	struct sdp *sdp = parse("",
		"m=audio 1 RTP/AVP 0\r\na=mid:m0 \r\na=label:9\r\na=rtcp-mux\r\n"
		"a=ptime:30\r\na=maxptime:60\r\na=ptime:40\r\na=bundle-only\r\n"
		"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:" KEY30 "\r\n"
		"a=candidate:1 1 UDP 1 192.0.2.1 5 typ host\r\n"
		"a=candidate:1 2 UDP 1 192.0.2.1 6 typ host\r\n"
		"a=candidate:bad\r\n");
	const struct sdp_media *media = sdp->media;

	check_str(media->mid, "m0");
	check_str(media->label, "9");
	g_assert_true(media->rtcp_mux);
	g_assert_cmpint(media->ptime_ms, ==, 30);
	g_assert_cmpint(media->maxptime_ms, ==, 60);
	g_assert_true(media->bundle_only);
	g_assert_true(media->has_crypto);
	g_assert_cmpuint(media->candidate_count, ==, 2);
	ref_drop(sdp);
}

static void test_nothing_given(void)
{
	struct sdp *sdp = parse("", "m=audio 1 RTP/AVP 0\r\n");
	const struct sdp_media *media = sdp->media;

	g_assert_null(media->mid.s);
	g_assert_null(media->label.s);
	g_assert_null(media->ice_ufrag.s);
	g_assert_null(media->ice_pwd.s);
	g_assert_false(media->rtcp_mux);
	g_assert_false(media->has_rtcp);
	g_assert_false(media->has_crypto);
	g_assert_false(media->has_fingerprint);
	g_assert_false(media->has_setup);
	g_assert_false(media->bundle_only);
	g_assert_false(media->extmap_allow_mixed);
	g_assert_cmpuint(media->extmap_count, ==, 0);
	g_assert_cmpint(media->ptime_ms, ==, 0);
	ref_drop(sdp);
}

static void test_rtcp(void)
{
	struct sdp *sdp = parse("", "m=audio 1 RTP/AVP 0\r\na=rtcp:41009 IN IP4 192.0.2.10\r\n"
				    "m=audio 1 RTP/AVP 0\r\na=rtcp:7\r\n"
				    "m=audio 1 RTP/AVP 0\r\na=rtcp:65536\r\na=rtcp:8\r\n");
	char text[ADDR_TEXT];

	g_assert_true(sdp->media[0].has_rtcp);
	g_assert_cmpstr(addr_print_ip(&sdp->media[0].rtcp, text), ==, "192.0.2.10");
	g_assert_cmpuint(sdp->media[0].rtcp.port, ==, 41009);
	g_assert_true(sdp->media[1].has_rtcp);
	g_assert_cmpuint(sdp->media[1].rtcp.family, ==, ADDR_NONE);
	g_assert_cmpuint(sdp->media[1].rtcp.port, ==, 7);
	g_assert_cmpuint(sdp->media[2].rtcp.port, ==, 8);
	ref_drop(sdp);
}

static void test_inherited_attributes(void)
{
	struct sdp *sdp = parse("a=ice-ufrag:sess\r\na=ice-pwd:sesspwd\r\na=setup:actpass\r\n"
				"a=fingerprint:sha-1 " HEX20 "\r\na=extmap-allow-mixed\r\n",
		"m=audio 1 RTP/AVP 0\r\na=ice-ufrag:own\r\nm=audio 1 RTP/AVP 0\r\n");

	check_str(sdp->media[0].ice_ufrag, "own");
	check_str(sdp->media[0].ice_pwd, "sesspwd");
	check_str(sdp->media[1].ice_ufrag, "sess");
	g_assert_true(sdp->media[1].has_setup);
	g_assert_true(sdp->media[1].has_fingerprint);
	g_assert_true(sdp->media[1].extmap_allow_mixed);
	ref_drop(sdp);
}

static void test_not_inherited(void)
{
	struct sdp *sdp = parse("a=mid:1\r\na=label:1\r\na=rtcp:5\r\na=rtcp-mux\r\na=ptime:20\r\n"
				"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:" KEY30 "\r\n"
				"a=candidate:1 1 UDP 1 192.0.2.1 5 typ host\r\na=bundle-only\r\n",
		"m=audio 1 RTP/AVP 0\r\n");
	const struct sdp_media *media = sdp->media;

	g_assert_null(media->mid.s);
	g_assert_null(media->label.s);
	g_assert_false(media->has_rtcp);
	g_assert_false(media->rtcp_mux);
	g_assert_cmpint(media->ptime_ms, ==, 0);
	g_assert_false(media->has_crypto);
	g_assert_false(media->bundle_only);
	g_assert_cmpuint(media->candidate_count, ==, 0);
	ref_drop(sdp);
}

static void test_extmap_as_a_whole(void)
{
	struct sdp *sdp = parse("a=extmap:1 urn:a\r\na=extmap:2 urn:b\r\n",
		"m=audio 1 RTP/AVP 0\r\na=extmap:7 urn:c\r\na=extmap:15 urn:d\r\n"
		"m=audio 1 RTP/AVP 0\r\n");

	g_assert_cmpuint(sdp->media[0].extmap_count, ==, 1);
	check_str(sdp->media[0].extmap[0]->value, "7 urn:c");
	g_assert_cmpuint(sdp->media[1].extmap_count, ==, 2);
	check_str(sdp->media[1].extmap[0]->value, "1 urn:a");
	check_str(sdp->media[1].extmap[1]->value, "2 urn:b");
	ref_drop(sdp);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/sdp/media/line", test_line);
	g_test_add_func("/sdp/media/other-transports", test_other_transports);
	g_test_add_func("/sdp/media/line-refused", test_line_refused);
	g_test_add_func("/sdp/media/no-payload-types", test_formats_no_payload_types);
	g_test_add_func("/sdp/media/formats", test_formats);
	g_test_add_func("/sdp/media/rtpmap-beats-static", test_rtpmap_beats_static);
	g_test_add_func("/sdp/media/fmtp-with-blanks", test_fmtp_with_blanks);
	g_test_add_func("/sdp/media/feedback", test_feedback);
	g_test_add_func("/sdp/media/duplicate-formats", test_duplicate_formats);
	g_test_add_func("/sdp/media/formats-per-section", test_formats_per_section);
	g_test_add_func("/sdp/media/direction", test_direction);
	g_test_add_func("/sdp/media/direction-inherited", test_direction_inherited);
	g_test_add_func("/sdp/media/several-directions", test_several_directions);
	g_test_add_func("/sdp/media/own-attributes", test_own_attributes);
	g_test_add_func("/sdp/media/nothing-given", test_nothing_given);
	g_test_add_func("/sdp/media/rtcp", test_rtcp);
	g_test_add_func("/sdp/media/inherited", test_inherited_attributes);
	g_test_add_func("/sdp/media/not-inherited", test_not_inherited);
	g_test_add_func("/sdp/media/extmap-as-a-whole", test_extmap_as_a_whole);
	return g_test_run();
}

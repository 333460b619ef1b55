/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Attributes: which are known, and which values count as not sent. */
#include "sdp/sdp.h"

#include <glib.h>

#include "base/ref.h"

#define KEY30 "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNk"
#define KEY28 "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYg"
#define KEY38 "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkQUJDREVGR0g"
#define KEY44 "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkQUJDREVGR0hJSktMTU4"
#define KEY46 "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkQUJDREVGR0hJSktMTU5PUA"
#define HEX20 "10:32:54:76:98:BA:DC:FE:01:23:45:67:89:ab:cd:ef:11:22:33:44"

static enum sdp_attr_id find(const char *text)
{
	struct str rest = str_of(text), name;

	str_cut(&rest, ':', &name);
	return sdp_attr_find(name, rest);
}

/* How often a media section with a=TEXT has an attribute of that kind. */
static unsigned count_kept(enum sdp_attr_id id, const char *text)
{
	g_autofree char *body = g_strdup_printf("v=0\r\nm=audio 1 RTP/AVP 0\r\na=%s\r\n", text);
	struct sdp *sdp = NULL;
	unsigned count = 0, i;

	g_assert_cmpint(sdp_parse(str_of(body), false, &sdp, NULL), ==, 0);
	for (i = 0; i < sdp->media[0].attrs.count; i++)
		count += sdp->media[0].attrs.attr[i].id == id;
	g_assert_cmpuint(sdp->media[0].attrs.count, ==, count);
	ref_drop(sdp);
	return count;
}

#define KEPT(id, text)    g_assert_cmpuint(count_kept(SDP_ATTR_##id, text), ==, 1)
#define DROPPED(id, text) g_assert_cmpuint(count_kept(SDP_ATTR_##id, text), ==, 0)

static void test_every_name(void)
{
	static const char *const names[] = {
#define NAME(id, name) [SDP_ATTR_##id] = (name),
		SDP_ATTRS(NAME)
#undef NAME
	};
	unsigned i;

	for (i = SDP_ATTR_GENERIC + 1; i < SDP_ATTR_COUNT; i++)
		g_assert_cmpint(sdp_attr_find(str_of(names[i]), STR_NULL), ==, i);
}

static void test_generic(void)
{
	g_assert_cmpint(find("ssrc:77 cname:z"), ==, SDP_ATTR_GENERIC);
	g_assert_cmpint(find("rtcp-rsize"), ==, SDP_ATTR_GENERIC);
	g_assert_cmpint(find(""), ==, SDP_ATTR_GENERIC);
	g_assert_cmpint(find("MID:1"), ==, SDP_ATTR_GENERIC);
	g_assert_cmpint(find("mid2:1"), ==, SDP_ATTR_GENERIC);
}

static void test_feedback_for_all_is_generic(void)
{
	g_assert_cmpint(find("rtcp-fb:* nack"), ==, SDP_ATTR_GENERIC);
	g_assert_cmpint(find("rtcp-fb:96 nack"), ==, SDP_ATTR_RTCP_FB);
	g_assert_cmpint(find("rtcp-fb:*x"), ==, SDP_ATTR_RTCP_FB);
}

static void test_fax_by_prefix(void)
{
	g_assert_cmpint(find("T38FaxVersion:0"), ==, SDP_ATTR_T38_FAX);
	g_assert_cmpint(find("T38FaxUdpEC:t38UDPRedundancy"), ==, SDP_ATTR_T38_FAX);
	g_assert_cmpint(find("T38MaxBitRate:14400"), ==, SDP_ATTR_T38_MAX_BIT_RATE);
	g_assert_cmpint(find("T38Fa:1"), ==, SDP_ATTR_GENERIC);
}

static void test_attrs_find(void)
{
	const struct sdp_attr list[] = {
		{ .id = SDP_ATTR_GENERIC, .text = STR_LIT("x") },
		{ .id = SDP_ATTR_MID, .text = STR_LIT("mid:1") },
		{ .id = SDP_ATTR_MID, .text = STR_LIT("mid:2") },
	};
	const struct sdp_attrs attrs = { G_N_ELEMENTS(list), list };

	g_assert_true(sdp_attrs_find(&attrs, SDP_ATTR_MID) == &list[1]);
	g_assert_null(sdp_attrs_find(&attrs, SDP_ATTR_RTCP));
}

static void test_rtpmap(void)
{
	KEPT(RTPMAP, "rtpmap:0 PCMU/8000");
	KEPT(RTPMAP, "rtpmap:127 opus/48000/2 ");
	KEPT(RTPMAP, "rtpmap:96 x/4294967295/255");
	DROPPED(RTPMAP, "rtpmap");
	DROPPED(RTPMAP, "rtpmap:0");
	DROPPED(RTPMAP, "rtpmap:0 PCMU");
	DROPPED(RTPMAP, "rtpmap:0 PCMU/");
	DROPPED(RTPMAP, "rtpmap:0 /8000");
	DROPPED(RTPMAP, "rtpmap:0 PCMU/0");
	DROPPED(RTPMAP, "rtpmap:0 PCMU/x");
	DROPPED(RTPMAP, "rtpmap:0 PCMU/4294967296");
	DROPPED(RTPMAP, "rtpmap:0 PCMU/8000/0");
	DROPPED(RTPMAP, "rtpmap:0 PCMU/8000/256");
	DROPPED(RTPMAP, "rtpmap:0 PCMU/8000/2/2");
	DROPPED(RTPMAP, "rtpmap:128 PCMU/8000");
	DROPPED(RTPMAP, "rtpmap:4294967296 PCMU/8000");
	DROPPED(RTPMAP, "rtpmap:18446744073709551616 PCMU/8000");
}

static void test_rtcp(void)
{
	KEPT(RTCP, "rtcp:41001");
	KEPT(RTCP, "rtcp:65535 IN IP4 192.0.2.1");
	KEPT(RTCP, "rtcp:1 IN IP6 2001:db8::1");
	DROPPED(RTCP, "rtcp");
	DROPPED(RTCP, "rtcp:");
	DROPPED(RTCP, "rtcp:x");
	DROPPED(RTCP, "rtcp:0");
	DROPPED(RTCP, "rtcp:-1");
	DROPPED(RTCP, "rtcp:65536");
	DROPPED(RTCP, "rtcp:4294967297");
	DROPPED(RTCP, "rtcp:1 IN");
	DROPPED(RTCP, "rtcp:1 IN IP4");
	DROPPED(RTCP, "rtcp:1 IN IP4 host.example");
	DROPPED(RTCP, "rtcp:1 IN IP6 192.0.2.1");
}

static void test_ptime(void)
{
	KEPT(PTIME, "ptime:20");
	KEPT(PTIME, "ptime:20.5");
	KEPT(MAXPTIME, "maxptime:65535");
	DROPPED(PTIME, "ptime");
	DROPPED(PTIME, "ptime:0");
	DROPPED(PTIME, "ptime:0.5");
	DROPPED(PTIME, "ptime:-20");
	DROPPED(PTIME, "ptime:20ms");
	DROPPED(PTIME, "ptime:20.x");
	DROPPED(PTIME, "ptime:65536");
	DROPPED(PTIME, "ptime:99999999999");
	DROPPED(MAXPTIME, "maxptime:4294967316");
}

static void test_extmap(void)
{
	KEPT(EXTMAP, "extmap:1 urn:a");
	KEPT(EXTMAP, "extmap:14/recvonly urn:a with attributes");
	KEPT(EXTMAP, "extmap:16 urn:a");
	KEPT(EXTMAP, "extmap:255/inactive urn:a");
	DROPPED(EXTMAP, "extmap:0 urn:a");
	DROPPED(EXTMAP, "extmap:15 urn:a");
	DROPPED(EXTMAP, "extmap:256 urn:a");
	DROPPED(EXTMAP, "extmap:4294967297 urn:a");
	DROPPED(EXTMAP, "extmap:x urn:a");
	DROPPED(EXTMAP, "extmap:1/both urn:a");
	DROPPED(EXTMAP, "extmap:1/ urn:a");
	DROPPED(EXTMAP, "extmap:1");
	DROPPED(EXTMAP, "extmap");
}

static void test_crypto_suites(void)
{
	KEPT(CRYPTO, "crypto:1 AES_CM_128_HMAC_SHA1_80 inline:" KEY30);
	KEPT(CRYPTO, "crypto:2 AES_CM_128_HMAC_SHA1_32 inline:" KEY30);
	KEPT(CRYPTO, "crypto:3 AES_192_CM_HMAC_SHA1_80 inline:" KEY38);
	KEPT(CRYPTO, "crypto:4 AES_192_CM_HMAC_SHA1_32 inline:" KEY38 "=");
	KEPT(CRYPTO, "crypto:5 AES_256_CM_HMAC_SHA1_80 inline:" KEY46);
	KEPT(CRYPTO, "crypto:6 AES_256_CM_HMAC_SHA1_32 inline:" KEY46 "==");
	KEPT(CRYPTO, "crypto:7 AEAD_AES_128_GCM inline:" KEY28 "==");
	KEPT(CRYPTO, "crypto:8 AEAD_AES_256_GCM inline:" KEY44 "=");
	KEPT(CRYPTO, "crypto:9 F8_128_HMAC_SHA1_80 inline:" KEY30);
	KEPT(CRYPTO, "crypto:10 F8_128_HMAC_SHA1_32 inline:" KEY30);
	KEPT(CRYPTO, "crypto:11 NULL_HMAC_SHA1_80 inline:" KEY30);
	KEPT(CRYPTO, "crypto:12 NULL_HMAC_SHA1_32 inline:" KEY30);
	DROPPED(CRYPTO, "crypto:1 AES_CM_128_HMAC_SHA1_81 inline:" KEY30);
}

static void test_crypto_keys(void)
{
	KEPT(CRYPTO, "crypto:1 AES_CM_128_HMAC_SHA1_80 inline:" KEY30 "|2^31|1:4 KDR=1");
	KEPT(CRYPTO, "crypto:1 AES_CM_128_HMAC_SHA1_80 inline:" KEY30 "|1:4;inline:" KEY30 "|2:4");
	DROPPED(CRYPTO, "crypto:1 AES_CM_128_HMAC_SHA1_80 inline:" KEY28);
	DROPPED(CRYPTO, "crypto:1 AES_CM_128_HMAC_SHA1_80 inline:" KEY38);
	DROPPED(CRYPTO, "crypto:1 AES_CM_128_HMAC_SHA1_80 inline:" KEY30 "=");
	DROPPED(CRYPTO, "crypto:1 AEAD_AES_128_GCM inline:" KEY28 "===");
	DROPPED(CRYPTO, "crypto:1 AEAD_AES_128_GCM inline:" KEY28 "=A");
	DROPPED(CRYPTO, "crypto:1 AES_CM_128_HMAC_SHA1_80 inline:"
			"QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYm!k");
	DROPPED(CRYPTO, "crypto:1 AES_CM_128_HMAC_SHA1_80 inline:");
	DROPPED(CRYPTO, "crypto:1 AES_CM_128_HMAC_SHA1_80 outline:" KEY30);
	DROPPED(CRYPTO, "crypto:1 AES_CM_128_HMAC_SHA1_80 " KEY30);
	DROPPED(CRYPTO, "crypto:1 AES_CM_128_HMAC_SHA1_80");
	DROPPED(CRYPTO, "crypto:x AES_CM_128_HMAC_SHA1_80 inline:" KEY30);
	DROPPED(CRYPTO, "crypto:4294967297 AES_CM_128_HMAC_SHA1_80 inline:" KEY30);
	DROPPED(CRYPTO, "crypto");
}

static void test_fingerprint(void)
{
	KEPT(FINGERPRINT, "fingerprint:sha-1 " HEX20);
	KEPT(FINGERPRINT, "fingerprint:SHA-1 " HEX20);
	KEPT(FINGERPRINT, "fingerprint:sha-224 " HEX20 ":01:02:03:04:05:06:07:08");
	KEPT(FINGERPRINT, "fingerprint:sha-256 " HEX20 ":01:02:03:04:05:06:07:08:09:0a:0b:0c");
	KEPT(FINGERPRINT, "fingerprint:sha-384 " HEX20 ":" HEX20 ":01:02:03:04:05:06:07:08");
	KEPT(FINGERPRINT, "fingerprint:sha-512 " HEX20 ":" HEX20 ":" HEX20 ":01:02:03:04");
	DROPPED(FINGERPRINT, "fingerprint:md5 10:32:54:76:98:BA:DC:FE:01:23:45:67:89:AB:CD:EF");
	DROPPED(FINGERPRINT, "fingerprint:sha-256 " HEX20);
	DROPPED(FINGERPRINT, "fingerprint:sha-1 " HEX20 ":");
	DROPPED(FINGERPRINT, "fingerprint:sha-1 " HEX20 ":00");
	DROPPED(FINGERPRINT,
		"fingerprint:sha-1 10:32:54:76:98:BA:DC:FE:01:23:45:67:89:ab:cd:ef:11:22:33:4g");
	DROPPED(FINGERPRINT,
		"fingerprint:sha-1 10-32:54:76:98:BA:DC:FE:01:23:45:67:89:ab:cd:ef:11:22:33:44");
	DROPPED(FINGERPRINT, "fingerprint:sha-1");
	DROPPED(FINGERPRINT, "fingerprint");
}

static void test_candidate(void)
{
	KEPT(CANDIDATE, "candidate:h1 1 UDP 2130706431 192.0.2.10 41000 typ host");
	KEPT(CANDIDATE, "candidate:h1 256 tcp 4294967295 x.local 0 typ srflx raddr :: rport 9");
	DROPPED(CANDIDATE, "candidate:h1 1 UDP 2130706431 192.0.2.10 41000 typ");
	DROPPED(CANDIDATE, "candidate:h1 1 UDP 2130706431 192.0.2.10 41000 type host");
	DROPPED(CANDIDATE, "candidate:h1 0 UDP 2130706431 192.0.2.10 41000 typ host");
	DROPPED(CANDIDATE, "candidate:h1 257 UDP 2130706431 192.0.2.10 41000 typ host");
	DROPPED(CANDIDATE, "candidate:h1 1 UDP 4294967296 192.0.2.10 41000 typ host");
	DROPPED(CANDIDATE, "candidate:h1 1 UDP 2130706431 192.0.2.10 65536 typ host");
	DROPPED(CANDIDATE, "candidate");
}

static void test_feedback(void)
{
	KEPT(RTCP_FB, "rtcp-fb:96 nack pli");
	DROPPED(RTCP_FB, "rtcp-fb:96");
	DROPPED(RTCP_FB, "rtcp-fb:128 nack");
	DROPPED(RTCP_FB, "rtcp-fb:x nack");
}

static void test_values_needed(void)
{
	KEPT(SETUP, "setup:actpass");
	KEPT(SETUP, "setup:holdconn");
	KEPT(FMTP, "fmtp:webrtc-datachannel max-message-size=100000");
	KEPT(END_OF_CANDIDATES, "end-of-candidates");
	KEPT(RTCP_MUX, "rtcp-mux");
	DROPPED(SETUP, "setup:whatever");
	DROPPED(SETUP, "setup");
	DROPPED(MID, "mid");
	DROPPED(MID, "mid:");
	DROPPED(MID, "mid: ");
	DROPPED(LABEL, "label");
	DROPPED(ICE_UFRAG, "ice-ufrag:");
	DROPPED(ICE_PWD, "ice-pwd");
	DROPPED(FMTP, "fmtp");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/sdp/attr/every-name", test_every_name);
	g_test_add_func("/sdp/attr/generic", test_generic);
	g_test_add_func("/sdp/attr/feedback-for-all", test_feedback_for_all_is_generic);
	g_test_add_func("/sdp/attr/fax-by-prefix", test_fax_by_prefix);
	g_test_add_func("/sdp/attr/find", test_attrs_find);
	g_test_add_func("/sdp/attr/rtpmap", test_rtpmap);
	g_test_add_func("/sdp/attr/rtcp", test_rtcp);
	g_test_add_func("/sdp/attr/ptime", test_ptime);
	g_test_add_func("/sdp/attr/extmap", test_extmap);
	g_test_add_func("/sdp/attr/crypto-suites", test_crypto_suites);
	g_test_add_func("/sdp/attr/crypto-keys", test_crypto_keys);
	g_test_add_func("/sdp/attr/fingerprint", test_fingerprint);
	g_test_add_func("/sdp/attr/candidate", test_candidate);
	g_test_add_func("/sdp/attr/feedback", test_feedback);
	g_test_add_func("/sdp/attr/values-needed", test_values_needed);
	return g_test_run();
}

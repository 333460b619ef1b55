/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The pure decisions of an exchange: rtcp-mux, endpoints, profiles, formats, refusals. */
#include "call/negotiate.h"

#include <errno.h>
#include <glib.h>

#include "base/ref.h"
#include "call/model.h"

/* A body with one section; `lines` are those behind the session part. */
static struct sdp *parse(const char *lines)
{
	g_autofree char *body = g_strconcat("v=0\r\no=a 1 1 IN IP4 192.0.2.10\r\ns=-\r\n"
					    "c=IN IP4 192.0.2.10\r\nt=0 0\r\n",
		lines, NULL);
	struct sdp *sdp = NULL;

	g_assert_cmpint(sdp_parse(str_of(body), false, &sdp, NULL), ==, 0);
	g_assert_cmpuint(sdp->media_count, ==, 1);
	return sdp;
}

static void assert_addr(const struct addr *addr, const char *expected)
{
	char text[ADDR_TEXT];

	g_assert_cmpstr(addr->family ? addr_print(addr, text) : "none", ==, expected);
}

enum shown { NONE, DUAL, SINGLE };

struct row {
	struct mux_options o;
	enum shown with, without; /* towards the receiver: offer had mux, or not */
	enum mux_answer answer;   /* back to the sender */
};

static const struct row rows[] = {
	{ { 0 }, DUAL, NONE, MUX_FOLLOW },
	{ { .offer = true }, DUAL, DUAL, MUX_FOLLOW },
	{ { .require = true }, SINGLE, SINGLE, MUX_FOLLOW },
	{ { .demux = true }, NONE, NONE, MUX_ACCEPT },
	{ { .accept = true }, DUAL, NONE, MUX_ACCEPT },
	{ { .reject = true }, DUAL, NONE, MUX_REJECT },
	{ { .offer = true, .reject = true }, DUAL, DUAL, MUX_REJECT },
	{ { .require = true, .reject = true }, SINGLE, SINGLE, MUX_REJECT },
	{ { .accept = true, .demux = true }, NONE, NONE, MUX_ACCEPT },
};

static enum shown shown(const struct mux_decision *d)
{
	return !d->offer_to ? NONE : d->single ? SINGLE : DUAL;
}

static void test_mux_table(void)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct mux_decision with = negotiate_mux_offer(true, false, &rows[i].o);
		struct mux_decision without = negotiate_mux_offer(false, false, &rows[i].o);

		g_assert_cmpint(shown(&with), ==, rows[i].with);
		g_assert_cmpint(with.answer, ==, (int)rows[i].answer);
		g_assert_cmpint(shown(&without), ==, rows[i].without);
	}
}

static void test_mux_established_is_kept(void)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct mux_decision with = negotiate_mux_offer(true, true, &rows[i].o);
		struct mux_decision without = negotiate_mux_offer(false, true, &rows[i].o);

		g_assert_cmpint(shown(&with), ==, SINGLE);
		g_assert_cmpint(shown(&without), ==, SINGLE);
	}
}

static bool offers_mux(const char *lines)
{
	struct sdp *sdp = parse(lines);
	bool ret = negotiate_mux_offered(sdp->media);

	ref_drop(sdp);
	return ret;
}

static void test_mux_is_said_in_two_ways(void)
{
	g_assert_false(offers_mux("m=audio 41000 RTP/AVP 0\r\n"));
	g_assert_true(offers_mux("m=audio 41000 RTP/AVP 0\r\na=rtcp-mux\r\n"));
	g_assert_true(offers_mux("m=audio 41000 RTP/AVP 0\r\na=rtcp:41000\r\n"));
	g_assert_true(offers_mux("m=audio 41000 RTP/AVP 0\r\na=rtcp:41000 IN IP4 192.0.2.10\r\n"));
	g_assert_false(offers_mux("m=audio 41000 RTP/AVP 0\r\na=rtcp:41000 IN IP4 192.0.2.9\r\n"));
	g_assert_false(offers_mux("m=audio 41000 RTP/AVP 0\r\na=rtcp:41001\r\n"));
	g_assert_false(offers_mux("m=audio 41000/2 RTP/AVP 0\r\na=rtcp:41000\r\n"));
}

static struct endpoints endpoints_of(const char *lines, const struct addr *believed, bool mux)
{
	static const struct addr none = { 0 };
	struct sdp *sdp = parse(lines);
	struct endpoints e = negotiate_endpoints(sdp->media, believed ? believed : &none, mux);

	ref_drop(sdp);
	return e;
}

static void test_rtcp_is_behind_rtp(void)
{
	struct endpoints e = endpoints_of("m=audio 41000 RTP/AVP 0\r\n", NULL, false);

	assert_addr(&e.rtp, "192.0.2.10:41000");
	assert_addr(&e.rtcp, "192.0.2.10:41001");
	assert_addr(&e.advertised, "192.0.2.10:41000");
	g_assert_false(e.zero_address);
}

static void test_rtcp_where_it_says(void)
{
	struct endpoints e = endpoints_of(
		"m=audio 41000 RTP/AVP 0\r\na=rtcp:50000\r\n", NULL, false);

	assert_addr(&e.rtcp, "192.0.2.10:50000");
	e = endpoints_of(
		"m=audio 41000 RTP/AVP 0\r\na=rtcp:50000 IN IP4 192.0.2.77\r\n", NULL, false);
	assert_addr(&e.rtcp, "192.0.2.77:50000");
	assert_addr(&e.rtp, "192.0.2.10:41000");
	/* not with a port count */
	e = endpoints_of("m=audio 41000/2 RTP/AVP 0\r\na=rtcp:50000\r\n", NULL, false);
	assert_addr(&e.rtcp, "192.0.2.10:41001");
}

static void test_rtcp_muxed_is_where_rtp_is(void)
{
	struct endpoints e = endpoints_of(
		"m=audio 41000 RTP/AVP 0\r\na=rtcp:50000\r\n", NULL, true);

	assert_addr(&e.rtcp, "192.0.2.10:41000");
}

static void test_no_port_behind_the_last(void)
{
	struct endpoints e = endpoints_of("m=audio 65535 RTP/AVP 0\r\n", NULL, false);

	assert_addr(&e.rtp, "192.0.2.10:65535");
	assert_addr(&e.rtcp, "none");
}

static void test_port_zero_is_nowhere(void)
{
	struct endpoints e = endpoints_of("m=audio 0 RTP/AVP 0\r\n", NULL, false);

	assert_addr(&e.rtp, "none");
	assert_addr(&e.rtcp, "none");
}

static void test_zero_address_is_hold_but_a_key(void)
{
	struct endpoints e = endpoints_of(
		"m=audio 41000 RTP/AVP 0\r\nc=IN IP4 0.0.0.0\r\n", NULL, false);

	assert_addr(&e.rtp, "none");
	assert_addr(&e.rtcp, "none");
	g_assert_true(e.zero_address);
	g_assert_cmpuint(e.advertised.port, ==, 41000);
}

static void test_sip_source_replaces_addresses(void)
{
	struct addr o = { ADDR_IP4, 0, { 203, 0, 113, 30 } };
	struct endpoints e = endpoints_of(
		"m=audio 41000 RTP/AVP 0\r\na=rtcp:50000 IN IP4 192.0.2.77\r\n", &o, false);

	assert_addr(&e.rtp, "203.0.113.30:41000");
	assert_addr(&e.rtcp, "203.0.113.30:50000");
	/* … but not hold */
	e = endpoints_of("m=audio 41000 RTP/AVP 0\r\nc=IN IP4 0.0.0.0\r\n", &o, false);
	assert_addr(&e.rtp, "none");
	g_assert_true(e.zero_address);
}

static int check(const char *lines, const struct call_options *o, struct err *err)
{
	static const struct call_options none = { 0 };
	struct sdp *sdp = parse(lines);
	int ret = negotiate_check(sdp->media, o ? o : &none, true, err);

	ref_drop(sdp);
	return ret;
}

static void test_what_can_be_carried(void)
{
	struct err err;

	g_assert_cmpint(check("m=audio 41000 RTP/AVP 0\r\n", NULL, &err), ==, 0);
	g_assert_cmpint(check("m=audio 41000 RTP/AVPF 0\r\n", NULL, &err), ==, 0);
	g_assert_cmpint(check("m=image 41000 udptl t38\r\n", NULL, &err), ==, 0);
	g_assert_cmpint(check("m=message 41000 TCP/MSRP *\r\n", NULL, &err), ==, 0);
	g_assert_cmpint(check("m=audio 41000 RTP/SAVP 0\r\n", NULL, &err), ==, 0);
	g_assert_cmpint(check("m=audio 41000 UDP/TLS/RTP/SAVP 0\r\n", NULL, &err), ==, 0);
}

static void test_what_cannot_says_why(void)
{
	struct call_options o = { .has_transport = true, .transport = SDP_UDPTL };
	struct err err = { 0 };

	g_assert_cmpint(check("m=audio 41000 RTP/AVP 0\r\n", &o, &err), ==, -ENOTSUP);
	g_assert_nonnull(strstr(err.text, "udptl"));
	g_assert_cmpint(check("m=audio 41000 RTP/AVP 130\r\n", NULL, &err), ==, -EINVAL);
	g_assert_cmpstr(err.text, ==, "Incomplete SDP specification");
}

static void test_address_must_come_from_somewhere(void)
{
	static const char body[] = "v=0\r\no=a 1 1 IN IP4 192.0.2.10\r\ns=-\r\nt=0 0\r\n"
				   "m=audio 41000 RTP/AVP 0\r\n";
	struct call_options o = { .received_from = { ADDR_IP4, 0, { 203, 0, 113, 30 } } };
	struct sdp *sdp;
	struct err err;

	g_assert_cmpint(sdp_parse(STR_LIT(body), false, &sdp, NULL), ==, 0);
	g_assert_cmpint(negotiate_check(sdp->media, &o, true, &err), ==, -EINVAL);
	g_assert_cmpstr(err.text, ==, "Incomplete SDP specification");
	g_assert_cmpint(negotiate_check(sdp->media, &o, false, &err), ==, 0);
	o.received_from.family = ADDR_NONE;
	g_assert_cmpint(negotiate_check(sdp->media, &o, false, &err), ==, -EINVAL);
	ref_drop(sdp);
}

static void test_profile_asked_for_goes_to_rtp_only(void)
{
	struct call_options o = { .has_transport = true, .transport = SDP_RTP_AVPF }, none = { 0 };
	struct sdp *audio = parse("m=audio 41000 RTP/AVP 0\r\n");
	struct sdp *fax = parse("m=image 41000 udptl t38\r\n");

	g_assert_cmpint(negotiate_transport_offer(audio->media, &none), ==, SDP_RTP_AVP);
	g_assert_cmpint(negotiate_transport_offer(audio->media, &o), ==, SDP_RTP_AVPF);
	g_assert_cmpint(negotiate_transport_offer(fax->media, &o), ==, SDP_UDPTL);
	ref_drop(audio);
	ref_drop(fax);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/call/negotiate/mux-table", test_mux_table);
	g_test_add_func("/call/negotiate/mux-kept", test_mux_established_is_kept);
	g_test_add_func("/call/negotiate/mux-said", test_mux_is_said_in_two_ways);
	g_test_add_func("/call/negotiate/rtcp", test_rtcp_is_behind_rtp);
	g_test_add_func("/call/negotiate/rtcp-attribute", test_rtcp_where_it_says);
	g_test_add_func("/call/negotiate/rtcp-muxed", test_rtcp_muxed_is_where_rtp_is);
	g_test_add_func("/call/negotiate/last-port", test_no_port_behind_the_last);
	g_test_add_func("/call/negotiate/port-zero", test_port_zero_is_nowhere);
	g_test_add_func("/call/negotiate/zero-address", test_zero_address_is_hold_but_a_key);
	g_test_add_func("/call/negotiate/sip-source", test_sip_source_replaces_addresses);
	g_test_add_func("/call/negotiate/carried", test_what_can_be_carried);
	g_test_add_func("/call/negotiate/refused", test_what_cannot_says_why);
	g_test_add_func("/call/negotiate/address", test_address_must_come_from_somewhere);
	g_test_add_func("/call/negotiate/profile", test_profile_asked_for_goes_to_rtp_only);
	return g_test_run();
}

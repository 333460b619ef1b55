/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a datagram is, and whether it may come in on a stream of that kind. */
#include "media/packet.h"

#include <glib.h>

struct given {
	bool rtp, rtcp, opaque;
};

static const struct given rtp_port = { .rtp = true }, rtcp_port = { .rtcp = true };
static const struct given muxed = { .rtp = true, .rtcp = true }, opaque = { .opaque = true };

static const uint8_t rtp[12] = { 0x80, 0x00 };
static const uint8_t rtcp[8] = { 0x80, 200 + 1, 0, 1 };

static int demux(
	const struct given *given, const void *bytes, size_t len, enum datagram_kind *ret_kind)
{
	struct stream stream = {
		.rtp = given->rtp,
		.rtcp = given->rtcp,
		.opaque = given->opaque,
	};
	struct buf_pool *pool = buf_pool_new(1);
	struct packet packet = { .buf = buf_get(pool), .in = &stream };
	int verdict;

	if (len)
		memcpy(packet.buf->data, bytes, len);
	packet.buf->len = (uint32_t)len;
	verdict = media_demux(&packet);
	if (ret_kind)
		*ret_kind = packet.kind;
	buf_put(packet.buf);
	buf_pool_free(pool);
	return verdict;
}

static void test_kinds_expected_are_let_in(void)
{
	enum datagram_kind kind;

	g_assert_cmpint(demux(&rtp_port, rtp, sizeof(rtp), &kind), ==, PACKET_OK);
	g_assert_cmpint(kind, ==, DATAGRAM_RTP);
	g_assert_cmpint(demux(&rtcp_port, rtcp, sizeof(rtcp), &kind), ==, PACKET_OK);
	g_assert_cmpint(kind, ==, DATAGRAM_RTCP);
	g_assert_cmpint(demux(&muxed, rtcp, sizeof(rtcp), &kind), ==, PACKET_OK);
	g_assert_cmpint(kind, ==, DATAGRAM_RTCP);
	g_assert_cmpint(demux(&muxed, rtp, sizeof(rtp), &kind), ==, PACKET_OK);
	g_assert_cmpint(kind, ==, DATAGRAM_RTP);
}

static void test_kind_on_the_other_port_is_refused(void)
{
	g_assert_cmpint(demux(&rtp_port, rtcp, sizeof(rtcp), NULL), ==, REASON_RTCP_NOT_MUXED);
	g_assert_cmpint(demux(&rtcp_port, rtp, sizeof(rtp), NULL), ==, REASON_RTP_ON_RTCP_PORT);
}

static void test_stun_and_dtls_have_reasons_of_their_own(void)
{
	static const uint8_t stun[20] = { 0, 1 }, dtls[13] = { 22 };

	g_assert_cmpint(demux(&muxed, stun, sizeof(stun), NULL), ==, REASON_STUN_UNEXPECTED);
	g_assert_cmpint(demux(&muxed, dtls, sizeof(dtls), NULL), ==, REASON_DTLS_UNEXPECTED);
}

static void test_short_ones_are_runts(void)
{
	g_assert_cmpint(demux(&rtp_port, rtp, 0, NULL), ==, REASON_RUNT);
	g_assert_cmpint(demux(&rtp_port, rtp, 1, NULL), ==, REASON_RUNT);
	g_assert_cmpint(demux(&rtp_port, rtp, 11, NULL), ==, REASON_RUNT);
}

static void test_lying_compound_is_malformed(void)
{
	static const uint8_t longer[8] = { 0x80, 200, 0, 9 };

	g_assert_cmpint(demux(&rtcp_port, longer, sizeof(longer), NULL), ==, REASON_RTCP_MALFORMED);
	g_assert_cmpint(demux(&rtcp_port, rtcp, 4, NULL), ==, REASON_RTCP_MALFORMED);
}

static void test_other_bytes_are_not_rtp(void)
{
	static const uint8_t other[4] = { 0xff, 0, 1, 2 };

	g_assert_cmpint(demux(&muxed, other, sizeof(other), NULL), ==, REASON_NOT_RTP);
}

static void test_opaque_stream_takes_all(void)
{
	enum datagram_kind kind;

	g_assert_cmpint(demux(&opaque, rtp, sizeof(rtp), &kind), ==, PACKET_OK);
	g_assert_cmpint(kind, ==, DATAGRAM_OTHER);
	g_assert_cmpint(demux(&opaque, rtp, 0, NULL), ==, PACKET_OK);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/media/demux/expected", test_kinds_expected_are_let_in);
	g_test_add_func("/media/demux/other-port", test_kind_on_the_other_port_is_refused);
	g_test_add_func("/media/demux/stun-dtls", test_stun_and_dtls_have_reasons_of_their_own);
	g_test_add_func("/media/demux/runts", test_short_ones_are_runts);
	g_test_add_func("/media/demux/malformed", test_lying_compound_is_malformed);
	g_test_add_func("/media/demux/not-rtp", test_other_bytes_are_not_rtp);
	g_test_add_func("/media/demux/opaque", test_opaque_stream_takes_all);
	return g_test_run();
}

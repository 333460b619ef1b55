/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sdp/fold.c: sections that stand twice. */
#include "sdp/sdp.h"

#include <glib.h>

#include "base/ref.h"

static struct sdp *parse(const char *lines)
{
	g_autofree char *body = g_strconcat("v=0\r\no=a 1 1 IN IP4 192.0.2.10\r\ns=-\r\n"
					    "c=IN IP4 192.0.2.10\r\nt=0 0\r\n",
		lines, NULL);
	struct sdp *sdp = NULL;

	g_assert_cmpint(sdp_parse(str_of(body), false, &sdp, NULL), ==, 0);
	return sdp;
}

static void test_what_is_doubled(void)
{
	struct sdp *sdp = parse("m=audio 1000 RTP/AVP 0\r\n"
				"m=audio 1000 RTP/SAVP 0\r\n"
				"m=video 1000 RTP/AVP 99\r\n"
				"m=video 1000 RTP/AVPF 99\r\n"
				"m=image 1000 udptl t38\r\n"
				"m=image 1000 RTP/SAVP 0\r\n");

	g_assert_true(sdp_is_doubled(sdp, 0));
	for (unsigned i = 1; i < 6; i++)
		g_assert_false(sdp_is_doubled(sdp, i));
	ref_drop(sdp);
}

static void test_either_can_stay(void)
{
	struct sdp *sdp = parse("m=audio 1000 RTP/AVP 0\r\n"
				"m=audio 1002 RTP/SAVP 8\r\n"
				"m=video 1004 RTP/SAVPF 99\r\n"
				"m=video 1006 RTP/AVPF 98\r\n"
				"m=audio 1008 RTP/AVP 0\r\n");

	sdp_fold(sdp, 0, true);
	g_assert_cmpuint(sdp->media_count, ==, 4);
	g_assert_cmpuint(sdp->media[0].port, ==, 1002);
	g_assert_cmpuint(sdp->media[0].place, ==, 1);
	g_assert_cmpint(sdp->media[0].doubled, ==, SDP_PLAIN_FIRST);
	sdp_fold(sdp, 1, false);
	g_assert_cmpuint(sdp->media_count, ==, 3);
	g_assert_cmpuint(sdp->media[1].port, ==, 1004);
	g_assert_cmpuint(sdp->media[1].place, ==, 2);
	g_assert_cmpint(sdp->media[1].doubled, ==, SDP_SRTP_FIRST);
	g_assert_cmpuint(sdp->media[2].port, ==, 1008);
	g_assert_cmpuint(sdp->media[2].place, ==, 4);
	g_assert_cmpint(sdp->media[2].doubled, ==, SDP_NOT_DOUBLED);
	ref_drop(sdp);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/sdp/fold/doubled", test_what_is_doubled);
	g_test_add_func("/sdp/fold/stays", test_either_can_stay);
	return g_test_run();
}

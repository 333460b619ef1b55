/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sdp/group.c: who shares whose transport, and a=ssrc. */
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

/* The place of the section whose transport this one shares; -1: none. */
static int head_of(const struct sdp *sdp, unsigned index)
{
	const struct sdp_media *head = sdp_bundle_head(sdp, &sdp->media[index]);

	return head ? (int)(head - sdp->media) : -1;
}

static void test_groups(void)
{
	struct sdp *sdp = parse("a=group:LS e f\r\na=group:BUNDLE  b a c\r\n"
				"a=group:BUNDLE d\r\n"
				"m=audio 1000 RTP/AVP 0\r\na=mid:a\r\n"
				"m=video 1000 RTP/AVP 99\r\na=mid:b\r\n"
				"m=video 0 RTP/AVP 99\r\na=mid:c\r\na=bundle-only\r\n"
				"m=audio 1002 RTP/AVP 0\r\na=mid:d\r\n"
				"m=audio 1004 RTP/AVP 0\r\na=mid:e\r\n"
				"m=audio 1006 RTP/AVP 0\r\n");

	g_assert_cmpint(head_of(sdp, 0), ==, 1);
	g_assert_cmpint(head_of(sdp, 1), ==, 1);
	g_assert_cmpint(head_of(sdp, 2), ==, 1);
	g_assert_cmpint(head_of(sdp, 3), ==, 3);
	g_assert_cmpint(head_of(sdp, 4), ==, -1);
	g_assert_cmpint(head_of(sdp, 5), ==, -1);
	ref_drop(sdp);
}

static void test_declined_ones_carry_nobody(void)
{
	struct sdp *sdp = parse("a=group:BUNDLE a nobody b c\r\n"
				"m=audio 0 RTP/AVP 0\r\na=mid:a\r\n"
				"m=video 1000 RTP/AVP 99\r\na=mid:b\r\n"
				"m=video 0 RTP/AVP 99\r\na=mid:c\r\n");

	g_assert_cmpint(head_of(sdp, 0), ==, -1);
	g_assert_cmpint(head_of(sdp, 1), ==, 1);
	g_assert_cmpint(head_of(sdp, 2), ==, -1);
	ref_drop(sdp);
}

static bool read_ssrc(const char *name, const char *value, uint32_t *ret)
{
	struct sdp_attr attr = { .name = str_of(name), .value = str_of(value) };

	return sdp_read_ssrc(&attr, ret);
}

static void test_ssrc(void)
{
	uint32_t ssrc = 0;

	g_assert_true(read_ssrc("ssrc", "4294967295 cname:x", &ssrc));
	g_assert_cmpuint(ssrc, ==, 4294967295u);
	g_assert_true(read_ssrc("ssrc", "7", &ssrc));
	g_assert_cmpuint(ssrc, ==, 7);
	g_assert_false(read_ssrc("ssrc", "4294967296 cname:x", &ssrc));
	g_assert_false(read_ssrc("ssrc", "x", &ssrc));
	g_assert_false(read_ssrc("ssrc", "", &ssrc));
	g_assert_false(read_ssrc("ssrc-group", "7", &ssrc));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/sdp/group/bundles", test_groups);
	g_test_add_func("/sdp/group/declined", test_declined_ones_carry_nobody);
	g_test_add_func("/sdp/group/ssrc", test_ssrc);
	return g_test_run();
}

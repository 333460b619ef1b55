/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Text of session descriptions: exact bytes. */
#include "sdp/sdp.h"

#include <glib.h>

static void check_text(const struct sdp_writer *w, const char *want)
{
	struct str text = sdp_writer_text(w);
	g_autofree char *got = g_strndup(text.s, text.len);

	g_assert_cmpstr(got, ==, want);
	g_assert_cmpuint(text.len, ==, strlen(want));
}

static void test_empty(void)
{
	struct sdp_writer *w = sdp_writer_new();

	g_assert_cmpuint(sdp_writer_text(w).len, ==, 0);
	sdp_writer_free(w);
	sdp_writer_free(NULL);
}

static void test_line(void)
{
	struct sdp_writer *w = sdp_writer_new();

	sdp_write_line(w, "v=0");
	sdp_write_line(w, "o=%.*s %d", STR_ARG(STR_LIT("ann")), 7);
	check_text(w, "v=0\r\no=ann 7\r\n");
	sdp_writer_free(w);
}

static void test_attr(void)
{
	struct sdp_writer *w = sdp_writer_new();

	sdp_write_attr(w, "sendrecv", NULL);
	sdp_write_attr(w, "rtcp", "%u", 41001u);
	sdp_write_attr(w, "mid", "%s", "");
	check_text(w, "a=sendrecv\r\na=rtcp:41001\r\na=mid:\r\n");
	sdp_writer_free(w);
}

static void test_attr_text_is_copied(void)
{
	static const char bytes[] = { 'x', ':', '%', 's', '\0', '\t', (char)0xff };
	static const char want[] = "a=x:%s\0\t\xff\r\na=\r\n";
	struct sdp_writer *w = sdp_writer_new();
	struct str text;

	sdp_write_attr_text(w, (struct str){ bytes, sizeof(bytes) });
	sdp_write_attr_text(w, STR_NULL);
	text = sdp_writer_text(w);
	g_assert_cmpmem(text.s, text.len, want, sizeof(want) - 1);
	sdp_writer_free(w);
}

static void test_bandwidth(void)
{
	static const enum sdp_bandwidth_type types[] = { SDP_BW_AS, SDP_BW_RR, SDP_BW_RS,
		SDP_BW_TIAS };
	struct sdp_bandwidth bandwidth = { 0 };
	struct sdp_writer *w = sdp_writer_new();

	bandwidth.has[SDP_BW_TIAS] = true;
	bandwidth.value[SDP_BW_TIAS] = UINT64_MAX;
	bandwidth.has[SDP_BW_AS] = true;
	bandwidth.value[SDP_BW_AS] = 80;
	bandwidth.has[SDP_BW_RS] = true;
	bandwidth.has[SDP_BW_CT] = true;
	sdp_write_bandwidth(w, &bandwidth, types, G_N_ELEMENTS(types));
	check_text(w, "b=AS:80\r\nb=RS:0\r\nb=TIAS:18446744073709551615\r\n");
	sdp_writer_free(w);
}

/* Lines of all lengths around the sizes at which the buffer grows, by each way of writing. */
static void test_growth(void)
{
	g_autofree char *long_text = g_strnfill(100000, 'y');
	GString *want = g_string_new(NULL);
	struct sdp_writer *w = sdp_writer_new();
	int len;

	for (len = 0; len < 3000; len += 7) {
		sdp_write_line(w, "s=%.*s", len, long_text);
		g_string_append_printf(want, "s=%.*s\r\n", len, long_text);
		sdp_write_attr(w, "n", "%.*s", len, long_text);
		g_string_append_printf(want, "a=n:%.*s\r\n", len, long_text);
		sdp_write_attr_text(w, (struct str){ long_text, (size_t)len });
		g_string_append_printf(want, "a=%.*s\r\n", len, long_text);
	}
	sdp_write_line(w, "%s", long_text);
	g_string_append_printf(want, "%s\r\n", long_text);
	check_text(w, want->str);
	sdp_writer_free(w);
	g_string_free(want, TRUE);
}

/* A text that ends exactly where the buffer does needs one more byte for the end of the string. */
static void test_exact_fit(void)
{
	g_autofree char *text = g_strnfill(5000, 'z');
	int len;

	for (len = 2030; len < 2060; len++) {
		struct sdp_writer *w = sdp_writer_new();
		struct str got;

		sdp_write_line(w, "%.*s", len, text);
		got = sdp_writer_text(w);
		g_assert_cmpuint(got.len, ==, (size_t)len + 2);
		g_assert_cmpmem(got.s, (size_t)len, text, (size_t)len);
		g_assert_cmpmem(got.s + len, 2, "\r\n", 2);
		sdp_writer_free(w);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/sdp/print/empty", test_empty);
	g_test_add_func("/sdp/print/line", test_line);
	g_test_add_func("/sdp/print/attr", test_attr);
	g_test_add_func("/sdp/print/attr-text", test_attr_text_is_copied);
	g_test_add_func("/sdp/print/bandwidth", test_bandwidth);
	g_test_add_func("/sdp/print/growth", test_growth);
	g_test_add_func("/sdp/print/exact-fit", test_exact_fit);
	return g_test_run();
}

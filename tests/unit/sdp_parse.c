/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lines, sections and bounds of session descriptions. */
#include "sdp/sdp.h"

#include <errno.h>

#include <glib.h>

#include "base/ref.h"

#define HEAD                                 \
	"v=0\r\n"                            \
	"o=ann 8100 3 IN IP4 192.0.2.10\r\n" \
	"s=call\r\n"                         \
	"c=IN IP4 192.0.2.10\r\n"            \
	"t=0 0\r\n"
#define AUDIO "m=audio 41000 RTP/AVP 0\r\n"

static const char full[] = "v=0\r\n"
			   "o=ann 8100 3 IN IP4 192.0.2.10\r\n"
			   "s=call\r\n"
			   "i=info\r\n"
			   "u=http://example.net/\r\n"
			   "e=ann@example.net\r\n"
			   "p=+1 555 0100\r\n"
			   "c=IN IP4 192.0.2.10\r\n"
			   "b=CT:512\r\n"
			   "b=AS:256\r\n"
			   "b=X-PRIV:1\r\n"
			   "t=17 42\r\n"
			   "r=604800 3600 0\r\n"
			   "z=0 0\r\n"
			   "k=prompt\r\n"
			   "a=tool:t1\r\n"
			   "a=group:LS 1\r\n"
			   "a=recvonly\r\n"
			   "m=audio 41000/2 RTP/AVP 96 0\r\n"
			   "i=title\r\n"
			   "c=IN IP6 2001:db8::1\r\n"
			   "b=RS:0\r\n"
			   "b=TIAS:64000\r\n"
			   "a=rtpmap:96 opus/48000/2\r\n"
			   "a=ssrc:77 cname:z\r\n"
			   "m=message 41100 TCP/MSRP *\r\n"
			   "a=path:msrp://192.0.2.10:41100/q;tcp\r\n";

static void check_str(struct str got, const char *want)
{
	g_autofree char *text = got.s ? g_strndup(got.s, got.len) : NULL;

	g_assert_cmpstr(text, ==, want);
}

static struct sdp *parse_bytes(const char *body, size_t len, bool fragment)
{
	struct sdp *sdp = NULL;
	struct err err;

	g_assert_cmpint(sdp_parse((struct str){ body, len }, fragment, &sdp, &err), ==, 0);
	return sdp;
}

static struct sdp *parse(const char *body)
{
	return parse_bytes(body, strlen(body), false);
}

static void refused_bytes(const char *body, size_t len, bool fragment)
{
	struct sdp *sdp = NULL;
	struct err err = { 0 };

	g_assert_cmpint(sdp_parse((struct str){ body, len }, fragment, &sdp, &err), ==, -EINVAL);
	g_assert_cmpint(err.code, ==, EINVAL);
	g_assert_cmpstr(err.text, ==, "Failed to parse SDP");
	g_assert_null(sdp);
}

static void refused(const char *body)
{
	refused_bytes(body, strlen(body), false);
}

static void accepted(const char *body)
{
	ref_drop(parse(body));
}

static void test_session_lines(void)
{
	struct sdp *sdp = parse(full);
	const struct sdp_session *session = sdp->sessions;

	g_assert_cmpuint(sdp->session_count, ==, 1);
	check_str(session->name, "call");
	check_str(session->info, "info");
	check_str(session->uri, "http://example.net/");
	check_str(session->email, "ann@example.net");
	check_str(session->phone, "+1 555 0100");
	check_str(session->timing, "17 42");
	g_assert_cmpuint(session->attrs.count, ==, 3);
	check_str(session->attrs.attr[0].text, "tool:t1");
	check_str(session->attrs.attr[0].name, "tool");
	check_str(session->attrs.attr[0].value, "t1");
	check_str(session->attrs.attr[2].text, "recvonly");
	g_assert_null(session->attrs.attr[2].value.s);
	ref_drop(sdp);
}

static void test_absent_lines(void)
{
	struct sdp *sdp = parse("v=0\r\ns=\r\n");
	const struct sdp_session *session = sdp->sessions;

	check_str(session->name, "");
	g_assert_null(session->info.s);
	g_assert_null(session->uri.s);
	g_assert_null(session->email.s);
	g_assert_null(session->phone.s);
	g_assert_null(session->timing.s);
	g_assert_null(sdp->origin.username.s);
	g_assert_false(session->has_connection);
	g_assert_cmpuint(sdp->media_count, ==, 0);
	ref_drop(sdp);
}

static void test_origin(void)
{
	struct sdp *sdp = parse("v=0\r\no=- 1 18446744073709551615 IN IP4 host.example\r\n");

	check_str(sdp->origin.username, "-");
	check_str(sdp->origin.session_id, "1");
	g_assert_cmpuint(sdp->origin.version, ==, UINT64_MAX);
	check_str(sdp->origin.family, "IP4");
	check_str(sdp->origin.address, "host.example");
	ref_drop(sdp);
}

static void test_origin_version_no_number(void)
{
	static const char *const versions[] = { "x", "-1", "12x", "18446744073709551616" };
	unsigned i;

	for (i = 0; i < G_N_ELEMENTS(versions); i++) {
		g_autofree char *body = g_strdup_printf(
			"v=0\r\no=- 1 %s IN IP4 h\r\n", versions[i]);
		struct sdp *sdp = parse(body);

		check_str(sdp->origin.username, "-");
		g_assert_cmpuint(sdp->origin.version, ==, 0);
		ref_drop(sdp);
	}
}

static void test_origin_refused(void)
{
	refused("v=0\r\no=- 1 1 IN IP4\r\n");
	refused("v=0\r\no=- 1 1 IN IP4 h\r\no=- 1 1 IN IP4 h\r\n");
	refused(HEAD AUDIO "o=- 1 1 IN IP4 h\r\n");
}

static void test_bandwidth(void)
{
	struct sdp *sdp = parse(full);
	const struct sdp_bandwidth *session = &sdp->sessions[0].bandwidth;
	const struct sdp_bandwidth *media = &sdp->media[0].bandwidth;

	g_assert_true(session->has[SDP_BW_AS]);
	g_assert_true(session->has[SDP_BW_CT]);
	g_assert_false(session->has[SDP_BW_RS]);
	g_assert_cmpuint(session->value[SDP_BW_AS], ==, 256);
	g_assert_cmpuint(session->value[SDP_BW_CT], ==, 512);
	g_assert_true(media->has[SDP_BW_RS]);
	g_assert_cmpuint(media->value[SDP_BW_RS], ==, 0);
	g_assert_cmpuint(media->value[SDP_BW_TIAS], ==, 64000);
	g_assert_false(media->has[SDP_BW_AS]);
	ref_drop(sdp);
}

static void test_bandwidth_dropped(void)
{
	struct sdp *sdp = parse("v=0\r\nb=AS\r\nb=AS:\r\nb=RR:x\r\nb=RS:99999999999999999999\r\n"
				"b=\r\nb=CT:-1\r\n");
	unsigned i;

	for (i = 0; i < SDP_BW_COUNT; i++)
		g_assert_false(sdp->sessions[0].bandwidth.has[i]);
	ref_drop(sdp);
}

static void test_connection(void)
{
	struct sdp *sdp = parse(full);
	char text[ADDR_TEXT];

	g_assert_true(sdp->sessions[0].has_connection);
	g_assert_cmpstr(addr_print_ip(&sdp->sessions[0].connection, text), ==, "192.0.2.10");
	g_assert_true(sdp->media[0].has_connection);
	g_assert_cmpstr(addr_print_ip(&sdp->media[0].connection, text), ==, "2001:db8::1");
	g_assert_cmpuint(sdp->media[0].connection.port, ==, 0);
	g_assert_true(sdp->media[1].has_connection);
	g_assert_cmpstr(addr_print_ip(&sdp->media[1].connection, text), ==, "192.0.2.10");
	ref_drop(sdp);
}

static void test_connection_absent(void)
{
	struct sdp *sdp = parse("v=0\r\nm=audio 1 RTP/AVP 0\r\nm=audio 1 RTP/AVP 0\r\n"
				"c=in IP4 192.0.2.1\r\n");

	g_assert_false(sdp->media[0].has_connection);
	g_assert_true(sdp->media[1].has_connection);
	ref_drop(sdp);
}

static void test_connection_refused(void)
{
	refused("v=0\r\nc=IN IP4 host.example\r\n");
	refused("v=0\r\nc=IN IP4 2001:db8::1\r\n");
	refused("v=0\r\nc=IN IP6 192.0.2.1\r\n");
	refused("v=0\r\nc=IN IP5 192.0.2.1\r\n");
	refused("v=0\r\nc=ATM IP4 192.0.2.1\r\n");
	refused("v=0\r\nc=IN IP4\r\n");
	refused("v=0\r\nc=IN IP4 192.0.2.1 192.0.2.2\r\n");
	refused("v=0\r\nc=IN IP4 192.0.2.1\r\nc=IN IP4 192.0.2.1\r\n");
	refused(HEAD AUDIO "c=IN IP4 192.0.2.1\r\nc=IN IP4 192.0.2.1\r\n");
}

static void test_connection_per_level(void)
{
	accepted(HEAD AUDIO "c=IN IP4 192.0.2.1\r\n" AUDIO "c=IN IP4 192.0.2.1\r\n");
}

static void test_first_of_repeated_lines(void)
{
	struct sdp *sdp = parse("v=0\r\ns=one\r\ns=two\r\nt=1 1\r\nt=2 2\r\ni=one\r\ni=two\r\n"
				"b=AS:1\r\nb=AS:2\r\n");
	const struct sdp_session *session = sdp->sessions;

	check_str(session->name, "one");
	check_str(session->timing, "1 1");
	check_str(session->info, "one");
	g_assert_cmpuint(session->bandwidth.value[SDP_BW_AS], ==, 1);
	ref_drop(sdp);
}

static void test_media_lines(void)
{
	struct sdp *sdp = parse(full);

	g_assert_cmpuint(sdp->media_count, ==, 2);
	check_str(sdp->media[0].info, "title");
	g_assert_true(sdp->media[0].session == sdp->sessions);
	g_assert_cmpuint(sdp->media[0].attrs.count, ==, 2);
	g_assert_null(sdp->media[1].info.s);
	g_assert_cmpuint(sdp->media[1].attrs.count, ==, 1);
	check_str(sdp->media[1].attrs.attr[0].value, "msrp://192.0.2.10:41100/q;tcp");
	ref_drop(sdp);
}

static void test_session_lines_after_media_refused(void)
{
	refused(HEAD AUDIO "s=x\r\n");
	refused(HEAD AUDIO "t=0 0\r\n");
	refused(HEAD AUDIO "u=x\r\n");
	refused(HEAD AUDIO "e=x\r\n");
	refused(HEAD AUDIO "p=x\r\n");
	accepted(HEAD AUDIO "i=x\r\nb=AS:1\r\nk=x\r\nr=x\r\nz=x\r\na=x\r\n");
}

static void test_line_types(void)
{
	refused(HEAD "x=1\r\n");
	refused(HEAD "V=0\r\n");
	refused(HEAD "junk\r\n");
	refused(HEAD "a\r\n");
	refused(HEAD " a=x\r\n");
	refused(HEAD "a =x\r\n");
	refused("a=x");
}

static void test_version(void)
{
	refused("");
	refused("\r\n");
	refused("o=ann 1 1 IN IP4 h\r\nv=0\r\n");
	refused("v=1\r\n");
	refused("v=\r\n");
	refused("v=00\r\n");
	accepted("v=0");
}

static void test_line_ends(void)
{
	struct sdp *sdp = parse("v=0\ns=a b \nm=audio 1 RTP/AVP 0\r\na=one\na=two");

	check_str(sdp->sessions[0].name, "a b ");
	g_assert_cmpuint(sdp->media[0].attrs.count, ==, 2);
	check_str(sdp->media[0].attrs.attr[0].text, "one");
	check_str(sdp->media[0].attrs.attr[1].text, "two");
	ref_drop(sdp);
}

static void test_blank_line_ends_body(void)
{
	static const char *const ends[] = { "\r\njunk\r\n", "\njunk", "\rjunk", "\r\n\r\nm=x" };
	unsigned i;

	for (i = 0; i < G_N_ELEMENTS(ends); i++) {
		g_autofree char *body = g_strconcat(HEAD AUDIO, ends[i], NULL);
		struct sdp *sdp = parse(body);

		g_assert_cmpuint(sdp->media_count, ==, 1);
		ref_drop(sdp);
	}
}

static void test_left_over_byte(void)
{
	struct sdp *sdp;

	accepted(HEAD AUDIO "x");
	sdp = parse_bytes(HEAD AUDIO, sizeof(HEAD AUDIO), false);
	g_assert_cmpuint(sdp->media_count, ==, 1);
	ref_drop(sdp);
}

static void test_zero_byte_refused(void)
{
	static const char text[] = HEAD "a=x\0y\r\n";
	static const char behind[] = HEAD "\r\n\0\0\0";

	refused_bytes(text, sizeof(text) - 1, false);
	ref_drop(parse_bytes(behind, sizeof(behind) - 1, false));
}

static void test_other_bytes_kept(void)
{
	struct sdp *sdp = parse("v=0\r\na=x\t\x01\x80\xff\r y\r\n");

	check_str(sdp->sessions[0].attrs.attr[0].text, "x\t\x01\x80\xff\r y");
	ref_drop(sdp);
}

static void test_own_copy(void)
{
	char body[] = HEAD AUDIO "a=x:1\r\n";
	struct sdp *sdp = parse(body);
	const struct sdp_attr *attr = sdp->media[0].attrs.attr;

	memset(body, '!', sizeof(body) - 1);
	check_str(sdp->raw, HEAD AUDIO "a=x:1\r\n");
	check_str(attr->value, "1");
	g_assert_true(attr->text.s > sdp->raw.s && attr->text.s < sdp->raw.s + sdp->raw.len);
	g_assert_cmpuint(ref_count(sdp), ==, 1);
	ref_drop(sdp);
}

static void test_second_session(void)
{
	struct sdp *sdp = parse(
		HEAD AUDIO "v=0\r\no=ben 2 2 IN IP6 ::1\r\ns=two\r\n"
			   "c=IN IP4 192.0.2.99\r\na=inactive\r\nm=video 5 RTP/AVP 99\r\n");

	g_assert_cmpuint(sdp->session_count, ==, 2);
	g_assert_cmpuint(sdp->media_count, ==, 2);
	check_str(sdp->origin.username, "ann");
	check_str(sdp->sessions[1].name, "two");
	g_assert_true(sdp->media[0].session == &sdp->sessions[0]);
	g_assert_true(sdp->media[1].session == &sdp->sessions[1]);
	g_assert_cmpint(sdp->media[0].direction, ==, SDP_SENDRECV);
	g_assert_cmpint(sdp->media[1].direction, ==, SDP_INACTIVE);
	g_assert_cmpuint(sdp->media[1].connection.ip[3], ==, 99);
	ref_drop(sdp);
}

static void test_second_session_inherits_nothing(void)
{
	struct sdp *sdp = parse("v=0\r\nc=IN IP4 192.0.2.1\r\nv=0\r\nm=audio 1 RTP/AVP 0\r\n");

	g_assert_false(sdp->media[0].has_connection);
	ref_drop(sdp);
}

static void test_fragment(void)
{
	static const char body[] = "a=ice-ufrag:abcd\r\na=ice-pwd:0123456789\r\n"
				   "m=audio 9 RTP/AVP 0\r\na=mid:0\r\n"
				   "a=candidate:1 1 UDP 1 192.0.2.1 5 typ host\r\n";
	struct sdp *sdp = parse_bytes(body, sizeof(body) - 1, true);

	g_assert_cmpuint(sdp->session_count, ==, 1);
	check_str(sdp->media[0].ice_ufrag, "abcd");
	check_str(sdp->media[0].mid, "0");
	g_assert_cmpuint(sdp->media[0].candidate_count, ==, 1);
	g_assert_null(sdp->origin.username.s);
	ref_drop(sdp);
	refused(body);
}

static void test_fragment_with_version(void)
{
	struct sdp *sdp = parse_bytes(HEAD AUDIO, sizeof(HEAD AUDIO) - 1, true);

	g_assert_cmpuint(sdp->session_count, ==, 1);
	ref_drop(sdp);
	sdp = parse_bytes("m=audio 9 RTP/AVP 0\r\nv=0\r\n", 26, true);
	g_assert_cmpuint(sdp->session_count, ==, 2);
	ref_drop(sdp);
}

static void test_empty_fragment(void)
{
	struct sdp *sdp = parse_bytes(NULL, 0, true);

	g_assert_cmpuint(sdp->session_count, ==, 1);
	g_assert_cmpuint(sdp->media_count, ==, 0);
	ref_drop(sdp);
	refused_bytes("junk", 4, true);
}

/* `head`, then `line` that often. */
static char *repeat(const char *head, const char *line, unsigned times)
{
	GString *body = g_string_new(head);
	unsigned i;

	for (i = 0; i < times; i++)
		g_string_append(body, line);
	return g_string_free(body, FALSE);
}

static void check_bound(const char *head, const char *line, unsigned max)
{
	g_autofree char *most = repeat(head, line, max);
	g_autofree char *more = repeat(head, line, max + 1);

	accepted(most);
	refused(more);
}

static void test_bounds(void)
{
	check_bound(HEAD, AUDIO, SDP_MAX_MEDIA);
	check_bound(HEAD, "a=x\n", SDP_MAX_ATTRS);
	check_bound("", "v=0\r\n", SDP_MAX_SESSIONS);
	check_bound(HEAD "m=audio 1 RTP/AVP", " 0", SDP_MAX_FORMATS);
}

static void test_bound_of_attrs_over_sections(void)
{
	g_autofree char *half = repeat(HEAD, "a=x\n", SDP_MAX_ATTRS / 2);
	g_autofree char *head = g_strconcat(half, AUDIO, NULL);

	check_bound(head, "a=y\n", SDP_MAX_ATTRS / 2);
}

static void test_ten_thousand_media(void)
{
	g_autofree char *body = repeat("v=0\n", "m=x\n", 10000);

	refused(body);
}

static void test_longest_body(void)
{
	g_autofree char *body = g_malloc(SDP_MAX_BYTES + 2);
	struct sdp *sdp;

	memset(body, 'x', SDP_MAX_BYTES + 2);
	memcpy(body, "v=0\na=", 6);
	body[SDP_MAX_BYTES + 1] = 0;
	sdp = parse_bytes(body, SDP_MAX_BYTES, false);
	g_assert_cmpuint(sdp->sessions[0].attrs.attr[0].name.len, ==, SDP_MAX_BYTES - 6);
	ref_drop(sdp);
	refused_bytes(body, SDP_MAX_BYTES + 1, false);
}

/* Each from memory of its own size, so that a sanitizer sees a read past the end. */
static void test_every_prefix(void)
{
	size_t len;

	for (len = 0; len < sizeof(full); len++) {
		char *body = g_memdup2(full, len);
		bool fragment = len % 2;
		struct sdp *sdp = NULL;

		if (sdp_parse((struct str){ body, len }, fragment, &sdp, NULL) == 0) {
			g_assert_cmpuint(sdp->raw.len, ==, len);
			g_assert_cmpuint(sdp->media_count, <=, 2);
		}
		ref_drop(sdp);
		g_free(body);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/sdp/parse/session-lines", test_session_lines);
	g_test_add_func("/sdp/parse/absent-lines", test_absent_lines);
	g_test_add_func("/sdp/parse/origin", test_origin);
	g_test_add_func("/sdp/parse/origin-version-no-number", test_origin_version_no_number);
	g_test_add_func("/sdp/parse/origin-refused", test_origin_refused);
	g_test_add_func("/sdp/parse/bandwidth", test_bandwidth);
	g_test_add_func("/sdp/parse/bandwidth-dropped", test_bandwidth_dropped);
	g_test_add_func("/sdp/parse/connection", test_connection);
	g_test_add_func("/sdp/parse/connection-absent", test_connection_absent);
	g_test_add_func("/sdp/parse/connection-refused", test_connection_refused);
	g_test_add_func("/sdp/parse/connection-per-level", test_connection_per_level);
	g_test_add_func("/sdp/parse/repeated-lines", test_first_of_repeated_lines);
	g_test_add_func("/sdp/parse/media-lines", test_media_lines);
	g_test_add_func(
		"/sdp/parse/session-lines-after-media", test_session_lines_after_media_refused);
	g_test_add_func("/sdp/parse/line-types", test_line_types);
	g_test_add_func("/sdp/parse/version", test_version);
	g_test_add_func("/sdp/parse/line-ends", test_line_ends);
	g_test_add_func("/sdp/parse/blank-line", test_blank_line_ends_body);
	g_test_add_func("/sdp/parse/left-over-byte", test_left_over_byte);
	g_test_add_func("/sdp/parse/zero-byte", test_zero_byte_refused);
	g_test_add_func("/sdp/parse/other-bytes", test_other_bytes_kept);
	g_test_add_func("/sdp/parse/own-copy", test_own_copy);
	g_test_add_func("/sdp/parse/second-session", test_second_session);
	g_test_add_func("/sdp/parse/second-session-alone", test_second_session_inherits_nothing);
	g_test_add_func("/sdp/parse/fragment", test_fragment);
	g_test_add_func("/sdp/parse/fragment-with-version", test_fragment_with_version);
	g_test_add_func("/sdp/parse/fragment-empty", test_empty_fragment);
	g_test_add_func("/sdp/parse/bounds", test_bounds);
	g_test_add_func("/sdp/parse/bound-of-attrs", test_bound_of_attrs_over_sections);
	g_test_add_func("/sdp/parse/ten-thousand-media", test_ten_thousand_media);
	g_test_add_func("/sdp/parse/longest-body", test_longest_body);
	g_test_add_func("/sdp/parse/every-prefix", test_every_prefix);
	return g_test_run();
}

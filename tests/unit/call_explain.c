/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The bounds of an explanation: it fits a datagram whatever the call is, and is printable. */
#include "call/explain.h"

#include "../mock/world.h"
#include "base/clock.h"
#include "ng/ng.h"

enum { DATAGRAM_BYTES = 65507 };

static void request(struct world *w, const char *command, struct str tag, bool to, struct str sdp)
{
	struct dict *d = dict_new(), *reply;
	GString *bytes;

	dict_add_str(d, dict_root(d), "command", str_of(command));
	dict_add_str(d, dict_root(d), "call-id", STR_LIT("\x1b]0;title\a\r\n\"\\"));
	dict_add_str(d, dict_root(d), "from-tag", to ? STR_LIT("caller\n\"") : tag);
	dict_add_str(d, dict_root(d), "via-branch", tag);
	if (to)
		dict_add_str(d, dict_root(d), "to-tag", tag);
	dict_add_str(d, dict_root(d), "sdp", sdp);
	reply = world_request(w, d, false, &bytes);
	g_assert_cmpint(str_is(value_get_str(dict_root(reply), "result"), "ok"), ==, true);
	dict_free(reply);
	g_string_free(bytes, TRUE);
	dict_free(d);
}

static GString *make_body(unsigned sections)
{
	GString *body = g_string_new("v=0\r\no=a 1 1 IN IP4 192.0.2.10\r\ns=-\r\n"
				     "c=IN IP4 192.0.2.10\r\nt=0 0\r\n");

	for (unsigned i = 0; i < sections; i++)
		g_string_append_printf(body,
			"m=audio %u RTP/AVP 96 97 98 99\r\na=rtpmap:96 \"\\\"\\\"\\/8000\r\n"
			"a=rtpmap:97 opus/48000/2\r\na=rtpmap:98 x\x1b/8000\r\n",
			41000 + 2 * i);
	return body;
}

static struct dict *explain(struct world *w, GString **ret_bytes, bool json)
{
	struct dict *d = dict_new(), *reply;

	dict_add_str(d, dict_root(d), "command", STR_LIT("explain"));
	dict_add_str(d, dict_root(d), "call-id", STR_LIT("\x1b]0;title\a\r\n\"\\"));
	reply = world_request(w, d, json, ret_bytes);
	dict_free(d);
	return reply;
}

static void assert_printable(struct str text)
{
	for (size_t i = 0; i < text.len; i++)
		g_assert_true(text.s[i] == '\n' || (text.s[i] >= 0x20 && text.s[i] < 0x7f));
}

static void assert_bounded(struct world *w, bool json, bool omits)
{
	GString *bytes;
	struct dict *reply = explain(w, &bytes, json);
	const struct value *root = dict_root(reply), *omitted = value_get(root, "omitted");
	struct str text = value_get_str(root, "text");

	g_assert_cmpuint(bytes->len, <=, DATAGRAM_BYTES);
	g_assert_cmpuint(text.len, >, 1000);
	assert_printable(text);
	g_assert_cmpint(value_get_int(omitted, "sections", 0) > 0, ==, omits);
	g_assert_cmpint(value_get_int(omitted, "events", 0) > 0, ==, omits);
	dict_free(reply);
	g_string_free(bytes, TRUE);
}

static void test_bounds(void)
{
	struct world w;
	g_autoptr(GString) small = make_body(1), big = make_body(12);
	char tag[400];

	world_defaults(&w);
	world_open(&w);
	memset(tag, '\x01', sizeof(tag));
	request(&w, "offer", STR_LIT("caller\n\""), false, (struct str){ small->str, small->len });
	request(&w, "answer", STR_LIT("b"), true, (struct str){ small->str, small->len });
	assert_bounded(&w, false, false);
	assert_bounded(&w, true, false);
	for (unsigned i = 0; i < 12; i++) {
		tag[0] = (char)('a' + i);
		request(&w, "offer", (struct str){ tag, sizeof(tag) }, false,
			(struct str){ big->str, big->len });
		request(&w, "offer", (struct str){ tag, 10 + i }, false,
			(struct str){ small->str, small->len });
	}
	assert_bounded(&w, false, true);
	assert_bounded(&w, true, true);
	world_end_calls(&w);
	g_assert_cmpuint(world_leaks(&w), ==, 0);
	world_close(&w);
}

/* Somebody sets the clock: what is told of time is not by that clock. */
static void test_clock_step(void)
{
	struct world w;
	g_autoptr(GString) body = make_body(1);
	struct dict *reply;
	GString *bytes;

	world_defaults(&w);
	world_open(&w);
	request(&w, "offer", STR_LIT("caller\n\""), false, (struct str){ body->str, body->len });
	world_advance(&w, 3000000);
	w.wall_us += (int64_t)86400 * 1000000;
	clock_set_mock(w.mono_us, w.wall_us);
	reply = explain(&w, &bytes, false);
	g_assert_nonnull(g_strstr_len(
		bytes->str, (gssize)bytes->len, "the latest signalling was 3.0 s ago"));
	dict_free(reply);
	g_string_free(bytes, TRUE);
	world_end_calls(&w);
	world_close(&w);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/call/explain/bounds", test_bounds);
	g_test_add_func("/call/explain/clock-step", test_clock_step);
	return g_test_run();
}

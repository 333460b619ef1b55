/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Attributes changed on request. */
#include "sdp/edit.h"

#include <glib.h>

struct world {
	struct dict *dict;
	struct value *add, *remove, *substitute;
	struct sdp_edit edit;
};

static void open_world(struct world *w)
{
	w->dict = dict_new();
	w->add = dict_add_list(w->dict, dict_root(w->dict), "add");
	w->remove = dict_add_list(w->dict, dict_root(w->dict), "remove");
	w->substitute = dict_add_list(w->dict, dict_root(w->dict), "substitute");
	w->edit = (struct sdp_edit){ w->add, w->remove, w->substitute };
}

static bool removes(const char *match, const char *text)
{
	struct world w;
	struct str instead;
	bool removed;

	open_world(&w);
	dict_add_str(w.dict, w.remove, NULL, str_of(match));
	removed = sdp_edit_attr(&w.edit, str_of(text), &instead) == SDP_EDIT_REMOVE;
	dict_free(w.dict);
	return removed;
}

static void test_names_match(void)
{
	g_assert_true(removes("ssrc", "ssrc:1 cname:x"));
	g_assert_true(removes("SSRC", "ssrc:1 cname:x"));
	g_assert_true(removes("sendrecv", "sendrecv"));
	g_assert_false(removes("ssrc", "ssrc-group:FID 1 2"));
	g_assert_false(removes("rtcp", "rtcp-mux"));
}

static void test_whole_texts_match(void)
{
	g_assert_true(removes("ssrc:1 cname:x", "ssrc:1 cname:x"));
	g_assert_true(removes("fmtp:101 0-16", "fmtp:101 0-16"));
	g_assert_false(removes("fmtp:101 0-16", "fmtp:101 0-15"));
}

static void test_first_words_match_for_some(void)
{
	g_assert_true(removes("rtpmap:0", "rtpmap:0 PCMU/8000"));
	g_assert_false(removes("rtpmap:0", "rtpmap:08 PCMU/8000"));
	g_assert_true(removes("rtcp:4001", "rtcp:4001 IN IP4 192.0.2.1"));
	g_assert_true(removes("crypto:1", "crypto:1 SUITE inline:x"));
	g_assert_true(removes("crypto:1 suite", "crypto:1 SUITE inline:x"));
	g_assert_false(removes("candidate:1 1", "candidate:1 1 UDP 2 192.0.2.1 3 typ host"));
	g_assert_true(removes("group:BUNDLE", "group:BUNDLE a b"));
	g_assert_false(removes("ssrc:1", "ssrc:1 cname:x"));
}

static void add_pair(struct world *w, const char *from, const char *to)
{
	struct value *pair = dict_add_list(w->dict, w->substitute, NULL);

	dict_add_str(w->dict, pair, NULL, str_of(from));
	dict_add_str(w->dict, pair, NULL, str_of(to));
}

static void test_written_lines_are_changed(void)
{
	struct sdp_writer *w = sdp_writer_new();
	struct world world;

	open_world(&world);
	dict_add_str(world.dict, world.add, NULL, STR_LIT("tail"));
	dict_add_str(world.dict, world.remove, NULL, STR_LIT("beta"));
	add_pair(&world, "alpha", "gamma:3");
	add_pair(&world, "rtpmap:0", "x");
	sdp_writer_edit(w, &world.edit);
	sdp_write_line(w, "s=beta");
	sdp_write_attr_text(w, STR_LIT("alpha:1 2"));
	sdp_write_attr_text(w, STR_LIT("beta"));
	sdp_write_attr(w, "rtpmap", "%u %s", 0, "PCMU/8000");
	sdp_write_attr(w, "rtpmap", "%u %s", 8, "PCMA/8000");
	sdp_write_added(w);
	sdp_writer_edit(w, NULL);
	sdp_write_attr_text(w, STR_LIT("beta"));
	sdp_write_added(w);
	g_assert_true(str_is(sdp_writer_text(w),
		"s=beta\r\na=gamma:3\r\na=x\r\na=rtpmap:8 PCMA/8000\r\na=tail\r\na=beta\r\n"));
	sdp_writer_free(w);
	dict_free(world.dict);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/edit/names", test_names_match);
	g_test_add_func("/edit/whole-texts", test_whole_texts_match);
	g_test_add_func("/edit/first-words", test_first_words_match_for_some);
	g_test_add_func("/edit/written", test_written_lines_are_changed);
	return g_test_run();
}

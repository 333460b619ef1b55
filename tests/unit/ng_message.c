/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whole messages, and trees as the log shows them (core/ng/print.c). */
#include "ng/ng.h"

#include <errno.h>

#define assert_str(str, literal) g_assert_cmpmem((str).s, (str).len, literal, sizeof(literal) - 1)

static void test_split_at_the_first_blank(void)
{
	struct ng_message m;

	g_assert_true(ng_message_split(STR_LIT("5_6\0_7 d4:a be"), &m));
	assert_str(m.cookie, "5_6\0_7");
	assert_str(m.doc, "d4:a be");
	g_assert_null(m.dict);
}

static void test_no_cookie_is_no_message(void)
{
	struct ng_message m = { .cookie = STR_LIT("untouched") };

	g_assert_false(ng_message_split(STR_NULL, &m));
	g_assert_false(ng_message_split(STR_LIT(""), &m));
	g_assert_false(ng_message_split(STR_LIT(" "), &m));
	g_assert_false(ng_message_split(STR_LIT(" d7:command4:pinge"), &m));
	g_assert_false(ng_message_split(STR_LIT("d7:command4:pinge"), &m));
	assert_str(m.cookie, "untouched");
}

/* `text`: the error, NULL if there is none. `encoding`: what the reply must be in. */
static void assert_decoded(struct str datagram, enum ng_encoding encoding, const char *text)
{
	struct ng_message m;
	struct err err = { 0 };
	int ret;

	g_assert_true(ng_message_split(datagram, &m));
	ret = ng_message_decode(&m, &err);
	g_assert_cmpint(m.encoding, ==, encoding);
	if (text) {
		g_assert_cmpint(ret, ==, -EINVAL);
		g_assert_cmpstr(err.text, ==, text);
		g_assert_null(m.dict);
	} else {
		g_assert_cmpint(ret, ==, 0);
		assert_str(value_get_str(dict_root(m.dict), "command"), "ping");
	}
	ng_message_clear(&m);
	g_assert_null(m.dict);
}

static void test_encoding_from_the_first_byte(void)
{
	assert_decoded(STR_LIT("1 d7:command4:pinge"), NG_BENCODE, NULL);
	assert_decoded(STR_LIT("1 {\"command\":\"ping\"}"), NG_JSON, NULL);
}

static void test_empty_document(void)
{
	assert_decoded(STR_LIT("1 "), NG_BENCODE, "Invalid data (no payload)");
}

static void test_unknown_encoding(void)
{
	assert_decoded(STR_LIT("1  d7:command4:pinge"), NG_BENCODE, "Invalid NG data format");
	assert_decoded(STR_LIT("1 le"), NG_BENCODE, "Invalid NG data format");
	assert_decoded(STR_LIT("1 [1]"), NG_BENCODE, "Invalid NG data format");
	assert_decoded(STR_LIT("1 \0"), NG_BENCODE, "Invalid NG data format");
}

static void test_bad_documents(void)
{
	GString *deep = g_string_new("1 {\"a\":");

	assert_decoded(STR_LIT("1 dx"), NG_BENCODE, "Could not decode bencode dictionary");
	assert_decoded(STR_LIT("1 {x"), NG_JSON, "Failed to parse JSON document");
	for (int i = 0; i < 100; i++)
		g_string_append_c(deep, '[');
	assert_decoded(
		(struct str){ deep->str, deep->len }, NG_JSON, "Failed to parse JSON document");
	g_string_free(deep, TRUE);
}

static void test_replies(void)
{
	struct dict *dict = dict_new();
	struct value *root = dict_root(dict);
	GString *out = g_string_new(NULL);

	dict_add_str(dict, root, "error-reason", STR_LIT("Unrecognized command"));
	dict_add_str(dict, root, "result", STR_LIT("error"));
	ng_encode_reply((struct str){ "5_\0", 3 }, NG_BENCODE, root, out);
	assert_str(((struct str){ out->str, out->len }),
		"5_\0 d12:error-reason20:Unrecognized command6:result5:errore");
	g_string_truncate(out, 0);
	ng_encode_reply(STR_LIT("7"), NG_JSON, root, out);
	g_assert_cmpstr(
		out->str, ==, "7 {\"error-reason\":\"Unrecognized command\",\"result\":\"error\"}");
	g_string_free(out, TRUE);
	dict_free(dict);
}

static char *print(const char *bencode, size_t max_bytes)
{
	struct dict *dict = NULL;
	GString *out = g_string_new("Dump: ");

	g_assert_cmpint(bencode_decode(str_of(bencode), &dict, NULL), ==, 0);
	value_print(dict_root(dict), out, max_bytes);
	dict_free(dict);
	return g_string_free(out, FALSE);
}

static void assert_printed(const char *bencode, size_t max_bytes, const char *expected)
{
	g_autofree char *text = print(bencode, max_bytes);

	g_assert_cmpstr(text, ==, expected);
}

static void test_print(void)
{
	assert_printed("d3:sdp5:v=0\r\n4:listl3:IP4i-2ee1:dd1:ai1eee", 1000,
		"Dump: { \"sdp\": \"v=0\r\n\", \"list\": [ \"IP4\", -2 ], \"d\": { \"a\": 1 } }");
	assert_printed("d1:ale1:bdee", 1000, "Dump: { \"a\": [ ], \"b\": { } }");
}

static void test_print_is_cut_at_its_bound(void)
{
	/* { "a": [ 1, 2 ] } has 17 bytes. */
	static const char whole[] = "{ \"a\": [ 1, 2 ] }";

	for (size_t max = 0; max < 20; max++) {
		g_autofree char *expected = g_strdup_printf(
			"Dump: %.*s%s", (int)max, whole, max < 17 ? "…" : "");

		assert_printed("d1:ali1ei2eee", max, expected);
	}
}

static void test_print_keeps_characters_whole(void)
{
	/* Before it there are eight bytes; the string's characters have 2, 3 and 4 bytes. */
	for (size_t max = 0; max < 24; max++) {
		g_autofree char *text = print("d1:a9:\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"
					      "e",
			max);

		g_assert_true(g_utf8_validate(text, -1, NULL));
		g_assert_cmpuint(strlen(text), <=, strlen("Dump: ") + max + strlen("…"));
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/message/split-at-the-first-blank", test_split_at_the_first_blank);
	g_test_add_func("/message/no-cookie", test_no_cookie_is_no_message);
	g_test_add_func("/message/encoding", test_encoding_from_the_first_byte);
	g_test_add_func("/message/empty-document", test_empty_document);
	g_test_add_func("/message/unknown-encoding", test_unknown_encoding);
	g_test_add_func("/message/bad-documents", test_bad_documents);
	g_test_add_func("/message/replies", test_replies);
	g_test_add_func("/print/form", test_print);
	g_test_add_func("/print/bound", test_print_is_cut_at_its_bound);
	g_test_add_func("/print/whole-characters", test_print_keeps_characters_whole);
	return g_test_run();
}

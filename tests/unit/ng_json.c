/* SPDX-License-Identifier: GPL-3.0-or-later */
/* JSON: what is accepted, what is refused, and that output is JSON whatever a tree holds. */
#include "ng/ng.h"

#include <errno.h>

#define assert_str(str, literal) g_assert_cmpmem((str).s, (str).len, literal, sizeof(literal) - 1)

/* `bytes` in a piece of memory of exactly its size, so that a sanitizer sees each byte beyond. */
struct doc {
	char *bytes;
	struct dict *dict; /* NULL: refused */
	struct err err;
	int ret;
};

static struct doc decode(const char *bytes, size_t len)
{
	struct doc doc = { 0 };

	doc.bytes = g_memdup2(bytes, len);
	doc.ret = json_decode((struct str){ doc.bytes, len }, &doc.dict, &doc.err);
	return doc;
}

static void doc_clear(struct doc *doc)
{
	dict_free(doc->dict);
	g_free(doc->bytes);
}

static void assert_refused(const char *bytes, size_t len, int code, const char *text)
{
	struct doc doc = decode(bytes, len);

	g_assert_cmpint(doc.ret, ==, -code);
	g_assert_cmpint(doc.err.code, ==, code);
	g_assert_cmpstr(doc.err.text, ==, text);
	g_assert_null(doc.dict);
	doc_clear(&doc);
}

static void assert_read_as(const char *bytes, size_t len, const char *expected, size_t expected_len)
{
	struct doc doc = decode(bytes, len);
	GString *out = g_string_new("before:");

	g_assert_cmpint(doc.ret, ==, 0);
	json_encode(dict_root(doc.dict), out);
	g_assert_cmpmem(out->str + 7, out->len - 7, expected, expected_len);
	g_string_free(out, TRUE);
	doc_clear(&doc);
}

#define refused(literal) \
	assert_refused(literal, sizeof(literal) - 1, EINVAL, "Failed to parse JSON document")
#define not_object(literal) \
	assert_refused(literal, sizeof(literal) - 1, EINVAL, "Could not decode JSON dictionary")
#define read_as(literal, expected) \
	assert_read_as(literal, sizeof(literal) - 1, expected, sizeof(expected) - 1)
#define round_trip(literal) read_as(literal, literal)

/* `expected` is what the string `literal` (with its quotes) means. */
#define string_means(literal, expected)                                                            \
	do {                                                                                       \
		struct doc doc = decode("{\"k\":" literal "}", sizeof("{\"k\":" literal "}") - 1); \
                                                                                                   \
		g_assert_cmpint(doc.ret, ==, 0);                                                   \
		assert_str(value_get_str(dict_root(doc.dict), "k"), expected);                     \
		doc_clear(&doc);                                                                   \
	} while (false)
#define string_refused(literal) refused("{\"k\":" literal "}")

static const char offer[] =
	"{\"command\":\"offer\",\"call-id\":\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\","
	"\"sdp\":\"v=0\\r\\no=- 1 1 IN IP4 x\\r\\n\\u00e4\\ud83d\\ude00\",\"delay\":-12,"
	"\"flags\":[\"a\",1,[],{}],\"on\":true,\"off\":false,\"none\":null,\"x\":1.5e3}";

static void test_values_are_found(void)
{
	struct doc doc = decode(offer, sizeof(offer) - 1);
	struct value *root = dict_root(doc.dict);

	g_assert_cmpint(doc.ret, ==, 0);
	assert_str(value_get_str(root, "command"), "offer");
	assert_str(
		value_get_str(root, "sdp"), "v=0\r\no=- 1 1 IN IP4 x\r\n\xc3\xa4\xf0\x9f\x98\x80");
	g_assert_cmpint(value_get_int(root, "delay", 0), ==, -12);
	g_assert_cmpuint(value_get(root, "flags")->items.count, ==, 4);
	doc_clear(&doc);
}

static void test_plain_strings_are_not_copied(void)
{
	struct doc doc = decode("{\"a\":\"b\"}", 9);
	struct value *v = value_first(dict_root(doc.dict));

	g_assert_true(v->key.s == doc.bytes + 2);
	g_assert_true(v->str.s == doc.bytes + 6);
	doc_clear(&doc);
}

static void test_round_trips(void)
{
	round_trip("{}");
	round_trip("{\"a\":{},\"b\":[]}");
	round_trip("{\"\":\"\"}");
	round_trip("{\"a\":[1,\"x\",[2],{\"b\":3}],\"c\":-4}");
	round_trip("{\"a\":\"\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80 \x7f /\"}");
	round_trip("{\"b\":1,\"a\":2,\"b\":3}");
}

static void test_blanks(void)
{
	read_as(" \t\r\n{ \"a\" : [ 1 , 2 ] ,\n\"b\" : { } } \r\n\t", "{\"a\":[1,2],\"b\":{}}");
	read_as("{ }", "{}");
	read_as("{\"a\":[ ]}", "{\"a\":[]}");
	refused("{\"a\":\v1}");
	refused("{\"a\":\xc2\xa0"
		"1}");
}

static void test_every_truncation_is_refused(void)
{
	for (size_t n = 0; n < sizeof(offer) - 1; n++)
		assert_refused(offer, n, EINVAL, "Failed to parse JSON document");
}

static void test_words(void)
{
	read_as("{\"a\":true,\"b\":false}", "{\"a\":1,\"b\":0}");
	read_as("{\"a\":null,\"b\":[null,1,null]}", "{\"b\":[1]}");
	refused("{\"a\":True}");
	refused("{\"a\":tru}");
	refused("{\"a\":truex}");
	refused("{\"a\":nul");
	refused("{\"a\":NaN}");
	refused("{\"a\":Infinity}");
	refused("{\"a\":undefined}");
	refused("{\"a\":x}");
}

static void test_integers(void)
{
	round_trip("{\"a\":0}");
	read_as("{\"a\":-0}", "{\"a\":0}");
	round_trip("{\"a\":9223372036854775807}");
	round_trip("{\"a\":-9223372036854775808}");
}

static void test_strings_are_integers_of_any_base(void)
{
	static const char text[] = "{\"a\":\"0x1F\",\"b\":\"017\",\"c\":[\"10\"],\"d\":\"x\"}";
	struct doc doc = decode(text, sizeof(text) - 1);
	const struct value *root = dict_root(doc.dict);

	g_assert_cmpint(value_get_int(root, "a", -1), ==, 31);
	g_assert_cmpint(value_get_int(root, "b", -1), ==, 15);
	g_assert_cmpint(value_int(value_first(value_get(root, "c")), -1), ==, 10);
	g_assert_cmpint(value_get_int(root, "d", -1), ==, -1);
	doc_clear(&doc);
	round_trip("{\"a\":\"0x1F\"}");
}

static void test_other_numbers_become_text(void)
{
	read_as("{\"a\":1.5}", "{\"a\":\"1.5\"}");
	read_as("{\"a\":-0.0}", "{\"a\":\"-0.0\"}");
	read_as("{\"a\":1e3,\"b\":1E+3,\"c\":1e-3}",
		"{\"a\":\"1e3\",\"b\":\"1E+3\",\"c\":\"1e-3\"}");
	read_as("{\"a\":9223372036854775808}", "{\"a\":\"9223372036854775808\"}");
}

static void test_malformed_numbers(void)
{
	refused("{\"a\":01}");
	refused("{\"a\":-01}");
	refused("{\"a\":+1}");
	refused("{\"a\":-}");
	refused("{\"a\":.5}");
	refused("{\"a\":1.}");
	refused("{\"a\":1.e5}");
	refused("{\"a\":1e}");
	refused("{\"a\":1e+}");
	refused("{\"a\":0x10}");
	refused("{\"a\":1 2}");
	refused("{\"a\":1-}");
	refused("{\"a\":1\0}");
}

static void test_escapes(void)
{
	string_means("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t");
	string_means("\"\\u0041\\u00e4\\u20AC\\uFFFF\"", "A\xc3\xa4\xe2\x82\xac\xef\xbf\xbf");
	string_means("\"a\\u0000b\"", "a\0b");
	string_means("\"\\\\n\"", "\\n");
}

static void test_escaped_keys(void)
{
	struct doc doc = decode("{\"c\\u006fmmand\":\"ping\"}", 23);

	g_assert_cmpint(doc.ret, ==, 0);
	assert_str(value_get_str(dict_root(doc.dict), "command"), "ping");
	doc_clear(&doc);
}

static void test_surrogate_pairs(void)
{
	string_means("\"\\ud83d\\ude00\"", "\xf0\x9f\x98\x80");
	string_means("\"\\ud800\\udc00\"", "\xf0\x90\x80\x80");
	string_means("\"\\uDBFF\\uDFFF\"", "\xf4\x8f\xbf\xbf");
	string_refused("\"\\ud83d\"");
	string_refused("\"\\ude00\"");
	string_refused("\"\\ude00\\ud83d\"");
	string_refused("\"\\ud83dxxxxxx\"");
	string_refused("\"\\ud83d\\n\"");
	string_refused("\"\\ud83d\\ud83d\"");
	string_refused("\"\\ud83d\\u0041\"");
	string_refused("\"\\ud83d\\ude0\"");
}

static void test_bad_escapes(void)
{
	string_refused("\"\\x41\"");
	string_refused("\"\\'\"");
	string_refused("\"\\0\"");
	string_refused("\"\\\0\"");
	string_refused("\"\\U0041\"");
	string_refused("\"\\u\"");
	string_refused("\"\\u004\"");
	string_refused("\"\\u004g\"");
	string_refused("\"\\u-041\"");
	string_refused("\"\\u+041\"");
	string_refused("\"\\");
	string_refused("\"\\\"");
}

static void test_control_characters_are_refused(void)
{
	for (int c = 0; c < 0x20; c++) {
		char doc[] = "{\"k\":\"a?b\"}";

		doc[7] = (char)c;
		assert_refused(doc, sizeof(doc) - 1, EINVAL, "Failed to parse JSON document");
	}
}

static void test_invalid_utf8_is_refused(void)
{
	string_refused("\"\x80\"");
	string_refused("\"\xff\"");
	string_refused("\"\xc3\"");
	string_refused("\"\xc3(\"");
	string_refused("\"\xc0\xaf\"");
	string_refused("\"\xc1\xbf\"");
	string_refused("\"\xe2\x82\"");
	string_refused("\"\xe0\x80\xaf\"");
	string_refused("\"\xed\xa0\x80\"");
	string_refused("\"\xf0\x80\x80\xaf\"");
	string_refused("\"\xf4\x90\x80\x80\"");
	string_refused("\"\xf8\x88\x80\x80\x80\"");
	string_refused("\"\xf0\x9f\x98\"");
	refused("{\"\xff\":1}");
	refused("\xef\xbb\xbf{}");
}

/* What GLib takes for a character is one, and nothing else is, for all starts of four bytes. */
static void test_utf8_as_others_see_it(void)
{
	static const unsigned char tails[] = { 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf,
		0xc2 };

	for (unsigned n = 0x80 * 9 * 9 * 9; n-- > 0;) {
		char doc[] = "{\"k\":\"????\"}";
		struct doc decoded;

		doc[6] = (char)(0x80 + n / 729);
		doc[7] = (char)tails[n / 81 % 9];
		doc[8] = (char)tails[n / 9 % 9];
		doc[9] = (char)tails[n % 9];
		decoded = decode(doc, sizeof(doc) - 1);
		g_assert_cmpint(decoded.ret == 0, ==, g_utf8_validate(doc + 6, 4, NULL));
		doc_clear(&decoded);
	}
}

static void test_malformed_documents(void)
{
	refused("");
	refused(" ");
	refused("{");
	refused("}");
	refused("[");
	refused("{]");
	refused("{\"a\"}");
	refused("{\"a\":}");
	refused("{\"a\" 1}");
	refused("{\"a\":1,}");
	refused("{,\"a\":1}");
	refused("{\"a\":1 \"b\":2}");
	refused("{a:1}");
	refused("{'a':1}");
	refused("{1:1}");
	refused("{\"a\":[1,]}");
	refused("{\"a\":[,1]}");
	refused("{\"a\":[1 2]}");
	refused("{\"a\":[1}");
	refused("{\"a\":[1}]");
	refused("{\"a\":1}}");
	refused("{\"a\":1} x");
	refused("{\"a\":1}\0");
	refused("{}{}");
	refused("{\"a\":1 /* no */}");
	refused("{\"a\":\"b");
	refused("x");
}

static void test_other_documents_are_not_dictionaries(void)
{
	not_object("[]");
	not_object("[{}]");
	not_object(" \"x\" ");
	not_object("1");
	not_object("true");
	not_object("null");
	refused("[1");
	refused("1 2");
}

static GString *nest(const char *open, size_t depth, char close, size_t closed)
{
	GString *doc = g_string_new("{\"a\":");

	for (size_t i = 1; i < depth; i++)
		g_string_append(doc, open);
	if (*open == '{')
		g_string_append(doc, "1");
	for (size_t i = 1; i < closed; i++)
		g_string_append_c(doc, close);
	if (closed)
		g_string_append_c(doc, '}');
	return doc;
}

static void test_deepest_tree(void)
{
	GString *lists = nest("[", DICT_MAX_DEPTH, ']', DICT_MAX_DEPTH);
	GString *dicts = nest("{\"a\":", DICT_MAX_DEPTH, '}', DICT_MAX_DEPTH);

	assert_read_as(lists->str, lists->len, lists->str, lists->len);
	assert_read_as(dicts->str, dicts->len, dicts->str, dicts->len);
	g_string_free(lists, TRUE);
	g_string_free(dicts, TRUE);
}

static void assert_too_deep(GString *doc)
{
	assert_refused(doc->str, doc->len, ELOOP, "Failed to parse JSON document");
	g_string_free(doc, TRUE);
}

static void test_too_deep(void)
{
	assert_too_deep(nest("[", DICT_MAX_DEPTH + 1, ']', DICT_MAX_DEPTH + 1));
	assert_too_deep(nest("{\"a\":", DICT_MAX_DEPTH + 1, '}', DICT_MAX_DEPTH + 1));
	assert_too_deep(nest("[", 60000, ']', 0));
	assert_too_deep(nest("{\"a\":", 60000, '}', 0));
	assert_refused(
		"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", 33, ELOOP, "Failed to parse JSON document");
}

static void test_siblings_do_not_count_as_depth(void)
{
	GString *doc = g_string_new("{\"a\":[0");

	for (int i = 0; i < 1000; i++)
		g_string_append(doc, ",[{}],{\"x\":[]}");
	g_string_append(doc, "]}");
	assert_read_as(doc->str, doc->len, doc->str, doc->len);
	g_string_free(doc, TRUE);
}

static void assert_encoded(struct str bytes, const char *expected)
{
	struct value v = { .type = VALUE_STR, .str = bytes };
	GString *out = g_string_new(NULL);

	json_encode(&v, out);
	g_assert_cmpstr(out->str, ==, expected);
	g_string_free(out, TRUE);
}

static void test_output_is_escaped(void)
{
	assert_encoded(STR_LIT("a\"b\\c/d"), "\"a\\\"b\\\\c/d\"");
	assert_encoded(STR_LIT("\b\f\n\r\t"), "\"\\b\\f\\n\\r\\t\"");
	assert_encoded(STR_LIT("\0\x01\x1f\x7f"), "\"\\u0000\\u0001\\u001f\x7f\"");
	assert_encoded(STR_NULL, "\"\"");
}

static void test_output_replaces_invalid_utf8(void)
{
#define FFFD "\xef\xbf\xbd"
	assert_encoded(STR_LIT("\xff"), "\"" FFFD "\"");
	assert_encoded(STR_LIT("a\xc3"), "\"a" FFFD "\"");
	assert_encoded(STR_LIT("\xc3\xa4\xa4z"), "\"\xc3\xa4" FFFD "z\"");
	assert_encoded(STR_LIT("\xed\xa0\x80"), "\"" FFFD FFFD FFFD "\"");
	assert_encoded(STR_LIT("\xe2\x82\"\n"), "\"" FFFD FFFD "\\\"\\n\"");
#undef FFFD
}

/* Whatever bytes a tree holds, a parser must be able to read it. */
static void test_output_is_always_json(void)
{
	struct dict *dict = dict_new();
	GString *out = g_string_new(NULL);
	char bytes[512];
	struct doc doc;

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(i * 7 + i / 256);
	dict_add_copy(dict, dict_root(dict), "v", (struct str){ bytes, sizeof(bytes) });
	dict_add(dict, dict_root(dict), (struct str){ bytes, sizeof(bytes) }, VALUE_LIST);
	json_encode(dict_root(dict), out);
	doc = decode(out->str, out->len);
	g_assert_cmpint(doc.ret, ==, 0);
	g_assert_true(g_utf8_validate(out->str, (gssize)out->len, NULL));
	doc_clear(&doc);
	g_string_free(out, TRUE);
	dict_free(dict);
}

static void test_error_may_be_unwanted(void)
{
	struct dict *dict = NULL;

	g_assert_cmpint(json_decode(STR_LIT("x"), &dict, NULL), ==, -EINVAL);
	g_assert_cmpint(json_decode(STR_NULL, &dict, NULL), ==, -EINVAL);
	g_assert_null(dict);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/json/values-are-found", test_values_are_found);
	g_test_add_func("/json/plain-strings-are-not-copied", test_plain_strings_are_not_copied);
	g_test_add_func("/json/round-trips", test_round_trips);
	g_test_add_func("/json/blanks", test_blanks);
	g_test_add_func("/json/every-truncation", test_every_truncation_is_refused);
	g_test_add_func("/json/words", test_words);
	g_test_add_func("/json/integers", test_integers);
	g_test_add_func("/json/any-base", test_strings_are_integers_of_any_base);
	g_test_add_func("/json/other-numbers", test_other_numbers_become_text);
	g_test_add_func("/json/malformed-numbers", test_malformed_numbers);
	g_test_add_func("/json/escapes", test_escapes);
	g_test_add_func("/json/escaped-keys", test_escaped_keys);
	g_test_add_func("/json/surrogate-pairs", test_surrogate_pairs);
	g_test_add_func("/json/bad-escapes", test_bad_escapes);
	g_test_add_func("/json/control-characters", test_control_characters_are_refused);
	g_test_add_func("/json/invalid-utf8", test_invalid_utf8_is_refused);
	g_test_add_func("/json/utf8-as-others-see-it", test_utf8_as_others_see_it);
	g_test_add_func("/json/malformed-documents", test_malformed_documents);
	g_test_add_func("/json/other-documents", test_other_documents_are_not_dictionaries);
	g_test_add_func("/json/deepest-tree", test_deepest_tree);
	g_test_add_func("/json/too-deep", test_too_deep);
	g_test_add_func("/json/siblings", test_siblings_do_not_count_as_depth);
	g_test_add_func("/json/output-is-escaped", test_output_is_escaped);
	g_test_add_func("/json/output-replaces-invalid-utf8", test_output_replaces_invalid_utf8);
	g_test_add_func("/json/output-is-always-json", test_output_is_always_json);
	g_test_add_func("/json/error-may-be-unwanted", test_error_may_be_unwanted);
	return g_test_run();
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bencode: what is accepted, what is refused, and that nothing is lost on the way. */
#include "ng/ng.h"

#include <errno.h>

#define assert_str(str, literal) g_assert_cmpmem((str).s, (str).len, literal, sizeof(literal) - 1)

/* `doc` in a piece of memory of exactly its size, so that a sanitizer sees each byte beyond. */
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
	doc.ret = bencode_decode((struct str){ doc.bytes, len }, &doc.dict, &doc.err);
	return doc;
}

static void doc_clear(struct doc *doc)
{
	dict_free(doc->dict);
	g_free(doc->bytes);
}

static void assert_refused(const char *bytes, size_t len)
{
	struct doc doc = decode(bytes, len);

	g_assert_cmpint(doc.ret, ==, -EINVAL);
	g_assert_cmpint(doc.err.code, ==, EINVAL);
	g_assert_cmpstr(doc.err.text, ==, "Could not decode bencode dictionary");
	g_assert_null(doc.dict);
	doc_clear(&doc);
}

/* Decodes `bytes`, and finds that encoded again they are `expected`. */
static void assert_read_as(const char *bytes, size_t len, const char *expected, size_t expected_len)
{
	struct doc doc = decode(bytes, len);
	GString *out = g_string_new("before:");

	g_assert_cmpint(doc.ret, ==, 0);
	bencode_encode(dict_root(doc.dict), out);
	g_assert_cmpmem(out->str + 7, out->len - 7, expected, expected_len);
	g_string_free(out, TRUE);
	doc_clear(&doc);
}

#define refused(literal) assert_refused(literal, sizeof(literal) - 1)
#define read_as(literal, expected) \
	assert_read_as(literal, sizeof(literal) - 1, expected, sizeof(expected) - 1)
#define round_trip(literal) read_as(literal, literal)

static const char offer[] =
	"d7:call-id4:a\0b!8:from-tag3:xyz3:sdp21:v=0\r\no=- 1 1 IN IP4 x5:flagsl13:trust-address"
	"e7:replacel6:origine8:supportsl10:load limite5:delayi-12e4:nestd1:ali1ei2eee"
	"7:command5:offere";

static void test_values_are_found(void)
{
	struct doc doc = decode(offer, sizeof(offer) - 1);
	struct value *root = dict_root(doc.dict);

	g_assert_cmpint(doc.ret, ==, 0);
	assert_str(value_get_str(root, "command"), "offer");
	assert_str(value_get_str(root, "call-id"), "a\0b!");
	assert_str(value_str(value_first(value_get(root, "flags"))), "trust-address");
	g_assert_cmpint(value_get_int(root, "delay", 0), ==, -12);
	g_assert_cmpuint(value_get(value_get(root, "nest"), "a")->items.count, ==, 2);
	doc_clear(&doc);
}

static void test_strings_are_not_copied(void)
{
	struct doc doc = decode("d1:a1:be", 8);
	struct value *v = value_first(dict_root(doc.dict));

	g_assert_true(v->key.s == doc.bytes + 3);
	g_assert_true(v->str.s == doc.bytes + 6);
	doc_clear(&doc);
}

static void test_round_trips(void)
{
	round_trip("de");
	round_trip("d1:ade1:blee");
	round_trip("d0:0:e");
	round_trip("d1:ai0e1:bi-1e1:ci9223372036854775807e1:di-9223372036854775808ee");
	round_trip("d1:a10:0123456789e");
	round_trip("d2:\0\xff"
		   "3:\0\0\0e");
	assert_read_as(offer, sizeof(offer) - 1, offer, sizeof(offer) - 1);
}

static void test_equal_keys_are_all_kept(void)
{
	round_trip("d1:bi1e1:ai2e1:bi3ee");
}

static void test_end_of_root_may_be_missing(void)
{
	read_as("d", "de");
	read_as("d3:foo3:bar", "d3:foo3:bare");
	read_as("d1:ale", "d1:alee");
	read_as("d1:ai5e", "d1:ai5ee");
}

static void test_only_the_end_of_the_root_may_be_missing(void)
{
	refused("d1:al");
	refused("d1:ad");
	refused("d1:ad1:b1:c");
	refused("d1:adl");
	refused("d1:alle");
}

static void test_bytes_behind_are_ignored(void)
{
	read_as("dee", "de");
	read_as("d1:ai1ee\r\n", "d1:ai1ee");
	read_as("de i99999999999999999999e", "de");
}

/* Every prefix either is refused, or is the whole but for the end of the root. */
static void test_every_truncation(void)
{
	size_t len = sizeof(offer) - 1;
	size_t accepted = 0;

	for (size_t n = 0; n < len; n++) {
		struct doc doc = decode(offer, n);

		g_assert_cmpint(doc.ret, ==, doc.dict ? 0 : -EINVAL);
		if (doc.dict) {
			struct value *last = dict_root(doc.dict)->items.last;
			/* Then it ends between two pairs of the root. */
			const char *end = doc.bytes + n;

			accepted++;
			if (value_is_str(last))
				g_assert_true(last->str.s + last->str.len == end);
			else if (last)
				g_assert_cmpint(end[-1], ==, 'e');
		}
		doc_clear(&doc);
	}
	/* After the "d", and after each of the nine pairs. */
	g_assert_cmpuint(accepted, ==, 10);
}

static void test_integers(void)
{
	read_as("d1:ai-0ee", "d1:ai0ee");
	refused("d1:ai01ee");
	refused("d1:ai-01ee");
	refused("d1:ai00ee");
	refused("d1:aiee");
	refused("d1:ai-ee");
	refused("d1:ai--1ee");
	refused("d1:ai+1ee");
	refused("d1:ai 1ee");
	refused("d1:ai1 ee");
	refused("d1:ai1.5ee");
	refused("d1:ai0x1ee");
	refused("d1:ai1\0ee");
	refused("d1:ai");
	refused("d1:ai1");
	refused("d1:ai-");
}

static void test_integers_that_do_not_fit(void)
{
	refused("d1:ai9223372036854775808ee");
	refused("d1:ai-9223372036854775809ee");
	refused("d1:ai99999999999999999999ee");
	refused("d1:ai18446744073709551617ee");
	refused("d1:ai11111111111111111111111111111111111111111111111111111111111ee");
}

static void test_lengths_beyond_the_end(void)
{
	refused("d1:a4:abc");
	refused("d1:a1:");
	refused("d1:a1");
	refused("d1");
	refused("d1:");
	refused("d1:a4294967296:abce");
	refused("d1:a4294967297:abce");
	refused("d4294967297:abce");
	refused("d1:a18446744073709551615:abce");
	refused("d1:a18446744073709551616:abce");
	refused("d1:a18446744073709551617:abce");
	refused("d1:a99999999999999999999999999999999999999999999999999999:abce");
}

static void test_malformed_lengths(void)
{
	refused("d1:a-1:be");
	refused("d1:a+1:be");
	refused("d1:a 1:be");
	refused("d1:a1;be");
	refused("d1:a:be");
	refused("d:1:be");
	refused("d1:a1 :be");
}

static void test_keys_must_be_strings(void)
{
	refused("di1ei2ee");
	refused("dlei1ee");
	refused("ddei1ee");
	refused("d1:adi1ei2eee");
}

static void test_keys_need_values(void)
{
	refused("d1:ae");
	refused("d1:a");
	refused("d1:ai1e1:be");
	refused("d1:ad1:bee");
}

static void test_root_must_be_a_dictionary(void)
{
	refused("");
	refused("le");
	refused("i1e");
	refused("1:a");
	refused("e");
	refused(" de");
	refused("{}");
	refused("\0");
}

static void test_unknown_types(void)
{
	refused("d1:ax1:ae");
	refused("d1:a\0e");
	refused("d1:al\xff"
		"ee");
	refused("dx");
}

static GString *nest(const char *open, size_t depth, size_t closed)
{
	GString *doc = g_string_new("d1:a");

	for (size_t i = 1; i < depth; i++)
		g_string_append(doc, open);
	for (size_t i = 0; i < closed; i++)
		g_string_append_c(doc, 'e');
	return doc;
}

static void test_deepest_tree(void)
{
	GString *doc = nest("l", DICT_MAX_DEPTH, DICT_MAX_DEPTH);

	assert_read_as(doc->str, doc->len, doc->str, doc->len);
	g_string_free(doc, TRUE);
}

static void assert_too_deep(GString *text)
{
	struct doc doc = decode(text->str, text->len);

	g_assert_cmpint(doc.ret, ==, -ELOOP);
	g_assert_cmpint(doc.err.code, ==, ELOOP);
	g_assert_cmpstr(doc.err.text, ==, "Could not decode bencode dictionary");
	doc_clear(&doc);
	g_string_free(text, TRUE);
}

static void test_too_deep(void)
{
	assert_too_deep(nest("l", DICT_MAX_DEPTH + 1, DICT_MAX_DEPTH + 1));
	assert_too_deep(nest("l", 60000, 0));
	assert_too_deep(nest("d1:a", 60000, 60000));
}

static void test_siblings_do_not_count_as_depth(void)
{
	GString *doc = g_string_new("d1:al");

	for (int i = 0; i < 1000; i++)
		g_string_append(doc, "lde1:xe");
	g_string_append(doc, "ee");
	assert_read_as(doc->str, doc->len, doc->str, doc->len);
	g_string_free(doc, TRUE);
}

static void test_error_may_be_unwanted(void)
{
	struct dict *dict = NULL;

	g_assert_cmpint(bencode_decode(STR_LIT("x"), &dict, NULL), ==, -EINVAL);
	g_assert_cmpint(bencode_decode(STR_NULL, &dict, NULL), ==, -EINVAL);
	g_assert_null(dict);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/bencode/values-are-found", test_values_are_found);
	g_test_add_func("/bencode/strings-are-not-copied", test_strings_are_not_copied);
	g_test_add_func("/bencode/round-trips", test_round_trips);
	g_test_add_func("/bencode/equal-keys", test_equal_keys_are_all_kept);
	g_test_add_func("/bencode/end-of-root", test_end_of_root_may_be_missing);
	g_test_add_func("/bencode/end-of-others", test_only_the_end_of_the_root_may_be_missing);
	g_test_add_func("/bencode/bytes-behind", test_bytes_behind_are_ignored);
	g_test_add_func("/bencode/every-truncation", test_every_truncation);
	g_test_add_func("/bencode/integers", test_integers);
	g_test_add_func("/bencode/integers-that-do-not-fit", test_integers_that_do_not_fit);
	g_test_add_func("/bencode/lengths-beyond-the-end", test_lengths_beyond_the_end);
	g_test_add_func("/bencode/malformed-lengths", test_malformed_lengths);
	g_test_add_func("/bencode/keys-must-be-strings", test_keys_must_be_strings);
	g_test_add_func("/bencode/keys-need-values", test_keys_need_values);
	g_test_add_func("/bencode/root", test_root_must_be_a_dictionary);
	g_test_add_func("/bencode/unknown-types", test_unknown_types);
	g_test_add_func("/bencode/deepest-tree", test_deepest_tree);
	g_test_add_func("/bencode/too-deep", test_too_deep);
	g_test_add_func("/bencode/siblings", test_siblings_do_not_count_as_depth);
	g_test_add_func("/bencode/error-may-be-unwanted", test_error_may_be_unwanted);
	return g_test_run();
}

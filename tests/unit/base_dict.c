/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Trees of values: building, reading, and what counts as an integer. */
#include "api/dict.h"

#include <glib.h>

#define assert_str(str, literal) g_assert_cmpmem((str).s, (str).len, literal, sizeof(literal) - 1)

static void test_new_tree_is_an_empty_dictionary(void)
{
	struct dict *dict = dict_new();
	struct value *root = dict_root(dict);

	g_assert_cmpint(root->type, ==, VALUE_DICT);
	g_assert_cmpuint(root->items.count, ==, 0);
	g_assert_null(value_first(root));
	g_assert_null(value_get(root, "x"));
	dict_free(dict);
	dict_free(NULL);
}

static void test_items_keep_their_order(void)
{
	struct dict *dict = dict_new();
	struct value *list = dict_add_list(dict, dict_root(dict), "list");
	int64_t expected = 0;

	for (int i = 0; i < 1000; i++)
		dict_add_int(dict, list, NULL, i);
	g_assert_cmpuint(list->items.count, ==, 1000);
	value_each (item, list) {
		g_assert_cmpuint(item->key.len, ==, 0);
		g_assert_cmpint(value_int(item, -1), ==, expected++);
	}
	g_assert_cmpint(expected, ==, 1000);
	dict_free(dict);
}

static void test_get_finds_the_first_of_equal_keys(void)
{
	struct dict *dict = dict_new();
	struct value *root = dict_root(dict);

	dict_add_int(dict, root, "a", 1);
	dict_add_int(dict, root, "b", 2);
	dict_add_int(dict, root, "b", 3);
	g_assert_cmpint(value_get_int(root, "b", -1), ==, 2);
	g_assert_cmpuint(root->items.count, ==, 3);
	dict_free(dict);
}

static void test_keys_are_compared_whole(void)
{
	struct dict *dict = dict_new();
	struct value *root = dict_root(dict);

	dict_add(dict, root, (struct str){ "to\0x", 4 }, VALUE_INT)->num = 1;
	dict_add_int(dict, root, "to-tag", 2);
	dict_add_int(dict, root, "", 3);
	g_assert_null(value_get(root, "to"));
	g_assert_null(value_get(root, "to-tag-x"));
	g_assert_null(value_get(root, "TO-TAG"));
	g_assert_cmpint(value_get_int(root, "", -1), ==, 3);
	dict_free(dict);
}

static void test_wrong_types_find_nothing(void)
{
	struct dict *dict = dict_new();
	struct value *root = dict_root(dict);
	struct value *list = dict_add_list(dict, root, "list");
	struct value *num = dict_add_int(dict, root, "num", 7);
	struct value *str = dict_add_str(dict, root, "str", STR_LIT("x"));

	dict_add_int(dict, list, "key", 1);
	g_assert_null(value_get(list, "key"));
	g_assert_null(value_get(num, "key"));
	g_assert_null(value_get(str, "key"));
	g_assert_null(value_get(NULL, "key"));
	g_assert_null(value_first(num));
	g_assert_null(value_first(str));
	g_assert_null(value_first(NULL));
	/* An integer where a string is expected counts as absent. */
	g_assert_null(value_get_str(root, "num").s);
	g_assert_null(value_str(NULL).s);
	g_assert_false(value_is_str(num));
	g_assert_false(value_is_str(NULL));
	g_assert_true(value_is_str(str));
	g_assert_cmpint(value_int(list, 5), ==, 5);
	g_assert_cmpint(value_int(root, 5), ==, 5);
	g_assert_cmpint(value_int(NULL, 5), ==, 5);
	g_assert_cmpint(value_get_int(root, "absent", 5), ==, 5);
	dict_free(dict);
}

static int64_t int_of(const char *text, size_t len)
{
	struct value v = { .type = VALUE_STR, .str = { text, len } };

	return value_int(&v, 4711);
}

static void test_decimal_strings_are_integers(void)
{
	static const struct {
		const char *text;
		int64_t num;
	} good[] = {
		{ "0", 0 },
		{ "-0", 0 },
		{ "1", 1 },
		{ "007", 7 },
		{ "-12", -12 },
		{ "65535", 65535 },
		{ "9223372036854775807", INT64_MAX },
		{ "-9223372036854775807", -INT64_MAX },
		{ "-9223372036854775808", INT64_MIN },
		{ "00000000000000000000000000000000000000000003", 3 },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(good); i++)
		g_assert_cmpint(int_of(good[i].text, strlen(good[i].text)), ==, good[i].num);
}

static void test_other_strings_are_not_integers(void)
{
	static const char *const bad[] = { "", "-", "--1", "+1", " 1", "1 ", "1\n", "1.0", "1e3",
		"0x10", "abc", "12a", "a12", "1,2", "9223372036854775808", "-9223372036854775809",
		"99999999999999999999", "18446744073709551616", "\xd9\xa1" };

	for (size_t i = 0; i < G_N_ELEMENTS(bad); i++)
		g_assert_cmpint(int_of(bad[i], strlen(bad[i])), ==, 4711);
	g_assert_cmpint(int_of("1\0", 2), ==, 4711);
	g_assert_cmpint(int_of(NULL, 0), ==, 4711);
	/* Only `len` bytes count. */
	g_assert_cmpint(int_of("123", 2), ==, 12);
}

static int64_t any_base_of(const char *text)
{
	struct value v = { .type = VALUE_STR, .any_base = true, .str = str_of(text) };

	return value_int(&v, 4711);
}

static void test_json_strings_have_the_base_they_begin_with(void)
{
	static const char *const bad[] = { "", "-", "0x", "-0x", "0xg", "x10", "08", "0x1x", "0b1",
		" 0x1", "0x8000000000000000", "01777777777777777777777", "1.0", "1f" };

	g_assert_cmpint(any_base_of("0"), ==, 0);
	g_assert_cmpint(any_base_of("00"), ==, 0);
	g_assert_cmpint(any_base_of("10"), ==, 10);
	g_assert_cmpint(any_base_of("010"), ==, 8);
	g_assert_cmpint(any_base_of("0x10"), ==, 16);
	g_assert_cmpint(any_base_of("0XfF"), ==, 255);
	g_assert_cmpint(any_base_of("-0x10"), ==, -16);
	g_assert_cmpint(any_base_of("-017"), ==, -15);
	g_assert_cmpint(any_base_of("0x7fffffffffffffff"), ==, INT64_MAX);
	g_assert_cmpint(any_base_of("-0x8000000000000000"), ==, INT64_MIN);
	for (size_t i = 0; i < G_N_ELEMENTS(bad); i++)
		g_assert_cmpint(any_base_of(bad[i]), ==, 4711);
}

static void test_plain_strings_are_not_copied(void)
{
	static const char text[] = "v=0";
	struct dict *dict = dict_new();
	struct value *v = dict_add_str(dict, dict_root(dict), "sdp", (struct str){ text, 3 });

	g_assert_true(v->str.s == text);
	assert_str(v->key, "sdp");
	dict_free(dict);
}

static void test_copies_outlive_their_source(void)
{
	struct dict *dict = dict_new();
	struct value *root = dict_root(dict);
	char text[] = "original";
	struct str copy = dict_copy(dict, str_of(text));

	dict_add_copy(dict, root, "v", str_of(text));
	memset(text, 'x', sizeof(text) - 1);
	assert_str(value_get_str(root, "v"), "original");
	g_assert_cmpstr(copy.s, ==, "original");
	dict_free(dict);
}

static void test_printf_of_any_length(void)
{
	struct dict *dict = dict_new();
	struct value *root = dict_root(dict);

	/* Around the size at which one print is not enough. */
	for (int width = 250; width < 262; width++) {
		struct value *v = dict_add_printf(dict, root, "k", "%*d", width, 42);

		g_assert_cmpuint(v->str.len, ==, (size_t)width);
		g_assert_cmpstr(v->str.s + width - 3, ==, " 42");
	}
	g_assert_cmpuint(dict_add_printf(dict, root, "k", "%s", "")->str.len, ==, 0);
	assert_str(dict_add_printf(dict, root, "k", "%s:%u", "192.0.2.1", 5060)->str,
		"192.0.2.1:5060");
	dict_free(dict);
}

static void test_nested_containers(void)
{
	struct dict *dict = dict_new();
	struct value *tags = dict_add_dict(dict, dict_root(dict), "tags");
	struct value *one = dict_add_dict(dict, tags, "tag-1");
	struct value *medias = dict_add_list(dict, one, "medias");

	dict_add_int(dict, dict_add_dict(dict, medias, NULL), "index", 1);
	tags = value_get(dict_root(dict), "tags");
	medias = value_get(value_get(tags, "tag-1"), "medias");
	g_assert_cmpint(value_get_int(value_first(medias), "index", 0), ==, 1);
	dict_free(dict);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/dict/new-tree-is-empty", test_new_tree_is_an_empty_dictionary);
	g_test_add_func("/dict/items-keep-their-order", test_items_keep_their_order);
	g_test_add_func("/dict/first-of-equal-keys", test_get_finds_the_first_of_equal_keys);
	g_test_add_func("/dict/keys-are-compared-whole", test_keys_are_compared_whole);
	g_test_add_func("/dict/wrong-types-find-nothing", test_wrong_types_find_nothing);
	g_test_add_func("/dict/decimal-strings", test_decimal_strings_are_integers);
	g_test_add_func("/dict/any-base", test_json_strings_have_the_base_they_begin_with);
	g_test_add_func("/dict/other-strings", test_other_strings_are_not_integers);
	g_test_add_func("/dict/plain-strings-are-not-copied", test_plain_strings_are_not_copied);
	g_test_add_func("/dict/copies", test_copies_outlive_their_source);
	g_test_add_func("/dict/printf", test_printf_of_any_length);
	g_test_add_func("/dict/nested-containers", test_nested_containers);
	return g_test_run();
}

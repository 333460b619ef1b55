/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names of recordings: what they are, and what they never are. */
#include "record/names.h"

#include <string.h>

#include <glib.h>

#define TAG "4438bfbf56157b9b"

static void assert_stem(struct str call_id, const char *want)
{
	g_autofree char *got = name_stem(call_id, TAG);

	g_assert_cmpstr(got, ==, want);
}

static void test_stem(void)
{
	g_autofree char *text = g_strnfill(400, '/'), *cut = NULL;

	assert_stem(STR_LIT("call/2 x"), "call%2F2%20x-" TAG);
	assert_stem(STR_LIT("../a\0b"), "..%2Fa%00b-" TAG);
	assert_stem(STR_LIT("~-._Az09"), "~-._Az09-" TAG);
	assert_stem(STR_LIT("\xff%"), "%FF%25-" TAG);
	cut = name_stem(str_of(text), TAG);
	g_assert_cmpuint(strlen(cut), ==, 180 + 17);
	g_assert_true(g_str_has_suffix(cut, "%2F-" TAG));
}

static void assert_expands(const char *pattern, const char *want)
{
	const struct name_parts parts = { STR_LIT("a/b"), STR_LIT(".."), STR_LIT("who:me|b:/..:x"),
		TAG, 1700000000000123 };
	g_autofree char *got = NULL;
	struct err err;

	if (want) {
		g_assert_cmpint(name_expand(str_of(pattern), &parts, &got, &err), ==, 0);
		g_assert_cmpstr(got, ==, want);
	} else {
		g_assert_cmpint(name_expand(str_of(pattern), &parts, &got, &err), <, 0);
	}
}

static void test_pattern(void)
{
	g_setenv("TZ", "UTC", TRUE);
	assert_expands("%c-%r-%t", "a%2Fb-" TAG "-mix");
	assert_expands("%Y%m%d/%H%M%S.%u%%", "20231114/221320.000123%");
	assert_expands("%l/x", "../x"); /* name_beneath refuses that */
	assert_expands("%1/%2-%9-%3", "a/%2Fb--");
	assert_expands("%{who}_%{b}_%{none}%{}", "me_%2F..%3Ax_");
	assert_expands("%{who", NULL);
	assert_expands("%0", NULL);
	assert_expands("%", NULL);
	assert_expands("%q", NULL);
	assert_expands("a%", NULL);
}

static void assert_beneath(struct str path, const char *want)
{
	g_autofree char *got = NULL;
	struct err err;
	int ret = name_beneath("/var/spool/rec", path, &got, &err);

	g_assert_cmpint(ret == 0, ==, want != NULL);
	g_assert_cmpstr(got, ==, want);
}

static void test_beneath(void)
{
	g_autofree char *text = g_strnfill(2000, 'a');

	assert_beneath(STR_LIT("a"), "a");
	assert_beneath(STR_LIT("./a//b/./c"), "a/b/c");
	assert_beneath(STR_LIT("/var/spool/rec/x"), "x");
	assert_beneath(STR_LIT("/var/spool/recx/y"), NULL);
	assert_beneath(STR_LIT("/var/spool/rec"), NULL);
	assert_beneath(STR_LIT("/var/spool/rec/"), NULL);
	assert_beneath(STR_LIT("/var/spool/rec/../x"), NULL);
	assert_beneath(STR_LIT("/etc/passwd"), NULL);
	assert_beneath(STR_LIT("a/../../x"), NULL);
	assert_beneath(STR_LIT(".."), NULL);
	assert_beneath(STR_LIT("a\0b"), NULL);
	assert_beneath(STR_LIT("a\nb"), NULL);
	assert_beneath(STR_LIT("a/\x1b[2J"), NULL);
	assert_beneath(STR_LIT("\x7f"), NULL);
	assert_beneath(STR_LIT("caf\xc3\xa9 1"), "caf\xc3\xa9 1");
	assert_beneath(STR_LIT(""), NULL);
	assert_beneath(STR_LIT("."), NULL);
	assert_beneath(str_of(text), NULL);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/record/names/stem", test_stem);
	g_test_add_func("/record/names/pattern", test_pattern);
	g_test_add_func("/record/names/beneath", test_beneath);
	return g_test_run();
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pieces of sentences: nothing from outside reaches a terminal as it came. */
#include "call/sentence.h"

static void assert_text(GString *got, const char *want)
{
	g_assert_cmpstr(got->str, ==, want);
	g_string_truncate(got, 0);
}

static void test_names_are_made_harmless(void)
{
	g_autoptr(GString) out = g_string_new(NULL);
	char longer[SENTENCE_MAX_NAME + 1];

	sentence_quote(out, STR_LIT("plain-tag_1 ;x"));
	assert_text(out, "'plain-tag_1 ;x'");
	sentence_quote(out, STR_LIT("\x1b[2J\r\n\0\x7f\xc3\xa9"));
	assert_text(out, "'\\x1b[2J\\x0d\\x0a\\x00\\x7f\\xc3\\xa9'");
	sentence_quote(out, STR_LIT("it's \\x41"));
	assert_text(out, "'it\\x27s \\x5cx41'");
	memset(longer, 'a', sizeof(longer));
	sentence_quote(out, (struct str){ longer, sizeof(longer) });
	g_assert_cmpuint(out->len, ==, SENTENCE_MAX_NAME + 5);
	g_assert_true(g_str_has_suffix(out->str, "a...'"));
	g_string_truncate(out, 0);
	sentence_quote(out, STR_NULL);
	assert_text(out, "''");
}

static void test_times(void)
{
	g_autoptr(GString) out = g_string_new(NULL);
	static const struct {
		int64_t us;
		const char *want;
	} rows[] = {
		{ 0, "0.0 s" },
		{ -5, "0.0 s" },
		{ 449999, "0.4 s" },
		{ 9999999, "9.9 s" },
		{ 10000000, "10 s" },
		{ 119000000, "119 s" },
		{ 200000000, "3 min 20 s" },
		{ 7260000000, "2 h 1 min" },
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
		sentence_time(out, rows[i].us);
		assert_text(out, rows[i].want);
	}
}

static void test_formats(void)
{
	g_autoptr(GString) out = g_string_new(NULL);
	struct sdp_format f[20] = {
		{ .payload_type = 0, .encoding = STR_LIT("PCMU"), .clock_hz = 8000 },
		{ .payload_type = 99 },
		{ .payload_type = 96, .encoding = STR_LIT("a\nb"), .clock_hz = 1 },
	};

	sentence_formats(out, f, 0);
	assert_text(out, "none");
	sentence_formats(out, f, 3);
	assert_text(out, "PCMU/8000 (0), payload type 99, a\\x0ab/1 (96)");
	sentence_formats(out, f, G_N_ELEMENTS(f));
	g_assert_true(g_str_has_suffix(out->str, " and 4 more"));
}

static void test_parties(void)
{
	g_autoptr(GString) out = g_string_new(NULL);
	struct party party = { 0 };

	sentence_party(out, NULL);
	assert_text(out, "a party that has left");
	sentence_party(out, &party);
	assert_text(out, "the party that has not answered");
	party.via_branch = STR_LIT("z1");
	sentence_party(out, &party);
	assert_text(out, "the party of branch 'z1'");
	party.tag = STR_LIT("B");
	sentence_party(out, &party);
	assert_text(out, "'B'");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/call/sentence/names-are-made-harmless", test_names_are_made_harmless);
	g_test_add_func("/call/sentence/times", test_times);
	g_test_add_func("/call/sentence/formats", test_formats);
	g_test_add_func("/call/sentence/parties", test_parties);
	return g_test_run();
}

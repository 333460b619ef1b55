/* SPDX-License-Identifier: GPL-3.0-or-later */
/* codec/format.c: specifications as clients write them, and which codecs are the same. */
#include "codec/format.h"

#include <glib.h>

#include "../mock/codecs.h"

static void check(const char *text, const char *expected)
{
	struct codec_spec s;
	g_autofree char *got = NULL;

	if (codec_spec_parse(str_of(text), &s))
		got = g_strdup_printf("%.*s %u %u %u %u '%.*s' '%.*s'", STR_ARG(s.name), s.clock_hz,
			s.channels, s.bitrate, s.ptime_ms, STR_ARG(s.fmtp), STR_ARG(s.options));
	g_assert_cmpstr(got, ==, expected);
}

static void test_fields_may_be_missing_or_empty(void)
{
	check("opus", "opus 0 0 0 0 '' ''");
	check("opus/48000", "opus 48000 1 0 0 '' ''");
	check("opus/48000/2/32000/40/useinbandfec=1/complexity=5;application=voip",
		"opus 48000 2 32000 40 'useinbandfec=1' 'complexity=5;application=voip'");
	check("iLBC/8000/1///mode=20", "iLBC 8000 1 0 0 'mode=20' ''");
	check("AMR//////CMR-interval=1000/2", "AMR 0 0 0 0 '' 'CMR-interval=1000/2'");
	check("G722//2", "G722 0 2 0 0 '' ''");
}

static void test_what_is_none(void)
{
	check("", NULL);
	check("/8000", NULL);
	check("PCMA/eight", NULL);
	check("PCMA/8000/256", NULL);
	check("PCMA/99999999999", NULL);
	check("PCMA/8000/1/-1", NULL);
	check("PCMA/8000/1/64000/65536", NULL);
	check("PCMA/4294967296", NULL);
	check("PCMA/4294967295/255", "PCMA 4294967295 255 0 0 '' ''");
}

static void test_the_rest_is_usual(void)
{
	struct codec_spec s;

	mock_codecs_add();
	codec_spec_parse(STR_LIT("opus"), &s);
	codec_spec_complete(&s, codec_find(s.name));
	g_assert_cmpuint(s.clock_hz, ==, 48000);
	g_assert_cmpuint(s.channels, ==, 2);
	g_assert_true(str_is(s.fmtp, "useinbandfec=1"));
	codec_spec_parse(STR_LIT("iLBC/8000/1///mode=20"), &s);
	codec_spec_complete(&s, codec_find(s.name));
	g_assert_true(str_is(s.fmtp, "mode=20"));
}

static void check_match(
	const char *name, const char *a, const char *b, enum codec_match expected, bool fits)
{
	struct codec_params p = { .clock_hz = 8000, .channels = 1, .fmtp = str_of(a) };
	struct codec_params q = { .clock_hz = 8000, .channels = 1, .fmtp = str_of(b) };

	g_assert_cmpint(codec_match(str_of(name), &p, &q), ==, expected);
	g_assert_true(codec_fits(str_of(name), &p, &q) == fits);
	q.channels = 2;
	g_assert_cmpint(codec_match(str_of(name), &p, &q), ==, CODEC_DIFFERENT);
	g_assert_false(codec_fits(str_of(name), &p, &q));
}

static void test_parameters_count_by_codec(void)
{
	mock_codecs_add();
	check_match("X-NEW", "a=1", "a=2", CODEC_SAME, true);
	check_match("PCMU", "a=1", "", CODEC_SAME, true);
	check_match("G723", "annexa=no", "annexa=no", CODEC_SAME, true);
	check_match("G723", "annexa=no", "", CODEC_DIFFERENT, true);
	check_match("opus", "stereo=1", "", CODEC_COMPATIBLE, true);
	check_match("AMR-WB", "octet-align=1", "", CODEC_DIFFERENT, false);
	check_match("AMR-WB", "octet-align=1;crc=1", "octet-align=1", CODEC_COMPATIBLE, true);
}

static void test_names_and_what_they_stand_for(void)
{
	codec_registry_clear();
	g_assert_true(codec_flags(STR_LIT("TELEPHONE-EVENT")) & CODEC_EVENT);
	g_assert_true(codec_flags(STR_LIT("cn")) & CODEC_SUPPLEMENTAL);
	g_assert_cmpuint(codec_flags(STR_LIT("PCMU")), ==, 0);
	g_assert_false(codec_same_name(STR_LIT("G729"), STR_LIT("G729a")));
	mock_codecs_add();
	g_assert_true(codec_same_name(STR_LIT("g729A"), STR_LIT("G729")));
	g_assert_false(codec_same_name(STR_LIT("G722"), STR_LIT("G729")));
	g_assert_true(codec_flags(STR_LIT("CN")) & CODEC_NOISE);
	g_assert_cmpuint(codec_sample_hz(codec_find(STR_LIT("G722")), 8000), ==, 16000);
	g_assert_cmpuint(codec_sample_hz(codec_find(STR_LIT("speex")), 8000), ==, 8000);
}

static void test_lengths_of_packets(void)
{
	const struct codec *opus, *ilbc, *pcmu;

	mock_codecs_add();
	opus = codec_find(STR_LIT("opus"));
	ilbc = codec_find(STR_LIT("iLBC"));
	pcmu = codec_find(STR_LIT("PCMU"));
	g_assert_cmpuint(codec_ptime(opus, 1), ==, 5);
	g_assert_cmpuint(codec_ptime(opus, 20), ==, 20);
	g_assert_cmpuint(codec_ptime(opus, 30), ==, 20);
	g_assert_cmpuint(codec_ptime(opus, 100), ==, 60);
	g_assert_cmpuint(codec_ptime(ilbc, 20), ==, 30);
	g_assert_cmpuint(codec_ptime(ilbc, 89), ==, 60);
	g_assert_cmpuint(codec_ptime(codec_find(STR_LIT("G729")), 10), ==, 20);
	g_assert_cmpuint(codec_ptime(codec_find(STR_LIT("G729")), 35), ==, 30);
	g_assert_cmpuint(codec_ptime(pcmu, 33), ==, 33);
	g_assert_cmpuint(codec_ptime(NULL, 33), ==, 33);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/codec/format/fields", test_fields_may_be_missing_or_empty);
	g_test_add_func("/codec/format/none", test_what_is_none);
	g_test_add_func("/codec/format/usual", test_the_rest_is_usual);
	g_test_add_func("/codec/format/parameters", test_parameters_count_by_codec);
	g_test_add_func("/codec/format/names", test_names_and_what_they_stand_for);
	g_test_add_func("/codec/format/lengths", test_lengths_of_packets);
	return g_test_run();
}

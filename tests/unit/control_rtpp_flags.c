/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Flags strings as trees. */
#include "control/rtpp_flags.h"

#include <glib.h>

#include "ng/ng.h"

static void check(const char *text, const char *expected)
{
	struct dict *dict = dict_new();
	g_autoptr(GString) json = g_string_new(NULL);
	struct err err;

	g_assert_cmpint(rtpp_flags_parse(str_of(text), dict, dict_root(dict), &err), ==, 0);
	json_encode(dict_root(dict), json);
	g_assert_cmpstr(json->str, ==, expected);
	dict_free(dict);
}

static void test_words_are_flags(void)
{
	check("", "{}");
	check("  trust-address   SDES-off ",
		"{\"flags\":[\"trust-address\"],\"flags\":[\"SDES-off\"]}");
}

static void test_pairs_are_keys(void)
{
	check("ICE=remove TOS=184", "{\"ICE\":\"remove\",\"TOS\":\"184\"}");
	check("metadata=a=b", "{\"metadata\":\"a=b\"}");
	check("label=", "{\"label\":\"\"}");
	check("=x", "{\"\":\"x\"}");
}

static void test_brackets_are_lists(void)
{
	check("replace=[origin SDP-version]", "{\"replace\":[\"origin\",\"SDP-version\"]}");
	check("replace=[ origin ]x", "{\"replace\":[\"origin\"],\"flags\":[\"x\"]}");
	check("replace=[]", "{\"replace\":[]}");
	check("a=[[b c] d]", "{\"a\":[[\"b\",\"c\"],\"d\"]}");
}

static void test_brackets_with_pairs_are_dictionaries(void)
{
	check("codec=[strip=[PCMU] mask=G722] x",
		"{\"codec\":{\"strip\":[\"PCMU\"],\"mask\":\"G722\"},\"flags\":[\"x\"]}");
	check("sdp-attr=[ audio=[add=[a b] remove=c ] ]",
		"{\"sdp-attr\":{\"audio\":{\"add\":[\"a\",\"b\"],\"remove\":\"c\"}}}");
}

static void test_directions_are_gathered(void)
{
	check("direction=in x direction=out", "{\"direction\":[\"in\",\"out\"],\"flags\":[\"x\"]}");
	check("internal external", "{\"direction\":[\"internal\",\"external\"]}");
	check("external direction=x", "{\"direction\":[\"external\",\"x\"]}");
	check("direction=[a b]", "{\"direction\":[\"a\",\"b\"]}");
}

static void test_tags_imply_flags(void)
{
	check("to-tag=T", "{\"flags\":[\"to-tag\"],\"to-tag\":\"T\"}");
	check("from-tag=F", "{\"flags\":[\"directional\"],\"from-tag\":\"F\"}");
	check("to-tag", "{\"flags\":[\"to-tag\"]}");
}

static void test_codec_keys_are_flags(void)
{
	check("codec-strip=PCMA transcode=GSM",
		"{\"flags\":[\"codec-strip-PCMA\"],\"flags\":[\"transcode-GSM\"]}");
	check("codec-strip-opus/48000", "{\"flags\":[\"codec-strip-opus/48000\"]}");
}

static void test_profiles_are_put_together(void)
{
	static const char *const cases[][2] = {
		{ "RTP", "RTP/AVP" },
		{ "AVP", "RTP/AVP" },
		{ "RTP AVPF", "RTP/AVPF" },
		{ "SRTP", "RTP/SAVP" },
		{ "SRTP AVPF", "RTP/SAVPF" },
		{ "AVPF SRTP", "RTP/SAVPF" },
		{ "DTLS", "UDP/TLS/RTP/SAVP" },
		{ "SRTP DTLS AVPF", "UDP/TLS/RTP/SAVPF" },
		{ "RTP/SAVPF", "RTP/SAVPF" },
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *expected = g_strdup_printf(
			"{\"transport-protocol\":\"%s\"}", cases[i][1]);

		check(cases[i][0], expected);
	}
}

static void test_unclosed_brackets_end_with_the_text(void)
{
	check("codec=[strip=[PCMU", "{\"codec\":{\"strip\":[\"PCMU\"]}}");
	check("a=[", "{\"a\":[]}");
	check("]", "{\"flags\":[\"]\"]}");
	check("a=[b=c [d]", "{\"a\":{\"b\":\"c\",\"\":\"d\"}}");
}

static void test_zero_bytes_do_not_end_it(void)
{
	struct dict *dict = dict_new();
	struct err err;

	g_assert_cmpint(
		rtpp_flags_parse((struct str){ "\0 a=\0", 5 }, dict, dict_root(dict), &err), ==, 0);
	g_assert_cmpuint(value_get_str(dict_root(dict), "a").len, ==, 1);
	dict_free(dict);
}

static void test_depth_is_bounded(void)
{
	struct dict *dict = dict_new();
	struct err err;

	check("a=[[[[[[[[x]]]]]]]]", "{\"a\":[[[[[[[[\"x\"]]]]]]]]}");
	g_assert_cmpint(
		rtpp_flags_parse(STR_LIT("a=[[[[[[[[[x"), dict, dict_root(dict), &err), <, 0);
	g_assert_cmpstr(err.text, ==, "Flags string is nested too deeply");
	dict_free(dict);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/rtpp-flags/words", test_words_are_flags);
	g_test_add_func("/rtpp-flags/pairs", test_pairs_are_keys);
	g_test_add_func("/rtpp-flags/lists", test_brackets_are_lists);
	g_test_add_func("/rtpp-flags/dictionaries", test_brackets_with_pairs_are_dictionaries);
	g_test_add_func("/rtpp-flags/directions", test_directions_are_gathered);
	g_test_add_func("/rtpp-flags/tags", test_tags_imply_flags);
	g_test_add_func("/rtpp-flags/codecs", test_codec_keys_are_flags);
	g_test_add_func("/rtpp-flags/profiles", test_profiles_are_put_together);
	g_test_add_func("/rtpp-flags/unclosed", test_unclosed_brackets_end_with_the_text);
	g_test_add_func("/rtpp-flags/zero-bytes", test_zero_bytes_do_not_end_it);
	g_test_add_func("/rtpp-flags/depth", test_depth_is_bounded);
	return g_test_run();
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* call/negotiate_answer.c: the table of results of spec media 2.6, with codecs to transcode. */
#include "base/ref.h"
#include "call/negotiate.h"

#include <glib.h>

#include "mock/coder.h"
#include "mock/codecs.h"

#define TE8(n)    "a=rtpmap:" n " telephone-event/8000\r\n"
#define TE48(n)   "a=rtpmap:" n " telephone-event/48000\r\n"
#define OPUS(n)   "a=rtpmap:" n " opus/48000/2\r\n"
#define MONO(n)   "a=rtpmap:" n " opus/48000\r\n"
#define AMRWB(n)  "a=rtpmap:" n " AMR-WB/16000\r\n"
#define ALIGN(n)  "a=fmtp:" n " octet-align=1\r\n"
#define SILK      "a=rtpmap:104 SILK/24000\r\n"
#define CN16(n)   "a=rtpmap:" n " CN/16000\r\n"
#define MANY      "104 9 0 8 101 13 118", SILK TE8("101") CN16("118")
#define MANY_ANSW SILK TE8("101") CN16("118")

struct row {
	const char *offer, *offer_attrs;
	/* option lists, separated by blanks; NULL: none */
	const char *ignore, *strip, *mask, *consume, *accept, *transcode;
	bool always, asymmetric;
	const char *shown;
	const char *answer, *answer_attrs;
	const char *answer_strip;
	bool single;
	const char *to_offerer, *kept, *heard, *own;
};

static const struct row rows[] = {
	{ "0", "", .transcode = "PCMA", .shown = "0 8", .answer = "0 8", .to_offerer = "0",
		.kept = "0 8" },
	{ "0", "", .transcode = "PCMA", .shown = "0 8", .answer = "8", .to_offerer = "0",
		.kept = "8" },
	{ "0 8", "", .always = true, .shown = "0 8", .answer = "0 8", .to_offerer = "0",
		.kept = "0 8" },
	{ "8 101", TE8("101"), .transcode = "PCMU", .shown = "8 0 101", .answer = "0 101",
		.answer_attrs = TE8("101"), .to_offerer = "8 101", .kept = "0 101" },
	{ "97 9 8", OPUS("97"), .transcode = "PCMU", .shown = "97 9 8 0", .answer = "9 8 0",
		.to_offerer = "9 8 97", .kept = "9 8 0" },
	{ "97 9 8", OPUS("97"), .transcode = "PCMU", .shown = "97 9 8 0", .answer = "9 8",
		.to_offerer = "9 8", .kept = "9 8" },
	{ MANY, .mask = "PCMU", .shown = "104 9 8 101 13 118", .answer = "8 101",
		.answer_attrs = MANY_ANSW, .to_offerer = "8 101", .kept = "8 101" },
	{ MANY, .mask = "PCMU", .transcode = "GSM", .shown = "104 9 8 3 101 13 118",
		.answer = "8 3 101", .answer_attrs = MANY_ANSW, .to_offerer = "8 9 101",
		.kept = "8 3 101" },
	{ MANY, .consume = "PCMU", .shown = "104 9 8 101 13 118", .answer = "8 101",
		.answer_attrs = MANY_ANSW, .to_offerer = "0 101", .kept = "8 101" },
	{ MANY, .accept = "PCMU", .shown = "104 9 0 8 101 13 118", .answer = "8 101",
		.answer_attrs = MANY_ANSW, .to_offerer = "0 101", .kept = "8 101" },
	{ "8 0", "", .transcode = "CN", .shown = "8 0 13", .answer = "8 0 13", .to_offerer = "8 0",
		.kept = "8 0 13" },
	{ "8 0 13", "", .strip = "CN", .accept = "CN", .shown = "8 0", .answer = "8 0",
		.to_offerer = "8 0 13", .kept = "8 0" },
	{ "8 0 13", "", .accept = "CN", .shown = "8 0 13", .answer = "8 0", .to_offerer = "8 0 13",
		.kept = "8 0" },
	{ "96 8", "a=rtpmap:96 X-NEW/8000\r\n", .transcode = "PCMU", .shown = "96 8 0",
		.answer = "8", .to_offerer = "8", .kept = "8" },
	{ "96 8", "a=rtpmap:96 X-NEW/8000\r\n", .transcode = "PCMU", .shown = "96 8 0",
		.answer = "0", .to_offerer = "8", .kept = "0" },
	{ "96 8", "a=rtpmap:96 X-NEW/8000\r\n", .transcode = "PCMU", .shown = "96 8 0",
		.answer = "96", .answer_attrs = "a=rtpmap:96 X-NEW/8000\r\n", .to_offerer = "96",
		.kept = "96" },
	{ "96", AMRWB("96") ALIGN("96"), .transcode = "PCMU", .shown = "96 0", .answer = "0",
		.to_offerer = "96 octet-align=1", .kept = "0" },
	{ "0 8 9", "a=rtpmap:9 PCMA/8000\r\n", .shown = "0 8 9", .answer = "7 0 8",
		.answer_attrs = "a=rtpmap:7 PCMA/8000\r\n", .to_offerer = "0 8", .kept = "0 8" },
	{ "9 8 101", TE8("101"), .mask = "all", .transcode = "opus/48000/1 PCMA telephone-event",
		.shown = "96 useinbandfec=1 8 97 0-15 101", .answer = "96 97",
		.answer_attrs = MONO("96") TE48("97"), .single = true, .to_offerer = "9 101",
		.kept = "96 97" },
	{ "0", "", .transcode = "AMR-WB", .shown = "0 96 octet-align=1;mode-change-capability=2",
		.answer = "96", .answer_attrs = AMRWB("96") ALIGN("96"), .to_offerer = "0",
		.kept = "96 octet-align=1" },
	{ "0", "", .transcode = "AMR-WB", .shown = "0 96 octet-align=1;mode-change-capability=2",
		.answer = "0 96", .answer_attrs = AMRWB("96"), .to_offerer = "0", .kept = "0" },
	{ "96 8 102 101", OPUS("96") TE48("102") TE8("101"), .mask = "all",
		.transcode = "opus PCMA PCMU telephone-event", .shown = "96 8 0 101 102",
		.answer = "0 101", .answer_attrs = TE8("101"), .single = true,
		.to_offerer = "96 102", .kept = "0 101" },
	/* Not of the table: events of one clock alone. They are the answer's where its audio is. */
	{ "96 101", OPUS("96") TE8("101"), .transcode = "PCMA", .shown = "96 8 101",
		.answer = "8 101", .answer_attrs = TE8("101"), .to_offerer = "96",
		.kept = "8 101" },
	{ "96 101", OPUS("96") TE8("101"), .transcode = "PCMA", .shown = "96 8 101",
		.answer = "96 101", .answer_attrs = OPUS("96") TE8("101"), .to_offerer = "96 101",
		.kept = "96 101" },
	{ "96 102", OPUS("96") TE48("102"), .transcode = "PCMA", .shown = "96 8 97 102",
		.answer = "8 97", .answer_attrs = TE8("97"), .to_offerer = "96 102",
		.kept = "8 97" },
	{ "96 102 101", OPUS("96") TE48("102") TE8("101"), .mask = "opus", .transcode = "PCMA",
		.shown = "8 101", .answer = "8 101", .answer_attrs = TE8("101"),
		.to_offerer = "96 102", .kept = "8 101" },
	{ "96 0 101", OPUS("96") TE8("101"), .strip = "PCMU", .shown = "96", .answer = "96",
		.answer_attrs = OPUS("96"), .to_offerer = "96", .kept = "96" },
	{ "0 101", TE8("101"), .transcode = "opus", .shown = "0 96 97 101", .answer = "96 97",
		.answer_attrs = OPUS("96") TE48("97"), .to_offerer = "0 101", .kept = "96 97" },
	{ "0 101", TE8("101"), .transcode = "opus", .shown = "0 96 97 101", .answer = "96 101",
		.answer_attrs = OPUS("96") TE8("101"), .to_offerer = "0 101", .kept = "96 101" },
	{ "0 101", TE8("101"), .transcode = "opus", .shown = "0 96 97 101", .answer = "96",
		.answer_attrs = OPUS("96"), .to_offerer = "0", .kept = "96" },
	/* Not of the table: numbers of the answerer's own. What passes must have the offerer's. */
	{ "0 126", TE8("126"), .shown = "0 126", .answer = "0 101", .answer_attrs = TE8("101"),
		.to_offerer = "0 126", .kept = "0 101", .heard = "126" },
	{ "0 126", TE8("126"), .shown = "0 126", .answer = "101 0", .answer_attrs = TE8("101"),
		.to_offerer = "126 0", .kept = "101 0", .heard = "126" },
	{ "0 126 105", TE8("126") TE48("105"), .shown = "0 126 105", .answer = "0 126 101",
		.answer_attrs = TE8("126") TE8("101"), .to_offerer = "0 126", .kept = "0 126" },
	{ "0 126", TE8("126"), .transcode = "opus", .shown = "0 96 97 126", .answer = "111 110",
		.answer_attrs = OPUS("111") TE48("110"), .to_offerer = "0 126", .kept = "111 110",
		.heard = "96 97" },
	{ "0 96 126", OPUS("96") TE8("126"), .shown = "0 96 126", .answer = "0 97",
		.answer_attrs = OPUS("97"), .to_offerer = "0", .kept = "0" },
	{ "96 126", OPUS("96") TE8("126"), .shown = "96 126", .answer = "97 101",
		.answer_attrs = OPUS("97") TE8("101"), .to_offerer = "97 101", .kept = "97 101" },
	{ "96 126", OPUS("96") TE8("126"), .shown = "96 126", .answer = "97 126",
		.answer_attrs = OPUS("97") TE8("126"), .to_offerer = "97 126", .kept = "97 126" },
	/* … which may be anything where that is allowed: either is understood all the same. */
	{ "0", "", .transcode = "opus", .asymmetric = true, .shown = "0 96", .answer = "98",
		.answer_attrs = OPUS("98"), .to_offerer = "0", .kept = "98", .heard = "96" },
	{ "0", "", .transcode = "G722", .asymmetric = true, .shown = "0 9", .answer = "98",
		.answer_attrs = "a=rtpmap:98 G722/8000\r\n", .to_offerer = "0", .kept = "98",
		.heard = "9" },
	{ "0 96", OPUS("96"), .asymmetric = true, .shown = "0 96", .answer = "98 0",
		.answer_attrs = OPUS("98"), .to_offerer = "98 0", .kept = "98 0", .heard = "96",
		.own = "96" },
	{ "0 96", OPUS("96"), .asymmetric = true, .shown = "0 96", .answer = "96 98",
		.answer_attrs = OPUS("96") OPUS("98"), .to_offerer = "96 98", .kept = "96 98" },
	{ "0 101", TE8("101"), .asymmetric = true, .shown = "0 101", .answer = "0 110",
		.answer_attrs = TE8("110"), .to_offerer = "0 110", .kept = "0 110", .heard = "101",
		.own = "101" },
	{ "111 102", OPUS("111") TE48("102"), .asymmetric = true, .shown = "111 102",
		.answer = "111 110", .answer_attrs = OPUS("111") TE48("110"),
		.to_offerer = "111 110", .kept = "111 110", .heard = "102", .own = "102" },
	/* … though what is transcoded has the offerer's own. */
	{ "0 101", TE8("101"), .asymmetric = true, .transcode = "PCMA", .shown = "0 8 101",
		.answer = "8 110", .answer_attrs = TE8("110"), .to_offerer = "0 101",
		.kept = "8 110", .heard = "101" },
	/* What is taken out by name comes back as another's. */
	{ "8 0", "", .strip = "PCMA", .transcode = "PCMA", .shown = "0 8", .answer = "8",
		.to_offerer = "0", .kept = "8" },
	{ "8 0", "", .strip = "all", .transcode = "PCMA", .shown = "8", .answer = "8",
		.to_offerer = "8", .kept = "8" },
	{ "0 8", "", .strip = "all", .transcode = "GSM", .shown = "3", .answer = "3",
		.to_offerer = "0", .kept = "3" },
	{ "18", "", .transcode = "G729a", .shown = "18", .answer = "18", .to_offerer = "18",
		.kept = "18" },
	/* Without its audio a list is as good as empty. */
	{ "111 110", OPUS("111") TE48("110"), .ignore = "opus", .shown = "111 110",
		.answer = "111 110", .answer_attrs = OPUS("111") TE48("110"),
		.to_offerer = "111 110", .kept = "111 110" },
	{ "111 13", OPUS("111"), .ignore = "opus", .shown = "111 13", .answer = "111 13",
		.answer_attrs = OPUS("111"), .to_offerer = "111 13", .kept = "111 13" },
	{ "96 0 101", "a=rtpmap:96 X-NEW/8000\r\n" TE8("101"), .ignore = "X-NEW",
		.shown = "96 0 101", .answer = "96 101",
		.answer_attrs = "a=rtpmap:96 X-NEW/8000\r\n" TE8("101"), .to_offerer = "96 101",
		.kept = "96 101" },
	{ "111 110", OPUS("111") TE48("110"), .strip = "opus", .shown = "111 110",
		.answer = "111 110", .answer_attrs = OPUS("111") TE48("110"),
		.to_offerer = "111 110", .kept = "111 110" },
	{ "111 110", OPUS("111") TE48("110"), .mask = "opus", .transcode = "X-NEW",
		.shown = "111 110", .answer = "111 110", .answer_attrs = OPUS("111") TE48("110"),
		.to_offerer = "111 110", .kept = "111 110" },
	{ "0 8 101", TE8("101"), .shown = "0 8 101", .answer = "0 101", .answer_attrs = TE8("101"),
		.answer_strip = "PCMU", .to_offerer = "0 101", .kept = "0 101" },
	{ "0 8 101", TE8("101"), .shown = "0 8 101", .answer = "101", .answer_attrs = TE8("101"),
		.answer_strip = "PCMU", .to_offerer = "101", .kept = "101" },
	{ "8 18", "", .strip = "G729a/8000", .shown = "8", .answer = "8", .to_offerer = "8",
		.kept = "8" },
	{ "8", "", .shown = "8 0 9 3 18 4 96 97 98 100 13 101 102 103 104 99",
		.transcode = "PCMU G722 GSM G729 G723 speex opus opus/48000/1 telephone-event CN "
			     "speex/8000",
		.answer = "8", .to_offerer = "8", .kept = "8" },
};

struct side {
	struct sdp *sdp;
	struct dict *dict;
};

static struct side open_side(const char *types, const char *attrs)
{
	g_autofree char *body = g_strdup_printf(
		"v=0\r\no=a 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
		"m=audio 4000 RTP/AVP %s\r\n%s",
		types, attrs ? attrs : "");
	struct side side = { .dict = dict_new() };
	struct err err;

	g_assert_cmpint(sdp_parse(str_of(body), false, &side.sdp, &err), ==, 0);
	return side;
}

static void close_side(struct side *side)
{
	ref_drop(side->sdp);
	dict_free(side->dict);
}

static const struct value *list(struct side *side, const char *text)
{
	struct value *v = text ? dict_add_list(side->dict, dict_root(side->dict), NULL) : NULL;
	struct str rest = str_of(text), name;

	while (str_token(&rest, &name))
		dict_add_str(side->dict, v, NULL, name);
	return v;
}

/* Parameters are compared where `expected` has any. */
static void check(struct codec_list codecs, const char *expected, unsigned row, const char *what)
{
	g_autoptr(GString) got = g_string_new(NULL);
	bool with_fmtp = strchr(expected, '=') != NULL;

	for (unsigned i = 0; i < codecs.count; i++) {
		const struct sdp_format *f = &codecs.entries[i].format;

		g_string_append_printf(got, "%s%u", i ? " " : "", f->payload_type);
		if (with_fmtp && f->fmtp.s)
			g_string_append_printf(got, " %.*s", STR_ARG(f->fmtp));
	}
	if (strcmp(got->str, expected))
		g_error("row %u, %s: %s, expected %s", row, what, got->str, expected);
}

/* The flag is said in the offer, or in the answer alone. */
static void run(const struct row *r, unsigned row, bool flagged_late)
{
	struct side a = open_side(r->offer, r->offer_attrs);
	struct side b = open_side(r->answer, r->answer_attrs);
	struct arena *arena = arena_new(4000);
	struct codec_options o = {
		.ignore = list(&a, r->ignore),
		.strip = list(&a, r->strip),
		.mask = list(&a, r->mask),
		.consume = list(&a, r->consume),
		.accept = list(&a, r->accept),
		.transcode = list(&a, r->transcode),
		.always = r->always,
		.asymmetric = r->asymmetric && !flagged_late,
	};
	struct codec_options answer = {
		.strip = list(&b, r->answer_strip),
		.single = r->single,
		.asymmetric = r->asymmetric,
	};
	struct codec_offer offer = { .in = &a.sdp->media[0], .options = &o };
	struct codec_agreement agreement = { 0 };
	g_autoptr(GString) text = g_string_new(NULL);

	g_assert_true(negotiate_offer_codecs(arena, &offer, &agreement));
	check(agreement.shown, r->shown, row, "offer");
	negotiate_answer_codecs(arena, &b.sdp->media[0], &answer, &agreement);
	check(agreement.answer, r->to_offerer, row, "answer");
	check(agreement.answered, r->kept, row, "kept");
	check(agreement.heard, r->heard ? r->heard : "", row, "heard");
	check(agreement.own, r->own ? r->own : "", row, "own");
	negotiate_describe(&agreement, text);
	g_assert_nonnull(strstr(text->str, "answer shown:"));
	arena_free(arena);
	close_side(&a);
	close_side(&b);
}

static void run_table(void)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++)
		run(&rows[i], i, false);
	for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++)
		if (rows[i].asymmetric)
			run(&rows[i], i, true);
}

static void test_table_of_descriptions(void)
{
	mock_codecs_add();
	run_table();
}

/* Whatever these compare and answer themselves. */
static void test_table_of_plugins(void)
{
	codec_registry_clear();
	mock_coder_load_all();
	run_table();
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/codec/answer/descriptions", test_table_of_descriptions);
	g_test_add_func("/codec/answer/plugins", test_table_of_plugins);
	return g_test_run();
}

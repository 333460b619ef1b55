/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lists of codecs without any plugin: what is taken out, put back and left. */
#include "base/ref.h"
#include "call/negotiate.h"

#include <glib.h>

static const char telephone[] = "m=audio 4000 RTP/AVP 8 0 96 101 102\r\n"
				"a=rtpmap:96 opus/48000/2\r\n"
				"a=rtpmap:101 telephone-event/8000\r\n"
				"a=rtpmap:102 telephone-event/48000\r\n";

struct world {
	struct dict *dict;
	struct arena *arena;
	struct sdp *sdp;
	struct codec_options o;
};

static void open_world(struct world *w, const char *media)
{
	g_autofree char *body = g_strdup_printf(
		"v=0\r\no=a 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n%s",
		media);
	struct err err;

	*w = (struct world){ .dict = dict_new(), .arena = arena_new(4000) };
	g_assert_cmpint(sdp_parse(str_of(body), false, &w->sdp, &err), ==, 0);
}

static void close_world(struct world *w)
{
	ref_drop(w->sdp);
	dict_free(w->dict);
	arena_free(w->arena);
}

static const struct value *names(struct world *w, const char *text)
{
	struct value *list = dict_add_list(w->dict, dict_root(w->dict), NULL);
	struct str rest = str_of(text), name;

	while (str_token(&rest, &name))
		dict_add_str(w->dict, list, NULL, name);
	return list;
}

static void check_list(struct codec_list list, const char *expected)
{
	g_autoptr(GString) got = g_string_new(NULL);

	for (unsigned i = 0; i < list.count; i++)
		g_string_append_printf(
			got, "%s%u", i ? " " : "", list.entries[i].format.payload_type);
	g_assert_cmpstr(got->str, ==, expected);
}

static bool make_offer(struct world *w, struct codec_agreement *a)
{
	struct codec_offer offer = { .in = &w->sdp->media[0], .options = &w->o };

	*a = (struct codec_agreement){ 0 };
	return negotiate_offer_codecs(w->arena, &offer, a);
}

/* strip, offer, except → what is shown of `telephone` */
static void check_offer(
	const char *strip, const char *offer, const char *except, const char *expected)
{
	struct codec_agreement a;
	struct world w;

	open_world(&w, telephone);
	w.o.strip = names(&w, strip);
	w.o.offer = names(&w, offer);
	w.o.except = names(&w, except);
	g_assert_true(make_offer(&w, &a));
	check_list(a.shown, expected);
	close_world(&w);
}

static void test_nothing_asked_changes_nothing(void)
{
	check_offer("", "", "", "8 0 96 101 102");
	check_offer("GSM", "", "", "8 0 96 101 102");
	check_offer("", "PCMU", "", "8 0 96 101 102");
}

static void test_names_have_three_forms(void)
{
	check_offer("pcma", "", "", "0 96 101 102");
	check_offer("PCMA/8000", "", "", "0 96 101 102");
	check_offer("PCMA/8000/1", "", "", "0 96 101 102");
	check_offer("opus/48000", "", "", "8 0 96 101 102");
	check_offer("opus/48000/2", "", "", "8 0 101");
	check_offer("PCM", "", "", "8 0 96 101 102");
}

static void test_supplemental_codecs_follow_the_clock(void)
{
	check_offer("PCMA PCMU", "", "", "96 102");
	check_offer("all", "opus", "telephone-event/8000", "96 102");
	/* A kind that is gone does not come back. */
	check_offer("telephone-event", "", "", "8 0 96");
	check_offer("all", "opus", "", "96");
}

static void test_all_spares_exceptions_only(void)
{
	check_offer("all", "", "PCMU", "0");
	check_offer("full", "", "PCMU", "0");
	check_offer("all PCMU", "", "PCMU opus", "96");
	check_offer("PCMU", "", "PCMU", "8 96 101 102");
}

static void test_offered_again_in_the_order_asked_for(void)
{
	check_offer("all", "opus PCMU telephone-event", "", "96 0 101 102");
	check_offer("PCMA PCMU", "PCMU", "", "96 0 101 102");
}

static void test_an_empty_list_is_restored(void)
{
	check_offer("all", "", "", "8 0 96 101 102");
	check_offer("all", "GSM", "", "8 0 96 101 102");
	/* What goes along with others is nothing without them. */
	check_offer("PCMA PCMU opus", "", "", "8 0 96 101 102");
	check_offer("all", "", "telephone-event", "8 0 96 101 102");
}

static void test_events_alone_may_have_been_all_there_was(void)
{
	struct codec_agreement a;
	struct world w;

	open_world(&w, "m=audio 4000 RTP/AVP 101 13\r\na=rtpmap:101 telephone-event/8000\r\n");
	w.o.strip = names(&w, "CN");
	g_assert_true(make_offer(&w, &a));
	check_list(a.shown, "101");
	close_world(&w);
}

static void check_none_left(const char *strip)
{
	struct codec_agreement a;
	struct world w;

	open_world(&w, telephone);
	w.o.strip = names(&w, strip);
	w.o.allow_none = true;
	g_assert_false(make_offer(&w, &a));
	g_assert_cmpuint(a.shown.count, ==, 0);
	close_world(&w);
}

static void test_an_empty_list_can_be_allowed(void)
{
	check_none_left("all");
	check_none_left("PCMA PCMU opus");
}

static void check_ignored(const char *ignored, const char *expected)
{
	g_autoptr(GString) got = g_string_new(NULL);
	struct codec_agreement a;
	struct world w;

	open_world(&w, telephone);
	w.o.ignore = names(&w, ignored);
	make_offer(&w, &a);
	for (unsigned i = 0; i < a.said.count; i++)
		if (a.said.entries[i].marks & ENTRY_IGNORED)
			g_string_append_printf(got, "%s%u", got->len ? " " : "",
				a.said.entries[i].format.payload_type);
	g_assert_cmpstr(got->str, ==, expected);
	check_list(a.shown, "8 0 96 101 102");
	close_world(&w);
}

static void test_ignored_types_leave_one(void)
{
	check_ignored("PCMA opus", "8 96");
	check_ignored("all", "");
	check_ignored("PCMA PCMU opus", "");
}

static void check_answer(const char *answer, bool single, const char *expected)
{
	struct codec_agreement a;
	struct world offerer, answerer;

	open_world(&offerer, telephone);
	open_world(&answerer, answer);
	make_offer(&offerer, &a);
	answerer.o.single = single;
	negotiate_answer_codecs(answerer.arena, &answerer.sdp->media[0], &answerer.o, &a);
	check_list(a.answer, expected);
	close_world(&offerer);
	close_world(&answerer);
}

static void test_answers_keep_what_was_offered(void)
{
	check_answer("m=audio 1 RTP/AVP 0 3 8\r\n", false, "0 8");
	check_answer("m=audio 1 RTP/AVP 3\r\n", false, "3");
	check_answer("m=audio 1 RTP/AVP 0 96\r\na=rtpmap:96 speex/8000\r\n", false, "0");
	check_answer("m=audio 1 RTP/AVP 0 96\r\na=rtpmap:96 OPUS/48000/2\r\n", false, "0 96");
}

static void test_single_codec_keeps_its_supplementals(void)
{
	check_answer("m=audio 1 RTP/AVP 101 0 8 102\r\na=rtpmap:101 telephone-event/8000\r\n"
		     "a=rtpmap:102 telephone-event/48000\r\n",
		true, "101 0");
	check_answer("m=audio 1 RTP/AVP 101\r\na=rtpmap:101 telephone-event/8000\r\n", true, "101");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/codec/nothing-asked", test_nothing_asked_changes_nothing);
	g_test_add_func("/codec/names", test_names_have_three_forms);
	g_test_add_func("/codec/supplemental", test_supplemental_codecs_follow_the_clock);
	g_test_add_func("/codec/all", test_all_spares_exceptions_only);
	g_test_add_func("/codec/offer", test_offered_again_in_the_order_asked_for);
	g_test_add_func("/codec/restored", test_an_empty_list_is_restored);
	g_test_add_func("/codec/events-alone", test_events_alone_may_have_been_all_there_was);
	g_test_add_func("/codec/none-allowed", test_an_empty_list_can_be_allowed);
	g_test_add_func("/codec/ignored", test_ignored_types_leave_one);
	g_test_add_func("/codec/answers", test_answers_keep_what_was_offered);
	g_test_add_func("/codec/single", test_single_codec_keeps_its_supplementals);
	return g_test_run();
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * call/choose_codec.c, call/negotiate_describe.c: what becomes of received payload types (spec
 * media 2.7, 2.8), before and after the answer, in re-offers from either side.
 */
#include "base/ref.h"
#include "call/negotiate.h"
#include "codec/rules.h"

#include <glib.h>

#include "../mock/codecs.h"

#define TE8(n)  "a=rtpmap:" n " telephone-event/8000\r\n"
#define TE48(n) "a=rtpmap:" n " telephone-event/48000\r\n"
#define OPUS(n) "a=rtpmap:" n " opus/48000/2\r\n"

struct talk {
	struct arena *arena;
	struct dict *dict;
	GPtrArray *bodies;
	struct codec_options offer, answer;
	struct codec_agreement agreement;
	struct codec_agreement before;
	const struct sdp_media *known; /* of the receiver */
	GString *warnings;
};

static void open_talk(struct talk *t)
{
	mock_codecs_add();
	*t = (struct talk){
		.arena = arena_new(4000),
		.dict = dict_new(),
		.bodies = g_ptr_array_new(),
		.warnings = g_string_new(NULL),
	};
}

static void close_talk(struct talk *t)
{
	for (unsigned i = 0; i < t->bodies->len; i++)
		ref_drop(t->bodies->pdata[i]);
	g_ptr_array_free(t->bodies, TRUE);
	g_string_free(t->warnings, TRUE);
	arena_free(t->arena);
	dict_free(t->dict);
}

static const struct sdp_media *body(struct talk *t, const char *types, const char *attrs)
{
	g_autofree char *text = g_strdup_printf(
		"v=0\r\no=a 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
		"m=audio 4000 RTP/AVP %s\r\n%s",
		types, attrs);
	struct sdp *sdp;
	struct err err;

	g_assert_cmpint(sdp_parse(str_of(text), false, &sdp, &err), ==, 0);
	g_ptr_array_add(t->bodies, sdp);
	return &sdp->media[0];
}

static const struct value *list(struct talk *t, const char *text)
{
	struct value *v = dict_add_list(t->dict, dict_root(t->dict), NULL);
	struct str rest = str_of(text), name;

	while (str_token(&rest, &name))
		dict_add_str(t->dict, v, NULL, name);
	return v;
}

static void offer(struct talk *t, const char *types, const char *attrs)
{
	struct codec_offer o = {
		.in = body(t, types, attrs),
		.options = &t->offer,
		.warnings = t->warnings,
	};

	t->before = t->agreement;
	if (t->before.said.count)
		o.before = &t->before;
	if (t->known)
		o.known = (struct format_list){ t->known->formats, t->known->format_count };
	g_assert_true(negotiate_offer_codecs(t->arena, &o, &t->agreement));
}

static void answer(struct talk *t, const char *types, const char *attrs)
{
	t->known = body(t, types, attrs);
	negotiate_answer_codecs(t->arena, t->known, &t->answer, &t->agreement);
}

/* "8>0" transcoded, "101~96" an event or noise under another number, "13-" discarded; the rest passes. */
static void check_flow(const struct codec_flow *flow, const char *expected)
{
	g_autoptr(GString) got = g_string_new(NULL);
	struct plan_transcode p;
	bool any = choose_transcode(flow, &p);

	for (unsigned i = 0; any && i < flow->from.count; i++) {
		unsigned type = flow->from.entries[i].format.payload_type;
		const struct plan_handler *h = &p.handler[type];
		bool renamed;

		if (h->handling == PLAN_PASS)
			continue;
		g_string_append_printf(got, "%s%u", got->len ? " " : "", type);
		if (h->handling == PLAN_DISCARD) {
			g_string_append_c(got, '-');
			continue;
		}
		g_assert_cmpuint(p.decoders[h->decoder].payload_type, ==, type);
		renamed = h->handling == PLAN_EVENT || h->handling == PLAN_NOISE;
		g_string_append_printf(
			got, "%c%u", renamed ? '~' : '>', p.encoders[h->encoder].payload_type);
	}
	g_assert_true(any == (strpbrk(expected, ">~") != NULL));
	g_assert_cmpstr(got->str, ==, expected);
}

static void check_ways(const struct talk *t, const char *forth, const char *back)
{
	struct codec_flow to = agreement_flow(&t->agreement, true);
	struct codec_flow from = agreement_flow(&t->agreement, false);

	check_flow(&to, forth);
	check_flow(&from, back);
}

static void test_what_both_have_passes(void)
{
	struct talk t;

	open_talk(&t);
	offer(&t, "8 0 9 101", TE8("101"));
	check_ways(&t, "", "");
	answer(&t, "0 9 101", TE8("101"));
	check_ways(&t, "", "");
	close_talk(&t);
}

static void test_added_codec_is_transcoded_while_it_is_used(void)
{
	struct talk t;

	open_talk(&t);
	t.offer.transcode = list(&t, "G722");
	offer(&t, "8 0 101", TE8("101"));
	check_ways(&t, "", "9>8");
	answer(&t, "9 101", TE8("101"));
	check_ways(&t, "8>9", "9>8");
	/* Its second answer is without. */
	answer(&t, "0 101", TE8("101"));
	check_ways(&t, "", "");
	close_talk(&t);
}

static void test_consumed_codec_goes_first(void)
{
	struct talk t;

	open_talk(&t);
	t.offer.consume = list(&t, "G722");
	offer(&t, "9 0", "");
	check_ways(&t, "9>0", "0>9");
	answer(&t, "0", "");
	check_ways(&t, "9>0", "0>9");
	close_talk(&t);
}

static void test_stripped_codec_is_a_last_resort(void)
{
	struct talk t;

	open_talk(&t);
	t.offer.strip = list(&t, "all");
	t.offer.transcode = list(&t, "GSM");
	offer(&t, "9 0", "");
	answer(&t, "3", "");
	check_ways(&t, "9>3", "3>9");
	close_talk(&t);
	open_talk(&t);
	t.offer.strip = list(&t, "G722");
	t.offer.transcode = list(&t, "GSM");
	offer(&t, "9 0", "");
	check_ways(&t, "", "3>0");
	close_talk(&t);
}

static void test_unknown_codecs_pass(void)
{
	struct talk t;

	open_talk(&t);
	t.offer.transcode = list(&t, "PCMU");
	offer(&t, "96 12 8", "a=rtpmap:96 X-NEW/8000\r\n");
	answer(&t, "96 12 0", "a=rtpmap:96 X-NEW/8000\r\n");
	check_ways(&t, "8>0", "0>8");
	g_assert_cmpuint(t.agreement.answer.count, ==, 3);
	close_talk(&t);
}

static void test_events_follow_the_clock(void)
{
	struct talk t;

	open_talk(&t);
	t.offer.mask = list(&t, "all");
	t.offer.transcode = list(&t, "PCMA telephone-event");
	offer(&t, "96 102", OPUS("96") TE48("102"));
	g_assert_cmpuint(t.agreement.shown.count, ==, 2);
	answer(&t, "8 97", TE8("97"));
	check_ways(&t, "96>8 102~97", "8>96 97~102");
	close_talk(&t);
}

/* Whose events have another clock than the codec it was answered was not answered events. */
static void test_events_not_answered_are_heard(void)
{
	struct talk t;

	open_talk(&t);
	t.offer.transcode = list(&t, "PCMU");
	offer(&t, "96 101", OPUS("96") TE8("101"));
	answer(&t, "0 101", TE8("101"));
	g_assert_cmpuint(t.agreement.answer.count, ==, 1);
	check_ways(&t, "96>0", "0>96 101>96");
	answer(&t, "0 101", TE8("101")); /* again */
	g_assert_cmpuint(t.agreement.answer.count, ==, 1);
	check_ways(&t, "96>0", "0>96 101>96");
	close_talk(&t);
}

/* An answer to an offer without events, which were added. */
static void add_events(struct talk *t, struct codec_flow *forth, struct codec_flow *back)
{
	t->offer.transcode = list(t, "telephone-event");
	offer(t, "0", "");
	answer(t, "0 96", TE8("96"));
	*forth = agreement_flow(&t->agreement, true);
	*back = agreement_flow(&t->agreement, false);
}

static void test_added_events_are_made_of_audio(void)
{
	static const struct dsp_dtmf detector = { .name = "mock" };
	struct codec_flow forth, back;
	struct plan_transcode p;
	struct talk t;

	open_talk(&t);
	add_events(&t, &forth, &back);
	check_flow(&forth, "");
	check_flow(&back, "0>0 96>0");
	codec_registry_add_dtmf(&detector);
	check_flow(&forth, "0>0");
	g_assert_true(choose_transcode(&forth, &p));
	g_assert_true(p.detect && p.to_events && p.has_event_encoder && !p.inject && !p.relay);
	g_assert_cmpuint(p.encoders[p.event_encoder].payload_type, ==, 96);
	g_assert_true(choose_transcode(&back, &p));
	g_assert_false(p.detect || p.to_events || p.has_event_encoder);
	/* Where they must not be told, they are not made. */
	forth.detect = forth.tones = true;
	g_assert_true(choose_transcode(&forth, &p));
	g_assert_true(p.detect && !p.to_events);
	close_talk(&t);
}

static void test_digits_are_looked_for(void)
{
	static const struct dsp_dtmf detector = { .name = "mock" };
	struct codec_flow flow;
	struct plan_transcode p;
	struct talk t;

	open_talk(&t);
	t.offer.transcode = list(&t, "G722");
	offer(&t, "0 101", TE8("101"));
	answer(&t, "0 101", TE8("101"));
	flow = agreement_flow(&t.agreement, true);
	flow.detect = true;
	check_flow(&flow, "");
	codec_registry_add_dtmf(&detector);
	check_flow(&flow, "0>0");
	g_assert_true(choose_transcode(&flow, &p));
	g_assert_true(p.detect && !p.to_events); /* it sends events itself */
	close_talk(&t);
}

static void test_digits_are_put_in(void)
{
	struct codec_flow flow;
	struct plan_transcode p;
	struct talk t;

	open_talk(&t);
	t.offer.transcode = list(&t, "G722");
	offer(&t, "0 101", TE8("101"));
	answer(&t, "0 101", TE8("101"));
	flow = agreement_flow(&t.agreement, true);
	flow.inject = true;
	g_assert_true(choose_transcode(&flow, &p));
	g_assert_true(p.inject && p.relay && p.has_event_encoder);
	g_assert_cmpuint(p.encoders[p.event_encoder].payload_type, ==, 101);
	answer(&t, "9 101", TE8("101"));
	flow = agreement_flow(&t.agreement, true);
	flow.inject = true;
	check_flow(&flow, "0>9");
	g_assert_true(choose_transcode(&flow, &p));
	g_assert_true(p.inject && !p.relay && p.has_event_encoder);
	answer(&t, "0", "");
	flow = agreement_flow(&t.agreement, true);
	flow.inject = true;
	check_flow(&flow, "0>0");
	g_assert_true(choose_transcode(&flow, &p));
	g_assert_true(p.inject && !p.relay && !p.has_event_encoder);
	close_talk(&t);
}

static void test_events_nobody_takes_are_heard(void)
{
	struct talk t;

	open_talk(&t);
	t.offer.transcode = list(&t, "GSM telephone-event");
	offer(&t, "8", "");
	g_assert_cmpuint(t.agreement.shown.count, ==, 3);
	answer(&t, "3 96", TE8("96"));
	check_ways(&t, "8>3", "3>8 96>8");
	close_talk(&t);
}

static void test_noise_becomes_audio(void)
{
	struct talk t;

	open_talk(&t);
	t.offer.transcode = list(&t, "CN");
	offer(&t, "8 0", "");
	answer(&t, "8 0 13", "");
	check_ways(&t, "", "13>8");
	close_talk(&t);
}

static void test_noise_follows_the_clock_of_the_audio(void)
{
	struct talk t;

	open_talk(&t);
	t.offer.mask = list(&t, "PCMU");
	t.offer.transcode = list(&t, "opus");
	offer(&t, "0 13", "");
	answer(&t, "96 97", OPUS("96") "a=rtpmap:97 CN/48000\r\n");
	check_ways(&t, "0>96 13~97", "96>0 97~13");
	/* Who takes none is offered none. */
	answer(&t, "96", OPUS("96"));
	check_ways(&t, "0>96", "96>0");
	close_talk(&t);
}

static void test_types_share_an_encoder(void)
{
	struct plan_transcode p;
	struct codec_flow flow;
	struct talk t;

	open_talk(&t);
	t.offer.mask = list(&t, "all");
	t.offer.transcode = list(&t, "GSM");
	t.offer.set = list(&t, "opus/48000/2/24000/60//complexity=3 opus/8000/1/1");
	offer(&t, "96 0 8", OPUS("96") "a=fmtp:96 stereo=1\r\n");
	check_ways(&t, "96>3 0>3 8>3", "3>96");
	flow = agreement_flow(&t.agreement, true);
	g_assert_true(choose_transcode(&flow, &p));
	g_assert_cmpuint(p.encoder_count, ==, 1);
	g_assert_cmpuint(p.decoder_count, ==, 3);
	flow = agreement_flow(&t.agreement, false);
	g_assert_true(choose_transcode(&flow, &p));
	g_assert_cmpuint(p.encoders[0].params.bitrate, ==, 24000);
	g_assert_cmpuint(p.encoders[0].params.ptime_ms, ==, 60);
	g_assert_true(str_is(p.encoders[0].params.options, "complexity=3"));
	g_assert_true(str_is(p.encoders[0].params.fmtp, "stereo=1"));
	close_talk(&t);
}

static void test_a_plan_has_room_for_so_many(void)
{
	struct plan_transcode p;
	struct codec_flow flow;
	struct talk t;

	open_talk(&t);
	t.offer.mask = list(&t, "all");
	t.offer.transcode = list(&t, "GSM");
	offer(&t, "96 0 8 9 18 4 97 98 99 100",
		OPUS("96") "a=rtpmap:97 speex/8000\r\na=rtpmap:98 speex/16000\r\n"
			   "a=rtpmap:99 speex/32000\r\na=rtpmap:100 iLBC/8000\r\n");
	flow = agreement_flow(&t.agreement, true);
	g_assert_true(choose_transcode(&flow, &p));
	g_assert_cmpuint(p.decoder_count, ==, PLAN_MAX_FORMATS);
	g_assert_cmpint(p.handler[98].handling, ==, PLAN_TRANSCODE);
	g_assert_cmpint(p.handler[99].handling, ==, PLAN_DISCARD);
	close_talk(&t);
}

static void test_another_ptime_is_repacketised(void)
{
	struct plan_transcode p;
	struct codec_flow flow;
	struct talk t;

	open_talk(&t);
	offer(&t, "0 101", TE8("101"));
	answer(&t, "0 101", TE8("101"));
	flow = agreement_flow(&t.agreement, true);
	flow.fixed_ptime_ms = 40;
	check_flow(&flow, "0>0");
	g_assert_true(choose_transcode(&flow, &p));
	g_assert_cmpuint(p.decoders[0].params.ptime_ms, ==, 20);
	g_assert_cmpuint(p.encoders[0].params.ptime_ms, ==, 40);
	flow.from_ptime_ms = 40;
	check_flow(&flow, "");
	/* Without being asked for, a difference is the parties' affair. */
	flow.fixed_ptime_ms = 0;
	flow.to_ptime_ms = 30;
	check_flow(&flow, "");
	close_talk(&t);
}

/* Opus of 30 ms would be sent in packets of 20 ms: they are there already. */
static void test_a_ptime_that_cannot_be(void)
{
	struct codec_flow flow;
	struct talk t;

	open_talk(&t);
	offer(&t, "96", OPUS("96"));
	answer(&t, "96", OPUS("96"));
	flow = agreement_flow(&t.agreement, true);
	flow.fixed_ptime_ms = 30;
	check_flow(&flow, "");
	flow.from_ptime_ms = 30;
	check_flow(&flow, "");
	flow.from_ptime_ms = 40;
	check_flow(&flow, "96>96");
	close_talk(&t);
}

static void test_encoders_have_the_sinks_ptime(void)
{
	struct plan_transcode p;
	struct codec_flow flow;
	struct talk t;

	open_talk(&t);
	t.offer.transcode = list(&t, "PCMA");
	offer(&t, "0", "");
	answer(&t, "8", "");
	flow = agreement_flow(&t.agreement, true);
	flow.to_ptime_ms = 30;
	g_assert_true(choose_transcode(&flow, &p));
	g_assert_cmpuint(p.encoders[0].params.ptime_ms, ==, 30);
	flow.to_maxptime_ms = 20;
	g_assert_true(choose_transcode(&flow, &p));
	g_assert_cmpuint(p.encoders[0].params.ptime_ms, ==, 20);
	flow.to_ptime_ms = 0;
	g_assert_true(choose_transcode(&flow, &p));
	g_assert_cmpuint(p.encoders[0].params.ptime_ms, ==, 20);
	flow.to_maxptime_ms = 10;
	g_assert_true(choose_transcode(&flow, &p));
	g_assert_cmpuint(p.encoders[0].params.ptime_ms, ==, 10);
	/* What the client asks for goes "whatever the answer says". */
	flow.fixed_ptime_ms = 40;
	g_assert_true(choose_transcode(&flow, &p));
	g_assert_cmpuint(p.encoders[0].params.ptime_ms, ==, 40);
	close_talk(&t);
}

/* Which a codec may have, and its receiver may not want. */
static void test_shortest_packets(void)
{
	struct plan_transcode p;
	struct codec_flow flow;
	struct talk t;

	open_talk(&t);
	t.offer.transcode = list(&t, "G729");
	offer(&t, "0", "");
	answer(&t, "18", "");
	flow = agreement_flow(&t.agreement, true);
	flow.to_ptime_ms = 10;
	g_assert_true(choose_transcode(&flow, &p));
	g_assert_cmpuint(p.encoders[0].params.ptime_ms, ==, 20);
	flow.fixed_ptime_ms = 10;
	g_assert_true(choose_transcode(&flow, &p));
	g_assert_cmpuint(p.encoders[0].params.ptime_ms, ==, 20);
	flow.fixed_ptime_ms = 0;
	flow.to_maxptime_ms = 10;
	g_assert_true(choose_transcode(&flow, &p));
	g_assert_cmpuint(p.encoders[0].params.ptime_ms, ==, 10);
	close_talk(&t);
}

static void prefer(const char *source, const char *destination, int preference)
{
	g_assert_cmpint(codec_rules_add(str_of(source), str_of(destination), preference), ==, 0);
}

static void test_rules_of_preference(void)
{
	struct talk t;

	open_talk(&t);
	prefer("GSM", "PCMA", 5);
	prefer("GSM/8000/1", "opus/48000", 7); /* one channel: not that one */
	prefer("PCMU", "GSM", 9);
	t.offer.transcode = list(&t, "GSM");
	offer(&t, "0 8 96", OPUS("96"));
	/* Back, 8 is preferred to 0, which stands first. What both have passes whatever a rule says. */
	check_ways(&t, "", "3>8");
	answer(&t, "3", "");
	check_ways(&t, "8>3", "3>8");
	g_assert_cmpuint(t.agreement.answer.entries[0].format.payload_type, ==, 8);
	prefer("GSM", "opus", 6);
	prefer("GSM", "opus", 4); /* the highest counts */
	check_ways(&t, "8>3", "3>96");
	prefer("GSM", "PCMA/16000", 20); /* there is none */
	prefer("GSM", "PCMU", 8);
	check_ways(&t, "8>3", "3>0");
	/* What is asked for goes before what is preferred, that before what was taken out. */
	t.offer.accept = list(&t, "PCMA");
	offer(&t, "0 8 96", OPUS("96"));
	answer(&t, "3", "");
	check_ways(&t, "8>3", "3>8");
	codec_rules_clear();
	close_talk(&t);
}

static void test_rules_against(void)
{
	struct talk t;

	open_talk(&t);
	prefer("GSM", "PCMU", -1);
	t.offer.transcode = list(&t, "GSM");
	offer(&t, "0 8", "");
	answer(&t, "3", "");
	check_ways(&t, "8>3", "3>8");
	codec_rules_clear();
	check_ways(&t, "8>3", "3>0");
	g_assert_cmpint(codec_rules_add(STR_LIT("/8000"), STR_LIT("PCMU"), 1), <, 0);
	g_assert_cmpint(codec_rules_add(STR_LIT("PCMU"), STR_LIT("PCMA/x"), 1), <, 0);
	g_assert_cmpuint(codec_rules_count(), ==, 0);
	close_talk(&t);
}

static void test_force_transcodes_the_same(void)
{
	struct talk t;

	open_talk(&t);
	t.answer.force = true;
	offer(&t, "0 8", "");
	answer(&t, "8", "");
	check_ways(&t, "8>8", "8>8");
	close_talk(&t);
}

static void test_numbers_may_differ_when_allowed(void)
{
	struct talk t;

	open_talk(&t);
	t.offer.asymmetric = true;
	offer(&t, "96 0", OPUS("96"));
	answer(&t, "107", OPUS("107"));
	check_ways(&t, "", "");
	g_assert_cmpuint(t.agreement.answer.entries[0].format.payload_type, ==, 107);
	close_talk(&t);
}

/* It is made what the offerer can hear; or passes, if that is the same, or nothing can be made. */
static void test_an_answer_of_strays(void)
{
	struct talk t;

	open_talk(&t);
	t.offer.transcode = list(&t, "GSM");
	offer(&t, "0", "");
	answer(&t, "9 18", "");
	g_assert_false(t.agreement.as_is);
	check_ways(&t, "0>9", "9>0 18>0");
	close_talk(&t);
	open_talk(&t);
	offer(&t, "96", OPUS("96"));
	answer(&t, "97", OPUS("97"));
	g_assert_true(t.agreement.as_is);
	check_ways(&t, "", "");
	close_talk(&t);
	open_talk(&t);
	offer(&t, "0", "");
	answer(&t, "96", "a=rtpmap:96 X-NEW/8000\r\n");
	g_assert_true(t.agreement.as_is);
	check_ways(&t, "", "");
	close_talk(&t);
}

static void test_the_same_offer_again_changes_nothing(void)
{
	struct talk t;

	open_talk(&t);
	t.offer.transcode = list(&t, "G722");
	offer(&t, "8 0", "");
	answer(&t, "9", "");
	offer(&t, "8 0", "");
	g_assert_true(t.agreement.settled);
	check_ways(&t, "8>9", "9>8");
	/* Another one: as before, and of the new what can be, until it is answered. */
	offer(&t, "3 0", "");
	g_assert_false(t.agreement.settled);
	check_ways(&t, "8>9 3>9 0>9", "9>0 3>0");
	answer(&t, "0", "");
	check_ways(&t, "", "");
	g_assert_cmpuint(t.agreement.interim.sent.count, ==, 0);
	close_talk(&t);
}

static void test_an_open_offer_changes_nothing_yet(void)
{
	struct talk t;

	open_talk(&t);
	t.offer.mask = list(&t, "all");
	t.offer.transcode = list(&t, "GSM");
	offer(&t, "0", "");
	answer(&t, "3", "");
	/* Neither side has any codec of before in it. */
	t.offer.transcode = list(&t, "PCMA");
	offer(&t, "9", "");
	check_ways(&t, "0>3 9>3", "3>0 8>0");
	/* Nor has the next, before the first is answered. */
	t.offer.transcode = list(&t, "G722");
	offer(&t, "8", "");
	check_ways(&t, "0>3 9>3 8>3", "3>0 8>0 9>0");
	answer(&t, "9", "");
	check_ways(&t, "8>9", "9>8");
	close_talk(&t);
}

static void test_numbers_keep_their_meaning_until_the_answer(void)
{
	struct talk t;

	open_talk(&t);
	t.offer.mask = list(&t, "all");
	t.offer.transcode = list(&t, "GSM");
	offer(&t, "96", "a=rtpmap:96 PCMA/8000\r\n");
	answer(&t, "3", "");
	offer(&t, "96", "a=rtpmap:96 G722/8000\r\n");
	check_ways(&t, "96>3", "3>96");
	for (unsigned i = 0; i < 2; i++) {
		struct codec_flow flow = agreement_flow(&t.agreement, i == 0);
		const struct codec_list *own = i == 0 ? &flow.from : &flow.to;

		g_assert_cmpuint(own->count, ==, 1);
		g_assert_true(str_is(own->entries[0].format.encoding, "PCMA"));
	}
	close_talk(&t);
}

static void test_accepted_stays_in_re_offers(void)
{
	struct codec_offer o = { 0 };
	struct talk t;

	open_talk(&t);
	t.offer.accept = list(&t, "G722");
	offer(&t, "9 0", "");
	answer(&t, "0", "");
	t.offer.accept = NULL;
	o.options = &t.offer;
	g_assert_false(negotiate_touches_codecs(&o));
	o.before = &t.agreement;
	g_assert_true(negotiate_touches_codecs(&o));
	offer(&t, "9 0", "");
	answer(&t, "0", "");
	check_ways(&t, "9>0", "0>9");
	close_talk(&t);
}

static void test_no_resampler_no_other_rate(void)
{
	static const char *const names[] = { "PCMU", "PCMA", "G722" };
	struct codec kept[3];
	struct talk t;

	open_talk(&t);
	for (unsigned i = 0; i < 3; i++)
		kept[i] = *codec_find(str_of(names[i]));
	codec_registry_clear();
	for (unsigned i = 0; i < 3; i++)
		g_assert_cmpint(codec_registry_add(&kept[i], NULL), ==, 0);
	t.offer.transcode = list(&t, "G722 PCMA");
	offer(&t, "0", "");
	g_assert_cmpuint(t.agreement.shown.count, ==, 2);
	g_assert_cmpstr(t.warnings->str, ==,
		"codec 'G722' is not added: nothing that is offered can be converted to it");
	check_ways(&t, "", "8>0");
	close_talk(&t);
}

static void test_the_decisions_can_be_read(void)
{
	g_autoptr(GString) text = g_string_new(NULL);
	struct talk t;

	open_talk(&t);
	t.offer.mask = list(&t, "opus");
	t.offer.strip = list(&t, "G722");
	t.offer.transcode = list(&t, "GSM");
	offer(&t, "96 9 8 101", OPUS("96") TE8("101"));
	answer(&t, "3 101", TE8("101"));
	negotiate_describe(&t.agreement, text);
	g_assert_cmpstr(text->str, ==,
		"offered: 96 opus/48000/2, 9 G722/8000, 8 PCMA/8000, 101 telephone-event/8000\n"
		"stripped: 9 G722/8000\n"
		"masked: 96 opus/48000/2\n"
		"shown: 8 PCMA/8000, 3 GSM/8000, 101 telephone-event/8000\n"
		"added: 3 GSM/8000\n"
		"answered: 3 GSM/8000, 101 telephone-event/8000\n"
		"answer shown: 96 opus/48000/2\n"
		"to the answerer: 96 opus/48000/2 is transcoded to 3 GSM/8000, 20 ms\n"
		"to the offerer: 3 GSM/8000 is transcoded to 96 opus/48000/2, 20 ms\n"
		"to the offerer: 101 telephone-event/8000 is heard in 96 opus/48000/2\n");
	close_talk(&t);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/codec/choose/passes", test_what_both_have_passes);
	g_test_add_func("/codec/choose/added", test_added_codec_is_transcoded_while_it_is_used);
	g_test_add_func("/codec/choose/consumed", test_consumed_codec_goes_first);
	g_test_add_func("/codec/choose/stripped", test_stripped_codec_is_a_last_resort);
	g_test_add_func("/codec/choose/unknown", test_unknown_codecs_pass);
	g_test_add_func("/codec/choose/events", test_events_follow_the_clock);
	g_test_add_func("/codec/choose/events-not-answered", test_events_not_answered_are_heard);
	g_test_add_func("/codec/choose/events-heard", test_events_nobody_takes_are_heard);
	g_test_add_func("/codec/choose/events-made", test_added_events_are_made_of_audio);
	g_test_add_func("/codec/choose/looked-for", test_digits_are_looked_for);
	g_test_add_func("/codec/choose/put-in", test_digits_are_put_in);
	g_test_add_func("/codec/choose/noise", test_noise_becomes_audio);
	g_test_add_func("/codec/choose/noise-clocks", test_noise_follows_the_clock_of_the_audio);
	g_test_add_func("/codec/choose/shared", test_types_share_an_encoder);
	g_test_add_func("/codec/choose/many", test_a_plan_has_room_for_so_many);
	g_test_add_func("/codec/choose/ptime", test_another_ptime_is_repacketised);
	g_test_add_func("/codec/choose/ptime/none", test_a_ptime_that_cannot_be);
	g_test_add_func("/codec/choose/shortest", test_shortest_packets);
	g_test_add_func("/codec/choose/sinks-ptime", test_encoders_have_the_sinks_ptime);
	g_test_add_func("/codec/choose/rules", test_rules_of_preference);
	g_test_add_func("/codec/choose/rules-against", test_rules_against);
	g_test_add_func("/codec/choose/force", test_force_transcodes_the_same);
	g_test_add_func("/codec/choose/asymmetric", test_numbers_may_differ_when_allowed);
	g_test_add_func("/codec/choose/strays", test_an_answer_of_strays);
	g_test_add_func("/codec/choose/again", test_the_same_offer_again_changes_nothing);
	g_test_add_func("/codec/choose/open-offer", test_an_open_offer_changes_nothing_yet);
	g_test_add_func("/codec/choose/open-offer-numbers",
		test_numbers_keep_their_meaning_until_the_answer);
	g_test_add_func("/codec/choose/accepted-stays", test_accepted_stays_in_re_offers);
	g_test_add_func("/codec/choose/no-resampler", test_no_resampler_no_other_rate);
	g_test_add_func("/codec/choose/describe", test_the_decisions_can_be_read);
	return g_test_run();
}

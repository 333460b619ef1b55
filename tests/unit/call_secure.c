/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * call/secure.c: every profile to every other one, and which keys plans have after each message of
 * a dialog. What bodies show is in the flow tests.
 */
#include "call/call.h"

#include "../mock/network.h"
#include "../mock/world.h"
#include "base/ref.h"

#include <glib.h>

#define KEY_A  "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNk"
#define KEY_A2 "TkVXREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNk"
#define KEY_B  "enl4d3Z1dHNycXBvbm1sa2ppaGdmZWRjYmFaWVhX"
#define KEY_B2 "TkVXd3Z1dHNycXBvbm1sa2ppaGdmZWRjYmFaWVhX"
#define SUITE  "AES_CM_128_HMAC_SHA1_80"

static struct str call_id(void)
{
	return STR_LIT("secure");
}

/* `key` NULL: none; `transport` NULL: not given. The reply's body, or NULL; freed by the caller. */
static char *request(struct world *w, const char *command, const char *from, const char *to,
	const char *profile, const char *key, const char *transport)
{
	bool is_a = !strcmp(from, "A") == !strcmp(command, "offer");
	g_autofree char *body = g_strdup_printf("v=0\r\no=x 1 1 IN IP4 192.0.2.10\r\ns=-\r\n"
						"c=IN IP4 192.0.2.10\r\nt=0 0\r\n"
						"m=audio %d %s 0\r\n%s%s%s",
		is_a ? 41000 : 42000, profile, key ? "a=crypto:1 " SUITE " inline:" : "",
		key ? key : "", key ? "\r\n" : "");
	struct dict *d = dict_new(), *reply;
	struct value *root = dict_root(d);
	char *sdp = NULL;
	GString *bytes;

	dict_add_str(d, root, "command", str_of(command));
	dict_add_str(d, root, "call-id", call_id());
	dict_add_str(d, root, "from-tag", str_of(from));
	if (to)
		dict_add_str(d, root, "to-tag", str_of(to));
	if (transport)
		dict_add_str(d, root, "transport-protocol", str_of(transport));
	dict_add_str(d, root, "SDES", STR_LIT("only-" SUITE));
	dict_add_str(d, root, "sdp", str_of(body));
	reply = world_request(w, d, false, &bytes);
	if (str_is(value_get_str(dict_root(reply), "result"), "ok")) {
		struct str text = value_get_str(dict_root(reply), "sdp");

		sdp = g_strndup(text.s, text.len);
	}
	dict_free(reply);
	dict_free(d);
	g_string_free(bytes, TRUE);
	world_run(w);
	return sdp;
}

static void say(struct world *w, const char *command, const char *from, const char *to,
	const char *profile, const char *key, const char *transport)
{
	g_autofree char *sdp = request(w, command, from, to, profile, key, transport);

	g_assert_nonnull(sdp);
}

static struct call *find_call(struct world *w)
{
	return call_table_find(w->control.calls, call_id());
}

static void add_key(GString *out, const struct plan_srtp *srtp)
{
	char text[SDES_MAX_TEXT];

	if (!srtp) {
		g_string_append(out, " -");
		return;
	}
	sdes_print_key(&srtp->params, text);
	g_string_append_printf(out, " %u%s", srtp->generation,
		!strcmp(text, KEY_A)    ? "A"
		: !strcmp(text, KEY_A2) ? "a"
		: !strcmp(text, KEY_B)  ? "B"
		: !strcmp(text, KEY_B2) ? "b"
					: "?");
}

/* Of A's RTP, then of B's: secured, key in, key out; `+` is secured. RTCP has to have the same. */
static char *keys(struct world *w)
{
	struct call *call = find_call(w);
	struct plan *plan = call_compile(call, call->model);
	GString *out = g_string_new(NULL);

	g_assert_cmpuint(plan->stream_count, ==, 4);
	for (unsigned i = 0; i < 4; i += 2) {
		const struct plan_stream *rtp = &plan->streams[i], *rtcp = rtp + 1;

		g_assert_true(rtp->srtp_in == rtcp->srtp_in && rtp->srtp_out == rtcp->srtp_out);
		g_assert_cmpint(rtp->secured, ==, rtcp->secured);
		g_string_append(out, i ? " | " : "");
		g_string_append_c(out, rtp->secured ? '+' : '.');
		add_key(out, rtp->srtp_in);
		add_key(out, rtp->srtp_out);
	}
	plan_free(plan);
	return g_string_free(out, FALSE);
}

static void check_keys(struct world *w, const char *expected)
{
	g_autofree char *text = keys(w);

	g_assert_cmpstr(text, ==, expected);
}

static void open_world(struct world *w)
{
	world_defaults(w);
	world_open(w);
}

static void close_world(struct world *w)
{
	world_end_calls(w);
	g_assert_cmpuint(world_leaks(w), ==, 0);
	world_close(w);
}

static bool has_profile(const char *sdp, const char *profile)
{
	g_autofree char *part = g_strdup_printf(" %s 0\r\n", profile);

	return strstr(sdp, part) != NULL;
}

static void check_bridge(const char *from, const char *to)
{
	bool srtp_a = strstr(from, "SAVP") != NULL, srtp_b = strstr(to, "SAVP") != NULL;
	bool feedback_a = g_str_has_suffix(from, "F"), feedback_b = g_str_has_suffix(to, "F");
	struct world w;
	struct plan *plan;
	g_autofree char *offer = NULL, *answer = NULL;

	open_world(&w);
	offer = request(&w, "offer", "A", NULL, from, srtp_a ? KEY_A : NULL, to);
	g_assert_true(has_profile(offer, to));
	g_assert_cmpint(strstr(offer, "a=crypto:1 " SUITE) != NULL, ==, srtp_b);
	answer = request(&w, "answer", "A", "B", to, srtp_b ? KEY_B : NULL, NULL);
	g_assert_true(has_profile(answer, from));
	g_assert_cmpint(strstr(answer, "a=crypto:1 " SUITE) != NULL, ==, srtp_a);
	/* Keys are shared where no feedback is taken out on the way. */
	check_keys(&w, srtp_a && srtp_b ? feedback_a == feedback_b ? "+ 1A 1B | + 1B 1A"
					  : feedback_a             ? "+ 1A 1B | + 1B 1?"
								   : "+ 1A 1? | + 1B 1A"
		       : srtp_a         ? "+ 1A 1? | . - -"
		       : srtp_b         ? ". - - | + 1B 1?"
					: ". - - | . - -");
	plan = call_compile(find_call(&w), find_call(&w)->model);
	g_assert_cmpint(plan->streams[1].strip_feedback, ==, feedback_b && !feedback_a);
	g_assert_cmpint(plan->streams[3].strip_feedback, ==, feedback_a && !feedback_b);
	plan_free(plan);
	close_world(&w);
}

static void test_every_profile_to_every_other(void)
{
	static const char *const profiles[] = { "RTP/AVP", "RTP/AVPF", "RTP/SAVP", "RTP/SAVPF" };

	for (unsigned i = 0; i < G_N_ELEMENTS(profiles); i++)
		for (unsigned n = 0; n < G_N_ELEMENTS(profiles); n++)
			check_bridge(profiles[i], profiles[n]);
}

static void start(struct world *w)
{
	open_world(w);
	say(w, "offer", "A", NULL, "RTP/SAVP", KEY_A, NULL);
	check_keys(w, "+ - - | + - -");
	say(w, "answer", "A", "B", "RTP/SAVP", KEY_B, NULL);
	check_keys(w, "+ 1A 1B | + 1B 1A");
}

static void test_keys_change_with_the_answer(void)
{
	struct world w;

	start(&w);
	say(&w, "answer", "A", "B", "RTP/SAVP", KEY_B, NULL);
	check_keys(&w, "+ 1A 1B | + 1B 1A");
	say(&w, "offer", "A", "B", "RTP/SAVP", KEY_A2, NULL);
	check_keys(&w, "+ 1A 1B | + 1B 1A");
	say(&w, "answer", "A", "B", "RTP/SAVP", KEY_B, NULL);
	check_keys(&w, "+ 2a 1B | + 1B 2a");
	/* the callee's turn */
	say(&w, "offer", "B", "A", "RTP/SAVP", KEY_B2, NULL);
	check_keys(&w, "+ 2a 1B | + 1B 2a");
	say(&w, "answer", "B", "A", "RTP/SAVP", KEY_A2, NULL);
	check_keys(&w, "+ 2a 2b | + 2b 2a");
	/* … and back to the first ones, which are new again */
	say(&w, "offer", "A", "B", "RTP/SAVP", KEY_A, NULL);
	say(&w, "answer", "A", "B", "RTP/SAVP", KEY_B, NULL);
	check_keys(&w, "+ 3A 3B | + 3B 3A");
	close_world(&w);
}

static void test_off_and_on(void)
{
	struct world w;

	start(&w);
	say(&w, "offer", "A", "B", "RTP/AVP", NULL, NULL);
	check_keys(&w, "+ 1A 1B | + 1B 1A");
	say(&w, "answer", "A", "B", "RTP/AVP", NULL, NULL);
	check_keys(&w, ". - - | . - -");
	say(&w, "offer", "A", "B", "RTP/SAVP", KEY_A, NULL);
	check_keys(&w, ". - - | . - -");
	say(&w, "answer", "A", "B", "RTP/SAVP", KEY_B, NULL);
	check_keys(&w, "+ 2A 2B | + 2B 2A");
	/* one side alone */
	say(&w, "offer", "A", "B", "RTP/SAVP", KEY_A, "RTP/AVP");
	say(&w, "answer", "A", "B", "RTP/AVP", NULL, NULL);
	check_keys(&w, "+ 2A 3? | . - -");
	say(&w, "offer", "A", "B", "RTP/SAVP", KEY_A, "RTP/AVP");
	say(&w, "answer", "A", "B", "RTP/AVP", NULL, NULL);
	check_keys(&w, "+ 2A 3? | . - -");
	close_world(&w);
}

static void test_refused_changes_nothing(void)
{
	struct world w;

	start(&w);
	g_assert_null(request(&w, "offer", "A", "B", "RTP/SAVP", NULL, NULL));
	check_keys(&w, "+ 1A 1B | + 1B 1A");
	g_assert_null(request(&w, "answer", "A", "B", "RTP/SAVP", NULL, NULL));
	check_keys(&w, "+ 1A 1B | + 1B 1A");
	/* an offer that was never answered leaves the keys, too */
	say(&w, "offer", "A", "B", "RTP/SAVP", KEY_A2, NULL);
	say(&w, "offer", "A", "B", "RTP/SAVP", KEY_A, NULL);
	say(&w, "answer", "A", "B", "RTP/SAVP", KEY_B, NULL);
	check_keys(&w, "+ 1A 1B | + 1B 1A");
	close_world(&w);
}

/* Nothing was agreed on yet: the latest offer tells what is spoken. */
static void test_offers_without_answer(void)
{
	struct world w;

	open_world(&w);
	say(&w, "offer", "A", NULL, "RTP/SAVP", KEY_A, NULL);
	check_keys(&w, "+ - - | + - -");
	say(&w, "offer", "A", NULL, "RTP/AVP", NULL, NULL);
	check_keys(&w, ". - - | . - -");
	say(&w, "offer", "A", NULL, "RTP/AVP", NULL, "RTP/SAVP");
	check_keys(&w, ". - - | + - -");
	/* opportunistic: plain is fine until it is taken up */
	say(&w, "offer", "A", NULL, "RTP/AVP", KEY_A, NULL);
	check_keys(&w, ". - - | . - -");
	say(&w, "answer", "A", "B", "RTP/AVP", KEY_B, NULL);
	check_keys(&w, "+ 1A 1B | + 1B 1A");
	close_world(&w);
}

static void test_plans_differ_by_keys(void)
{
	struct world w;
	struct plan *before, *after;
	struct call *call;

	start(&w);
	call = find_call(&w);
	before = call_compile(call, call->model);
	after = call_compile(call, call->model);
	g_assert_true(plan_equal(before, after));
	ref_drop(after->streams[0].srtp_in);
	after->streams[0].srtp_in = NULL;
	g_assert_false(plan_equal(before, after));
	after->streams[0].srtp_in = plan_srtp_new(&before->streams[0].srtp_in->params, 1);
	g_assert_true(plan_equal(before, after));
	after->streams[0].srtp_in->generation = 2;
	g_assert_false(plan_equal(before, after));
	after->streams[0].srtp_in->generation = 1;
	after->streams[0].srtp_in->params.key[0] ^= 1;
	g_assert_false(plan_equal(before, after));
	after->streams[0].srtp_in->params.key[0] ^= 1;
	after->streams[0].secured = false;
	g_assert_false(plan_equal(before, after));
	plan_free(before);
	plan_free(after);
	close_world(&w);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/call/secure/profiles", test_every_profile_to_every_other);
	g_test_add_func("/call/secure/keys-change", test_keys_change_with_the_answer);
	g_test_add_func("/call/secure/off-and-on", test_off_and_on);
	g_test_add_func("/call/secure/refused", test_refused_changes_nothing);
	g_test_add_func("/call/secure/no-answer", test_offers_without_answer);
	g_test_add_func("/call/secure/plans", test_plans_differ_by_keys);
	return g_test_run();
}

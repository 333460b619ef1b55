/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * call/snapshot.c: a call written down and rebuilt in another world compiles into the same plan
 * and answers the next message in the same way.
 */
#include "call/call.h"
#include "call/table_priv.h"
#include "ng/ng.h"

#include "../mock/codecs.h"
#include "../mock/network.h"
#include "../mock/recorder.h"
#include "../mock/world.h"

#include <glib.h>

static const char *const body_a = "v=0\r\no=ann 8100 3 IN IP4 192.0.2.10\r\ns=call\r\n"
				  "c=IN IP4 192.0.2.10\r\nt=0 0\r\n"
				  "m=audio 41000 RTP/AVP 0 8\r\na=rtcp-mux\r\na=mid:a\r\n"
				  "a=crypto:3 AES_CM_128_HMAC_SHA1_32 "
				  "inline:QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNk|7:4\r\n"
				  "m=video 41010 RTP/AVPF 99\r\na=rtpmap:99 VP8/90000\r\n";
static const char *const body_bundled =
	"v=0\r\no=ann 8100 3 IN IP4 192.0.2.10\r\ns=call\r\nc=IN IP4 192.0.2.10\r\nt=0 0\r\n"
	"a=group:BUNDLE a b\r\nm=audio 41000 RTP/AVP 0 8\r\na=rtcp-mux\r\na=mid:a\r\n"
	"a=crypto:3 AES_CM_128_HMAC_SHA1_32 inline:QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNk|7:4\r\n"
	"m=audio 41000 RTP/AVP 0 9\r\na=rtcp-mux\r\na=mid:b\r\n";
static const char *const body_b = "v=0\r\no=ben 9200 7 IN IP4 198.51.100.20\r\ns=-\r\n"
				  "c=IN IP4 198.51.100.20\r\nt=0 0\r\n"
				  "m=audio 42000 RTP/AVP 96 0\r\na=rtpmap:96 opus/48000/2\r\n"
				  "a=crypto:3 AES_CM_128_HMAC_SHA1_32 "
				  "inline:enl4d3Z1dHNycXBvbm1sa2ppaGdmZWRjYmFaWVhX\r\n"
				  "m=video 0 RTP/AVPF 99\r\n";

static struct str call_id(void)
{
	return STR_LIT("snap");
}

/* One command; true: "ok". The SDP of the reply is kept in `sdp` when given. */
static void add_flag(struct dict *d, const char *flag)
{
	struct value *flags = value_get(dict_root(d), "flags");

	if (!flags)
		flags = dict_add_list(d, dict_root(d), "flags");
	dict_add_str(d, flags, NULL, str_of(flag));
}

static bool request(struct world *w, const char *command, const char *from, const char *to,
	const char *sdp, GString *ret_sdp)
{
	struct dict *d = dict_new(), *reply;
	struct value *root = dict_root(d), *replace;
	GString *bytes;
	bool ok;

	dict_add_str(d, root, "command", str_of(command));
	dict_add_str(d, root, "call-id", call_id());
	dict_add_str(d, root, "from-tag", str_of(from));
	if (to)
		dict_add_str(d, root, "to-tag", str_of(to));
	dict_add_str(d, root, "label", str_of("someone"));
	dict_add_str(d, root, "received-from", STR_LIT("192.0.2.77"));
	dict_add_str(d, root, "endpoint-learning", STR_LIT("delayed"));
	dict_add_str(d, root, "sdp", str_of(sdp));
	replace = dict_add_list(d, root, "replace");
	dict_add_str(d, replace, NULL, STR_LIT("SDP-version"));
	add_flag(d, "codec-strip-PCMA");
	add_flag(d, "codec-ignore-VP8");
	add_flag(d, "codec-transcode-opus");
	add_flag(d, "codec-set-PCMU/8000/1/64000//x/level=1");
	dict_add_int(d, root, "ptime", 40);
	add_flag(d, "block-DTMF");
	add_flag(d, "BUNDLE-accept");
	reply = world_request(w, d, false, &bytes);
	ok = str_is(value_get_str(dict_root(reply), "result"), "ok");
	if (ret_sdp) {
		struct str text = value_get_str(dict_root(reply), "sdp");

		g_string_append_len(ret_sdp, text.s, (gssize)text.len);
	}
	dict_free(reply);
	dict_free(d);
	g_string_free(bytes, TRUE);
	world_run(w);
	return ok;
}

/* The call as text, so that nothing of the first world is left when the second begins. */
static GString *write_down(struct world *w)
{
	struct dict *d = dict_new();
	GString *text = g_string_new(NULL);

	call_to_dict(call_table_find(w->control.calls, call_id()), d, dict_root(d));
	json_encode(dict_root(d), text);
	dict_free(d);
	return text;
}

static struct call *rebuild(struct world *w, const GString *text)
{
	struct dict *d;
	struct call *call;
	struct err err;

	g_assert_cmpint(json_decode((struct str){ text->str, text->len }, &d, &err), ==, 0);
	if (call_of_dict(w->control.calls, dict_root(d), &call, &err) < 0)
		g_error("%s", err.text);
	call_publish(call);
	dict_free(d);
	world_run(w);
	return call;
}

static void set_up(struct world *w, const char *offer, bool answered)
{
	world_defaults(w);
	w->settings.sources = PLAN_SOURCES_SIGNALLED;
	world_open(w);
	g_assert_true(request(w, "offer", "A", NULL, offer, NULL));
	if (answered)
		g_assert_true(request(w, "answer", "A", "B", body_b, NULL) &&
			      request(w, "block media", "A", "B", NULL, NULL));
}

static void describe_formats(GString *out, const struct plan_format *formats, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		const struct codec_params *p = &formats[i].params;

		g_string_append_printf(out, " %u %s %u %u %u %u '%.*s' '%.*s'",
			formats[i].payload_type, formats[i].codec->name, p->clock_hz, p->channels,
			p->ptime_ms, p->bitrate, STR_ARG(p->fmtp), STR_ARG(p->options));
	}
}

static void describe_transcode(GString *out, const struct plan_transcode *t)
{
	if (!t)
		return;
	for (unsigned i = 0; i < G_N_ELEMENTS(t->handler); i++)
		if (t->handler[i].handling)
			g_string_append_printf(out, " %u:%u %u>%u", i, t->handler[i].handling,
				t->handler[i].decoder, t->handler[i].encoder);
	describe_formats(out, t->decoders, t->decoder_count);
	describe_formats(out, t->encoders, t->encoder_count);
}

static void describe_key(GString *out, const char *name, const struct plan_srtp *srtp)
{
	struct sdes_crypto line = { .tag = 1 };
	char text[SDES_MAX_TEXT];

	if (!srtp)
		return;
	line.params = srtp->params;
	sdes_print(&line, 0, text);
	g_string_append_printf(out, " %s %u %s", name, srtp->generation, text);
}

/*
 * The first world's ports are the same numbers on the same addresses, so its plan is compared
 * while the second world's call exists in another process, as it were: the plan is kept as the
 * text of what it asks for.
 */
static GString *describe(const struct plan *plan)
{
	GString *out = g_string_new(plan->call_id);
	char text[ADDR_TEXT];

	for (unsigned i = 0; i < plan->stream_count; i++) {
		const struct plan_stream *s = &plan->streams[i];

		g_string_append_printf(out, "\n%u gen %u to %s learn %d answered %d rtp %d rtcp %d",
			s->id, s->endpoint_gen, addr_print(&s->peer, text), s->learn, s->answered,
			s->rtp, s->rtcp);
		g_string_append_printf(out, " sources %d follow %d signalled from %s", s->sources,
			s->follow, addr_print(&s->received_from, text));
		g_string_append_printf(
			out, " opaque %d strip %d ports", s->opaque, s->strip_feedback);
		g_string_append_printf(out, " secured %d carried by %u, %u", s->secured, s->carrier,
			s->bundle ? s->bundle->count : 1);
		describe_key(out, "in", s->srtp_in);
		describe_key(out, "out", s->srtp_out);
		for (unsigned p = 0; p < s->port_count; p++)
			g_string_append_printf(
				out, " %s", addr_print(&s->ports[p]->port->local, text));
		for (unsigned n = 0; n < s->rtp_sink_count; n++)
			g_string_append_printf(out, " rtp>%u action %u", s->rtp_sinks[n],
				s->filter ? s->filter->action[n] : 0);
		for (unsigned n = 0; s->transcodes && n < s->rtp_sink_count; n++)
			describe_transcode(out, s->transcodes[n]);
		for (unsigned n = 0; n < s->rtcp_sink_count; n++)
			g_string_append_printf(out, " rtcp>%u", s->rtcp_sinks[n]);
	}
	return out;
}

static GString *describe_call(const struct call *call)
{
	struct plan *plan = call_compile(call, call->model);
	GString *text = describe(plan);

	plan_free(plan);
	return text;
}

static void check_same_plan(const char *offer, bool answered)
{
	struct world w;
	GString *text, *before, *after, *again;
	struct call *call;

	set_up(&w, offer, answered);
	call = call_table_find(w.control.calls, call_id());
	before = describe_call(call);
	g_assert_nonnull(strstr(before->str, "opus"));
	g_assert_cmpint(
		strstr(before->str, "in 1 1 AES_CM_128_HMAC_SHA1_32") != NULL, ==, answered);
	text = write_down(&w);
	world_close(&w);

	world_defaults(&w);
	world_open(&w);
	call = rebuild(&w, text);
	after = describe_call(call);
	g_assert_cmpstr(after->str, ==, before->str);
	again = write_down(&w);
	g_assert_cmpstr(again->str, ==, text->str);
	world_end_calls(&w);
	g_assert_cmpuint(world_leaks(&w), ==, 0);
	world_close(&w);
	g_string_free(text, TRUE);
	g_string_free(before, TRUE);
	g_string_free(after, TRUE);
	g_string_free(again, TRUE);
}

static void answered_call_gives_same_plan(void)
{
	check_same_plan(body_a, true);
}

static void unanswered_call_gives_same_plan(void)
{
	check_same_plan(body_a, false);
}

/* An answer that names by number alone what it was offered. */
static void numbers_mean_what_was_offered(void)
{
	static const char body[] = "v=0\r\no=ben 9200 7 IN IP4 198.51.100.20\r\ns=-\r\n"
				   "c=IN IP4 198.51.100.20\r\nt=0 0\r\n"
				   "m=audio 42000 RTP/AVP 96\r\n"
				   "a=crypto:3 AES_CM_128_HMAC_SHA1_32 "
				   "inline:enl4d3Z1dHNycXBvbm1sa2ppaGdmZWRjYmFaWVhX\r\n"
				   "m=video 42002 RTP/AVPF 99\r\n";
	struct world w;
	GString *text;
	const struct party *party;

	set_up(&w, body_a, false);
	g_assert_true(request(&w, "answer", "A", "B", body, NULL));
	text = write_down(&w);
	world_close(&w);

	world_defaults(&w);
	world_open(&w);
	party = rebuild(&w, text)->model->parties[1];
	g_assert_true(str_is(party->media[0]->in->formats[0].encoding, "opus"));
	g_assert_true(str_is(party->media[1]->in->formats[0].encoding, "VP8"));
	world_end_calls(&w);
	world_close(&w);
	g_string_free(text, TRUE);
}

static void shared_transport_gives_same_plan(void)
{
	check_same_plan(body_bundled, false);
}

/* Also what is not in plans: parties, versions, port maps. */
static void next_offer_is_answered_alike(void)
{
	struct world w;
	GString *text, *here = g_string_new(NULL), *there = g_string_new(NULL);

	set_up(&w, body_a, true);
	text = write_down(&w);
	g_assert_true(request(&w, "offer", "A", "B", body_a, here));
	world_close(&w);
	world_defaults(&w);
	world_open(&w);
	rebuild(&w, text);
	g_assert_true(request(&w, "offer", "A", "B", body_a, there));
	g_assert_cmpstr(there->str, ==, here->str);
	world_close(&w);
	g_string_free(text, TRUE);
	g_string_free(here, TRUE);
	g_string_free(there, TRUE);
}

/* ---- recording ---- */

struct recorded_world {
	struct world w;
	struct helper_pool *helpers;
	struct mock_recorder mock;
};

static void recorded_open(struct recorded_world *r)
{
	world_defaults(&r->w);
	world_open(&r->w);
	r->helpers = helper_pool_new(1, r->w.control_box);
	helper_pool_stop(r->helpers);
	mock_recorder_open(&r->mock, r->helpers);
	r->w.settings.recorder = r->mock.recorder;
}

static void recorded_close(struct recorded_world *r)
{
	world_end_calls(&r->w);
	g_assert_cmpuint(world_leaks(&r->w), ==, 0);
	recorder_stop(r->mock.recorder);
	mock_recorder_close(&r->mock);
	helper_pool_free(r->helpers);
	world_close(&r->w);
}

static void ask_recording(struct world *w, const char *command)
{
	struct dict *d = dict_new(), *reply;
	GString *bytes;

	dict_add_str(d, dict_root(d), "command", str_of(command));
	dict_add_str(d, dict_root(d), "call-id", call_id());
	dict_add_str(d, dict_root(d), "recording-dir", STR_LIT("deep/er"));
	dict_add_str(d, dict_root(d), "recording-pattern", STR_LIT("%c-%{k}-%l"));
	dict_add_str(d, dict_root(d), "metadata", STR_LIT("k:v"));
	dict_add_str(d, dict_root(d), "label", STR_LIT("someone"));
	reply = world_request(w, d, false, &bytes);
	g_assert_true(str_is(value_get_str(dict_root(reply), "result"), "ok"));
	dict_free(reply);
	dict_free(d);
	g_string_free(bytes, TRUE);
	world_run(w);
}

/* The first stream's. */
static struct tap *tap_of(const struct call *call)
{
	struct plan *plan = call_compile(call, call->model);
	struct tap *tap = plan->streams[0].tap;

	plan_free(plan);
	return tap;
}

/* In a file of its own, which is called likewise. */
static void check_recording_goes_on(bool paused)
{
	struct recorded_world r;
	g_autofree char *want = NULL;
	const struct recording *recording;
	struct call *call;
	GString *text, *again;

	recorded_open(&r);
	g_assert_true(request(&r.w, "offer", "A", NULL, body_a, NULL));
	g_assert_true(request(&r.w, "answer", "A", "B", body_b, NULL));
	ask_recording(&r.w, "start recording");
	if (paused)
		ask_recording(&r.w, "pause recording");
	text = write_down(&r.w);
	recorded_close(&r);

	recorded_open(&r);
	call = rebuild(&r.w, text);
	recording = call->model->recording;
	g_assert_cmpint(call->model->recording_mode, ==, paused ? RECORDING_PAUSED : RECORDING_ON);
	g_assert_cmpuint(call->model->recording_number, ==, 1);
	want = g_strdup_printf("%s/deep/er/snap-v-someone.none", r.mock.folder);
	g_assert_cmpstr(recording_path(recording), ==, want);
	g_assert_true(tap_of(call) == (paused ? NULL : recording_tap(recording)));
	again = write_down(&r.w);
	g_assert_cmpstr(again->str, ==, text->str);
	recorder_tick(r.mock.recorder);
	world_run(&r.w);
	g_assert_cmpuint(mock_recorder_files(&r.mock, "deep/er"), ==, 1);
	ask_recording(&r.w, "start recording");
	g_assert_true(tap_of(call) == recording_tap(recording));
	recorded_close(&r);
	g_string_free(text, TRUE);
	g_string_free(again, TRUE);
}

static void recording_goes_on(void)
{
	check_recording_goes_on(false);
	check_recording_goes_on(true);
}

/* The call goes on without. */
static void recording_needs_a_folder(void)
{
	struct recorded_world r;
	struct call *call;
	struct world w;
	GString *text;

	recorded_open(&r);
	g_assert_true(request(&r.w, "offer", "A", NULL, body_a, NULL));
	ask_recording(&r.w, "start recording");
	text = write_down(&r.w);
	recorded_close(&r);
	world_defaults(&w);
	world_open(&w);
	call = rebuild(&w, text);
	g_assert_null(call->model->recording);
	g_assert_cmpint(call->model->recording_mode, ==, RECORDING_OFF);
	world_end_calls(&w);
	world_close(&w);
	g_string_free(text, TRUE);
}

static const char *const body_web_a =
	"v=0\r\no=ann 8100 3 IN IP4 192.0.2.10\r\ns=call\r\nc=IN IP4 192.0.2.10\r\nt=0 0\r\n"
	"m=audio 41000 UDP/TLS/RTP/SAVPF 0 8\r\na=rtcp-mux\r\na=mid:a\r\na=setup:actpass\r\n"
	"a=fingerprint:sha-1 10:32:54:76:98:BA:DC:FE:01:23:45:67:89:AB:CD:EF:11:22:33:44\r\n"
	"a=ice-ufrag:Qa1z\r\na=ice-pwd:0123456789abcdefghijkl\r\na=ice-options:trickle\r\n";
static const char *const body_web_b =
	"v=0\r\no=ben 9200 7 IN IP4 198.51.100.20\r\ns=-\r\nc=IN IP4 198.51.100.20\r\nt=0 0\r\n"
	"m=audio 42000 UDP/TLS/RTP/SAVPF 0\r\na=rtcp-mux\r\na=mid:a\r\na=setup:active\r\n"
	"a=fingerprint:sha-256 10:32:54:76:98:BA:DC:FE:01:23:45:67:89:AB:CD:EF:11:22:33:44:"
	"11:22:33:44:11:22:33:44:11:22:33:44\r\na=tls-id:0123456789abcdef0123\r\n"
	"a=ice-ufrag:Wb2y\r\na=ice-pwd:zyxwvutsrqponmlkjihgfe\r\n";

static void find_way(const struct call *call, const struct media *media)
{
	struct ice_found found = {
		.stream_id = media->streams[0].id,
		.generation = media->ice.generation,
		.completed = true,
		.local = media->ports->leases[0]->port->local,
		.remote = media->streams[0].peer,
	};

	call_ice_add((struct call *)(uintptr_t)call, &found);
}

/* Certificates, tls-id, roles, credentials, and what ICE has found. */
static void browsers_are_answered_alike(void)
{
	GString *text, *again, *here = g_string_new(NULL), *there = g_string_new(NULL);
	char instance[INSTANCE_HEX + 1];
	struct world w;
	struct call *call;

	world_defaults(&w);
	world_open(&w);
	memcpy(instance, w.control.calls->instance, sizeof(instance));
	g_assert_true(request(&w, "offer", "A", NULL, body_web_a, NULL));
	call = call_table_find(w.control.calls, call_id());
	g_assert_true(request(&w, "answer", "A", "B", body_web_b, NULL));
	find_way(call, call->model->parties[1]->media[0]);
	text = write_down(&w);
	g_assert_true(request(&w, "offer", "A", "B", body_web_a, here));
	g_assert_true(request(&w, "answer", "A", "B", body_web_b, here));
	g_assert_nonnull(strstr(here->str, "a=remote-candidates:1 198.51.100.20 42000"));
	g_assert_nonnull(strstr(here->str, "a=tls-id"));
	world_close(&w);
	world_defaults(&w);
	world_open(&w);
	/* Foundations are those of a process. */
	memcpy(w.control.calls->instance, instance, sizeof(instance));
	rebuild(&w, text);
	again = write_down(&w);
	g_assert_cmpstr(again->str, ==, text->str);
	g_assert_true(request(&w, "offer", "A", "B", body_web_a, there));
	g_assert_true(request(&w, "answer", "A", "B", body_web_b, there));
	g_assert_cmpstr(there->str, ==, here->str);
	world_close(&w);
	g_string_free(text, TRUE);
	g_string_free(again, TRUE);
	g_string_free(here, TRUE);
	g_string_free(there, TRUE);
}

static bool restores(struct world *w, const char *json)
{
	struct dict *d;
	struct call *call;
	struct err err;
	bool ok;

	g_assert_cmpint(json_decode(str_of(json), &d, &err), ==, 0);
	ok = call_of_dict(w->control.calls, dict_root(d), &call, &err) == 0;
	if (ok)
		call_free(call);
	dict_free(d);
	return ok;
}

static void broken_snapshots_are_refused_and_leave_nothing(void)
{
	struct world w;

	world_defaults(&w);
	world_open(&w);
	g_assert_false(restores(&w, "{}"));
	g_assert_false(restores(&w, "{\"call_id\":\"x\"}"));
	g_assert_false(restores(&w, "{\"call_id\":\"x\",\"version\":99}"));
	g_assert_false(restores(
		&w, "{\"call_id\":\"x\",\"version\":1,\"bodies\":[\"no session description\"]}"));
	g_assert_false(restores(&w, "{\"call_id\":\"x\",\"version\":1,\"parties\":[{\"media\":[{"
				    "\"transport\":99}]}]}"));
	g_assert_false(restores(&w, "{\"call_id\":\"x\",\"version\":1,\"parties\":[{\"media\":[{"
				    "\"sources\":[{\"party\":7,\"media\":0}]}]}]}"));
	g_assert_false(restores(&w,
		"{\"call_id\":\"x\",\"version\":1,\"parties\":[{\"media\":[{\"port_maps\":[{"
		"\"interface\":\"nowhere\",\"local\":\"203.0.113.1 0\",\"ports\":[30000]}]}]}]}"));
	g_assert_false(
		restores(&w, "{\"call_id\":\"x\",\"version\":1,\"parties\":[{\"media\":[{"
			     "\"crypto\":{\"in\":\"1 AES_CM_128_HMAC_SHA1_32 inline:x\"}}]}]}"));
	g_assert_false(restores(&w, "{\"call_id\":\"x\",\"version\":1,\"parties\":[{\"media\":[{"
				    "\"crypto\":{\"shown\":[\"1 nothing\"]}}]}]}"));
	g_assert_false(restores(&w, "{\"call_id\":\"x\",\"version\":1,\"parties\":[{\"media\":[{"
				    "\"dtls\":{\"shown\":1}}]}]}"));
	g_assert_false(restores(&w, "{\"call_id\":\"x\",\"version\":1,\"parties\":[{\"media\":[{"
				    "\"dtls\":{\"said\":[\"sha-1 00\"]}}]}]}"));
	g_assert_false(restores(&w, "{\"call_id\":\"x\",\"version\":1,\"certs\":[\"none\"]}"));
	world_run(&w);
	g_assert_cmpuint(world_ports_used(&w), ==, 0);
	world_close(&w);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	mock_codecs_add();
	g_test_add_func("/call/snapshot/answered", answered_call_gives_same_plan);
	g_test_add_func("/call/snapshot/unanswered", unanswered_call_gives_same_plan);
	g_test_add_func("/call/snapshot/numbers", numbers_mean_what_was_offered);
	g_test_add_func("/call/snapshot/bundle", shared_transport_gives_same_plan);
	g_test_add_func("/call/snapshot/next-offer", next_offer_is_answered_alike);
	g_test_add_func("/call/snapshot/recording", recording_goes_on);
	g_test_add_func("/call/snapshot/recording-nowhere", recording_needs_a_folder);
	g_test_add_func("/call/snapshot/browsers", browsers_are_answered_alike);
	g_test_add_func("/call/snapshot/broken", broken_snapshots_are_refused_and_leave_nothing);
	return g_test_run();
}

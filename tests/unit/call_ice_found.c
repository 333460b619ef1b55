/* SPDX-License-Identifier: GPL-3.0-or-later */
/* call/ice_found.c: what agents have found, in the next body, in snapshots and for timeouts. */
#include "call/call.h"
#include "call/explain.h"

#include "../mock/network.h"
#include "../mock/world.h"

#include <glib.h>

#define PEER "a=ice-ufrag:Qa1z\r\na=ice-pwd:0123456789abcdefghijkl\r\n"

static struct str call_id(void)
{
	return STR_LIT("ice");
}

static char *request(struct world *w, const char *command, const char *from, const char *attributes)
{
	g_autofree char *body = g_strdup_printf(
		"v=0\r\no=ann 8100 3 IN IP4 192.0.2.10\r\ns=call\r\n"
		"c=IN IP4 192.0.2.10\r\nt=0 0\r\n"
		"m=audio 41000 RTP/AVP 0\r\n%s",
		attributes);
	struct dict *d = dict_new(), *reply;
	struct value *root = dict_root(d), *direction;
	GString *bytes;
	char *text;

	dict_add_str(d, root, "command", str_of(command));
	dict_add_str(d, root, "call-id", call_id());
	dict_add_str(d, root, "from-tag", str_of(from));
	dict_add_str(d, root, "to-tag", str_of(!strcmp(from, "A") ? "B" : "A"));
	dict_add_str(d, root, "ICE", STR_LIT("force"));
	direction = dict_add_list(d, root, "direction");
	dict_add_str(d, direction, NULL, STR_LIT("dual"));
	dict_add_str(d, direction, NULL, STR_LIT("dual"));
	dict_add_str(d, root, "sdp", str_of(body));
	reply = world_request(w, d, false, &bytes);
	text = g_strndup(value_get_str(dict_root(reply), "sdp").s,
		value_get_str(dict_root(reply), "sdp").len);
	dict_free(reply);
	dict_free(d);
	g_string_free(bytes, TRUE);
	world_run(w);
	return text;
}

static struct call *find_call(struct world *w)
{
	return call_table_find(w->control.calls, call_id());
}

static const struct media *section(struct world *w, unsigned party)
{
	return find_call(w)->model->parties[party]->media[0];
}

static void tell(struct world *w, unsigned party, enum media_event_type type, unsigned component,
	const char *remote, uint32_t generation)
{
	const struct media *media = section(w, party);
	const struct media_stream *stream = &media->streams[component - 1];
	struct media_event event = {
		.type = type,
		.session_id = session_id(find_call(w)->session),
		.stream_id = stream->id,
		.endpoint_gen = stream->endpoint_gen,
		.ice_generation = generation,
		.controlling = remote != NULL,
	};

	if (type == MEDIA_EVENT_ICE_PAIR) {
		event.local = media->ports->leases[component - 1]->port->local;
		g_assert_true(addr_parse_ip(str_of(remote), &event.peer));
		event.peer.port = (uint16_t)(5000 + component);
	}
	call_table_event(&event, w->control.calls);
}

static void find_way(struct world *w, uint32_t generation)
{
	tell(w, 1, MEDIA_EVENT_ICE_PAIR, 1, "192.0.2.99", generation);
	tell(w, 1, MEDIA_EVENT_ICE_PAIR, 2, "192.0.2.99", generation);
	tell(w, 1, MEDIA_EVENT_ICE_COMPLETED, 1, NULL, generation);
}

static unsigned count(const char *text, const char *what)
{
	unsigned n = 0;

	for (const char *at = text; (at = strstr(at, what)); at++)
		n++;
	return n;
}

static void set_up(struct world *w)
{
	world_defaults(w);
	world_open(w);
	g_free(request(w, "offer", "A", PEER));
	g_free(request(w, "answer", "A", PEER));
}

static void test_selected(void)
{
	g_autofree char *body = NULL, *answer = NULL;
	struct world w;

	set_up(&w);
	body = request(&w, "offer", "A", PEER);
	g_assert_cmpuint(count(body, "a=candidate:"), ==, 4);
	g_assert_null(strstr(body, "remote-candidates"));
	g_free(body);
	find_way(&w, section(&w, 1)->ice.generation);
	body = request(&w, "offer", "A", PEER);
	g_assert_cmpuint(count(body, "a=candidate:"), ==, 2);
	g_assert_nonnull(strstr(
		body, "typ host\r\na=remote-candidates:1 192.0.2.99 5001 2 192.0.2.99 5002\r\n"));
	answer = request(&w, "answer", "A", PEER);
	g_assert_cmpuint(
		count(answer, "a=candidate:"), ==, 4); /* the other section's is not done */
	g_assert_null(strstr(answer, "remote-candidates"));
	/* It does not answer there any more. */
	tell(&w, 1, MEDIA_EVENT_ICE_CONSENT_LOST, 2, NULL, section(&w, 1)->ice.generation);
	g_free(answer);
	answer = request(&w, "offer", "A", PEER);
	g_assert_cmpuint(count(answer, "a=candidate:"), ==, 3);
	g_assert_nonnull(strstr(answer, "a=remote-candidates:1 192.0.2.99 5001\r\n"));
	world_end_calls(&w);
	world_close(&w);
}

/* Of credentials that were replaced meanwhile. */
static void test_late(void)
{
	g_autofree char *body = NULL;
	struct world w;
	uint64_t stale;

	set_up(&w);
	stale = reason_total(REASON_EVENT_STALE);
	find_way(&w, section(&w, 1)->ice.generation + 1);
	g_assert_cmpuint(reason_total(REASON_EVENT_STALE) - stale, ==, 3);
	body = request(&w, "offer", "A", PEER);
	g_assert_cmpuint(count(body, "a=candidate:"), ==, 4);
	world_end_calls(&w);
	world_close(&w);
}

/* Whatever is made of the section later has the role that a conflict gave us. */
static void test_role(void)
{
	g_autofree char *body = NULL;
	struct dict *d = dict_new();
	struct call *call;
	struct plan *plan;
	struct world w;
	uint32_t generation;
	struct err err;

	set_up(&w);
	generation = section(&w, 1)->ice.generation;
	g_assert_true(section(&w, 1)->ice.controlling);
	find_way(&w, generation);
	tell(&w, 1, MEDIA_EVENT_ICE_ROLE, 1, NULL, generation + 1); /* of others */
	g_assert_true(section(&w, 1)->ice.controlling);
	tell(&w, 1, MEDIA_EVENT_ICE_ROLE, 1, NULL, generation);
	g_assert_false(section(&w, 1)->ice.controlling);
	call = find_call(&w);
	plan = call_compile(call, call->model);
	for (unsigned i = 0; i < plan->stream_count; i++)
		if (plan->streams[i].id == section(&w, 1)->streams[0].id)
			g_assert_false(plan->streams[i].ice->params->controlling);
	plan_free(plan);
	call_to_dict(call, d, dict_root(d));
	/* It is not for us to say what was chosen. */
	body = request(&w, "offer", "A", PEER);
	g_assert_null(strstr(body, "remote-candidates"));
	g_assert_false(section(&w, 1)->ice.controlling);
	call_end(call, REASON_DELETED);
	world_run(&w);
	g_assert_cmpint(call_of_dict(w.control.calls, dict_root(d), &call, &err), ==, 0);
	call_publish(call);
	g_assert_false(section(&w, 1)->ice.controlling);
	dict_free(d);
	world_end_calls(&w);
	world_close(&w);
}

static bool explains(struct world *w, const char *sentence)
{
	struct dict *d = dict_new();
	const char *found;

	call_explain(find_call(w), NULL, d, dict_root(d));
	found = g_strstr_len(value_get_str(dict_root(d), "text").s,
		(gssize)value_get_str(dict_root(d), "text").len, sentence);
	dict_free(d);
	return found != NULL;
}

/* From no way to one, and its loss. */
static void test_explained(void)
{
	struct world w;
	uint32_t generation;

	set_up(&w);
	generation = section(&w, 1)->ice.generation;
	g_assert_true(explains(&w, "To 'A': no-ice"));
	g_assert_true(explains(&w, "ICE has no way yet to 'B'"));
	g_assert_true(explains(&w, "it named no candidate that we could check"));
	tell(&w, 1, MEDIA_EVENT_ICE_FAILED, 1, NULL, generation);
	g_assert_true(explains(&w, "ICE found no way to 'B'"));
	find_way(&w, generation);
	g_assert_true(explains(&w, "Nothing has arrived from 'B'"));
	tell(&w, 1, MEDIA_EVENT_ICE_CONSENT_LOST, 1, NULL, generation);
	g_assert_true(explains(&w, "ICE lost its way to 'B': it has not answered"));
	world_end_calls(&w);
	world_close(&w);
}

/* Looking for a way counts as being there. */
static void test_timeout(void)
{
	struct world w;

	world_defaults(&w);
	w.settings.timeout_s = 10;
	world_open(&w);
	g_free(request(&w, "offer", "A", PEER "a=ice-options:trickle\r\n"));
	g_free(request(&w, "answer", "A", PEER "a=ice-options:trickle\r\n"));
	world_advance(&w, 30 * 1000000);
	g_assert_nonnull(find_call(&w));
	world_advance(&w, 25 * 1000000);
	g_assert_null(find_call(&w));
	world_close(&w);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/call/ice-found/selected", test_selected);
	g_test_add_func("/call/ice-found/late", test_late);
	g_test_add_func("/call/ice-found/role", test_role);
	g_test_add_func("/call/ice-found/explained", test_explained);
	g_test_add_func("/call/ice-found/timeout", test_timeout);
	return g_test_run();
}

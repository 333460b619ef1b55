/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Requests and replies: sent through the whole control path, compared key by key. */
#include "script.h"

#include <string.h>

#include "notation.h"
#include "ng/ng.h"
#include "text.h"

/* The body of a request: placeholders in, lines joined. */
static void make_body(struct script *s, char *const *block, unsigned count)
{
	g_autoptr(GPtrArray) lines = text_expand(block, count);

	g_string_truncate(s->sent_sdp, 0);
	for (unsigned i = 0; i < lines->len; i++) {
		const char *text = lines->pdata[i];
		g_autoptr(GString) line = NULL;

		line = g_string_new(strcmp(text, "<blank>") ? text : "");
		if (!text_put_ports(line, s->ports))
			script_fail(s, "a port that is not known yet: %s", text);
		g_string_append_printf(s->sent_sdp, "%s%s", line->str, s->lf ? "\n" : "\r\n");
	}
	s->lf = false;
}

static void forget_reply(struct script *s)
{
	dict_free(s->reply);
	s->reply = NULL;
	if (s->reply_bytes)
		g_string_free(s->reply_bytes, TRUE);
	s->reply_bytes = NULL;
}

static void send_request(struct script *s, struct dict *request)
{
	forget_reply(s);
	s->reply = world_request(&s->world, request, s->json, &s->reply_bytes);
	s->json = false;
}

void statement_request(struct script *s, const char *rest)
{
	const char *keys = strchr(rest, '{');
	g_autofree char *command = g_strndup(rest, keys ? (gsize)(keys - rest) : strlen(rest));
	g_autoptr(GString) text = g_string_new(keys ? keys : "{}");
	struct dict *request = dict_new();
	struct value *root = dict_root(request), *sdp;
	unsigned count;
	char *const *block = script_block(s, &count);

	text_put_addresses(text);
	text_put_ports(text, s->ports);
	dict_add_str(request, root, "command", str_of(g_strstrip(command)));
	if (!strstr(text->str, "call-id:"))
		dict_add_str(request, root, "call-id", str_of(s->call_id));
	if (!notation_parse(request, text->str, root))
		script_fail(s, "cannot be read: %s", text->str);
	sdp = value_get(root, "sdp");
	if (sdp && str_is(sdp->str, "<last>")) {
		struct str body = value_get_str(s->reply ? dict_root(s->reply) : NULL, "sdp");

		sdp->str = dict_copy(request, body);
		g_string_truncate(s->sent_sdp, 0);
		g_string_append_len(s->sent_sdp, sdp->str.s, (gssize)sdp->str.len);
	} else if (count) {
		make_body(s, block, count);
		dict_add_str(
			request, root, "sdp", (struct str){ s->sent_sdp->str, s->sent_sdp->len });
	}
	if (!script_failed(s))
		send_request(s, request);
	dict_free(request);
}

/* --- replies --- */

static void append_list(GString *out, const struct value *list, const char *key)
{
	g_string_append_c(out, '[');
	value_each (item, list) {
		struct str s = key ? value_get_str(item, key) : value_str(item);

		g_string_append_printf(
			out, "%s'%.*s'", item == value_first(list) ? "" : ", ", STR_ARG(s));
	}
	g_string_append_c(out, ']');
}

/* "A" subscribed to ['B']; "B" subscribed to ['A'] via-branch z1 aliases ['C'] */
static void compare_links(struct script *s, const char *expected)
{
	g_autoptr(GString) got = g_string_new(NULL);
	const struct value *tags = value_get(dict_root(s->reply), "tags");

	value_each (tag, tags) {
		const struct value *aliases = value_get(tag, "tag-aliases");
		struct str branch = value_get_str(tag, "via-branch");

		g_string_append_printf(
			got, "%s\"%.*s\" subscribed to ", got->len ? "; " : "", STR_ARG(tag->key));
		append_list(got, value_get(tag, "subscriptions"), "tag");
		if (branch.s)
			g_string_append_printf(got, " via-branch %.*s", STR_ARG(branch));
		if (aliases) {
			g_string_append(got, " aliases ");
			append_list(got, aliases, NULL);
		}
	}
	if (strcmp(got->str, expected))
		script_fail(s, "expected tags: %s\n#      got tags: %s", expected, got->str);
}

static void compare_path(struct script *s, const char *rest)
{
	const char *colon = strstr(rest, ": ");
	g_autofree char *path = g_strndup(rest, colon ? (gsize)(colon - rest) : strlen(rest));
	g_autoptr(GString) expected = g_string_new(colon ? colon + 2 : "");
	const struct value *v = notation_find(dict_root(s->reply), path);
	g_autoptr(GString) why = g_string_new(NULL);

	text_put_addresses(expected);
	text_put_ports(expected, s->ports);
	if (!strcmp(expected->str, "<absent>")) {
		if (v)
			script_fail(s, "%s is there", path);
	} else if (!v) {
		script_fail(s, "no %s in the reply", path);
	} else if (!notation_match(expected->str, v, NULL, why)) {
		script_fail(s, "%s: %s", path, why->str);
	}
}

static void compare_body(struct script *s, struct str body, char *const *block, unsigned count)
{
	g_autoptr(GPtrArray) lines = text_expand(block, count);
	g_autoptr(GString) why = g_string_new(NULL);

	if (!text_match(lines, body, s->ports, why))
		script_fail(s, "body: %s\n%.*s", why->str, STR_ARG(body));
}

static void compare_reply(struct script *s, const char *rest, char *const *block, unsigned count)
{
	const struct value *root = dict_root(s->reply);
	struct str body = value_get_str(root, "sdp");
	bool unchanged = strstr(rest, "sdp: <unchanged>");
	const char *skip = strstr(rest, "sdp:") && !unchanged ? NULL : "sdp";
	g_autoptr(GString) text = g_string_new(rest), why = g_string_new(NULL);

	text_put_addresses(text);
	g_string_replace(text, ", sdp: <unchanged>", "", 0);
	if (!notation_match(text->str, root, skip, why))
		script_fail(s, "reply: %s", why->str);
	else if (unchanged && !str_eq(body, (struct str){ s->sent_sdp->str, s->sent_sdp->len }))
		script_fail(s, "the body came back changed:\n%.*s", STR_ARG(body));
	else if (count)
		compare_body(s, body, block, count);
	else if (body.len && !unchanged && skip)
		script_fail(s, "there is a body:\n%.*s", STR_ARG(body));
}

void statement_reply(struct script *s, const char *rest)
{
	unsigned count;
	char *const *block = script_block(s, &count);

	if (!s->reply)
		s->reply = world_late_reply(&s->world, &s->reply_bytes);
	if (!s->reply)
		script_fail(s, "there is no reply");
	else if (*rest == '{')
		compare_reply(s, rest, block, count);
	else if (!strncmp(rest, "tags: \"", 7))
		compare_links(s, rest + 6);
	else
		compare_path(s, rest);
}

/* bytes REQUEST -> REPLY: a datagram as it is. */
void statement_wire(struct script *s, const char *rest)
{
	g_auto(GStrv) sides = g_strsplit(rest, " -> ", 2);
	g_autoptr(GString) reply = g_string_new(NULL);

	if (g_strv_length(sides) != 2) {
		script_fail(s, "bytes REQUEST -> REPLY");
		return;
	}
	if (!request_handle(&s->world.control, str_of(sides[0]), &s->world.client, reply))
		g_string_assign(reply, "nothing");
	world_run(&s->world);
	if (strcmp(reply->str, sides[1]))
		script_fail(s, "expected %s, got %s", sides[1], reply->str);
}

/* --- nothing changed --- */

static GString *describe(struct script *s)
{
	struct dict *request = dict_new(), *reply = dict_new();
	GString *out = g_string_new(NULL);

	dict_add_str(request, dict_root(request), "command", STR_LIT("query"));
	dict_add_str(request, dict_root(request), "call-id", str_of(s->call_id));
	command_run(&s->world.control, dict_root(request), &s->world.client, reply);
	value_print(dict_root(reply), out, 1024 * 1024);
	dict_free(request);
	dict_free(reply);
	return out;
}

void statement_remember(struct script *s, const char *rest)
{
	struct call *call = script_call(s);

	(void)rest;
	if (!call)
		return;
	plan_free(s->plan);
	s->plan = call_compile(call, call->model);
	if (s->state)
		g_string_free(s->state, TRUE);
	s->state = describe(s);
	s->ports_used = world_ports_used(&s->world);
}

void statement_unchanged(struct script *s, const char *rest)
{
	struct call *call = script_call(s);
	g_autoptr(GString) state = NULL;
	struct plan *plan;

	(void)rest;
	if (!call || !s->plan)
		return;
	plan = call_compile(call, call->model);
	state = describe(s);
	if (!plan_equal(plan, s->plan))
		script_fail(s, "the plan is another one");
	plan_free(plan);
	if (!g_string_equal(state, s->state))
		script_fail(s, "the state changed from\n%s\nto\n%s", s->state->str, state->str);
	if (world_ports_used(&s->world) != s->ports_used)
		script_fail(s, "ports used: %u before, %u now", s->ports_used,
			world_ports_used(&s->world));
}

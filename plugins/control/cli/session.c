/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Calls (spec daemon 3.2, 3.4): listing, details, ending them. */
#include "cli.h"

static bool is_group_word(struct str text)
{
	return str_is(text, "all") || str_is(text, "own") || str_is(text, "foreign");
}

static void print_line(struct cli *c, const struct value *v)
{
	cli_print(c, "ID: %60.*s | del:%s | creat:%12lld | prx:%.*s | redis:%2d | frgn:n | rec:n\n",
		STR_ARG(value_get_str(v, "call-id")), value_get_int(v, "deletion", 0) ? "y" : "n",
		(long long)value_get_int(v, "created", 0), STR_ARG(value_get_str(v, "proxy")), 0);
}

static void list_calls(struct cli *c, struct str which)
{
	struct dict *reply = cli_ask(c, "list", "which", which);
	const struct value *calls;
	bool all = str_is(which, "all");

	if (!reply)
		return;
	calls = value_get(dict_root(reply), "calls");
	if (!value_first(calls))
		cli_print(c, "No %.*s%ssessions on this media relay.\n", all ? 0 : (int)which.len,
			which.s, all ? "" : " ");
	value_each (v, calls)
		print_line(c, v);
	dict_free(reply);
}

/* What a party has to do with another one. */
static void print_links(struct cli *c, const struct value *tag, const char *key, const char *text)
{
	value_each (v, value_get(tag, key))
		cli_print(c, "---     %s '%.*s'\n", text, STR_ARG(value_get_str(v, "tag")));
}

static bool has_flag(const struct value *v, const char *flag)
{
	value_each (item, value_get(v, "flags"))
		if (str_is(value_str(item), flag))
			return true;
	return false;
}

static struct str or_nowhere(struct str address)
{
	return address.len ? address : STR_LIT("0.0.0.0");
}

static void print_stream(struct cli *c, const struct value *v)
{
	const struct value *endpoint = value_get(v, "endpoint"), *stats = value_get(v, "stats");

	cli_print(c, "-------- Port %15.*s:%-5lld <> %15.*s:%-5lld%s",
		STR_ARG(or_nowhere(value_get_str(v, "local address"))),
		(long long)value_get_int(v, "local port", 0),
		STR_ARG(or_nowhere(value_get_str(endpoint, "address"))),
		(long long)value_get_int(endpoint, "port", 0), has_flag(v, "RTP") ? "" : " (RTCP)");
	if (value_get(v, "SSRC"))
		cli_print(c, ", SSRC %llx", (unsigned long long)value_get_int(v, "SSRC", 0));
	cli_print(c, ", %lld p, %lld b, %lld e, %lld uts, 0 kts\n",
		(long long)value_get_int(stats, "packets", 0),
		(long long)value_get_int(stats, "bytes", 0),
		(long long)value_get_int(stats, "errors", 0),
		(long long)value_get_int(v, "last packet", 0));
}

static void print_media(struct cli *c, const struct value *v)
{
	struct str codec = value_get_str(v, "codec"), protocol = value_get_str(v, "protocol");

	cli_print(c, "------ Media #%lld (%.*s over %.*s) using %.*s\n",
		(long long)value_get_int(v, "index", 0), STR_ARG(value_get_str(v, "type")),
		STR_ARG(protocol.s ? protocol : STR_LIT("unknown protocol")),
		STR_ARG(codec.s ? codec : STR_LIT("unknown codec")));
	value_each (stream, value_get(v, "streams"))
		print_stream(c, stream);
}

/* The first party is who called. */
static void print_tag(struct cli *c, const struct value *v, bool first, int64_t now_us)
{
	double age = (double)now_us / 1e6 - (double)value_get_int(v, "created", 0);

	cli_print(c, "--- Tag '%.*s', type: %s, label '%.*s', branch '%.*s', callduration %.6f\n",
		STR_ARG(value_get_str(v, "tag")), first ? "FROM_TAG" : "TO_TAG",
		STR_ARG(value_get_str(v, "label")), STR_ARG(value_get_str(v, "via-branch")),
		age > 0 ? age : 0);
	print_links(c, v, "subscriptions", "subscribed to");
	print_links(c, v, "subscribers", "subscription of");
	value_each (media, value_get(v, "medias"))
		print_media(c, media);
}

static void print_call(struct cli *c, const struct value *root)
{
	const struct value *call = value_get(root, "call");
	const struct value *tags = value_get(root, "tags");

	cli_print(c, "\ncallid: %.*s\ndeletionmark: %s\ncreated: %lld\nproxy: %.*s\n",
		STR_ARG(value_get_str(call, "call-id")),
		value_get_int(call, "deletion", 0) ? "yes" : "no",
		(long long)value_get_int(call, "created", 0),
		STR_ARG(value_get_str(call, "proxy")));
	cli_print(c,
		"tos: %lld\nlast_signal: %lld\nredis_keyspace: 0\nlast redis update: %lld\n"
		"foreign: no\nrecording: no\n\n",
		(long long)value_get_int(root, "tos", 0),
		(long long)value_get_int(root, "last signal", 0),
		(long long)value_get_int(root, "last redis update", 0));
	value_each (tag, tags)
		print_tag(c, tag, tag == value_first(tags), g_get_real_time());
	cli_print(c, "\n");
}

/* False: there is no such call. */
static bool print_details(struct cli *c, struct str call_id)
{
	struct dict *reply = cli_ask(c, "call", "call-id", call_id);

	if (!reply)
		return false;
	print_call(c, dict_root(reply));
	dict_free(reply);
	return true;
}

void cli_list_sessions(struct cli *c, struct str rest)
{
	if (is_group_word(rest))
		list_calls(c, rest);
	else if (!print_details(c, rest))
		cli_print(c, "\nCall ID not found (%.*s).\n\n", STR_ARG(rest));
}

static bool terminate(struct cli *c, const char *key, struct str value)
{
	struct dict *reply = cli_ask(c, "terminate", key, value);

	if (!reply)
		return false;
	dict_free(reply);
	return true;
}

void cli_terminate(struct cli *c, struct str rest)
{
	bool all = str_is(rest, "all");

	if (is_group_word(rest)) {
		terminate(c, "which", rest);
		cli_print(c, "All %.*s%scalls terminated by operator.\n", all ? 0 : (int)rest.len,
			rest.s, all ? "" : " ");
	} else if (terminate(c, "call-id", rest)) {
		cli_print(c, "\nCall Id (%.*s) successfully terminated by operator.\n\n",
			STR_ARG(rest));
	} else {
		cli_print(c, "\nCall Id not found (%.*s).\n\n", STR_ARG(rest));
	}
}

void cli_call(struct cli *c, struct str rest)
{
	struct str call_id = cli_word(&rest);

	if (!rest.len) {
		cli_print(c, "More parameters required.\n");
	} else if (str_is(rest, "info")) {
		if (!print_details(c, call_id))
			cli_print(c, "No such call '%.*s'\n", STR_ARG(call_id));
	} else if (str_is(rest, "terminate")) {
		if (terminate(c, "call-id", call_id))
			cli_print(c, "\nCall '%.*s' terminated.\n\n", STR_ARG(call_id));
		else
			cli_print(c, "No such call '%.*s'\n", STR_ARG(call_id));
	} else {
		struct str word = cli_word(&rest);

		cli_print(c, "Unknown command: %.*s\n", STR_ARG(word));
	}
}

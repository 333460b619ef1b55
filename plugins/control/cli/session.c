/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Calls (spec daemon 3.2, 3.4): listing, details, ending them. */
#include "cli.h"

#include "api/plugin.h"

static bool is_group_word(struct str text)
{
	return str_is(text, "all") || str_is(text, "own") || str_is(text, "foreign");
}

static void print_line(struct cli *c, const struct value *v)
{
	cli_print(c,
		"ID: %60.*s | del:%s | creat:%12lld | prx:%.*s | redis:%2d | frgn:n | rec:%s\n",
		STR_ARG(value_get_str(v, "call-id")), value_get_int(v, "deletion", 0) ? "y" : "n",
		(long long)value_get_int(v, "created", 0), STR_ARG(value_get_str(v, "proxy")), 0,
		value_get_int(v, "recording", 0) ? "y" : "n");
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

/* When the call began, where there was no packet at all. */
static int64_t last_user(const struct value *v)
{
	int64_t kernel_s = value_get_int(v, "last kernel packet", 0);

	return value_get_int(v, kernel_s ? "last user packet" : "last packet", 0);
}

static void print_stream(struct cli *c, const struct value *v)
{
	const struct value *endpoint = value_get(v, "endpoint"), *stats = value_get(v, "stats");
	const struct value *path = value_get(v, "path");

	cli_print(c, "-------- Port %15.*s:%-5lld <> %15.*s:%-5lld%s",
		STR_ARG(or_nowhere(value_get_str(v, "local address"))),
		(long long)value_get_int(v, "local port", 0),
		STR_ARG(or_nowhere(value_get_str(endpoint, "address"))),
		(long long)value_get_int(endpoint, "port", 0), has_flag(v, "RTP") ? "" : " (RTCP)");
	if (value_get(v, "SSRC"))
		cli_print(c, ", SSRC %llx", (unsigned long long)value_get_int(v, "SSRC", 0));
	cli_print(c, ", %lld p, %lld b, %lld e, %lld uts, %lld kts\n",
		(long long)value_get_int(stats, "packets", 0),
		(long long)value_get_int(stats, "bytes", 0),
		(long long)value_get_int(stats, "errors", 0), (long long)last_user(v),
		(long long)value_get_int(v, "last kernel packet", 0));
	if (path && str_is(value_get_str(path, "now"), "kernel"))
		cli_print(c, "---------- forwarded by the kernel\n");
	else if (path)
		cli_print(c, "---------- not forwarded by the kernel: %.*s\n",
			STR_ARG(value_get_str(path, "text")));
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
		"foreign: no\nrecording: %s\n\n",
		(long long)value_get_int(root, "tos", 0),
		(long long)value_get_int(root, "last signal", 0),
		(long long)value_get_int(root, "last redis update", 0),
		value_get_int(call, "recording", 0) ? "yes" : "no");
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
	if (is_group_word(rest) || str_is(rest, "recording"))
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

/* "" is on; false: no such word. */
static bool parse_switch(struct str word, bool *ret_on)
{
	*ret_on = !word.len || str_is(word, "on") || str_is(word, "enable");
	return *ret_on || str_is(word, "off") || str_is(word, "disable");
}

/* False: there is no such call. */
static bool switch_debug(struct cli *c, struct str call_id, bool on)
{
	struct dict *request = dict_new(), *reply = dict_new();
	char error[PLUGIN_ERROR_BYTES];
	int ret;

	dict_add_str(request, dict_root(request), "call-id", call_id);
	dict_add_int(request, dict_root(request), "on", on);
	ret = c->host->internal(c->host, "debug", dict_root(request), reply, error);
	dict_free(request);
	dict_free(reply);
	if (ret < 0)
		return false;
	cli_print(
		c, "%s debugging for call '%.*s'\n", on ? "Enabled" : "Disabled", STR_ARG(call_id));
	return true;
}

void cli_debug(struct cli *c, struct str rest)
{
	struct str call_id = cli_word(&rest);
	bool on;

	if (!call_id.len)
		cli_print(c, "No call ID specified\n");
	else if (!parse_switch(rest, &on))
		cli_print(c, "Invalid on/off flag ('%.*s') specified\n", STR_ARG(rest));
	else if (!switch_debug(c, call_id, on))
		cli_print(c, "Call ID '%.*s' not found\n", STR_ARG(call_id));
}

static void print_no_call(struct cli *c, struct str call_id)
{
	cli_print(c, "No such call '%.*s'\n", STR_ARG(call_id));
}

static void call_info(struct cli *c, struct str call_id, struct str rest)
{
	(void)rest;
	if (!print_details(c, call_id))
		print_no_call(c, call_id);
}

static void call_terminate(struct cli *c, struct str call_id, struct str rest)
{
	(void)rest;
	if (terminate(c, "call-id", call_id))
		cli_print(c, "\nCall '%.*s' terminated.\n\n", STR_ARG(call_id));
	else
		print_no_call(c, call_id);
}

static void call_debug(struct cli *c, struct str call_id, struct str rest)
{
	bool on;

	if (!parse_switch(rest, &on))
		cli_print(c, "Invalid on/off flag ('%.*s') specified\n", STR_ARG(rest));
	else if (!switch_debug(c, call_id, on))
		print_no_call(c, call_id);
}

/* Changes what `tag` of the call sends. 0, or -errno with its reason in `error`. */
static int tune(struct cli *c, const struct value *root, const struct value *tag, const char *key,
	int64_t value, char *error)
{
	struct dict *request = dict_new(), *reply = dict_new();
	struct str call_id = value_get_str(value_get(root, "call"), "call-id");
	int ret;

	dict_add_str(request, dict_root(request), "call-id", call_id);
	dict_add_str(request, dict_root(request), "tag", value_get_str(tag, "tag"));
	dict_add_int(request, dict_root(request), key, value);
	ret = c->host->internal(c->host, "tune", dict_root(request), reply, error);
	dict_free(request);
	dict_free(reply);
	return ret;
}

static void tag_delay(
	struct cli *c, const struct value *root, const struct value *tag, struct str text)
{
	char error[PLUGIN_ERROR_BYTES];
	int64_t ms;

	if (!value_parse_int(text, &ms) || ms < 0 || tune(c, root, tag, "delay", ms, error) < 0)
		cli_print(c, "Invalid delay %.*s\n", STR_ARG(text));
	else
		cli_print(c, "Setting delay to %lld\n", (long long)ms);
}

static void tag_detect(
	struct cli *c, const struct value *root, const struct value *tag, struct str text)
{
	bool on = str_is(text, "1") || str_is(text, "on");
	char error[PLUGIN_ERROR_BYTES];

	if (!on && !str_is(text, "0") && !str_is(text, "off"))
		cli_print(c, "Invalid on/off flag ('%.*s') specified\n", STR_ARG(text));
	else if (tune(c, root, tag, "detect-dtmf", on, error) < 0)
		cli_print(c, "Audio DTMF detection cannot be changed: %s\n", error);
	else
		cli_print(c, "%s audio DTMF detection\n", on ? "Enabling" : "Disabling");
}

/* What can be asked of one party. */
static void tag_words(
	struct cli *c, const struct value *root, const struct value *tag, struct str rest)
{
	const struct value *tags = value_get(root, "tags");
	struct str word = cli_word(&rest);

	if (str_is(word, "info"))
		print_tag(c, tag, tag == value_first(tags), g_get_real_time());
	else if (!str_is(word, "delay") && !str_is(word, "detect-dtmf"))
		cli_print(c, "Unknown command: %.*s\n", STR_ARG(word));
	else if (!rest.len)
		cli_print(c, "More parameters required.\n");
	else if (str_is(word, "delay"))
		tag_delay(c, root, tag, rest);
	else
		tag_detect(c, root, tag, rest);
}

static void call_tag(struct cli *c, struct str call_id, struct str rest)
{
	struct dict *reply = cli_ask(c, "call", "call-id", call_id);
	struct str wanted = cli_word(&rest);
	const struct value *tags = reply ? value_get(dict_root(reply), "tags") : NULL;
	const struct value *found = NULL;

	value_each (tag, tags)
		if (!found && str_eq(value_get_str(tag, "tag"), wanted))
			found = tag;
	if (!reply)
		print_no_call(c, call_id);
	else if (wanted.len && !found)
		cli_print(c, "No such tag '%.*s'\n", STR_ARG(wanted));
	else if (!rest.len)
		cli_print(c, "More parameters required.\n");
	else
		tag_words(c, dict_root(reply), found, rest);
	dict_free(reply);
}

static const struct {
	const char *word;
	void (*run)(struct cli *c, struct str call_id, struct str rest);
} call_words[] = {
	{ "info", call_info },
	{ "terminate", call_terminate },
	{ "debug", call_debug },
	{ "tag", call_tag },
};

void cli_call(struct cli *c, struct str rest)
{
	struct str call_id = cli_word(&rest), word;

	if (!rest.len) {
		cli_print(c, "More parameters required.\n");
		return;
	}
	word = cli_word(&rest);
	for (unsigned i = 0; i < G_N_ELEMENTS(call_words); i++)
		if (str_is(word, call_words[i].word)) {
			call_words[i].run(c, call_id, rest);
			return;
		}
	cli_print(c, "Unknown command: %.*s\n", STR_ARG(word));
}

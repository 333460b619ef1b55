/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of commands, and a request's way to one of them and back. */
#define LOG_TOPIC LOG_T_CONTROL
#include "control/command.h"

#include "base/clock.h"
#include "api/plugin.h"
#include "control/command_priv.h"
#include "control/proxies.h"
#include "ng/ng.h"
#include "stats/counter.h"
#include "stats/interval.h"

#include <errno.h>

struct command_row {
	const char *name;
	command_fn run;
	enum flags_for flags;
	bool reads_flags;
};

static const struct command_row commands[] = {
	{ "offer", cmd_offer, FLAGS_OFFER, true },
	{ "answer", cmd_answer, FLAGS_ANSWER, true },
	{ "delete", cmd_delete, FLAGS_OTHER, true },
	{ "query", cmd_query, FLAGS_OTHER, false },
	{ "explain", cmd_explain, FLAGS_OTHER, false },
	{ "list", cmd_list, FLAGS_OTHER, false },
	{ "ping", cmd_ping, FLAGS_OTHER, false },
	{ "statistics", cmd_statistics, FLAGS_OTHER, false },
	{ "block media", cmd_block_media, FLAGS_MEDIA, true },
	{ "unblock media", cmd_unblock_media, FLAGS_MEDIA, true },
	{ "silence media", cmd_silence_media, FLAGS_MEDIA, true },
	{ "unsilence media", cmd_unsilence_media, FLAGS_MEDIA, true },
	{ "block DTMF", cmd_block_dtmf, FLAGS_MEDIA, true },
	{ "unblock DTMF", cmd_unblock_dtmf, FLAGS_MEDIA, true },
	{ "play media", cmd_play_media, FLAGS_MEDIA, true },
	{ "stop media", cmd_stop_media, FLAGS_MEDIA, true },
	{ "play DTMF", cmd_play_dtmf, FLAGS_MEDIA, true },
	{ "start recording", cmd_start_recording, FLAGS_OTHER, true },
	{ "pause recording", cmd_pause_recording, FLAGS_OTHER, true },
	{ "stop recording", cmd_stop_recording, FLAGS_OTHER, true },
};

/* What log dumps show at most of a request or reply. */
enum { DUMP_MAX_BYTES = 16384 };

static const struct command_row *find_command(struct str name)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(commands); i++)
		if (str_is(name, commands[i].name))
			return &commands[i];
	return NULL;
}

static const struct plugin_command *find_plugin_command(
	const struct control *control, struct str name)
{
	for (unsigned i = 0; control->plugin_commands && i < control->plugin_commands->len; i++) {
		const struct plugin_command *p = &g_array_index(
			control->plugin_commands, struct plugin_command, i);

		if (str_is(name, p->name))
			return p;
	}
	return NULL;
}

static int run_plugin_command(const struct plugin_command *p, struct command *c, struct err *err)
{
	char error[PLUGIN_ERROR_BYTES] = "The command failed";

	if (p->run(c->request, c->reply, error, p->arg) < 0)
		return err_set(err, EINVAL, "%s", error);
	return 0;
}

void command_print_names(FILE *out)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(commands); i++)
		fprintf(out, "%s\n", commands[i].name);
}

/* Those of a=crypto: logs are kept, and read by more people than signalling is. */
static void hide_keys(GString *text)
{
	static const char before[] = "inline:";
	size_t len = sizeof(before) - 1;

	for (char *at = text->str; *at; at++) {
		if (g_ascii_strncasecmp(at, before, len) != 0)
			continue;
		at += len;
		while (g_ascii_isalnum(*at) || *at == '+' || *at == '/' || *at == '=')
			*at++ = '*';
		at--;
	}
}

GString *command_quote(struct str message)
{
	enum { MAX_BYTES = 500 };
	GString *text = g_string_new_len(message.s, (gssize)MIN(message.len, (size_t)MAX_BYTES));

	g_string_truncate(text, strlen(text->str));
	hide_keys(text);
	return text;
}

static void dump(const char *what, struct str name, const char *word, const struct addr *client,
	const struct value *v)
{
	g_autoptr(GString) text = NULL;
	char addr[ADDR_TEXT];

	if (!log_enabled(LOG_L_DEBUG))
		return;
	text = g_string_new(NULL);
	value_print(v, text, DUMP_MAX_BYTES);
	hide_keys(text);
	log_debug("%s for '%.*s' %s %s: " MARKED("%s"), what, STR_ARG(name), word,
		addr_print(client, addr), MARK(text->str));
}

struct str command_call_id(const struct value *request)
{
	static const char *const spellings[] = { "call-id", "call-ID", "call id", "call ID" };

	for (unsigned i = 0; i < G_N_ELEMENTS(spellings); i++) {
		struct str id = value_get_str(request, spellings[i]);

		if (id.s)
			return id;
	}
	return STR_NULL;
}

/* Into the events of the call that is spoken of, if there is one (yet). */
static void note_event(const struct command *c, enum event_kind kind)
{
	struct call *call = call_table_find(c->control->calls, command_call_id(c->request));
	struct event event = {
		.kind = kind,
		.party = EVENT_NO_PARTY,
		.reason = c->refused,
		.addr = *c->client,
		.number = event_command_find(value_get_str(c->request, "command")),
	};

	if (call)
		event_add(call, &event);
}

/* The flag `debug` of an offer or answer; the request's dump was held back if nobody saw it. */
static void begin_debug(struct command *c, struct str name)
{
	if (!c->o.debug || c->log->debug)
		return;
	c->log->debug = true;
	if (log_level_of(LOG_TOPIC) < LOG_L_DEBUG)
		dump("Dump", name, "from", c->client, c->request);
}

static int run_row(
	const struct command_row *row, struct command *c, struct str name, struct err *err)
{
	bool is_exchange = row->flags == FLAGS_OFFER || row->flags == FLAGS_ANSWER;
	struct call *call;
	int ret;

	if (row->reads_flags) {
		if (!c->time.fetch)
			note_event(c, EVENT_COMMAND);
		ret = flags_read(c->request, row->flags, call_table_settings(c->control->calls),
			c->control->templates, &c->o, c->warnings, err);
		if (ret < 0) {
			reason_count(REASON_UNSUPPORTED);
			c->refused = REASON_UNSUPPORTED;
			note_event(c, EVENT_REFUSED);
			return ret;
		}
	}
	if (is_exchange && c->o.debug)
		begin_debug(c, name);
	ret = row->run(c, err);
	if (ret < 0 && ret != -EINPROGRESS && row->reads_flags)
		note_event(c, EVENT_REFUSED);
	call = ret < 0 || !is_exchange || !c->o.debug
		       ? NULL
		       : call_table_find(c->control->calls, c->o.call_id);
	if (call)
		call->log.debug = true;
	return ret;
}

static int run_named(struct command *c, struct str name, struct err *err)
{
	const struct command_row *row;
	const struct plugin_command *plugin;
	char addr[ADDR_TEXT];

	if (!value_is_str(value_get(c->request, "command")))
		return err_set(err, EINVAL, "Dictionary contains no key \"command\"");
	if (!c->time.fetch) { /* else it has been told before */
		log_info("Received command '%.*s' from %s", STR_ARG(name),
			addr_print(c->client, addr));
		dump("Dump", name, "from", c->client, c->request);
	}
	row = find_command(name);
	if (row)
		return run_row(row, c, name, err);
	plugin = find_plugin_command(c->control, name);
	if (plugin)
		return run_plugin_command(plugin, c, err);
	if (ng_name_find(name) >= 0)
		return err_set(
			err, ENOTSUP, "'%.*s' is not supported by this build", STR_ARG(name));
	return err_set(err, EINVAL, "Unrecognized command");
}

static void finish_reply(struct command *c, int ret, const struct err *err)
{
	char addr[ADDR_TEXT];

	if (ret < 0) {
		counter_add(COUNTER_NG_ERRORS, 1);
		reason_count(REASON_NG_BAD_REQUEST);
		log_warn("Protocol error in packet from %s: %s", addr_print(c->client, addr),
			err->text);
		dict_add_str(c->reply, c->root, "result", STR_LIT("error"));
		dict_add_copy(c->reply, c->root, "error-reason", str_of(err->text));
		return;
	}
	if (c->warnings->len)
		dict_add_copy(c->reply, c->root, "warning",
			(struct str){ c->warnings->str, c->warnings->len });
	dict_add_str(c->reply, c->root, "result", str_of(c->result ? c->result : "ok"));
}

static struct log_context find_log_context(
	const struct control *control, const struct value *request)
{
	struct log_context log = { .call_id = command_call_id(request) };
	const struct call *call = log.call_id.s ? call_table_find(control->calls, log.call_id)
						: NULL;

	log.debug = call && call->log.debug;
	return log;
}

static void note_request(const struct control *control, const struct addr *client, struct str name,
	int64_t elapsed_us, bool error)
{
	int index = ng_name_find(name);

	proxies_note(control->proxies, client, index, elapsed_us, error);
	if (index >= 0)
		interval_note_request((unsigned)index, elapsed_us);
	interval_note_calls(call_table_count(control->calls));
}

struct fetch *command_begin(struct control *control, const struct value *request,
	const struct addr *client, const struct command_time *time, struct dict *reply)
{
	struct log_context log = find_log_context(control, request);
	struct command c = {
		.control = control,
		.request = request,
		.client = client,
		.log = &log,
		.reply = reply,
		.root = dict_root(reply),
		.warnings = g_string_new(NULL),
		.refused = REASON_NG_BAD_REQUEST,
		.time = *time,
	};
	const struct log_context *before = log_set_context(&log);
	struct str name = value_get_str(request, "command");
	int64_t start_us = clock_mono_us(), elapsed_us;
	struct err err;
	char addr[ADDR_TEXT];
	int ret = run_named(&c, name, &err);

	if (ret != -EINPROGRESS) {
		elapsed_us = clock_mono_us() - start_us;
		finish_reply(&c, ret, &err);
		note_request(control, client, name, elapsed_us, ret < 0);
		if (ret >= 0)
			log_info("Replying to '%.*s' from %s (elapsed time %.6f sec)",
				STR_ARG(name), addr_print(client, addr), (double)elapsed_us / 1e6);
		dump("Response dump", name, "to", client, c.root);
	}
	flags_clear(&c.o);
	g_string_free(c.warnings, TRUE);
	log_set_context(before);
	return ret == -EINPROGRESS ? c.time.fetch : NULL;
}

void command_run(struct control *control, const struct value *request, const struct addr *client,
	struct dict *reply)
{
	const struct command_time at_once = { .fetch = NULL };

	command_begin(control, request, client, &at_once, reply);
}

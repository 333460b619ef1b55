/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading and running scripts: the loop over lines, and statements about the world. */
#include "script.h"

#include <errno.h>
#include <stdlib.h>
#include <stdio.h>

#include "../mock/network.h"
#include "../mock/offload.h"
#include "../mock/stored.h"
#include "base/log.h"
#include "control/templates.h"
#include "notation.h"
#include "text.h"
#include "srtp/srtp.h"

enum { LOG_LINES = 60 };

void script_fail(struct script *s, const char *fmt, ...)
{
	va_list args;

	if (script_failed(s))
		return;
	g_string_append_printf(s->why, "%s:%u: ", s->path, s->base + s->at + 1);
	va_start(args, fmt);
	g_string_append_vprintf(s->why, fmt, args);
	va_end(args);
}

char *const *script_block(struct script *s, unsigned *ret_count)
{
	unsigned first = s->at + 1, end = first;

	while (end < s->lines->len && !strncmp(s->lines->pdata[end], "  ", 2))
		end++;
	*ret_count = end - first;
	s->at = end - 1;
	return (char *const *)s->lines->pdata + first;
}

struct call *script_call(struct script *s)
{
	struct call *call = call_table_find(s->world.control.calls, str_of(s->call_id));

	if (!call)
		script_fail(s, "there is no call %s", s->call_id);
	return call;
}

static bool parse_literal(const char *text, struct addr *ret)
{
	const char *colon = strrchr(text, ':');
	struct str ip = { text, colon ? (size_t)(colon - text) : 0 };
	struct addr addr;

	if (ip.len > 2 && text[0] == '[')
		ip = (struct str){ text + 1, ip.len - 2 };
	if (!colon || !addr_parse_ip(ip, &addr))
		return false;
	*ret = addr_with_port(addr, (uint16_t)atoi(colon + 1));
	return true;
}

bool script_addr(struct script *s, const char *text, struct addr *ret)
{
	const char *plus = strchr(text, '+');
	g_autofree char *name = plus ? g_strndup(text, (gsize)(plus - text)) : g_strdup(text);
	const struct port_name *port = port_name_find(s->ports, name);
	const struct addr *peer = g_hash_table_lookup(s->peers, name);

	if (port)
		*ret = port->addr;
	else if (peer)
		*ret = *peer;
	else if (!parse_literal(name, ret)) {
		script_fail(s, "not an address: %s", text);
		return false;
	}
	ret->port += plus ? (uint16_t)atoi(plus + 1) : 0;
	return true;
}

/* --- statements --- */

static void on_log(enum log_level level, const char *line, void *arg)
{
	struct script *s = arg;

	(void)level;
	g_queue_push_tail(&s->log, g_strdup(line));
	if (s->log.length > LOG_LINES)
		g_free(g_queue_pop_head(&s->log));
}

static void look(struct script *s)
{
	for (unsigned i = 0; i < REASON_COUNT; i++)
		s->reasons[i] = reason_total(i);
	for (unsigned i = 0; i < COUNTER_COUNT; i++)
		s->counters[i] = counter_total(i);
}

static void new_call(struct script *s)
{
	g_snprintf(s->call_id, sizeof(s->call_id), "flow-%u", ++s->calls_made);
}

static void open_world(struct script *s)
{
	world_open(&s->world);
	s->opened = true;
	look(s);
	new_call(s);
}

static int setting(const struct value *v, const char *key, int otherwise)
{
	return (int)value_get_int(v, key, otherwise);
}

/* In the order of enum plan_learn and plan_sources; the first is the default. */
static const char *const learning[] = { "heuristic", "delayed", "immediate", "off", NULL };
static const char *const sources[] = { "learned", "signalled", "any", NULL };

static int choice(
	struct script *s, const struct value *v, const char *key, const char *const *choices)
{
	struct str text = value_get_str(v, key);

	for (int i = 0; text.len && choices[i]; i++)
		if (str_is(text, choices[i]))
			return i;
	if (text.len)
		script_fail(s, "no such %s", key);
	return 0;
}

static void statement_settings(struct script *s, const char *rest)
{
	struct call_settings *set = &s->world.settings;
	struct dict *dict = dict_new();
	const struct value *v = dict_root(dict), *ports;

	if (s->opened || !notation_parse(dict, rest, dict_root(dict)))
		script_fail(s, "settings come first, in braces");
	set->timeout_s = setting(v, "timeout", set->timeout_s);
	set->silent_timeout_s = setting(v, "silent-timeout", set->silent_timeout_s);
	set->offer_timeout_s = setting(v, "offer-timeout", set->offer_timeout_s);
	set->final_timeout_s = setting(v, "final-timeout", set->final_timeout_s);
	set->delete_delay_s = setting(v, "delete-delay", set->delete_delay_s);
	set->max_sessions = setting(v, "max-sessions", set->max_sessions);
	set->max_load = setting(v, "max-load", 0);
	set->max_cpu = setting(v, "max-cpu", 0);
	set->max_bandwidth_bytes = setting(v, "max-bandwidth", 0);
	set->tos = setting(v, "tos", set->tos);
	set->cdr_facility = setting(v, "cdr-facility", set->cdr_facility);
	set->rtcp_facility = setting(v, "rtcp-facility", set->rtcp_facility);
	set->dtmf_no_suppress = setting(v, "dtmf-no-suppress", 0);
	set->dtmf_no_log_injects = setting(v, "dtmf-no-log-injects", 0);
	set->dtmf_facility = setting(v, "dtmf-facility", set->dtmf_facility);
	set->learning = (enum plan_learn)choice(s, v, "endpoint-learning", learning);
	set->sources = (enum plan_sources)choice(s, v, "source-policy", sources);
	set->ssrc_reporting = (enum ssrc_reporting)setting(v, "ssrc-reporting", 0);
	set->sip_source = setting(v, "sip-source", set->sip_source);
	set->log_srtp_keys = setting(v, "log-srtp-keys", set->log_srtp_keys);
	s->world.offload = setting(v, "offload", 0);
	s->world.stored = setting(v, "stored", 0);
	set->moh_max_times = (unsigned)setting(v, "moh-max-repeats", 0);
	ports = value_get(v, "ports");
	if (ports) {
		s->world.port_min = (uint16_t)value_int(value_first(ports), 0);
		s->world.port_max = (uint16_t)value_int(value_first(ports)->next, 0);
	}
	dict_free(dict);
}

/* NAME TEXT */
static void statement_template(struct script *s, const char *rest)
{
	g_auto(GStrv) words = g_strsplit(rest, " ", 2);

	templates_add(s->world.templates, words[0], words[1] ? words[1] : "");
}

static void statement_time(struct script *s, const char *rest)
{
	world_advance(&s->world, (int64_t)(g_ascii_strtod(rest, NULL) * 1000000));
}

static void statement_hold(struct script *s, const char *rest)
{
	if (!strcmp(rest, "workers"))
		s->world.hold_workers = true;
	else if (!strcmp(rest, "control"))
		s->world.hold_control = true;
	else
		script_fail(s, "hold workers, or hold control");
}

static void statement_release(struct script *s, const char *rest)
{
	if (!*rest || !strcmp(rest, "workers"))
		s->world.hold_workers = false;
	if (!*rest || !strcmp(rest, "control"))
		s->world.hold_control = false;
	world_run(&s->world);
}

static void statement_run(struct script *s, const char *rest)
{
	unsigned index;

	if (!strcmp(rest, "packets"))
		mock_run();
	else if (!strcmp(rest, "control"))
		world_run_control(&s->world);
	else if (sscanf(rest, "worker %u", &index) == 1 && index < WORLD_WORKERS)
		media_worker_turn(s->world.workers[index]);
	else
		script_fail(s, "run packets, run control or run worker N");
}

static void statement_move(struct script *s, const char *rest)
{
	struct call *call = script_call(s);
	unsigned index;

	if (sscanf(rest, "worker %u", &index) != 1)
		script_fail(s, "move worker N");
	if (script_failed(s))
		return;
	call_move(call, index);
	world_run(&s->world);
}

static void expect_number(struct script *s, const char *what, unsigned long got, const char *text)
{
	if (got != strtoul(text, NULL, 10))
		script_fail(s, "%s: expected %s, got %lu", what, text, got);
}

static void statement_ports(struct script *s, const char *rest)
{
	if (strncmp(rest, "used ", 5))
		script_fail(s, "ports used N");
	else
		expect_number(s, "ports used", world_ports_used(&s->world), rest + 5);
}

static void statement_calls(struct script *s, const char *rest)
{
	expect_number(s, "calls", call_table_count(s->world.control.calls), rest);
}

static void statement_reason(struct script *s, const char *rest)
{
	g_auto(GStrv) words = g_strsplit(rest, " ", 2);

	for (unsigned i = 0; i < REASON_COUNT; i++) {
		uint64_t total = reason_total(i);

		if (g_strcmp0(words[0], reason_row(i)->name))
			continue;
		expect_number(
			s, rest, (unsigned long)(total - s->reasons[i]), words[1] ? words[1] : "1");
		s->reasons[i] = total;
		return;
	}
	script_fail(s, "no such reason: %s", rest);
}

static void statement_counter(struct script *s, const char *rest)
{
	g_auto(GStrv) words = g_strsplit(rest, " ", 2);

	for (unsigned i = 0; i < COUNTER_COUNT; i++) {
		uint64_t total = counter_total(i);

		if (g_strcmp0(words[0], counter_row(i)->name))
			continue;
		expect_number(s, rest, (unsigned long)(total - s->counters[i]),
			words[1] ? words[1] : "1");
		s->counters[i] = total;
		return;
	}
	script_fail(s, "no such counter: %s", rest);
}

static void statement_log(struct script *s, const char *rest)
{
	bool absent = !strncmp(rest, "no ", 3), found = false;

	for (GList *l = s->log.head; l; l = l->next)
		found |= strstr(l->data, absent ? rest + 3 : rest) != NULL;
	if (found == absent)
		script_fail(s, "%s the log: %s", absent ? "in" : "not in", rest);
}

/* The text of `explain` for the current call has it; "no TEXT": has it not. */
static void statement_explain(struct script *s, const char *rest)
{
	struct dict *request = dict_new(), *reply = dict_new();
	bool absent = !strncmp(rest, "no ", 3);
	g_autoptr(GString) wanted = g_string_new(absent ? rest + 3 : rest);
	struct str text;

	text_put_addresses(wanted);
	text_put_ports(wanted, s->ports);
	dict_add_str(request, dict_root(request), "command", STR_LIT("explain"));
	dict_add_str(request, dict_root(request), "call-id", str_of(s->call_id));
	command_run(&s->world.control, dict_root(request), &s->world.client, reply);
	text = value_get_str(dict_root(reply), "text");
	if (!text.s || (strstr(text.s, wanted->str) != NULL) == absent)
		script_fail(s, "%s: %s\n%.*s", absent ? "in it" : "not in it", wanted->str,
			STR_ARG(text));
	dict_free(request);
	dict_free(reply);
}

/* What the machine's sampler would say from now on. */
static void statement_load(struct script *s, const char *rest)
{
	struct dict *dict = dict_new();
	const struct value *v = dict_root(dict);
	struct load load;

	if (!notation_parse(dict, rest, dict_root(dict)))
		script_fail(s, "load {average: N, cpu: N, bandwidth: N}");
	load.average_hundredths = 100 * (unsigned)setting(v, "average", 0);
	load.cpu_percent = setting(v, "cpu", 0);
	load.bytes_per_s = (uint64_t)setting(v, "bandwidth", 0);
	call_table_set_load(s->world.control.calls, &load);
	dict_free(dict);
}

static void statement_tos(struct script *s, const char *rest)
{
	g_auto(GStrv) words = g_strsplit(rest, " ", 2);
	struct addr addr;

	if (script_addr(s, words[0] ? words[0] : "", &addr))
		expect_number(s, "TOS", (unsigned long)mock_tos(&addr), words[1] ? words[1] : "");
}

static void statement_open(struct script *s, const char *rest)
{
	struct addr addr;

	if (script_addr(s, rest, &addr) && !mock_is_open(&addr))
		script_fail(s, "%s is not open", rest);
}

static void statement_closed(struct script *s, const char *rest)
{
	struct addr addr;

	if (script_addr(s, rest, &addr) && mock_is_open(&addr))
		script_fail(s, "%s is still open", rest);
}

static void statement_peer(struct script *s, const char *rest)
{
	g_auto(GStrv) words = g_strsplit(rest, " ", 2);
	struct addr addr;

	if (words[0] && words[1] && script_addr(s, words[1], &addr))
		g_hash_table_insert(s->peers, g_strdup(words[0]), g_memdup2(&addr, sizeof(addr)));
}

/* nat INSIDE OUTSIDE open|restricted|symmetric */
static void put_behind_nat(struct script *s, const char *rest)
{
	g_auto(GStrv) words = g_strsplit(rest, " ", 4);
	enum mock_nat_kind kind = MOCK_NAT_OPEN;
	struct addr inside, outside;

	if (g_strv_length(words) != 4) {
		script_fail(s, "network nat INSIDE OUTSIDE KIND");
		return;
	}
	if (!strcmp(words[3], "restricted"))
		kind = MOCK_NAT_RESTRICTED;
	else if (!strcmp(words[3], "symmetric"))
		kind = MOCK_NAT_SYMMETRIC;
	if (script_addr(s, words[1], &inside) && script_addr(s, words[2], &outside))
		mock_nat(&inside, &outside, kind);
}

static void statement_network(struct script *s, const char *rest)
{
	struct addr addr;

	if (!strcmp(rest, "open fails"))
		mock_fail_open(EMFILE, 1);
	else if (!strcmp(rest, "address gone"))
		mock_fail_open(EADDRNOTAVAIL, 1);
	else if (!strcmp(rest, "send fails"))
		mock_fail_send(EPERM, 1);
	else if (!strcmp(rest, "send queue full"))
		mock_fail_send(EAGAIN, 1);
	else if (!strncmp(rest, "refuses ", 8) && script_addr(s, rest + 8, &addr))
		mock_refuse(&addr);
	else if (!strncmp(rest, "nat ", 4))
		put_behind_nat(s, rest);
	else
		script_fail(s, "network: what?");
}

/* offloaded COUNT; offload refuses, expires */
static void statement_offloaded(struct script *s, const char *rest)
{
	unsigned count;

	if (!s->world.offload || sscanf(rest, "%u", &count) != 1)
		script_fail(s, "offloaded COUNT, with the setting offload");
	else if (mock_offload_count() != count)
		script_fail(s, "%u targets", mock_offload_count());
}

static void statement_offload(struct script *s, const char *rest)
{
	if (!s->world.offload)
		script_fail(s, "without the setting offload");
	else if (!strcmp(rest, "refuses"))
		mock_offload_refuse(ENOSPC, 1);
	else if (!strcmp(rest, "expires"))
		mock_offload_expire();
	else
		script_fail(s, "offload refuses, or offload expires");
}

/* store ID BYTES; store fails CAUSE */
static void statement_store(struct script *s, const char *rest)
{
	unsigned id, bytes;

	if (!s->world.stored) {
		script_fail(s, "without the setting stored");
	} else if (!strncmp(rest, "fails ", 6)) {
		g_free(s->cause);
		s->cause = g_strdup(rest + 6);
		mock_store_fail(s->cause);
	} else if (sscanf(rest, "%u %u", &id, &bytes) == 2) {
		mock_store_fail(NULL);
		mock_store_put(id, 'a', bytes);
	} else {
		script_fail(s, "store ID BYTES, or store fails CAUSE");
	}
}

static void statement_json(struct script *s, const char *rest)
{
	(void)rest;
	s->json = true;
}

static void statement_lf(struct script *s, const char *rest)
{
	(void)rest;
	s->lf = true;
}

static void statement_remark(struct script *s, const char *rest)
{
	if (!strcmp(rest, "fresh call"))
		new_call(s);
}

/* --- running --- */

static void statement_repeat(struct script *s, const char *rest);

static const struct {
	const char *word;
	void (*run)(struct script *s, const char *rest);
} statements[] = {
	{ "#", statement_remark },
	{ ">", statement_request },
	{ "<", statement_reply },
	{ "bytes", statement_wire },
	{ "calls", statement_calls },
	{ "closed", statement_closed },
	{ "counter", statement_counter },
	{ "expect", statement_expect },
	{ "explain", statement_explain },
	{ "hold", statement_hold },
	{ "json", statement_json },
	{ "lf", statement_lf },
	{ "load", statement_load },
	{ "log", statement_log },
	{ "move", statement_move },
	{ "network", statement_network },
	{ "offload", statement_offload },
	{ "offloaded", statement_offloaded },
	{ "open", statement_open },
	{ "peer", statement_peer },
	{ "ports", statement_ports },
	{ "raw", statement_raw },
	{ "reason", statement_reason },
	{ "release", statement_release },
	{ "remember", statement_remember },
	{ "repeat", statement_repeat },
	{ "rtcp", statement_rtcp },
	{ "rtp", statement_rtp },
	{ "run", statement_run },
	{ "settings", statement_settings },
	{ "store", statement_store },
	{ "template", statement_template },
	{ "time", statement_time },
	{ "tos", statement_tos },
	{ "unchanged", statement_unchanged },
};

static void run_line(struct script *s)
{
	const char *line = s->lines->pdata[s->at];
	size_t word = strcspn(line, " ");
	const char *rest = line + word + (line[word] == ' ');

	if (!*line)
		return;
	for (unsigned i = 0; i < G_N_ELEMENTS(statements); i++) {
		if (strlen(statements[i].word) != word || strncmp(line, statements[i].word, word))
			continue;
		if (!s->opened && statements[i].run != statement_settings &&
			statements[i].run != statement_remark)
			open_world(s);
		statements[i].run(s, rest);
		return;
	}
	script_fail(s, "no such statement: %s", line);
}

static void run_lines(struct script *s)
{
	for (s->at = 0; s->at < s->lines->len && !script_failed(s); s->at++)
		run_line(s);
}

/* The lines up to "end", N times, with %n in them counting from 1. */
static void statement_repeat(struct script *s, const char *rest)
{
	unsigned first = s->at + 1, last = first, times = (unsigned)atoi(rest);
	unsigned base = s->base;
	GPtrArray *all = s->lines;

	while (last < all->len && strcmp(all->pdata[last], "end"))
		last++;
	for (unsigned n = 1; n <= times && !script_failed(s); n++) {
		char number[16];

		g_snprintf(number, sizeof(number), "%u", n);
		s->lines = g_ptr_array_new_with_free_func(g_free);
		s->base = base + first;
		for (unsigned i = first; i < last; i++) {
			GString *line = g_string_new(all->pdata[i]);

			g_string_replace(line, "%n", number, 0);
			g_ptr_array_add(s->lines, g_string_free(line, FALSE));
		}
		run_lines(s);
		g_ptr_array_unref(s->lines);
	}
	s->lines = all;
	s->base = base;
	s->at = last;
}

static void add_peer(struct script *s, const char *name, const char *text)
{
	struct addr addr;

	if (parse_literal(text, &addr))
		g_hash_table_insert(s->peers, g_strdup(name), g_memdup2(&addr, sizeof(addr)));
}

static void free_context(gpointer context)
{
	srtp_context_free(context);
}

static void script_init(struct script *s, const char *path)
{
	*s = (struct script){ .path = path, .next_seq = 1000 };
	s->lines = g_ptr_array_new_with_free_func(g_free);
	s->why = g_string_new(NULL);
	s->ports = port_names_new();
	s->peers = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	s->keys = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_context);
	s->sent_sdp = g_string_new(NULL);
	for (unsigned i = 0; i < PACKET_KINDS; i++)
		s->sent[i] = g_byte_array_new();
	g_queue_init(&s->log);
	add_peer(s, "A", "192.0.2.10:41000");
	add_peer(s, "B", "198.51.100.20:42000");
	world_defaults(&s->world);
	log_set_level(LOG_L_INFO);
	log_set_sink(on_log, s);
}

static void script_clear(struct script *s)
{
	log_set_sink(NULL, NULL);
	g_ptr_array_unref(s->lines);
	g_string_free(s->why, TRUE);
	g_array_unref(s->ports);
	g_hash_table_unref(s->peers);
	g_hash_table_unref(s->keys);
	g_string_free(s->sent_sdp, TRUE);
	dict_free(s->reply);
	if (s->reply_bytes)
		g_string_free(s->reply_bytes, TRUE);
	if (s->state)
		g_string_free(s->state, TRUE);
	for (unsigned i = 0; i < PACKET_KINDS; i++)
		g_byte_array_unref(s->sent[i]);
	g_queue_clear_full(&s->log, g_free);
	g_free(s->cause);
}

static bool read_script(struct script *s)
{
	g_autofree char *text = NULL;
	g_auto(GStrv) lines = NULL;

	if (!g_file_get_contents(s->path, &text, NULL, NULL))
		return false;
	lines = g_strsplit(text, "\n", -1);
	for (char **l = lines; *l; l++)
		g_ptr_array_add(s->lines, g_strdup(*l));
	return true;
}

static void end_world(struct script *s)
{
	plan_free(s->plan);
	world_end_calls(&s->world);
	if (world_leaks(&s->world))
		script_fail(s, "left when all calls were over: %u ports used, %u open",
			world_ports_used(&s->world), mock_open_count());
	world_close(&s->world);
}

void script_run(const char *path)
{
	struct script s;

	script_init(&s, path);
	if (!read_script(&s))
		script_fail(&s, "cannot be read");
	run_lines(&s);
	if (s.opened)
		end_world(&s);
	if (script_failed(&s)) {
		for (GList *l = s.log.head; l; l = l->next)
			g_test_message("log: %s", (const char *)l->data);
		g_test_message("%s", s.why->str);
		g_test_fail_printf("%s", s.why->str);
	}
	script_clear(&s);
}

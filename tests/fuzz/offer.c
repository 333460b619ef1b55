/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Commands from outside, carried out: the input is documents (bencode or JSON) with a record
 * separator (0x1e) between them; what is neither is taken for a body and offered and answered.
 * Single letters let workers fall behind (h), catch up (r), and move the call (m). Nothing may
 * crash, calls must survive being compiled, and when they are gone nothing is left.
 */
#include "../mock/world.h"

#include <stdlib.h>

#include "../mock/codecs.h"
#include "../mock/network.h"
#include "base/log.h"
#include "media/plan.h"
#include "ng/ng.h"

enum { MAX_DOCUMENTS = 16, SEPARATOR = 0x1e, MAX_CALLS = 16 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct world world;

static void ignore_log(enum log_level level, const char *line, void *arg)
{
	(void)level;
	(void)line;
	(void)arg;
}

static void open_once(void)
{
	static bool opened;

	if (opened)
		return;
	opened = true;
	mock_codecs_add();
	log_set_sink(ignore_log, NULL);
	log_set_level(LOG_L_DEBUG);
	world_defaults(&world);
	/* Few enough to run out of. */
	world.port_max = 30099;
	world.settings.max_sessions = MAX_CALLS;
	world_open(&world);
}

static void run(const struct value *request)
{
	struct dict *reply = dict_new();
	GString *out = g_string_new(NULL);

	command_run(&world.control, request, &world.client, reply);
	if (!value_get_str(dict_root(reply), "result").s)
		abort();
	bencode_encode(dict_root(reply), out);
	g_string_truncate(out, 0);
	json_encode(dict_root(reply), out);
	g_string_free(out, TRUE);
	dict_free(reply);
	world_run(&world);
}

static void run_command(const char *command, struct str body, const char *from, const char *to)
{
	struct dict *request = dict_new();
	struct value *root = dict_root(request);

	dict_add_str(request, root, "command", str_of(command));
	dict_add_str(request, root, "call-id", STR_LIT("c"));
	if (from)
		dict_add_str(request, root, "from-tag", str_of(from));
	if (to)
		dict_add_str(request, root, "to-tag", str_of(to));
	if (body.s)
		dict_add_str(request, root, "sdp", body);
	run(root);
	dict_free(request);
}

static void run_body(struct str body)
{
	run_command("offer", body, "A", NULL);
	run_command("answer", body, "A", "B");
	run_command("offer", body, "B", "A");
	run_command("query", STR_NULL, NULL, NULL);
	run_command("explain", STR_NULL, NULL, NULL);
	run_command("delete", STR_NULL, "A", NULL);
}

static void run_step(char step)
{
	struct call *call = call_table_find(world.control.calls, STR_LIT("c"));

	if (step == 'h')
		world.hold_workers = true;
	else if (step == 'r')
		world.hold_workers = false;
	else if (step == 'm' && call)
		call_move(call, !call->worker);
	world_run(&world);
}

static void run_document(struct str doc)
{
	struct dict *request;
	int ret;

	if (doc.len == 1) {
		run_step(*doc.s);
		return;
	}
	ret = doc.len && *doc.s == '{' ? json_decode(doc, &request, NULL)
				       : bencode_decode(doc, &request, NULL);

	if (ret < 0) {
		run_body(doc);
		return;
	}
	run(dict_root(request));
	dict_free(request);
}

static bool check_call(struct call *call, void *arg)
{
	GPtrArray *calls = arg;
	struct model *copy = model_copy(call->model);
	struct plan *plan = call_compile(call, call->model), *again = call_compile(call, copy);

	if (!plan_equal(plan, again))
		abort();
	plan_free(plan);
	plan_free(again);
	model_free(copy);
	g_ptr_array_add(calls, call);
	return true;
}

static void end_calls(void)
{
	GPtrArray *calls = g_ptr_array_new();

	world.hold_workers = false;
	call_table_each(world.control.calls, check_call, calls);
	for (unsigned i = 0; i < calls->len; i++)
		call_end(calls->pdata[i], REASON_DELETED);
	g_ptr_array_unref(calls);
	world_run(&world);
	if (world_leaks(&world))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str rest = { (const char *)data, size }, doc;

	open_once();
	for (unsigned i = 0; i < MAX_DOCUMENTS && str_cut(&rest, SEPARATOR, &doc); i++)
		run_document(doc);
	end_calls();
	return 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fragments of trickle ICE: between the offer and the answer of a call whose sections speak ICE, and
 * around the re-offer that begins it anew, pieces of the input (separated by 0x1e) come as fragments
 * of both parties; of a single byte is made time. Nothing may crash, what waits is bounded, a call
 * compiles to the same plan twice, and what waited for 3 s is gone.
 */
#include "../mock/world.h"

#include <stdlib.h>

#include "../mock/codecs.h"
#include "base/log.h"
#include "call/fragment.h"
#include "call/table_priv.h"
#include "media/plan.h"

enum { MAX_PIECES = 32, SEPARATOR = 0x1e, REOFFER_AT = 4 };

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
	world_open(&world);
}

static void run(
	const char *command, struct str body, const char *from, const char *to, bool fragment)
{
	struct dict *request = dict_new(), *reply = dict_new();
	struct value *root = dict_root(request), *bundle = dict_add_list(request, root, "bundle");

	dict_add_str(request, bundle, NULL, STR_LIT("accept"));
	dict_add_str(request, root, "command", str_of(command));
	dict_add_str(request, root, "call-id", STR_LIT("c"));
	dict_add_str(request, root, "from-tag", str_of(from));
	if (to)
		dict_add_str(request, root, "to-tag", str_of(to));
	if (fragment)
		dict_add_str(
			request, dict_add_list(request, root, "flags"), NULL, STR_LIT("fragment"));
	dict_add_str(request, root, "sdp", body);
	command_run(&world.control, root, &world.client, reply);
	if (!value_get_str(dict_root(reply), "result").s)
		abort();
	dict_free(reply);
	dict_free(request);
	world_run(&world);
}

/* Two sections that may share a transport; credentials by `round`. */
static void signal_all(const char *command, const char *from, const char *to, unsigned round)
{
	static const char *const types[] = { "audio 4000 RTP/AVP 0", "video 4002 RTP/AVP 96" };
	GString *body = g_string_new("v=0\r\no=- 1 1 IN IP4 198.51.100.10\r\ns=-\r\n"
				     "c=IN IP4 198.51.100.10\r\nt=0 0\r\na=group:BUNDLE 0 1\r\n");

	for (unsigned i = 0; i < G_N_ELEMENTS(types); i++)
		g_string_append_printf(body,
			"m=%s\r\na=mid:%u\r\na=rtcp-mux\r\na=ice-options:trickle\r\n"
			"a=ice-ufrag:uf%u%s\r\na=ice-pwd:0123456789abcdefghij%u%s\r\n",
			types[i], i, round, from, round, from);
	run(command, (struct str){ body->str, body->len }, from, to, false);
	g_string_free(body, TRUE);
}

static void check_waiting(void)
{
	const struct call_table *table = world.control.calls;

	if (table->fragments.length > FRAGMENTS_MAX || table->fragment_bytes > FRAGMENTS_MAX_BYTES)
		abort();
}

static void check_call(const struct call *call)
{
	struct plan *plan = call_compile(call, call->model);
	struct plan *again = call_compile(call, call->model);

	if (!plan_equal(plan, again))
		abort();
	plan_free(plan);
	plan_free(again);
}

static void do_piece(struct str piece, unsigned number)
{
	if (piece.len == 1)
		world_advance(&world, (uint8_t)*piece.s * INT64_C(10000));
	else if (number % 2)
		run("answer", piece, "A", "B", true);
	else
		run("offer", piece, "A", NULL, true);
	check_waiting();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str rest = { (const char *)data, size }, piece;
	struct call *call;

	open_once();
	for (unsigned i = 0; i < MAX_PIECES && str_cut(&rest, SEPARATOR, &piece); i++) {
		do_piece(piece, i);
		if (i % REOFFER_AT == 0)
			signal_all("offer", "A", i ? "B" : NULL, i / REOFFER_AT);
		else if (i % REOFFER_AT == 2)
			signal_all("answer", "A", "B", i / REOFFER_AT);
	}
	call = call_table_find(world.control.calls, STR_LIT("c"));
	if (call) {
		check_call(call);
		call_end(call, REASON_DELETED);
	}
	world_run(&world);
	world_advance(&world, FRAGMENT_WAITS_US + 1000000);
	if (world.control.calls->fragments.length || world_leaks(&world))
		abort();
	return 0;
}

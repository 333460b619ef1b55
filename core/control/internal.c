/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of internal commands. */
#include "control/internal.h"

#include "call/select.h"
#include "control/command_priv.h"
#include "control/settings.h"
#include "control/statistics.h"

#include <errno.h>

/* One internal command being carried out. */
struct job {
	struct control *control;
	const struct value *request;
	struct dict *reply;
	struct value *root; /* of the reply */
};

static const int64_t SECOND_US = 1000000;

static int run_sessions(const struct job *j, struct err *err)
{
	(void)err;
	statistics_sessions(j->control, j->reply, j->root);
	return 0;
}

static void add_call(const struct job *j, struct value *v, const struct call *call)
{
	char text[ADDR_TEXT];

	dict_add_copy(j->reply, v, "call-id", call->id);
	dict_add_int(j->reply, v, "deletion", call->model->delete_at_us != 0);
	dict_add_int(j->reply, v, "recording", call->model->recording_mode == RECORDING_ON);
	dict_add_int(j->reply, v, "created", call->created_wall_us / SECOND_US);
	dict_add_copy(j->reply, v, "proxy", str_of(addr_print(&call->created_from, text)));
}

struct listing {
	const struct job *job;
	struct value *calls;
	bool recording; /* only those */
};

static bool list_call(struct call *call, void *arg)
{
	struct listing *l = arg;

	if (l->recording && call->model->recording_mode != RECORDING_ON)
		return true;
	add_call(l->job, dict_add_dict(l->job->reply, l->calls, NULL), call);
	return true;
}

/* Every call is our own. */
static bool concerns_own(const struct job *j)
{
	return !str_is(value_get_str(j->request, "which"), "foreign");
}

static int run_list(const struct job *j, struct err *err)
{
	struct listing l = { j, dict_add_list(j->reply, j->root, "calls"),
		str_is(value_get_str(j->request, "which"), "recording") };

	(void)err;
	if (concerns_own(j))
		call_table_each(j->control->calls, list_call, &l);
	return 0;
}

static int run_call(const struct job *j, struct err *err)
{
	struct str id = value_get_str(j->request, "call-id");
	const struct call *call = call_table_find(j->control->calls, id);
	struct command c = { .control = j->control, .reply = j->reply, .root = j->root };

	if (!call)
		return err_set(err, ENOENT, "There is no such call");
	reply_add_call(&c, call, NULL);
	add_call(j, dict_add_dict(j->reply, j->root, "call"), call);
	dict_add_int(j->reply, j->root, "tos", call->model->tos);
	return 0;
}

static int run_tune(const struct job *j, struct err *err)
{
	int64_t delay_ms = value_get_int(j->request, "delay", -1);
	int64_t detect = value_get_int(j->request, "detect-dtmf", -1);
	struct party_tuning tuning = { (int)CLAMP(delay_ms, -1, INT_MAX), (int)detect };

	return call_tune(j->control->calls, value_get_str(j->request, "call-id"),
		value_get_str(j->request, "tag"), &tuning, err);
}

static int run_debug(const struct job *j, struct err *err)
{
	struct str id = value_get_str(j->request, "call-id");
	struct call *call = call_table_find(j->control->calls, id);

	if (!call)
		return err_set(err, ENOENT, "There is no such call");
	call->log.debug = value_get_int(j->request, "on", 1) != 0;
	return 0;
}

static int run_explain(const struct job *j, struct err *err)
{
	struct command c = {
		.control = j->control,
		.request = j->request,
		.reply = j->reply,
		.root = j->root,
	};

	return cmd_explain(&c, err);
}

static int run_terminate(const struct job *j, struct err *err)
{
	struct str id = value_get_str(j->request, "call-id");
	unsigned count = 0;

	if (id.s)
		count = call_table_terminate(j->control->calls, id);
	else if (concerns_own(j))
		count = call_table_terminate_all(j->control->calls);
	if (id.s && !count)
		return err_set(err, ENOENT, "There is no such call");
	dict_add_int(j->reply, j->root, "count", count);
	return 0;
}

static int run_statistics(const struct job *j, struct err *err)
{
	(void)err;
	statistics_to_dict(j->control, j->reply, j->root);
	return 0;
}

static int run_totals(const struct job *j, struct err *err)
{
	(void)err;
	statistics_totals(j->control, j->reply, j->root);
	return 0;
}

static int run_interfaces(const struct job *j, struct err *err)
{
	(void)err;
	statistics_interfaces(j->control, j->reply, dict_add_list(j->reply, j->root, "interfaces"));
	return 0;
}

static int run_transcoders(const struct job *j, struct err *err)
{
	(void)err;
	statistics_transcoders(j->reply, dict_add_list(j->reply, j->root, "transcoders"));
	return 0;
}

static int run_log_levels(const struct job *j, struct err *err)
{
	struct value *list = dict_add_list(j->reply, j->root, "levels");

	(void)err;
	for (unsigned i = 0; i < LOG_TOPIC_COUNT; i++) {
		struct value *v = dict_add_dict(j->reply, list, NULL);

		dict_add_str(j->reply, v, "name", str_of(log_topic_row(i)->name));
		dict_add_str(j->reply, v, "text", str_of(log_topic_row(i)->text));
		dict_add_int(j->reply, v, "level", log_topic_level(i));
	}
	return 0;
}

static int run_options(const struct job *j, struct err *err)
{
	(void)err;
	settings_to_dict(j->control->settings, j->reply, j->root);
	return 0;
}

static int run_set(const struct job *j, struct err *err)
{
	g_autofree char *name = NULL, *value = NULL;
	struct str n = value_get_str(j->request, "name"), v = value_get_str(j->request, "value");

	if (!n.s || !v.s)
		return err_set(err, EINVAL, "No name or no value");
	name = g_strndup(n.s, n.len);
	value = g_strndup(v.s, v.len);
	return settings_set(j->control->settings, name, value, err);
}

static int run_revert(const struct job *j, struct err *err)
{
	(void)err;
	settings_revert(j->control->settings);
	return 0;
}

static const struct {
	const char *name;
	int (*run)(const struct job *j, struct err *err);
	bool needs_settings;
} commands[] = {
	{ "sessions", run_sessions, false },
	{ "list", run_list, false },
	{ "call", run_call, false },
	{ "tune", run_tune, false },
	{ "debug", run_debug, false },
	{ "explain", run_explain, false },
	{ "terminate", run_terminate, false },
	{ "statistics", run_statistics, false },
	{ "totals", run_totals, false },
	{ "interfaces", run_interfaces, false },
	{ "transcoders", run_transcoders, false },
	{ "log-levels", run_log_levels, false },
	{ "options", run_options, true },
	{ "set", run_set, true },
	{ "revert", run_revert, true },
};

int internal_run(struct control *control, const char *name, const struct value *request,
	struct dict *reply, struct err *err)
{
	struct job j = { control, request, reply, dict_root(reply) };

	for (unsigned i = 0; i < G_N_ELEMENTS(commands); i++) {
		if (strcmp(commands[i].name, name) != 0)
			continue;
		if (commands[i].needs_settings && !control->settings)
			return err_set(err, ENOTSUP, "There are no options here");
		return commands[i].run(&j, err);
	}
	return err_set(err, ENOSYS, "There is no command '%s'", name);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Options read, changed and put back at run time. */
#define LOG_TOPIC LOG_T_CONTROL
#include "control/settings.h"

#include "base/log.h"

#include <errno.h>
#include <string.h>

#include <glib.h>

static const char MASK[] = "***";

struct settings {
	struct option_values *values;
	const struct option_table *table;
	char **start; /* one text per row */
	settings_apply_fn apply;
	void *arg;
};

struct settings *settings_new(struct option_values *values, settings_apply_fn apply, void *arg)
{
	struct settings *s = g_new0(struct settings, 1);

	s->values = values;
	s->table = option_table_of(values);
	s->apply = apply;
	s->arg = arg;
	s->start = g_new0(char *, s->table->count + 1);
	for (unsigned i = 0; i < s->table->count; i++)
		s->start[i] = option_text(values, &s->table->options[i]);
	return s;
}

void settings_free(struct settings *s)
{
	if (!s)
		return;
	g_strfreev(s->start);
	g_free(s);
}

const struct option *settings_find(const struct settings *s, const char *name)
{
	return option_find(s->table, name);
}

/* Signals change the log level, too. */
char *settings_text(const struct settings *s, const struct option *option)
{
	if (strcmp(option->name, "log-level") == 0)
		return g_strdup_printf("%d", (int)log_level());
	return option_text(s->values, option);
}

const char *settings_item(const struct settings *s, const struct option *option, unsigned index)
{
	return option_item(s->values, option, index);
}

int settings_set(struct settings *s, const char *name, const char *text, struct err *err)
{
	const struct option *option = option_find(s->table, name);
	int ret;

	if (!option)
		return err_set(err, ENOENT, "There is no option '%s'", name);
	ret = option_change(s->values, option, text, err);
	if (ret < 0)
		return ret;
	s->apply(name, s->arg);
	return 0;
}

/* Passwords of their own, and those in front of an address. */
static char *masked(const struct option *option, char *text)
{
	char *at = strrchr(text, '@');
	char *result;

	if (option->secret && *text) {
		g_free(text);
		return g_strdup(MASK);
	}
	if (!g_str_has_prefix(option->name, "redis") || !at)
		return text;
	result = g_strconcat(MASK, at, NULL);
	g_free(text);
	return result;
}

void settings_to_dict(const struct settings *s, struct dict *dict, struct value *into)
{
	struct value *list = dict_add_list(dict, into, "options");

	for (unsigned i = 0; i < s->table->count; i++) {
		const struct option *option = &s->table->options[i];
		g_autofree char *now = masked(option, settings_text(s, option));
		g_autofree char *start = masked(option, g_strdup(s->start[i]));
		struct value *v;

		if (option->command_line_only || (option->hidden && option->unavailable))
			continue;
		v = dict_add_dict(dict, list, NULL);
		dict_add_str(dict, v, "name", str_of(option->name));
		dict_add_copy(dict, v, "value", str_of(now));
		dict_add_copy(dict, v, "start", str_of(start));
		dict_add_int(dict, v, "settable", option->run_time && !option->unavailable);
	}
}

void settings_revert(struct settings *s)
{
	for (unsigned i = 0; i < s->table->count; i++) {
		const struct option *option = &s->table->options[i];
		g_autofree char *now = settings_text(s, option);
		struct err err;

		if (!option->run_time || option->unavailable || !strcmp(now, s->start[i]))
			continue;
		if (settings_set(s, option->name, s->start[i], &err) < 0)
			log_err("Option --%s cannot be put back: %s", option->name, err.text);
	}
}

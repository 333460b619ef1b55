/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Options read, changed and put back while running. */
#include "control/settings.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <glib.h>

static struct things {
	int number, fixed, missing;
	double real;
	char *secret, *redis;
	char **list;
	bool flag;
} things;

#define AT(field) offsetof(struct things, field)
static const struct option options[] = {
	{ .name = "number",
		.type = OPTION_INT,
		.offset = AT(number),
		.preset = "5",
		.min = 0,
		.max = 10,
		.run_time = true,
		.range_error = "No number {}",
		.help = "n" },
	{ .name = "real",
		.type = OPTION_DOUBLE,
		.offset = AT(real),
		.preset = "1.5",
		.run_time = true,
		.help = "r" },
	{ .name = "fixed", .type = OPTION_INT, .offset = AT(fixed), .preset = "1", .help = "f" },
	{ .name = "missing",
		.type = OPTION_INT,
		.offset = AT(missing),
		.run_time = true,
		.unavailable = "not built",
		.help = "m" },
	{ .name = "mysql-pass",
		.secret = true,
		.type = OPTION_STRING,
		.offset = AT(secret),
		.preset = "secret",
		.help = "s" },
	{ .name = "redis",
		.type = OPTION_STRING,
		.offset = AT(redis),
		.preset = "pw@h:1/2",
		.help = "d" },
	{ .name = "list", .type = OPTION_LIST, .offset = AT(list), .preset = "a;b", .help = "l" },
	{ .name = "flag", .type = OPTION_FLAG, .offset = AT(flag), .run_time = true, .help = "b" },
};
static const struct option_table table = { options, G_N_ELEMENTS(options) };

static struct option_values *values;
static struct settings *settings;
static GString *applied;
static struct err err;

static void apply(const char *name, void *arg)
{
	g_assert_true(arg == &table);
	g_string_append_printf(applied, "%s ", name);
}

static void begin(void)
{
	values = option_values_new(&table, &things);
	settings = settings_new(values, apply, (void *)&table);
	applied = g_string_new(NULL);
}

static void end(void)
{
	settings_free(settings);
	option_values_free(values);
	g_string_free(applied, TRUE);
}

static void test_set(void)
{
	begin();
	g_assert_cmpint(settings_set(settings, "number", "7", &err), ==, 0);
	g_assert_cmpint(things.number, ==, 7);
	g_assert_cmpint(settings_set(settings, "real", "0.25", &err), ==, 0);
	g_assert_cmpfloat(things.real, ==, 0.25);
	g_assert_cmpstr(applied->str, ==, "number real ");
	end();
}

static void test_refused(void)
{
	begin();
	g_assert_cmpint(settings_set(settings, "nothing", "7", &err), ==, -ENOENT);
	g_assert_cmpint(settings_set(settings, "fixed", "7", &err), ==, -ENOTSUP);
	g_assert_cmpint(settings_set(settings, "missing", "7", &err), ==, -ENOTSUP);
	g_assert_cmpint(settings_set(settings, "flag", "true", &err), ==, -ENOTSUP);
	g_assert_cmpint(settings_set(settings, "number", "x", &err), ==, -EINVAL);
	g_assert_cmpint(settings_set(settings, "number", "11", &err), ==, -ERANGE);
	g_assert_cmpstr(err.text, ==, "No number 11");
	g_assert_cmpint(settings_set(settings, "number", "-1", &err), ==, -ERANGE);
	g_assert_cmpint(things.number, ==, 5);
	g_assert_cmpint(things.fixed, ==, 1);
	g_assert_cmpstr(applied->str, ==, "");
	end();
}

static void test_revert(void)
{
	begin();
	settings_set(settings, "number", "7", &err);
	settings_set(settings, "real", "2", &err);
	settings_set(settings, "real", "1.5", &err);
	g_string_truncate(applied, 0);
	settings_revert(settings);
	g_assert_cmpint(things.number, ==, 5);
	g_assert_cmpstr(applied->str, ==, "number ");
	end();
}

static void test_printed(void)
{
	static const char *const expected[][4] = {
		{ "number", "7", "5", "1" },
		{ "real", "1.5", "1.5", "1" },
		{ "fixed", "1", "1", "0" },
		{ "missing", "0", "0", "0" },
		{ "mysql-pass", "***", "***", "0" },
		{ "redis", "***@h:1/2", "***@h:1/2", "0" },
	};
	struct dict *dict = dict_new();
	unsigned i = 0;

	begin();
	settings_set(settings, "number", "7", &err);
	settings_to_dict(settings, dict, dict_root(dict));
	value_each (v, value_get(dict_root(dict), "options")) {
		if (i == G_N_ELEMENTS(expected))
			break;
		g_assert_true(str_is(value_get_str(v, "name"), expected[i][0]));
		g_assert_true(str_is(value_get_str(v, "value"), expected[i][1]));
		g_assert_true(str_is(value_get_str(v, "start"), expected[i][2]));
		g_assert_cmpint(value_get_int(v, "settable", -1), ==, atoi(expected[i][3]));
		i++;
	}
	g_assert_cmpuint(i, ==, G_N_ELEMENTS(expected));
	dict_free(dict);
	end();
}

static void test_items(void)
{
	const struct option *option;

	begin();
	option = settings_find(settings, "list");
	g_assert_cmpstr(settings_item(settings, option, 0), ==, "a;b");
	g_assert_null(settings_item(settings, option, 1));
	g_assert_null(settings_item(settings, option, 9));
	end();
}

static const char *lacking(const char *plugin, void *arg)
{
	return strcmp(plugin, "there") == 0 ? NULL : arg;
}

static void test_plugins(void)
{
	static const struct option rows[] = {
		{ .name = "good",
			.type = OPTION_INT,
			.offset = AT(number),
			.preset = "1",
			.provided_by = "there",
			.help = "g" },
		{ .name = "bad",
			.type = OPTION_INT,
			.offset = AT(fixed),
			.preset = "1",
			.provided_by = "absent",
			.help = "b" },
	};
	static const struct option_table small = { rows, G_N_ELEMENTS(rows) };
	struct option_values *v = option_values_new(&small, &things);

	g_assert_cmpint(option_check_plugins(v, lacking, (void *)"gone", &err), ==, 0);
	things.number = 2;
	g_assert_cmpint(option_check_plugins(v, lacking, (void *)"gone", &err), ==, 0);
	things.fixed = 2;
	g_assert_cmpint(option_check_plugins(v, lacking, (void *)"gone", &err), ==, -EINVAL);
	g_assert_cmpstr(err.text, ==, "Option --bad needs plugin 'absent': gone");
	option_values_free(v);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/settings/set", test_set);
	g_test_add_func("/settings/refused", test_refused);
	g_test_add_func("/settings/revert", test_revert);
	g_test_add_func("/settings/printed", test_printed);
	g_test_add_func("/settings/items", test_items);
	g_test_add_func("/settings/plugins", test_plugins);
	return g_test_run();
}

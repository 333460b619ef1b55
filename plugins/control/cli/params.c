/* SPDX-License-Identifier: GPL-3.0-or-later */
/* params (spec daemon 3.4, 3.5): options as they are, as they were at start, and back again. */
#include "cli.h"

/* Where `params diff` has another name or unit than the option. */
static const struct {
	const char *option, *name;
	int64_t factor;
} spellings[] = {
	{ "max-cpu", "max-cpu", 100 },
	{ "max-load", "max-load", 100 },
	{ "max-bandwidth", "max-bw", 1 },
	{ "timeout", "timeout", 1000000 },
	{ "silent-timeout", "silent-timeout", 1000000 },
	{ "final-timeout", "final-timeout", 1000000 },
	{ "offer-timeout", "offer-timeout", 1000000 },
};

static void print_options(struct cli *c, const char *key)
{
	struct dict *reply = cli_ask(c, "options", NULL, STR_NULL);

	if (!reply)
		return;
	value_each (v, value_get(dict_root(reply), "options"))
		cli_print(c, "%.*s = %.*s\n", STR_ARG(value_get_str(v, "name")),
			STR_ARG(value_get_str(v, key)));
	dict_free(reply);
}

static void params_start(struct cli *c, struct str rest)
{
	(void)rest;
	print_options(c, "start");
}

static void params_current(struct cli *c, struct str rest)
{
	(void)rest;
	print_options(c, "value");
}

static int64_t scaled(struct str text, int64_t factor)
{
	g_autofree char *copy = g_strndup(text.s, text.len);
	double number = g_ascii_strtod(copy, NULL) * (double)factor;

	/* The largest that no rounding takes out of range. */
	number = CLAMP(number, -9e18, 9e18);
	return (int64_t)(number + (number < 0 ? -0.5 : 0.5));
}

static void print_difference(struct cli *c, const struct value *v)
{
	struct str name = value_get_str(v, "name");
	int64_t factor = 1;

	for (unsigned i = 0; i < G_N_ELEMENTS(spellings); i++)
		if (str_is(name, spellings[i].option)) {
			name = str_of(spellings[i].name);
			factor = spellings[i].factor;
			break;
		}
	cli_print(c, "%.*s: %lld => %lld\n", STR_ARG(name),
		(long long)scaled(value_get_str(v, "start"), factor),
		(long long)scaled(value_get_str(v, "value"), factor));
}

static void params_diff(struct cli *c, struct str rest)
{
	struct dict *reply = cli_ask(c, "options", NULL, STR_NULL);

	(void)rest;
	if (!reply)
		return;
	value_each (v, value_get(dict_root(reply), "options"))
		if (value_get_int(v, "settable", 0) &&
			!str_eq(value_get_str(v, "start"), value_get_str(v, "value")))
			print_difference(c, v);
	dict_free(reply);
}

static void params_revert(struct cli *c, struct str rest)
{
	(void)rest;
	dict_free(cli_ask(c, "revert", NULL, STR_NULL));
}

static const struct cli_node nodes[] = {
	{ "start", NULL, "print the settings at start", params_start, false, NULL },
	{ "current", NULL, "print the settings now", params_current, false, NULL },
	{ "diff", NULL, "print what was changed since the start", params_diff, false, NULL },
	{ "revert", NULL, "put back what was changed since the start", params_revert, false, NULL },
	{ NULL, NULL, NULL, NULL, false, NULL },
};

const struct cli_node *cli_params_nodes(void)
{
	return nodes;
}

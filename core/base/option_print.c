/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A table of settings in the forms people read: the effective configuration, a commented-out
 * config file per group, and the manual page's part. (--help is with its parser.)
 */
#include "base/option.h"

#include <string.h>

#include <glib.h>

#include "base/option_priv.h"

static const char *const group_titles[OPTION_GROUPS] = {
	[OPTION_GENERAL] = "General, logging and process",
	[OPTION_INTERFACES] = "Interfaces and ports",
	[OPTION_CONTROL] = "Control listeners",
	[OPTION_MEDIA] = "Calls and media",
	[OPTION_SECURITY] = "Security",
	[OPTION_RECORDING] = "Recording and stored media",
	[OPTION_STORAGE] = "Storage of calls",
	[OPTION_EXPORT] = "Notifications and exports",
};

static const char *source_text(enum option_source source)
{
	switch (source) {
	case OPTION_FILE:
		return "config file";
	case OPTION_COMMAND_LINE:
		return "command line";
	case OPTION_DEFAULT:
		break;
	}
	return "default";
}

void option_print_effective(const struct option_values *values, FILE *out)
{
	for (unsigned i = 0; i < values->table->count; i++) {
		const struct option *option = &values->table->options[i];
		g_autofree char *text = NULL;

		if (option->command_line_only || (option->hidden && option->unavailable))
			continue;
		text = option_text(values, option);
		if (option->secret && *text) {
			fprintf(out, "# %s, not shown\n# %s =\n", source_text(values->sources[i]),
				option->name);
			continue;
		}
		/* At their defaults, or there would be no dump. */
		if (option->unavailable)
			fprintf(out, "# refused for now: %s\n# %s = %s\n", option->unavailable,
				option->name, text);
		else if (*text || values->sources[i] != OPTION_DEFAULT)
			fprintf(out, "# %s\n%s = %s\n", source_text(values->sources[i]),
				option->name, text);
		else
			fprintf(out, "# not given\n# %s =\n", option->name);
	}
}

/* A sentence as comment lines of at most about 90 columns. */
static void print_comment(const char *start, const char *sentence, FILE *out)
{
	enum { COLUMNS = 88 };
	g_autofree char *whole = g_strdup_printf("%s%s.", start, sentence);
	const char *text = whole;

	while (*text) {
		size_t len = strlen(text);

		if (len > COLUMNS) {
			len = COLUMNS;
			while (len > 0 && text[len] != ' ')
				len--;
			if (len == 0)
				len = strcspn(text, " ");
		}
		fprintf(out, "# %.*s\n", (int)len, text);
		text += len;
		while (*text == ' ')
			text++;
	}
}

static void print_conf_option(const struct option *option, FILE *out)
{
	g_autofree char *choices = NULL;

	fputc('\n', out);
	print_comment("", option->help, out);
	if (option->choices) {
		choices = g_strjoinv(", ", (char **)option->choices);
		print_comment("One of: ", choices, out);
	}
	if (option->type == OPTION_LIST)
		print_comment("", "Several values are separated by ';'", out);
	if (option->provided_by)
		print_comment("Needs plugin ", option->provided_by, out);
	if (option->unavailable)
		print_comment("Refused for now: ", option->unavailable, out);
	if (option->type == OPTION_FLAG)
		fprintf(out, "# %s = false\n", option->name);
	else if (option->preset)
		fprintf(out, "# %s = %s\n", option->name, option->preset);
	else
		fprintf(out, "# %s = <%s>\n", option->name, option->arg);
}

void option_print_conf(
	const struct option_table *table, enum option_group group, const char *section, FILE *out)
{
	fprintf(out, "# %s\n", group_titles[group]);
	fprintf(out, "#\n# All options of this subject with their defaults, commented out.\n");
	fprintf(out, "\n[%s]\n", section);
	for (unsigned i = 0; i < table->count; i++) {
		const struct option *option = &table->options[i];

		if (option->group == group && !option->command_line_only && !option->hidden)
			print_conf_option(option, out);
	}
}

void option_print_plugin_conf(const struct option_table *table, const struct plugin *plugin,
	const char *section, FILE *out)
{
	if (!plugin->options || !plugin->options->name)
		return;
	fprintf(out, "# Plugin %s: %s\n", plugin->name, plugin->description);
	fprintf(out, "#\n# All options it reads with their defaults, commented out.\n");
	fprintf(out, "\n[%s]\n", section);
	for (const struct plugin_option *o = plugin->options; o->name; o++) {
		const struct option *row = option_find(table, o->name);
		struct option shown;

		if (!row)
			continue;
		shown = *row;
		shown.help = o->help;
		shown.preset = o->preset ? o->preset : row->preset;
		shown.provided_by = NULL;
		print_conf_option(&shown, out);
	}
}

/* Text that roff takes literally; the zero-width \& keeps words from being macros. */
static void print_roff(const char *text, FILE *out)
{
	fputs("\\&", out);
	for (; *text; text++) {
		if (*text == '\\')
			fputs("\\e", out);
		else if (*text == '-')
			fputs("\\-", out);
		else if (*text == '"')
			fputs("\\(dq", out);
		else
			fputc(*text, out);
	}
}

static void print_man_option(const struct option *option, FILE *out)
{
	fputs(".It", out);
	if (option->short_name)
		fprintf(out, " Fl %c ,", option->short_name);
	fputs(" Fl ", out);
	print_roff("-", out);
	print_roff(option->name, out);
	if (option->arg) {
		fputs(" Ns = Ns Ar \"", out);
		print_roff(option->arg, out);
		fputs("\"", out);
	}
	fputc('\n', out);
	print_roff(option->help, out);
	fputs(".\n", out);
	if (option->preset && *option->preset) {
		fputs("Default: ", out);
		print_roff(option->preset, out);
		fputs(".\n", out);
	}
	if (option->type == OPTION_LIST)
		fputs("May be given several times.\n", out);
	if (option->command_line_only)
		fputs("Not for the config file.\n", out);
	if (option->provided_by) {
		fputs("Needs plugin ", out);
		print_roff(option->provided_by, out);
		fputs(".\n", out);
	}
	if (option->unavailable) {
		fputs("Refused for now: ", out);
		print_roff(option->unavailable, out);
		fputs(".\n", out);
	}
}

static bool group_is_empty(const struct option_table *table, enum option_group group)
{
	for (unsigned i = 0; i < table->count; i++)
		if (table->options[i].group == group && !table->options[i].hidden)
			return false;
	return true;
}

void option_print_man(const struct option_table *table, FILE *out)
{
	fputs(".Sh OPTIONS\n", out);
	for (int group = 0; group < OPTION_GROUPS; group++) {
		if (group_is_empty(table, (enum option_group)group))
			continue;
		fprintf(out, ".Ss %s\n.Bl -tag -width Ds\n", group_titles[group]);
		for (unsigned i = 0; i < table->count; i++) {
			const struct option *option = &table->options[i];

			if ((int)option->group == group && !option->hidden)
				print_man_option(option, out);
		}
		fputs(".El\n", out);
	}
}

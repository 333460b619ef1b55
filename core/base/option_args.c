/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The command line and --help, both by GLib's option parser, which is what the options are
 * specified by. Every row becomes a callback entry, so that it is known which were given.
 */
#include "base/option.h"

#include <errno.h>
#include <string.h>

#include <glib.h>

#include "base/option_priv.h"

static bool takes_argument(const struct option *option)
{
	return option->type != OPTION_FLAG;
}

static const struct option *find_short(const struct option_table *table, char letter)
{
	for (unsigned i = 0; i < table->count; i++)
		if (table->options[i].short_name == letter)
			return &table->options[i];
	return NULL;
}

/* `given` is "--name" or "-n". */
static gboolean on_option(const gchar *given, const gchar *text, gpointer arg, GError **error)
{
	struct option_values *values = arg;
	const struct option *option = given[1] == '-' ? option_find(values->table, given + 2)
						      : find_short(values->table, given[1]);

	return option_store_argument(values, option, text, OPTION_COMMAND_LINE, error);
}

/* Help ends the parsing at once; the error is only the way to tell GLib so. */
static gboolean on_help(const gchar *given, const gchar *text, gpointer arg, GError **error)
{
	struct option_values *values = arg;

	(void)given;
	(void)text;
	values->help_asked = true;
	g_set_error_literal(error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED, "help");
	return FALSE;
}

/* GLib wants callbacks as object pointers; the detour avoids a cast ISO C does not have. */
static gpointer callback_pointer(GOptionArgFunc fn)
{
	gpointer pointer;

	memcpy(&pointer, &fn, sizeof(pointer));
	return pointer;
}

static GOptionEntry make_entry(const struct option *option, const char *description)
{
	GOptionEntry entry = {
		.long_name = option->name,
		.short_name = option->short_name,
		.arg = G_OPTION_ARG_CALLBACK,
		.arg_data = callback_pointer(on_option),
		.description = description,
		.arg_description = option->arg,
	};

	/* FILENAME only says that the bytes are taken as they are, whatever the locale. */
	entry.flags = takes_argument(option) ? G_OPTION_FLAG_FILENAME : G_OPTION_FLAG_NO_ARG;
	if (option->hidden)
		entry.flags |= G_OPTION_FLAG_HIDDEN;
	return entry;
}

/* The rows, the help options if `values`, and the ending entry. Descriptions are borrowed. */
static GOptionContext *make_context(const struct option_table *table,
	const char *const *descriptions, struct option_values *values)
{
	GOptionContext *context = g_option_context_new(" - next-generation media proxy");
	GOptionGroup *group = g_option_group_new("main", "", "", values, NULL);
	g_autofree GOptionEntry *entries = g_new0(GOptionEntry, table->count + 3);
	unsigned n = 0;

	for (unsigned i = 0; i < table->count; i++)
		entries[n++] = make_entry(&table->options[i], descriptions ? descriptions[i] : "");
	if (values) {
		entries[n++] = (GOptionEntry){ "help", 'h', G_OPTION_FLAG_NO_ARG,
			G_OPTION_ARG_CALLBACK, callback_pointer(on_help), "", NULL };
		entries[n++] = (GOptionEntry){ "help-all", '?', G_OPTION_FLAG_NO_ARG,
			G_OPTION_ARG_CALLBACK, callback_pointer(on_help), "", NULL };
	}
	g_option_group_add_entries(group, entries);
	g_option_context_set_main_group(context, group);
	g_option_context_set_help_enabled(context, values == NULL);
	return context;
}

/*
 * GLib does not know "-n2223": such words are split where a letter takes a value and is not the
 * last. Returns whether the word's last option takes the next word as its value.
 */
static bool add_short_word(const struct option_table *table, const char *word, GPtrArray *words)
{
	for (size_t i = 1; word[i]; i++) {
		const struct option *option = find_short(table, word[i]);

		if (!option)
			break;
		if (!takes_argument(option))
			continue;
		if (!word[i + 1]) {
			g_ptr_array_add(words, g_strdup(word));
			return true;
		}
		g_ptr_array_add(words, g_strndup(word, i + 1));
		g_ptr_array_add(words, g_strdup(word + i + 1));
		return false;
	}
	g_ptr_array_add(words, g_strdup(word));
	return false;
}

/* The same for "--name" or "--name=value". GLib would take "--flag=false" for true. */
static bool add_long_word(
	const struct option_table *table, const char *word, GPtrArray *words, GError **error)
{
	const char *equals = strchr(word, '=');
	g_autofree char *name = g_strndup(
		word + 2, equals ? (size_t)(equals - word - 2) : strlen(word + 2));
	const struct option *option = option_find(table, name);

	g_ptr_array_add(words, g_strdup(word));
	if (!option)
		return false;
	if (takes_argument(option))
		return !equals;
	if (equals && strcmp(equals, "=true") != 0 && strcmp(equals, "=1") != 0)
		g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
			"Option --%s takes no value", name);
	return false;
}

static char **split_words(const struct option_table *table, int argc, char **argv, GError **error)
{
	GPtrArray *words = g_ptr_array_new();
	bool options = true, value = false;

	for (int i = 0; i < argc && !*error; i++) {
		const char *word = argv[i];

		if (strcmp(word, "--") == 0 && !value)
			options = false;
		if (i == 0 || value || !options || word[0] != '-' || !word[1]) {
			g_ptr_array_add(words, g_strdup(word));
			value = false;
		} else if (word[1] == '-') {
			value = add_long_word(table, word, words, error);
		} else {
			value = add_short_word(table, word, words);
		}
	}
	g_ptr_array_add(words, NULL);
	return (char **)g_ptr_array_free(words, FALSE);
}

int option_parse_command_line(struct option_values *values, int argc, char **argv, struct err *err)
{
	g_autoptr(GOptionContext) context = make_context(values->table, NULL, values);
	g_autoptr(GError) error = NULL;
	g_auto(GStrv) words = split_words(values->table, argc, argv, &error);

	if (!error && g_option_context_parse_strv(context, &words, &error))
		return 0;
	if (values->help_asked)
		return 0;
	return err_set(err, EINVAL, "Bad command line: %s", error->message);
}

static char *describe(const struct option *option)
{
	GString *text = g_string_new(option->help);

	if (takes_argument(option) && option->preset && *option->preset)
		g_string_append_printf(text, " (default: %s)", option->preset);
	if (option->unavailable)
		g_string_append_printf(text, " [refused: %s]", option->unavailable);
	return g_string_free(text, FALSE);
}

void option_print_help(const struct option_table *table, const char *program, FILE *out)
{
	g_auto(GStrv) descriptions = g_new0(char *, table->count + 1);
	g_autoptr(GOptionContext) context = NULL;
	g_autofree char *before = g_strdup(g_get_prgname());
	g_autofree char *help = NULL;
	const char *ellipsis;

	for (unsigned i = 0; i < table->count; i++)
		descriptions[i] = describe(&table->options[i]);
	context = make_context(table, (const char *const *)descriptions, NULL);
	g_set_prgname(program);
	help = g_option_context_get_help(context, TRUE, NULL);
	if (before)
		g_set_prgname(before);

	/* What GLib itself prints where the locale is not UTF-8; scripts know it as this. */
	ellipsis = strstr(help, "OPTION…");
	if (ellipsis)
		fprintf(out, "%.*sOPTION?%s", (int)(ellipsis - help), help,
			ellipsis + strlen("OPTION…"));
	else
		fputs(help, out);
}

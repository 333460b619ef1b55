/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Values of a table of settings: defaults, storing, bounds. Where the values come from is in
 * option_args.c (command line) and option_file.c, what is made of them in option_print.c.
 */
#include "base/option.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <glib.h>

#include "base/option_priv.h"

unsigned option_row(const struct option_values *values, const struct option *option)
{
	return (unsigned)(option - values->table->options);
}

static void note_source(
	struct option_values *values, const struct option *option, enum option_source source)
{
	values->sources[option_row(values, option)] = source;
}

static void store_preset(struct option_values *values, const struct option *option)
{
	GError *error = NULL;

	if (!option->preset)
		return;
	if (option->type == OPTION_FLAG)
		option_store_flag(
			values, option, strcmp(option->preset, "true") == 0, OPTION_DEFAULT);
	else if (!option_store_argument(values, option, option->preset, OPTION_DEFAULT, &error))
		g_error("default of --%s: %s", option->name, error->message);
}

struct option_values *option_values_new(const struct option_table *table, void *storage)
{
	struct option_values *values = g_new0(struct option_values, 1);

	values->table = table;
	values->storage = storage;
	values->sources = g_new0(enum option_source, table->count);
	values->rejected = g_new0(char *, table->count);
	for (unsigned i = 0; i < table->count; i++) {
		const struct option *option = &table->options[i];

		if (option->type == OPTION_CHOICE)
			*OPTION_SLOT(values, option, int) = -1;
		store_preset(values, option);
	}
	return values;
}

void option_values_free(struct option_values *values)
{
	if (!values)
		return;
	for (unsigned i = 0; i < values->table->count; i++) {
		const struct option *option = &values->table->options[i];

		if (option->type == OPTION_STRING)
			option_store_string(values, option, NULL, OPTION_DEFAULT);
		else if (option->type == OPTION_LIST)
			option_store_list(values, option, NULL, OPTION_DEFAULT);
		g_free(values->rejected[i]);
	}
	g_free(values->rejected);
	g_free(values->sources);
	g_free(values);
}

void option_store_flag(struct option_values *values, const struct option *option, bool value,
	enum option_source source)
{
	*OPTION_SLOT(values, option, bool) = value;
	note_source(values, option, source);
}

void option_store_number(struct option_values *values, const struct option *option, int64_t value,
	enum option_source source)
{
	/* The source stays: what the command line overrides so, the file must not bring back. */
	if (option->below_min_is_default && value < option->min)
		value = g_ascii_strtoll(option->preset, NULL, 10);
	if (option->type == OPTION_INT)
		*OPTION_SLOT(values, option, int) = (int)value;
	else
		*OPTION_SLOT(values, option, int64_t) = value;
	note_source(values, option, source);
}

void option_store_double(struct option_values *values, const struct option *option, double value,
	enum option_source source)
{
	*OPTION_SLOT(values, option, double) = value;
	note_source(values, option, source);
}

void option_store_string(struct option_values *values, const struct option *option, char *text,
	enum option_source source)
{
	char **slot = OPTION_SLOT(values, option, char *);

	g_free(*slot);
	*slot = text;
	note_source(values, option, source);
}

void option_store_list(struct option_values *values, const struct option *option, char **list,
	enum option_source source)
{
	char ***slot = OPTION_SLOT(values, option, char **);

	g_strfreev(*slot);
	*slot = list;
	note_source(values, option, source);
}

void option_store_choice(struct option_values *values, const struct option *option,
	const char *text, enum option_source source)
{
	char **rejected = &values->rejected[option_row(values, option)];
	int found = -1;

	for (int i = 0; option->choices[i]; i++)
		if (strcmp(option->choices[i], text) == 0)
			found = i;
	g_free(*rejected);
	*rejected = found < 0 ? g_strdup(text) : NULL;
	*OPTION_SLOT(values, option, int) = found;
	note_source(values, option, source);
}

static void append_item(struct option_values *values, const struct option *option, const char *text,
	enum option_source source)
{
	bool grows = values->sources[option_row(values, option)] == source;
	char **old = *OPTION_SLOT(values, option, char **);
	unsigned n = grows && old ? g_strv_length(old) : 0;
	char **list = g_new0(char *, n + 2);

	for (unsigned i = 0; i < n; i++)
		list[i] = g_strdup(old[i]);
	list[n] = g_strdup(text);
	option_store_list(values, option, list, source);
}

/* strtoll's base detection, with nothing but the number in the text. */
static bool parse_number(
	const struct option *option, const char *text, int64_t *ret_value, GError **error)
{
	bool fits_int = option->type == OPTION_INT;
	char *end;
	long long value;

	errno = 0;
	value = strtoll(text, &end, 0);
	if (end == text || *end) {
		g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
			"Cannot parse integer value '%s' for --%s", text, option->name);
		return false;
	}
	if (errno == ERANGE || (fits_int && (value < INT_MIN || value > INT_MAX))) {
		g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
			"Integer value '%s' for --%s out of range", text, option->name);
		return false;
	}
	*ret_value = value;
	return true;
}

static bool parse_double(
	const struct option *option, const char *text, double *ret_value, GError **error)
{
	char *end;
	double value;

	errno = 0;
	value = g_ascii_strtod(text, &end);
	if (end == text || *end || !isfinite(value)) {
		g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
			"Cannot parse double value '%s' for --%s", text, option->name);
		return false;
	}
	*ret_value = value;
	return true;
}

bool option_store_argument(struct option_values *values, const struct option *option,
	const char *text, enum option_source source, GError **error)
{
	int64_t number;
	double real;

	switch (option->type) {
	case OPTION_FLAG:
		option_store_flag(values, option, true, source);
		return true;
	case OPTION_INT:
	case OPTION_INT64:
		if (!parse_number(option, text, &number, error))
			return false;
		option_store_number(values, option, number, source);
		return true;
	case OPTION_DOUBLE:
		if (!parse_double(option, text, &real, error))
			return false;
		option_store_double(values, option, real, source);
		return true;
	case OPTION_STRING:
		option_store_string(values, option, g_strdup(text), source);
		return true;
	case OPTION_CHOICE:
		option_store_choice(values, option, text, source);
		return true;
	case OPTION_LIST:
		append_item(values, option, text, source);
		return true;
	}
	return false;
}

const struct option *option_find(const struct option_table *table, const char *name)
{
	for (unsigned i = 0; i < table->count; i++)
		if (strcmp(table->options[i].name, name) == 0)
			return &table->options[i];
	return NULL;
}

enum option_source option_source(const struct option_values *values, const char *name)
{
	const struct option *option = option_find(values->table, name);

	return option ? values->sources[option_row(values, option)] : OPTION_DEFAULT;
}

bool option_help_asked(const struct option_values *values)
{
	return values->help_asked;
}

/* `range_error` with the value where it says so. */
static int refuse_value(const struct option *option, const char *text, struct err *err)
{
	const char *at = strstr(option->range_error, "{}");

	if (!at)
		return err_set(err, EINVAL, "%s", option->range_error);
	return err_set(err, EINVAL, "%.*s%s%s", (int)(at - option->range_error),
		option->range_error, text, at + 2);
}

static int check_choice(const struct option *option, const char *rejected, struct err *err)
{
	g_autofree char *choices = NULL;

	if (!rejected)
		return 0;
	if (option->range_error)
		return refuse_value(option, rejected, err);
	choices = g_strjoinv(", ", (char **)option->choices);
	return err_set(err, EINVAL, "Invalid value '%s' for --%s (one of %s)", rejected,
		option->name, choices);
}

static bool in_bounds(const struct option_values *values, const struct option *option)
{
	if (option->max <= option->min)
		return true;
	switch (option->type) {
	case OPTION_INT: {
		int value = *OPTION_SLOT(values, option, int);

		return value >= option->min && value <= option->max;
	}
	case OPTION_INT64: {
		int64_t value = *OPTION_SLOT(values, option, int64_t);

		return value >= option->min && value <= option->max;
	}
	case OPTION_DOUBLE: {
		double value = *OPTION_SLOT(values, option, double);

		return value >= (double)option->min && value <= (double)option->max;
	}
	default:
		return true;
	}
}

static int check_bounds(
	const struct option_values *values, const struct option *option, struct err *err)
{
	g_autofree char *text = NULL;

	if (option->type == OPTION_CHOICE)
		return check_choice(option, values->rejected[option_row(values, option)], err);
	if (in_bounds(values, option))
		return 0;
	text = option_text(values, option);
	if (option->range_error)
		return refuse_value(option, text, err);
	return err_set(err, EINVAL, "Value %s of --%s is out of range (%lld to %lld)", text,
		option->name, (long long)option->min, (long long)option->max);
}

static bool is_default(const struct option_values *values, const struct option *option)
{
	bool is_number = option->type == OPTION_INT || option->type == OPTION_INT64 ||
			 option->type == OPTION_DOUBLE;
	const char *nothing = option->type == OPTION_FLAG ? "false" : is_number ? "0" : "";
	g_autofree char *text = option_text(values, option);

	return strcmp(text, option->preset ? option->preset : nothing) == 0;
}

static bool is_ignored(const struct option_values *values, const struct option *option)
{
	return option->unavailable && option->hidden &&
	       values->sources[option_row(values, option)] == OPTION_FILE &&
	       !is_default(values, option);
}

void option_tell_ignored(
	const struct option_values *values, void (*tell)(const struct option *option))
{
	for (unsigned i = 0; i < values->table->count; i++)
		if (is_ignored(values, &values->table->options[i]))
			tell(&values->table->options[i]);
}

int option_check(const struct option_values *values, struct err *err)
{
	const struct option_table *table = values->table;

	for (unsigned i = 0; i < table->count; i++) {
		int rc = check_bounds(values, &table->options[i], err);

		if (rc)
			return rc;
	}
	for (unsigned i = 0; i < table->count; i++) {
		const struct option *option = &table->options[i];

		if (option->unavailable && !is_default(values, option) &&
			!is_ignored(values, option))
			return err_set(err, EINVAL, "Option --%s cannot be used: %s", option->name,
				option->unavailable);
	}
	return 0;
}

int option_check_plugins(const struct option_values *values,
	const char *(*lacking)(const char *plugin, void *arg), void *arg, struct err *err)
{
	for (unsigned i = 0; i < values->table->count; i++) {
		const struct option *option = &values->table->options[i];
		const char *why;

		if (!option->provided_by || is_default(values, option))
			continue;
		why = lacking(option->provided_by, arg);
		if (why)
			return err_set(err, EINVAL, "Option --%s needs plugin '%s': %s",
				option->name, option->provided_by, why);
	}
	return 0;
}

/* Numbers and nothing else: what is changed at run time is. */
union number {
	int64_t whole;
	double real;
};

static union number number_get(const struct option_values *values, const struct option *option)
{
	union number n = { .whole = 0 };

	if (option->type == OPTION_DOUBLE)
		n.real = *OPTION_SLOT(values, option, double);
	else if (option->type == OPTION_INT)
		n.whole = *OPTION_SLOT(values, option, int);
	else
		n.whole = *OPTION_SLOT(values, option, int64_t);
	return n;
}

static void number_put(
	struct option_values *values, const struct option *option, union number number)
{
	if (option->type == OPTION_DOUBLE)
		*OPTION_SLOT(values, option, double) = number.real;
	else if (option->type == OPTION_INT)
		*OPTION_SLOT(values, option, int) = (int)number.whole;
	else
		*OPTION_SLOT(values, option, int64_t) = number.whole;
}

int option_change(struct option_values *values, const struct option *option, const char *text,
	struct err *err)
{
	bool is_number = option->type == OPTION_INT || option->type == OPTION_INT64 ||
			 option->type == OPTION_DOUBLE;
	enum option_source source = values->sources[option_row(values, option)];
	g_autoptr(GError) error = NULL;
	union number before;

	if (!option->run_time || !is_number)
		return err_set(
			err, ENOTSUP, "Option --%s cannot be changed while running", option->name);
	if (option->unavailable)
		return err_set(err, ENOTSUP, "Option --%s cannot be used: %s", option->name,
			option->unavailable);
	before = number_get(values, option);
	if (!option_store_argument(values, option, text, source, &error))
		return err_set(err, EINVAL, "%s", error->message);
	if (!check_bounds(values, option, err))
		return 0;
	number_put(values, option, before);
	return -ERANGE;
}

const struct option_table *option_table_of(const struct option_values *values)
{
	return values->table;
}

const char *option_item(
	const struct option_values *values, const struct option *option, unsigned index)
{
	char **list = *OPTION_SLOT(values, option, char **);

	return list && index < g_strv_length(list) ? list[index] : NULL;
}

/* Escapes as the config file wants them. */
static char *file_text(const char *text, char **list)
{
	g_autoptr(GKeyFile) file = g_key_file_new();
	char *value;
	size_t len;

	if (list) {
		g_key_file_set_string_list(
			file, "g", "k", (const char *const *)list, g_strv_length(list));
		value = g_key_file_get_value(file, "g", "k", NULL);
		len = strlen(value);
		if (len)
			value[len - 1] = '\0'; /* the last separator */
		return value;
	}
	g_key_file_set_string(file, "g", "k", text);
	return g_key_file_get_value(file, "g", "k", NULL);
}

char *option_text(const struct option_values *values, const struct option *option)
{
	char buf[G_ASCII_DTOSTR_BUF_SIZE];
	char **list;
	char *text;
	int choice;

	switch (option->type) {
	case OPTION_FLAG:
		return g_strdup(*OPTION_SLOT(values, option, bool) ? "true" : "false");
	case OPTION_INT:
		return g_strdup_printf("%d", *OPTION_SLOT(values, option, int));
	case OPTION_INT64:
		return g_strdup_printf("%lld", (long long)*OPTION_SLOT(values, option, int64_t));
	case OPTION_DOUBLE:
		return g_strdup(g_ascii_formatd(
			buf, sizeof(buf), "%.15g", *OPTION_SLOT(values, option, double)));
	case OPTION_STRING:
		text = *OPTION_SLOT(values, option, char *);
		return text ? file_text(text, NULL) : g_strdup("");
	case OPTION_CHOICE:
		choice = *OPTION_SLOT(values, option, int);
		return g_strdup(choice < 0 ? "" : option->choices[choice]);
	case OPTION_LIST:
		list = *OPTION_SLOT(values, option, char **);
		return list ? file_text(NULL, list) : g_strdup("");
	}
	return g_strdup("");
}

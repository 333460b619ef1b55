/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The config file: one section of a GLib key file, for what the command line did not give. */
#include "base/option.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include <glib.h>
#include <glib/gstdio.h>

#include "base/option_priv.h"

enum { MAX_FILE_BYTES = 16 << 20 };

/* A NUL would end the text for some of GLib's functions and not for others. */
static bool load_file(GKeyFile *file, const char *path, GError **error)
{
	g_autofree char *text = NULL;
	GStatBuf st;
	gsize len;

	if (g_stat(path, &st) == 0 && (!S_ISREG(st.st_mode) || st.st_size > MAX_FILE_BYTES)) {
		g_set_error(error, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_PARSE,
			S_ISREG(st.st_mode) ? "File '%s' is too large"
					    : "'%s' is not a regular file",
			path);
		return false;
	}
	if (!g_file_get_contents(path, &text, &len, error))
		return false;
	if (memchr(text, '\0', len)) {
		g_set_error(error, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_PARSE,
			"File '%s' contains a NUL byte", path);
		return false;
	}
	return g_key_file_load_from_data(file, text, len, G_KEY_FILE_NONE, error);
}

/* Negative ones are read as such; what is too large for int64_t is as good as no limit. */
static int64_t read_int64(GKeyFile *file, const char *section, const char *key, GError **error)
{
	g_autofree char *text = g_key_file_get_value(file, section, key, NULL);
	guint64 value;

	if (text && strchr(text, '-'))
		return g_key_file_get_int64(file, section, key, error);
	value = g_key_file_get_uint64(file, section, key, error);
	return value > INT64_MAX ? INT64_MAX : (int64_t)value;
}

static bool read_number(struct option_values *values, const struct option *option, GKeyFile *file,
	const char *section, GError **error)
{
	int64_t value;

	if (option->type == OPTION_INT)
		value = g_key_file_get_integer(file, section, option->name, error);
	else
		value = read_int64(file, section, option->name, error);
	if (*error)
		return false;
	option_store_number(values, option, value, OPTION_FILE);
	return true;
}

static bool read_list(struct option_values *values, const struct option *option, GKeyFile *file,
	const char *section, GError **error)
{
	g_auto(GStrv) raw = g_key_file_get_string_list(file, section, option->name, NULL, error);
	GPtrArray *items;

	if (*error)
		return false;
	items = g_ptr_array_new();
	for (unsigned i = 0; raw[i]; i++)
		if (*g_strstrip(raw[i]))
			g_ptr_array_add(items, g_strdup(raw[i]));
	if (items->len == 0) {
		g_ptr_array_free(items, TRUE);
		option_store_list(values, option, NULL, OPTION_FILE);
		return true;
	}
	g_ptr_array_add(items, NULL);
	option_store_list(values, option, (char **)g_ptr_array_free(items, FALSE), OPTION_FILE);
	return true;
}

static bool read_text(struct option_values *values, const struct option *option, GKeyFile *file,
	const char *section, GError **error)
{
	char *text = g_key_file_get_string(file, section, option->name, error);

	/* An unknown escape gives both a text and an error. */
	if (*error) {
		g_free(text);
		return false;
	}
	g_strchomp(text);
	if (option->type == OPTION_STRING) {
		option_store_string(values, option, text, OPTION_FILE);
		return true;
	}
	option_store_choice(values, option, text, OPTION_FILE);
	g_free(text);
	return true;
}

static bool read_value(struct option_values *values, const struct option *option, GKeyFile *file,
	const char *section, GError **error)
{
	bool flag;
	double real;

	switch (option->type) {
	case OPTION_FLAG:
		flag = g_key_file_get_boolean(file, section, option->name, error);
		if (*error)
			return false;
		option_store_flag(values, option, flag, OPTION_FILE);
		return true;
	case OPTION_INT:
	case OPTION_INT64:
		return read_number(values, option, file, section, error);
	case OPTION_DOUBLE:
		real = g_key_file_get_double(file, section, option->name, error);
		if (*error)
			return false;
		option_store_double(values, option, real, OPTION_FILE);
		return true;
	case OPTION_STRING:
	case OPTION_CHOICE:
		return read_text(values, option, file, section, error);
	case OPTION_LIST:
		return read_list(values, option, file, section, error);
	}
	return true;
}

static bool read_section(
	struct option_values *values, GKeyFile *file, const char *section, GError **error)
{
	for (unsigned i = 0; i < values->table->count; i++) {
		const struct option *option = &values->table->options[i];

		if (option->command_line_only || values->sources[i] == OPTION_COMMAND_LINE)
			continue;
		if (!g_key_file_has_key(file, section, option->name, NULL))
			continue;
		if (!read_value(values, option, file, section, error))
			return false;
	}
	return true;
}

int option_parse_file(struct option_values *values, const char *path, const char *section,
	bool must_exist, struct err *err)
{
	g_autoptr(GKeyFile) file = g_key_file_new();
	g_autoptr(GError) error = NULL;

	if (!load_file(file, path, &error)) {
		if (!must_exist && g_error_matches(error, G_FILE_ERROR, G_FILE_ERROR_NOENT))
			return 0;
		return err_set(err, EINVAL, "Bad command line: %s", error->message);
	}
	if (!g_key_file_has_group(file, section))
		return err_set(err, EINVAL, "Bad command line: File '%s' has no section '%s'", path,
			section);
	if (!read_section(values, file, section, &error))
		return err_set(err, EINVAL, "Bad command line: %s", error->message);
	return 0;
}

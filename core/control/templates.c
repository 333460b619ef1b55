/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Named flags strings; see templates.h. */
#include "control/templates.h"

#include <errno.h>

#include <glib.h>

struct templates {
	GHashTable *texts; /* name → text, both owned */
};

struct templates *templates_new(void)
{
	struct templates *t = g_new0(struct templates, 1);

	t->texts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	return t;
}

void templates_free(struct templates *t)
{
	if (!t)
		return;
	g_hash_table_destroy(t->texts);
	g_free(t);
}

void templates_add(struct templates *t, const char *name, const char *text)
{
	g_hash_table_replace(t->texts, g_strdup(name), g_strdup(text));
}

int templates_load(struct templates *t, const char *path, const char *section, struct err *err)
{
	g_autoptr(GKeyFile) file = g_key_file_new();
	g_autoptr(GError) error = NULL;
	g_auto(GStrv) keys = NULL;

	if (!g_key_file_load_from_file(file, path, G_KEY_FILE_NONE, &error))
		return err_set(err, EINVAL, "Templates cannot be read from '%s': %s", path,
			error->message);
	keys = g_key_file_get_keys(file, section, NULL, NULL);
	if (!keys)
		return err_set(
			err, EINVAL, "File '%s' has no section '%s' with templates", path, section);
	for (char **key = keys; *key; key++) {
		g_autofree char *text = g_key_file_get_string(file, section, *key, &error);

		if (!text || error)
			return err_set(err, EINVAL, "Template '%s' cannot be read: %s", *key,
				error ? error->message : "no text");
		templates_add(t, *key, text);
	}
	return 0;
}

struct str templates_find(const struct templates *t, struct str name)
{
	g_autofree char *key = t && name.len ? g_strndup(name.s, name.len) : NULL;

	return key ? str_of(g_hash_table_lookup(t->texts, key)) : STR_NULL;
}

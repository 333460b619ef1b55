/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rules of transcoding; see transcode_rules.h. */
#include "control/transcode_rules.h"

#include <errno.h>

#include <glib.h>

#include "base/log.h"
#include "codec/rules.h"

/* What would hand the work to another instance. */
static const char *const delegating[] = { "transform", "local-interface", "remote-interface",
	"address-family" };

/* NULL: not there, or empty. */
static char *text_of(GKeyFile *file, const char *section, const char *key)
{
	g_autofree char *text = g_key_file_get_string(file, section, key, NULL);

	if (text)
		g_strchomp(text);
	return text && *text ? g_steal_pointer(&text) : NULL;
}

static int check_delegating(GKeyFile *file, const char *section, struct err *err)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(delegating); i++)
		if (g_key_file_has_key(file, section, delegating[i], NULL))
			return err_set(err, EINVAL,
				"Section '%s': '%s' is not supported: this version transcodes all "
				"media itself",
				section, delegating[i]);
	return 0;
}

static int load_rule(GKeyFile *file, const char *section, struct err *err)
{
	g_autofree char *source = text_of(file, section, "source");
	g_autofree char *destination = text_of(file, section, "destination");
	g_autofree char *preference = text_of(file, section, "preference");
	int64_t value;
	int ret = check_delegating(file, section, err);

	if (ret < 0)
		return ret;
	if (!source || !destination || !preference)
		return err_set(err, EINVAL,
			"Section '%s' is no rule of transcoding: it needs 'source', 'destination' "
			"and 'preference'",
			section);
	if (!g_ascii_string_to_signed(preference, 10, G_MININT, G_MAXINT, &value, NULL))
		return err_set(err, EINVAL, "Section '%s': preference '%s' is not a number",
			section, preference);
	if (codec_rules_add(str_of(source), str_of(destination), (int)value) < 0)
		return err_set(err, EINVAL, "Section '%s': '%s' or '%s' is no codec specification",
			section, source, destination);
	return 0;
}

int transcode_rules_load(const char *path, const char *prefix, struct err *err)
{
	g_autoptr(GKeyFile) file = g_key_file_new();
	g_autoptr(GError) error = NULL;
	g_autofree char *begin = g_strconcat(prefix ? prefix : "", "-", NULL);
	g_auto(GStrv) sections = NULL;
	unsigned count = 0;

	if (!prefix || !*prefix)
		return 0;
	if (!g_key_file_load_from_file(file, path, G_KEY_FILE_NONE, &error))
		return err_set(err, EINVAL, "Rules of transcoding cannot be read from '%s': %s",
			path, error->message);
	sections = g_key_file_get_groups(file, NULL);
	for (char **section = sections; *section; section++) {
		int ret = g_str_has_prefix(*section, begin) ? load_rule(file, *section, err) : 1;

		if (ret < 0)
			return ret;
		count += !ret;
	}
	if (!count)
		log_warn(
			"File '%s' has no section '%s...' with a rule of transcoding", path, begin);
	return 0;
}

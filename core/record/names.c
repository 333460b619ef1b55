/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What clients say, made into names of files. */
#include "record/names.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <glib.h>

enum {
	CALL_ID_MAX = 180, /* encoded; "rtpengine-meta-" and the tag must fit beside it */
	PATH_MAX_BYTES = 1000,
};

static bool is_unreserved(char c)
{
	return g_ascii_isalnum(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

static void append_encoded(GString *out, struct str text, size_t max)
{
	size_t begin = out->len;

	for (size_t i = 0; i < text.len; i++) {
		size_t need = is_unreserved(text.s[i]) ? 1 : 3;

		if (out->len - begin + need > max)
			return;
		if (need == 1)
			g_string_append_c(out, text.s[i]);
		else
			g_string_append_printf(out, "%%%02X", (unsigned char)text.s[i]);
	}
}

char *name_stem(struct str call_id, const char *tag)
{
	GString *out = g_string_new(NULL);

	append_encoded(out, call_id, CALL_ID_MAX);
	g_string_append_printf(out, "-%s", tag);
	return g_string_free(out, FALSE);
}

static void append_time(GString *out, const struct name_parts *parts, char which)
{
	char format[] = { '%', which, '\0' }, text[16];
	time_t seconds = parts->wall_us / 1000000;
	struct tm tm;

	localtime_r(&seconds, &tm);
	strftime(text, sizeof(text), format, &tm);
	g_string_append(out, text);
}

static bool append_part(GString *out, const struct name_parts *parts, char which)
{
	switch (which) {
	case '%':
		g_string_append_c(out, '%');
		return true;
	case 'c':
		append_encoded(out, parts->call_id, CALL_ID_MAX);
		return true;
	case 'r':
		g_string_append(out, parts->tag);
		return true;
	case 't':
		g_string_append(out, "mix");
		return true;
	case 'l':
		append_encoded(out, parts->label, CALL_ID_MAX);
		return true;
	case 'u':
		g_string_append_printf(out, "%06d", (int)(parts->wall_us % 1000000));
		return true;
	case 'Y':
	case 'm':
	case 'd':
	case 'H':
	case 'M':
	case 'S':
		append_time(out, parts, which);
		return true;
	default:
		return false;
	}
}

/* What stands for KEY in "KEY:VALUE|KEY:VALUE"; nothing if there is none. */
static struct str find_value(struct str metadata, struct str key)
{
	struct str pair, name;

	while (metadata.s && str_cut(&metadata, '|', &pair))
		if (str_cut(&pair, ':', &name) && str_eq(name, key))
			return pair;
	return (struct str){ 0 };
}

/* What is behind a %, which goes from the pattern. False: it means nothing. */
static bool expand_one(
	GString *out, const struct name_parts *parts, struct str *pattern, struct str *call_id)
{
	char which = pattern->len ? pattern->s[0] : '\0';
	struct str key;

	*pattern = str_skip(*pattern, pattern->len ? 1 : 0);
	if (which == '{') {
		if (!memchr(pattern->s, '}', pattern->len) || !str_cut(pattern, '}', &key))
			return false;
		append_encoded(out, find_value(parts->metadata, key), CALL_ID_MAX);
		return true;
	}
	if (which >= '1' && which <= '9') {
		size_t count = MIN((size_t)(which - '0'), call_id->len);

		append_encoded(out, (struct str){ call_id->s, count }, CALL_ID_MAX);
		*call_id = str_skip(*call_id, count);
		return true;
	}
	return append_part(out, parts, which);
}

int name_expand(struct str pattern, const struct name_parts *parts, char **ret, struct err *err)
{
	g_autoptr(GString) out = g_string_new(NULL);
	struct str call_id = parts->call_id;

	while (pattern.len) {
		char c = pattern.s[0];

		pattern = str_skip(pattern, 1);
		if (c != '%')
			g_string_append_c(out, c);
		else if (!expand_one(out, parts, &pattern, &call_id))
			return err_set(err, EINVAL,
				"recording-pattern has a '%%' without any of "
				"c r t l Y m d H M S u 1-9 {KEY} %% behind it");
	}
	if (out->len != strlen(out->str))
		return err_set(err, EINVAL, "recording-pattern is not a file's name");
	*ret = g_strdup(out->str);
	return 0;
}

static int refuse(struct str path, const char *why, struct err *err)
{
	return err_set(err, EINVAL, "recording cannot go to '%.*s': %s", (int)MIN(path.len, 200),
		path.s ? path.s : "", why);
}

int name_beneath(const char *root, struct str path, char **ret, struct err *err)
{
	g_autoptr(GString) out = g_string_new(NULL);
	size_t root_len = strlen(root);
	struct str rest = path, part;

	if (path.len > PATH_MAX_BYTES)
		return refuse(path, "it is too long", err);
	/* The metadata's first line tells it, and logs. */
	for (size_t i = 0; i < path.len; i++)
		if (g_ascii_iscntrl(path.s[i]))
			return refuse(path, "it is no name", err);
	if (path.len && path.s[0] == '/') {
		if (!str_begins(path, (struct str){ root, root_len }) || path.len == root_len ||
			path.s[root_len] != '/')
			return refuse(path, "it is not in --recording-dir", err);
		rest = str_skip(path, root_len);
	}
	while (str_cut(&rest, '/', &part)) {
		if (!part.len || str_is(part, "."))
			continue;
		if (str_is(part, ".."))
			return refuse(path, "it leads out of --recording-dir", err);
		if (part.len > 255)
			return refuse(path, "it is too long", err);
		g_string_append_printf(out, "%s%.*s", out->len ? "/" : "", STR_ARG(part));
	}
	if (!out->len)
		return refuse(path, "it is no name", err);
	*ret = g_strdup(out->str);
	return 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading and comparing the notation of requests and replies; see notation.h. */
#include "notation.h"

#include <ctype.h>
#include <stdlib.h>

#include "ng/ng.h"

struct reader {
	struct dict *dict;
	const char *at;
};

static void skip_blanks(struct reader *r)
{
	while (*r->at == ' ' || *r->at == '\n')
		r->at++;
}

static bool take(struct reader *r, char c)
{
	skip_blanks(r);
	if (*r->at != c)
		return false;
	r->at++;
	return true;
}

/* Up to one of `ends`, without the blanks before it. */
static struct str read_bare(struct reader *r, const char *ends)
{
	struct str s = { r->at, strcspn(r->at, ends) };

	r->at += s.len;
	while (s.len && s.s[s.len - 1] == ' ')
		s.len--;
	return s;
}

static struct str read_quoted(struct reader *r)
{
	struct str s = { r->at, strcspn(r->at, "\"") };

	r->at += s.len + (r->at[s.len] == '"');
	return s;
}

static bool read_value(struct reader *r, struct value *parent, const char *key);

static bool read_list(struct reader *r, struct value *list)
{
	while (!take(r, ']')) {
		if (!*r->at || !read_value(r, list, NULL))
			return false;
		take(r, ',');
	}
	return true;
}

static bool read_dict(struct reader *r, struct value *into)
{
	while (!take(r, '}')) {
		struct str key = read_bare(r, ":,}");

		if (!*r->at)
			return false;
		key = dict_copy(r->dict, key);
		if (str_is(key, "...") && *r->at != ':')
			dict_add_str(r->dict, into, key.s, STR_NULL);
		else if (!take(r, ':') || !read_value(r, into, key.s))
			return false;
		take(r, ',');
	}
	return true;
}

static bool read_value(struct reader *r, struct value *parent, const char *key)
{
	struct str s;
	int64_t num;

	if (take(r, '{'))
		return read_dict(r, dict_add_dict(r->dict, parent, key));
	if (take(r, '['))
		return read_list(r, dict_add_list(r->dict, parent, key));
	if (take(r, '"')) {
		dict_add_copy(r->dict, parent, key, read_quoted(r));
		return true;
	}
	s = read_bare(r, ",}]");
	if (str_is(s, "<none>"))
		return true;
	if (value_parse_int(s, &num))
		dict_add_int(r->dict, parent, key, num);
	else
		dict_add_copy(r->dict, parent, key, s);
	return true;
}

bool notation_parse(struct dict *dict, const char *text, struct value *into)
{
	struct reader r = { dict, text };

	if (!take(&r, '{') || !read_dict(&r, into))
		return false;
	skip_blanks(&r);
	return !*r.at;
}

static void differ(GString *why, const struct value *expected, const struct value *actual)
{
	g_string_append(why, "expected ");
	if (expected->key.len)
		g_string_append_printf(why, "%.*s: ", STR_ARG(expected->key));
	value_print(expected, why, 4000);
	g_string_append(why, ", got ");
	if (actual && actual->key.len)
		g_string_append_printf(why, "%.*s: ", STR_ARG(actual->key));
	if (actual)
		value_print(actual, why, 4000);
	else
		g_string_append(why, "nothing");
}

static bool match(
	const struct value *expected, const struct value *actual, const char *skip, GString *why);

static const struct value *skipped(const struct value *v, const char *skip)
{
	return v && skip && str_is(v->key, skip) ? v->next : v;
}

static bool match_items(
	const struct value *expected, const struct value *actual, const char *skip, GString *why)
{
	const struct value *a = skipped(value_first(actual), skip);

	value_each (e, expected) {
		if (str_is(e->key, "..."))
			return true;
		if (!a || !str_eq(e->key, a->key)) {
			differ(why, e, a);
			return false;
		}
		if (!match(e, a, NULL, why))
			return false;
		a = skipped(a->next, skip);
	}
	if (a) {
		g_string_append_printf(why, "not expected: %.*s: ", STR_ARG(a->key));
		value_print(a, why, 4000);
	}
	return !a;
}

static bool match(
	const struct value *expected, const struct value *actual, const char *skip, GString *why)
{
	bool same = expected->type == actual->type;

	if (expected->type == VALUE_STR && str_is(expected->str, "..."))
		return true;
	if (same && (expected->type == VALUE_LIST || expected->type == VALUE_DICT))
		return match_items(expected, actual, skip, why);
	if (same && expected->type == VALUE_STR)
		same = str_eq(expected->str, actual->str);
	else if (same)
		same = expected->num == actual->num;
	if (!same)
		differ(why, expected, actual);
	return same;
}

bool notation_match(const char *text, const struct value *actual, const char *skip, GString *why)
{
	struct dict *dict = dict_new();
	struct reader r = { dict, text };
	bool ok = read_value(&r, dict_root(dict), "value");

	if (ok)
		ok = match(value_first(dict_root(dict)), actual, skip, why);
	else
		g_string_append_printf(why, "cannot be read: %s", text);
	dict_free(dict);
	return ok;
}

static const struct value *item_at(const struct value *list, unsigned long index)
{
	const struct value *item = list->type == VALUE_LIST ? value_first(list) : NULL;

	while (item && index--)
		item = item->next;
	return item;
}

const struct value *notation_find(const struct value *root, const char *path)
{
	g_auto(GStrv) parts = g_strsplit(path, ".", -1);
	const struct value *v = root;

	for (char **part = parts; v && *part; part++) {
		char *index = strchr(*part, '[');

		if (index)
			*index = '\0';
		v = value_get(v, *part);
		while (v && index) {
			v = item_at(v, strtoul(index + 1, &index, 10));
			index = strchr(index, '[');
		}
	}
	return v;
}

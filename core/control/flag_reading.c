/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is needed to read any value: words compared and chosen, warnings, memory. The readers of the
 * values (flag_*.c) use this, and the table (flags.c) uses them.
 */
#include "control/flags_priv.h"

#include <stdint.h>
#include <string.h>

bool flag_normalise(struct str name, char ret[FLAG_MAX_NAME])
{
	if (name.len >= FLAG_MAX_NAME)
		return false;
	for (size_t i = 0; i < name.len; i++) {
		char c = name.s[i];

		ret[i] = c == ' ' || c == '_' ? '-' : g_ascii_tolower(c);
	}
	ret[name.len] = '\0';
	return true;
}

bool flag_value_is(struct str value, const char *name)
{
	char text[FLAG_MAX_NAME];

	return flag_normalise(value, text) && !strcmp(text, name);
}

bool flag_choose(struct reading *r, const char *key, struct str text, const struct choice *choices,
	unsigned count, int *ret_value)
{
	for (unsigned i = 0; i < count; i++)
		if (flag_value_is(text, choices[i].name)) {
			*ret_value = choices[i].value;
			return true;
		}
	flag_warn(r, "unknown %s '%.*s' ignored", key, STR_ARG(text));
	return false;
}

struct str flag_trim(struct str text)
{
	while (text.len && text.s[0] == ' ')
		text = str_skip(text, 1);
	while (text.len && text.s[text.len - 1] == ' ')
		text.len--;
	return text;
}

struct str flag_unescape(struct reading *r, struct str text)
{
	size_t to = 0;
	char *copy;

	if (!text.s || !text.len ||
		(!memmem(text.s, text.len, "--", 2) && !memmem(text.s, text.len, "..", 2)))
		return text;
	copy = (char *)(uintptr_t)dict_copy(flag_memory(r), text).s;
	for (size_t i = 0; i < text.len; i++) {
		bool twice = i + 1 < text.len && copy[i] == copy[i + 1];

		if (twice && (copy[i] == '-' || copy[i] == '.')) {
			copy[to++] = copy[i] == '-' ? '=' : ' ';
			i++;
		} else {
			copy[to++] = copy[i];
		}
	}
	return (struct str){ copy, to };
}

struct dict *flag_memory(struct reading *r)
{
	if (!r->o->made)
		r->o->made = dict_new();
	return r->o->made;
}

void flag_warn(struct reading *r, const char *fmt, ...)
{
	va_list ap;

	if (r->warnings->len)
		g_string_append(r->warnings, "; ");
	va_start(ap, fmt);
	g_string_append_vprintf(r->warnings, fmt, ap);
	va_end(ap);
}

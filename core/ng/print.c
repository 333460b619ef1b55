/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Trees in the form of the log's "Dump for" lines: for people, with texts as they are, and with
 * a bound, since a debug line must not grow with what a client sends.
 */
#include "ng/ng.h"

#include <inttypes.h>
#include <stdio.h>

struct printer {
	GString *out;
	size_t room; /* bytes that may still be written */
	bool full;
};

static void put(struct printer *p, struct str s)
{
	size_t n = s.len;

	if (p->full)
		return;
	if (n > p->room) {
		n = p->room;
		/* Not in the middle of a UTF-8 character, which has up to 4 bytes. */
		while (n && p->room - n < 3 && (s.s[n] & 0xc0) == 0x80)
			n--;
		p->full = true;
	}
	if (n)
		g_string_append_len(p->out, s.s, (gssize)n);
	p->room -= n;
	if (p->full)
		g_string_append(p->out, "…");
}

static void put_quoted(struct printer *p, struct str s)
{
	put(p, STR_LIT("\""));
	put(p, s);
	put(p, STR_LIT("\""));
}

static void print_value(struct printer *p, const struct value *v)
{
	bool is_dict = v->type == VALUE_DICT;
	char num[24];

	switch (v->type) {
	case VALUE_STR:
		put_quoted(p, v->str);
		return;
	case VALUE_INT:
		snprintf(num, sizeof(num), "%" PRId64, v->num);
		put(p, str_of(num));
		return;
	case VALUE_LIST:
	case VALUE_DICT:
		break;
	}
	put(p, is_dict ? STR_LIT("{ ") : STR_LIT("[ "));
	value_each (item, v) {
		if (p->full)
			return;
		if (is_dict) {
			put_quoted(p, item->key);
			put(p, STR_LIT(": "));
		}
		print_value(p, item);
		put(p, item->next ? STR_LIT(", ") : STR_LIT(" "));
	}
	put(p, is_dict ? STR_LIT("}") : STR_LIT("]"));
}

void value_print(const struct value *v, GString *out, size_t max_bytes)
{
	struct printer p = { .out = out, .room = max_bytes };

	print_value(&p, v);
}

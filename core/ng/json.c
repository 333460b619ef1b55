/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * JSON (RFC 8259) to trees and back, for NG clients that do not speak bencode and for what is
 * published as JSON. Strict: what another parser might read differently is refused. Trees know
 * neither fractions nor nothing: `1.5` becomes the string "1.5", and a null is left out.
 */
#include "ng/ng.h"

#include <errno.h>
#include <inttypes.h>

struct parser {
	const char *at, *end;
	struct dict *dict;
	int depth; /* of open containers */
	bool too_deep;
};

static bool parse_value(struct parser *p, struct value *parent, struct str key);

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Is [from, to] where the byte at `s[i]` lies? */
static bool byte_in(const char *s, size_t i, unsigned from, unsigned to)
{
	unsigned char c = (unsigned char)s[i];

	return c >= from && c <= to;
}

/* Bytes of the character `s` begins with (RFC 3629), of which `avail` > 0 are there; 0: none. */
static size_t utf8_length(const char *s, size_t avail)
{
	unsigned char lead = (unsigned char)*s;

	if (lead < 0x80)
		return 1;
	if (lead < 0xc2 || lead > 0xf4)
		return 0;
	if (lead < 0xe0)
		return avail >= 2 && byte_in(s, 1, 0x80, 0xbf) ? 2 : 0;
	if (lead < 0xf0) {
		/* Neither overlong forms nor surrogates. */
		if (avail < 3 ||
			!byte_in(s, 1, lead == 0xe0 ? 0xa0 : 0x80, lead == 0xed ? 0x9f : 0xbf))
			return 0;
		return byte_in(s, 2, 0x80, 0xbf) ? 3 : 0;
	}
	/* Neither overlong forms nor what is above U+10FFFF. */
	if (avail < 4 || !byte_in(s, 1, lead == 0xf0 ? 0x90 : 0x80, lead == 0xf4 ? 0x8f : 0xbf))
		return 0;
	return byte_in(s, 2, 0x80, 0xbf) && byte_in(s, 3, 0x80, 0xbf) ? 4 : 0;
}

/* The four hexadecimal digits of "\uXXXX" at `s`. */
static bool read_hex_escape(const char *s, size_t avail, uint32_t *ret_unit)
{
	uint32_t unit = 0;

	if (avail < 6 || s[0] != '\\' || s[1] != 'u')
		return false;
	for (int i = 2; i < 6; i++) {
		int digit = g_ascii_xdigit_value(s[i]);

		if (digit < 0)
			return false;
		unit = unit << 4 | (uint32_t)digit;
	}
	*ret_unit = unit;
	return true;
}

/* The "\uXXXX" at `s`, or the two that make a surrogate pair: their bytes, 0 if bad. */
static size_t read_unicode_escape(const char *s, size_t avail, uint32_t *ret_char)
{
	uint32_t high, low;

	if (!read_hex_escape(s, avail, &high))
		return 0;
	if (high < 0xd800 || high > 0xdfff) {
		*ret_char = high;
		return 6;
	}
	if (high > 0xdbff || !read_hex_escape(s + 6, avail - 6, &low))
		return 0;
	if (low < 0xdc00 || low > 0xdfff)
		return 0;
	*ret_char = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
	return 12;
}

/* The escape at `s`, which begins with a backslash: its bytes, 0 if bad. */
static size_t read_escape(const char *s, size_t avail, uint32_t *ret_char)
{
	static const char names[] = "\"\\/bfnrt";
	static const char meant[] = "\"\\/\b\f\n\r\t";
	const char *name;

	if (avail < 2)
		return 0;
	if (s[1] == 'u')
		return read_unicode_escape(s, avail, ret_char);
	name = memchr(names, s[1], sizeof(names) - 1);
	if (!name)
		return 0;
	*ret_char = (uint32_t)meant[name - names];
	return 2;
}

/* `raw`, whose escapes are known to be good, without them. */
static struct str unescape(struct dict *dict, struct str raw)
{
	struct str copy = dict_copy(dict, raw);
	/* In place: no escape is shorter than the UTF-8 of what it means. */
	char *begin = (char *)copy.s, *to = begin;
	const char *at = copy.s, *end = at + copy.len;
	uint32_t c;

	while (at < end) {
		if (*at != '\\') {
			*to++ = *at++;
			continue;
		}
		at += read_escape(at, (size_t)(end - at), &c);
		to += g_unichar_to_utf8(c, to);
	}
	*to = '\0';
	return (struct str){ begin, (size_t)(to - begin) };
}

static void skip_blanks(struct parser *p)
{
	while (p->at < p->end &&
		(*p->at == ' ' || *p->at == '\t' || *p->at == '\n' || *p->at == '\r'))
		p->at++;
}

/* Takes `c`, and blanks before it, if it comes next. */
static bool accept_char(struct parser *p, char c)
{
	skip_blanks(p);
	if (p->at == p->end || *p->at != c)
		return false;
	p->at++;
	return true;
}

static bool parse_string(struct parser *p, struct str *ret)
{
	struct str raw;
	bool escaped = false;
	uint32_t c;
	size_t n;

	if (!accept_char(p, '"'))
		return false;
	raw.s = p->at;
	while (p->at < p->end && *p->at != '"') {
		if (byte_in(p->at, 0, 0, 0x1f))
			return false;
		if (*p->at == '\\') {
			escaped = true;
			n = read_escape(p->at, (size_t)(p->end - p->at), &c);
		} else {
			n = utf8_length(p->at, (size_t)(p->end - p->at));
		}
		if (!n)
			return false;
		p->at += n;
	}
	if (p->at == p->end)
		return false;
	raw.len = (size_t)(p->at++ - raw.s);
	*ret = escaped ? unescape(p->dict, raw) : raw;
	return true;
}

/* At least one digit. */
static bool skip_digits(struct parser *p)
{
	const char *begin = p->at;

	while (p->at < p->end && is_digit(*p->at))
		p->at++;
	return p->at > begin;
}

static bool skip_char(struct parser *p, const char *any_of)
{
	if (p->at == p->end || !*p->at || !strchr(any_of, *p->at))
		return false;
	p->at++;
	return true;
}

static bool parse_number(struct parser *p, struct value *parent, struct str key)
{
	struct str text = { p->at, 0 };
	struct value *v;
	int64_t num;

	skip_char(p, "-");
	if (!skip_char(p, "0") && !skip_digits(p))
		return false;
	if (skip_char(p, ".") && !skip_digits(p))
		return false;
	if (skip_char(p, "eE")) {
		skip_char(p, "+-");
		if (!skip_digits(p))
			return false;
	}
	text.len = (size_t)(p->at - text.s);
	if (value_parse_int(text, &num)) {
		v = dict_add(p->dict, parent, key, VALUE_INT);
		v->num = num;
	} else {
		v = dict_add(p->dict, parent, key, VALUE_STR);
		v->str = text;
	}
	return true;
}

/* true, false and null. */
static bool parse_word(struct parser *p, struct value *parent, struct str key)
{
	struct str rest = { p->at, (size_t)(p->end - p->at) };

	if (str_begins(rest, STR_LIT("true"))) {
		dict_add(p->dict, parent, key, VALUE_INT)->num = 1;
		p->at += strlen("true");
	} else if (str_begins(rest, STR_LIT("false"))) {
		dict_add(p->dict, parent, key, VALUE_INT)->num = 0;
		p->at += strlen("false");
	} else if (str_begins(rest, STR_LIT("null"))) {
		p->at += strlen("null");
	} else {
		return false;
	}
	return true;
}

static bool enter(struct parser *p)
{
	if (p->depth == DICT_MAX_DEPTH) {
		p->too_deep = true;
		return false;
	}
	p->depth++;
	return true;
}

/* What follows a "{". */
static bool parse_members(struct parser *p, struct value *object)
{
	struct str key;

	if (!enter(p))
		return false;
	if (!accept_char(p, '}')) {
		do {
			if (!parse_string(p, &key) || !accept_char(p, ':'))
				return false;
			if (!parse_value(p, object, key))
				return false;
		} while (accept_char(p, ','));
		if (!accept_char(p, '}'))
			return false;
	}
	p->depth--;
	return true;
}

/* What follows a "[". */
static bool parse_elements(struct parser *p, struct value *list)
{
	if (!enter(p))
		return false;
	if (!accept_char(p, ']')) {
		do {
			if (!parse_value(p, list, STR_NULL))
				return false;
		} while (accept_char(p, ','));
		if (!accept_char(p, ']'))
			return false;
	}
	p->depth--;
	return true;
}

static bool parse_value(struct parser *p, struct value *parent, struct str key)
{
	struct value *v;
	struct str str;

	if (accept_char(p, '{'))
		return parse_members(p, dict_add(p->dict, parent, key, VALUE_DICT));
	if (accept_char(p, '['))
		return parse_elements(p, dict_add(p->dict, parent, key, VALUE_LIST));
	if (p->at == p->end)
		return false;
	if (*p->at == '"') {
		if (!parse_string(p, &str))
			return false;
		v = dict_add(p->dict, parent, key, VALUE_STR);
		v->str = str;
		v->any_base = true;
		return true;
	}
	if (*p->at == '-' || is_digit(*p->at))
		return parse_number(p, parent, key);
	return parse_word(p, parent, key);
}

/* The whole document; anything but an object is read only to tell which error it is. */
static bool parse_document(struct parser *p, bool *ret_is_object)
{
	struct value *root = dict_root(p->dict);
	bool is_object = accept_char(p, '{');

	if (!(is_object ? parse_members(p, root) : parse_value(p, root, STR_NULL)))
		return false;
	skip_blanks(p);
	if (p->at < p->end)
		return false;
	*ret_is_object = is_object;
	return true;
}

int json_decode(struct str doc, struct dict **ret_dict, struct err *err)
{
	struct parser p = { .at = doc.s, .end = doc.s ? doc.s + doc.len : NULL };
	bool is_object;

	p.dict = dict_new();
	if (!parse_document(&p, &is_object)) {
		dict_free(p.dict);
		return err_set(err, p.too_deep ? ELOOP : EINVAL, "Failed to parse JSON document");
	}
	if (!is_object) {
		dict_free(p.dict);
		return err_set(err, EINVAL, "Could not decode JSON dictionary");
	}
	*ret_dict = p.dict;
	return 0;
}

static void put_escape(GString *out, char c)
{
	static const char names[] = "\"\\bfnrt";
	static const char meant[] = "\"\\\b\f\n\r\t";
	const char *at = memchr(meant, c, sizeof(meant) - 1);

	if (at) {
		g_string_append_c(out, '\\');
		g_string_append_c(out, names[at - meant]);
	} else {
		g_string_append_printf(out, "\\u%04x", (unsigned)(unsigned char)c);
	}
}

static bool needs_escape(char c)
{
	return c == '"' || c == '\\' || byte_in(&c, 0, 0, 0x1f);
}

static void put_string(GString *out, struct str s)
{
	size_t run = 0; /* begin of what is not yet written and can be as it is */
	size_t i = 0;

	g_string_append_c(out, '"');
	while (i < s.len) {
		size_t n = utf8_length(s.s + i, s.len - i);

		if (n && !needs_escape(s.s[i])) {
			i += n;
			continue;
		}
		g_string_append_len(out, s.s + run, (gssize)(i - run));
		if (n)
			put_escape(out, s.s[i]);
		else
			g_string_append(out, "\xef\xbf\xbd"); /* U+FFFD */
		run = ++i;
	}
	if (i > run)
		g_string_append_len(out, s.s + run, (gssize)(i - run));
	g_string_append_c(out, '"');
}

void json_encode(const struct value *v, GString *out)
{
	bool is_dict = v->type == VALUE_DICT;

	switch (v->type) {
	case VALUE_STR:
		if (v->bare)
			g_string_append_len(out, v->str.s, (gssize)v->str.len);
		else
			put_string(out, v->str);
		return;
	case VALUE_INT:
		g_string_append_printf(out, "%" PRId64, v->num);
		return;
	case VALUE_LIST:
	case VALUE_DICT:
		break;
	}
	g_string_append_c(out, is_dict ? '{' : '[');
	value_each (item, v) {
		if (is_dict) {
			put_string(out, item->key);
			g_string_append_c(out, ':');
		}
		json_encode(item, out);
		if (item->next)
			g_string_append_c(out, ',');
	}
	g_string_append_c(out, is_dict ? '}' : ']');
}

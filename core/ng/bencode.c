/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Bencode to trees and back: the encoding of nearly all NG traffic, so both ways touch each byte
 * once and call no printf. The lenient parts (see the spec, NG 1.2) are what clients rely on.
 */
#include "ng/ng.h"

#include <errno.h>

enum { MAX_DIGITS = 20 }; /* of an int64_t with its sign, or a size_t */

/* Unread bytes, and the containers that are open around them. */
struct reader {
	const char *at, *end;
	struct dict *dict;
	struct value *open[DICT_MAX_DEPTH];
	int depth; /* of the innermost one; the root's is 0 */
};

/* "<len>:<bytes>" at the reader. */
static bool read_string(struct reader *r, struct str *ret)
{
	const char *at = r->at;
	size_t len = 0;

	while (at < r->end && *at >= '0' && *at <= '9') {
		len = len * 10 + (size_t)(*at++ - '0');
		/* Too long already: leaving here also keeps `len` from wrapping. */
		if (len > (size_t)(r->end - at))
			return false;
	}
	if (at == r->at || at == r->end || *at != ':')
		return false;
	at++;
	if (len > (size_t)(r->end - at))
		return false;
	*ret = (struct str){ at, len };
	r->at = at + len;
	return true;
}

/* "i<decimal>e" at the reader. */
static bool read_int(struct reader *r, int64_t *ret)
{
	struct str text = { r->at + 1, 0 };
	size_t left = (size_t)(r->end - text.s);
	const char *end = memchr(text.s, 'e', MIN(left, MAX_DIGITS + 1));
	const char *first;

	if (!end)
		return false;
	text.len = (size_t)(end - text.s);
	first = text.s + (*text.s == '-');
	if (*first == '0' && end - first > 1)
		return false;
	if (!value_parse_int(text, ret))
		return false;
	r->at = end + 1;
	return true;
}

static int open_container(struct reader *r, struct str key, enum value_type type)
{
	struct value *v;

	if (r->depth + 1 == DICT_MAX_DEPTH)
		return -ELOOP;
	v = dict_add(r->dict, r->open[r->depth], key, type);
	r->open[++r->depth] = v;
	r->at++;
	return 0;
}

/* One value, or the opening of one, into the innermost container. */
static int read_value(struct reader *r, struct str key)
{
	struct value *parent = r->open[r->depth];
	struct str str;
	int64_t num;

	switch (*r->at) {
	case 'd':
		return open_container(r, key, VALUE_DICT);
	case 'l':
		return open_container(r, key, VALUE_LIST);
	case 'i':
		if (!read_int(r, &num))
			return -EINVAL;
		dict_add(r->dict, parent, key, VALUE_INT)->num = num;
		return 0;
	default:
		if (!read_string(r, &str))
			return -EINVAL;
		dict_add(r->dict, parent, key, VALUE_STR)->str = str;
		return 0;
	}
}

/* What follows the "d" of the root, up to its "e"; what comes after is nobody's business. */
static int read_root(struct reader *r)
{
	struct str key;
	int ret;

	while (r->at < r->end) {
		if (*r->at == 'e') {
			r->at++;
			if (r->depth-- == 0)
				return 0;
			continue;
		}
		key = STR_NULL;
		if (r->open[r->depth]->type == VALUE_DICT &&
			(!read_string(r, &key) || r->at == r->end))
			return -EINVAL;
		ret = read_value(r, key);
		if (ret)
			return ret;
	}
	/* The root's own "e" may be missing. */
	return r->depth == 0 ? 0 : -EINVAL;
}

int bencode_decode(struct str doc, struct dict **ret_dict, struct err *err)
{
	struct reader r = { 0 };
	int ret = -EINVAL;

	if (doc.len && *doc.s == 'd') {
		r.at = doc.s + 1;
		r.end = doc.s + doc.len;
		r.dict = dict_new();
		r.open[0] = dict_root(r.dict);
		ret = read_root(&r);
	}
	if (ret) {
		dict_free(r.dict);
		return err_set(err, -ret, "Could not decode bencode dictionary");
	}
	*ret_dict = r.dict;
	return 0;
}

/* Room for `bytes` at the end of `out`, to be filled by the caller. */
static char *grow(GString *out, size_t bytes)
{
	size_t at = out->len;

	g_string_set_size(out, at + bytes);
	return out->str + at;
}

/* Writes `num` so that it ends before `end`; where it begins. */
static char *print_digits(char *end, uint64_t num)
{
	do {
		*--end = (char)('0' + num % 10);
		num /= 10;
	} while (num);
	return end;
}

static void put_string(GString *out, struct str s)
{
	char prefix[MAX_DIGITS + 1], *end = prefix + sizeof(prefix), *begin, *to;
	size_t prefix_len;

	*--end = ':';
	begin = print_digits(end, s.len);
	prefix_len = (size_t)(prefix + sizeof(prefix) - begin);
	to = grow(out, prefix_len + s.len);
	memcpy(to, begin, prefix_len);
	if (s.len)
		memcpy(to + prefix_len, s.s, s.len);
}

static void put_int(GString *out, int64_t num)
{
	char text[MAX_DIGITS + 2], *end = text + sizeof(text), *begin;
	size_t len;

	*--end = 'e';
	begin = print_digits(end, num < 0 ? 0 - (uint64_t)num : (uint64_t)num);
	if (num < 0)
		*--begin = '-';
	*--begin = 'i';
	len = (size_t)(text + sizeof(text) - begin);
	memcpy(grow(out, len), begin, len);
}

void bencode_encode(const struct value *v, GString *out)
{
	switch (v->type) {
	case VALUE_STR:
		put_string(out, v->str);
		return;
	case VALUE_INT:
		put_int(out, v->num);
		return;
	case VALUE_LIST:
	case VALUE_DICT:
		break;
	}
	g_string_append_c(out, v->type == VALUE_DICT ? 'd' : 'l');
	value_each (item, v) {
		if (v->type == VALUE_DICT)
			put_string(out, item->key);
		bencode_encode(item, out);
	}
	g_string_append_c(out, 'e');
}

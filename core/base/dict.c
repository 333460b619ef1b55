/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Trees of values: nodes in one arena, linked in the order in which they were added. Between the
 * decoders of core/ng, which fill them, and the commands, which read one and build another.
 */
#include "api/dict.h"

#include "base/arena.h"

#include <assert.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>

/* Enough for the nodes of most requests; their texts stay in the datagram. */
enum { FIRST_BLOCK_BYTES = 4000 };

struct dict {
	struct arena *arena; /* holds this struct, too */
	struct value root;
};

struct dict *dict_new(void)
{
	struct arena *arena = arena_new(FIRST_BLOCK_BYTES);
	struct dict *dict = arena_alloc(arena, sizeof(*dict));

	dict->arena = arena;
	dict->root.type = VALUE_DICT;
	return dict;
}

void dict_free(struct dict *dict)
{
	if (dict)
		arena_free(dict->arena);
}

struct value *dict_root(struct dict *dict)
{
	return &dict->root;
}

struct str dict_copy(struct dict *dict, struct str bytes)
{
	return arena_str(dict->arena, bytes);
}

static bool is_container(const struct value *v)
{
	return v && (v->type == VALUE_DICT || v->type == VALUE_LIST);
}

struct value *value_first(const struct value *v)
{
	return is_container(v) ? v->items.first : NULL;
}

struct value *value_get(const struct value *v, const char *key)
{
	struct str wanted = str_of(key);

	if (!v || v->type != VALUE_DICT)
		return NULL;
	value_each (item, v) {
		if (str_eq(item->key, wanted))
			return item;
	}
	return NULL;
}

bool value_is_str(const struct value *v)
{
	return v && v->type == VALUE_STR;
}

struct str value_str(const struct value *v)
{
	return value_is_str(v) ? v->str : STR_NULL;
}

struct str value_get_str(const struct value *v, const char *key)
{
	return value_str(value_get(v, key));
}

/* 16 when it is none of any base. */
static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : 16;
}

/* Takes the prefix off. */
static int base_of(struct str *digits)
{
	if (digits->len > 2 && digits->s[0] == '0' && (digits->s[1] | 0x20) == 'x') {
		*digits = str_skip(*digits, 2);
		return 16;
	}
	return digits->len > 1 && digits->s[0] == '0' ? 8 : 10;
}

static bool parse_int(struct str text, bool any_base, int64_t *ret_num)
{
	bool negative = text.len && *text.s == '-';
	int64_t num = 0;
	int base;

	if (negative)
		text = str_skip(text, 1);
	if (!text.len)
		return false;
	base = any_base ? base_of(&text) : 10;
	for (size_t i = 0; i < text.len; i++) {
		int digit = digit_of(text.s[i]);

		if (digit >= base)
			return false;
		/* Counted downwards: the least number has no positive counterpart. */
		if (__builtin_mul_overflow(num, base, &num) ||
			__builtin_sub_overflow(num, digit, &num))
			return false;
	}
	if (!negative && num == INT64_MIN)
		return false;
	*ret_num = negative ? num : -num;
	return true;
}

bool value_parse_int(struct str text, int64_t *ret_num)
{
	return parse_int(text, false, ret_num);
}

bool value_parse_int_any_base(struct str text, int64_t *ret_num)
{
	return parse_int(text, true, ret_num);
}

int64_t value_int(const struct value *v, int64_t otherwise)
{
	int64_t num;

	if (!v)
		return otherwise;
	if (v->type == VALUE_INT)
		return v->num;
	if (v->type == VALUE_STR && parse_int(v->str, v->any_base, &num))
		return num;
	return otherwise;
}

int64_t value_get_int(const struct value *v, const char *key, int64_t otherwise)
{
	return value_int(value_get(v, key), otherwise);
}

struct value *dict_add(
	struct dict *dict, struct value *parent, struct str key, enum value_type type)
{
	struct value *v = arena_alloc(dict->arena, sizeof(*v));

	assert(is_container(parent));
	v->type = type;
	v->key = key;
	if (parent->items.last)
		parent->items.last->next = v;
	else
		parent->items.first = v;
	parent->items.last = v;
	parent->items.count++;
	return v;
}

struct value *dict_add_str(struct dict *dict, struct value *parent, const char *key, struct str s)
{
	struct value *v = dict_add(dict, parent, str_of(key), VALUE_STR);

	v->str = s;
	return v;
}

struct value *dict_add_copy(struct dict *dict, struct value *parent, const char *key, struct str s)
{
	return dict_add_str(dict, parent, key, dict_copy(dict, s));
}

struct value *dict_add_int(struct dict *dict, struct value *parent, const char *key, int64_t num)
{
	struct value *v = dict_add(dict, parent, str_of(key), VALUE_INT);

	v->num = num;
	return v;
}

struct value *dict_add_list(struct dict *dict, struct value *parent, const char *key)
{
	return dict_add(dict, parent, str_of(key), VALUE_LIST);
}

struct value *dict_add_dict(struct dict *dict, struct value *parent, const char *key)
{
	return dict_add(dict, parent, str_of(key), VALUE_DICT);
}

struct value *dict_add_printf(
	struct dict *dict, struct value *parent, const char *key, const char *fmt, ...)
{
	char small[256];
	char *text = small;
	va_list args, again;
	int len;

	va_start(args, fmt);
	va_copy(again, args);
	len = vsnprintf(small, sizeof(small), fmt, args);
	va_end(args);
	if (len < 0)
		len = 0;
	if ((size_t)len >= sizeof(small)) {
		text = arena_alloc(dict->arena, (size_t)len + 1);
		vsnprintf(text, (size_t)len + 1, fmt, again);
	}
	va_end(again);
	if (text != small)
		return dict_add_str(dict, parent, key, (struct str){ text, (size_t)len });
	return dict_add_copy(dict, parent, key, (struct str){ text, (size_t)len });
}

struct value *dict_add_real(struct dict *dict, struct value *parent, const char *key, double real)
{
	struct value *v = dict_add_printf(dict, parent, key, "%.6f", isfinite(real) ? real : 0);

	v->bare = true;
	return v;
}

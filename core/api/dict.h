/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Trees of values: what an NG message, a snapshot or a command's reply is before it is bencode
 * or JSON. A tree belongs to its `struct dict`, whose memory is given back in one piece.
 *
 * Not locked: one thread at a time has a tree. Everything here is [any] thread.
 */
#ifndef API_DICT_H
#define API_DICT_H

#include "api/str.h"

#include <stdint.h>

enum value_type { VALUE_STR, VALUE_INT, VALUE_LIST, VALUE_DICT };

/* One node. Read freely; make and link nodes only by the functions below. */
struct value {
	enum value_type type;
	bool bare;          /* a VALUE_STR that is a number: JSON has it without quotes */
	bool any_base;      /* a VALUE_STR that as a number may begin with 0x or 0: of JSON */
	struct str key;     /* its name in the dictionary that holds it; empty in lists */
	struct value *next; /* next one in the same list or dictionary */
	union {
		struct str str;
		int64_t num;
		struct {
			struct value *first, *last;
			size_t count;
		} items; /* of a list or dictionary, in the order in which they came */
	};
};

/* Nesting deeper than this is refused by decoders (DoS bound). */
enum { DICT_MAX_DEPTH = 32 };

struct dict;

/* An empty tree whose root is a dictionary. Owned by the caller. */
struct dict *dict_new(void);
void dict_free(struct dict *dict); /* NULL is fine */
struct value *dict_root(struct dict *dict);
/* `bytes` copied into the tree's memory (with a 0 behind it), valid as long as the tree. */
struct str dict_copy(struct dict *dict, struct str bytes);

/*
 * Reading. `v` may be NULL or of the wrong type: then nothing is found. Keys are compared
 * byte for byte; of several equal keys the first is found.
 */
struct value *value_get(const struct value *v, const char *key);
struct str value_str(const struct value *v); /* of a VALUE_STR, else STR_NULL */
struct str value_get_str(const struct value *v, const char *key);
bool value_is_str(const struct value *v);
/*
 * An integer, or a string that is wholly a decimal number (spec NG 1.2); else `otherwise`. A
 * string of JSON may also be hexadecimal (0x1f) or octal (017), and its decimals may not begin
 * with a 0.
 * Numbers that do not fit are `otherwise` too.
 */
int64_t value_int(const struct value *v, int64_t otherwise);
int64_t value_get_int(const struct value *v, const char *key, int64_t otherwise);
/* The rule behind it: digits with or without a "-" before them, and nothing else; it must fit. */
bool value_parse_int(struct str text, int64_t *ret_num);
/* The same with the base by its beginning: 0x or 0X, 0, or decimal. */
bool value_parse_int_any_base(struct str text, int64_t *ret_num);

/* for (item in list or dictionary): value_each (item, v) { … } */
#define value_each(item, v) for (struct value *item = value_first(v); item; item = item->next)
struct value *value_first(const struct value *v); /* NULL for scalars and NULL */

/*
 * Building. `parent` is a list or a dictionary of `dict`; `key` is used as it is (must live as
 * long as the tree, as literals do) and NULL in lists. Bytes of values are *not* copied by the
 * plain forms: they must outlive the tree; the _copy form copies.
 */
struct value *dict_add_str(struct dict *dict, struct value *parent, const char *key, struct str s);
struct value *dict_add_copy(struct dict *dict, struct value *parent, const char *key, struct str s);
struct value *dict_add_int(struct dict *dict, struct value *parent, const char *key, int64_t num);
struct value *dict_add_list(struct dict *dict, struct value *parent, const char *key);
struct value *dict_add_dict(struct dict *dict, struct value *parent, const char *key);
/* printf into the tree's memory. */
struct value *dict_add_printf(struct dict *dict, struct value *parent, const char *key,
	const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* A number with six decimals: a string, but where the encoding has such numbers. */
struct value *dict_add_real(struct dict *dict, struct value *parent, const char *key, double real);
/* For decoders, whose keys are not terminated: a node of `type` with `key`, linked last. */
struct value *dict_add(
	struct dict *dict, struct value *parent, struct str key, enum value_type type);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A run of bytes: pointer and length, not terminated, not owned. Texts from the network are
 * handled as these, so that nothing is copied to be looked at.
 */
#ifndef API_STR_H
#define API_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

struct str {
	const char *s; /* may be NULL when len is 0 */
	size_t len;    /* bytes */
};

#define STR_NULL     ((struct str){ NULL, 0 })
#define STR_LIT(lit) ((struct str){ (lit), sizeof(lit) - 1 })
/* For printf: "%.*s", STR_ARG(x) */
#define STR_ARG(x) (int)(x).len, (x).s ? (x).s : ""

/* The bytes of a terminated string; NULL gives the empty run. [any] */
static inline struct str str_of(const char *s)
{
	return (struct str){ s, s ? strlen(s) : 0 };
}

static inline bool str_eq(struct str a, struct str b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.s, b.s, a.len) == 0);
}

static inline bool str_is(struct str a, const char *b)
{
	return str_eq(a, str_of(b));
}

/* ASCII case is ignored. */
static inline bool str_eq_nocase(struct str a, struct str b)
{
	return a.len == b.len && (a.len == 0 || strncasecmp(a.s, b.s, a.len) == 0);
}

static inline bool str_is_nocase(struct str a, const char *b)
{
	return str_eq_nocase(a, str_of(b));
}

/* Does `a` begin with `b`? */
static inline bool str_begins(struct str a, struct str b)
{
	return a.len >= b.len && (b.len == 0 || memcmp(a.s, b.s, b.len) == 0);
}

/* `a` without its first `n` bytes (all of them when it has fewer). */
static inline struct str str_skip(struct str a, size_t n)
{
	if (n > a.len)
		n = a.len;
	return (struct str){ a.s + n, a.len - n };
}

/*
 * Cuts the part before the next `sep` off the front of `rest` and stores it; the separator is
 * dropped. False when `rest` was used up already (its s is NULL then).
 */
static inline bool str_cut(struct str *rest, char sep, struct str *ret_part)
{
	const char *at;

	if (!rest->s)
		return false;
	at = rest->len ? memchr(rest->s, sep, rest->len) : NULL;
	if (!at) {
		*ret_part = *rest;
		*rest = STR_NULL;
		return true;
	}
	*ret_part = (struct str){ rest->s, (size_t)(at - rest->s) };
	*rest = str_skip(*rest, ret_part->len + 1);
	return true;
}

/* Like str_cut at blanks; runs of blanks count as one. False at the end. */
static inline bool str_token(struct str *rest, struct str *ret_token)
{
	size_t n = 0;

	while (rest->len && *rest->s == ' ')
		*rest = str_skip(*rest, 1);
	if (!rest->len)
		return false;
	while (n < rest->len && rest->s[n] != ' ')
		n++;
	*ret_token = (struct str){ rest->s, n };
	*rest = str_skip(*rest, n);
	return true;
}

#endif

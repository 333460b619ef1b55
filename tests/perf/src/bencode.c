/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bencode.h"
#include <stdio.h>
#include <string.h>

void be_raw(struct be *b, const void *p, size_t n)
{
	if (b->len + n <= b->cap)
		memcpy(b->buf + b->len, p, n);
	b->len += n;
}

void be_mem(struct be *b, const void *p, size_t n)
{
	char t[24];
	be_raw(b, t, (size_t)snprintf(t, sizeof t, "%zu:", n));
	be_raw(b, p, n);
}

void be_str(struct be *b, const char *s)
{
	be_mem(b, s, strlen(s));
}

void be_int(struct be *b, long long v)
{
	char t[32];
	be_raw(b, t, (size_t)snprintf(t, sizeof t, "i%llde", v));
}

static const char *get_string(const char *p, const char *end, const char **s, size_t *n)
{
	size_t len = 0;
	if (p >= end || *p < '0' || *p > '9')
		return NULL;
	for (; p < end && *p >= '0' && *p <= '9'; p++)
		if ((len = len * 10 + (size_t)(*p - '0')) > (size_t)(end - p))
			return NULL;
	if (p >= end || *p++ != ':' || len > (size_t)(end - p))
		return NULL;
	*s = p;
	*n = len;
	return p + len;
}

/* Steps over one value of any kind. */
static const char *skip(const char *p, const char *end, int depth)
{
	const char *s;
	size_t n;
	if (p >= end || depth > 32)
		return NULL;
	if (*p == 'i') {
		p = memchr(p, 'e', (size_t)(end - p));
		return p ? p + 1 : NULL;
	}
	if (*p != 'd' && *p != 'l')
		return get_string(p, end, &s, &n);
	for (p++; p && p < end && *p != 'e';)
		p = skip(p, end, depth + 1);
	return p && p < end ? p + 1 : NULL;
}

bool be_get(const char *msg, size_t len, const char *key, const char **val, size_t *vlen)
{
	const char *p = msg, *end = msg + len, *k;
	size_t klen, want = strlen(key);
	if (!len || *p++ != 'd')
		return false;
	while (p && p < end && *p != 'e') {
		if (!(p = get_string(p, end, &k, &klen)))
			return false;
		if (klen == want && !memcmp(k, key, want))
			return get_string(p, end, val, vlen) != NULL;
		p = skip(p, end, 0);
	}
	return false;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The little of bencode that the NG protocol needs. */
#ifndef BENCODE_H
#define BENCODE_H
#include <stdbool.h>
#include <stddef.h>

/* Writer: appends to a fixed buffer; len grows past cap on overflow (check be_ok). */
struct be {
	char *buf;
	size_t len, cap;
};
void be_raw(struct be *b, const void *p, size_t n);
void be_mem(struct be *b, const void *p, size_t n);
void be_str(struct be *b, const char *s);
void be_int(struct be *b, long long v);
static inline void be_dict(struct be *b)
{
	be_raw(b, "d", 1);
}
static inline void be_list(struct be *b)
{
	be_raw(b, "l", 1);
}
static inline void be_end(struct be *b)
{
	be_raw(b, "e", 1);
}
static inline void be_kv(struct be *b, const char *k, const char *v)
{
	be_str(b, k);
	be_str(b, v);
}
static inline bool be_ok(const struct be *b)
{
	return b->len <= b->cap;
}

/* Reader: the string value of a key of the outermost dictionary. */
bool be_get(const char *msg, size_t len, const char *key, const char **val, size_t *vlen);
#endif

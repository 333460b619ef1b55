/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Two generations of answers: the new one takes what is stored, the old one is thrown away when
 * the new one is 30 s old. The bound in bytes turns generations over earlier.
 */
#include "control/retrans.h"

#include "stats/counter.h"

#include <glib.h>

static const int64_t GENERATION_US = 30 * 1000000;

/* Cookie and answer in one piece, the cookie first. */
struct stored {
	struct str cookie, answer; /* into bytes[] */
	char bytes[];
};

struct generation {
	GHashTable *answers; /* struct str * (in the value) → struct stored * */
	uint64_t bytes;
	int64_t since_us;
};

struct retrans {
	struct generation now, before;
	uint64_t max_bytes;
};

static guint hash_str(gconstpointer key)
{
	const struct str *s = key;
	guint h = 5381;

	for (size_t i = 0; i < s->len; i++)
		h = h * 33 + (guint8)s->s[i];
	return h;
}

static gboolean equal_str(gconstpointer a, gconstpointer b)
{
	return str_eq(*(const struct str *)a, *(const struct str *)b);
}

/* Answers to offers have keys in them. */
static void free_stored(gpointer value)
{
	struct stored *s = value;

	explicit_bzero(s->bytes, s->cookie.len + s->answer.len);
	g_free(s);
}

static void generation_begin(struct generation *g, int64_t now_us)
{
	g->answers = g_hash_table_new_full(hash_str, equal_str, NULL, free_stored);
	g->bytes = 0;
	g->since_us = now_us;
}

struct retrans *retrans_new(uint64_t max_bytes)
{
	struct retrans *r = g_new0(struct retrans, 1);

	r->max_bytes = max_bytes;
	generation_begin(&r->now, 0);
	generation_begin(&r->before, 0);
	return r;
}

void retrans_free(struct retrans *r)
{
	if (!r)
		return;
	g_hash_table_destroy(r->now.answers);
	g_hash_table_destroy(r->before.answers);
	g_free(r);
}

static void turn_over(struct retrans *r, int64_t now_us)
{
	g_hash_table_destroy(r->before.answers);
	r->before = r->now;
	generation_begin(&r->now, now_us);
}

struct str retrans_find(struct retrans *r, struct str cookie, int64_t now_us)
{
	const struct stored *s;

	if (now_us - r->now.since_us >= GENERATION_US)
		turn_over(r, now_us);
	s = g_hash_table_lookup(r->now.answers, &cookie);
	if (!s)
		s = g_hash_table_lookup(r->before.answers, &cookie);
	return s ? s->answer : STR_NULL;
}

static size_t stored_bytes(struct str cookie, struct str answer)
{
	return sizeof(struct stored) + cookie.len + answer.len;
}

/* An answer of the same generation goes with its bytes; also when the new one is not kept. */
static void drop_replaced(struct generation *g, struct str cookie)
{
	const struct stored *s = g_hash_table_lookup(g->answers, &cookie);

	if (!s)
		return;
	g->bytes -= stored_bytes(s->cookie, s->answer);
	g_hash_table_remove(g->answers, &cookie);
}

void retrans_store(struct retrans *r, struct str cookie, struct str answer, int64_t now_us)
{
	size_t bytes = stored_bytes(cookie, answer);
	struct stored *s;

	drop_replaced(&r->now, cookie);
	if (bytes > r->max_bytes / 2)
		return;
	if (r->now.bytes + bytes > r->max_bytes / 2) {
		counter_add(COUNTER_NG_EVICTED, g_hash_table_size(r->before.answers));
		turn_over(r, now_us);
	}
	s = g_malloc(bytes);
	memcpy(s->bytes, cookie.s, cookie.len);
	memcpy(s->bytes + cookie.len, answer.s, answer.len);
	s->cookie = (struct str){ s->bytes, cookie.len };
	s->answer = (struct str){ s->bytes + cookie.len, answer.len };
	r->now.bytes += bytes;
	g_hash_table_insert(r->now.answers, &s->cookie, s);
}

uint64_t retrans_bytes(const struct retrans *r)
{
	return r->now.bytes + r->before.bytes;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Buffer pools: bounds, room, order of reuse, memory of an idle worker. */
#include "base/buf.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <glib.h>

static void test_buffer_is_empty_with_head_room(void)
{
	struct buf_pool *pool = buf_pool_new(1);
	struct buf *buf = buf_get(pool);

	g_assert_nonnull(buf);
	g_assert_true(buf->data == buf->room + BUF_HEADROOM);
	g_assert_cmpuint(buf->len, ==, 0);
	g_assert_true(buf->pool == pool);
	g_assert_null(buf->next);
	buf_put(buf);
	buf_pool_free(pool);
}

static void test_reused_buffer_is_reset(void)
{
	struct buf_pool *pool = buf_pool_new(1);
	struct buf *buf = buf_get(pool);

	buf->data += 40;
	buf->len = 17;
	buf_put(buf);
	buf = buf_get(pool);
	g_assert_true(buf->data == buf->room + BUF_HEADROOM);
	g_assert_cmpuint(buf->len, ==, 0);
	g_assert_null(buf->next);
	buf_put(buf);
	buf_pool_free(pool);
}

static void test_at_most_max_are_out(void)
{
	const unsigned max = 70;
	struct buf_pool *pool = buf_pool_new(max);
	struct buf *bufs[70];

	for (unsigned i = 0; i < max; i++) {
		bufs[i] = buf_get(pool);
		g_assert_nonnull(bufs[i]);
		g_assert_cmpuint(buf_pool_out(pool), ==, i + 1);
	}
	g_assert_null(buf_get(pool));
	g_assert_cmpuint(buf_pool_out(pool), ==, max);
	buf_put(bufs[3]);
	g_assert_true(buf_get(pool) == bufs[3]);
	for (unsigned i = 0; i < max; i++)
		buf_put(bufs[i]);
	g_assert_cmpuint(buf_pool_out(pool), ==, 0);
	buf_pool_free(pool);
}

/* Each is filled to its last byte with its number: an overlap would show in another one. */
static void test_rooms_do_not_overlap(void)
{
	const size_t room = BUF_HEADROOM + BUF_PAYLOAD + BUF_TAILROOM;
	const unsigned max = 70;
	struct buf_pool *pool = buf_pool_new(max);
	struct buf *bufs[70];

	for (unsigned i = 0; i < max; i++) {
		bufs[i] = buf_get(pool);
		memset(bufs[i]->room, (int)i, room);
	}
	for (unsigned i = 0; i < max; i++) {
		for (size_t k = 0; k < room; k++)
			g_assert_cmpuint(bufs[i]->room[k], ==, i);
		g_assert_true(bufs[i]->pool == pool);
		buf_put(bufs[i]);
	}
	buf_pool_free(pool);
}

static void test_last_back_is_first_out(void)
{
	struct buf_pool *pool = buf_pool_new(8);
	struct buf *a = buf_get(pool), *b = buf_get(pool);

	buf_put(a);
	buf_put(b);
	g_assert_true(buf_get(pool) == b);
	g_assert_true(buf_get(pool) == a);
	buf_put(a);
	buf_put(b);
	buf_pool_free(pool);
}

static long resident_pages(void)
{
	long size = 0, resident = 0;
	FILE *file = fopen("/proc/self/statm", "r");

	g_assert_nonnull(file);
	g_assert_cmpint(fscanf(file, "%ld %ld", &size, &resident), ==, 2);
	fclose(file);
	return resident;
}

/* Linking all buffers of this pool beforehand would touch 400 MB. */
static void test_idle_worker_takes_little_memory(void)
{
	long before = resident_pages();
	struct buf_pool *pool = buf_pool_new(100000);
	struct buf *buf = buf_get(pool);

	g_assert_cmpint((resident_pages() - before) * sysconf(_SC_PAGESIZE), <, 1 << 20);
	buf_put(buf);
	buf_pool_free(pool);
}

static void test_null_is_fine(void)
{
	buf_put(NULL);
	buf_pool_free(NULL);
}

static void test_empty_pool_gives_nothing(void)
{
	struct buf_pool *pool = buf_pool_new(0);

	g_assert_null(buf_get(pool));
	buf_pool_free(pool);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/base/buf/new", test_buffer_is_empty_with_head_room);
	g_test_add_func("/base/buf/reset", test_reused_buffer_is_reset);
	g_test_add_func("/base/buf/max", test_at_most_max_are_out);
	g_test_add_func("/base/buf/overlap", test_rooms_do_not_overlap);
	g_test_add_func("/base/buf/lifo", test_last_back_is_first_out);
	g_test_add_func("/base/buf/idle-memory", test_idle_worker_takes_little_memory);
	g_test_add_func("/base/buf/null", test_null_is_fine);
	g_test_add_func("/base/buf/empty-pool", test_empty_pool_gives_nothing);
	return g_test_run();
}

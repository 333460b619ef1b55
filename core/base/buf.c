/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Packet buffers of one worker. They are cut from slabs, and a slab is made only when all earlier
 * buffers are out: an idle worker has touched next to nothing. A buffer not used yet is not
 * linked anywhere either, because writing its link would make its page resident.
 */
#include "base/buf.h"

#include <assert.h>

#include <glib.h>

enum {
	ALIGNMENT = 64, /* a cache line */
	SLAB_BUFS = 32,
	ROOM_BYTES = BUF_HEADROOM + BUF_PAYLOAD + BUF_TAILROOM,
	BUF_BYTES = (sizeof(struct buf) + ROOM_BYTES + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT,
};

struct slab {
	struct slab *next;
	unsigned count; /* buffers it has room for */
	unsigned cut;   /* of those, handed out at least once */
	_Alignas(ALIGNMENT) uint8_t bufs[];
};

/* Owner: one worker. */
struct buf_pool {
	struct buf *unused; /* last one back is first: its lines are still in the cache */
	struct slab *slabs; /* newest first; only the newest may have uncut buffers */
	unsigned max, made, out;
};

struct buf_pool *buf_pool_new(unsigned max)
{
	struct buf_pool *pool = g_new0(struct buf_pool, 1);

	pool->max = max;
	return pool;
}

void buf_pool_free(struct buf_pool *pool)
{
	if (!pool)
		return;
	assert(pool->out == 0);
	while (pool->slabs) {
		struct slab *slab = pool->slabs;

		pool->slabs = slab->next;
		g_aligned_free(slab);
	}
	g_free(pool);
}

/* `made` counts whole slabs, so the newest slab is the only one with buffers left to cut. */
static struct slab *slab_new(struct buf_pool *pool)
{
	unsigned count = MIN((unsigned)SLAB_BUFS, pool->max - pool->made);

	if (count == 0)
		return NULL;
	size_t bytes = sizeof(struct slab) + (size_t)count * BUF_BYTES;
	struct slab *slab = g_aligned_alloc(1, bytes, ALIGNMENT);

	slab->next = pool->slabs;
	slab->count = count;
	slab->cut = 0;
	pool->slabs = slab;
	pool->made += count;
	return slab;
}

static struct buf *cut_buf(struct buf_pool *pool)
{
	struct slab *slab = pool->slabs;

	if (!slab || slab->cut == slab->count)
		slab = slab_new(pool);
	if (!slab)
		return NULL;
	struct buf *buf = (struct buf *)(slab->bufs + (size_t)slab->cut++ * BUF_BYTES);
	buf->pool = pool;
	return buf;
}

struct buf *buf_get(struct buf_pool *pool)
{
	struct buf *buf = pool->unused;

	if (buf)
		pool->unused = buf->next;
	else
		buf = cut_buf(pool);
	if (!buf)
		return NULL;
	buf->data = buf->room + BUF_HEADROOM;
	buf->len = 0;
	buf->next = NULL;
	pool->out++;
	return buf;
}

void buf_put(struct buf *buf)
{
	if (!buf)
		return;
	struct buf_pool *pool = buf->pool;

	assert(pool->out > 0);
	pool->out--;
	buf->next = pool->unused;
	pool->unused = buf;
}

unsigned buf_pool_out(const struct buf_pool *pool)
{
	return pool->out;
}

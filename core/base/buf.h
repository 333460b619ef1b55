/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Packet buffers. Each worker has a pool; buffers never leave their worker, and who holds one
 * frees it or passes it on. Head room lets a header grow, tail room an SRTP tag.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stddef.h>
#include <stdint.h>

enum {
	BUF_HEADROOM = 128,
	BUF_TAILROOM = 288, /* SRTP's tag, index and MKI */
	BUF_PAYLOAD = 9216, /* largest datagram taken in; longer ones are cut and counted */
};

struct buf_pool;

struct buf {
	uint8_t *data; /* first byte of the packet */
	uint32_t len;  /* its bytes */
	struct buf_pool *pool;
	struct buf *next; /* in the pool's free list, or in the holder's queue */
	uint8_t room[];   /* head room, payload, tail room */
};

/* At most `max` buffers exist at a time. [owner: one worker] */
struct buf_pool *buf_pool_new(unsigned max);
void buf_pool_free(struct buf_pool *pool); /* all its buffers must be back */
/* An empty buffer with its head room, or NULL when `max` are out. */
struct buf *buf_get(struct buf_pool *pool);
/* Bytes there are from its first byte to the end of the tail room. */
static inline size_t buf_room(const struct buf *buf)
{
	return (size_t)(buf->room + BUF_HEADROOM + BUF_PAYLOAD + BUF_TAILROOM - buf->data);
}

void buf_put(struct buf *buf);                      /* NULL is fine */
unsigned buf_pool_out(const struct buf_pool *pool); /* buffers not back yet */

#endif

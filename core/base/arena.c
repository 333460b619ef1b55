/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The arena: memory is cut off the front of a block, and blocks are given back together. Below
 * every parsed message and reply, so that a tree of a hundred nodes costs one or two mallocs.
 */
#include "base/arena.h"

#include <glib.h>
#include <stdint.h>

enum {
	ALIGN_BYTES = _Alignof(max_align_t),
	MIN_BLOCK_BYTES = 256,
	MAX_BLOCK_BYTES = 256 * 1024, /* blocks double in size up to this */
};

struct block {
	struct block *older;
	max_align_t data[];
};

/* Begins the first block, so that a small arena is one piece of memory. */
struct arena {
	struct block *newest; /* of the further blocks */
	char *at, *end;       /* what is left of the block in use */
	size_t next_bytes;    /* size of the next block */
	size_t total_bytes;
	max_align_t first[];
};

struct arena *arena_new(size_t first_bytes)
{
	struct arena *arena;

	first_bytes = CLAMP(first_bytes, MIN_BLOCK_BYTES, MAX_BLOCK_BYTES);
	arena = g_malloc(sizeof(*arena) + first_bytes);
	arena->newest = NULL;
	arena->at = (char *)arena->first;
	arena->end = arena->at + first_bytes;
	arena->next_bytes = MIN(2 * first_bytes, MAX_BLOCK_BYTES);
	arena->total_bytes = sizeof(*arena) + first_bytes;
	return arena;
}

void arena_free(struct arena *arena)
{
	struct block *block, *older;

	if (!arena)
		return;
	for (block = arena->newest; block; block = older) {
		older = block->older;
		g_free(block);
	}
	g_free(arena);
}

static char *add_block(struct arena *arena, size_t data_bytes)
{
	struct block *block = g_malloc(sizeof(*block) + data_bytes);

	block->older = arena->newest;
	arena->newest = block;
	arena->total_bytes += sizeof(*block) + data_bytes;
	return (char *)block->data;
}

/* The block in use is too small for `bytes`, which are a multiple of the alignment. */
static char *alloc_from_new_block(struct arena *arena, size_t bytes)
{
	char *data;

	/* Large pieces get a block of their own: what is left of the one in use stays in use. */
	if (bytes > arena->next_bytes / 4)
		return add_block(arena, bytes);
	data = add_block(arena, arena->next_bytes);
	arena->at = data + bytes;
	arena->end = data + arena->next_bytes;
	arena->next_bytes = MIN(2 * arena->next_bytes, MAX_BLOCK_BYTES);
	return data;
}

/* `bytes` of memory that is not zeroed. */
static char *alloc_raw(struct arena *arena, size_t bytes)
{
	char *data;

	if (G_UNLIKELY(bytes > PTRDIFF_MAX - sizeof(struct block) - ALIGN_BYTES))
		g_error("arena: %zu bytes asked for", bytes);
	bytes = (bytes + ALIGN_BYTES - 1) / ALIGN_BYTES * ALIGN_BYTES;
	if (G_UNLIKELY(bytes > (size_t)(arena->end - arena->at)))
		return alloc_from_new_block(arena, bytes);
	data = arena->at;
	arena->at += bytes;
	return data;
}

void *arena_alloc(struct arena *arena, size_t bytes)
{
	return memset(alloc_raw(arena, bytes), 0, bytes);
}

struct str arena_str(struct arena *arena, struct str s)
{
	char *copy;

	if (!s.s)
		return STR_NULL;
	/* No wrap of len + 1: `s` is in memory, so it is shorter than the address space. */
	copy = alloc_raw(arena, s.len + 1);
	memcpy(copy, s.s, s.len);
	copy[s.len] = '\0';
	return (struct str){ copy, s.len };
}

size_t arena_bytes(const struct arena *arena)
{
	return arena->total_bytes;
}

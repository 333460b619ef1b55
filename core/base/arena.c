/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The arena: memory is cut off the front of a block, and blocks are given back together. Below
 * every parsed message and reply, so that a tree of a hundred nodes costs one or two mallocs.
 */
#include "base/arena.h"

#include <glib.h>
#include <malloc.h>
#include <stdint.h>
#include <string.h>

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
	size_t first_bytes; /* of this piece, with the header */
	max_align_t first[];
};

/*
 * Arenas come and go with every message, and their sizes are those for which malloc is slow. Each
 * thread keeps some that were given back, by size. Not under AddressSanitizer, which then would
 * not see their memory used too late.
 */
#if defined(__SANITIZE_ADDRESS__)
#define KEEPS_ARENAS 0
#elif defined(__has_feature)
#define KEEPS_ARENAS !__has_feature(address_sanitizer)
#else
#define KEEPS_ARENAS 1
#endif

enum {
	KEPT_STEP_BYTES = 512, /* sizes of kept arenas are multiples of this … */
	KEPT_SIZES = 16,       /* … up to this many times it */
	KEPT_PER_SIZE = 32,
};

struct kept {
	struct arena *first[KEPT_SIZES + 1]; /* linked by `newest` */
	unsigned count[KEPT_SIZES + 1];
};

static _Thread_local struct kept *own_kept;

static void kept_free(gpointer memory)
{
	struct kept *kept = memory;

	for (unsigned i = 0; i <= KEPT_SIZES; i++)
		for (struct arena *a = kept->first[i], *next; a; a = next) {
			next = (struct arena *)(void *)a->newest;
			g_free(a);
		}
	g_free(kept);
	own_kept = NULL; /* this runs at the thread's end */
}

static GPrivate kept_of_thread = G_PRIVATE_INIT(kept_free);

/* The size's place among the kept ones; 0: none. `bytes` is with the header. */
static unsigned kept_place(size_t bytes)
{
	return KEEPS_ARENAS && bytes % KEPT_STEP_BYTES == 0 && bytes / KEPT_STEP_BYTES <= KEPT_SIZES
		       ? (unsigned)(bytes / KEPT_STEP_BYTES)
		       : 0;
}

static struct arena *take_memory(size_t bytes)
{
	unsigned place = kept_place(bytes);
	struct arena *arena = place && own_kept ? own_kept->first[place] : NULL;

	if (!arena)
		return g_malloc(bytes);
	own_kept->first[place] = (struct arena *)(void *)arena->newest;
	own_kept->count[place]--;
	return arena;
}

static void give_memory(struct arena *arena)
{
	unsigned place = kept_place(arena->first_bytes);

	if (place && !own_kept) {
		own_kept = g_new0(struct kept, 1);
		g_private_set(&kept_of_thread, own_kept);
	}
	if (!place || own_kept->count[place] == KEPT_PER_SIZE) {
		g_free(arena);
		return;
	}
	arena->newest = (struct block *)(void *)own_kept->first[place];
	own_kept->first[place] = arena;
	own_kept->count[place]++;
}

static size_t round_up(size_t bytes, size_t step)
{
	return (bytes + step - 1) / step * step;
}

struct arena *arena_new(size_t first_bytes)
{
	struct arena *arena;
	size_t bytes;

	first_bytes = CLAMP(first_bytes, MIN_BLOCK_BYTES, MAX_BLOCK_BYTES);
	bytes = round_up(sizeof(*arena) + first_bytes, KEPT_STEP_BYTES);
	first_bytes = bytes - sizeof(*arena);
	arena = take_memory(bytes);
	arena->first_bytes = bytes;
	arena->newest = NULL;
	arena->at = (char *)arena->first;
	arena->end = arena->at + first_bytes;
	arena->next_bytes = MIN(2 * first_bytes, MAX_BLOCK_BYTES);
	arena->total_bytes = bytes;
	return arena;
}

/* Messages and bodies are made of it, and keys are in them. */
static void wipe(struct arena *arena)
{
	char *first = (char *)arena->first;

	for (struct block *block = arena->newest; block; block = block->older)
		explicit_bzero(block->data, malloc_usable_size(block) - sizeof(*block));
	explicit_bzero(
		first, (arena->newest ? (char *)arena + arena->first_bytes : arena->at) - first);
}

void arena_free(struct arena *arena)
{
	struct block *block, *older;

	if (!arena)
		return;
	wipe(arena);
	for (block = arena->newest; block; block = older) {
		older = block->older;
		g_free(block);
	}
	give_memory(arena);
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

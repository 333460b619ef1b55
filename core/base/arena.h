/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Memory that is taken in small pieces and given back all at once: one per parsed message, per
 * version of a call's model. No destructor runs for what is in it.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "api/str.h"

struct arena;

/* `first_bytes`: what the first block should hold; further blocks grow. Owned by the caller. */
struct arena *arena_new(size_t first_bytes);
void arena_free(struct arena *arena); /* wipes it; NULL is fine */
/* Zeroed, aligned for any type, never NULL (GLib ends the program when memory does). */
void *arena_alloc(struct arena *arena, size_t bytes);
/* `s` copied, with a 0 behind it; STR_NULL stays STR_NULL. */
struct str arena_str(struct arena *arena, struct str s);
/* What the arena takes from the system, for statistics and tests. */
size_t arena_bytes(const struct arena *arena);

#define arena_new_array(arena, type, n) ((type *)arena_alloc(arena, sizeof(type) * (n)))

#endif

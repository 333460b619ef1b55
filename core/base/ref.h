/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Counted objects with a destructor. The count is atomic, so the two threads of a hand-over may
 * each hold one; the object itself is guarded by whatever its own comment says.
 */
#ifndef BASE_REF_H
#define BASE_REF_H

#include <stddef.h>

/* Gives up what the object holds; its own memory is freed by ref_drop afterwards. */
typedef void (*ref_destroy_fn)(void *object);

/* Zeroed memory with a count of one. `destroy` may be NULL. [any] */
void *ref_alloc(size_t bytes, ref_destroy_fn destroy);
/* Returns `object`; NULL is fine. [any] */
void *ref_take(void *object);
/* Always NULL, so that `p = ref_drop(p)` forgets it. The last one destroys. [any] */
void *ref_drop(void *object);
/* For tests and assertions. */
unsigned ref_count(const void *object);

#endif

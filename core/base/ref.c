/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Counted objects: a count and a destructor in front of the object's own memory. */
#include "base/ref.h"

#include <assert.h>
#include <stdatomic.h>

#include <glib.h>

struct ref {
	atomic_uint count;
	ref_destroy_fn destroy;
	_Alignas(max_align_t) unsigned char object[];
};

static struct ref *ref_of(const void *object)
{
	return (struct ref *)((char *)object - offsetof(struct ref, object));
}

void *ref_alloc(size_t bytes, ref_destroy_fn destroy)
{
	struct ref *ref = g_malloc0(offsetof(struct ref, object) + bytes);

	atomic_init(&ref->count, 1);
	ref->destroy = destroy;
	return ref->object;
}

void *ref_take(void *object)
{
	if (!object)
		return NULL;
	unsigned before = atomic_fetch_add_explicit(
		&ref_of(object)->count, 1, memory_order_relaxed);
	assert(before > 0);
	(void)before;
	return object;
}

void *ref_drop(void *object)
{
	if (!object)
		return NULL;
	struct ref *ref = ref_of(object);
	/* Release: what this holder did comes before the destructor. Acquire: for the last one. */
	unsigned before = atomic_fetch_sub_explicit(&ref->count, 1, memory_order_acq_rel);
	assert(before > 0);
	if (before > 1)
		return NULL;
	if (ref->destroy)
		ref->destroy(object);
	g_free(ref);
	return NULL;
}

unsigned ref_count(const void *object)
{
	return object ? atomic_load_explicit(&ref_of(object)->count, memory_order_relaxed) : 0;
}

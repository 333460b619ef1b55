/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Counted objects: who destroys, when, and from several threads. */
#include "base/ref.h"

#include <stdint.h>

#include <glib.h>

enum { THREADS = 4, ROUNDS = 10000 };

struct thing {
	unsigned *destroyed;
	char bytes[100];
};

static void thing_destroy(void *object)
{
	struct thing *thing = object;

	++*thing->destroyed;
}

static struct thing *thing_new(unsigned *destroyed)
{
	struct thing *thing = ref_alloc(sizeof(*thing), thing_destroy);

	thing->destroyed = destroyed;
	return thing;
}

static void test_new_object_is_zeroed_with_count_one(void)
{
	unsigned char *object = ref_alloc(64, NULL);

	for (int i = 0; i < 64; i++)
		g_assert_cmpuint(object[i], ==, 0);
	g_assert_cmpuint(ref_count(object), ==, 1);
	ref_drop(object);
}

static void test_object_is_aligned_for_any_type(void)
{
	void *object = ref_alloc(1, NULL);

	g_assert_cmpuint((uintptr_t)object % _Alignof(max_align_t), ==, 0);
	ref_drop(object);
}

static void test_last_drop_destroys_once(void)
{
	unsigned destroyed = 0;
	struct thing *thing = thing_new(&destroyed);

	g_assert_true(ref_take(thing) == thing);
	g_assert_cmpuint(ref_count(thing), ==, 2);
	g_assert_null(ref_drop(thing));
	g_assert_cmpuint(destroyed, ==, 0);
	g_assert_cmpuint(ref_count(thing), ==, 1);
	g_assert_null(ref_drop(thing));
	g_assert_cmpuint(destroyed, ==, 1);
}

static void test_null_is_fine(void)
{
	g_assert_null(ref_take(NULL));
	g_assert_null(ref_drop(NULL));
}

static gpointer take_and_drop(gpointer object)
{
	for (int i = 0; i < ROUNDS; i++) {
		ref_take(object);
		ref_drop(object);
	}
	ref_drop(object);
	return NULL;
}

static void test_threads_agree_on_the_count(void)
{
	unsigned destroyed = 0;
	struct thing *thing = thing_new(&destroyed);
	GThread *threads[THREADS];

	for (int i = 0; i < THREADS; i++)
		threads[i] = g_thread_new("ref", take_and_drop, ref_take(thing));
	for (int i = 0; i < THREADS; i++)
		g_thread_join(threads[i]);
	g_assert_cmpuint(ref_count(thing), ==, 1);
	g_assert_cmpuint(destroyed, ==, 0);
	ref_drop(thing);
	g_assert_cmpuint(destroyed, ==, 1);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/base/ref/new", test_new_object_is_zeroed_with_count_one);
	g_test_add_func("/base/ref/aligned", test_object_is_aligned_for_any_type);
	g_test_add_func("/base/ref/last-drop", test_last_drop_destroys_once);
	g_test_add_func("/base/ref/null", test_null_is_fine);
	g_test_add_func("/base/ref/threads", test_threads_agree_on_the_count);
	return g_test_run();
}

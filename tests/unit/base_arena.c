/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The arena, and err_set, whose one function has no test program of its own. */
#include "base/arena.h"

#include <errno.h>
#include <glib.h>
#include <stdint.h>

#include "base/err.h"

static void test_memory_is_zeroed(void)
{
	/* Twice: the second arena is likely to be given the memory the first one soiled. */
	for (int round = 0; round < 2; round++) {
		struct arena *arena = arena_new(512);

		for (int i = 0; i < 200; i++) {
			unsigned char *piece = arena_alloc(arena, 40);

			for (int k = 0; k < 40; k++)
				g_assert_cmpint(piece[k], ==, 0);
			memset(piece, 0xa5, 40);
		}
		arena_free(arena);
	}
}

static void test_memory_is_aligned(void)
{
	struct arena *arena = arena_new(300);

	for (size_t bytes = 0; bytes < 400; bytes++) {
		uintptr_t at = (uintptr_t)arena_alloc(arena, bytes);

		g_assert_cmpuint(at, !=, 0);
		g_assert_cmpuint(at % _Alignof(max_align_t), ==, 0);
	}
	arena_free(arena);
}

static void test_pieces_do_not_overlap(void)
{
	enum { PIECES = 500 };
	struct arena *arena = arena_new(256);
	unsigned char *pieces[PIECES];
	size_t sizes[PIECES];

	for (int i = 0; i < PIECES; i++) {
		sizes[i] = (size_t)(i * 37 % 700) + 1;
		pieces[i] = arena_alloc(arena, sizes[i]);
		memset(pieces[i], i & 0xff, sizes[i]);
	}
	for (int i = 0; i < PIECES; i++) {
		for (size_t k = 0; k < sizes[i]; k++)
			g_assert_cmpint(pieces[i][k], ==, i & 0xff);
	}
	arena_free(arena);
}

static void test_first_block_holds_what_was_asked(void)
{
	struct arena *arena = arena_new(4000);
	size_t before = arena_bytes(arena);

	for (int i = 0; i < 40; i++)
		arena_alloc(arena, 96);
	g_assert_cmpuint(arena_bytes(arena), ==, before);
	arena_free(arena);
}

static void test_large_piece_keeps_block_in_use(void)
{
	struct arena *arena = arena_new(4000);
	size_t after;

	arena_alloc(arena, 100);
	memset(arena_alloc(arena, 1000000), 1, 1000000);
	after = arena_bytes(arena);
	g_assert_cmpuint(after, >=, 1000000);
	arena_alloc(arena, 3000);
	g_assert_cmpuint(arena_bytes(arena), ==, after);
	arena_free(arena);
}

static void test_blocks_grow(void)
{
	enum { BYTES = 4 * 1024 * 1024 };
	struct arena *arena = arena_new(256);

	for (size_t taken = 0; taken < BYTES; taken += 64)
		arena_alloc(arena, 64);
	g_assert_cmpuint(arena_bytes(arena), >=, BYTES);
	g_assert_cmpuint(arena_bytes(arena), <, BYTES + 1024 * 1024);
	arena_free(arena);
}

static void test_absurd_size_ends_the_program(void)
{
	if (g_test_subprocess()) {
		arena_alloc(arena_new(256), SIZE_MAX - 3);
		return;
	}
	g_test_trap_subprocess(NULL, 0, 0);
	g_test_trap_assert_failed();
	g_test_trap_assert_stderr("*bytes asked for*");
}

static void test_str_is_copied_and_terminated(void)
{
	struct arena *arena = arena_new(256);
	char text[] = "abc\0def";
	struct str copy = arena_str(arena, (struct str){ text, 7 });

	g_assert_true(copy.s != text);
	memset(text, 'x', sizeof(text));
	g_assert_cmpmem(copy.s, copy.len + 1, "abc\0def", 8);
	arena_free(arena);
}

static void test_null_and_empty_str(void)
{
	struct arena *arena = arena_new(256);
	struct str empty = arena_str(arena, STR_LIT(""));

	g_assert_null(arena_str(arena, STR_NULL).s);
	g_assert_cmpuint(empty.len, ==, 0);
	g_assert_cmpstr(empty.s, ==, "");
	arena_free(arena);
}

static void test_free_of_null(void)
{
	arena_free(NULL);
}

static void test_err_set_fills_and_returns(void)
{
	struct err err;

	g_assert_cmpint(err_set(&err, ENOENT, "no %s", "file"), ==, -ENOENT);
	g_assert_cmpint(err.code, ==, ENOENT);
	g_assert_cmpstr(err.text, ==, "no file");
	g_assert_cmpint(err_set(NULL, EIO, "x"), ==, -EIO);
}

static void test_err_set_cuts_long_text(void)
{
	struct err err;
	g_autofree char *longer = g_strnfill(1000, 'y');

	err_set(&err, EINVAL, "%s", longer);
	g_assert_cmpuint(strlen(err.text), ==, sizeof(err.text) - 1);
	g_assert_true(strncmp(err.text, longer, sizeof(err.text) - 1) == 0);
}

static void test_err_set_wraps_its_own_text(void)
{
	struct err err;

	err_set(&err, EINVAL, "bad port");
	err_set(&err, err.code, "interface: %s", err.text);
	g_assert_cmpstr(err.text, ==, "interface: bad port");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/arena/memory-is-zeroed", test_memory_is_zeroed);
	g_test_add_func("/arena/memory-is-aligned", test_memory_is_aligned);
	g_test_add_func("/arena/pieces-do-not-overlap", test_pieces_do_not_overlap);
	g_test_add_func("/arena/first-block", test_first_block_holds_what_was_asked);
	g_test_add_func("/arena/large-piece", test_large_piece_keeps_block_in_use);
	g_test_add_func("/arena/blocks-grow", test_blocks_grow);
	g_test_add_func("/arena/absurd-size", test_absurd_size_ends_the_program);
	g_test_add_func("/arena/str-is-copied", test_str_is_copied_and_terminated);
	g_test_add_func("/arena/null-and-empty-str", test_null_and_empty_str);
	g_test_add_func("/arena/free-of-null", test_free_of_null);
	g_test_add_func("/err/fills-and-returns", test_err_set_fills_and_returns);
	g_test_add_func("/err/cuts-long-text", test_err_set_cuts_long_text);
	g_test_add_func("/err/wraps-its-own-text", test_err_set_wraps_its_own_text);
	return g_test_run();
}

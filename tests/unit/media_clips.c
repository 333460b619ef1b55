/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Stored media loaded, by the mock player and out of the mock store. The pool of helpers has been
 * stopped, so that jobs are done when they are begun, and their ends wait in the mailbox.
 */
#include "media/clips.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib.h>
#include <glib/gstdio.h>

#include "base/clock.h"
#include "base/helper.h"
#include "base/ref.h"
#include "mock/stored.h"

enum { HZ = 8000, BOUND = 64 * 1024 * 1024 };

static struct mailbox *home;
static struct helper_pool *pool;
static struct clips *clips;
static char folder[] = "/tmp/clips-XXXXXX";

/* ---- around a test ---- */

static void open_all(const char *media_dir)
{
	struct err err;

	clock_set_mock(1000000, 0);
	home = mailbox_new();
	pool = helper_pool_new(1, home);
	helper_pool_stop(pool);
	mock_stored_open();
	g_assert_cmpint(clips_new(pool, media_dir, BOUND, &clips, &err), ==, 0);
}

static void close_all(void)
{
	while (mailbox_run(home))
		continue;
	clips_free(clips);
	mock_stored_close();
	helper_pool_free(pool);
	mailbox_free(home);
	clock_set_mock(-1, 0);
}

struct told {
	unsigned times;
	struct clip *clip; /* a reference */
	char error[256];
};

static void on_clip(struct clip *clip, const char *error, void *arg)
{
	struct told *told = arg;

	told->times++;
	told->clip = ref_take(clip);
	g_strlcpy(told->error, error ? error : "", sizeof(told->error));
}

static void load(struct clip_source *source, uint32_t sample_hz, struct told *ret)
{
	*ret = (struct told){ .times = 0 };
	clips_load(clips, source, sample_hz, on_clip, ret);
	ref_drop(source);
}

static char *write_file(const char *name, char fill, size_t bytes)
{
	char *path = g_build_filename(folder, name, NULL);
	g_autofree char *content = g_malloc(bytes + 1);

	memset(content, fill, bytes);
	g_assert_true(g_file_set_contents(path, content, (gssize)bytes, NULL));
	return path;
}

static struct clip_source *file(const char *path)
{
	return clip_source_file(str_of(path));
}

/* ---- tests ---- */

static void test_pieces(void)
{
	struct clip *clip = clip_new(HZ);
	int16_t samples[1000], back[1500];

	for (unsigned i = 0; i < 100; i++) {
		for (unsigned n = 0; n < 1000; n++)
			samples[n] = (int16_t)(i * 1000 + n);
		g_assert_true(clip_add(clip, samples, 1000));
	}
	g_assert_cmpuint(clip->ready, ==, 100000);
	g_assert_cmpuint(clip_read(clip, 32000, back, 1500), ==, 1500);
	for (unsigned n = 0; n < 1500; n++)
		g_assert_cmpint(back[n], ==, (int16_t)(32000 + n));
	g_assert_cmpuint(clip_read(clip, 99990, back, 1500), ==, 10);
	g_assert_cmpuint(clip_read(clip, 100000, back, 1500), ==, 0);
	g_assert_cmpuint(clip_read(clip, 5000000, back, 1500), ==, 0);
	g_assert_false(clip_ends(clip, 100000));
	g_assert_cmpint(clip_duration_ms(clip), ==, -1);
	clip_finish(clip);
	g_assert_true(clip_ends(clip, 100000));
	g_assert_false(clip_ends(clip, 99999));
	g_assert_cmpint(clip_duration_ms(clip), ==, 12500);
	ref_drop(clip);
}

static void test_clip_is_bounded(void)
{
	struct clip *clip = clip_new(HZ);
	int16_t *samples = g_new0(int16_t, CLIP_PIECE_SAMPLES);

	for (unsigned i = 0; i < CLIP_MAX_PIECES; i++)
		g_assert_true(clip_add(clip, samples, CLIP_PIECE_SAMPLES));
	g_assert_false(clip_add(clip, samples, 1));
	g_free(samples);
	ref_drop(clip);
}

static void test_blob(void)
{
	struct told told;
	int16_t back[4];

	open_all(NULL);
	load(clip_source_blob(STR_LIT("abc")), HZ, &told);
	g_assert_cmpuint(told.times, ==, 0);
	mailbox_run(home);
	g_assert_cmpuint(told.times, ==, 1);
	g_assert_cmpuint(clip_read(told.clip, 0, back, 4), ==, 3);
	g_assert_cmpint(back[2], ==, 'c');
	g_assert_cmpuint(told.clip->file_hz, ==, 2 * HZ);
	ref_drop(told.clip);
	close_all();
}

static void test_kept(void)
{
	g_autofree char *path = write_file("kept", 'a', 2000),
			*other = write_file("other", 'a', 20);
	struct told told, again, used;

	open_all(NULL);
	clips_keep(clips, 60000000);
	load(file(path), HZ, &told);
	load(file(other), HZ, &used);
	mailbox_run(home);
	ref_drop(told.clip);
	clips_sweep(clips);
	clock_set_mock(60000000, 0);
	clips_sweep(clips);
	g_assert_cmpuint(clips_count(clips), ==, 2);
	load(file(path), HZ, &again);
	mailbox_run(home);
	g_assert_true(again.clip == told.clip);
	g_assert_cmpuint(mock_stored_opened(), ==, 2); /* it was not decoded again */
	ref_drop(again.clip);
	clips_sweep(clips);
	clock_set_mock(200000000, 0);
	clips_sweep(clips);
	g_assert_cmpuint(clips_count(clips), ==, 1);
	ref_drop(used.clip);
	close_all();
}

/* Playable when its beginning is there; the rest follows. */
static void test_long_file(void)
{
	g_autofree char *path = write_file("long", 'a', 100000);
	struct told told;

	open_all(NULL);
	load(file(path), HZ, &told);
	g_assert_cmpuint(mailbox_run(home), >, 0);
	g_assert_cmpuint(told.times, ==, 1);
	while (mailbox_run(home))
		continue;
	g_assert_cmpuint(told.clip->ready, ==, 100000);
	g_assert_true(clip_ends(told.clip, 100000));
	ref_drop(told.clip);
	close_all();
}

static void test_shared_unless_changed(void)
{
	g_autofree char *path = write_file("shared", 'a', 2000), *again = NULL;
	struct told one, two, other_rate, changed;

	open_all(NULL);
	load(file(path), HZ, &one);
	mailbox_run(home);
	load(file(path), HZ, &two);
	load(file(path), 2 * HZ, &other_rate);
	mailbox_run(home);
	g_assert_true(one.clip == two.clip);
	g_assert_true(one.clip != other_rate.clip);
	again = write_file("shared", 'b', 2000);
	load(file(path), HZ, &changed);
	mailbox_run(home);
	g_assert_true(one.clip != changed.clip);
	g_assert_cmpuint(clips_count(clips), ==, 3);
	ref_drop(one.clip);
	ref_drop(two.clip);
	clips_sweep(clips);
	g_assert_cmpuint(clips_count(clips), ==, 2);
	ref_drop(other_rate.clip);
	ref_drop(changed.clip);
	clips_sweep(clips);
	g_assert_cmpuint(clips_count(clips), ==, 0);
	close_all();
}

static void assert_refused(struct clip_source *source, const char *reason)
{
	struct told told;

	load(source, HZ, &told);
	while (mailbox_run(home))
		continue;
	g_assert_cmpuint(told.times, ==, 1);
	g_assert_null(told.clip);
	g_assert_cmpstr(told.error, ==, reason);
}

static void test_refused(void)
{
	g_autofree char *empty = write_file("empty", 'a', 0), *bad = write_file("bad", 'x', 10);
	g_autofree char *fifo = g_build_filename(folder, "fifo", NULL);

	g_assert_cmpint(mkfifo(fifo, 0600), ==, 0);
	open_all(NULL);
	assert_refused(file("/none"), "No such file or directory");
	assert_refused(file(empty), "an x");
	assert_refused(file(bad), "an x");
	assert_refused(file(folder), "not a plain file");
	assert_refused(file(fifo), "not a plain file");
	assert_refused(file("/dev/zero"), "not a plain file");
	assert_refused(clip_source_file((struct str){ "a\0b", 3 }), "no file name");
	g_assert_cmpuint(clips_count(clips), ==, 0);
	close_all();
}

static void test_confined(void)
{
	g_autofree char *inside = g_build_filename(folder, "media", NULL);
	g_autofree char *beside = g_build_filename(folder, "media2", NULL);
	g_autofree char *link = g_build_filename(folder, "media", "link", NULL);
	g_autofree char *good = NULL, *out = write_file("out", 'a', 10), *other = NULL;
	struct told told;
	struct err err;

	g_assert_cmpint(g_mkdir(inside, 0700), ==, 0);
	g_assert_cmpint(g_mkdir(beside, 0700), ==, 0);
	good = write_file("media/good", 'a', 10);
	other = write_file("media2/other", 'a', 10);
	g_assert_cmpint(symlink(out, link), ==, 0);
	open_all(inside);
	assert_refused(file(out), "outside of --media-dir");
	assert_refused(file(other), "outside of --media-dir");
	assert_refused(file("link"), "outside of --media-dir");
	assert_refused(file("../out"), "outside of --media-dir");
	load(file("good"), HZ, &told);
	mailbox_run(home);
	g_assert_nonnull(told.clip);
	ref_drop(told.clip);
	load(file(good), HZ, &told);
	mailbox_run(home);
	g_assert_nonnull(told.clip);
	ref_drop(told.clip);
	close_all();
	open_all(NULL);
	clips_free(clips);
	clips = NULL;
	g_assert_cmpint(clips_new(pool, "/none", BOUND, &clips, &err), ==, -ENOENT);
	close_all();
}

static void test_without_player(void)
{
	open_all(NULL);
	clips_add_player(NULL);
	assert_refused(clip_source_blob(STR_LIT("abc")), "no plugin reads stored media");
	close_all();
}

static void test_too_much_memory(void)
{
	g_autofree char *path = write_file("big", 'a', BOUND / 2);
	struct told told;

	open_all(NULL);
	load(file(path), HZ, &told);
	while (mailbox_run(home))
		continue;
	assert_refused(clip_source_blob(STR_LIT("abc")), "too many stored media in memory");
	ref_drop(told.clip);
	clips_sweep(clips);
	load(clip_source_blob(STR_LIT("abc")), HZ, &told);
	mailbox_run(home);
	g_assert_nonnull(told.clip);
	ref_drop(told.clip);
	close_all();
}

/* The job has been done, but home has not heard of it for too long. */
static void test_patience(void)
{
	struct told told;

	open_all(NULL);
	load(clip_source_blob(STR_LIT("abc")), HZ, &told);
	clock_set_mock(3900000, 0);
	clips_sweep(clips);
	g_assert_cmpuint(told.times, ==, 0);
	clock_set_mock(4100000, 0);
	clips_sweep(clips);
	g_assert_cmpuint(told.times, ==, 1);
	g_assert_cmpstr(told.error, ==, "reading it takes too long");
	mailbox_run(home);
	g_assert_cmpuint(told.times, ==, 1);
	close_all();
}

/* ---- databases ---- */

static void run_all(void)
{
	while (mailbox_run(home))
		continue;
}

static void test_database(void)
{
	struct told told;
	int16_t back[4];

	open_all(NULL);
	mock_store_put(7, 'a', 100000);
	load(clip_source_database(7), HZ, &told);
	g_assert_cmpuint(told.times, ==, 0);
	run_all();
	g_assert_cmpuint(told.times, ==, 1);
	g_assert_cmpuint(told.clip->ready, ==, 100000);
	g_assert_true(clip_ends(told.clip, 100000));
	g_assert_cmpuint(clip_read(told.clip, 99996, back, 4), ==, 4);
	g_assert_cmpint(back[3], ==, 'a');
	ref_drop(told.clip);
	close_all();
}

/* Fetched each time, but decoded only when it is another content. */
static void test_database_shared(void)
{
	struct told one, two, changed, other_id;

	open_all(NULL);
	mock_store_put(7, 'a', 2000);
	mock_store_put(8, 'a', 2000);
	load(clip_source_database(7), HZ, &one);
	run_all();
	load(clip_source_database(7), HZ, &two);
	run_all();
	g_assert_true(one.clip == two.clip);
	g_assert_cmpuint(mock_store_fetches(), ==, 2);
	g_assert_cmpuint(mock_stored_opened(), ==, 1);
	mock_store_put(7, 'b', 2000);
	load(clip_source_database(7), HZ, &changed);
	load(clip_source_database(8), HZ, &other_id);
	run_all();
	g_assert_true(one.clip != changed.clip);
	g_assert_true(one.clip != other_id.clip);
	ref_drop(one.clip);
	ref_drop(two.clip);
	ref_drop(changed.clip);
	ref_drop(other_id.clip);
	clips_sweep(clips);
	g_assert_cmpuint(clips_count(clips), ==, 0);
	close_all();
}

/* Those that were begun before there was a clip share one, too. */
static void test_database_twins(void)
{
	struct told told[8];

	open_all(NULL);
	mock_store_put(7, 'a', 100000);
	for (unsigned i = 0; i < G_N_ELEMENTS(told); i++)
		load(clip_source_database(7), HZ, &told[i]);
	run_all();
	g_assert_cmpuint(clips_count(clips), ==, 1);
	for (unsigned i = 0; i < G_N_ELEMENTS(told); i++) {
		g_assert_true(told[i].clip == told[0].clip);
		ref_drop(told[i].clip);
	}
	close_all();
}

static void test_database_refused(void)
{
	open_all(NULL);
	mock_store_put(1, 'x', 100);
	mock_store_put(2, 'a', BOUND + 1);
	mock_store_put(3, 'a', 100);
	assert_refused(clip_source_database(0), "empty result from database");
	assert_refused(clip_source_database(1), "an x");
	assert_refused(clip_source_database(2), "failed to get result from database");
	mock_store_fail("failed to connect to database");
	assert_refused(clip_source_database(3), "failed to connect to database");
	clip_source_add_store(NULL);
	assert_refused(clip_source_database(3), "no plugin fetches media from a database");
	g_assert_cmpuint(clips_count(clips), ==, 0);
	g_assert_cmpuint(clips_bytes(clips), ==, 0);
	close_all();
}

/* Content that waits for a helper to decode it counts as memory. */
static void test_database_bytes(void)
{
	struct told told;

	open_all(NULL);
	mock_store_put(7, 'a', BOUND / 2 + 1);
	mock_store_put(8, 'a', BOUND / 2);
	load(clip_source_database(7), HZ, &told);
	g_assert_cmpuint(clips_bytes(clips), ==, BOUND / 2 + 1);
	assert_refused(clip_source_database(8), "failed to get result from database");
	run_all();
	ref_drop(told.clip);
	clips_sweep(clips);
	g_assert_cmpuint(clips_bytes(clips), ==, 0);
	close_all();
}

/* Those that come to a helper too late do not ask the database any more. */
static void test_database_slow(void)
{
	struct told told;

	open_all(NULL);
	mock_store_put(7, 'a', 100);
	mock_store_slow(60000000);
	assert_refused(clip_source_database(7), "reading it takes too long");
	g_assert_cmpint(clock_mono_us(), <, 5000000);
	mock_store_slow(2000000);
	load(clip_source_database(7), HZ, &told);
	run_all();
	g_assert_nonnull(told.clip);
	ref_drop(told.clip);
	close_all();
}

static void test_stopped(void)
{
	open_all(NULL);
	mock_store_put(7, 'a', 100);
	clips_stop(clips);
	assert_refused(clip_source_database(7), "the daemon is ending");
	g_assert_cmpuint(mock_store_fetches(), ==, 0);
	close_all();
}

static void assert_text(struct clip_source *source, const char *text)
{
	g_autofree char *got = clip_source_text(source);

	g_assert_cmpstr(got, ==, text);
	ref_drop(source);
}

static void test_texts(void)
{
	struct clip_source *five = clip_source_database(5), *same = clip_source_database(5);
	struct clip_source *six = clip_source_database(6), *blob = clip_source_blob(STR_NULL);

	open_all(NULL);
	assert_text(file("a"), "file");
	assert_text(clip_source_blob(STR_LIT("a")), "blob");
	assert_text(clip_source_database(UINT64_MAX),
		"database (used query 'get 18446744073709551615')");
	g_assert_true(clip_source_equal(five, same));
	g_assert_false(clip_source_equal(five, six));
	g_assert_false(clip_source_equal(five, blob));
	ref_drop(five);
	ref_drop(same);
	ref_drop(six);
	ref_drop(blob);
	close_all();
}

static void test_now(void)
{
	struct clip_source *source = clip_source_blob(STR_LIT("abc"));
	struct clip_source *bad = clip_source_blob(STR_LIT("x"));
	struct clip *clip;
	struct err err;

	open_all(NULL);
	clip = clips_load_now(clips, source, HZ, &err);
	g_assert_cmpuint(clip->ready, ==, 3);
	g_assert_true(clip_ends(clip, 3));
	g_assert_null(clips_load_now(clips, bad, HZ, &err));
	g_assert_cmpstr(err.text, ==, "an x");
	ref_drop(clip);
	ref_drop(source);
	ref_drop(bad);
	close_all();
}

int main(int argc, char **argv)
{
	g_autofree char *remove = NULL;
	int ret;

	g_test_init(&argc, &argv, NULL);
	g_assert_nonnull(g_mkdtemp(folder));
	g_test_add_func("/clip/pieces", test_pieces);
	g_test_add_func("/clip/bounded", test_clip_is_bounded);
	g_test_add_func("/clips/blob", test_blob);
	g_test_add_func("/clips/kept", test_kept);
	g_test_add_func("/clips/long-file", test_long_file);
	g_test_add_func("/clips/shared", test_shared_unless_changed);
	g_test_add_func("/clips/refused", test_refused);
	g_test_add_func("/clips/confined", test_confined);
	g_test_add_func("/clips/without-player", test_without_player);
	g_test_add_func("/clips/memory", test_too_much_memory);
	g_test_add_func("/clips/patience", test_patience);
	g_test_add_func("/clips/now", test_now);
	g_test_add_func("/clips/database", test_database);
	g_test_add_func("/clips/database-shared", test_database_shared);
	g_test_add_func("/clips/database-twins", test_database_twins);
	g_test_add_func("/clips/database-refused", test_database_refused);
	g_test_add_func("/clips/database-bytes", test_database_bytes);
	g_test_add_func("/clips/database-slow", test_database_slow);
	g_test_add_func("/clips/stopped", test_stopped);
	g_test_add_func("/clips/texts", test_texts);
	ret = g_test_run();
	remove = g_strdup_printf("rm -r %s", folder);
	g_assert_true(g_spawn_command_line_sync(remove, NULL, NULL, NULL, NULL));
	return ret;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Stored media out of memory; see stored.h. */
#include "mock/stored.h"

#include <errno.h>

#include <glib.h>

#include "base/clock.h"
#include "media/clips.h"

struct reading {
	const struct player_input *input;
	int64_t at;
};

static struct {
	unsigned opened, closed, fetches;
	GHashTable *content; /* id → GBytes */
	const char *cause;
	int64_t slow_us;
} stored;

/* ---- the player ---- */

static int open_bytes(const struct player_input *input, uint32_t sample_hz,
	struct player_info *ret_info, void **ret_state, char *error)
{
	struct reading *r;
	uint8_t first;

	if (input->read(input, 0, &first, 1) != 1 || first == 'x') {
		g_strlcpy(error, "an x", PLUGIN_ERROR_BYTES);
		return -EINVAL;
	}
	r = g_new0(struct reading, 1);
	r->input = input;
	*ret_info = (struct player_info){ .duration_ms = -1, .file_hz = 2 * sample_hz };
	*ret_state = r;
	stored.opened++;
	return 0;
}

static int read_bytes(void *state, int16_t *out, size_t max)
{
	struct reading *r = state;
	uint8_t bytes[1000];
	int n = r->input->read(r->input, r->at, bytes, MIN(max, sizeof(bytes)));

	for (int i = 0; i < n; i++)
		out[i] = bytes[i];
	r->at += MAX(n, 0);
	return n;
}

static void close_bytes(void *state)
{
	stored.closed++;
	g_free(state);
}

static const struct player player = {
	.name = "bytes", .open = open_bytes, .read = read_bytes, .close = close_bytes
};

/* ---- the store ---- */

static int fail(char *error, const char *cause)
{
	g_strlcpy(error, cause, PLUGIN_ERROR_BYTES);
	return -EIO;
}

static int fetch(
	const struct media_request *request, char **ret_content, size_t *ret_bytes, char *error)
{
	static const int64_t step_us = 100000;
	GBytes *bytes = g_hash_table_lookup(stored.content, &request->id);

	stored.fetches++;
	for (int64_t us = 0; us < stored.slow_us; us += step_us) {
		if (!request->wanted(request))
			return fail(error, "nobody waits for it any more");
		clock_set_mock(clock_mono_us() + step_us, clock_wall_us() + step_us);
	}
	if (stored.cause)
		return fail(error, stored.cause);
	if (!bytes)
		return fail(error, "empty result from database");
	if (g_bytes_get_size(bytes) > request->max_bytes)
		return fail(error, "failed to get result from database");
	*ret_content = g_memdup2(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
	*ret_bytes = g_bytes_get_size(bytes);
	return 0;
}

static void print_query(uint64_t id, GString *out)
{
	g_string_append_printf(out, "get %llu", (unsigned long long)id);
}

static const struct media_store store = {
	.name = "mock", .fetch = fetch, .print_query = print_query
};

void mock_store_put(uint64_t id, char fill, size_t bytes)
{
	char *content = g_malloc(bytes + 1);

	if (!bytes) {
		g_free(content);
		g_hash_table_remove(stored.content, &id);
		return;
	}
	memset(content, fill, bytes);
	g_hash_table_insert(
		stored.content, g_memdup2(&id, sizeof(id)), g_bytes_new_take(content, bytes));
}

void mock_store_fail(const char *cause)
{
	stored.cause = cause;
}

void mock_store_slow(int64_t us)
{
	stored.slow_us = us;
}

unsigned mock_store_fetches(void)
{
	return stored.fetches;
}

/* ---- both ---- */

void mock_stored_open(void)
{
	memset(&stored, 0, sizeof(stored));
	stored.content = g_hash_table_new_full(
		g_int64_hash, g_int64_equal, g_free, (GDestroyNotify)g_bytes_unref);
	clips_add_player(&player);
	clip_source_add_store(&store);
}

void mock_stored_close(void)
{
	clips_add_player(NULL);
	clip_source_add_store(NULL);
	g_clear_pointer(&stored.content, g_hash_table_unref);
	g_assert_cmpuint(stored.opened, ==, stored.closed);
}

unsigned mock_stored_opened(void)
{
	return stored.opened;
}

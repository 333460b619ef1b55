/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a plugin offers that has stored media by number, as a database does: their whole content,
 * which a player (player.h) then reads. It runs on helper threads, several at a time, and on
 * control where a command has nothing to wait with; it may take its time. [helper, control]
 */
#ifndef API_MEDIA_STORE_H
#define API_MEDIA_STORE_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MEDIA_STORE_MAX_BYTES = 128 * 1024 * 1024 };

struct media_request {
	uint64_t id;
	size_t max_bytes; /* MEDIA_STORE_MAX_BYTES at most; longer content is a failure */
	/*
	 * Does anybody wait for it yet? To be asked all the time while something is waited for: once it
	 * is false the fetch ends within a moment, with the cause "nobody waits for it any more".
	 */
	bool (*wanted)(const struct media_request *request);
};

struct media_store {
	const char *name;
	/*
	 * 0 with the content, at least a byte, which the caller frees by g_free; or negative with
	 * the cause in `error` (PLUGIN_ERROR_BYTES). Every wait in it ends by itself.
	 */
	int (*fetch)(const struct media_request *request, char **ret_content, size_t *ret_bytes,
		char *error);
	/* Appends what is asked of the database for `id`, for the log. [any] */
	void (*print_query)(uint64_t id, GString *out);
};

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Where stored media come from: a file, the content itself, or a number in a database; opened for a
 * player to read (api/player.h), with what tells whether it is still the same as before.
 */
#ifndef MEDIA_CLIP_SOURCE_H
#define MEDIA_CLIP_SOURCE_H

#include "api/media_store.h"
#include "api/player.h"
#include "api/plugin.h"
#include "api/str.h"

#include <stdbool.h>
#include <sys/stat.h>

enum clip_kind { CLIP_FILE, CLIP_BLOB, CLIP_DATABASE };

/* Counted; never changed. */
struct clip_source {
	enum clip_kind kind;
	uint64_t id; /* of CLIP_DATABASE */
	size_t len;
	char bytes[]; /* a path, with a NUL; or a file's content */
};

/* What they are given is copied; ref_drop. [any] */
struct clip_source *clip_source_file(struct str path);
struct clip_source *clip_source_blob(struct str content);
struct clip_source *clip_source_database(uint64_t id);
bool clip_source_equal(const struct clip_source *a, const struct clip_source *b);
/* "file", "blob" or "database": the words of replies (spec NG 2.12). [any] */
const char *clip_kind_name(enum clip_kind kind);
/* For the log: "file", or "database (used query 'select …')" (spec daemon 11.2). g_free it. [any] */
char *clip_source_text(const struct clip_source *source);

/* The daemon's one store, the first that is added; NULL: none any more. [main] */
void clip_source_add_store(const struct media_store *store);

/* What was read: two are the same when nothing has changed in between. Of blobs all are. */
struct clip_identity {
	/* of a file */
	dev_t device;
	ino_t inode;
	off_t size;
	struct timespec changed;
	uint8_t hash[32]; /* of what came from a database (SHA-256) */
};

bool clip_identity_same(const struct clip_identity *a, const struct clip_identity *b);

struct clip_limits {
	const char *media_dir; /* files must be in it, wherever links lead; NULL: any file */
	size_t max_bytes;      /* of content from a database; more is refused */
	/* Does anybody wait for it yet? Asked while a database does not answer. */
	bool (*wanted)(const struct clip_limits *limits);
};

/* One that is open. */
struct clip_input {
	struct player_input input; /* what a player reads it by */
	struct clip_identity identity;
	const struct clip_source *source; /* borrowed */
	int fd;                           /* -1: no file */
	char *content;                    /* from a database; NULL: not */
	size_t content_bytes;
};

/*
 * May block. 0, or negative with the reason in `error` (PLUGIN_ERROR_BYTES) and nothing open.
 * `in` must not be moved while a player reads it. [helper]
 */
int clip_input_open(struct clip_input *in, const struct clip_source *source,
	const struct clip_limits *limits, char *error);
void clip_input_close(struct clip_input *in); /* open, or closed before */

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Names of recordings (spec daemon 10.0, NG 2.8). What clients say becomes part of a path only
 * here: no name leads out of the folder, whatever bytes are in it. [any]
 */
#ifndef RECORD_NAMES_H
#define RECORD_NAMES_H

#include "api/str.h"
#include "base/err.h"

#include <stdint.h>

enum { NAME_TAG_BYTES = 17 }; /* 16 hex digits */

/* What patterns may have in them. */
struct name_parts {
	struct str call_id, label, metadata; /* s NULL: none */
	const char *tag;                     /* 16 hex digits */
	int64_t wall_us;                     /* when it began */
};

/* "CALLID-TAG": the call-ID percent-encoded, and cut when it is too long for a file. g_free it. */
char *name_stem(struct str call_id, const char *tag);
/*
 * A pattern: %c call-ID, %r tag, %t "mix", %l label, %Y %m %d %H %M %S %u local time, %1 … %9 so
 * many characters of the call-ID that follow those of the ones before, %{KEY} what the metadata
 * ("KEY:VALUE|…") have, %% itself. What stands for these is percent-encoded. -EINVAL and `err`: something else behind a %.
 */
int name_expand(struct str pattern, const struct name_parts *parts, char **ret, struct err *err);
/*
 * A path that a client gave, absolute or not, as one relative to `root` (absolute). -EINVAL and
 * `err` unless it leads to something beneath that. g_free it.
 */
int name_beneath(const char *root, struct str path, char **ret, struct err *err);

#endif

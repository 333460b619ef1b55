/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Requests and replies as scripts write them: {key: value, list: [a, b], text: "with, comma"}. */
#ifndef FLOW_NOTATION_H
#define FLOW_NOTATION_H

#include "api/dict.h"

#include <glib.h>

/*
 * Adds what stands in the braces of `text` to `into`, a dictionary of `dict`. Entries whose value
 * is <none> are left out. False when it cannot be read.
 */
bool notation_parse(struct dict *dict, const char *text, struct value *into);
/*
 * Is `actual` what `text` (a dictionary, list or scalar) says, to the order of keys? A value ...
 * stands for any; an entry ... for all that may follow. `skip`: a key of `actual` that does not
 * count, or NULL. If not, the first difference is appended to `why`.
 */
bool notation_match(const char *text, const struct value *actual, const char *skip, GString *why);
/* The value at tags.A.medias[0].streams[1]; NULL: there is none. */
const struct value *notation_find(const struct value *root, const char *path);

#endif

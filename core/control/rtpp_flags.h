/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Strings that hold a whole message's flags (spec NG 3.10): "replace-origin ICE=remove
 * codec=[strip=[PCMA G722]]". They become the keys of a dictionary, to be read by the same table
 * as all others. Bytes in, tree out. [any]
 */
#ifndef CONTROL_RTPP_FLAGS_H
#define CONTROL_RTPP_FLAGS_H

#include "api/dict.h"
#include "base/err.h"

/* Brackets inside brackets; beyond, the string is refused. */
enum { RTPP_FLAGS_MAX_DEPTH = 8 };

/*
 * Adds to `into`, a dictionary of `dict`: "key=value" as that key, a word as a list "flags" of its
 * own, in the order of the text. Strings point into `text`, which must outlive the tree. 0, or
 * -ELOOP.
 */
int rtpp_flags_parse(struct str text, struct dict *dict, struct value *into, struct err *err);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The last interval (stats/interval.h) in statistics (spec daemon 4.1, 4.2). [control] */
#ifndef CONTROL_INTERVALS_H
#define CONTROL_INTERVALS_H

#include "api/dict.h"

/* The keys of "intervalstatistics". */
void intervals_to_dict(struct dict *dict, struct value *into);
/* The same for tables: "heading" and "rows", a list of { label, value }. */
void intervals_to_section(struct dict *dict, struct value *section);

#endif

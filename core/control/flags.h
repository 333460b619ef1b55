/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A message's keys and flags, read by one table (spec NG 3): each row has a name, where it may
 * stand, what it does, and its line of the reference. Names are compared without case, blanks
 * and underscores counting as hyphens (3.12).
 *
 * What is known but not built says so: some rows refuse the request, others are left out with
 * a warning. What is not known is a warning, never an error. [control]
 */
#ifndef CONTROL_FLAGS_H
#define CONTROL_FLAGS_H

#include "api/dict.h"
#include "base/err.h"
#include "call/options.h"

#include <glib.h>
#include <stdio.h>

struct call_settings;
struct templates;

/*
 * Does the message offer, answer, change or play what flows, or something else? Some rows concern
 * only one of them.
 */
enum flags_for { FLAGS_OFFER, FLAGS_ANSWER, FLAGS_MEDIA, FLAGS_OTHER };

/*
 * Reads what `templates` (NULL: none) say of every message and of this one's command, then
 * `request` into *ret (whose strings point into it). Warnings are appended to `warnings`,
 * separated by "; ". 0, or -errno with the text for the reply. In any case flags_clear follows.
 */
int flags_read(const struct value *request, enum flags_for what,
	const struct call_settings *settings, const struct templates *templates,
	struct call_options *ret, GString *warnings, struct err *err);
void flags_clear(struct call_options *options);

/* The reference, one row a line: name, forms, effect. */
void flags_print_reference(FILE *out);

#endif

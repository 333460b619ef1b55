/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Flags strings with names, from a section of the config file (spec NG 3.1): "default" is part of
 * every message, one named like a command of those, others where a message says so. Made before
 * control runs, not changed after.
 */
#ifndef CONTROL_TEMPLATES_H
#define CONTROL_TEMPLATES_H

#include "api/str.h"
#include "base/err.h"

struct templates;

struct templates *templates_new(void);
void templates_free(struct templates *templates); /* NULL is fine */
void templates_add(struct templates *templates, const char *name, const char *text);
/* All keys of the section. 0, or -EINVAL with the text that follows "Fatal error: ". */
int templates_load(
	struct templates *templates, const char *path, const char *section, struct err *err);
/* s NULL: there is none. `templates` may be NULL. */
struct str templates_find(const struct templates *templates, struct str name);

#endif

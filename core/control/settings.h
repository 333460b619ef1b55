/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Options while the daemon runs: what they are, what they were at start, and changing those that
 * may be changed. The values are those of the option table; `apply` carries a new one to where
 * it is used. [control]
 */
#ifndef CONTROL_SETTINGS_H
#define CONTROL_SETTINGS_H

#include "api/dict.h"
#include "base/option.h"

struct settings;

/* `name` has a new value. */
typedef void (*settings_apply_fn)(const char *name, void *arg);

/* `values` are borrowed, and from now on changed here only. [main] */
struct settings *settings_new(struct option_values *values, settings_apply_fn apply, void *arg);
void settings_free(struct settings *settings); /* NULL is fine */
const struct option *settings_find(const struct settings *settings, const char *name);
/* As the config file would have it; "" when not given. Caller frees. */
char *settings_text(const struct settings *settings, const struct option *option);
/* Of an option that may be given several times; NULL behind the last. */
const char *settings_item(
	const struct settings *settings, const struct option *option, unsigned index);
/*
 * 0; -ENOENT: no such option; -ENOTSUP: it cannot be changed, or what it is for is not built;
 * -EINVAL: no such value; -ERANGE: out of bounds.
 */
int settings_set(struct settings *settings, const char *name, const char *text, struct err *err);
/*
 * "options": a list of { name, value, start, settable } in the table's order; without those
 * that only ask the program to print something. Passwords are masked.
 */
void settings_to_dict(const struct settings *settings, struct dict *dict, struct value *into);
/* Everything that may be changed as it was at start. */
void settings_revert(struct settings *settings);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Plugins found, opened, checked and closed again (the contract is api/plugin.h). What cannot
 * be used is left out with one line in the log that says why; whether something needs it is for
 * the caller to find out. All of it [main].
 */
#ifndef BASE_PLUGIN_H
#define BASE_PLUGIN_H

#include "api/plugin.h"
#include "base/err.h"

#include <stdbool.h>

struct host;
struct plugin_set;

/* May a plugin read this option? */
typedef bool (*plugin_option_fn)(const char *name, void *arg);
/* The host for a plugin; borrowed until the set is closed. NULL: it is not to be started. */
typedef const struct host *(*plugin_host_fn)(const struct plugin *plugin, void *arg);

/*
 * Opens every "*.so" of `folder`, in order of name, and runs the self-tests. Plugins that want an
 * option for which `has_option` is false are left out. -errno with the reason when there is no
 * such folder; *ret_set is an empty set then.
 */
int plugin_set_load(const char *folder, plugin_option_fn has_option, void *arg,
	struct plugin_set **ret_set, struct err *err);
unsigned plugin_set_count(const struct plugin_set *set);
const struct plugin *plugin_set_at(const struct plugin_set *set, unsigned index);
/* NULL: not loaded. `set` may be NULL. */
const struct plugin *plugin_set_find(const struct plugin_set *set, const char *name);
/* Why a plugin of that name was left out; NULL: it was not, or there is none. */
const char *plugin_set_why_not(const struct plugin_set *set, const char *name);
/* Calls the plugins' init, each with its host. The first failure ends it: -errno and its text. */
int plugin_set_init(struct plugin_set *set, plugin_host_fn host_for, void *arg, struct err *err);
/* Closes those that were initialised, the last one first. */
void plugin_set_close(struct plugin_set *set);
/* Closes and unloads; NULL is fine. */
void plugin_set_free(struct plugin_set *set);

#endif

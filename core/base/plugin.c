/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The loader of plugins. Each file is opened with its own names: plugins do not see each other. */
#include "base/plugin.h"

#include "base/log.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <glib.h>

static const char SUFFIX[] = ".so";

struct loaded {
	void *handle;
	const struct plugin *plugin;
	void *instance;
	bool initialised;
};

struct plugin_set {
	GArray *loaded;      /* struct loaded */
	GHashTable *skipped; /* name → why */
};

/* One file being looked at. */
struct candidate {
	char *name; /* without folder and suffix */
	char *path;
	plugin_option_fn has_option;
	void *arg;
	char why[512];
};

static bool refuse(struct candidate *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static bool refuse(struct candidate *c, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(c->why, sizeof(c->why), fmt, args);
	va_end(args);
	return false;
}

static bool wants_known_options(struct candidate *c, const struct plugin *plugin)
{
	for (const struct plugin_option *o = plugin->options; o && o->name; o++)
		if (!c->has_option(o->name, c->arg))
			return refuse(c, "it reads option --%s, which this program does not have",
				o->name);
	return true;
}

static bool passes_self_test(struct candidate *c, const struct plugin *plugin)
{
	char error[PLUGIN_ERROR_BYTES] = "no reason given";

	if (!plugin->self_test || plugin->self_test(error) >= 0)
		return true;
	return refuse(c, "its self-test failed: %s", error);
}

/* Nothing but the version may be believed before that was compared. */
static bool is_usable(struct candidate *c, const struct plugin *plugin)
{
	if (plugin->abi != PLUGIN_ABI)
		return refuse(c, "it was built for plugin ABI %u, this program has %u", plugin->abi,
			(unsigned)PLUGIN_ABI);
	if ((unsigned)plugin->kind >= PLUGIN_KINDS)
		return refuse(c, "it is of kind %u, which this program does not know",
			(unsigned)plugin->kind);
	if (!plugin->name || strcmp(plugin->name, c->name) != 0)
		return refuse(c, "it calls itself '%s'", plugin->name ? plugin->name : "");
	if (!plugin->init)
		return refuse(c, "it has no init function");
	return wants_known_options(c, plugin) && passes_self_test(c, plugin);
}

/*
 * The code stays mapped after dlclose: what a library leaves with a thread to be run at its end
 * (libplugin.a does) must still be there then.
 */
static bool open_library(struct candidate *c, struct loaded *ret)
{
	void *handle = dlopen(c->path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
	const struct plugin *plugin;

	if (!handle)
		return refuse(c, "%s", dlerror());
	plugin = dlsym(handle, "plugin_export");
	if (!plugin)
		refuse(c, "it does not export plugin_export");
	if (!plugin || !is_usable(c, plugin)) {
		dlclose(handle);
		return false;
	}
	*ret = (struct loaded){ .handle = handle, .plugin = plugin };
	return true;
}

static gint compare_names(gconstpointer a, gconstpointer b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static GPtrArray *list_names(GDir *dir)
{
	GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
	const char *file;

	while ((file = g_dir_read_name(dir)))
		if (*file != '.' && g_str_has_suffix(file, SUFFIX))
			g_ptr_array_add(names, g_strndup(file, strlen(file) - strlen(SUFFIX)));
	g_ptr_array_sort(names, compare_names);
	return names;
}

static struct plugin_set *set_new(void)
{
	struct plugin_set *set = g_new0(struct plugin_set, 1);

	set->loaded = g_array_new(FALSE, TRUE, sizeof(struct loaded));
	set->skipped = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	return set;
}

static void load_one(struct plugin_set *set, struct candidate *c)
{
	struct loaded loaded;

	if (open_library(c, &loaded)) {
		log_debug("Loaded plugin '%s' (%s)", c->name, c->path);
		g_array_append_val(set->loaded, loaded);
		return;
	}
	log_warn("Plugin %s skipped: %s", c->path, c->why);
	g_hash_table_insert(set->skipped, g_strdup(c->name), g_strdup(c->why));
}

int plugin_set_load(const char *folder, plugin_option_fn has_option, void *arg,
	struct plugin_set **ret_set, struct err *err)
{
	g_autoptr(GPtrArray) names = NULL;
	g_autoptr(GError) error = NULL;
	g_autoptr(GDir) dir = g_dir_open(folder, 0, &error);

	*ret_set = set_new();
	if (!dir)
		return err_set(err, ENOENT, "%s", error->message);
	names = list_names(dir);
	for (unsigned i = 0; i < names->len; i++) {
		struct candidate c = {
			.name = names->pdata[i],
			.path = g_strdup_printf("%s/%s%s", folder, (char *)names->pdata[i], SUFFIX),
			.has_option = has_option,
			.arg = arg,
		};

		load_one(*ret_set, &c);
		g_free(c.path);
	}
	return 0;
}

unsigned plugin_set_count(const struct plugin_set *set)
{
	return set->loaded->len;
}

static struct loaded *loaded_at(const struct plugin_set *set, unsigned index)
{
	return &g_array_index(set->loaded, struct loaded, index);
}

const struct plugin *plugin_set_at(const struct plugin_set *set, unsigned index)
{
	return loaded_at(set, index)->plugin;
}

const struct plugin *plugin_set_find(const struct plugin_set *set, const char *name)
{
	for (unsigned i = 0; set && i < set->loaded->len; i++)
		if (strcmp(loaded_at(set, i)->plugin->name, name) == 0)
			return loaded_at(set, i)->plugin;
	return NULL;
}

const char *plugin_set_why_not(const struct plugin_set *set, const char *name)
{
	return set ? g_hash_table_lookup(set->skipped, name) : NULL;
}

int plugin_set_init(struct plugin_set *set, plugin_host_fn host_for, void *arg, struct err *err)
{
	for (unsigned i = 0; i < set->loaded->len; i++) {
		struct loaded *l = loaded_at(set, i);
		char error[PLUGIN_ERROR_BYTES] = "it cannot be started";
		const struct host *host = host_for(l->plugin, arg);
		int ret = host ? l->plugin->init(host, &l->instance, error) : 0;

		if (!host)
			continue;
		if (ret < 0)
			return err_set(err, -ret, "%s", error);
		l->initialised = true;
	}
	return 0;
}

void plugin_set_close(struct plugin_set *set)
{
	for (unsigned i = set ? set->loaded->len : 0; i-- > 0;) {
		struct loaded *l = loaded_at(set, i);

		if (l->initialised && l->plugin->close)
			l->plugin->close(l->instance);
		l->initialised = false;
	}
}

void plugin_set_free(struct plugin_set *set)
{
	if (!set)
		return;
	plugin_set_close(set);
	for (unsigned i = 0; i < set->loaded->len; i++)
		dlclose(loaded_at(set, i)->handle);
	g_array_free(set->loaded, TRUE);
	g_hash_table_destroy(set->skipped);
	g_free(set);
}

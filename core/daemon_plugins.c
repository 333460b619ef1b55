/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where plugins are, which of them are there, and what they bring. */
#include "daemon.h"

#include "base/plugin.h"
#include "codec/registry.h"
#include "control/host.h"
#include "control/settings.h"

#include <errno.h>

static bool has_option(const char *name, void *arg)
{
	(void)arg;
	return option_find(config_table(), name) != NULL;
}

/* Where --plugin-dir says; else beside the program, as it was built; else as installed. */
static char *find_plugin_folder(const struct config *c)
{
	g_autofree char *program = NULL, *parent = NULL;
	char *beside;

	if (c->plugin_dir)
		return g_strdup(c->plugin_dir);
	program = g_file_read_link("/proc/self/exe", NULL);
	parent = program ? g_path_get_dirname(program) : NULL;
	beside = parent ? g_build_filename(parent, "plugins", NULL) : NULL;
	if (beside && g_file_test(beside, G_FILE_TEST_IS_DIR))
		return beside;
	g_free(beside);
	return g_strdup(PLUGIN_DIR);
}

static const char *why_lacking(const char *plugin, void *arg)
{
	static char text[512];
	const struct daemon *d = arg;
	const char *why = plugin_set_why_not(d->plugins, plugin);

	if (plugin_set_find(d->plugins, plugin))
		return NULL;
	if (why)
		return why;
	g_snprintf(text, sizeof(text), "%s/%s.so is not there", d->plugin_folder, plugin);
	return text;
}

int daemon_load_plugins(struct daemon *d, struct err *err)
{
	d->plugin_folder = find_plugin_folder(d->config);
	if (plugin_set_load(d->plugin_folder, has_option, NULL, &d->plugins, err) < 0 &&
		d->config->plugin_dir)
		return -EINVAL;
	return option_check_plugins(d->set->values, why_lacking, d, err);
}

/* Only those that bring codecs. A plugin_host_fn. */
static const struct host *codec_host(const struct plugin *plugin, void *arg)
{
	return plugin->kind == PLUGIN_CODEC ? hosts_add(plugin, arg) : NULL;
}

int daemon_print_codecs(struct daemon *d)
{
	struct err err = { 0 };
	int ret;

	d->control.settings = settings_new(d->set->values, daemon_apply_setting, d);
	ret = daemon_load_plugins(d, &err);
	if (!ret) {
		d->hosts = hosts_new(&d->control, NULL, NULL, &err);
		ret = d->hosts ? plugin_set_init(d->plugins, codec_host, d->hosts, &err) : -EMFILE;
	}
	if (!ret)
		codec_print_table(stdout);
	return ret ? daemon_fatal(d, err.text) : EXIT_SUCCESS;
}

int daemon_print_plugin_conf(struct daemon *d)
{
	const char *name = d->set->config.print_plugin_conf;
	const struct plugin *plugin;
	struct err err;

	d->plugin_folder = find_plugin_folder(&d->set->config);
	if (plugin_set_load(d->plugin_folder, has_option, NULL, &d->plugins, &err) < 0)
		return daemon_fatal(d, err.text);
	plugin = plugin_set_find(d->plugins, name);
	if (!plugin)
		return daemon_fatal(d, why_lacking(name, d));
	option_print_plugin_conf(config_table(), plugin, "rtpengine", stdout);
	return EXIT_SUCCESS;
}

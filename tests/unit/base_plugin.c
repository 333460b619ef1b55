/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The loader, with plugins made for it: one that works and each way to be broken. */
#include "base/plugin.h"

#include <string.h>

#include <glib.h>
#include <glib/gstdio.h>

#include "api/host.h"
#include "base/log.h"

static GString *lines;
static bool init_fails;

static void take_line(enum log_level level, const char *line, void *arg)
{
	(void)level;
	(void)arg;
	g_string_append_printf(lines, "%s\n", line);
}

static bool has_option(const char *name, void *arg)
{
	(void)arg;
	return strcmp(name, "known") == 0;
}

static void host_log(const struct host *host, enum host_level level, const char *fmt, ...)
{
	(void)host;
	(void)level;
	g_string_append_printf(lines, "plugin: %s\n", fmt);
}

static int host_counter(const struct host *host, const char *name)
{
	(void)host;
	return init_fails && strcmp(name, "fail") == 0 ? 1 : -1;
}

static const struct host *host_for(const struct plugin *plugin, void *arg)
{
	static const struct host host = { .log = host_log, .counter = host_counter };

	(void)plugin;
	(void)arg;
	return &host;
}

static struct plugin_set *load(void)
{
	g_autofree char *folder = g_test_build_filename(G_TEST_BUILT, "plugins", NULL);
	struct plugin_set *set;
	struct err err;

	init_fails = false;
	g_string_truncate(lines, 0);
	g_assert_cmpint(plugin_set_load(folder, has_option, NULL, &set, &err), ==, 0);
	return set;
}

static void test_good(void)
{
	struct plugin_set *set = load();
	const struct plugin *plugin = plugin_set_find(set, "good");

	g_assert_nonnull(plugin);
	g_assert_true(plugin_set_at(set, 0) == plugin);
	g_assert_cmpuint(plugin_set_count(set), ==, 1);
	g_assert_cmpstr(plugin->description, ==, "Works");
	g_assert_null(plugin_set_why_not(set, "good"));
	plugin_set_free(set);
}

/* Name of the file and a part of the line. */
static const char *const broken[][2] = {
	{ "wrong_abi", "built for plugin ABI 3, this program has 2" },
	{ "wrong_kind", "it is of kind 9, which this program does not know" },
	{ "wrong_name", "it calls itself 'something_else'" },
	{ "lacks_symbol", "surely_not_defined_anywhere" },
	{ "lacks_library", "libsurely-not-installed.so.1" },
	{ "lacks_option", "it reads option --unknown, which this program does not have" },
	{ "lacks_export", "it does not export plugin_export" },
	{ "lacks_init", "it has no init function" },
	{ "fails_self_test", "its self-test failed: two and two are five" },
};

static unsigned count_lines(const char *text)
{
	unsigned n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

static void test_broken(void)
{
	struct plugin_set *set = load();

	for (unsigned i = 0; i < G_N_ELEMENTS(broken); i++) {
		const char *why = plugin_set_why_not(set, broken[i][0]);
		g_autofree char *line = g_strdup_printf("/%s.so skipped: %s\n", broken[i][0], why);

		g_assert_null(plugin_set_find(set, broken[i][0]));
		g_assert_nonnull(why);
		if (!strstr(why, broken[i][1]))
			g_error("%s: %s", broken[i][0], why);
		g_assert_nonnull(strstr(lines->str, line));
	}
	g_assert_cmpuint(count_lines(lines->str), ==, G_N_ELEMENTS(broken));
	plugin_set_free(set);
}

static void test_not_elf(void)
{
	g_autofree char *folder = g_dir_make_tmp("plugins-XXXXXX", NULL);
	g_autofree char *text = g_strdup_printf("%s/text.so", folder);
	g_autofree char *empty = g_strdup_printf("%s/empty.so", folder);
	g_autofree char *other = g_strdup_printf("%s/readme.txt", folder);
	struct plugin_set *set;
	struct err err;

	g_string_truncate(lines, 0);
	g_assert_true(g_file_set_contents(text, "not a library at all\n", -1, NULL));
	g_assert_true(g_file_set_contents(empty, "", 0, NULL));
	g_assert_true(g_file_set_contents(other, "not looked at\n", -1, NULL));
	g_assert_cmpint(plugin_set_load(folder, has_option, NULL, &set, &err), ==, 0);
	g_assert_cmpuint(plugin_set_count(set), ==, 0);
	g_assert_nonnull(plugin_set_why_not(set, "text"));
	g_assert_nonnull(plugin_set_why_not(set, "empty"));
	g_assert_cmpuint(count_lines(lines->str), ==, 2);
	plugin_set_free(set);
	g_unlink(text);
	g_unlink(empty);
	g_unlink(other);
	g_rmdir(folder);
}

static void test_no_folder(void)
{
	struct plugin_set *set;
	struct err err;

	g_assert_cmpint(plugin_set_load("/nonexistent/folder", has_option, NULL, &set, &err), <, 0);
	g_assert_nonnull(strstr(err.text, "/nonexistent/folder"));
	g_assert_cmpuint(plugin_set_count(set), ==, 0);
	plugin_set_free(set);
}

static void test_life(void)
{
	struct plugin_set *set = load();
	struct err err;

	g_string_truncate(lines, 0);
	g_assert_cmpint(plugin_set_init(set, host_for, NULL, &err), ==, 0);
	g_assert_cmpstr(lines->str, ==, "plugin: started\n");
	plugin_set_close(set);
	g_assert_cmpstr(lines->str, ==, "plugin: started\nplugin: closed\n");
	plugin_set_free(set);
	g_assert_cmpstr(lines->str, ==, "plugin: started\nplugin: closed\n");
}

static void test_init_fails(void)
{
	struct plugin_set *set = load();
	struct err err;

	g_string_truncate(lines, 0);
	init_fails = true;
	g_assert_cmpint(plugin_set_init(set, host_for, NULL, &err), <, 0);
	g_assert_cmpstr(err.text, ==, "told to fail");
	plugin_set_free(set);
	g_assert_cmpstr(lines->str, ==, "");
}

static void test_nothing_loaded(void)
{
	g_assert_null(plugin_set_find(NULL, "good"));
	g_assert_null(plugin_set_why_not(NULL, "good"));
	plugin_set_close(NULL);
	plugin_set_free(NULL);
}

int main(int argc, char **argv)
{
	struct log_settings settings = { .level = LOG_L_INFO, .to_stderr = true };

	g_test_init(&argc, &argv, NULL);
	lines = g_string_new(NULL);
	log_setup(&settings);
	log_set_sink(take_line, NULL);
	g_test_add_func("/plugin/good", test_good);
	g_test_add_func("/plugin/broken", test_broken);
	g_test_add_func("/plugin/not-elf", test_not_elf);
	g_test_add_func("/plugin/no-folder", test_no_folder);
	g_test_add_func("/plugin/life", test_life);
	g_test_add_func("/plugin/init-fails", test_init_fails);
	g_test_add_func("/plugin/nothing-loaded", test_nothing_loaded);
	return g_test_run();
}

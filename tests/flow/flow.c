/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Runs whole calls in process: each file NAME.flow below this folder is one scenario and one
 * test. With files as arguments only those are run.
 */
#include "flow.h"

#include <stdlib.h>
#include <string.h>

#include "mock/coder.h"
#include "script.h"

static int compare_paths(gconstpointer a, gconstpointer b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void find_scripts(const char *folder, GPtrArray *paths)
{
	GDir *dir = g_dir_open(folder, 0, NULL);
	const char *name;

	while (dir && (name = g_dir_read_name(dir))) {
		g_autofree char *path = g_build_filename(folder, name, NULL);

		if (g_file_test(path, G_FILE_TEST_IS_DIR))
			find_scripts(path, paths);
		else if (g_str_has_suffix(name, ".flow"))
			g_ptr_array_add(paths, g_steal_pointer(&path));
	}
	if (dir)
		g_dir_close(dir);
}

static void run_script(const void *path)
{
	script_run(path);
}

/* …/tests/flow/ng/C01.flow is the test /ng/C01. */
static void add_script(const char *folder, const char *path)
{
	const char *inside = g_str_has_prefix(path, folder) ? path + strlen(folder) + 1 : path;
	g_autofree char *name = g_strdup_printf("/%s", inside);

	name[strlen(name) - strlen(".flow")] = '\0';
	g_test_add_data_func(name, path, run_script);
}

int main(int argc, char **argv)
{
	g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func(g_free);
	const char *source = g_getenv("G_TEST_SRCDIR");
	g_autofree char *folder = g_build_filename(source ? source : "tests", "flow", NULL);

	g_test_init(&argc, &argv, NULL);
	mock_coder_load_all();
	/* One script's failure says nothing about the others. */
	g_test_set_nonfatal_assertions();
	for (int i = 1; i < argc; i++)
		g_ptr_array_add(paths, g_strdup(argv[i]));
	if (!paths->len) {
		find_scripts(folder, paths);
		churn_add_tests();
		churn_transcode_add_tests();
	}
	g_ptr_array_sort(paths, compare_paths);
	for (unsigned i = 0; i < paths->len; i++)
		add_script(folder, paths->pdata[i]);
	return g_test_run();
}

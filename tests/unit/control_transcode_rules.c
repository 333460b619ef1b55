/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rules of transcoding as the config file has them. */
#include "control/transcode_rules.h"

#include <glib.h>
#include <glib/gstdio.h>

#include "codec/rules.h"

static int load(const char *text, const char *prefix, struct err *err)
{
	g_autofree char *path = NULL;
	int fd = g_file_open_tmp("rules-XXXXXX", &path, NULL), ret;

	g_assert_cmpint(fd, >=, 0);
	g_close(fd, NULL);
	g_assert_true(g_file_set_contents(path, text, -1, NULL));
	codec_rules_clear();
	ret = transcode_rules_load(path, prefix, err);
	g_unlink(path);
	return ret;
}

static int preference(const char *from, const char *to)
{
	const struct codec_named source = { str_of(from), { .clock_hz = 8000, .channels = 1 } };
	const struct codec_named destination = { str_of(to), { .clock_hz = 8000, .channels = 1 } };

	return codec_rules_preference(&source, &destination);
}

static void test_sections_of_the_prefix_are_rules(void)
{
	struct err err;

	g_assert_cmpint(load("[rtpengine]\nlisten-ng = 2223\n"
			     "[tc-a]\nsource = GSM\ndestination = PCMA/8000\npreference = -3 \n"
			     "[tc-b]\npreference=12\ndestination=PCMU\nsource=gsm\n"
			     "[tcp-c]\nsource = GSM\n",
				"tc", &err),
		==, 0);
	g_assert_cmpuint(codec_rules_count(), ==, 2);
	g_assert_cmpint(preference("GSM", "PCMA"), ==, -3);
	g_assert_cmpint(preference("GSM", "PCMU"), ==, 12);
	g_assert_cmpint(preference("PCMU", "GSM"), ==, 0);
	codec_rules_clear();
}

static void test_nothing_asked_for_nothing_read(void)
{
	struct err err;

	g_assert_cmpint(load("no config file", NULL, &err), ==, 0);
	g_assert_cmpint(load("no config file", "", &err), ==, 0);
	g_assert_cmpint(load("[rtpengine]\n", "tc", &err), ==, 0);
	g_assert_cmpuint(codec_rules_count(), ==, 0);
	g_assert_cmpint(load("no config file", "tc", &err), <, 0);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/control/transcode-rules/read", test_sections_of_the_prefix_are_rules);
	g_test_add_func("/control/transcode-rules/none", test_nothing_asked_for_nothing_read);
	return g_test_run();
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A small table of every type, read from command lines and files, friendly and not. */
#include "base/option.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <glib.h>
#include <glib/gstdio.h>

struct things {
	bool flag, other, told;
	int number, bounded, floored, choice, plain_choice;
	int64_t big;
	double real;
	char *text, *kept;
	char **list;
};

#define AT(field) offsetof(struct things, field)

static const char *const colours[] = { "red", "green", NULL };

/* clang-format off */
static const struct option rows[] = {
	{ .name = "flag", .short_name = 'f', .type = OPTION_FLAG, .offset = AT(flag),
	  .help = "A flag" },
	{ .name = "other", .short_name = 'O', .type = OPTION_FLAG, .offset = AT(other),
	  .unavailable = "not here", .help = "Refused flag" },
	{ .name = "told", .type = OPTION_FLAG, .offset = AT(told), .command_line_only = true,
	  .help = "Not in files" },
	{ .name = "number", .short_name = 'n', .type = OPTION_INT, .offset = AT(number),
	  .arg = "INT", .preset = "5", .help = "A number" },
	{ .name = "bounded", .type = OPTION_INT, .offset = AT(bounded), .arg = "INT",
	  .preset = "10", .min = 1, .max = 20, .help = "Bounded number" },
	{ .name = "floored", .type = OPTION_INT, .offset = AT(floored), .arg = "INT",
	  .preset = "60", .min = 1, .max = 100, .below_min_is_default = true,
	  .range_error = "Floored {} is too much", .help = "Number with a floor" },
	{ .name = "choice", .type = OPTION_CHOICE, .offset = AT(choice), .arg = "red|green",
	  .preset = "red", .choices = colours, .range_error = "No colour '{}'",
	  .help = "Colour" },
	{ .name = "plain-choice", .type = OPTION_CHOICE, .offset = AT(plain_choice),
	  .arg = "red|green", .choices = colours, .unavailable = "no paint", .help = "Colour" },
	{ .name = "big", .short_name = 'b', .type = OPTION_INT64, .offset = AT(big),
	  .arg = "INT", .group = OPTION_MEDIA, .help = "A big number" },
	{ .name = "real", .type = OPTION_DOUBLE, .offset = AT(real), .arg = "FLOAT",
	  .preset = "0.5", .min = 0, .max = 2, .group = OPTION_MEDIA, .help = "A fraction" },
	{ .name = "text", .short_name = 't', .type = OPTION_STRING, .offset = AT(text),
	  .arg = "STRING", .group = OPTION_MEDIA, .help = "A text" },
	{ .name = "kept", .type = OPTION_STRING, .offset = AT(kept), .arg = "STRING",
	  .preset = "as it was", .hidden = true, .help = "Hidden text" },
	{ .name = "list", .short_name = 'l', .type = OPTION_LIST, .offset = AT(list),
	  .arg = "ITEM", .group = OPTION_MEDIA, .help = "A list" },
};
/* clang-format on */

static const struct option_table table = { rows, G_N_ELEMENTS(rows) };

static struct things things;
static struct option_values *values;
static struct err err;
static char *folder;

static void begin(void)
{
	option_values_free(values);
	memset(&things, 0, sizeof(things));
	memset(&err, 0, sizeof(err));
	values = option_values_new(&table, &things);
}

/* Words are separated by single blanks. */
static int parse(const char *words)
{
	g_autofree char *line = g_strdup_printf("program %s", words);
	g_auto(GStrv) argv = g_strsplit(line, " ", -1);

	return option_parse_command_line(values, (int)g_strv_length(argv), argv, &err);
}

static int parse_bytes(const char *text, size_t len)
{
	g_autofree char *path = g_build_filename(folder, "file.conf", NULL);

	g_assert_true(g_file_set_contents(path, text, (gssize)len, NULL));
	return option_parse_file(values, path, "main", true, &err);
}

static int parse_text(const char *text)
{
	return parse_bytes(text, strlen(text));
}

#define assert_fails(call, expected)                     \
	do {                                             \
		g_assert_cmpint(call, ==, -EINVAL);      \
		g_assert_cmpstr(err.text, ==, expected); \
	} while (0)

#define assert_fails_saying(call, part)                                          \
	do {                                                                     \
		g_assert_cmpint(call, ==, -EINVAL);                              \
		g_assert_true(g_str_has_prefix(err.text, "Bad command line: ")); \
		g_assert_nonnull(strstr(err.text, part));                        \
	} while (0)

static void assert_list(const char *expected)
{
	g_autofree char *text = things.list ? g_strjoinv("|", things.list) : NULL;

	g_assert_cmpstr(text, ==, expected);
}

static void test_defaults(void)
{
	begin();
	g_assert_false(things.flag);
	g_assert_cmpint(things.number, ==, 5);
	g_assert_cmpint(things.big, ==, 0);
	g_assert_cmpfloat(things.real, ==, 0.5);
	g_assert_cmpint(things.choice, ==, 0);
	g_assert_cmpint(things.plain_choice, ==, -1);
	g_assert_null(things.text);
	g_assert_cmpstr(things.kept, ==, "as it was");
	g_assert_null(things.list);
	g_assert_cmpint(option_source(values, "number"), ==, OPTION_DEFAULT);
	g_assert_cmpint(option_check(values, &err), ==, 0);
}

static void test_long_forms(void)
{
	begin();
	g_assert_cmpint(parse("--flag --number 7 --text=a=b --real=1.25 --choice green"), ==, 0);
	g_assert_true(things.flag);
	g_assert_cmpint(things.number, ==, 7);
	g_assert_cmpstr(things.text, ==, "a=b");
	g_assert_cmpfloat(things.real, ==, 1.25);
	g_assert_cmpint(things.choice, ==, 1);
	g_assert_cmpint(option_source(values, "number"), ==, OPTION_COMMAND_LINE);
	g_assert_cmpint(option_source(values, "big"), ==, OPTION_DEFAULT);
}

static void test_short_forms(void)
{
	begin();
	g_assert_cmpint(parse("-fO -n 7 -tabc -fb99"), ==, 0);
	g_assert_true(things.flag && things.other);
	g_assert_cmpint(things.number, ==, 7);
	g_assert_cmpstr(things.text, ==, "abc");
	g_assert_cmpint(things.big, ==, 99);
}

static void test_values_that_look_like_options(void)
{
	begin();
	g_assert_cmpint(parse("-n -1 --text --flag -t -n5 --list -l"), ==, 0);
	g_assert_cmpint(things.number, ==, -1);
	g_assert_cmpstr(things.text, ==, "-n5");
	g_assert_false(things.flag);
	assert_list("-l");
}

static void test_other_words(void)
{
	begin();
	g_assert_cmpint(parse("word - -n 7 more -- -n 8 --bogus"), ==, 0);
	g_assert_cmpint(things.number, ==, 7);
}

static void test_no_words_at_all(void)
{
	char *argv[] = { NULL };

	begin();
	g_assert_cmpint(option_parse_command_line(values, 0, argv, &err), ==, 0);
}

static void test_last_scalar_wins(void)
{
	begin();
	g_assert_cmpint(parse("-n 7 --number=8 -t a -t b"), ==, 0);
	g_assert_cmpint(things.number, ==, 8);
	g_assert_cmpstr(things.text, ==, "b");
}

static void test_lists_accumulate(void)
{
	begin();
	g_assert_cmpint(parse("-l a --list=b;c -l d"), ==, 0);
	assert_list("a|b;c|d");
}

static void test_number_bases(void)
{
	begin();
	g_assert_cmpint(parse("-n 0x0a -b 012"), ==, 0);
	g_assert_cmpint(things.number, ==, 10);
	g_assert_cmpint(things.big, ==, 10);
}

static void test_number_limits(void)
{
	begin();
	g_assert_cmpint(parse("-n -2147483648 -b 9223372036854775807"), ==, 0);
	g_assert_cmpint(things.number, ==, INT32_MIN);
	g_assert_true(things.big == INT64_MAX);
	assert_fails(parse("-n 2147483648"),
		"Bad command line: Integer value '2147483648' for --number out of range");
	assert_fails(parse("-b 9223372036854775808"),
		"Bad command line: Integer value '9223372036854775808' for --big out of range");
}

static void test_malformed_numbers(void)
{
	begin();
	assert_fails(
		parse("-n 7x"), "Bad command line: Cannot parse integer value '7x' for --number");
	assert_fails(parse("-n="), "Bad command line: Cannot parse integer value '=' for --number");
	assert_fails(
		parse("--number="), "Bad command line: Cannot parse integer value '' for --number");
	assert_fails(parse("--real=1,5"),
		"Bad command line: Cannot parse double value '1,5' for --real");
	assert_fails(parse("--real=nan"),
		"Bad command line: Cannot parse double value 'nan' for --real");
}

static void test_malformed_options(void)
{
	begin();
	assert_fails(parse("--bogus"), "Bad command line: Unknown option --bogus");
	assert_fails(parse("-fz"), "Bad command line: Unknown option -fz");
	assert_fails(parse("--numb 5"), "Bad command line: Unknown option --numb");
	assert_fails(parse("--number"), "Bad command line: Missing argument for --number");
	assert_fails(parse("-fn"), "Bad command line: Missing argument for -n");
	assert_fails(parse("--flag=false"), "Bad command line: Option --flag takes no value");
	g_assert_cmpint(parse("--flag=true"), ==, 0);
}

static void test_bytes_that_are_no_text(void)
{
	begin();
	g_assert_cmpint(parse("-t \xff\xfe"), ==, 0);
	g_assert_cmpstr(things.text, ==, "\xff\xfe");
}

static void test_help_is_told(void)
{
	static const char *const ways[] = { "-h", "--help", "-?", "-f --help", "-fh",
		"--help --bogus" };

	for (unsigned i = 0; i < G_N_ELEMENTS(ways); i++) {
		begin();
		g_assert_false(option_help_asked(values));
		g_assert_cmpint(parse(ways[i]), ==, 0);
		g_assert_true(option_help_asked(values));
	}
	begin();
	assert_fails(parse("--bogus --help"), "Bad command line: Unknown option --bogus");
}

static void test_bounds(void)
{
	begin();
	g_assert_cmpint(parse("--bounded=1"), ==, 0);
	g_assert_cmpint(option_check(values, &err), ==, 0);
	g_assert_cmpint(parse("--bounded=0"), ==, 0);
	assert_fails(option_check(values, &err), "Value 0 of --bounded is out of range (1 to 20)");
	g_assert_cmpint(parse("--bounded=21"), ==, 0);
	assert_fails(option_check(values, &err), "Value 21 of --bounded is out of range (1 to 20)");
	begin();
	g_assert_cmpint(parse("--real=2.5"), ==, 0);
	assert_fails(option_check(values, &err), "Value 2.5 of --real is out of range (0 to 2)");
}

static void test_own_range_text(void)
{
	begin();
	g_assert_cmpint(parse("--floored=101"), ==, 0);
	assert_fails(option_check(values, &err), "Floored 101 is too much");
}

static void test_below_minimum_is_default(void)
{
	begin();
	g_assert_cmpint(parse("--floored=-3"), ==, 0);
	g_assert_cmpint(things.floored, ==, 60);
	g_assert_cmpint(parse_text("[main]\nfloored = 70\n"), ==, 0);
	g_assert_cmpint(things.floored, ==, 60);
	begin();
	g_assert_cmpint(parse_text("[main]\nfloored = 0\n"), ==, 0);
	g_assert_cmpint(things.floored, ==, 60);
}

static void test_choices(void)
{
	begin();
	g_assert_cmpint(parse("--choice=blue"), ==, 0);
	assert_fails(option_check(values, &err), "No colour 'blue'");
	g_assert_cmpint(parse("--choice=green --plain-choice=Red"), ==, 0);
	assert_fails(option_check(values, &err),
		"Invalid value 'Red' for --plain-choice (one of red, green)");
}

static void test_unavailable(void)
{
	begin();
	g_assert_cmpint(parse("-O"), ==, 0);
	assert_fails(option_check(values, &err), "Option --other cannot be used: not here");
	begin();
	g_assert_cmpint(parse_text("[main]\nother = true\n"), ==, 0);
	assert_fails(option_check(values, &err), "Option --other cannot be used: not here");
	begin();
	g_assert_cmpint(parse_text("[main]\nother = false\n"), ==, 0);
	g_assert_cmpint(option_check(values, &err), ==, 0);
	begin();
	g_assert_cmpint(parse("--plain-choice=red"), ==, 0);
	assert_fails(option_check(values, &err), "Option --plain-choice cannot be used: no paint");
}

static void test_file_values(void)
{
	begin();
	g_assert_cmpint(parse_text("# comment\n[main]\nflag = true\nother=1\nnumber = -12\n"
				   "big = 9223372036854775807\nreal = 1.5\nchoice = green\n"
				   "text =   two words  \nlist = a; b ;c;\n"),
		==, 0);
	g_assert_true(things.flag && things.other);
	g_assert_cmpint(things.number, ==, -12);
	g_assert_true(things.big == INT64_MAX);
	g_assert_cmpfloat(things.real, ==, 1.5);
	g_assert_cmpint(things.choice, ==, 1);
	g_assert_cmpstr(things.text, ==, "two words");
	assert_list("a|b|c");
	g_assert_cmpint(option_source(values, "list"), ==, OPTION_FILE);
}

static void test_file_escapes(void)
{
	begin();
	g_assert_cmpint(
		parse_text("[main]\ntext = \\sa\\tb\\nc\\rd\\\\e\nlist = a\\;b;c\n"), ==, 0);
	g_assert_cmpstr(things.text, ==, " a\tb\nc\rd\\e");
	assert_list("a;b|c");
}

static void test_file_unsigned_big(void)
{
	begin();
	g_assert_cmpint(parse_text("[main]\nbig = 18446744073709551615\n"), ==, 0);
	g_assert_true(things.big == INT64_MAX);
	g_assert_cmpint(parse_text("[main]\nbig = -5\n"), ==, 0);
	g_assert_cmpint(things.big, ==, -5);
}

static void test_file_booleans(void)
{
	begin();
	g_assert_cmpint(parse("-f"), ==, 0);
	g_assert_cmpint(parse_text("[main]\nflag = false\n"), ==, 0);
	g_assert_true(things.flag);
	begin();
	g_assert_cmpint(parse_text("[main]\nflag = 0\n"), ==, 0);
	g_assert_false(things.flag);
	assert_fails_saying(parse_text("[main]\nflag = yes\n"), "flag");
	assert_fails_saying(parse_text("[main]\nflag =\n"), "flag");
}

static void test_file_numbers_are_decimal(void)
{
	begin();
	g_assert_cmpint(parse_text("[main]\nnumber = 012\n"), ==, 0);
	g_assert_cmpint(things.number, ==, 12);
	assert_fails_saying(parse_text("[main]\nnumber = 0x0a\n"), "number");
	assert_fails_saying(parse_text("[main]\nnumber = 7x\n"), "number");
	assert_fails_saying(parse_text("[main]\nnumber = 2147483648\n"), "number");
	assert_fails_saying(parse_text("[main]\nreal = 1,5\n"), "real");
	assert_fails_saying(parse_text("[main]\nbig = x\n"), "big");
}

static void test_command_line_over_file(void)
{
	begin();
	g_assert_cmpint(parse("-n 7 -l a -l b"), ==, 0);
	g_assert_cmpint(parse_text("[main]\nnumber = 8\nlist = c;d\ntext = from file\n"), ==, 0);
	g_assert_cmpint(things.number, ==, 7);
	assert_list("a|b");
	g_assert_cmpstr(things.text, ==, "from file");
	g_assert_cmpint(option_source(values, "number"), ==, OPTION_COMMAND_LINE);
	g_assert_cmpint(option_source(values, "text"), ==, OPTION_FILE);
}

static void test_file_value_not_looked_at(void)
{
	begin();
	g_assert_cmpint(parse("-n 7"), ==, 0);
	g_assert_cmpint(parse_text("[main]\nnumber = rubbish\n"), ==, 0);
	g_assert_cmpint(things.number, ==, 7);
}

static void test_repeated_sections_and_keys(void)
{
	begin();
	g_assert_cmpint(parse_text("[main]\nnumber = 1\ntext = a\n[else]\nnumber = 9\n"
				   "[main]\nnumber = 2\nnumber = 3\n"),
		==, 0);
	g_assert_cmpint(things.number, ==, 3);
	g_assert_cmpstr(things.text, ==, "a");
}

static void test_unknown_keys_and_sections(void)
{
	begin();
	g_assert_cmpint(parse_text("[main]\nn = 3\nbogus = 1\ntold = true\nNumber = 4\n"
				   "number[de] = 6\n[bogus]\nflag = yes\n"),
		==, 0);
	g_assert_cmpint(things.number, ==, 5);
	g_assert_false(things.told);
}

static void test_empty_list(void)
{
	begin();
	g_assert_cmpint(parse_text("[main]\nlist =\n"), ==, 0);
	assert_list(NULL);
	g_assert_cmpint(parse_text("[main]\nlist = ; ;\n"), ==, 0);
	assert_list(NULL);
}

static void test_missing_file(void)
{
	g_autofree char *path = g_build_filename(folder, "absent.conf", NULL);

	begin();
	g_assert_cmpint(option_parse_file(values, path, "main", false, &err), ==, 0);
	assert_fails_saying(
		option_parse_file(values, path, "main", true, &err), "No such file or directory");
	assert_fails_saying(
		option_parse_file(values, folder, "main", false, &err), "not a regular file");
	assert_fails_saying(
		option_parse_file(values, "/dev/zero", "main", false, &err), "not a regular file");
}

static void test_missing_section(void)
{
	begin();
	assert_fails_saying(parse_text("[other]\nnumber = 1\n"), "has no section 'main'");
	assert_fails_saying(parse_text(""), "has no section 'main'");
}

static void test_hostile_files(void)
{
	static const char with_nul[] = "[main]\nnumber = 1\0\nflag = true\n";

	begin();
	assert_fails_saying(parse_text("number = 1\n[main]\n"), "group");
	assert_fails_saying(parse_text("[main]\nno such line\n"), "no such line");
	assert_fails_saying(parse_text("[main\n"), "[main");
	assert_fails_saying(parse_bytes(with_nul, sizeof(with_nul) - 1), "NUL");
	assert_fails_saying(parse_text("[main]\ntext = \xff\xfe\n"), "UTF-8");
	assert_fails_saying(parse_text("[main]\nlist = a;\xff\n"), "UTF-8");
	assert_fails_saying(parse_text("[main]\ntext = a\\q\n"), "text");
	assert_fails_saying(parse_text("[main]\nlist = a;\\q\n"), "list");
	g_assert_cmpint(parse_text("[main]\n# gr\xfc\xdf"
				   "e\nnumber = 6\n"),
		==, 0);
	g_assert_cmpint(things.number, ==, 6);
}

static void test_long_line(void)
{
	g_autofree char *long_text = g_strnfill(1 << 20, 'x');
	g_autofree char *text = g_strdup_printf("[main]\ntext = %s\n", long_text);
	g_autofree char *number = g_strdup_printf("[main]\nnumber = %s\n", long_text);

	begin();
	g_assert_cmpint(parse_text(text), ==, 0);
	g_assert_cmpstr(things.text, ==, long_text);
	g_assert_cmpint(parse_text(number), ==, -EINVAL);
	g_assert_cmpuint(strlen(err.text), <, sizeof(err.text));
}

static char *printed(void (*print)(FILE *out))
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	print(out);
	fclose(out);
	return text;
}

static void print_effective(FILE *out)
{
	option_print_effective(values, out);
}

static void print_help(FILE *out)
{
	option_print_help(&table, "program", out);
}

static void print_media_conf(FILE *out)
{
	option_print_conf(&table, OPTION_MEDIA, "main", out);
}

static void print_man(FILE *out)
{
	option_print_man(&table, out);
}

static const struct plugin_option plugin_options[] = {
	{ "list", NULL, "Where the plugin listens" },
	{ "number", "3", "How many of them" },
	{ "unknown-here", NULL, "Not in the table" },
	{ NULL, NULL, NULL },
};

static const struct plugin plugin_with_options = {
	.name = "example",
	.description = "An example",
	.options = plugin_options,
};

static const struct plugin plugin_without_options = {
	.name = "silent",
	.options = plugin_options + G_N_ELEMENTS(plugin_options) - 1,
};

static void print_plugin_conf(FILE *out)
{
	option_print_plugin_conf(&table, &plugin_with_options, "main", out);
	option_print_plugin_conf(&table, &plugin_without_options, "main", out);
	option_print_plugin_conf(&table, &(struct plugin){ .name = "none" }, "main", out);
}

static void test_plugin_conf(void)
{
	g_autofree char *text = printed(print_plugin_conf);

	g_assert_cmpstr(text, ==,
		"# Plugin example: An example\n#\n"
		"# All options it reads with their defaults, commented out.\n\n[main]\n\n"
		"# Where the plugin listens.\n# Several values are separated by ';'.\n"
		"# list = <ITEM>\n\n# How many of them.\n# number = 3\n");
}

static void test_effective_dump(void)
{
	g_autofree char *text = NULL;

	begin();
	g_assert_cmpint(parse("-n 7 -l a;b -l c"), ==, 0);
	g_assert_cmpint(parse_text("[main]\nreal = 0.1\n"), ==, 0);
	text = printed(print_effective);
	g_assert_cmpstr(text, ==,
		"# default\nflag = false\n# refused for now: not here\n# other = false\n"
		"# command line\nnumber = 7\n# default\nbounded = 10\n"
		"# default\nfloored = 60\n# default\nchoice = red\n"
		"# refused for now: no paint\n# plain-choice = \n# default\nbig = 0\n"
		"# config file\nreal = 0.1\n# not given\n# text =\n# default\nkept = as it was\n"
		"# command line\nlist = a\\;b;c\n");
}

static void test_dump_reads_back(void)
{
	g_autofree char *dump = NULL;
	g_autofree char *file = NULL;
	g_autofree char *expected = NULL;
	char *argv[] = { "program", "-f", "-t", "  two\nlines\\", "-l", "a;b", "-l", "c d", NULL };

	begin();
	g_assert_cmpint(option_parse_command_line(values, 8, argv, &err), ==, 0);
	expected = g_strdup(things.text);
	dump = printed(print_effective);
	file = g_strdup_printf("[main]\n%s", dump);
	begin();
	g_assert_cmpint(parse_text(file), ==, 0);
	g_assert_cmpstr(things.text, ==, expected);
	assert_list("a;b|c d");
	g_assert_true(things.flag);
}

static void test_help_text(void)
{
	g_autofree char *text = printed(print_help);

	g_assert_true(g_str_has_prefix(
		text, "Usage:\n  program [OPTION?]  - next-generation media proxy\n"));
	g_assert_nonnull(strstr(text, "\nHelp Options:\n  -h, --help"));
	g_assert_nonnull(strstr(text, "\nApplication Options:\n"));
	g_assert_nonnull(strstr(text, "  -n, --number=INT "));
	g_assert_nonnull(strstr(text, " A number (default: 5)\n"));
	g_assert_nonnull(strstr(text, " Refused flag [refused: not here]\n"));
	g_assert_null(strstr(text, "--kept"));
}

static void test_conf_text(void)
{
	g_autofree char *text = printed(print_media_conf);

	g_assert_cmpstr(text, ==,
		"# Calls and media\n#\n"
		"# All options of this subject with their defaults, commented out.\n\n[main]\n\n"
		"# A big number.\n# big = <INT>\n\n# A fraction.\n# real = 0.5\n\n"
		"# A text.\n# text = <STRING>\n\n"
		"# A list.\n# Several values are separated by ';'.\n# list = <ITEM>\n");
	begin();
	g_assert_cmpint(parse_text(text), ==, 0);
}

static void test_man_text(void)
{
	g_autofree char *text = printed(print_man);

	g_assert_true(g_str_has_prefix(text, ".Sh OPTIONS\n"));
	g_assert_nonnull(strstr(text, ".It Fl n , Fl \\&\\-\\&number Ns = Ns Ar \"\\&INT\"\n"
				      "\\&A number.\nDefault: \\&5.\n"));
	g_assert_nonnull(strstr(text, "Refused for now: \\&not here.\n"));
	g_assert_null(strstr(text, "kept"));
}

int main(int argc, char **argv)
{
	g_autofree char *path = NULL;
	int rc;

	g_test_init(&argc, &argv, NULL);
	folder = g_dir_make_tmp("base_option.XXXXXX", NULL);
	g_test_add_func("/option/defaults", test_defaults);
	g_test_add_func("/option/long-forms", test_long_forms);
	g_test_add_func("/option/short-forms", test_short_forms);
	g_test_add_func("/option/values-like-options", test_values_that_look_like_options);
	g_test_add_func("/option/other-words", test_other_words);
	g_test_add_func("/option/no-words", test_no_words_at_all);
	g_test_add_func("/option/last-scalar-wins", test_last_scalar_wins);
	g_test_add_func("/option/lists-accumulate", test_lists_accumulate);
	g_test_add_func("/option/number-bases", test_number_bases);
	g_test_add_func("/option/number-limits", test_number_limits);
	g_test_add_func("/option/malformed-numbers", test_malformed_numbers);
	g_test_add_func("/option/malformed-options", test_malformed_options);
	g_test_add_func("/option/bytes-that-are-no-text", test_bytes_that_are_no_text);
	g_test_add_func("/option/help-is-told", test_help_is_told);
	g_test_add_func("/option/bounds", test_bounds);
	g_test_add_func("/option/own-range-text", test_own_range_text);
	g_test_add_func("/option/below-minimum-is-default", test_below_minimum_is_default);
	g_test_add_func("/option/choices", test_choices);
	g_test_add_func("/option/unavailable", test_unavailable);
	g_test_add_func("/option/file-values", test_file_values);
	g_test_add_func("/option/file-escapes", test_file_escapes);
	g_test_add_func("/option/file-unsigned-big", test_file_unsigned_big);
	g_test_add_func("/option/file-booleans", test_file_booleans);
	g_test_add_func("/option/file-numbers-are-decimal", test_file_numbers_are_decimal);
	g_test_add_func("/option/command-line-over-file", test_command_line_over_file);
	g_test_add_func("/option/file-value-not-looked-at", test_file_value_not_looked_at);
	g_test_add_func("/option/repeated", test_repeated_sections_and_keys);
	g_test_add_func("/option/unknown-keys", test_unknown_keys_and_sections);
	g_test_add_func("/option/empty-list", test_empty_list);
	g_test_add_func("/option/missing-file", test_missing_file);
	g_test_add_func("/option/missing-section", test_missing_section);
	g_test_add_func("/option/hostile-files", test_hostile_files);
	g_test_add_func("/option/long-line", test_long_line);
	g_test_add_func("/option/effective-dump", test_effective_dump);
	g_test_add_func("/option/plugin-conf", test_plugin_conf);
	g_test_add_func("/option/dump-reads-back", test_dump_reads_back);
	g_test_add_func("/option/help-text", test_help_text);
	g_test_add_func("/option/conf-text", test_conf_text);
	g_test_add_func("/option/man-text", test_man_text);
	rc = g_test_run();
	option_values_free(values);
	path = g_build_filename(folder, "file.conf", NULL);
	g_unlink(path);
	g_rmdir(folder);
	g_free(folder);
	return rc;
}

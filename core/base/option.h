/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Settings as a table: a row names the option, where its value is kept, its bounds, default and
 * help; command line, config file, --help, the effective-config dump, conf.d/ and the man page
 * all read the rows (spec/daemon 1). [main] but for reading values.
 */
#ifndef BASE_OPTION_H
#define BASE_OPTION_H

#include "api/plugin.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum option_type {
	OPTION_FLAG,   /* bool */
	OPTION_INT,    /* int */
	OPTION_INT64,  /* int64_t */
	OPTION_DOUBLE, /* double */
	OPTION_STRING, /* char *, owned by the values; NULL: not given */
	OPTION_CHOICE, /* int: index into `choices`; -1: not given, or none of them */
	OPTION_LIST,   /* char **, NULL-terminated, owned; NULL: not given */
};

/* Which conf.d file and which part of the man page an option belongs to. */
enum option_group {
	OPTION_GENERAL,
	OPTION_INTERFACES,
	OPTION_CONTROL,
	OPTION_MEDIA,
	OPTION_SECURITY,
	OPTION_RECORDING,
	OPTION_STORAGE,
	OPTION_EXPORT,
	OPTION_GROUPS
};

struct option {
	const char *name; /* long name, without dashes */
	char short_name;  /* 0: none */
	enum option_type type;
	enum option_group group;
	size_t offset;             /* of the value in the struct that holds them */
	const char *arg;           /* shown in --help: "INT", "FILE", "[IP:]PORT"; NULL for flags */
	const char *preset;        /* default, as one would write it; NULL: not given */
	int64_t min, max;          /* of numbers, when max > min */
	bool below_min_is_default; /* instead of an error */
	const char *const *choices; /* NULL-terminated, of OPTION_CHOICE */
	const char *range_error;    /* fatal text when out of bounds or no choice, where "{}"
				       stands for the value; NULL: a general one */
	const char *help;           /* one sentence, no full stop; "%s" not allowed */
	bool run_time;              /* may be changed by the CLI */
	bool command_line_only;     /* config-file, config-section, version, … */
	bool secret;                /* its value is not shown to anybody */
	bool hidden;                /* known, but no help or manual tells */
	const char *provided_by;    /* plugin without which the option cannot be used; NULL: none */
	const char *unavailable;    /* not NULL: giving another value than the default is refused at
				    start with this text ("needs recording, which is not built yet") */
};

struct option_table {
	const struct option *options;
	unsigned count;
};

/* Where a value came from, for dumps. */
enum option_source { OPTION_DEFAULT, OPTION_FILE, OPTION_COMMAND_LINE };

struct option_values;

/*
 * `storage`: the struct that the rows' offsets refer to, zeroed; filled with defaults here.
 * `sources` of the result tell where each value came from.
 */
struct option_values *option_values_new(const struct option_table *table, void *storage);
void option_values_free(struct option_values *values); /* and strings in the storage */
/*
 * The command line (GLib's option parser, spec/daemon 1.1) and then the config file for what
 * the command line did not give. Any failure: -EINVAL and `err` with the text that follows
 * "Fatal error: ". Does not check `unavailable`.
 */
int option_parse_command_line(struct option_values *values, int argc, char **argv, struct err *err);
/* Without `must_exist` a file that is not there is as good as an empty section. */
int option_parse_file(struct option_values *values, const char *path, const char *section,
	bool must_exist, struct err *err);
/* Was there -h, --help or -? on the command line? Nothing behind it was looked at then. */
bool option_help_asked(const struct option_values *values);
/* Bounds and choices, then `unavailable`: 0, or -EINVAL with the text. */
int option_check(const struct option_values *values, struct err *err);
/*
 * Those that are hidden and unavailable are refused on the command line alone: a file may be one
 * that served another daemon, where keys that nobody knows are passed over, too. Tells of each that
 * is ignored so.
 */
void option_tell_ignored(
	const struct option_values *values, void (*tell)(const struct option *option));
/*
 * Is every option that was given a value provided for? `lacking` tells why a plugin is not
 * there, or NULL when it is. 0, or -EINVAL with the text.
 */
int option_check_plugins(const struct option_values *values,
	const char *(*lacking)(const char *plugin, void *arg), void *arg, struct err *err);
/*
 * Another value for an option that may be changed at run time. 0, or with everything as it was:
 * -ENOTSUP (may not, or is unavailable), -EINVAL (no such value), -ERANGE (out of bounds).
 */
int option_change(struct option_values *values, const struct option *option, const char *text,
	struct err *err);
const struct option_table *option_table_of(const struct option_values *values);
/* One value of an OPTION_LIST; NULL behind the last. */
const char *option_item(
	const struct option_values *values, const struct option *option, unsigned index);
/* NULL when no row has that name. */
const struct option *option_find(const struct option_table *table, const char *name);
enum option_source option_source(const struct option_values *values, const char *name);
/* The value as the config file would have it; "" when not given. Caller frees. */
char *option_text(const struct option_values *values, const struct option *option);
/* Usage, with defaults (spec/daemon 1.1). */
void option_print_help(const struct option_table *table, const char *program, FILE *out);
/* "key = value" lines of the section, with where each came from as a comment. */
void option_print_effective(const struct option_values *values, FILE *out);
/* A group's options for conf.d: each commented out, with its help and default. */
void option_print_conf(
	const struct option_table *table, enum option_group group, const char *section, FILE *out);
/*
 * The same for the options that a plugin reads, with what it says of them; nothing when there
 * are none. Those without a row in `table` are left out: such a plugin is not loaded.
 */
void option_print_plugin_conf(const struct option_table *table, const struct plugin *plugin,
	const char *section, FILE *out);
/* The OPTIONS section of a manual page (mdoc). */
void option_print_man(const struct option_table *table, FILE *out);

#endif

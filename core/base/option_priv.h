/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the option_*.c files share: the values with what is known about each. */
#ifndef BASE_OPTION_PRIV_H
#define BASE_OPTION_PRIV_H

#include "base/option.h"

#include <glib.h>

struct option_values {
	const struct option_table *table;
	char *storage;               /* the caller's; see option_values_new */
	enum option_source *sources; /* one per row */
	char **rejected;             /* one per row: a text that is none of the choices */
	bool help_asked;
};

/* Where the row's value is kept, for reading and writing by its type. */
#define OPTION_SLOT(values, option, type) ((type *)(void *)((values)->storage + (option)->offset))

unsigned option_row(const struct option_values *values, const struct option *option);

/* Each replaces the value and notes its source. */
void option_store_flag(struct option_values *values, const struct option *option, bool value,
	enum option_source source);
/* For OPTION_INT (which the caller has checked to fit) and OPTION_INT64. */
void option_store_number(struct option_values *values, const struct option *option, int64_t value,
	enum option_source source);
void option_store_double(struct option_values *values, const struct option *option, double value,
	enum option_source source);
/* Takes `text`; NULL: not given. */
void option_store_string(struct option_values *values, const struct option *option, char *text,
	enum option_source source);
/* A text that is none of the choices is kept for option_check to refuse. */
void option_store_choice(struct option_values *values, const struct option *option,
	const char *text, enum option_source source);
/* Takes `list`; NULL: not given. */
void option_store_list(struct option_values *values, const struct option *option, char **list,
	enum option_source source);

/*
 * One argument as the command line has it; flags ignore `text`. Lists grow when their source
 * was `source` already and start anew when not. False and `error` when it is no such value.
 */
bool option_store_argument(struct option_values *values, const struct option *option,
	const char *text, enum option_source source, GError **error);

#endif

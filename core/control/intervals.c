/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The last interval by the names of NG commands, for machines and for people. */
#include "control/intervals.h"

#include "control/proxies.h"
#include "stats/interval.h"

#include <glib.h>

static const char *key_of(struct dict *dict, const char *what, const char *command, const char *of)
{
	g_autofree char *key = g_strconcat(what, command, of, NULL);

	return dict_copy(dict, str_of(key)).s;
}

static void add_range(struct dict *dict, struct value *into, const char *command, const char *of,
	const struct interval_range *range)
{
	dict_add_real(dict, into, key_of(dict, "min", command, of), range->min);
	dict_add_real(dict, into, key_of(dict, "max", command, of), range->max);
	dict_add_real(dict, into, key_of(dict, "avg", command, of), range->average);
}

void intervals_to_dict(struct dict *dict, struct value *into)
{
	const struct interval *last = interval_last();

	dict_add_real(dict, into, "totalcallsduration", last->call_seconds);
	dict_add_int(dict, into, "minmanagedsessions", last->min_calls);
	dict_add_int(dict, into, "maxmanagedsessions", last->max_calls);
	for (unsigned i = 0; i < ng_name_count(); i++) {
		const char *command = ng_name_at(i)->name;

		add_range(dict, into, command, "delay", &last->delay_s[i]);
		add_range(dict, into, command, "requestrate", &last->per_second[i]);
	}
}

static struct value *add_row(struct dict *dict, struct value *rows, const char *label)
{
	struct value *row = dict_add_dict(dict, rows, NULL);

	dict_add_copy(dict, row, "label", str_of(label));
	return row;
}

static void add_range_row(struct dict *dict, struct value *rows, const char *command,
	const char *what, const struct interval_range *range, const char *unit)
{
	g_autofree char *label = g_strdup_printf("Min/Max/Avg %s %s", command, what);

	dict_add_printf(dict, add_row(dict, rows, label), "value", "%.6f/%.6f/%.6f %s", range->min,
		range->max, range->average, unit);
}

void intervals_to_section(struct dict *dict, struct value *section)
{
	const struct interval *last = interval_last();
	struct value *rows;

	dict_add_str(dict, section, "heading",
		STR_LIT("Graphite interval statistics (last reported values to graphite):"));
	rows = dict_add_list(dict, section, "rows");
	dict_add_printf(dict, add_row(dict, rows, "Total calls duration"), "value", "%.6f",
		last->call_seconds);
	dict_add_printf(
		dict, add_row(dict, rows, "Min managed sessions"), "value", "%u", last->min_calls);
	dict_add_printf(
		dict, add_row(dict, rows, "Max managed sessions"), "value", "%u", last->max_calls);
	for (unsigned i = 0; i < ng_name_count(); i++)
		add_range_row(dict, rows, ng_name_at(i)->name, "processing delay",
			&last->delay_s[i], "sec");
	for (unsigned i = 0; i < ng_name_count(); i++)
		add_range_row(dict, rows, ng_name_at(i)->name, "requests per second",
			&last->per_second[i], "per sec");
}

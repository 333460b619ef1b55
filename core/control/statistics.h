/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The daemon's statistics as trees (spec daemon 4, NG 2.7). Each figure is one row of a table,
 * which has its key for machines and its label for people. [control]
 */
#ifndef CONTROL_STATISTICS_H
#define CONTROL_STATISTICS_H

#include "control/command.h"

/* "currentstatistics" and so on. */
void statistics_to_dict(const struct control *control, struct dict *dict, struct value *into);
/*
 * For tables: "sections", a list of { heading, rows: [ { label, value } ] }; "commands", the
 * headings and keys of commands; and "controlstatistics".
 */
void statistics_totals(const struct control *control, struct dict *dict, struct value *into);
/* How many calls there are, and of which families their media are. */
void statistics_sessions(const struct control *control, struct dict *dict, struct value *into);
/* The "interfaces" of statistics_to_dict. */
void statistics_interfaces(const struct control *control, struct dict *dict, struct value *list);
/* { chain, num, packets, bytes, samples, and rates while there are any } of each pair of codecs. */
void statistics_transcoders(struct dict *dict, struct value *list);

#endif

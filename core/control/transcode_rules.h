/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Sections of the config file that prefer one transcoding to another (spec media 2.11), read into
 * codec/rules.h at start.
 *
 *	[PREFIX-anything]
 *	source = PCMA
 *	destination = opus/48000/2
 *	preference = 10
 */
#ifndef CONTROL_TRANSCODE_RULES_H
#define CONTROL_TRANSCODE_RULES_H

#include "base/err.h"

/*
 * All sections whose names begin with `prefix` and "-"; none for a prefix of NULL or "", a log line
 * when there are none. 0, or -EINVAL with the text that follows "Fatal error: ": no such file, or a
 * section that is not a rule.
 */
int transcode_rules_load(const char *path, const char *prefix, struct err *err);

#endif

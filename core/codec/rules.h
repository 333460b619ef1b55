/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the operator prefers to be made of what (spec media 2.11): a number for a pair of codecs.
 * Like the registry: filled at start, [any] thread afterwards.
 */
#ifndef CODEC_RULES_H
#define CODEC_RULES_H

#include "codec/format.h"

/*
 * From `source` to `destination`, both as in struct codec_spec; only what they give is compared.
 * 0 or -EINVAL: that is no specification.
 */
int codec_rules_add(struct str source, struct str destination, int preference);
/* Before the next start of the same process: tests. */
void codec_rules_clear(void);
unsigned codec_rules_count(void);

/* A codec of a section. */
struct codec_named {
	struct str name;
	struct codec_params params;
};

/* The highest of the rules that fit; without any: 0. */
int codec_rules_preference(const struct codec_named *source, const struct codec_named *destination);

#endif

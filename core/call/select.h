/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whom a command concerns (spec NG 2.3, 2.11), and what is blocked of their media. [control] */
#ifndef CALL_SELECT_H
#define CALL_SELECT_H

#include "base/err.h"
#include "call/call.h"
#include "call/options.h"

/* How the command takes its from-tag. */
enum select_tag { SELECT_TAG_ALWAYS, SELECT_TAG_DIRECTIONAL };

/*
 * *ret_party: the one selected, or NULL for the whole call. 0, or -errno with the text of the
 * reply. It belongs to `model`, as it is there.
 */
int select_party(const struct model *model, const struct call_options *o, enum select_tag tag,
	struct party **ret_party, struct err *err);

/* block, unblock, silence and unsilence: which block is set or cleared. */
struct block_command {
	enum { BLOCK_MEDIA, BLOCK_SILENCE, BLOCK_DTMF } kind;
	enum select_tag tag;
	bool set;
};

int call_block(struct call_table *table, const struct call_options *o,
	const struct block_command *command, struct err *err);

/* What an operator changes of what one party sends; -1: nothing. */
struct party_tuning {
	int delay_ms;
	int detect_dtmf; /* 0, 1 */
};

/* -ENOENT: no such call or party; -EINVAL: no such delay; -ENOTSUP: there is no detector. */
int call_tune(struct call_table *table, struct str call_id, struct str tag,
	const struct party_tuning *tuning, struct err *err);

#endif

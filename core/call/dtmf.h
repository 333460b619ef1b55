/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Digits of a call: which are blocked, and what they trigger (spec NG 2.10, media 4.6). [control] */
#ifndef CALL_DTMF_H
#define CALL_DTMF_H

#include "call/model.h"
#include "call/options.h"

struct call;
struct call_table;

/* dtmf_block.c: as `block DTMF` with these options has it; texts go to the model. */
void dtmf_block_set(struct model *model, struct dtmf_block *b, const struct dtmf_options *o);
/* Does the mode need audio to be decoded and made anew? */
bool dtmf_mode_makes_audio(int mode);

/*
 * dtmf_play.c. `play DTMF`: a digit as if a party, or each of a call, had sent it (spec NG 2.12).
 * 0, or -errno with the text of the reply; nothing is sent then.
 */
int call_play_dtmf(struct call_table *table, const struct call_options *o, struct err *err);

/* dtmf_trigger.c: a party has dialled a digit, which may be the last of a trigger. */
void call_dtmf_dialled(struct call *call, unsigned party, uint8_t code);
/* Every second or so: ends what triggers have begun and is to end by itself. */
void call_dtmf_expire(struct call *call, int64_t now_us);

#endif

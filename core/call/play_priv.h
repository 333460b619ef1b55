/* SPDX-License-Identifier: GPL-3.0-or-later */
/* For commands that play (play_command.c) and what plays by itself (play_follow.c). [control] */
#ifndef CALL_PLAY_PRIV_H
#define CALL_PLAY_PRIV_H

#include "call/play.h"

/* What a clip for the party has to have; 0: nothing can be played to it. */
uint32_t play_rate(const struct party *party);
bool play_is_on(const struct party *party);
/* Has anybody answered who is heard where the party is played to? */
bool play_is_answered(const struct party *party);
void play_clear(struct party *party);
void play_to(
	struct model *model, struct party *party, const struct play_wish *wish, struct clip *clip);
/* play_command.c: prepares and commits, or, with `ret` already negative, drops. */
int play_finish(struct draft *draft, int ret, struct err *err);

#endif

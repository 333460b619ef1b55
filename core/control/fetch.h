/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a command waits for: clips of one source, at as many rates as its listeners need; or something
 * else that is told when it is over. [control]
 */
#ifndef CONTROL_FETCH_H
#define CONTROL_FETCH_H

#include "call/play.h"
#include "media/clips.h"

struct fetch;

typedef void (*fetch_done_fn)(void *arg);

/* Begins at once; `now`: and ends before it returns, by blocking. */
struct fetch *fetch_new(
	struct clips *clips, struct clip_source *source, const struct play_rates *rates, bool now);
/* Something else: it is done with fetch_come, which is called once. */
struct fetch *fetch_other(void);
void fetch_come(void *fetch);
/* Are all there, or failed? */
bool fetch_is_done(const struct fetch *fetch);
/* `fn` is called once, when that is so. */
void fetch_on_done(struct fetch *fetch, fetch_done_fn fn, void *arg);
/* A play_clip_fn: `arg` is the fetch. */
struct clip *fetch_clip(uint32_t sample_hz, void *arg);
const char *fetch_error(const struct fetch *fetch); /* why one is not there; NULL: none */
void fetch_free(struct fetch *fetch);               /* at any time; NULL is fine */

#endif

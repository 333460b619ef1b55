/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Stored media made into clips: opened and decoded by helpers, kept as long as somebody plays
 * them, so that who plays the same thing at the same time shares it. [control], but for
 * clips_add_player.
 */
#ifndef MEDIA_CLIPS_H
#define MEDIA_CLIPS_H

#include "api/player.h"
#include "base/err.h"
#include "media/clip.h"
#include "media/clip_source.h"

struct clips;
struct helper_pool;

/* The daemon's one reader of files; NULL behind: none. [main] */
void clips_add_player(const struct player *player);
/* Is there one? [any] */
bool clips_available(void);

/*
 * `media_dir`: files must be in it, wherever links lead, and names are relative to it; NULL: any
 * file. `max_bytes`: of all clips; beyond, no more are begun. 0 and *ret, or -errno and `err`:
 * there is no such folder. [main]
 */
int clips_new(struct helper_pool *helpers, const char *media_dir, size_t max_bytes,
	struct clips **ret_clips, struct err *err);
/*
 * What is being decoded ends where it is, and nothing else is begun: before the pool is stopped.
 * NULL is fine.
 */
void clips_stop(struct clips *clips);
/*
 * Loads that have not come home; when the pool is stopped, all of them do by running its mailbox.
 * As long as there are any, the player and the store must not go. 0 for NULL.
 */
unsigned clips_loading(const struct clips *clips);
/* The pool is stopped and there are no loads any more. NULL is fine. */
void clips_free(struct clips *clips);
/*
 * From now on files that nobody plays stay in memory for so long, or as long as there is room (0).
 * They are still looked at whenever they are to be played.
 */
void clips_keep(struct clips *clips, int64_t keep_us);
/* Once a second or so: forgets what nobody plays any more. */
void clips_sweep(struct clips *clips);
/* In memory now. */
unsigned clips_count(const struct clips *clips);
/* With the content from a database that is being decoded. */
size_t clips_bytes(const struct clips *clips);

/*
 * It can be played from now on; NULL with a reason for the log: it cannot. The clip is borrowed.
 */
typedef void (*clip_ready_fn)(struct clip *clip, const char *error, void *arg);
/*
 * Calls `fn`, at once if the clip is there, else when its beginning has been decoded. The rest
 * follows while it is played already.
 */
void clips_load(struct clips *clips, struct clip_source *source, uint32_t sample_hz,
	clip_ready_fn fn, void *arg);
/* The same without a helper, for who has nothing to wait with: a reference, or NULL and `err`. */
struct clip *clips_load_now(
	struct clips *clips, struct clip_source *source, uint32_t sample_hz, struct err *err);

#endif

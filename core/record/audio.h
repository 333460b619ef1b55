/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A call's audio as one file, with a channel for each party: the caller left, the callee right.
 * Samples wait in a window for AUDIO_WAIT_US, in which tracks put theirs; then they are written.
 * The file begins with the first packet and ends with the last one. [one thread]
 */
#ifndef RECORD_AUDIO_H
#define RECORD_AUDIO_H

#include "api/sink.h"

enum { AUDIO_WAIT_US = 1000000 };

struct audio;

/* Nothing is in the file before the first packet. `fd` is borrowed. */
struct audio *audio_new(const struct writer *writer, int fd);
void audio_free(struct audio *a); /* NULL is fine */
/*
 * A packet with its stream; with the first one that is heard the file gets its channels and its rate,
 * the best that was agreed upon or comes. 0, or -errno of the writer.
 */
int audio_put(struct audio *a, const struct sink_packet *packet);
/* What is older than AUDIO_WAIT_US is in the file afterwards. */
int audio_advance(struct audio *a, int64_t now_us);
/* All that is left, and the file's end. Nothing but audio_free may follow. */
int audio_finish(struct audio *a);
/* When the file's first sample was taken (monotonic). False: nothing was heard so far. */
bool audio_begin(const struct audio *a, int64_t *ret_us);
uint64_t audio_undecoded(const struct audio *a);
/* audio_sink.c: the recording method "audio", by that writer. [main] */
const struct sink *audio_sink(const struct writer *writer);

#endif

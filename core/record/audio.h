/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A call's audio as one file, with a channel for each party: the caller left, the callee right.
 * Samples wait in a window for AUDIO_WAIT_US, in which tracks put theirs; then they are written.
 * The file begins with the first packet and ends with the last one. [one thread]
 */
#ifndef RECORD_AUDIO_H
#define RECORD_AUDIO_H

#include "record/recorder.h"

enum { AUDIO_WAIT_US = 1000000 };

struct audio;
struct tap_packet;

/* Nothing is in the file before the first packet. `fd` is borrowed. */
struct audio *audio_new(const struct writer *writer, int fd);
void audio_free(struct audio *a); /* NULL is fine */
/*
 * Packets that will be put: the file's rate is that of the best of them. Before the first one is put;
 * it is given a chance to see some of each party.
 */
void audio_survey(
	struct audio *a, const struct record_stream *stream, const struct tap_packet *packet);
/* An RTP packet of `stream`, of a call with `slots` parties. 0, or -errno of the writer. */
int audio_put(struct audio *a, const struct record_stream *stream, unsigned slots,
	const struct tap_packet *packet);
/* What is older than AUDIO_WAIT_US is in the file afterwards. */
int audio_advance(struct audio *a, int64_t now_us);
/* All that is left, and the file's end. Nothing but audio_free may follow. */
int audio_finish(struct audio *a);
/* When the file's first sample was taken (monotonic). False: nothing was heard so far. */
bool audio_begin(const struct audio *a, int64_t *ret_us);
uint64_t audio_undecoded(const struct audio *a);

#endif

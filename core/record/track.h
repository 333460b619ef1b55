/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One stream's RTP made into samples with a place in time. Places come from when packets were
 * received: their timestamps tell how packets follow one another, and the earliest arrivals within
 * TRACK_AHEAD_US where that is. Delays that vary move nothing, clocks that drift are followed by
 * a sample now and then, and what jumps (hold, another SSRC, another codec) begins anew.
 * [one thread]
 */
#ifndef RECORD_TRACK_H
#define RECORD_TRACK_H

#include "api/sink.h"
#include "base/buf.h"

enum { TRACK_AHEAD_US = 300000 };

struct track;

/*
 * Samples of one channel for position `at` on, which may lie before what was given last. `count`
 * is more than 0.
 */
typedef void (*track_sink_fn)(int64_t at, const int16_t *samples, size_t count, void *arg);

/* Positions are in `sample_hz` since `start_us`. `pool` is borrowed. */
struct track *track_new(
	struct buf_pool *pool, int64_t start_us, uint32_t sample_hz, track_sink_fn sink, void *arg);
void track_free(struct track *t); /* NULL is fine */
/* An RTP packet as received; `format` of its payload type, which is copied when it is new. */
void track_put(struct track *t, const struct sink_format *format, int64_t received_us,
	const uint8_t *data, size_t len);
/* All that was received before `until_us` is decoded; INT64_MAX: everything. */
void track_run(struct track *t, int64_t until_us);
/* Packets with audio that none could be made of. */
uint64_t track_undecoded(const struct track *t);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A stream's packets on their way to its sinks, held back for a while (spec media 5.5). They wait
 * in memory of the delay's own, made with the plan, so that waiting takes no packet buffers from
 * others; what does not fit is dropped. RTCP does not wait: its round trips are measured.
 */
#ifndef MEDIA_DELAY_H
#define MEDIA_DELAY_H

#include <stdint.h>

enum {
	DELAY_MAX_MS = 10000,
	DELAY_MAX_PACKETS = 4096,
};

struct delay;
struct stream;
struct stream_set;
struct media_worker;

/* `delay_us` is at most DELAY_MAX_MS. [control] */
struct delay *delay_new(struct stream *stream, uint32_t delay_us);
/* On no worker any more. What waits is gone. NULL is fine. [control] */
void delay_free(struct delay *delay);
/*
 * After `next` took the place of `before`: where the time is the same, packets go on waiting;
 * where it changed or there is none any more, they leave at once. [media]
 */
void delay_inherit(struct stream_set *before, struct stream_set *next);
/* The session leaves this worker / has come to it; packets wait on. [media] */
void delay_stop(struct stream_set *set, struct media_worker *worker);
void delay_start(struct stream_set *set, struct media_worker *worker);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is sent to a stream's peer without anybody having sent it to us: a playback's samples,
 * encoded and sent by a timer as one more RTP source, with sender reports (spec media 6.2). SSRC
 * and sequence numbers go on with the next playback. There is one for each stream that something
 * was ever played on.
 */
#ifndef MEDIA_GENERATOR_H
#define MEDIA_GENERATOR_H

#include "base/err.h"

#include <stdint.h>

struct generator;
struct stream_set;

/*
 * Generators for the plan of `set`: encoders are opened where `latest` (NULL: none), the set
 * before it, does not play the same by the same codec. 0, or -errno and `err`. [control]
 */
int generators_open(struct stream_set *set, const struct stream_set *latest, struct err *err);
/* On no worker any more. [control] */
void generators_free(struct stream_set *set);
/* After `next` took the place of `before` (NULL: none). [media] */
void generators_inherit(struct stream_set *before, struct stream_set *next, int64_t now_us);
/* The session leaves this worker, or has come to it. [media] */
void generators_stop(struct stream_set *set);
void generators_start(struct stream_set *set);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is sent to a stream's peer without anybody having sent it to us: a playback's samples,
 * encoded and sent by a timer as one more RTP source, with sender reports (spec media 6.2). SSRC
 * and sequence numbers go on with the next playback. There is one for each stream that something
 * was ever played on. Where the plan says so, it is all that the peer gets: what flows to the
 * stream is decoded and mixed with what is played (12.1).
 */
#ifndef MEDIA_GENERATOR_H
#define MEDIA_GENERATOR_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

struct codec;
struct generator;
struct outlet;
struct outlet_packet;
struct stream;
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
/*
 * Samples of a source of `sink`, as the encoder of what it is played takes them; *at: where they go
 * (mixer.h). Without a mixer they are left out. [media]
 */
void generator_mix(struct stream *sink, uint64_t *at, const int16_t *samples, size_t count);
/*
 * By an outlet of a flow, or, where its audio is mixed, beside that (events above all) under the SSRC
 * of its sink's generator. Takes the packet's buf. [media]
 */
void generator_send(struct outlet *o, const struct outlet_packet *packet, int64_t now_us);
/* What the peer of `sink` asks an encoder of `codec` for, in that codec's terms. [media] */
void generator_obey(struct stream *sink, const struct codec *codec, int request);

#endif

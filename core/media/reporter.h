/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * RTCP that we make where the plan asks for it (`report_us`): what comes from a section's peer ends
 * here, and the peer gets reports of ours every few seconds, about what is sent to it and how
 * it is received (spec media 3.10). There is one with each stream of RTP that has the interval.
 */
#ifndef MEDIA_REPORTER_H
#define MEDIA_REPORTER_H

#include <stdint.h>

struct packet;
struct stream;
struct stream_set;

/* Reporters for the plan of `set`. [control] */
void reporters_open(struct stream_set *set);
/* On no worker any more. [control] */
void reporters_free(struct stream_set *set);
/* After `next` took the place of `before` (NULL: none): what was reported is known. [media] */
void reporters_inherit(struct stream_set *before, struct stream_set *next, int64_t now_us);
/* The session leaves this worker, or has come to it. [media] */
void reporters_stop(struct stream_set *set);
void reporters_start(struct stream_set *set);
/* A compound that goes no further; takes packet->buf. [media] */
void reporter_take(struct packet *packet);

#endif

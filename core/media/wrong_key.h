/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * SRTP that is not authentic, as far as it tells what is wrong: kept in the stream's statistics
 * (stats.h), where `explain` reads it. [media]
 */
#ifndef MEDIA_WRONG_KEY_H
#define MEDIA_WRONG_KEY_H

#include <stdbool.h>

struct packet;
struct stream;
struct stream_set;

/* A packet that no key in use fits. `former`: the one from before does. */
void wrong_key_count(const struct packet *packet, bool former);
/* Is it worth while to try keys that are over? Not for each packet of a flood. */
bool wrong_key_is_new(const struct stream *in);
/* A key fitted. */
void wrong_key_end(struct stream *in);
/* The keys of `rtp`, and of the RTCP beside it, have changed. */
void wrong_key_forget(struct stream *rtp);

#endif

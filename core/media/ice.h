/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ICE of a section on its worker: its agent (ice/agent.h) gets the STUN of the section's ports and
 * time, and says where the section's streams send to. It stands with the stream of RTP and goes
 * on over plans; what of it is kept is up to the generation in the plan.
 *
 * Packets of such a section count only when a check has shown their source to be the peer's, and
 * no packet moves where its streams send to.
 */
#ifndef MEDIA_ICE_H
#define MEDIA_ICE_H

#include "ice/agent.h"

struct packet;
struct stream;
struct stream_ice;
struct stream_set;

/* Agents for what the plan of `set` asks for; they begin when it is applied. [control] */
void media_ice_open(struct stream_set *set);
/* On no worker any more. [control] */
void media_ice_free(struct stream_set *set);
/* After `next` took the place of `before` (NULL: none), and media_learn_inherit. [media] */
void media_ice_inherit(struct stream_set *before, struct stream_set *next, int64_t now_us);
/* The session leaves this worker / has come to it. [media] */
void media_ice_stop(struct stream_set *set);
void media_ice_resume(struct stream_set *set);
/* A STUN datagram of a section with ICE. Takes packet->buf. [media] */
void media_ice_in(struct packet *packet);
/*
 * Has a check shown `from` to be the peer's, for this stream? False without ICE. Whoever answers
 * to others, as DTLS does, asks this first. [media]
 */
bool media_ice_valid(const struct stream *stream, const union sock *from);
/* Is there a pair that the stream's packets are to use? False without ICE. [media] */
bool media_ice_has_pair(const struct stream *stream);

#endif

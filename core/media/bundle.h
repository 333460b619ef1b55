/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Sections that share a transport (RFC 9143): which of them a packet belongs to. By the mid in its
 * header, by its SSRC once that is known or if it was signalled, by its payload type if only one
 * section has that.
 */
#ifndef MEDIA_BUNDLE_H
#define MEDIA_BUNDLE_H

struct packet;
struct stream_bundle;
struct stream_set;

/* For the streams whose plan says so. [control] */
void bundles_open(struct stream_set *set);
/* [control] */
void bundles_free(struct stream_set *set);
/* What was found out about SSRCs goes on. [media] */
void bundles_inherit(struct stream_set *before, struct stream_set *next);
/*
 * packet->in, which carries others, becomes the stream that the packet belongs to. PACKET_OK or the
 * reason to drop it. [media]
 */
int media_unbundle(struct packet *packet);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * SRTP on the packet path: what comes is verified and decrypted before its source is believed or
 * anything of it is counted; what goes out is protected last. The contexts of a section stand with
 * the stream of its RTP, so that RTCP on a port of its own and muxed RTCP use one index.
 */
#ifndef MEDIA_SECURE_H
#define MEDIA_SECURE_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct packet;
struct srtp_context;
struct stream;
struct stream_set;

struct stream_srtp {
	struct srtp_context *in, *out; /* owned; NULL: there is no key */
	/* Of the key before, until a packet under the new one has come, and for a while at most. */
	struct srtp_context *former;
	int64_t former_until_us;
	bool seals; /* what comes in goes to somebody under the key it came with */
};

/*
 * Contexts for the keys in the plan of `set`, but for those that `latest` (NULL: none), the set
 * before it, has already. 0, or -errno and `err`. [control]
 */
int secure_open(struct stream_set *set, const struct stream_set *latest, struct err *err);
/* On no worker any more. [control] */
void secure_free(struct stream_set *set);
/* After `next` took the place of `before` (NULL: none). [media] */
void secure_inherit(struct stream_set *before, struct stream_set *next, int64_t now_us);
/* The packet as it was before its sender protected it; PACKET_OK or why it is dropped. [media] */
int media_unprotect(struct packet *packet);
/* The packet as the peer of `out` must get it; PACKET_OK or why it is not sent. [media] */
int media_protect(struct packet *packet, struct stream *out);
/*
 * Is `out` sent to under the key that the packet came with? Then it gets the packet as it came, or,
 * if that was changed, none: one keystream must not protect two texts. What is sent under an SSRC
 * of our own is another matter: see media_forget_sealed. [media]
 */
bool media_is_sealed_for(const struct packet *packet, const struct stream *out);
/* It has an SSRC now that its sender does not use: keys may be used as if they were ours. [media] */
void media_forget_sealed(struct packet *packet);

#endif

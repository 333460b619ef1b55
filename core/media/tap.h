/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Copies of a session's packets for whoever records them: what was received and believed, after
 * decryption (spec media 12.2), with where it came from and went to, and when.
 *
 * A ring of bytes between the one worker that has the session and one reader at a time. Nobody
 * waits: what does not fit is counted, and the next packet that does tells how many are missing
 * before it. Counted by base/ref: plans and the recording hold it.
 */
#ifndef MEDIA_TAP_H
#define MEDIA_TAP_H

#include "net/addr.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	TAP_RING_BYTES = 256 * 1024, /* ten seconds of a call, half a second of 2 Mbit/s video */
};

struct tap;
struct packet;

/* A packet in the ring. */
struct tap_packet {
	uint32_t len;         /* bytes of `data` */
	uint32_t lost_before; /* packets since the one before that did not fit */
	uint32_t stream_id;   /* as in its plan */
	uint32_t layout;      /* … of this number (plan.h) */
	int64_t now_us;       /* received: monotonic, of the worker's turn */
	int64_t received_us;  /* likewise since the epoch, by the system; 0: not told */
	struct addr from, to; /* the sender; our port */
	bool rtcp;
	uint8_t data[] __attribute__((aligned(8)));
};

/* `bytes` is a power of two. One reference. [control] */
struct tap *tap_new(size_t bytes);
/* Into the ring of the packet's stream, which has a tap. [media] */
void tap_put(struct tap *tap, const struct packet *packet);
/* The oldest packet, which stays there until tap_next; NULL: none. [reader] */
const struct tap_packet *tap_peek(const struct tap *tap);
void tap_next(struct tap *tap);
/* Nothing is wanted any more: packets pass by uncounted. [any] */
void tap_close(struct tap *tap);
/* Packets that were put into it, so far. [any] */
uint64_t tap_count(const struct tap *tap);
/* Packets that did not fit, so far. [any] */
uint64_t tap_dropped(const struct tap *tap);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How the RTP of one SSRC arrives: what its sequence numbers and timestamps tell (RFC 3550, A.1
 * and A.8; spec media 11.2). Counted for every packet, so the usual one, the successor of the
 * last, takes a few additions and no division. No clock inside. [any]
 */
#ifndef MEDIA_RECEPTION_H
#define MEDIA_RECEPTION_H

#include "rtp/seq.h"

#include <stdbool.h>

enum {
	RECEPTION_RESET = 256,    /* a sequence number further off begins anew */
	RECEPTION_LATE = 32,      /* this far behind a packet is still known to have been missing */
	RECEPTION_NO_TYPE = 0xff, /* no payload type */
};

/* A transit time that differs more from the one before says nothing about the way. */
static const uint32_t RECEPTION_TRANSIT_MAX = 100000;

struct sequence_counts {
	uint32_t lost;       /* never came, or came too late to be told from a duplicate */
	uint32_t duplicates; /* came again */
	uint32_t skips;      /* how often there was a gap */
	uint32_t resets;     /* how often the numbers began anew */
	uint32_t reordered;  /* came behind a later one */
};

struct reception {
	uint32_t first;   /* extended sequence number that counting began with */
	uint32_t highest; /* extended by the number of wraps, as in a report block */
	uint32_t missing; /* bit n: highest - 1 - n has not come */
	uint32_t transit; /* of the latest packet, in ticks of its clock */
	uint32_t jitter;  /* 16 times that of RFC 3550, in ticks */
	uint32_t ticks;   /* of its clock per microsecond, times 2^32; 0: not known */
	struct sequence_counts counts;
	uint8_t clock_type; /* payload type that `ticks` is of; RECEPTION_NO_TYPE: look it up */
	bool transit_known;
};

/* The first packet. */
void reception_begin(struct reception *r, uint16_t seq);
/* Any but the successor of the highest. */
void reception_gap(struct reception *r, uint16_t seq);
/* Packets of `payload_type` follow, whose clock has `clock_hz`; 0: not known. */
void reception_set_clock(struct reception *r, uint8_t payload_type, uint32_t clock_hz);
/*
 * What somebody else has counted of the same SSRC, going on from here: `k`; `before`: its part that
 * was joined already, NULL: nothing was. `r` has counted none of that.
 */
void reception_join(struct reception *r, const struct reception *k, const struct reception *before);
/* One of the packets that were missing to whoever counted the others: it never was, then. */
void reception_fill(struct reception *r, uint16_t seq);
/* Jitter as it is now; 0: not known. */
uint32_t reception_jitter_us(const struct reception *r);
void sequence_counts_add(struct sequence_counts *to, const struct sequence_counts *counts);

/* Each further packet. */
static inline void reception_sequence(struct reception *r, uint16_t seq)
{
	if ((uint16_t)(r->highest + 1) != seq) {
		reception_gap(r, seq);
		return;
	}
	r->highest++;
	r->missing <<= 1;
}

/*
 * When a packet came, in microseconds of any clock. Not for those with the timestamp of the
 * packet before: parts of a frame, or of a tone, leave at another time than it tells.
 */
static inline void reception_arrival(struct reception *r, uint32_t timestamp, int64_t now_us)
{
	/* Only the product's middle bits count, so it may overflow. */
	uint32_t transit = (uint32_t)((uint64_t)now_us * r->ticks >> 32) - timestamp;
	uint32_t d = transit - r->transit;

	if (!r->ticks)
		return;
	if (d & 0x80000000)
		d = -d;
	r->transit = transit;
	if (r->transit_known && d < RECEPTION_TRANSIT_MAX)
		r->jitter += d - ((r->jitter + 8) >> 4);
	r->transit_known = true;
}

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Packets of one SSRC put in order (spec media 3.2), with bounded waiting: what is missing is
 * waited for until SEQUENCER_HELD packets are behind it or they span SEQUENCER_WAIT_MS of media.
 * [one thread]
 */
#ifndef RTP_SEQUENCER_H
#define RTP_SEQUENCER_H

#include "base/buf.h"

#include <stdbool.h>

enum {
	SEQUENCER_HELD = 10,
	SEQUENCER_WINDOW = 128,
	SEQUENCER_WAIT_MS = 60,
};

enum sequencer_verdict {
	SEQUENCER_TAKEN,
	SEQUENCER_LATE,  /* its turn is over, or there is one like it: still the caller's */
	SEQUENCER_RESET, /* taken; the numbers begin anew and what was held is gone */
};

struct sequencer_packet {
	struct buf *buf;
	uint32_t timestamp;
	uint16_t seq;
};

/* Zeroed: nothing has come yet. */
struct sequencer {
	bool started;
	uint16_t next;           /* whose turn it is */
	uint32_t last_timestamp; /* of the latest one given out */
	unsigned held;
	struct sequencer_packet queue[SEQUENCER_HELD + 1]; /* in order */
};

/* Takes `buf`, an RTP packet, unless it is late. After it: sequencer_get until that is false. */
enum sequencer_verdict sequencer_put(struct sequencer *s, struct buf *buf);
/*
 * The next packet in order, the caller's; *ret_lost tells how many before it never came. False:
 * nothing to be had now. `clock_hz`: of their timestamps.
 */
bool sequencer_get(
	struct sequencer *s, uint32_t clock_hz, struct sequencer_packet *ret, unsigned *ret_lost);
/*
 * The oldest one held, the caller's, whatever is missing before it (ret_lost may be NULL); NULL: none
 * is held.
 */
struct buf *sequencer_pop(struct sequencer *s, unsigned *ret_lost);
/* Gives back what is held; as before the first packet. */
void sequencer_clear(struct sequencer *s);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * RFC 4733 events: one payload, and the packets of one event put together. No clock inside. [any]
 *
 * An event is told by several packets of the same timestamp with a growing duration; the last
 * ones, usually three, have the end bit. All of those may be lost.
 */
#ifndef RTP_TELEPHONE_EVENT_H
#define RTP_TELEPHONE_EVENT_H

#include "rtp/rtp.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	TELEPHONE_EVENT_BYTES = 4,
	TELEPHONE_EVENT_DIGITS = 16, /* codes below are DTMF: 0-9 * # A-D */
};

struct telephone_event {
	uint8_t code;
	bool end;
	uint8_t volume;    /* 0 to 63, in dB below 0 dBm0 */
	uint16_t duration; /* so far, in ticks of its clock */
};

/* False: shorter than an event. What follows the first four bytes is not looked at. */
bool telephone_event_parse(const uint8_t *payload, size_t len, struct telephone_event *ret);
/* TELEPHONE_EVENT_BYTES at `payload`. */
void telephone_event_write(uint8_t *payload, const struct telephone_event *event);
/* '0' … '9' '*' '#' 'A' … 'D'; 0 for other events. */
char telephone_event_digit(uint8_t code);
/* The code of such a digit, letters in either case; negative: it is none. */
int telephone_event_code(char digit);

/*
 * Events that last too long for their duration to tell are cut into segments of the longest one
 * (RFC 4733 2.5.1.3): is `timestamp` that of the segment which follows that of `start`?
 */
static inline bool telephone_event_follows(uint32_t start, uint32_t timestamp)
{
	return timestamp - start == UINT16_MAX;
}

/* The event that a stream is in, or was in last. Zeroed: none yet. */
struct event_track {
	uint32_t ssrc, timestamp; /* of its latest segment */
	uint32_t clock_hz;
	int64_t latest_us;            /* when its latest packet came */
	struct telephone_event event; /* its latest segment */
	uint32_t before;              /* ticks of it in those before */
	bool known;                   /* there is one … */
	bool active;                  /* … whose end has not been seen */
};

/* What a packet means for the event before it, and begins itself. */
enum event_step {
	EVENT_STEP_NONE,  /* goes on, or comes again */
	EVENT_STEP_BEGIN, /* this packet is the first of its event */
	EVENT_STEP_END,   /* this packet is the first with its event's end */
	EVENT_STEP_BOTH,  /* the first of its event, which is over with it */
	EVENT_STEP_OLD,   /* of an event before the one in `track`: passed over */
};

/*
 * An event packet that came at `now_us`. Where another begins, the one before is over, if it was
 * still active.
 */
enum event_step event_track_take(struct event_track *track, const struct rtp_header *header,
	const struct telephone_event *event, uint32_t clock_hz, int64_t now_us);
/* How long it has been, in milliseconds. 0: there was none. */
uint32_t event_track_ms(const struct event_track *track);
/*
 * Time has passed, or other packets came: is an event over whose end was lost? True once for each
 * such event. Ends are waited for half a second.
 */
bool event_track_expire(struct event_track *track, int64_t now_us);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a sink gets to see of a source whose packets are not simply passed on: SSRCs of our own,
 * sequence numbers and timestamps without holes, and packets that leave when it is their time
 * (spec media 3.3, 3.6). It outlives the codecs behind it: while a call changes them, the sink
 * sees one stream going on. [media], but for outlet_init.
 */
#ifndef MEDIA_OUTLET_H
#define MEDIA_OUTLET_H

#include "base/buf.h"
#include "base/wheel.h"
#include "media/digits.h"
#include "srtp/srtp.h"

#include <stdbool.h>

enum {
	/*
	 * The one unused for longest is forgotten. No more than SRTP keeps the state of: who came
	 * back after that would begin anew under numbers that were used.
	 */
	OUTLET_SSRCS = SRTP_MAX_SSRCS,
	OUTLET_QUEUE = 64, /* packets that wait for their time; beyond, the oldest leaves early */
};

struct packet;
struct stream;

/* When packets leave: one of `timestamp` at `us`; up to the next one `clock_hz` counts. */
struct outlet_pace {
	bool running; /* else the next one tells */
	uint32_t timestamp, clock_hz;
	int64_t us;
	unsigned early;        /* packets in a row that came well before their time */
	unsigned lateness;     /* how many were late of late; 0: the reckoning holds */
	int64_t least_late_us; /* of those; 0: none */
};

/* An SSRC received and what is sent for it. */
struct outlet_ssrc {
	uint32_t in, out;
	uint32_t next_timestamp;        /* of what is sent next */
	uint32_t anchor_in, anchor_out; /* one moment in both clocks … */
	uint32_t clock_in, clock_out;   /* … of these rates */
	uint32_t packets, octets;       /* sent: for sender reports */
	uint16_t next_seq;
	int64_t heard_us; /* when the latest packet of it came */
	/* Of the latest report about it that was passed on (RFC 3550 6.4.1). */
	uint32_t reported_expected, reported_lost;
	bool relays;    /* packets are passed on under numbers that differ by `shift` */
	uint16_t shift; /* what is sent has numbers so much higher */
	uint16_t spent; /* those before this one may have been used for something else */
	struct outlet_pace pace;
	uint64_t mixed_at; /* where in the mixer, of an outlet that is mixed */
};

struct outlet_waiting {
	struct buf *buf;
	int64_t due_us;
};

struct outlet {
	struct stream *source, *sink; /* as the running plan has them */
	unsigned count;
	struct outlet_ssrc ssrc[OUTLET_SSRCS]; /* the latest first */
	struct digits digits;                  /* that the sink gets instead of audio */
	/* Audio is mixed by the sink's generator, which also sends what goes beside it. */
	bool mixed;
	/* The SSRC received in whose audio's place `digits` are sent. */
	bool has_lead;
	uint32_t lead;
	uint64_t random; /* state of a generator */
	unsigned first, queued;
	struct outlet_waiting queue[OUTLET_QUEUE]; /* by time */
	struct wheel_timer timer;                  /* set while packets wait */
};

struct outlet_packet {
	struct buf *buf; /* RTP_HEADER_BYTES for the header, then the payload */
	uint8_t payload_type;
	bool marker;
	bool at_once; /* its timestamp does not tell when it is due */
	bool made_up; /* late by its nature, which says nothing about those that follow */
	uint32_t timestamp;
	uint32_t clock_hz;
};

/* `seed` makes its SSRCs hard to guess. [control] */
void outlet_init(struct outlet *o, uint64_t seed);
/*
 * What is sent for `ssrc` is to begin or to go on: it is the first in the list afterwards. A new
 * one begins with these numbers.
 */
struct outlet_ssrc *outlet_select(
	struct outlet *o, uint32_t ssrc, uint16_t seq, uint32_t timestamp);
/* By what was received / what is sent; NULL. */
struct outlet_ssrc *outlet_find_in(struct outlet *o, uint32_t ssrc);
struct outlet_ssrc *outlet_find_out(struct outlet *o, uint32_t ssrc);
/* A timestamp received in terms of those sent. */
uint32_t outlet_timestamp(const struct outlet_ssrc *s, uint32_t timestamp);
/*
 * Takes the packet's buf, writes its header, and sends it when it is due. Not for outlets that are
 * mixed (generator_send).
 */
void outlet_send(struct outlet *o, const struct outlet_packet *packet, int64_t now_us);
/*
 * Sends `packet` as it is but for these numbers, at once; takes its buf. Numbers that follow
 * are higher.
 */
void outlet_relay(struct outlet *o, struct packet *packet, uint16_t seq, uint32_t timestamp);
/* A number by chance, by its generator. */
uint32_t outlet_random(struct outlet *o);
/* All that waits leaves now: before the session goes to another worker, or ends. */
void outlet_flush(struct outlet *o);
/* `to` goes on where `from` was. */
void outlet_move(struct outlet *to, struct outlet *from);

#endif

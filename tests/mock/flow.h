/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Transcoding from X to Y, with codecs so plain that every byte can be told in advance: samples as
 * they are, in one byte order and the other.
 */
#ifndef MOCK_FLOW_H
#define MOCK_FLOW_H

#include "media.h"
#include "rtp/rtp.h"

/* Payload types, and what X's packets have; each of IN becomes the OUT of its name. */
enum {
	MOCK_FLOW_HZ = 8000,
	MOCK_FLOW_IN = 96,
	MOCK_FLOW_OUT = 97,
	MOCK_FLOW_IN_TOO = 98,
	MOCK_FLOW_OUT_TOO = 99,
	MOCK_FLOW_EVENT_IN = 101,
	MOCK_FLOW_EVENT_OUT = 102, /* twice the clock */
	MOCK_FLOW_TONE = 103,      /* an event of half the clock, heard in OUT */
	MOCK_FLOW_PASS = 110,      /* others are discarded */
	MOCK_FLOW_SSRC = 0x11223344,
};

struct mock_flow {
	struct mock_media media;
	int64_t now_us;
	unsigned resets;     /* of decoders */
	unsigned restorable; /* times that one was given what comes right behind a gap */
};

extern struct mock_flow mock_flow;

/* A packet that Y got. */
struct mock_flow_packet {
	struct rtp_header h;
	const uint8_t *payload;
	struct mock_datagram *datagram; /* the test's */
};

/* With that plan, Y's packets of `ptime_ms`. */
void mock_flow_begin(uint16_t ptime_ms);
void mock_flow_end(void);
/* Not applied yet; the second at a clock of `hz` at both ends. */
struct plan *mock_flow_plan(uint16_t ptime_ms);
struct plan *mock_flow_plan_of(uint32_t hz, uint16_t ptime_ms);
/* Time passes; the worker has a turn. */
void mock_flow_advance(int64_t us);
/* From X: 20 ms at MOCK_FLOW_HZ, whose samples count on from the timestamp. */
void mock_flow_send_as(uint32_t ssrc, uint8_t pt, uint16_t seq, uint32_t timestamp);
void mock_flow_send_audio(uint16_t seq, uint32_t timestamp);
/* The next packet to Y; false: there is none. */
bool mock_flow_receive(struct mock_flow_packet *ret);
void mock_flow_expect_nothing(void);
/* Its samples count on from `first`. */
void mock_flow_assert_samples(const struct mock_flow_packet *got, uint32_t first, size_t count);
/* The next packet to Y is such a one; returns its SSRC, which is not X's. */
uint32_t mock_flow_expect_as(
	uint8_t pt, uint16_t seq, uint32_t timestamp, uint32_t first, size_t count);
uint32_t mock_flow_expect_audio(uint16_t seq, uint32_t timestamp, uint32_t first, size_t count);

#endif

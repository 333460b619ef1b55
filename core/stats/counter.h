/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Counters of the whole daemon, kept per thread and summed when read.
 */
#ifndef STATS_COUNTER_H
#define STATS_COUNTER_H

#include <stdint.h>

/* id, name, unit, meaning */
#define COUNTERS(ROW)                                                                          \
	ROW(PACKETS_IN, "packets-in", "packets", "media packets received")                     \
	ROW(BYTES_IN, "bytes-in", "bytes", "their UDP payload")                                \
	ROW(PACKETS_OUT, "packets-out", "packets", "media packets sent")                       \
	ROW(BYTES_OUT, "bytes-out", "bytes", "their UDP payload")                              \
	ROW(PACKET_ERRORS, "packet-errors", "packets",                                         \
		"media packets received and not passed on because of an error")                \
	ROW(KERNEL_PACKETS, "kernel-packets", "packets",                                       \
		"of the packets sent, those by the kernel")                                    \
	ROW(KERNEL_BYTES, "kernel-bytes", "bytes", "their UDP payload")                        \
	ROW(KERNEL_ERRORS, "kernel-errors", "packets",                                         \
		"media packets that the kernel should have sent and could not")                \
	ROW(NG_REQUESTS, "ng-requests", "requests", "control requests received")               \
	ROW(NG_REPEATS, "ng-repeats", "requests", "of those, repeats answered from the store") \
	ROW(NG_ERRORS, "ng-errors", "requests", "of those, answered with an error")            \
	ROW(NG_EVICTED, "ng-evicted", "answers",                                               \
		"stored answers dropped early because the store was full")                     \
	ROW(CALLS_CREATED, "calls-created", "calls", "calls created")                          \
	ROW(CALLS_ENDED, "calls-ended", "calls", "calls ended, for whatever reason")           \
	ROW(STREAMS_SILENT, "streams-silent", "streams",                                       \
		"pairs of streams of ended calls that nobody sent to")                         \
	ROW(STREAMS_ONE_WAY, "streams-one-way", "streams",                                     \
		"pairs of streams of ended calls that only one side sent to")                  \
	ROW(RTP_LOST_REPORTED, "rtp-lost-reported", "packets",                                 \
		"RTP packets that parties of ended calls reported as lost")                    \
	ROW(TCP_REFUSED, "tcp-refused", "connections",                                         \
		"control connections closed because there were too many")                      \
	ROW(TCP_OVERRUN, "tcp-overrun", "connections",                                         \
		"control connections closed because a message was too long")                   \
	ROW(LEASE_CONFLICTS, "lease-conflicts", "ports",                                       \
		"ports found to belong to two endpoints: must stay 0")

enum counter {
#define COUNTER_ID(id, name, unit, text) COUNTER_##id,
	COUNTERS(COUNTER_ID)
#undef COUNTER_ID
		COUNTER_COUNT
};

struct counter_row {
	const char *name;
	const char *unit;
	const char *text;
};

const struct counter_row *counter_row(enum counter counter); /* [any] */
void counter_add(enum counter counter, uint64_t n);          /* [any], never locks */
uint64_t counter_total(enum counter counter);                /* [any] */

#endif

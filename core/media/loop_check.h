/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Datagrams that come round and round (spec media 3.1): of a stream whose peer is a port of ours the
 * first bytes of the latest two are kept; who comes again too often, each time within a second, goes
 * no further. Only such streams have one of these.
 */
#ifndef MEDIA_LOOP_CHECK_H
#define MEDIA_LOOP_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	LOOP_CHECK_BYTES = 28,
	LOOP_CHECK_LATEST = 2,
	LOOP_CHECK_MOST = 30, /* repetitions */
};

struct loop_check {
	struct {
		uint8_t bytes[LOOP_CHECK_BYTES], len;
		uint8_t repeated;
		int64_t at_us;
	} latest[LOOP_CHECK_LATEST];
	unsigned next; /* which of them makes room */
};

/* Has it come too often? `now_us`: the turn's time. [media] */
bool loop_check_take(struct loop_check *check, const uint8_t *data, size_t len, int64_t now_us);

#endif

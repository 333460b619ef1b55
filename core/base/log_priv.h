/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What log.c and log_ring.c share: one line on its way out, and the queue of them. */
#ifndef BASE_LOG_PRIV_H
#define BASE_LOG_PRIV_H

#include "base/log.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	LOG_RING_LINES = 4096,
	LOG_RING_BYTES = 4 << 20,
};

/* A finished line: prefix and message, without severity. Owned by whoever it was given to. */
struct log_line {
	struct log_line *next;
	int64_t wall_us;
	uint64_t dropped_before; /* lines that found no room between the one before and this */
	enum log_level level;
	int facility;        /* of a record; negative: an ordinary line */
	uint16_t prefix_len; /* bytes of `text` */
	size_t len;          /* of `text`, without the 0 behind it */
	char text[];
};

/* While the ring is open, lines may be put. `wake`: see log_start_ring. */
void log_ring_open(void (*wake)(void));
/* From now on nothing can be put; what is there can still be taken. */
void log_ring_close(void);
/*
 * Takes the line (which is lost and counted when there is no room) and returns true, or false
 * when the ring is not open. Only a few instructions under a lock. [any]
 */
bool log_ring_put(struct log_line *line);
/*
 * All lines, oldest first; NULL: none. `ret_dropped`: how many were lost behind the last of
 * them, to be told now if nothing more comes (`closing`), else with the next line. [main]
 */
struct log_line *log_ring_take(bool closing, uint64_t *ret_dropped);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Numbers that wrap: RTP sequence numbers and timestamps (RFC 1982 arithmetic). [any] */
#ifndef RTP_SEQ_H
#define RTP_SEQ_H

#include <stdint.h>

/* How far `a` is ahead of `b`; negative: behind. */
static inline int16_t seq_diff(uint16_t a, uint16_t b)
{
	return (int16_t)(uint16_t)(a - b);
}

static inline int32_t timestamp_diff(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b);
}

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A window over indexes: which of the last SRTP_WINDOW have come (RFC 3711 3.3.2). [any] */
#ifndef SRTP_REPLAY_H
#define SRTP_REPLAY_H

#include "srtp/srtp.h"

/* Has the index `behind` the highest come, or is it too far behind to know? */
static inline bool replay_seen(const uint64_t window[2], uint64_t behind)
{
	return behind >= SRTP_WINDOW || (window[behind / 64] >> behind % 64 & 1);
}

static inline void replay_mark(uint64_t window[2], uint64_t behind)
{
	window[behind / 64] |= UINT64_C(1) << behind % 64;
}

/* There is a highest index, `ahead` (at least 1) of the one before. */
static inline void replay_advance(uint64_t window[2], uint64_t ahead)
{
	if (ahead >= SRTP_WINDOW) {
		window[0] = window[1] = 0;
	} else if (ahead >= 64) {
		window[1] = window[0] << (ahead - 64);
		window[0] = 0;
	} else {
		window[1] = window[1] << ahead | window[0] >> (64 - ahead);
		window[0] <<= ahead;
	}
	window[0] |= 1;
}

#endif

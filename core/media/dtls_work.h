/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What waits for its turn to work on DTLS, of one worker, and how much of the loop's turn is spent
 * on that (dtls.c). The worker has it and does nothing with it. [media]
 */
#ifndef MEDIA_DTLS_WORK_H
#define MEDIA_DTLS_WORK_H

#include "base/wheel.h"

struct media_worker;

struct dtls_work {
	struct media_worker *worker;
	struct list waiting;      /* struct stream_dtls, in the order of their turns */
	struct wheel_timer timer; /* the next turn, when something waits */
	int64_t turn_us;          /* the turn of the loop that the next is about */
	int64_t spent_us;
	unsigned half_open;
};

#endif

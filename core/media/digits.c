/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Digits put in or found; see digits.h. */
#include "media/digits.h"

#include <string.h>

bool digits_put(struct digits *d, const struct digit *digit)
{
	if (d->count == DIGITS_QUEUE)
		return false;
	d->queue[(d->first + d->count++) % DIGITS_QUEUE] = *digit;
	return true;
}

bool digits_put_late(struct digits *d, const struct digit *digit, int64_t due_us)
{
	unsigned at = d->late_count;

	if (at == DIGITS_LATE)
		return false;
	for (; at && d->late[at - 1].due_us > due_us; at--)
		d->late[at] = d->late[at - 1];
	d->late[at] = (struct late_digit){ *digit, due_us };
	d->late[at].digit.late = true;
	d->late_count++;
	return true;
}

void digits_release(struct digits *d, int64_t now_us, int as)
{
	unsigned due = 0;

	for (; due < d->late_count && d->late[due].due_us <= now_us; due++) {
		struct digit digit = d->late[due].digit;

		if (as >= 0)
			digit.code = (uint8_t)as;
		if (as != DIGITS_LOST)
			digits_put(d, &digit);
	}
	d->late_count -= due;
	memmove(d->late, d->late + due, d->late_count * sizeof(d->late[0]));
}

static uint32_t ticks_of_ms(uint32_t ms, uint32_t clock_hz)
{
	return (uint32_t)((uint64_t)ms * clock_hz / 1000);
}

static void begin(struct digits *d, uint32_t timestamp)
{
	d->active = true;
	d->start = timestamp;
	d->frames = 0;
	d->sent = d->told = d->total = d->pause = 0;
}

static void begin_next(struct digits *d, uint32_t timestamp, uint32_t clock_hz)
{
	begin(d, timestamp);
	d->heard = false;
	d->now = d->queue[d->first];
	d->first = (d->first + 1) % DIGITS_QUEUE;
	d->count--;
	d->total = ticks_of_ms(d->now.duration_ms, clock_hz);
}

static enum digits_step begin_any(
	struct digits *d, int heard, uint8_t volume, uint32_t timestamp, uint32_t clock_hz)
{
	if (d->count && !d->pause) {
		begin_next(d, timestamp, clock_hz);
	} else if (heard >= 0) {
		begin(d, timestamp);
		d->heard = true;
		d->now = (struct digit){ .code = (uint8_t)heard, .volume = volume };
	}
	return d->active ? DIGITS_ON : d->pause ? DIGITS_PAUSE : DIGITS_NONE;
}

enum digits_step digits_next(struct digits *d, int heard, uint8_t heard_volume, uint32_t timestamp,
	uint32_t ticks, uint32_t clock_hz)
{
	if (!d->active) {
		enum digits_step step = begin_any(d, heard, heard_volume, timestamp, clock_hz);

		d->pause -= ticks < d->pause ? ticks : d->pause;
		if (step != DIGITS_ON)
			return step;
	}
	if (d->heard && heard != d->now.code) {
		d->active = false;
		return DIGITS_OVER;
	}
	d->sent += ticks;
	d->frames++;
	if (!d->total || d->sent < d->total)
		return DIGITS_ON;
	d->sent = d->total;
	d->active = false;
	d->pause = ticks_of_ms(d->now.pause_ms, clock_hz);
	return DIGITS_LAST;
}

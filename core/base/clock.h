/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Time. Everything is counted in microseconds; tests put their own clock in. Packet code does
 * not call this: it uses the time of its batch (loop_now).
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

/* CLOCK_MONOTONIC: for durations and deadlines. [any] */
int64_t clock_mono_us(void);
/* CLOCK_REALTIME: for what people and protocols read (UNIX epoch). [any] */
int64_t clock_wall_us(void);
/* Sleeps until clock_mono_us() is there, or a signal comes; not at all where time stands. [any] */
void clock_sleep_until_us(int64_t mono_us);

/*
 * Tests: from now on time stands at these values until set again; negative `mono_us` goes back
 * to the system's clock. Only before threads are made, or from the only thread.
 */
void clock_set_mock(int64_t mono_us, int64_t wall_us);

#endif

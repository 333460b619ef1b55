/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Time in microseconds, from the system or standing where a test put it. */
#include "base/clock.h"

#include <time.h>

/* Written before threads are made, only read after; negative: the system's clock is used. */
static int64_t mock_mono_us = -1;
static int64_t mock_wall_us;

static int64_t system_us(clockid_t id)
{
	struct timespec now;

	clock_gettime(id, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t clock_mono_us(void)
{
	return mock_mono_us >= 0 ? mock_mono_us : system_us(CLOCK_MONOTONIC);
}

int64_t clock_wall_us(void)
{
	return mock_mono_us >= 0 ? mock_wall_us : system_us(CLOCK_REALTIME);
}

void clock_sleep_until_us(int64_t mono_us)
{
	const struct timespec until = {
		.tv_sec = mono_us / 1000000,
		.tv_nsec = mono_us % 1000000 * 1000,
	};

	if (mock_mono_us < 0)
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
}

void clock_set_mock(int64_t mono_us, int64_t wall_us)
{
	mock_mono_us = mono_us;
	mock_wall_us = wall_us;
}

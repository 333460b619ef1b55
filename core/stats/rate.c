/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rates of relayed packets, their bytes, and errors. */
#include "stats/rate.h"

#include <assert.h>

static const int64_t SECOND_US = 1000000;

static const enum counter sources[RATE_COUNT] = {
	[RATE_PACKETS] = COUNTER_PACKETS_OUT,
	[RATE_BYTES] = COUNTER_BYTES_OUT,
	[RATE_ERRORS] = COUNTER_PACKET_ERRORS,
	[RATE_KERNEL_PACKETS] = COUNTER_KERNEL_PACKETS,
	[RATE_KERNEL_BYTES] = COUNTER_KERNEL_BYTES,
	[RATE_KERNEL_ERRORS] = COUNTER_KERNEL_ERRORS,
};

static struct {
	int64_t at_us; /* 0: never looked */
	uint64_t total[RATE_COUNT];
	uint64_t per_second[RATE_COUNT];
} last;

void rate_tick(int64_t now_us)
{
	int64_t elapsed_us = now_us - last.at_us;

	if (last.at_us && elapsed_us <= 0)
		return;
	for (unsigned i = 0; i < RATE_COUNT; i++) {
		uint64_t total = counter_total(sources[i]);

		if (last.at_us)
			last.per_second[i] = (uint64_t)((double)(total - last.total[i]) *
							(double)SECOND_US / (double)elapsed_us);
		last.total[i] = total;
	}
	last.at_us = now_us;
}

uint64_t rate_per_second(enum rate rate)
{
	assert(rate < RATE_COUNT);
	return last.per_second[rate];
}

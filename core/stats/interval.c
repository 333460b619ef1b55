/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The interval that is running, and the last whole one. */
#include "stats/interval.h"

#include <stdbool.h>
#include <string.h>

static const double SECOND_US = 1e6;

/* One kind of request so far. */
struct kind {
	uint64_t count;
	int64_t sum_us, min_us, max_us;
	uint64_t since_tick;
	double min_rate, max_rate;
};

static struct {
	struct kind kinds[INTERVAL_KINDS];
	unsigned min_calls, max_calls;
	double call_seconds;
	int64_t since_us, tick_us; /* 0: there was no tick yet */
} now;

static struct interval last;

void interval_note_request(unsigned kind, int64_t duration_us)
{
	struct kind *k;

	if (kind >= INTERVAL_KINDS)
		return;
	k = &now.kinds[kind];
	if (!k->count || duration_us < k->min_us)
		k->min_us = duration_us;
	if (duration_us > k->max_us)
		k->max_us = duration_us;
	k->sum_us += duration_us;
	k->count++;
	k->since_tick++;
}

void interval_note_calls(unsigned count)
{
	if (count < now.min_calls)
		now.min_calls = count;
	if (count > now.max_calls)
		now.max_calls = count;
}

/* The second that ends now, of which there is at least one before. */
static void end_second(double seconds, bool first)
{
	for (unsigned i = 0; i < INTERVAL_KINDS; i++) {
		struct kind *k = &now.kinds[i];
		double rate = (double)k->since_tick / seconds;

		if (first || rate < k->min_rate)
			k->min_rate = rate;
		if (first || rate > k->max_rate)
			k->max_rate = rate;
		k->since_tick = 0;
	}
}

static void end_interval(double seconds)
{
	for (unsigned i = 0; i < INTERVAL_KINDS; i++) {
		const struct kind *k = &now.kinds[i];
		double count = (double)k->count;

		last.delay_s[i] = (struct interval_range){ 0 };
		if (k->count)
			last.delay_s[i] = (struct interval_range){
				.min = (double)k->min_us / SECOND_US,
				.max = (double)k->max_us / SECOND_US,
				.average = (double)k->sum_us / SECOND_US / count,
			};
		last.per_second[i] = (struct interval_range){
			.min = k->min_rate,
			.max = k->max_rate,
			.average = count / seconds,
		};
		last.requests[i] = k->count;
	}
	last.min_calls = now.min_calls;
	last.max_calls = now.max_calls;
	last.call_seconds = now.call_seconds;
}

static void begin_interval(int64_t now_us, unsigned calls)
{
	memset(&now, 0, sizeof(now));
	now.since_us = now.tick_us = now_us;
	now.min_calls = now.max_calls = calls;
}

void interval_tick(int64_t now_us, unsigned calls)
{
	double seconds = (double)(now_us - now.tick_us) / SECOND_US;

	if (!now.since_us) {
		begin_interval(now_us, calls);
		return;
	}
	if (seconds <= 0)
		return;
	interval_note_calls(calls);
	now.call_seconds += seconds * calls;
	end_second(seconds, now.tick_us == now.since_us);
	now.tick_us = now_us;
	if (now_us - now.since_us < (int64_t)INTERVAL_S * (int64_t)SECOND_US)
		return;
	end_interval((double)(now_us - now.since_us) / SECOND_US);
	begin_interval(now_us, calls);
}

const struct interval *interval_last(void)
{
	return &last;
}

void interval_reset(void)
{
	memset(&now, 0, sizeof(now));
	memset(&last, 0, sizeof(last));
}

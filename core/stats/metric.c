/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of sampled values and their sums. */
#include "stats/metric.h"

#include <assert.h>
#include <math.h>
#include <string.h>

static struct metric_sum sums[METRIC_COUNT];

static const struct {
	const char *stem, *text;
} rows[METRIC_COUNT] = {
#define METRIC_ROW(id, stem_, text_) [METRIC_##id] = { .stem = stem_, .text = text_ },
	METRICS(METRIC_ROW)
#undef METRIC_ROW
};

const char *metric_stem(enum metric metric)
{
	assert(metric < METRIC_COUNT);
	return rows[metric].stem;
}

const char *metric_text(enum metric metric)
{
	assert(metric < METRIC_COUNT);
	return rows[metric].text;
}

void metric_add(enum metric metric, double value)
{
	metric_add_sums(metric, 1, value, value * value);
}

void metric_add_sums(enum metric metric, uint64_t samples, double sum, double sum_of_squares)
{
	assert(metric < METRIC_COUNT);
	metric_sum_add(&sums[metric], samples, sum, sum_of_squares);
}

void metric_sum_add(struct metric_sum *sum, uint64_t samples, double total, double total_of_squares)
{
	sum->samples += samples;
	sum->sum += total;
	sum->sum_of_squares += total_of_squares;
}

const struct metric_sum *metric_sum(enum metric metric)
{
	assert(metric < METRIC_COUNT);
	return &sums[metric];
}

double metric_average(const struct metric_sum *s)
{
	return s->samples ? s->sum / (double)s->samples : 0;
}

/* Rounding can leave a tiny negative variance. */
double metric_deviation(const struct metric_sum *s)
{
	double average = metric_average(s);
	double variance = s->samples ? s->sum_of_squares / (double)s->samples - average * average
				     : 0;

	return variance > 0 ? sqrt(variance) : 0;
}

void metric_reset(void)
{
	memset(sums, 0, sizeof(sums));
}

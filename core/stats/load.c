/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading how busy the machine is, and rates out of readings. */
#include "stats/load.h"

#include <ctype.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "stats/counter.h"

enum { TEXT_BYTES = 512, HUNDREDTHS = 100 }; /* the first line of either file is shorter */

bool load_parse_average(const char *text, unsigned *ret_hundredths)
{
	unsigned whole, part;
	char digits[3];

	if (sscanf(text, "%7u.%2[0-9]", &whole, digits) != 2)
		return false;
	part = (unsigned)strtoul(digits, NULL, 10);
	if (strlen(digits) == 1)
		part *= 10;
	*ret_hundredths = whole * HUNDREDTHS + part;
	return true;
}

bool load_parse_cpu(const char *text, uint64_t *ret_busy, uint64_t *ret_idle)
{
	unsigned long long user, nice, system, idle;

	if (strncmp(text, "cpu", 3) || !isblank((unsigned char)text[3]))
		return false;
	if (sscanf(text + 3, "%llu %llu %llu %llu", &user, &nice, &system, &idle) != 4)
		return false;
	*ret_busy = user + nice + system;
	*ret_idle = idle;
	return true;
}

/* Its beginning; empty when it cannot be read. */
static void read_start(const char *path, char text[TEXT_BYTES])
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t len = fd < 0 ? 0 : read(fd, text, TEXT_BYTES - 1);

	text[len > 0 ? len : 0] = '\0';
	if (fd >= 0)
		close(fd);
}

void load_read(struct load_reading *ret)
{
	char text[TEXT_BYTES];

	*ret = (struct load_reading){
		.at_us = clock_mono_us(),
		.bytes_in = counter_total(COUNTER_BYTES_IN),
	};
	read_start("/proc/loadavg", text);
	load_parse_average(text, &ret->average_hundredths);
	read_start("/proc/stat", text);
	load_parse_cpu(text, &ret->cpu_busy, &ret->cpu_idle);
}

/* Counters of the system can go back a little (idle time of CPUs that were taken offline). */
static double cpu_percent(const struct load_reading *from, const struct load_reading *to)
{
	uint64_t busy = to->cpu_busy > from->cpu_busy ? to->cpu_busy - from->cpu_busy : 0;
	uint64_t idle = to->cpu_idle > from->cpu_idle ? to->cpu_idle - from->cpu_idle : 0;

	return busy ? 100.0 * (double)busy / (double)(busy + idle) : 0;
}

static uint64_t bytes_per_s(const struct load_reading *from, const struct load_reading *to)
{
	int64_t span_us = to->at_us - from->at_us;

	return span_us > 0
		       ? (uint64_t)((double)(to->bytes_in - from->bytes_in) * 1e6 / (double)span_us)
		       : 0;
}

void load_sample(struct load_sampler *sampler, const struct load_reading *now, struct load *ret)
{
	*ret = (struct load){ .average_hundredths = now->average_hundredths };
	if (sampler->count) {
		ret->cpu_percent = cpu_percent(&sampler->readings[0], now);
		/* The oldest one kept is a second old. */
		ret->bytes_per_s = bytes_per_s(&sampler->readings[sampler->count - 1], now);
	}
	memmove(&sampler->readings[1], &sampler->readings[0],
		(LOAD_READINGS - 1) * sizeof(sampler->readings[0]));
	sampler->readings[0] = *now;
	if (sampler->count < LOAD_READINGS)
		sampler->count++;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Loops; see loop_check.h. */
#include "media/loop_check.h"

#include <string.h>

static const int64_t APART_US = 1000000;

static bool repeat(struct loop_check *check, unsigned i, int64_t now_us)
{
	bool soon = now_us - check->latest[i].at_us < APART_US;

	check->latest[i].at_us = now_us;
	if (!soon)
		check->latest[i].repeated = 0;
	else if (check->latest[i].repeated <= LOOP_CHECK_MOST)
		check->latest[i].repeated++;
	return check->latest[i].repeated > LOOP_CHECK_MOST;
}

bool loop_check_take(struct loop_check *check, const uint8_t *data, size_t len, int64_t now_us)
{
	size_t kept = len < LOOP_CHECK_BYTES ? len : LOOP_CHECK_BYTES;
	unsigned i = check->next;

	for (unsigned n = 0; n < LOOP_CHECK_LATEST; n++)
		if (check->latest[n].len == kept && !memcmp(check->latest[n].bytes, data, kept))
			return repeat(check, n, now_us);
	memcpy(check->latest[i].bytes, data, kept);
	check->latest[i].len = (uint8_t)kept;
	check->latest[i].repeated = 0;
	check->latest[i].at_us = now_us;
	check->next = (i + 1) % LOOP_CHECK_LATEST;
	return false;
}

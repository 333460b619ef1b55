// SPDX-License-Identifier: GPL-2.0-or-later
/* Addresses that differ in one part are told apart, and spread over the hash. */
#include <linux/bitmap.h>

#include "../table.h"
#include "selftest.h"

static bool __init test_parts(void)
{
	struct addr a = { .family = 6, .port = htons(30000) }, b;
	bool right = CHECK(addr_equal(&a, &a));
	unsigned int i;

	for (i = 0; i < 4; i++) {
		b = a;
		b.ip[i] = htonl(1);
		right &= CHECK(!addr_equal(&a, &b));
	}
	b = a;
	b.port = htons(30002);
	right &= CHECK(!addr_equal(&a, &b));
	b = a;
	b.family = 4;
	right &= CHECK(!addr_equal(&a, &b));
	return right;
}

static unsigned long used[BITS_TO_LONGS(BUCKETS)] __initdata;

/* Even ports of one address, as most calls have them. */
static bool __init test_spread(void)
{
	struct addr a = { .family = 4, .ip[0] = htonl(0xc0000201) };
	unsigned int i;

	for (i = 0; i < 5000; i++) {
		a.port = htons(30000 + 2 * i);
		__set_bit(addr_bucket(&a), used);
	}
	/* By chance alone it would be about 4300. */
	return CHECK(bitmap_weight(used, BUCKETS) > 3500);
}

bool __init fwd_selftest_table(void)
{
	bool right = test_parts();

	right &= test_spread();
	return right;
}

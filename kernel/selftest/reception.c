// SPDX-License-Identifier: GPL-2.0-or-later
/* Sequence numbers that skip, return, wrap and begin anew, and jitter. */
#include <linux/kernel.h>

#include "../rtp.h"
#include "selftest.h"

static void __init arrive(struct forward_ssrc *s, u16 sequence, u32 timestamp, u64 now_us)
{
	u8 data[RTP_HEADER_BYTES] = { 0x80 };

	put_unaligned_be16(sequence, data + 2);
	put_unaligned_be32(timestamp, data + 4);
	rtp_arrived(s, data, 172, 8000, now_us);
}

static bool __init test_order(void)
{
	static const u16 sequence[] __initconst = { 65534, 65535, 1, 0, 2, 2, 5, 3, 65534 };
	struct forward_ssrc s = { .ssrc = 1 };
	bool right = true;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sequence); i++)
		arrive(&s, sequence[i], 160 * i, 20000 * i);
	right &= CHECK(s.packets == 9) & CHECK(s.bytes == 9 * 172);
	right &= CHECK(s.first == 65534) & CHECK(s.highest == 65536 + 5);
	right &= CHECK(s.lost == 1) & CHECK(s.duplicates == 2) & CHECK(s.skips == 2);
	right &= CHECK(s.reordered == 2) & CHECK(s.resets == 0) & CHECK(s.missing == 1);
	return right;
}

static bool __init test_resets(void)
{
	struct forward_ssrc s = { .ssrc = 1 };
	bool right = true;

	arrive(&s, 1000, 0, 0);
	arrive(&s, 1256, 160, 20000);
	right &= CHECK(s.lost == 255) & CHECK(s.resets == 0) & CHECK(s.missing == U32_MAX);
	arrive(&s, 2000, 320, 40000);
	right &= CHECK(s.resets == 1) & CHECK(s.lost == 255) & CHECK(s.highest == 65536 + 2000);
	arrive(&s, 1999, 160, 60000);
	right &= CHECK(s.reordered == 1) & CHECK(s.duplicates == 0);
	return right;
}

static bool __init test_jitter(void)
{
	struct forward_ssrc s = { .ssrc = 1 };
	bool right = true;
	unsigned int i;

	for (i = 0; i < 10; i++)
		arrive(&s, i, 160 * i, 20000 * i);
	/* A tick of rounding at most. */
	right &= CHECK(s.jitter <= 16) & CHECK(s.flags & FORWARD_SSRC_TRANSIT_KNOWN);
	arrive(&s, 10, 1600, 220000);
	right &= CHECK(s.jitter >= 159 && s.jitter <= 176);
	arrive(&s, 11, 1600, 1220000);
	right &= CHECK(s.jitter <= 176) & CHECK(s.last_sequence == 11);
	return right;
}

bool __init fwd_selftest_reception(void)
{
	bool right = test_order();

	right &= test_resets();
	right &= test_jitter();
	return right;
}

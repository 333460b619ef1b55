// SPDX-License-Identifier: GPL-2.0-or-later
/* Headers, extensions and compounds, sound and damaged. */
#include <linux/bits.h>
#include <linux/string.h>

#include "../rtp.h"
#include "selftest.h"

static bool __init is_kind(u8 first, u8 second, bool rtp, bool rtcp)
{
	const u8 data[2] = { first, second };

	return rtp_by_type(data) == rtp && rtcp_by_type(data) == rtcp;
}

static bool __init test_kinds(void)
{
	bool right = true;

	right &= CHECK(is_kind(0x80, 0x80, true, false));
	right &= CHECK(is_kind(0x80, 191, true, false));
	right &= CHECK(is_kind(0x80, 224, true, false));
	right &= CHECK(is_kind(0x81, 192, false, true));
	right &= CHECK(is_kind(0x81, 223, false, true));
	right &= CHECK(is_kind(0, 1, false, false));    /* STUN */
	right &= CHECK(is_kind(22, 254, false, false)); /* DTLS */
	right &= CHECK(is_kind(0x40, 200, false, false));
	right &= CHECK(is_kind(0xc0, 200, false, false));
	return right;
}

static bool __init test_compounds(void)
{
	u8 data[36] = { 0x80, 201, 0, 1, 1, 2, 3, 4, 0x80, 200, 0, 6 };
	bool right = true;

	right &= CHECK(rtcp_sound(data, 36));
	right &= CHECK(rtcp_sound(data, 8));
	right &= CHECK(!rtcp_sound(data, 0));
	right &= CHECK(!rtcp_sound(data, 35));
	right &= CHECK(!rtcp_sound(data, 10));
	data[11] = 5; /* too short for a sender report */
	right &= CHECK(!rtcp_sound(data, 32));
	data[9] = 203; /* good bye of nobody may be that long */
	right &= CHECK(rtcp_sound(data, 32));
	data[8] = 0;
	right &= CHECK(!rtcp_sound(data, 32));
	return right;
}

static bool __init test_headers(void)
{
	u8 data[32] = { 0x92, 0 };
	bool right = true;

	right &= CHECK(rtp_header_bytes(data, 32) == 24);
	right &= CHECK(!rtp_header_bytes(data, 23));
	data[23] = 2; /* words of extension */
	right &= CHECK(rtp_header_bytes(data, 32) == 32);
	data[23] = 3;
	right &= CHECK(!rtp_header_bytes(data, 32));
	data[0] = 0x80;
	right &= CHECK(rtp_header_bytes(data, 12) == 12);
	return right;
}

static bool __init test_masks(void)
{
	static const u8 one[24] __initconst = { 0x90, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xbe, 0xde,
		0, 2, 0x10, 0xaa, 0x21, 0xbb, 0xcc, 0, 0x3f, 0xdd };
	static const u8 two[24] __initconst = { 0x90, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10, 0, 0,
		2, 1, 1, 0xaa, 200, 2, 0xbb, 0xcc, 0 };
	const u64 masked[4] = { BIT_ULL(2) | BIT_ULL(3), 0, 0, BIT_ULL(200 - 192) };
	bool right = true;
	u8 data[24];

	memcpy(data, one, sizeof(data));
	rtp_mask_extensions(data, sizeof(data), masked);
	/* The second is gone, the third says to be longer than there is room. */
	right &= CHECK(!memcmp(data, one, 18)) & CHECK(!memchr_inv(data + 18, 0, 6));
	memcpy(data, two, sizeof(data));
	rtp_mask_extensions(data, sizeof(data), masked);
	right &= CHECK(!memcmp(data, two, 19)) & CHECK(!memchr_inv(data + 19, 0, 5));
	return right;
}

bool __init fwd_selftest_rtp(void)
{
	bool right = test_kinds();

	right &= test_compounds();
	right &= test_headers();
	right &= test_masks();
	return right;
}

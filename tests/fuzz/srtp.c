/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Hostile packets to contexts that have seen good ones. The first byte chooses the suite, the
 * second what is left out, what comes in (bit 3: RTCP), and how: as it is, or (bit 4) protected
 * before and then changed where the next byte says. What is refused stays as it was, nothing is
 * touched beyond the end, and a good packet still passes afterwards.
 */
#include "srtp/srtp.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
	SSRC = 0x01020304,
	GOOD_BYTES = 32,
	HEAD_BYTES = 3,
	MAX_INPUT = 2000,
	IS_RTCP = 1 << 3,
	IS_SEALED = 1 << 4,
	HAS_MKI = 1 << 5,
};

struct ends {
	struct srtp_context *out, *in;
};

static void check(bool ok)
{
	if (!ok)
		abort();
}

static struct ends open_ends(uint8_t suite, uint8_t form)
{
	struct srtp_params params = {
		.suite = suite % SRTP_SUITE_COUNT,
		.key = { 1, 2, 3 },
		.salt = { 4, 5, 6 },
		.mki_len = form & HAS_MKI ? 3 : 0,
		.unencrypted_srtp = form & 1,
		.unencrypted_srtcp = form & 2,
		.unauthenticated_srtp = form & 4,
	};

	return (struct ends){ .out = srtp_context_new(&params, SRTP_PROTECT, NULL),
		.in = srtp_context_new(&params, SRTP_UNPROTECT, NULL) };
}

static enum srtp_result pass(
	struct srtp_context *c, bool rtcp, uint8_t *data, size_t *len, size_t room)
{
	return rtcp ? srtp_context_rtcp(c, data, len, room) : srtp_context_rtp(c, data, len, room);
}

static void pass_good_packet(const struct ends *ends, bool rtcp, uint8_t number)
{
	uint8_t plain[GOOD_BYTES] = { 0x80, 8, 0, number, [8] = 1, 2, 3, 4 };
	uint8_t p[GOOD_BYTES + SRTP_MAX_TRAILER];
	size_t len = sizeof(plain);

	if (rtcp)
		memcpy(plain, "\x80\xc8\0\7\1\2\3\4", 8);
	memcpy(p, plain, sizeof(plain));
	check(pass(ends->out, rtcp, p, &len, sizeof(p)) == SRTP_OK);
	check(pass(ends->in, rtcp, p, &len, len) == SRTP_OK);
	check(len == sizeof(plain) && !memcmp(p, plain, len));
}

static void pass_hostile(
	const struct ends *ends, uint8_t form, uint8_t change, const uint8_t *data, size_t size)
{
	bool rtcp = form & IS_RTCP;
	size_t room = size + SRTP_MAX_TRAILER, len = size, before;
	/* Exactly as much as there is, so that a sanitizer sees each byte beyond. */
	uint8_t *p = malloc(room), *copy;

	memcpy(p, data, size);
	if (form & IS_SEALED && pass(ends->out, rtcp, p, &len, room) == SRTP_OK)
		p[change % len] ^= change;
	before = len;
	copy = malloc(len ? len : 1);
	memcpy(copy, p, len);
	p = realloc(p, len ? len : 1);
	if (pass(ends->in, rtcp, p, &len, len) == SRTP_OK)
		check(len < before || form & 4);
	else
		check(len == before && !memcmp(p, copy, len));
	free(copy);
	free(p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ends ends;
	bool believed;

	if (size < HEAD_BYTES || size > MAX_INPUT)
		return 0;
	ends = open_ends(data[0], data[1]);
	pass_good_packet(&ends, false, 1);
	pass_good_packet(&ends, true, 1);
	pass_hostile(&ends, data[1], data[2], data + HEAD_BYTES, size - HEAD_BYTES);
	/* Without a tag, or when it came from our own, a packet may have moved the window on. */
	believed = data[1] & (4 | IS_SEALED);
	if (!believed)
		pass_good_packet(&ends, false, 2);
	if (!(data[1] & IS_SEALED))
		pass_good_packet(&ends, true, 2);
	srtp_context_free(ends.out);
	srtp_context_free(ends.in);
	return 0;
}

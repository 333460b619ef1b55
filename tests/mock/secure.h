/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Packets for tests of SRTP, and what is to be known of a context's behaviour in one call. */
#ifndef MOCK_SECURE_H
#define MOCK_SECURE_H

#include "srtp/srtp.h"

enum {
	SECURE_MAX_BYTES = 1500,
	SECURE_ROOM = SECURE_MAX_BYTES + SRTP_MAX_TRAILER,
};

struct secure_packet {
	uint8_t data[SECURE_ROOM];
	size_t len;
};

/* Always the same key for the same `seed`. */
struct srtp_params secure_params(enum srtp_suite_id suite, unsigned seed);
struct srtp_context *secure_context(const struct srtp_backend *backend,
	const struct srtp_params *params, enum srtp_direction direction);

/* Payload bytes that follow from the numbers. */
void secure_rtp(struct secure_packet *p, uint32_t ssrc, uint16_t seq, size_t payload_bytes);
/* A sender report and `words` words behind it. */
void secure_rtcp(struct secure_packet *p, uint32_t ssrc, unsigned number, size_t words);

enum srtp_result secure_rtp_pass(struct srtp_context *ctx, struct secure_packet *p);
enum srtp_result secure_rtcp_pass(struct srtp_context *ctx, struct secure_packet *p);
void secure_assert_same(const struct secure_packet *a, const struct secure_packet *b);

#endif

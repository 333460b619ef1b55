/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The suites of SRTP (RFC 3711, 4568, 6188, 7714), and what one side of a stream is protected
 * with. Tables and values. [any]
 */
#ifndef SRTP_SUITE_H
#define SRTP_SUITE_H

#include "api/str.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	SRTP_MAX_KEY = 32,
	SRTP_MAX_SALT = 14,
	SRTP_MAX_MKI = 255,
	SRTP_MAX_TAG = 16,
	/* What protecting can add to a packet: tag, MKI, and SRTCP's index. */
	SRTP_MAX_TRAILER = SRTP_MAX_TAG + SRTP_MAX_MKI + 4,
};

enum srtp_cipher { SRTP_AES_CM, SRTP_AES_GCM, SRTP_AES_F8, SRTP_NULL };

/* id, name, cipher, key, salt, tag of RTP, tag of RTCP: in the order in which they are offered */
#define SRTP_SUITES(ROW)                                                      \
	ROW(AEAD_AES_256_GCM, "AEAD_AES_256_GCM", AES_GCM, 32, 12, 16, 16)    \
	ROW(AEAD_AES_128_GCM, "AEAD_AES_128_GCM", AES_GCM, 16, 12, 16, 16)    \
	ROW(AES_256_CM_80, "AES_256_CM_HMAC_SHA1_80", AES_CM, 32, 14, 10, 10) \
	ROW(AES_256_CM_32, "AES_256_CM_HMAC_SHA1_32", AES_CM, 32, 14, 4, 10)  \
	ROW(AES_192_CM_80, "AES_192_CM_HMAC_SHA1_80", AES_CM, 24, 14, 10, 10) \
	ROW(AES_192_CM_32, "AES_192_CM_HMAC_SHA1_32", AES_CM, 24, 14, 4, 10)  \
	ROW(AES_128_CM_80, "AES_CM_128_HMAC_SHA1_80", AES_CM, 16, 14, 10, 10) \
	ROW(AES_128_CM_32, "AES_CM_128_HMAC_SHA1_32", AES_CM, 16, 14, 4, 10)  \
	ROW(F8_128_80, "F8_128_HMAC_SHA1_80", AES_F8, 16, 14, 10, 10)         \
	ROW(F8_128_32, "F8_128_HMAC_SHA1_32", AES_F8, 16, 14, 4, 10)          \
	ROW(NULL_80, "NULL_HMAC_SHA1_80", NULL, 16, 14, 10, 10)               \
	ROW(NULL_32, "NULL_HMAC_SHA1_32", NULL, 16, 14, 4, 10)

enum srtp_suite_id {
#define SRTP_SUITE_ID(id, name, cipher, key, salt, tag, rtcp_tag) SRTP_##id,
	SRTP_SUITES(SRTP_SUITE_ID)
#undef SRTP_SUITE_ID
		SRTP_SUITE_COUNT
};

struct srtp_suite {
	const char *name; /* as in a=crypto */
	enum srtp_cipher cipher;
	uint8_t key_bytes, salt_bytes;
	uint8_t tag_bytes, rtcp_tag_bytes;
};

const struct srtp_suite *srtp_suite(enum srtp_suite_id id);
/* By its name, without regard to case; negative: none of ours. */
int srtp_suite_find(struct str name);

/* What one direction of a stream is protected with. Wiped by who drops it (srtp_wipe). */
struct srtp_params {
	uint8_t suite; /* enum srtp_suite_id */
	uint8_t key[SRTP_MAX_KEY];
	uint8_t salt[SRTP_MAX_SALT];
	uint8_t mki_len; /* 0: none */
	uint8_t mki[SRTP_MAX_MKI];
	bool unencrypted_srtp, unencrypted_srtcp, unauthenticated_srtp;
};

/* Suite, key and salt: with these alike, keystreams are. */
bool srtp_key_equal(const struct srtp_params *a, const struct srtp_params *b);
bool srtp_params_equal(const struct srtp_params *a, const struct srtp_params *b);
/* Overwrites what must not stay in memory; is not optimised away. */
void srtp_wipe(void *secret, size_t bytes);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The value of a=crypto (RFC 4568): what it says, and new keys to say. Values only; which of them
 * are offered and chosen is for the folders above. [any]
 */
#ifndef SRTP_SDES_H
#define SRTP_SDES_H

#include "api/str.h"
#include "srtp/suite.h"

enum {
	SDES_MAX_TAG = 999999999,
	/* The longest text that sdes_print makes, with its terminator. */
	SDES_MAX_TEXT = 256,
};

/* Holds keys: srtp_wipe it. */
struct sdes_crypto {
	uint32_t tag;
	struct srtp_params params;
};

/*
 * TAG SUITE inline:KEY[|LIFETIME][|MKI:LENGTH] [SESSION-PARAMETER …], without "crypto:" in front.
 * The key may have its padding, a part of it, or none; the lifetime is checked and forgotten. Of
 * several keys the first counts. Unknown session parameters that begin with "-" are passed over
 * (RFC 4568 6.3.7).
 * 0; -EBADMSG: not of this form, or a wrong length or value; -ENOTSUP: a suite, or a session
 * parameter, that is none of ours. The caller goes on with the next line then.
 */
int sdes_parse(struct str value, struct sdes_crypto *ret_crypto);

enum sdes_print_option {
	SDES_PAD = 1 << 0,      /* the key with its base64 padding */
	SDES_LIFETIME = 1 << 1, /* with the lifetime: 2^31 */
};

/* The value as sdes_parse reads it, terminated; returns its length. options: sdes_print_option. */
size_t sdes_print(const struct sdes_crypto *crypto, unsigned options, char out[SDES_MAX_TEXT]);

/* The key and salt alone in base64, without padding, as logs show them; returns the length. */
size_t sdes_print_key(const struct srtp_params *params, char out[SDES_MAX_TEXT]);

/* A random key and salt for the suite; no MKI, nothing left out. -EIO: no randomness to be had. */
int sdes_generate(enum srtp_suite_id suite, struct srtp_params *ret_params);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Session keys from the master key (RFC 3711 4.3, RFC 6188 3, RFC 7714 11), derivation rate 0. */
#ifndef SRTP_KEYS_H
#define SRTP_KEYS_H

#include "srtp/suite.h"

enum { SRTP_AUTH_KEY_BYTES = 20 };

enum srtp_kind { SRTP_KIND_RTP, SRTP_KIND_RTCP };

/* Wiped by who has them. */
struct srtp_keys {
	uint8_t key[SRTP_MAX_KEY];
	uint8_t auth[SRTP_AUTH_KEY_BYTES];
	uint8_t salt[SRTP_MAX_SALT]; /* zeros behind a shorter one */
};

/* False: the crypto library failed. [control] */
bool srtp_derive_keys(
	const struct srtp_params *params, enum srtp_kind kind, struct srtp_keys *ret_keys);

#endif

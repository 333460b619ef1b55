/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * a=fingerprint (RFC 8122): what a certificate is recognised by. Values only. [any]
 */
#ifndef DTLS_FINGERPRINT_H
#define DTLS_FINGERPRINT_H

#include "api/str.h"

#include <stdbool.h>
#include <stdint.h>

/* Weakest first. */
enum dtls_hash { DTLS_SHA1, DTLS_SHA224, DTLS_SHA256, DTLS_SHA384, DTLS_SHA512, DTLS_HASH_COUNT };

enum {
	FINGERPRINT_MAX_BYTES = 64,
	/* The longest text that fingerprint_print makes, with its terminator. */
	FINGERPRINT_MAX_TEXT = 8 + 3 * FINGERPRINT_MAX_BYTES,
	FINGERPRINT_MAX_COUNT = 8, /* that a party may have */
};

struct fingerprint {
	uint8_t hash; /* enum dtls_hash */
	uint8_t bytes[FINGERPRINT_MAX_BYTES];
};

/* All that a party says of the certificate it will show. */
struct fingerprint_set {
	unsigned count; /* 0: it has said nothing yet */
	struct fingerprint all[FINGERPRINT_MAX_COUNT];
};

/* "sha-256" and so on. */
const char *dtls_hash_name(enum dtls_hash hash);
unsigned dtls_hash_bytes(enum dtls_hash hash);
/* By its name, without regard to case; negative: none of ours. */
int dtls_hash_find(struct str name);

/*
 * "HASH HH:HH:…", digits of either case, without "fingerprint:" in front. 0; -ENOTSUP: another
 * hash; -EBADMSG: not of this form, or of another length than the hash has.
 */
int fingerprint_parse(struct str value, struct fingerprint *ret_fingerprint);
/* The value as fingerprint_parse reads it, digits in upper case; returns its length. */
size_t fingerprint_print(const struct fingerprint *fingerprint, char out[FINGERPRINT_MAX_TEXT]);
bool fingerprint_equal(const struct fingerprint *a, const struct fingerprint *b);
/* The same ones in the same order? */
bool fingerprint_set_equal(const struct fingerprint_set *a, const struct fingerprint_set *b);
/*
 * The hash by which a certificate is to be compared with the set: the strongest there is (RFC 8122
 * 5). Negative: the set is empty.
 */
int fingerprint_set_hash(const struct fingerprint_set *set);
/* Is it among those of the set? */
bool fingerprint_set_has(const struct fingerprint_set *set, const struct fingerprint *fingerprint);

#endif

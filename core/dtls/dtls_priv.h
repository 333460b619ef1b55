/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a certificate holds for the associations that use it. */
#ifndef DTLS_DTLS_PRIV_H
#define DTLS_DTLS_PRIV_H

#include "dtls/cert.h"

#include <openssl/ssl.h>

struct dtls_cert {
	SSL_CTX *ctx;      /* with key and certificate; may be used by several threads */
	int64_t old_at_us; /* wall clock */
	struct fingerprint fingerprints[DTLS_HASH_COUNT];
};

/* False: the library failed. */
bool dtls_fingerprint_of(const X509 *x509, enum dtls_hash hash, struct fingerprint *ret);
/* dtls.c: settings of `ctx` that all associations share; 0 or -errno and `err`. */
int dtls_set_up_ctx(SSL_CTX *ctx, struct err *err);

#endif

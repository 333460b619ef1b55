/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of DTLS share: a certificate, an association that uses it. */
#ifndef DTLS_DTLS_PRIV_H
#define DTLS_DTLS_PRIV_H

#include "dtls/dtls.h"

#include <glib.h>
#include <openssl/ssl.h>

struct dtls_cert {
	SSL_CTX *ctx;      /* with key and certificate; may be used by several threads */
	int64_t old_at_us; /* wall clock */
	struct fingerprint fingerprints[DTLS_HASH_COUNT];
};

struct dtls {
	SSL *ssl;               /* NULL: retired */
	GBytes *farewell;       /* of a retired one, if it has not been sent */
	struct dtls_cert *cert; /* a reference */
	enum dtls_role role;
	enum dtls_state state;
	enum reason failure; /* REASON_COUNT: none found yet */
	bool verified;
	struct fingerprint_set peer;
	dtls_send_fn send;
	void *send_arg;
	const uint8_t *input; /* the datagram being read; NULL: none is left */
	size_t input_len;
	int64_t began_us; /* the handshake */
	int64_t due_us;   /* -1: no timer */
	unsigned datagrams, early;
	size_t bytes;
};

/* ---- context.c ---- */

/* Settings of `ctx` that all associations share; 0 or -errno and `err`. */
int dtls_set_up_ctx(SSL_CTX *ctx, struct err *err);
/* False: the library failed. */
bool dtls_fingerprint_of(const X509 *x509, enum dtls_hash hash, struct fingerprint *ret);
/* Is this certificate (NULL: none) among those that the peer's signalling told? */
bool dtls_is_signalled(const struct dtls *dtls, const X509 *x509);
/* What the handshake has settled on; NULL: nothing of ours. */
const struct srtp_suite *dtls_chosen_suite(const struct dtls *dtls, enum srtp_suite_id *ret_id);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Our own certificate (spec media 10.6): self-signed, of no value but for its fingerprint, and
 * replaced when half of its life is over. Counted (base/ref.h) and never changed, so that whoever
 * was told its fingerprint is shown it as long as his call lasts.
 */
#ifndef DTLS_CERT_H
#define DTLS_CERT_H

#include "base/err.h"
#include "dtls/fingerprint.h"

enum {
	DTLS_MIN_RSA_BITS = 1024,
	DTLS_MAX_RSA_BITS = 8192,
	DTLS_CERT_DAYS = 30, /* of life after it is made */
};

/* What operators compare with; all browsers speak some of it. */
#define DTLS_DEFAULT_CIPHERS "DEFAULT:!NULL:!aNULL:!SHA256:!SHA384:!aECDH:!AESGCM+AES256:!aPSK"

enum dtls_key { DTLS_KEY_P256, DTLS_KEY_RSA };

struct dtls_cert_options {
	enum dtls_key key;
	unsigned rsa_bits;   /* of DTLS_KEY_RSA */
	bool sha1;           /* signed with SHA-1 instead of SHA-256 */
	const char *ciphers; /* as OpenSSL writes them */
	const char *name;    /* its CN */
};

struct dtls_cert;

/*
 * A new key and certificate, valid from a day before `now_wall_us`; a reference. RSA keys take a
 * tenth of a second and more. NULL with `err`: the library cannot do it, or knows none of the
 * ciphers. [any]
 */
struct dtls_cert *dtls_cert_new(
	const struct dtls_cert_options *options, int64_t now_wall_us, struct err *err);
/*
 * Key and certificate as PEM: whoever has that can take our place. By g_free, once it is wiped; NULL:
 * no memory. [any]
 */
char *dtls_cert_write(const struct dtls_cert *cert);
/*
 * What was written so; ciphers are those of `options`. It is old at once: nobody new is to be shown
 * it. A reference; NULL with `err`. [any]
 */
struct dtls_cert *dtls_cert_read(
	struct str pem, const struct dtls_cert_options *options, struct err *err);
/* Is it time for another one? [any] */
bool dtls_cert_is_old(const struct dtls_cert *cert, int64_t now_wall_us);
/* [any] */
const struct fingerprint *dtls_cert_fingerprint(const struct dtls_cert *cert, enum dtls_hash hash);

#endif

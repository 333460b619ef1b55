/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Keys and certificates, made by OpenSSL. */
#include "dtls/cert.h"

#include "base/ref.h"
#include "dtls/dtls_priv.h"

#include <errno.h>

#include <glib.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

enum { DAY_S = 24 * 60 * 60, MAX_NAME = 64 /* of a CN (RFC 5280) */ };

/* What the library says of its latest failure. */
static int failed(struct err *err, const char *what)
{
	char text[160];

	ERR_error_string_n(ERR_get_error(), text, sizeof(text));
	ERR_clear_error();
	return err_set(err, EIO, "%s: %s", what, text);
}

static EVP_PKEY *make_key(const struct dtls_cert_options *options)
{
	if (options->key == DTLS_KEY_RSA)
		return EVP_RSA_gen(options->rsa_bits);
	return EVP_EC_gen("P-256");
}

static bool set_serial(X509 *x509)
{
	ASN1_INTEGER *serial = X509_get_serialNumber(x509);
	uint64_t number;

	if (RAND_bytes((unsigned char *)&number, sizeof(number)) != 1)
		return false;
	return ASN1_INTEGER_set_uint64(serial, number) == 1;
}

static bool set_name(X509 *x509, const char *text)
{
	X509_NAME *name = X509_get_subject_name(x509);
	size_t len = strlen(text);

	return X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)text,
		       (int)(len > MAX_NAME ? MAX_NAME : len), -1, 0) == 1 &&
	       X509_set_issuer_name(x509, name) == 1;
}

static bool set_times(X509 *x509, int64_t now_s)
{
	return ASN1_TIME_set(X509_getm_notBefore(x509), now_s - DAY_S) &&
	       ASN1_TIME_set(X509_getm_notAfter(x509), now_s + DTLS_CERT_DAYS * DAY_S);
}

static X509 *make_x509(EVP_PKEY *key, const struct dtls_cert_options *options, int64_t now_s)
{
	X509 *x509 = X509_new();

	if (x509 && X509_set_version(x509, X509_VERSION_1) && set_serial(x509) &&
		set_name(x509, options->name) && set_times(x509, now_s) &&
		X509_set_pubkey(x509, key) &&
		X509_sign(x509, key, options->sha1 ? EVP_sha1() : EVP_sha256()))
		return x509;
	X509_free(x509);
	return NULL;
}

static bool take_fingerprints(struct dtls_cert *cert, const X509 *x509)
{
	for (int i = 0; i < DTLS_HASH_COUNT; i++)
		if (!dtls_fingerprint_of(x509, (enum dtls_hash)i, &cert->fingerprints[i]))
			return false;
	return true;
}

static int fill_in(struct dtls_cert *cert, EVP_PKEY *key, X509 *x509,
	const struct dtls_cert_options *options, struct err *err)
{
	cert->ctx = SSL_CTX_new(DTLS_method());
	if (!cert->ctx || !take_fingerprints(cert, x509))
		return failed(err, "DTLS cannot be set up");
	if (SSL_CTX_set_cipher_list(cert->ctx, options->ciphers) != 1)
		return failed(err, "DTLS ciphers cannot be used");
	if (SSL_CTX_use_certificate(cert->ctx, x509) != 1 ||
		SSL_CTX_use_PrivateKey(cert->ctx, key) != 1)
		return failed(err, "DTLS certificate cannot be used");
	return dtls_set_up_ctx(cert->ctx, err);
}

static void destroy(void *object)
{
	struct dtls_cert *cert = object;

	SSL_CTX_free(cert->ctx); /* the key goes with it, wiped */
}

struct dtls_cert *dtls_cert_new(
	const struct dtls_cert_options *options, int64_t now_wall_us, struct err *err)
{
	struct dtls_cert *cert = ref_alloc(sizeof(*cert), destroy);
	int64_t now_s = now_wall_us / 1000000;
	EVP_PKEY *key = make_key(options);
	X509 *x509 = key ? make_x509(key, options, now_s) : NULL;
	int ret;

	cert->old_at_us = now_wall_us + (int64_t)DTLS_CERT_DAYS / 2 * DAY_S * 1000000;
	ret = x509 ? fill_in(cert, key, x509, options, err)
		   : failed(err, "DTLS certificate cannot be made");
	X509_free(x509);
	EVP_PKEY_free(key);
	return ret < 0 ? ref_drop(cert) : cert;
}

char *dtls_cert_write(const struct dtls_cert *cert)
{
	BIO *bio = BIO_new(BIO_s_secmem());
	char *text = NULL, *data;
	long len;

	if (bio && PEM_write_bio_X509(bio, SSL_CTX_get0_certificate(cert->ctx)) &&
		PEM_write_bio_PrivateKey(
			bio, SSL_CTX_get0_privatekey(cert->ctx), NULL, NULL, 0, NULL, NULL)) {
		len = BIO_get_mem_data(bio, &data);
		text = g_strndup(data, (size_t)len);
	}
	BIO_free(bio);
	return text;
}

struct dtls_cert *dtls_cert_read(
	struct str pem, const struct dtls_cert_options *options, struct err *err)
{
	struct dtls_cert *cert = ref_alloc(sizeof(*cert), destroy);
	BIO *bio = pem.len && pem.len <= INT_MAX ? BIO_new_mem_buf(pem.s, (int)pem.len) : NULL;
	X509 *x509 = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
	EVP_PKEY *key = x509 ? PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL) : NULL;
	int ret = key ? fill_in(cert, key, x509, options, err)
		      : failed(err, "DTLS certificate cannot be read");

	X509_free(x509);
	EVP_PKEY_free(key);
	BIO_free(bio);
	return ret < 0 ? ref_drop(cert) : cert;
}

bool dtls_cert_is_old(const struct dtls_cert *cert, int64_t now_wall_us)
{
	return now_wall_us >= cert->old_at_us;
}

const struct fingerprint *dtls_cert_fingerprint(const struct dtls_cert *cert, enum dtls_hash hash)
{
	return &cert->fingerprints[hash];
}

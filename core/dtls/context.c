/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a certificate's associations have in common, as settings of its SSL_CTX: the profiles they
 * offer, and how they know the peer's certificate. Below both, certificates and associations.
 */
#include "dtls/dtls_priv.h"

#include "srtp/srtp.h"

#include <errno.h>

#include <glib.h>

/* OpenSSL's macros by these names are numbers of profiles; ours are suites. */
#undef SRTP_AEAD_AES_128_GCM
#undef SRTP_AEAD_AES_256_GCM

enum {
	MAX_CERT_BYTES = 16 * 1024, /* that a peer may show */
	VERIFY_DEPTH = 4,
	LARGEST_SENT = 2048,
};

/* Those of our suites that DTLS knows (RFC 5764, 7714), as they are offered. */
static const struct {
	const char *name; /* OpenSSL's */
	enum srtp_suite_id suite;
} profiles[] = {
	{ "SRTP_AEAD_AES_256_GCM", SRTP_AEAD_AES_256_GCM },
	{ "SRTP_AEAD_AES_128_GCM", SRTP_AEAD_AES_128_GCM },
	{ "SRTP_AES128_CM_SHA1_80", SRTP_AES_128_CM_80 },
	{ "SRTP_AES128_CM_SHA1_32", SRTP_AES_128_CM_32 },
};

const struct srtp_suite *dtls_chosen_suite(const struct dtls *d, enum srtp_suite_id *ret_id)
{
	const SRTP_PROTECTION_PROFILE *chosen = SSL_get_selected_srtp_profile(d->ssl);

	for (unsigned i = 0; chosen && i < G_N_ELEMENTS(profiles); i++)
		if (!strcmp(profiles[i].name, chosen->name)) {
			*ret_id = profiles[i].suite;
			return srtp_suite(profiles[i].suite);
		}
	return NULL;
}

/* ---- the peer's certificate ---- */

static const EVP_MD *digest_of(enum dtls_hash hash)
{
	switch (hash) {
	case DTLS_SHA1:
		return EVP_sha1();
	case DTLS_SHA224:
		return EVP_sha224();
	case DTLS_SHA256:
		return EVP_sha256();
	case DTLS_SHA384:
		return EVP_sha384();
	default:
		return EVP_sha512();
	}
}

bool dtls_fingerprint_of(const X509 *x509, enum dtls_hash hash, struct fingerprint *ret)
{
	unsigned len = 0;

	*ret = (struct fingerprint){ .hash = (uint8_t)hash };
	return X509_digest(x509, digest_of(hash), ret->bytes, &len) == 1 &&
	       len == dtls_hash_bytes(hash);
}

bool dtls_is_signalled(const struct dtls *d, const X509 *x509)
{
	int hash = fingerprint_set_hash(&d->peer);
	struct fingerprint shown;

	return hash >= 0 && x509 && dtls_fingerprint_of(x509, (enum dtls_hash)hash, &shown) &&
	       fingerprint_set_has(&d->peer, &shown);
}

/* In the handshake, so that a wrong one is refused by an alert. */
static int verify(X509_STORE_CTX *store, void *arg)
{
	SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
	struct dtls *d = SSL_get_app_data(ssl);

	(void)arg;
	if (!d->peer.count)
		return 1;
	if (dtls_is_signalled(d, X509_STORE_CTX_get0_cert(store)))
		return 1;
	d->failure = REASON_DTLS_FINGERPRINT;
	X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REJECTED);
	return 0;
}

/* ---- settings ---- */

int dtls_set_up_ctx(SSL_CTX *ctx, struct err *err)
{
	g_autoptr(GString) names = g_string_new(NULL);

	for (unsigned i = 0; i < G_N_ELEMENTS(profiles); i++)
		if (srtp_suite_usable(profiles[i].suite))
			g_string_append_printf(
				names, "%s%s", names->len ? ":" : "", profiles[i].name);
	if (SSL_CTX_set_tlsext_use_srtp(ctx, names->str)) /* 0 is good */
		return err_set(err, EIO, "DTLS-SRTP cannot be set up");
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	SSL_CTX_set_verify_depth(ctx, VERIFY_DEPTH);
	SSL_CTX_set_cert_verify_callback(ctx, verify, NULL);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_options(ctx, SSL_OP_NO_QUERY_MTU | SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION);
	SSL_CTX_set_max_cert_list(ctx, MAX_CERT_BYTES);
	SSL_CTX_set_read_ahead(ctx, 1);
	/* Sizes the buffer for writing: data are never sent, and messages are cut by the MTU. */
	SSL_CTX_set_max_send_fragment(ctx, LARGEST_SENT);
	return 0;
}

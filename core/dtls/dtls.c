/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * An association, carried out by OpenSSL over a BIO of our own, which reads the one datagram that
 * is there and hands each that is written to the user at once.
 */
#include "dtls/dtls.h"

#include "base/ref.h"
#include "dtls/dtls_priv.h"

#include <glib.h>
#include <openssl/err.h>

enum {
	RECORD_HEADER_BYTES = 13,
	RECORD_HANDSHAKE = 22,
	RECORD_FIRST_TYPE = 20, /* change_cipher_spec … */
	RECORD_LAST_TYPE = 23,  /* … application data */
	CLIENT_HELLO = 1,
	FRAGMENT_AT = RECORD_HEADER_BYTES + 6,  /* three bytes: which part of the message */
	HELLO_BYTES = RECORD_HEADER_BYTES + 12, /* with the header of the message */
	AEAD_BYTES = 24, /* nonce and tag of a record, which OpenSSL leaves out of account */
	LARGEST_DATAGRAM = 16384 + 256 + RECORD_HEADER_BYTES,
};

/* ---- the BIO ---- */

static int bio_read(BIO *bio, char *out, int room)
{
	struct dtls *d = BIO_get_data(bio);
	size_t len = d->input_len;

	BIO_clear_retry_flags(bio);
	if (!d->input) {
		BIO_set_retry_read(bio);
		return -1;
	}
	if (len > (size_t)room)
		len = (size_t)room;
	memcpy(out, d->input, len);
	d->input = NULL;
	return (int)len;
}

static int bio_write(BIO *bio, const char *data, int len)
{
	struct dtls *d = BIO_get_data(bio);

	BIO_clear_retry_flags(bio);
	d->send(d->send_arg, (const uint8_t *)data, (size_t)len);
	return len;
}

static long bio_ctrl(BIO *bio, int what, long number, void *pointer)
{
	struct dtls *d = BIO_get_data(bio);

	(void)number;
	(void)pointer;
	switch (what) {
	case BIO_CTRL_FLUSH:
		return 1;
	case BIO_CTRL_PENDING:
		return d && d->input ? (long)d->input_len : 0;
	case BIO_CTRL_DGRAM_GET_MTU_OVERHEAD:
		return DTLS_HEADER_BYTES;
	default:
		return 0;
	}
}

static int bio_create(BIO *bio)
{
	BIO_set_init(bio, 1);
	return 1;
}

static BIO_METHOD *make_bio_method(void)
{
	BIO_METHOD *m = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "datagrams");

	if (m && BIO_meth_set_read(m, bio_read) && BIO_meth_set_write(m, bio_write) &&
		BIO_meth_set_ctrl(m, bio_ctrl) && BIO_meth_set_create(m, bio_create))
		return m;
	BIO_meth_free(m);
	return NULL;
}

/* One for all; lives as long as the process. */
static BIO_METHOD *bio_method(void)
{
	static gsize method;

	if (g_once_init_enter(&method))
		g_once_init_leave(&method, (gsize)make_bio_method() | 1);
	return (BIO_METHOD *)(method & ~(gsize)1);
}

/* ---- making one ---- */

/* OpenSSL's retransmissions: 0 is the first time. */
static unsigned next_retry(SSL *ssl, unsigned before_us)
{
	(void)ssl;
	if (!before_us)
		return (unsigned)DTLS_FIRST_RETRY_US;
	return (unsigned)MIN(2 * (int64_t)before_us, DTLS_LAST_RETRY_US);
}

struct dtls *dtls_new(
	struct dtls_cert *cert, enum dtls_role role, unsigned mtu, dtls_send_fn send, void *arg)
{
	struct dtls *d = g_new0(struct dtls, 1);
	BIO *bio = bio_method() ? BIO_new(bio_method()) : NULL;

	d->cert = ref_take(cert);
	d->role = role;
	d->send = send;
	d->send_arg = arg;
	d->due_us = -1;
	d->failure = REASON_COUNT;
	d->ssl = SSL_new(cert->ctx);
	if (!d->ssl || !bio) {
		BIO_free(bio);
		dtls_free(d);
		return NULL;
	}
	BIO_set_data(bio, d);
	SSL_set_bio(d->ssl, bio, bio);
	SSL_set_app_data(d->ssl, d);
	SSL_set_mtu(
		d->ssl, (long)MAX(mtu, (unsigned)DTLS_MIN_MTU) - DTLS_HEADER_BYTES - AEAD_BYTES);
	DTLS_set_timer_cb(d->ssl, next_retry);
	if (role == DTLS_CLIENT)
		SSL_set_connect_state(d->ssl);
	else
		SSL_set_accept_state(d->ssl);
	return d;
}

void dtls_free(struct dtls *d)
{
	if (!d)
		return;
	SSL_free(d->ssl);
	g_clear_pointer(&d->farewell, g_bytes_unref);
	ref_drop(d->cert);
	g_free(d);
}

void dtls_set_send(struct dtls *d, dtls_send_fn send, void *arg)
{
	d->send = send;
	d->send_arg = arg;
}

enum dtls_role dtls_role(const struct dtls *d)
{
	return d->role;
}

enum dtls_state dtls_state(const struct dtls *d)
{
	return d->state;
}

enum reason dtls_failure(const struct dtls *d)
{
	return d->failure;
}

bool dtls_verified(const struct dtls *d)
{
	return d->verified;
}

int64_t dtls_due_us(const struct dtls *d)
{
	return d->due_us;
}

/* ---- what happens to it ---- */

static enum dtls_state fail(struct dtls *d, enum reason failure)
{
	d->state = DTLS_FAILED;
	d->due_us = -1;
	/* What was found out on the way says more than that it ended so. */
	if (d->failure == REASON_COUNT)
		d->failure = failure;
	return d->state;
}

static bool has_profile(const struct dtls *d)
{
	return SSL_get_selected_srtp_profile(d->ssl) != NULL;
}

/* The handshake is over: is it the one that was signalled? */
static void decide(struct dtls *d)
{
	X509 *shown;

	if (!d->peer.count) {
		d->state = DTLS_UNVERIFIED;
		return;
	}
	shown = SSL_get1_peer_certificate(d->ssl);
	d->verified = dtls_is_signalled(d, shown);
	X509_free(shown);
	if (!d->verified) {
		SSL_shutdown(d->ssl);
		fail(d, REASON_DTLS_FINGERPRINT);
		return;
	}
	d->state = DTLS_UP;
}

static void set_due(struct dtls *d, int64_t now_us)
{
	struct timeval left;

	d->due_us = -1;
	if (d->state != DTLS_HANDSHAKING)
		return;
	d->due_us = d->began_us + DTLS_HANDSHAKE_US;
	if (DTLSv1_get_timeout(d->ssl, &left) == 1)
		d->due_us = MIN(
			d->due_us, now_us + (int64_t)left.tv_sec * G_USEC_PER_SEC + left.tv_usec);
}

static enum reason why(void)
{
	unsigned long code = ERR_peek_error();
	int reason = ERR_GET_REASON(code);

	if (ERR_GET_LIB(code) != ERR_LIB_SSL)
		return REASON_DTLS_PROTOCOL;
	if (reason == SSL_R_READ_TIMEOUT_EXPIRED)
		return REASON_DTLS_TIMEOUT;
	/* Alerts of the peer's have numbers from there on. */
	return reason >= SSL_AD_REASON_OFFSET ? REASON_DTLS_REFUSED : REASON_DTLS_PROTOCOL;
}

static void run_handshake(struct dtls *d)
{
	int ret = SSL_do_handshake(d->ssl);
	int error = ret == 1 ? SSL_ERROR_NONE : SSL_get_error(d->ssl, ret);

	if (ret == 1 && !has_profile(d)) {
		SSL_shutdown(d->ssl);
		fail(d, REASON_DTLS_NO_PROFILE);
	} else if (ret == 1) {
		decide(d);
	} else if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) {
		fail(d, error == SSL_ERROR_ZERO_RETURN ? REASON_DTLS_REFUSED : why());
	}
}

/* Alerts, and the last flight asked for again; data there should be none of. */
static void run_established(struct dtls *d)
{
	uint8_t unwanted[256];
	int ret;

	do
		ret = SSL_read(d->ssl, unwanted, sizeof(unwanted));
	while (ret > 0);
	switch (SSL_get_error(d->ssl, ret)) {
	case SSL_ERROR_WANT_READ:
	case SSL_ERROR_WANT_WRITE:
		return;
	default:
		SSL_shutdown(d->ssl);
		d->state = DTLS_CLOSED;
	}
}

static void run(struct dtls *d)
{
	ERR_clear_error();
	if (d->state == DTLS_HANDSHAKING)
		run_handshake(d);
	else
		run_established(d);
	ERR_clear_error();
}

enum dtls_state dtls_start(struct dtls *d, int64_t now_us)
{
	if (d->role != DTLS_CLIENT || d->state != DTLS_WAITING)
		return d->state;
	d->state = DTLS_HANDSHAKING;
	d->began_us = now_us;
	run(d);
	set_due(d, now_us);
	return d->state;
}

/* Of the record at `data`, with its header; 0: it does not fit. */
static size_t record_bytes(const uint8_t *data, size_t len)
{
	size_t bytes;

	if (len < RECORD_HEADER_BYTES || data[0] < RECORD_FIRST_TYPE ||
		data[0] > RECORD_LAST_TYPE || data[1] != 0xfe)
		return 0;
	bytes = RECORD_HEADER_BYTES + ((size_t)data[11] << 8 | data[12]);
	return bytes <= len ? bytes : 0;
}

static bool is_encrypted(const uint8_t *record)
{
	return record[3] || record[4]; /* its epoch */
}

/* Whole records and nothing else. *ret_encrypted: how many of them are. */
static bool is_well_formed(const uint8_t *data, size_t len, unsigned *ret_encrypted)
{
	*ret_encrypted = 0;
	if (!len || len > LARGEST_DATAGRAM)
		return false;
	while (len) {
		size_t bytes = record_bytes(data, len);

		if (!bytes)
			return false;
		*ret_encrypted += is_encrypted(data);
		data += bytes;
		len -= bytes;
	}
	return true;
}

bool dtls_is_hello(const uint8_t *data, size_t len)
{
	unsigned encrypted;

	return is_well_formed(data, len, &encrypted) && record_bytes(data, len) >= HELLO_BYTES &&
	       !is_encrypted(data) && data[0] == RECORD_HANDSHAKE &&
	       data[RECORD_HEADER_BYTES] == CLIENT_HELLO;
}

bool dtls_begins_hello(const uint8_t *data, size_t len)
{
	return dtls_is_hello(data, len) && !data[FRAGMENT_AT] && !data[FRAGMENT_AT + 1] &&
	       !data[FRAGMENT_AT + 2];
}

static bool may_begin(struct dtls *d, const uint8_t *data, size_t len, int64_t now_us)
{
	if (d->role != DTLS_SERVER || !dtls_begins_hello(data, len))
		return false;
	d->state = DTLS_HANDSHAKING;
	d->began_us = now_us;
	return true;
}

static bool is_flood(struct dtls *d, size_t len, unsigned encrypted)
{
	d->datagrams++;
	d->bytes += len;
	d->early += encrypted;
	return d->datagrams > DTLS_MAX_DATAGRAMS || d->bytes > DTLS_MAX_BYTES ||
	       d->early > DTLS_MAX_EARLY;
}

enum dtls_state dtls_receive(struct dtls *d, const uint8_t *data, size_t len, int64_t now_us)
{
	unsigned encrypted;

	if (d->state == DTLS_FAILED || d->state == DTLS_CLOSED || !d->ssl ||
		!is_well_formed(data, len, &encrypted))
		return d->state;
	if (d->state == DTLS_WAITING && !may_begin(d, data, len, now_us))
		return d->state;
	if (d->state == DTLS_HANDSHAKING && is_flood(d, len, encrypted))
		return fail(d, REASON_DTLS_FLOODED);
	d->input = data;
	d->input_len = len;
	run(d);
	d->input = NULL;
	/* Of 16 kB; there will hardly be another datagram. */
	if (d->state == DTLS_UP)
		SSL_free_buffers(d->ssl);
	set_due(d, now_us);
	return d->state;
}

enum dtls_state dtls_timeout(struct dtls *d, int64_t now_us)
{
	if (d->state != DTLS_HANDSHAKING)
		return d->state;
	if (now_us >= d->began_us + DTLS_HANDSHAKE_US)
		return fail(d, REASON_DTLS_TIMEOUT);
	ERR_clear_error();
	if (DTLSv1_handle_timeout(d->ssl) < 0)
		fail(d, why());
	ERR_clear_error();
	set_due(d, now_us);
	return d->state;
}

enum dtls_state dtls_set_peer(struct dtls *d, const struct fingerprint_set *peer)
{
	d->peer = *peer;
	if (d->state == DTLS_UNVERIFIED) {
		ERR_clear_error();
		decide(d);
		ERR_clear_error();
	}
	return d->state;
}

static void say_farewell(struct dtls *d)
{
	ERR_clear_error();
	/* Reading makes those it lacks by itself, this does not. */
	if (SSL_alloc_buffers(d->ssl))
		SSL_shutdown(d->ssl);
	ERR_clear_error();
}

void dtls_close(struct dtls *d)
{
	if (d->state != DTLS_UP && d->state != DTLS_UNVERIFIED)
		return;
	if (d->ssl)
		say_farewell(d);
	else if (d->farewell)
		d->send(d->send_arg, g_bytes_get_data(d->farewell, NULL),
			g_bytes_get_size(d->farewell));
	d->state = DTLS_CLOSED;
}

/* ---- retired ---- */

static void keep_farewell(void *arg, const uint8_t *data, size_t len)
{
	struct dtls *d = arg;

	g_clear_pointer(&d->farewell, g_bytes_unref);
	d->farewell = g_bytes_new(data, len);
}

/* Only the library can make the farewell: it is made now, to be sent some time. */
void dtls_retire(struct dtls *d)
{
	dtls_send_fn send = d->send;
	void *arg = d->send_arg;

	if (d->state != DTLS_UP || !d->ssl)
		return;
	dtls_set_send(d, keep_farewell, d);
	say_farewell(d);
	dtls_set_send(d, send, arg);
	SSL_free(d->ssl);
	d->ssl = NULL;
}

bool dtls_is_retired(const struct dtls *d)
{
	return !d->ssl;
}

/* ---- keys ---- */

/* Keys of client and server, then salts of client and server (RFC 5764 4.2). */
static struct srtp_params cut_out(
	const uint8_t *material, enum srtp_suite_id id, enum dtls_role role)
{
	const struct srtp_suite *s = srtp_suite(id);
	size_t which = role == DTLS_SERVER;
	struct srtp_params params = { .suite = (uint8_t)id };

	memcpy(params.key, material + which * s->key_bytes, s->key_bytes);
	memcpy(params.salt, material + 2 * (size_t)s->key_bytes + which * s->salt_bytes,
		s->salt_bytes);
	return params;
}

bool dtls_keys(const struct dtls *d, struct srtp_params *ret_in, struct srtp_params *ret_out)
{
	static const char label[] = "EXTRACTOR-dtls_srtp";
	uint8_t material[2 * (SRTP_MAX_KEY + SRTP_MAX_SALT)];
	const struct srtp_suite *suite;
	enum srtp_suite_id id;

	if (d->state != DTLS_UP || !d->ssl)
		return false;
	suite = dtls_chosen_suite(d, &id);
	if (!suite || SSL_export_keying_material(d->ssl, material,
			      2 * (size_t)(suite->key_bytes + suite->salt_bytes), label,
			      sizeof(label) - 1, NULL, 0, 0) != 1)
		return false;
	*ret_in = cut_out(material, id, d->role == DTLS_CLIENT ? DTLS_SERVER : DTLS_CLIENT);
	*ret_out = cut_out(material, id, d->role);
	srtp_wipe(material, sizeof(material));
	return true;
}

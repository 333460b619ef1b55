/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What SRTP alone costs: CPU us per packet of 160 bytes of payload, by libsrtp2 as packaged, by
 * this kit's own (OpenSSL directly, contexts set up once per stream), and by the daemon's. */
#include "sdes.h"
#include "srtp/srtp.h"
#include "util.h"
#include <arpa/inet.h>
#include <math.h>
#include <openssl/evp.h>
#include <srtp2/srtp.h>
#include <stdlib.h>
#include <string.h>

enum { PACKET = 172, PACKETS = 20000, STREAMS = 500, ROUNDS = 5 };

/* Many streams in turn, so that contexts come from a cold cache, as they do in a proxy. */
static struct stream {
	srtp_t out, in;
	struct sdes *seal, *open;
	struct srtp_context *protect, *unprotect;
	uint16_t seq;
} s[STREAMS];

static void new_packet(struct stream *t, uint8_t *p)
{
	uint16_t seq = htons(t->seq++);
	memset(p, 0x55, PACKET);
	p[0] = 0x80;
	p[1] = 0;
	memcpy(p + 2, &seq, 2);
}

static void lib_protect(struct stream *t)
{
	uint8_t p[256];
	int len = PACKET;
	new_packet(t, p);
	if (srtp_protect(t->out, p, &len) != srtp_err_status_ok)
		die("protect failed");
}

static void lib_both(struct stream *t)
{
	uint8_t p[256];
	int len = PACKET;
	new_packet(t, p);
	if (srtp_protect(t->out, p, &len) != srtp_err_status_ok ||
		srtp_unprotect(t->in, p, &len) != srtp_err_status_ok)
		die("protect or unprotect failed");
}

static void own_seal(struct stream *t)
{
	uint8_t p[256];
	new_packet(t, p);
	sdes_seal(t->seal, p, PACKET);
}

static void own_both(struct stream *t)
{
	uint8_t p[256];
	new_packet(t, p);
	if (sdes_open(t->open, p, sdes_seal(t->seal, p, PACKET)) != PACKET)
		die("open failed");
}

static void daemon_protect(struct stream *t)
{
	uint8_t p[256];
	size_t len = PACKET;
	new_packet(t, p);
	if (srtp_context_rtp(t->protect, p, &len, sizeof p) != SRTP_OK)
		die("protect failed");
}

static void daemon_both(struct stream *t)
{
	uint8_t p[256];
	size_t len = PACKET;
	new_packet(t, p);
	if (srtp_context_rtp(t->protect, p, &len, sizeof p) != SRTP_OK ||
		srtp_context_rtp(t->unprotect, p, &len, sizeof p) != SRTP_OK)
		die("protect or unprotect failed");
}

static void new_contexts(struct stream *t, const char *suite, const uint8_t *key)
{
	int id = srtp_suite_find(str_of(suite));
	struct srtp_params p = { .suite = (uint8_t)id };
	const struct srtp_suite *row = srtp_suite((enum srtp_suite_id)id);
	memcpy(p.key, key, row->key_bytes);
	memcpy(p.salt, key + row->key_bytes, row->salt_bytes);
	t->protect = srtp_context_new(&p, SRTP_PROTECT, NULL);
	t->unprotect = srtp_context_new(&p, SRTP_UNPROTECT, NULL);
	if (!t->protect || !t->unprotect)
		die("no SRTP context");
}

static void new_streams(const char *suite)
{
	uint8_t key[30];
	char text[64];
	srtp_policy_t p = { 0 };
	if (!strcmp(suite, "AEAD_AES_128_GCM"))
		srtp_crypto_policy_set_aes_gcm_128_16_auth(&p.rtp);
	else
		srtp_crypto_policy_set_rtp_default(&p.rtp);
	p.rtcp = p.rtp;
	p.key = key;
	for (int i = 0; i < STREAMS; i++) {
		for (size_t k = 0; k < sizeof key; k++)
			key[k] = (uint8_t)rnd32();
		EVP_EncodeBlock((uint8_t *)text, key, p.rtp.cipher_key_len);
		s[i].seal = sdes_new(suite, text);
		s[i].open = sdes_new(suite, text);
		new_contexts(&s[i], suite, key);
		p.ssrc.type = ssrc_any_outbound;
		if (srtp_create(&s[i].out, &p) != srtp_err_status_ok)
			die("libsrtp failed");
		p.ssrc.type = ssrc_any_inbound;
		if (srtp_create(&s[i].in, &p) != srtp_err_status_ok)
			die("libsrtp failed");
		s[i].seq = 1;
	}
}

static double measure(void (*f)(struct stream *))
{
	double best = 1e9;
	for (int r = 0; r < ROUNDS; r++) {
		uint64_t t = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
		for (int i = 0; i < PACKETS; i++)
			f(&s[i % STREAMS]);
		best = fmin(best, (double)(clock_ns(CLOCK_PROCESS_CPUTIME_ID) - t) / 1e3 / PACKETS);
	}
	return best;
}

int main(int argc, char **argv)
{
	static const char *suites[] = { "AES_CM_128_HMAC_SHA1_80", "AEAD_AES_128_GCM" };
	if (argc == 3 && !strcmp(argv[1], "--cpu"))
		pin_self(atoi(argv[2]));
	else if (argc > 1)
		die("usage: cryptofloor [--cpu N]");
	srtp_init();
	for (size_t i = 0; i < COUNT(suites); i++) {
		struct report r = { 0 };
		rep_str(&r, "mode", "cryptofloor");
		rep_str(&r, "suite", suites[i]);
		/* Fresh streams for each: a receiver must have seen what was sent. */
		new_streams(suites[i]);
		double p = measure(lib_protect);
		new_streams(suites[i]);
		double b = measure(lib_both);
		rep_num(&r, "libsrtp2_protect_us", p, "us");
		rep_num(&r, "libsrtp2_unprotect_us", b - p, "us");
		new_streams(suites[i]);
		p = measure(own_seal);
		new_streams(suites[i]);
		b = measure(own_both);
		rep_num(&r, "openssl_seal_us", p, "us");
		rep_num(&r, "openssl_open_us", b - p, "us");
		new_streams(suites[i]);
		p = measure(daemon_protect);
		new_streams(suites[i]);
		b = measure(daemon_both);
		rep_num(&r, "daemon_protect_us", p, "us");
		rep_num(&r, "daemon_unprotect_us", b - p, "us");
		rep_print(&r, false);
	}
	return 0;
}

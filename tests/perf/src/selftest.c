/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Checks of the parts that judge others: they must pass what is right and fail what is wrong. */
#include "bencode.h"
#include "codec.h"
#include "sdes.h"
#include "sdp.h"
#include "util.h"
#include <math.h>
#include <openssl/evp.h>
#include <srtp2/srtp.h>
#include <string.h>

static int failed;

static void check(bool ok, const char *what, const char *detail)
{
	if (!ok) {
		printf("FAILED: %s %s\n", what, detail);
		failed++;
	}
}

static void test_codec(const char *name, double snr)
{
	const struct codec *c = codec_find(name);

	if (!c) {
		printf("# built without %s\n", name);
		return;
	}
	int16_t *pcm = xcalloc((CLIP_FRAMES + 1) * FRAME_MAX, sizeof *pcm);
	for (int v = 0; v < TONE_VARIANTS; v++) {
		struct clip *clip = clip_make(c, "tones", v);
		void *st = c->dec_new();
		int n = 0, skip = c->rate / 5;
		for (int i = 0; i < CLIP_FRAMES; i++)
			n += c->decode(st, clip->frame[i].data, clip->frame[i].len, pcm + n);
		check(n == c->rate * 2, "decoded length", name);
		struct tone_result right = tone_check(pcm + skip, n - skip, c->rate, v);
		struct tone_result wrong = tone_check(
			pcm + skip, n - skip, c->rate, (v + 1) % TONE_VARIANTS);
		check(right.snr_db > snr && fabs(right.level_db[0]) < 3 &&
				fabs(right.level_db[1]) < 3,
			"right tones", name);
		check(wrong.snr_db < 0, "another call's tones", name);
	}
	memset(pcm, 0, (size_t)c->rate * sizeof *pcm);
	check(tone_check(pcm, c->rate, c->rate, 0).snr_db < 1, "silence", name);
}

/* Our SRTP against libsrtp2, both ways, over a sequence number's rollover. */
static void test_srtp(const char *suite, bool gcm)
{
	uint8_t key[30], p[256], want[256];
	char text[64];
	srtp_policy_t pol = { 0 };
	srtp_t in, out;

	for (int i = 0; i < 30; i++)
		key[i] = (uint8_t)rnd32();
	EVP_EncodeBlock((uint8_t *)text, key, gcm ? 28 : 30);
	struct sdes *a = sdes_new(suite, text), *b = sdes_new(suite, text);
	if (gcm)
		srtp_crypto_policy_set_aes_gcm_128_16_auth(&pol.rtp);
	else
		srtp_crypto_policy_set_rtp_default(&pol.rtp);
	pol.rtcp = pol.rtp;
	pol.key = key;
	pol.ssrc.type = ssrc_any_outbound;
	check(srtp_create(&out, &pol) == srtp_err_status_ok, "libsrtp", suite);
	pol.ssrc.type = ssrc_any_inbound;
	check(srtp_create(&in, &pol) == srtp_err_status_ok, "libsrtp", suite);
	for (int i = 65500; i < 65600; i++) {
		int len = 172, n;
		for (int k = 0; k < len; k++)
			want[k] = (uint8_t)(k * 7 + i);
		want[0] = 0x80;
		want[1] = 0;
		want[2] = (uint8_t)(i >> 8);
		want[3] = (uint8_t)i;
		memset(want + 8, 9, 4);
		memcpy(p, want, 172);
		n = sdes_seal(a, p, len);
		check(n > len && memcmp(p + 12, want + 12, 160), "SRTP: seal", suite);
		check(srtp_unprotect(in, p, &n) == srtp_err_status_ok && n == len &&
				!memcmp(p, want, 172),
			"SRTP: seal, libsrtp opens", suite);
		n = len;
		check(srtp_protect(out, p, &n) == srtp_err_status_ok, "libsrtp", suite);
		check(sdes_open(b, p, n) == len && !memcmp(p, want, 172),
			"SRTP: libsrtp seals, open", suite);
	}
	memcpy(p, want, 172);
	int n = sdes_seal(a, p, 172);
	p[100] ^= 1;
	check(sdes_open(b, p, n) < 0, "SRTP: forged", suite);
}

int main(void)
{
	srtp_init();
	test_srtp("AES_CM_128_HMAC_SHA1_80", false);
	test_srtp("AEAD_AES_128_GCM", true);
	test_codec("PCMU", 30);
	test_codec("PCMA", 30);
	test_codec("G722", 25);
	test_codec("G729", 6);
	test_codec("opus", 25);

	struct hist h = { 0 };
	for (uint64_t i = 1; i <= 1000; i++)
		hist_add(&h, i * 1000);
	check(fabs(hist_us(&h, 50) - 500) < 20 && fabs(hist_us(&h, 99) - 990) < 40, "histogram",
		"");
	check(h.max == 1000000 && hist_us(&h, 100) <= 1000, "histogram maximum", "");

	const char *v;
	size_t n;
	static const char msg[] = "d3:agei7e4:listli1ed1:xi2eee6:result2:oke";
	check(be_get(msg, sizeof msg - 1, "result", &v, &n) && n == 2 && !memcmp(v, "ok", 2),
		"bencode", "");
	check(!be_get(msg, sizeof msg - 1, "x", &v, &n), "bencode: inner key", "");
	for (size_t i = 0; i < sizeof msg - 1; i++) /* cut off anywhere: no crash, no match */
		check(!be_get(msg, i, "result", &v, &n) || i >= sizeof msg - 2, "bencode: cut off",
			"");

	struct sdp_info in;
	static const char sdp[] = "v=0\r\nc=IN IP4 127.0.0.1\r\nm=audio 4000 RTP/SAVP 96 "
				  "0\r\na=rtpmap:96 opus/48000/2\r\n"
				  "a=crypto:1 AEAD_AES_256_GCM inline:AAAA\r\na=crypto:2 "
				  "AES_CM_128_HMAC_SHA1_80 inline:BBBB|2^20\r\n"
				  "m=audio 5000 RTP/AVP 8\r\na=rtpmap:97 opus/48000/2\r\n";
	check(sdp_read(sdp, sizeof sdp - 1, "opus/48000/2", "AES_CM_128_HMAC_SHA1_80", &in) &&
			in.port == 4000 && in.pt == 96 && !strcmp(in.crypto_tag, "2") &&
			!strcmp(in.crypto_key, "BBBB"),
		"session description", "");
	check(sdp_read(sdp, sizeof sdp - 1, "PCMU/8000", NULL, &in) && in.pt == -1,
		"session description: no codec", "");
	if (!failed)
		puts("selftest ok");
	return failed != 0;
}

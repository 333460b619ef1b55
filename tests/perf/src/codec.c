/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "codec.h"
#include "util.h"
#include <math.h>
#include <string.h>
#ifdef HAVE_BCG729
#include <bcg729/decoder.h>
#include <bcg729/encoder.h>
#endif
#ifdef HAVE_OPUS
#include <opus/opus.h>
#endif
#ifdef HAVE_SPANDSP
#include <spandsp.h>
#endif

/* ---- G.711 ---- */

static uint8_t ulaw_enc(int v)
{
	int sign = v < 0 ? 0x80 : 0, exp = 7;
	v = (v < 0 ? -v : v) + 132;
	if (v > 32767)
		v = 32767;
	while (exp > 0 && !(v & (1 << (exp + 7))))
		exp--;
	return (uint8_t) ~(sign | exp << 4 | ((v >> (exp + 3)) & 15));
}

static int16_t ulaw_dec(uint8_t u)
{
	u = (uint8_t)~u;
	int v = (((u & 15) << 3) + 132) << ((u >> 4) & 7);
	return (int16_t)(u & 0x80 ? 132 - v : v - 132);
}

static uint8_t alaw_enc(int v)
{
	int sign = v >= 0 ? 0x80 : 0, exp = 7;
	v = v >= 0 ? v : -v - 1;
	while (exp > 0 && !(v & (1 << (exp + 7))))
		exp--;
	int mant = exp ? (v >> (exp + 3)) & 15 : (v >> 4) & 15;
	return (uint8_t)((sign | exp << 4 | mant) ^ 0x55);
}

static int16_t alaw_dec(uint8_t a)
{
	a ^= 0x55;
	int exp = (a >> 4) & 7, v = ((a & 15) << 4) + 8;
	if (exp)
		v = (v + 256) << (exp - 1);
	return (int16_t)(a & 0x80 ? v : -v);
}

static void *no_state(void)
{
	static char c;
	return &c;
}

static int pcmu_enc(void *st, const int16_t *pcm, uint8_t *out)
{
	(void)st;
	for (int i = 0; i < 160; i++)
		out[i] = ulaw_enc(pcm[i]);
	return 160;
}

static int pcmu_dec(void *st, const uint8_t *in, int len, int16_t *pcm)
{
	(void)st;
	for (int i = 0; i < len; i++)
		pcm[i] = ulaw_dec(in[i]);
	return len;
}

static int pcma_enc(void *st, const int16_t *pcm, uint8_t *out)
{
	(void)st;
	for (int i = 0; i < 160; i++)
		out[i] = alaw_enc(pcm[i]);
	return 160;
}

static int pcma_dec(void *st, const uint8_t *in, int len, int16_t *pcm)
{
	(void)st;
	for (int i = 0; i < len; i++)
		pcm[i] = alaw_dec(in[i]);
	return len;
}

/* ---- G.722 (spandsp) ---- */
#ifdef HAVE_SPANDSP

static void *g722_enc_new(void)
{
	return g722_encode_init(NULL, 64000, 0);
}
static void *g722_dec_new(void)
{
	return g722_decode_init(NULL, 64000, 0);
}
static int g722_enc(void *st, const int16_t *pcm, uint8_t *out)
{
	return g722_encode(st, out, pcm, 320);
}
static int g722_dec(void *st, const uint8_t *in, int len, int16_t *pcm)
{
	return g722_decode(st, pcm, in, len);
}
#endif

/* ---- G.729 (bcg729) ---- */
#ifdef HAVE_BCG729

static void *g729_enc_new(void)
{
	return initBcg729EncoderChannel(0);
}
static void *g729_dec_new(void)
{
	return initBcg729DecoderChannel();
}

static int g729_enc(void *st, const int16_t *pcm, uint8_t *out)
{
	uint8_t n;
	bcg729Encoder(st, pcm, out, &n);
	bcg729Encoder(st, pcm + 80, out + 10, &n);
	return 20;
}

static int g729_dec(void *st, const uint8_t *in, int len, int16_t *pcm)
{
	int n = 0;
	for (; len >= 10; len -= 10, in += 10, n += 80)
		bcg729Decoder(st, in, 10, 0, 0, 0, pcm + n);
	return n;
}
#endif

/* ---- Opus ---- */
#ifdef HAVE_OPUS

static void *opus_enc_new(void)
{
	int err;
	OpusEncoder *e = opus_encoder_create(48000, 1, OPUS_APPLICATION_VOIP, &err);
	opus_encoder_ctl(e, OPUS_SET_BITRATE(32000));
	return e;
}

static void *opus_dec_new(void)
{
	int err;
	return opus_decoder_create(48000, 1, &err);
}
static int opus_enc(void *st, const int16_t *pcm, uint8_t *out)
{
	return opus_encode(st, pcm, 960, out, PAYLOAD_MAX);
}

static int opus_dec(void *st, const uint8_t *in, int len, int16_t *pcm)
{
	int n = opus_decode(st, in, len, pcm, FRAME_MAX, 0);
	return n > 0 ? n : 0;
}
#endif

static const struct codec codecs[] = {
	{ "PCMU", "PCMU/8000", "PCMU", NULL, 0, 8000, 160, false, no_state, pcmu_enc, no_state,
		pcmu_dec },
	{ "PCMA", "PCMA/8000", "PCMA", NULL, 8, 8000, 160, false, no_state, pcma_enc, no_state,
		pcma_dec },
#ifdef HAVE_SPANDSP
	{ "G722", "G722/8000", "G722", NULL, 9, 16000, 160, false, g722_enc_new, g722_enc,
		g722_dec_new, g722_dec },
#endif
#ifdef HAVE_BCG729
	{ "G729", "G729/8000", "G729", "annexb=no", 18, 8000, 160, false, g729_enc_new, g729_enc,
		g729_dec_new, g729_dec },
#endif
#ifdef HAVE_OPUS
	{ "opus", "opus/48000/2", "opus", "useinbandfec=0", 111, 48000, 960, true, opus_enc_new,
		opus_enc, opus_dec_new, opus_dec },
#endif
};

const struct codec *codec_find(const char *key)
{
	for (size_t i = 0; i < COUNT(codecs); i++)
		if (!strcmp(codecs[i].key, key))
			return &codecs[i];
	return NULL;
}

/* ---- signals ---- */

/* Multiples of 10 Hz, so that 100 ms holds whole cycles, and no DTMF pairs. */
static const int tone_hz[TONE_VARIANTS][2] = {
	{ 350, 1130 },
	{ 420, 1170 },
	{ 450, 1060 },
	{ 480, 1250 },
	{ 510, 1310 },
	{ 540, 1020 },
	{ 570, 1390 },
	{ 610, 1440 },
};
static const double tone_amp = 6000;

static double hiss(int64_t i)
{
	uint64_t x = (uint64_t)i * 0x9e3779b97f4a7c15ull + 1;
	x ^= x >> 31;
	x *= 0xbf58476d1ce4e5b9ull;
	x ^= x >> 27;
	return (double)(x & 0xffff) / 32768 - 1;
}

/* 250 ms syllables: four with voiced vowels and a noisy onset, then one pause in five. */
static double speech_at(double t, int64_t i, int variant)
{
	static const double formant[4][3] = {
		{ 730, 1090, 2440 },
		{ 270, 2290, 3010 },
		{ 300, 870, 2240 },
		{ 530, 1840, 2480 },
	};
	int syl = (int)(t / 0.25) + variant;
	double u = fmod(t, 0.25) / 0.25, v = 0;
	if (syl % 5 == 4)
		return hiss(i) * 20;
	if (u < 0.2)
		return hiss(i) * 1500 * sin(M_PI * u / 0.2);
	double env = sin(M_PI * (u - 0.2) / 0.8);
	double ph = 2 * M_PI * (115 + 5 * variant) * t + 3 * sin(2 * M_PI * 1.0 * t);
	for (int k = 1; k <= 28; k++) {
		double f = k * 120.0, g = 0;
		for (int j = 0; j < 3; j++) {
			double d = (f - formant[syl & 3][j]) / (60 + 40 * j);
			g += 1 / (1 + d * d) / (1 + j);
		}
		v += (g + 0.01) * sin(k * ph);
	}
	return env * v * 6000;
}

void signal_make(const char *kind, int variant, int rate, int64_t pos, int n, int16_t *pcm)
{
	bool speech = !strcmp(kind, "speech");
	for (int i = 0; i < n; i++) {
		double t = (double)(pos + i) / rate, v;
		if (speech)
			v = speech_at(t, pos + i, variant);
		else
			v = tone_amp * (sin(2 * M_PI * tone_hz[variant][0] * t) +
					       sin(2 * M_PI * tone_hz[variant][1] * t));
		pcm[i] = (int16_t)lrint(fmax(-32000, fmin(32000, v)));
	}
}

struct clip *clip_make(const struct codec *c, const char *kind, int variant)
{
	struct clip *clip = xcalloc(1, sizeof *clip);
	int16_t pcm[FRAME_MAX];
	void *st = c->enc_new();
	int n = c->rate / 50;
	/* Twice round, keeping the second, so that the loop has no seam. */
	for (int i = 0; i < 2 * CLIP_FRAMES; i++) {
		signal_make(kind, variant, c->rate, (int64_t)(i % CLIP_FRAMES) * n, n, pcm);
		int len = c->encode(st, pcm, clip->frame[i % CLIP_FRAMES].data);
		if (len <= 0)
			die("%s encoder failed", c->key);
		clip->frame[i % CLIP_FRAMES].len = (uint16_t)len;
	}
	return clip;
}

struct tone_result tone_check(const int16_t *pcm, int n, int rate, int variant)
{
	struct tone_result r = { 0 };
	int block = rate / 10;
	double total = 0, power[2] = { 0 };

	for (int b = 0; b + block <= n; b += block, r.blocks++) {
		double s[2] = { 0 }, c[2] = { 0 };
		for (int i = 0; i < block; i++) {
			double x = pcm[b + i];
			total += x * x / block;
			for (int k = 0; k < 2; k++) {
				double w = 2 * M_PI * tone_hz[variant][k] * i / rate;
				s[k] += x * sin(w);
				c[k] += x * cos(w);
			}
		}
		for (int k = 0; k < 2; k++)
			power[k] += 2 * (s[k] * s[k] + c[k] * c[k]) / ((double)block * block);
	}
	if (!r.blocks)
		return r;
	double rest = fmax(total - power[0] - power[1], 1e-3);
	r.snr_db = 10 * log10(fmax(power[0] + power[1], 1e-3) / rest);
	for (int k = 0; k < 2; k++)
		r.level_db[k] = 10 *
				log10(fmax(power[k], 1e-3) / r.blocks / (tone_amp * tone_amp / 2));
	return r;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One band of G.722 (Rec. ITU-T G.722, 11/88, section 3): the predictor, which encoder and decoder
 * move in the same way by each quantised difference. Arithmetic is that of the recommendation to
 * the last bit; in comments its names of signals.
 *
 * Inline, since it is most of the codec's work and its callers are loops.
 */
#ifndef CODECS_G722_BAND_H
#define CODECS_G722_BAND_H

#include <stdint.h>
#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

enum {
	BAND_ZEROS = 6,
	BAND_LANES = 8, /* of a vector; those behind the zeros are always 0 */
};

struct band {
	int16_t d[BAND_LANES]; /* DLT, the newest first */
	int16_t b[BAND_LANES]; /* BL: coefficients of the zeros */
	int a1, a2;            /* AL: of the poles */
	int twice_r;           /* RLT, doubled */
	int sign, sign_before; /* of PLT: 0, or -1 for negative */
	int s, sz;             /* SL, SZL: the prediction, and the zeros' part of it */
	int nb;                /* NBL: the step, as a logarithm */
	int det;               /* DETL: the step */
};

static inline int band_clamp(int v, int most)
{
	return v > most ? most : v < -most - 1 ? -most - 1 : v;
}

static inline int band_clamp16(int v)
{
	return band_clamp(v, INT16_MAX);
}

/* What LOGSCL and SCALEL do: `shift` is 8 for the lower band, 10 for the higher one. */
static inline void band_scale(struct band *p, int move, int most, int shift)
{
	static const uint16_t ilb[32] = { 2048, 2093, 2139, 2186, 2233, 2282, 2332, 2383, 2435,
		2489, 2543, 2599, 2656, 2714, 2774, 2834, 2896, 2960, 3025, 3091, 3158, 3228, 3298,
		3371, 3444, 3520, 3597, 3676, 3756, 3838, 3922, 4008 };
	int nb = (p->nb * 127 >> 7) + move;

	p->nb = nb < 0 ? 0 : nb > most ? most : nb;
	/* At the top of the scale the shift is one to the left. */
	p->det = (ilb[p->nb >> 6 & 31] << 1 >> (shift + 1 - (p->nb >> 11))) << 2;
}

/* FILTEZ, when sums may be out of range on the way. */
static inline int band_zeros_plain(const struct band *p)
{
	int sum = 0;

	for (int i = BAND_ZEROS - 1; i >= 0; i--)
		sum = band_clamp16(sum + (band_clamp16(2 * p->d[i]) * p->b[i] >> 15));
	return sum;
}

/* UPZERO, DELAYA, FILTEZ: the coefficients, then the delay line move by `d`; SZL. */
static inline int band_move_zeros_plain(struct band *p, int d)
{
	int step = d ? 128 : 0;

	for (int i = 0; i < BAND_ZEROS; i++)
		p->b[i] = (int16_t)((p->b[i] * 32640 >> 15) + ((p->d[i] ^ d) < 0 ? -step : step));
	memmove(p->d + 1, p->d, (BAND_ZEROS - 1) * sizeof(p->d[0]));
	p->d[0] = (int16_t)d;
	return band_zeros_plain(p);
}

#ifdef __SSE2__

static inline int band_move_zeros(struct band *p, int d)
{
	enum { HARMLESS = INT16_MAX / BAND_ZEROS };
	const __m128i zeros = _mm_setr_epi16(-1, -1, -1, -1, -1, -1, 0, 0);
	const __m128i most = _mm_set1_epi32(HARMLESS);
	__m128i line = _mm_loadu_si128((const __m128i *)p->d);
	__m128i b = _mm_loadu_si128((const __m128i *)p->b);
	__m128i step = _mm_and_si128(_mm_set1_epi16(d ? 128 : 0), zeros);
	__m128i turn = _mm_srai_epi16(_mm_xor_si128(line, _mm_set1_epi16((int16_t)d)), 15);
	__m128i high, low, first, second, sum, wild;

	/* b * 32640 >> 15 is b + (b * -256 >> 16). */
	b = _mm_add_epi16(b, _mm_mulhi_epi16(b, _mm_set1_epi16(-256)));
	b = _mm_add_epi16(b, _mm_sub_epi16(_mm_xor_si128(step, turn), turn));
	line = _mm_insert_epi16(
		_mm_slli_si128(_mm_and_si128(line, _mm_srli_si128(zeros, 2)), 2), d, 0);
	_mm_storeu_si128((__m128i *)p->b, b);
	_mm_storeu_si128((__m128i *)p->d, line);

	line = _mm_adds_epi16(line, line);
	low = _mm_mullo_epi16(line, b);
	high = _mm_mulhi_epi16(line, b);
	first = _mm_srai_epi32(_mm_unpacklo_epi16(low, high), 15);
	second = _mm_srai_epi32(_mm_unpackhi_epi16(low, high), 15);
	/* Terms as small as these cannot leave the range in any order. */
	wild = _mm_or_si128(_mm_cmpgt_epi32(first, most), _mm_cmpgt_epi32(second, most));
	wild = _mm_or_si128(wild, _mm_cmplt_epi32(first, _mm_sub_epi32(_mm_setzero_si128(), most)));
	wild = _mm_or_si128(
		wild, _mm_cmplt_epi32(second, _mm_sub_epi32(_mm_setzero_si128(), most)));
	if (__builtin_expect(_mm_movemask_epi8(wild), 0))
		return band_zeros_plain(p);
	sum = _mm_add_epi32(first, second);
	sum = _mm_add_epi32(sum, _mm_srli_si128(sum, 8));
	sum = _mm_add_epi32(sum, _mm_srli_si128(sum, 4));
	return _mm_cvtsi128_si32(sum);
}

#else

static inline int band_move_zeros(struct band *p, int d)
{
	return band_move_zeros_plain(p, d);
}

#endif

/* UPPOL2 and UPPOL1; `same`: -1 where PLT has the sign of the one before, else 0; `same2`: two before. */
static inline void band_move_poles(struct band *p, int same, int same2)
{
	int turned = (band_clamp16(4 * p->a1) ^ same) - same;
	int a2 = ((turned > INT16_MAX ? INT16_MAX : turned) >> 7) - (128 ^ same2) + same2 +
		 (p->a2 * 32512 >> 15);
	int a1, limit;

	a2 = a2 > 12288 ? 12288 : a2 < -12288 ? -12288 : a2;
	limit = 15360 - a2;
	a1 = (p->a1 * 32640 >> 15) - ((192 ^ same) - same);
	p->a1 = a1 > limit ? limit : a1 < -limit ? -limit : a1;
	p->a2 = a2;
}

/* Block 4, ADAPTIVE PREDICTION: what follows the quantised difference `d`. */
static inline void band_move(struct band *p, int d)
{
	int twice_r = band_clamp16(2 * band_clamp16(p->s + d));
	int sign = (p->sz + d) >> 31;
	int sp;

	band_move_poles(p, ~(sign ^ p->sign), ~(sign ^ p->sign_before));
	p->sz = band_move_zeros(p, d);
	sp = band_clamp16((p->a1 * twice_r >> 15) + (p->a2 * p->twice_r >> 15));
	p->s = band_clamp16(sp + p->sz);
	p->twice_r = twice_r;
	p->sign_before = p->sign;
	p->sign = sign;
}

/* ---- what differs between the bands ---- */

enum { BAND_LOW_DET = 32, BAND_HIGH_DET = 8 };

/* INVQAL, LOGSCL, SCALEL and block 4; `code`: the upper four bits of ILR. */
static inline void band_move_low(struct band *p, unsigned code)
{
	static const int16_t qm4[16] = { 0, -20456, -12896, -8968, -6288, -4240, -2584, -1200,
		20456, 12896, 8968, 6288, 4240, 2584, 1200, 0 };
	static const int16_t wl[16] = { -60, 3042, 1198, 538, 334, 172, 58, -30, 3042, 1198, 538,
		334, 172, 58, -30, -60 };
	int d = p->det * qm4[code] >> 15;

	band_scale(p, wl[code], 18432, 8);
	band_move(p, d);
}

/* INVQAH, LOGSCH, SCALEH and block 4: DH, by which the band has moved. */
static inline int band_move_high(struct band *p, unsigned code)
{
	static const int16_t qm2[4] = { -7408, -1616, 7408, 1616 };
	static const int16_t wh[4] = { 798, -214, 798, -214 };
	int d = p->det * qm2[code] >> 15;

	band_scale(p, wh[code], 22528, 10);
	band_move(p, d);
	return d;
}

#endif

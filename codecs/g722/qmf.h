/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The quadrature mirror filter of G.722 (3.1, 4.4): two inner products of the same 24 values. */
#ifndef CODECS_G722_QMF_H
#define CODECS_G722_QMF_H

#include "coder.h"

struct qmf_taps {
	int16_t a[QMF_TAPS], b[QMF_TAPS];
};

/* Both products with `x`, which is read as far as QMF_TAPS. */
static inline void qmf_products(
	const struct qmf_taps *taps, const int16_t *x, int *ret_a, int *ret_b)
{
#ifdef __SSE2__
	__m128i a = _mm_setzero_si128(), b = a;

	for (int i = 0; i < QMF_TAPS; i += 8) {
		__m128i v = _mm_loadu_si128((const __m128i *)(x + i));

		a = _mm_add_epi32(
			a, _mm_madd_epi16(v, _mm_loadu_si128((const __m128i *)(taps->a + i))));
		b = _mm_add_epi32(
			b, _mm_madd_epi16(v, _mm_loadu_si128((const __m128i *)(taps->b + i))));
	}
	a = _mm_add_epi32(_mm_unpacklo_epi32(a, b), _mm_unpackhi_epi32(a, b));
	a = _mm_add_epi32(a, _mm_srli_si128(a, 8));
	*ret_a = _mm_cvtsi128_si32(a);
	*ret_b = _mm_cvtsi128_si32(_mm_srli_si128(a, 4));
#else
	*ret_a = *ret_b = 0;
	for (int i = 0; i < QMF_TAPS; i++) {
		*ret_a += taps->a[i] * x[i];
		*ret_b += taps->b[i] * x[i];
	}
#endif
}

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The encoder: both bands of a run of samples first, then the codes of one pair after another. */
#include "coder.h"
#include "qmf.h"

enum {
	RUN = 160, /* pairs taken at a time: a usual packet */
	LEVELS = 32,
};

/* Sums are the lower band, differences the higher one. */
static const struct qmf_taps taps = {
	.a = { 3, -11, -11, 53, 12, -156, 32, 362, -210, -805, 951, 3876, 3876, 951, -805, -210,
		362, 32, -156, 12, 53, -11, -11, 3 },
	.b = { -3, -11, 11, 53, -12, -156, -32, 362, 210, -805, -951, 3876, -3876, 951, 805, -210,
		-362, 32, 156, 12, -53, -11, 11, 3 },
};

void g722_encoder_init(struct g722_encoder *self)
{
	*self = (struct g722_encoder){ .low.det = BAND_LOW_DET, .high.det = BAND_HIGH_DET };
}

/* Decision levels Q6, times 16: with a step of 15 bits the upper half of the product is theirs. */
static const uint16_t q6[LEVELS] = { 35 * 16, 72 * 16, 110 * 16, 150 * 16, 190 * 16, 233 * 16,
	276 * 16, 323 * 16, 370 * 16, 422 * 16, 473 * 16, 530 * 16, 587 * 16, 650 * 16, 714 * 16,
	786 * 16, 858 * 16, 940 * 16, 1023 * 16, 1121 * 16, 1219 * 16, 1339 * 16, 1458 * 16,
	1612 * 16, 1765 * 16, 1980 * 16, 2195 * 16, 2557 * 16, 2919 * 16 };

enum { USED_LEVELS = 29 };

/* How many levels of a step do not exceed `size`, which is not negative. */
static inline unsigned levels_passed(int det, int size)
{
#ifdef __SSE2__
	const __m128i step = _mm_set1_epi16((int16_t)det), s = _mm_set1_epi16((int16_t)size);
	const __m128i *q = (const __m128i *)q6;
	__m128i above[4];
	unsigned mask;

	for (int i = 0; i < 4; i++)
		above[i] = _mm_cmpgt_epi16(_mm_mulhi_epu16(_mm_loadu_si128(q + i), step), s);
	mask = (unsigned)_mm_movemask_epi8(_mm_packs_epi16(above[0], above[1])) |
	       (unsigned)_mm_movemask_epi8(_mm_packs_epi16(above[2], above[3])) << 16;
	return (unsigned)__builtin_ctz(mask | 1u << USED_LEVELS);
#else
	unsigned n = 0;

	while (n < USED_LEVELS && (int)(q6[n] * (unsigned)det >> 16) <= size)
		n++;
	return n;
#endif
}

/* SUBTRA and QUANTL: six bits. */
static inline unsigned quantise_low(const struct band *p, int x)
{
	int e = band_clamp16(x - p->s), sign = e >> 31;
	unsigned n = levels_passed(p->det, e ^ sign);

	/* From 61 down, but that the two smallest negative ones stand at the upper end. */
	if (!sign)
		return 61 - n;
	return n < 2 ? 63 - n : 33 - n;
}

/* SUBTRA and QUANTH: two bits. */
static inline unsigned quantise_high(const struct band *p, int x)
{
	int e = band_clamp16(x - p->s), sign = e >> 31;
	unsigned small = (e ^ sign) < (564 * p->det >> 12);

	return (sign ? 0 : 2) + small;
}

static void encode_run(struct g722_encoder *self, const int16_t *x, size_t pairs, uint8_t *out)
{
	struct band low = self->low, high = self->high;

	for (size_t i = 0; i < pairs; i++, x += 2) {
		int sum, difference;
		unsigned code_low, code_high;

		qmf_products(&taps, x, &sum, &difference);
		code_low = quantise_low(&low, sum >> 14);
		code_high = quantise_high(&high, difference >> 14);
		out[i] = (uint8_t)(code_high << 6 | code_low);
		band_move_low(&low, code_low >> 2);
		band_move_high(&high, code_high);
	}
	self->low = low;
	self->high = high;
}

void g722_encode(struct g722_encoder *self, const int16_t *in, size_t pairs, uint8_t *out)
{
	int16_t x[QMF_HISTORY + 2 * RUN];

	memcpy(x, self->history, sizeof(self->history));
	while (pairs) {
		size_t run = pairs < RUN ? pairs : RUN;

		memcpy(x + QMF_HISTORY, in, 2 * run * sizeof(*in));
		encode_run(self, x, run, out);
		memmove(x, x + 2 * run, sizeof(self->history));
		in += 2 * run;
		out += run;
		pairs -= run;
	}
	memcpy(self->history, x, sizeof(self->history));
}

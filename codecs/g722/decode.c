/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The decoder: both bands of a run of octets first, then samples made of them. */
#include "coder.h"
#include "qmf.h"

enum { RUN = 160 }; /* octets taken at a time: a usual packet */

/* Each sample is made of every other value. */
static const struct qmf_taps taps = {
	.a = { 0, -11, 0, 53, 0, -156, 0, 362, 0, -805, 0, 3876, 0, 951, 0, -210, 0, 32, 0, 12, 0,
		-11, 0, 3 },
	.b = { 3, 0, -11, 0, 12, 0, 32, 0, -210, 0, 951, 0, 3876, 0, -805, 0, 362, 0, -156, 0, 53,
		0, -11, 0 },
};

void g722_decoder_init(struct g722_decoder *self)
{
	*self = (struct g722_decoder){ .low.det = BAND_LOW_DET, .high.det = BAND_HIGH_DET };
}

/* INVQBL, RECONS and LIMIT: RL. */
static inline int rebuild_low(const struct band *p, unsigned code)
{
	static const int16_t qm6[64] = { -136, -136, -136, -136, -24808, -21904, -19008, -16704,
		-14984, -13512, -12280, -11192, -10232, -9360, -8576, -7856, -7192, -6576, -6000,
		-5456, -4944, -4464, -4008, -3576, -3168, -2776, -2400, -2032, -1688, -1360, -1040,
		-728, 24808, 21904, 19008, 16704, 14984, 13512, 12280, 11192, 10232, 9360, 8576,
		7856, 7192, 6576, 6000, 5456, 4944, 4464, 4008, 3576, 3168, 2776, 2400, 2032, 1688,
		1360, 1040, 728, 432, 136, -432, -136 };

	return band_clamp(p->s + (p->det * qm6[code] >> 15), 16383);
}

static void rebuild_run(struct g722_decoder *self, const uint8_t *in, size_t count, int16_t *x)
{
	struct band low = self->low, high = self->high;

	for (size_t i = 0; i < count; i++) {
		int s = high.s, l = rebuild_low(&low, in[i] & 63), h;

		band_move_low(&low, in[i] >> 2 & 15);
		h = band_clamp(s + band_move_high(&high, in[i] >> 6), 16383);
		*x++ = (int16_t)(l + h);
		*x++ = (int16_t)(l - h);
	}
	self->low = low;
	self->high = high;
}

void g722_decode(struct g722_decoder *self, const uint8_t *in, size_t count, int16_t *out)
{
	int16_t x[QMF_HISTORY + 2 * RUN];

	memcpy(x, self->history, sizeof(self->history));
	while (count) {
		size_t run = count < RUN ? count : RUN;

		rebuild_run(self, in, run, x + QMF_HISTORY);
		for (size_t i = 0; i < run; i++) {
			int a, b;

			qmf_products(&taps, x + 2 * i, &a, &b);
			*out++ = (int16_t)band_clamp16(a >> 11);
			*out++ = (int16_t)band_clamp16(b >> 11);
		}
		memmove(x, x + 2 * run, sizeof(self->history));
		in += run;
		count -= run;
	}
	memcpy(self->history, x, sizeof(self->history));
}

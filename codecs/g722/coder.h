/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * G.722 at 64 kbit/s (mode 1), bit for bit that of the recommendation. Samples of 16 kHz, an octet
 * for two of them. Nothing is allocated, any octets are decoded.
 */
#ifndef CODECS_G722_CODER_H
#define CODECS_G722_CODER_H

#include "band.h"

#include <stddef.h>

enum {
	QMF_TAPS = 24,
	QMF_HISTORY = QMF_TAPS - 2,
};

struct g722_encoder {
	struct band low, high;
	int16_t history[QMF_HISTORY]; /* samples */
};

struct g722_decoder {
	struct band low, high;
	int16_t history[QMF_HISTORY]; /* sum and difference of the bands, in turns */
};

void g722_encoder_init(struct g722_encoder *self);
/* `pairs` times two samples into as many octets. */
void g722_encode(struct g722_encoder *self, const int16_t *in, size_t pairs, uint8_t *out);
void g722_decoder_init(struct g722_decoder *self);
/* `count` octets into twice as many samples. */
void g722_decode(struct g722_decoder *self, const uint8_t *in, size_t count, int16_t *out);

#endif

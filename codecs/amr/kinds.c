/* SPDX-License-Identifier: GPL-3.0-or-later */
/* AMR by opencore-amr; AMR-WB decoded by it too, and encoded by vo-amrwbenc. */
#include "amr.h"

#include <string.h>

#include <opencore-amrnb/interf_dec.h>
#include <opencore-amrnb/interf_enc.h>
#include <opencore-amrwb/dec_if.h>
#include <vo-amrwbenc/enc_if.h>

static void narrow_decode(void *decoder, const uint8_t *frame, int16_t *out)
{
	Decoder_Interface_Decode(decoder, frame, out, 0);
}

/* Silence is sent as speech, as by the other codecs here: nothing in the daemon looks for it. */
static void *narrow_open_encoder(void)
{
	return Encoder_Interface_init(0);
}

/* The library filters in place, whatever its prototype says. */
static int narrow_encode(void *encoder, unsigned mode, const int16_t *samples, uint8_t *frame)
{
	int16_t copy[160];

	memcpy(copy, samples, sizeof(copy));
	return Encoder_Interface_Encode(encoder, (enum Mode)mode, copy, frame, 0);
}

static void wide_decode(void *decoder, const uint8_t *frame, int16_t *out)
{
	D_IF_decode(decoder, frame, out, _good_frame);
}

static int wide_encode(void *encoder, unsigned mode, const int16_t *samples, uint8_t *frame)
{
	int16_t copy[320];

	memcpy(copy, samples, sizeof(copy));
	return E_IF_encode(encoder, (int)mode, copy, frame, 0);
}

static const struct amr_coder narrow_coder = { Decoder_Interface_init, Decoder_Interface_exit,
	narrow_decode, narrow_open_encoder, Encoder_Interface_exit, narrow_encode };
static const struct amr_coder wide_coder = { D_IF_init, D_IF_exit, wide_decode, E_IF_init,
	E_IF_exit, wide_encode };

const struct amr_kind amr_narrow = {
	.sample_hz = 8000,
	.frame_samples = 160,
	.modes = 8,
	.bitrate = 6700,
	.bitrates = { 4750, 5150, 5900, 6700, 7400, 7950, 10200, 12200 },
	/* 9 to 11 are other systems' comfort noise: known in length, not to the decoder. */
	.bits = { 95, 103, 118, 134, 148, 159, 204, 244, 39, 43, 38, 37, -1, -1, -1, 0 },
	.class_a = { 42, 49, 55, 58, 61, 75, 65, 81, 39 },
	.types = 9,
	.coder = &narrow_coder,
};

const struct amr_kind amr_wide = {
	.sample_hz = 16000,
	.frame_samples = 320,
	.modes = 9,
	.bitrate = 14250,
	.bitrates = { 6600, 8850, 12650, 14250, 15850, 18250, 19850, 23050, 23850 },
	.bits = { 132, 177, 253, 285, 317, 365, 397, 461, 477, 40, -1, -1, -1, -1, 0, 0 },
	.class_a = { 54, 64, 72, 72, 72, 72, 72, 72, 72, 40 },
	.repeats = 3,
	.types = 10,
	.coder = &wide_coder,
};

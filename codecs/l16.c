/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * L16: samples as they are, most significant byte first (RFC 3551 4.5.11); and X-L16, the same
 * the other way round, which is what sound files have. The shortest codec there is: begin here
 * when writing another.
 */
#include "api/codec.h"
#include "api/host.h"
#include "api/plugin.h"

#include <errno.h>

struct l16 {
	size_t samples; /* of a packet, all channels */
	uint8_t channels;
	unsigned high; /* which of two bytes is the upper one */
};

static const unsigned big_endian = 0, little_endian = 1;

static struct l16 *open_state(const unsigned *high, const struct codec_params *p)
{
	struct l16 *self;

	if (!p->channels || p->channels > CODEC_MAX_CHANNELS || !p->clock_hz ||
		p->clock_hz > CODEC_MAX_SAMPLE_HZ)
		return NULL;
	self = g_new0(struct l16, 1);
	self->channels = p->channels;
	self->high = *high;
	return self;
}

static int open_decoder(const void *data, const struct codec_params *params,
	const struct codec_audio *want, struct codec_audio *ret_audio, void **ret_decoder)
{
	struct l16 *self = open_state(data, params);

	(void)want;
	if (!self)
		return -EINVAL;
	*ret_audio = (struct codec_audio){ params->clock_hz, params->channels };
	*ret_decoder = self;
	return 0;
}

static int open_encoder(const void *data, const struct codec_params *params,
	const struct codec_audio *have, struct codec_audio *ret_audio, size_t *ret_samples,
	void **ret_encoder)
{
	struct l16 *self = open_state(data, params);

	(void)have;
	if (!self)
		return -EINVAL;
	*ret_samples = MIN((size_t)params->clock_hz * params->ptime_ms / 1000,
		CODEC_MAX_PAYLOAD / sizeof(int16_t) / self->channels);
	self->samples = *ret_samples * self->channels;
	*ret_audio = (struct codec_audio){ params->clock_hz, params->channels };
	*ret_encoder = self;
	return 0;
}

static int decode(void *decoder, const uint8_t *payload, size_t len, int16_t *out, size_t max)
{
	const struct l16 *self = decoder;
	size_t samples = MIN(len / sizeof(int16_t) / self->channels, max);

	for (size_t i = 0; i < samples * self->channels; i++)
		out[i] = (int16_t)(payload[2 * i + self->high] << 8 |
				   payload[2 * i + 1 - self->high]);
	return (int)samples;
}

static int encode(void *encoder, const int16_t *samples, uint8_t *out)
{
	const struct l16 *self = encoder;

	for (size_t i = 0; i < self->samples; i++) {
		out[2 * i + self->high] = (uint8_t)((uint16_t)samples[i] >> 8);
		out[2 * i + 1 - self->high] = (uint8_t)samples[i];
	}
	return (int)(self->samples * sizeof(int16_t));
}

static const struct codec_decoder from_be = { open_decoder, g_free, decode, .data = &big_endian };
static const struct codec_decoder from_le = { open_decoder, g_free, decode,
	.data = &little_endian };
static const struct codec_encoder to_be = { open_encoder, g_free, encode, .data = &big_endian };
static const struct codec_encoder to_le = { open_encoder, g_free, encode, .data = &little_endian };

/* A millisecond at 4 kHz. */
static const struct codec_params params = { .clock_hz = 4000, .channels = 1, .ptime_ms = 1 };
static const int16_t samples[] = { 0, 1, -2, 0x1234 };
static const uint8_t bytes_be[] = { 0x00, 0x00, 0x00, 0x01, 0xff, 0xfe, 0x12, 0x34 };
static const uint8_t bytes_le[] = { 0x00, 0x00, 0x01, 0x00, 0xfe, 0xff, 0x34, 0x12 };
static const struct codec_vector vector_be = { &params, bytes_be, 8, samples, 4, 0, true };
static const struct codec_vector vector_le = { &params, bytes_le, 8, samples, 4, 0, true };

static const struct codec l16 = {
	.name = "L16",
	.payload_type = 10,
	.channels = 1,
	.ptime_ms = 20,
	.ptime_min_ms = 20,
	.clock_hz = 44100,
	.silence = 0,
	.decoder = &from_be,
	.encoder = &to_be,
	.vectors = &vector_be,
	.vector_count = 1,
};

static const struct codec x_l16 = {
	.name = "X-L16",
	.payload_type = -1,
	.channels = 1,
	.ptime_ms = 20,
	.clock_hz = 44100,
	.silence = 0,
	.decoder = &from_le,
	.encoder = &to_le,
	.vectors = &vector_le,
	.vector_count = 1,
};

static int init(const struct host *host, void **ret_instance, char *error)
{
	(void)error;
	*ret_instance = NULL;
	host->add_codec(host, &l16);
	host->add_codec(host, &x_l16);
	return 0;
}

PLUGIN_EXPORT(l16) = {
	.abi = PLUGIN_ABI,
	.kind = PLUGIN_CODEC,
	.name = "l16",
	.description = "Linear samples of 16 bits",
	.init = init,
};

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * telephone-event: digits and other events as a payload of their own (RFC 4733). It has no audio:
 * nothing is heard of an event here, and no audio makes one. What events do is the core's part.
 */
#include "api/codec.h"
#include "api/host.h"
#include "api/plugin.h"

#include <errno.h>

enum { EVENT_BYTES = 4 }; /* event; end, volume; duration */

struct audio_beside {
	struct codec_audio audio;
};

static struct audio_beside *open_state(const struct codec_params *params)
{
	struct audio_beside *self;

	if (!params->clock_hz || params->clock_hz > CODEC_MAX_SAMPLE_HZ)
		return NULL;
	self = g_new0(struct audio_beside, 1);
	self->audio = (struct codec_audio){ params->clock_hz, 1 };
	return self;
}

static int open_decoder(const void *data, const struct codec_params *params,
	const struct codec_audio *want, struct codec_audio *ret_audio, void **ret_decoder)
{
	struct audio_beside *self = open_state(params);

	(void)data;
	(void)want;
	if (!self)
		return -EINVAL;
	*ret_audio = self->audio;
	*ret_decoder = self;
	return 0;
}

static int open_encoder(const void *data, const struct codec_params *params,
	const struct codec_audio *have, struct codec_audio *ret_audio, size_t *ret_samples,
	void **ret_encoder)
{
	struct audio_beside *self = open_state(params);

	(void)data;
	(void)have;
	if (!self)
		return -EINVAL;
	*ret_audio = self->audio;
	*ret_samples = (size_t)params->clock_hz * params->ptime_ms / 1000;
	*ret_encoder = self;
	return 0;
}

static int decode(void *decoder, const uint8_t *payload, size_t len, int16_t *out, size_t max)
{
	(void)decoder;
	(void)payload;
	(void)out;
	(void)max;
	return len >= EVENT_BYTES ? 0 : -EINVAL;
}

static int encode(void *encoder, const int16_t *samples, uint8_t *out)
{
	(void)encoder;
	(void)samples;
	(void)out;
	return 0;
}

static const struct codec_decoder decoder = {
	.open = open_decoder, .close = g_free, .decode = decode
};
static const struct codec_encoder encoder = {
	.open = open_encoder, .close = g_free, .encode = encode
};

static const struct codec_params params = { .clock_hz = 8000, .channels = 1, .ptime_ms = 20 };
static const uint8_t digit_one[] = { 1, 0x0a, 0x00, 0xa0 };
static const struct codec_vector vector = { &params, digit_one, 4, NULL, 0, 0, false };

static const struct codec telephone_event = {
	.name = "telephone-event",
	.payload_type = -1,
	.channels = 1,
	.ptime_ms = 20,
	.clock_hz = 8000,
	.flags = CODEC_SUPPLEMENTAL | CODEC_ANY_CLOCK | CODEC_FMTP_IGNORED | CODEC_EVENT,
	.fmtp = "0-15",
	.silence = -1,
	.decoder = &decoder,
	.encoder = &encoder,
	.vectors = &vector,
	.vector_count = 1,
};

static int init(const struct host *host, void **ret_instance, char *error)
{
	(void)error;
	*ret_instance = NULL;
	host->add_codec(host, &telephone_event);
	return 0;
}

PLUGIN_EXPORT(telephone_event) = {
	.abi = PLUGIN_ABI,
	.kind = PLUGIN_CODEC,
	.name = "telephone_event",
	.description = "Digits and other events as a payload (RFC 4733)",
	.init = init,
};

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * G.722 at 64 kbit/s. Its RTP clock is 8 kHz by an old mistake (RFC 3551 4.5.2), its audio 16 kHz:
 * a byte is two samples and one tick of the clock. The coder is our own (coder.h), since those of
 * libraries take several times as long for the same octets and samples.
 */
#include "api/codec.h"
#include "api/host.h"
#include "api/plugin.h"
#include "coder.h"

#include <errno.h>

#include <glib.h>

enum {
	CLOCK_HZ = 8000,
	SAMPLE_HZ = 16000,
	SAMPLES_PER_BYTE = 2,
	SAMPLES_PER_MS = SAMPLE_HZ / 1000,
};

static bool is_ours(const struct codec_params *p)
{
	return p->clock_hz == CLOCK_HZ && p->channels == 1;
}

static void close_coder(void *coder)
{
	g_free(coder);
}

static int open_decoder(const void *data, const struct codec_params *params,
	const struct codec_audio *want, struct codec_audio *ret_audio, void **ret_decoder)
{
	struct g722_decoder *self;

	(void)data;
	(void)want;
	if (!is_ours(params))
		return -EINVAL;
	self = g_new(struct g722_decoder, 1);
	g722_decoder_init(self);
	*ret_audio = (struct codec_audio){ SAMPLE_HZ, 1 };
	*ret_decoder = self;
	return 0;
}

static int decode(void *decoder, const uint8_t *payload, size_t len, int16_t *out, size_t max)
{
	len = MIN(MIN(len, max / SAMPLES_PER_BYTE), CODEC_MAX_PAYLOAD);
	if (!len)
		return -EINVAL;
	g722_decode(decoder, payload, len, out);
	return (int)(len * SAMPLES_PER_BYTE);
}

static void reset_decoder(void *decoder)
{
	g722_decoder_init(decoder);
}

struct encoder {
	struct g722_encoder coder;
	size_t bytes; /* of a packet */
};

static int open_encoder(const void *data, const struct codec_params *params,
	const struct codec_audio *have, struct codec_audio *ret_audio, size_t *ret_samples,
	void **ret_encoder)
{
	size_t ms = CLAMP(params->ptime_ms, 1, CODEC_MAX_PTIME_MS);
	struct encoder *self;

	(void)data;
	(void)have;
	if (!is_ours(params))
		return -EINVAL;
	self = g_new(struct encoder, 1);
	g722_encoder_init(&self->coder);
	self->bytes = ms * SAMPLES_PER_MS / SAMPLES_PER_BYTE;
	*ret_samples = ms * SAMPLES_PER_MS;
	*ret_audio = (struct codec_audio){ SAMPLE_HZ, 1 };
	*ret_encoder = self;
	return 0;
}

static int encode(void *encoder, const int16_t *samples, uint8_t *out)
{
	struct encoder *self = encoder;

	g722_encode(&self->coder, samples, self->bytes, out);
	return (int)self->bytes;
}

static void reset_encoder(void *encoder)
{
	struct encoder *self = encoder;

	g722_encoder_init(&self->coder);
}

static const struct codec_decoder decoder = {
	.open = open_decoder,
	.close = close_coder,
	.decode = decode,
	.reset = reset_decoder,
};
static const struct codec_encoder encoder = {
	.open = open_encoder,
	.close = close_coder,
	.encode = encode,
	.reset = reset_encoder,
};

/* Two tones, and what is left of them; libavcodec and spandsp agree. */
static const struct codec_params params = { .clock_hz = CLOCK_HZ, .channels = 1, .ptime_ms = 2 };
static const int16_t in[] = { 0, 4936, 6750, 5284, 3247, 3187, 4758, 5142, 2187, -3065, -7160,
	-7545, -4984, -2577, -2441, -3552, -2994, 709, 5729, 8542, 7362, 3838, 1261, 1170, 1912,
	646, -3361, -7648, -8881, -6175, -1961, 502 };
static const uint8_t payload[] = { 0xfa, 0x90, 0x21, 0x89, 0x23, 0x95, 0x20, 0xa0, 0x21, 0xab, 0x8d,
	0x0c, 0x9a, 0x95, 0x31, 0xe7 };
static const int16_t out[] = { 0, -1, -1, 0, 0, -1, -1, 1, 0, -5, 0, 13, -4, -37, -3, 68, 16, -125,
	-48, 161, 119, -146, -48, 374, 885, 1430, 2138, 3214, 4836, 5144, 2057, -3105 };
static const struct codec_vector vectors[] = {
	{ &params, payload, sizeof(payload), out, G_N_ELEMENTS(out), 0, false },
	{ &params, payload, sizeof(payload), in, G_N_ELEMENTS(in), UINT16_MAX, true },
};

static const struct codec g722 = {
	.name = "G722",
	.payload_type = 9,
	.channels = 1,
	.ptime_ms = 20,
	.clock_hz = CLOCK_HZ,
	.sample_hz = SAMPLE_HZ,
	.flags = CODEC_FMTP_IGNORED,
	.silence = 0xfa,
	.decoder = &decoder,
	.encoder = &encoder,
	.vectors = vectors,
	.vector_count = G_N_ELEMENTS(vectors),
	.usable = is_ours,
};

static int init(const struct host *host, void **ret_instance, char *error)
{
	(void)error;
	*ret_instance = NULL;
	host->add_codec(host, &g722);
	return 0;
}

PLUGIN_EXPORT(g722) = {
	.abi = PLUGIN_ABI,
	.kind = PLUGIN_CODEC,
	.name = "g722",
	.description = "G.722",
	.init = init,
};

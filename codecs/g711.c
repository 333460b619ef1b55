/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * PCMU and PCMA: ITU-T G.711 (RFC 3551 4.5.14). Both directions are one look into a table that is
 * made once from the definition, since G.711 is what most channels have on at least one side. Rates
 * other than 8 kHz are as good as any (RFC 3551 allows them), and so are two channels.
 */
#include "api/codec.h"
#include "api/host.h"
#include "api/plugin.h"

#include <errno.h>

enum {
	MU_SHIFT = 2, /* µ-law looks at the upper 14 bits of a sample, A-law at 12 */
	A_SHIFT = 4,
	MU_BIAS = 33,
	MU_CLIP = 8158,
	SIGN = 0x80,
	A_TOGGLE = 0x55, /* every other bit is sent inverted */
};

struct law {
	int16_t linear[256];
	uint8_t code[1 << (16 - MU_SHIFT)]; /* by the sample's upper bits; A-law uses a quarter */
	unsigned shift;
};

static struct law mu_law = { .shift = MU_SHIFT };
static struct law a_law = { .shift = A_SHIFT };

struct g711 {
	const struct law *law;
	size_t samples; /* of a packet, all channels */
	uint8_t channels;
};

/* ---- the tables ---- */

static int16_t mu_linear(uint8_t code)
{
	unsigned bits = (uint8_t)~code, exponent = bits >> 4 & 7, mantissa = bits & 15;
	int magnitude = (int)(((2 * mantissa + MU_BIAS) << exponent) - MU_BIAS) << MU_SHIFT;

	return (int16_t)(bits & SIGN ? -magnitude : magnitude);
}

/* `sample` has 14 bits; a negative one counts from its ones' complement, as G.191 has it. */
static uint8_t mu_code(int sample)
{
	unsigned magnitude = (unsigned)MIN(sample < 0 ? ~sample : sample, MU_CLIP) + MU_BIAS;
	unsigned exponent = 0;

	while (magnitude >> exponent > 63)
		exponent++;
	return (uint8_t) ~(
		(sample < 0 ? SIGN : 0) | exponent << 4 | (magnitude >> (exponent + 1) & 15));
}

static int16_t a_linear(uint8_t code)
{
	unsigned bits = code ^ A_TOGGLE, exponent = bits >> 4 & 7, mantissa = bits & 15;
	int magnitude = (int)(2 * mantissa + 1 + (exponent ? 32 : 0))
			<< (exponent ? exponent - 1 : 0);

	magnitude <<= A_SHIFT - 1;
	return (int16_t)(bits & SIGN ? magnitude : -magnitude);
}

/* `sample` has 12 bits. */
static uint8_t a_code(int sample)
{
	unsigned magnitude = (unsigned)(sample < 0 ? ~sample : sample), exponent = 0;

	while (magnitude >> exponent > 31)
		exponent++;
	if (magnitude > 15)
		magnitude = (exponent + 1) << 4 | (magnitude >> exponent & 15);
	return (uint8_t)(((sample < 0 ? 0 : SIGN) | magnitude) ^ A_TOGGLE);
}

static void fill(struct law *law, int16_t (*linear)(uint8_t), uint8_t (*code)(int))
{
	unsigned bits = 16 - law->shift;

	for (unsigned i = 0; i < G_N_ELEMENTS(law->linear); i++)
		law->linear[i] = linear((uint8_t)i);
	for (int i = 0; i < 1 << bits; i++)
		law->code[i] = code(i < 1 << (bits - 1) ? i : i - (1 << bits));
}

/* ---- the codec ---- */

static struct g711 *open_state(const struct law *law, const struct codec_params *p)
{
	struct g711 *self;

	if (!p->channels || p->channels > CODEC_MAX_CHANNELS || !p->clock_hz ||
		p->clock_hz > CODEC_MAX_SAMPLE_HZ)
		return NULL;
	self = g_new0(struct g711, 1);
	self->law = law;
	self->channels = p->channels;
	return self;
}

static int open_decoder(const void *data, const struct codec_params *params,
	const struct codec_audio *want, struct codec_audio *ret_audio, void **ret_decoder)
{
	struct g711 *self = open_state(data, params);

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
	struct g711 *self = open_state(data, params);
	size_t samples = (size_t)params->clock_hz * params->ptime_ms / 1000;

	(void)have;
	if (!self)
		return -EINVAL;
	samples = CLAMP(samples, 1, CODEC_MAX_PAYLOAD / (size_t)self->channels);
	self->samples = samples * self->channels;
	*ret_samples = samples;
	*ret_audio = (struct codec_audio){ params->clock_hz, params->channels };
	*ret_encoder = self;
	return 0;
}

static int decode(void *decoder, const uint8_t *payload, size_t len, int16_t *out, size_t max)
{
	const struct g711 *self = decoder;
	const int16_t *linear = self->law->linear;
	size_t samples = MIN(len / self->channels, max);

	for (size_t i = 0; i < samples * self->channels; i++)
		out[i] = linear[payload[i]];
	return (int)samples;
}

static int encode(void *encoder, const int16_t *samples, uint8_t *out)
{
	const struct g711 *self = encoder;
	const uint8_t *code = self->law->code;
	unsigned shift = self->law->shift;

	for (size_t i = 0; i < self->samples; i++)
		out[i] = code[(uint16_t)samples[i] >> shift];
	return (int)self->samples;
}

static const struct codec_decoder from_mu = {
	.open = open_decoder,
	.close = g_free,
	.decode = decode,
	.data = &mu_law,
};
static const struct codec_encoder to_mu = {
	.open = open_encoder,
	.close = g_free,
	.encode = encode,
	.data = &mu_law,
};
static const struct codec_decoder from_a = {
	.open = open_decoder,
	.close = g_free,
	.decode = decode,
	.data = &a_law,
};
static const struct codec_encoder to_a = {
	.open = open_encoder,
	.close = g_free,
	.encode = encode,
	.data = &a_law,
};

/* Both ends, both signs next to zero and decision values of the G.711 tables. */
static const struct codec_params params = { .clock_hz = 8000, .channels = 1, .ptime_ms = 1 };
static const uint8_t mu_bytes[] = { 0x00, 0x80, 0x7f, 0xff, 0x7e, 0xfe, 0xe7, 0x8f };
static const int16_t mu_samples[] = { -32124, 32124, 0, 0, -8, 8, 260, 16764 };
static const int16_t mu_in_samples[] = { -32768, 32767, -1, 0, -8, 8, 260, 16764 };
static const uint8_t a_bytes[] = { 0x2a, 0xaa, 0x55, 0xd5, 0x54, 0xd4, 0xc5, 0xe5 };
static const int16_t a_samples[] = { -32256, 32256, -8, 8, -24, 24, 264, 1056 };
static const int16_t a_in_samples[] = { -32768, 32767, -1, 0, -17, 16, 256, 1024 };

/* The first of each decodes, the second encodes: samples there are not those of any code. */
static const struct codec_vector mu_vectors[] = {
	{ &params, mu_bytes, 8, mu_samples, 8, 0, false },
	{ &params, mu_bytes, 8, mu_in_samples, 8, 700, true },
};
static const struct codec_vector a_vectors[] = {
	{ &params, a_bytes, 8, a_samples, 8, 0, false },
	{ &params, a_bytes, 8, a_in_samples, 8, 600, true },
};

static const struct codec pcmu = {
	.name = "PCMU",
	.payload_type = 0,
	.channels = 1,
	.ptime_ms = 20,
	.clock_hz = 8000,
	.flags = CODEC_FMTP_IGNORED,
	.silence = 0xff,
	.decoder = &from_mu,
	.encoder = &to_mu,
	.vectors = mu_vectors,
	.vector_count = G_N_ELEMENTS(mu_vectors),
};

static const struct codec pcma = {
	.name = "PCMA",
	.payload_type = 8,
	.channels = 1,
	.ptime_ms = 20,
	.clock_hz = 8000,
	.flags = CODEC_FMTP_IGNORED,
	.silence = 0xd5,
	.decoder = &from_a,
	.encoder = &to_a,
	.vectors = a_vectors,
	.vector_count = G_N_ELEMENTS(a_vectors),
};

static int init(const struct host *host, void **ret_instance, char *error)
{
	(void)error;
	*ret_instance = NULL;
	fill(&mu_law, mu_linear, mu_code);
	fill(&a_law, a_linear, a_code);
	host->add_codec(host, &pcma);
	host->add_codec(host, &pcmu);
	return 0;
}

PLUGIN_EXPORT(g711) = {
	.abi = PLUGIN_ABI,
	.kind = PLUGIN_CODEC,
	.name = "g711",
	.description = "PCMU and PCMA (G.711)",
	.init = init,
};

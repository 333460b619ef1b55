/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * CN: background noise as its level and, coarsely, its spectrum (RFC 3389), in 8 kHz whatever
 * the clock: noise of the telephone band.
 *
 *	payload = level in -dBov, 0 to 127 | reflection coefficient | reflection coefficient | …
 *
 * Decoding is white noise through a lattice filter of these coefficients. The lattice is the
 * normalised one: it keeps the power of what goes through it and is stable whatever the
 * coefficients are and however they change, so that no payload can make it ring.
 */
#include "api/codec.h"
#include "api/host.h"
#include "api/plugin.h"

#include <errno.h>
#include <math.h>
#include <string.h>

enum {
	SAMPLE_HZ = 8000,
	MAX_ORDER = 32,  /* coefficients used of a payload */
	SEND_ORDER = 10, /* and put into one */
	DEFAULT_PTIME_MS = 20,
	LOWEST_LEVEL = 127,
	NO_COEFFICIENT = 127, /* the octet that stands for 0 */
	MAX_COEFFICIENT = 254,
	GAIN_STEPS = 128, /* samples in which the volume gets most of the way to a new one */
};

static const float full_scale = 32767;

struct noise {
	unsigned order, packet_samples;
	uint32_t random;
	bool known;        /* has there been a payload? */
	float gain, level; /* as they are, and as they shall be: RMS of samples */
	float k[MAX_ORDER], c[MAX_ORDER], backward[MAX_ORDER];
};

struct analyser {
	unsigned packet_samples;
	float window[]; /* packet_samples */
};

static unsigned samples_of(const struct codec_params *params)
{
	unsigned ptime_ms = params->ptime_ms ? params->ptime_ms : DEFAULT_PTIME_MS;

	return MIN(ptime_ms, CODEC_MAX_PTIME_MS) * (SAMPLE_HZ / 1000);
}

static void reset(void *decoder)
{
	struct noise *self = decoder;

	*self = (struct noise){ .packet_samples = self->packet_samples, .random = 1 };
}

static int open_decoder(const void *data, const struct codec_params *params,
	const struct codec_audio *want, struct codec_audio *ret_audio, void **ret_decoder)
{
	struct noise *self = g_new0(struct noise, 1);

	(void)data;
	(void)want;
	self->packet_samples = samples_of(params);
	reset(self);
	*ret_audio = (struct codec_audio){ SAMPLE_HZ, 1 };
	*ret_decoder = self;
	return 0;
}

/* Uniform, with a variance of 1; xorshift. */
static float white(struct noise *self)
{
	static const float spread = 3.4641016f; /* the square root of 12 */

	self->random ^= self->random << 13;
	self->random ^= self->random >> 17;
	self->random ^= self->random << 5;
	return ((float)self->random / 4294967296.0f - 0.5f) * spread;
}

static float coloured(struct noise *self)
{
	float forward = white(self);

	for (unsigned m = self->order; m-- > 0;) {
		float before = self->backward[m], k = self->k[m], c = self->c[m];

		/* What goes back up is one stage's past for the stage above it. */
		if (m + 1 < self->order)
			self->backward[m + 1] = k * forward + c * before;
		forward = c * forward - k * before;
	}
	self->backward[0] = forward;
	return forward;
}

static void make_noise(struct noise *self, int16_t *out, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		float sample;

		self->gain += (self->level - self->gain) / GAIN_STEPS;
		sample = coloured(self) * self->gain;
		out[i] = (int16_t)lrintf(CLAMP(sample, -full_scale, full_scale));
	}
}

static void take_description(struct noise *self, const uint8_t *payload, size_t len)
{
	unsigned order = (unsigned)MIN(len - 1, MAX_ORDER);

	self->level = full_scale * powf(10, -(float)(payload[0] & LOWEST_LEVEL) / 20);
	if (!self->known)
		self->gain = self->level;
	self->known = true;
	for (unsigned m = 0; m < order; m++) {
		int value = MIN(payload[1 + m], MAX_COEFFICIENT) - NO_COEFFICIENT;

		self->k[m] = (float)(258 * value) / 32768;
		self->c[m] = sqrtf(1 - self->k[m] * self->k[m]);
	}
	for (unsigned m = self->order; m < order; m++)
		self->backward[m] = 0;
	self->order = order;
}

static int decode(void *decoder, const uint8_t *payload, size_t len, int16_t *out, size_t max)
{
	struct noise *self = decoder;
	size_t count = MIN(self->packet_samples, max);

	if (!len)
		return -EINVAL;
	take_description(self, payload, len);
	make_noise(self, out, count);
	return (int)count;
}

static int conceal(
	void *decoder, size_t samples, const uint8_t *next, size_t next_len, int16_t *out)
{
	struct noise *self = decoder;

	(void)next;
	(void)next_len;
	if (!self->known)
		return 0;
	make_noise(self, out, samples);
	return (int)samples;
}

static int open_encoder(const void *data, const struct codec_params *params,
	const struct codec_audio *have, struct codec_audio *ret_audio, size_t *ret_samples,
	void **ret_encoder)
{
	unsigned count = samples_of(params);
	struct analyser *self = g_malloc0(sizeof(*self) + count * sizeof(self->window[0]));

	(void)data;
	(void)have;
	self->packet_samples = count;
	for (unsigned i = 0; i < count; i++)
		self->window[i] = (float)(0.5 - 0.5 * cos(2 * G_PI * (i + 0.5) / count));
	*ret_audio = (struct codec_audio){ SAMPLE_HZ, 1 };
	*ret_samples = count;
	*ret_encoder = self;
	return 0;
}

static uint8_t level_of(const struct analyser *self, const int16_t *samples)
{
	double power = 0;

	for (unsigned i = 0; i < self->packet_samples; i++)
		power += (double)samples[i] * samples[i];
	power /= self->packet_samples * (double)full_scale * full_scale;
	return power > 0 ? (uint8_t)CLAMP(lrint(-10 * log10(power)), 0, LOWEST_LEVEL)
			 : LOWEST_LEVEL;
}

static void correlate(const struct analyser *self, const int16_t *samples, double *r)
{
	for (unsigned lag = 0; lag <= SEND_ORDER; lag++) {
		r[lag] = 0;
		for (unsigned i = lag; i < self->packet_samples; i++)
			r[lag] += (double)samples[i] * self->window[i] * samples[i - lag] *
				  self->window[i - lag];
	}
	r[0] *= 1.0001; /* a floor 40 dB down, which keeps tones from being all there is */
}

/* Schur's recursion: correlations to reflection coefficients. */
static void reflect(const double *r, double *k)
{
	double up[SEND_ORDER + 1], down[SEND_ORDER + 1];

	memcpy(up, r, sizeof(up));
	memcpy(down, r, sizeof(down));
	for (unsigned m = 0; m < SEND_ORDER; m++) {
		k[m] = down[0] > 0 ? -up[m + 1] / down[0] : 0;
		for (unsigned i = 0; i + m < SEND_ORDER; i++) {
			double u = up[m + 1 + i], d = down[i];

			up[m + 1 + i] = u + k[m] * d;
			down[i] = d + k[m] * u;
		}
	}
}

static int encode(void *encoder, const int16_t *samples, uint8_t *out)
{
	const struct analyser *self = encoder;
	double r[SEND_ORDER + 1], k[SEND_ORDER];

	out[0] = level_of(self, samples);
	correlate(self, samples, r);
	reflect(r, k);
	for (unsigned m = 0; m < SEND_ORDER; m++)
		out[1 + m] = (uint8_t)CLAMP(
			lrint(k[m] * 32768 / 258) + NO_COEFFICIENT, 0, MAX_COEFFICIENT);
	return 1 + SEND_ORDER;
}

static const struct codec_decoder decoder = {
	.open = open_decoder,
	.close = g_free,
	.decode = decode,
	.conceal = conceal,
	.reset = reset,
};
static const struct codec_encoder encoder = {
	.open = open_encoder, .close = g_free, .encode = encode
};

/* A millisecond of silence, there and back; and of noise with most power in the low tones. */
static const struct codec_params params = { .clock_hz = 8000, .channels = 1, .ptime_ms = 1 };
static const uint8_t silence[1 + SEND_ORDER] = { LOWEST_LEVEL, 127, 127, 127, 127, 127, 127, 127,
	127, 127, 127 };
static const int16_t silent[8];
static const uint8_t low_noise[] = { 20, 40, 150 };
static const int16_t low_noisy[] = { -4066, -7228, -4165, -5544, -3256, -4285, -5746, -7114 };
static const struct codec_vector vectors[] = {
	{ &params, silence, sizeof(silence), silent, 8, 0, true },
	{ &params, low_noise, sizeof(low_noise), low_noisy, 8, 1, false },
};

static const struct codec cn = {
	.name = "CN",
	.payload_type = 13,
	.channels = 1,
	.ptime_ms = DEFAULT_PTIME_MS,
	.clock_hz = 8000,
	.sample_hz = SAMPLE_HZ,
	.flags = CODEC_SUPPLEMENTAL | CODEC_ANY_CLOCK | CODEC_FMTP_IGNORED | CODEC_NOISE,
	.silence = -1,
	.decoder = &decoder,
	.encoder = &encoder,
	.vectors = vectors,
	.vector_count = G_N_ELEMENTS(vectors),
};

static int init(const struct host *host, void **ret_instance, char *error)
{
	(void)error;
	*ret_instance = NULL;
	host->add_codec(host, &cn);
	return 0;
}

PLUGIN_EXPORT(cn) = {
	.abi = PLUGIN_ABI,
	.kind = PLUGIN_CODEC,
	.name = "cn",
	.description = "Comfort noise (RFC 3389)",
	.init = init,
};

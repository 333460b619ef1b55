/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "codecs.h"

#include <glib.h>

#include "codec/registry.h"

struct state {
	struct codec_audio audio;
	size_t samples; /* of a packet */
};

static struct state *open_state(const struct codec_params *params, struct codec_audio *ret_audio)
{
	struct state *state = g_new0(struct state, 1);

	state->audio = (struct codec_audio){ MIN(params->clock_hz, CODEC_MAX_SAMPLE_HZ), 1 };
	state->samples = (size_t)state->audio.sample_hz * params->ptime_ms / 1000;
	*ret_audio = state->audio;
	return state;
}

static int open_decoder(const void *data, const struct codec_params *params,
	const struct codec_audio *want, struct codec_audio *ret_audio, void **ret_decoder)
{
	(void)data;
	(void)want;
	*ret_decoder = open_state(params, ret_audio);
	return 0;
}

static int open_encoder(const void *data, const struct codec_params *params,
	const struct codec_audio *have, struct codec_audio *ret_audio, size_t *ret_samples,
	void **ret_encoder)
{
	struct state *state = open_state(params, ret_audio);

	(void)data;
	(void)have;
	*ret_samples = state->samples;
	*ret_encoder = state;
	return 0;
}

static int decode(void *decoder, const uint8_t *payload, size_t len, int16_t *out, size_t max)
{
	const struct state *state = decoder;
	size_t count = MIN(state->audio.sample_hz / 50, max);

	(void)payload;
	(void)len;
	memset(out, 0, count * sizeof(*out));
	return (int)count;
}

static int encode(void *encoder, const int16_t *samples, uint8_t *out)
{
	(void)encoder;
	(void)samples;
	memset(out, 0, 20);
	return 20;
}

static const struct codec_decoder decoder = {
	.open = open_decoder, .close = g_free, .decode = decode
};
static const struct codec_encoder encoder = {
	.open = open_encoder, .close = g_free, .encode = encode
};

static enum codec_match match_always(const struct codec_params *a, const struct codec_params *b)
{
	(void)a;
	(void)b;
	return CODEC_COMPATIBLE;
}

static bool is_aligned(const struct codec_params *p)
{
	return p->fmtp.len && memmem(p->fmtp.s, p->fmtp.len, "octet-align=1", 13);
}

static enum codec_match match_aligned(const struct codec_params *a, const struct codec_params *b)
{
	return is_aligned(a) == is_aligned(b) ? CODEC_COMPATIBLE : CODEC_DIFFERENT;
}

#define BOTH .decoder = &decoder, .encoder = &encoder, .silence = -1
static const uint8_t opus_ptimes[] = { 5, 10, 20, 40, 60, 0 };

#define NARROW(n, type, ms) \
	.name = n, .payload_type = type, .channels = 1, .ptime_ms = ms, .clock_hz = 8000, BOTH

static const char amr_fmtp[] = "octet-align=1;mode-change-capability=2";

static const struct codec codecs[] = {
	{ NARROW("PCMU", 0, 20), .flags = CODEC_FMTP_IGNORED },
	{ NARROW("PCMA", 8, 20), .flags = CODEC_FMTP_IGNORED },
	{ NARROW("G722", 9, 20), .sample_hz = 16000, .flags = CODEC_FMTP_IGNORED },
	{ NARROW("GSM", 3, 20) },
	{ NARROW("G723", 4, 30), .ptime_unit_ms = 30 },
	{ NARROW("G729", 18, 20), .ptime_min_ms = 20, .ptime_unit_ms = 10,
		.flags = CODEC_FMTP_IGNORED, .fmtp = "annexb=yes" },
	{ NARROW("G729a", 18, 20), .flags = CODEC_FMTP_IGNORED, .fmtp = "annexb=no",
		.alias_of = "G729" },
	{ NARROW("iLBC", -1, 30), .ptime_unit_ms = 30, .fmtp = "mode=30" },
	{ .name = "speex",
		.payload_type = -1,
		.channels = 1,
		.ptime_ms = 20,
		.clock_hz = 16000,
		BOTH },
	{ .name = "opus",
		.payload_type = -1,
		.channels = 2,
		.ptime_ms = 20,
		.ptimes = opus_ptimes,
		.clock_hz = 48000,
		.fmtp = "useinbandfec=1",
		.match = match_always,
		BOTH },
	{ .name = "AMR-WB",
		.payload_type = -1,
		.channels = 1,
		.ptime_ms = 20,
		.clock_hz = 16000,
		.fmtp = amr_fmtp,
		.match = match_aligned,
		BOTH },
	{ NARROW("telephone-event", -1, 0), .fmtp = "0-15",
		.flags = CODEC_SUPPLEMENTAL | CODEC_ANY_CLOCK | CODEC_EVENT | CODEC_FMTP_IGNORED },
	{ NARROW("CN", 13, 20),
		.flags = CODEC_SUPPLEMENTAL | CODEC_ANY_CLOCK | CODEC_NOISE | CODEC_FMTP_IGNORED },
	/* heard, but not spoken */
	{ .name = "QCELP",
		.payload_type = 12,
		.channels = 1,
		.ptime_ms = 20,
		.clock_hz = 8000,
		.silence = -1,
		.decoder = &decoder },
};

static int open_resampler(
	const struct codec_audio *in, const struct codec_audio *out, void **ret_state)
{
	struct codec_audio *rates = g_new0(struct codec_audio, 2);

	rates[0] = *in;
	rates[1] = *out;
	*ret_state = rates;
	return 0;
}

static int resample(void *state, const int16_t *in, size_t count, int16_t *out, size_t max)
{
	const struct codec_audio *rates = state;
	size_t made = MIN(count * rates[1].sample_hz / rates[0].sample_hz, max);

	(void)in;
	memset(out, 0, made * rates[1].channels * sizeof(*out));
	return (int)made;
}

static unsigned no_delay(const void *state)
{
	(void)state;
	return 0;
}

static const struct dsp_resampler resampler = {
	.name = "mock", .open = open_resampler, .close = g_free, .run = resample, .delay = no_delay
};

void mock_codecs_add(void)
{
	struct err err;

	codec_registry_clear();
	for (unsigned i = 0; i < G_N_ELEMENTS(codecs); i++)
		if (codec_registry_add(&codecs[i], &err) < 0)
			g_error("%s", err.text);
	codec_registry_add_resampler(&resampler);
}

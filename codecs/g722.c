/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * G.722 at 64 kbit/s by libavcodec, the fastest there is. Its RTP clock is 8 kHz by an old mistake
 * (RFC 3551 4.5.2), its audio 16 kHz: a byte is two samples and one tick of the clock.
 */
#include "api/codec.h"
#include "api/host.h"
#include "api/plugin.h"
#include "libav.h"

#include <errno.h>

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
	libav_close(coder);
	g_free(coder);
}

static int open_decoder(const void *data, const struct codec_params *params,
	const struct codec_audio *want, struct codec_audio *ret_audio, void **ret_decoder)
{
	g_autofree struct libav *av = g_new0(struct libav, 1);
	int ret = is_ours(params) ? libav_open_decoder(av, AV_CODEC_ID_ADPCM_G722, SAMPLE_HZ, 0)
				  : -EINVAL;

	(void)data;
	(void)want;
	if (ret < 0)
		return ret;
	*ret_audio = (struct codec_audio){ SAMPLE_HZ, 1 };
	*ret_decoder = g_steal_pointer(&av);
	return 0;
}

static int decode(void *decoder, const uint8_t *payload, size_t len, int16_t *out, size_t max)
{
	len = MIN(MIN(len, max / SAMPLES_PER_BYTE), CODEC_MAX_PAYLOAD);
	return len ? libav_decode(decoder, payload, len, out, max) : -EINVAL;
}

static int open_encoder(const void *data, const struct codec_params *params,
	const struct codec_audio *have, struct codec_audio *ret_audio, size_t *ret_samples,
	void **ret_encoder)
{
	g_autofree struct libav *av = g_new0(struct libav, 1);
	size_t ms = CLAMP(params->ptime_ms, 1, CODEC_MAX_PACKET_MS);
	int ret = is_ours(params) ? libav_open_encoder(av, AV_CODEC_ID_ADPCM_G722, SAMPLE_HZ,
					    ms * SAMPLES_PER_MS)
				  : -EINVAL;

	(void)data;
	(void)have;
	if (ret < 0)
		return ret;
	*ret_samples = ms * SAMPLES_PER_MS;
	*ret_audio = (struct codec_audio){ SAMPLE_HZ, 1 };
	*ret_encoder = g_steal_pointer(&av);
	return 0;
}

static int encode(void *encoder, const int16_t *samples, uint8_t *out)
{
	return libav_encode(encoder, samples, out);
}

static const struct codec_decoder decoder = {
	.open = open_decoder,
	.close = close_coder,
	.decode = decode,
};
static const struct codec_encoder encoder = {
	.open = open_encoder,
	.close = close_coder,
	.encode = encode,
};

/* Two tones, and what is left of them; spandsp agrees. */
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

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * GSM full rate (RFC 3551 4.5.8): frames of 160 samples in 33 bytes, which begin with 0xD. As many
 * as come are decoded; one a packet is sent, as peers expect (spec media 1.5). Decoded by libavcodec
 * and encoded by spandsp, each the fastest at it; the format is defined bit by bit, so they agree.
 */
#include "api/codec.h"
#include "api/host.h"
#include "api/plugin.h"
#include "libav.h"

#include <errno.h>

#include <spandsp/telephony.h>
#include <spandsp/gsm0610.h>

enum {
	SAMPLE_HZ = 8000,
	FRAME_BYTES = 33,
	FRAME_SAMPLES = 160,
	FRAME_MS = 20,
	MAGIC = 0xd,
};

struct gsm_encoder {
	gsm0610_state_t *gsm;
};

static bool is_ours(const struct codec_params *p)
{
	return p->clock_hz == SAMPLE_HZ && p->channels == 1;
}

static void close_decoder(void *av)
{
	libav_close(av);
	g_free(av);
}

static int open_decoder(const void *data, const struct codec_params *params,
	const struct codec_audio *want, struct codec_audio *ret_audio, void **ret_decoder)
{
	g_autofree struct libav *av = g_new0(struct libav, 1);
	int ret = is_ours(params) ? libav_open_decoder(av, AV_CODEC_ID_GSM, SAMPLE_HZ, FRAME_BYTES)
				  : -EINVAL;

	(void)data;
	(void)want;
	if (ret < 0)
		return ret;
	*ret_audio = (struct codec_audio){ SAMPLE_HZ, 1 };
	*ret_decoder = g_steal_pointer(&av);
	return 0;
}

static int decode(void *av, const uint8_t *payload, size_t len, int16_t *out, size_t max)
{
	size_t done = 0;

	if (len < FRAME_BYTES || payload[0] >> 4 != MAGIC)
		return -EINVAL;
	for (; len >= FRAME_BYTES && payload[0] >> 4 == MAGIC && max - done >= FRAME_SAMPLES;
		len -= FRAME_BYTES, payload += FRAME_BYTES) {
		int ret = libav_decode(av, payload, FRAME_BYTES, out + done, FRAME_SAMPLES);

		if (ret < 0)
			return ret;
		done += (size_t)ret;
	}
	return (int)done;
}

static void reset_decoder(void *av)
{
	libav_reset(av);
}

static void close_encoder(void *encoder)
{
	struct gsm_encoder *self = encoder;

	gsm0610_free(self->gsm);
	g_free(self);
}

static int open_encoder(const void *data, const struct codec_params *params,
	const struct codec_audio *have, struct codec_audio *ret_audio, size_t *ret_samples,
	void **ret_encoder)
{
	struct gsm_encoder *self;
	gsm0610_state_t *gsm = is_ours(params) ? gsm0610_init(NULL, GSM0610_PACKING_VOIP) : NULL;

	(void)data;
	(void)have;
	if (!gsm)
		return -EINVAL;
	self = g_new0(struct gsm_encoder, 1);
	self->gsm = gsm;
	*ret_samples = FRAME_SAMPLES;
	*ret_audio = (struct codec_audio){ SAMPLE_HZ, 1 };
	*ret_encoder = self;
	return 0;
}

static int encode(void *encoder, const int16_t *samples, uint8_t *out)
{
	const struct gsm_encoder *self = encoder;

	return gsm0610_encode(self->gsm, out, samples, FRAME_SAMPLES);
}

static const struct codec_decoder decoder = {
	.open = open_decoder,
	.close = close_decoder,
	.decode = decode,
	.reset = reset_decoder,
};
static const struct codec_encoder encoder = {
	.open = open_encoder,
	.close = close_encoder,
	.encode = encode,
};

/* Two tones, and what is left of them; libgsm agrees. */
static const struct codec_params params = {
	.clock_hz = SAMPLE_HZ, .channels = 1, .ptime_ms = FRAME_MS
};
static const int16_t in[] = { 0, 4936, 6750, 5284, 3247, 3187, 4758, 5142, 2187, -3065, -7160,
	-7545, -4984, -2577, -2441, -3552, -2994, 709, 5729, 8542, 7362, 3838, 1261, 1170, 1912,
	646, -3361, -7648, -8881, -6175, -1961, 502, 376, -145, 1549, 5425, 8582, 8113, 4101, -408,
	-2427, -1897, -1436, -3277, -6654, -8431, -6330, -1391, 2947, 4190, 3095, 2559, 4314, 6926,
	7242, 3762, -1607, -5289, -5477, -3723, -3037, -4549, -6262, -5208, -746, 4499, 7081, 6036,
	3630, 2799, 4007, 4816, 2629, -2320, -6894, -8038, -5718, -2781, -1901, -2835, -2853, 125,
	5034, 8466, 7984, 4505, 1273, 514, 1277, 699, -2675, -7050, -8999, -6884, -2518, 683, 1104,
	366, 1305, 4684, 8121, 8417, 4851, 0, -2789, -2649, -1788, -2860, -5906, -8137, -6801,
	-2131, 2714, 4709, 3820, 2729, 3750, 6221, 7136, 4367, -927, -5247, -6118, -4373, -3013,
	-3877, -5646, -5296, -1445, 3923, 7233, 6756, 4161, 2584, 3271, 4333, 2906, -1573, -6462,
	-8374, -6469, -3158, -1508, -2084, -2533, -321, 4290, 8206, 8481, 5238, 1471, -30, 562, 564,
	-2088, -6358, -8928, -7509, -3182, 677 };
static const uint8_t payload[] = { 0xd4, 0xf3, 0x3a, 0xbb, 0x3d, 0x50, 0x13, 0xd9, 0x44, 0x39, 0xd3,
	0x1d, 0x5a, 0x4d, 0x76, 0xe4, 0x71, 0xc7, 0x1b, 0xa0, 0x62, 0xa5, 0xa7, 0x68, 0xcd, 0x20,
	0xe6, 0x23, 0xad, 0xba, 0x2b, 0x66, 0x83 };
static const int16_t out[] = { 3072, 3256, 2120, 2976, 3128, 2152, 4368, 4224, 2648, -5064, -5520,
	-3496, -2824, -3992, -3104, -4480, -3472, -608, 5360, 6120, 3608, 2400, 3192, 2488, 2360,
	1152, -336, -5712, -8280, -6256, -2304, -928, -1664, -1456, 1416, 4744, 8024, 7256, 3736,
	1440, 1408, 1016, -72, -3368, -7048, -8208, -5792, -1792, 504, 656, 200, 1920, 5440, 8288,
	7632, 3712, -640, -3024, -2856, -2264, -3488, -6184, -7776, -5928, -1376, 3016, 4976, 4352,
	3320, 3784, 5432, 5912, 3312, -1376, -5312, -6560, -5272, -3632, -3880, -5112, -4624, -1288,
	3416, 6600, 6632, 4392, 2560, 2536, 3232, 1896, -1864, -6104, -7936, -6440, -3304, -1288,
	-1264, -1632, 216, 4088, 7576, 7872, 4936, 1152, -808, -584, -216, -2200, -5824, -8328,
	-7056, -2840, 1328, 2896, 2096, 1464, 3280, 6424, 7864, 5296, 240, -3760, -4528, -2968,
	-2360, -4016, -6464, -6264, -2520, 2664, 5832, 5464, 3264, 2448, 3904, 5552, 4176, -336,
	-5264, -7232, -5584, -2696, -1680, -2928, -3968, -1824, 2968, 7224, 7792, 4840, 1360, 280,
	1488, 2176, -416, -5136, -8464, -7600, -3488, 384 };
static const struct codec_vector vectors[] = {
	{ &params, payload, sizeof(payload), out, G_N_ELEMENTS(out), 0, false },
	{ &params, payload, sizeof(payload), in, G_N_ELEMENTS(in), UINT16_MAX, true },
};

static const uint8_t ptimes_ms[] = { FRAME_MS, 0 }; /* a packet is a frame */

static const struct codec gsm = {
	.name = "GSM",
	.payload_type = 3,
	.channels = 1,
	.ptime_ms = FRAME_MS,
	.ptimes = ptimes_ms,
	.clock_hz = SAMPLE_HZ,
	.silence = -1,
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
	host->add_codec(host, &gsm);
	return 0;
}

PLUGIN_EXPORT(gsm) = {
	.abi = PLUGIN_ABI,
	.kind = PLUGIN_CODEC,
	.name = "gsm",
	.description = "GSM full rate",
	.init = init,
};

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * iLBC (RFC 3951, 3952) by libavcodec, which decodes it; Debian has nothing that encodes. Blocks of
 * 20 ms have 38 bytes, those of 30 ms 50. What arrives says by its length which they are, and may
 * change, so there is a decoder for either from the beginning.
 */
#include "api/codec.h"
#include "api/host.h"
#include "api/plugin.h"
#include "libav.h"

#include <errno.h>

enum {
	SAMPLE_HZ = 8000,
	SAMPLES_PER_MS = SAMPLE_HZ / 1000,
	MAX_BLOCK_BYTES = 50,
	MAX_BLOCK_SAMPLES = 240,
	EMPTY_BLOCK = 1, /* the last bit: this block stands for a lost one */
	PRIMING_BLOCKS = 4,
	FADE_BLOCKS = 4, /* nothing is left of what was heard before after so many lost ones */
};

struct mode {
	uint8_t ms;
	uint8_t bytes;
	uint8_t start_at, start; /* of a block that is quiet: the one byte that is not 0 */
	const char *fmtp;
};

enum { MODE_20, MODE_30, MODES };

static const struct mode modes[MODES] = {
	[MODE_20] = { 20, 38, 2, 0x04, "mode=20" },
	[MODE_30] = { 30, 50, 5, 0x20, "mode=30" },
};

struct ilbc_decoder {
	struct libav av[MODES];
	unsigned mode;
	unsigned lost; /* blocks, one after the other */
};

static bool is_ours(const struct codec_params *p)
{
	return p->clock_hz == SAMPLE_HZ && p->channels == 1;
}

/* MODES: it does not say. */
static unsigned mode_of_fmtp(struct str fmtp)
{
	unsigned mode = 0;

	while (mode < MODES && !str_is(fmtp, modes[mode].fmtp))
		mode++;
	return mode;
}

static unsigned mode_of(const struct codec_params *p)
{
	unsigned mode = mode_of_fmtp(p->fmtp);

	if (mode < MODES)
		return mode;
	return p->ptime_ms % 20 && p->ptime_ms % 30 == 0 ? MODE_30 : MODE_20;
}

static void close_decoder(void *decoder)
{
	struct ilbc_decoder *self = decoder;

	for (unsigned i = 0; i < MODES; i++)
		libav_close(&self->av[i]);
	g_free(self);
}

/*
 * The library begins with a filter of zeros, which turns whatever comes first into a bang. Some
 * quiet blocks lead it to where it should have begun.
 */
static int prime(struct libav *av, const struct mode *mode)
{
	uint8_t quiet[MAX_BLOCK_BYTES] = { 0 };
	int16_t unheard[MAX_BLOCK_SAMPLES];
	int ret = 0;

	quiet[mode->start_at] = mode->start;
	for (unsigned i = 0; ret >= 0 && i < PRIMING_BLOCKS; i++)
		ret = libav_decode(av, quiet, mode->bytes, unheard, G_N_ELEMENTS(unheard));
	return ret < 0 ? ret : 0;
}

static int open_mode(struct libav *av, const struct mode *mode)
{
	int ret = libav_open_decoder(av, AV_CODEC_ID_ILBC, SAMPLE_HZ, mode->bytes);

	return ret < 0 ? ret : prime(av, mode);
}

static int open_decoder(const void *data, const struct codec_params *params,
	const struct codec_audio *want, struct codec_audio *ret_audio, void **ret_decoder)
{
	struct ilbc_decoder *self;
	int ret = 0;

	(void)data;
	(void)want;
	if (!is_ours(params))
		return -EINVAL;
	self = g_new0(struct ilbc_decoder, 1);
	self->mode = mode_of(params);
	for (unsigned i = 0; i < MODES && !ret; i++)
		ret = open_mode(&self->av[i], &modes[i]);
	if (ret < 0) {
		close_decoder(self);
		return ret;
	}
	*ret_audio = (struct codec_audio){ SAMPLE_HZ, 1 };
	*ret_decoder = self;
	return 0;
}

static int decode(void *decoder, const uint8_t *payload, size_t len, int16_t *out, size_t max)
{
	struct ilbc_decoder *self = decoder;
	const struct mode *mode;
	size_t done = 0;

	if (len % modes[MODE_30].bytes == 0)
		self->mode = MODE_30;
	else if (len % modes[MODE_20].bytes == 0)
		self->mode = MODE_20;
	mode = &modes[self->mode];
	if (len < mode->bytes)
		return -EINVAL;
	self->lost = 0;
	for (; len >= mode->bytes && max - done >= (size_t)mode->ms * SAMPLES_PER_MS;
		len -= mode->bytes, payload += mode->bytes) {
		int ret = libav_decode(
			&self->av[self->mode], payload, mode->bytes, out + done, max - done);

		if (ret < 0)
			return done ? (int)done : ret;
		done += (size_t)ret;
	}
	return (int)done;
}

/* The library repeats the last block for good. */
static void fade(struct ilbc_decoder *self, int16_t *samples, int count)
{
	int left = FADE_BLOCKS - (int)MIN(self->lost, FADE_BLOCKS), end = MAX(left - 1, 0);

	for (int i = 0; i < count; i++)
		samples[i] = (int16_t)(samples[i] * (left * (count - i) + end * i) /
				       (FADE_BLOCKS * count));
	self->lost++;
}

static int conceal(
	void *decoder, size_t samples, const uint8_t *next, size_t next_len, int16_t *out)
{
	struct ilbc_decoder *self = decoder;
	const struct mode *mode = &modes[self->mode];
	uint8_t empty[MAX_BLOCK_BYTES] = { 0 };
	size_t done = 0;

	(void)next;
	(void)next_len;
	empty[mode->bytes - 1] = EMPTY_BLOCK;
	while (samples - done >= (size_t)mode->ms * SAMPLES_PER_MS) {
		int ret = libav_decode(
			&self->av[self->mode], empty, mode->bytes, out + done, samples - done);

		if (ret <= 0)
			break;
		fade(self, out + done, ret);
		done += (size_t)ret;
	}
	return (int)done;
}

/* The library cannot forget; quiet blocks leave next to nothing of what was. */
static void reset(void *decoder)
{
	struct ilbc_decoder *self = decoder;

	for (unsigned i = 0; i < MODES; i++)
		prime(&self->av[i], &modes[i]);
	self->lost = 0;
}

static enum codec_match match(const struct codec_params *a, const struct codec_params *b)
{
	unsigned mode_a = mode_of_fmtp(a->fmtp), mode_b = mode_of_fmtp(b->fmtp);

	if (mode_a == mode_b)
		return CODEC_SAME;
	return mode_a == MODES || mode_b == MODES ? CODEC_COMPATIBLE : CODEC_DIFFERENT;
}

static const struct codec_decoder decoder = {
	.open = open_decoder,
	.close = close_decoder,
	.decode = decode,
	.conceal = conceal,
	.reset = reset,
};

/* Blocks of noise, one of each length. */
static const struct codec_params params = { .clock_hz = SAMPLE_HZ, .channels = 1, .ptime_ms = 20 };
static const uint8_t payload_20[] = { 0xba, 0x4f, 0x34, 0x98, 0xee, 0x97, 0x34, 0xf9, 0x2b, 0x4e,
	0x40, 0x7a, 0xe6, 0xaf, 0x6c, 0x31, 0x0c, 0xc5, 0xcc, 0x22, 0x9b, 0xc4, 0xad, 0x61, 0xe2,
	0xa6, 0xe2, 0x2e, 0xb8, 0x5a, 0xd4, 0x72, 0xaa, 0x09, 0x52, 0x98, 0xa1, 0x86 };
static const int16_t samples_20[] = { 9, -74, -28, -13, -10, -32, -108, -22, -1, -34, 1, 30, 57, 32,
	66, 154, 107, 51, 113, 67, 48, 40, -16, -49, -79, -127, -304, -85, -19, -96, 39, 175, 92,
	205, 168, 235, 173, 130, 117, -83, -158, -186, -191, -235, -410, -317, -179, -88, 6, 74,
	137, 179, 273, 350, 303, 167, 90, -8, -8, -55, -144, -24, -13, 47, -28, -109, 32, 98, 122,
	87, -139, -48, 53, -35, 21, -5, -187, -89, -130, -173, -144, -67, -195, -150, -128, -73, 53,
	151, 326, 300, 206, 220, 211, 91, 7, -138, -303, -340, -370, -344, -385, -311, -671, -668,
	-146, 295, 962, 1505, 1508, 1115, 510, -120, -498, -818, -749, -1056, -1147, -1143, -895,
	-398, 333, 969, 1336, 1363, 1032, 296, -261, -826, -1108, -1000, -603, -294, 150, 368, 477,
	509, 493, 643, 617, 493, 388, 150, -144, -353, -573, -722, -701, -668, -658, -493, -233,
	-386, -191, 383, 890, 1855, 2525, 2635, 1908, 505 };
static const uint8_t payload_30[] = { 0xba, 0x4f, 0x34, 0xe0, 0xee, 0x43, 0x34, 0xf9, 0x2b, 0x4e,
	0x40, 0x7a, 0xe6, 0xaf, 0x6c, 0x31, 0x0c, 0xc5, 0xcc, 0x22, 0x9b, 0xc4, 0xad, 0x61, 0xe2,
	0xa6, 0xe2, 0x2e, 0xb8, 0x5a, 0xd4, 0x72, 0xaa, 0x09, 0x52, 0x98, 0xa1, 0x86, 0x92, 0xcc,
	0xd5, 0xd2, 0x46, 0xbb, 0x82, 0xb3, 0xec, 0x8e, 0x78, 0xb8 };
static const int16_t samples_30[] = { 36, 43, 109, 143, 114, 98, 60, 49, 21, -44, -77, -80, -85,
	-96, -106, -104, -109, -87, -75, -70, -42, -52, 11, 61, 34, 15, 34, 41, 24, 6, -6, 6, 15,
	45, 78, 69, 58, 41, 32, 29, 21, 0, -28, -62, -89, -101, -91, -62, -24, 13, 41, 52, 52, 36,
	18, -2, -25, -39, -44, -39, -27, -14, 14, 54, 87, 98, 78, 34, -23, -118, -215, -214, -216,
	-165, -91, -9, 67, 130, 169, 223, 187, 109, 36, -57, -37, 18, 103, 134, 115, -12, -165,
	-206, -120, -50, 61, 76, 92, 50, 42, 116, 124, 115, 21, -79, -145, -192, -171, -92, 17, 69,
	66, 17, -50, -128, -116, -117, -26, 3, 39, 103, 75, -13, -64, -18, 14, 25, 42, 53, 39, 12,
	58, 79, 51, -6, -55, -50, -37, -20, 6, 26, 3, -44, -45, -36, -37, -23, -18, 1, 22, 32, 60,
	53, 25, -44, -60, 15, 37, 31, 8, -8, -47, -57, 5, 39, 33, 6, -17, -36, -32, 14, 43, 25, -8,
	-17, -16, -6, 25, 42, 15, -29, -33, -8, 7, 14, 25, 10, -28, -34, -4, 14, 7, 1, -3, -14, -15,
	11, 29, 14, -13, -22, -15, -4, -2, 8, -17, -21, -37, -17, 31, 48, 28, -9, -10, -8, -3, 14,
	23, 8, -2, 8, 11, 5, 10, 5, -4, -8, 0, 2, -2, 13, 1, -9, 1, 16, 9, -10, -13, -13, -3, 33 };
static const struct codec_vector vectors[] = {
	{ &params, payload_20, sizeof(payload_20), samples_20, G_N_ELEMENTS(samples_20), 0, false },
	{ &params, payload_30, sizeof(payload_30), samples_30, G_N_ELEMENTS(samples_30), 0, false },
};

static const uint8_t ptimes_ms[] = { 20, 30, 0 }; /* a packet is a block */

static const struct codec ilbc = {
	.name = "iLBC",
	.payload_type = -1,
	.channels = 1,
	.ptime_ms = 30,
	.ptimes = ptimes_ms,
	.clock_hz = SAMPLE_HZ,
	.fmtp = "mode=30",
	.silence = -1,
	.decoder = &decoder,
	.match = match,
	.usable = is_ours,
	.vectors = vectors,
	.vector_count = G_N_ELEMENTS(vectors),
};

static int init(const struct host *host, void **ret_instance, char *error)
{
	(void)error;
	*ret_instance = NULL;
	host->add_codec(host, &ilbc);
	return 0;
}

PLUGIN_EXPORT(ilbc) = {
	.abi = PLUGIN_ABI,
	.kind = PLUGIN_CODEC,
	.name = "ilbc",
	.description = "iLBC, decoding only",
	.init = init,
};

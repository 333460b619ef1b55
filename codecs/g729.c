/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * G.729 annex A by bcg729, with annex B (RFC 3551 4.5.6, spec media 1.5): 80 samples are 10 bytes
 * of speech or 2 that describe silence (SID), which stand behind the speech of a packet. G729a is
 * another name for it.
 *
 * Silence is sent as speech, unless the option `annexb=yes` of the codec's specification asks for
 * less and the peer's `annexb=no` does not forbid it. A packet then is one frame, since nothing
 * tells where in a longer one the frames that were not sent would have been.
 */
#include "api/codec.h"
#include "api/host.h"
#include "api/plugin.h"

#include <errno.h>

#include <bcg729/decoder.h>
#include <bcg729/encoder.h>

enum {
	SAMPLE_HZ = 8000,
	FRAME_MS = 10,
	FRAME_SAMPLES = 80,
	FRAME_BYTES = 10,
	SID_BYTES = 2,
	QUIET_FRAMES = 8,
	MAX_FRAMES = CODEC_MAX_PACKET_MS / FRAME_MS,
};

struct g729_encoder {
	bcg729EncoderChannelContextStruct *context;
	size_t frames; /* of a packet */
};

static bool is_ours(const struct codec_params *p)
{
	return p->clock_hz == SAMPLE_HZ && p->channels == 1;
}

static int open_decoder(const void *data, const struct codec_params *params,
	const struct codec_audio *want, struct codec_audio *ret_audio, void **ret_decoder)
{
	void *decoder = is_ours(params) ? initBcg729DecoderChannel() : NULL;

	(void)data;
	(void)want;
	if (!decoder)
		return -EINVAL;
	*ret_audio = (struct codec_audio){ SAMPLE_HZ, 1 };
	*ret_decoder = decoder;
	return 0;
}

static void close_decoder(void *decoder)
{
	closeBcg729DecoderChannel(decoder);
}

static int decode(void *decoder, const uint8_t *payload, size_t len, int16_t *out, size_t max)
{
	size_t done = 0;

	if (len < SID_BYTES)
		return -EINVAL;
	while (len >= SID_BYTES && max - done >= FRAME_SAMPLES) {
		uint8_t bytes = len >= FRAME_BYTES ? FRAME_BYTES : SID_BYTES;

		bcg729Decoder(
			decoder, payload, bytes, false, bytes == SID_BYTES, false, out + done);
		payload += bytes;
		len -= bytes;
		done += FRAME_SAMPLES;
	}
	return (int)done;
}

/* After a SID the library goes on with noise, else with what went before. */
static int conceal(
	void *decoder, size_t samples, const uint8_t *next, size_t next_len, int16_t *out)
{
	size_t done = 0;

	(void)next;
	(void)next_len;
	for (; samples - done >= FRAME_SAMPLES; done += FRAME_SAMPLES)
		bcg729Decoder(decoder, NULL, 0, true, false, false, out + done);
	return (int)done;
}

/* Silence by an encoder that has just been opened; filled at start. */
static uint8_t quiet[QUIET_FRAMES][FRAME_BYTES];

static void make_quiet(void)
{
	static const int16_t zeros[FRAME_SAMPLES];
	bcg729EncoderChannelContextStruct *context = initBcg729EncoderChannel(false);
	uint8_t bytes;

	for (unsigned i = 0; i < QUIET_FRAMES; i++)
		bcg729Encoder(context, zeros, quiet[i], &bytes);
	closeBcg729EncoderChannel(context);
}

/* The library cannot forget; what rings is over after some quiet frames. */
static void reset_decoder(void *decoder)
{
	int16_t unheard[FRAME_SAMPLES];

	for (unsigned i = 0; i < QUIET_FRAMES; i++)
		bcg729Decoder(decoder, quiet[i], FRAME_BYTES, false, false, false, unheard);
}

/* Does a list of `key=value` joined by `;` have this one? */
static bool has_setting(struct str list, const char *setting)
{
	struct str part;

	while (str_cut(&list, ';', &part)) {
		while (part.len && part.s[0] == ' ')
			part = str_skip(part, 1);
		while (part.len && part.s[part.len - 1] == ' ')
			part.len--;
		if (str_is_nocase(part, setting))
			return true;
	}
	return false;
}

static int open_encoder(const void *data, const struct codec_params *params,
	const struct codec_audio *have, struct codec_audio *ret_audio, size_t *ret_samples,
	void **ret_encoder)
{
	bool silences = has_setting(params->options, "annexb=yes") &&
			!has_setting(params->fmtp, "annexb=no");
	bcg729EncoderChannelContextStruct *context = is_ours(params)
							     ? initBcg729EncoderChannel(silences)
							     : NULL;
	struct g729_encoder *self;

	(void)data;
	(void)have;
	if (!context)
		return -EINVAL;
	self = g_new0(struct g729_encoder, 1);
	self->context = context;
	self->frames = silences ? 1 : CLAMP(params->ptime_ms / FRAME_MS, 1, MAX_FRAMES);
	*ret_samples = self->frames * FRAME_SAMPLES;
	*ret_audio = (struct codec_audio){ SAMPLE_HZ, 1 };
	*ret_encoder = self;
	return 0;
}

static void close_encoder(void *encoder)
{
	struct g729_encoder *self = encoder;

	closeBcg729EncoderChannel(self->context);
	g_free(self);
}

static int encode(void *encoder, const int16_t *samples, uint8_t *out)
{
	const struct g729_encoder *self = encoder;
	int len = 0;

	for (size_t i = 0; i < self->frames; i++) {
		uint8_t bytes = 0;

		bcg729Encoder(self->context, samples + i * FRAME_SAMPLES, out + len, &bytes);
		len += bytes;
	}
	return len;
}

static const struct codec_decoder decoder = {
	.open = open_decoder,
	.close = close_decoder,
	.decode = decode,
	.conceal = conceal,
	.reset = reset_decoder,
};
static const struct codec_encoder encoder = {
	.open = open_encoder,
	.close = close_encoder,
	.encode = encode,
};

/* Two tones; what comes out at first is mostly their delay. */
static const struct codec_params params = {
	.clock_hz = SAMPLE_HZ, .channels = 1, .ptime_ms = FRAME_MS
};
static const int16_t in[] = { 0, 4936, 6750, 5284, 3247, 3187, 4758, 5142, 2187, -3065, -7160,
	-7545, -4984, -2577, -2441, -3552, -2994, 709, 5729, 8542, 7362, 3838, 1261, 1170, 1912,
	646, -3361, -7648, -8881, -6175, -1961, 502, 376, -145, 1549, 5425, 8582, 8113, 4101, -408,
	-2427, -1897, -1436, -3277, -6654, -8431, -6330, -1391, 2947, 4190, 3095, 2559, 4314, 6926,
	7242, 3762, -1607, -5289, -5477, -3723, -3037, -4549, -6262, -5208, -746, 4499, 7081, 6036,
	3630, 2799, 4007, 4816, 2629, -2320, -6894, -8038, -5718, -2781, -1901, -2835 };
static const uint8_t payload[] = {
	0xaf,
	0x27,
	0x87,
	0x40,
	0x00,
	0xfa,
	0xd4,
	0x3a,
	0x39,
	0xfc,
};
static const int16_t out[] = { 2, 4, 3, 3, 1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
	-1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 4, 5, 3, -1, -5,
	-4, 0, -8, -17, -18, -11, 3, 9, 7, 2, 2, 8, 13, 10, 4, 0, 0, 0, 2, 0, -13, -20, -15, -4, 7,
	11, 4, 2, 17, 31, 31, 21, -1 };
static const struct codec_vector vectors[] = {
	{ &params, payload, sizeof(payload), out, G_N_ELEMENTS(out), 0, false },
	{ &params, payload, sizeof(payload), in, G_N_ELEMENTS(in), UINT16_MAX, true },
};

static const struct codec g729 = {
	.name = "G729",
	.payload_type = 18,
	.channels = 1,
	.ptime_ms = 20,
	.ptime_min_ms = 2 * FRAME_MS,
	.ptime_unit_ms = FRAME_MS,
	.clock_hz = SAMPLE_HZ,
	.flags = CODEC_FMTP_IGNORED,
	.fmtp = "annexb=yes",
	.silence = -1,
	.decoder = &decoder,
	.encoder = &encoder,
	.vectors = vectors,
	.vector_count = G_N_ELEMENTS(vectors),
	.usable = is_ours,
};

static const struct codec g729a = {
	.name = "G729a",
	.alias_of = "G729",
	.payload_type = 18,
	.channels = 1,
	.ptime_ms = 20,
	.ptime_min_ms = 2 * FRAME_MS,
	.ptime_unit_ms = FRAME_MS,
	.clock_hz = SAMPLE_HZ,
	.flags = CODEC_FMTP_IGNORED,
	.fmtp = "annexb=no",
	.silence = -1,
	.decoder = &decoder,
	.encoder = &encoder,
	.usable = is_ours,
};

static int init(const struct host *host, void **ret_instance, char *error)
{
	(void)error;
	*ret_instance = NULL;
	make_quiet();
	host->add_codec(host, &g729);
	host->add_codec(host, &g729a);
	return 0;
}

PLUGIN_EXPORT(g729) = {
	.abi = PLUGIN_ABI,
	.kind = PLUGIN_CODEC,
	.name = "g729",
	.description = "G.729 with annexes A and B",
	.init = init,
};

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Opus (RFC 6716, 7587) by libopus. The RTP clock is always 48 kHz; the audio has the rate of what
 * is on the other side, and one channel unless both sides have two, so that nothing is resampled
 * or coded twice (spec media 1.5).
 *
 * Parameters of SDP are those of the far end, and say what it likes to receive: the encoder goes by
 * them. What the proxy's user asks for is in the options, and those go first.
 */
#include "api/codec.h"
#include "api/host.h"
#include "api/plugin.h"

#include <errno.h>

#include <opus/opus.h>

enum {
	CLOCK_HZ = 48000,
	FRAME_UNITS_PER_S = 400, /* what is concealed comes in units of 2.5 ms */
	DTX_BYTES = 2,           /* packets no longer than this need not be sent */
	DEFAULT_COMPLEXITY = 10,
	DEFAULT_BITRATE = 32000,
	MIN_BITRATE = 6000, /* what is less is meant in thousands */
	MAX_BITRATE = 510000,
};

struct opus_decoder {
	OpusDecoder *opus;
	uint32_t sample_hz;
};

struct opus_encoder {
	OpusEncoder *opus;
	int samples; /* of a packet */
	bool loss_given;
};

/* ---- settings: "key=value;…" ---- */

enum { NOT_GIVEN = -1 };

struct key {
	const char *name;
	unsigned at; /* where its value goes */
};

/* Values of fmtp, in the order in which they are printed. */
enum {
	STEREO,
	SPROP_STEREO,
	USE_INBAND_FEC,
	USE_DTX,
	CBR,
	MAX_PLAYBACK_RATE,
	MAX_AVERAGE_BITRATE,
	SPROP_MAX_CAPTURE_RATE,
	MIN_PTIME,
	FMTP_KEYS
};

static const struct key fmtp_keys[] = {
	{ "stereo", STEREO },
	{ "sprop-stereo", SPROP_STEREO },
	{ "useinbandfec", USE_INBAND_FEC },
	{ "usedtx", USE_DTX },
	{ "cbr", CBR },
	{ "maxplaybackrate", MAX_PLAYBACK_RATE },
	{ "maxaveragebitrate", MAX_AVERAGE_BITRATE },
	{ "sprop-maxcapturerate", SPROP_MAX_CAPTURE_RATE },
	{ "minptime", MIN_PTIME },
	{ NULL, 0 },
};

enum { COMPLEXITY, APPLICATION, VBR, PACKET_LOSS, OPTION_KEYS };

static const struct key option_keys[] = {
	{ "complexity", COMPLEXITY },
	{ "compression_level", COMPLEXITY },
	{ "application", APPLICATION },
	{ "vbr", VBR },
	{ "packet_loss", PACKET_LOSS },
	{ NULL, 0 },
};

enum { VBR_OFF, VBR_ON, VBR_CONSTRAINED };

static const struct key applications[] = {
	{ "voip", OPUS_APPLICATION_VOIP },
	{ "audio", OPUS_APPLICATION_AUDIO },
	{ "lowdelay", OPUS_APPLICATION_RESTRICTED_LOWDELAY },
	{ "low-delay", OPUS_APPLICATION_RESTRICTED_LOWDELAY },
	{ NULL, 0 },
};

static const struct key *key_find(const struct key *keys, struct str name)
{
	for (; keys->name; keys++)
		if (str_is_nocase(name, keys->name))
			return keys;
	return NULL;
}

static struct str trim(struct str s)
{
	while (s.len && s.s[0] == ' ')
		s = str_skip(s, 1);
	while (s.len && s.s[s.len - 1] == ' ')
		s.len--;
	return s;
}

/* A number, or the name of an application, which no number looks like. */
static int value_of(struct str text)
{
	const struct key *application = key_find(applications, text);
	int value = 0;

	if (application)
		return (int)application->at;
	if (!text.len || text.len > 7)
		return NOT_GIVEN;
	for (size_t i = 0; i < text.len; i++) {
		if (!g_ascii_isdigit(text.s[i]))
			return NOT_GIVEN;
		value = value * 10 + text.s[i] - '0';
	}
	return value;
}

/* What is not understood is as if it had not been given. */
static void settings_read(struct str text, const struct key *keys, unsigned count, int *values)
{
	struct str part, name;

	for (unsigned i = 0; i < count; i++)
		values[i] = NOT_GIVEN;
	while (str_cut(&text, ';', &part)) {
		const struct key *key = str_cut(&part, '=', &name) ? key_find(keys, trim(name))
								   : NULL;
		int value = key ? value_of(trim(part)) : NOT_GIVEN;

		if (value != NOT_GIVEN)
			values[key->at] = value;
	}
}

/* ---- decoder ---- */

/* The rate that loses nothing of `hz`. */
static uint32_t nearest_rate(uint32_t hz)
{
	static const uint32_t rates[] = { 8000, 12000, 16000, 24000, 48000 };
	unsigned i = 0;

	while (i < G_N_ELEMENTS(rates) - 1 && rates[i] < hz)
		i++;
	return rates[i];
}

static bool is_ours(const struct codec_params *p)
{
	return p->clock_hz == CLOCK_HZ && p->channels && p->channels <= CODEC_MAX_CHANNELS;
}

static int open_decoder(const void *data, const struct codec_params *params,
	const struct codec_audio *want, struct codec_audio *ret_audio, void **ret_decoder)
{
	struct codec_audio audio = { nearest_rate(want->sample_hz),
		(uint8_t)CLAMP(want->channels, 1, params->channels) };
	struct opus_decoder *self;
	OpusDecoder *opus;
	int error;

	(void)data;
	if (!is_ours(params))
		return -EINVAL;
	opus = opus_decoder_create((opus_int32)audio.sample_hz, audio.channels, &error);
	if (!opus)
		return -ENOMEM;
	self = g_new0(struct opus_decoder, 1);
	self->opus = opus;
	self->sample_hz = audio.sample_hz;
	*ret_audio = audio;
	*ret_decoder = self;
	return 0;
}

static void close_decoder(void *decoder)
{
	struct opus_decoder *self = decoder;

	opus_decoder_destroy(self->opus);
	g_free(self);
}

/* No bytes at all are not a packet, though the library would conceal then. */
static int decode(void *decoder, const uint8_t *payload, size_t len, int16_t *out, size_t max)
{
	struct opus_decoder *self = decoder;
	int ret;

	if (!len || len > INT32_MAX)
		return -EINVAL;
	ret = opus_decode(self->opus, payload, (opus_int32)len, out, (int)max, 0);
	return ret < 0 ? -EINVAL : ret;
}

/*
 * A packet may hold the frame before it once more, coarsely. The library takes it for the end of the
 * gap and conceals what is before, or all if there is none.
 */
static int conceal(
	void *decoder, size_t samples, const uint8_t *next, size_t next_len, int16_t *out)
{
	struct opus_decoder *self = decoder;
	size_t unit = self->sample_hz / FRAME_UNITS_PER_S;
	int ret = OPUS_INVALID_PACKET;

	samples = MIN(samples, CODEC_MAX_SAMPLES) / unit * unit;
	if (!samples)
		return 0;
	if (next && next_len && next_len <= INT32_MAX)
		ret = opus_decode(self->opus, next, (opus_int32)next_len, out, (int)samples, true);
	if (ret < 0)
		ret = opus_decode(self->opus, NULL, 0, out, (int)samples, false);
	return ret < 0 ? -EINVAL : ret;
}

static void reset_decoder(void *decoder)
{
	struct opus_decoder *self = decoder;

	opus_decoder_ctl(self->opus, OPUS_RESET_STATE);
}

/* ---- encoder ---- */

static const uint8_t lengths[] = { 5, 10, 20, 40, 60, 0 };

static unsigned frame_ms(unsigned ptime_ms, int min_ptime_ms)
{
	unsigned i = G_N_ELEMENTS(lengths) - 2;

	ptime_ms = MAX(ptime_ms, (unsigned)MAX(min_ptime_ms, 0));
	while (i && lengths[i] > ptime_ms)
		i--;
	return lengths[i];
}

static int bitrate_for(const struct codec_params *p, const int *fmtp)
{
	uint32_t bitrate = p->bitrate;
	int most = fmtp[MAX_AVERAGE_BITRATE] < MIN_BITRATE ? MAX_BITRATE
							   : fmtp[MAX_AVERAGE_BITRATE];

	if (!bitrate)
		bitrate = DEFAULT_BITRATE;
	else if (bitrate < MIN_BITRATE)
		bitrate *= 1000;
	return (int)CLAMP(bitrate, MIN_BITRATE, (uint32_t)MIN(most, MAX_BITRATE));
}

static int bandwidth_for(int playback_hz)
{
	if (playback_hz <= 0 || playback_hz > 24000)
		return OPUS_BANDWIDTH_FULLBAND;
	if (playback_hz > 16000)
		return OPUS_BANDWIDTH_SUPERWIDEBAND;
	if (playback_hz > 12000)
		return OPUS_BANDWIDTH_WIDEBAND;
	return playback_hz > 8000 ? OPUS_BANDWIDTH_MEDIUMBAND : OPUS_BANDWIDTH_NARROWBAND;
}

static void configure(struct opus_encoder *self, const int *fmtp, const int *options, int bitrate)
{
	int complexity = options[COMPLEXITY], vbr = options[VBR], loss = options[PACKET_LOSS];

	if (complexity < 0 || complexity > DEFAULT_COMPLEXITY)
		complexity = DEFAULT_COMPLEXITY;
	if (vbr < VBR_OFF || vbr > VBR_CONSTRAINED)
		vbr = VBR_ON;
	if (fmtp[CBR] == 1)
		vbr = VBR_OFF;
	self->loss_given = loss >= 0 && loss <= 100;
	opus_encoder_ctl(self->opus, OPUS_SET_COMPLEXITY(complexity));
	opus_encoder_ctl(self->opus, OPUS_SET_VBR(vbr != VBR_OFF));
	opus_encoder_ctl(self->opus, OPUS_SET_VBR_CONSTRAINT(vbr == VBR_CONSTRAINED));
	opus_encoder_ctl(self->opus, OPUS_SET_BITRATE(bitrate));
	opus_encoder_ctl(self->opus, OPUS_SET_INBAND_FEC(fmtp[USE_INBAND_FEC] != 0));
	opus_encoder_ctl(self->opus, OPUS_SET_PACKET_LOSS_PERC(self->loss_given ? loss : 0));
	opus_encoder_ctl(self->opus, OPUS_SET_DTX(fmtp[USE_DTX] == 1));
	opus_encoder_ctl(
		self->opus, OPUS_SET_MAX_BANDWIDTH(bandwidth_for(fmtp[MAX_PLAYBACK_RATE])));
}

/*
 * Speech that is made for telephones keeps more of its tones by "audio" at these rates, for less;
 * silence is left out by "voip" alone.
 */
static int application_for(int option, bool dtx)
{
	for (const struct key *known = applications; known->name; known++)
		if (option == (int)known->at)
			return option;
	return dtx ? OPUS_APPLICATION_VOIP : OPUS_APPLICATION_AUDIO;
}

static int open_encoder(const void *data, const struct codec_params *params,
	const struct codec_audio *have, struct codec_audio *ret_audio, size_t *ret_samples,
	void **ret_encoder)
{
	int fmtp[FMTP_KEYS], options[OPTION_KEYS], error;
	struct codec_audio audio = { nearest_rate(have->sample_hz), 1 };
	struct opus_encoder *self;
	OpusEncoder *opus;

	(void)data;
	if (!is_ours(params))
		return -EINVAL;
	settings_read(params->fmtp, fmtp_keys, FMTP_KEYS, fmtp);
	settings_read(params->options, option_keys, OPTION_KEYS, options);
	if (params->channels == 2 && have->channels == 2 && fmtp[STEREO] == 1)
		audio.channels = 2;
	opus = opus_encoder_create((opus_int32)audio.sample_hz, audio.channels,
		application_for(options[APPLICATION], fmtp[USE_DTX] == 1), &error);
	if (!opus)
		return -ENOMEM;
	self = g_new0(struct opus_encoder, 1);
	self->opus = opus;
	self->samples = (int)(audio.sample_hz / 1000 * frame_ms(params->ptime_ms, fmtp[MIN_PTIME]));
	configure(self, fmtp, options, bitrate_for(params, fmtp));
	*ret_audio = audio;
	*ret_samples = (size_t)self->samples;
	*ret_encoder = self;
	return 0;
}

static void close_encoder(void *encoder)
{
	struct opus_encoder *self = encoder;

	opus_encoder_destroy(self->opus);
	g_free(self);
}

static int encode(void *encoder, const int16_t *samples, uint8_t *out)
{
	struct opus_encoder *self = encoder;
	int len = opus_encode(self->opus, samples, self->samples, out, CODEC_MAX_PAYLOAD);

	if (len < 0)
		return -EINVAL;
	return len > DTX_BYTES ? len : 0;
}

/* What was configured stays. */
static void reset_encoder(void *encoder)
{
	struct opus_encoder *self = encoder;

	opus_encoder_ctl(self->opus, OPUS_RESET_STATE);
}

/* Without a figure the library adds nothing for lost packets. */
static void set_loss(void *encoder, unsigned percent)
{
	struct opus_encoder *self = encoder;

	if (!self->loss_given)
		opus_encoder_ctl(self->opus, OPUS_SET_PACKET_LOSS_PERC((int)MIN(percent, 100)));
}

/* ---- parameters ---- */

/* Whatever one sends the other can play; only the number of channels makes two codecs. */
static enum codec_match match(const struct codec_params *a, const struct codec_params *b)
{
	if (a->channels != b->channels)
		return CODEC_DIFFERENT;
	return str_eq(a->fmtp, b->fmtp) ? CODEC_SAME : CODEC_COMPATIBLE;
}

/* What the offerer sends is what we receive, and the other way round. */
static bool answer(const struct codec_params *offer, bool stereo, char *out)
{
	int in[FMTP_KEYS], values[FMTP_KEYS];
	const char *sep = "";
	size_t len = 0;

	settings_read(offer->fmtp, fmtp_keys, FMTP_KEYS, in);
	memcpy(values, in, sizeof(values));
	values[STEREO] = stereo && offer->channels == 2 ? 1 : NOT_GIVEN;
	values[SPROP_STEREO] = in[STEREO] == 1 && values[STEREO] == 1 ? 1 : NOT_GIVEN;
	values[USE_INBAND_FEC] = 1;
	values[MAX_PLAYBACK_RATE] = in[SPROP_MAX_CAPTURE_RATE];
	values[SPROP_MAX_CAPTURE_RATE] = in[MAX_PLAYBACK_RATE];
	for (const struct key *key = fmtp_keys; key->name; key++) {
		if (values[key->at] == NOT_GIVEN)
			continue;
		len += (size_t)g_snprintf(out + len, CODEC_FMTP_BYTES - len, "%s%s=%d", sep,
			key->name, values[key->at]);
		sep = "; ";
	}
	return true;
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
	.loss = set_loss,
	.reset = reset_encoder,
};

/* Two tones, coded without SILK; builds of the library differ in the last bits. */
static const struct codec_params params = { .clock_hz = CLOCK_HZ, .channels = 1, .ptime_ms = 5 };
static const uint8_t payload[] = { 0x88, 0xb5, 0x36, 0x9d, 0x52, 0x06, 0xe6, 0x41, 0x5f, 0x2f, 0x78,
	0xfb, 0x42, 0x3d, 0x04, 0x0e, 0x95, 0xdf, 0xa2, 0xba, 0x84, 0xea, 0xe7, 0x81, 0xf6, 0xed };
static const int16_t samples[] = { 0, 0, 0, 1, 2, 3, 4, 3, 1, -1, -3, -4, -3, 1, 7, 15, 22, 28, 30,
	28, 23, 17, 11, 8, 8, 12, 18, 24, 27, 24, 14, -3, -25, -47, -67, -79, -83, -78, -66, -51,
	-38, -29, -26, -27, -30, -30, -22, -2, 30, 71, 117, 160, 194, 214, 217, 205, 182, 155, 129,
	108, 94, 82, 70, 50, 18, -29, -89, -154, -218, -269, -300, -306, -288, -252, -206, -162,
	-126, -105, -96, -95, -93, -79, -47, 5, 73, 148, 216, 264, 282, 267, 223, 159, 91, 33, -2,
	-11, 2, 27, 46, 43, 8, -63, -161, -270, -365, -425, -433, -383, -286, -163, -48, 26, 29,
	-50, -206, -406, -603, -734, -737, -558, -165, 447, 1251, 2196, 3210, 4212, 5127, 5894,
	6474, 6853, 7040, 7065, 6963, 6775, 6532, 6258, 5964, 5650, 5313, 4951, 4564, 4164, 3768,
	3401, 3091, 2860, 2728, 2700, 2774, 2936, 3166, 3442, 3742, 4049, 4349, 4635, 4900, 5136,
	5335, 5484, 5565, 5560, 5452, 5224, 4870, 4390, 3793, 3092, 2309, 1463, 576, -336, -1258,
	-2179, -3086, -3968, -4810, -5593, -6300, -6910, -7407, -7778, -8018, -8126, -8112, -7987,
	-7767, -7465, -7097, -6675, -6208, -5709, -5188, -4660, -4142, -3653, -3215, -2843, -2555,
	-2356, -2250, -2229, -2283, -2396, -2551, -2732, -2927, -3122, -3308, -3478, -3620, -3725,
	-3780, -3771, -3683, -3505, -3226, -2843, -2357, -1773, -1103, -361, 437, 1273, 2132, 2998,
	3855, 4688, 5483, 6224, 6895, 7480, 7965, 8335, 8582, 8699, 8685, 8542, 8280, 7908 };
static const struct codec_vector vectors[] = {
	{ &params, payload, sizeof(payload), samples, G_N_ELEMENTS(samples), 40, false },
};

static const struct codec opus = {
	.name = "opus",
	.payload_type = -1,
	.channels = 2,
	.ptime_ms = 20,
	.ptimes = lengths,
	.clock_hz = CLOCK_HZ,
	.bitrate = DEFAULT_BITRATE,
	.fmtp = "useinbandfec=1",
	.silence = -1,
	.decoder = &decoder,
	.encoder = &encoder,
	.match = match,
	.answer = answer,
	.vectors = vectors,
	.vector_count = G_N_ELEMENTS(vectors),
	.usable = is_ours,
};

static int init(const struct host *host, void **ret_instance, char *error)
{
	(void)error;
	*ret_instance = NULL;
	host->add_codec(host, &opus);
	return 0;
}

PLUGIN_EXPORT(opus) = {
	.abi = PLUGIN_ABI,
	.kind = PLUGIN_CODEC,
	.name = "opus",
	.description = "Opus",
	.init = init,
};

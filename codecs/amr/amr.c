/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * AMR and AMR-WB (RFC 4867), one frame of 20 ms in each packet sent.
 *
 * The far end may ask for a mode in any of its packets: decoder → request() → obey() → encoder.
 * The same way goes our own wish for a higher mode of its, which the encoder writes into three
 * packets. Options of a codec's specification:
 *
 *	CMR-interval=MS          ask for the next higher mode, one step in each such time
 *	mode-change-interval=MS  go one mode up when nothing was asked of us for so long
 *
 * Time is counted in frames.
 */
#include "amr.h"

#include "api/host.h"
#include "api/plugin.h"

#include <errno.h>
#include <stdlib.h>

enum {
	FRAME_MS = 20,
	WISH_REPEATS = 3, /* packets that a wish is written into */
	NO_WISH = 15,
	/* The `request` of codec.h: the mode asked of us, our wish, and which wish it is. */
	WISH_SHIFT = 4,
	SERIAL_SHIFT = 8,
	SERIAL_MASK = 0xff,
};

struct decoder {
	const struct amr_kind *kind;
	struct amr_format format;
	void *library;
	unsigned request;                /* of the last payload */
	uint8_t latest[AMR_FRAME_BYTES]; /* speech to be repeated; a type of nothing: none */
	unsigned repeated;
	/* For CMR-interval; 0: not wanted. */
	unsigned wish_frames, frames;
	unsigned seen; /* the modes there were since the last wish, a bit each */
	unsigned wish, serial;
};

struct encoder {
	const struct amr_kind *kind;
	struct amr_format format;
	void *library;
	unsigned mode, wanted;
	unsigned packets;
	unsigned wish, wish_serial, wish_left;
	/* For mode-change-interval; 0: not wanted. */
	unsigned step_frames, frames;
};

/*
 * 3GPP TS 26.071 and 26.171: a homing frame takes a decoder to where it began. It is what an
 * encoder that has just been opened makes of samples of 8. Filled at start.
 */
static uint8_t homing[2][AMR_FRAME_BYTES];

/* A frame without speech or noise. */
static const uint8_t nothing[AMR_FRAME_BYTES] = { AMR_NO_DATA << 3 | 1 << 2 };

static void make_homing(const struct amr_kind *kind, uint8_t *frame)
{
	enum { HOMING_SAMPLE = 8 };
	void *encoder = kind->coder->open_encoder();
	int16_t samples[AMR_MAX_FRAME_SAMPLES];

	if (!encoder)
		return;
	for (unsigned i = 0; i < G_N_ELEMENTS(samples); i++)
		samples[i] = HOMING_SAMPLE;
	kind->coder->encode(encoder, 0, samples, frame);
	kind->coder->close_encoder(encoder);
}

static unsigned option_frames(struct str options, const char *name)
{
	struct str item, key;
	char text[12] = "";

	while (str_cut(&options, ';', &item)) {
		str_cut(&item, '=', &key);
		if (!str_is_nocase(key, name) || !item.len || item.len >= sizeof(text))
			continue;
		memcpy(text, item.s, item.len);
		return (unsigned)CLAMP(strtol(text, NULL, 10), 0, G_MAXINT) / FRAME_MS;
	}
	return 0;
}

static bool is_of_kind(const struct amr_kind *kind, const struct codec_params *params)
{
	return params->clock_hz == kind->sample_hz && params->channels <= 1;
}

static int open_decoder(const void *data, const struct codec_params *params,
	const struct codec_audio *want, struct codec_audio *ret_audio, void **ret_decoder)
{
	const struct amr_kind *kind = data;
	struct decoder *self;
	void *library;

	(void)want;
	if (!is_of_kind(kind, params))
		return -EINVAL;
	library = kind->coder->open_decoder();
	if (!library)
		return -ENOMEM;
	self = g_new0(struct decoder, 1);
	self->kind = kind;
	self->library = library;
	self->request = AMR_NO_REQUEST;
	memcpy(self->latest, nothing, AMR_FRAME_BYTES);
	self->wish = NO_WISH;
	self->wish_frames = option_frames(params->options, "CMR-interval");
	amr_format_parse(kind, params->fmtp, &self->format);
	*ret_audio = (struct codec_audio){ kind->sample_hz, 1 };
	*ret_decoder = self;
	return 0;
}

static void close_decoder(void *decoder)
{
	struct decoder *self = decoder;

	self->kind->coder->close_decoder(self->library);
	g_free(self);
}

static unsigned type_of(const uint8_t *frame)
{
	return frame[0] >> 3 & 15;
}

static void decode_good(struct decoder *self, const uint8_t *frame, int16_t *out)
{
	self->kind->coder->decode(self->library, frame, out);
	memcpy(self->latest, type_of(frame) < self->kind->modes ? frame : nothing, AMR_FRAME_BYTES);
	self->repeated = 0;
}

/*
 * Of nothing a decoder makes more of what was, ever softer, or comfort noise. AMR-WB's takes it for
 * silence that it heard: after a single such frame it is some 8 dB down for 200 ms. So it gets the
 * latest frame of speech again, for a while.
 */
static void decode_nothing(struct decoder *self, int16_t *out)
{
	bool again = self->repeated < self->kind->repeats &&
		     type_of(self->latest) < self->kind->modes;

	self->kind->coder->decode(self->library, again ? self->latest : nothing, out);
	self->repeated++;
}

static void look_for_better(struct decoder *self, unsigned type)
{
	unsigned highest;

	if (type < self->kind->modes)
		self->seen |= 1u << type;
	if (++self->frames < self->wish_frames || !self->seen)
		return;
	highest = 31 - (unsigned)__builtin_clz(self->seen);
	self->wish = amr_mode_above(&self->format, highest);
	if (self->wish == highest)
		self->wish = NO_WISH;
	else
		self->serial = self->serial % SERIAL_MASK + 1;
	self->frames = 0;
	self->seen = 0;
}

static int decode(void *decoder, const uint8_t *payload, size_t len, int16_t *out, size_t max)
{
	struct decoder *self = decoder;
	struct amr_frame frames[AMR_MAX_FRAMES];
	unsigned each = self->kind->frame_samples, request;
	int count = amr_payload_read(self->kind, &self->format, payload, len, frames, &request);

	if (count < 0)
		return count;
	self->request = request < self->kind->modes ? request : AMR_NO_REQUEST;
	count = MIN(count, (int)(max / each));
	for (int i = 0; i < count; i++, out += each) {
		if (frames[i].good)
			decode_good(self, frames[i].bytes, out);
		else
			decode_nothing(self, out);
		if (self->wish_frames)
			look_for_better(self, frames[i].type);
	}
	return count * (int)each;
}

static int conceal(
	void *decoder, size_t samples, const uint8_t *next, size_t next_len, int16_t *out)
{
	struct decoder *self = decoder;
	size_t each = self->kind->frame_samples, made = 0;

	(void)next;
	(void)next_len;
	for (; made + each <= samples; made += each)
		decode_nothing(self, out + made);
	return (int)made;
}

/* One homing frame would do, unless the one before was one, too. */
static void reset(void *decoder)
{
	struct decoder *self = decoder;
	int16_t unheard[AMR_MAX_FRAME_SAMPLES];

	for (unsigned i = 0; i < 2; i++)
		self->kind->coder->decode(self->library, homing[self->kind == &amr_wide], unheard);
	self->request = AMR_NO_REQUEST;
	memcpy(self->latest, nothing, AMR_FRAME_BYTES);
	self->frames = self->seen = 0;
	self->wish = NO_WISH;
}

static int request_of(const void *decoder)
{
	const struct decoder *self = decoder;

	if (self->request == AMR_NO_REQUEST && self->wish == NO_WISH)
		return -1;
	return (int)(self->request | self->wish << WISH_SHIFT | self->serial << SERIAL_SHIFT);
}

static int open_encoder(const void *data, const struct codec_params *params,
	const struct codec_audio *have, struct codec_audio *ret_audio, size_t *ret_samples,
	void **ret_encoder)
{
	const struct amr_kind *kind = data;
	struct encoder *self;
	void *library;

	(void)have;
	if (!is_of_kind(kind, params))
		return -EINVAL;
	library = kind->coder->open_encoder();
	if (!library)
		return -ENOMEM;
	self = g_new0(struct encoder, 1);
	self->kind = kind;
	self->library = library;
	amr_format_parse(kind, params->fmtp, &self->format);
	self->mode = self->wanted = amr_mode_of_rate(
		kind, &self->format, params->bitrate ? params->bitrate : kind->bitrate);
	self->step_frames = option_frames(params->options, "mode-change-interval");
	*ret_audio = (struct codec_audio){ kind->sample_hz, 1 };
	*ret_samples = kind->frame_samples;
	*ret_encoder = self;
	return 0;
}

static void close_encoder(void *encoder)
{
	struct encoder *self = encoder;

	self->kind->coder->close_encoder(self->library);
	g_free(self);
}

static void obey(void *encoder, int request)
{
	struct encoder *self = encoder;
	unsigned mode = (unsigned)request & 15, wish = (unsigned)request >> WISH_SHIFT & 15;
	unsigned serial = (unsigned)request >> SERIAL_SHIFT & SERIAL_MASK;

	if (request < 0)
		return;
	if (mode != AMR_NO_REQUEST)
		self->frames = 0;
	if (self->format.modes & 1u << mode)
		self->wanted = mode;
	if (wish == NO_WISH || serial == self->wish_serial)
		return;
	self->wish = wish;
	self->wish_serial = serial;
	self->wish_left = WISH_REPEATS;
}

/* As fast as the far end can follow. */
static void change_mode(struct encoder *self)
{
	if (self->step_frames && ++self->frames > self->step_frames) {
		self->wanted = amr_mode_above(&self->format, self->mode);
		self->frames = 0;
	}
	if (self->mode == self->wanted || (self->format.change_in_pairs && self->packets % 2))
		return;
	if (!self->format.change_neighbour)
		self->mode = self->wanted;
	else if (self->mode < self->wanted)
		self->mode = amr_mode_above(&self->format, self->mode);
	else
		self->mode = amr_mode_below(&self->format, self->mode);
}

static int encode(void *encoder, const int16_t *samples, uint8_t *out)
{
	struct encoder *self = encoder;
	unsigned request = AMR_NO_REQUEST;
	uint8_t frame[AMR_FRAME_BYTES];

	change_mode(self);
	self->packets++;
	if (self->kind->coder->encode(self->library, self->mode, samples, frame) <= 0)
		return -EIO;
	if (type_of(frame) >= self->kind->types)
		return 0;
	if (self->wish_left) {
		request = self->wish;
		self->wish_left--;
	}
	return (int)amr_payload_write(self->kind, &self->format, request, frame, out);
}

static enum codec_match match(
	const struct amr_kind *kind, const struct codec_params *a, const struct codec_params *b)
{
	struct amr_format from, to;

	amr_format_parse(kind, a->fmtp, &from);
	amr_format_parse(kind, b->fmtp, &to);
	return amr_format_match(&from, &to);
}

static enum codec_match match_narrow(const struct codec_params *a, const struct codec_params *b)
{
	return match(&amr_narrow, a, b);
}

static enum codec_match match_wide(const struct codec_params *a, const struct codec_params *b)
{
	return match(&amr_wide, a, b);
}

/*
 * Frames that were interleaved wait for others of packets to come, while time goes on as those
 * packets tell: that is not done here.
 */
static bool usable(const struct amr_kind *kind, const struct codec_params *params)
{
	struct amr_format format;

	amr_format_parse(kind, params->fmtp, &format);
	return is_of_kind(kind, params) && !format.interleaving;
}

static bool usable_narrow(const struct codec_params *params)
{
	return usable(&amr_narrow, params);
}

static bool usable_wide(const struct codec_params *params)
{
	return usable(&amr_wide, params);
}

static const struct codec_decoder decoders[] = {
	{ open_decoder, close_decoder, decode, conceal, request_of, &amr_narrow, reset },
	{ open_decoder, close_decoder, decode, conceal, request_of, &amr_wide, reset },
};
static const struct codec_encoder encoders[] = {
	{ .open = open_encoder,
		.close = close_encoder,
		.encode = encode,
		.obey = obey,
		.data = &amr_narrow },
	{ .open = open_encoder,
		.close = close_encoder,
		.encode = encode,
		.obey = obey,
		.data = &amr_wide },
};

static const uint8_t ptimes_ms[] = { FRAME_MS, 0 }; /* a packet is a frame */
static const char default_fmtp[] = "octet-align=1;mode-change-capability=2";

static const struct codec codecs[] = {
	{ .name = "AMR",
		.payload_type = -1,
		.channels = 1,
		.ptime_ms = FRAME_MS,
		.ptimes = ptimes_ms,
		.clock_hz = 8000,
		.bitrate = 6700,
		.fmtp = default_fmtp,
		.silence = -1,
		.decoder = &decoders[0],
		.encoder = &encoders[0],
		.match = match_narrow,
		.vectors = amr_narrow_vectors,
		.vector_count = AMR_VECTORS,
		.usable = usable_narrow },
	{ .name = "AMR-WB",
		.payload_type = -1,
		.channels = 1,
		.ptime_ms = FRAME_MS,
		.ptimes = ptimes_ms,
		.clock_hz = 16000,
		.bitrate = 14250,
		.fmtp = default_fmtp,
		.silence = -1,
		.decoder = &decoders[1],
		.encoder = &encoders[1],
		.match = match_wide,
		.vectors = amr_wide_vectors,
		.vector_count = AMR_VECTORS,
		.usable = usable_wide },
};

static int init(const struct host *host, void **ret_instance, char *error)
{
	(void)error;
	*ret_instance = NULL;
	make_homing(&amr_narrow, homing[0]);
	make_homing(&amr_wide, homing[1]);
	for (unsigned i = 0; i < G_N_ELEMENTS(codecs); i++)
		host->add_codec(host, &codecs[i]);
	return 0;
}

PLUGIN_EXPORT(amr) = {
	.abi = PLUGIN_ABI,
	.kind = PLUGIN_CODEC,
	.name = "amr",
	.description = "AMR and AMR-WB (RFC 4867)",
	.init = init,
};

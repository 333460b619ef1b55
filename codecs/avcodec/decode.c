/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Payloads to samples by libavcodec. The library's packet is one buffer that is used again and
 * again, and its frames come from its own pool.
 */
#include "avcodec.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include <glib.h>

#include <libavcodec/avcodec.h>
#include <libavutil/opt.h>

/* Of one payload: no frame that is one of several is shorter than 10 ms. */
enum { MAX_PIECES = CODEC_MAX_PACKET_MS / 10 };

struct decoder {
	const struct av_row *row;
	struct codec_audio audio;
	AVCodecContext *context;
	AVPacket *packet;
	AVFrame *frame;
	AVBufferRef *bytes; /* the packet's */
};

static void close_decoder(void *decoder)
{
	struct decoder *self = decoder;

	avcodec_free_context(&self->context);
	av_packet_free(&self->packet);
	av_frame_free(&self->frame);
	av_buffer_unref(&self->bytes);
	g_free(self);
}

static struct codec_audio choose_audio(
	const struct av_row *row, const struct codec_params *params, const struct codec_audio *want)
{
	struct codec_audio audio = { row->rate_hz, row->mono ? 1 : params->channels };

	if (!audio.sample_hz)
		audio.sample_hz = params->clock_hz ? params->clock_hz : want->sample_hz;
	if (!audio.channels)
		audio.channels = want->channels;
	return audio;
}

static unsigned atrac_kbits(struct str fmtp)
{
	struct str item, key;

	while (str_cut(&fmtp, ';', &item)) {
		while (item.len && *item.s == ' ')
			item = str_skip(item, 1);
		str_cut(&item, '=', &key);
		if (!str_is_nocase(key, "baseLayer"))
			continue;
		return str_is(item, "66") ? 66 : str_is(item, "105") ? 105 : 132;
	}
	return 132;
}

/* The head of a sound file, from which the library learns what frames there are. */
static int describe_atrac3(struct decoder *self, struct str fmtp)
{
	enum { HEAD_BYTES = 14, JOINT = 6, JOINT_TOO = 8, FACTOR = 10, LENGTH_HIGH = 3 };
	unsigned kbits = atrac_kbits(fmtp);
	uint8_t *head = av_mallocz(HEAD_BYTES + AV_INPUT_BUFFER_PADDING_SIZE);

	if (!head)
		return -ENOMEM;
	head[0] = 1;
	head[LENGTH_HIGH] = 0x10;
	head[JOINT] = head[JOINT_TOO] = kbits == 66; /* both channels in one */
	head[FACTOR] = 1;
	self->context->extradata = head;
	self->context->extradata_size = HEAD_BYTES;
	self->context->block_align = kbits == 66 ? 192 : kbits == 105 ? 304 : 384;
	/* The kinds of frames there are have two channels. */
	av_channel_layout_default(&self->context->ch_layout, 2);
	return 0;
}

static int describe_vorbis(struct decoder *self, struct str fmtp)
{
	GByteArray *headers = av_vorbis_headers(fmtp);

	if (!headers)
		return -EINVAL;
	self->context->extradata = av_mallocz(headers->len + AV_INPUT_BUFFER_PADDING_SIZE);
	if (self->context->extradata) {
		memcpy(self->context->extradata, headers->data, headers->len);
		self->context->extradata_size = (int)headers->len;
	}
	g_byte_array_free(headers, TRUE);
	return self->context->extradata ? 0 : -ENOMEM;
}

static int open_context(struct decoder *self, const struct codec_params *params)
{
	const AVCodec *codec = av_row_decoder(self->row);

	self->context = avcodec_alloc_context3(codec);
	self->packet = av_packet_alloc();
	self->frame = av_frame_alloc();
	self->bytes = av_buffer_allocz(AV_PACKET_BYTES + AV_INPUT_BUFFER_PADDING_SIZE);
	if (!codec || !self->context || !self->packet || !self->frame || !self->bytes)
		return -ENOMEM;
	self->context->thread_count = 1;
	self->context->sample_rate = (int)self->audio.sample_hz;
	self->context->bits_per_coded_sample = (int)self->row->bits;
	self->context->block_align = (int)self->row->frame_bytes;
	av_channel_layout_default(&self->context->ch_layout, self->audio.channels);
	if (self->row->atrac3 && describe_atrac3(self, params->fmtp) < 0)
		return -ENOMEM;
	if (self->row->vorbis && describe_vorbis(self, params->fmtp) < 0)
		return -EINVAL;
	if (self->row->any_block)
		self->context->block_align = AV_PACKET_BYTES; /* until there is a payload */
	/* Where there may be more than two channels in the stream. Not every decoder knows it. */
	av_opt_set(self->context->priv_data, "downmix",
		self->audio.channels == 1 ? "mono" : "stereo", 0);
	return avcodec_open2(self->context, codec, NULL) < 0 ? -EINVAL : 0;
}

static int open_decoder(const void *data, const struct codec_params *params,
	const struct codec_audio *want, struct codec_audio *ret_audio, void **ret_decoder)
{
	const struct av_row *row = data;
	struct codec_audio audio = choose_audio(row, params, want);
	struct decoder *self;
	int ret;

	if (!audio.sample_hz || audio.sample_hz > CODEC_MAX_SAMPLE_HZ || !audio.channels ||
		audio.channels > CODEC_MAX_CHANNELS || params->channels > CODEC_MAX_CHANNELS)
		return -EINVAL;
	self = g_new0(struct decoder, 1);
	self->row = row;
	self->audio = audio;
	ret = open_context(self, params);
	if (ret < 0) {
		close_decoder(self);
		return ret;
	}
	*ret_audio = audio;
	*ret_decoder = self;
	return 0;
}

static int16_t from_float(float v)
{
	v *= 32768;
	return (int16_t)lrintf(v > 32767 ? 32767 : v < -32768 ? -32768 : v == v ? v : 0);
}

/* One sample of the library's frame. */
static int16_t sample_of(const AVFrame *frame, int channel, int at)
{
	int channels = frame->ch_layout.nb_channels;
	int mixed = at * channels + channel;

	switch (frame->format) {
	case AV_SAMPLE_FMT_S16:
		return ((const int16_t *)frame->data[0])[mixed];
	case AV_SAMPLE_FMT_S16P:
		return ((const int16_t *)frame->extended_data[channel])[at];
	case AV_SAMPLE_FMT_FLT:
		return from_float(((const float *)frame->data[0])[mixed]);
	case AV_SAMPLE_FMT_FLTP:
		return from_float(((const float *)frame->extended_data[channel])[at]);
	case AV_SAMPLE_FMT_S32P:
		return (int16_t)(((const int32_t *)frame->extended_data[channel])[at] >> 16);
	case AV_SAMPLE_FMT_U8:
		return (int16_t)((frame->data[0][mixed] - 128) * 256);
	default:
		return 0;
	}
}

/* The samples of one frame in our layout: how many, or negative for audio of another rate. */
static int give(const struct decoder *self, int16_t *out, size_t max)
{
	const AVFrame *frame = self->frame;
	int have = frame->ch_layout.nb_channels, want = self->audio.channels;
	int count = (int)MIN((size_t)MAX(frame->nb_samples, 0), max);

	if (frame->sample_rate != (int)self->audio.sample_hz || have < 1 ||
		have > CODEC_MAX_CHANNELS)
		return -EINVAL;
	if (have == want && frame->format == AV_SAMPLE_FMT_S16) {
		memcpy(out, frame->data[0], (size_t)count * (size_t)want * sizeof(*out));
		return count;
	}
	for (int i = 0; i < count; i++)
		for (int c = 0; c < want; c++) {
			int left = sample_of(frame, MIN(c, have - 1), i);

			if (want < have)
				left = (left + sample_of(frame, 1, i)) / 2;
			*out++ = (int16_t)left;
		}
	return count;
}

/* What comes of what was put in; where there is no room for all of it, the rest is not decoded. */
static int receive(struct decoder *self, int16_t *out, size_t max)
{
	int made = 0, ret;

	while (avcodec_receive_frame(self->context, self->frame) >= 0) {
		if ((size_t)made == max) {
			av_frame_unref(self->frame);
			avcodec_flush_buffers(self->context);
			return made;
		}
		ret = give(self, out + (size_t)made * self->audio.channels, max - (size_t)made);
		av_frame_unref(self->frame);
		if (ret < 0)
			return ret;
		made += ret;
	}
	return made;
}

/* A decoder that keeps the last packet for itself gets another buffer next time. */
static bool own_bytes(struct decoder *self)
{
	if (av_buffer_is_writable(self->bytes))
		return true;
	av_buffer_unref(&self->bytes);
	self->bytes = av_buffer_allocz(AV_PACKET_BYTES + AV_INPUT_BUFFER_PADDING_SIZE);
	return self->bytes;
}

static int send(struct decoder *self, size_t len)
{
	int ret;

	if (self->row->any_block)
		self->context->block_align = (int)len;
	memset(self->bytes->data + len, 0, AV_INPUT_BUFFER_PADDING_SIZE);
	self->packet->buf = self->bytes;
	self->packet->data = self->bytes->data;
	self->packet->size = (int)len;
	ret = avcodec_send_packet(self->context, self->packet);
	self->packet->buf = NULL;
	self->packet->data = NULL;
	self->packet->size = 0;
	return ret;
}

static int decode(void *decoder, const uint8_t *payload, size_t len, int16_t *out, size_t max)
{
	struct decoder *self = decoder;
	int made = 0, error = -EINVAL;
	struct av_cut cut;
	size_t piece;

	if (!av_cut_begin(self->row, payload, len, &cut))
		return -EINVAL;
	for (unsigned n = 0; n < MAX_PIECES && (size_t)made < max && own_bytes(self); n++) {
		int ret;

		piece = av_cut_next(self->row, &cut, self->bytes->data);
		if (!piece)
			break;
		ret = send(self, piece);

		if (ret >= 0) {
			error = 0;
			ret = receive(self, out + (size_t)made * self->audio.channels,
				max - (size_t)made);
		}
		if (ret < 0)
			error = -EINVAL;
		else
			made += ret;
	}
	return made ? made : error;
}

/* Not every decoder of the library does anything then: those forget within some frames. */
static void reset(void *decoder)
{
	struct decoder *self = decoder;

	avcodec_flush_buffers(self->context);
}

const struct codec_decoder av_decoder = {
	.open = open_decoder,
	.close = close_decoder,
	.decode = decode,
	.reset = reset,
};

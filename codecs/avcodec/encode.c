/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Samples to payloads by libavcodec: what it makes of one frame is one payload. */
#include "avcodec.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <glib.h>

#include <libavcodec/avcodec.h>
#include <libavutil/opt.h>

struct encoder {
	struct codec_audio audio;
	AVCodecContext *context;
	AVPacket *packet;
	AVFrame *frame;
	int64_t time; /* samples so far */
};

static void close_encoder(void *encoder)
{
	struct encoder *self = encoder;

	avcodec_free_context(&self->context);
	av_packet_free(&self->packet);
	av_frame_free(&self->frame);
	g_free(self);
}

/* Of the rates an encoder knows, `rate` or the next higher one, or else the highest. */
static int nearest_rate(const AVCodec *codec, int rate)
{
	int best = 0;

	if (!codec->supported_samplerates)
		return rate;
	for (const int *r = codec->supported_samplerates; *r; r++)
		if (!best || (best < rate ? *r > best : *r >= rate && *r < best))
			best = *r;
	return best;
}

static enum AVSampleFormat choose_format(const AVCodec *codec)
{
	static const enum AVSampleFormat liked[] = { AV_SAMPLE_FMT_S16, AV_SAMPLE_FMT_S16P,
		AV_SAMPLE_FMT_FLTP, AV_SAMPLE_FMT_FLT, AV_SAMPLE_FMT_U8 };

	for (unsigned i = 0; i < G_N_ELEMENTS(liked); i++)
		for (const enum AVSampleFormat *f = codec->sample_fmts; f && *f >= 0; f++)
			if (*f == liked[i])
				return *f;
	return AV_SAMPLE_FMT_NONE;
}

/*
 * Samples in a packet. Codecs of samples take any number, although some of the library's
 * encoders have a number of their own in mind, which is then set to ours.
 */
static int packet_samples(const struct av_row *row, const struct codec_params *params, int rate)
{
	unsigned ptime_ms = params->ptime_ms ? params->ptime_ms : row->codec.ptime_ms;
	int most = (int)(CODEC_MAX_PAYLOAD * 8 / row->bits / CODEC_MAX_CHANNELS);

	ptime_ms = CLAMP(ptime_ms, 1, CODEC_MAX_PTIME_MS);
	return MIN((int)ptime_ms * rate / 1000, most) & ~7;
}

/* What only some encoders know; the others are not troubled. */
static void set_details(struct encoder *self, const struct codec_params *params)
{
	static const unsigned durations[] = { 5, 10, 20, 40, 60 };
	char text[8] = "5";

	for (unsigned i = 0; i < G_N_ELEMENTS(durations); i++)
		if (durations[i] <= params->ptime_ms)
			g_snprintf(text, sizeof(text), "%u", durations[i]);
	av_opt_set(self->context->priv_data, "frame_duration", text, 0);
	av_opt_set(self->context->priv_data, "application", "voip", 0);
}

static uint32_t usual_bitrate(const struct av_row *row, int rate)
{
	return row->wide_bitrate && rate > 16000 ? row->wide_bitrate : row->codec.bitrate;
}

static int open_context(struct encoder *self, const struct av_row *row,
	const struct codec_params *params, const AVCodec *codec, uint32_t bitrate)
{
	AVCodecContext *context = avcodec_alloc_context3(codec);
	int samples = row->bits ? packet_samples(row, params, (int)self->audio.sample_hz) : 0;

	self->context = context;
	context->thread_count = 1;
	context->sample_rate = (int)self->audio.sample_hz;
	context->sample_fmt = choose_format(codec);
	context->bits_per_coded_sample = (int)row->bits;
	context->bit_rate = bitrate ? bitrate : usual_bitrate(row, context->sample_rate);
	context->time_base = (AVRational){ 1, context->sample_rate };
	context->frame_size = samples;
	av_channel_layout_default(&context->ch_layout, self->audio.channels);
	set_details(self, params);
	if (context->sample_fmt == AV_SAMPLE_FMT_NONE || avcodec_open2(context, codec, NULL) < 0)
		return -EINVAL;
	if (samples)
		context->frame_size = samples;
	return context->frame_size > 0 && context->frame_size <= CODEC_MAX_SAMPLES ? 0 : -EINVAL;
}

static int make_frame(struct encoder *self)
{
	self->packet = av_packet_alloc();
	self->frame = av_frame_alloc();
	if (!self->packet || !self->frame)
		return -ENOMEM;
	self->frame->nb_samples = self->context->frame_size;
	self->frame->format = self->context->sample_fmt;
	self->frame->sample_rate = self->context->sample_rate;
	av_channel_layout_copy(&self->frame->ch_layout, &self->context->ch_layout);
	return av_frame_get_buffer(self->frame, 0) < 0 ? -ENOMEM : 0;
}

static int open_encoder(const void *data, const struct codec_params *params,
	const struct codec_audio *have, struct codec_audio *ret_audio, size_t *ret_samples,
	void **ret_encoder)
{
	const struct av_row *row = data;
	const AVCodec *codec = av_row_encoder(row);
	uint32_t rate = row->rate_hz ? row->rate_hz : params->clock_hz;
	uint32_t asked = row->codec.flags & CODEC_ONE_BITRATE ? 0 : params->bitrate;
	uint8_t channels = row->mono ? 1 : params->channels ? params->channels : have->channels;
	struct encoder *self;
	int ret;

	if (!rate)
		rate = have->sample_hz;
	if (!codec || !rate || rate > CODEC_MAX_SAMPLE_HZ || !channels ||
		channels > CODEC_MAX_CHANNELS || params->channels > CODEC_MAX_CHANNELS)
		return -EINVAL;
	self = g_new0(struct encoder, 1);
	self->audio = (struct codec_audio){ (uint32_t)nearest_rate(codec, (int)rate), channels };
	ret = open_context(self, row, params, codec, asked);
	if (ret < 0 && asked) {
		avcodec_free_context(&self->context);
		ret = open_context(self, row, params, codec, 0);
	}
	if (ret == 0)
		ret = make_frame(self);
	if (ret < 0) {
		close_encoder(self);
		return ret;
	}
	*ret_audio = self->audio;
	*ret_samples = (size_t)self->frame->nb_samples;
	*ret_encoder = self;
	return 0;
}

static void fill_frame(struct encoder *self, const int16_t *samples)
{
	int channels = self->audio.channels, count = self->frame->nb_samples;
	bool planar = av_sample_fmt_is_planar(self->frame->format);

	for (int i = 0; i < count * channels; i++) {
		int plane = planar ? i % channels : 0, at = planar ? i / channels : i;
		uint8_t *to = self->frame->data[plane];

		switch (self->frame->format) {
		case AV_SAMPLE_FMT_U8:
			to[at] = (uint8_t)(MIN((samples[i] + 128) >> 8, 127) + 128);
			break;
		case AV_SAMPLE_FMT_FLT:
		case AV_SAMPLE_FMT_FLTP:
			((float *)(void *)to)[at] = (float)samples[i] / 32768;
			break;
		default:
			((int16_t *)(void *)to)[at] = samples[i];
		}
	}
}

static int encode(void *encoder, const int16_t *samples, uint8_t *out)
{
	struct encoder *self = encoder;
	int len;

	if (av_frame_make_writable(self->frame) < 0)
		return -ENOMEM;
	fill_frame(self, samples);
	self->frame->pts = self->time;
	self->time += self->frame->nb_samples;
	if (avcodec_send_frame(self->context, self->frame) < 0)
		return -EIO;
	len = avcodec_receive_packet(self->context, self->packet);
	if (len == AVERROR(EAGAIN))
		return 0;
	if (len < 0)
		return -EIO;
	len = self->packet->size;
	if (len <= CODEC_MAX_PAYLOAD)
		memcpy(out, self->packet->data, (size_t)len);
	av_packet_unref(self->packet);
	return len <= CODEC_MAX_PAYLOAD ? len : -EMSGSIZE;
}

const struct codec_encoder av_encoder = {
	.open = open_encoder, .close = close_encoder, .encode = encode
};

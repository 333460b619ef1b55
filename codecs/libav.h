/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * libavcodec for plugins that use it for a codec of one channel and 16-bit samples: one packet in,
 * one packet out. What can be kept is kept: the input's buffer has the room behind it that the
 * library asks for and is handed over by reference, and frames come from the library's own pool,
 * so that what is left are a few small allocations inside the library.
 *
 * Inline, since a plugin is one file. Threads as in api/codec.h.
 */
#ifndef CODECS_LIBAV_H
#define CODECS_LIBAV_H

#include "api/codec.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include <libavcodec/avcodec.h>

struct libav {
	AVCodecContext *context;
	AVPacket *packet;
	AVFrame *frame;
};

static inline void libav_close(struct libav *av)
{
	av_packet_free(&av->packet);
	av_frame_free(&av->frame);
	avcodec_free_context(&av->context);
}

static inline bool libav_start(struct libav *av, const AVCodec *codec, uint32_t sample_hz)
{
	av->context = avcodec_alloc_context3(codec);
	av->packet = av_packet_alloc();
	av->frame = av_frame_alloc();
	if (!av->context || !av->packet || !av->frame)
		return false;
	av->context->sample_rate = (int)sample_hz;
	av->context->sample_fmt = AV_SAMPLE_FMT_S16;
	av->context->time_base = (AVRational){ 1, (int)sample_hz };
	av_channel_layout_default(&av->context->ch_layout, 1);
	return true;
}

/*
 * `block_bytes`: of a packet, for codecs that want to know; else 0. 0, or negative with nothing to
 * be closed: the library has no such decoder, or will not have it like this.
 */
static inline int libav_open_decoder(
	struct libav *av, enum AVCodecID id, uint32_t sample_hz, unsigned block_bytes)
{
	const AVCodec *codec = avcodec_find_decoder(id);
	AVBufferRef *buf = NULL;

	*av = (struct libav){ 0 };
	if (!codec || !libav_start(av, codec, sample_hz))
		goto fail;
	av->context->block_align = (int)block_bytes;
	buf = av_buffer_allocz(CODEC_MAX_PAYLOAD + AV_INPUT_BUFFER_PADDING_SIZE);
	if (!buf || avcodec_open2(av->context, codec, NULL) < 0 ||
		av->context->sample_fmt != AV_SAMPLE_FMT_S16)
		goto fail;
	av->packet->buf = buf;
	av->packet->data = buf->data;
	return 0;
fail:
	av_buffer_unref(&buf);
	libav_close(av);
	return -ENOTSUP;
}

/* One packet of at most CODEC_MAX_PAYLOAD bytes: how many samples, at most `max`; or negative. */
static inline int libav_decode(
	struct libav *av, const uint8_t *payload, size_t len, int16_t *out, size_t max)
{
	size_t samples;

	if (len > CODEC_MAX_PAYLOAD)
		return -EINVAL;
	memcpy(av->packet->data, payload, len);
	memset(av->packet->data + len, 0, AV_INPUT_BUFFER_PADDING_SIZE);
	av->packet->size = (int)len;
	if (avcodec_send_packet(av->context, av->packet) < 0 ||
		avcodec_receive_frame(av->context, av->frame) < 0)
		return -EINVAL;
	samples = (size_t)av->frame->nb_samples;
	if (samples > max)
		samples = max;
	memcpy(out, av->frame->data[0], samples * sizeof(*out));
	av_frame_unref(av->frame); /* back to the pool */
	return (int)samples;
}

/* For decoders of which the library knows how to forget what came. */
static inline void libav_reset(struct libav *av)
{
	avcodec_flush_buffers(av->context);
}

/* Packets of `samples` samples. As above. */
static inline int libav_open_encoder(
	struct libav *av, enum AVCodecID id, uint32_t sample_hz, size_t samples)
{
	const AVCodec *codec = avcodec_find_encoder(id);

	*av = (struct libav){ 0 };
	if (!codec || !libav_start(av, codec, sample_hz))
		goto fail;
	av->context->frame_size = (int)samples;
	if (avcodec_open2(av->context, codec, NULL) < 0 || av->context->frame_size != (int)samples)
		goto fail;
	av->frame->format = AV_SAMPLE_FMT_S16;
	av->frame->sample_rate = (int)sample_hz;
	av->frame->nb_samples = (int)samples;
	av_channel_layout_default(&av->frame->ch_layout, 1);
	if (av_frame_get_buffer(av->frame, 0) < 0)
		goto fail;
	return 0;
fail:
	libav_close(av);
	return -ENOTSUP;
}

/* A packet's worth of samples into at most CODEC_MAX_PAYLOAD bytes: how many, or negative. */
static inline int libav_encode(struct libav *av, const int16_t *samples, uint8_t *out)
{
	int len;

	if (av_frame_make_writable(av->frame) < 0)
		return -ENOMEM;
	memcpy(av->frame->data[0], samples, (size_t)av->frame->nb_samples * sizeof(*samples));
	if (avcodec_send_frame(av->context, av->frame) < 0 ||
		avcodec_receive_packet(av->context, av->packet) < 0)
		return -EINVAL;
	len = av->packet->size <= CODEC_MAX_PAYLOAD ? av->packet->size : -EMSGSIZE;
	if (len > 0)
		memcpy(out, av->packet->data, (size_t)len);
	av_packet_unref(av->packet);
	return len;
}

#endif

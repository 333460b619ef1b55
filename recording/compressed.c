/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Audio as Ogg Opus, FLAC and MP3, by libavformat and libavcodec. Speech is what is recorded:
 * bit rates are as low as that allows.
 */
#include "api/host.h"
#include "api/plugin.h"
#include "api/writer.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/opt.h>

enum {
	IO_BYTES = 16 * 1024,
	ANY_SAMPLES = 1024, /* a frame, for encoders that take any length */
};

/* A format: which muxer and encoder, and how the encoder is set. */
struct kind {
	struct writer writer;
	const char *muxer, *encoder;
	unsigned
		bits_per_hz; /* bit rate per channel is this times the sample rate; 0: lossless … */
	unsigned max_bitrate; /* … but no more than this */
	const char *options;  /* "key=value:…" of the encoder */
	int complexity;       /* of the encoder; 0: its own */
};

struct file {
	int fd;
	unsigned channels;
	AVFormatContext *format;
	AVIOContext *io;
	AVCodecContext *codec;
	AVFrame *frame;
	AVPacket *packet;
	size_t frame_samples, filled;
	int16_t *waiting; /* samples of the frame to come, interleaved */
	int64_t position; /* of that frame */
	off_t at, whole;  /* where the muxer is; up to where the file is known to be whole */
	int error;        /* of the descriptor: what the libraries tell of it is little */
	bool started;     /* the header was written */
};

static int io_write(void *arg, uint8_t *bytes, int len)
{
	struct file *self = arg;
	int done = 0;

	while (done < len) {
		ssize_t n = pwrite(self->fd, bytes + done, (size_t)(len - done), self->at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			self->error = errno;
			return AVERROR(errno);
		}
		done += (int)n;
		self->at += n;
	}
	return len;
}

static int64_t io_seek(void *arg, int64_t offset, int whence)
{
	struct file *self = arg;

	if (whence == AVSEEK_SIZE)
		return lseek(self->fd, 0, SEEK_END);
	if (whence == SEEK_SET)
		self->at = offset;
	else if (whence == SEEK_CUR)
		self->at += offset;
	else
		return AVERROR(EINVAL);
	return self->at;
}

static void free_file(struct file *self)
{
	av_packet_free(&self->packet);
	av_frame_free(&self->frame);
	avcodec_free_context(&self->codec);
	avformat_free_context(self->format);
	if (self->io)
		av_freep(&self->io->buffer);
	avio_context_free(&self->io);
	g_free(self->waiting);
	g_free(self);
}

static int open_encoder(struct file *self, const struct kind *kind, const struct writer_format *f)
{
	const AVCodec *codec = avcodec_find_encoder_by_name(kind->encoder);
	AVCodecContext *c = self->codec = codec ? avcodec_alloc_context3(codec) : NULL;

	if (!c)
		return -ENOTSUP;
	c->sample_rate = (int)f->sample_hz;
	c->sample_fmt = codec->sample_fmts[0];
	for (unsigned i = 0; codec->sample_fmts[i] != AV_SAMPLE_FMT_NONE; i++)
		if (av_get_packed_sample_fmt(codec->sample_fmts[i]) == AV_SAMPLE_FMT_S16)
			c->sample_fmt = codec->sample_fmts[i];
	if (av_get_packed_sample_fmt(c->sample_fmt) != AV_SAMPLE_FMT_S16)
		return -ENOTSUP;
	c->time_base = (AVRational){ 1, c->sample_rate };
	av_channel_layout_default(&c->ch_layout, f->channels);
	if (kind->bits_per_hz)
		c->bit_rate = MIN(kind->bits_per_hz * f->sample_hz, kind->max_bitrate) *
			      (int64_t)f->channels;
	if (self->format->oformat->flags & AVFMT_GLOBALHEADER)
		c->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
	c->thread_count = 1;
	if (kind->complexity)
		c->compression_level = kind->complexity;
	if (kind->options && av_set_options_string(c->priv_data, kind->options, "=", ":") < 0)
		return -ENOTSUP;
	if (f->channels > 2 && !strcmp(kind->muxer, "ogg") &&
		av_opt_set_int(c->priv_data, "mapping_family", 255, 0) < 0)
		return -ENOTSUP;
	if (avcodec_open2(c, codec, NULL) < 0)
		return -ENOTSUP;
	self->frame_samples = c->frame_size ? (size_t)c->frame_size : ANY_SAMPLES;
	self->waiting = g_new(int16_t, self->frame_samples * f->channels);
	return 0;
}

static int open_muxer(struct file *self)
{
	AVStream *stream = avformat_new_stream(self->format, NULL);
	uint8_t *buffer = av_malloc(IO_BYTES);

	if (!stream || !buffer)
		return -ENOMEM;
	self->io = avio_alloc_context(buffer, IO_BYTES, 1, self, NULL, io_write, io_seek);
	self->frame = av_frame_alloc();
	self->packet = av_packet_alloc();
	if (!self->io || !self->frame || !self->packet)
		return -ENOMEM;
	self->format->pb = self->io;
	stream->time_base = self->codec->time_base;
	if (avcodec_parameters_from_context(stream->codecpar, self->codec) < 0 ||
		avformat_write_header(self->format, NULL) < 0)
		return self->error ? -self->error : -EIO;
	self->started = true;
	return 0;
}

static int open_kind(
	const struct kind *kind, int fd, const struct writer_format *format, void **ret_file)
{
	struct file *self = g_new0(struct file, 1);
	int ret;

	self->fd = fd;
	self->channels = format->channels;
	if (avformat_alloc_output_context2(&self->format, NULL, kind->muxer, NULL) < 0)
		self->format = NULL;
	ret = self->format ? open_encoder(self, kind, format) : -ENOTSUP;
	if (!ret)
		ret = open_muxer(self);
	if (ret < 0) {
		free_file(self);
		return ret;
	}
	*ret_file = self;
	return 0;
}

/* Up to what was whole at the latest flush. */
static int give_up(struct file *self)
{
	int error = self->error ? self->error : EIO;

	self->error = error;
	return ftruncate(self->fd, self->whole) < 0 ? -errno : -error;
}

static int take_packets(struct file *self)
{
	while (avcodec_receive_packet(self->codec, self->packet) >= 0) {
		av_packet_rescale_ts(
			self->packet, self->codec->time_base, self->format->streams[0]->time_base);
		if (av_write_frame(self->format, self->packet) < 0)
			return give_up(self);
		av_packet_unref(self->packet);
	}
	return self->error ? give_up(self) : 0;
}

static int encode_waiting(struct file *self)
{
	AVFrame *f = self->frame;
	bool planar = av_sample_fmt_is_planar(self->codec->sample_fmt);

	f->format = self->codec->sample_fmt;
	f->sample_rate = self->codec->sample_rate;
	f->nb_samples = (int)self->filled;
	f->pts = self->position;
	if (av_channel_layout_copy(&f->ch_layout, &self->codec->ch_layout) < 0 ||
		av_frame_get_buffer(f, 0) < 0)
		return -ENOMEM;
	for (unsigned c = 0; planar && c < self->channels; c++)
		for (size_t i = 0; i < self->filled; i++)
			((int16_t *)(void *)f->extended_data[c])[i] =
				self->waiting[i * self->channels + c];
	if (!planar)
		memcpy(f->data[0], self->waiting,
			self->filled * self->channels * sizeof(*self->waiting));
	self->position += (int64_t)self->filled;
	self->filled = 0;
	if (avcodec_send_frame(self->codec, f) < 0)
		return give_up(self);
	av_frame_unref(f);
	return take_packets(self);
}

static int audio(void *arg, const int16_t *samples, size_t count)
{
	struct file *self = arg;

	while (count) {
		size_t n = MIN(count, self->frame_samples - self->filled);
		int ret;

		memcpy(self->waiting + self->filled * self->channels, samples,
			n * self->channels * sizeof(*samples));
		self->filled += n;
		samples += n * self->channels;
		count -= n;
		if (self->filled < self->frame_samples)
			break;
		ret = encode_waiting(self);
		if (ret < 0)
			return ret;
	}
	return 0;
}

static int flush(void *arg)
{
	struct file *self = arg;

	if (av_write_frame(self->format, NULL) < 0)
		return give_up(self);
	avio_flush(self->io);
	if (self->error || self->io->error < 0)
		return give_up(self);
	self->whole = self->at;
	return 0;
}

/* What waits is encoded, and what the encoder has kept. */
static int finish(struct file *self)
{
	int ret = self->filled ? encode_waiting(self) : 0;

	if (!ret && avcodec_send_frame(self->codec, NULL) >= 0)
		ret = take_packets(self);
	if (ret < 0)
		return ret;
	if (av_write_trailer(self->format) < 0)
		return give_up(self);
	avio_flush(self->io);
	return self->error ? give_up(self) : 0;
}

static int close_file(void *arg)
{
	struct file *self = arg;
	int ret = self->error ? 0 : finish(self);

	free_file(self);
	return ret;
}

static const uint32_t speech_rates[] = { 8000, 16000, 48000, 0 };

#define KIND(id, suffix, most)         \
	.writer = {                    \
		.name = #id,           \
		.extension = suffix,   \
		.max_channels = most,  \
		.rates = speech_rates, \
		.open = open_##id,     \
		.audio = audio,        \
		.flush = flush,        \
		.close = close_file,   \
	}
#define OPEN_KIND(id)                                                                     \
	static int open_##id(int fd, const struct writer_format *format, void **ret_file) \
	{                                                                                 \
		return open_kind(&kind_##id, fd, format, ret_file);                       \
	}

static int open_opus(int fd, const struct writer_format *format, void **ret_file);
static int open_flac(int fd, const struct writer_format *format, void **ret_file);
static int open_mp3(int fd, const struct writer_format *format, void **ret_file);

static const struct kind kind_opus = {
	KIND(opus, "opus", WRITER_MAX_CHANNELS),
	.muxer = "ogg",
	.encoder = "libopus",
	.bits_per_hz = 4, /* less, and each channel is heard in the other one */
	.max_bitrate = 64000,
	.options = "application=voip:frame_duration=20",
	.complexity = 5,
};
static const struct kind kind_flac = {
	KIND(flac, "flac", WRITER_MAX_CHANNELS),
	.muxer = "flac",
	.encoder = "flac",
};
static const struct kind kind_mp3 = {
	KIND(mp3, "mp3", 2),
	.muxer = "mp3",
	.encoder = "libmp3lame",
	.bits_per_hz = 3,
	.max_bitrate = 64000,
};

OPEN_KIND(opus)
OPEN_KIND(flac)
OPEN_KIND(mp3)

static int init(const struct host *host, void **ret_instance, char *error)
{
	static const struct kind *const kinds[] = { &kind_opus, &kind_flac, &kind_mp3 };

	(void)error;
	*ret_instance = NULL;
	av_log_set_level(AV_LOG_QUIET);
	for (unsigned i = 0; i < G_N_ELEMENTS(kinds); i++)
		if (avcodec_find_encoder_by_name(kinds[i]->encoder) &&
			av_guess_format(kinds[i]->muxer, NULL, NULL))
			host->add_writer(host, &kinds[i]->writer);
	return 0;
}

PLUGIN_EXPORT(compressed) = {
	.abi = PLUGIN_ABI,
	.kind = PLUGIN_WRITER,
	.name = "compressed",
	.description = "Recordings as Ogg Opus, FLAC and MP3",
	.init = init,
};

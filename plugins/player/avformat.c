/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Stored files by libavformat, libavcodec and libswresample: the first audio stream of whatever
 * container, as one channel at the rate that is asked for.
 *
 * Files come from outside. Formats that are lists of other files or addresses are not read, and
 * nothing can be opened from within a file.
 */
#include "api/host.h"
#include "api/player.h"
#include "api/plugin.h"

#include <errno.h>

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/channel_layout.h>
#include <libavutil/log.h>
#include <libswresample/swresample.h>

enum {
	IO_BYTES = 32768,
	MAX_SAMPLE_HZ = 768000,
	MAX_CHANNELS = 64,
	PROBE_BYTES = 1 << 20, /* how far is looked to find out what it is */
};

static const char formats[] = "wav,w64,mp3,ogg,flac,aac,mov,mp4,m4a,matroska,webm,aiff,au,amr,"
			      "asf,caf,gsm,g722,mpeg,avi,wv,ac3";

struct state {
	const struct player_input *input;
	int64_t at;
	AVIOContext *io;
	AVFormatContext *format;
	AVCodecContext *codec;
	SwrContext *swr;
	AVPacket *packet;
	AVFrame *frame;
	int stream;
	int sample_hz;
	bool file_ended, drained;
};

static int read_bytes(void *opaque, uint8_t *out, int len)
{
	struct state *s = opaque;
	int n = s->input->read(s->input, s->at, out, (size_t)len);

	if (n <= 0)
		return n < 0 ? AVERROR(EIO) : AVERROR_EOF;
	s->at += n;
	return n;
}

static int64_t seek_bytes(void *opaque, int64_t offset, int whence)
{
	struct state *s = opaque;
	int64_t to = offset;

	if (whence & AVSEEK_SIZE)
		return s->input->size_bytes;
	whence &= ~AVSEEK_FORCE;
	if (whence == SEEK_CUR)
		to += s->at;
	else if (whence == SEEK_END)
		to += s->input->size_bytes;
	else if (whence != SEEK_SET)
		return AVERROR(EINVAL);
	if (to < 0)
		return AVERROR(EINVAL);
	s->at = to;
	return to;
}

/* What a file names is never opened. */
static int refuse_open(struct AVFormatContext *format, AVIOContext **ret_io, const char *url,
	int flags, AVDictionary **options)
{
	(void)format;
	(void)url;
	(void)flags;
	(void)options;
	*ret_io = NULL;
	return AVERROR(EPERM);
}

static void close_state(void *state)
{
	struct state *s = state;

	av_packet_free(&s->packet);
	av_frame_free(&s->frame);
	swr_free(&s->swr);
	avcodec_free_context(&s->codec);
	avformat_close_input(&s->format);
	if (s->io)
		av_freep(&s->io->buffer);
	avio_context_free(&s->io);
	g_free(s);
}

static int open_format(struct state *s)
{
	uint8_t *buffer = av_malloc(IO_BYTES);
	int ret;

	s->format = avformat_alloc_context();
	s->io = buffer ? avio_alloc_context(buffer, IO_BYTES, 0, s, read_bytes, NULL, seek_bytes)
		       : NULL;
	if (!s->format || !s->io) {
		if (!s->io)
			av_free(buffer);
		return AVERROR(ENOMEM);
	}
	s->format->pb = s->io;
	s->format->flags |= AVFMT_FLAG_CUSTOM_IO;
	s->format->io_open = refuse_open;
	s->format->probesize = PROBE_BYTES;
	s->format->format_whitelist = av_strdup(formats);
	ret = avformat_open_input(&s->format, NULL, NULL, NULL);
	return ret < 0 ? ret : avformat_find_stream_info(s->format, NULL);
}

static int open_codec(struct state *s)
{
	const AVCodecParameters *p;
	const AVCodec *codec;
	int ret;

	for (unsigned i = 0; i < s->format->nb_streams; i++) {
		if (s->format->streams[i]->codecpar->codec_type != AVMEDIA_TYPE_AUDIO)
			s->format->streams[i]->discard = AVDISCARD_ALL;
		else if (s->stream < 0)
			s->stream = (int)i;
	}
	if (s->stream < 0)
		return AVERROR_STREAM_NOT_FOUND;
	p = s->format->streams[s->stream]->codecpar;
	codec = avcodec_find_decoder(p->codec_id);
	if (!codec)
		return AVERROR_DECODER_NOT_FOUND;
	s->codec = avcodec_alloc_context3(codec);
	ret = s->codec ? avcodec_parameters_to_context(s->codec, p) : AVERROR(ENOMEM);
	if (ret < 0)
		return ret;
	s->codec->thread_count = 1;
	return avcodec_open2(s->codec, codec, NULL);
}

static int open_resampler(struct state *s)
{
	AVChannelLayout mono, from = { 0 };
	int ret;

	if (s->codec->sample_rate <= 0 || s->codec->sample_rate > MAX_SAMPLE_HZ ||
		s->codec->ch_layout.nb_channels <= 0 ||
		s->codec->ch_layout.nb_channels > MAX_CHANNELS)
		return AVERROR_INVALIDDATA;
	av_channel_layout_default(&mono, 1);
	if (s->codec->ch_layout.order == AV_CHANNEL_ORDER_NATIVE)
		av_channel_layout_copy(&from, &s->codec->ch_layout);
	else
		av_channel_layout_default(&from, s->codec->ch_layout.nb_channels);
	ret = swr_alloc_set_opts2(&s->swr, &mono, AV_SAMPLE_FMT_S16, s->sample_hz, &from,
		s->codec->sample_fmt, s->codec->sample_rate, 0, NULL);
	av_channel_layout_uninit(&from);
	return ret < 0 ? ret : swr_init(s->swr);
}

static int64_t duration_ms(const struct state *s)
{
	const AVStream *stream = s->format->streams[s->stream];

	if (s->format->duration != AV_NOPTS_VALUE)
		return av_rescale(s->format->duration, 1000, AV_TIME_BASE);
	if (stream->duration == AV_NOPTS_VALUE)
		return -1;
	return av_rescale_q(stream->duration, stream->time_base, (AVRational){ 1, 1000 });
}

static int open_file(const struct player_input *input, uint32_t sample_hz,
	struct player_info *ret_info, void **ret_state, char *error)
{
	struct state *s = g_new0(struct state, 1);
	int ret;

	s->input = input;
	s->stream = -1;
	s->sample_hz = (int)sample_hz;
	ret = open_format(s);
	ret = ret < 0 ? ret : open_codec(s);
	ret = ret < 0 ? ret : open_resampler(s);
	s->packet = av_packet_alloc();
	s->frame = av_frame_alloc();
	if (ret < 0 || !s->packet || !s->frame) {
		av_strerror(ret, error, PLUGIN_ERROR_BYTES);
		close_state(s);
		return -EINVAL;
	}
	*ret_info = (struct player_info){
		.duration_ms = duration_ms(s),
		.file_hz = (uint32_t)s->codec->sample_rate,
	};
	*ret_state = s;
	return 0;
}

/* The next frame of audio into s->frame; false: there is none. */
static bool next_frame(struct state *s)
{
	for (;;) {
		int ret = avcodec_receive_frame(s->codec, s->frame);

		if (ret >= 0)
			return true;
		if (ret != AVERROR(EAGAIN) || s->file_ended)
			return false;
		do {
			av_packet_unref(s->packet);
			ret = av_read_frame(s->format, s->packet);
		} while (ret >= 0 && s->packet->stream_index != s->stream);
		s->file_ended = ret < 0;
		/* What cannot be decoded is left out. */
		avcodec_send_packet(s->codec, s->file_ended ? NULL : s->packet);
	}
}

static int read_samples(void *state, int16_t *out, size_t max)
{
	static const uint8_t *nothing[MAX_CHANNELS]; /* without it, the end would be told */
	struct state *s = state;
	uint8_t *to = (uint8_t *)out;

	while (!s->drained) {
		/* What had no room in the last turn. */
		int n = s->file_ended ? 0 : swr_convert(s->swr, &to, (int)max, nothing, 0);

		if (n != 0)
			return n > 0 ? n : 0;
		if (next_frame(s)) {
			/* A stream whose form changes on its way ends there. */
			if (s->frame->sample_rate != s->codec->sample_rate ||
				s->frame->format != s->codec->sample_fmt)
				break;
			n = swr_convert(s->swr, &to, (int)max,
				(const uint8_t **)s->frame->extended_data, s->frame->nb_samples);
		} else {
			n = swr_convert(s->swr, &to, (int)max, NULL, 0);
			s->drained = n <= 0;
		}
		av_frame_unref(s->frame);
		if (n)
			return n > 0 ? n : 0;
	}
	return 0;
}

static const struct player player = {
	.name = "avformat",
	.open = open_file,
	.read = read_samples,
	.close = close_state,
};

static int init(const struct host *host, void **ret_instance, char *error)
{
	(void)error;
	av_log_set_level(AV_LOG_QUIET);
	host->add_player(host, &player);
	*ret_instance = NULL;
	return 0;
}

PLUGIN_EXPORT(avformat) = {
	.abi = PLUGIN_ABI,
	.kind = PLUGIN_PLAYER,
	.name = "avformat",
	.description = "Files that are played into calls, read by libavformat",
	.init = init,
};

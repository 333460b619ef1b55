/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tracks into the window, the window into the file. */
#include "record/audio.h"

#include <string.h>

#include <glib.h>

#include "codec/format.h"
#include "record/track.h"
#include "rtp/rtp.h"

enum {
	WINDOW_S = 4,
	MAX_TRACKS = 64,
	MAX_BUFFERS = 1024, /* packets that wait, in all */
	FEWEST_CHANNELS = 2,
	FLUSH_S = 1,
	LEAD_US = 1000000, /* audio is older than its packet, the more so if that was held up */
};

struct channel_track {
	struct audio *audio;
	struct track *track;
	uint32_t stream_id;
	unsigned slot;
};

struct audio {
	const struct writer *writer;
	int fd;
	void *file; /* NULL before the first packet was decoded */
	int error;  /* of the writer */
	struct writer_format format;
	struct buf_pool *pool;
	int64_t start_us; /* when the first packet came */
	bool started;
	/* Samples per channel; `window` has those from `written` on, in a ring. */
	size_t window_samples;
	int64_t written, flushed, end;
	int64_t begin; /* the first sample; what lies before is not written */
	int16_t *window;
	unsigned track_count;
	struct channel_track tracks[MAX_TRACKS];
	uint64_t undecoded; /* that belonged to no track */
};

struct audio *audio_new(const struct writer *writer, int fd)
{
	struct audio *a = g_new0(struct audio, 1);

	a->writer = writer;
	a->fd = fd;
	a->pool = buf_pool_new(MAX_BUFFERS);
	a->begin = INT64_MAX;
	return a;
}

void audio_free(struct audio *a)
{
	if (!a)
		return;
	if (a->file)
		a->writer->close(a->file);
	for (unsigned i = 0; i < a->track_count; i++)
		track_free(a->tracks[i].track);
	buf_pool_free(a->pool);
	g_free(a->window);
	g_free(a);
}

/* ---- the window ---- */

static int16_t *sample_at(const struct audio *a, int64_t position)
{
	return a->window + (size_t)position % a->window_samples * a->format.channels;
}

/* In one or two pieces, as they lie in the ring; they are silence afterwards. */
static void write_until(struct audio *a, int64_t until)
{
	a->written = MAX(a->written, MIN(a->begin, until));
	while (a->written < until && !a->error) {
		size_t at = (size_t)a->written % a->window_samples;
		size_t n = MIN((size_t)(until - a->written), a->window_samples - at);
		int16_t *samples = sample_at(a, a->written);

		a->error = a->writer->audio(a->file, samples, n);
		memset(samples, 0, n * a->format.channels * sizeof(*samples));
		a->written += (int64_t)n;
	}
}

static int16_t add(int a, int b)
{
	return (int16_t)CLAMP(a + b, INT16_MIN, INT16_MAX);
}

/* A track_sink_fn. What lies before what was written is too late. */
static void mix(int64_t at, const int16_t *samples, size_t count, void *arg)
{
	const struct channel_track *ct = arg;
	struct audio *a = ct->audio;
	unsigned channel = MIN(ct->slot, a->format.channels - 1u);
	int64_t end = at + (int64_t)count;

	if (end > a->written + (int64_t)a->window_samples)
		write_until(a, end - (int64_t)a->window_samples);
	for (int64_t i = MAX(at, a->written); i < end; i++) {
		int16_t *sample = sample_at(a, i) + channel;

		*sample = add(*sample, samples[i - at]);
	}
	a->begin = MIN(a->begin, MAX(at, 0));
	a->end = MAX(a->end, end);
}

/* ---- the file ---- */

/* The lowest of the writer's rates that loses nothing, or its highest. */
static uint32_t choose_rate(const struct writer *writer, uint32_t wanted_hz)
{
	unsigned i = 0;

	while (writer->rates[i] < wanted_hz && writer->rates[i + 1])
		i++;
	return writer->rates[i];
}

static void open_file(struct audio *a, unsigned slots, uint32_t wanted_hz)
{
	a->format.sample_hz = choose_rate(a->writer, wanted_hz);
	a->format.channels = (uint8_t)CLAMP(
		slots, FEWEST_CHANNELS, MIN(a->writer->max_channels, WRITER_MAX_CHANNELS));
	a->error = a->writer->open(a->fd, &a->format, &a->file);
	if (a->error) {
		a->file = NULL;
		return;
	}
	a->window_samples = (size_t)a->format.sample_hz * WINDOW_S;
	a->window = g_new0(int16_t, a->window_samples * a->format.channels);
}

static struct track *find_track(struct audio *a, const struct sink_stream *stream)
{
	struct channel_track *ct;

	for (unsigned i = 0; i < a->track_count; i++)
		if (a->tracks[i].stream_id == stream->id)
			return a->tracks[i].track;
	if (a->track_count == MAX_TRACKS)
		return NULL;
	ct = &a->tracks[a->track_count++];
	*ct = (struct channel_track){ .audio = a, .stream_id = stream->id, .slot = stream->slot };
	ct->track = track_new(a->pool, a->start_us, a->format.sample_hz, mix, ct);
	return ct->track;
}

static const struct sink_format *find_format(const struct sink_stream *stream, uint8_t payload_type)
{
	for (unsigned i = 0; i < stream->format_count; i++)
		if (stream->formats[i].payload_type == payload_type)
			return &stream->formats[i];
	return NULL;
}

static bool is_rtp(const struct sink_packet *p)
{
	return p->stream && p->stream->audio && !p->rtcp && p->datagram.len >= RTP_HEADER_BYTES;
}

/* Events and descriptions of noise are heard as silence. */
static bool is_silent(const struct sink_format *format)
{
	return codec_flags(format->name) & (CODEC_EVENT | CODEC_NOISE);
}

static uint32_t rate_of(const struct sink_format *f)
{
	return f->codec && f->codec->decoder ? codec_sample_hz(f->codec, f->params.clock_hz) : 0;
}

int audio_put(struct audio *a, const struct sink_packet *p)
{
	const struct writer_packet *d = &p->datagram;
	const struct sink_format *format;
	struct track *track;

	if (a->error || !is_rtp(p))
		return a->error;
	format = find_format(p->stream, d->data[1] & 0x7f);
	if (!format) {
		a->undecoded++;
		return 0;
	}
	if (is_silent(format))
		return 0;
	if (!a->started) {
		a->started = true;
		a->start_us = p->mono_us - LEAD_US;
	}
	if (!a->file) {
		open_file(a, p->slots, MAX(p->best_hz, rate_of(format)));
		if (a->error)
			return a->error;
	}
	track = find_track(a, p->stream);
	if (track)
		track_put(track, format, p->mono_us, d->data, d->len);
	else
		a->undecoded++;
	return 0;
}

static void run_tracks(struct audio *a, int64_t until_us)
{
	for (unsigned i = 0; i < a->track_count; i++)
		track_run(a->tracks[i].track, until_us);
}

int audio_advance(struct audio *a, int64_t now_us)
{
	int64_t until = (now_us - AUDIO_WAIT_US - a->start_us) * a->format.sample_hz / 1000000;

	if (!a->file || a->error)
		return a->error;
	run_tracks(a, now_us - TRACK_AHEAD_US);
	write_until(a, MIN(until, a->end));
	if (!a->error && a->written - a->flushed >= (int64_t)a->format.sample_hz * FLUSH_S) {
		a->error = a->writer->flush(a->file);
		a->flushed = a->written;
	}
	return a->error;
}

int audio_finish(struct audio *a)
{
	void *file;
	int ret;

	if (a->error)
		return a->error;
	if (!a->file)
		open_file(a, 0, 0);
	run_tracks(a, INT64_MAX);
	write_until(a, a->end);
	if (!a->file || a->error)
		return a->error;
	file = a->file;
	a->file = NULL;
	ret = a->writer->close(file);
	a->error = ret;
	return ret;
}

bool audio_begin(const struct audio *a, int64_t *ret_us)
{
	if (a->begin == INT64_MAX)
		return false;
	*ret_us = a->start_us + a->begin * 1000000 / a->format.sample_hz;
	return true;
}

uint64_t audio_undecoded(const struct audio *a)
{
	uint64_t sum = a->undecoded;

	for (unsigned i = 0; i < a->track_count; i++)
		sum += track_undecoded(a->tracks[i].track);
	return sum;
}

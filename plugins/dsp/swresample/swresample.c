/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Rates and channels converted by libswresample, but for what twice.h does. One channel becomes two of the same level, two
 * become one by their mean.
 *
 * The filter needs half of its length of what comes after a sample, which is what delay() tells;
 * that much is missing from the first output and then never again. Nothing is put in its place.
 */
#include "api/dsp.h"
#include "api/host.h"
#include "api/plugin.h"
#include "twice.h"

#include <errno.h>

#include <libavutil/channel_layout.h>
#include <libavutil/log.h>
#include <libavutil/opt.h>
#include <libswresample/swresample.h>

enum {
	/*
	 * Samples of the filter at the lower rate: 2 ms of delay at 8 kHz with all above 3.6 kHz
	 * kept out of the telephone band. Longer would be steeper and later.
	 */
	FILTER_TAPS = 32,
	/* libswresample's buffers grow to what is put in at once: soon, and to no more than this. */
	PIECE_MS = 20,
};

struct resampler {
	struct twice *twice; /* NULL: it is done by the library … */
	SwrContext *swr;     /* … with this */
	struct codec_audio in, out;
	int piece_samples;
};

static bool is_audio(const struct codec_audio *audio)
{
	return audio->channels && audio->channels <= CODEC_MAX_CHANNELS &&
	       audio->sample_hz >= CODEC_MIN_SAMPLE_HZ && audio->sample_hz <= CODEC_MAX_SAMPLE_HZ;
}

/* The library's own factors would take 3 dB off one channel that becomes two. */
static int map_channels(SwrContext *swr, unsigned in, unsigned out)
{
	static const double spread[] = { 1, 1 }, mean[] = { 0.5, 0.5 };

	if (in == out)
		return 0;
	return in < out ? swr_set_matrix(swr, spread, 1) : swr_set_matrix(swr, mean, 2);
}

static int set_up(SwrContext **swr, const struct codec_audio *in, const struct codec_audio *out)
{
	AVChannelLayout from, to;
	int ret;

	av_channel_layout_default(&from, in->channels);
	av_channel_layout_default(&to, out->channels);
	ret = swr_alloc_set_opts2(swr, &to, AV_SAMPLE_FMT_S16, (int)out->sample_hz, &from,
		AV_SAMPLE_FMT_S16, (int)in->sample_hz, 0, NULL);
	if (ret < 0)
		return ret;
	ret = av_opt_set_int(*swr, "filter_size", FILTER_TAPS, 0);
	if (ret < 0)
		return ret;
	/* Steps of exactly the ratio of the rates, so that no sample is won or lost over time. */
	ret = av_opt_set_int(*swr, "exact_rational", 1, 0);
	if (ret < 0)
		return ret;
	ret = map_channels(*swr, in->channels, out->channels);
	return ret < 0 ? ret : swr_init(*swr);
}

static int run(void *state, const int16_t *in, size_t count, int16_t *out, size_t max)
{
	struct resampler *self = state;
	int left = (int)MIN(count, CODEC_MAX_SAMPLES), room = (int)MIN(max, G_MAXINT), done = 0;

	if (self->twice)
		return twice_run(self->twice, in, (size_t)left, out, max);
	while (left > 0) {
		int piece = MIN(left, self->piece_samples);
		const uint8_t *from = (const uint8_t *)in;
		uint8_t *to = (uint8_t *)(out + (size_t)done * self->out.channels);
		int made = swr_convert(self->swr, &to, room - done, &from, piece);

		if (made < 0)
			return -EIO;
		done += made;
		left -= piece;
		in += (size_t)piece * self->in.channels;
	}
	return done;
}

/*
 * Silence fills the filter, so that each packet's worth in is one out from the first on: otherwise
 * the last samples of each packet would have to wait for the next one.
 */
static void fill(struct resampler *self)
{
	static const int16_t silence[CODEC_MAX_SAMPLE_HZ * PIECE_MS / 1000 * CODEC_MAX_CHANNELS];
	int16_t out[CODEC_MAX_SAMPLE_HZ * PIECE_MS * 2 / 1000 * CODEC_MAX_CHANNELS];

	run(self, silence, (size_t)self->piece_samples, out,
		G_N_ELEMENTS(out) / CODEC_MAX_CHANNELS);
}

static struct resampler *open_by_library(
	const struct codec_audio *in, const struct codec_audio *out)
{
	struct resampler *self;
	SwrContext *swr = NULL;

	if (set_up(&swr, in, out) < 0) {
		swr_free(&swr);
		return NULL;
	}
	self = g_new0(struct resampler, 1);
	self->swr = swr;
	self->in = *in;
	self->out = *out;
	self->piece_samples = (int)in->sample_hz * PIECE_MS / 1000;
	fill(self);
	return self;
}

static int open_state(const struct codec_audio *in, const struct codec_audio *out, void **ret_state)
{
	struct resampler *self;
	struct twice *twice;

	if (!is_audio(in) || !is_audio(out))
		return -EINVAL;
	twice = twice_new(in, out);
	if (twice) {
		self = g_new0(struct resampler, 1);
		self->twice = twice;
	} else {
		self = open_by_library(in, out);
	}
	if (!self)
		return -EINVAL;
	*ret_state = self;
	return 0;
}

static void close_state(void *state)
{
	struct resampler *self = state;

	twice_free(self->twice);
	swr_free(&self->swr);
	g_free(self);
}

static unsigned delay(const void *state)
{
	const struct resampler *self = state;

	return self->twice ? twice_delay(self->twice)
			   : (unsigned)swr_get_delay(self->swr, self->in.sample_hz);
}

static const struct dsp_resampler resampler = {
	.name = "swresample",
	.open = open_state,
	.close = close_state,
	.run = run,
	.delay = delay,
};

/* As many samples out as the rates say, and of a steady level the same level. */
static int self_test(char *error)
{
	enum { IN = 800, OUT = 1600, STEADY = OUT / 2, LEVEL = 10000 };
	const struct codec_audio from = { 8000, 1 }, to = { 16000, 2 };
	int16_t in[IN], out[OUT * 2];
	void *state;
	int made;

	for (unsigned i = 0; i < IN; i++)
		in[i] = LEVEL;
	if (open_state(&from, &to, &state) < 0)
		goto fail;
	made = run(state, in, IN, out, OUT);
	close_state(state);
	if (made == OUT && abs(out[2 * STEADY] - LEVEL) < 100 &&
		out[STEADY * 2 + 1] == out[STEADY * 2])
		return 0;
fail:
	g_snprintf(error, PLUGIN_ERROR_BYTES, "libswresample %s does not convert as it should",
		AV_STRINGIFY(LIBSWRESAMPLE_VERSION));
	return -EINVAL;
}

static int init(const struct host *host, void **ret_instance, char *error)
{
	(void)error;
	*ret_instance = NULL;
	av_log_set_level(AV_LOG_QUIET);
	host->add_resampler(host, &resampler);
	return 0;
}

PLUGIN_EXPORT(swresample) = {
	.abi = PLUGIN_ABI,
	.kind = PLUGIN_DSP,
	.name = "swresample",
	.description = "Conversion of sample rates and channels",
	.self_test = self_test,
	.init = init,
};

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Codecs back to back, as a transcoder that loses nothing has them. */
#include "audio.h"

#include "api/dsp.h"

struct ear {
	struct codec_audio want, audio[AUDIO_MAX_FORMATS];
	const struct format *formats[AUDIO_MAX_FORMATS];
	void *decoders[AUDIO_MAX_FORMATS];
	int16_t samples[CODEC_MAX_SAMPLES * CODEC_MAX_CHANNELS];
	unsigned channels; /* of what was decoded last */
};

struct ear *ear_new(const struct codec_audio *want)
{
	struct ear *e = g_new0(struct ear, 1);

	e->want = *want;
	return e;
}

void ear_free(struct ear *e)
{
	for (unsigned i = 0; e && i < AUDIO_MAX_FORMATS; i++)
		if (e->decoders[i])
			e->formats[i]->codec->decoder->close(e->decoders[i]);
	g_free(e);
}

static unsigned decoder_of(struct ear *e, const struct format *f)
{
	unsigned i = 0;
	struct codec_params params = f->params;

	while (i < AUDIO_MAX_FORMATS - 1 && e->formats[i] && e->formats[i] != f)
		i++;
	params.fmtp = str_of(f->fmtp);
	if (!e->decoders[i]) {
		e->formats[i] = f;
		if (f->codec->decoder->open(f->codec->decoder->data, &params, &e->want,
			    &e->audio[i], &e->decoders[i]) < 0)
			g_error("no decoder for %s", f->codec->name);
	}
	return i;
}

int ear_hear(struct ear *e, const struct format *f, const uint8_t *payload, size_t len,
	const int16_t **ret_samples, uint32_t *ret_hz)
{
	unsigned i = decoder_of(e, f);
	int count = f->codec->decoder->decode(
		e->decoders[i], payload, len, e->samples, CODEC_MAX_SAMPLES);

	e->channels = e->audio[i].channels;
	for (int n = 0; n < count; n++) { /* one channel is left */
		int sum = 0;

		for (unsigned c = 0; c < e->channels; c++)
			sum += e->samples[(unsigned)n * e->channels + c];
		e->samples[n] = (int16_t)(sum / (int)e->channels);
	}
	*ret_samples = e->samples;
	*ret_hz = e->audio[i].sample_hz;
	return count;
}

/* The second half: an encoder, and an ear behind it. */
struct mouth {
	const struct format *format;
	void *encoder;
	struct codec_audio audio;
	size_t packet_samples, held;
	int16_t *fifo;
	struct ear *ear;
	struct sound heard;
	void *resampler;
	uint32_t resampled_hz; /* from there */
};

static void mouth_open(struct mouth *m, const struct format *to, const struct codec_audio *have)
{
	struct codec_params params = to->params;
	const struct codec_audio want = format_audio(to);

	*m = (struct mouth){ .format = to, .ear = ear_new(&want) };
	params.fmtp = str_of(to->fmtp);
	if (to->codec->encoder->open(to->codec->encoder->data, &params, have, &m->audio,
		    &m->packet_samples, &m->encoder) < 0)
		g_error("no encoder for %s", to->codec->name);
	m->fifo = g_new(int16_t, m->packet_samples * m->audio.channels);
}

static struct sound mouth_close(struct mouth *m)
{
	m->format->codec->encoder->close(m->encoder);
	if (m->resampler)
		codec_resampler()->close(m->resampler);
	ear_free(m->ear);
	g_free(m->fifo);
	return m->heard;
}

static void speak_packet(struct mouth *m)
{
	uint8_t payload[CODEC_MAX_PAYLOAD];
	int len = m->format->codec->encoder->encode(m->encoder, m->fifo, payload), count = 0;
	const int16_t *samples;

	if (len > 0)
		count = ear_hear(m->ear, m->format, payload, (size_t)len, &samples, &m->heard.hz);
	if (count > 0)
		sound_add(&m->heard, samples, (size_t)count, 1);
}

/* One channel of audio of any rate. */
static void speak(struct mouth *m, const int16_t *samples, size_t count, uint32_t hz)
{
	static int16_t resampled[CODEC_MAX_SAMPLES * CODEC_MAX_CHANNELS];
	const struct codec_audio in = { hz, 1 }, one = { m->audio.sample_hz, 1 };
	unsigned channels = m->audio.channels;

	if (hz != m->audio.sample_hz && hz != m->resampled_hz) {
		if (m->resampler)
			codec_resampler()->close(m->resampler);
		if (codec_resampler()->open(&in, &one, &m->resampler) < 0)
			g_error("no resampler from %u to %u Hz", hz, m->audio.sample_hz);
		m->resampled_hz = hz;
	}
	if (hz != m->audio.sample_hz) {
		int n = codec_resampler()->run(
			m->resampler, samples, count, resampled, CODEC_MAX_SAMPLES);

		samples = resampled;
		count = (size_t)MAX(n, 0);
	}
	for (size_t i = 0; i < count; i++) {
		for (unsigned c = 0; c < channels; c++)
			m->fifo[m->held * channels + c] = samples[i];
		if (++m->held == m->packet_samples) {
			speak_packet(m);
			m->held = 0;
		}
	}
}

static gint by_seq(gconstpointer a, gconstpointer b)
{
	const struct outgoing *x = *(struct outgoing *const *)a, *y = *(struct outgoing *const *)b;

	return x->media_us < y->media_us ? -1 : x->media_us > y->media_us;
}

struct sound chain_sound(
	const struct script_options *from, const GArray *script, const struct format *to)
{
	const struct codec_audio have = format_audio(&from->formats[0]);
	g_autoptr(GPtrArray) order = g_ptr_array_new();
	bool same = from->formats[0].codec == to->codec && from->formats[0].pt == to->pt;
	struct mouth mouth;
	struct sound heard = { 0 };
	struct ear *ear;

	mouth_open(&mouth, to, &have);
	ear = ear_new(same ? &have : &mouth.audio);
	for (unsigned i = 0; i < script->len; i++)
		g_ptr_array_add(order, &g_array_index(script, struct outgoing, i));
	g_ptr_array_sort(order, by_seq);
	for (unsigned i = 0; i < order->len; i++) {
		const struct outgoing *o = order->pdata[i];
		const int16_t *samples;
		uint32_t hz;
		int count;

		if (format_is_event(o->format))
			continue;
		count = ear_hear(ear, o->format, o->payload, o->len, &samples, &hz);
		if (count <= 0)
			continue;
		heard.hz = hz;
		if (same)
			sound_add(&heard, samples, (size_t)count, 1);
		else
			speak(&mouth, samples, (size_t)count, hz);
	}
	ear_free(ear);
	if (same) {
		struct sound none = mouth_close(&mouth);

		sound_clear(&none);
		return heard;
	}
	return mouth_close(&mouth);
}

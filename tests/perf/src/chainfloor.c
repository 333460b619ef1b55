/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the daemon's codec plugins alone cost: CPU per channel-second of decoder, resampler and
 * encoder, opened as a call between the two codecs opens them. The mean of both directions, as
 * ngload's cpu_ms_per_chan_s is. In a tight loop; or paced, as in a proxy: in real time, at most a
 * millisecond's worth at once and asleep in between, so that caches and the core are as cold as
 * there. What sleeping costs by itself is taken off. */
#include "codec/registry.h"
#include "mock/coder.h"
#include "mock/tones.h"
#include "util.h"
#include <glib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { FRAMES = 250, ROUNDS = 5, LEAST_MS = 500, PAYLOAD_BYTES = 400 };
enum { PACED_FRAMES = 150, PACED_ROUNDS = 2, FRAME_NS = 20000000, TURNS_PER_FRAME = 20 };

struct form {
	const char *name;
	struct codec_params params;
};

static const struct form forms[] = {
	{ "PCMU", { .clock_hz = 8000, .channels = 1, .ptime_ms = 20 } },
	{ "PCMA", { .clock_hz = 8000, .channels = 1, .ptime_ms = 20 } },
	{ "G722", { .clock_hz = 8000, .channels = 1, .ptime_ms = 20 } },
	{ "G729", { .clock_hz = 8000, .channels = 1, .ptime_ms = 20 } },
	{ "opus", { .clock_hz = 48000, .channels = 2, .ptime_ms = 20 } },
};

struct chain {
	const struct codec *from, *to;
	struct codec_audio in, out;
	void *decoder, *encoder, *resampler;
	size_t packet; /* samples the encoder wants */
};

static int channels = 1;
static bool paced;
/* What is decoded: two tones for 5 s, by the codec's own encoder. */
static uint8_t payload[FRAMES][PAYLOAD_BYTES];
static size_t payload_len[FRAMES];

static const struct form *form_of(const char *name)
{
	for (size_t i = 0; i < COUNT(forms); i++)
		if (!strcmp(forms[i].name, name))
			return &forms[i];
	die("unknown codec %s", name);
}

static const struct codec *codec_of(const struct form *f)
{
	const struct codec *c = codec_find(str_of(f->name));
	if (!c || !c->encoder || !c->decoder)
		die("this build has no %s", f->name);
	return c;
}

static uint32_t sample_hz_of(const struct codec *c)
{
	return c->sample_hz ? c->sample_hz : c->clock_hz;
}

static void make_payloads(const struct form *f)
{
	const struct codec *c = codec_of(f);
	struct codec_audio have = { sample_hz_of(c), 1 }, got;
	int16_t pcm[CODEC_MAX_SAMPLES], other[CODEC_MAX_SAMPLES];
	uint8_t out[CODEC_MAX_PAYLOAD];
	size_t samples;
	void *e;
	if (c->encoder->open(c->encoder->data, &f->params, &have, &got, &samples, &e) < 0)
		die("no encoder for %s", f->name);
	for (size_t i = 0; i < FRAMES; i++) {
		tones_sine(pcm, samples, i * samples, got.sample_hz, 620, -12);
		tones_sine(other, samples, i * samples, got.sample_hz, 1550, -14);
		tones_mix(pcm, other, samples);
		for (size_t k = samples; got.channels == 2 && k-- > 0;)
			pcm[2 * k] = pcm[2 * k + 1] = pcm[k];
		int len = c->encoder->encode(e, pcm, out);
		if (len <= 0 || len > PAYLOAD_BYTES)
			die("%s: %d bytes in a packet", f->name, len);
		memcpy(payload[i], out, (size_t)len);
		payload_len[i] = (size_t)len;
	}
	c->encoder->close(e);
}

static void chain_open(struct chain *ch, const struct form *from, const struct form *to)
{
	*ch = (struct chain){ .from = codec_of(from), .to = codec_of(to) };
	struct codec_audio have = { sample_hz_of(ch->from), from->params.channels };
	const struct codec_encoder *e = ch->to->encoder;
	const struct codec_decoder *d = ch->from->decoder;
	if (e->open(e->data, &to->params, &have, &ch->out, &ch->packet, &ch->encoder) < 0 ||
		d->open(d->data, &from->params, &ch->out, &ch->in, &ch->decoder) < 0)
		die("%s to %s cannot be opened", from->name, to->name);
	if ((ch->in.sample_hz != ch->out.sample_hz || ch->in.channels != ch->out.channels) &&
		(!codec_resampler() ||
			codec_resampler()->open(&ch->in, &ch->out, &ch->resampler) < 0))
		die("%s to %s cannot be resampled", from->name, to->name);
}

static void chain_close(struct chain *ch)
{
	ch->from->decoder->close(ch->decoder);
	ch->to->encoder->close(ch->encoder);
	if (ch->resampler)
		codec_resampler()->close(ch->resampler);
}

static void chain_step(struct chain *ch, int i)
{
	static int16_t heard[CODEC_MAX_SAMPLES * 2], made[CODEC_MAX_SAMPLES * 2];
	uint8_t out[CODEC_MAX_PAYLOAD];
	const int16_t *pcm = heard;
	int n = ch->from->decoder->decode(
		ch->decoder, payload[i], payload_len[i], heard, CODEC_MAX_SAMPLES);
	if (ch->resampler) {
		n = codec_resampler()->run(
			ch->resampler, heard, (size_t)n, made, CODEC_MAX_SAMPLES);
		pcm = made;
	}
	if (n != (int)ch->packet || ch->to->encoder->encode(ch->encoder, pcm, out) < 0)
		die("%s to %s: %d samples", ch->from->name, ch->to->name, n);
}

/* So many frames of each channel; NULL: none, only the sleep between them. In ms of CPU. */
static double run_frames(struct chain *ch, int frames)
{
	int per_turn = MAX(channels / TURNS_PER_FRAME, 1);
	uint64_t next = mono_ns(), t = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
	for (int i = 0; i < frames; i++)
		for (int c = 0; c < channels; c++) {
			if (ch)
				chain_step(&ch[c], i);
			if (paced && (c + 1) % per_turn == 0)
				sleep_until_ns(next += (uint64_t)FRAME_NS * (unsigned)per_turn /
						       (unsigned)channels);
		}
	return (double)(clock_ns(CLOCK_PROCESS_CPUTIME_ID) - t) / 1e6;
}

/* The best of some rounds: what other programs do to caches and clocks only ever adds. */
static double measure(const struct form *from, const struct form *to)
{
	struct chain *ch = xcalloc((size_t)channels, sizeof *ch);
	int frames = paced ? PACED_FRAMES : FRAMES, rounds = paced ? PACED_ROUNDS : ROUNDS;
	double best = 1e9, spent = 0, sleeps = paced ? run_frames(NULL, frames) : 0;
	make_payloads(from);
	for (int c = 0; c < channels; c++)
		chain_open(&ch[c], from, to);
	for (int r = 0; r < rounds || (!paced && spent < LEAST_MS); r++) {
		double ms = run_frames(ch, frames);
		spent += ms;
		best = fmin(best, (ms - sleeps) / (frames / 50) / channels);
	}
	for (int c = 0; c < channels; c++)
		chain_close(&ch[c]);
	free(ch);
	return best;
}

static void run_pair(const char *pair)
{
	char name[2][16];
	struct report r = { 0 };
	if (sscanf(pair, "%15[^/]/%15s", name[0], name[1]) != 2)
		die("two codecs are wanted, e.g. PCMU/opus");
	const struct form *a = form_of(name[0]), *b = form_of(name[1]);
	double ab = measure(a, b), ba = measure(b, a);
	rep_str(&r, "mode", "chainfloor");
	rep_str(&r, "pair", pair);
	rep_num(&r, "there_ms_per_chan_s", ab, "ms");
	rep_num(&r, "back_ms_per_chan_s", ba, "ms");
	rep_num(&r, "codec_ms_per_chan_s", (ab + ba) / 2, "ms");
	rep_num(&r, "core_spin_us", spin_us(), "us for a fixed loop");
	rep_print(&r, true);
}

int main(int argc, char **argv)
{
	mock_coder_load_all();
	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--cpu") && i + 1 < argc)
			pin_self(atoi(argv[++i]));
		else if (!strcmp(argv[i], "--channels") && i + 1 < argc)
			channels = atoi(argv[++i]);
		else if (!strcmp(argv[i], "--paced"))
			paced = true;
		else if (strchr(argv[i], '/') && channels > 0)
			run_pair(argv[i]);
		else
			die("usage: chainfloor [--cpu N] [--channels N] [--paced] FROM/TO ...");
	}
	return 0;
}

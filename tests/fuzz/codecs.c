/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Every decoder under hostile payloads. The first byte picks a codec of the registry, five more its
 * parameters; then come payloads, each behind a byte for its length and for what is done with it:
 * decoded, concealed, or both, and whether another source begins then. What comes out must fit the
 * room there was.
 */
#include "mock/coder.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <glib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { HEADER_BYTES = 6 };

static const char *const fmtps[] = { "", "mode=20", "mode=30", "stereo=1;sprop-stereo=1",
	"octet-align=1", "annexb=no", "useinbandfec=1; maxplaybackrate=8000;=;;cbr" };
static const uint32_t rates[] = { 0, 8000, 11025, 16000, 44100, 48000, 4000000000 };
static const size_t rooms[] = { CODEC_MAX_SAMPLES, 960, 480, 160, 1, 0 };

static int16_t *out;

static void check(const struct codec_audio *audio, int got, size_t max)
{
	const int16_t *end = out + max * audio->channels;

	if (got > (int)max || *end != 0x5a5a)
		abort();
}

static void carry(const struct codec_decoder *decoder, void *state, const struct codec_audio *audio,
	const uint8_t *data, size_t size)
{
	while (size >= 2) {
		size_t len = MIN((size_t)data[0] * (data[1] & 0x80 ? 16 : 1), size - 2);
		size_t max = rooms[(data[1] & 7) % G_N_ELEMENTS(rooms)];
		bool lost = data[1] & 8, known = data[1] & 16;
		uint8_t *payload = g_memdup2(data + 2, len); /* so that reading on is noticed */

		out[max * audio->channels] = 0x5a5a;
		if (lost && decoder->conceal)
			check(audio,
				decoder->conceal(
					state, max, known ? payload : NULL, known ? len : 0, out),
				max);
		if (!lost || known)
			check(audio, decoder->decode(state, payload, len, out, max), max);
		if (decoder->request)
			decoder->request(state);
		if (data[1] & 32 && decoder->reset)
			decoder->reset(state);
		g_free(payload);
		data += 2 + len;
		size -= 2 + len;
	}
}

/* The parameters go through SDP's part of the codec, too. */
static void compare(const struct codec *codec, const struct codec_params *p)
{
	char fmtp[CODEC_FMTP_BYTES];
	struct codec_params other = *p;

	if (codec->answer && codec->answer(p, p->channels == 2, fmtp)) {
		other.fmtp = str_of(fmtp);
		if (other.fmtp.len >= sizeof(fmtp))
			abort();
	}
	if (codec->usable)
		codec->usable(p);
	if (codec->match) {
		codec->match(p, &other);
		if (codec->match(p, p) == CODEC_DIFFERENT)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct codec *codec;
	struct codec_params p = { 0 };
	struct codec_audio want, audio;
	unsigned count = 0;
	void *state;

	if (!out) {
		mock_coder_load_all();
		out = g_new0(int16_t, (CODEC_MAX_SAMPLES + 1) * CODEC_MAX_CHANNELS);
	}
	if (size < HEADER_BYTES)
		return 0;
	while (codec_at(count))
		count++;
	codec = codec_at(data[0] % count);
	p.clock_hz = data[1] & 0x80 ? rates[data[1] % G_N_ELEMENTS(rates)] : codec->clock_hz;
	p.channels = data[2] & 0x80 ? data[2] & 7 : MAX(codec->channels, 1);
	p.ptime_ms = data[3];
	p.fmtp = str_of(fmtps[data[4] % G_N_ELEMENTS(fmtps)]);
	if (data[4] & 0x80) /* or whatever there is */
		p.fmtp = (struct str){ (const char *)data + HEADER_BYTES,
			MIN(size - HEADER_BYTES, CODEC_FMTP_BYTES - 1) };
	want = (struct codec_audio){ rates[data[5] % G_N_ELEMENTS(rates)],
		(uint8_t)(data[5] & 0x80 ? 2 : 1) };
	compare(codec, &p);
	if (!codec->decoder ||
		codec->decoder->open(codec->decoder->data, &p, &want, &audio, &state) < 0)
		return 0;
	if (!audio.channels || audio.channels > CODEC_MAX_CHANNELS ||
		audio.sample_hz > CODEC_MAX_SAMPLE_HZ)
		abort();
	carry(codec->decoder, state, &audio, data + HEADER_BYTES, size - HEADER_BYTES);
	codec->decoder->close(state);
	return 0;
}

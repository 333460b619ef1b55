/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Whatever a session says of a codec: what counts as usable can be opened, both ways, and audio of
 * it can be brought to any other's rate.
 */
#include <glib.h>

#include "codec/format.h"
#include "mock/coder.h"

static const uint32_t clocks_hz[] = { 1, 999, 1000, 4000, 8000, 11025, 12000, 16000, 22050, 24000,
	32000, 44100, 48000, 96000, 192000, UINT32_MAX };
static const uint8_t channels[] = { 0, 1, 2, 3, 6, 8, UINT8_MAX };
static const uint32_t bitrates[] = { 0, 1, 5300, 6300, 64000, 510000 };

static void try_resampler(const struct codec_audio *from, const struct codec_audio *to)
{
	void *state;

	if (from->sample_hz == to->sample_hz && from->channels == to->channels)
		return;
	g_assert_cmpint(codec_resampler()->open(from, to, &state), ==, 0);
	codec_resampler()->close(state);
}

static void try_decoder(const struct codec *codec, const struct codec_params *params)
{
	static const struct codec_audio narrow = { 8000, 1 }, full = { 48000, 2 };
	struct codec_audio audio;
	void *state;

	g_assert_cmpint(
		codec->decoder->open(codec->decoder->data, params, &narrow, &audio, &state), ==, 0);
	codec->decoder->close(state);
	try_resampler(&audio, &narrow);
	try_resampler(&audio, &full);
}

static void try_encoder(const struct codec *codec, const struct codec_params *params)
{
	static const struct codec_audio narrow = { 8000, 1 };
	struct codec_audio audio;
	size_t samples;
	void *state;

	g_assert_cmpint(codec->encoder->open(
				codec->encoder->data, params, &narrow, &audio, &samples, &state),
		==, 0);
	g_assert_cmpuint(samples, >, 0);
	g_assert_cmpuint(samples, <=, CODEC_MAX_SAMPLES);
	codec->encoder->close(state);
	try_resampler(&narrow, &audio);
}

static void check(const struct codec *codec, struct codec_params *params)
{
	if (!codec_usable_as(codec, params))
		return;
	g_test_message("%s/%u/%u", codec->name, params->clock_hz, params->channels);
	try_decoder(codec, params);
	for (unsigned i = 0; i < G_N_ELEMENTS(bitrates); i++) {
		params->bitrate = bitrates[i];
		try_encoder(codec, params);
	}
	params->bitrate = 0;
}

static void test_usable_ones_open(void)
{
	const struct codec *codec;

	for (unsigned n = 0; (codec = codec_at(n)) != NULL; n++) {
		struct codec_params params = { .ptime_ms = codec->ptime_ms };

		if (codec->flags & CODEC_EVENT)
			continue;
		for (unsigned i = 0; i < G_N_ELEMENTS(clocks_hz); i++)
			for (unsigned k = 0; k < G_N_ELEMENTS(channels); k++) {
				params.clock_hz = clocks_hz[i];
				params.channels = channels[k];
				check(codec, &params);
			}
	}
}

static void test_usual_ones_are_usable(void)
{
	const struct codec *codec;

	for (unsigned n = 0; (codec = codec_at(n)) != NULL; n++) {
		const struct codec_params usual = { .clock_hz = codec->clock_hz,
			.channels = codec->channels };

		g_test_message("%s", codec->name);
		if (codec->channels)
			g_assert_true(codec_usable_as(codec, &usual) == codec_usable(codec));
	}
}

static unsigned packet_ms(const struct codec *codec, const struct codec_params *params)
{
	const struct codec_audio have = { codec_sample_hz(codec, params->clock_hz),
		params->channels };
	struct codec_audio audio;
	size_t samples;
	void *state;

	g_assert_cmpint(
		codec->encoder->open(codec->encoder->data, params, &have, &audio, &samples, &state),
		==, 0);
	codec->encoder->close(state);
	return (unsigned)((samples * 1000 + audio.sample_hz / 2) / audio.sample_hz);
}

/*
 * Packets are of the length that is asked for, or what the codec says it makes of that. Those of
 * samples may not have room for long ones.
 */
static void test_lengths_are_as_described(void)
{
	static const uint16_t lengths_ms[] = { 1, 5, 10, 20, 30, 40, 60, 100, 200 };
	const struct codec *codec;

	for (unsigned n = 0; (codec = codec_at(n)) != NULL; n++) {
		struct codec_params params = { .clock_hz = codec->clock_hz,
			.channels = codec->channels,
			.fmtp = str_of(codec->fmtp) };

		if (!codec->channels || !codec->encoder || codec->flags & CODEC_EVENT)
			continue;
		for (unsigned i = 0; i < G_N_ELEMENTS(lengths_ms); i++) {
			params.ptime_ms = MAX(lengths_ms[i], codec->ptime_min_ms);
			if (lengths_ms[i] > 40 && codec->clock_hz > 16000 && !codec->ptimes)
				break;
			g_test_message("%s, %u ms", codec->name, lengths_ms[i]);
			g_assert_cmpuint(
				packet_ms(codec, &params), ==, codec_ptime(codec, lengths_ms[i]));
		}
	}
}

static bool is_usable(const char *name, uint32_t clock_hz, uint8_t count, const char *fmtp)
{
	const struct codec_params params = {
		.clock_hz = clock_hz, .channels = count, .fmtp = str_of(fmtp)
	};

	return codec_usable_as(codec_find(str_of(name)), &params);
}

static void test_what_is_usable(void)
{
	g_assert_true(is_usable("PCMU", 16000, 2, ""));
	g_assert_false(is_usable("PCMU", 1, 1, ""));
	g_assert_false(is_usable("PCMU", 8000, 255, ""));
	g_assert_true(is_usable("L16", 48000, 2, ""));
	g_assert_false(is_usable("L16", 96000, 2, ""));
	g_assert_false(is_usable("G722", 16000, 1, ""));
	g_assert_true(is_usable("CN", 48000, 1, ""));
	g_assert_false(is_usable("QCELP", 8000, 1, "")); /* no encoder */
	g_assert_false(is_usable("vorbis", 44100, 2, "configuration=AAAA"));
	if (codec_usable(codec_find(STR_LIT("AMR")))) {
		g_assert_true(is_usable("AMR", 8000, 1, "octet-align=1"));
		g_assert_false(is_usable("AMR", 8000, 1, "interleaving=5"));
		g_assert_false(is_usable("AMR", 16000, 1, ""));
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	mock_coder_load_all();
	g_test_add_func("/codec/usable/lengths", test_lengths_are_as_described);
	g_test_add_func("/codec/usable/opens", test_usable_ones_open);
	g_test_add_func("/codec/usable/usual", test_usual_ones_are_usable);
	g_test_add_func("/codec/usable/what", test_what_is_usable);
	return g_test_run();
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Comfort noise: level and colour as described, there and back. */
#include "api/host.h"
#include "api/plugin.h"
#include "codec/registry.h"

#include <math.h>
#include <string.h>

#include <glib.h>

extern const struct plugin plugin_export_cn;

enum { SECOND = 8000 };

static void add_codec(const struct host *host, const struct codec *codec)
{
	struct err err;

	(void)host;
	g_assert_cmpint(codec_registry_add(codec, &err), ==, 0);
}

static const struct codec *plugin(void)
{
	static const struct host host = { .add_codec = add_codec };
	char error[PLUGIN_ERROR_BYTES] = "";
	void *instance;

	if (!codec_at(0))
		g_assert_cmpint(plugin_export_cn.init(&host, &instance, error), ==, 0);
	return codec_find(STR_LIT("cn"));
}

static void *open_decoder(uint16_t ptime_ms)
{
	const struct codec_params params = {
		.clock_hz = 16000, .channels = 1, .ptime_ms = ptime_ms
	};
	const struct codec_audio want = { 48000, 2 };
	struct codec_audio audio;
	void *decoder;

	g_assert_cmpint(plugin()->decoder->open(NULL, &params, &want, &audio, &decoder), ==, 0);
	g_assert_cmpuint(audio.sample_hz, ==, 8000);
	g_assert_cmpuint(audio.channels, ==, 1);
	return decoder;
}

static void *open_encoder(uint16_t ptime_ms, size_t *ret_samples)
{
	const struct codec_params params = {
		.clock_hz = 8000, .channels = 1, .ptime_ms = ptime_ms
	};
	const struct codec_audio have = { 8000, 1 };
	struct codec_audio audio;
	void *encoder;

	g_assert_cmpint(
		plugin()->encoder->open(NULL, &params, &have, &audio, ret_samples, &encoder), ==,
		0);
	return encoder;
}

/* A second of the noise that `payload` describes. */
static void listen_to(const uint8_t *payload, size_t len, int16_t *out)
{
	void *decoder = open_decoder(20);

	g_assert_cmpint(plugin()->decoder->decode(decoder, payload, len, out, SECOND), ==, 160);
	g_assert_cmpint(plugin()->decoder->conceal(decoder, SECOND - 160, NULL, 0, out + 160), ==,
		SECOND - 160);
	plugin()->decoder->close(decoder);
}

static double level_db(const int16_t *samples, size_t count)
{
	double sum = 0;

	for (size_t i = 0; i < count; i++)
		sum += (double)samples[i] * samples[i];
	return 10 * log10(sum / (double)count / (32767.0 * 32767.0));
}

/* How alike neighbours are: 1 for the lowest tones, -1 for the highest. */
static double alike(const int16_t *samples, size_t count)
{
	double same = 0, both = 0;

	for (size_t i = 1; i < count; i++) {
		same += (double)samples[i] * samples[i];
		both += (double)samples[i] * samples[i - 1];
	}
	return both / same;
}

static void test_level_is_as_described(void)
{
	static int16_t out[SECOND];

	for (uint8_t level = 10; level < 70; level += 6) {
		listen_to(&level, 1, out);
		g_assert_cmpfloat_with_epsilon(level_db(out, SECOND), -level, 0.4);
		g_assert_cmpfloat_with_epsilon(alike(out, SECOND), 0, 0.05);
	}
}

static void test_colour_is_as_described(void)
{
	static int16_t out[SECOND];

	/* The first coefficient is the likeness of neighbours with its sign changed. */
	for (unsigned k = 20; k < 240; k += 20) {
		const uint8_t payload[] = { 30, (uint8_t)k, 127 };

		listen_to(payload, sizeof(payload), out);
		g_assert_cmpfloat_with_epsilon(
			alike(out, SECOND), -258.0 * ((double)k - 127) / 32768, 0.05);
		g_assert_cmpfloat_with_epsilon(level_db(out, SECOND), -30, 0.8);
	}
}

static void test_there_and_back(void)
{
	static const uint8_t described[] = { 25, 40, 150, 120, 127 };
	static int16_t noise[SECOND];
	uint8_t out[CODEC_MAX_PAYLOAD];
	size_t count;
	void *encoder = open_encoder(200, &count);

	listen_to(described, sizeof(described), noise);
	g_assert_cmpuint(count, ==, 1600);
	g_assert_cmpint(
		plugin()->encoder->encode(encoder, noise + 800, out), >=, sizeof(described));
	for (unsigned i = 0; i < sizeof(described); i++)
		g_assert_cmpint(ABS(out[i] - described[i]), <=, i ? 12 : 1);
	plugin()->encoder->close(encoder);
}

static void test_silence_stays_silent(void)
{
	static const uint8_t quiet[] = { 127 };
	static int16_t out[SECOND];
	uint8_t payload[CODEC_MAX_PAYLOAD];
	size_t count;
	void *encoder = open_encoder(20, &count);

	listen_to(quiet, 1, out);
	for (unsigned i = 0; i < SECOND; i++)
		g_assert_cmpint(out[i], ==, 0);
	g_assert_cmpint(plugin()->encoder->encode(encoder, out, payload), >, 0);
	g_assert_cmpuint(payload[0], ==, 127);
	plugin()->encoder->close(encoder);
}

static void test_level_changes_without_a_step(void)
{
	static const uint8_t loud[] = { 10 }, soft[] = { 60 };
	static int16_t out[SECOND];
	void *decoder = open_decoder(20);

	plugin()->decoder->decode(decoder, loud, 1, out, SECOND);
	plugin()->decoder->decode(decoder, soft, 1, out, SECOND);
	g_assert_cmpfloat(level_db(out, 20), >, -16);
	plugin()->decoder->conceal(decoder, SECOND, NULL, 0, out);
	g_assert_cmpfloat_with_epsilon(level_db(out + SECOND / 2, SECOND / 2), -60, 0.5);
	plugin()->decoder->close(decoder);
}

static void test_no_payload_makes_it_ring(void)
{
	static int16_t out[CODEC_MAX_SAMPLES];
	uint8_t payload[64];
	void *decoder = open_decoder(20);
	g_autoptr(GRand) dice = g_rand_new_with_seed(3389);

	g_assert_cmpint(plugin()->decoder->decode(decoder, payload, 0, out, 160), <, 0);
	g_assert_cmpint(plugin()->decoder->conceal(decoder, 160, NULL, 0, out), ==, 0);
	for (unsigned n = 0; n < 3000; n++) {
		size_t len = (size_t)g_rand_int_range(dice, 1, sizeof(payload));

		for (unsigned i = 0; i < len; i++)
			payload[i] = (uint8_t)(n % 3 ? g_rand_int(dice) : 255 * (i & n));
		payload[0] = 20;
		g_assert_cmpint(
			plugin()->decoder->decode(decoder, payload, len, out, 160), ==, 160);
		g_assert_cmpfloat(level_db(out, 160), <, -4);
	}
	g_assert_cmpint(plugin()->decoder->decode(decoder, payload, 1, out, 7), ==, 7);
	plugin()->decoder->close(decoder);
}

static void test_odd_packet_lengths(void)
{
	static int16_t out[CODEC_MAX_SAMPLES];
	const uint16_t lengths[] = { 0, 1, 7, 20, 30, 200, 60000 };
	const size_t samples[] = { 160, 8, 56, 160, 240, 1600, 1600 };
	uint8_t payload[CODEC_MAX_PAYLOAD] = { 40 };

	for (unsigned i = 0; i < G_N_ELEMENTS(lengths); i++) {
		void *decoder = open_decoder(lengths[i]);
		size_t count;
		void *encoder = open_encoder(lengths[i], &count);

		g_assert_cmpuint(count, ==, samples[i]);
		g_assert_cmpint(
			plugin()->decoder->decode(decoder, payload, 1, out, CODEC_MAX_SAMPLES), ==,
			count);
		g_assert_cmpint(plugin()->encoder->encode(encoder, out, payload), ==, 11);
		plugin()->decoder->close(decoder);
		plugin()->encoder->close(encoder);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/codec/cn/level", test_level_is_as_described);
	g_test_add_func("/codec/cn/colour", test_colour_is_as_described);
	g_test_add_func("/codec/cn/there-and-back", test_there_and_back);
	g_test_add_func("/codec/cn/silence", test_silence_stays_silent);
	g_test_add_func("/codec/cn/no-step", test_level_changes_without_a_step);
	g_test_add_func("/codec/cn/hostile", test_no_payload_makes_it_ring);
	g_test_add_func("/codec/cn/lengths", test_odd_packet_lengths);
	return g_test_run();
}

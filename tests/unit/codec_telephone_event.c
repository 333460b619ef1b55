/* SPDX-License-Identifier: GPL-3.0-or-later */
/* telephone-event as a codec: any clock, no audio. */
#include "api/host.h"
#include "api/plugin.h"
#include "codec/registry.h"

#include <glib.h>

extern const struct plugin plugin_export_telephone_event;

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
		g_assert_cmpint(plugin_export_telephone_event.init(&host, &instance, error), ==, 0);
	return codec_find(STR_LIT("TELEPHONE-EVENT"));
}

static void test_is_described(void)
{
	g_assert_true(codec_usable(plugin()));
	g_assert_cmpuint(plugin()->flags, ==,
		CODEC_SUPPLEMENTAL | CODEC_ANY_CLOCK | CODEC_FMTP_IGNORED | CODEC_EVENT);
	g_assert_cmpstr(plugin()->fmtp, ==, "0-15");
}

static void test_follows_any_clock(void)
{
	const uint32_t clocks[] = { 8000, 16000, 44100, 48000 };
	const struct codec_audio any = { 8000, 1 };
	struct codec_audio audio;
	size_t samples;
	void *state;

	for (unsigned i = 0; i < G_N_ELEMENTS(clocks); i++) {
		struct codec_params params = {
			.clock_hz = clocks[i], .channels = 1, .ptime_ms = 20
		};

		g_assert_cmpint(
			plugin()->decoder->open(NULL, &params, &any, &audio, &state), ==, 0);
		g_assert_cmpuint(audio.sample_hz, ==, clocks[i]);
		plugin()->decoder->close(state);
		g_assert_cmpint(
			plugin()->encoder->open(NULL, &params, &any, &audio, &samples, &state), ==,
			0);
		g_assert_cmpuint(samples, ==, clocks[i] / 50);
		plugin()->encoder->close(state);
		params.clock_hz = i % 2 ? 0 : CODEC_MAX_SAMPLE_HZ + 1;
		g_assert_cmpint(plugin()->decoder->open(NULL, &params, &any, &audio, &state), <, 0);
	}
}

static void test_has_no_audio(void)
{
	const struct codec_params params = { .clock_hz = 8000, .channels = 1, .ptime_ms = 20 };
	const struct codec_audio any = { 8000, 1 };
	static const uint8_t event[] = { 11, 0x8a, 0x06, 0x40, 0, 0, 0, 0 };
	int16_t audio_in[160] = { 1, 2, 3 };
	uint8_t out[4] = { 9, 9, 9, 9 };
	struct codec_audio audio;
	size_t samples;
	void *state;

	g_assert_cmpint(plugin()->decoder->open(NULL, &params, &any, &audio, &state), ==, 0);
	for (size_t len = 0; len <= sizeof(event); len++) {
		int ret = plugin()->decoder->decode(state, event, len, audio_in, 160);

		if (len < 4)
			g_assert_cmpint(ret, <, 0);
		else
			g_assert_cmpint(ret, ==, 0);
	}
	plugin()->decoder->close(state);
	g_assert_cmpint(
		plugin()->encoder->open(NULL, &params, &any, &audio, &samples, &state), ==, 0);
	g_assert_cmpint(plugin()->encoder->encode(state, audio_in, out), ==, 0);
	g_assert_cmpuint(out[0], ==, 9);
	plugin()->encoder->close(state);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/codec/telephone-event/descriptor", test_is_described);
	g_test_add_func("/codec/telephone-event/clocks", test_follows_any_clock);
	g_test_add_func("/codec/telephone-event/no-audio", test_has_no_audio);
	return g_test_run();
}

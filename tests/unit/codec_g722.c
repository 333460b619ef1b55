/* SPDX-License-Identifier: GPL-3.0-or-later */
/* G.722: audio of 16 kHz in packets that are counted at 8. */
#include "../codecs/g722/band.h"

#include "api/host.h"
#include "mock/coder.h"
#include "mock/tones.h"

#include <glib.h>

extern const struct plugin plugin_export_avcodec, plugin_export_g722;

static const struct codec_params params = { .clock_hz = 8000, .channels = 1, .ptime_ms = 20 };
static const struct codec_audio audio = { 16000, 1 };

static void test_tone(void)
{
	mock_coder_check_tone("G722", &params, &audio, 0.3, 25);
}

/* A byte for each tick of the RTP clock; what is above 4 kHz comes through. */
static void test_wide(void)
{
	int16_t in[16000], out[16000];
	struct mock_coder c;

	mock_coder_open(&c, "G722", &params, &audio);
	g_assert_cmpuint(c.samples, ==, 320);
	tones_sine(in, 16000, 0, 16000, 5600, -15);
	g_assert_cmpint(c.codec->encoder->encode(c.encoder, in, c.payload), ==, 160);
	g_assert_cmpuint(mock_coder_carry(&c, in, 16000, out), ==, 16000);
	g_assert_cmpfloat_with_epsilon(tones_level(out + 8000, 8000, 16000, 5600), -15, 1.5);
	mock_coder_close(&c);
}

/* Speech is the same but for little noise, once its delay is known. */
static void test_speech(void)
{
	enum { COUNT = 32000, DELAY = 64 };
	g_autofree int16_t *in = g_new0(int16_t, COUNT), *out = g_new0(int16_t, COUNT);
	struct mock_coder c;
	size_t delay;

	mock_coder_open(&c, "G722", &params, &audio);
	tones_speech(in, COUNT, 16000, 1);
	mock_coder_carry(&c, in, COUNT, out);
	delay = tones_delay(in, out, COUNT, DELAY);
	g_assert_cmpuint(delay, <, 25);
	g_assert_cmpfloat(tones_segmental_snr(in, out + delay, COUNT - DELAY, 320), >, 15);
	mock_coder_close(&c);
}

static void test_ptimes(void)
{
	mock_coder_check_ptimes("G722", &params, &audio, 1, 120);
}

static void test_hostile(void)
{
	mock_coder_check_hostile("G722", &params, &audio);
}

static void test_refused(void)
{
	const struct codec *g722 = codec_find(str_of("g722"));
	struct codec_params stereo = params, wrong = params;
	struct codec_audio got;
	void *state;

	stereo.channels = 2;
	wrong.clock_hz = 16000;
	g_assert_cmpint(g722->decoder->open(NULL, &stereo, &audio, &got, &state), <, 0);
	g_assert_cmpint(g722->decoder->open(NULL, &wrong, &audio, &got, &state), <, 0);
}

/* ---- beside another's, bit by bit ---- */

enum { LONG = 16000 * 5, PACKET = 320 };

static const struct codec *other;

static void keep_g722(const struct host *host, const struct codec *codec)
{
	(void)host;
	if (!strcmp(codec->name, "G722"))
		other = codec;
}

static void hear_nothing(const struct host *host, enum host_level level, const char *fmt, ...)
{
	(void)host;
	(void)level;
	(void)fmt;
}

/* libavcodec's; NULL: this build of it has none. */
static const struct codec *by_libavcodec(void)
{
	static const struct host host = { .add_codec = keep_g722, .log = hear_nothing };
	char error[PLUGIN_ERROR_BYTES] = "";
	void *instance;

	if (!other)
		g_assert_cmpint(plugin_export_avcodec.init(&host, &instance, error), ==, 0);
	return other && other->encoder && other->decoder ? other : NULL;
}

static void encode_by(const struct codec *codec, const int16_t *in, uint8_t *out)
{
	const struct codec_encoder *e = codec->encoder;
	struct codec_audio got;
	size_t samples;
	void *state;

	g_assert_cmpint(e->open(e->data, &params, &audio, &got, &samples, &state), ==, 0);
	for (size_t i = 0; i < LONG; i += PACKET)
		g_assert_cmpint(e->encode(state, in + i, out + i / 2), ==, PACKET / 2);
	e->close(state);
}

static void decode_by(const struct codec *codec, const uint8_t *in, int16_t *out)
{
	const struct codec_decoder *d = codec->decoder;
	struct codec_audio got;
	void *state;

	g_assert_cmpint(d->open(d->data, &params, &audio, &got, &state), ==, 0);
	for (size_t i = 0; i < LONG; i += PACKET)
		g_assert_cmpint(
			d->decode(state, in + i / 2, PACKET / 2, out + i, PACKET), ==, PACKET);
	d->close(state);
}

static void check_same(const int16_t *in)
{
	const struct codec *ours = codec_find(str_of("G722")), *theirs = by_libavcodec();
	g_autofree uint8_t *octets = g_malloc(LONG / 2), *expected = g_malloc(LONG / 2);
	g_autofree int16_t *out = g_new(int16_t, LONG), *wanted = g_new(int16_t, LONG);

	encode_by(ours, in, octets);
	encode_by(theirs, in, expected);
	g_assert_cmpmem(octets, LONG / 2, expected, LONG / 2);
	decode_by(ours, octets, out);
	decode_by(theirs, octets, wanted);
	g_assert_cmpmem(out, LONG * sizeof(*out), wanted, LONG * sizeof(*out));
}

static int16_t random_sample(int most)
{
	return (int16_t)g_test_rand_int_range(-most - 1, most + 1);
}

static void test_same_as_libavcodec(void)
{
	static const int most[] = { 3, 100, 2000, 12000, INT16_MAX };
	g_autofree int16_t *in = g_new(int16_t, LONG);

	if (!by_libavcodec()) {
		g_test_skip("this libavcodec has no G.722");
		return;
	}
	for (unsigned k = 0; k < G_N_ELEMENTS(most); k++) {
		for (size_t i = 0; i < LONG; i++)
			in[i] = random_sample(most[k]);
		check_same(in);
	}
	tones_speech(in, LONG, 16000, 1);
	check_same(in);
	for (size_t i = 0; i < LONG; i++)
		in[i] = i / 37 % 2 ? INT16_MAX : INT16_MIN;
	check_same(in);
}

/* The vector code and the plain one, on what no signal would bring about, too. */
static void test_zeros_are_the_same_in_vectors(void)
{
	for (unsigned k = 0; k < 200; k++) {
		struct band vector = { .nb = 0 }, plain;

		for (unsigned i = 0; i < BAND_ZEROS; i++) {
			vector.d[i] = random_sample(k % 2 ? INT16_MAX : 3000);
			vector.b[i] = random_sample(k % 3 ? INT16_MAX : 5000);
		}
		plain = vector;
		for (unsigned i = 0; i < 200; i++) {
			int d = i % 5 ? random_sample(k % 2 ? INT16_MAX : 3000) : 0;

			g_assert_cmpint(
				band_move_zeros(&vector, d), ==, band_move_zeros_plain(&plain, d));
			g_assert_cmpmem(&vector, sizeof(vector), &plain, sizeof(plain));
		}
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	mock_coder_load(&plugin_export_g722);
	g_test_add_func("/codec/g722/tone", test_tone);
	g_test_add_func("/codec/g722/wide", test_wide);
	g_test_add_func("/codec/g722/speech", test_speech);
	g_test_add_func("/codec/g722/ptimes", test_ptimes);
	g_test_add_func("/codec/g722/hostile", test_hostile);
	g_test_add_func("/codec/g722/refused", test_refused);
	g_test_add_func("/codec/g722/same", test_same_as_libavcodec);
	g_test_add_func("/codec/g722/vectors", test_zeros_are_the_same_in_vectors);
	return g_test_run();
}

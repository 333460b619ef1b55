/* SPDX-License-Identifier: GPL-3.0-or-later */
/* iLBC: what can be told without anything that encodes it. */
#include "mock/coder.h"
#include "mock/tones.h"

#include <string.h>

#include <glib.h>

extern const struct plugin plugin_export_ilbc;

static const struct codec_params params = { .clock_hz = 8000, .channels = 1, .ptime_ms = 30 };
static const struct codec_audio audio = { 8000, 1 };

/* A block of either length, whatever it sounds like. */
static const uint8_t *block_of(size_t bytes)
{
	const struct codec *ilbc = codec_find(str_of("iLBC"));

	for (unsigned i = 0; i < ilbc->vector_count; i++)
		if (ilbc->vectors[i].payload_len == bytes)
			return ilbc->vectors[i].payload;
	g_assert_not_reached();
}

static int decode(struct mock_coder *c, const uint8_t *payload, size_t len)
{
	return c->codec->decoder->decode(c->decoder, payload, len, c->pcm, CODEC_MAX_SAMPLES);
}

/* The length of what comes says which blocks they are, now and from now on. */
static void test_modes(void)
{
	struct mock_coder c;
	uint8_t bytes[200];

	mock_coder_open(&c, "iLBC", &params, &audio);
	memcpy(bytes, block_of(50), 50);
	memcpy(bytes + 50, bytes, 50);
	memcpy(bytes + 100, bytes, 100);
	g_assert_cmpint(decode(&c, bytes, 50), ==, 240);
	g_assert_cmpint(decode(&c, bytes, 150), ==, 720);
	g_assert_cmpint(decode(&c, bytes, 120), ==, 480); /* neither: as before */
	g_assert_cmpint(decode(&c, bytes, 49), <, 0);
	memcpy(bytes, block_of(38), 38);
	memcpy(bytes + 38, bytes, 38);
	g_assert_cmpint(decode(&c, bytes, 38), ==, 160);
	g_assert_cmpint(decode(&c, bytes, 76), ==, 320);
	g_assert_cmpint(decode(&c, bytes, 80), ==, 320);
	mock_coder_close(&c);
}

/* No bang at the beginning, which is what the library alone makes of it. */
static void test_beginning(void)
{
	for (size_t bytes = 38; bytes <= 50; bytes += 12) {
		struct mock_coder c;
		double first_db;
		int samples;

		mock_coder_open(&c, "iLBC", &params, &audio);
		samples = decode(&c, block_of(bytes), bytes);
		first_db = tones_rms(c.pcm, (size_t)samples);
		for (unsigned i = 0; i < 5; i++)
			samples = decode(&c, block_of(bytes), bytes);
		g_assert_cmpfloat(tones_rms(c.pcm, (size_t)samples), >, TONES_SILENT_DB);
		g_assert_cmpfloat_with_epsilon(tones_rms(c.pcm, (size_t)samples), first_db, 12);
		mock_coder_close(&c);
	}
}

/* The last block fades; it does not go on for good, nor end at once. */
static void test_conceal(void)
{
	const struct codec_decoder *decoder = codec_find(str_of("iLBC"))->decoder;
	struct mock_coder c;
	double before_db, first_db;

	mock_coder_open(&c, "iLBC", &params, &audio);
	for (unsigned i = 0; i < 4; i++)
		decode(&c, block_of(38), 38);
	before_db = tones_rms(c.pcm, 160);
	g_assert_cmpint(decoder->conceal(c.decoder, 170, NULL, 0, c.pcm), ==, 160);
	first_db = tones_rms(c.pcm, 160);
	g_assert_cmpfloat(first_db, >, before_db - 9);
	g_assert_cmpfloat(first_db, <, before_db + 3);
	g_assert_cmpint(decoder->conceal(c.decoder, 960, NULL, 0, c.pcm), ==, 960);
	g_assert_cmpfloat(tones_rms(c.pcm + 800, 160), ==, TONES_SILENT_DB);
	g_assert_cmpint(decode(&c, block_of(38), 38), ==, 160);
	g_assert_cmpfloat_with_epsilon(tones_rms(c.pcm, 160), before_db, 6);
	mock_coder_close(&c);
}

static enum codec_match match(const char *a, const char *b)
{
	struct codec_params x = params, y = params;

	x.fmtp = str_of(a);
	y.fmtp = str_of(b);
	return codec_find(str_of("iLBC"))->match(&x, &y);
}

static void test_match(void)
{
	g_assert_cmpint(match("mode=20", "mode=20"), ==, CODEC_SAME);
	g_assert_cmpint(match("mode=20", "mode=30"), ==, CODEC_DIFFERENT);
	g_assert_cmpint(match("mode=30", "mode=20"), ==, CODEC_DIFFERENT);
	g_assert_cmpint(match("mode=30", ""), ==, CODEC_COMPATIBLE);
	g_assert_cmpint(match("mode=40", "mode=20"), ==, CODEC_COMPATIBLE);
	g_assert_cmpint(match("", ""), ==, CODEC_SAME);
}

/* Before anything came, what is concealed has the length that was agreed on. */
static int first_block(const char *fmtp, uint16_t ptime_ms)
{
	struct codec_params p = params;
	struct mock_coder c;
	int samples;

	p.fmtp = str_of(fmtp);
	p.ptime_ms = ptime_ms;
	mock_coder_open(&c, "iLBC", &p, &audio);
	samples = c.codec->decoder->conceal(c.decoder, 240, NULL, 0, c.pcm);
	mock_coder_close(&c);
	return samples;
}

static void test_mode_agreed(void)
{
	g_assert_cmpint(first_block("mode=20", 30), ==, 160);
	g_assert_cmpint(first_block("mode=30", 20), ==, 240);
	g_assert_cmpint(first_block("", 30), ==, 240);
	g_assert_cmpint(first_block("", 90), ==, 240);
	g_assert_cmpint(first_block("", 60), ==, 160);
	g_assert_cmpint(first_block("mode=40", 20), ==, 160);
}

static void test_hostile(void)
{
	mock_coder_check_hostile("iLBC", &params, &audio);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	mock_coder_load(&plugin_export_ilbc);
	g_test_add_func("/codec/ilbc/modes", test_modes);
	g_test_add_func("/codec/ilbc/beginning", test_beginning);
	g_test_add_func("/codec/ilbc/conceal", test_conceal);
	g_test_add_func("/codec/ilbc/match", test_match);
	g_test_add_func("/codec/ilbc/mode-agreed", test_mode_agreed);
	g_test_add_func("/codec/ilbc/hostile", test_hostile);
	return g_test_run();
}

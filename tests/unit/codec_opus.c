/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Opus: rates, channels, lengths, parameters, losses. */
#include "mock/coder.h"
#include "mock/tones.h"

#include <string.h>

#include <glib.h>

extern const struct plugin plugin_export_opus;

static const struct codec_params mono = { .clock_hz = 48000, .channels = 2, .ptime_ms = 20 };
static const struct codec_audio telephone = { 8000, 1 };
static const struct codec_audio full = { 48000, 2 };

static struct codec_params with(const char *fmtp, const char *options)
{
	struct codec_params p = mono;

	p.fmtp = str_of(fmtp);
	p.options = str_of(options);
	return p;
}

static void test_tone(void)
{
	static const uint32_t rates[] = { 8000, 12000, 16000, 24000, 48000 };
	struct codec_params stereo = with("stereo=1", "");

	for (unsigned i = 0; i < G_N_ELEMENTS(rates); i++) {
		struct codec_audio audio = { rates[i], 1 };

		mock_coder_check_tone("opus", &mono, &audio, 1, 15);
	}
	mock_coder_check_tone("opus", &stereo, &full, 1, 15);
}

/* The rate is that of the other side, or the next above it; two channels if all want them. */
static void test_audio(void)
{
	static const struct {
		struct codec_audio have;
		uint8_t channels;
		const char *fmtp;
		struct codec_audio encoder, decoder;
	} cases[] = {
		{ { 8000, 1 }, 2, "stereo=1", { 8000, 1 }, { 8000, 1 } },
		{ { 11025, 1 }, 2, "", { 12000, 1 }, { 12000, 1 } },
		{ { 44100, 2 }, 2, "stereo=1", { 48000, 2 }, { 48000, 2 } },
		{ { 96000, 2 }, 2, "stereo=0", { 48000, 1 }, { 48000, 2 } },
		{ { 16000, 2 }, 2, "", { 16000, 1 }, { 16000, 2 } },
		{ { 48000, 2 }, 1, "stereo=1", { 48000, 1 }, { 48000, 1 } },
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct codec_params p = with(cases[i].fmtp, "");
		struct mock_coder c;

		p.channels = cases[i].channels;
		mock_coder_open(&c, "opus", &p, &cases[i].have);
		g_assert_cmpint(c.in.sample_hz, ==, cases[i].encoder.sample_hz);
		g_assert_cmpint(c.in.channels, ==, cases[i].encoder.channels);
		g_assert_cmpint(c.out.sample_hz, ==, cases[i].decoder.sample_hz);
		g_assert_cmpint(c.out.channels, ==, cases[i].decoder.channels);
		mock_coder_close(&c);
	}
}

/* What is on one side stays there. */
static void test_stereo(void)
{
	enum { COUNT = 48000 };
	g_autofree int16_t *in = g_new0(int16_t, COUNT * 2), *out = g_new0(int16_t, COUNT * 2);
	g_autofree int16_t *one = g_new0(int16_t, COUNT);
	struct codec_params p = with("stereo=1", "");
	struct mock_coder c;
	double left_db, right_db;
	size_t done;

	p.bitrate = 96000;
	mock_coder_open(&c, "opus", &p, &full);
	tones_sine(one, COUNT, 0, 48000, 800, -10);
	for (size_t i = 0; i < COUNT; i++)
		in[2 * i] = one[i];
	done = mock_coder_carry(&c, in, COUNT, out);
	tones_channel(one, out, done, 2, 0);
	left_db = tones_level(one + done / 2, done / 2, 48000, 800);
	tones_channel(one, out, done, 2, 1);
	right_db = tones_level(one + done / 2, done / 2, 48000, 800);
	g_assert_cmpfloat_with_epsilon(left_db, -10, 1);
	g_assert_cmpfloat(right_db, <, -40);
	mock_coder_close(&c);
}

static void test_lengths(void)
{
	static const uint16_t asked[][2] = { { 1, 5 }, { 5, 5 }, { 9, 5 }, { 10, 10 }, { 19, 10 },
		{ 20, 20 }, { 30, 20 }, { 40, 40 }, { 50, 40 }, { 60, 60 }, { 120, 60 } };

	for (unsigned i = 0; i < G_N_ELEMENTS(asked); i++) {
		struct codec_params p = mono;
		struct mock_coder c;

		p.ptime_ms = asked[i][0];
		mock_coder_open(&c, "opus", &p, &telephone);
		g_assert_cmpint(c.samples, ==, 8 * asked[i][1]);
		tones_noise(c.pcm, c.samples, -20, i);
		g_assert_cmpint(mock_coder_carry(&c, c.pcm, c.samples, c.pcm), ==, c.samples);
		mock_coder_close(&c);
	}
}

/* The peer's least length is kept. */
static void test_min_ptime(void)
{
	struct codec_params p = with("minptime=10", "");
	struct mock_coder c;

	p.ptime_ms = 5;
	mock_coder_open(&c, "opus", &p, &telephone);
	g_assert_cmpuint(c.samples, ==, 80);
	mock_coder_close(&c);
}

/* Bytes of two seconds of speech; also the least and the most of a packet. */
static size_t size_of(
	const struct codec_params *p, uint32_t sample_hz, int *ret_least, int *ret_most)
{
	size_t count = 2 * (size_t)sample_hz, sum = 0;
	g_autofree int16_t *in = g_new0(int16_t, count);
	struct codec_audio audio = { sample_hz, 1 };
	struct mock_coder c;

	*ret_least = CODEC_MAX_PAYLOAD;
	*ret_most = 0;
	mock_coder_open(&c, "opus", p, &audio);
	tones_speech(in, count, sample_hz, 4);
	for (size_t i = 0; i + c.samples <= count; i += c.samples) {
		int len = c.codec->encoder->encode(c.encoder, in + i, c.payload);

		g_assert_cmpint(len, >=, 0);
		sum += (size_t)len;
		*ret_least = MIN(*ret_least, len);
		*ret_most = MAX(*ret_most, len);
	}
	mock_coder_close(&c);
	return sum;
}

static double kbits(const char *fmtp, const char *options, uint32_t bitrate)
{
	struct codec_params p = with(fmtp, options);
	int least, most;

	p.bitrate = bitrate;
	return (double)size_of(&p, 16000, &least, &most) * 8 / 2000;
}

static void test_bitrate(void)
{
	g_assert_cmpfloat_with_epsilon(kbits("cbr=1", "", 0), 32, 1);
	g_assert_cmpfloat_with_epsilon(kbits("cbr=1", "", 16000), 16, 1);
	g_assert_cmpfloat_with_epsilon(kbits("cbr=1", "", 16), 16, 1); /* in thousands */
	g_assert_cmpfloat_with_epsilon(kbits("", "vbr=0", 40000), 40, 1);
	g_assert_cmpfloat_with_epsilon(kbits("cbr=1;maxaveragebitrate=12000", "", 40000), 12, 1);
	g_assert_cmpfloat_with_epsilon(kbits("cbr=1;maxaveragebitrate=1", "", 40000), 40, 1);
}

static void test_constant(void)
{
	static const struct {
		const char *fmtp, *options;
		bool constant;
	} cases[] = {
		{ "", "", false },
		{ "cbr=1", "", true },
		{ " stereo=0 ; cbr=1", "", true },
		{ "cbr=0", "", false },
		{ "cbr=1", "vbr=1", true }, /* the peer's word counts */
		{ "", "vbr=0", true },
		{ "", "vbr=2", false },
		{ "", "vbr=7", false },
		{ "", "application=audio;vbr=0", true },
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct codec_params p = with(cases[i].fmtp, cases[i].options);
		int least, most;

		size_of(&p, 16000, &least, &most);
		g_assert_cmpint(least == most, ==, cases[i].constant);
	}
}

/* Opus' first byte tells how it is coded (RFC 6716 3.1). */
static unsigned first_config(const char *fmtp, const char *options, uint32_t sample_hz)
{
	struct codec_params p = with(fmtp, options);
	struct codec_audio audio = { sample_hz, 1 };
	g_autofree int16_t *in = g_new0(int16_t, sample_hz);
	struct mock_coder c;
	unsigned config;

	mock_coder_open(&c, "opus", &p, &audio);
	tones_speech(in, sample_hz, sample_hz, 4);
	for (size_t i = 0; i + c.samples <= sample_hz / 2; i += c.samples)
		c.codec->encoder->encode(c.encoder, in + i, c.payload);
	config = c.payload[0] >> 3;
	mock_coder_close(&c);
	return config;
}

static void test_application(void)
{
	enum { FIRST_CELT = 16 };

	g_assert_cmpuint(first_config("", "", 16000), <, FIRST_CELT);
	g_assert_cmpuint(first_config("", "application=voip", 16000), <, FIRST_CELT);
	g_assert_cmpuint(first_config("", "application=nonsense", 16000), <, FIRST_CELT);
	g_assert_cmpuint(first_config("", "application=9999", 16000), <, FIRST_CELT);
	g_assert_cmpuint(first_config("", "application=lowdelay", 16000), >=, FIRST_CELT);
	g_assert_cmpuint(
		first_config("", "complexity=0; application=low-delay", 16000), >=, FIRST_CELT);
}

static void test_playback_rate(void)
{
	enum { SILK_NARROW = 0, SILK_MEDIUM = 4, SILK_WIDE = 8, HYBRID = 12 };

	g_assert_cmpuint(first_config("maxplaybackrate=8000", "", 48000), <, SILK_MEDIUM);
	g_assert_cmpuint(first_config("maxplaybackrate=16000", "", 48000), >=, SILK_WIDE);
	g_assert_cmpuint(first_config("maxplaybackrate=16000", "", 48000), <, HYBRID);
}

/* Less effort comes out different. */
static void test_complexity(void)
{
	struct codec_params names[2] = { with("", "complexity=0"),
		with("", "compression_level=0") };
	struct codec_params most = with("", "complexity=10"), usual = with("", "");
	int least, longest;
	size_t sizes[2];

	for (unsigned i = 0; i < 2; i++)
		sizes[i] = size_of(&names[i], 16000, &least, &longest);
	g_assert_cmpuint(sizes[0], ==, sizes[1]);
	g_assert_cmpuint(size_of(&most, 16000, &least, &longest), ==,
		size_of(&usual, 16000, &least, &longest));
	g_assert_cmpuint(size_of(&most, 16000, &least, &longest), !=, sizes[0]);
}

/* With usedtx nothing is sent in silence, but for a word now and then. */
static void test_dtx(void)
{
	for (unsigned dtx = 0; dtx <= 1; dtx++) {
		struct codec_params p = with(dtx ? "usedtx=1" : "usedtx=0", "");
		int16_t in[160] = { 0 };
		struct mock_coder c;
		unsigned sent = 0;

		mock_coder_open(&c, "opus", &p, &telephone);
		for (unsigned i = 0; i < 200; i++)
			sent += c.codec->encoder->encode(c.encoder, in, c.payload) > 0;
		if (dtx)
			g_assert_cmpuint(sent, <, 50);
		else
			g_assert_cmpuint(sent, ==, 200);
		mock_coder_close(&c);
	}
}

static double recovered(const char *fmtp, const char *options, unsigned told_percent)
{
	enum { COUNT = 64000 };
	g_autofree int16_t *in = g_new0(int16_t, COUNT);
	struct codec_params p = with(fmtp, options);
	struct codec_audio audio = { 16000, 1 };
	struct mock_coder c;
	double snr;

	mock_coder_open(&c, "opus", &p, &audio);
	c.codec->encoder->loss(c.encoder, told_percent);
	tones_speech(in, COUNT, 16000, 5);
	snr = mock_coder_lose(&c, &p, in, COUNT, 6);
	mock_coder_close(&c);
	return snr;
}

/* What was lost is taken from the next packet, if the encoder knows that it is worth it. */
static void test_losses(void)
{
	double guessed = recovered("", "", 0), sent = recovered("", "packet_loss=15", 0);

	g_test_message("concealed %.1f dB, with FEC %.1f dB", guessed, sent);
	g_assert_cmpfloat(guessed, >, 0.5);
	g_assert_cmpfloat(sent, >, guessed + 3);
	g_assert_cmpfloat(recovered("", "", 15), ==, sent);
	g_assert_cmpfloat(recovered("", "packet_loss=0", 15), ==, guessed);
	g_assert_cmpfloat(recovered("useinbandfec=0", "packet_loss=15", 15), <, sent - 2);
}

/* Gaps of several packets, and of no round length, with and without a next one. */
static void test_gaps(void)
{
	struct mock_coder c;
	int len;

	mock_coder_open(&c, "opus", &mono, &telephone);
	tones_speech(c.pcm, 160, 8000, 1);
	len = c.codec->encoder->encode(c.encoder, c.pcm, c.payload);
	for (size_t samples = 0; samples <= 1600; samples += 39) {
		int got = c.codec->decoder->conceal(
			c.decoder, samples, c.payload, (size_t)len, c.pcm);

		g_assert_cmpint(got, ==, samples / 20 * 20);
		got = c.codec->decoder->conceal(c.decoder, samples, NULL, 0, c.pcm);
		g_assert_cmpint(got, ==, samples / 20 * 20);
	}
	mock_coder_close(&c);
}

static void test_hostile(void)
{
	mock_coder_check_hostile("opus", &mono, &telephone);
	mock_coder_check_hostile("opus", &mono, &full);
}

static void test_match(void)
{
	const struct codec *opus = codec_find(str_of("OPUS"));
	struct codec_params one = mono, other = with("useinbandfec=1", "");

	g_assert_cmpint(opus->match(&one, &one), ==, CODEC_SAME);
	g_assert_cmpint(opus->match(&one, &other), ==, CODEC_COMPATIBLE);
	one.channels = 1;
	g_assert_cmpint(opus->match(&one, &other), ==, CODEC_DIFFERENT);
	g_assert_cmpstr(opus->fmtp, ==, "useinbandfec=1");
}

static void test_answer(void)
{
	static const struct {
		const char *offer;
		bool stereo;
		const char *answer;
	} cases[] = {
		{ "", false, "useinbandfec=1" },
		{ "minptime=10;useinbandfec=1", false, "useinbandfec=1; minptime=10" },
		{ "stereo=1; sprop-stereo=1", false, "useinbandfec=1" },
		{ "stereo=1", true, "stereo=1; sprop-stereo=1; useinbandfec=1" },
		{ "sprop-stereo=1;x=y", true, "stereo=1; useinbandfec=1" },
		{ "useinbandfec=0;usedtx=1;cbr=1", false, "useinbandfec=1; usedtx=1; cbr=1" },
		{ "maxplaybackrate=16000; sprop-maxcapturerate=8000; maxaveragebitrate=20000",
			false,
			"useinbandfec=1; maxplaybackrate=8000; maxaveragebitrate=20000; "
			"sprop-maxcapturerate=16000" },
		{ "cbr=-1;usedtx=99999999999999;minptime;maxplaybackrate=;;=;stereo", false,
			"useinbandfec=1" },
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct codec_params offer = with(cases[i].offer, "");
		char out[CODEC_FMTP_BYTES];

		g_assert_true(codec_find(str_of("opus"))->answer(&offer, cases[i].stereo, out));
		g_assert_cmpstr(out, ==, cases[i].answer);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	mock_coder_load(&plugin_export_opus);
	g_test_add_func("/codec/opus/tone", test_tone);
	g_test_add_func("/codec/opus/audio", test_audio);
	g_test_add_func("/codec/opus/stereo", test_stereo);
	g_test_add_func("/codec/opus/lengths", test_lengths);
	g_test_add_func("/codec/opus/min-ptime", test_min_ptime);
	g_test_add_func("/codec/opus/bitrate", test_bitrate);
	g_test_add_func("/codec/opus/constant", test_constant);
	g_test_add_func("/codec/opus/application", test_application);
	g_test_add_func("/codec/opus/playback-rate", test_playback_rate);
	g_test_add_func("/codec/opus/complexity", test_complexity);
	g_test_add_func("/codec/opus/dtx", test_dtx);
	g_test_add_func("/codec/opus/losses", test_losses);
	g_test_add_func("/codec/opus/gaps", test_gaps);
	g_test_add_func("/codec/opus/hostile", test_hostile);
	g_test_add_func("/codec/opus/match", test_match);
	g_test_add_func("/codec/opus/answer", test_answer);
	return g_test_run();
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* AMR and AMR-WB: payloads of every format, modes asked for, lies in the table of contents. */
#include "api/host.h"
#include "api/plugin.h"
#include "codec/registry.h"

#include <math.h>
#include <string.h>

#include <glib.h>

extern const struct plugin plugin_export_amr;

static void add_codec(const struct host *host, const struct codec *codec)
{
	struct err err;

	(void)host;
	g_assert_cmpint(codec_registry_add(codec, &err), ==, 0);
}

static const struct codec *plugin(bool wide)
{
	static const struct host host = { .add_codec = add_codec };
	char error[PLUGIN_ERROR_BYTES] = "";
	void *instance;

	if (!codec_at(0))
		g_assert_cmpint(plugin_export_amr.init(&host, &instance, error), ==, 0);
	return codec_find(wide ? STR_LIT("AMR-WB") : STR_LIT("AMR"));
}

struct ends {
	const struct codec *codec;
	void *encoder, *decoder;
	size_t samples;
	uint32_t rate;
	unsigned phase;
};

static void ends_open(
	struct ends *e, bool wide, const char *fmtp, uint32_t bitrate, const char *options)
{
	const struct codec_params params = { .clock_hz = wide ? 16000 : 8000,
		.channels = 1,
		.ptime_ms = 20,
		.bitrate = bitrate,
		.fmtp = str_of(fmtp),
		.options = str_of(options) };
	const struct codec_audio audio = { params.clock_hz, 1 };
	struct codec_audio got;

	*e = (struct ends){ .codec = plugin(wide), .rate = params.clock_hz };
	g_assert_cmpint(e->codec->encoder->open(e->codec->encoder->data, &params, &audio, &got,
				&e->samples, &e->encoder),
		==, 0);
	g_assert_cmpuint(got.sample_hz, ==, params.clock_hz);
	g_assert_cmpuint(e->samples, ==, params.clock_hz / 50);
	g_assert_cmpint(e->codec->decoder->open(
				e->codec->decoder->data, &params, &audio, &got, &e->decoder),
		==, 0);
}

static void ends_close(struct ends *e)
{
	e->codec->encoder->close(e->encoder);
	e->codec->decoder->close(e->decoder);
}

/* The next packet of a tone of 500 Hz. */
static int encode(struct ends *e, uint8_t *out)
{
	int16_t samples[320], before[320];
	int len;

	for (size_t i = 0; i < e->samples; i++)
		samples[i] = (int16_t)lrint(8000 * sin(2 * G_PI * 500 * e->phase++ / e->rate));
	memcpy(before, samples, sizeof(before));
	len = e->codec->encoder->encode(e->encoder, samples, out);
	g_assert_cmpmem(samples, e->samples * 2, before, e->samples * 2);
	return len;
}

static int decode(struct ends *e, const uint8_t *payload, size_t len, int16_t *out)
{
	return e->codec->decoder->decode(e->decoder, payload, len, out, CODEC_MAX_SAMPLES);
}

/* Level of a tone, and what there is besides, both as RMS. */
static double tone_level(const int16_t *x, size_t count, double w, double *ret_rest)
{
	double s = 0, c = 0, all = 0, level;

	for (size_t i = 0; i < count; i++) {
		s += x[i] * sin(w * (double)i);
		c += x[i] * cos(w * (double)i);
		all += (double)x[i] * x[i];
	}
	level = sqrt(2) * hypot(s, c) / (double)count;
	*ret_rest = sqrt(MAX(all / (double)count - level * level, 0));
	return level;
}

static void check_round_trip(bool wide, const char *fmtp, uint32_t bitrate)
{
	static int16_t heard[50 * 320];
	struct ends e;
	size_t total = 0;
	double level, rest;

	ends_open(&e, wide, fmtp, bitrate, "");
	for (unsigned n = 0; n < 50; n++) {
		uint8_t payload[CODEC_MAX_PAYLOAD];
		int len = encode(&e, payload);

		g_assert_cmpint(len, >, 0);
		g_assert_cmpint(decode(&e, payload, (size_t)len, heard + total), ==, e.samples);
		total += e.samples;
	}
	level = tone_level(heard + total / 2, total / 2, 2 * G_PI * 500 / e.rate, &rest);
	g_assert_cmpfloat(fabs(20 * log10(level / (8000 / sqrt(2)))), <, 1.5);
	g_assert_cmpfloat(20 * log10(level / rest), >, 12);
	ends_close(&e);
}

static const char *const fmtps[] = { "", "octet-align=1", "octet-align=1;crc=1", "crc=1",
	"robust-sorting=1", "interleaving=4", "crc=1; robust-sorting=1; interleaving=2" };

static void test_tone_in_every_format(void)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(fmtps); i++) {
		check_round_trip(false, fmtps[i], 12200);
		check_round_trip(true, fmtps[i], 23850);
	}
}

static void test_tone_in_every_mode(void)
{
	const uint32_t narrow[] = { 4750, 5150, 5900, 6700, 7400, 7950, 10200, 12200 };
	const uint32_t wide[] = { 6600, 8850, 12650, 14250, 15850, 18250, 19850, 23050, 23850 };

	for (unsigned i = 0; i < G_N_ELEMENTS(narrow); i++)
		check_round_trip(false, i % 2 ? "" : "octet-align=1", narrow[i]);
	for (unsigned i = 0; i < G_N_ELEMENTS(wide); i++)
		check_round_trip(true, i % 2 ? "" : "octet-align=1", wide[i]);
}

/* The mode of a bandwidth-efficient or octet-aligned payload of one frame. */
static int mode_sent(struct ends *e, bool octets)
{
	uint8_t p[CODEC_MAX_PAYLOAD];

	g_assert_cmpint(encode(e, p), >, 2);
	return octets ? p[1] >> 3 & 15 : (p[0] & 7) << 1 | p[1] >> 7;
}

static void test_payload_lengths(void)
{
	static const struct {
		const char *fmtp;
		uint32_t bitrate;
		bool wide;
		int len;
	} cases[] = {
		{ "", 12200, false, 32 }, /* 4 + 6 + 244 bits */
		{ "octet-align=1", 12200, false, 33 },
		{ "octet-align=1;crc=1", 12200, false, 34 },
		{ "interleaving=1;crc=1", 12200, false, 35 },
		{ "", 4750, false, 14 },
		{ "octet-align=1", 4750, false, 14 },
		{ "", 0, false, 18 }, /* 6700 */
		{ "", 0, true, 37 },  /* 14250 */
		{ "octet-align=1", 23850, true, 62 },
		{ "", 23850, true, 61 },
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
		uint8_t payload[CODEC_MAX_PAYLOAD];
		struct ends e;

		ends_open(&e, cases[i].wide, cases[i].fmtp, cases[i].bitrate, "");
		g_assert_cmpint(encode(&e, payload), ==, cases[i].len);
		g_assert_cmpuint(payload[0] >> 4, ==, 15);
		ends_close(&e);
	}
}

static void test_mode_set_bounds_the_rate(void)
{
	static const struct {
		const char *fmtp;
		uint32_t bitrate;
		int mode;
	} cases[] = { { "mode-set=0,2,5,7", 12200, 7 }, { "mode-set=0,2,5,7", 12000, 5 },
		{ "mode-set=0, 2 ,5", 12200, 5 }, { "mode-set=4,7", 4750, 4 },
		{ "mode-set=7", 0, 7 }, { "", 7000, 3 }, { "", 1, 0 }, { "mode-set=", 5150, 1 },
		{ "mode-set=9,77,x", 5150, 1 } };

	for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct ends e;

		ends_open(&e, false, cases[i].fmtp, cases[i].bitrate, "");
		g_assert_cmpint(mode_sent(&e, false), ==, cases[i].mode);
		ends_close(&e);
	}
}

/* Our encoder, asked for `mode` by a packet that our decoder got. */
static void ask(struct ends *e, unsigned mode)
{
	uint8_t payload[] = { (uint8_t)(mode << 4), 15 << 3 | 4 }; /* octet-aligned, no data */
	int16_t out[320];
	int request;

	g_assert_cmpint(decode(e, payload, sizeof(payload), out), ==, e->samples);
	request = e->codec->decoder->request(e->decoder);
	if (mode < (e->rate == 8000 ? 8 : 9))
		g_assert_cmpint(request, >=, 0);
	else
		g_assert_cmpint(request, <, 0);
	e->codec->encoder->obey(e->encoder, request);
}

static void test_request_is_obeyed(void)
{
	struct ends e;

	ends_open(&e, false, "octet-align=1;mode-set=0,3,7", 12200, "");
	g_assert_cmpint(mode_sent(&e, true), ==, 7);
	ask(&e, 0);
	g_assert_cmpint(mode_sent(&e, true), ==, 0);
	ask(&e, 15);
	g_assert_cmpint(mode_sent(&e, true), ==, 0);
	ask(&e, 5); /* not allowed */
	g_assert_cmpint(mode_sent(&e, true), ==, 0);
	ask(&e, 12); /* no mode */
	g_assert_cmpint(mode_sent(&e, true), ==, 0);
	ask(&e, 3);
	g_assert_cmpint(mode_sent(&e, true), ==, 3);
	ends_close(&e);
	ends_open(&e, true, "octet-align=1", 6600, "");
	ask(&e, 8);
	g_assert_cmpint(mode_sent(&e, true), ==, 8);
	ends_close(&e);
}

static void test_request_in_pairs_and_steps(void)
{
	struct ends e;

	ends_open(&e, false,
		"octet-align=1;mode-set=0,2,4,7;mode-change-period=2;mode-change-neighbor=1", 12200,
		"");
	g_assert_cmpint(mode_sent(&e, true), ==, 7);
	ask(&e, 0);
	g_assert_cmpint(mode_sent(&e, true), ==, 7);
	g_assert_cmpint(mode_sent(&e, true), ==, 4);
	g_assert_cmpint(mode_sent(&e, true), ==, 4);
	g_assert_cmpint(mode_sent(&e, true), ==, 2);
	g_assert_cmpint(mode_sent(&e, true), ==, 2);
	g_assert_cmpint(mode_sent(&e, true), ==, 0);
	ask(&e, 7);
	g_assert_cmpint(mode_sent(&e, true), ==, 0);
	g_assert_cmpint(mode_sent(&e, true), ==, 2);
	ends_close(&e);
}

static void test_mode_goes_up_by_itself(void)
{
	struct ends e;

	ends_open(&e, false, "octet-align=1;mode-set=0,3,7", 4750, "mode-change-interval=100");
	for (unsigned i = 0; i < 5; i++)
		g_assert_cmpint(mode_sent(&e, true), ==, 0);
	g_assert_cmpint(mode_sent(&e, true), ==, 3);
	for (unsigned i = 0; i < 3; i++)
		g_assert_cmpint(mode_sent(&e, true), ==, 3);
	ask(&e, 3);
	for (unsigned i = 0; i < 5; i++)
		g_assert_cmpint(mode_sent(&e, true), ==, 3);
	g_assert_cmpint(mode_sent(&e, true), ==, 7);
	for (unsigned i = 0; i < 20; i++)
		g_assert_cmpint(mode_sent(&e, true), ==, 7);
	ends_close(&e);
}

static void test_higher_mode_is_asked_for(void)
{
	struct ends near, far;
	unsigned asked = 0;

	ends_open(&far, false, "octet-align=1;mode-set=0,3,7", 4750, "");
	ends_open(&near, false, "octet-align=1;mode-set=0,3,7", 4750, "CMR-interval=200");
	for (unsigned i = 0; i < 40; i++) {
		uint8_t p[CODEC_MAX_PAYLOAD];
		int16_t out[320];
		int len = encode(&far, p);

		g_assert_cmpint(decode(&near, p, (size_t)len, out), ==, 160);
		near.codec->encoder->obey(near.encoder, near.codec->decoder->request(near.decoder));
		len = encode(&near, p);
		asked += p[0] >> 4 != 15;
		g_assert_cmpint(decode(&far, p, (size_t)len, out), ==, 160);
		far.codec->encoder->obey(far.encoder, far.codec->decoder->request(far.decoder));
		if (i == 8)
			g_assert_cmpint(asked, ==, 0);
		if (i == 9)
			g_assert_cmpuint(p[0] >> 4, ==, 3);
	}
	g_assert_cmpint(mode_sent(&far, true), ==, 7);
	g_assert_cmpuint(asked, ==, 2 * 3); /* each wish in three packets */
	ends_close(&near);
	ends_close(&far);
}

/* Frames of 12.2 kbit/s in one octet-aligned payload. */
static size_t some_frames(struct ends *e, unsigned count, uint8_t *out)
{
	uint8_t frame[CODEC_MAX_PAYLOAD];

	out[0] = 0xf0;
	for (unsigned i = 0; i < count; i++) {
		g_assert_cmpint(encode(e, frame), ==, 33);
		out[1 + i] = (uint8_t)(frame[1] | (i + 1 < count ? 0x80 : 0));
		memcpy(out + 1 + count + 31 * (size_t)i, frame + 2, 31);
	}
	return 1 + count * 32;
}

static size_t three_frames(struct ends *e, uint8_t *out)
{
	return some_frames(e, 3, out);
}

static void test_several_frames_and_what_is_cut_off(void)
{
	uint8_t payload[CODEC_MAX_PAYLOAD];
	int16_t out[CODEC_MAX_SAMPLES];
	struct ends e;
	size_t len;

	ends_open(&e, false, "octet-align=1", 12200, "");
	len = three_frames(&e, payload);
	g_assert_cmpint(decode(&e, payload, len, out), ==, 480);
	for (size_t cut = 0; cut < len; cut++) {
		int whole = cut < 4 + 31 ? 0 : (int)(cut - 4) / 31;
		int made = decode(&e, payload, cut, out);

		if (whole)
			g_assert_cmpint(made, ==, whole * 160);
		else
			g_assert_cmpint(made, <, 0);
	}
	/* Little room: whole frames that fit. */
	g_assert_cmpint(e.codec->decoder->decode(e.decoder, payload, len, out, 330), ==, 320);
	g_assert_cmpint(e.codec->decoder->decode(e.decoder, payload, len, out, 100), ==, 0);
	ends_close(&e);
}

static void test_sorted_frames(void)
{
	uint8_t plain[CODEC_MAX_PAYLOAD], sorted[CODEC_MAX_PAYLOAD];
	int16_t a[CODEC_MAX_SAMPLES], b[CODEC_MAX_SAMPLES];
	struct ends e, s;
	size_t len;

	ends_open(&e, false, "octet-align=1", 12200, "");
	ends_open(&s, false, "robust-sorting=1", 12200, "");
	len = three_frames(&e, plain);
	memcpy(sorted, plain, 4);
	for (unsigned i = 0; i < 31 * 3; i++)
		sorted[4 + i] = plain[4 + i % 3 * 31 + i / 3];
	g_assert_cmpint(decode(&e, plain, len, a), ==, 480);
	g_assert_cmpint(decode(&s, sorted, len, b), ==, 480);
	g_assert_cmpmem(a, 960, b, 960);
	g_assert_cmpint(decode(&s, sorted, len - 1, b), <, 0);
	ends_close(&e);
	ends_close(&s);
}

/* 240 ms are the longest packet (TS 26.114); of a longer one that much is heard. */
static void test_frames_beyond_the_longest_packet(void)
{
	enum { OCTETS = 31, LONGEST = 12 };
	uint8_t plain[CODEC_MAX_PAYLOAD], other[CODEC_MAX_PAYLOAD];
	int16_t a[CODEC_MAX_SAMPLES], b[CODEC_MAX_SAMPLES];

	for (unsigned n = 10; n <= 15; n++) {
		int samples = (int)MIN(n, LONGEST) * 160;
		struct ends e, sorted, crc;
		size_t len;

		ends_open(&e, false, "octet-align=1", 12200, "");
		ends_open(&sorted, false, "robust-sorting=1", 12200, "");
		ends_open(&crc, false, "crc=1", 12200, "");
		len = some_frames(&e, n, plain);
		g_assert_cmpint(decode(&e, plain, len, a), ==, samples);
		memcpy(other, plain, 1 + n);
		for (unsigned i = 0; i < OCTETS * n; i++)
			other[1 + n + i] = plain[1 + n + i % n * OCTETS + i / n];
		g_assert_cmpint(decode(&sorted, other, len, b), ==, samples);
		g_assert_cmpmem(a, (size_t)samples * 2, b, (size_t)samples * 2);
		memset(other + 1 + n, 0x55, n);
		memcpy(other + 1 + 2 * n, plain + 1 + n, OCTETS * n);
		g_assert_cmpint(decode(&crc, other, len + n, b), ==, samples);
		g_assert_cmpmem(a, (size_t)samples * 2, b, (size_t)samples * 2);
		ends_close(&e);
		ends_close(&sorted);
		ends_close(&crc);
	}
}

/* Where one frame's length is not known the others are not found: noise, if they were played. */
static void test_unknown_type_spoils_the_packet(void)
{
	uint8_t payload[CODEC_MAX_PAYLOAD];
	int16_t out[CODEC_MAX_SAMPLES];
	struct ends e;
	size_t len;

	ends_open(&e, false, "octet-align=1", 12200, "");
	len = three_frames(&e, payload);
	payload[3] = 13 << 3 | 4;
	g_assert_cmpint(decode(&e, payload, len, out), <, 0);
	ends_close(&e);
}

/* Both formats of the same frames sound the same, odd bit counts and all. */
static void test_bit_packed_frames_behind_each_other(void)
{
	uint8_t one[CODEC_MAX_PAYLOAD], packed[64] = { 0 };
	int16_t a[CODEC_MAX_SAMPLES], b[CODEC_MAX_SAMPLES];
	struct ends e, bits;
	unsigned at = 0;

	ends_open(&e, false, "octet-align=1", 5150, "");
	ends_open(&bits, false, "", 5150, "");
	packed[0] = 0xf8 |
		    1 >> 1; /* request 15; F=1, FT=1, Q=1; F=0, FT=1, Q=1: 1 0001 1 0 0001 1 */
	packed[0] = 0xf8, packed[1] = 0xc3;
	at = 16;
	for (unsigned n = 0; n < 2; n++) {
		g_assert_cmpint(encode(&e, one), ==, 2 + 13);
		g_assert_cmpint(decode(&e, one, 15, a + n * 160), ==, 160);
		for (unsigned i = 0; i < 103; i++, at++)
			if (one[2 + i / 8] >> (7 - i % 8) & 1)
				packed[at / 8] |= (uint8_t)(0x80 >> at % 8);
	}
	g_assert_cmpint(decode(&bits, packed, (at + 7) / 8, b), ==, 320);
	g_assert_cmpmem(a, 640, b, 640);
	g_assert_cmpint(decode(&bits, packed, (at + 7) / 8 - 1, b), ==, 160);
	ends_close(&e);
	ends_close(&bits);
}

static void test_lies_are_refused(void)
{
	static const struct {
		const char *fmtp;
		uint8_t payload[8];
		size_t len;
	} cases[] = {
		{ "octet-align=1", { 0 }, 0 },
		{ "octet-align=1", { 0xf0 }, 1 },
		{ "octet-align=1", { 0xf0, 0x3c }, 2 },          /* a frame that is not there */
		{ "octet-align=1", { 0xf0, 0x64, 1, 2, 3 }, 5 }, /* no such type */
		{ "octet-align=1", { 0xf0, 0xfc, 0xfc, 0xfc, 0xfc, 0xfc }, 6 }, /* no end */
		{ "", { 0xf3, 0xff, 0xff, 0xff, 0xff }, 5 },
		{ "crc=1", { 0xf0, 0x3c, 0 }, 3 },
		{ "interleaving=1", { 0xf0, 0x10, 0x7c }, 3 }, /* interleaved */
		{ "robust-sorting=1", { 0xf0, 0xbc, 0x3c, 1, 2, 3, 4 }, 7 },
	};
	int16_t out[CODEC_MAX_SAMPLES];

	for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct ends e;

		ends_open(&e, false, cases[i].fmtp, 0, "");
		g_assert_cmpint(decode(&e, cases[i].payload, cases[i].len, out), <, 0);
		g_assert_cmpint(e.codec->decoder->request(e.decoder), <, 0);
		ends_close(&e);
	}
}

static void test_any_bytes_are_survived(void)
{
	g_autoptr(GRand) dice = g_rand_new_with_seed(4867);
	static int16_t out[CODEC_MAX_SAMPLES];

	for (unsigned f = 0; f < G_N_ELEMENTS(fmtps) * 2; f++) {
		struct ends e;

		ends_open(&e, f % 2, fmtps[f / 2], 0, "CMR-interval=60");
		for (unsigned n = 0; n < 300; n++) {
			size_t len = (size_t)g_rand_int_range(dice, 0, n % 7 ? 80 : 1500);
			g_autofree uint8_t *payload = g_malloc(len);
			int made;

			for (size_t i = 0; i < len; i++)
				payload[i] = (uint8_t)g_rand_int(dice);
			made = decode(&e, payload, len, out);
			g_assert_cmpint(made, <=, 12 * (int)e.samples);
			e.codec->encoder->obey(e.encoder, g_rand_int_range(dice, -5, 1 << 20));
			g_assert_cmpint(mode_sent(&e, true), >=, 0);
		}
		ends_close(&e);
	}
}

static void test_losses_fade(void)
{
	int16_t out[CODEC_MAX_SAMPLES];
	uint8_t payload[CODEC_MAX_PAYLOAD];
	double before, after, rest;
	struct ends e;

	ends_open(&e, false, "", 12200, "");
	for (unsigned i = 0; i < 20; i++)
		decode(&e, payload, (size_t)encode(&e, payload), out);
	before = tone_level(out, 160, 2 * G_PI * 500 / 8000, &rest);
	g_assert_cmpint(e.codec->decoder->conceal(e.decoder, 160, NULL, 0, out), ==, 160);
	g_assert_cmpfloat(tone_level(out, 160, 2 * G_PI * 500 / 8000, &rest), >, before / 8);
	g_assert_cmpint(e.codec->decoder->conceal(e.decoder, 159, NULL, 0, out), ==, 0);
	g_assert_cmpint(e.codec->decoder->conceal(e.decoder, 1700, NULL, 0, out), ==, 1600);
	after = tone_level(out + 1440, 160, 2 * G_PI * 500 / 8000, &rest);
	g_assert_cmpfloat(after, <, before / 4);
	ends_close(&e);
}

enum loss { LOST, DAMAGED, NO_DATA };

/* The next packet of a vowel of 210 Hz that swells four times a second. */
static int encode_vowel(struct ends *e, uint8_t *out)
{
	int16_t samples[320];

	for (size_t i = 0; i < e->samples; i++, e->phase++) {
		double at = 2 * G_PI * e->phase / e->rate, v = 0;

		for (int k = 1; k < 16; k++)
			v += sin(k * 210 * at + k * k * 0.3) / k *
			     (k == 4 || k == 5 || k == 10 ? 3 : 1);
		samples[i] = (int16_t)lrint(1500 * v * (0.6 + 0.4 * sin(4 * at)));
	}
	return e->codec->encoder->encode(e->encoder, samples, out);
}

static double power(const int16_t *x, size_t count)
{
	double sum = 0;

	for (size_t i = 0; i < count; i++)
		sum += (double)x[i] * x[i];
	return sum / (double)count;
}

static void lose(struct ends *e, enum loss how, const uint8_t *payload, size_t len)
{
	const uint8_t no_data[] = { 0xf0, 15 << 3 | 4 };
	g_autofree uint8_t *bad = g_memdup2(payload, len);
	int16_t out[320];

	memset(bad + 2, 0x5a, len - 2);
	bad[1] &= (uint8_t)~4;
	g_assert_cmpint(how == LOST      ? e->codec->decoder->conceal(e->decoder, 320, NULL, 0, out)
			: how == DAMAGED ? decode(e, bad, len, out)
					 : decode(e, no_data, sizeof(no_data), out),
		==, 320);
}

/* AMR-WB's level in the 200 ms after `count` frames that were not there, against that without. */
static double level_after_db(uint32_t bitrate, unsigned count, enum loss how)
{
	enum { EVERY = 40, AFTER = 10, TIMES = 10 };
	double got = 0, want = 0;
	struct ends e, whole;

	ends_open(&e, true, "octet-align=1", bitrate, "");
	ends_open(&whole, true, "octet-align=1", bitrate, "");
	for (unsigned n = 0; n < EVERY * (TIMES + 1); n++) {
		uint8_t payload[CODEC_MAX_PAYLOAD];
		size_t len = (size_t)encode_vowel(&e, payload);
		bool after = n >= EVERY && n % EVERY < count + AFTER;
		int16_t out[320];

		decode(&whole, payload, len, out);
		if (after && n % EVERY < count) {
			lose(&e, how, payload, len);
			continue;
		}
		want += after ? power(out, 320) : 0;
		decode(&e, payload, len, out);
		got += after ? power(out, 320) : 0;
	}
	ends_close(&e);
	ends_close(&whole);
	return 10 * log10(got / want);
}

static void test_a_loss_mutes_nothing_behind_it(void)
{
	const uint32_t rates[] = { 12650, 14250, 23850 };

	for (unsigned i = 0; i < 3 * 3 * 3; i++) {
		uint32_t rate = rates[i / 9];
		double db = level_after_db(rate, 1 + i / 3 % 3, (enum loss)(i % 3));

		g_test_message("%u bit/s, %u of kind %u: %.1f dB", rate, 1 + i / 3 % 3, i % 3, db);
		g_assert_cmpfloat(db, >, -3);
		g_assert_cmpfloat(db, <, 5);
	}
}

/* After a description of silence it is silence that goes on, not the word before it. */
static void test_silence_goes_on(void)
{
	static const uint8_t sid[2 + 5] = { 0xf0, 9 << 3 | 4 };
	uint8_t payload[CODEC_MAX_PAYLOAD];
	int16_t out[CODEC_MAX_SAMPLES];
	double before, rest;
	struct ends e;

	ends_open(&e, true, "octet-align=1", 23850, "");
	for (unsigned i = 0; i < 20; i++)
		decode(&e, payload, (size_t)encode(&e, payload), out);
	before = tone_level(out, 320, 2 * G_PI * 500 / 16000, &rest);
	g_assert_cmpint(decode(&e, sid, sizeof(sid), out), ==, 320);
	g_assert_cmpint(e.codec->decoder->conceal(e.decoder, 960, NULL, 0, out), ==, 960);
	g_assert_cmpfloat(tone_level(out, 960, 2 * G_PI * 500 / 16000, &rest), <, before / 4);
	ends_close(&e);
}

static void check_match(const char *a, const char *b, enum codec_match want)
{
	const struct codec_params pa = { .fmtp = str_of(a) }, pb = { .fmtp = str_of(b) };

	g_assert_cmpint(plugin(false)->match(&pa, &pb), ==, want);
	g_assert_cmpint(plugin(true)->match(&pa, &pb), ==, want);
}

static void test_formats_match(void)
{
	check_match("", "", CODEC_SAME);
	check_match("octet-align=1", "octet-align=1;mode-change-capability=2", CODEC_SAME);
	check_match("octet-align=0", "", CODEC_SAME);
	check_match("octet-align=1", "", CODEC_DIFFERENT);
	check_match("crc=1", "octet-align=1", CODEC_DIFFERENT);
	check_match("crc=1", "OCTET-ALIGN=1 ; CRC=1", CODEC_SAME);
	check_match("robust-sorting=1", "octet-align=1", CODEC_DIFFERENT);
	check_match("interleaving=30", "octet-align=1", CODEC_DIFFERENT);
	check_match("mode-set=0,2,5", "mode-set=5,2,0", CODEC_SAME);
	check_match("mode-set=0,2", "mode-set=0,2,5", CODEC_COMPATIBLE);
	check_match("mode-set=0,2", "", CODEC_COMPATIBLE);
	check_match("mode-set=0,2,5", "mode-set=0,2", CODEC_DIFFERENT);
	check_match("", "mode-set=0,2", CODEC_DIFFERENT);
	check_match("mode-change-period=2", "", CODEC_COMPATIBLE);
	check_match("", "mode-change-neighbor=1", CODEC_COMPATIBLE);
}

static void test_other_audio_is_refused(void)
{
	struct codec_params params = { .clock_hz = 16000, .channels = 1, .ptime_ms = 20 };
	const struct codec *amr = plugin(false);
	const struct codec_audio any = { 16000, 1 };
	struct codec_audio audio;
	void *state;

	g_assert_cmpint(
		amr->decoder->open(amr->decoder->data, &params, &any, &audio, &state), <, 0);
	params.clock_hz = 8000;
	params.channels = 2;
	g_assert_cmpint(
		amr->decoder->open(amr->decoder->data, &params, &any, &audio, &state), <, 0);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/codec/amr/formats", test_tone_in_every_format);
	g_test_add_func("/codec/amr/modes", test_tone_in_every_mode);
	g_test_add_func("/codec/amr/lengths", test_payload_lengths);
	g_test_add_func("/codec/amr/mode-set", test_mode_set_bounds_the_rate);
	g_test_add_func("/codec/amr/request", test_request_is_obeyed);
	g_test_add_func("/codec/amr/pairs-and-steps", test_request_in_pairs_and_steps);
	g_test_add_func("/codec/amr/up-by-itself", test_mode_goes_up_by_itself);
	g_test_add_func("/codec/amr/asks", test_higher_mode_is_asked_for);
	g_test_add_func("/codec/amr/several", test_several_frames_and_what_is_cut_off);
	g_test_add_func("/codec/amr/sorted", test_sorted_frames);
	g_test_add_func("/codec/amr/packed", test_bit_packed_frames_behind_each_other);
	g_test_add_func("/codec/amr/lies", test_lies_are_refused);
	g_test_add_func("/codec/amr/hostile", test_any_bytes_are_survived);
	g_test_add_func("/codec/amr/losses", test_losses_fade);
	g_test_add_func("/codec/amr/longest", test_frames_beyond_the_longest_packet);
	g_test_add_func("/codec/amr/unknown-type", test_unknown_type_spoils_the_packet);
	g_test_add_func("/codec/amr/level-after-loss", test_a_loss_mutes_nothing_behind_it);
	g_test_add_func("/codec/amr/silence-goes-on", test_silence_goes_on);
	g_test_add_func("/codec/amr/match", test_formats_match);
	g_test_add_func("/codec/amr/refused", test_other_audio_is_refused);
	return g_test_run();
}

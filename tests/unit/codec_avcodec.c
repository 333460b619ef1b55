/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The codecs of libavcodec: tones there and back, payloads of several frames, odd lengths, any
 * bytes. What this build of the library lacks is skipped.
 */
#include "api/host.h"
#include "api/plugin.h"
#include "codec/registry.h"

#include <math.h>
#include <string.h>

#include <glib.h>

#include <libavcodec/avcodec.h>

extern const struct plugin plugin_export_avcodec;

static void add_codec(const struct host *host, const struct codec *codec)
{
	struct err err = { 0 };

	(void)host;
	if (codec_registry_add(codec, &err) < 0)
		g_error("%s", err.text); /* a known answer is wrong */
}

__attribute__((format(printf, 3, 4))) static void log_line(
	const struct host *host, enum host_level level, const char *fmt, ...)
{
	(void)host;
	(void)fmt;
	g_assert_cmpint(level, ==, HOST_DEBUG);
}

static const struct codec *plugin(const char *name)
{
	static const struct host host = { .add_codec = add_codec, .log = log_line };
	static void *instance;
	char error[PLUGIN_ERROR_BYTES] = "";

	if (!instance)
		g_assert_cmpint(plugin_export_avcodec.init(&host, &instance, error), ==, 0);
	return codec_find(str_of(name));
}

struct ends {
	const struct codec *codec;
	void *encoder, *decoder;
	struct codec_audio in, out;
	size_t samples;
	unsigned phase;
};

static struct codec_params usual(const struct codec *codec)
{
	return (struct codec_params){ .clock_hz = codec->clock_hz ? codec->clock_hz : 48000,
		.channels = codec->channels ? codec->channels : 1,
		.ptime_ms = codec->ptime_ms,
		.fmtp = str_of(""),
		.options = str_of("") };
}

static void ends_open(struct ends *e, const struct codec *codec, const struct codec_params *params)
{
	const struct codec_audio any = { params->clock_hz, params->channels };

	*e = (struct ends){ .codec = codec };
	if (codec->encoder)
		g_assert_cmpint(codec->encoder->open(codec->encoder->data, params, &any, &e->in,
					&e->samples, &e->encoder),
			==, 0);
	g_assert_cmpint(
		codec->decoder->open(codec->decoder->data, params, &any, &e->out, &e->decoder), ==,
		0);
	if (codec->encoder)
		g_assert_cmpuint(e->in.sample_hz, ==, e->out.sample_hz);
}

static void ends_close(struct ends *e)
{
	if (e->encoder)
		e->codec->encoder->close(e->encoder);
	e->codec->decoder->close(e->decoder);
}

/* The next packet of a tone of 500 Hz with an amplitude of 8000; 0: none yet. */
static size_t encode(struct ends *e, uint8_t *out)
{
	static int16_t samples[CODEC_MAX_SAMPLES * 2];
	int len;

	for (size_t i = 0; i < e->samples; i++, e->phase++)
		for (unsigned c = 0; c < e->in.channels; c++)
			samples[i * e->in.channels + c] = (int16_t)lrint(
				8000 * sin(2 * G_PI * 500 * e->phase / e->in.sample_hz));
	len = e->codec->encoder->encode(e->encoder, samples, out);
	g_assert_cmpint(len, >=, 0);
	g_assert_cmpint(len, <=, CODEC_MAX_PAYLOAD);
	return (size_t)len;
}

static int decode(struct ends *e, const uint8_t *payload, size_t len, int16_t *out)
{
	return e->codec->decoder->decode(e->decoder, payload, len, out, CODEC_MAX_SAMPLES);
}

struct quality {
	double level_db; /* off from what went in */
	double snr_db;
	size_t samples; /* that came out of `packets` */
	unsigned packets;
};

/* The first channel against the tone that fits it best. */
static struct quality judge(const int16_t *x, size_t count, double w)
{
	double ss = 0, cc = 0, sc = 0, xs = 0, xc = 0, all = 0, a, b, power;

	for (size_t i = 0; i < count; i++) {
		double s = sin(w * (double)i), c = cos(w * (double)i);

		ss += s * s, cc += c * c, sc += s * c, xs += x[i] * s, xc += x[i] * c;
		all += (double)x[i] * x[i];
	}
	a = (xs * cc - xc * sc) / (ss * cc - sc * sc);
	b = (xc * ss - xs * sc) / (ss * cc - sc * sc);
	power = (a * a + b * b) / 2 * (double)count;
	return (struct quality){ .level_db = 20 * log10(hypot(a, b) / 8000),
		.snr_db = 10 * log10(power / MAX(all - power, 1)) };
}

static struct quality there_and_back(const struct codec *codec, const struct codec_params *params)
{
	static int16_t heard[48000 * 4], one[CODEC_MAX_SAMPLES * 2];
	uint8_t payload[CODEC_MAX_PAYLOAD];
	struct quality q;
	struct ends e;
	size_t total = 0;
	unsigned packets = 0;

	ends_open(&e, codec, params);
	while (total < e.out.sample_hz) {
		size_t len = encode(&e, payload);
		int made = len ? decode(&e, payload, len, one) : 0;

		g_assert_cmpint(made, >=, 0);
		packets += len > 0;
		for (int i = 0; i < made; i++)
			heard[total++] = one[i * e.out.channels];
	}
	q = judge(heard + total / 2, total / 2, 2 * G_PI * 500 / e.out.sample_hz);
	q.samples = total;
	q.packets = packets;
	g_assert_cmpuint(total, ==, packets * e.samples);
	ends_close(&e);
	return q;
}

static const struct {
	const char *name;
	double off_db, snr_db; /* at most; at least */
} grades[] = {
	{ "G723", 1, 15 },
	{ "speex", 1, 12 },
	{ "G726-16", 0.5, 15 },
	{ "G726-24", 0.2, 25 },
	{ "G726-32", 0.1, 32 },
	{ "G726-40", 0.1, 38 },
	{ "AAL2-G726-16", 0.5, 15 },
	{ "AAL2-G726-24", 0.2, 25 },
	{ "AAL2-G726-32", 0.1, 32 },
	{ "AAL2-G726-40", 0.1, 38 },
	{ "ac3", 0.2, 40 },
	{ "eac3", 0.2, 40 },
	{ "PCM-U8", 0.1, 30 },
	{ "MP3", 0.8, 40 },
	{ "PCMU", 0.1, 32 },
	{ "PCMA", 0.1, 32 },
	{ "G722", 0.2, 35 },
	{ "GSM", 0.5, 20 },
	{ "opus", 0.5, 25 },
};

static void test_tones_there_and_back(void)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(grades); i++) {
		const struct codec *codec = plugin(grades[i].name);
		struct codec_params params;
		struct quality q;

		if (!codec_usable(codec)) {
			g_test_message("%s is not in this build of libavcodec", grades[i].name);
			continue;
		}
		params = usual(codec);
		q = there_and_back(codec, &params);
		g_test_message("%s: %.2f dB, SNR %.1f dB", codec->name, q.level_db, q.snr_db);
		g_assert_cmpfloat(fabs(q.level_db), <, grades[i].off_db);
		g_assert_cmpfloat(q.snr_db, >, grades[i].snr_db);
	}
}

static void test_odd_packet_lengths(void)
{
	static const char *const names[] = { "G726-16", "G726-24", "G726-32", "G726-40", "PCM-U8",
		"PCMU", "G722", "AAL2-G726-24" };
	static const uint16_t lengths[] = { 1, 5, 10, 15, 30, 37, 60, 120, 200 };

	for (unsigned n = 0; n < G_N_ELEMENTS(names); n++)
		for (unsigned i = 0; i < G_N_ELEMENTS(lengths); i++) {
			const struct codec *codec = plugin(names[n]);
			struct codec_params params = usual(codec);
			struct quality q;

			params.clock_hz = 8000;
			params.ptime_ms = lengths[i];
			q = there_and_back(codec, &params);
			g_assert_cmpuint(q.samples, ==,
				q.packets * lengths[i] *
					(codec->sample_hz ? codec->sample_hz : 8000) / 1000);
			g_assert_cmpfloat(q.snr_db, >, 14);
		}
}

/* Codecs of frames have their own length, whatever is asked for. */
static void test_one_frame_a_packet(void)
{
	static const uint16_t lengths[] = { 0, 10, 30, 45, 90, 200 };

	for (unsigned i = 0; i < G_N_ELEMENTS(lengths); i++) {
		struct codec_params params = usual(plugin("G723"));
		uint8_t payload[CODEC_MAX_PAYLOAD];
		struct ends e;

		params.ptime_ms = lengths[i];
		ends_open(&e, plugin("G723"), &params);
		g_assert_cmpuint(e.samples, ==, 240);
		g_assert_cmpuint(encode(&e, payload), ==, 24);
		ends_close(&e);
	}
}

static void test_speex_in_all_widths(void)
{
	static const uint32_t rates[] = { 8000, 16000, 32000 };

	if (!codec_usable(plugin("speex")))
		return g_test_skip("no speex in this build of libavcodec");
	for (unsigned i = 0; i < G_N_ELEMENTS(rates); i++) {
		struct codec_params params = usual(plugin("speex"));
		struct quality q;
		struct ends e;

		params.clock_hz = rates[i];
		q = there_and_back(plugin("speex"), &params);
		g_test_message("%u Hz: %.2f dB, SNR %.1f dB", rates[i], q.level_db, q.snr_db);
		g_assert_cmpfloat(fabs(q.level_db), <, 2);
		g_assert_cmpfloat(q.snr_db, >, 3); /* it keeps the sound, not the wave's form */
		ends_open(&e, plugin("speex"), &params);
		g_assert_cmpuint(e.samples, ==, rates[i] / 50);
		ends_close(&e);
	}
}

/* Frames are not of whole octets: the second one is put where the first one's bits end. */
static void test_speex_frames_behind_each_other(void)
{
	enum { FRAMES = 40 };
	struct codec_params params = usual(plugin("speex"));
	static int16_t heard[FRAMES * 160];
	uint8_t one[CODEC_MAX_PAYLOAD], two[CODEC_MAX_PAYLOAD];
	struct quality q;
	struct ends e;

	if (!codec_usable(plugin("speex")))
		return g_test_skip("no speex in this build of libavcodec");
	params.clock_hz = 8000;
	params.bitrate = 11000; /* frames of 220 bits */
	ends_open(&e, plugin("speex"), &params);
	for (unsigned n = 0; n < FRAMES / 2; n++) {
		memset(two, 0, sizeof(two));
		for (unsigned f = 0; f < 2; f++) {
			g_assert_cmpuint(encode(&e, one), ==, 28);
			for (unsigned i = 0; i < 220; i++)
				if (one[i / 8] >> (7 - i % 8) & 1)
					two[(f * 220 + i) / 8] |= (uint8_t)(0x80 >>
									    (f * 220 + i) % 8);
		}
		g_assert_cmpint(decode(&e, two, 55, heard + (size_t)n * 320), ==, 320);
	}
	q = judge(heard + FRAMES * 80, FRAMES * 80, 2 * G_PI * 500 / 8000);
	g_assert_cmpfloat(q.snr_db, >, 10);
	/* Filling is no frame. */
	two[55] = 0x7f;
	g_assert_cmpint(decode(&e, two, 56, heard), ==, 320);
	g_assert_cmpint(decode(&e, two + 55, 1, heard), <, 0);
	ends_close(&e);
}

static void test_g723_frames_of_all_kinds(void)
{
	struct codec_params params = usual(plugin("G723"));
	uint8_t two[48], mixed[24 + 20 + 4 + 1] = { 0 };
	int16_t out[CODEC_MAX_SAMPLES];
	struct ends e;

	ends_open(&e, plugin("G723"), &params);
	encode(&e, two);
	encode(&e, two + 24);
	g_assert_cmpint(decode(&e, two, 48, out), ==, 480);
	g_assert_cmpint(decode(&e, two, 47, out), ==, 240);
	g_assert_cmpint(decode(&e, two, 23, out), <, 0);
	memcpy(mixed, two, 24);
	mixed[24] = 1; /* 5.3 kbit/s */
	mixed[44] = 2; /* a description of silence */
	mixed[48] = 3; /* not transmitted */
	g_assert_cmpint(decode(&e, mixed, sizeof(mixed), out), ==, 4 * 240);
	ends_close(&e);
}

static void test_several_frames_a_payload(void)
{
	static const struct {
		const char *name;
		size_t samples, bytes;
	} kinds[] = { { "GSM", 160, 33 }, { "G729", 80, 10 }, { "iLBC", 240, 50 } };
	int16_t out[CODEC_MAX_SAMPLES];
	uint8_t payload[200] = { 0 };

	for (unsigned i = 0; i < G_N_ELEMENTS(kinds); i++) {
		const struct codec *codec = plugin(kinds[i].name);
		struct codec_params params;
		struct ends e;

		if (!codec)
			continue;
		params = usual(codec);
		ends_open(&e, codec, &params);
		for (unsigned n = 0; n < 3; n++)
			payload[n * kinds[i].bytes] = 0xd0; /* GSM's signature */
		for (unsigned n = 1; n <= 3; n++) {
			g_assert_cmpint(decode(&e, payload, n * kinds[i].bytes, out), ==,
				n * kinds[i].samples);
			g_assert_cmpint(decode(&e, payload, n * kinds[i].bytes + 1, out), ==,
				n * kinds[i].samples);
		}
		g_assert_cmpint(decode(&e, payload, kinds[i].bytes - 1, out), <, 0);
		ends_close(&e);
	}
}

static int decode_once(const char *name, const uint8_t *payload, size_t len)
{
	static int16_t out[CODEC_MAX_SAMPLES];
	const struct codec *codec = plugin(name);
	struct codec_params params = usual(codec);
	struct ends e;
	int made;

	ends_open(&e, codec, &params);
	made = decode(&e, payload, len, out);
	ends_close(&e);
	return made;
}

/* Where there is no room for more, the decoder has not heard what is behind: none is spent on it. */
static void test_no_room_no_work(void)
{
	enum { FRAMES = 40, BYTES = 24, SAMPLES = 240 };
	struct codec_params params = usual(plugin("G723"));
	static const uint8_t nothing[1000];
	uint8_t payload[FRAMES * BYTES], next[CODEC_MAX_PAYLOAD];
	int16_t all[SAMPLES], few[SAMPLES], out[CODEC_MAX_SAMPLES];
	struct ends e, other;
	size_t len;

	ends_open(&e, plugin("G723"), &params);
	ends_open(&other, plugin("G723"), &params);
	for (unsigned n = 0; n < FRAMES; n++)
		encode(&e, payload + n * BYTES);
	len = encode(&e, next);
	g_assert_cmpint(
		e.codec->decoder->decode(e.decoder, payload, sizeof(payload), out, 2 * SAMPLES), ==,
		2 * SAMPLES);
	g_assert_cmpint(decode(&other, payload, 2 * BYTES, out), ==, 2 * SAMPLES);
	g_assert_cmpint(decode(&e, next, len, all), ==, SAMPLES);
	g_assert_cmpint(decode(&other, next, len, few), ==, SAMPLES);
	g_assert_cmpmem(all, sizeof(all), few, sizeof(few));
	ends_close(&e);
	ends_close(&other);
	/* However much room: in 240 ms there are not more than 24 frames. */
	g_assert_cmpint(decode_once("speex", nothing, sizeof(nothing)), ==, 24 * 320);
}

/* What came of a payload for which there was no room is not heard with the next one. */
static void test_no_room_leaves_nothing(void)
{
	static uint8_t three[CODEC_MAX_PAYLOAD];
	static int16_t out[CODEC_MAX_SAMPLES * 2];
	const struct codec *codec = plugin("MP3");
	struct codec_params params;
	struct ends e;
	size_t len = 0;

	if (!codec || !codec_usable(codec) || !codec->encoder)
		return g_test_skip("no MP3 in this build of libavcodec");
	params = usual(codec);
	ends_open(&e, codec, &params);
	for (unsigned n = 0; n < 6; n++)
		len = encode(&e, three);
	g_assert_cmpuint(len, >, 0);
	g_assert_cmpuint(3 * len, <=, sizeof(three));
	memcpy(three + len, three, len);
	memcpy(three + 2 * len, three, len);
	g_assert_cmpint(e.codec->decoder->decode(e.decoder, three, 3 * len, out, 100), ==, 100);
	g_assert_cmpint(e.codec->decoder->decode(e.decoder, three, len, out, CODEC_MAX_SAMPLES), ==,
		e.samples);
	ends_close(&e);
}

static void test_qcelp_bundles(void)
{
	uint8_t payload[1 + 35 + 17 + 1] = { 0 };

	payload[1] = 4;       /* full rate */
	payload[36] = 3;      /* half rate */
	payload[36 + 17] = 0; /* blank */
	g_assert_cmpint(decode_once("QCELP", payload, 1 + 35), ==, 160);
	g_assert_cmpint(decode_once("QCELP", payload, sizeof(payload)), ==, 3 * 160);
	g_assert_cmpint(decode_once("QCELP", payload, sizeof(payload) - 2), ==, 160);
	payload[1] = 9; /* no such rate */
	g_assert_cmpint(decode_once("QCELP", payload, sizeof(payload)), <, 0);
	payload[0] = 8; /* interleaved */
	payload[1] = 4;
	g_assert_cmpint(decode_once("QCELP", payload, sizeof(payload)), <, 0);
}

static void test_evrc_formats(void)
{
	uint8_t payload[2 + 2 + 22 + 10 + 2] = { 0, 2, 0x43, 0x10 };

	g_assert_cmpint(decode_once("EVRC", payload, sizeof(payload)), ==, 3 * 160);
	g_assert_cmpint(decode_once("EVRC", payload, sizeof(payload) - 3), ==, 160);
	g_assert_cmpint(decode_once("EVRC", payload, 3), <, 0); /* its own table is cut off */
	payload[0] = 0x10;
	g_assert_cmpint(decode_once("EVRC", payload, sizeof(payload)), <, 0);
	g_assert_cmpint(decode_once("EVRC0", payload + 4, 22), ==, 160);
	g_assert_cmpint(decode_once("EVRC0", payload + 4, 10), ==, 160);
	g_assert_cmpint(decode_once("EVRC0", payload + 4, 11), <, 0);
	g_assert_cmpint(decode_once("EVRC1", payload + 4, 22), ==, 160);
	g_assert_cmpint(decode_once("EVRC1", payload + 4, 20), ==, 2 * 160);
	g_assert_cmpint(decode_once("EVRC1", payload + 4, 23), <, 0);
}

static void test_atrac3_by_its_bit_rate(void)
{
	static const uint8_t payload[384 * 2] = {
		[0] = 0xa0, [192] = 0xa0, [384] = 0xa0, [576] = 0xa0
	};
	static int16_t out[CODEC_MAX_SAMPLES * 2];
	struct codec_params params = usual(plugin("ATRAC3"));
	struct ends e;

	params.channels = 2;
	ends_open(&e, plugin("ATRAC3"), &params);
	g_assert_cmpint(decode(&e, payload, 384, out), ==, 1024);
	g_assert_cmpint(decode(&e, payload, 768, out), ==, 2048);
	g_assert_cmpint(decode(&e, payload, 383, out), <, 0);
	ends_close(&e);
	params.fmtp = str_of("maxptime=24; baseLayer=105");
	ends_open(&e, plugin("ATRAC3"), &params);
	g_assert_cmpint(decode(&e, payload, 303, out), <, 0);
	ends_close(&e);
}

/* The headers of the library's own encoder, packed as RFC 5215 has them in an fmtp. */
static char *vorbis_fmtp(void)
{
	const AVCodec *codec = avcodec_find_encoder_by_name("libvorbis");
	AVCodecContext *context = avcodec_alloc_context3(codec);
	g_autoptr(GByteArray) packed = g_byte_array_new();
	g_autofree char *text = NULL;
	uint8_t head[] = { 0, 0, 0, 1, 0xab, 0xcd, 0xef, 0, 0, 1, 30 }; /* two headers */
	const uint8_t *at;
	unsigned comment = 0;

	context->sample_rate = 48000;
	context->sample_fmt = AV_SAMPLE_FMT_FLTP;
	av_channel_layout_default(&context->ch_layout, 1);
	g_assert_cmpint(avcodec_open2(context, codec, NULL), ==, 0);
	g_assert_cmpuint(context->extradata[1], ==, 30);
	for (at = context->extradata + 2; *at == 255; at++)
		comment += 255;
	comment += *at++;
	g_byte_array_append(packed, head, sizeof(head));
	g_byte_array_append(packed, at, 30);
	at += 30 + comment;
	g_byte_array_append(packed, at, (guint)(context->extradata + context->extradata_size - at));
	avcodec_free_context(&context);
	text = g_base64_encode(packed->data, packed->len);
	return g_strconcat("packetization-supported=x; configuration=", text, NULL);
}

static void test_vorbis_by_its_headers(void)
{
	const struct codec *codec = plugin("vorbis");
	const struct codec_audio any = { 48000, 1 };
	g_autofree char *fmtp = NULL;
	g_autofree int16_t *heard = NULL;
	uint8_t payload[CODEC_MAX_PAYLOAD];
	struct codec_params params;
	struct codec_audio audio;
	struct ends e;
	size_t total = 0;
	void *state;

	if (!codec_usable(codec))
		return g_test_skip("no vorbis in this build of libavcodec");
	fmtp = vorbis_fmtp();
	heard = g_new0(int16_t, 48000 * 2);
	params = usual(codec);
	g_assert_cmpint(
		codec->decoder->open(codec->decoder->data, &params, &any, &audio, &state), <, 0);
	params.fmtp = str_of(fmtp);
	ends_open(&e, codec, &params);
	while (total < 48000) {
		size_t len = encode(&e, payload);
		int made = len ? decode(&e, payload, len, heard + total) : 0;

		g_assert_cmpint(made, >=, 0);
		total += (size_t)made;
	}
	g_assert_cmpfloat(
		judge(heard + total / 2, total / 2, 2 * G_PI * 500 / 48000).snr_db, >, 15);
	ends_close(&e);
	/* Cut off anywhere, or with any octet changed. */
	for (size_t cut = strlen("packetization-supported=x; configuration=");
		cut < params.fmtp.len; cut += 7) {
		struct codec_params broken = params;

		broken.fmtp.len = cut;
		if (!codec->decoder->open(codec->decoder->data, &broken, &any, &audio, &state))
			codec->decoder->close(state);
		fmtp[cut] ^= 1;
		if (!codec->decoder->open(codec->decoder->data, &params, &any, &audio, &state))
			codec->decoder->close(state);
		fmtp[cut] ^= 1;
	}
}

/* A codec made of files' frames is decoded to the channels asked for. */
static void test_channels_are_mapped(void)
{
	static int16_t out[CODEC_MAX_SAMPLES * 2];
	struct codec_params params = usual(plugin("ac3"));
	uint8_t payload[CODEC_MAX_PAYLOAD];
	struct ends one, two;
	size_t len;
	int made = 0;

	ends_open(&one, plugin("ac3"), &params);
	params.channels = 2;
	ends_open(&two, plugin("ac3"), &params);
	for (unsigned n = 0; n < 4; n++) {
		len = encode(&two, payload);
		made = decode(&one, payload, len, out);
	}
	g_assert_cmpint(made, ==, 1536);
	g_assert_cmpfloat(judge(out, 1536, 2 * G_PI * 500 / 48000).snr_db, >, 30);
	for (unsigned n = 0; n < 4; n++) {
		len = encode(&one, payload);
		made = decode(&two, payload, len, out);
	}
	g_assert_cmpint(made, ==, 1536);
	for (int i = 0; i < made; i++)
		g_assert_cmpint(out[2 * i], ==, out[2 * i + 1]);
	ends_close(&one);
	ends_close(&two);
}

static void test_any_bytes_are_survived(void)
{
	g_autoptr(GRand) dice = g_rand_new_with_seed(59);
	static int16_t out[CODEC_MAX_SAMPLES * 2 + 1];

	plugin("");
	for (unsigned i = 0; codec_at(i); i++) {
		struct codec_params params = usual(codec_at(i));
		g_autofree char *fmtp = NULL;
		struct ends e;

		if (!strcmp(codec_at(i)->name, "vorbis")) {
			if (!codec_usable(codec_at(i)))
				continue;
			fmtp = vorbis_fmtp();
			params.fmtp = str_of(fmtp);
		}
		ends_open(&e, codec_at(i), &params);
		for (unsigned n = 0; n < 120; n++) {
			size_t len = (size_t)g_rand_int_range(dice, 0, n % 8 ? 90 : 9000);
			size_t max = (size_t)g_rand_int_range(dice, 0, CODEC_MAX_SAMPLES + 1);
			g_autofree uint8_t *payload = g_malloc(len);
			int made;

			for (size_t k = 0; k < len; k++)
				payload[k] = (uint8_t)g_rand_int(dice);
			out[max * e.out.channels] = 12345;
			made = e.codec->decoder->decode(e.decoder, payload, len, out, max);
			g_assert_cmpint(made, <=, (int)max);
			g_assert_cmpint(out[max * e.out.channels], ==, 12345);
		}
		ends_close(&e);
	}
}

/* What was broken does not hurt what comes behind it. */
static void test_good_payload_behind_bad_ones(void)
{
	const struct codec *codec = plugin("G723");
	struct codec_params params = usual(codec);
	static const uint8_t bad[] = { 0, 1, 2, 3, 4 };
	uint8_t payload[CODEC_MAX_PAYLOAD];
	int16_t out[CODEC_MAX_SAMPLES];
	struct ends e;

	ends_open(&e, codec, &params);
	for (unsigned n = 0; n < 20; n++) {
		g_assert_cmpint(decode(&e, bad, sizeof(bad), out), <, 0);
		g_assert_cmpint(decode(&e, payload, encode(&e, payload), out), ==, 240);
	}
	g_assert_cmpfloat(judge(out, 240, 2 * G_PI * 500 / 8000).snr_db, >, 12);
	ends_close(&e);
}

static void test_other_audio_is_refused(void)
{
	const struct codec_audio any = { 8000, 1 };
	const struct codec *codec = plugin("PCM-U8");
	struct codec_params params = usual(codec);
	struct codec_audio audio;
	void *state;

	params.channels = 3;
	g_assert_cmpint(
		codec->decoder->open(codec->decoder->data, &params, &any, &audio, &state), <, 0);
	params.channels = 1;
	params.clock_hz = 192000;
	g_assert_cmpint(
		codec->decoder->open(codec->decoder->data, &params, &any, &audio, &state), <, 0);
}

static void test_gives_way_to_others(void)
{
	static const char *const names[] = { "PCMU", "PCMA", "G722", "GSM", "G729", "G729a", "iLBC",
		"opus" };

	for (unsigned i = 0; i < G_N_ELEMENTS(names); i++)
		if (plugin(names[i]))
			g_assert_true(plugin(names[i])->flags & CODEC_FALLBACK);
	g_assert_false(plugin("G723")->flags & CODEC_FALLBACK);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/codec/avcodec/tones", test_tones_there_and_back);
	g_test_add_func("/codec/avcodec/lengths", test_odd_packet_lengths);
	g_test_add_func("/codec/avcodec/one-frame", test_one_frame_a_packet);
	g_test_add_func("/codec/avcodec/speex", test_speex_in_all_widths);
	g_test_add_func("/codec/avcodec/speex-frames", test_speex_frames_behind_each_other);
	g_test_add_func("/codec/avcodec/g723", test_g723_frames_of_all_kinds);
	g_test_add_func("/codec/avcodec/several", test_several_frames_a_payload);
	g_test_add_func("/codec/avcodec/no-room", test_no_room_no_work);
	g_test_add_func("/codec/avcodec/nothing-left", test_no_room_leaves_nothing);
	g_test_add_func("/codec/avcodec/qcelp", test_qcelp_bundles);
	g_test_add_func("/codec/avcodec/evrc", test_evrc_formats);
	g_test_add_func("/codec/avcodec/atrac3", test_atrac3_by_its_bit_rate);
	g_test_add_func("/codec/avcodec/vorbis", test_vorbis_by_its_headers);
	g_test_add_func("/codec/avcodec/channels", test_channels_are_mapped);
	g_test_add_func("/codec/avcodec/hostile", test_any_bytes_are_survived);
	g_test_add_func("/codec/avcodec/behind-bad", test_good_payload_behind_bad_ones);
	g_test_add_func("/codec/avcodec/refused", test_other_audio_is_refused);
	g_test_add_func("/codec/avcodec/fallback", test_gives_way_to_others);
	return g_test_run();
}

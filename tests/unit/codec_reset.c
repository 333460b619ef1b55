/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A decoder that goes on with another source, against one that was opened for it: for how long what
 * they say differs. Both get speech from an encoder that begins with it, the first one after a loud
 * tone of somebody else. What nothing here encodes gets noise for payloads.
 */
#include <string.h>

#include <glib.h>

#include "mock/coder.h"
#include "mock/tones.h"

enum {
	SECONDS = 2,
	STEP_MS = 20,
	ALIKE_DB = 20, /* the difference is so far below what is to be heard */
	NOISE_PAYLOADS = 50,
};

static void free_payload(void *payload)
{
	g_byte_array_free(payload, TRUE);
}

static void make(int16_t *samples, size_t count, const struct codec_audio *audio, bool speech)
{
	if (speech)
		tones_speech(samples, count, audio->sample_hz * audio->channels, 7);
	else
		tones_sine(samples, count, 0, audio->sample_hz * audio->channels, 700, -6);
}

static GPtrArray *encode(struct mock_coder *c, const int16_t *samples)
{
	GPtrArray *payloads = g_ptr_array_new_with_free_func(free_payload);
	size_t count = (size_t)c->in.sample_hz * SECONDS;

	for (size_t at = 0; at + c->samples <= count; at += c->samples) {
		int len = c->codec->encoder->encode(
			c->encoder, samples + at * c->in.channels, c->payload);

		g_assert_cmpint(len, >=, 0);
		if (len)
			g_ptr_array_add(payloads,
				g_byte_array_append(g_byte_array_new(), c->payload, (unsigned)len));
	}
	return payloads;
}

/* Of a source of its own: a tone, or speech. */
static GPtrArray *source(const struct codec *codec, const struct codec_params *params, bool speech)
{
	const struct codec_audio audio = { params->clock_hz, params->channels };
	size_t room = (size_t)CODEC_MAX_SAMPLE_HZ * SECONDS;
	g_autofree int16_t *samples = g_new0(int16_t, room * CODEC_MAX_CHANNELS);
	GPtrArray *payloads;
	struct mock_coder c;

	mock_coder_open(&c, codec->name, params, &audio);
	make(samples, room, &c.in, speech);
	payloads = encode(&c, samples);
	mock_coder_close(&c);
	return payloads;
}

static GPtrArray *noise(unsigned bytes, unsigned seed)
{
	GPtrArray *payloads = g_ptr_array_new_with_free_func(free_payload);
	GRand *rand = g_rand_new_with_seed(seed);

	for (unsigned i = 0; i < NOISE_PAYLOADS; i++) {
		GByteArray *payload = g_byte_array_set_size(g_byte_array_new(), bytes);

		for (unsigned k = 0; k < bytes; k++)
			payload->data[k] = (uint8_t)g_rand_int(rand);
		payload->data[bytes - 1] &= 0xfe; /* iLBC: not one that stands for a lost one */
		g_ptr_array_add(payloads, payload);
	}
	g_rand_free(rand);
	return payloads;
}

static GArray *decode(struct mock_coder *c, const GPtrArray *payloads)
{
	GArray *heard = g_array_new(FALSE, FALSE, sizeof(int16_t));

	for (unsigned i = 0; i < payloads->len; i++) {
		const GByteArray *payload = payloads->pdata[i];
		int count = c->codec->decoder->decode(
			c->decoder, payload->data, payload->len, c->pcm, CODEC_MAX_SAMPLES);

		g_assert_cmpint(count, >, 0);
		g_array_append_vals(heard, c->pcm, (unsigned)count * c->out.channels);
	}
	return heard;
}

/* From when on they are alike; 0: there is no difference at all. */
static unsigned differ_ms(const GArray *fresh, const GArray *used, const struct codec_audio *audio)
{
	const int16_t *a = (const int16_t *)(void *)fresh->data;
	const int16_t *b = (const int16_t *)(void *)used->data;
	size_t step = (size_t)audio->sample_hz * STEP_MS / 1000 * audio->channels;
	unsigned ms = 1;

	g_assert_cmpuint(fresh->len, ==, used->len);
	if (!memcmp(a, b, fresh->len * sizeof(*a)))
		return 0;
	for (size_t at = 0; at + step <= fresh->len; at += step)
		if ((tones_rms(a + at, step) > -50 || tones_rms(b + at, step) > -50) &&
			tones_snr(a + at, b + at, step) < ALIKE_DB)
			ms = (unsigned)(at / step + 1) * STEP_MS;
	return ms;
}

static void check(const struct codec *codec, const struct codec_params *params,
	const GPtrArray *first, const GPtrArray *second, unsigned most_ms)
{
	const struct codec_audio audio = { params->clock_hz, params->channels };
	struct mock_coder used, fresh;
	GArray *before, *after, *wanted;
	unsigned ms;

	mock_coder_open(&used, codec->name, params, &audio);
	mock_coder_open(&fresh, codec->name, params, &audio);
	before = decode(&used, first);
	if (codec->decoder->reset)
		codec->decoder->reset(used.decoder);
	after = decode(&used, second);
	wanted = decode(&fresh, second);
	ms = differ_ms(wanted, after, &fresh.out);
	g_test_message("%s: %u ms", codec->name, ms);
	g_assert_cmpuint(ms, <=, most_ms);
	g_array_free(before, TRUE);
	g_array_free(after, TRUE);
	g_array_free(wanted, TRUE);
	mock_coder_close(&used);
	mock_coder_close(&fresh);
}

static struct codec_params usual(const struct codec *codec)
{
	return (struct codec_params){
		.clock_hz = codec->clock_hz,
		.channels = codec->channels,
		.ptime_ms = codec->ptime_ms,
		.bitrate = codec->bitrate,
		.fmtp = str_of(""),
		.options = str_of(""),
	};
}

/* Whose library has no way to forget, or, G.726's, forgets but half. All others do at once. */
static unsigned most_ms(const char *name)
{
	static const struct {
		const char *begin;
		unsigned ms;
	} rows[] = { { "AMR", 20 }, { "G723", 100 }, { "G726-", 140 }, { "AAL2-G726-", 140 },
		{ "G729", 1 }, { "speex", 40 } };

	for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++)
		if (g_str_has_prefix(name, rows[i].begin))
			return rows[i].ms;
	return 0;
}

static void test_decoders(void)
{
	const struct codec *codec;

	for (unsigned i = 0; (codec = codec_at(i)) != NULL; i++) {
		struct codec_params params = usual(codec);
		GPtrArray *first, *second;

		if (!codec->decoder || !codec->encoder || !codec->channels ||
			codec->flags & CODEC_EVENT)
			continue;
		first = source(codec, &params, false);
		second = source(codec, &params, true);
		check(codec, &params, first, second, most_ms(codec->name));
		g_ptr_array_free(first, TRUE);
		g_ptr_array_free(second, TRUE);
	}
}

static void test_ilbc(void)
{
	const struct codec *codec = codec_find(STR_LIT("iLBC"));
	struct codec_params params = usual(codec);
	GPtrArray *shorter = noise(38, 1), *longer = noise(50, 2);

	check(codec, &params, shorter, longer, 1);
	check(codec, &params, longer, shorter, 1);
	check(codec, &params, shorter, shorter, 1);
	g_ptr_array_free(shorter, TRUE);
	g_ptr_array_free(longer, TRUE);
}

/* All of one source after the other through the same encoder, what comes of the second alone. */
static GPtrArray *second_source(const struct codec *codec, const struct codec_params *params)
{
	const struct codec_audio audio = { params->clock_hz, params->channels };
	size_t room = (size_t)CODEC_MAX_SAMPLE_HZ * SECONDS, bytes;
	g_autofree int16_t *samples = g_new0(int16_t, room * CODEC_MAX_CHANNELS);
	GPtrArray *payloads;
	struct mock_coder c;

	mock_coder_open(&c, codec->name, params, &audio);
	bytes = c.samples * c.in.channels * sizeof(int16_t);
	make(samples, room, &c.in, false);
	payloads = encode(&c, samples);
	g_ptr_array_free(payloads, TRUE);
	if (codec->encoder->reset)
		codec->encoder->reset(c.encoder);
	else /* as the transcoder does it */
		codec->encoder->encode(c.encoder, memset(c.pcm, 0, bytes), c.payload);
	make(samples, room, &c.in, true);
	payloads = encode(&c, samples);
	mock_coder_close(&c);
	return payloads;
}

/* How much louder than it should be is it at the worst? In dB; what is below -45 dB is quiet. */
static double excess_db(const GArray *wanted, const GArray *got, const struct codec_audio *audio)
{
	const int16_t *a = (const int16_t *)(void *)wanted->data;
	const int16_t *b = (const int16_t *)(void *)got->data;
	size_t step = (size_t)audio->sample_hz * STEP_MS / 1000 * audio->channels;
	double worst = 0;

	for (size_t at = 0; at + step <= MIN(wanted->len, got->len); at += step)
		worst = MAX(worst, tones_rms(b + at, step) - MAX(tones_rms(a + at, step), -45));
	return worst;
}

/* What its receiver hears, who begins with it. */
static void test_encoders(void)
{
	const struct codec *codec;

	for (unsigned i = 0; (codec = codec_at(i)) != NULL; i++) {
		struct codec_params params = usual(codec);
		const struct codec_audio audio = { params.clock_hz, params.channels };
		GPtrArray *fresh, *used;
		struct mock_coder first, second;
		GArray *wanted, *got;
		double db;

		if (!codec->decoder || !codec->encoder || !codec->channels ||
			codec->flags & CODEC_EVENT)
			continue;
		fresh = source(codec, &params, true);
		used = second_source(codec, &params);
		mock_coder_open(&first, codec->name, &params, &audio);
		mock_coder_open(&second, codec->name, &params, &audio);
		wanted = decode(&first, fresh);
		got = decode(&second, used);
		db = excess_db(wanted, got, &first.out);
		g_test_message("%s: %.1f dB", codec->name, db);
		g_assert_cmpfloat(db, <=, 3);
		g_array_free(wanted, TRUE);
		g_array_free(got, TRUE);
		g_ptr_array_free(fresh, TRUE);
		g_ptr_array_free(used, TRUE);
		mock_coder_close(&first);
		mock_coder_close(&second);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	mock_coder_load_all();
	g_test_add_func("/codec/reset/decoders", test_decoders);
	g_test_add_func("/codec/reset/ilbc", test_ilbc);
	g_test_add_func("/codec/reset/encoders", test_encoders);
	return g_test_run();
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mock/coder.h"

#include "api/host.h"
#include "mock/tones.h"

#include <string.h>

static const double tone_hz = 1004, tone_db = -12;

/* ---- plugins ---- */

static void add_codec(const struct host *host, const struct codec *codec)
{
	struct err err;

	(void)host;
	if (codec_registry_add(codec, &err) < 0)
		g_error("%s", err.text);
}

static void add_resampler(const struct host *host, const struct dsp_resampler *resampler)
{
	(void)host;
	codec_registry_add_resampler(resampler);
}

static void add_dtmf(const struct host *host, const struct dsp_dtmf *detector)
{
	(void)host;
	codec_registry_add_dtmf(detector);
}

static char *no_option(const struct host *host, const char *name)
{
	(void)host;
	(void)name;
	return g_strdup("");
}

static void no_log(const struct host *host, enum host_level level, const char *fmt, ...)
{
	(void)host;
	(void)level;
	(void)fmt;
}

void mock_coder_load(const struct plugin *plugin)
{
	static const struct host host = {
		.log = no_log,
		.option = no_option,
		.add_codec = add_codec,
		.add_resampler = add_resampler,
		.add_dtmf = add_dtmf,
	};
	char error[PLUGIN_ERROR_BYTES] = "";
	void *instance;

	if (plugin->self_test && plugin->self_test(error) < 0)
		g_error("%s: %s", plugin->name, error);
	if (plugin->init(&host, &instance, error) < 0)
		g_error("%s: %s", plugin->name, error);
}

/* ---- both ends ---- */

void mock_coder_open(struct mock_coder *c, const char *name, const struct codec_params *params,
	const struct codec_audio *audio)
{
	*c = (struct mock_coder){ .codec = codec_find(str_of(name)) };
	g_assert_nonnull(c->codec);
	c->pcm = g_new0(int16_t, CODEC_MAX_SAMPLES * CODEC_MAX_CHANNELS);
	if (c->codec->encoder)
		g_assert_cmpint(c->codec->encoder->open(c->codec->encoder->data, params, audio,
					&c->in, &c->samples, &c->encoder),
			==, 0);
	g_assert_cmpint(c->codec->decoder->open(
				c->codec->decoder->data, params, audio, &c->out, &c->decoder),
		==, 0);
}

void mock_coder_close(struct mock_coder *c)
{
	if (c->encoder)
		c->codec->encoder->close(c->encoder);
	c->codec->decoder->close(c->decoder);
	g_free(c->pcm);
}

/* What a packet is at the decoder. */
static size_t packet_out(const struct mock_coder *c)
{
	return c->samples * c->out.sample_hz / c->in.sample_hz;
}

static size_t decode(struct mock_coder *c, int len, int16_t *out)
{
	size_t samples = packet_out(c);

	g_assert_cmpint(len, >=, 0);
	g_assert_cmpint(len, <=, CODEC_MAX_PAYLOAD);
	memset(out, 0, samples * c->out.channels * sizeof(*out));
	if (len)
		g_assert_cmpint(c->codec->decoder->decode(
					c->decoder, c->payload, (size_t)len, out, samples),
			==, samples);
	return samples;
}

size_t mock_coder_carry(struct mock_coder *c, const int16_t *in, size_t count, int16_t *out)
{
	size_t done = 0;

	for (size_t i = 0; i + c->samples <= count; i += c->samples)
		done += decode(c,
			c->codec->encoder->encode(c->encoder, in + i * c->in.channels, c->payload),
			out + done * c->out.channels);
	return done;
}

/* The decoder alone carries on where a packet is lost. */
static void conceal(struct mock_coder *c, int next_len, int16_t *out)
{
	size_t samples = packet_out(c);
	int ret = c->codec->decoder->conceal(
		c->decoder, samples, next_len ? c->payload : NULL, (size_t)next_len, out);

	g_assert_cmpint(ret, >=, 0);
	g_assert_cmpint(ret, <=, samples);
}

double mock_coder_lose(struct mock_coder *c, const struct codec_params *params, const int16_t *in,
	size_t count, unsigned nth)
{
	size_t length = packet_out(c) * c->out.channels, lost = 0;
	size_t room = (count / c->samples / nth + 1) * length;
	g_autofree int16_t *whole = g_new0(int16_t, room), *concealed = g_new0(int16_t, room);
	struct mock_coder other; /* nothing is lost on the way to this decoder */
	unsigned number = 1;

	mock_coder_open(&other, c->codec->name, params, &c->out);
	for (size_t i = 0; i + c->samples <= count; i += c->samples, number++) {
		int len = c->codec->encoder->encode(
			c->encoder, in + i * c->in.channels, c->payload);

		memcpy(other.payload, c->payload, sizeof(other.payload));
		decode(&other, len, other.pcm);
		if (number % nth == 0) { /* made good when the next one is there */
			memcpy(whole + lost, other.pcm, length * sizeof(*whole));
			continue;
		}
		if (number > 1 && number % nth == 1) {
			conceal(c, len, concealed + lost);
			lost += length;
		}
		decode(c, len, c->pcm);
	}
	mock_coder_close(&other);
	return tones_segmental_snr(whole, concealed, lost, length);
}

/* ---- what all have to stand ---- */

void mock_coder_check_tone(const char *name, const struct codec_params *params,
	const struct codec_audio *audio, double level_db, double purity_db)
{
	g_autofree int16_t *in = NULL, *out = NULL, *one = NULL;
	struct mock_coder c;
	size_t count, done;

	mock_coder_open(&c, name, params, audio);
	count = c.in.sample_hz; /* a second; half of it is the codec's to find its way */
	in = g_new0(int16_t, count * c.in.channels);
	one = g_new0(int16_t, MAX(count, c.out.sample_hz));
	out = g_new0(int16_t, (size_t)c.out.sample_hz * c.out.channels);
	tones_sine(one, count, 0, c.in.sample_hz, tone_hz, tone_db);
	for (size_t i = 0; i < count * c.in.channels; i++)
		in[i] = one[i / c.in.channels];
	done = mock_coder_carry(&c, in, count, out);
	g_assert_cmpint(done, >, c.out.sample_hz * 3 / 4);
	for (unsigned channel = 0; channel < c.out.channels; channel++) {
		double level, hz, purity;

		tones_channel(one, out, done, c.out.channels, channel);
		level = tones_level(one + done / 2, done - done / 2, c.out.sample_hz, tone_hz);
		hz = tones_frequency(one + done / 2, done - done / 2, c.out.sample_hz);
		purity = tones_purity(one + done / 2, done - done / 2, c.out.sample_hz, tone_hz);
		g_test_message(
			"%s: %.0f Hz, %.2f dB, %.1f dB above the rest", name, hz, level, purity);
		g_assert_cmpfloat_with_epsilon(hz, tone_hz, 2);
		g_assert_cmpfloat_with_epsilon(level, tone_db, level_db);
		g_assert_cmpfloat(purity, >, purity_db);
	}
	mock_coder_close(&c);
}

void mock_coder_check_ptimes(const char *name, const struct codec_params *params,
	const struct codec_audio *audio, unsigned unit_ms, unsigned longest_ms)
{
	for (uint16_t ms = 10; ms <= 120; ms += 10) {
		struct codec_params p = *params;
		struct mock_coder c;
		unsigned expected_ms = CLAMP(ms / unit_ms * unit_ms, unit_ms, longest_ms);

		p.ptime_ms = ms;
		mock_coder_open(&c, name, &p, audio);
		g_assert_cmpint(c.samples, ==, c.in.sample_hz / 1000 * expected_ms);
		tones_noise(c.pcm, c.samples * c.in.channels, -20, ms);
		for (unsigned i = 0; i < 3; i++) {
			g_autofree int16_t *out = g_new0(
				int16_t, CODEC_MAX_SAMPLES * CODEC_MAX_CHANNELS);

			g_assert_cmpint(mock_coder_carry(&c, c.pcm, c.samples, out), ==,
				c.out.sample_hz / 1000 * expected_ms);
		}
		mock_coder_close(&c);
	}
}

/* No more than there is room for is written, and that is what is said. */
static void feed(struct mock_coder *c, const uint8_t *bytes, size_t len, size_t max)
{
	const int16_t mark = 0x5a5a;
	int16_t *end = c->pcm + max * c->out.channels;
	uint8_t *copy = g_memdup2(bytes, len); /* so that reading on is noticed */
	int ret;

	*end = mark;
	ret = c->codec->decoder->decode(c->decoder, copy, len, c->pcm, max);
	g_assert_cmpint(ret, <=, (int)max);
	g_assert_cmpint(*end, ==, mark);
	if (c->codec->decoder->conceal && len % 5 == 0) {
		ret = c->codec->decoder->conceal(c->decoder, max, copy, len, c->pcm);
		g_assert_cmpint(ret, <=, (int)max);
		g_assert_cmpint(*end, ==, mark);
	}
	g_free(copy);
}

void mock_coder_check_hostile(
	const char *name, const struct codec_params *params, const struct codec_audio *audio)
{
	enum { LARGEST = 65535 };
	static const size_t rooms[] = { CODEC_MAX_SAMPLES - 1, 960, 160, 79, 1, 0 };
	g_autofree uint8_t *bytes = g_malloc(LARGEST);
	GRand *rand = g_rand_new_with_seed(1);
	struct mock_coder c;

	mock_coder_open(&c, name, params, audio);
	g_assert_cmpint(
		c.codec->decoder->decode(c.decoder, bytes, 0, c.pcm, CODEC_MAX_SAMPLES), <=, 0);
	for (unsigned i = 0; i < LARGEST; i++)
		bytes[i] = (uint8_t)g_rand_int(rand);
	for (unsigned len = 0; len < 700; len++)
		feed(&c, bytes + g_rand_int_range(rand, 0, 1000), len,
			rooms[len % G_N_ELEMENTS(rooms)]);
	for (unsigned i = 0; i < G_N_ELEMENTS(rooms); i++)
		feed(&c, bytes, LARGEST, rooms[i]);
	for (unsigned fill = 0; fill < 256; fill += 51) {
		memset(bytes, (int)fill, CODEC_MAX_PAYLOAD);
		for (unsigned len = 1; len < CODEC_MAX_PAYLOAD; len += len / 3 + 1)
			feed(&c, bytes, len, rooms[fill % 2]);
	}
	/* Whatever that was, it still works. */
	if (c.encoder)
		g_assert_cmpint(
			decode(&c, c.codec->encoder->encode(c.encoder, c.pcm, c.payload), c.pcm), >,
			0);
	mock_coder_close(&c);
	g_rand_free(rand);
}

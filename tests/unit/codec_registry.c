/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What may enter the registry, who replaces whom, and the table that is printed of it. */
#include "codec/registry.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <glib.h>

#include "mock/coder.h"

/* A codec for tests: a byte is a sample, moved up by what `data` points to. */
static int open_decoder(const void *data, const struct codec_params *params,
	const struct codec_audio *want, struct codec_audio *ret_audio, void **ret_decoder)
{
	*ret_audio = (struct codec_audio){ want->sample_hz, params->channels };
	*ret_decoder = (void *)data;
	return params->clock_hz == 8000 ? 0 : -EINVAL;
}

static int open_encoder(const void *data, const struct codec_params *params,
	const struct codec_audio *have, struct codec_audio *ret_audio, size_t *ret_samples,
	void **ret_encoder)
{
	*ret_samples = 2;
	return open_decoder(data, params, have, ret_audio, ret_encoder);
}

static void nothing_to_close(void *state)
{
	(void)state;
}

static int decode(void *decoder, const uint8_t *payload, size_t len, int16_t *out, size_t max)
{
	const int16_t *offset = decoder;

	g_assert_cmpuint(len, <=, max);
	for (size_t i = 0; i < len; i++)
		out[i] = (int16_t)(payload[i] + *offset);
	return (int)len;
}

static int encode(void *encoder, const int16_t *samples, uint8_t *out)
{
	const int16_t *offset = encoder;

	out[0] = (uint8_t)(samples[0] - *offset);
	out[1] = (uint8_t)(samples[1] - *offset);
	return 2;
}

static const int16_t right = 0, wrong = 1;
static const struct codec_decoder decoder = {
	.open = open_decoder,
	.close = nothing_to_close,
	.decode = decode,
	.data = &right,
};
static const struct codec_decoder other_decoder = {
	.open = open_decoder,
	.close = nothing_to_close,
	.decode = decode,
	.data = &right,
};
static const struct codec_decoder wrong_decoder = {
	.open = open_decoder,
	.close = nothing_to_close,
	.decode = decode,
	.data = &wrong,
};
static const struct codec_encoder encoder = {
	.open = open_encoder,
	.close = nothing_to_close,
	.encode = encode,
	.data = &right,
};
static const struct codec_encoder other_encoder = {
	.open = open_encoder,
	.close = nothing_to_close,
	.encode = encode,
	.data = &right,
};
static const struct codec_encoder wrong_encoder = {
	.open = open_encoder,
	.close = nothing_to_close,
	.encode = encode,
	.data = &wrong,
};

static const struct codec_params params = { .clock_hz = 8000, .channels = 1 };
static const uint8_t bytes[] = { 5, 6 };
static const int16_t samples[] = { 5, 6 };
static const struct codec_vector exact = { &params, bytes, 2, samples, 2, 0, true };
static const struct codec_vector loose = { &params, bytes, 2, samples, 2, 1, false };
static const struct codec_vector longer = { &params, bytes, 1, samples, 2, 0, false };

static struct codec make(const char *name, const struct codec_decoder *d,
	const struct codec_encoder *e, const struct codec_vector *vector)
{
	return (struct codec){
		.name = name,
		.payload_type = -1,
		.channels = 1,
		.ptime_ms = 20,
		.clock_hz = 8000,
		.silence = -1,
		.decoder = d,
		.encoder = e,
		.vectors = vector,
		.vector_count = vector ? 1 : 0,
	};
}

static int add(const struct codec *codec)
{
	struct err err;

	return codec_registry_add(codec, &err);
}

static void test_find(void)
{
	struct codec codec = make("Thing", &decoder, &encoder, &exact);

	codec_registry_clear();
	g_assert_null(codec_find(STR_LIT("thing")));
	g_assert_cmpint(add(&codec), ==, 0);
	g_assert_nonnull(codec_find(STR_LIT("thing")));
	g_assert_nonnull(codec_find(STR_LIT("THING")));
	g_assert_null(codec_find(STR_LIT("thin")));
	g_assert_null(codec_find(STR_NULL));
	g_assert_true(codec_at(0) == codec_find(STR_LIT("Thing")));
	g_assert_null(codec_at(1));
	g_assert_true(codec_usable(codec_at(0)));
	g_assert_false(codec_usable(NULL));
	g_assert_cmpint(add(&codec), ==, -EEXIST);
}

/* Each way to give another answer than the one that is known. */
static void test_wrong_answers(void)
{
	static const struct codec_params elsewhere = { .clock_hz = 16000, .channels = 1 };
	static const struct codec_vector refused = { &elsewhere, bytes, 2, samples, 2, 0, false };
	const struct {
		const struct codec_decoder *decoder;
		const struct codec_encoder *encoder;
		const struct codec_vector *vector;
		const char *text; /* NULL: it is taken */
	} cases[] = {
		{ &decoder, &encoder, &exact, NULL },
		{ &wrong_decoder, &encoder, &exact, "X: known answer 1 is not what it decodes to" },
		{ &decoder, &wrong_encoder, &exact, "X: known answer 1 is not what it encodes to" },
		{ &decoder, &wrong_encoder, &loose, NULL }, /* encoding is not tried */
		{ &wrong_decoder, &encoder, &loose, NULL }, /* one off is near enough */
		{ &decoder, &encoder, &longer, "X: known answer 1 is not what it decodes to" },
		{ &decoder, &encoder, &refused, "X: known answer 1 is not what it decodes to" },
		{ NULL, &wrong_encoder, &exact, "X: known answer 1 is not what it encodes to" },
		{ &decoder, NULL, &exact, NULL },
		{ &wrong_decoder, &wrong_encoder, NULL, NULL }, /* nobody asked */
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct codec codec = make("X", cases[i].decoder, cases[i].encoder, cases[i].vector);
		struct err err;
		int ret;

		codec_registry_clear();
		ret = codec_registry_add(&codec, &err);
		g_assert_cmpint(ret, ==, cases[i].text ? -EINVAL : 0);
		g_assert_cmpint(codec_at(0) != NULL, ==, cases[i].text == NULL);
		if (cases[i].text)
			g_assert_cmpstr(err.text, ==, cases[i].text);
	}
}

static void test_not_a_codec(void)
{
	struct codec codec = make("", &decoder, NULL, NULL);

	codec_registry_clear();
	g_assert_cmpint(add(&codec), ==, -EINVAL);
	codec.name = NULL;
	g_assert_cmpint(add(&codec), ==, -EINVAL);
	codec.name = "X";
	codec.channels = CODEC_MAX_CHANNELS + 1;
	g_assert_cmpint(add(&codec), ==, -EINVAL);
	codec.channels = 1;
	codec.sample_hz = CODEC_MAX_SAMPLE_HZ + 1;
	g_assert_cmpint(add(&codec), ==, -EINVAL);
}

/* One brings the decoder, another the encoder. */
static void test_halves(void)
{
	struct codec decodes = make("X", &decoder, NULL, &exact);
	struct codec encodes = make("x", NULL, &encoder, &exact);
	struct codec both = make("X", &other_decoder, &other_encoder, &exact);

	codec_registry_clear();
	g_assert_cmpint(add(&decodes), ==, 0);
	g_assert_false(codec_usable(codec_at(0)));
	g_assert_cmpint(add(&decodes), ==, -EEXIST);
	g_assert_cmpint(add(&encodes), ==, 0);
	g_assert_true(codec_usable(codec_at(0)));
	g_assert_cmpint(add(&both), ==, -EEXIST);
	g_assert_true(codec_at(0)->decoder == &decoder);
	g_assert_true(codec_at(0)->encoder == &encoder);
	g_assert_null(codec_at(1));
}

/* Whichever is first, what a fallback has is used for what nobody else has, and only for that. */
static void test_fallback(void)
{
	struct codec fallback = make("X", &decoder, &encoder, &exact);
	struct codec own = make("X", &other_decoder, NULL, &exact);

	fallback.flags = CODEC_FALLBACK;
	fallback.ptime_ms = 30;
	for (unsigned own_first = 0; own_first <= 1; own_first++) {
		codec_registry_clear();
		g_assert_cmpint(add(own_first ? &own : &fallback), ==, 0);
		g_assert_cmpint(add(own_first ? &fallback : &own), ==, 0);
		g_assert_null(codec_at(1));
		g_assert_true(codec_at(0)->decoder == &other_decoder);
		g_assert_true(codec_at(0)->encoder == &encoder);
		g_assert_cmpuint(codec_at(0)->ptime_ms, ==, 20);
		g_assert_cmpuint(codec_at(0)->flags & CODEC_FALLBACK, ==, 0);
		/* Whichever comes first; nothing is left to fall back for. */
		g_assert_cmpint(add(&fallback), ==, 0);
		g_assert_true(codec_at(0)->decoder == &other_decoder);
		g_assert_cmpint(add(&own), ==, -EEXIST);
	}
}

static void test_full(void)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
	struct codec codec = make("", &decoder, NULL, NULL);

	codec_registry_clear();
	for (unsigned i = 0; i <= CODEC_REGISTRY_MAX; i++) {
		g_ptr_array_add(names, g_strdup_printf("X%u", i));
		codec.name = names->pdata[i];
		g_assert_cmpint(add(&codec), ==, i < CODEC_REGISTRY_MAX ? 0 : -ENOSPC);
	}
	codec_registry_clear();
}

static char *table(void)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	codec_print_table(f);
	fclose(f);
	return text;
}

static void test_table(void)
{
	struct codec opus = make("OPUS", &decoder, &encoder, NULL);
	struct codec gsm = make("GSM", &decoder, NULL, NULL);
	struct codec amr = make("AMR", NULL, &encoder, NULL);
	struct codec mp3 = make("MP3", &decoder, &encoder, NULL);
	struct codec mine = make("mine", &decoder, &encoder, NULL);
	char *text;

	codec_registry_clear();
	text = table();
	g_assert_cmpstr(text, ==, "No codecs supported.\n");
	free(text);
	mp3.channels = 0;
	add(&mine);
	add(&mp3);
	add(&amr);
	add(&gsm);
	add(&opus);
	text = table();
	g_assert_true(g_str_has_prefix(text, "                PCMA: not supported\n"
					     "                PCMU: not supported\n"));
	g_assert_nonnull(strstr(text, "\n               speex: not supported\n"
				      "                 GSM: supported for decoding only\n"
				      "                iLBC: not supported\n"
				      "                opus: fully supported\n"));
	g_assert_nonnull(strstr(text, "\n                 AMR: supported for encoding only\n"));
	g_assert_nonnull(strstr(text, "\n                  CN: not supported\n"
				      "                 red: fully supported\n"));
	g_assert_true(g_str_has_suffix(text,
		"\n                 MP3: codec supported but lacks RTP definition\n"
		"                mine: fully supported\n"));
	free(text);
}

static void test_resampler(void)
{
	static const struct dsp_resampler first, second;

	codec_registry_clear();
	g_assert_null(codec_resampler());
	codec_registry_add_resampler(&first);
	codec_registry_add_resampler(&second);
	g_assert_true(codec_resampler() == &first);
	codec_registry_clear();
	g_assert_null(codec_resampler());
}

/* What comes with the program: all pass their known answers, and say what they are. */
static void test_ours(void)
{
	const struct codec *codec;
	unsigned count = 0;

	codec_registry_clear();
	mock_coder_load_all();
	for (; (codec = codec_at(count)); count++) {
		const struct codec *same = codec->alias_of ? codec_find(str_of(codec->alias_of))
							   : codec;

		g_test_message("%s", codec->name);
		g_assert_nonnull(same);
		g_assert_true(codec->decoder || codec->encoder);
		/* Without channels it has no definition for RTP; events have no length. */
		g_assert_true(!codec->channels || codec->clock_hz);
		g_assert_true(!codec->channels || codec->flags & CODEC_EVENT || codec->ptime_ms);
		if (codec_usable(codec) && codec->channels &&
			!(codec->flags & (CODEC_SUPPLEMENTAL | CODEC_FALLBACK)))
			g_assert_cmpuint(same->vector_count, >, 0);
	}
	g_assert_cmpuint(count, >=, 9);
	codec_registry_clear();
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/codec/registry/find", test_find);
	g_test_add_func("/codec/registry/wrong-answers", test_wrong_answers);
	g_test_add_func("/codec/registry/not-a-codec", test_not_a_codec);
	g_test_add_func("/codec/registry/halves", test_halves);
	g_test_add_func("/codec/registry/fallback", test_fallback);
	g_test_add_func("/codec/registry/full", test_full);
	g_test_add_func("/codec/registry/table", test_table);
	g_test_add_func("/codec/registry/resampler", test_resampler);
	g_test_add_func("/codec/registry/ours", test_ours);
	return g_test_run();
}

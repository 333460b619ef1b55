/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The registry of codecs, and the table of --codecs. The order of that table is an established
 * one that scripts compare; names that nobody knew come behind it.
 */
#include "codec/registry.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <glib.h>

static const char *const established[] = { "PCMA", "PCMU", "G723", "G722", "QCELP", "G729", "G729a",
	"speex", "GSM", "iLBC", "opus", "EVS", "vorbis", "ac3", "eac3", "ATRAC3", "ATRAC-X", "EVRC",
	"EVRC0", "EVRC1", "AMR", "AMR-WB", "telephone-event", "CN", "red", "G726-16", "G726-24",
	"G726-32", "G726-40", "L16", "X-L16", "PCM-U8", "MP3" };

/* Goes along with others and is never decoded (RFC 2198): it needs no plugin. */
static const char never_decoded[] = "red";

static struct codec codecs[CODEC_REGISTRY_MAX];
static unsigned count;
static const struct dsp_resampler *first_resampler;
static const struct dsp_dtmf *first_dtmf;

static struct codec *find(struct str name)
{
	for (unsigned i = 0; i < count; i++)
		if (str_eq_nocase(name, str_of(codecs[i].name)))
			return &codecs[i];
	return NULL;
}

static int check_decoder(const struct codec *codec, const struct codec_vector *v)
{
	const struct codec_audio want = { codec->sample_hz ? codec->sample_hz : v->params->clock_hz,
		v->params->channels };
	int16_t *out = g_new0(int16_t, CODEC_MAX_SAMPLES * CODEC_MAX_CHANNELS);
	struct codec_audio audio;
	void *decoder;
	int ret = codec->decoder->open(codec->decoder->data, v->params, &want, &audio, &decoder);

	if (ret < 0)
		goto free_out;
	ret = codec->decoder->decode(decoder, v->payload, v->payload_len, out, CODEC_MAX_SAMPLES);
	codec->decoder->close(decoder);
	ret = ret == (int)v->sample_count ? 0 : -EINVAL;
	for (size_t i = 0; !ret && i < v->sample_count * audio.channels; i++)
		if ((unsigned)abs(out[i] - v->samples[i]) > v->tolerance)
			ret = -EINVAL;
free_out:
	g_free(out);
	return ret;
}

static int check_encoder(const struct codec *codec, const struct codec_vector *v)
{
	const struct codec_audio have = { codec->sample_hz ? codec->sample_hz : v->params->clock_hz,
		v->params->channels };
	g_autofree uint8_t *out = g_malloc0(CODEC_MAX_PAYLOAD);
	struct codec_audio audio;
	size_t samples;
	void *encoder;
	int ret = codec->encoder->open(
		codec->encoder->data, v->params, &have, &audio, &samples, &encoder);

	if (ret < 0)
		return ret;
	ret = samples == v->sample_count ? codec->encoder->encode(encoder, v->samples, out)
					 : -EINVAL;
	codec->encoder->close(encoder);
	if (ret != (int)v->payload_len || memcmp(out, v->payload, v->payload_len))
		return -EINVAL;
	return 0;
}

static int check_vectors(const struct codec *codec, struct err *err)
{
	for (unsigned i = 0; i < codec->vector_count; i++) {
		const struct codec_vector *v = &codec->vectors[i];

		if (codec->decoder && check_decoder(codec, v) < 0)
			return err_set(err, EINVAL, "%s: known answer %u is not what it decodes to",
				codec->name, i + 1);
		if (v->encodes && codec->encoder && check_encoder(codec, v) < 0)
			return err_set(err, EINVAL, "%s: known answer %u is not what it encodes to",
				codec->name, i + 1);
	}
	return 0;
}

static int check(const struct codec *codec, struct err *err)
{
	if (!codec->name || !codec->name[0] || codec->channels > CODEC_MAX_CHANNELS ||
		codec->sample_hz > CODEC_MAX_SAMPLE_HZ)
		return err_set(err, EINVAL, "%s: not a codec's description",
			codec->name ? codec->name : "(no name)");
	return check_vectors(codec, err);
}

/* Takes from `codec` what `known` lacks; a fallback is replaced but for what only it has. */
static bool merge(struct codec *known, const struct codec *codec)
{
	struct codec before = *known;

	if (known->flags & CODEC_FALLBACK && !(codec->flags & CODEC_FALLBACK))
		*known = *codec;
	if (!known->decoder)
		known->decoder = before.decoder ? before.decoder : codec->decoder;
	if (!known->encoder)
		known->encoder = before.encoder ? before.encoder : codec->encoder;
	return known->decoder != before.decoder || known->encoder != before.encoder;
}

int codec_registry_add(const struct codec *codec, struct err *err)
{
	struct codec *known;
	int ret = check(codec, err);

	if (ret < 0)
		return ret;
	known = find(str_of(codec->name));
	if (!known) {
		if (count == CODEC_REGISTRY_MAX)
			return err_set(err, ENOSPC, "%s: too many codecs", codec->name);
		codecs[count++] = *codec;
		return 0;
	}
	if (!merge(known, codec) && !(codec->flags & CODEC_FALLBACK))
		return err_set(err, EEXIST, "%s: there is one already", codec->name);
	return 0;
}

void codec_registry_add_resampler(const struct dsp_resampler *resampler)
{
	if (!first_resampler)
		first_resampler = resampler;
}

void codec_registry_add_dtmf(const struct dsp_dtmf *detector)
{
	if (!first_dtmf)
		first_dtmf = detector;
}

void codec_registry_clear(void)
{
	count = 0;
	first_dtmf = NULL;
	first_resampler = NULL;
}

const struct codec *codec_find(struct str name)
{
	return find(name);
}

const struct codec *codec_at(unsigned index)
{
	return index < count ? &codecs[index] : NULL;
}

bool codec_usable(const struct codec *codec)
{
	return codec && codec->decoder && codec->encoder;
}

const struct dsp_resampler *codec_resampler(void)
{
	return first_resampler;
}

const struct dsp_dtmf *codec_dtmf(void)
{
	return first_dtmf;
}

static const char *level_of(const struct codec *codec, const char *name)
{
	if (!codec && !strcmp(name, never_decoded))
		return "fully supported";
	if (!codec || (!codec->decoder && !codec->encoder))
		return "not supported";
	if (!codec->encoder)
		return "supported for decoding only";
	if (!codec->decoder)
		return "supported for encoding only";
	return codec->channels ? "fully supported" : "codec supported but lacks RTP definition";
}

static bool is_established(const char *name)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(established); i++)
		if (!g_ascii_strcasecmp(established[i], name))
			return true;
	return false;
}

void codec_print_table(FILE *out)
{
	if (!count) {
		fputs("No codecs supported.\n", out);
		return;
	}
	for (unsigned i = 0; i < G_N_ELEMENTS(established); i++)
		fprintf(out, "%20s: %s\n", established[i],
			level_of(find(str_of(established[i])), established[i]));
	for (unsigned i = 0; i < count; i++)
		if (!is_established(codecs[i].name))
			fprintf(out, "%20s: %s\n", codecs[i].name,
				level_of(&codecs[i], codecs[i].name));
}

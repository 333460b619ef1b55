/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Codecs of plugins without a daemon: the registry filled, an encoder and a decoder back to back,
 * and what every codec has to stand.
 */
#ifndef MOCK_CODER_H
#define MOCK_CODER_H

#include "api/plugin.h"
#include "codec/registry.h"

/*
 * The plugin's codecs are added to the registry, each of which must pass its known answers.
 * Resamplers go there, too.
 */
void mock_coder_load(const struct plugin *plugin);
/* All plugins that have codecs; links them and their libraries. */
void mock_coder_load_all(void);

struct mock_coder {
	const struct codec *codec;
	void *encoder, *decoder;
	struct codec_audio in, out; /* what the encoder takes, what the decoder gives */
	size_t samples;             /* of a packet, at the encoder */
	int16_t *pcm;               /* room for the longest packet */
	uint8_t payload[CODEC_MAX_PAYLOAD];
};

/* Both ends open with `audio` on the other side of them. The codec must be there. */
void mock_coder_open(struct mock_coder *c, const char *name, const struct codec_params *params,
	const struct codec_audio *audio);
void mock_coder_close(struct mock_coder *c);
/*
 * As many whole packets as `count` samples make, through both ends; a packet the encoder leaves out
 * is silence. Returns the samples in `out`, per channel.
 */
size_t mock_coder_carry(struct mock_coder *c, const int16_t *in, size_t count, int16_t *out);
/*
 * The same, but every `nth` packet is lost, and concealed with the help of the next one. Returns the
 * segmental SNR of what stands in for them against what would have been heard; silence would have 0.
 */
double mock_coder_lose(struct mock_coder *c, const struct codec_params *params, const int16_t *in,
	size_t count, unsigned nth);

/* A tone comes out at its frequency, its level ± `level_db`, and so far above all else. */
void mock_coder_check_tone(const char *name, const struct codec_params *params,
	const struct codec_audio *audio, double level_db, double purity_db);
/* Packets of each length from 10 to 120 ms carry what they say, or the nearest `longest_ms` allows. */
void mock_coder_check_ptimes(const char *name, const struct codec_params *params,
	const struct codec_audio *audio, unsigned unit_ms, unsigned longest_ms);
/* Bytes that no encoder made, in all lengths; room for fewer samples than there are. */
void mock_coder_check_hostile(
	const char *name, const struct codec_params *params, const struct codec_audio *audio);

#endif

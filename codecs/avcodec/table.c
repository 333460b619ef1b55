/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The codecs that libavcodec does here, and what it must know of each. Those that a plugin of
 * their own does better are marked CODEC_FALLBACK; this is what is left where that plugin, or
 * its library, is missing.
 */
#include "avcodec.h"
#include "vectors.h"

#include <string.h>

#include <glib.h>

#include <libavcodec/avcodec.h>

/* The usual: telephone audio whose packets hold whole frames. */
#define SPEECH(name_, pt_, ptime_)                                                               \
	.name = name_, .payload_type = pt_, .channels = 1, .ptime_ms = ptime_, .clock_hz = 8000, \
	.silence = -1
/* Telephone audio sample by sample. */
#define SAMPLES(name_, pt_, silence_)                                                        \
	.name = name_, .payload_type = pt_, .channels = 1, .ptime_ms = 20, .clock_hz = 8000, \
	.silence = silence_
/* No clock and no channels: for files, and decoded where a session names them itself. */
#define FOR_FILES(name_, pt_) \
	.name = name_, .payload_type = pt_, .ptime_ms = 20, .ptimes = frame_20, .silence = -1

/* G.726: the first sample in the low bits (RFC 3551), or in the high ones (AAL2, same place). */
#define G726(prefix_, codec_, kbits_, bits_, vectors_)                                          \
	{                                                                                       \
		.codec = { SAMPLES(prefix_ "G726-" #kbits_, -1, -1), .ptime_min_ms = 20,        \
			.bitrate = kbits_ * 1000, .flags = CODEC_ONE_BITRATE, vectors_ },       \
		.decoders = { codec_ }, .encoders = { codec_ }, .bits = bits_, .rate_hz = 8000, \
		.mono = true                                                                    \
	}

/*
 * Lengths of packets in which one frame is sent. For files it is whatever the library makes of a frame,
 * which stands as the usual one here: no other can be asked for.
 */
static const uint8_t frame_20[] = { 20, 0 }, frame_30[] = { 30, 0 }, blocks[] = { 20, 30, 0 };
static const uint8_t frames_of_opus[] = { 5, 10, 20, 40, 60, 0 };

static const struct av_row rows[] = {
	{ .codec = { SPEECH("G723", 4, 30), .ptimes = frame_30, .bitrate = 6300,
		  .flags = CODEC_ONE_BITRATE, VECTORS(g723) },
		.decoders = { "g723_1" },
		.encoders = { "g723_1" },
		.framing = FRAMING_G723,
		.rate_hz = 8000,
		.mono = true },
	/* With less than 13 kbit/s the widest band is 7 dB too soft. */
	{ .codec = { .name = "speex",
		  .payload_type = -1,
		  .channels = 1,
		  .ptime_ms = 20,
		  .ptimes = frame_20,
		  .clock_hz = 16000,
		  .bitrate = 11000,
		  .silence = -1,
		  VECTORS(speex) },
		.decoders = { "speex", "libspeex" },
		.encoders = { "libspeex" },
		.framing = FRAMING_SPEEX,
		.wide_bitrate = 18000,
		.mono = true },
	{ .codec = { FOR_FILES("QCELP", 12), .clock_hz = 8000, VECTORS(qcelp) },
		.decoders = { "qcelp" },
		.framing = FRAMING_QCELP,
		.rate_hz = 8000,
		.mono = true },
	{ .codec = { FOR_FILES("EVRC", -1), .clock_hz = 8000, VECTORS(evrc) },
		.decoders = { "evrc" },
		.framing = FRAMING_EVRC,
		.rate_hz = 8000,
		.mono = true },
	{ .codec = { FOR_FILES("EVRC0", -1), .clock_hz = 8000, VECTORS(evrc0) },
		.decoders = { "evrc" },
		.framing = FRAMING_EVRC0,
		.rate_hz = 8000,
		.mono = true },
	{ .codec = { FOR_FILES("EVRC1", -1), .clock_hz = 8000, VECTORS(evrc0) },
		.decoders = { "evrc" },
		.framing = FRAMING_EVRC1,
		.rate_hz = 8000,
		.mono = true },
	G726("", "g726le", 16, 2, VECTORS(g726_16)),
	G726("", "g726le", 24, 3, VECTORS(g726_24)),
	G726("", "g726le", 32, 4, VECTORS(g726_32)),
	G726("", "g726le", 40, 5, VECTORS(g726_40)),
	G726("AAL2-", "g726", 16, 2, VECTORS(aal2_g726_16)),
	G726("AAL2-", "g726", 24, 3, VECTORS(aal2_g726_24)),
	G726("AAL2-", "g726", 32, 4, VECTORS(aal2_g726_32)),
	G726("AAL2-", "g726", 40, 5, VECTORS(aal2_g726_40)),
	{ .codec = { FOR_FILES("ac3", -1), VECTORS(ac3) },
		.decoders = { "ac3" },
		.encoders = { "ac3" } },
	{ .codec = { FOR_FILES("eac3", -1), VECTORS(eac3) },
		.decoders = { "eac3" },
		.encoders = { "eac3" } },
	{ .codec = { FOR_FILES("vorbis", -1), .usable = av_vorbis_usable },
		.decoders = { "vorbis", "libvorbis" },
		.encoders = { "libvorbis" },
		.vorbis = true },
	{ .codec = { FOR_FILES("ATRAC3", -1), .clock_hz = 44100, VECTORS(atrac3) },
		.decoders = { "atrac3" },
		.rate_hz = 44100,
		.atrac3 = true },
	{ .codec = { FOR_FILES("ATRAC-X", -1), .clock_hz = 44100 },
		.decoders = { "atrac3plus" },
		.any_block = true },
	{ .codec = { .name = "PCM-U8",
		  .payload_type = -1,
		  .ptime_ms = 20,
		  .silence = 0x80,
		  VECTORS(pcm_u8) },
		.decoders = { "pcm_u8" },
		.encoders = { "pcm_u8" },
		.bits = 8 },
	{ .codec = { FOR_FILES("MP3", -1), VECTORS(mp3) },
		.decoders = { "mp3float", "mp3" },
		.encoders = { "libmp3lame", "libshine" } },

	{ .codec = { SAMPLES("PCMU", 0, 0xff), .flags = CODEC_FALLBACK | CODEC_FMTP_IGNORED,
		  VECTORS(pcmu) },
		.decoders = { "pcm_mulaw" },
		.encoders = { "pcm_mulaw" },
		.bits = 8 },
	{ .codec = { SAMPLES("PCMA", 8, 0xd5), .flags = CODEC_FALLBACK | CODEC_FMTP_IGNORED,
		  VECTORS(pcma) },
		.decoders = { "pcm_alaw" },
		.encoders = { "pcm_alaw" },
		.bits = 8 },
	{ .codec = { SAMPLES("G722", 9, 0xfa), .sample_hz = 16000,
		  .flags = CODEC_FALLBACK | CODEC_FMTP_IGNORED, VECTORS(g722) },
		.decoders = { "g722" },
		.encoders = { "g722" },
		.bits = 4,
		.rate_hz = 16000,
		.mono = true },
	{ .codec = { SPEECH("GSM", 3, 20), .ptimes = frame_20, .flags = CODEC_FALLBACK,
		  VECTORS(gsm) },
		.decoders = { "gsm", "libgsm" },
		.encoders = { "libgsm" },
		.framing = FRAMING_FIXED,
		.frame_bytes = 33,
		.rate_hz = 8000,
		.mono = true },
	{ .codec = { SPEECH("G729", 18, 20), .flags = CODEC_FALLBACK | CODEC_FMTP_IGNORED,
		  .fmtp = "annexb=yes", VECTORS(g729) },
		.decoders = { "g729" },
		.framing = FRAMING_FIXED,
		.frame_bytes = 10,
		.rate_hz = 8000,
		.mono = true },
	{ .codec = { SPEECH("G729a", 18, 20), .alias_of = "G729",
		  .flags = CODEC_FALLBACK | CODEC_FMTP_IGNORED, .fmtp = "annexb=no",
		  VECTORS(g729) },
		.decoders = { "g729" },
		.framing = FRAMING_FIXED,
		.frame_bytes = 10,
		.rate_hz = 8000,
		.mono = true },
	/* The mode that is usual: blocks of 30 ms. */
	{ .codec = { SPEECH("iLBC", -1, 30), .ptimes = blocks, .flags = CODEC_FALLBACK,
		  .fmtp = "mode=30", VECTORS(ilbc) },
		.decoders = { "libilbc", "ilbc" },
		.encoders = { "libilbc" },
		.framing = FRAMING_FIXED,
		.frame_bytes = 50,
		.rate_hz = 8000,
		.mono = true },
	{ .codec = { .name = "opus",
		  .payload_type = -1,
		  .channels = 2,
		  .ptime_ms = 20,
		  .clock_hz = 48000,
		  .bitrate = 32000,
		  .ptimes = frames_of_opus,
		  .flags = CODEC_FALLBACK,
		  .fmtp = "useinbandfec=1",
		  .silence = -1,
		  VECTORS(opus) },
		.decoders = { "libopus", "opus" },
		.encoders = { "libopus" },
		.rate_hz = 48000 },
};

const struct av_row *av_row_at(unsigned index)
{
	return index < G_N_ELEMENTS(rows) ? &rows[index] : NULL;
}

const struct AVCodec *av_row_decoder(const struct av_row *row)
{
	for (unsigned i = 0; i < AV_NAMES && row->decoders[i]; i++) {
		const AVCodec *codec = avcodec_find_decoder_by_name(row->decoders[i]);

		if (codec)
			return codec;
	}
	return NULL;
}

const struct AVCodec *av_row_encoder(const struct av_row *row)
{
	for (unsigned i = 0; i < AV_NAMES && row->encoders[i]; i++) {
		const AVCodec *codec = avcodec_find_encoder_by_name(row->encoders[i]);

		if (codec)
			return codec;
	}
	return NULL;
}

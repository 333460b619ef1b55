/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Codecs by libavcodec, for the files of this folder: the table of them (table.c), payloads cut
 * into what the library takes at once (framing.c), decoding (decode.c) and encoding (encode.c).
 */
#ifndef AVCODEC_PLUGIN_H
#define AVCODEC_PLUGIN_H

#include "api/codec.h"

#include <glib.h>

/* How payloads are made of what the library takes and gives. */
enum framing {
	FRAMING_WHOLE, /* a payload is one packet of the library's */
	FRAMING_FIXED, /* frames of `frame_bytes`; what is left over is ignored */
	FRAMING_G723,  /* each frame's first octet tells its length */
	FRAMING_QCELP, /* RFC 2658: an octet of interleaving, each frame's first octet is its rate */
	FRAMING_EVRC,  /* RFC 3558 5.1: interleaving, count, rates; then the frames */
	FRAMING_EVRC0, /* RFC 3558 5.2: one frame and nothing else */
	FRAMING_SPEEX, /* RFC 5574: frames of any number of bits right behind each other */
	FRAMING_EVRC1, /* RFC 4788: frames of one rate */
};

enum { AV_NAMES = 2, AV_PACKET_BYTES = 8192 };

struct av_row {
	struct codec codec;             /* all but decoder and encoder */
	const char *decoders[AV_NAMES]; /* the library's names, the best first */
	const char *encoders[AV_NAMES];
	enum framing framing;
	unsigned frame_bytes;
	unsigned bits;    /* of a sample, of codecs that have any number of samples in a packet */
	unsigned rate_hz; /* the only one there is; 0: any that is asked for */
	unsigned wide_bitrate; /* usual above 16 kHz; 0: as below */
	bool atrac3;           /* its frames' size and kind follow from the fmtp (RFC 5584) */
	bool any_block;        /* a frame is as long as the payload is */
	bool vorbis;           /* it takes headers out of the fmtp to decode */
	bool mono;             /* more channels are not to be had */
};

/* The rows of the table; NULL behind the last. */
const struct av_row *av_row_at(unsigned index);

struct AVCodec;
/* The library's codec of a row; NULL: this build of it has none. */
const struct AVCodec *av_row_decoder(const struct av_row *row);
const struct AVCodec *av_row_encoder(const struct av_row *row);

/* As in codec.h; their `data` is a row. */
extern const struct codec_decoder av_decoder;
extern const struct codec_encoder av_encoder;

/* The headers an fmtp describes, as the library takes them; NULL: none, or not well described. */
GByteArray *av_vorbis_headers(struct str fmtp);
/* As in codec.h: it is tried, since only the library can tell whether the headers are good. */
bool av_vorbis_usable(const struct codec_params *params);

/* A payload on its way into the decoder. */
struct av_cut {
	const uint8_t *at;
	size_t left;
	unsigned frames;      /* still to come, where the payload says how many */
	const uint8_t *rates; /* EVRC: of the frames, four bits each */
	unsigned taken;
	size_t bit; /* speex: from `at` on */
};

/* False: this is no payload of that kind. */
bool av_cut_begin(const struct av_row *row, const uint8_t *payload, size_t len, struct av_cut *cut);
/* The next piece for the library, in `out` (AV_PACKET_BYTES): its length; 0: no more. */
size_t av_cut_next(const struct av_row *row, struct av_cut *cut, uint8_t *out);

#endif

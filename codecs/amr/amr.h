/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * AMR and AMR-WB, for the files of this folder: what the two differ in (kinds.c), what an fmtp
 * says (format.c), payloads taken apart and put together (payload.c), and the codecs (amr.c).
 */
#ifndef AMR_H
#define AMR_H

#include "api/codec.h"

enum {
	AMR_TYPES = 16, /* of frames: modes, comfort noise, nothing */
	AMR_MAX_MODES = 9,
	AMR_VECTORS = 2,
	AMR_NO_REQUEST = 15, /* as a mode request */
	AMR_NO_DATA = 15,    /* as a type of frame */
	AMR_MAX_FRAMES = CODEC_MAX_PACKET_MS / 20,
	AMR_MAX_FRAME_SAMPLES = 320,
	AMR_FRAME_BYTES = 64, /* the longest has 61 with its TOC octet; libraries read some more */
};

/* The library of one kind: frames as in files (RFC 4867 5.3), a TOC octet and the bits. */
struct amr_coder {
	void *(*open_decoder)(void);
	void (*close_decoder)(void *decoder);
	void (*decode)(void *decoder, const uint8_t *frame, int16_t *out);
	void *(*open_encoder)(void);
	void (*close_encoder)(void *encoder);
	int (*encode)(void *encoder, unsigned mode, const int16_t *samples, uint8_t *frame);
};

struct amr_kind {
	uint32_t sample_hz;
	unsigned frame_samples;
	unsigned modes;
	uint32_t bitrate; /* usual */
	uint32_t bitrates[AMR_MAX_MODES];
	int16_t bits[AMR_TYPES];    /* of a frame of each type; negative: there is no such type */
	uint8_t class_a[AMR_TYPES]; /* of them, those that the CRC is about */
	unsigned repeats;           /* of speech, for frames that are lost (amr.c) */
	unsigned types;             /* those below are speech and our kind's own comfort noise */
	const struct amr_coder *coder;
};

extern const struct amr_kind amr_narrow, amr_wide;
extern const struct codec_vector amr_narrow_vectors[AMR_VECTORS], amr_wide_vectors[AMR_VECTORS];

/* What an fmtp says; none of it: the defaults of RFC 4867. */
struct amr_format {
	bool octet_align, crc, robust_sorting, interleaving;
	bool change_in_pairs;  /* mode-change-period=2 */
	bool change_neighbour; /* mode-change-neighbor=1 */
	uint16_t modes;        /* allowed, a bit each */
};

void amr_format_parse(const struct amr_kind *kind, struct str fmtp, struct amr_format *format);
/* Of two formats as in codec.h `match`. */
enum codec_match amr_format_match(const struct amr_format *a, const struct amr_format *b);
/* The highest allowed mode of at most this rate, else the lowest allowed. */
unsigned amr_mode_of_rate(
	const struct amr_kind *kind, const struct amr_format *format, uint32_t bitrate);
/* The next allowed mode above or below; `mode` itself when there is none. */
unsigned amr_mode_above(const struct amr_format *format, unsigned mode);
unsigned amr_mode_below(const struct amr_format *format, unsigned mode);

struct amr_frame {
	uint8_t type;
	bool good;                      /* fit to be decoded: speech or noise, not damaged */
	uint8_t bytes[AMR_FRAME_BYTES]; /* as in files; zeros behind it */
};

/*
 * Takes a payload apart: how many frames, at most AMR_MAX_FRAMES, and the mode asked for in
 * *ret_request. What is cut off at the end, or beyond those, is left out. Negative: nothing of it
 * can be used.
 */
int amr_payload_read(const struct amr_kind *kind, const struct amr_format *format,
	const uint8_t *payload, size_t len, struct amr_frame *frames, unsigned *ret_request);
/* Puts a payload together of one frame as in files; its length. */
size_t amr_payload_write(const struct amr_kind *kind, const struct amr_format *format,
	unsigned request, const uint8_t *frame, uint8_t *out);

#endif

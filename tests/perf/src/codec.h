/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reference codecs, test signals and the check that decoded audio is the right audio.
 * Everything here works on 20 ms frames of mono 16-bit audio. */
#ifndef CODEC_H
#define CODEC_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FRAME_MAX = 960, PAYLOAD_MAX = 400, CLIP_FRAMES = 100 };

struct codec {
	const char *key;     /* name on the command line */
	const char *rtpmap;  /* name in SDP */
	const char *ng_name; /* name for the NG codec lists */
	const char *fmtp;    /* NULL: none */
	int pt;              /* static, or the one we offer */
	int rate;            /* audio sampling rate */
	int ts_step;         /* RTP timestamp units per 20 ms */
	bool variable;       /* payload size varies */
	void *(*enc_new)(void);
	int (*encode)(void *st, const int16_t *pcm, uint8_t *out);
	void *(*dec_new)(void);
	int (*decode)(void *st, const uint8_t *in, int len, int16_t *pcm); /* samples */
};

/* NULL when unknown, or built without the library that it needs. */
const struct codec *codec_find(const char *key);

enum { TONE_VARIANTS = 8 };

/* Fills n samples from position pos. "tones": the variant's dual tone.
 * "speech": voiced and unvoiced sounds with pauses, for CPU figures only. */
void signal_make(const char *kind, int variant, int rate, int64_t pos, int n, int16_t *pcm);

struct clip { /* a loop of 2 s of encoded audio */
	struct {
		uint16_t len;
		uint8_t data[PAYLOAD_MAX];
	} frame[CLIP_FRAMES];
};
struct clip *clip_make(const struct codec *c, const char *kind, int variant);

/* How well decoded audio matches the variant's dual tone. */
struct tone_result {
	double snr_db;      /* the two tones against everything else */
	double level_db[2]; /* each tone against the level that was sent */
	int blocks;         /* 100 ms blocks looked at */
};
struct tone_result tone_check(const int16_t *pcm, int n, int rate, int variant);
#endif

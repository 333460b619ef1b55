/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a transcoder is made of. transcoder_open.c makes it on control, transcoder.c runs it on a
 * worker; for these two alone.
 */
#ifndef MEDIA_TRANSCODER_PRIV_H
#define MEDIA_TRANSCODER_PRIV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api/codec.h"
#include "api/dsp.h"
#include "codec/conceal.h"
#include "media/plan.h"
#include "rtp/sequencer.h"

struct decoder {
	const struct codec_decoder *ops;
	void *state; /* NULL: it has none, or is of events */
	struct codec_audio audio;
	struct conceal *conceal;
	uint32_t clock_hz;
	bool used; /* there is something in it of the source that is heard now */
};

struct encoder {
	const struct codec_encoder *ops;
	void *state;
	struct codec_audio audio;
	uint32_t clock_hz;
	uint8_t payload_type;
	size_t packet_samples, held; /* samples that make a packet; those that wait for one */
	bool used;                   /* as of a decoder */
	int16_t *fifo;
	void *resamplers[PLAN_MAX_FORMATS]; /* by decoder; NULL: none is needed */
	uint8_t chain[PLAN_MAX_FORMATS];  /* by decoder: where it is counted (stats/chain.h) … */
	bool has_chain[PLAN_MAX_FORMATS]; /* … if at all */
};

struct transcoder {
	const struct plan_transcode *plan;
	const struct dsp_resampler *resampler;
	struct decoder decoders[PLAN_MAX_FORMATS];
	struct encoder encoders[PLAN_MAX_FORMATS];
	struct sequencer sequencer;
	uint32_t ssrc;
	bool has_ssrc, has_expected;
	bool in_event;
	bool passed; /* something was passed on since audio was heard last */
	bool broken; /* the latest packet could not be decoded: it is made up for like a lost one */
	bool silent;
	uint32_t expected;    /* timestamp that follows what was heard */
	uint32_t event_start; /* timestamp received, of the event that goes on */
	uint32_t event_sent;  /* and sent */
	unsigned encoder;     /* the one that audio went to last */
};

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a transcoder is made of. transcoder_open.c makes it on control, transcoder.c runs it on a
 * worker; for these and those beside them alone.
 */
#ifndef MEDIA_TRANSCODER_PRIV_H
#define MEDIA_TRANSCODER_PRIV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api/codec.h"
#include "api/dsp.h"
#include "base/buf.h"
#include "base/err.h"
#include "codec/conceal.h"
#include "codec/tone.h"
#include "media/digits.h"
#include "media/plan.h"
#include "rtp/sequencer.h"
#include "rtp/telephone_event.h"

struct outlet;
struct outlet_ssrc;
struct packet;

struct decoder {
	const struct codec_decoder *ops;
	void *state; /* NULL: it has none, or is of events */
	struct codec_audio audio;
	struct conceal *conceal;
	uint32_t clock_hz;
	bool used; /* there is something in it of the source that is heard now */
};

/* DTMF of a source, as one of its flows deals with it. */
struct dtmf {
	struct plan_dtmf block;          /* as the latest packet's filter had it */
	const struct dsp_dtmf *detector; /* NULL: digits in audio are not looked for */
	void *detector_state;
	void *resamplers[PLAN_MAX_FORMATS]; /* by decoder, to the detector; NULL: none is needed */
	int heard;                          /* code of the digit in the latest audio; -1: none */
	uint8_t volume;                     /* its level */
	bool heard_lately;                  /* somewhere in the latest audio there was one */
	uint32_t heard_samples;             /* how long so far, at DSP_DTMF_HZ */
	/* What is heard instead of digits that are blocked. */
	bool masking;
	unsigned masked; /* how many so far */
	struct tone mask;
	uint64_t mask_offset; /* samples of it so far */
	/* Events that are made heard. */
	bool has_event; /* `event_start` of the transcoder is one of these */
	uint8_t event_code;
	uint32_t event_ticks; /* of it that were heard */
	struct tone tone;
	int64_t credit_us, credit_at_us; /* how much may be heard, as of when */
	/* An event that is to come later, while it is being received. */
	bool has_late;
	struct digit late;
	uint32_t late_start;  /* timestamp of its latest segment */
	uint32_t late_before; /* ticks before that */
	int64_t late_due_us, late_seen_us;
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

/* The latest event that came, which may be told in segments (RFC 4733 2.5.1.3). */
struct event_in {
	bool known; /* there was one, of this source */
	bool on;    /* its end has not come */
	uint8_t code;
	uint32_t start;  /* timestamp received, of its latest segment */
	uint32_t before; /* ticks of it before that */
	/* Of what is sent as an event: */
	uint32_t sent; /* timestamp of the whole */
	uint32_t told; /* ticks in segments that are over */
	bool has_over; /* audio has not gone on since it was sent … */
	uint32_t over; /* … and it ends at this timestamp, as far as was said */
};

struct transcoder {
	const struct plan_transcode *plan;
	struct plan_handler handler[128]; /* the plan's, but for what could not be opened */
	bool counts;                      /* as one that runs */
	const struct dsp_resampler *resampler;
	struct decoder decoders[PLAN_MAX_FORMATS];
	struct encoder encoders[PLAN_MAX_FORMATS];
	struct sequencer sequencer;
	int64_t waits_us; /* since when something in it waits for what is missing before it */
	uint32_t ssrc;    /* whose packets it has */
	bool has_ssrc, has_expected;
	bool passed; /* something was passed on since audio was heard last */
	bool broken; /* the latest packet could not be decoded: it is made up for like a lost one */
	bool silent;
	uint32_t expected; /* timestamp that follows what was heard, … */
	uint32_t
		expected_hz; /* … of that clock, which events have, too, whatever is said of theirs */
	uint32_t filled;     /* of what is expected: was sent as silence already */
	struct event_in event;
	unsigned decoder, encoder; /* those that audio went through last */
	struct dtmf dtmf;
	uint32_t frame_ticks; /* of a plan that relays: from one packet of audio to the next */
	bool puts_digits;     /* in place of audio */
};

/* A packet's way through, once it is its turn. */
struct turn {
	struct transcoder *t;
	struct outlet *outlet;
	struct outlet_ssrc *ssrc;
	struct packet *packet; /* for its time and counts; its buf may be gone */
	struct buf_pool *pool;
	struct decoder *decoder;
	struct encoder *encoder;
	unsigned decoder_index;
	bool making_up;
	bool leads; /* digits take the place of this source's audio, if of any */
};

/* transcoder_out.c: how much of its clock so many samples of an encoder are. */
uint32_t transcoder_ticks(const struct encoder *e, size_t samples);
/* transcoder_out.c: `count` samples of the encoder's kind, on their way to the sink. */
void transcoder_send_samples(const struct turn *turn, const int16_t *samples, size_t count);
/* The same of silence. */
void transcoder_send_silence(const struct turn *turn, size_t count);
/* transcoder_out.c: what waits for more audio leaves, filled with silence. */
void transcoder_finish_packet(const struct turn *turn);
/* transcoder_out.c: time in which nothing was sent, by the decoder's clock. */
void transcoder_leave_out(const struct turn *turn, uint32_t ticks);
/* transcoder_out.c: this packet's timestamp is that of the sample which goes into the encoder next. */
void transcoder_drop_anchor(const struct turn *turn, uint32_t timestamp);

/* Ticks of one clock in those of another. */
static inline uint32_t transcoder_rescale(uint32_t ticks, uint32_t from_hz, uint32_t to_hz)
{
	return (uint32_t)((uint64_t)ticks * to_hz / from_hz);
}

/*
 * transcoder_event.c: `event` is the transcoder's now, whose clock that is. Before its first
 * packet leaves what waits for more audio; then the sink sees how many were `lost`.
 */
void transcoder_note_event(const struct turn *turn, const struct rtp_header *h,
	const struct telephone_event *event, uint32_t clock_hz, unsigned lost);
/* The same, and goes on in the sink's clock: code, end and volume stay. */
void transcoder_convert_event(const struct turn *turn, const struct rtp_header *h,
	const struct telephone_event *event, unsigned lost);
/* An event as far as it goes. */
struct event_out {
	const struct encoder *encoder;
	struct telephone_event event; /* but for its duration */
	uint32_t start, ticks;        /* its timestamp; how long so far, by the encoder's clock */
	bool marker;
};

/*
 * transcoder_event_out.c: a packet of it. What is too long for one is told in segments (RFC 4733
 * 2.5.1.3); *told: ticks of it in those that are over, 0 at the beginning.
 */
void transcoder_send_event(const struct turn *turn, const struct event_out *out, uint32_t *told);

/* transcoder_pass.c: a packet that passes, `lost` of those before it are missing. */
void transcoder_pass(
	struct turn *turn, const struct rtp_header *h, const uint8_t *payload, unsigned lost);
/* The same of noise that is called otherwise. */
void transcoder_pass_noise(
	struct turn *turn, struct rtp_header h, const uint8_t *payload, unsigned lost);

/* transcoder_dtmf.c: opens what the plan asks for. 0, or -ENOTSUP and `err`. [control] */
int dtmf_open(struct transcoder *t, struct err *err);
void dtmf_close(struct transcoder *t);
/* Digits in audio that was decoded: found, told, hidden as the block has it; in place. */
void dtmf_hear(const struct turn *turn, int16_t *samples, size_t count);
/* So many samples are missing. */
void dtmf_miss(const struct turn *turn, size_t count);
/*
 * Do digits take the place of this source's audio? Those that are found in it do when there are no
 * others.
 */
bool dtmf_leads(const struct turn *turn);
/*
 * A packet's worth of audio on its way into the encoder, whose timestamp is next. True: events
 * were sent in its place. *samples may be others afterwards.
 */
bool dtmf_replace(const struct turn *turn, const int16_t **samples);
/*
 * An event that came. True: it was dealt with. False: it goes on as an event, whose first bytes
 * are `event` now.
 */
bool dtmf_take_event(
	const struct turn *turn, const struct rtp_header *h, struct telephone_event *event);
/* What is heard instead of the next digit that is blocked, which is the nth one. */
struct tone dtmf_mask(const struct turn *turn, unsigned nth);
/* transcoder_event.c: an event that came is heard by the sink. */
void dtmf_play_event(
	const struct turn *turn, const struct rtp_header *h, const struct telephone_event *event);
/* The transcoder goes on with another source: a digit heard in this one's audio is over. */
void dtmf_forget(const struct turn *turn);
/* Digits take another source's place from now on: an event that goes on ends, under this SSRC. */
void dtmf_leave(const struct turn *turn);
/* Of a plan that relays. Takes the packet's buf. */
void dtmf_relay(const struct turn *turn);

#endif

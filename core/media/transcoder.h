/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * RTP of one stream made into what one sink understands (spec media 3): put in order, decoded,
 * what is missing made up for, resampled, encoded, handed to the outlet. It is made with the plan
 * and keeps running over plans that ask for the same.
 */
#ifndef MEDIA_TRANSCODER_H
#define MEDIA_TRANSCODER_H

#include "base/err.h"
#include "media/plan.h"

struct outlet;
struct packet;
struct transcoder;

/*
 * Opens all that `plan` names; it must live as long, or until transcoder_follow gives another
 * that is equal. Payload types whose codec cannot be opened so, or for which there is no
 * resampler, are discarded, with a warning in the log; -ENOTSUP and `err`: none of its audio would
 * be left. [control]
 */
int transcoder_new(
	const struct plan_transcode *plan, struct transcoder **ret_transcoder, struct err *err);
/* The same for one more source of a flow that has one: `transcoders_running` does not count it. */
int transcoder_new_beside(
	const struct plan_transcode *plan, struct transcoder **ret_transcoder, struct err *err);
/* How many there are: each is one media section's way to one receiver. [control] */
unsigned transcoders_running(void);
/* On no worker any more. NULL is fine. [control] */
void transcoder_free(struct transcoder *t);
/* An equal plan takes the place of its own. [media] */
void transcoder_follow(struct transcoder *t, const struct plan_transcode *plan);
/*
 * An RTP packet for the outlet's sink; takes packet->buf. `silent`: it is to be heard as silence;
 * `block`: what is done about its digits, or NULL. [media]
 */
void transcoder_take(struct transcoder *t, struct packet *packet, struct outlet *outlet,
	bool silent, const struct plan_dtmf *block);
/* The same of a plan that relays. [media] */
void transcoder_relay(struct transcoder *t, struct packet *packet, struct outlet *outlet,
	const struct plan_dtmf *block);
bool transcoder_relays(const struct transcoder *t);
/* Whose packets it has; false: nobody's yet. [media] */
bool transcoder_source(const struct transcoder *t, uint32_t *ret_ssrc);
/*
 * transcoder_tune.c: what the far end asks encoders of `codec` for, in that codec's terms / how much
 * of what they send is lost on its way, as the far end reports. [media]
 */
void transcoder_obey(struct transcoder *t, const struct codec *codec, int request);
void transcoder_loss(struct transcoder *t, unsigned percent);
/* Since when packets of it wait for others that are missing; false: none do. [media] */
bool transcoder_waits(const struct transcoder *t, int64_t *ret_since_us);
/*
 * They wait no longer; no buffer is held afterwards. Of `packet`, whose buf is not looked at, are the
 * time and the stream that they came by. [media]
 */
void transcoder_flush(struct transcoder *t, struct outlet *outlet, struct packet *packet);

#endif

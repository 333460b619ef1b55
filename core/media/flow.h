/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * RTP from one stream to one sink, where something is or was done to it that changes its numbers.
 * Streams without one pass packets on as they are.
 */
#ifndef MEDIA_FLOW_H
#define MEDIA_FLOW_H

#include "base/err.h"
#include "media/outlet.h"

enum { FLOW_SOURCES = 4 }; /* SSRCs at the same time, each with codecs of its own */

struct codec;
struct packet;
struct plan_dtmf;
struct plan_transcode;
struct stream;
struct stream_set;
struct transcoder;

struct flow {
	/*
	 * Owned, of one plan, an SSRC each. None: packets are passed on as they are, or (before the
	 * set is applied) those that run go on.
	 */
	struct transcoder *transcoders[FLOW_SOURCES];
	unsigned transcoder_count;
	int64_t ask_us;             /* control is not asked for more of them before */
	struct wheel_timer waiting; /* set while packets wait for others that are missing */
	struct outlet outlet;
};

/*
 * What the plan of `set` asks for: flows where something is transcoded, or was in `latest`, the
 * set before it (NULL: none); codecs are opened where `latest` does not ask for the same. 0, or
 * -errno and `err`. [control]
 */
int flows_open(struct stream_set *set, const struct stream_set *latest, struct err *err);
/* On no worker any more. [control] */
void flows_free(struct stream_set *set);
/* After `next` took the place of `before` (NULL: none). [media] */
void flows_inherit(struct stream_set *before, struct stream_set *next);
/* All that waits leaves, or is dropped: the session leaves this worker. [media] */
void flows_stop(struct stream_set *set);
/*
 * Another transcoder of `transcode`, for one more SSRC; it stays the caller's when that is not what
 * the flow does (any more), or it has FLOW_SOURCES: false. [media]
 */
bool flow_add_transcoder(struct stream_set *set, uint32_t source_id, uint32_t sink_id,
	const struct plan_transcode *transcode, struct transcoder *t);
/*
 * flow_take.c: a packet on its way; takes packet->buf. `silent`: to be heard as silence; `block`:
 * what is done about its digits, or NULL. Where there are more SSRCs at once than transcoders,
 * control is asked for another (MEDIA_EVENT_SOURCES_TOGETHER). [media]
 */
void flow_take(
	struct flow *flow, struct packet *packet, bool silent, const struct plan_dtmf *block);
/*
 * flow_take.c: packets that wait for others wait no longer than that long, if nothing else comes:
 * sets the timer for it / what the timer does. [media]
 */
void flow_watch(struct flow *flow);
void flow_on_waited(struct wheel_timer *timer, int64_t now_us);
/* flow_take.c: what waits since then or before waits no longer. [media] */
void flow_flush(struct flow *flow, int64_t since_us, int64_t now_us);
/* flow_take.c: the same of a plan that relays. [media] */
void flow_relay(struct flow *flow, struct packet *packet, const struct plan_dtmf *block);
/* flow_tune.c: transcoder_obey for all its sources / transcoder_loss for what is sent as `ssrc`. [media] */
void flow_obey(const struct flow *flow, const struct codec *codec, int request);
void flow_loss(struct flow *flow, uint32_t ssrc, unsigned percent);
/* For all sinks of the stream that take digits so; what is too much is counted. [media] */
void flows_put_digit(struct stream *source, const struct digit *digit);
/* Whom `sink` knows as `ssrc`, of whatever source; NULL: nobody that is transcoded. [media] */
const struct outlet_ssrc *flow_sent_as(const struct stream *sink, uint32_t ssrc);
/* The flow that sends it to `sink`; NULL: none that transcodes. [media] */
struct flow *flow_sending(const struct stream *sink, uint32_t ssrc);
/* From `source` to `sink`, both by RTP; NULL. [media] */
struct flow *flow_find(const struct stream *source, const struct stream *sink);

#endif

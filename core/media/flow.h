/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * RTP from one stream to one sink, where something is or was done to it that changes its numbers.
 * Streams without one pass packets on as they are.
 */
#ifndef MEDIA_FLOW_H
#define MEDIA_FLOW_H

#include "base/err.h"
#include "media/outlet.h"

struct packet;
struct plan_dtmf;
struct stream;
struct stream_set;
struct transcoder;

struct flow {
	/*
	 * Owned; NULL: packets are passed on as they are, or (before the set is applied) the one
	 * that runs goes on.
	 */
	struct transcoder *transcoder;
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
 * A packet on its way; takes packet->buf. `silent`: to be heard as silence; `block`: what is done
 * about its digits, or NULL. [media]
 */
void flow_take(
	struct flow *flow, struct packet *packet, bool silent, const struct plan_dtmf *block);
/* For all sinks of the stream that take digits so; what is too much is counted. [media] */
void flows_put_digit(struct stream *source, const struct digit *digit);
/* Whom `sink` knows as `ssrc`, of whatever source; NULL: nobody that is transcoded. [media] */
const struct outlet_ssrc *flow_sent_as(const struct stream *sink, uint32_t ssrc);
/* The flow that sends it to `sink`; NULL: none that transcodes. [media] */
struct flow *flow_sending(const struct stream *sink, uint32_t ssrc);
/* From `source` to `sink`, both by RTP; NULL. [media] */
struct flow *flow_find(const struct stream *source, const struct stream *sink);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which of a flow's transcoders a packet is for. Each is one SSRC's, since codecs and the order of
 * packets are a source's own (spec media 3.2, 3.4). Mostly one SSRC follows another and takes over
 * its transcoder; who comes back right after it had to make place sends at the same time, and
 * control is asked for another one: codecs are not opened here.
 */
#include "media/flow.h"

#include <glib.h>

#include "media/packet.h"
#include "media/transcoder.h"

static const int64_t TOGETHER_US = 200000; /* sources this close are heard at the same time */
static const int64_t ASK_US = 1000000;     /* control is not asked more often */
static const int64_t WAIT_US = 100000;     /* for what is missing, where nothing else comes */

/* Has it been heard of late? */
static bool is_heard(struct flow *flow, uint32_t ssrc, int64_t now_us)
{
	const struct outlet_ssrc *s = outlet_find_in(&flow->outlet, ssrc);

	return s && now_us - s->heard_us <= TOGETHER_US;
}

static void ask_for_more(struct flow *flow, const struct packet *packet)
{
	if (flow->transcoder_count == FLOW_SOURCES || packet->now_us < flow->ask_us)
		return;
	flow->ask_us = packet->now_us + ASK_US;
	media_tell_control(packet->in, (struct media_event){
					       .type = MEDIA_EVENT_SOURCES_TOGETHER,
					       .source = addr_of_sock(packet->from),
					       .sink_id = flow->outlet.sink->plan->id,
				       });
}

/*
 * That of its SSRC, or else one whose source is silent. Where there is none, all others have to
 * make do with the last, so that those before it stay whole.
 */
static struct transcoder *choose(struct flow *flow, const struct packet *packet)
{
	uint32_t ssrc = rtp_ssrc(packet->buf->data), other;
	struct transcoder *chosen = NULL;

	for (unsigned i = 0; i < flow->transcoder_count; i++) {
		struct transcoder *t = flow->transcoders[i];
		bool taken = transcoder_source(t, &other);

		if (taken && other == ssrc)
			return t;
		if (!chosen && (!taken || !is_heard(flow, other, packet->now_us)))
			chosen = t;
	}
	if (chosen)
		return chosen;
	if (is_heard(flow, ssrc, packet->now_us))
		ask_for_more(flow, packet);
	return flow->transcoders[flow->transcoder_count - 1];
}

/* ---- what waits for packets that are missing ---- */

void flow_flush(struct flow *flow, int64_t since_us, int64_t now_us)
{
	struct packet packet = {
		.in = flow->outlet.source,
		.from = &flow->outlet.source->source,
		.now_us = now_us,
		.kind = DATAGRAM_RTP,
	};
	int64_t waits_us;

	for (unsigned i = 0; i < flow->transcoder_count; i++)
		if (transcoder_waits(flow->transcoders[i], &waits_us) && waits_us <= since_us)
			transcoder_flush(flow->transcoders[i], &flow->outlet, &packet);
}

void flow_watch(struct flow *flow)
{
	struct wheel *wheel = loop_wheel(
		media_worker_loop(flow->outlet.source->set->state->worker));
	int64_t first_us = INT64_MAX, waits_us;

	for (unsigned i = 0; i < flow->transcoder_count; i++)
		if (transcoder_waits(flow->transcoders[i], &waits_us))
			first_us = MIN(first_us, waits_us);
	if (first_us < INT64_MAX)
		wheel_set(wheel, &flow->waiting, first_us + WAIT_US);
	else
		wheel_clear(wheel, &flow->waiting);
}

void flow_on_waited(struct wheel_timer *timer, int64_t now_us)
{
	struct flow *flow = container_of(timer, struct flow, waiting);

	flow_flush(flow, now_us - WAIT_US, now_us);
	flow_watch(flow);
}

/* ---- packets ---- */

void flow_take(struct flow *flow, struct packet *packet, bool silent, const struct plan_dtmf *block)
{
	loop_gather(media_worker_loop(packet->in->set->state->worker));
	transcoder_take(choose(flow, packet), packet, &flow->outlet, silent, block);
	flow_watch(flow);
}

void flow_relay(struct flow *flow, struct packet *packet, const struct plan_dtmf *block)
{
	transcoder_relay(choose(flow, packet), packet, &flow->outlet, block);
}

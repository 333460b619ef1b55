/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The path in; read this first. A datagram comes from an engine and meets, in this order:
 *
 *   demux    what is it, and is it expected on this port (demux.c)
 *   ICE      STUN goes to the section's agent, and ends here (ice.c)
 *   loop     has it come round and round, where the peer is a port of ours (loop_check.h)
 *   secure   is it authentic, and what does it say, where SRTP is spoken (secure.c); DTLS ends
 *            here (dtls.c)
 *   learn    is its source believed (learn.c)
 *   bundle   which of the sections it belongs to, where several share the port (bundle.c)
 *   count    statistics of the stream and its SSRC; of RTCP, what it reports (rtcp_in.c)
 *   record   a copy for whoever wants it (tap.c)
 *   deliver  to each sink of the plan: a copy for all but the last (send.c); if the plan asks for
 *            it, after a while (delay.c), and blocked or changed for some (filter.c); RTCP
 *            ends here where reports are ours (reporter.c)
 *
 * A step that says no names a reason, which is counted; nothing else happens to the packet.
 */
#include "media/bundle.h"
#include "media/dtls.h"
#include "media/ice.h"
#include "media/loop_check.h"
#include "media/offload.h"
#include "media/packet.h"
#include "media/reporter.h"
#include "media/secure.h"
#include "media/tap.h"

#include "stats/counter.h"

/* The record of an SSRC; the one unused for longest makes room. */
static struct ssrc_stats *find_ssrc(struct stream_counts *counts, uint32_t ssrc)
{
	struct ssrc_stats *oldest = &counts->ssrc[0];

	for (unsigned i = 0; i < STREAM_SSRC_MAX; i++) {
		struct ssrc_stats *s = &counts->ssrc[i];

		if (s->used && s->ssrc == ssrc)
			return s;
		if (!s->used) {
			oldest = s;
			break;
		}
		if (s->last_us < oldest->last_us)
			oldest = s;
	}
	if (oldest->used) {
		counts->ssrcs_forgotten++;
		sequence_counts_add(&counts->forgotten, &oldest->reception.counts);
	}
	*oldest = (struct ssrc_stats){ .ssrc = ssrc, .used = true };
	return oldest;
}

/* Not dropped: it may be understood all the same. */
static void count_unknown(struct stream_counts *counts)
{
	reason_count(REASON_UNKNOWN_TYPE);
	counter_add(COUNTER_PACKET_ERRORS, 1);
	counts->errors_in++;
}

/*
 * After events, and types that nobody named, the type counts as not known, so that each of their
 * packets comes here, and the one behind them: what is done about these costs other packets
 * nothing. So it is out of line.
 */
__attribute__((noinline)) static void change_type(const struct packet *packet, struct ssrc_stats *s)
{
	uint8_t type = s->payload_type;
	bool event = media_is_event(packet->in, type);
	bool known = stream_knows_type(packet->in, type);

	reception_set_clock(&s->reception, type, stream_clock_hz(packet->in, type));
	if (!known)
		count_unknown(&packet->in->stats->counts);
	if (event || !known) {
		s->reception.clock_type = RECEPTION_NO_TYPE;
		media_offload_saw(packet, event);
	}
	if (event || packet->in->event.active)
		media_dtmf_in(packet, event);
}

/* Seldom: it shows that its sender has learned of another port. */
__attribute__((noinline)) static void change_port(const struct packet *packet)
{
	packet->in->heard_port = packet->port;
	media_offload_look(packet->in->set->state);
}

/* The first of an SSRC; or one of a stream that is away, whose numbers are counted elsewhere. */
__attribute__((noinline)) static void count_unusual(
	const struct packet *packet, struct ssrc_stats *s, bool first)
{
	uint16_t seq = rtp_seq(packet->buf->data);

	if (first)
		media_offload_look(packet->in->set->state);
	if (packet->in->away && media_offload_heard(packet, s))
		return;
	if (first)
		reception_begin(&s->reception, seq);
	else
		reception_sequence(&s->reception, seq);
}

static void count_rtp(struct stream_counts *counts, const struct packet *packet)
{
	const uint8_t *data = packet->buf->data;
	struct ssrc_stats *s = find_ssrc(counts, rtp_ssrc(data));
	uint32_t timestamp = rtp_timestamp(data);
	bool first = !s->packets;

	if (packet->port != packet->in->heard_port)
		change_port(packet);
	s->last_seq = rtp_seq(data);
	s->payload_type = data[1] & 0x7f;
	if (first || packet->in->away)
		count_unusual(packet, s, first);
	else
		reception_sequence(&s->reception, s->last_seq);
	if (s->payload_type != s->reception.clock_type)
		change_type(packet, s);
	if (first || timestamp != s->last_timestamp)
		reception_arrival(&s->reception, timestamp, packet->now_us);
	s->packets++;
	s->bytes += packet->buf->len;
	s->last_timestamp = timestamp;
	s->last_us = packet->now_us;
}

static void count_in(const struct packet *packet)
{
	struct stream_stats *stats = packet->in->stats;

	stream_stats_begin(stats);
	stats->counts.packets_in++;
	stats->counts.bytes_in += packet->buf->len;
	__atomic_store_n(&stats->counts.last_in_us, packet->now_us, __ATOMIC_RELAXED);
	if (packet->kind == DATAGRAM_RTP)
		count_rtp(&stats->counts, packet);
	stream_stats_end(stats);
	counter_add(COUNTER_PACKETS_IN, 1);
	counter_add(COUNTER_BYTES_IN, packet->buf->len);
}

/* In line wherever it is called from: that is every packet, and some again. */
__attribute__((always_inline)) static inline void deliver_plain(struct packet *packet)
{
	bool rtcp = packet->kind == DATAGRAM_RTCP;
	struct stream **sinks = rtcp ? packet->in->rtcp_sinks : packet->in->rtp_sinks;
	unsigned count = rtcp ? packet->in->rtcp_sink_count : packet->in->rtp_sink_count;

	if (!count) {
		media_drop(packet, REASON_NO_SINK);
		return;
	}
	for (unsigned i = 0; i + 1 < count; i++) {
		struct packet copy = *packet;

		copy.buf = media_copy(packet->buf);
		if (copy.buf)
			media_send(&copy, sinks[i]);
	}
	media_send(packet, sinks[count - 1]);
}

static void deliver_translated(struct packet *packet)
{
	if (!packet->in->rtcp_sink_count) {
		media_drop(packet, REASON_NO_SINK);
		return;
	}
	for (unsigned i = 0; i < packet->in->rtcp_sink_count; i++) {
		struct packet copy = *packet;

		copy.buf = media_copy(packet->buf);
		if (!copy.buf)
			continue;
		media_translate_rtcp(&copy, packet->in->rtcp_sinks[i]);
		media_send(&copy, packet->in->rtcp_sinks[i]);
	}
	buf_put(packet->buf);
}

void media_deliver(struct packet *packet)
{
	if ((packet->in->plan->filter || packet->in->flows) && packet->kind != DATAGRAM_RTCP)
		media_deliver_filtered(packet);
	else
		deliver_plain(packet);
}

static void deliver_at_once(struct packet *packet)
{
	loop_hurry(packet->port->loop);
	deliver_plain(packet);
}

static void deliver_rtcp(struct packet *packet)
{
	if (packet->in->plan->report_us)
		reporter_take(packet);
	else if (packet->in->translated)
		deliver_translated(packet);
	else
		deliver_plain(packet);
}

static void deliver(struct packet *packet)
{
	if (packet->kind == DATAGRAM_RTCP)
		deliver_rtcp(packet);
	else if (!packet->in->filtered)
		deliver_at_once(packet);
	else if (packet->in->delay)
		media_delay(packet);
	else
		media_deliver_filtered(packet);
}

static int check_loop(const struct packet *packet)
{
	struct stream *in = packet->in;
	bool told = in->stats->counts.drops[REASON_LOOP];

	if (!loop_check_take(in->loops, packet->buf->data, packet->buf->len, packet->now_us))
		return PACKET_OK;
	if (!told)
		media_tell_control(in, (struct media_event){
					       .type = MEDIA_EVENT_SOURCE_REFUSED,
					       .reason = REASON_LOOP,
					       .source = addr_of_sock(packet->from),
				       });
	return REASON_LOOP;
}

/*
 * What is not plain RTP on a port of its own; PACKET_TAKEN: that was all. Out of line, so that plain
 * RTP does not pay for it.
 */
__attribute__((noinline)) static int receive_special(struct packet *packet)
{
	struct stream *in = packet->in;
	int verdict = PACKET_OK;

	if (packet->kind == DATAGRAM_STUN) {
		media_ice_in(packet);
		return PACKET_TAKEN;
	}
	if (packet->kind == DATAGRAM_DTLS) {
		media_dtls_in(packet);
		return PACKET_TAKEN;
	}
	if (in->own_peer)
		verdict = check_loop(packet);
	if (verdict == PACKET_OK && in->secured)
		verdict = media_unprotect(packet);
	if (verdict == PACKET_OK)
		verdict = media_learn(packet);
	if (verdict == PACKET_OK && in->bundle)
		verdict = media_unbundle(packet);
	return verdict;
}

void media_receive(struct port *port, struct buf *buf, const union sock *from, bool cut)
{
	struct stream *in = port->owner;
	struct packet packet = {
		.buf = buf,
		.in = in,
		.port = port,
		.from = from,
		.now_us = loop_now_us(port->loop),
	};
	int verdict = cut ? REASON_TOO_LONG : media_demux(&packet);

	if (verdict == PACKET_OK && in->special)
		verdict = receive_special(&packet);
	else if (verdict == PACKET_OK)
		verdict = media_learn(&packet);
	if (verdict == PACKET_TAKEN)
		return;
	if (verdict != PACKET_OK) {
		media_drop(&packet, (enum reason)verdict);
		return;
	}
	count_in(&packet);
	if (packet.kind == DATAGRAM_RTCP)
		media_rtcp_in(&packet);
	if (packet.in->tap)
		tap_put(packet.in->tap, &packet);
	deliver(&packet);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Packets that go no further: the reason is counted, in all and for whose they were. */
#include "media/packet.h"

#include "stats/counter.h"

static const int64_t TELL_US = 15000000; /* spec daemon 2.6 */

/* What the proxy wants to be dropped is no error. */
static bool is_error(enum reason reason)
{
	return reason != REASON_MEDIA_BLOCKED && reason != REASON_DTMF_BLOCKED &&
	       reason != REASON_FEEDBACK_REMOVED;
}

static void count_error(struct stream_stats *stats)
{
	counter_add(COUNTER_PACKET_ERRORS, 1);
	stream_stats_begin(stats);
	stats->counts.errors_in++;
	stream_stats_end(stats);
}

static void tell_undecoded(const struct packet *packet)
{
	struct stream *in = packet->in;

	if (in->undecoded_us && packet->now_us < in->undecoded_us + TELL_US)
		return;
	in->undecoded_us = packet->now_us;
	media_tell_control(in, (struct media_event){
				       .type = MEDIA_EVENT_UNDECODED,
				       .reason = REASON_DECODE_FAILED,
				       .source = addr_of_sock(packet->from),
			       });
}

void media_count_drop(const struct packet *packet, struct stream *stream, enum reason reason)
{
	struct stream_counts *counts = &stream->stats->counts;

	reason_count(reason);
	if (is_error(reason))
		count_error(packet->in->stats);
	if (reason == REASON_DECODE_FAILED)
		tell_undecoded(packet);
	stream_stats_begin(stream->stats);
	counts->drops[reason]++;
	counts->dropped_us = packet->now_us;
	counts->dropped_from = addr_of_sock(packet->from);
	counts->dropped_reason = (uint8_t)reason;
	stream_stats_end(stream->stats);
}

void media_drop(struct packet *packet, enum reason reason)
{
	media_count_drop(packet, packet->in, reason);
	buf_put(packet->buf);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Packets that go no further: the reason is counted, in all and for whose they were. */
#include "media/packet.h"

#include "stats/counter.h"

void media_count_drop(const struct packet *packet, struct stream *stream, enum reason reason)
{
	struct stream_counts *counts = &stream->stats->counts;

	reason_count(reason);
	stream_stats_begin(stream->stats);
	counts->drops[reason]++;
	counts->dropped_us = packet->now_us;
	counts->dropped_from = addr_of_sock(packet->from);
	counts->dropped_reason = (uint8_t)reason;
	stream_stats_end(stream->stats);
}

void media_drop(struct packet *packet, enum reason reason)
{
	struct stream_stats *stats = packet->in->stats;

	media_count_drop(packet, packet->in, reason);
	counter_add(COUNTER_PACKET_ERRORS, 1);
	stream_stats_begin(stats);
	stats->counts.errors_in++;
	stream_stats_end(stats);
	buf_put(packet->buf);
}

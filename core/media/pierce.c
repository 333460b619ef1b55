/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Empty packets to peers behind a NAT, or a firewall of ours, so that theirs may come in (spec
 * media 8.2): with a new plan, and then whenever control says so, until something came. Where SRTP
 * is spoken they are protected, and none leave before there is a key.
 */
#include "media/packet.h"
#include "media/secure.h"

static bool has_sent(const struct stream *stream)
{
	return stream->stats->counts.packets_in > 0;
}

void media_pierce(struct stream_set *set)
{
	static const struct rtp_header empty = { .payload_type = 127, .seq = 65535 };

	for (unsigned i = 0; i < set->plan->stream_count; i++) {
		struct stream *stream = &set->streams[i];
		struct packet packet = { .in = stream, .kind = DATAGRAM_RTP };

		if (!stream->plan->pierce || !stream->dest_len || has_sent(stream))
			continue;
		packet.buf = buf_get(media_worker_pool(set->state->worker));
		if (!packet.buf)
			return;
		rtp_write(packet.buf->data, &empty);
		packet.buf->len = RTP_HEADER_BYTES;
		if (stream->secured && media_protect(&packet, stream) != PACKET_OK)
			buf_put(packet.buf);
		else
			stream->port->engine->send(
				stream->port, packet.buf, &stream->dest, stream->dest_len);
	}
}
